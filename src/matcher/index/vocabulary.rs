//! The words of a library, and how many living documents hold each.
//!
//! Dictionaries of segments are read once, when an index is opened. Afterwards the counts are moved by the words of the
//! articles that come and go. Two layers of words that never change make that cheap: nearly all words are in the first, and
//! those that came since in the second, which is made anew with each new word and joined to the first when it has grown.
//! A snapshot of the index shares the layers with the one before and has only the counts for itself: four bytes a word.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;
use tantivy::Result;

use super::pieces::Pieces;
use super::segment::Segment;
use crate::matcher::terms::Stems;

/// Words that the second layer may have before it is joined to the first; more if the first is large, see [`SHARE`].
const FRESH: usize = 4096;

/// The share of the first layer that the second may have, one in this many.
const SHARE: usize = 16;

/// Below this many words threads cost more than they bring.
const PARALLEL: usize = 4096;

/// One word of the vocabulary: a folded word as it stands in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::matcher) struct Entry<'v> {
    pub(in crate::matcher) word: &'v str,
    /// How many documents hold it, at least one.
    pub(in crate::matcher) documents: u32,
}

/// All words.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    layers: [Layer; 2],
}

#[derive(Debug, Clone, Default)]
struct Layer {
    words: Arc<Words>,
    /// By the number of the word; 0 for one that no document holds any more.
    documents: Vec<u32>,
}

/// Words in order.
#[derive(Debug, Default)]
struct Words {
    text: String,
    words: Vec<Word>,
    /// The numbers of the words, by the hash of the stem.
    by_stem: Vec<u32>,
    /// Made when the first word is looked for that is not held.
    pieces: OnceLock<Pieces>,
}

#[derive(Debug, Clone, Copy)]
struct Word {
    /// Hash of its stem. Among a million stems two have one hash once in thirty million libraries.
    stem: u64,
    start: u32,
    length: u16,
}

impl Vocabulary {
    /// Reads the words of all segments.
    pub(super) fn read(segments: &[Segment]) -> Result<Self> {
        let lists: Vec<List> = segments.par_iter().map(List::read).collect::<Result<_>>()?;
        let mut at = vec![0; lists.len()];
        let mut layer = Layer::default();
        let mut words = Words::default();
        loop {
            let heads = lists.iter().zip(&at).filter_map(|(list, at)| list.word(*at));
            let Some(least) = heads.min() else { break };
            let mut documents = 0;
            for (list, at) in lists.iter().zip(&mut at) {
                if list.word(*at) == Some(least) {
                    documents += list.documents.get(*at).copied().unwrap_or(0);
                    *at += 1;
                }
            }
            words.push(least, 0);
            layer.documents.push(documents);
        }
        words.stem();
        layer.words = Arc::new(words);
        Ok(Self { layers: [layer, Layer::default()] })
    }

    /// The same words with other counts: `by_word` says by how much each changes.
    pub(super) fn shifted(&self, by_word: HashMap<String, i64>) -> Self {
        let mut shifted = self.clone();
        let mut fresh: Vec<(String, u32)> = Vec::new();
        for (word, by) in by_word {
            match shifted.layers.iter_mut().find_map(|layer| layer.documents_of(&word)) {
                Some(documents) => *documents = moved(*documents, by),
                None => fresh.push((word, moved(0, by))),
            }
        }
        if fresh.is_empty() {
            return shifted;
        }
        fresh.sort_unstable();
        let [old, recent] = &mut shifted.layers;
        *recent = recent.with(&Layer::of(&fresh));
        if recent.documents.len() > FRESH.max(old.documents.len() / SHARE) {
            *old = old.with(recent);
            *recent = Layer::default();
            // Now, where no question waits for it.
            old.words.pieces();
        }
        shifted
    }

