//! A question made ready for one index: what is looked for, under which forms, and how much each word tells.

use std::collections::HashMap;

use super::index::Index;
use super::rarity;
use super::spelling::{self, Sought};
use super::terms::{AnswerKind, Asked, MAX_TERMS};

/// A set of the query's terms: bit `n` stands for term `n`.
pub(super) type Terms = u32;

/// How a word of a text answers to the query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hit {
    /// Which term.
    pub(super) term: u8,
    /// 1 for a form of the word as asked, less for a reading of a word that is not held.
    pub(super) weight: f32,
    /// Whether it is the very word, not another form of it.
    pub(super) exact: bool,
}

/// A question, read against an index.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) kind: AnswerKind,
    pub(super) speech: bool,
    pub(super) sought: Vec<Sought>,
    /// The rarity of each term, in the order of `sought`.
    pub(super) idf: Vec<f32>,
    /// The sum of `idf`.
    pub(super) total: f32,
    /// Folded word of the library → which term it is.
    hits: HashMap<Box<str>, Hit>,
}

impl Query {
    /// Reads the question's words against the vocabulary. Of more than [`MAX_TERMS`] terms
    /// those that the library holds are kept, the rarest first.
    pub(super) fn new(index: &Index, asked: &Asked) -> Self {
        let known = |word: &str| index.forms(word).map(|entry| entry.documents as usize).sum::<usize>();
        let mut asked_terms = asked.terms.clone();
        if asked_terms.len() > MAX_TERMS {
            asked_terms.sort_by_key(|term| match known(&term.stem) {
                0 => usize::MAX,
                documents => documents,
            });
            asked_terms.truncate(MAX_TERMS);
            asked_terms.sort_by_key(|term| term.at);
        }
        let mut sought = spelling::read(index, &asked_terms);
        sought.truncate(MAX_TERMS);
        let mut hits = HashMap::new();
        let mut idf = Vec::with_capacity(sought.len());
        for (term, number) in sought.iter().zip(0_u8..) {
            let documents = term.alternatives.first().map_or(0, |best| known(&best.stem));
            let stem = term.alternatives.first().map_or(&term.term.stem, |best| &best.stem);
            idf.push(rarity::idf(stem, documents, index.documents()));
            for alternative in &term.alternatives {
                for entry in alternative.forms(index) {
                    let exact = *entry.word == *alternative.word;
                    hits.entry(entry.word.clone()).or_insert(Hit { term: number, weight: alternative.weight, exact });
                }
            }
        }
        Self { kind: asked.kind, speech: asked.speech, sought, total: idf.iter().sum(), idf, hits }
    }

    /// Which term a folded word of a text answers to.
    pub(super) fn hit(&self, folded: &str) -> Option<Hit> {
        self.hits.get(folded).copied()
    }

    /// The rarity of one term.
    pub(super) fn idf(&self, term: u8) -> f32 {
        self.idf.get(usize::from(term)).copied().unwrap_or(0.0)
    }

    /// How much of the question a set of terms covers, 0 to 1, each word weighing its rarity and a reading less than
    /// the word as asked.
    pub(super) fn coverage(&self, terms: Terms) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let covered: f32 = self
            .idf
            .iter()
            .zip(&self.sought)
            .enumerate()
            .filter(|(at, _)| terms & (1 << at) != 0)
            .map(|(_, (idf, sought))| idf * sought.alternatives.first().map_or(0.0, |best| best.weight))
            .sum();
        (covered / self.total).min(1.0)
    }
}
