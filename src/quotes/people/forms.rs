//! Names as articles write them, and what an article tells beside one.

use std::sync::Arc;

use crate::library::ArticleId;
use crate::quotes::block::At;
use crate::quotes::given_names::{self, Gender};
use crate::quotes::names::Suffix;
use crate::quotes::{lexicon, names, words};

/// A name as articles write it.
#[derive(Debug, Clone)]
pub(super) struct Form {
    pub name: Arc<str>,
    /// Its words in lower case, without titles and suffix.
    pub words: Vec<String>,
    /// "Jr.": the son is not the father.
    pub suffix: Option<Suffix>,
    /// What their letters are, to compare by first.
    pub letters: Vec<Letters>,
    /// The quotations whose speaker bears it, in reading order.
    pub at: Vec<At>,
    /// What articles tell beside it, where they tell something.
    pub hints: Vec<(ArticleId, Hint)>,
}

impl Form {
    pub(super) fn of(name: &str, at: Vec<At>, hints: Vec<(ArticleId, Hint)>) -> Self {
        let words = name_words(name);
        let letters = words.iter().map(|word| Letters::of(word)).collect();
        Self { name: name.into(), letters, words, suffix: suffix_of(name), at, hints }
    }

    /// How many words there are of it.
    pub(super) fn fullness(&self) -> usize {
        self.words.len() + usize::from(self.suffix.is_some())
    }

    /// Whether it is one word.
    pub(super) fn is_lone(&self) -> bool {
        self.words.len() == 1
    }

    /// Whether of the given name it has only the initial.
    pub(super) fn is_initial(&self) -> bool {
        self.words.len() > 1 && self.words.first().is_some_and(|first| first.chars().count() == 1)
    }

    /// Whether it is letters as an abbreviation is.
    pub(super) fn is_capitals(&self) -> bool {
        self.name.chars().filter(|c| c.is_alphabetic()).count() > 1 && !self.name.chars().any(char::is_lowercase)
    }

    /// What its own words and all articles tell.
    pub(super) fn told(&self) -> Hint {
        let given = self.words.first().filter(|_| !self.is_lone()).and_then(|given| given_names::gender(given));
        self.hints.iter().fold(Hint::of_gender(given), |all, (_, hint)| all.with(*hint))
    }

    /// What one article tells.
    pub(super) fn told_by(&self, article: ArticleId) -> Hint {
        self.hints.iter().find(|(id, _)| *id == article).map_or_else(Hint::default, |(_, hint)| *hint)
    }
}

/// What an article tells of someone beside their name: the titles that they bear, "he" or "she".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// A bit for each of [`OFFICES`].
    offices: u32,
    he: bool,
    she: bool,
}

/// Titles by which two people of one surname can be told apart; at most 32.
const OFFICES: [&str; 30] = [
    "president",
    "senator",
    "representative",
    "governor",
    "mayor",
    "judge",
    "justice",
    "minister",
    "prime",
    "secretary",
    "chancellor",
    "premier",
    "king",
    "queen",
    "prince",
    "princess",
    "pope",
    "cardinal",
    "bishop",
    "archbishop",
    "sheriff",
    "general",
    "colonel",
    "captain",
    "professor",
    "coach",
    "speaker",
    "ambassador",
    "commissioner",
    "rabbi",
];

/// Short forms of them.
const SHORT: [(&str, &str); 8] = [
    ("sen", "senator"),
    ("rep", "representative"),
    ("congressman", "representative"),
    ("congresswoman", "representative"),
    ("gov", "governor"),
    ("gen", "general"),
    ("capt", "captain"),
    ("prof", "professor"),
];

