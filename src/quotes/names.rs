//! The people and organisations that an article names: every mention, gathered under one name each.
//!
//! A name here is always a stretch of the article. Two mentions are one entity when the shorter is the surname (or the
//! letters) of exactly one longer name; where several would fit, the mention keeps the words it has.

use std::collections::{HashMap, HashSet};

use super::find::marks;
use super::find::tokens::{self, Sort, Token};
use super::given_names::{self, Gender};
use super::{lexicon, roles};
use crate::article::{Article, Span};

/// A person or organisation.
#[derive(Debug, Clone)]
pub(super) struct Entity {
    /// Its fullest name, as it first stands in the article, without title.
    pub name: Span,
    /// The words of the name, in lower case.
    pub words: Vec<String>,
    /// Whether it is an organisation rather than a person.
    pub organisation: bool,
    /// What titles, given name and pronouns tell.
    pub gender: Option<Gender>,
    /// Titles that stood before the name, in lower case.
    pub titles: HashSet<String>,
    /// The letters that stand for it: `fcc`.
    pub acronym: Option<String>,
    /// What the article says they are, in lower case: `["county", "engineer"]`.
    pub roles: Vec<Vec<String>>,
}

impl Entity {
    /// The entity that a run of name words introduces; what the article tells of it comes later.
    fn of(run: &Run) -> Self {
        Self {
            name: run.span,
            words: run.words.clone(),
            organisation: run.organisation,
            gender: None,
            titles: HashSet::new(),
            acronym: None,
            roles: Vec::new(),
        }
    }
}

/// Where an entity is named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mention {
    /// The name, without title.
    pub span: Span,
    /// Index into [`Cast::entities`].
    pub entity: usize,
}

/// The longest name, in words.
const LONGEST_NAME: usize = 12;

/// Roles of one person that are remembered.
const MOST_ROLES: usize = 8;

/// Everyone in an article.
#[derive(Debug, Default)]
pub(super) struct Cast {
    /// The entities, by first mention.
    pub entities: Vec<Entity>,
    /// All mentions, in reading order.
    pub mentions: Vec<Mention>,
    /// Titles that several share: "Senators Lee and Poe" makes "the senator" nobody in particular.
    pub shared_titles: HashSet<String>,
}

/// A capitalised run before it is known whom it names.
#[derive(Debug)]
struct Run {
    span: Span,
    words: Vec<String>,
    titles: Vec<String>,
    organisation: bool,
    acronym: Option<String>,
    roles: Vec<Vec<String>>,
    /// Whether it is one word at the start of a sentence, which has a capital anyway.
    initial: bool,
}

impl Cast {
    /// Reads the names of an article's paragraphs.
    pub(super) fn of(article: &Article) -> Self {
        let text = article.text();
        let mut runs = Vec::new();
        for paragraph in article.paragraphs() {
            let mut words = Vec::new();
            tokens::words(text, paragraph.span, &mut words);
            gather(text, &words, &mut runs);
        }
        let mut cast = Self::default();
        cast.enrol(&runs);
        cast.hear_pronouns(article);
        cast
    }

    /// The mentions that lie in `span`.
    pub(super) fn mentions_in(&self, span: Span) -> &[Mention] {
        let from = self.mentions.partition_point(|m| m.span.start < span.start);
        let until = self.mentions.partition_point(|m| m.span.start < span.end);
        self.mentions.get(from..until).unwrap_or_default()
    }

    /// The mentions before byte `at`, nearest first.
    pub(super) fn mentions_before(&self, at: u32) -> impl Iterator<Item = &Mention> {
        let until = self.mentions.partition_point(|m| m.span.end <= at);
        self.mentions.get(..until).unwrap_or_default().iter().rev()
    }

