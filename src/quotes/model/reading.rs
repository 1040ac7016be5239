//! An article laid out for the model: what the rules found, paragraph by paragraph.

use super::features::{self, Before, Scene, Suggestion};
use super::flat::flatten;
use crate::article::Span;
use crate::quotes::find::tokens::View;

/// A paragraph of more tokens is not read: no news has one, and comparing candidates costs the square of their number.
pub(crate) const LONGEST: usize = 2000;

/// What the rules found, by paragraph.
#[derive(Debug)]
pub(crate) struct Layout {
    /// By paragraph: the suggestions whose cue stands there, or whose content begins there, by number.
    at_home: Vec<Vec<usize>>,
    /// By paragraph: the parts of suggestions that stand there, each with its suggestion's number.
    within: Vec<Vec<(usize, Suggestion)>>,
    before: Vec<Before>,
}

impl Layout {
    /// Lays out the paragraphs; suggestions without content are none.
    pub(crate) fn new(views: &[View<'_>], suggestions: Vec<Suggestion>) -> Self {
        let mut at_home: Vec<Vec<usize>> = vec![Vec::new(); views.len()];
        let mut within: Vec<Vec<(usize, Suggestion)>> = vec![Vec::new(); views.len()];
        let paragraph_of = |span: Span| views.partition_point(|view| view.span.start <= span.start).checked_sub(1);
        for (number, one) in suggestions.iter().enumerate().filter(|(_, one)| !one.content.is_empty()) {
            let home = one.cue.or(one.content.first().copied()).and_then(paragraph_of);
            if let Some(home) = home.and_then(|at| at_home.get_mut(at)) {
                home.push(number);
            }
            // A quotation may have very many spans: each is only ever looked at in its own paragraph.
            let bare = || Suggestion { content: Vec::new(), ..*one };
            let places = one.content.iter().map(|span| (*span, true));
            for (span, is_content) in places.chain(one.speaker.into_iter().chain(one.cue).map(|span| (span, false))) {
                let Some(all) = paragraph_of(span).and_then(|at| within.get_mut(at)) else { continue };
                if all.last().is_none_or(|(last, _)| *last != number) {
                    all.push((number, bare()));
                }
                if let Some((_, part)) = all.last_mut().filter(|_| is_content) {
                    part.content.push(span);
                }
            }
        }
        let mut before = vec![Before { first: true, ..Before::default() }];
        before.extend(views.iter().zip(&within).map(|(view, within)| Before {
            open: view.regions.last().is_some_and(|region| region.close.is_none()),
            quoted: !within.is_empty(),
            colon: view.span.of(view.text).trim_end().ends_with(':'),
            first: false,
        }));
        Self { at_home, within, before }
    }

    /// Puts the tokens of a paragraph and what the rules said of them into `scene`, still to be prepared.
    pub(crate) fn lay(&self, index: usize, view: &View<'_>, scene: &mut Scene) {
        scene.before = self.before.get(index).copied().unwrap_or_default();
        flatten(view, &mut scene.tokens);
        let here: Vec<&Suggestion> = self.within(index).collect();
        features::hints(&scene.tokens, &here, &mut scene.hints);
    }

    /// The suggestions that belong to a paragraph, with the part of their content that stands in it.
    pub(crate) fn at_home(&self, index: usize) -> Vec<(usize, Suggestion)> {
        let home = self.at_home.get(index).map(Vec::as_slice).unwrap_or_default();
        let parts = self.within.get(index).into_iter().flatten();
        parts.filter(|(number, _)| home.binary_search(number).is_ok()).cloned().collect()
    }

    /// The parts of suggestions that stand in a paragraph.
    pub(crate) fn within(&self, index: usize) -> impl Iterator<Item = &Suggestion> {
        self.within.get(index).into_iter().flatten().map(|(_, one)| one)
    }
}
