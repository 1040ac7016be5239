//! A named speaker of a library: the forms of the name, and the quotations.

use super::People;
use super::circle::{Circle, Person};
use super::forms::{Form, Letters};
use crate::quotes::block::At;
use crate::quotes::names::Suffix;

/// A named speaker.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaker<'p> {
    pub(super) people: &'p People,
    pub(super) key: &'p str,
    pub(super) circle: &'p Circle,
    /// Nobody where the name is a lone one that joins no full name: an index into the circle's people.
    pub(super) person: Option<usize>,
    /// The form of the name that is shown.
    pub(super) form: &'p Form,
}

impl<'p> Speaker<'p> {
    /// The commonest form of the full name.
    pub(crate) fn name(&self) -> &'p str {
        &self.form.name
    }

    /// That form.
    pub(super) fn form(&self) -> &'p Form {
        self.form
    }

    /// The words of that form.
    pub(super) fn words(&self) -> &'p [String] {
        &self.form.words
    }

    /// What follows them in that form.
    pub(super) fn suffix(&self) -> Option<Suffix> {
        self.form.suffix
    }

    /// What letters these words have.
    pub(super) fn letters(&self) -> &'p [Letters] {
        &self.form.letters
    }

    /// Whether letters stand for the name.
    pub(super) fn is_called(&self, letters: &str) -> bool {
        let of = |person: &Person| person.letters.iter().any(|known| known == letters);
        self.person().is_some_and(|person| of(person) || self.key == letters && self.circle.has_capitals())
    }

    fn person(&self) -> Option<&'p Person> {
        self.circle.people.get(self.person?)
    }

    /// The names that are this speaker's whoever else is quoted, the one that is shown before the others if it is one of them.
    /// A surname, letters or an initial are theirs only as long as nobody else comes whose they could be: they count where
    /// there is nothing else.
    pub(crate) fn names(&self) -> Vec<&'p str> {
        let Some(person) = self.person() else { return vec![self.name()] };
        let mut names: Vec<&str> =
            self.full(person).filter(|form| !form.is_initial()).map(|form| &*form.name).collect();
        if names.is_empty() {
            names = self.full(person).map(|form| &*form.name).collect();
        }
        names.sort_by_key(|name| (*name != self.name(), *name));
        names
    }

    /// How many quotations there are.
    pub(crate) fn count(&self) -> usize {
        match self.person() {
            // Nearly everybody has one name only.
            Some(person) if person.letters.is_empty() && self.circle.lone().next().is_none() => person.quoted,
            _ => self.each().count(),
        }
    }

    /// The quotations, in reading order.
    pub(crate) fn quotations(&self) -> Vec<At> {
        let mut all: Vec<At> = self.each().collect();
        all.sort_unstable();
        all
    }

    fn full(&self, person: &'p Person) -> impl Iterator<Item = &'p Form> + use<'p> {
        let circle = self.circle;
        person.forms.iter().filter_map(move |at| circle.forms.get(*at))
    }

    /// The quotations, by the forms of the name.
    fn each(&self) -> impl Iterator<Item = At> + use<'p> {
        let (people, circle, index, shown) = (self.people, self.circle, self.person, self.form);
        let person = self.person();
        let full = person.into_iter().flat_map(move |person| {
            person.forms.iter().filter_map(move |at| circle.forms.get(*at)).flat_map(|form| form.at.iter().copied())
        });
        let lone = circle.lone().filter(move |form| person.is_some() || std::ptr::eq(*form, shown));
        let lone = lone.flat_map(move |form| circle.of_lone(form, index));
        let letters = person.into_iter().flat_map(|person| &person.letters);
        let lettered = letters.filter(move |letters| people.stand_for_one(letters)).flat_map(move |letters| {
            let of = people.circles.get(letters.as_str()).filter(|of| of.people.is_empty());
            of.into_iter()
                .flat_map(|of| of.lone())
                .filter(|form| form.is_capitals())
                .flat_map(|form| form.at.iter().copied())
        });
        full.chain(lone).chain(lettered)
    }
}
