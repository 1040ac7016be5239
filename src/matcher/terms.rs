//! Words: how a text is cut into them, how they are folded and stemmed, and what a question's words ask for.
//!
//! The index holds *folded* words (lower case, without diacritics, possessives or inner marks), not stems, so that its
//! vocabulary can be shown to people and be compared with misspelt words. Stems join the forms when a question is read.

use std::borrow::Cow;
use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{AsciiFoldingFilter, RawTokenizer, TextAnalyzer};
use unicode_segmentation::UnicodeSegmentation;

use super::evidence::Measure;
use super::words::{IRREGULAR, is_speech, is_stop};

/// Words longer than this many bytes are no words (encoded data, key smashing) and are passed over.
const MAX_WORD_BYTES: usize = 64;

/// Words of a question beyond this many are not read: the longest honest question is far shorter.
pub(super) const MAX_QUESTION_WORDS: usize = 256;

/// Terms that a question keeps at most; the matcher marks them in the bits of a `u32`.
pub(super) const MAX_TERMS: usize = 32;

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

/// What kind of thing would answer a question, as its question word says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AnswerKind {
    /// The question word does not say (what, how, or none at all).
    #[default]
    Open,
    /// Who.
    Person,
    /// When, what year, which day.
    Time,
    /// How many, how much, how old.
    Number,
    /// Where, which country.
    Place,
    /// Why.
    Cause,
}

impl AnswerKind {
    /// What it asks for, as an explanation says it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "anything",
            Self::Person => "a person",
            Self::Time => "a time",
            Self::Number => "a number",
            Self::Place => "a place",
            Self::Cause => "a cause",
        }
    }
}

/// A word of the question that is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// As the asker wrote it.
    pub(super) asked: String,
    /// Folded.
    pub(super) folded: String,
    /// The stem of the folded word.
    pub(super) stem: String,
    /// Whether it is written like a name: a capital letter, not at the question's start.
    pub(super) name: bool,
    /// Which word of the question it is, counted from 0.
    pub(super) at: usize,
}

/// A question as the matcher reads it.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// What is looked for, in the order of asking, each stem once.
    pub(super) terms: Vec<Term>,
    /// What would answer.
    pub(super) kind: AnswerKind,
    /// What unit the number that is asked for has.
    pub(super) measure: Measure,
    /// Whether it asks what somebody said.
    pub(super) speech: bool,
    /// Whether it asks for what is newest.
    pub(super) latest: bool,
}

impl Asked {
    /// Reads a question. Any text is a question; one without words has no terms.
    pub(super) fn read(text: &str) -> Self {
        let mut words: Vec<(String, String)> = Vec::new();
        // A word is at most MAX_WORD_BYTES long: what lies beyond this cut could not be read anyway.
        let cut = text.floor_char_boundary(MAX_QUESTION_WORDS * (MAX_WORD_BYTES + 1));
        let text = text.get(..cut).unwrap_or_default();
        Folder::default().words(text, |at, folded| {
            if words.len() < MAX_QUESTION_WORDS {
                words.push((text.get(at).unwrap_or_default().to_owned(), folded.to_owned()));
            }
        });
        let folded: Vec<&str> = words.iter().map(|(_, folded)| folded.as_str()).collect();
        let Wanted { kind, measure, mut signals } = Wanted::read(&folded);
        let newest = folded.iter().enumerate().filter(|(_, word)| is_newest(word)).map(|(at, _)| at);
        signals.extend(newest);
        let latest = folded.iter().any(|word| is_newest(word) || matches!(*word, "recent" | "recently" | "currently"));
        let stems = Stems::default();
        // In a question all in capitals, or with a capital on each word, a capital tells nothing.
        let capital = |word: &str| word.starts_with(|c: char| c.is_uppercase());
        let telling = words.iter().any(|(word, _)| !capital(word));
        let mut terms: Vec<Term> = Vec::new();
        // Stop words count only where there is nothing else to look for.
        for with_stop_words in [false, true] {
            for (at, (word, folded)) in words.iter().enumerate() {
                if !with_stop_words && (is_stop(folded) || signals.contains(&at)) {
                    continue;
                }
                let stem = stems.of(folded).into_owned();
                match terms.iter_mut().find(|term| term.stem == stem) {
                    Some(term) => term.name |= telling && at > 0 && capital(word),
                    None => terms.push(Term {
                        asked: word.clone(),
                        folded: folded.clone(),
                        stem,
                        name: telling && at > 0 && capital(word),
                        at,
                    }),
                }
            }
            if !terms.is_empty() {
                break;
            }
        }
        let speech = folded.iter().any(|word| is_speech(word));
        Self { terms, kind, measure, speech, latest }
    }
}

