//! Full names that share a given name and a surname: whose they are, where an article has several people of them.
//!
//! Another middle name is another person ("George H. W. Bush", "George W. Bush"), and so is another suffix: whoever is called
//! "Jr." once is not meant where it is left out. A form that leaves out what tells two people apart names nobody.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::{Entity, Whom, first_and_last, is_particle, looks};

/// People, or forms of a name, that are compared with one another for one mention; where there are more, nobody is meant.
pub(super) const MOST_NAMESAKES: usize = 32;

/// What follows a surname and tells its bearer from another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::quotes) enum Suffix {
    Junior,
    Senior,
    Second,
    Third,
    Fourth,
}

impl Suffix {
    /// The suffix that a word in lower case is.
    pub(in crate::quotes) fn of(low: &str) -> Option<Self> {
        Some(match low {
            "jr" | "jr." => Self::Junior,
            "sr" | "sr." => Self::Senior,
            "ii" => Self::Second,
            "iii" => Self::Third,
            "iv" => Self::Fourth,
            _ => return None,
        })
    }
}

/// Whether what stands between given name and surname can be one person's: each word the other's, or the beginning of it.
pub(in crate::quotes) fn middle_agrees(one: &[String], other: &[String]) -> bool {
    let begins = |a: &str, b: &str| a.starts_with(b.trim_end_matches('.'));
    one.iter().zip(other).all(|(a, b)| begins(a, b) || begins(b, a))
}

/// The suffix of a name, from its words.
fn suffix(words: &[String]) -> Option<Suffix> {
    words.last().and_then(|last| Suffix::of(last))
}

/// The words between given name and surname.
fn middle(words: &[String]) -> &[String] {
    let until = words.len() - usize::from(suffix(words).is_some());
    words.get(1..until.saturating_sub(1)).unwrap_or_default()
}

/// The forms of names that must be told apart.
#[derive(Debug, Default)]
pub(super) struct Namesakes {
    /// The fullest form of the person whose a form is; `None` where several could be meant.
    of: HashMap<Vec<String>, Option<Vec<String>>>,
}

impl Namesakes {
    /// Compares the full names of an article.
    pub(super) fn of<'r>(names: impl Iterator<Item = &'r [String]>) -> Self {
        let mut seen = HashSet::new();
        let mut forms: HashMap<Vec<String>, Vec<&[String]>> = HashMap::new();
        for words in names.filter(|words| seen.insert(*words)) {
            forms.entry(first_and_last(words)).or_default().push(words);
        }
        let mut namesakes = Self::default();
        for forms in forms.into_values().filter(|forms| forms.len() > 1) {
            namesakes.part(forms);
        }
        namesakes
    }

    /// Parts the forms of one given name and surname.
    fn part(&mut self, mut forms: Vec<&[String]>) {
        if forms.len() > MOST_NAMESAKES {
            let whose =
                |words: &[String]| (!middle(words).is_empty() || suffix(words).is_some()).then(|| words.to_vec());
            self.of.extend(forms.into_iter().map(|words| (words.to_vec(), whose(words))));
            return;
        }
        // Fuller forms first: a plain one must find everybody whose it could be.
        forms.sort_by_key(|words| (Reverse(middle(words).len()), suffix(words).is_none()));
        let mut people: Vec<Vec<&[String]>> = Vec::new();
        let mut whose: Vec<(&[String], Option<usize>)> = Vec::new();
        for words in forms {
            looks::note(people.len());
            let meets = |known: &&[String]| {
                let (one, other) = (suffix(known), suffix(words));
                (one.is_none() || other.is_none() || one == other) && middle_agrees(middle(known), middle(words))
            };
            let mut fitting = (0..).zip(&people).filter(|(_, forms)| forms.iter().all(meets));
            let person = match (fitting.next(), fitting.next()) {
                (Some((at, known)), None) if known.iter().all(|known| suffix(known) == suffix(words)) => Some(at),
                (Some(_), Some(_)) => None,
                _ => Some(people.len()),
            };
            match person {
                Some(at) if at == people.len() => people.push(vec![words]),
                Some(at) => people.get_mut(at).into_iter().for_each(|forms| forms.push(words)),
                None => {}
            }
            whose.push((words, person));
        }
        if people.len() > 1 {
            let fullest = |person: usize| people.get(person)?.first().map(|words| words.to_vec());
            self.of.extend(whose.into_iter().map(|(words, person)| (words.to_vec(), person.and_then(fullest))));
        }
    }

    /// By what the person of a full name is known; `None` where several could be meant.
    pub(super) fn key(&self, words: &[String]) -> Option<Vec<String>> {
        self.of.get(words).cloned().unwrap_or_else(|| Some(first_and_last(words)))
    }
}

/// Ends of full names that may stand for them: a surname with its particle ("van Aa"), or with a suffix ("Aa Jr.").
#[derive(Debug, Default)]
pub(super) struct Ends<'r>(HashMap<&'r [String], Vec<usize>>);

impl<'r> Ends<'r> {
    /// Whether a name of several words may be such an end.
    pub(super) fn is_one(words: &[String]) -> bool {
        words.first().is_some_and(|word| is_particle(word)) || words.len() == 2 && suffix(words).is_some()
    }

    /// Takes in a full name.
    pub(super) fn add(&mut self, words: &'r [String], entity: usize) {
        let ends = (1..words.len().saturating_sub(1)).filter_map(|from| words.get(from..));
        for end in ends.filter(|end| Self::is_one(end)) {
            self.0.entry(end).or_default().push(entity);
        }
    }

    /// The person whose longer name ends so.
    pub(super) fn whose(&self, words: &[String], entities: &[Entity]) -> Whom {
        let of = self.0.get(words).map_or(&[][..], Vec::as_slice);
        if of.len() > MOST_NAMESAKES {
            return Whom::Several;
        }
        looks::note(of.len());
        let people = of.iter().copied().filter(|at| entities.get(*at).is_some_and(|entity| !entity.organisation));
        Whom::of(people)
    }
}