    /// Longest names first, so that shorter ones find them.
    fn enrol(&mut self, runs: &[Run]) {
        let mut by_words: HashMap<Vec<String>, usize> = HashMap::new();
        let mut of_run: Vec<Option<usize>> = vec![None; runs.len()];
        for (index, run) in runs.iter().enumerate().filter(|(_, run)| run.words.len() > 1) {
            let key = if run.organisation { run.words.clone() } else { first_and_last(&run.words) };
            let entity = *by_words.entry(key).or_insert_with(|| {
                self.entities.push(Entity::of(run));
                self.entities.len() - 1
            });
            of_run[index] = Some(entity);
            self.learn(entity, run);
        }
        let capital: HashSet<&str> = runs
            .iter()
            .filter(|r| r.words.len() == 1 && !r.initial)
            .filter_map(|r| r.words.first().map(String::as_str))
            .collect();
        let register = Register::of(&self.entities);
        let mut lone: HashMap<&str, usize> = HashMap::new();
        for (index, run) in runs.iter().enumerate().filter(|(_, run)| run.words.len() == 1) {
            let Some(word) = run.words.first() else { continue };
            let entity = self.whom(word, run, &register).or_else(|| {
                // A sentence's first word is a name only if it is one elsewhere too, or has a title.
                if run.initial && run.titles.is_empty() && !capital.contains(word.as_str()) {
                    return None;
                }
                Some(*lone.entry(word).or_insert_with(|| {
                    self.entities.push(Entity::of(run));
                    self.entities.len() - 1
                }))
            });
            of_run[index] = entity;
            if let Some(entity) = entity {
                self.learn(entity, run);
            }
        }
        self.mentions = runs
            .iter()
            .zip(of_run)
            .filter_map(|(run, entity)| Some(Mention { span: run.span, entity: entity? }))
            .collect();
    }

    /// The full name that a lone word stands for: letters, then surname, then given name; only if just one fits.
    fn whom(&self, word: &str, run: &Run, register: &Register) -> Option<usize> {
        let told = title_gender(&run.titles);
        let suits = |at: &usize| {
            let gender = self.entities.get(*at).and_then(|e| e.gender);
            told.is_none() || gender.is_none() || gender == told
        };
        let surnames = register.surnames.get(word);
        only(register.letters.get(word).into_iter().flatten().copied())
            .or_else(|| only(surnames.into_iter().flatten().filter(|at| suits(at)).copied()))
            .or_else(|| {
                let free = surnames.is_none();
                only(register.given.get(word).into_iter().flatten().filter(|_| free).copied())
            })
    }

    fn learn(&mut self, entity: usize, run: &Run) {
        let Some(entity) = self.entities.get_mut(entity) else { return };
        for title in &run.titles {
            match title.strip_suffix('s').filter(|one| lexicon::is_title(one)) {
                Some(one) => {
                    self.shared_titles.insert(one.to_owned());
                }
                None => {
                    entity.titles.insert(title.clone());
                }
            }
        }
        if entity.acronym.is_none() {
            entity.acronym.clone_from(&run.acronym);
        }
        for role in &run.roles {
            if entity.roles.len() < MOST_ROLES && !entity.roles.contains(role) {
                entity.roles.push(role.clone());
            }
        }
        let given = || {
            let first = entity.words.first().filter(|_| entity.words.len() > 1)?;
            given_names::gender(first)
        };
        if entity.gender.is_none() && !entity.organisation {
            entity.gender = title_gender(&run.titles).or_else(given);
        }
    }

