//! Which sentence of a passage answers.

use super::features::Holds;
use super::query::{Query, Terms};
use crate::article::Span;

/// What holding the kind of thing that is asked for is worth, in coverage of the question.
const KIND: f32 = 0.3;

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
}

impl Default for Sentence {
    fn default() -> Self {
        Self { span: Span::new(0, 0), terms: 0, words: 0, fresh: 0, holds: Holds::default() }
    }
}

/// How well a sentence answers, beside the others of its paragraph; comparable there only.
///
/// Coverage of the question by rarity, what kind of thing it holds, and whether it adds anything. Between equals the
/// first one wins: news tells the most important first.
pub(super) fn worth(query: &Query, sentence: &Sentence) -> f32 {
    let mut worth = query.coverage(sentence.terms);
    if sentence.holds.answers(query.kind) {
        worth += KIND;
    }
    if sentence.fresh < TELLING {
        worth -= ECHO;
    }
    worth
}