/// Whether a word asks for what is newest, and for nothing else.
fn is_newest(folded: &str) -> bool {
    matches!(folded, "latest" | "newest")
}

/// What the question word asks for.
struct Wanted {
    kind: AnswerKind,
    measure: Measure,
    /// The words (by index) that only tell that.
    signals: Vec<usize>,
}

impl Wanted {
    fn read(words: &[&str]) -> Self {
        let wanted = |kind, signals| Self { kind, measure: Measure::Any, signals };
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            let with_next = vec![at, at + 1];
            return match *word {
                "who" | "whom" | "whose" => wanted(AnswerKind::Person, vec![at]),
                "when" => wanted(AnswerKind::Time, vec![at]),
                "where" => wanted(AnswerKind::Place, vec![at]),
                "why" => wanted(AnswerKind::Cause, vec![at]),
                "how" => match Measure::asked_by(next) {
                    // What is counted stands right after: "how many boats".
                    Some(Measure::Any) if next == "many" => {
                        Self { kind: AnswerKind::Number, measure: Measure::CountOf(at + 2), signals: with_next }
                    }
                    Some(measure) => Self { kind: AnswerKind::Number, measure, signals: with_next },
                    None if matches!(next, "soon" | "early" | "late") => wanted(AnswerKind::Time, with_next),
                    None if next == "come" => wanted(AnswerKind::Cause, with_next),
                    None => wanted(AnswerKind::Open, vec![at]),
                },
                "what" | "which" => match next {
                    "year" | "day" | "date" | "month" | "time" | "weekday" => wanted(AnswerKind::Time, with_next),
                    "city" | "country" | "town" | "place" => wanted(AnswerKind::Place, vec![at]),
                    "reason" => wanted(AnswerKind::Cause, with_next),
                    "person" => wanted(AnswerKind::Person, with_next),
                    _ => {
                        match (at + 1..=at + QUANTITY_WITHIN).find(|at| words.get(*at).is_some_and(|w| is_quantity(w)))
                        {
                            Some(noun) => {
                                Self { kind: AnswerKind::Number, measure: Measure::NamedBy(noun), signals: vec![at] }
                            }
                            None => wanted(AnswerKind::Open, vec![at]),
                        }
                    }
                },
                _ => continue,
            };
        }
        wanted(AnswerKind::Open, Vec::new())
    }
}

/// How many words after "what" the noun may stand that makes it ask for a number: "what was the batch number".
const QUANTITY_WITHIN: usize = 4;

/// Whether a noun names something that is told by a number.
fn is_quantity(folded: &str) -> bool {
    matches!(
        folded,
        "number"
            | "percentage"
            | "percent"
            | "share"
            | "age"
            | "amount"
            | "price"
            | "score"
            | "height"
            | "length"
            | "speed"
    )
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

    fn terms(question: &str) -> Vec<String> {
        Asked::read(question).terms.into_iter().map(|term| term.folded).collect()
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
        assert_eq!(terms("who runs the WHO"), ["runs", "who."]);
    }

    #[test]
    fn question_words_are_signals_not_terms() {
        for (question, kind, left) in [
            ("Who painted the bridge?", AnswerKind::Person, vec!["painted", "bridge"]),
            ("When did the ferry sail?", AnswerKind::Time, vec!["ferry", "sail"]),
            ("how many boats sank", AnswerKind::Number, vec!["boats", "sank"]),
            ("what year was it built", AnswerKind::Time, vec!["built"]),
            ("why did the mill close", AnswerKind::Cause, vec!["mill", "close"]),
            ("where is the mill", AnswerKind::Place, vec!["mill"]),
            ("the mill", AnswerKind::Open, vec!["mill"]),
            ("how deep is the mill pond", AnswerKind::Number, vec!["mill", "pond"]),
            ("how soon will it sail", AnswerKind::Time, vec!["sail"]),
            ("what was the hull number", AnswerKind::Number, vec!["hull", "number"]),
        ] {
            assert_eq!(Asked::read(question).kind, kind, "{question}");
            assert_eq!(terms(question), left, "{question}");
        }
    }

    #[test]
    fn a_question_of_nothing_but_function_words_keeps_them() {
        assert_eq!(terms("who is it"), ["who", "is", "it"]);
        assert!(terms("?!").is_empty());
    }

    #[test]
    fn a_term_asked_twice_counts_once() {
        assert_eq!(terms("boats and boat"), ["boats"]);
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
        fn any_text_is_a_question(text in "\\PC{0,300}") {
            let asked = Asked::read(&text);
            for term in asked.terms {
                prop_assert!(!term.folded.is_empty() && !term.stem.is_empty());
            }
        }

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
