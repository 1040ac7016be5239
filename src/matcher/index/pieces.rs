//! Finding the words of a vocabulary that are within one or two edits of another, without looking at all of them.
//!
//! A word that is cut into one piece more than there are edits keeps one piece whole, not far from its place (the pigeonhole of
//! Li et al., “Pass-Join”, 2011). So each word stands under the hash of each of its pieces, and those that share a piece with a word
//! are few. Two letters that are swapped may lie in two pieces: then the left one is whole but for its last letter, and is looked
//! for with that as well.

use crate::matcher::spelling::TWO_EDITS_FROM;

/// The most letters that a word of the vocabulary has.
const LONGEST: usize = 64;

/// Where words are found by their pieces.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// A hash less this many bits is the number of its bucket.
    shift: u32,
    /// Where each bucket begins, and the end.
    starts: Vec<u32>,
    /// The numbers of words, and the sets of their letters: so most words that only share a piece are never looked at.
    words: Vec<(u32, u32)>,
}

impl Pieces {
    /// The pieces of words, which are numbered from 0.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w str> + Clone) -> Self {
        let mut count = 0_usize;
        for word in words.clone() {
            count += cuts(word.chars().count()).map(|edits| edits + 1).sum::<usize>();
        }
        let bits = (count / 2).max(2).ilog2();
        let shift = u64::BITS - bits;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        let mut letters = Letters::default();
        for word in words.clone() {
            letters.each_piece(word, shift, |bucket| {
                if let Some(start) = starts.get_mut(bucket + 1) {
                    *start += 1;
                }
            });
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut next = starts.clone();
        let mut all = vec![(0, 0); count];
        for (word, number) in words.zip(0_u32..) {
            let set = set_of(word);
            letters.each_piece(word, shift, |bucket| {
                let Some(next) = next.get_mut(bucket) else { return };
                if let Some(place) = all.get_mut(*next as usize) {
                    *place = (number, set);
                }
                *next += 1;
            });
        }
        Self { shift, starts, words: all }
    }

