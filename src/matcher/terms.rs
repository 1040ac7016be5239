//! Words: how a text is cut into them, how they are folded and stemmed, and what a question's words ask for.
//!
//! The index holds *folded* words (lower case, without diacritics, possessives or inner marks), not stems, so that its
//! vocabulary can be shown to people and be compared with misspelt words. Stems join the forms when a question is read.

use std::ops::Range;

use frostem::{Algorithm, Stemmer};
use tantivy::tokenizer::{AsciiFoldingFilter, RawTokenizer, TextAnalyzer};
use unicode_segmentation::UnicodeSegmentation;

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
    /// Calls `each` with the byte range of every word of `text` and the word folded.
    pub(super) fn words(&mut self, text: &str, mut each: impl FnMut(Range<usize>, &str)) {
        for (start, word) in text.unicode_word_indices() {
            if word.len() <= MAX_WORD_BYTES {
                self.fold(word);
                if !self.folded.is_empty() {
                    each(start..start + word.len(), &self.folded);
                }
            }
        }
    }

    /// Folds one word into `self.folded`.
    fn fold(&mut self, word: &str) {
        let stem = ["'s", "’s", "'S", "’S", "ʼs"].iter().find_map(|mark| word.strip_suffix(mark)).unwrap_or(word);
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
        if self.folded.len() >= 2 && is_stop(&self.folded) && is_initials(stem) {
            self.folded.push('.');
        }
    }
}

/// Whether a word is written as initials: "US", "U.S", "WHO".
fn is_initials(word: &str) -> bool {
    word.len() <= 7 && word.chars().filter(|c| *c != '.').all(|c| c.is_ascii_uppercase())
}

/// Brings the forms of an English word to one stem (Snowball's English stemmer, Porter 2).
pub(super) struct Stems(Stemmer);

impl Default for Stems {
    fn default() -> Self {
        Self(Stemmer::new(Algorithm::English))
    }
}

impl Stems {
    /// The stem of a folded word.
    pub(super) fn of<'w>(&self, folded: &'w str) -> std::borrow::Cow<'w, str> {
        self.0.stem(folded)
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
    /// Whether it asks what somebody said.
    pub(super) speech: bool,
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
        let (kind, signals) = answer_kind(&folded);
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
        Self { terms, kind, speech }
    }
}

/// What the question word asks for, and which words (by index) only tell that.
fn answer_kind(words: &[&str]) -> (AnswerKind, Vec<usize>) {
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).copied().unwrap_or_default();
        let with_next = vec![at, at + 1];
        return match *word {
            "who" | "whom" | "whose" => (AnswerKind::Person, vec![at]),
            "when" => (AnswerKind::Time, vec![at]),
            "where" => (AnswerKind::Place, vec![at]),
            "why" => (AnswerKind::Cause, vec![at]),
            "how" => match next {
                "many" | "much" | "old" | "long" | "far" | "often" | "big" | "tall" | "large" | "high" => {
                    (AnswerKind::Number, with_next)
                }
                "come" => (AnswerKind::Cause, with_next),
                _ => (AnswerKind::Open, vec![at]),
            },
            "what" | "which" => match next {
                "year" | "day" | "date" | "month" | "time" | "weekday" => (AnswerKind::Time, with_next),
                "city" | "country" | "town" | "place" => (AnswerKind::Place, vec![at]),
                "number" | "percentage" | "percent" | "age" | "amount" => (AnswerKind::Number, vec![at]),
                "reason" => (AnswerKind::Cause, with_next),
                "person" => (AnswerKind::Person, with_next),
                _ => (AnswerKind::Open, vec![at]),
            },
            _ => continue,
        };
    }
    (AnswerKind::Open, Vec::new())
}

/// Whether a folded word is a verb of saying.
pub(super) fn is_speech(folded: &str) -> bool {
    matches!(
        folded,
        "say"
            | "says"
            | "said"
            | "tell"
            | "tells"
            | "told"
            | "claim"
            | "claims"
            | "claimed"
            | "state"
            | "states"
            | "stated"
            | "announce"
            | "announced"
            | "add"
            | "added"
            | "according"
            | "describe"
            | "described"
            | "warn"
            | "warned"
            | "argue"
            | "argued"
            | "comment"
            | "commented"
            | "report"
            | "reported"
    )
}

/// Whether a folded word is a function word of English: it says nothing of what a text is about.
pub(super) fn is_stop(folded: &str) -> bool {
    STOP_WORDS.binary_search(&folded).is_ok()
}

/// Function words, sorted. Contractions stand as they fold ("don't" is "dont").
const STOP_WORDS: [&str; 194] = [
    "a",
    "about",
    "above",
    "after",
    "again",
    "against",
    "all",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "arent",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "below",
    "between",
    "both",
    "but",
    "by",
    "can",
    "cannot",
    "cant",
    "could",
    "couldnt",
    "did",
    "didnt",
    "do",
    "does",
    "doesnt",
    "doing",
    "done",
    "dont",
    "down",
    "during",
    "each",
    "either",
    "else",
    "ever",
    "every",
    "few",
    "for",
    "from",
    "further",
    "get",
    "gets",
    "getting",
    "got",
    "had",
    "hadnt",
    "has",
    "hasnt",
    "have",
    "havent",
    "having",
    "he",
    "hed",
    "her",
    "here",
    "hers",
    "herself",
    "hes",
    "him",
    "himself",
    "his",
    "how",
    "i",
    "if",
    "im",
    "in",
    "into",
    "is",
    "isnt",
    "it",
    "its",
    "itself",
    "ive",
    "just",
    "let",
    "lets",
    "may",
    "me",
    "might",
    "more",
    "most",
    "much",
    "must",
    "my",
    "myself",
    "neither",
    "no",
    "nor",
    "not",
    "of",
    "off",
    "on",
    "once",
    "only",
    "onto",
    "or",
    "other",
    "ought",
    "our",
    "ours",
    "ourselves",
    "out",
    "over",
    "own",
    "please",
    "shall",
    "shant",
    "she",
    "shes",
    "should",
    "shouldnt",
    "since",
    "so",
    "some",
    "such",
    "than",
    "that",
    "thats",
    "the",
    "their",
    "theirs",
    "them",
    "themselves",
    "then",
    "there",
    "theres",
    "these",
    "they",
    "theyd",
    "theyll",
    "theyre",
    "theyve",
    "this",
    "those",
    "through",
    "to",
    "too",
    "toward",
    "towards",
    "under",
    "until",
    "up",
    "upon",
    "us",
    "very",
    "was",
    "wasnt",
    "we",
    "were",
    "werent",
    "weve",
    "what",
    "whatever",
    "whats",
    "when",
    "whenever",
    "where",
    "wheres",
    "whether",
    "which",
    "while",
    "who",
    "whoever",
    "whom",
    "whos",
    "whose",
    "why",
    "will",
    "with",
    "within",
    "without",
    "wont",
    "would",
    "wouldnt",
    "yet",
    "you",
    "youd",
    "youll",
    "your",
    "youre",
    "yours",
    "yourself",
    "yourselves",
    "youve",
];
