//! "The company", "the telecom watchdog", "the union": the body that is described.

use super::{MEMORY, Resolver};
use crate::article::Span;
use crate::quotes::bodies;
use crate::quotes::find::tokens::Token;
use crate::quotes::names::Entity;

/// How many paragraphs back a company may be named that is meant by "the company".
const REACH: usize = 2;

impl Resolver<'_> {
    /// The body that the words describe: the one whose name holds the noun; failing that, the agency or company that was
    /// named last, where it is plain which.
    pub(super) fn body(&self, span: Span, words: &[Token<'_>]) -> Option<usize> {
        let (first, last) = (words.first()?, words.last()?);
        let definite = matches!(&*first.low, "the" | "this" | "that");
        let plain = words.len() <= 5 && !words.iter().skip(1).any(|t| t.capital || !t.is_word() || t.low == "'s");
        let noun = &*last.low;
        if !definite || !plain || !bodies::is_body(noun) {
            return None;
        }
        let is_called = |e: &Entity| e.roles.iter().any(|role| role.last().is_some_and(|last| last == noun));
        let called = |e: &Entity| e.organisation && (e.words.iter().any(|word| word == noun) || is_called(e));
        // "The weather service" is not the secret one, but "the group" may be any.
        let modified = words
            .get(1..words.len() - 1)
            .unwrap_or_default()
            .iter()
            .any(|t| !matches!(&*t.low, "new" | "same" | "whole" | "french" | "german" | "british" | "american"));
        if !modified && let Some(by_name) = self.only_before(span, called) {
            return by_name;
        }
        if bodies::is_agency(noun) {
            self.agency(span)
        } else if bodies::is_any_company(noun) {
            self.company(span)
        } else {
            None
        }
    }

    /// The only one that fits and was named before; `None` where there is none, `Some(None)` where there are several and
    /// this paragraph does not tell which.
    fn only_before(&self, span: Span, fits: impl Fn(&Entity) -> bool) -> Option<Option<usize>> {
        let fitting = |from: u32| {
            let before = self.cast.mentions_before(span.start).take_while(move |m| m.span.start >= from);
            let mut all: Vec<usize> =
                before.filter(|m| self.cast.entities.get(m.entity).is_some_and(&fits)).map(|m| m.entity).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        match fitting(0).as_slice() {
            [] => None,
            [one] => Some(Some(*one)),
            _ => Some(match fitting(self.since(span, 0).unwrap_or(0)).as_slice() {
                [one] => Some(*one),
                _ => None,
            }),
        }
    }

    /// The agency that the sentence before, the paragraph so far, or the whole article so far names, if it is one.
    fn agency(&self, span: Span) -> Option<usize> {
        let paragraph = self.article.paragraph_at(span).and_then(|p| self.article.paragraphs().get(p))?;
        let sentences = self.article.sentences_of(paragraph);
        let here = sentences.partition_point(|s| s.start <= span.start).checked_sub(1)?;
        let one = |stretch: Span| {
            let mentions = self.cast.mentions_in(stretch).iter();
            let mut agencies: Vec<usize> = mentions
                .filter(|m| self.cast.entities.get(m.entity).is_some_and(Entity::is_agency))
                .map(|m| m.entity)
                .collect();
            agencies.sort_unstable();
            agencies.dedup();
            match agencies.as_slice() {
                [one] => Some(*one),
                _ => None,
            }
        };
        let before = here.checked_sub(1).and_then(|at| sentences.get(at)).copied();
        let far = sentences.get(here.saturating_sub(MEMORY)).map_or(paragraph.span.start, |s| s.start);
        before
            .and_then(one)
            .or_else(|| one(Span { start: far, end: span.start }))
            .or_else(|| self.only_before(span, Entity::is_agency).flatten())
    }

    /// The company that was named last, if its sentence names no other.
    fn company(&self, span: Span) -> Option<usize> {
        let from = self.since(span, REACH)?;
        let is_company = |e: &Entity| e.organisation && !e.is_agency() && !e.words.iter().any(|w| bodies::is_other(w));
        let of = |sentence: usize| {
            let before = self.cast.mentions_before(span.start).take(MEMORY).take_while(move |m| m.span.start >= from);
            before
                .filter(move |m| !m.quoted && self.sentence(m.span.start) == sentence)
                .filter(|m| self.cast.entities.get(m.entity).is_some_and(is_company))
                .map(|m| m.entity)
        };
        let before = self.cast.mentions_before(span.start).take(MEMORY).take_while(|m| m.span.start >= from);
        let last = before
            .filter(|m| !m.quoted && self.cast.entities.get(m.entity).is_some_and(is_company))
            .map(|m| self.sentence(m.span.start))
            .next()?;
        let one = of(last).next()?;
        of(last).all(|other| other == one).then_some(one)
    }
}
