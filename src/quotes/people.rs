//! Speakers across articles: which names are one person, and who is meant by a name that someone types.
//!
//! Two names are one speaker when surname and given name agree (or one given name is the initial or short form of the
//! other). A lone surname joins a full name only if the library has just one speaker of that surname; letters join the
//! one name that they abbreviate. Different given names never merge.

use std::collections::{BTreeMap, HashMap};

use super::{Held, given_names, lexicon, names, words};
use crate::article::Article;

/// How like a typed name must be to be taken for a speaker's.
const SAME: f32 = 0.75;
/// How like it must be to be suggested.
const SIMILAR: f32 = 0.5;
/// Suggestions at most.
const SUGGESTIONS: usize = 5;

/// A speaker of the library.
#[derive(Debug, Default, Clone)]
pub(super) struct Person {
    /// The fullest form of the name; of equals the commonest.
    pub name: String,
    /// Its words in lower case.
    words: Vec<String>,
    /// The letters that stand for it, where an article uses them.
    letters: Vec<String>,
    /// Its quotations, ascending.
    pub quotations: Vec<usize>,
}

/// Everyone who is quoted.
#[derive(Debug, Default)]
pub(super) struct People {
    named: Vec<Person>,
    /// Speakers without a name, by the words of the article ("senators").
    unnamed: BTreeMap<String, Vec<usize>>,
}

/// Who is meant by a typed name.
#[derive(Debug)]
pub(super) enum Meant<'p> {
    /// A named speaker.
    Named(&'p Person),
    /// Words by which articles speak of someone they do not name.
    Unnamed(&'p str, &'p [usize]),
    /// Nobody; these names are similar, best first.
    Nobody(Vec<String>),
}

impl People {
    /// Gathers the speakers of all quotations.
    pub(super) fn of<'a>(held: &[Held], article: impl Fn(&Held) -> Option<&'a Article>) -> Self {
        let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut unnamed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, held) in held.iter().enumerate() {
            if let Some(name) = &held.quotation.speaker_name {
                names.entry(name).or_default().push(at);
            } else if let Some(words) = article(held).and_then(|article| held.quotation.speaker_words(article)) {
                let key = common_words(words);
                if !key.is_empty() {
                    unnamed.entry(key).or_default().push(at);
                }
            }
        }
        Self { named: merge(&names), unnamed }
    }

    /// Names and counts, most quoted first.
    pub(super) fn counted(&self) -> Vec<(String, usize)> {
        let mut counted: Vec<(String, usize)> =
            self.named.iter().map(|p| (p.name.clone(), p.quotations.len())).collect();
        counted.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counted
    }

    /// Who is meant by `typed`: any form of a name, with or without title, misspelt or not.
    pub(super) fn meant(&self, typed: &str) -> Meant<'_> {
        let asked = name_words(typed);
        let mut ranked: Vec<(f32, &Person)> =
            self.named.iter().map(|p| (likeness(&asked, p), p)).filter(|(like, _)| *like >= SIMILAR).collect();
        ranked.sort_by(|a, b| {
            b.0.total_cmp(&a.0)
                .then(b.1.quotations.len().cmp(&a.1.quotations.len()))
                .then_with(|| a.1.name.cmp(&b.1.name))
        });
        if let Some((like, person)) = ranked.first()
            && *like >= SAME
        {
            return Meant::Named(person);
        }
        if let Some((words, quotations)) = self.unnamed.get_key_value(&common_words(typed)) {
            return Meant::Unnamed(words, quotations);
        }
        Meant::Nobody(ranked.into_iter().take(SUGGESTIONS).map(|(_, p)| p.name.clone()).collect())
    }
}

/// The words of a name, without titles before it and suffixes after it.
fn name_words(name: &str) -> Vec<String> {
    let all: Vec<String> =
        words::words_of(name).into_iter().map(|w| w.low).filter(|w| !names::is_suffix(w) && w != "s").collect();
    let titles = all.iter().take_while(|w| lexicon::is_title(w) || *w == "the" || *w == "us").count();
    if titles < all.len() { all.into_iter().skip(titles).collect() } else { all }
}

