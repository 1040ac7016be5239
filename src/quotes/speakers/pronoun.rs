//! "He", "she" and "it": candidates are scored by what makes a writer expect to be understood, and nobody is named where two
//! come close.
//!
//! Whoever spoke last and can be meant is mostly right; then whoever the last sentences are about. What is mentioned inside
//! of somebody's words, or only behind a preposition, hardly ever is.

use super::{MEMORY, Resolver};
use crate::article::Span;
use crate::quotes::find::tokens;
use crate::quotes::given_names::Gender;
use crate::quotes::lexicon;
use crate::quotes::names::Mention;

/// How many paragraphs back whoever is meant may have been named.
const REACH: usize = 2;

// What counts for a candidate, tuned on half of the test set.
/// For the paragraph where it is named: this one, the one before, the one before that.
const NEAR: [f32; REACH + 1] = [2.1, 0.7, 0.2];
/// For a sentence before this one in the same paragraph, each.
const PER_SENTENCE: f32 = -0.25;
/// For having been the source of a quotation there.
const SOURCE: f32 = 0.9;
/// For beginning a sentence, or being the first whom it names.
const SUBJECT: f32 = 0.8;
/// For being the last that was named.
const LAST: f32 = 0.3;
/// For standing in somebody's words.
const QUOTED: f32 = -1.5;
/// For standing behind a preposition, or before another noun ("Lee’s plan").
const OBLIQUE: f32 = -0.8;
/// For a gender that nothing tells.
const UNKNOWN: f32 = -0.9;
/// From this score on it may be meant at all.
const LEAST: f32 = 1.0;
/// By how much it must be ahead.
const AHEAD: f32 = 0.3;

/// Someone who may be meant.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    entity: usize,
    score: f32,
}

