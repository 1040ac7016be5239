//! How sure it is that the library answers a question, and from where on that counts as an answer.
//!
//! The confidence is the chance that the first passage's article has to do with the question at all, where as many
//! questions have an answer as have none. It leans on how much of the question, by rarity, the passage and its article
//! hold, and on what they lack.

use super::asked::AnswerKind;
use super::evidence::Measure;
use super::features::{ARTICLE_BM25, UNIT_IN_SENTENCE};
use super::model::{Model, sum};
use super::query::{Query, Terms};
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

/// The shipped threshold of an answer: in a large library, answerable questions are declined about as often as foreign
/// ones are answered; in a library of one article it declines more.
pub const ANSWER: f32 = 0.5;

/// The shipped threshold of a nearest passage: below it, an article and the question share a word or two by chance.
pub const NEAREST: f32 = 0.15;

/// In a library of fewer articles the BM25 of one against that of others says nothing: coverage stands in for it.
const FEW: usize = 10;

/// A question of more words than these asks for more than somebody's life.
pub(super) const LIFE_WITHIN: usize = 4;

/// How many inputs the confidence has.
pub(super) const COUNT: usize = 14;

/// Their names, as an explanation shows them.
pub(super) const NAMES: [&str; COUNT] = [
    "coverage with neighbours",
    "coverage of article",
    "rarest word not in article",
    "names not in article",
    "few words",
    "score",
    "kind not in passage",
    "unit not in passage",
    "article bm25",
    "unit not in sentence",
    "unit of a name alone not in sentence",
    "what is asked of a name not around",
    "what is asked of a name not in passage",
    "life not told in passage",
];

/// What the confidence in the first of `ranked` is made of.
#[expect(clippy::cast_precision_loss, reason = "a question has few terms")]
pub(super) fn inputs(query: &Query, ranked: &[Ranked]) -> [f32; COUNT] {
    let Some(first) = ranked.first() else { return [0.0; COUNT] };
    let flag = |yes: bool| f32::from(u8::from(yes));
    // Times and numbers are known when they are seen; persons, places and causes often are not.
    let asks = matches!(query.kind, AnswerKind::Time | AnswerKind::Number);
    let lacks = |at: usize| first.in_article & (1 << at) == 0;
    let rarest = query.idf.iter().enumerate().filter(|(at, _)| lacks(*at)).map(|(_, idf)| *idf).fold(0.0, f32::max);
    let names = query.sought.iter().enumerate().filter(|(at, sought)| sought.term.name && lacks(*at)).count();
    // "When was Ann Lee born": much is told of her, and little of that.
    let named = query.sought.iter().any(|sought| sought.term.name);
    let asked_of_name = |terms: Terms| {
        let plain = |at: &usize| query.sought.get(*at).is_some_and(|sought| !sought.term.name);
        let of = |terms: Terms| -> f32 {
            let idf = query.idf.iter().enumerate().filter(|(at, _)| plain(at) && terms & (1 << at) != 0);
            idf.map(|(_, idf)| *idf).sum()
        };
        let all = of(Terms::MAX);
        if named && all > 0.0 { 1.0 - of(terms) / all } else { 0.0 }
    };
    let names_alone = !query.sought.is_empty() && query.sought.iter().all(|sought| sought.term.name);
    let no_unit = query.measure != Measure::Any && first.features[UNIT_IN_SENTENCE] <= 0.0;
    [
        query.coverage(first.around),
        query.coverage(first.in_article),
        rarest / 10.0,
        names.min(2) as f32,
        1.0 / query.sought.len().max(1) as f32,
        first.score / 10.0,
        flag(asks && !first.holds.answers(query.kind)),
        flag(query.measure != Measure::Any && !first.holds.measured),
        if query.articles < FEW { query.coverage(first.in_article) } else { first.features[ARTICLE_BM25] },
        flag(no_unit),
        flag(no_unit && names_alone),
        asked_of_name(first.around),
        asked_of_name(first.terms),
        flag(query.life.is_some() && named && query.sought.len() <= LIFE_WITHIN && !first.holds.life),
    ]
}

/// The confidence from its inputs, 0 to 1: a logistic regression.
pub(super) fn chance(inputs: &[f32; COUNT], weights: &[f32; COUNT], bias: f32) -> f32 {
    1.0 / (1.0 + (-(sum(inputs, weights) + bias)).exp())
}

/// The same with a model's weights.
pub(super) fn confidence(inputs: &[f32; COUNT], model: &Model) -> f32 {
    chance(inputs, &model.confidence, model.bias)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_grows_with_coverage_and_falls_with_what_is_missing() {
        let all = [1.0, 1.0, 0.0, 0.0, 0.3, 1.0, 0.0, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0];
        let none = [0.0, 0.0, 0.7, 1.0, 0.3, 0.3, 0.0, 0.0, 0.1, 1.0, 0.0, 1.0, 1.0, 1.0];
        let half = [0.5, 0.6, 0.5, 0.0, 0.3, 0.7, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0];
        let confidence = |inputs| confidence(inputs, &Model::shipped().unwrap());
        assert!(confidence(&all) > ANSWER && confidence(&none) < NEAREST);
        assert!(confidence(&none) < confidence(&half) && confidence(&half) < confidence(&all));
    }

    #[test]
    fn nothing_found_is_no_confidence() {
        assert!(confidence(&[0.0; COUNT], &Model::shipped().unwrap()) < NEAREST);
    }
}