/// What an unnamed speaker is called, without its article.
fn common_words(phrase: &str) -> String {
    let all: Vec<String> = words::words_of(phrase).into_iter().map(|w| w.low).collect();
    let skip = all.iter().take_while(|w| lexicon::is_determiner(w) || lexicon::is_pronoun(w)).count();
    all.get(skip..).unwrap_or_default().join(" ")
}

/// Merges names that are one speaker's.
fn merge(names: &BTreeMap<&str, Vec<usize>>) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    // Names with a surname in common, so that merging stays linear in the number of names.
    let mut by_surname: HashMap<String, Vec<usize>> = HashMap::new();
    let mut most: Vec<usize> = Vec::new();
    let parsed: Vec<(&str, Vec<String>, &Vec<usize>)> =
        names.iter().map(|(name, at)| (*name, name_words(name), at)).collect();
    for (name, words, quotations) in parsed.iter().filter(|(_, words, _)| words.len() > 1) {
        let surname = words.last().cloned().unwrap_or_default();
        let same_surname = by_surname.entry(surname).or_default();
        let mut fitting =
            same_surname.iter().copied().filter(|p| people.get(*p).is_some_and(|p| one_person(&p.words, words)));
        let known = fitting.next().filter(|_| fitting.next().is_none());
        if let Some((at, person)) = known.and_then(|at| Some((at, people.get_mut(at)?))) {
            person.quotations.extend(quotations.iter());
            let commonest = most.get_mut(at);
            // The form that most quotations use names the person.
            if let Some(commonest) = commonest.filter(|c| quotations.len() > **c) {
                *commonest = quotations.len();
                person.name = (*name).to_owned();
                person.words.clone_from(words);
            }
        } else {
            same_surname.push(people.len());
            most.push(quotations.len());
            people.push(Person {
                name: (*name).to_owned(),
                words: words.clone(),
                letters: Vec::new(),
                quotations: (*quotations).clone(),
            });
        }
    }
    let letters: Vec<[String; 2]> =
        people.iter().map(|p| names::initials(p.words.iter().map(String::as_str))).collect();
    let mut lone = Vec::new();
    for (name, words, quotations) in parsed.iter().filter(|(_, words, _)| words.len() == 1) {
        let word = words.first().cloned().unwrap_or_default();
        let surnames = by_surname.get(&word).map_or(&[][..], Vec::as_slice);
        let all_capitals =
            name.chars().filter(|c| c.is_alphabetic()).count() > 1 && !name.chars().any(char::is_lowercase);
        let spelt = || {
            let mut fitting = letters
                .iter()
                .enumerate()
                .filter(|(at, i)| people.get(*at).is_some_and(|p| p.words.len() > 2) && i.contains(&word));
            fitting.next().filter(|_| fitting.next().is_none()).map(|(at, _)| at)
        };
        let of = match surnames {
            [one] => Some(*one),
            [] if all_capitals => spelt(),
            _ => None,
        };
        match of.and_then(|at| people.get_mut(at)) {
            Some(person) => {
                person.quotations.extend(quotations.iter());
                if all_capitals {
                    person.letters.push(word);
                }
            }
            None => lone.push(Person {
                name: (*name).to_owned(),
                words: words.clone(),
                letters: Vec::new(),
                quotations: (*quotations).clone(),
            }),
        }
    }
    people.append(&mut lone);
    for person in &mut people {
        person.quotations.sort_unstable();
    }
    people
}

/// Whether two full names can be one person's.
fn one_person(one: &[String], other: &[String]) -> bool {
    one.last() == other.last()
        && match (one.first(), other.first()) {
            (Some(a), Some(b)) => same_given_name(a, b),
            _ => false,
        }
        && (one.len() <= 2 || other.len() <= 2 || middle_agrees(one, other))
}

fn middle_agrees(one: &[String], other: &[String]) -> bool {
    one.iter()
        .skip(1)
        .zip(other.iter().skip(1))
        .all(|(a, b)| a == b || a.starts_with(b.as_str()) || b.starts_with(a.as_str()))
}

fn same_given_name(one: &str, other: &str) -> bool {
    let initial = |a: &str, b: &str| a.chars().count() == 1 && b.starts_with(a);
    let short = |a: &str, b: &str| given_names::SHORT_FORMS.contains(&(a, b));
    one == other || initial(one, other) || initial(other, one) || short(one, other) || short(other, one)
}

