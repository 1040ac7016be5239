//! What the writer's pronouns tell of whom an article names: who is a man, who a woman.

use std::collections::HashMap;

use super::{Cast, Mention};
use crate::article::{Article, Span};
use crate::quotes::find::marks::Region;
use crate::quotes::find::tokens;
use crate::quotes::given_names::Gender;

impl Cast {
    /// Learns genders from pronouns that can mean one person only; what stands between marks is not the writer's.
    pub(super) fn hear_pronouns(&mut self, article: &Article, regions: &[Region]) {
        let mut heard: HashMap<usize, Heard> = HashMap::new();
        let quoted = |at: u32| {
            let after = regions.partition_point(|r| r.inner.start <= at);
            after.checked_sub(1).and_then(|n| regions.get(n)).is_some_and(|r| at < r.inner.end)
        };
        for paragraph in article.paragraphs() {
            // Whoever alone the paragraph has spoken of so far.
            let mut subject = None;
            for sentence in article.sentences_of(paragraph) {
                subject = self.hear_sentence(article, *sentence, subject, &quoted, &mut heard);
            }
        }
        for (entity, heard) in heard {
            if let Some(entity) = self.entities.get_mut(entity).filter(|e| e.gender.is_none()) {
                entity.gender = heard.gender();
            }
        }
    }

    /// The pronouns of one sentence; `subject` is the person that the sentences before it named, if just one. Gives the
    /// same for the sentence after it.
    fn hear_sentence(
        &self,
        article: &Article,
        sentence: Span,
        subject: Option<usize>,
        quoted: &impl Fn(u32) -> bool,
        heard: &mut HashMap<usize, Heard>,
    ) -> Option<usize> {
        let people: Vec<&Mention> = self
            .mentions_in(sentence)
            .iter()
            .filter(|m| !m.quoted && self.entities.get(m.entity).is_some_and(|e| !e.organisation))
            .collect();
        let alone = people.iter().all(|m| people.first().is_some_and(|first| first.entity == m.entity));
        let second = people.iter().find(|m| people.first().is_some_and(|first| first.entity != m.entity));
        let mut words = Vec::new();
        tokens::words(article.text(), sentence, &mut words);
        for word in words {
            let gender = match &*word.low {
                "he" | "his" | "him" | "himself" => Gender::Man,
                "she" | "her" | "herself" => Gender::Woman,
                _ => continue,
            };
            let at = word.span.start;
            if quoted(at) {
                continue;
            }
            let (meant, how) = match people.first() {
                Some(first) if first.span.end <= at && alone => (Some(first.entity), How::Alone),
                Some(first) if first.span.end <= at && second.is_some_and(|s| at < s.span.start) => {
                    (Some(first.entity), How::BeforeAnother)
                }
                Some(first) if first.span.end <= at => (None, How::Alone),
                _ => (subject, How::SentenceBefore),
            };
            if let Some(meant) = meant {
                heard.entry(meant).or_default().note(how, gender);
            }
        }
        match people.first() {
            None => subject,
            Some(first) => alone.then_some(first.entity),
        }
    }
}

/// How sure it is whom a pronoun means: surest first.
#[derive(Debug, Clone, Copy)]
enum How {
    /// Its sentence names one person, before it.
    Alone,
    /// Its sentence names one person before it and others after it.
    BeforeAnother,
    /// Its sentence names nobody before it, and the sentences before it one person.
    SentenceBefore,
}

/// The pronouns that were used of someone: men's and women's by how sure it is.
#[derive(Debug, Default, Clone, Copy)]
struct Heard([(u32, u32); 3]);

impl Heard {
    fn note(&mut self, how: How, gender: Gender) {
        if let Some((he, she)) = self.0.get_mut(how as usize) {
            *match gender {
                Gender::Man => he,
                Gender::Woman => she,
            } += 1;
        }
    }

    /// What the surest pronouns tell, if they agree.
    fn gender(&self) -> Option<Gender> {
        match self.0.iter().find(|votes| **votes != (0, 0))? {
            (_, 0) => Some(Gender::Man),
            (0, _) => Some(Gender::Woman),
            _ => None,
        }
    }
}
