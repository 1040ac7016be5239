//! The words of all quotations, turned round: from a word, also a misspelt one, to the quotations that hold it.

use std::collections::HashMap;

use super::words;
use crate::article::{Article, Span};
use crate::quotes::{Held, Quotation};

/// How unlike a word of the library a misspelt one may be: normalised edit distance, as `strsim` gives it.
const LEAST_LIKENESS: f64 = 0.7;

/// A quotation's words as numbers of the vocabulary.
#[derive(Debug, Default, Clone)]
pub(super) struct Entry {
    /// The words of the content, in order.
    pub content: Vec<u32>,
    /// The other words of its sentences, sorted.
    pub around: Vec<u32>,
}

/// A word of a question and the vocabulary's words that it may be, with how like they are (1 when it is the word).
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Candidates, likest first.
    pub readings: Vec<(u32, f32)>,
    /// How much the word tells: its inverse document frequency.
    pub weight: f32,
}

/// The inverted index.
#[derive(Debug, Default)]
pub(super) struct Index {
    vocabulary: Vec<String>,
    numbers: HashMap<String, u32>,
    /// By word: the quotations that hold it, ascending.
    postings: Vec<Vec<u32>>,
    /// By three letters: the words that hold them.
    trigrams: HashMap<[char; 3], Vec<u32>>,
    /// By quotation.
    entries: Vec<Entry>,
}

impl Index {
    /// Indexes quotations; the article of the n-th is `article(n)`.
    pub(super) fn build<'a>(held: &[Held], article: impl Fn(&Held) -> Option<&'a Article>) -> Self {
        let mut index = Self::default();
        for (number, held) in held.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            let entry = article(held).map(|article| index.entry(article, &held.quotation)).unwrap_or_default();
            let mut all: Vec<u32> = entry.content.iter().chain(&entry.around).copied().collect();
            all.sort_unstable();
            all.dedup();
            for word in all {
                if let Some(posting) = index.postings.get_mut(word as usize) {
                    posting.push(number);
                }
            }
            index.entries.push(entry);
        }
        for (number, word) in index.vocabulary.iter().enumerate() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for gram in trigrams(word) {
                let words = index.trigrams.entry(gram).or_default();
                if words.last() != Some(&number) {
                    words.push(number);
                }
            }
        }
        index
    }

    fn entry(&mut self, article: &Article, quotation: &Quotation) -> Entry {
        let text = article.text();
        let content =
            quotation.content.iter().flat_map(|span| words::words(text, *span)).map(|w| self.number(w.low)).collect();
        let mut around = Vec::new();
        for sentence in sentences_around(article, quotation) {
            let outside = |span: Span| !quotation.content.iter().any(|c| c.contains(span));
            around.extend(
                words::words(text, sentence).into_iter().filter(|w| outside(w.span)).map(|w| self.number(w.low)),
            );
        }
        around.sort_unstable();
        around.dedup();
        Entry { content, around }
    }

    fn number(&mut self, word: String) -> u32 {
        if let Some(&number) = self.numbers.get(&word) {
            return number;
        }
        let number = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
        self.vocabulary.push(word.clone());
        self.postings.push(Vec::new());
        self.numbers.insert(word, number);
        number
    }

    /// The words of a quotation.
    pub(super) fn words_of(&self, held: usize) -> Option<&Entry> {
        self.entries.get(held)
    }

    /// The quotations that hold a word.
    pub(super) fn holding(&self, word: u32) -> &[u32] {
        self.postings.get(word as usize).map_or(&[], Vec::as_slice)
    }

    /// The number of a word that the library holds as it is written.
    pub(super) fn known(&self, low: &str) -> Option<u32> {
        self.numbers.get(low).copied()
    }

    /// What a word of a question can be. Unless `spelling` is set, a word of the library is only itself, and any other is
    /// nothing.
    pub(super) fn asked(&self, low: &str, spelling: bool) -> Asked {
        let mut readings = Vec::new();
        if let Some(number) = self.known(low) {
            readings.push((number, 1.0));
        }
        if spelling && self.may_be_misspelt(low) {
            readings.extend(self.like(low).into_iter().filter(|(number, _)| Some(*number) != self.known(low)));
        }
        let holding = readings.first().map_or(0, |(number, _)| self.holding(*number).len());
        #[expect(clippy::cast_precision_loss, reason = "counts of quotations are far below 2^24")]
        let weight = (1.0 + self.entries.len() as f32 / (1.0 + holding as f32)).ln();
        Asked { readings, weight }
    }

    /// Whether a word may be another one misspelt: a common word is what it is, a rare one may be a common one.
    pub(super) fn may_be_misspelt(&self, low: &str) -> bool {
        let rare = self.known(low).is_none_or(|number| self.holding(number).len() < 8);
        rare && low.chars().count() >= 4
    }

    /// The library's words nearest to one, by edit distance, at most four.
    fn like(&self, low: &str) -> Vec<(u32, f32)> {
        let grams = trigrams(low);
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for word in grams.iter().filter_map(|gram| self.trigrams.get(gram)).flatten() {
            *shared.entry(*word).or_default() += 1;
        }
        let length = low.chars().count();
        let mut like: Vec<(u32, f32)> = shared
            .into_iter()
            .filter(|(_, count)| count * 4 >= grams.len())
            .filter_map(|(number, _)| {
                let word = self.vocabulary.get(number as usize)?;
                let gap = word.chars().count().abs_diff(length);
                (gap <= 3).then(|| (number, strsim::normalized_damerau_levenshtein(low, word)))
            })
            .filter(|(_, likeness)| *likeness >= LEAST_LIKENESS)
            .map(|(number, likeness)| {
                #[expect(clippy::cast_possible_truncation, reason = "a likeness between 0 and 1")]
                let likeness = likeness as f32;
                (number, likeness)
            })
            .collect();
        like.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        like.truncate(4);
        like
    }
}

/// The sentences that a quotation's content touches.
fn sentences_around(article: &Article, quotation: &Quotation) -> Vec<Span> {
    let sentences = article.sentences();
    let mut around: Vec<Span> = Vec::new();
    for content in &quotation.content {
        let from = sentences.partition_point(|s| s.end <= content.start);
        around.extend(sentences.iter().skip(from).take_while(|s| s.start < content.end));
    }
    around.sort_unstable();
    around.dedup();
    around
}

/// The letters of a word by threes, with its ends marked.
fn trigrams(word: &str) -> Vec<[char; 3]> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    letters.windows(3).filter_map(|w| <[char; 3]>::try_from(w).ok()).collect()
}
