//! The words of all quotations as numbers, and which of them a misspelt word may be.
//!
//! Words are only ever added: one that no quotation holds any more keeps its number, and the index passes it over. So
//! indexes of one library at different times share a vocabulary, and numbers mean the same in all of them. They say nothing
//! else: not even their order may show in an answer, for it depends on what was read first.

use std::collections::HashMap;
use std::sync::Arc;

use super::shards::Shards;

/// How unlike a word of the library a misspelt one may be: normalised edit distance, as `strsim` gives it.
const LEAST_LIKENESS: f64 = 0.7;

/// Words that a misspelt one is taken for, at most.
const MOST_READINGS: usize = 4;

/// Words in a piece of the list that is shared as a whole.
const PIECE: usize = 1024;

/// Three letters of a word, with its ends marked.
type Trigram = [char; 3];

/// The words that quotations hold or held.
#[derive(Debug, Clone, Default)]
pub(super) struct Vocabulary {
    numbers: Shards<Arc<str>, u32>,
    /// By number, in pieces of [`PIECE`].
    words: Vec<Arc<Vec<Arc<str>>>>,
    /// By three letters: the words that hold them, ascending.
    trigrams: Shards<Trigram, Arc<Vec<u32>>>,
}

impl Vocabulary {
    /// How many words there are; their numbers are below.
    pub(super) fn len(&self) -> usize {
        self.words.split_last().map_or(0, |(last, full)| full.len() * PIECE + last.len())
    }

    /// The number of a word.
    pub(super) fn number(&self, low: &str) -> Option<u32> {
        self.numbers.get(low).copied()
    }

    /// The word of a number.
    fn word(&self, number: u32) -> Option<&str> {
        let number = number as usize;
        self.words.get(number / PIECE)?.get(number % PIECE).map(AsRef::as_ref)
    }

    /// The numbers of words, which get one where they have none. [`spell_out`](Self::spell_out) is to follow.
    pub(super) fn enter<'w>(&mut self, words: impl IntoIterator<Item = &'w Arc<str>>) -> Vec<u32> {
        words.into_iter().map(|word| self.number(word).unwrap_or_else(|| self.add(Arc::clone(word)))).collect()
    }

    fn add(&mut self, word: Arc<str>) -> u32 {
        let number = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.numbers.around(&word).insert(Arc::clone(&word), number);
        if self.words.last().is_none_or(|piece| piece.len() == PIECE) {
            self.words.push(Arc::new(Vec::with_capacity(PIECE)));
        }
        if let Some(piece) = self.words.last_mut() {
            Arc::make_mut(piece).push(word);
        }
        number
    }

    /// Lists the words that were not yet under their letters, those from number `first` on.
    pub(super) fn spell_out(&mut self, first: usize) {
        let mut of: HashMap<Trigram, Vec<u32>> = HashMap::new();
        for number in first..self.len() {
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            for gram in self.word(number).map(trigrams).unwrap_or_default() {
                let words = of.entry(gram).or_default();
                if words.last() != Some(&number) {
                    words.push(number);
                }
            }
        }
        for (gram, words) in of {
            let known = self.trigrams.around(&gram).entry(gram).or_default();
            Arc::make_mut(known).extend(words);
        }
    }

    /// The words nearest to one by edit distance, likest first and at most [`MOST_READINGS`] of them, with their likeness;
    /// only such as are `held`.
    pub(super) fn like(&self, low: &str, held: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
        let grams = trigrams(low);
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for word in grams.iter().filter_map(|gram| self.trigrams.get(gram)).flat_map(|words| words.iter()) {
            *shared.entry(*word).or_default() += 1;
        }
        let length = low.chars().count();
        let mut like: Vec<(u32, &str, f64)> = shared
            .into_iter()
            .filter(|(number, count)| count * 4 >= grams.len() && held(*number))
            .filter_map(|(number, _)| {
                let word = self.word(number)?;
                let gap = word.chars().count().abs_diff(length);
                (gap <= 3).then(|| (number, word, strsim::normalized_damerau_levenshtein(low, word)))
            })
            .filter(|(_, _, likeness)| *likeness >= LEAST_LIKENESS)
            .collect();
        like.sort_by(|a, b| b.2.total_cmp(&a.2).then_with(|| a.1.cmp(b.1)));
        like.truncate(MOST_READINGS);
        #[expect(clippy::cast_possible_truncation, reason = "a likeness between 0 and 1")]
        like.into_iter().map(|(number, _, likeness)| (number, likeness as f32)).collect()
    }
}

/// The letters of a word by threes, with its ends marked.
fn trigrams(word: &str) -> Vec<Trigram> {
    let letters: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    letters.windows(3).filter_map(|w| <Trigram>::try_from(w).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(vocabulary: &mut Vocabulary, words: &[&str]) -> Vec<u32> {
        let first = vocabulary.len();
        let words: Vec<Arc<str>> = words.iter().map(|word| Arc::from(*word)).collect();
        let numbers = vocabulary.enter(&words);
        vocabulary.spell_out(first);
        numbers
    }

    #[test]
    fn a_word_keeps_its_number() {
        let mut vocabulary = Vocabulary::default();
        assert_eq!(enter(&mut vocabulary, &["bridge", "toll", "bridge"]), [0, 1, 0]);
        assert_eq!(enter(&mut vocabulary, &["ferry", "toll"]), [2, 1]);
        let many: Vec<String> = (0..3 * PIECE).map(|n| format!("w{n}")).collect();
        enter(&mut vocabulary, &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(vocabulary.len(), 3 * PIECE + 3);
        for word in ["ferry", "w0", "w1021", "w3000"] {
            assert_eq!(vocabulary.number(word).and_then(|number| vocabulary.word(number)), Some(word));
        }
        assert_eq!(vocabulary.number("w3072"), None);
    }

    #[test]
    fn a_misspelt_word_is_read_as_those_that_are_held() {
        let mut vocabulary = Vocabulary::default();
        let [bridge, bridges, ..] = enter(&mut vocabulary, &["bridge", "bridges", "toll"])[..] else {
            panic!("three words")
        };
        let readings = |held: &dyn Fn(u32) -> bool| {
            vocabulary.like("brigde", held).into_iter().map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(readings(&|_| true), [bridge, bridges]);
        assert_eq!(readings(&|number| number != bridge), [bridges]);
    }
}
