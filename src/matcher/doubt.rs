//! What the weights do not see: a passage that has all the words of a question, and tells of somebody else.

use super::asked::AnswerKind;
use super::confidence::LIFE_WITHIN;
use super::evidence::Evidence;
use super::features::written;
use super::query::{Query, Terms};
use super::ranking::Ranked;
use super::terms::Folder;
use crate::library::Library;

/// Why a passage that the confidence takes for an answer is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// A full name was asked about, and the article has its parts only in other names.
    OtherNames,
    /// What was asked of somebody (their age, their children) is told there, but of others.
    OtherPeople,
}

impl Doubt {
    /// As an explanation says it.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::OtherNames => "the article has the parts of the name only in other names",
            Self::OtherPeople => "what is asked is told of others there",
        }
    }

    /// What speaks against the first of the passages, if anything does.
    pub(super) fn of(query: &Query, first: &Ranked, library: &Library) -> Option<Self> {
        if is_about_others(query, first, library) {
            return Some(Self::OtherNames);
        }
        tells_of_others(query, first, library).then_some(Self::OtherPeople)
    }
}

/// Whether what is asked of somebody by name, their age or marriage, is told in the first passage, but in no sentence that names
/// them or says "he" or "she".
fn tells_of_others(query: &Query, first: &Ranked, library: &Library) -> bool {
    let sought = &query.sought;
    let named = sought.iter().any(|sought| sought.term.name);
    let measured = query.measure.is_of_somebody() && sought.iter().all(|sought| sought.term.name);
    let life = query.life.is_some() && named && sought.len() <= LIFE_WITHIN;
    let counts = query.kind == AnswerKind::Number;
    if !measured && !life {
        return false;
    }
    let Some(article) = library.get(first.article) else { return false };
    let Some(paragraph) = article.paragraphs().get(first.paragraph) else { return false };
    !article.sentences_of(paragraph).iter().any(|sentence| {
        let mut evidence = Evidence::new(query);
        let mut theirs = false;
        written(&mut Folder::default(), query, article.slice(*sentence), |_, word| {
            let name = word.hit.and_then(|hit| sought.get(usize::from(hit.term))).is_some_and(|s| s.term.name);
            // "Bill" is not the bill.
            theirs |= name && word.capital || matches!(word.folded, "he" | "she" | "his" | "her" | "him");
            evidence.word(word);
        });
        theirs
            && (measured && evidence.holds.measured
                || life && evidence.holds.life && (!counts || evidence.holds.number))
    })
}

/// Whether a full name is asked about that the first passage's article has only in pieces, as parts of other names: "Jon Holm"
/// of Jon Berg and Ida Holm.
fn is_about_others(query: &Query, first: &Ranked, library: &Library) -> bool {
    let Some(article) = library.get(first.article) else { return false };
    let sought = &query.sought;
    // Where nothing else is asked, a name may be written small.
    let alone = sought.len() == 2 && query.kind == AnswerKind::Person;
    let mut names = sought.iter().enumerate().filter(|(_, sought)| sought.term.name || alone);
    let (Some((given, one)), Some((surname, other)), None) = (names.next(), names.next(), names.next()) else {
        return false;
    };
    if one.term.at + 1 != other.term.at
        || first.in_article & (1 << given) == 0
        || first.in_article & (1 << surname) == 0
    {
        return false;
    }
    // What else is asked must be missing too, or there is nothing else.
    let others = (0..sought.len()).filter(|at| *at != given && *at != surname);
    if !query.speech && others.into_iter().any(|at| first.terms & (1 << at) != 0) {
        return false;
    }
    let term = |folded: &str| query.hit(folded).map(|hit| usize::from(hit.term));
    let (mut together, mut apart) = (false, false);
    let mut before: Option<(bool, bool)> = None;
    let mut given_at: Option<usize> = None;
    let mut place = 0;
    let text = article.text();
    Folder::default().words(text, |range, folded| {
        let capital = text.get(range).is_some_and(|word| word.starts_with(char::is_uppercase));
        let (is_given, is_surname) = (term(folded) == Some(given), term(folded) == Some(surname));
        // "Jon K. Holm", "Jon von Holm"
        together |= is_surname && given_at.is_some_and(|at| place - at <= 2);
        let after_given = before.is_some_and(|(given, _)| given);
        let after_capital = before.is_some_and(|(_, capital)| capital);
        apart |= capital && (after_given && !is_surname || is_surname && after_capital && !after_given);
        if is_given {
            given_at = Some(place);
        }
        before = Some((is_given, capital));
        place += 1;
    });
    apart && !together
}

/// The short names that were read as words which the first passage writes small: "Peru" is no "perd".
pub(super) fn misread(query: &Query, first: &Ranked, library: &Library) -> Terms {
    let names =
        query.sought.iter().enumerate().filter(|(_, sought)| sought.is_short_name_read(query.sought.len() == 1));
    let names = names.fold(0, |names, (at, _)| names | 1 << at);
    if names == 0 {
        return 0;
    }
    let Some(article) = library.get(first.article) else { return 0 };
    let Some(paragraph) = article.paragraphs().get(first.paragraph) else { return 0 };
    let text = article.slice(paragraph.span);
    let (mut small, mut capital): (Terms, Terms) = (0, 0);
    Folder::default().words(text, |range, folded| {
        let Some(hit) = query.hit(folded) else { return };
        let is_capital = text.get(range).is_some_and(|word| word.starts_with(char::is_uppercase));
        *if is_capital { &mut capital } else { &mut small } |= 1 << hit.term;
    });
    names & small & !capital
}