    /// The numbers of all words that are within so many edits (1, or 2 of a word of [`TWO_EDITS_FROM`] letters or more), in order,
    /// and of some others: not many within 1, for halves of words are shared by few; with 2, every third piece of a word may be alike.
    pub(super) fn near(&self, word: &str, edits: usize) -> Vec<u32> {
        let asked: Vec<char> = word.chars().take(LONGEST).collect();
        let (letters, set) = (asked.len(), set_of(word));
        let mut found: Vec<u32> = Vec::new();
        for length in letters.saturating_sub(edits)..=letters + edits {
            if !cuts(length).any(|of| of == edits) {
                continue;
            }
            // What is more or less is one letter that comes or goes; every other edit exchanges two at most.
            let longer = length.abs_diff(letters);
            let others = u32::try_from(longer + 2 * (edits - longer)).unwrap_or(u32::MAX);
            for piece in 0..=edits {
                let (start, end) = cut(length, edits, piece);
                // The letters before the piece may be more or fewer than they are in the word, as far as those behind it can make up.
                for from in start.saturating_sub(edits)..=start + edits {
                    let (before, behind) =
                        (start.abs_diff(from), (end + letters).abs_diff(from + (end - start) + length));
                    let Some(here) = asked.get(from..from + (end - start)).filter(|_| before + behind <= edits) else {
                        continue;
                    };
                    let hash = here.iter().fold(seed(length, edits, piece), |hash, letter| step(hash, *letter));
                    self.look(hash, set, others, &mut found);
                    let Some((next, [rest @ .., _])) = asked.get(from + here.len()).zip(Some(here)) else { continue };
                    let swapped = rest.iter().chain([next]);
                    let hash = swapped.fold(seed(length, edits, piece), |hash, letter| step(hash, *letter));
                    self.look(hash, set, others, &mut found);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Adds the words of a bucket that have, but for `others` of them, the same letters.
    fn look(&self, hash: u64, letters: u32, others: u32, found: &mut Vec<u32>) {
        let bucket = bucket(hash, self.shift);
        let start = |at: usize| self.starts.get(at).map_or(self.words.len(), |start| *start as usize);
        let here = self.words.get(start(bucket)..start(bucket + 1)).unwrap_or_default();
        found.extend(here.iter().filter(|(_, set)| (set ^ letters).count_ones() <= others).map(|(number, _)| *number));
    }
}

/// For how many edits a word of this length may be looked for, each time by one piece more.
fn cuts(length: usize) -> impl Iterator<Item = usize> {
    let one = (length >= 2).then_some(1);
    let two = (length + 2 >= TWO_EDITS_FROM).then_some(2);
    one.into_iter().chain(two)
}

/// Where a piece of a word of this length begins and ends.
fn cut(length: usize, edits: usize, piece: usize) -> (usize, usize) {
    (length * piece / (edits + 1), length * (piece + 1) / (edits + 1))
}

/// Cuts words, keeping its buffer.
#[derive(Default)]
struct Letters(Vec<char>);

impl Letters {
    /// Calls `each` with the bucket of every piece of a word.
    fn each_piece(&mut self, word: &str, shift: u32, mut each: impl FnMut(usize)) {
        self.0.clear();
        self.0.extend(word.chars());
        for edits in cuts(self.0.len()) {
            for piece in 0..=edits {
                let (start, end) = cut(self.0.len(), edits, piece);
                let letters = self.0.get(start..end).unwrap_or_default();
                each(bucket(letters.iter().fold(seed(self.0.len(), edits, piece), |hash, c| step(hash, *c)), shift));
            }
        }
    }
}

/// What tells pieces of different places apart.
fn seed(length: usize, edits: usize, piece: usize) -> u64 {
    ((length * 4 + edits) * 4 + piece) as u64
}

fn step(hash: u64, letter: char) -> u64 {
    (hash.rotate_left(5) ^ u64::from(letter)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn bucket(hash: u64, shift: u32) -> usize {
    // The upper bits are the mixed ones.
    usize::try_from(hash >> shift).unwrap_or(0)
}

/// Which letters occur in a word, as a set of 32.
fn set_of(word: &str) -> u32 {
    word.chars().fold(0, |set, c| {
        let bit = if c.is_ascii_lowercase() { c as u32 - 'a' as u32 } else { 26 + (c as u32 % 6) };
        set | 1 << bit
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_word_within_the_edits_is_found(
            words in prop::collection::vec("[a-cé]{2,12}", 1..60),
            word in "[a-cé]{3,12}",
        ) {
            let pieces = Pieces::of(words.iter().map(String::as_str));
            let most = if word.chars().count() < TWO_EDITS_FROM { 1 } else { 2 };
            for edits in 1..=most {
                let found = pieces.near(&word, edits);
                prop_assert!(found.is_sorted_by(|a, b| a < b));
                for (other, number) in words.iter().zip(0..) {
                    if strsim::osa_distance(&word, other) <= edits && other.chars().count() > 1 {
                        prop_assert!(found.contains(&number), "{} {} {}", word, other, edits);
                    }
                }
            }
        }

        #[test]
        fn one_that_was_changed_twice_is_found(word in "[a-z]{8,20}", at in 0_usize..20, then in 0_usize..20, c in "[a-z]") {
            let mut letters: Vec<char> = word.chars().collect();
            let last = letters.len() - 1;
            letters.swap(at % last, at % last + 1);
            letters.insert(then % letters.len(), c.chars().next().unwrap());
            let changed: String = letters.into_iter().collect();
            if strsim::osa_distance(&word, &changed) <= 2 {
                let found = Pieces::of([word.as_str()].into_iter()).near(&changed, 2);
                prop_assert_eq!(found, [0]);
            }
        }
    }

    #[test]
    fn words_that_are_far_are_passed_over() {
        let words = ["lighthouse", "lantern", "harbour", "lighthearted", "mill"];
        assert_eq!(Pieces::of(words.into_iter()).near("ligthouse", 2), [0]);
        assert_eq!(Pieces::of(words.into_iter()).near("lantren", 1), [1]);
        assert!(Pieces::default().near("mill", 1).is_empty());
    }
}
