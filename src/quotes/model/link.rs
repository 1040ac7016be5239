//! From labelled tokens to quotations: which cue a source and a content belong to follows from the sides that their labels
//! tell.

use std::ops::Range;

use super::flat::{Flat, class};
use super::labels::{Role, spans};

/// A quotation as ranges of a paragraph's tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Linked {
    /// The cue.
    pub cue: Range<usize>,
    /// Who speaks.
    pub source: Option<Range<usize>>,
    /// Whether the source is another cue's, before this one.
    pub shared: bool,
    /// What is said.
    pub content: Vec<Range<usize>>,
}

/// What the labels of a paragraph tell.
#[derive(Debug, Default)]
pub(crate) struct Links {
    /// Quotations with a cue, in the order of their cues; also those whose content was not found.
    pub quotations: Vec<Linked>,
    /// Content before any cue that says that its cue came earlier: it may go on from the paragraph before.
    pub leading: Vec<Range<usize>>,
    /// Content after every cue that says that its cue comes later.
    pub trailing: Vec<Range<usize>>,
}

/// Links the spans of a paragraph.
pub(crate) fn link(tokens: &[Flat], labels: &[u8]) -> Links {
    let spans = spans(labels);
    let mut links = Links::default();
    let mut sources: Vec<Range<usize>> = Vec::new();
    let mut waiting: Vec<Range<usize>> = Vec::new();
    // The source that the next cue without its own may share.
    let mut last: Option<Range<usize>> = None;
    for (number, (role, range)) in spans.iter().enumerate() {
        match role {
            Role::SourceBefore => sources.push(range.clone()),
            Role::ContentBefore => waiting.push(range.clone()),
            Role::Cue => {
                let own = sources.pop();
                let after = spans.get(number + 1..).unwrap_or_default();
                let after = after
                    .iter()
                    .take_while(|(role, _)| *role != Role::Cue)
                    .find(|(role, _)| *role == Role::SourceAfter);
                let mut one = Linked { cue: range.clone(), content: std::mem::take(&mut waiting), ..Linked::default() };
                one.source = own.or_else(|| after.map(|(_, range)| range.clone()));
                if one.source.is_none()
                    && let Some(shared) = last.clone().filter(|last| joined(tokens, last, range))
                {
                    one.source = Some(shared);
                    one.shared = true;
                }
                last.clone_from(&one.source);
                links.quotations.push(one);
            }
            Role::SourceAfter => {}
            Role::ContentAfter => match links.quotations.last_mut() {
                Some(one) => one.content.push(range.clone()),
                None => links.leading.push(range.clone()),
            },
        }
    }
    links.trailing = waiting;
    links
}

/// Whether a cue without a source of its own can share that of the cue before: in the same sentence.
fn joined(tokens: &[Flat], source: &Range<usize>, cue: &Range<usize>) -> bool {
    let sentence = |at: usize| tokens.get(at).map(|token| token.sentence);
    sentence(source.start) == sentence(cue.start)
}

/// A range without the marks, commas and stops at its ends.
pub(crate) fn tidy(tokens: &[Flat], range: Range<usize>) -> Range<usize> {
    let mute = |at: usize| {
        tokens.get(at).is_none_or(|t| {
            matches!(
                t.class,
                class::OPEN | class::CLOSE | class::COMMA | class::STOP | class::COLON | class::SEMICOLON | class::DASH
            )
        })
    };
    let mut range = range;
    while range.start < range.end && mute(range.start) {
        range.start += 1;
    }
    while range.start < range.end && mute(range.end - 1) {
        range.end -= 1;
    }
    range
}
