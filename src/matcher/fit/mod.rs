//! Fitting a [`Model`] to questions whose answers are known.
//!
//! Nothing here takes part in answering; `byline train ranking` calls it. Three fits follow one another: the answering sentence
//! (its marks are among what a paragraph is weighed by), the ranking, and the confidence (the score is among its inputs).
//! Each is judged by five-fold cross-validation: all questions of an article are held out together. All that is drawn comes from one seed.

mod gather;
mod made;
mod newton;

use std::collections::BTreeMap;

use super::model::{Made, Model, sum};
use super::{MatchError, confidence, features, sentence};
use crate::article::Span;
use crate::library::{ArticleId, Library};

use gather::Gathered;
use newton::{Case, List, Reins};

/// Parts that the articles are divided into; each is held out once.
pub const FOLDS: usize = 5;

/// The penalty on standardised weights: the best of .0003, .001, .003 and .01 in cross-validation, which differ by less than .005.
const RIDGE: f64 = 0.003;

/// The same for the confidence, whose inputs are few.
const CONFIDENCE_RIDGE: f64 = 0.001;

/// A question whose answer is known.
#[derive(Debug, Clone)]
pub struct Example {
    /// The words of the asker.
    pub question: String,
    /// The article that answers.
    pub article: ArticleId,
    /// Where: bytes of its text.
    pub answers: Vec<Span>,
}

/// What is learned from.
#[derive(Debug, Default)]
pub struct Lessons {
    /// Questions that people asked, and the articles that answer.
    pub asked: Library,
    /// The questions.
    pub examples: Vec<Example>,
    /// The same with misspelt words.
    pub misspelt: Vec<Example>,
    /// Questions that none of the articles answers.
    pub foreign: Vec<String>,
    /// Articles to make questions of.
    pub articles: Library,
    /// The sample articles.
    pub samples: Library,
    /// Questions on them.
    pub on_samples: Vec<Example>,
    /// From what all that comes, for the model's head.
    pub from: Vec<String>,
}

/// Fits a model. `on` is the day that its head names; `tell` is told what is being done.
///
/// # Errors
/// [`MatchError`] when an index can't be made.
pub fn fit(lessons: &Lessons, seed: u64, on: &str, tell: impl Fn(&str)) -> Result<Model, MatchError> {
    // Nothing of the shipped weights enters, not even by the order in which things are summed.
    let mut model = Model::blank();
    let mut score = BTreeMap::new();
    tell("sentences: looking at the paragraphs that answer");
    let sentences = gather::sentences(lessons, &model, seed)?;
    score.insert("sentence overlaps answer".to_owned(), held_out(&sentences, &sentence_reins(), |_| true, 1));
    model.sentence = newton::listwise(&sentences.iter().collect::<Vec<_>>(), &sentence_reins());

    tell("ranking: weighing the paragraphs of every question");
    let Gathered { lists, .. } = gather::all(lessons, &model, seed)?;
    tell("ranking: fitting");
    let ranked: Vec<&gather::Ranked> = lists.iter().collect();
    let reins = ranking_reins();
    let weights: Vec<[f32; features::COUNT]> = folds(|fold| {
        let rest = ranked.iter().filter(|list| list.list.fold != fold).map(|list| &list.list).collect::<Vec<_>>();
        newton::listwise(&rest, &reins)
    });
    for set in gather::SETS {
        let ranks: Vec<Option<usize>> = ranked
            .iter()
            .filter(|list| list.set == set)
            .map(|list| list.list.rank(|row| weights.get(list.list.fold).map_or(0.0, |weights| sum(row, weights))))
            .collect();
        for (name, within) in [("R@1", 1), ("R@10", 10)] {
            score.insert(format!("{set} {name}"), share(&ranks, within));
        }
    }
    model.ranking = newton::listwise(&ranked.iter().map(|list| &list.list).collect::<Vec<_>>(), &reins);

    tell("confidence: asking again with the new weights");
    let Gathered { cases, .. } = gather::all(lessons, &model, seed)?;
    confidence_of(&mut model, &cases, &mut score);
    for value in score.values_mut() {
        *value = (*value * 1e4).round() / 1e4;
    }
    model.made = Made { from: lessons.from.clone(), on: on.to_owned(), seed, score };
    Ok(model)
}

/// Fits the confidence, and judges it as far as it is held out.
fn confidence_of(model: &mut Model, cases: &[Case<{ confidence::COUNT }>], score: &mut BTreeMap<String, f64>) {
    let reins = Reins { ridge: CONFIDENCE_RIDGE, positive: [false; confidence::COUNT] };
    let fits = folds(|fold| {
        let rest: Vec<&Case<{ confidence::COUNT }>> = cases.iter().filter(|case| case.fold != fold).collect();
        balanced(&rest, &reins)
    });
    let mut by_set: BTreeMap<&str, (Vec<f32>, Vec<f32>)> = BTreeMap::new();
    for case in cases {
        let chance = fits.get(case.fold).map_or(0.0, |(weights, bias)| confidence::chance(&case.row, weights, *bias));
        let (right, wrong) = by_set.entry(case.set).or_default();
        if case.right { right.push(chance) } else { wrong.push(chance) }
    }
    for (set, (right, wrong)) in by_set {
        let over = |all: &[f32]| ratio(all.iter().filter(|chance| **chance >= confidence::ANSWER).count(), all.len());
        if !right.is_empty() {
            score.insert(format!("{set} answered"), over(&right));
        }
        if !wrong.is_empty() {
            score.insert(format!("{set} declined"), 1.0 - over(&wrong));
        }
        if !right.is_empty() && !wrong.is_empty() {
            score.insert(format!("{set} auroc"), auroc(&right, &wrong));
        }
    }
    (model.confidence, model.bias) = balanced(&cases.iter().collect::<Vec<_>>(), &reins);
}