impl Hint {
    /// What the words tell that name a speaker at a quotation: "President Trump", "he".
    pub(crate) fn of(speaker_words: &str) -> Self {
        let mut hint = Self::default();
        for word in words::words_of(speaker_words) {
            let low = SHORT.iter().find(|(short, _)| *short == word.low).map_or(word.low.as_str(), |(_, long)| long);
            if let Some(at) = OFFICES.iter().position(|office| *office == low) {
                hint.offices |= 1 << at;
            }
            hint.he |= matches!(low, "he" | "his" | "him") || lexicon::is_mans_title(low);
            hint.she |= matches!(low, "she" | "her") || lexicon::is_womans_title(low);
        }
        hint
    }

    fn of_gender(gender: Option<Gender>) -> Self {
        Self { he: gender == Some(Gender::Man), she: gender == Some(Gender::Woman), ..Self::default() }
    }

    /// Both together.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { offices: self.offices | other.offices, he: self.he | other.he, she: self.she | other.she }
    }

    /// Whether it tells nothing.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Whether the two cannot be of one person: one is only "he", the other only "she".
    pub(super) fn excludes(self, other: Self) -> bool {
        let only = |one: Self, other: Self| one.he && !one.she && other.she && !other.he;
        only(self, other) || only(other, self)
    }

    /// Whether both bear one office.
    pub(super) fn shares_an_office_with(self, other: Self) -> bool {
        self.offices & other.offices != 0
    }
}

/// Which letters a word has, and how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letters {
    /// A bit for each letter of the alphabet; the other characters share some.
    which: u32,
    count: u32,
}

impl Letters {
    pub(super) fn of(word: &str) -> Self {
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
    pub(super) fn most_like(&self, other: &Self) -> f32 {
        let only = |one: u32, other: u32| (one & !other).count_ones();
        let edits =
            only(self.which, other.which).max(only(other.which, self.which)).max(self.count.abs_diff(other.count));
        #[expect(clippy::cast_precision_loss, reason = "a word has few letters")]
        let like = 1.0 - edits as f32 / self.count.max(other.count).max(1) as f32;
        like
    }
}

/// The words of a name, without titles before it and suffixes after it.
pub(super) fn name_words(name: &str) -> Vec<String> {
    let all: Vec<String> =
        words::words_of(name).into_iter().map(|w| w.low).filter(|w| !names::is_suffix(w) && w != "s").collect();
    let titles = all.iter().take_while(|w| lexicon::is_title(w) || *w == "the" || *w == "us").count();
    if titles < all.len() { all.into_iter().skip(titles).collect() } else { all }
}

/// What follows the surname and tells its bearer from another one.
pub(super) fn suffix_of(name: &str) -> Option<Suffix> {
    let words = words::words_of(name);
    let last = words.iter().rfind(|word| word.low != "s").filter(|_| words.len() > 1)?;
    Suffix::of(&last.low)
}

/// Whether two full names can be one person's, suffixes aside.
pub(super) fn one_person(one: &[String], other: &[String]) -> bool {
    one.last() == other.last()
        && match (one.first(), other.first()) {
            (Some(a), Some(b)) => same_given_name(a, b),
            _ => false,
        }
        && names::middle_agrees(middle(one), middle(other))
}

/// What stands between given name and surname.
fn middle(words: &[String]) -> &[String] {
    words.get(1..words.len().saturating_sub(1)).unwrap_or_default()
}

fn same_given_name(one: &str, other: &str) -> bool {
    let initial = |a: &str, b: &str| a.chars().count() == 1 && b.starts_with(a);
    let short = |a: &str, b: &str| given_names::SHORT_FORMS.contains(&(a, b));
    one == other || initial(one, other) || initial(other, one) || short(one, other) || short(other, one)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn what_stands_beside_a_name_tells_people_apart() {
        assert!(Hint::of("President Trump").shares_an_office_with(Hint::of("former President Donald Trump")));
        assert!(!Hint::of("Mr. Johnson").shares_an_office_with(Hint::of("Prime Minister Boris Johnson")));
        assert!(Hint::of("he").excludes(Hint::of("Mrs Quiller")));
        assert!(!Hint::of("he").excludes(Hint::of("Quiller")));
        assert!(Hint::of("the plumber").is_empty());
    }
}
