//! Why a search came out as it did, for those who tune it.

use super::asked::AnswerKind;
use super::confidence::{self, Thresholds};
use super::doubt::Doubt;
use super::features;
use super::model::Model;
use super::query::Query;
use super::ranking::Ranked;

/// A number that entered a sum, and what it counted there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Factor {
    /// What it measures.
    pub name: &'static str,
    /// Its value.
    pub value: f32,
    /// What one of it counts.
    pub weight: f32,
}

/// A word of the question, as it was looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// As asked.
    pub asked: String,
    /// The words of the library that it was read as, likeliest first; empty when the library holds nothing like it.
    pub read: Vec<String>,
    /// Its rarity (inverse document frequency): what finding it counts.
    pub rarity: f32,
    /// Whether the first passage holds it.
    pub found: bool,
}

/// Why a search came out as it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// The words that were looked for.
    pub words: Vec<Word>,
    /// What kind of thing the question word asks for.
    pub kind: AnswerKind,
    /// How many paragraphs were weighed.
    pub candidates: usize,
    /// For each passage returned, what its score is the sum of.
    pub passages: Vec<Vec<Factor>>,
    /// What the confidence is made of.
    pub confidence: Vec<Factor>,
    /// What speaks against the first passage where that sum is sure of it: then it is declined.
    pub doubt: Option<Doubt>,
    /// The thresholds that decided the verdict.
    pub thresholds: Thresholds,
}

pub(super) fn explain(
    query: &Query,
    ranked: &[Ranked],
    shown: usize,
    model: &Model,
    thresholds: Thresholds,
    doubt: Option<Doubt>,
) -> Explanation {
    let held = ranked.first().map_or(0, |first| first.terms);
    let words = query.sought.iter().zip(&query.idf).enumerate().map(|(at, (sought, rarity))| Word {
        asked: sought.term.asked.clone(),
        read: sought.alternatives.iter().map(|alternative| alternative.word.clone()).collect(),
        rarity: *rarity,
        found: held & (1 << at) != 0,
    });
    Explanation {
        words: words.collect(),
        kind: query.kind,
        candidates: ranked.len(),
        passages: ranked
            .iter()
            .take(shown)
            .map(|ranked| factors(&features::NAMES, &ranked.features, &model.ranking))
            .collect(),
        confidence: {
            let inputs = factors(&confidence::NAMES, &confidence::inputs(query, ranked), &model.confidence);
            inputs.into_iter().chain([Factor { name: "without any", value: 1.0, weight: model.bias }]).collect()
        },
        doubt,
        thresholds,
    }
}

fn factors(names: &[&'static str], values: &[f32], weights: &[f32]) -> Vec<Factor> {
    let factors = names.iter().zip(values).zip(weights);
    factors.map(|((name, value), weight)| Factor { name, value: *value, weight: *weight }).collect()
}