    /// All words that a document holds, in no order that matters.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = Entry<'_>> {
        self.layers.iter().flat_map(|layer| layer.with_hashes().map(|(entry, _)| entry))
    }

    /// The words that are within so many edits of another, and some more; see [`Pieces::near`].
    pub(super) fn near(&self, word: &str, edits: usize) -> impl Iterator<Item = Entry<'_>> {
        self.layers.iter().flat_map(move |layer| layer.near(word, edits))
    }

    /// Whether a document holds this very word.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.layers.iter().any(|layer| {
            layer.words.number(word).and_then(|at| layer.documents.get(at)).is_some_and(|documents| *documents > 0)
        })
    }

    /// The words with this stem.
    pub(super) fn forms(&self, stem: &str) -> impl Iterator<Item = Entry<'_>> {
        let hash = hash(stem);
        self.layers.iter().flat_map(move |layer| layer.with_stem(hash))
    }

    /// How many words there are room for.
    pub(super) fn len(&self) -> usize {
        self.layers.iter().map(|layer| layer.documents.len()).sum()
    }
}

/// A vocabulary in one layer, as it is kept in a file.
pub(super) struct Raw<'v> {
    pub(super) text: &'v str,
    words: &'v [Word],
    pub(super) documents: &'v [u32],
    pub(super) by_stem: &'v [u32],
}

impl Raw<'_> {
    /// Length and the stem's hash of each word, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = (u16, u64)> {
        self.words.iter().map(|word| (word.length, word.stem))
    }
}

impl Vocabulary {
    /// What it is made of; nothing where not all words are in one layer.
    pub(super) fn raw(&self) -> Option<Raw<'_>> {
        let [all, recent] = &self.layers;
        let Words { text, words, by_stem, .. } = &*all.words;
        recent.documents.is_empty().then_some(Raw { text, words, documents: &all.documents, by_stem })
    }

    /// A vocabulary of what [`Vocabulary::raw`] gave; nothing where that does not fit together.
    pub(super) fn of_raw(
        text: String,
        words: impl Iterator<Item = (u16, u64)>,
        documents: Vec<u32>,
        by_stem: Vec<u32>,
    ) -> Option<Self> {
        let mut made = Words { text, words: Vec::with_capacity(documents.len()), by_stem, ..Words::default() };
        let mut start = 0_u32;
        for (length, stem) in words {
            made.words.push(Word { stem, start, length });
            start = start.checked_add(u32::from(length))?;
        }
        if start as usize != made.text.len() || made.words.len() != documents.len() {
            return None;
        }
        Some(Self { layers: [Layer { words: Arc::new(made), documents }, Layer::default()] })
    }

    /// The same in one layer.
    #[cfg(test)]
    pub(super) fn whole(&self) -> Self {
        let [old, recent] = &self.layers;
        Self { layers: [old.with(recent), Layer::default()] }
    }
}

/// A count, moved.
fn moved(count: u32, by: i64) -> u32 {
    u32::try_from((i64::from(count) + by).max(0)).unwrap_or(u32::MAX)
}

impl Layer {
    fn of(words: &[(String, u32)]) -> Self {
        let mut made = Words::default();
        for (word, _) in words {
            made.push(word, 0);
        }
        made.stem();
        Self { words: Arc::new(made), documents: words.iter().map(|(_, documents)| *documents).collect() }
    }

    /// The words of two layers that share none; without those that no document holds any more.
    fn with(&self, other: &Self) -> Self {
        let mut words = Words::default();
        let mut documents = Vec::with_capacity(self.documents.len() + other.documents.len());
        let (mut left, mut right) = (self.with_hashes().peekable(), other.with_hashes().peekable());
        loop {
            let next = match (left.peek(), right.peek()) {
                (Some((a, _)), Some((b, _))) if a.word < b.word => left.next(),
                (Some(_), None) => left.next(),
                _ => right.next(),
            };
            let Some((entry, stem)) = next else { break };
            words.push(entry.word, stem);
            documents.push(entry.documents);
        }
        words.sort_stems();
        Self { words: Arc::new(words), documents }
    }

