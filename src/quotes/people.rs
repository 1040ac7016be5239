//! Speakers across articles: which names are one person, and who is meant by a name that someone types.
//!
//! Two names are one speaker when surname and given name agree (or one given name is the initial or short form of the
//! other). A lone surname joins a full name only if the library has just one speaker of that surname; letters join the
//! one name that they abbreviate. Different given names never merge.
//!
//! So full names meet only within their surname. That, with the lone name of the same word, is a [`Circle`]: whatever
//! happens to one changes no other, and a library that changes works out anew the few circles that it touches. Only letters
//! reach further ("RSB" and “Road Safety Board”): who is meant by them is settled when it is asked.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::block::{At, Page};
use super::shards::Shards;
use super::{given_names, lexicon, names, words};
use crate::library::ArticleId;

/// How like a typed name must be to be taken for a speaker's.
const SAME: f32 = 0.75;
/// How like it must be to be suggested.
const SIMILAR: f32 = 0.5;
/// Suggestions at most.
const SUGGESTIONS: usize = 5;

/// A name as articles write it.
#[derive(Debug, Clone)]
struct Form {
    name: Arc<str>,
    /// Its words in lower case, without titles.
    words: Vec<String>,
    /// What their letters are, to compare by first.
    letters: Vec<Letters>,
    /// The quotations whose speaker bears it, in reading order.
    at: Vec<At>,
}

impl Form {
    fn of(name: &str, at: Vec<At>) -> Self {
        let words = name_words(name);
        Self { name: name.into(), letters: words.iter().map(|word| Letters::of(word)).collect(), words, at }
    }

    /// Whether it is one word.
    fn is_lone(&self) -> bool {
        self.words.len() == 1
    }

    /// Whether of the given name it has only the initial.
    fn is_initial(&self) -> bool {
        self.words.len() > 1 && self.words.first().is_some_and(|first| first.chars().count() == 1)
    }

    /// Whether it is letters as an abbreviation is.
    fn is_capitals(&self) -> bool {
        self.name.chars().filter(|c| c.is_alphabetic()).count() > 1 && !self.name.chars().any(char::is_lowercase)
    }
}

/// Which letters a word has, and how many.
#[derive(Debug, Clone, Copy)]
struct Letters {
    /// A bit for each letter of the alphabet; the other characters share some.
    which: u32,
    count: u32,
}

impl Letters {
    fn of(word: &str) -> Self {
        let bit =
            |c: char| 1 << if c.is_ascii_lowercase() { u32::from(c) - u32::from('a') } else { 26 + u32::from(c) % 6 };
        let (mut which, mut count) = (0, 0);
        for c in word.chars() {
            which |= bit(c);
            count += 1;
        }
        Self { which, count }
    }

    /// How like two words can be at most, as normalised edit distance: a letter that only one of them has is an edit, and
    /// so is each that one is longer by.
    fn most_like(&self, other: &Self) -> f32 {
        let only = |one: u32, other: u32| (one & !other).count_ones();
        let edits =
            only(self.which, other.which).max(only(other.which, self.which)).max(self.count.abs_diff(other.count));
        #[expect(clippy::cast_precision_loss, reason = "a word has few letters")]
        let like = 1.0 - edits as f32 / self.count.max(other.count).max(1) as f32;
        like
    }
}

/// Full names that are one person's.
#[derive(Debug, Clone)]
struct Person {
    /// The form that most quotations use, as an index into [`Circle::forms`].
    named: usize,
    /// All of them.
    forms: Vec<usize>,
    /// The letters that stand for the name, where it has more than two words.
    letters: Vec<String>,
}

/// The names that end in one word, and who bears them.
#[derive(Debug, Clone, Default)]
struct Circle {
    /// In alphabetical order, full and lone.
    forms: Vec<Form>,
    people: Vec<Person>,
}

impl Circle {
    /// Finds out anew which full names are one person's.
    fn settle(&mut self) {
        let mut people: Vec<Person> = Vec::new();
        let form = |at: usize| self.forms.get(at);
        let mut full: Vec<(usize, &Form)> = self.forms.iter().enumerate().filter(|(_, form)| !form.is_lone()).collect();
        // Names with an initial last: an "A. Lee" may be Ann or Adam, and must not make one person of the two.
        full.sort_by_key(|(_, form)| form.is_initial());
        for (at, full) in full {
            let fits = |p: &&mut Person| {
                let forms = p.forms.iter().filter_map(|at| form(*at));
                forms.into_iter().all(|known| one_person(&known.words, &full.words))
            };
            let mut fitting = people.iter_mut().filter(fits);
            let known = fitting.next().filter(|_| fitting.next().is_none());
            if let Some(person) = known {
                person.forms.push(at);
                if form(person.named).is_some_and(|named| full.at.len() > named.at.len()) {
                    person.named = at;
                }
            } else {
                people.push(Person { named: at, forms: vec![at], letters: Vec::new() });
            }
        }
        for person in &mut people {
            let words = self.forms.get(person.named).map_or(&[][..], |named| &named.words);
            if words.len() > 2 {
                let mut letters = names::initials(words.iter().map(String::as_str)).to_vec();
                letters.dedup();
                person.letters = letters;
            }
        }
        self.people = people;
    }

