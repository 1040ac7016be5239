//! Speakers become names: whom "Blackburn", "she", "the senator" and "the telecom watchdog" mean in this article.
//!
//! Nothing is guessed. Where the article does not settle it, the quotation keeps the words that stand there
//! ([`super::Quotation::speaker`]) and no name.

use std::collections::HashMap;

use super::Quotation;
use super::find::tokens::{self, Token};
use super::given_names::Gender;
use super::lexicon;
use super::names::{Cast, Mention};
use super::roles;
use crate::article::{Article, Span};

/// How many paragraphs back an earlier speaker may be whom a pronoun means.
const REACH: usize = 2;
/// How many speakers, and how many sentences, back anything is looked for.
const MEMORY: usize = 64;

/// Names the speaker of every quotation that lets itself be named; quotations must be in reading order.
pub(super) fn name(article: &Article, quotations: &mut [Quotation]) {
    let cast = Cast::of(article);
    let mut bearers: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut roles: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, entity) in cast.entities.iter().enumerate().filter(|(_, e)| !e.organisation) {
        for title in &entity.titles {
            bearers.entry(title).or_default().push(at);
        }
        for head in entity.roles.iter().filter_map(|role| role.last()) {
            roles.entry(head).or_default().push(at);
        }
    }
    let spoken = vec![false; cast.entities.len()];
    let mut resolver = Resolver { article, cast: &cast, bearers, roles, told: Vec::new(), spoken };
    for quotation in quotations {
        let entity = quotation.speaker.and_then(|span| resolver.resolve(span));
        quotation.speaker_name = entity
            .and_then(|e| cast.entities.get(e))
            .map(|e| e.name.of(article.text()).to_owned())
            .filter(|name| !name.is_empty());
        if let Some(span) = quotation.speaker {
            resolver.told.push(Told { span, entity });
            if let Some(spoken) = entity.and_then(|e| resolver.spoken.get_mut(e)) {
                *spoken = true;
            }
        }
    }
}

/// A speaker that was resolved (or not) before.
#[derive(Debug, Clone, Copy)]
struct Told {
    span: Span,
    entity: Option<usize>,
}

struct Resolver<'a> {
    article: &'a Article,
    cast: &'a Cast,
    /// Who bears a title.
    bearers: HashMap<&'a str, Vec<usize>>,
    /// Whom the article gives a role, by its noun.
    roles: HashMap<&'a str, Vec<usize>>,
    /// The speakers so far.
    told: Vec<Told>,
    /// By entity: whether it has spoken.
    spoken: Vec<bool>,
}