    /// See [`Vocabulary::near`].
    fn near(&self, word: &str, edits: usize) -> impl Iterator<Item = Entry<'_>> {
        self.words.pieces().near(word, edits).into_iter().filter_map(|at| {
            let documents = self.documents.get(at as usize).copied().filter(|documents| *documents > 0)?;
            Some(self.entry(*self.words.words.get(at as usize)?, documents))
        })
    }

    fn entry(&self, word: Word, documents: u32) -> Entry<'_> {
        Entry { word: self.words.text_of(word), documents }
    }

    /// The words that a document holds, with the hashes of their stems.
    fn with_hashes(&self) -> impl Iterator<Item = (Entry<'_>, u64)> {
        let all = self.words.words.iter().zip(&self.documents).filter(|(_, documents)| **documents > 0);
        all.map(|(word, documents)| (self.entry(*word, *documents), word.stem))
    }

    fn documents_of(&mut self, word: &str) -> Option<&mut u32> {
        self.words.number(word).and_then(|at| self.documents.get_mut(at))
    }

    fn with_stem(&self, hash: u64) -> impl Iterator<Item = Entry<'_>> {
        let Words { words, by_stem, .. } = &*self.words;
        let stem_of = |at: u32| words.get(at as usize).map_or(0, |word| word.stem);
        let first = lowest(by_stem.len(), hash, |at| by_stem.get(at).map_or(u64::MAX, |at| stem_of(*at)));
        let same = by_stem.get(first..).unwrap_or_default().iter().take_while(move |at| stem_of(**at) == hash);
        same.filter_map(|at| {
            let word = words.get(*at as usize)?;
            let documents = self.documents.get(*at as usize).copied().filter(|documents| *documents > 0)?;
            Some(self.entry(*word, documents))
        })
    }
}

impl Words {
    /// Adds the next word.
    fn push(&mut self, word: &str, stem: u64) {
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let length = u16::try_from(word.len()).unwrap_or(u16::MAX);
        self.words.push(Word { start, length, stem });
        self.text.push_str(word);
    }

    /// Finds the stems of words that were pushed without.
    fn stem(&mut self) {
        let Self { text, words, .. } = self;
        let stem = |word: &mut Word, stems: &Stems| word.stem = hash(&stems.of(slice(text, *word)));
        if words.len() < PARALLEL {
            let stems = Stems::default();
            words.iter_mut().for_each(|word| stem(word, &stems));
        } else {
            words.par_chunks_mut(PARALLEL).for_each_init(Stems::default, |stems, chunk| {
                chunk.iter_mut().for_each(|word| stem(word, stems));
            });
        }
        self.sort_stems();
    }

    fn pieces(&self) -> &Pieces {
        self.pieces.get_or_init(|| Pieces::of(self.words.iter().map(|word| self.text_of(*word))))
    }

    fn sort_stems(&mut self) {
        let mut numbered: Vec<(u64, u32)> = self.words.iter().zip(0..).map(|(word, at)| (word.stem, at)).collect();
        numbered.sort_unstable();
        self.by_stem = numbered.into_iter().map(|(_, at)| at).collect();
    }

    fn text_of(&self, word: Word) -> &str {
        slice(&self.text, word)
    }

    fn number(&self, word: &str) -> Option<usize> {
        self.words.binary_search_by(|other| self.text_of(*other).cmp(word)).ok()
    }
}

fn slice(text: &str, word: Word) -> &str {
    let start = word.start as usize;
    text.get(start..start + usize::from(word.length)).unwrap_or_default()
}

/// The first of `count` places in order whose `value` is not below `wanted`. Values are spread evenly, as those of hashes are: it is
/// looked for where it should be, and in steps that double from there.
fn lowest(count: usize, wanted: u64, value: impl Fn(usize) -> u64) -> usize {
    let (mut low, mut step) = (usize::try_from((u128::from(wanted) * count as u128) >> u64::BITS).unwrap_or(0), 8);
    let mut high = low;
    while low > 0 && value(low - 1) >= wanted {
        high = low - 1;
        low = low.saturating_sub(step);
        step *= 2;
    }
    while high < count && value(high) < wanted {
        low = high + 1;
        high = high.saturating_add(step).min(count);
        step *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if value(middle) < wanted { low = middle + 1 } else { high = middle }
    }
    low
}

