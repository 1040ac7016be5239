//! Words: how a text is cut into them, how they are folded and stemmed.
//!
//! The index holds *folded* words (lower case, without diacritics, possessives or inner marks), not stems, so that its
//! vocabulary can be shown to people and be compared with misspelt words. Stems join the forms when a question is read.

use std::borrow::Cow;
use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{AsciiFoldingFilter, RawTokenizer, TextAnalyzer};
use unicode_segmentation::UnicodeSegmentation;

use super::words::IRREGULAR;

/// Words longer than this many bytes are no words (encoded data, key smashing) and are passed over.
pub(super) const MAX_WORD_BYTES: usize = 64;

/// Cuts text into words and folds them, keeping its buffers from word to word.
#[derive(Clone, Default)]
pub(super) struct Folder {
    folded: String,
}

impl Folder {
    /// Calls `each` with the byte range of every word of `text` and the word folded. Signs that people read as words are words:
    /// "$1.13bn" is "dollars", "1.13", "billion"; "4th" is "4".
    pub(super) fn words(&mut self, text: &str, mut each: impl FnMut(Range<usize>, &str)) {
        let mut words = text.unicode_word_indices().peekable();
        while let Some((start, word)) = words.next() {
            if word.len() > MAX_WORD_BYTES {
                continue;
            }
            if word.starts_with(|c: char| c.is_ascii_digit()) {
                let next = words.peek().map(|(start, _)| *start);
                self.number(text, start, word, next, &mut each);
                continue;
            }
            self.fold(word);
            if !self.folded.is_empty() {
                each(start..start + word.len(), &self.folded);
            }
        }
    }

    /// A word that begins with a digit, and the signs on both sides of it. The `next` word may begin with the sign behind it, where
    /// a mark is joined to that.
    fn number(
        &mut self,
        text: &str,
        start: usize,
        word: &str,
        next: Option<usize>,
        each: &mut impl FnMut(Range<usize>, &str),
    ) {
        let sign = text.get(..start).and_then(|before| before.chars().next_back());
        let currency = sign.and_then(currency);
        if let (Some(currency), Some(sign)) = (currency, sign) {
            each(start - sign.len_utf8()..start, currency);
        }
        let end = start + word.len();
        let digits = word.find(|c: char| c.is_alphabetic()).unwrap_or(word.len());
        let (number, ending) = word.split_at(digits);
        match magnitude(ending, currency.is_some()) {
            Some("") => {
                self.fold(number);
                each(start..end, &self.folded);
            }
            Some(magnitude) => {
                self.fold(number);
                each(start..start + digits, &self.folded);
                each(start + digits..end, magnitude);
            }
            None => {
                self.fold(word);
                each(start..end, &self.folded);
            }
        }
        if next != Some(end) && text.get(end..).is_some_and(|after| after.starts_with('%')) {
            each(end..end + 1, "percent");
        }
    }

    /// Folds one word into `self.folded`.
    fn fold(&mut self, word: &str) {
        let stem = without_possessive(word);
        self.folded.clear();
        let numeric = stem.starts_with(|c: char| c.is_ascii_digit());
        for c in stem.chars() {
            match c {
                'A'..='Z' => self.folded.push(c.to_ascii_lowercase()),
                'a'..='z' | '0'..='9' => self.folded.push(c),
                '.' if numeric => self.folded.push(c),
                c if c.is_ascii() || matches!(c, '’' | 'ʼ' | '‘' | '\u{ad}') => {}
                // Combining marks: text in decomposed form is folded as the composed form is.
                '\u{300}'..='\u{36f}' => {}
                c => self.folded.extend(c.to_lowercase()),
            }
        }
        if !self.folded.is_ascii() {
            let mut fold = TextAnalyzer::builder(RawTokenizer::default()).filter(AsciiFoldingFilter).build();
            let mut stream = fold.token_stream(&self.folded);
            let plain = if stream.advance() { Some(stream.token().text.clone()) } else { None };
            drop(stream);
            if let Some(plain) = plain {
                self.folded = plain;
            }
        }
        // "US" and "U.S." are a name that folds to a pronoun; so are "IT" and "WHO".
        if matches!(self.folded.as_str(), "us" | "it" | "who") && is_initials(stem) {
            self.folded.push('.');
        }
    }
}

/// The word for the sign of a currency.
fn currency(sign: char) -> Option<&'static str> {
    match sign {
        '$' => Some("dollars"),
        '€' => Some("euros"),
        '£' => Some("pounds"),
        '¥' => Some("yen"),
        _ => None,
    }
}

/// The word for what is written right behind a number; empty for what marks an ordinal. "m" and "k" count money only: else they
/// may be metres or kelvins.
fn magnitude(ending: &str, money: bool) -> Option<&'static str> {
    match ending.to_ascii_lowercase().as_str() {
        "st" | "nd" | "rd" | "th" => Some(""),
        "k" if money => Some("thousand"),
        "m" if money => Some("million"),
        "mn" | "mln" => Some("million"),
        "bn" | "bln" => Some("billion"),
        "b" if money => Some("billion"),
        "tn" | "trn" => Some("trillion"),
        _ => None,
    }
}

