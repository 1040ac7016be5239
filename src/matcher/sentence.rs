//! Which sentence of a passage answers.

use super::evidence::Holds;
use super::query::{Query, Terms};
use super::terms::AnswerKind;
use crate::article::Span;

/// What holding the kind of thing that is asked for is worth, in coverage of the question.
const KIND: f32 = 0.3;

/// What a cause is worth on top: it is seldom told in the words of what it caused.
const CAUSE: f32 = 0.3;

/// What a number with the unit that is asked for is worth on top.
const UNIT: f32 = 0.2;

/// What the question's words standing near what it asks for are worth on top.
const NEAR: f32 = 0.5;

/// What a word of the title counts: any sentence of the article is about it.
const TITLE_WORD: f32 = 0.35;

/// What the question's neighbouring words standing together is worth on top: "new bridge".
const PAIRS: f32 = 0.3;

/// What a word counts that stands in the sentence before and that this one refers back to.
const CARRIED: f32 = 0.8;

/// What a sentence loses that says (nearly) nothing but the question's own words.
const ECHO: f32 = 0.3;

/// Words beyond the question's that a sentence needs to tell something new.
const TELLING: u32 = 2;

/// A sentence as it was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sentence {
    pub(super) span: Span,
    /// The terms it holds.
    pub(super) terms: Terms,
    pub(super) words: u32,
    /// Words that tell something and were not asked with.
    pub(super) fresh: u32,
    pub(super) holds: Holds,
    /// How much of the question stands near what it asks for, 0 to 1.
    pub(super) near: f32,
    /// The share of neighbouring words of the question that stand together here, too.
    pub(super) pairs: f32,
    /// Begins with a pronoun.
    pub(super) refers_back: bool,
}

impl Default for Sentence {
    fn default() -> Self {
        Self {
            span: Span::new(0, 0),
            terms: 0,
            words: 0,
            fresh: 0,
            holds: Holds::default(),
            near: 0.0,
            pairs: 0.0,
            refers_back: false,
        }
    }
}

/// Whether a sentence that begins with this word speaks of what the one before named.
pub(super) fn is_pronoun(folded: &str) -> bool {
    matches!(
        folded,
        "it" | "its" | "he" | "his" | "she" | "her" | "they" | "their" | "this" | "that" | "these" | "those"
    )
}

/// How well a sentence answers, beside the others of its paragraph; comparable there only.
///
/// Coverage of the question by rarity (words of the title, `head`, count less), what kind of thing it holds and how near
/// that is to the matched words, and whether it adds anything. `carried` are the terms of the sentence before where this
/// one refers back to it. Between equals the first one wins: news tells the most important first.
pub(super) fn worth(query: &Query, sentence: &Sentence, carried: Terms, head: Terms) -> f32 {
    let own = query.coverage_but(sentence.terms, head, TITLE_WORD);
    // A sentence that brings no word of its own only goes on.
    let brings = sentence.terms & !carried != 0;
    let lent = if brings { query.coverage_but(carried & !sentence.terms, head, TITLE_WORD) } else { 0.0 };
    let mut worth = own + CARRIED * lent + NEAR * sentence.near + PAIRS * sentence.pairs;
    if sentence.holds.answers(query.kind) {
        worth += KIND;
    }
    if query.kind == AnswerKind::Cause && sentence.holds.cause {
        worth += CAUSE;
    }
    if sentence.holds.measured {
        worth += UNIT;
    }
    if sentence.fresh < TELLING {
        worth -= ECHO;
    }
    worth
}
