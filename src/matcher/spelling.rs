//! Reading a word that the library does not hold as one that it does.
//!
//! Candidates come from the index's own vocabulary: words of about the same length and letters, within one or two
//! edits. They are weighed by how close they are and by how often the library uses them. Which of them is meant is left
//! to the passages: every plausible reading is searched for, at less than the weight of a word that is held as written.

use super::asked::Term;
use super::index::{Entry, Index};
use super::rarity;
use super::terms::{Stems, other_writing};
use super::words::is_stop;

/// Readings that one word may have at most.
const MAX_READINGS: usize = 3;

/// Shortest word, in characters, that is read as another: shorter ones are within an edit of everything.
const MIN_LETTERS: usize = 4;

/// Shortest name, in characters, that is read as another, if a letter was left out.
const MIN_LETTERS_OF_NAME: usize = 3;

/// Shortest word, in characters, that another is read as, unless a letter was only doubled: "per" is not what "peru" was meant
/// to be, but "cut" may be what "cutt" was.
const MIN_LETTERS_OF_READING: usize = 4;

/// Shortest half, in characters, of a word that is read as two.
const MIN_HALF: usize = 3;

/// From this many letters on a word may have two edits, if no word is within one; below, one.
pub(super) const TWO_EDITS_FROM: usize = 8;

/// Below this many letters the first one is trusted.
const SHORT: usize = 6;

/// How much closeness a reading may lack against the best one.
const WORSE_BY: f32 = 0.08;

/// Bytes by which the forms of a reading may be longer or shorter than it: an ending.
const ENDING: usize = 3;

/// Closeness that a tenfold frequency in the library is worth.
const PER_DECADE: f32 = 0.03;

/// What a reading with no edit but a space (joined or split words) weighs against a word held as written.
const RESPACED: f32 = 0.9;

/// A word of the library that is looked for, and how much finding it is worth.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alternative {
    /// The stem whose forms are looked for.
    pub(super) stem: String,
    /// The word that was read, folded.
    pub(super) word: String,
    /// 1 for a word that is held as asked, less for a reading.
    pub(super) weight: f32,
}

impl Alternative {
    /// The words of the library that count as finding it: all forms of a word that is held as asked, for a reading only
    /// those of about its length ("mercy" may be meant by a word that "mercifully" is not).
    pub(super) fn forms<'i>(&'i self, index: &'i Index) -> impl Iterator<Item = Entry<'i>> {
        let close = |entry: &Entry<'_>| {
            self.weight >= 1.0 || entry.word.chars().count().abs_diff(self.word.chars().count()) <= ENDING
        };
        index.forms(&self.stem).filter(move |entry| close(entry))
    }
}

/// A word of the question and what it is looked for as; nothing when the library holds nothing like it.
#[derive(Debug, Clone)]
pub(super) struct Sought {
    pub(super) term: Term,
    pub(super) alternatives: Vec<Alternative>,
}

impl Sought {
    /// Whether it is a short name that was read as another word; `alone`, where nothing else is asked: then a capital at the start
    /// may be a name's.
    pub(super) fn is_short_name_read(&self, alone: bool) -> bool {
        let read = self.alternatives.first().is_some_and(|best| best.weight < 1.0 && best.word != self.term.folded);
        let capital = self.term.asked.starts_with(char::is_uppercase);
        (self.term.name || alone && capital) && read && self.term.folded.chars().count() < SHORT
    }

    /// Whether the library holds the word (or another form of it) as asked.
    #[cfg(test)]
    pub(super) fn is_known(&self) -> bool {
        self.alternatives.first().is_some_and(|only| only.weight >= 1.0)
    }
}