/// A logistic regression, moved so that people's questions fall short of [`confidence::ANSWER`] as often as those of other articles
/// reach it: the sets that are made would decide it otherwise.
fn balanced(
    cases: &[&Case<{ confidence::COUNT }>],
    reins: &Reins<{ confidence::COUNT }>,
) -> ([f32; confidence::COUNT], f32) {
    let (weights, bias) = newton::logistic(cases, reins);
    let sums = |right: bool| {
        let of = cases.iter().filter(|case| case.set == gather::ALL && case.right == right);
        let mut sums: Vec<f32> = of.map(|case| sum(&case.row, &weights)).collect();
        sums.sort_by(f32::total_cmp);
        sums
    };
    let (right, wrong) = (sums(true), sums(false));
    let uneven = |least: f32| {
        let short = ratio(right.partition_point(|sum| *sum < least), right.len());
        let reach = 1.0 - ratio(wrong.partition_point(|sum| *sum < least), wrong.len());
        (short - reach).abs()
    };
    let even = right.iter().chain(&wrong).copied().min_by(|a, b| uneven(*a).total_cmp(&uneven(*b)));
    let answer = (confidence::ANSWER / (1.0 - confidence::ANSWER)).ln();
    (weights, even.map_or(bias, |least| answer - least))
}

/// The chance that one of `right` is higher than one of `wrong`; equals count half.
#[must_use]
pub fn auroc(right: &[f32], wrong: &[f32]) -> f64 {
    let mut wrong = wrong.to_vec();
    wrong.sort_by(f32::total_cmp);
    let wins: f64 = right
        .iter()
        .map(|chance| {
            let (below, upto) = (wrong.partition_point(|w| w < chance), wrong.partition_point(|w| w <= chance));
            f64::from(u32::try_from(below + upto).unwrap_or(u32::MAX)) / 2.0
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of questions; a ratio is wanted")]
    let all = (right.len() * wrong.len()).max(1) as f64;
    wins / all
}

/// How often a list has a right row among its first when it took no part in the fit.
fn held_out<const N: usize>(
    lists: &[List<N>],
    reins: &Reins<N>,
    counts: impl Fn(&List<N>) -> bool,
    within: usize,
) -> f64 {
    let weights: Vec<[f32; N]> =
        folds(|fold| newton::listwise(&lists.iter().filter(|list| list.fold != fold).collect::<Vec<_>>(), reins));
    let ranks = lists
        .iter()
        .filter(|list| counts(list))
        .map(|list| list.rank(|row| weights.get(list.fold).map_or(0.0, |weights| sum(row, weights))));
    share(&ranks.collect::<Vec<_>>(), within)
}

fn folds<T>(of: impl FnMut(usize) -> T) -> Vec<T> {
    (0..FOLDS).map(of).collect()
}

fn share(ranks: &[Option<usize>], within: usize) -> f64 {
    ratio(ranks.iter().filter(|rank| rank.is_some_and(|rank| rank < within)).count(), ranks.len())
}

#[expect(clippy::cast_precision_loss, reason = "counts of questions; a ratio is wanted")]
fn ratio(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// Evidence for an answer must not count against one.
fn ranking_reins() -> Reins<{ features::COUNT }> {
    Reins { ridge: RIDGE, positive: features::NAMES.map(|name| features::EVIDENCE.contains(&name)) }
}

fn sentence_reins() -> Reins<{ sentence::COUNT }> {
    Reins { ridge: RIDGE, positive: sentence::NAMES.map(|name| sentence::EVIDENCE.contains(&name)) }
}

/// A generator of numbers that only the seed decides (`SplitMix64`).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(self.0)
    }

    /// A number below `past`.
    pub(super) fn below(&mut self, past: usize) -> usize {
        usize::try_from(self.next() % past.max(1) as u64).unwrap_or(0)
    }

    pub(super) fn shuffle<T>(&mut self, things: &mut [T]) {
        for at in (1..things.len()).rev() {
            things.swap(at, self.below(at + 1));
        }
    }
}

fn mixed(seed: u64) -> u64 {
    let mut z = seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// In which fold an article is held out.
fn fold_of(key: &str, seed: u64) -> usize {
    let hash = key
        .bytes()
        .fold(seed ^ 0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    usize::try_from(mixed(hash) % FOLDS as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auroc_is_the_chance_of_being_higher() {
        assert!((auroc(&[0.9, 0.8], &[0.1, 0.2]) - 1.0).abs() < 1e-9);
        assert!((auroc(&[0.5], &[0.5]) - 0.5).abs() < 1e-9);
        assert!((auroc(&[0.1, 0.9], &[0.5]) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn folds_are_about_of_a_size_and_the_seed_decides_them() {
        let mut sizes = [0; FOLDS];
        for n in 0..1_000 {
            sizes[fold_of(&format!("a{n}"), 1)] += 1;
        }
        assert!(sizes.iter().all(|size| (140..260).contains(size)), "{sizes:?}");
        assert!((0..50).any(|n| fold_of(&format!("a{n}"), 1) != fold_of(&format!("a{n}"), 2)));
    }
}
