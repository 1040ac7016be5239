//! Questions: what their words look for, and what kind of thing would answer them.

use super::evidence::Measure;
use super::lives::Life;
use super::terms::{Folder, MAX_WORD_BYTES, Stems};
use super::words::{is_speech, is_stop};

/// Words of a question beyond this many are not read: the longest honest question is far shorter.
const MAX_QUESTION_WORDS: usize = 256;

/// Terms that a question keeps at most; the matcher marks them in the bits of a `u32`.
pub(super) const MAX_TERMS: usize = 32;

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
    /// Whether it is not to be read as another word.
    pub(super) as_written: bool,
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
    /// What of somebody's life it asks for.
    pub(super) life: Option<Life>,
    /// Whether it names nothing to look for: its words are function words, none of them written like a name.
    pub(super) empty: bool,
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
                        as_written: false,
                    }),
                }
            }
            if !terms.is_empty() {
                break;
            }
        }
        let speech = folded.iter().any(|word| is_speech(word));
        let life = folded.iter().find_map(|word| Life::asked_by(word));
        let empty = terms.iter().all(|term| is_stop(&term.folded) && !term.name);
        Self { terms, kind, measure, speech, latest, life, empty }
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

    fn terms(question: &str) -> Vec<String> {
        Asked::read(question).terms.into_iter().map(|term| term.folded).collect()
    }

    #[test]
    fn initials_are_terms() {
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
        for (question, empty) in
            [("why?", true), ("and who is it", true), ("", true), ("who sang It", false), ("who are The Who", false)]
        {
            assert_eq!(Asked::read(question).empty, empty, "{question}");
        }
        assert!(terms("?!").is_empty());
    }

    #[test]
    fn a_term_asked_twice_counts_once() {
        assert_eq!(terms("boats and boat"), ["boats"]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_question(text in "\\PC{0,300}") {
            let asked = Asked::read(&text);
            for term in asked.terms {
                prop_assert!(!term.folded.is_empty() && !term.stem.is_empty());
            }
        }
    }
}