/// How like a typed name is to a speaker's, 0 to 1.
fn likeness(asked: &[String], person: &Person) -> f32 {
    let stored = &person.words;
    let (Some(first), Some(last)) = (asked.first(), asked.last()) else { return 0.0 };
    if asked == stored {
        return 1.0;
    }
    if let [letters] = asked
        && (person.letters.contains(letters)
            || stored.len() > 2 && names::initials(stored.iter().map(String::as_str)).contains(letters))
    {
        return 0.97;
    }
    if asked.len() > 1 && stored.len() > 1 && one_person(asked, stored) {
        return 0.95;
    }
    if asked.len() == 1 && stored.last() == Some(last) {
        return 0.9;
    }
    if asked.len() == 1 && stored.first() == Some(first) && stored.len() > 1 {
        return 0.78;
    }
    // Every typed word near one of the name's, the surname near the surname or, of several words, all near something.
    let near = |a: &str, b: &str| {
        #[expect(clippy::cast_possible_truncation, reason = "a likeness between 0 and 1")]
        let like = strsim::normalized_damerau_levenshtein(a, b) as f32;
        like
    };
    let sum: f32 = asked.iter().map(|a| stored.iter().map(|b| near(a, b)).fold(0.0, f32::max)).sum();
    let worst = asked.iter().map(|a| stored.iter().map(|b| near(a, b)).fold(0.0, f32::max)).fold(1.0, f32::min);
    #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
    let mean = sum / asked.len() as f32;
    // Another given name is another person, however well the surname fits.
    if worst < 0.65 { mean.min(SAME - 0.05) * 0.95 } else { mean * 0.97 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[(&'static str, usize)]) -> People {
        let mut next = 0;
        let mut by_name = BTreeMap::new();
        for (name, count) in names {
            by_name.insert(*name, (next..next + count).collect());
            next += count;
        }
        People { named: merge(&by_name), unnamed: BTreeMap::new() }
    }

    fn meant(people: &People, typed: &str) -> Option<(String, usize)> {
        match people.meant(typed) {
            Meant::Named(person) => Some((person.name.clone(), person.quotations.len())),
            _ => None,
        }
    }

    #[test]
    fn one_person_has_one_entry_however_the_name_is_written() {
        let people = people(&[("Ann Lee", 2), ("Ann B. Lee", 1), ("A. Lee", 1), ("Lee", 3), ("Bob Poe", 1)]);
        assert_eq!(meant(&people, "Ann Lee"), Some(("Ann Lee".into(), 7)));
        assert_eq!(meant(&people, "Senator Lee"), Some(("Ann Lee".into(), 7)));
        assert_eq!(meant(&people, "ann leee"), Some(("Ann Lee".into(), 7)));
    }

    #[test]
    fn two_people_of_one_surname_stay_two() {
        let people = people(&[("Ann Lee", 2), ("Bob Lee", 1), ("Lee", 3)]);
        assert_eq!(meant(&people, "Ann Lee"), Some(("Ann Lee".into(), 2)));
        assert_eq!(meant(&people, "Lee"), Some(("Lee".into(), 3)));
        assert_eq!(meant(&people, "Carl Lee"), None);
    }

    #[test]
    fn letters_and_the_name_they_abbreviate_are_one() {
        let people = people(&[("Road Safety Board", 2), ("RSB", 1)]);
        assert_eq!(meant(&people, "RSB"), Some(("Road Safety Board".into(), 3)));
        assert_eq!(meant(&people, "the Road Safety Board"), Some(("Road Safety Board".into(), 3)));
    }

    #[test]
    fn nobody_of_that_name_gives_similar_ones() {
        let people = people(&[("Marianne Okafor", 2), ("Bob Poe", 1)]);
        assert!(meant(&people, "Marian Okafur").is_some());
        let Meant::Nobody(similar) = people.meant("Mirko Okafar") else { panic!("taken for someone") };
        assert_eq!(similar, ["Marianne Okafor"]);
        assert!(matches!(people.meant(""), Meant::Nobody(similar) if similar.is_empty()));
    }
}
