//! What someone said: all quotations of a speaker, about a topic where one is given.

use std::cmp::Reverse;

use super::block::At;
use super::people::{self, Meant};
use super::words::{self, Kin};
use super::{CONFIDENT, Held, QuoteBook, Said, book, lexicon};
use crate::library::{Filter, Library};

/// Of a topic's words this share must stand in or around a quotation.
const TOPIC_SHARE: f32 = 0.6;

impl QuoteBook {
    /// What `speaker` is quoted with, `about` a topic where one is given: newest article first, undated ones last, in
    /// reading order within an article.
    ///
    /// The name may come in any form: surname only, with title, misspelt. A topic is looked for in the quotation and in
    /// its paragraph, in any form of its words; a misspelt word is forgiven where none of theirs has it as written.
    /// Quotations below [`CONFIDENT`] are given only when there are no others.
    /// The speaker `unattributed` has the quotations of which nothing tells whose they are.
    #[must_use]
    pub fn said(&self, library: &Library, speaker: &str, about: Option<&str>, filter: &Filter) -> Said<'_> {
        let (name, places) = match self.people.meant(speaker) {
            Meant::Named(person) => (person.name().to_owned(), person.quotations()),
            Meant::Unnamed(people::UNATTRIBUTED, quotations) => (people::UNATTRIBUTED.to_owned(), quotations.to_vec()),
            Meant::Unnamed(words, quotations) => {
                (self.as_written(library, quotations).unwrap_or_else(|| words.to_owned()), quotations.to_vec())
            }
            Meant::Nobody(suggestions) => {
                return Said { speaker: None, quotations: Vec::new(), all: 0, namesakes: Vec::new(), suggestions };
            }
        };
        let namesakes = self.people.namesakes(speaker, &name);
        let admitted = Self::admitted(library, filter);
        let topic = about.map(topic_words).filter(|topic| !topic.is_empty());
        let everything: Vec<&Held> = places.into_iter().filter_map(|at| self.index.held(at)).collect();
        let sure = |held: &&&Held| held.quotation.confidence >= CONFIDENT;
        let all = Some(everything.iter().filter(sure).count()).filter(|sure| *sure > 0).unwrap_or(everything.len());
        let mut quotations: Vec<&Held> =
            everything.into_iter().filter(|held| book::passes(admitted.as_deref(), held.article)).collect();
        if let Some(topic) = topic {
            quotations = on_topic(library, quotations, &topic);
        }
        // Doubtful ones only where there is nothing else; but all of those are that nothing attributes.
        if name != people::UNATTRIBUTED && quotations.iter().any(|held| held.quotation.confidence >= CONFIDENT) {
            quotations.retain(|held| held.quotation.confidence >= CONFIDENT);
        }
        // The quotations come in reading order and the sort is stable.
        quotations.sort_by_cached_key(|held| {
            let published = library.get(held.article).and_then(|article| article.meta().published);
            (Reverse(published.map(|p| p.order_key())), held.article)
        });
        Said { speaker: Some(name), quotations, all, namesakes, suggestions: Vec::new() }
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

/// Those of some quotations that are about a topic.
fn on_topic<'b>(library: &Library, quotations: Vec<&'b Held>, topic: &[String]) -> Vec<&'b Held> {
    let near: Vec<Vec<Option<Kin>>> = quotations.iter().map(|held| nearness(library, held, topic)).collect();
    // A word that any of them holds is no slip for another one.
    let as_written: Vec<bool> =
        (0..topic.len()).map(|at| near.iter().any(|near| near.get(at) == Some(&Some(Kin::Form)))).collect();
    #[expect(clippy::cast_precision_loss, reason = "a topic has few words")]
    let is_about = |near: &[Option<Kin>]| {
        let found = near.iter().zip(&as_written).filter(|(near, as_written)| match near {
            Some(Kin::Form) => true,
            Some(Kin::Slip) => !**as_written,
            None => false,
        });
        found.count() as f32 / topic.len() as f32 >= TOPIC_SHARE
    };
    quotations.into_iter().zip(&near).filter(|(_, near)| is_about(near)).map(|(held, _)| held).collect()
}

/// How near the words of a quotation and its paragraph come to each word of a topic.
fn nearness(library: &Library, held: &Held, topic: &[String]) -> Vec<Option<Kin>> {
    let mut nearest = vec![None; topic.len()];
    let Some(article) = library.get(held.article) else { return nearest };
    let paragraph = article.paragraphs().get(held.quotation.paragraph).map(|p| p.span);
    for span in held.quotation.content.iter().copied().chain(paragraph) {
        for word in words::words(article.text(), span) {
            for (nearest, wanted) in nearest.iter_mut().zip(topic).filter(|(n, _)| **n != Some(Kin::Form)) {
                *nearest = words::kin(wanted, &word.low).or(*nearest);
            }
        }
    }
    nearest
}
