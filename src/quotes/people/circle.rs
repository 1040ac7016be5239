//! The names that end in one word, and which of them are one person's.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::forms::{Form, one_person};
use crate::library::ArticleId;
use crate::quotes::block::At;
use crate::quotes::names;

/// Of a surname that several bear, whoever is quoted so often …
const MUCH_QUOTED: usize = 20;
/// … and so many times as often as all others together is meant by the surname alone.
const OUTWEIGHS: usize = 10;

/// Full names that are one person's.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// The form that most quotations use, of those that have more than an initial for a given name, if there is any: an index
    /// into [`Circle::forms`].
    pub named: usize,
    /// All of them.
    pub forms: Vec<usize>,
    /// The letters that stand for the name, where it has more than two words.
    pub letters: Vec<String>,
    /// How many quotations there are of the full names.
    pub quoted: usize,
}

/// The names that end in one word, and who bears them.
#[derive(Debug, Clone, Default)]
pub(super) struct Circle {
    /// In alphabetical order, full and lone.
    pub forms: Vec<Form>,
    pub people: Vec<Person>,
    /// Where several bear the surname: the articles that call one of them by the surname alone, and whom.
    meant: HashMap<ArticleId, usize>,
}

impl Circle {
    /// Finds out anew which full names are one person's, and whom the surname alone means.
    pub(super) fn settle(&mut self) {
        self.people = self.people_of_full_names();
        for person in &mut self.people {
            let forms = &self.forms;
            let words = forms.get(person.named).map_or(&[][..], |named| &named.words);
            if words.len() > 2 {
                let mut letters = names::initials(words.iter().map(String::as_str)).to_vec();
                letters.dedup();
                person.letters = letters;
            }
            person.quoted = person.forms.iter().filter_map(|at| forms.get(*at)).map(|form| form.at.len()).sum();
        }
        self.meant = self.meant_by_surname();
    }

    fn people_of_full_names(&self) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        let form = |at: usize| self.forms.get(at);
        let mut full: Vec<(usize, &Form)> = self.forms.iter().enumerate().filter(|(_, form)| !form.is_lone()).collect();
        // Fuller names first: a "John Smith" may be John A. or John B., and must not make one person of the two. Names with an
        // initial last: an "A. Lee" may be Ann or Adam.
        full.sort_by_key(|(_, form)| (form.is_initial(), Reverse(form.fullness())));
        for (at, full) in full {
            let fits = |p: &&mut Person| {
                let forms = p.forms.iter().filter_map(|at| form(*at));
                forms.into_iter().all(|known| known.suffix == full.suffix && one_person(&known.words, &full.words))
            };
            let mut fitting = people.iter_mut().filter(fits);
            let known = fitting.next().filter(|_| fitting.next().is_none());
            if let Some(person) = known {
                person.forms.push(at);
                // Of equally common forms the plain one: "Donald Trump", not "Donald J. Trump".
                let rank = |form: &Form| (form.at.len(), Reverse(form.fullness()));
                if form(person.named).is_some_and(|named| !full.is_initial() && rank(full) > rank(named)) {
                    person.named = at;
                }
            } else {
                people.push(Person { named: at, forms: vec![at], letters: Vec::new(), quoted: 0 });
            }
        }
        people
    }

    /// Whom articles mean that never give more than the surname: the only one who shares the office that stands there, or
    /// who is quoted far more than all others, unless it is told that it is a man and the one a woman.
    fn meant_by_surname(&self) -> HashMap<ArticleId, usize> {
        if self.people.is_empty() || self.lone().next().is_none() {
            return HashMap::new();
        }
        let told: Vec<_> = self
            .people
            .iter()
            .map(|person| {
                let forms = person.forms.iter().filter_map(|at| self.forms.get(*at));
                forms.map(Form::told).reduce(super::forms::Hint::with).unwrap_or_default()
            })
            .collect();
        let all: usize = self.people.iter().map(|person| person.quoted).sum();
        let outweighs = |p: &Person| p.quoted >= MUCH_QUOTED && p.quoted >= OUTWEIGHS * (all - p.quoted);
        let first = self.people.iter().position(outweighs);
        let mut meant = HashMap::new();
        for lone in self.lone() {
            for at in &lone.at {
                let hint = lone.told_by(at.article);
                let may: Vec<usize> = (0..).zip(&told).filter(|(_, t)| !hint.excludes(**t)).map(|(p, _)| p).collect();
                let with_office: Vec<usize> = (0..)
                    .zip(&told)
                    .filter(|(_, told)| hint.shares_an_office_with(**told))
                    .map(|(person, _)| person)
                    .collect();
                let whom = match (with_office.as_slice(), may.as_slice(), self.people.len()) {
                    // The only one of that surname, if the article says nothing against it.
                    (_, [one], 1) => Some(*one),
                    ([one], ..) if may.contains(one) => Some(*one),
                    // Of a couple, pronouns tell which; there the surname alone was clear enough for the writer.
                    (_, [one], _) if !hint.is_empty() && self.people.len() == 2 => Some(*one),
                    _ => first.filter(|one| may.contains(one)),
                };
                if let Some(whom) = whom {
                    meant.insert(at.article, whom);
                }
            }
        }
        meant
    }

    /// The form by which a person is called.
    pub(super) fn form_of(&self, person: usize) -> Option<&Form> {
        self.forms.get(self.people.get(person)?.named)
    }

    /// The names of one word.
    pub(super) fn lone(&self) -> impl Iterator<Item = &Form> {
        self.forms.iter().filter(|form| form.is_lone())
    }

    /// Whom the surname alone means in an article: an index into [`Circle::people`].
    pub(super) fn meant_in(&self, article: ArticleId) -> Option<usize> {
        self.meant.get(&article).copied()
    }

    /// Of a lone name the quotations that are a person's, or nobody's who is named more fully.
    pub(super) fn of_lone<'c>(&'c self, lone: &'c Form, person: Option<usize>) -> impl Iterator<Item = At> + 'c {
        lone.at.iter().filter(move |at| self.meant_in(at.article) == person).copied()
    }

    /// Whether capitals stand for the only person.
    pub(super) fn has_capitals(&self) -> bool {
        self.people.len() == 1 && self.lone().any(Form::is_capitals)
    }
}