    fn lone(&self) -> impl Iterator<Item = &Form> {
        self.forms.iter().filter(|form| form.is_lone())
    }

    /// Whether capitals stand for the only person.
    fn has_capitals(&self) -> bool {
        self.people.len() == 1 && self.lone().any(Form::is_capitals)
    }
}

/// Everyone who is quoted.
#[derive(Debug, Default, Clone)]
pub(super) struct People {
    /// By the last word of the name.
    circles: Shards<Arc<str>, Arc<Circle>>,
    /// By letters: how many people's names they abbreviate.
    letters: Shards<Arc<str>, u32>,
    /// Speakers without a name, by the words of the article ("senators").
    unnamed: Shards<Arc<str>, Arc<Vec<At>>>,
}

/// A named speaker.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaker<'p> {
    people: &'p People,
    key: &'p str,
    circle: &'p Circle,
    /// Nobody where the name is a lone one that joins no full name.
    person: Option<&'p Person>,
    /// The form of the name that is shown.
    form: &'p Form,
}

impl<'p> Speaker<'p> {
    /// The fullest form of the name; of equals the commonest.
    pub(super) fn name(&self) -> &'p str {
        &self.form.name
    }

    /// The names that are this speaker's whoever else is quoted, the one that is shown before the others if it is one of them.
    /// A surname, letters or an initial are theirs only as long as nobody else comes whose they could be: they count where
    /// there is nothing else.
    pub(super) fn names(&self) -> Vec<&'p str> {
        let Some(person) = self.person else { return vec![self.name()] };
        let mut names: Vec<&str> =
            self.full(person).filter(|form| !form.is_initial()).map(|form| &*form.name).collect();
        if names.is_empty() {
            names = self.full(person).map(|form| &*form.name).collect();
        }
        names.sort_by_key(|name| (*name != self.name(), *name));
        names
    }

    /// How many quotations there are.
    pub(super) fn count(&self) -> usize {
        self.lists().into_iter().map(<[At]>::len).sum()
    }

    /// The quotations, in reading order.
    pub(super) fn quotations(&self) -> Vec<At> {
        let mut all: Vec<At> = self.lists().concat();
        all.sort_unstable();
        all
    }

    fn full(&self, person: &'p Person) -> impl Iterator<Item = &'p Form> {
        person.forms.iter().filter_map(|at| self.circle.forms.get(*at))
    }

    /// The quotations, by the forms of the name.
    fn lists(&self) -> Vec<&'p [At]> {
        let Some(person) = self.person else { return vec![&self.form.at] };
        let mut forms: Vec<&Form> = self.full(person).collect();
        if self.circle.people.len() == 1 {
            forms.extend(self.circle.lone());
        }
        for letters in person.letters.iter().filter(|letters| self.people.stand_for_one(letters)) {
            let of = self.people.circles.get(letters.as_str()).filter(|of| of.people.is_empty());
            forms.extend(of.into_iter().flat_map(|of| of.lone()).filter(|form| form.is_capitals()));
        }
        forms.into_iter().map(|form| form.at.as_slice()).collect()
    }
}

/// Who is meant by a typed name.
#[derive(Debug)]
pub(super) enum Meant<'p> {
    /// A named speaker.
    Named(Speaker<'p>),
    /// Words by which articles speak of someone they do not name.
    Unnamed(&'p str, &'p [At]),
    /// Nobody; these names are similar, best first.
    Nobody(Vec<String>),
}

impl People {
    /// The same people after articles were changed: what the pages of these articles were, and what they are.
    pub(super) fn updated(&self, old: &[&Page], new: &[&Page]) -> Self {
        let mut people = self.clone();
        let mut news = News::default();
        old.iter().for_each(|page| news.forget(page));
        new.iter().for_each(|page| news.add(page));
        let gone = old.iter().filter_map(|page| page.held.first()).map(|held| held.article).collect();
        people.learn(news, &gone);
        people
    }