    /// Learns genders from pronouns that can mean one person only; what stands between marks is not the writer's.
    fn hear_pronouns(&mut self, article: &Article) {
        let mut heard: HashMap<usize, Heard> = HashMap::new();
        for paragraph in article.paragraphs() {
            let regions = marks::regions(article.text(), paragraph.span, false);
            let quoted = |at: u32| {
                let after = regions.partition_point(|r| r.inner.start <= at);
                after.checked_sub(1).and_then(|n| regions.get(n)).is_some_and(|r| at < r.inner.end)
            };
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
            .filter(|m| !quoted(m.span.start) && self.entities.get(m.entity).is_some_and(|e| !e.organisation))
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

/// Full names by their parts, so that each lone word finds its own at once.
#[derive(Debug, Default)]
struct Register {
    letters: HashMap<String, Vec<usize>>,
    surnames: HashMap<String, Vec<usize>>,
    given: HashMap<String, Vec<usize>>,
}

impl Register {
    fn of(entities: &[Entity]) -> Self {
        let mut register = Self::default();
        for (at, entity) in entities.iter().enumerate() {
            if let Some(letters) = &entity.acronym {
                register.letters.entry(letters.clone()).or_default().push(at);
            }
            if entity.organisation {
                continue;
            }
            let surname = entity.words.iter().rev().find(|w| !is_suffix(w));
            if let (Some(given), Some(surname)) = (entity.words.first(), surname) {
                register.given.entry(given.clone()).or_default().push(at);
                register.surnames.entry(surname.clone()).or_default().push(at);
            }
        }
        register
    }
}

/// The only one, if there is just one.
fn only(mut fitting: impl Iterator<Item = usize>) -> Option<usize> {
    let first = fitting.next();
    first.filter(|_| fitting.next().is_none())
}

/// What a title tells.
fn title_gender(titles: &[String]) -> Option<Gender> {
    titles.iter().find_map(|title| {
        if lexicon::is_mans_title(title) {
            Some(Gender::Man)
        } else if lexicon::is_womans_title(title) {
            Some(Gender::Woman)
        } else {
            None
        }
    })
}

fn first_and_last(words: &[String]) -> Vec<String> {
    let last = words.iter().rev().find(|w| !is_suffix(w)).or(words.last());
    words.first().into_iter().chain(last).cloned().collect()
}

/// Whether a word follows a surname without being one.
pub(super) fn is_suffix(low: &str) -> bool {
    matches!(low, "jr" | "jr." | "sr" | "sr." | "ii" | "iii" | "iv")
}

/// Lower-case words inside a name.
fn is_particle(low: &str) -> bool {
    matches!(
        low,
        "de" | "van"
            | "von"
            | "bin"
            | "al"
            | "la"
            | "le"
            | "der"
            | "den"
            | "du"
            | "da"
            | "dos"
            | "del"
            | "di"
            | "ben"
            | "ibn"
            | "ter"
    )
}

/// Collects the capitalised runs of a paragraph.
fn gather(text: &str, tokens: &[Token<'_>], runs: &mut Vec<Run>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let opens = starts_sentence(tokens, at);
        if !names(token)
            || lexicon::is_determiner(&token.low)
            || (opens
                && (lexicon::is_function(&token.low)
                    || lexicon::adverbial(&token.low)
                    || lexicon::verb(&token.low).is_some()))
        {
            at += 1;
            continue;
        }
        let mut end = at + 1;
        while let Some(next) = tokens.get(end).filter(|_| end - at < LONGEST_NAME) {
            let after = |n: usize| tokens.get(end + n).is_some_and(names);
            let institution = tokens.get(at..end).is_some_and(|run| run.iter().any(|t| is_institution(&t.low)));
            if names(next) {
                end += 1;
            } else if is_particle(&next.low) && after(1)
                || next.is('&') && after(1)
                || institution && &*next.low == "of" && after(1)
            {
                end += 2;
            } else if institution
                && matches!((&*next.low, tokens.get(end + 1).map(|t| &*t.low)), ("of", Some("the")))
                && after(2)
            {
                end += 3;
            } else {
                break;
            }
        }
        let run = tokens.get(at..end).unwrap_or_default();
        let letters = letters_after(tokens, end, run);
        // A label ("LEE: …") is a name although it opens a sentence.
        let opens = opens && !tokens.get(end).is_some_and(|t| t.is(':'));
        let mut name = name_of(text, run, opens, letters);
        if let Some(name) = name.as_mut().filter(|name| !name.organisation) {
            name.roles.extend(roles::before(tokens, at));
            name.roles.extend(roles::after(tokens, end));
        }
        runs.extend(name);
        at = end;
    }
}

/// Whether a token can be part of a name.
fn names(token: &Token<'_>) -> bool {
    token.sort == Sort::Word
        && token.capital
        && !lexicon::is_time(&token.low)
        && !matches!(&*token.low, "i" | "the" | "a" | "i'm" | "i've" | "i'd" | "i'll")
        && !(lexicon::is_pronoun(&token.low) && token.low.len() > 2 || matches!(&*token.low, "he" | "it" | "we"))
}

fn starts_sentence(tokens: &[Token<'_>], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| tokens.get(before)).is_none_or(|before| {
        matches!(
            before.sort,
            Sort::Punct('.' | '?' | '!' | '…' | ':' | '“' | '"' | '‘' | '\'' | '—' | '•' | '*' | '«' | '„')
        )
    })
}

fn is_institution(low: &str) -> bool {
    lexicon::AGENCY_NAMES.contains(&low) || lexicon::ORGANISATION_NAMES.contains(&low)
}

/// The letters in brackets after a name, if they are its initials: "Federal Communications Commission (FCC)".
fn letters_after(tokens: &[Token<'_>], end: usize, run: &[Token<'_>]) -> Option<String> {
    let (open, letters, close) = (tokens.get(end)?, tokens.get(end + 1)?, tokens.get(end + 2)?);
    if !open.is('(') || !close.is(')') || run.len() < 2 {
        return None;
    }
    let plain = letters.low.replace('.', "");
    initials(run.iter().map(|t| &*t.low)).contains(&plain).then_some(plain)
}

/// The initials of a name, with and without its small words.
pub(super) fn initials<'w>(words: impl Iterator<Item = &'w str> + Clone) -> [String; 2] {
    let of = |words: &mut dyn Iterator<Item = &'w str>| words.filter_map(|w| w.chars().next()).collect::<String>();
    [of(&mut words.clone().filter(|w| !lexicon::is_function(w) && *w != "&")), of(&mut words.clone())]
}

/// A run without its titles, and whether it names an organisation.
fn name_of(text: &str, run: &[Token<'_>], opens: bool, acronym: Option<String>) -> Option<Run> {
    let organisation = run.len() > 1
        && run.iter().any(|t| is_institution(&t.low))
        && !run.iter().take(2).any(|t| given_names::gender(&t.low).is_some())
        || acronym.is_some()
        || run.iter().any(|t| t.is('&'))
        || run.len() == 1
            && run.iter().all(|t| {
                let word = t.span.of(text);
                word.chars().count() > 1 && word.chars().all(|c| c.is_uppercase() || c == '.')
            });
    let title = |t: &Token<'_>| lexicon::is_title(&t.low);
    let cut = if organisation && run.last().is_some_and(|t| is_institution(&t.low) || acronym.is_some()) {
        0
    } else {
        // Whatever stands before the last title is no part of the name either: "Texas Senator Ted Cruz".
        let last = run.iter().rposition(title).map_or(0, |at| at + 1);
        let rest = run.get(last..).unwrap_or_default();
        if last < run.len() && !rest.iter().all(|t| is_suffix(&t.low)) {
            last
        } else {
            run.iter().take_while(|t| title(t)).count()
        }
    };
    let titles: Vec<String> =
        run.get(..cut).unwrap_or_default().iter().filter(|t| title(t)).map(|t| t.low.to_string()).collect();
    let name = run.get(cut..).unwrap_or_default();
    let (first, last) = (name.first()?, name.last()?);
    Some(Run {
        span: first.span.join(last.span),
        words: name.iter().map(|t| t.low.to_string()).collect(),
        initial: opens && cut == 0 && name.len() == 1,
        titles,
        organisation,
        acronym,
        roles: Vec::new(),
    })
}
