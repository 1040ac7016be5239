//! Speakers become names: whom "Blackburn", "she", "the senator" and "the telecom watchdog" mean in this article.
//!
//! Nothing is guessed. Where the article does not settle it, the quotation keeps the words that stand there
//! ([`super::Quotation::speaker`]) and no name.
//!
//! - here: names, and which way other words go.
//! - `pronoun.rs`: "he", "she" and "it".
//! - `role.rs`: "the senator", "the county engineer".
//! - `body.rs`: "the company", "the telecom watchdog", "the union".

mod body;
mod pronoun;
mod role;

use std::collections::HashMap;

use self::body::Bodies;
use super::Quotation;
use super::find::tokens::{self, Token};
use super::given_names::Gender;
use super::names::{Cast, Mention};
use super::{bodies, lexicon};
use crate::article::{Article, Span};

/// How many speakers, and how many mentions or sentences, back anything is looked for.
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
    let bodies = Bodies::of(&cast);
    let mut resolver = Resolver { article, cast: &cast, bearers, roles, bodies, told: Vec::new(), spoken };
    for quotation in quotations {
        let whole = quotation.speaker.and_then(|span| resolver.whole(span));
        if let Some(whole) = whole
            && !quotation.content.iter().chain(&quotation.cue).any(|span| span.overlaps(whole))
        {
            quotation.speaker = Some(whole);
        }
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
    bodies: Bodies<'a>,
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
        self.named(span, &words)
            .or_else(|| self.in_apposition(span, &words))
            .or_else(|| self.body(span, &words))
            .or_else(|| self.role(span, &words))
    }

    /// The name that heads a phrase: "Republican Senator Marsha Blackburn", "Ann Lee, the mayor of Exton".
    fn named(&self, span: Span, words: &[Token<'_>]) -> Option<usize> {
        let mentions = self.cast.mentions_around(span);
        let head = |mention: &&Mention| {
            let from = words.iter().position(|t| t.span.start >= mention.span.start).unwrap_or(0);
            let until = words.iter().position(|t| t.span.start >= mention.span.end).unwrap_or(words.len());
            let next = words.get(until);
            // "Lee’s lawyer", "the Lee campaign": Lee only modifies.
            let modifies =
                next.is_some_and(|t| t.low == "'s" || t.is_word() && !t.capital && !lexicon::is_function(&t.low));
            // Titles belong to the name; a preposition before them makes it part of someone else's role.
            let leading = words.get(..from).unwrap_or_default();
            let outside = |t: &Token<'_>| !(t.capital || lexicon::is_title(&t.low) || lexicon::is_determiner(&t.low));
            let at = leading.iter().rposition(outside);
            let before = at.and_then(|at| leading.get(at));
            // "Secretary of State Ann Lee" is she; "the secretary of Ann Lee" is not.
            let office = at.filter(|at| at + 1 < from).and_then(|at| leading.get(at.checked_sub(1)?));
            let office = office.is_some_and(|t| t.capital && lexicon::is_title(&t.low));
            let depends = before.is_some_and(|t| lexicon::is_preposition(&t.low) && !(office && t.low == "of"));
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

    /// The person whose name stands right behind the words, between commas: "the mayor|, Ann Lee, who …".
    fn in_apposition(&self, span: Span, words: &[Token<'_>]) -> Option<usize> {
        let role = words.last().is_some_and(|t| t.is_word() && !t.capital) && words.len() > 1;
        let text = self.article.text();
        let rest = text.get(span.end as usize..).filter(|_| role)?;
        let start = span.end as usize + (rest.len() - rest.strip_prefix(',')?.trim_start().len());
        let start = u32::try_from(start).ok()?;
        let until = self.cast.mentions.partition_point(|m| m.span.start < start);
        // A title may stand before the name.
        let next = self.cast.mentions.get(until)?;
        let between = text.get(start as usize..next.span.start as usize).filter(|between| between.len() < 40)?;
        let titles = between.split_whitespace().all(|word| word.starts_with(char::is_uppercase));
        let closed = text.get(next.span.end as usize..).is_some_and(|rest| rest.starts_with([',', '.', ';', '—']));
        let person = self.cast.entities.get(next.entity).is_some_and(|e| !e.organisation);
        (titles && closed && person).then_some(next.entity)
    }

    /// The whole phrase, where the words are only the place at its end: "The bakery in |Exton|": no town says anything.
    fn whole(&self, span: Span) -> Option<Span> {
        let sentence = self.article.sentences().get(self.sentence(span.start).checked_sub(1)?)?;
        let text = self.article.text();
        let from = (sentence.start.max(span.start.saturating_sub(80))..=span.start)
            .find(|at| text.is_char_boundary(*at as usize))?;
        let mut before = Vec::new();
        tokens::words(text, Span { start: from, end: span.start }, &mut before);
        let (place, phrase) = before.split_last().filter(|(last, _)| matches!(&*last.low, "in" | "near"))?;
        // Nothing but the one noun and what tells of it.
        let plain = |t: &&Token<'_>| t.is_word() && !lexicon::is_function(&t.low) && lexicon::verb(&t.low).is_none();
        let words = phrase.iter().rev().take_while(plain).count();
        let first = phrase.len().checked_sub(words + 1).and_then(|at| phrase.get(at))?;
        let noun = phrase.last().is_some_and(|noun| !noun.capital && bodies::is_body(&noun.low));
        let begins = matches!(&*first.low, "the" | "a" | "an");
        (noun && begins && place.span.end <= span.start).then_some(first.span.join(span))
    }

    /// Where the paragraphs that are `reach` before that of `span` begin.
    fn since(&self, span: Span, reach: usize) -> Option<u32> {
        let here = self.article.paragraph_at(span)?;
        Some(self.article.paragraphs().get(here.saturating_sub(reach))?.span.start)
    }

    /// Which sentence a byte is in.
    fn sentence(&self, at: u32) -> usize {
        self.article.sentences().partition_point(|s| s.start <= at)
    }
}