    /// Takes in what changed; quotations of the articles `gone` that are not among the news are no more.
    fn learn(&mut self, news: News<'_>, gone: &BTreeSet<ArticleId>) {
        for (key, at) in news.unnamed {
            let shard = self.unnamed.around(key);
            let mut known = shard.remove(key).unwrap_or_default();
            exchange(Arc::make_mut(&mut known), gone, at);
            if !known.is_empty() {
                shard.insert(key.into(), known);
            }
        }
        let mut by_circle: HashMap<String, Vec<Form>> = HashMap::new();
        for (name, at) in news.named {
            let form = Form::of(name, at);
            if let Some(last) = form.words.last() {
                by_circle.entry(last.clone()).or_default().push(form);
            }
        }
        for (key, forms) in by_circle {
            let mut known = self.circles.around(key.as_str()).remove(key.as_str()).unwrap_or_default();
            self.count_letters(&known, |count| *count -= 1);
            let circle = Arc::make_mut(&mut known);
            for form in forms {
                match circle.forms.binary_search_by(|known| known.name.cmp(&form.name)) {
                    Ok(place) => {
                        if let Some(known) = circle.forms.get_mut(place) {
                            exchange(&mut known.at, gone, form.at);
                        }
                    }
                    Err(place) => circle.forms.insert(place, form),
                }
            }
            circle.forms.retain(|form| !form.at.is_empty());
            circle.settle();
            self.count_letters(&known, |count| *count += 1);
            if !known.forms.is_empty() {
                self.circles.around(key.as_str()).insert(key.as_str().into(), known);
            }
        }
    }

    fn count_letters(&mut self, circle: &Circle, mut count: impl FnMut(&mut u32)) {
        for letters in circle.people.iter().flat_map(|person| &person.letters) {
            let shard = self.letters.around(letters.as_str());
            let mut known = shard.remove(letters.as_str()).unwrap_or(0);
            count(&mut known);
            if known > 0 {
                shard.insert(letters.as_str().into(), known);
            }
        }
    }

    /// Whether letters abbreviate just one name.
    fn stand_for_one(&self, letters: &str) -> bool {
        self.letters.get(letters) == Some(&1)
    }

    /// The named speakers, in no particular order.
    pub(super) fn speakers(&self) -> impl Iterator<Item = Speaker<'_>> {
        self.circles.iter().flat_map(move |(key, circle)| self.speakers_in(key, circle))
    }

    fn speakers_in<'p>(&'p self, key: &'p str, circle: &'p Circle) -> impl Iterator<Item = Speaker<'p>> {
        let speaker = move |person, form| Speaker { people: self, key, circle, person, form };
        let full = circle.people.iter().filter_map(move |p| Some(speaker(Some(p), circle.forms.get(p.named)?)));
        let joins = move |form: &Form| match circle.people.len() {
            0 => form.is_capitals() && self.stand_for_one(key),
            one => one == 1,
        };
        let lone = circle.lone().filter(move |form| !joins(form));
        full.chain(lone.map(move |form| speaker(None, form)))
    }

    /// Names and counts, most quoted first.
    pub(super) fn counted(&self) -> Vec<(String, usize)> {
        let mut counted: Vec<(&str, usize)> = self.speakers().map(|p| (p.name(), p.count())).collect();
        counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counted.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
    }

    /// Who is meant by `typed`: any form of a name, with or without title, misspelt or not.
    pub(super) fn meant(&self, typed: &str) -> Meant<'_> {
        let asked = name_words(typed);
        let like = self.speakers().map(|p| (likeness(&asked, &p), p)).filter(|(like, _)| *like >= SIMILAR);
        let mut ranked: Vec<(f32, usize, Speaker<'_>)> = like.map(|(like, p)| (like, p.count(), p)).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then_with(|| a.2.name().cmp(b.2.name())));
        if let Some((like, _, person)) = ranked.first()
            && *like >= SAME
        {
            return Meant::Named(*person);
        }
        if let Some((words, quotations)) = self.unnamed.entry(common_words(typed).as_str()) {
            return Meant::Unnamed(words, quotations);
        }
        Meant::Nobody(ranked.into_iter().take(SUGGESTIONS).map(|(_, _, p)| p.name().to_owned()).collect())
    }
}

/// Names and what else speakers are called, with the quotations that came; none where some only went.
#[derive(Debug, Default)]
struct News<'a> {
    named: HashMap<&'a str, Vec<At>>,
    unnamed: HashMap<&'a str, Vec<At>>,
}

impl<'a> News<'a> {
    fn add(&mut self, page: &'a Page) {
        for (nth, held) in page.numbered() {
            if let Some(name) = &held.quotation.speaker_name {
                self.named.entry(name).or_default().push(At { article: held.article, nth });
            }
        }
        if let Some(first) = page.held.first() {
            for (nth, called) in &page.unnamed {
                self.unnamed.entry(called).or_default().push(At { article: first.article, nth: *nth });
            }
        }
    }

