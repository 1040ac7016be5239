//! Which sentence of a passage answers.

use super::asked::AnswerKind;
use super::evidence::Holds;
use super::query::{Query, Terms};
use crate::article::Span;

/// How many marks a sentence has.
pub(super) const COUNT: usize = 10;

/// Their names.
pub(super) const NAMES: [&str; COUNT] = [
    "coverage",
    "carried over",
    "kind near words",
    "pairs in order",
    "holds kind",
    "holds cause",
    "unit asked for",
    "nothing new",
    "first",
    "length",
];

/// Those that are evidence for an answer, and can't be evidence against one.
pub(super) const EVIDENCE: [&str; 7] =
    ["coverage", "carried over", "kind near words", "pairs in order", "holds kind", "holds cause", "unit asked for"];

/// What a word of the title counts: any sentence of the article is about it.
const TITLE_WORD: f32 = 0.35;

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

/// By what a sentence is told from the others of its paragraph.
///
/// Coverage of the question by rarity (words of the title, `head`, count less), its own and what it takes over: `carried` are the
/// terms of the sentence before where this one refers back to it. What kind of thing it holds and how near that is to the matched
/// words; a cause is seldom told in the words of what it caused. Whether it says anything beyond the question's own words.
/// Between equals the first one wins: news tells the most important first.
#[expect(clippy::cast_precision_loss, reason = "words of one sentence")]
pub(super) fn marks(query: &Query, sentence: &Sentence, carried: Terms, head: Terms, first: bool) -> [f32; COUNT] {
    let flag = |yes: bool| f32::from(u8::from(yes));
    let own = query.coverage_but(sentence.terms, head, TITLE_WORD);
    // A sentence that brings no word of its own only goes on.
    let brings = sentence.terms & !carried != 0;
    let lent = if brings { query.coverage_but(carried & !sentence.terms, head, TITLE_WORD) } else { 0.0 };
    [
        own,
        lent,
        sentence.near,
        sentence.pairs,
        flag(sentence.holds.answers(query.kind)),
        flag(query.kind == AnswerKind::Cause && sentence.holds.cause),
        flag(sentence.holds.measured),
        flag(sentence.fresh < TELLING),
        flag(first),
        (1.0 + sentence.words as f32).ln() / 5.0,
    ]
}
