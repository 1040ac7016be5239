//! "The company", "the telecom watchdog", "the union": the body that is described.

use std::collections::HashMap;

use super::{MEMORY, Resolver};
use crate::article::Span;
use crate::quotes::bodies;
use crate::quotes::find::tokens::Token;
use crate::quotes::names::{Cast, Entity, Mention, looks};

/// How many paragraphs back a company may be named that is meant by "the company".
const REACH: usize = 2;

/// The mentions of a paragraph that are looked at; where it has more, it tells nothing.
const CROWD: usize = 256;

/// An article's bodies by what they are called, so that nobody walks through all its names again for each "the union".
#[derive(Debug, Default)]
pub(super) struct Bodies<'c> {
    /// Where each entity's first mention ends.
    met: Vec<u32>,
    /// By a noun of the name, or of what the article says they are; in the order in which they are named.
    called: HashMap<&'c str, Vec<usize>>,
    /// The agencies, in the same order.
    agencies: Vec<usize>,
}

impl<'c> Bodies<'c> {
    pub(super) fn of(cast: &'c Cast) -> Self {
        let mut bodies = Self { met: vec![u32::MAX; cast.entities.len()], ..Self::default() };
        for mention in &cast.mentions {
            let Some(met) = bodies.met.get_mut(mention.entity).filter(|met| **met == u32::MAX) else { continue };
            *met = mention.span.end;
            let Some(entity) = cast.entities.get(mention.entity).filter(|e| e.organisation) else { continue };
            if entity.is_agency() {
                bodies.agencies.push(mention.entity);
            }
            let called = entity.words.iter().chain(entity.roles.iter().filter_map(|role| role.last()));
            for noun in called.filter(|noun| bodies::is_body(noun)) {
                let of = bodies.called.entry(noun).or_default();
                if of.last() != Some(&mention.entity) {
                    of.push(mention.entity);
                }
            }
        }
        bodies
    }
}

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
        let known = self.bodies.called.get(noun).map_or(&[][..], Vec::as_slice);
        if !modified && let Some(by_name) = self.only_before(span, known, called) {
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

    /// The only one of `known`, which are those that fit, if it was named before; `None` where none was, `Some(None)` where
    /// several were and this paragraph does not tell which.
    fn only_before(&self, span: Span, known: &[usize], fits: impl Fn(&Entity) -> bool) -> Option<Option<usize>> {
        let met = known.partition_point(|e| self.bodies.met.get(*e).is_some_and(|met| *met <= span.start));
        match known.get(..met)? {
            [] => None,
            [one] => Some(Some(*one)),
            _ => {
                let from = self.since(span, 0).unwrap_or(0);
                let here = self.cast.mentions_before(span.start).take_while(|m| m.span.start >= from);
                Some(self.only_of(here, fits))
            }
        }
    }

    /// The only entity of some mentions that fits; nobody where there are very many mentions.
    fn only_of<'m>(
        &self,
        mentions: impl Iterator<Item = &'m Mention>,
        fits: impl Fn(&Entity) -> bool,
    ) -> Option<usize> {
        let mut only = None;
        for (nth, mention) in mentions.enumerate() {
            looks::note(1);
            if nth == CROWD {
                return None;
            }
            if only != Some(mention.entity) && self.cast.entities.get(mention.entity).is_some_and(&fits) {
                if only.is_some() {
                    return None;
                }
                only = Some(mention.entity);
            }
        }
        only
    }

    /// The agency that the sentence before, the paragraph so far, or the whole article so far names, if it is one.
    fn agency(&self, span: Span) -> Option<usize> {
        let paragraph = self.article.paragraph_at(span).and_then(|p| self.article.paragraphs().get(p))?;
        let sentences = self.article.sentences_of(paragraph);
        let here = sentences.partition_point(|s| s.start <= span.start).checked_sub(1)?;
        let one = |stretch: Span| self.only_of(self.cast.mentions_in(stretch).iter().rev(), Entity::is_agency);
        let before = here.checked_sub(1).and_then(|at| sentences.get(at)).copied();
        let far = sentences.get(here.saturating_sub(MEMORY)).map_or(paragraph.span.start, |s| s.start);
        before
            .and_then(one)
            .or_else(|| one(Span { start: far, end: span.start }))
            .or_else(|| self.only_before(span, &self.bodies.agencies, Entity::is_agency).flatten())
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