    fn forget(&mut self, page: &'a Page) {
        for name in page.held.iter().filter_map(|held| held.quotation.speaker_name.as_deref()) {
            self.named.entry(name).or_default();
        }
        for (_, called) in &page.unnamed {
            self.unnamed.entry(called).or_default();
        }
    }
}

/// Takes the quotations of the articles `gone` out of a list, and puts others in.
fn exchange(list: &mut Vec<At>, gone: &BTreeSet<ArticleId>, new: Vec<At>) {
    if !gone.is_empty() {
        list.retain(|at| !gone.contains(&at.article));
    }
    list.extend(new);
    list.sort_unstable();
}

/// The words of a name, without titles before it and suffixes after it.
fn name_words(name: &str) -> Vec<String> {
    let all: Vec<String> =
        words::words_of(name).into_iter().map(|w| w.low).filter(|w| !names::is_suffix(w) && w != "s").collect();
    let titles = all.iter().take_while(|w| lexicon::is_title(w) || *w == "the" || *w == "us").count();
    if titles < all.len() { all.into_iter().skip(titles).collect() } else { all }
}

/// What an unnamed speaker is called, without its article.
pub(super) fn common_words(phrase: &str) -> String {
    let all: Vec<String> = words::words_of(phrase).into_iter().map(|w| w.low).collect();
    let skip = all.iter().take_while(|w| lexicon::is_determiner(w) || lexicon::is_pronoun(w)).count();
    all.get(skip..).unwrap_or_default().join(" ")
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
fn likeness(asked: &[String], speaker: &Speaker<'_>) -> f32 {
    let stored = &speaker.form.words;
    let (Some(first), Some(last)) = (asked.first(), asked.last()) else { return 0.0 };
    if asked == stored {
        return 1.0;
    }
    if let [letters] = asked
        && speaker.person.is_some_and(|person| {
            person.letters.contains(letters) || speaker.key == letters && speaker.circle.has_capitals()
        })
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
    // Comparing letter by letter is slow, and most of thousands of names have nothing to do with the one that was typed.
    let most = |a: &Letters| speaker.form.letters.iter().map(|b| a.most_like(b)).fold(0.0, f32::max);
    let most: f32 = asked.iter().map(|word| most(&Letters::of(word))).sum();
    #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
    if most / (asked.len() as f32) < SIMILAR {
        return 0.0;
    }
    let (mut sum, mut worst) = (0.0_f32, 1.0_f32);
    for word in asked {
        let best = stored.iter().map(|other| near(word, other)).fold(0.0, f32::max);
        sum += best;
        worst = worst.min(best);
    }
    #[expect(clippy::cast_precision_loss, reason = "a name has few words")]
    let mean = sum / asked.len() as f32;
    // Another given name is another person, however well the surname fits.
    if worst < 0.65 { mean.min(SAME - 0.05) * 0.95 } else { mean * 0.97 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[(&'static str, usize)]) -> People {
        let mut people = People::default();
        let mut next = 0..;
        let mut at = || At { article: ArticleId(0), nth: next.next().unwrap() };
        let named = names.iter().map(|(name, count)| (*name, (0..*count).map(|_| at()).collect())).collect();
        people.learn(News { named, unnamed: HashMap::new() }, &BTreeSet::new());
        people
    }

    fn meant(people: &People, typed: &str) -> Option<(String, usize)> {
        match people.meant(typed) {
            Meant::Named(person) => Some((person.name().to_owned(), person.count())),
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
    fn an_initial_makes_no_one_of_two_people() {
        let people = people(&[("A. Lee", 5), ("Adam Lee", 2), ("Ann Lee", 1), ("B. Poe", 1), ("Bob Poe", 3)]);
        assert_eq!(meant(&people, "Adam Lee"), Some(("Adam Lee".into(), 2)));
        assert_eq!(meant(&people, "Ann Lee"), Some(("Ann Lee".into(), 1)));
        assert_eq!(meant(&people, "B. Poe"), Some(("Bob Poe".into(), 4)));
    }

    #[test]
    fn the_letters_of_two_words_bound_their_likeness() {
        let words = ["lee", "leee", "poe", "okafor", "okafur", "zürich", "zurich", "", "a", "annabel", "labenna"];
        for (one, other) in words.iter().flat_map(|one| words.iter().map(move |other| (one, other))) {
            let like = strsim::normalized_damerau_levenshtein(one, other);
            let most = f64::from(Letters::of(one).most_like(&Letters::of(other)));
            assert!(most >= like - 1e-6, "{one} {other}: {most} {like}");
        }
        assert!(Letters::of("okafor").most_like(&Letters::of("smith")) < 0.2);
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
