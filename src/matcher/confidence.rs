//! How sure it is that the library answers a question, and from where on that counts as an answer.

use super::query::Query;
use super::ranking::Ranked;

/// From which confidence on a passage is an answer, and from which it is at least near.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// From here on the first passage is given as the answer.
    pub answer: f32,
    /// From here on it is shown as the nearest that the articles come.
    pub nearest: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { answer: ANSWER, nearest: NEAREST }
    }
}

/// The shipped threshold of an answer.
pub const ANSWER: f32 = 0.5;

/// The shipped threshold of a nearest passage.
pub const NEAREST: f32 = 0.1;

/// How many inputs the confidence has.
pub(super) const COUNT: usize = 12;

/// Their names, as an explanation shows them.
pub(super) const NAMES: [&str; COUNT] = [
    "coverage of passage",
    "coverage with neighbours",
    "coverage of article",
    "rarity not in passage",
    "rarity not in article",
    "names missing",
    "words not held",
    "words read otherwise",
    "few words",
    "closeness",
    "score",
    "lead over the next",
];

/// Their weights.
pub(super) const WEIGHTS: [f32; COUNT] = [8.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];

/// The weight of nothing at all.
const BIAS: f32 = -4.0;

/// What the confidence in the first of `ranked` is made of.
#[expect(clippy::cast_precision_loss, reason = "a question has few terms")]
pub(super) fn inputs(query: &Query, ranked: &[Ranked]) -> [f32; COUNT] {
    let Some(first) = ranked.first() else { return [0.0; COUNT] };
    // The rarest word that a set of terms lacks, against a word that occurs nowhere.
    let missing = |terms: u32| {
        query
            .idf
            .iter()
            .enumerate()
            .filter(|(at, _)| terms & (1 << at) == 0)
            .map(|(_, idf)| *idf / 10.0)
            .fold(0.0, f32::max)
    };
    let terms = query.sought.len().max(1) as f32;
    let share = |count: usize| count as f32 / terms;
    let names =
        query.sought.iter().enumerate().filter(|(at, s)| s.term.name && first.in_article & (1 << at) == 0).count();
    let nothing = query.sought.iter().filter(|sought| sought.alternatives.is_empty()).count();
    let otherwise = query.sought.iter().filter(|sought| !sought.alternatives.is_empty() && !sought.is_known()).count();
    let next = ranked.get(1).map_or(0.0, |next| next.score);
    [
        query.coverage(first.terms),
        query.coverage(first.around),
        query.coverage(first.in_article),
        missing(first.terms),
        missing(first.in_article),
        names.min(2) as f32,
        share(nothing),
        share(otherwise),
        1.0 / terms,
        first.features[19],
        first.score / 10.0,
        ((first.score - next) / 2.0).min(1.0),
    ]
}

/// The confidence from its inputs, 0 to 1.
pub(super) fn confidence(inputs: &[f32; COUNT]) -> f32 {
    let sum: f32 = inputs.iter().zip(&WEIGHTS).map(|(value, weight)| value * weight).sum();
    1.0 / (1.0 + (-(sum + BIAS)).exp())
}