/// FNV-1a.
fn hash(stem: &str) -> u64 {
    stem.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// The words of one segment, in order.
#[derive(Default)]
struct List {
    text: String,
    ends: Vec<usize>,
    documents: Vec<u32>,
}

impl List {
    fn read(segment: &Segment) -> Result<Self> {
        let mut list = Self::default();
        segment.words(|word, documents| {
            list.text.push_str(word);
            list.ends.push(list.text.len());
            list.documents.push(documents);
        })?;
        Ok(list)
    }

    fn word(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn held(vocabulary: &Vocabulary) -> BTreeMap<String, u32> {
        let entries: Vec<_> = vocabulary.iter().map(|entry| (entry.word.to_owned(), entry.documents)).collect();
        let held: BTreeMap<_, _> = entries.iter().cloned().collect();
        assert_eq!(entries.len(), held.len(), "no word stands twice");
        held
    }

    #[test]
    fn words_with_one_stem_are_found_by_it_in_both_layers() {
        let old: Vec<_> = ["ferry", "sail", "sailed"].map(|word| (word.to_owned(), 1)).into();
        let old = Vocabulary { layers: [Layer::of(&old), Layer::default()] };
        let both = old.shifted([("sailing".to_owned(), 2), ("ferry".to_owned(), -1)].into());
        let mut forms: Vec<_> = both.forms("sail").map(|entry| (entry.word, entry.documents)).collect();
        forms.sort_unstable();
        assert_eq!(forms, [("sail", 1), ("sailed", 1), ("sailing", 2)]);
        assert!(old.knows("ferry") && !old.knows("sailing"), "the one before stays as it is");
        assert!(!both.knows("ferry") && both.forms("ferri").next().is_none());
    }

    proptest! {
        #[test]
        fn the_lowest_place_is_the_one_that_halving_finds(
            values in prop::collection::vec(prop_oneof![any::<u64>(), 0_u64..9], 0..99),
            other: u64,
        ) {
            let mut values = values;
            values.sort_unstable();
            for wanted in values.iter().copied().chain([other, 0, u64::MAX]) {
                let found = lowest(values.len(), wanted, |at| values[at]);
                prop_assert_eq!(found, values.partition_point(|value| *value < wanted));
            }
        }

        #[test]
        fn counts_are_what_was_added_whatever_layer_a_word_is_in(
            steps in prop::collection::vec(prop::collection::hash_map("[a-d]{1,3}", 1_i64..4, 0..9), 0..9),
            join in 0_usize..9,
        ) {
            let (mut vocabulary, mut wanted) = (Vocabulary::default(), BTreeMap::new());
            for (number, step) in steps.iter().enumerate() {
                let by_word = step.iter().map(|(word, by)| {
                    let count = wanted.entry(word.clone()).or_insert(0);
                    // Some go away again.
                    let by = if number % 3 == 2 { -*count } else { *by };
                    *count += by;
                    (word.clone(), by)
                });
                vocabulary = vocabulary.shifted(by_word.collect());
                if number == join {
                    let [old, recent] = &vocabulary.layers;
                    vocabulary = Vocabulary { layers: [old.with(recent), Layer::default()] };
                }
            }
            wanted.retain(|_, count| *count > 0);
            let wanted: BTreeMap<String, u32> =
                wanted.into_iter().map(|(word, count)| (word, u32::try_from(count).unwrap())).collect();
            prop_assert_eq!(held(&vocabulary), wanted.clone());
            for word in wanted.keys() {
                prop_assert!(vocabulary.knows(word));
                let stem = Stems::default().of(word).into_owned();
                prop_assert!(vocabulary.forms(&stem).any(|entry| entry.word == word));
            }
        }
    }
}