impl Resolver<'_> {
    /// Whom "he" or "she" means.
    pub(super) fn person(&self, span: Span, gender: Gender) -> Option<usize> {
        let from = self.since(span, REACH)?;
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut note = |entity: usize, score: f32| match candidates.iter_mut().find(|c| c.entity == entity) {
            Some(known) => known.score = known.score.max(score),
            None => candidates.push(Candidate { entity, score }),
        };
        let before = self.cast.mentions_before(span.start).take(MEMORY).take_while(|m| m.span.start >= from);
        let mut last = LAST;
        for mention in before {
            let Some(unknown) = self.may_be(mention.entity, gender) else { continue };
            if self.tells_of(mention.span, span) {
                continue;
            }
            let place = self.place(mention.span, span);
            let role = if mention.quoted {
                QUOTED
            } else if self.is_oblique(mention.span) {
                OBLIQUE
            } else if mention.opens || self.is_first(mention) {
                SUBJECT
            } else {
                0.0
            };
            note(mention.entity, place + role + unknown + last);
            if !mention.quoted {
                last = 0.0;
            }
        }
        let told = self.told.iter().rev().take(MEMORY).take_while(|t| t.span.start >= from);
        for told in told.filter(|t| t.span.end <= span.start) {
            let Some((entity, unknown)) = told.entity.and_then(|e| Some((e, self.may_be(e, gender)?))) else {
                continue;
            };
            note(entity, self.place(told.span, span) + SOURCE + SUBJECT + unknown);
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.entity.cmp(&b.entity)));
        let best = candidates.first().filter(|best| best.score >= LEAST)?;
        let clear = candidates.get(1).is_none_or(|second| best.score - second.score >= AHEAD);
        clear.then_some(best.entity)
    }

    /// What an entity's gender counts for, if it can be meant at all.
    fn may_be(&self, entity: usize, gender: Gender) -> Option<f32> {
        let spoken = self.spoken.get(entity).copied().unwrap_or(false);
        let entity = self.cast.entities.get(entity).filter(|e| !e.organisation)?;
        match entity.gender {
            Some(known) => (known == gender).then_some(0.0),
            // Of someone whose gender nothing tells it must at least be plain that it is someone.
            None => (entity.is_surely_a_person() || entity.words.len() > 1 && spoken).then_some(UNKNOWN),
        }
    }

    /// What counts for how far back something stands.
    fn place(&self, there: Span, here: Span) -> f32 {
        let paragraph = |span| self.article.paragraph_at(span).unwrap_or(0);
        let back = paragraph(here).saturating_sub(paragraph(there));
        let near = NEAR.get(back).copied().unwrap_or(0.0);
        if back > 0 {
            return near;
        }
        let sentences = self.sentence(here.start).saturating_sub(self.sentence(there.start));
        #[expect(clippy::cast_precision_loss, reason = "a paragraph has few sentences")]
        let further = PER_SENTENCE * sentences.min(4) as f32;
        near + further
    }

    /// Whether a pronoun is what tells of a name: "Lee, whom she describes", never Lee.
    fn tells_of(&self, name: Span, pronoun: Span) -> bool {
        let between = self.article.text().get(name.end as usize..pronoun.start as usize).unwrap_or_default();
        matches!(between.trim_start_matches(',').trim(), "whom" | "who" | "whose" | "that")
    }

    /// Whether nobody is named before in the same sentence.
    fn is_first(&self, mention: &Mention) -> bool {
        let sentence = self.sentence(mention.span.start);
        let before = self.cast.mentions_before(mention.span.start).take(MEMORY);
        !before.take_while(|m| self.sentence(m.span.start) == sentence).any(|m| !m.quoted)
    }

    /// Whether a name stands behind a preposition ("said of Lee") or before what it only modifies ("Lee’s plan").
    fn is_oblique(&self, name: Span) -> bool {
        let text = self.article.text();
        let from = name.start.saturating_sub(40);
        let from = (from..=name.start).find(|at| text.is_char_boundary(*at as usize)).unwrap_or(name.start);
        let mut before = Vec::new();
        tokens::words(text, Span { start: from, end: name.start }, &mut before);
        let word = before.iter().rev().find(|t| !(lexicon::is_title(&t.low) || lexicon::is_determiner(&t.low)));
        let behind = text.get(name.end as usize..).unwrap_or_default();
        word.is_some_and(|t| lexicon::is_preposition(&t.low)) || behind.starts_with("’s ") || behind.starts_with("'s ")
    }

    /// Whether a name and another behind it are one subject: "the board and the agency met".
    fn is_joined(&self, name: Span) -> bool {
        let next = self.cast.mentions.get(self.cast.mentions.partition_point(|m| m.span.start < name.end));
        let between = next.and_then(|next| self.article.text().get(name.end as usize..next.span.start as usize));
        between.is_some_and(|between| matches!(between.trim(), "and" | "and the" | "or" | "or the" | "&"))
    }

    /// "It", "its": the body that spoke last or that the sentences before are about, if it is plain which.
    pub(super) fn thing(&self, span: Span) -> Option<usize> {
        let is_body = |e: usize| self.cast.entities.get(e).is_some_and(|e| e.organisation);
        let here = self.sentence(span.start);
        let from = self.since(span, 0)?;
        let told = self.told.iter().rev().take(MEMORY).find(|t| t.span.end <= span.start);
        // What the sentence before says of a body, as its subject or as the source of its words.
        let subject = |m: &&Mention| m.opens && !m.quoted && is_body(m.entity);
        let before = || self.cast.mentions_before(span.start).take(MEMORY);
        let named = before().take_while(|m| m.span.start >= from).find(subject);
        let near = named.filter(|m| here.saturating_sub(self.sentence(m.span.start)) <= 1);
        let spoke = told.filter(|t| t.span.start >= from && t.entity.is_none_or(is_body));
        if let Some(told) = spoke.filter(|t| near.is_none_or(|m| m.span.start < t.span.start)) {
            return told.entity;
        }
        if let Some(mention) = near {
            return (!self.is_joined(mention.span)).then_some(mention.entity);
        }
        if told.is_some_and(|t| t.span.start >= from) {
            return None;
        }
        // The only one that this paragraph or the one before it names.
        let from = self.since(span, 1)?;
        let mut near: Vec<usize> = before()
            .take_while(|m| m.span.start >= from)
            .filter(|m| !m.quoted && is_body(m.entity))
            .map(|m| m.entity)
            .collect();
        near.sort_unstable();
        near.dedup();
        match near.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}
