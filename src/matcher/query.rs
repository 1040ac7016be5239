//! A question made ready for one index: what is looked for, under which forms, and how much each word tells.

use std::collections::HashMap;

use super::asked::{AnswerKind, Asked, MAX_TERMS};
use super::evidence::Measure;
use super::index::Index;
use super::lives::Life;
use super::rarity;
use super::spelling::{self, Sought};

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

/// Words after "how many" among which the first that is looked for is what is counted: "how many of the boats".
const COUNTED_WITHIN: usize = 3;

/// A word's first letter, as a set of 32.
fn first_letter(word: &str) -> u32 {
    1 << (word.bytes().next().unwrap_or(0) & 31)
}

/// A question, read against an index.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) kind: AnswerKind,
    pub(super) measure: Measure,
    /// The term whose number is asked for: "boats" in "how many boats".
    pub(super) counted: Option<u8>,
    pub(super) speech: bool,
    pub(super) latest: bool,
    pub(super) life: Option<Life>,
    pub(super) sought: Vec<Sought>,
    /// The rarity of each term, in the order of `sought`.
    pub(super) idf: Vec<f32>,
    /// The sum of `idf`.
    pub(super) total: f32,
    /// How many articles the library has.
    pub(super) articles: usize,
    /// Folded word of the library → which term it is.
    hits: HashMap<Box<str>, Hit>,
    /// The first letters and the lengths of those words, as sets: most words of a text have none of them.
    firsts: u32,
    lengths: u64,
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
        let mut hits: HashMap<Box<str>, Hit> = HashMap::new();
        let mut idf = Vec::with_capacity(sought.len());
        for (term, number) in sought.iter().zip(0_u8..) {
            let documents = term.alternatives.first().map_or(0, |best| known(&best.stem));
            let stem = term.alternatives.first().map_or(&term.term.stem, |best| &best.stem);
            idf.push(rarity::idf(stem, documents, index.documents()));
            for alternative in &term.alternatives {
                for entry in alternative.forms(index) {
                    let exact = entry.word == alternative.word;
                    hits.entry(entry.word.into()).or_insert(Hit { term: number, weight: alternative.weight, exact });
                }
            }
        }
        let counted = match asked.measure {
            Measure::CountOf(at) | Measure::NamedBy(at) => sought
                .iter()
                .zip(0_u8..)
                .filter(|(sought, _)| (at..at + COUNTED_WITHIN).contains(&sought.term.at))
                .min_by_key(|(sought, _)| sought.term.at)
                .map(|(_, number)| number),
            _ => None,
        };
        let (kind, measure, speech, latest) = (asked.kind, asked.measure, asked.speech, asked.latest);
        let firsts = hits.keys().fold(0, |set, word| set | first_letter(word));
        let lengths = hits.keys().fold(0, |set, word| set | 1 << word.len().min(63));
        Self {
            kind,
            measure,
            counted,
            speech,
            latest,
            life: asked.life,
            sought,
            total: idf.iter().sum(),
            articles: index.articles(),
            idf,
            hits,
            firsts,
            lengths,
        }
    }

    /// Which term a folded word of a text answers to.
    pub(super) fn hit(&self, folded: &str) -> Option<Hit> {
        let may = self.firsts & first_letter(folded) != 0 && self.lengths & (1 << folded.len().min(63)) != 0;
        if may { self.hits.get(folded).copied() } else { None }
    }

    /// The rarity of one term.
    pub(super) fn idf(&self, term: u8) -> f32 {
        self.idf.get(usize::from(term)).copied().unwrap_or(0.0)
    }

    /// How much of the question a set of terms covers, 0 to 1, each word weighing its rarity and a reading less than
    /// the word as asked.
    pub(super) fn coverage(&self, terms: Terms) -> f32 {
        self.coverage_but(terms, 0, 1.0)
    }

    /// The same, terms of `less` counting `factor` only.
    pub(super) fn coverage_but(&self, terms: Terms, less: Terms, factor: f32) -> f32 {
        if self.total <= 0.0 {
            return 0.0;
        }
        let mut covered = 0.0;
        for (at, (idf, sought)) in self.idf.iter().zip(&self.sought).enumerate() {
            if terms & (1 << at) != 0 {
                let weight = sought.alternatives.first().map_or(0.0, |best| best.weight);
                covered += idf * weight * if less & (1 << at) == 0 { 1.0 } else { factor };
            }
        }
        (covered / self.total).min(1.0)
    }

    /// The rarity of the rarest term that `terms` lacks, against the rarest of all, 0 to 1.
    pub(super) fn rarest_missing(&self, terms: Terms) -> f32 {
        let rarest = self.idf.iter().copied().fold(f32::EPSILON, f32::max);
        let missing = self.idf.iter().enumerate().filter(|(at, _)| terms & (1 << at) == 0);
        missing.map(|(_, idf)| *idf).fold(0.0, f32::max) / rarest
    }
}
