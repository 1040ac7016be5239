//! Speakers across articles: which names are one person, and who is meant by a name that someone types.
//!
//! Two names are one speaker when surname and given name agree (or one given name is the initial or short form of the
//! other). A lone surname joins a full name only if the library has just one speaker of that surname, or the article tells
//! which by an office or a pronoun, or one of them is quoted far more than all others; letters join the one name that they
//! abbreviate. Different given names never merge, nor do different middle names, nor a name with "Jr." and one without; a name
//! that could be that of two people stays its own.
//!
//! So full names meet only within their surname. That, with the lone name of the same word, is a circle: whatever
//! happens to one changes no other, and a library that changes works out anew the few circles that it touches. Only letters
//! reach further ("RSB" and “Road Safety Board”): who is meant by them is settled when it is asked.
//!
//! - `forms.rs`: names as articles write them; `circle.rs`: which of them are one person's.
//! - `speaker.rs`: a person with their quotations; `meant.rs`: who is meant by a typed name.

mod circle;
mod forms;
mod meant;
mod speaker;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use self::circle::Circle;
use self::forms::Form;
pub(super) use self::forms::Hint;
pub(super) use self::speaker::Speaker;
use super::block::{At, Page};
use super::shards::Shards;
use super::{lexicon, words};
use crate::library::ArticleId;

/// What quotations are listed under of which nothing says whose they are.
pub(super) const UNATTRIBUTED: &str = "unattributed";

/// Everyone who is quoted.
#[derive(Debug, Default, Clone)]
pub(super) struct People {
    /// By the last word of the name.
    circles: Shards<Arc<str>, Arc<Circle>>,
    /// By letters: the circles of the people whose names they abbreviate, one for each person.
    letters: Shards<Arc<str>, Arc<Vec<Arc<str>>>>,
    /// By any word of a full name: the circles in which it occurs.
    words: Shards<Arc<str>, Arc<BTreeSet<Arc<str>>>>,
    /// Speakers without a name, by the words of the article ("senators").
    unnamed: Shards<Arc<str>, Arc<Vec<At>>>,
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
        for (name, (at, hints)) in news.named {
            let form = Form::of(name, at, hints);
            if let Some(last) = form.words.last() {
                by_circle.entry(last.clone()).or_default().push(form);
            }
        }
        for (key, forms) in by_circle {
            let key: Arc<str> = key.into();
            let mut known = self.circles.around(&*key).remove(&*key).unwrap_or_default();
            let before = Listed::of(&known);
            let circle = Arc::make_mut(&mut known);
            for form in forms {
                match circle.forms.binary_search_by(|known| known.name.cmp(&form.name)) {
                    Ok(place) => {
                        if let Some(known) = circle.forms.get_mut(place) {
                            exchange(&mut known.at, gone, form.at);
                            known.hints.retain(|(article, _)| !gone.contains(article));
                            known.hints.extend(form.hints);
                            known.hints.sort_unstable_by_key(|(article, _)| *article);
                        }
                    }
                    Err(place) => circle.forms.insert(place, form),
                }
            }
            circle.forms.retain(|form| !form.at.is_empty());
            circle.settle();
            self.list(&key, &before, &Listed::of(&known));
            if !known.forms.is_empty() {
                self.circles.around(&*key).insert(key, known);
            }
        }
    }

    /// Lists a circle under other words and letters than before.
    fn list(&mut self, key: &Arc<str>, before: &Listed, now: &Listed) {
        for word in before.words.symmetric_difference(&now.words) {
            let shard = self.words.around(word.as_str());
            let mut keys = shard.remove(word.as_str()).unwrap_or_default();
            if now.words.contains(word) {
                Arc::make_mut(&mut keys).insert(Arc::clone(key));
            } else {
                Arc::make_mut(&mut keys).remove(&**key);
            }
            if !keys.is_empty() {
                shard.insert(word.as_str().into(), keys);
            }
        }
        let letters: BTreeSet<&String> = before.letters.iter().chain(&now.letters).collect();
        for letters in letters {
            let count = now.letters.iter().filter(|known| *known == letters).count();
            let shard = self.letters.around(letters.as_str());
            let mut keys = shard.remove(letters.as_str()).unwrap_or_default();
            let list = Arc::make_mut(&mut keys);
            list.retain(|known| known != key);
            list.extend((0..count).map(|_| Arc::clone(key)));
            if !keys.is_empty() {
                shard.insert(letters.as_str().into(), keys);
            }
        }
    }

    /// Whether letters abbreviate just one name.
    fn stand_for_one(&self, letters: &str) -> bool {
        self.letters.get(letters).is_some_and(|of| of.len() == 1)
    }

    /// The speaker whom an article calls by this name, as the library knows them.
    pub(super) fn named(&self, name: &str, article: ArticleId) -> Option<Speaker<'_>> {
        let words = forms::name_words(name);
        let (key, circle) = self.circles.entry(words.last()?.as_str())?;
        let at = circle.forms.binary_search_by(|form| (*form.name).cmp(name)).ok()?;
        let form = circle.forms.get(at)?;
        let person = if form.is_lone() {
            circle.meant_in(article)
        } else {
            circle.people.iter().position(|person| person.forms.contains(&at))
        };
        if let Some(person) = person {
            return self.speaker(key, circle, person);
        }
        if circle.people.is_empty() && form.is_capitals() && self.stand_for_one(key) {
            let (other, of) = self.circles.entry(&**self.letters.get(&**key)?.first()?)?;
            let person = of.people.iter().position(|person| person.letters.iter().any(|letters| **letters == **key))?;
            return self.speaker(other, of, person);
        }
        Some(Speaker { people: self, key, circle, person: None, form })
    }

    fn speaker<'p>(&'p self, key: &'p str, circle: &'p Circle, person: usize) -> Option<Speaker<'p>> {
        Some(Speaker { people: self, key, circle, person: Some(person), form: circle.form_of(person)? })
    }

    /// The named speakers, in no particular order.
    pub(super) fn speakers(&self) -> impl Iterator<Item = Speaker<'_>> {
        self.circles.iter().flat_map(move |(key, circle)| self.speakers_in(key, circle))
    }

    fn speakers_in<'p>(&'p self, key: &'p str, circle: &'p Circle) -> impl Iterator<Item = Speaker<'p>> {
        let speaker = move |person, form| Speaker { people: self, key, circle, person, form };
        let full = (0..circle.people.len()).filter_map(move |p| Some(speaker(Some(p), circle.form_of(p)?)));
        let joins = move |form: &Form| circle.people.is_empty() && form.is_capitals() && self.stand_for_one(key);
        let lone = circle.lone().filter(move |form| !joins(form) && circle.of_lone(form, None).next().is_some());
        full.chain(lone.map(move |form| speaker(None, form)))
    }

    /// What articles call those whom they do not name, with the quotations.
    pub(super) fn unnamed(&self) -> impl Iterator<Item = (&str, &[At])> {
        self.unnamed.iter().map(|(called, at)| (&**called, at.as_slice()))
    }

    /// Names and counts, most quoted first.
    pub(super) fn counted(&self) -> Vec<(Arc<str>, usize)> {
        let mut counted: Vec<(&Arc<str>, usize)> = self.speakers().map(|p| (&p.form().name, p.count())).collect();
        counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        counted.into_iter().map(|(name, count)| (Arc::clone(name), count)).collect()
    }
}