/// Reads every term of a question against the vocabulary.
pub(super) fn read(index: &Index, terms: &[Term]) -> Vec<Sought> {
    let known = |term: &Term| index.forms(&term.stem).next().is_some();
    let mut sought: Vec<Sought> = Vec::with_capacity(terms.len());
    let mut rest = terms.iter().peekable();
    while let Some(term) = rest.next() {
        if known(term) {
            let mut alternatives =
                vec![Alternative { stem: term.stem.clone(), word: term.folded.clone(), weight: 1.0 }];
            alternatives.extend(other(index, term));
            // "box office" asked, "boxoffice" not held: the common case, nothing to do.
            if let Some(next) = rest.peek()
                && next.at == term.at + 1
                && !known(next)
                && let Some(joined) = join(index, term, next)
            {
                sought.push(joined);
                rest.next();
            } else {
                sought.push(Sought { term: term.clone(), alternatives });
            }
            continue;
        }
        if let Some(next) = rest.peek()
            && next.at == term.at + 1
            && let Some(joined) = join(index, term, next)
        {
            sought.push(joined);
            rest.next();
            continue;
        }
        let read = || if term.as_written { Vec::new() } else { near(index, &term.folded, term.name) };
        let alternatives = other(index, term).map_or_else(read, |other| vec![other]);
        if alternatives.is_empty()
            && let Some(halves) = split(index, term)
        {
            sought.extend(halves);
        } else {
            sought.push(Sought { term: term.clone(), alternatives });
        }
    }
    sought
}

/// The other writing of a number or a month, where the library has it: as good as the one that was asked with.
fn other(index: &Index, term: &Term) -> Option<Alternative> {
    let word = other_writing(&term.folded)?;
    let stem = Stems::default().of(word).into_owned();
    index.knows(word).then(|| Alternative { stem, word: word.to_owned(), weight: 1.0 })
}

/// Two words that the library writes as one: "tik tok".
fn join(index: &Index, left: &Term, right: &Term) -> Option<Sought> {
    let word = format!("{}{}", left.folded, right.folded);
    index.knows(&word).then(|| {
        let stem = Stems::default().of(&word).into_owned();
        let asked = format!("{} {}", left.asked, right.asked);
        let name = left.name || right.name;
        let term = Term { asked, folded: word.clone(), stem: stem.clone(), name, at: left.at, as_written: false };
        Sought { term, alternatives: vec![Alternative { stem, word, weight: RESPACED }] }
    })
}

/// One word that the library writes as two: "worldcup". Of all ways to cut it, the one whose rarer half is commonest.
fn split(index: &Index, term: &Term) -> Option<[Sought; 2]> {
    let word = term.folded.as_str();
    let held = |half: &str| {
        let stem = Stems::default().of(half).into_owned();
        let documents: u32 = index.forms(&stem).map(|entry| entry.documents).sum();
        (documents, stem)
    };
    let cuts = word.char_indices().map(|(at, _)| at);
    let best = cuts
        .filter_map(|at| {
            let (left, right) = word.split_at(at);
            let long = |half: &str| half.chars().count() >= MIN_HALF;
            (long(left) && long(right) && index.knows(left) && index.knows(right)).then(|| {
                let (left, right) = ((left, held(left)), (right, held(right)));
                (left.1.0.min(right.1.0), [left, right])
            })
        })
        .max_by_key(|(documents, _)| *documents)?;
    Some(best.1.map(|(half, (_, stem))| Sought {
        term: Term { folded: half.to_owned(), stem: stem.clone(), ..term.clone() },
        alternatives: vec![Alternative { stem, word: half.to_owned(), weight: RESPACED }],
    }))
}

/// The words of the vocabulary that `word` may be a misspelling of, best first; one a stem.
fn near(index: &Index, word: &str, name: bool) -> Vec<Alternative> {
    let length = word.chars().count();
    // An everyday word that this library happens to lack is no misspelling: "world" is not "would".
    if length < (if name { MIN_LETTERS_OF_NAME } else { MIN_LETTERS })
        || word.contains(|c: char| c.is_ascii_digit())
        || rarity::is_everyday(word)
    {
        return Vec::new();
    }
    let from = Edits::of(word);
    // A short name is not read as an everyday word, unless it has the same letters: "Oslo" is not "also", "Hosue" is "House".
    let everyday = |entry: &Entry<'_>| {
        name && length < SHORT && rarity::is_everyday(entry.word) && !same_letters(word, entry.word)
    };
    let within = |edits: usize| -> Vec<(f32, Entry<'_>)> {
        index
            .near(word, edits)
            // Words of other scripts are no misspellings of one in ASCII.
            .filter(|entry| word.is_ascii() == entry.word.is_ascii() && !everyday(entry))
            .filter_map(|entry| closeness(&from, entry, length, edits).map(|close| (close, entry)))
            .collect()
    };
    let mut found = within(1);
    if found.is_empty() && length >= TWO_EDITS_FROM {
        found = within(2);
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.word.cmp(b.1.word)));
    let best = found.first().map_or(0.0, |(close, _)| *close);
    let stems = Stems::default();
    let mut alternatives: Vec<Alternative> = Vec::new();
    for (close, entry) in found.into_iter().take_while(|(close, _)| *close >= best - WORSE_BY) {
        let stem = stems.of(entry.word).into_owned();
        if alternatives.len() < MAX_READINGS && alternatives.iter().all(|other| other.stem != stem) {
            alternatives.push(Alternative { stem, word: entry.word.to_string(), weight: close.clamp(0.1, 0.95) });
        }
    }
    alternatives
}

