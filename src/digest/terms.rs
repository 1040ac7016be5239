//! What a sentence is about: its words, stemmed, without stop words, as a set of small numbers.

use std::collections::HashMap;

use tantivy::tokenizer::{Language, LowerCaser, SimpleTokenizer, Stemmer, StopWordFilter, TextAnalyzer};

/// A sentence's terms: ascending, each once. Numbers are comparable within one [`Terms`] only.
pub(super) type TermSet = Vec<u32>;

/// Numbers the terms of one language's sentences.
pub(super) struct Terms {
    analyzer: TextAnalyzer,
    numbers: HashMap<String, u32>,
}

impl Terms {
    /// For sentences in `language` (ISO 639-1). Without a stemmer or a stop list for it, words are taken as written.
    pub(super) fn new(language: &str) -> Self {
        let words = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser).dynamic();
        let analyzer = match stemmed(language) {
            None => words,
            Some(language) => match StopWordFilter::new(language) {
                None => words.filter_dynamic(Stemmer::new(language)),
                Some(stops) => words.filter_dynamic(stops).filter_dynamic(Stemmer::new(language)),
            },
        };
        Self { analyzer: analyzer.build(), numbers: HashMap::new() }
    }

    /// The terms of one sentence.
    pub(super) fn of(&mut self, sentence: &str) -> TermSet {
        let mut set = TermSet::new();
        let mut stream = self.analyzer.token_stream(sentence);
        while let Some(token) = stream.next() {
            let number = if let Some(&known) = self.numbers.get(&token.text) {
                known
            } else {
                let fresh = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                self.numbers.insert(token.text.clone(), fresh);
                fresh
            };
            set.push(number);
        }
        set.sort_unstable();
        set.dedup();
        set
    }
}

/// How many terms two sentences share.
pub(super) fn shared(a: &[u32], b: &[u32]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut count = 0;
    while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    count
}

/// The stemmer for an ISO 639-1 code.
fn stemmed(language: &str) -> Option<Language> {
    Some(match language.get(..2)? {
        "ar" => Language::Arabic,
        "da" => Language::Danish,
        "de" => Language::German,
        "el" => Language::Greek,
        "en" => Language::English,
        "es" => Language::Spanish,
        "fi" => Language::Finnish,
        "fr" => Language::French,
        "hu" => Language::Hungarian,
        "it" => Language::Italian,
        "nb" | "nn" | "no" => Language::Norwegian,
        "nl" => Language::Dutch,
        "pt" => Language::Portuguese,
        "ro" => Language::Romanian,
        "ru" => Language::Russian,
        "sv" => Language::Swedish,
        "ta" => Language::Tamil,
        "tr" => Language::Turkish,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_one_term_and_stop_words_are_none() {
        let mut terms = Terms::new("en");
        let one = terms.of("The bridge is closing");
        let other = terms.of("Bridges closed, and the bridges close!");
        assert_eq!(one, other);
        assert_eq!(one.len(), 2);
    }

    #[test]
    fn a_language_without_a_stemmer_is_compared_word_by_word() {
        let mut terms = Terms::new("cy");
        let one = terms.of("Mae'r bont ar gau");
        assert_eq!(shared(&one, &terms.of("BONT newydd")), 1);
        assert_eq!(terms.of("…"), Vec::<u32>::new());
    }
}
