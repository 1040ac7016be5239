//! The people and organisations that an article names: every mention, gathered under one name each.
//!
//! A name here is always a stretch of the article. Two mentions are one entity when the shorter is the surname (or the
//! letters) of exactly one longer name; where several would fit, the mention names nobody, and keeps the words it has.
//!
//! - `runs.rs`: capitalised runs of words, with the titles and roles beside them.
//! - `namesakes.rs`: people of one given name and surname.
//! - `register.rs`: full names by their parts, for the lone words that stand for them.
//! - `pronouns.rs`: who is a man and who a woman, as the writer's pronouns tell.

pub(super) mod looks;
mod namesakes;
mod pronouns;
mod register;
mod runs;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use self::namesakes::{Ends, MOST_NAMESAKES, Namesakes};
pub(super) use self::namesakes::{Suffix, middle_agrees};
use self::register::{Register, listed, only};
use self::runs::Run;
use super::find::marks::{self, Region};
use super::find::tokens;
use super::given_names::{self, Gender};
use super::{bodies, lexicon, roles};
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
    /// Whether the article also calls them by their surname alone, as it does with people.
    pub shortened: bool,
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
            shortened: false,
        }
    }

    /// Whether it bears the name of an agency of a state.
    pub(super) fn is_agency(&self) -> bool {
        let named = self.words.iter().any(|word| lexicon::AGENCY_NAMES.contains(&word.as_str()));
        self.organisation && (named || self.acronym.is_some())
    }

    /// Whether anything tells that it is somebody.
    pub(super) fn is_surely_a_person(&self) -> bool {
        !self.organisation
            && (self.gender.is_some() || !self.titles.is_empty() || !self.roles.is_empty() || self.shortened)
    }
}

/// Where an entity is named.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mention {
    /// The name, without title.
    pub span: Span,
    /// Index into [`Cast::entities`].
    pub entity: usize,
    /// Whether somebody else's words name them.
    pub quoted: bool,
    /// Whether it begins a sentence, as its subject mostly does.
    pub opens: bool,
}

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

impl Cast {
    /// Reads the names of an article's paragraphs.
    pub(super) fn of(article: &Article) -> Self {
        let text = article.text();
        let mut runs = Vec::new();
        let mut regions = Vec::new();
        for paragraph in article.paragraphs() {
            let mut words = Vec::new();
            tokens::words(text, paragraph.span, &mut words);
            runs::gather(text, &words, &mut runs);
            regions.extend(marks::regions(text, paragraph.span, false));
        }
        let mut cast = Self::default();
        cast.enrol(&runs, &regions);
        cast.hear_pronouns(article, &regions);
        cast
    }

    /// The mentions that lie in `span`.
    pub(super) fn mentions_in(&self, span: Span) -> &[Mention] {
        let from = self.mentions.partition_point(|m| m.span.start < span.start);
        let until = self.mentions.partition_point(|m| m.span.start < span.end);
        self.mentions.get(from..until).unwrap_or_default()
    }

    /// The mentions that `span` touches.
    pub(super) fn mentions_around(&self, span: Span) -> &[Mention] {
        let from = self.mentions.partition_point(|m| m.span.end <= span.start);
        let until = self.mentions.partition_point(|m| m.span.start < span.end);
        self.mentions.get(from..until).unwrap_or_default()
    }

    /// The mentions before byte `at`, nearest first.
    pub(super) fn mentions_before(&self, at: u32) -> impl Iterator<Item = &Mention> {
        let until = self.mentions.partition_point(|m| m.span.end <= at);
        self.mentions.get(..until).unwrap_or_default().iter().rev().inspect(|_| looks::note(1))
    }

    /// Full names first, then what may be short for them: surnames with a particle, then lone words.
    fn enrol(&mut self, runs: &[Run], regions: &[Region]) {
        let mut by_words: HashMap<Vec<String>, usize> = HashMap::new();
        let mut of_run: Vec<Option<usize>> = vec![None; runs.len()];
        let full = |run: &&Run| run.words.len() > 1 && !run.organisation;
        let namesakes = Namesakes::of(runs.iter().filter(full).map(|run| run.words.as_slice()));
        let mut ends = Ends::default();
        for short in [false, true] {
            let long = |run: &Run| run.words.len() > 1 && (!run.organisation && Ends::is_one(&run.words)) == short;
            for (index, run) in runs.iter().enumerate().filter(|(_, run)| long(run)) {
                let whose = if short { ends.whose(&run.words, &self.entities) } else { Whom::Nobody };
                let key = || if run.organisation { Some(run.words.clone()) } else { namesakes.key(&run.words) };
                let entity = match whose {
                    Whom::One(entity) => entity,
                    Whom::Several => continue,
                    Whom::Nobody => {
                        let Some(key) = key() else { continue };
                        *by_words.entry(key).or_insert_with(|| {
                            self.entities.push(Entity::of(run));
                            let entity = self.entities.len() - 1;
                            if !run.organisation {
                                ends.add(&run.words, entity);
                            }
                            entity
                        })
                    }
                };
                of_run[index] = Some(entity);
                self.learn(entity, run, matches!(whose, Whom::One(_)));
            }
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
            let whom = self.whom(word, run, &register);
            let entity = match whom {
                Whom::One(entity) => Some(entity),
                // A surname that several bear, or a sentence's first word that is no name elsewhere and has no title.
                Whom::Several => None,
                Whom::Nobody if run.initial && run.titles.is_empty() && !capital.contains(word.as_str()) => None,
                // "American", "Irish": of a people, and nobody of it.
                Whom::Nobody if run.titles.is_empty() && is_of_a_people(word) => None,
                Whom::Nobody => Some(*lone.entry(word).or_insert_with(|| {
                    self.entities.push(Entity::of(run));
                    self.entities.len() - 1
                })),
            };
            of_run[index] = entity;
            if let Some(entity) = entity {
                self.learn(entity, run, matches!(whom, Whom::One(_)));
            }
        }
        let quoted = |span: Span| {
            let after = regions.partition_point(|r| r.inner.start <= span.start);
            after.checked_sub(1).and_then(|at| regions.get(at)).is_some_and(|r| span.start < r.inner.end)
        };
        let mention = |(run, entity): (&Run, Option<usize>)| {
            Some(Mention { span: run.span, entity: entity?, quoted: quoted(run.span), opens: run.opens })
        };
        self.mentions = runs.iter().zip(of_run).filter_map(mention).collect();
    }

