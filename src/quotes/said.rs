//! What someone said: all quotations of a speaker, about a topic where one is given.

use std::cmp::Reverse;

use super::block::At;
use super::people::{self, Meant};
use super::words::{self, Word};
use super::{CONFIDENT, Held, QuoteBook, Said, book, lexicon};
use crate::library::{Filter, Library};

/// Of a topic's words this share must stand in or around a quotation.
const TOPIC_SHARE: f32 = 0.6;

impl QuoteBook {
    /// What `speaker` is quoted with, `about` a topic where one is given: newest article first, undated ones last, in
    /// reading order within an article.
    ///
    /// The name may come in any form: surname only, with title, misspelt. A topic is looked for in the quotation and in
    /// its paragraph, in any form of its words. Quotations below [`CONFIDENT`] are given only when there are no others.
    /// The speaker `unattributed` has the quotations of which nothing tells whose they are.
    #[must_use]
    pub fn said(&self, library: &Library, speaker: &str, about: Option<&str>, filter: &Filter) -> Said<'_> {
        let (name, places) = match self.people.meant(speaker) {
            Meant::Named(person) => (person.name().to_owned(), person.quotations()),
            Meant::Unnamed(people::UNATTRIBUTED, quotations) => (people::UNATTRIBUTED.to_owned(), quotations.to_vec()),
            Meant::Unnamed(words, quotations) => {
                (self.as_written(library, quotations).unwrap_or_else(|| words.to_owned()), quotations.to_vec())
            }
            Meant::Nobody(suggestions) => return Said { speaker: None, quotations: Vec::new(), suggestions },
        };
        let admitted = Self::admitted(library, filter);
        let topic = about.map(topic_words).filter(|topic| !topic.is_empty());
        let mut quotations: Vec<&Held> = places
            .into_iter()
            .filter_map(|at| self.index.held(at))
            .filter(|held| book::passes(admitted.as_deref(), held.article))
            .filter(|held| topic.as_ref().is_none_or(|topic| is_about(library, held, topic)))
            .collect();
        // Doubtful ones only where there is nothing else; but all of those are that nothing attributes.
        if name != people::UNATTRIBUTED && quotations.iter().any(|held| held.quotation.confidence >= CONFIDENT) {
            quotations.retain(|held| held.quotation.confidence >= CONFIDENT);
        }
        // The quotations come in reading order and the sort is stable.
        quotations.sort_by_cached_key(|held| {
            let published = library.get(held.article).and_then(|article| article.meta().published);
            (Reverse(published.map(|p| p.order_key())), held.article)
        });
        Said { speaker: Some(name), quotations, suggestions: Vec::new() }
    }

    /// How an article writes an unnamed speaker.
    fn as_written(&self, library: &Library, quotations: &[At]) -> Option<String> {
        let held = self.index.held(*quotations.first()?)?;
        Some(held.quotation.speaker_words(library.get(held.article)?)?.to_owned())
    }
}

/// The words of a topic that tell something.
fn topic_words(about: &str) -> Vec<String> {
    let all: Vec<String> = words::words_of(about).into_iter().map(|w| w.low).collect();
    let telling: Vec<String> = all.iter().filter(|w| !lexicon::is_function(w)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

fn is_about(library: &Library, held: &Held, topic: &[String]) -> bool {
    let Some(article) = library.get(held.article) else { return false };
    let paragraph = article.paragraphs().get(held.quotation.paragraph).map(|p| p.span);
    let stretches = held.quotation.content.iter().copied().chain(paragraph);
    let words: Vec<Word> = stretches.flat_map(|span| words::words(article.text(), span)).collect();
    let found = topic.iter().filter(|t| words.iter().any(|w| words::akin(t, &w.low))).count();
    #[expect(clippy::cast_precision_loss, reason = "a topic has few words")]
    let share = found as f32 / topic.len() as f32;
    share >= TOPIC_SHARE
}