/// Another way to write a number or a month: by its figure, by its word, in short.
pub(super) fn other_writing(folded: &str) -> Option<&'static str> {
    const PAIRS: [(&str, &str); 30] = [
        ("one", "1"),
        ("two", "2"),
        ("three", "3"),
        ("four", "4"),
        ("five", "5"),
        ("six", "6"),
        ("seven", "7"),
        ("eight", "8"),
        ("nine", "9"),
        ("ten", "10"),
        ("eleven", "11"),
        ("twelve", "12"),
        ("thirteen", "13"),
        ("fourteen", "14"),
        ("fifteen", "15"),
        ("sixteen", "16"),
        ("seventeen", "17"),
        ("eighteen", "18"),
        ("nineteen", "19"),
        ("twenty", "20"),
        ("january", "jan"),
        ("february", "feb"),
        ("august", "aug"),
        ("september", "sept"),
        ("october", "oct"),
        ("november", "nov"),
        ("december", "dec"),
        ("kilometres", "km"),
        ("kilometers", "km"),
        ("kilograms", "kg"),
    ];
    PAIRS.iter().find_map(|(long, short)| match folded {
        _ if folded == *long => Some(*short),
        _ if folded == *short => Some(*long),
        _ => None,
    })
}

/// A word without the mark of possession.
pub(super) fn without_possessive(word: &str) -> &str {
    ["'s", "’s", "'S", "’S", "ʼs"].iter().find_map(|mark| word.strip_suffix(mark)).unwrap_or(word)
}

/// Whether a word is written as initials: "US", "U.S", "WHO".
fn is_initials(word: &str) -> bool {
    word.len() <= 7 && word.chars().filter(|c| *c != '.').all(|c| c.is_ascii_uppercase())
}

/// Brings the forms of an English word to one stem (Snowball's English stemmer, Porter 2, and [`IRREGULAR`] forms).
pub(super) struct Stems(Stemmer);

impl Default for Stems {
    fn default() -> Self {
        Self(Stemmer::new(Algorithm::English))
    }
}

impl Stems {
    /// The stem of a folded word: "found" and "finding" are forms of "find".
    pub(super) fn of<'w>(&self, folded: &'w str) -> Cow<'w, str> {
        match IRREGULAR.binary_search_by(|(form, _)| (*form).cmp(folded)) {
            Ok(at) => self.0.stem(IRREGULAR.get(at).map_or(folded, |(_, base)| *base)),
            Err(_) => self.0.stem(folded),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        Folder::default().words(text, |_, word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_folded_to_what_a_reader_would_call_the_same() {
        assert_eq!(folded("Café CAFÉ cafe\u{301}"), ["cafe", "cafe", "cafe"]);
        assert_eq!(folded("O’Brien's O'Brien"), ["obrien", "obrien"]);
        assert_eq!(folded("the mayor’s hat"), ["the", "mayor", "hat"]);
        assert_eq!(folded("1,250 and 3.5"), ["1250", "and", "3.5"]);
        assert_eq!(folded("Łódź, Straße"), ["lodz", "strasse"]);
    }

    #[test]
    fn money_shares_and_ordinals_are_the_words_that_people_read() {
        assert_eq!(folded("$1.13bn"), ["dollars", "1.13", "billion"]);
        assert_eq!(folded("1.13 billion dollars"), ["1.13", "billion", "dollars"]);
        assert_eq!(folded("£5m, 5m away, €20k"), ["pounds", "5", "million", "5m", "away", "euros", "20", "thousand"]);
        assert_eq!(folded("July 4th; 3.5% of 1,250"), ["july", "4", "3.5", "percent", "of", "1250"]);
        assert_eq!(folded("the 10th and 2nd"), ["the", "10", "and", "2"]);
    }

    #[test]
    fn a_number_has_two_writings() {
        for (a, b) in [("three", "3"), ("12", "twelve"), ("aug", "august")] {
            assert_eq!((other_writing(a), other_writing(b)), (Some(b), Some(a)));
        }
        assert_eq!(other_writing("boat"), None);
    }

    #[test]
    fn initials_are_not_taken_for_pronouns() {
        assert_eq!(folded("the U.S. told us; the US"), ["the", "us.", "told", "us", "the", "us."]);
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let stems = Stems::default();
        for (form, base) in [("found", "find"), ("bought", "buying"), ("stores", "stored"), ("women", "woman")] {
            assert_eq!(stems.of(form), stems.of(base));
        }
    }

    #[test]
    fn a_sign_that_a_mark_is_joined_to_belongs_to_one_word() {
        let mut ranges = Vec::new();
        Folder::default().words("0%\u{dcf} 5% 6%”", |range, _| ranges.push(range));
        assert!(ranges.is_sorted_by(|one, other| one.end <= other.start), "{ranges:?}");
        assert_eq!(ranges.len(), 6);
    }

    proptest! {
        #[test]
        fn the_ranges_of_words_are_words_of_the_text(text in "(\\PC|[a-zé’'. ]){0,200}") {
            let mut end = 0;
            let mut ordered = true;
            Folder::default().words(&text, |range, _| {
                ordered &= range.start >= end && text.get(range.clone()).is_some();
                end = range.end;
            });
            prop_assert!(ordered);
        }
    }
}