    /// Whom a lone word stands for: letters, then surname, then given name; only if just one fits.
    fn whom(&self, word: &str, run: &Run, register: &Register) -> Whom {
        let told = title_gender(&run.titles);
        let suits = |at: &usize| {
            let gender = self.entities.get(*at).and_then(|e| e.gender);
            told.is_none() || gender.is_none() || gender == told
        };
        if let Whom::One(entity) = Whom::of(listed(&register.letters, word)) {
            return Whom::One(entity);
        }
        if run.organisation {
            // "UN" without brackets: the only name with these initials.
            let plain = word.replace('.', "");
            return only(listed(&register.initials, &plain)).map_or(Whom::Nobody, Whom::One);
        }
        let bearers = listed(&register.surnames, word);
        // "Mr. Lee" of a whole clan named Lee is nobody in particular.
        if bearers.len() > MOST_NAMESAKES {
            return Whom::Several;
        }
        looks::note(bearers.len());
        match (Whom::of(bearers.clone().filter(suits)), bearers.len()) {
            (Whom::Nobody, 0) => match Whom::of(listed(&register.given, word)) {
                Whom::Nobody => only(listed(&register.companies, word)).map_or(Whom::Nobody, Whom::One),
                given => given,
            },
            (Whom::Nobody, _) => Whom::Several,
            (whom, _) => whom,
        }
    }

    fn learn(&mut self, entity: usize, run: &Run, short: bool) {
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
        if short && run.organisation {
            entity.organisation = true;
            entity.acronym = entity.acronym.take().or_else(|| run.words.first().cloned());
        }
        entity.organisation |= run.organisation;
        entity.shortened |= short && !run.organisation && entity.words.last() == run.words.last();
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
            let called = || run.roles.iter().find_map(|role| roles::gender(role.last()?));
            entity.gender = title_gender(&run.titles).or_else(given).or_else(called);
        }
    }
}

/// Whom a short name stands for.
#[derive(Debug, Clone, Copy)]
enum Whom {
    One(usize),
    /// Several could be meant.
    Several,
    /// Nobody who is named more fully.
    Nobody,
}

impl Whom {
    fn of(mut fitting: impl Iterator<Item = usize>) -> Self {
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Self::One(one),
            (Some(_), Some(_)) => Self::Several,
            (None, _) => Self::Nobody,
        }
    }
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
    let first = words.first().map(|first| given_names::long_form(first).to_owned());
    first.into_iter().chain(last.cloned()).collect()
}

/// Whether a word says of what people or faith something is.
fn is_of_a_people(low: &str) -> bool {
    matches!(
        low,
        "american"
            | "african"
            | "african-american"
            | "asian"
            | "european"
            | "british"
            | "english"
            | "scottish"
            | "welsh"
            | "irish"
            | "french"
            | "german"
            | "italian"
            | "spanish"
            | "dutch"
            | "polish"
            | "swedish"
            | "norwegian"
            | "danish"
            | "finnish"
            | "greek"
            | "turkish"
            | "russian"
            | "ukrainian"
            | "chinese"
            | "japanese"
            | "korean"
            | "indian"
            | "pakistani"
            | "afghan"
            | "iranian"
            | "iraqi"
            | "syrian"
            | "israeli"
            | "palestinian"
            | "egyptian"
            | "saudi"
            | "arab"
            | "mexican"
            | "canadian"
            | "cuban"
            | "brazilian"
            | "australian"
            | "nigerian"
            | "kenyan"
            | "catholic"
            | "protestant"
            | "muslim"
            | "islamic"
            | "jewish"
            | "hispanic"
            | "latino"
            | "western"
            | "soviet"
    )
}

/// Whether a word follows a surname without being one.
pub(super) fn is_suffix(low: &str) -> bool {
    Suffix::of(low).is_some()
}

/// Words inside a name that have no capital there.
pub(super) fn is_particle(low: &str) -> bool {
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

fn is_institution(low: &str) -> bool {
    lexicon::AGENCY_NAMES.contains(&low) || lexicon::ORGANISATION_NAMES.contains(&low) || bodies::is_body_name(low)
}

/// Last words of a company's name.
fn is_business(low: &str) -> bool {
    is_institution(low) || bodies::is_business_name(low)
}

/// The initials of a name, with and without its small words.
pub(super) fn initials<'w>(words: impl Iterator<Item = &'w str> + Clone) -> [String; 2] {
    let of = |words: &mut dyn Iterator<Item = &'w str>| words.filter_map(|w| w.chars().next()).collect::<String>();
    [of(&mut words.clone().filter(|w| !lexicon::is_function(w) && *w != "&")), of(&mut words.clone())]
}
