//! The names that end in one word, and which of them are one person's.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::forms::{Form, one_person};
use crate::library::ArticleId;
use crate::quotes::block::At;
use crate::quotes::{given_names, names};

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

/// People of one surname and given name that a further form of it is compared with.
const MOST_NAMESAKES: usize = 64;

/// The people of a circle by their given names, so that a form is compared only with those whose it may be.
#[derive(Debug, Default)]
struct Namesakes<'f> {
    /// By the given name of the fullest form.
    given: HashMap<&'f str, Vec<usize>>,
    /// By the first letter of that.
    letter: HashMap<char, Vec<usize>>,
    /// Each person's forms that differ in their words.
    forms: Vec<Vec<usize>>,
}

impl<'f> Namesakes<'f> {
    /// The people whose given name may be that of `form`; of very many, some.
    fn of(&self, form: &'f Form) -> impl Iterator<Item = usize> {
        let given = form.words.first().map_or("", String::as_str);
        let short = given_names::SHORT_FORMS.iter().filter_map(move |(short, long)| match given {
            _ if *short == given => Some(*long),
            _ if *long == given => Some(*short),
            _ => None,
        });
        let named = std::iter::once(given).chain(short).filter_map(|given| self.given.get(given));
        let first = given.chars().next().filter(|_| form.is_initial());
        let lettered = first.and_then(|first| self.letter.get(&first));
        let lists = named.filter(move |_| first.is_none()).chain(lettered);
        lists.flatten().copied().take(MOST_NAMESAKES + 1)
    }

    fn add(&mut self, form: &'f Form, at: usize) {
        let given = form.words.first().map_or("", String::as_str);
        self.given.entry(given).or_default().push(self.forms.len());
        self.letter.entry(given.chars().next().unwrap_or_default()).or_default().push(self.forms.len());
        self.forms.push(vec![at]);
    }

    fn join(&mut self, person: usize, at: usize, same: impl Fn(usize) -> bool) {
        if let Some(forms) = self.forms.get_mut(person).filter(|forms| !forms.iter().any(|known| same(*known))) {
            forms.push(at);
        }
    }
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
        let mut namesakes = Namesakes::default();
        for (at, full) in full {
            let fits = |person: &&usize| {
                let forms = namesakes.forms.get(**person).into_iter().flatten().filter_map(|at| form(*at));
                forms.into_iter().all(|known| known.suffix == full.suffix && one_person(&known.words, &full.words))
            };
            let candidates: Vec<usize> = namesakes.of(full).collect();
            let mut fitting = candidates.iter().filter(fits);
            // Of whom so many could be meant nobody is.
            let known =
                fitting.next().filter(|_| fitting.next().is_none() && candidates.len() <= MOST_NAMESAKES).copied();
            if let Some((person, index)) = known.and_then(|index| Some((people.get_mut(index)?, index))) {
                person.forms.push(at);
                namesakes.join(index, at, |known| form(known).is_some_and(|known| known.words == full.words));
                // Of equally common forms the plain one: "Donald Trump", not "Donald J. Trump".
                let rank = |form: &Form| (form.at.len(), Reverse(form.fullness()));
                if form(person.named).is_some_and(|named| !full.is_initial() && rank(full) > rank(named)) {
                    person.named = at;
                }
            } else {
                namesakes.add(full, at);
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
            // Once for each article: its quotations stand together.
            let articles = lone.at.chunk_by(|one, other| one.article == other.article).filter_map(<[At]>::first);
            for at in articles {
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