/// Whether a word is another one with a letter doubled.
fn doubles(word: &str, single: &str) -> bool {
    let mut last = None;
    word.chars().filter(|c| last.replace(*c) != Some(*c)).eq(single.chars())
}

/// Whether two words are made of the same letters.
fn same_letters(one: &str, other: &str) -> bool {
    let sorted = |word: &str| {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        letters
    };
    sorted(one) == sorted(other)
}

/// How likely `entry` is meant by a word, about 0.5 to 1; `None` beyond `edits` edits.
///
/// Edits are those of typing (a letter more, less, other, or two swapped: Damerau's, each letter touched once). The
/// Jaro-Winkler similarity decides among words at the same distance: it trusts the beginning, as names want it.
#[expect(clippy::cast_precision_loss, reason = "words have few letters")]
fn closeness(from: &Edits<'_>, entry: Entry<'_>, length: usize, edits: usize) -> Option<f32> {
    let distance = from.to(entry.word);
    let word = from.word;
    let letters = entry.word.chars().count();
    if distance == 0 || distance > edits || is_stop(entry.word) {
        return None;
    }
    if letters < MIN_HALF || letters < MIN_LETTERS_OF_READING && !doubles(word, entry.word) {
        return None;
    }
    if length < MIN_LETTERS && letters <= length {
        return None;
    }
    // In a short word a changed first letter makes another word: "bread" is not "read".
    if length < SHORT && word.chars().next() != entry.word.chars().next() {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a similarity needs no more")]
    let alike = strsim::jaro_winkler(word, entry.word) as f32;
    let kept = 1.0 - distance as f32 / (length as f32 + 1.0);
    Some(0.5 * (kept + alike) + PER_DECADE * (entry.documents as f32).log10())
}

/// Counts the edits from one word to many others: a letter more, less, other, or two swapped, each letter touched once (optimal
/// string alignment). Bit-parallel (Hyyrö 2003): a word of the vocabulary costs some twenty nanoseconds.
struct Edits<'w> {
    word: &'w str,
    /// For each byte the places where the word has it; nothing for a word that is not ASCII or too long for it.
    places: Option<Box<[u64; 128]>>,
}

impl<'w> Edits<'w> {
    fn of(word: &'w str) -> Self {
        let places = (word.is_ascii() && (1..=64).contains(&word.len())).then(|| {
            let mut places = Box::new([0_u64; 128]);
            for (at, byte) in word.bytes().enumerate() {
                if let Some(set) = places.get_mut(usize::from(byte)) {
                    *set |= 1 << at;
                }
            }
            places
        });
        Self { word, places }
    }