/// Under which words and letters a circle is listed.
#[derive(Debug)]
struct Listed {
    words: BTreeSet<String>,
    letters: Vec<String>,
}

impl Listed {
    fn of(circle: &Circle) -> Self {
        Self {
            words: circle.forms.iter().flat_map(|form| &form.words).cloned().collect(),
            letters: circle.people.iter().flat_map(|person| &person.letters).cloned().collect(),
        }
    }
}

/// The quotations of a name, and what articles tell beside it.
type Named = (Vec<At>, Vec<(ArticleId, Hint)>);

/// Names and what else speakers are called, with the quotations that came; none where some only went.
#[derive(Debug, Default)]
struct News<'a> {
    named: HashMap<&'a str, Named>,
    unnamed: HashMap<&'a str, Vec<At>>,
}

impl<'a> News<'a> {
    fn add(&mut self, page: &'a Page) {
        for (nth, held) in page.numbered() {
            if let Some(name) = &held.quotation.speaker_name {
                self.named.entry(name).or_default().0.push(At { article: held.article, nth });
            }
        }
        for (nth, hint) in &page.hints {
            let Some(held) = page.held.get(*nth as usize) else { continue };
            let Some(name) = held.quotation.speaker_name.as_deref() else { continue };
            let hints = &mut self.named.entry(name).or_default().1;
            // One page is one article, and all its hints come together.
            match hints.last_mut().filter(|(article, _)| *article == held.article) {
                Some((_, known)) => *known = known.with(*hint),
                None => hints.push((held.article, *hint)),
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

/// Takes the quotations of the articles `gone` out of a list, and puts others in; both in reading order.
fn exchange(list: &mut Vec<At>, gone: &BTreeSet<ArticleId>, mut new: Vec<At>) {
    for article in gone {
        let from = list.partition_point(|at| at.article < *article);
        let until = list.partition_point(|at| at.article <= *article);
        list.drain(from..until);
    }
    new.sort_unstable();
    // A few into many: the rest need not be sorted again.
    if new.len() * 16 < list.len() {
        for at in new {
            let place = list.partition_point(|known| *known < at);
            list.insert(place, at);
        }
    } else {
        list.extend(new);
        list.sort_unstable();
    }
}

/// What an unnamed speaker is called, without its article.
pub(super) fn common_words(phrase: &str) -> String {
    let all: Vec<String> = words::words_of(phrase).into_iter().map(|w| w.low).collect();
    let skip = all.iter().take_while(|w| lexicon::is_determiner(w) || lexicon::is_pronoun(w)).count();
    all.get(skip..).unwrap_or_default().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[(&'static str, usize)]) -> People {
        let mut people = People::default();
        let mut next = 0..;
        let mut at = || At { article: ArticleId(0), nth: next.next().unwrap() };
        let named =
            names.iter().map(|(name, count)| (*name, ((0..*count).map(|_| at()).collect(), Vec::new()))).collect();
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
    fn a_plain_name_that_could_be_that_of_two_stays_its_own() {
        let of = [("George Vale", 5), ("George H. W. Vale", 2), ("George W. Vale", 1), ("G. W. Vale", 1), ("Vale", 2)];
        let people = people(&of);
        assert_eq!(meant(&people, "George Vale"), Some(("George Vale".into(), 5)));
        assert_eq!(meant(&people, "George H. W. Vale"), Some(("George H. W. Vale".into(), 2)));
        assert_eq!(meant(&people, "George W. Vale"), Some(("George W. Vale".into(), 1)));
        assert_eq!(people.counted().len(), 5, "nor is it known whose the initials and the surname are");
    }

    #[test]
    fn of_very_many_namesakes_each_stays_their_own() {
        let given = |n: usize| format!("Ann B{n:03} Lee");
        let names: Vec<String> =
            (0..100).map(given).chain(["Ann Lee".into(), "A. Lee".into(), "Bo Lee".into()]).collect();
        let mut people = People::default();
        let at = |nth| vec![At { article: ArticleId(0), nth }];
        let named = (0..).zip(&names).map(|(nth, name)| (name.as_str(), (at(nth), Vec::new()))).collect();
        people.learn(News { named, unnamed: HashMap::new() }, &BTreeSet::new());
        assert_eq!(people.counted().len(), names.len());
    }

    #[test]
    fn the_son_is_not_the_father() {
        let people =
            people(&[("Robert Kett", 4), ("Robert Kett Jr.", 3), ("Robert Q. Kett Jr.", 1), ("Ann Lee Sr.", 1)]);
        assert_eq!(meant(&people, "Robert Kett"), Some(("Robert Kett".into(), 4)));
        assert_eq!(meant(&people, "Robert Kett, Jr."), Some(("Robert Kett Jr.".into(), 4)));
        assert_eq!(meant(&people, "Robert Kett III"), None);
        assert_eq!(meant(&people, "Ann Lee"), Some(("Ann Lee Sr.".into(), 1)));
        assert!(people.surely_named("Robert Kett").is_some() && people.surely_named("Ann Lee").is_none());
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
    fn of_two_with_one_surname_an_office_or_a_pronoun_tells_which() {
        let mut people = People::default();
        let at = |article, nth| At { article: ArticleId(article), nth };
        let hints = |article, words| vec![(ArticleId(article), Hint::of(words))];
        let named = HashMap::from([
            ("Donald Trump", (vec![at(0, 0)], hints(0, "President Donald Trump"))),
            ("Melania Trump", (vec![at(1, 0)], vec![])),
            ("Trump", (vec![at(2, 0), at(3, 0), at(4, 0)], [hints(2, "President Trump"), hints(3, "she")].concat())),
        ]);
        people.learn(News { named, unnamed: HashMap::new() }, &BTreeSet::new());
        let whom = |article| people.named("Trump", ArticleId(article)).map(|speaker| speaker.name());
        assert_eq!((whom(2), whom(3), whom(4)), (Some("Donald Trump"), Some("Melania Trump"), Some("Trump")));
        assert_eq!(meant(&people, "Donald Trump"), Some(("Donald Trump".into(), 2)));
        assert_eq!(meant(&people, "Melania Trump"), Some(("Melania Trump".into(), 2)));
        assert_eq!(people.counted().iter().map(|(_, count)| count).sum::<usize>(), 5);
    }

    #[test]
    fn whoever_is_quoted_far_more_is_meant_by_the_surname() {
        let people = people(&[("Bob Lee", 30), ("Ann Lee", 2), ("Lee", 3)]);
        assert_eq!(meant(&people, "Bob Lee"), Some(("Bob Lee".into(), 33)));
        assert_eq!(meant(&people, "Ann Lee"), Some(("Ann Lee".into(), 2)));
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