impl Resolver<'_> {
    fn resolve(&self, span: Span) -> Option<usize> {
        // The same words at the same place (a quotation that goes on) mean the same.
        if let Some(known) = self.told.iter().rev().take(MEMORY).find(|t| t.span == span) {
            return known.entity;
        }
        let mut words = Vec::new();
        tokens::words(self.article.text(), span, &mut words);
        if let [.., comma, who] = words.as_slice()
            && matches!(&*who.low, "who" | "which")
        {
            let keep = words.len() - if comma.is(',') { 2 } else { 1 };
            words.truncate(keep);
        }
        let first = words.first()?;
        if words.len() == 1 {
            match &*first.low {
                "he" | "his" | "him" => return self.person(span, Gender::Man),
                "she" | "her" => return self.person(span, Gender::Woman),
                "it" | "its" => return self.thing(span),
                low if lexicon::is_pronoun(low) => return None,
                _ => {}
            }
        }
        self.named(span, &words).or_else(|| self.role(span, &words))
    }

    /// The name that heads a phrase: "Republican Senator Marsha Blackburn", "Ann Lee, the mayor of Exton".
    fn named(&self, span: Span, words: &[Token<'_>]) -> Option<usize> {
        let mentions = self.cast.mentions_in(span);
        let head = |mention: &&Mention| {
            let from = words.iter().position(|t| t.span.start >= mention.span.start).unwrap_or(0);
            let until = words.iter().position(|t| t.span.start >= mention.span.end).unwrap_or(words.len());
            let next = words.get(until);
            // "Lee’s lawyer", "the Lee campaign": Lee only modifies.
            let modifies =
                next.is_some_and(|t| t.low == "'s" || t.is_word() && !t.capital && !lexicon::is_function(&t.low));
            // Titles belong to the name; a preposition before them makes it part of someone else's role.
            let before = words
                .get(..from)
                .unwrap_or_default()
                .iter()
                .rev()
                .find(|t| !(t.capital || lexicon::is_title(&t.low) || lexicon::is_determiner(&t.low)));
            let depends = before.is_some_and(|t| lexicon::is_preposition(&t.low));
            let first_of_two = next.is_some_and(|t| t.low == "and" && words.get(until + 1).is_some_and(|t| t.capital));
            let second_of_two = before.is_some_and(|t| t.low == "and");
            !(modifies || depends || first_of_two || second_of_two)
        };
        let mut heads = mentions.iter().filter(head);
        let first = heads.next()?;
        let person = |m: &Mention| self.cast.entities.get(m.entity).is_some_and(|e| !e.organisation);
        // "Fox host Ann Lee": the person, not the outlet.
        let chosen = if person(first) { first } else { heads.find(|m| person(m)).unwrap_or(first) };
        Some(chosen.entity)
    }

    /// "the senator", "the county engineer", "the telecom watchdog": the one person with that title or role, or the agency
    /// just named.
    fn role(&self, span: Span, words: &[Token<'_>]) -> Option<usize> {
        let (first, last) = (words.first()?, words.last()?);
        let definite = matches!(&*first.low, "the" | "this" | "that");
        let plain = words.len() <= 5 && !words.iter().skip(1).any(|t| t.capital);
        if definite && plain && lexicon::AGENCY_NOUNS.contains(&&*last.low) {
            return self.agency(span);
        }
        let possessed = words.iter().rposition(|t| t.low == "'s");
        if !definite && possessed.is_none() {
            return None;
        }
        // "the chair of the board" may be another chair: nothing tells.
        let plainly = |t: &Token<'_>| t.is_word() && !t.capital && !lexicon::is_preposition(&t.low);
        let asked = words.get(possessed.map_or(1, |at| at + 1)..).filter(|asked| asked.iter().all(plainly))?;
        let owner = possessed.and_then(|at| at.checked_sub(1)).and_then(|at| words.get(at));
        let owner = owner.map(|owner| roles::owned_by(&owner.low));
        let head = &*asked.last()?.low;
        if self.cast.shared_titles.contains(head) {
            return None;
        }
        // A title or role that very many have tells nobody, and is not worth walking through again and again.
        let titled = self
            .bearers
            .get(head)
            .filter(|of| possessed.is_none() && plain && of.len() <= MEMORY)
            .map_or(&[][..], Vec::as_slice);
        let known = self.roles.get(head).filter(|of| of.len() <= MEMORY).map_or(&[][..], Vec::as_slice);
        let fits = |at: &&usize| {
            self.cast.entities.get(**at).is_some_and(|e| {
                e.roles.iter().any(|role| {
                    let mut wanted = asked.iter().map(|t| &*t.low).chain(owner.as_deref());
                    role.last().is_some_and(|last| last == head) && wanted.all(|w| role.iter().any(|r| r == w))
                })
            })
        };
        let mut bearers: Vec<usize> = known.iter().filter(fits).chain(titled).copied().collect();
        bearers.sort_unstable();
        bearers.dedup();
        let bearer = match bearers.as_slice() {
            [one] => *one,
            _ => return None,
        };
        // Whoever is named only later is not meant.
        let met = self.cast.entities.get(bearer).is_some_and(|e| e.name.end <= span.start);
        met.then_some(bearer)
    }

    /// The agency that the sentence before (or, failing that, the paragraph so far) names, if it names one.
    fn agency(&self, span: Span) -> Option<usize> {
        let paragraph = self.article.paragraph_at(span).and_then(|p| self.article.paragraphs().get(p))?;
        let sentences = self.article.sentences_of(paragraph);
        let here = sentences.partition_point(|s| s.start <= span.start).checked_sub(1)?;
        let is_agency = |m: &&Mention| {
            self.cast.entities.get(m.entity).is_some_and(|e| {
                e.organisation
                    && (e.words.iter().any(|w| lexicon::AGENCY_NAMES.contains(&w.as_str())) || e.acronym.is_some())
            })
        };
        let one = |stretch: Span| {
            let mut agencies: Vec<usize> =
                self.cast.mentions_in(stretch).iter().filter(is_agency).map(|m| m.entity).collect();
            agencies.dedup();
            agencies.sort_unstable();
            agencies.dedup();
            match agencies.as_slice() {
                [one] => Some(*one),
                _ => None,
            }
        };
        let before = here.checked_sub(1).and_then(|at| sentences.get(at)).copied();
        let far = sentences.get(here.saturating_sub(MEMORY)).map_or(paragraph.span.start, |s| s.start);
        before.and_then(one).or_else(|| one(Span { start: far, end: span.start }))
    }

    /// "it", "its": the organisation that spoke last in this paragraph.
    fn thing(&self, span: Span) -> Option<usize> {
        let paragraph = self.article.paragraph_at(span)?;
        let last = self
            .told
            .iter()
            .rev()
            .take(MEMORY)
            .find(|t| self.article.paragraph_at(t.span) == Some(paragraph) && t.span.start < span.start)?;
        last.entity.filter(|e| self.cast.entities.get(*e).is_some_and(|e| e.organisation))
    }

    /// "he", "she": see the order of the candidates inside.
    fn person(&self, span: Span, gender: Gender) -> Option<usize> {
        let suits = |e: usize| self.cast.entities.get(e).is_some_and(|e| !e.organisation && e.gender == Some(gender));
        // Of someone whose gender nothing tells it must at least be plain that it is someone.
        let may = |e: usize| {
            let spoken = || self.spoken.get(e).copied().unwrap_or(false);
            self.cast.entities.get(e).is_some_and(|entity| {
                !entity.organisation
                    && match entity.gender {
                        Some(known) => known == gender,
                        None => !entity.titles.is_empty() || (entity.words.len() > 1 && spoken()),
                    }
            })
        };
        let here = self.article.paragraph_at(span)?;
        let paragraph = self.article.paragraphs().get(here)?;
        let sentences = self.article.sentences_of(paragraph);
        let at = sentences.partition_point(|s| s.start <= span.start).checked_sub(1)?;
        let spoke = |stretch: Span| {
            self.told
                .iter()
                .rev()
                .take(MEMORY)
                .filter(move |t| stretch.contains(t.span) && t.span.end <= span.start)
                .filter_map(|t| t.entity)
        };
        let first_in = |stretch: Span| self.cast.mentions_in(stretch).iter().map(|m| m.entity).find(|e| may(*e));
        // 1. Who spoke before in this paragraph, nearest sentence first; within a sentence the first person named,
        //    who is mostly its subject.
        for sentence in sentences.get(..=at)?.iter().rev().take(MEMORY) {
            let stretch = Span { start: sentence.start, end: sentence.end.min(span.start) };
            if let Some(speaker) = spoke(*sentence).find(|e| may(*e)) {
                return Some(speaker);
            }
            if let Some(subject) = first_in(stretch) {
                return Some(subject);
            }
        }
        // 2. Who spoke last in the paragraphs just before.
        let from = self.article.paragraphs().get(here.saturating_sub(REACH))?.span.start;
        let recent: Vec<usize> = self
            .told
            .iter()
            .rev()
            .take(MEMORY)
            .take_while(|t| t.span.start >= from)
            .filter(|t| t.span.end <= span.start)
            .filter_map(|t| t.entity)
            .collect();
        if let Some(speaker) =
            recent.iter().copied().find(|e| suits(*e)).or_else(|| recent.iter().copied().find(|e| may(*e)))
        {
            return Some(speaker);
        }
        // 3. The only person there whom the pronoun suits.
        let mut near: Vec<usize> = self
            .cast
            .mentions_before(span.start)
            .take(MEMORY)
            .take_while(|m| m.span.start >= from)
            .map(|m| m.entity)
            .filter(|e| may(*e))
            .collect();
        near.sort_unstable();
        near.dedup();
        match near.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }
}