    /// The edits to another word.
    fn to(&self, other: &str) -> usize {
        let Some(places) = self.places.as_deref().filter(|_| other.is_ascii()) else {
            return strsim::osa_distance(self.word, other);
        };
        let last = 1_u64 << (self.word.len() - 1);
        let (mut more, mut less, mut equal, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        let mut distance = self.word.len();
        for byte in other.bytes() {
            let here = places.get(usize::from(byte)).copied().unwrap_or(0);
            let swapped = ((!equal & here) << 1) & before;
            equal = ((here & more).wrapping_add(more) ^ more) | here | less | swapped;
            let up = less | !(equal | more);
            let down = equal & more;
            distance += usize::from(up & last != 0);
            distance -= usize::from(down & last != 0);
            let (up, down) = (up << 1 | 1, down << 1);
            more = down | !(equal | up);
            less = up & equal;
            before = here;
        }
        distance
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::asked::Asked;
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::Library;

    fn index(text: &str) -> std::sync::Arc<Index> {
        let mut library = Library::default();
        library.add(read_text("a", text, Format::Text).unwrap());
        Index::build(&library).unwrap()
    }

    /// What each word of a question is read as, first choice only; "-" for nothing.
    fn readings(text: &str, question: &str) -> Vec<String> {
        let sought = read(&index(text), &Asked::read(question).terms);
        sought.iter().map(|s| s.alternatives.first().map_or("-".to_owned(), |a| a.word.clone())).collect()
    }

    const HARBOUR: &str = "Harbour news\n\nEngineer Ottoline Vandermeer rebuilt the lighthouse at Skerry Point in spring.\n\n\
        The council paid for the lanterns, and the Vandermeer family gave the bells.\n";

    #[test]
    fn one_edit_or_two_letters_swapped_are_forgiven() {
        assert_eq!(readings(HARBOUR, "who is vandremeer"), ["vandermeer"]);
        assert_eq!(readings(HARBOUR, "ligthouse lantrens"), ["lighthouse", "lanterns"]);
    }

    #[test]
    fn a_word_that_is_held_is_never_read_as_another() {
        let index = index("Harbour news\n\nThe lantern and the lanterns, the band and the bands, the bard.\n");
        for word in ["lantern", "band", "bard"] {
            let sought = read(&index, &Asked::read(word).terms);
            assert!(sought[0].is_known(), "{word}");
            assert_eq!(sought[0].alternatives.len(), 1, "{word}");
        }
    }

    #[test]
    fn another_form_of_a_held_word_is_no_misspelling() {
        let sought = read(&index(HARBOUR), &Asked::read("lantern").terms);
        assert!(sought[0].is_known());
    }

    #[test]
    fn everyday_words_numbers_and_short_words_stay_as_they_are() {
        assert_eq!(readings("Note\n\nHe would say so in 1997, with a gun.\n", "world 1998 gut"), ["-", "-", "-"]);
    }

    #[test]
    fn an_everyday_word_that_the_library_lacks_is_not_read_as_another() {
        let text = "Note\n\nThe firm would pay the fright of the boat, the pointer, the breach and the healing.\n";
        assert_eq!(readings(text, "world film goat painter beach ceiling"), ["-"; 6]);
    }

    #[test]
    fn a_short_name_may_lack_a_letter() {
        assert_eq!(readings("Note\n\nEngineer Vell met Rob.\n", "where is Vel"), ["vell"]);
        assert_eq!(readings("Note\n\nEngineer Vell met Rob.\n", "where is vel"), ["-"]);
        assert_eq!(readings("Note\n\nEngineer Vell met Rob.\n", "where is Rab"), ["-"]);
    }

    #[test]
    fn a_short_name_is_not_read_as_an_everyday_word() {
        let text = "Note\n\nIt is fifteen per cent, and a house a month. Nobody can spell it, they say, or spill it.\n";
        assert_eq!(readings(text, "the capital of Peru"), ["-", "-"]);
        assert_eq!(readings(text, "the capital of peru"), ["-", "-"]);
        assert_eq!(readings(text, "is it in Rouse"), ["-"]);
        assert_eq!(readings(text, "is it in the Hosue"), ["house"]);
        assert_eq!(readings(text, "is it a house or a moth"), ["house", "month"]);
    }

    #[test]
    fn words_are_joined_and_split_where_the_library_does_so() {
        assert_eq!(readings(HARBOUR, "light house"), ["lighthouse"]);
        assert_eq!(readings(HARBOUR, "skerrypoint"), ["skerry", "point"]);
    }

    proptest! {
        #[test]
        fn edits_are_those_of_the_crate_that_knows_all(a in "[a-dé]{0,14}", b in "[a-dé]{0,14}") {
            prop_assert_eq!(Edits::of(&a).to(&b), strsim::osa_distance(&a, &b));
        }
    }
}
