//! Who spoke: one quotation each of the people that a digest's articles quote.

use crate::article::Article;
use crate::library::{ArticleId, Library};
use crate::quotes::{Held, Kind, Quotation, QuoteBook};

use super::super::standing;

/// How sure the finder must be of the quotation and its speaker.
const SURE: f32 = 0.8;

/// The length of a quotation that can be read alone and at a glance, in Unicode code points.
const SENSIBLE_CHARS: std::ops::RangeInclusive<usize> = 40..=240;

/// At most `most` quotations, of as many people: one of each story in turn, then of the articles `beyond` the digest.
///
/// Within a story, what its first article quotes first comes first: articles put the most telling quotation early. What
/// must be read with the sentence before it ("He missed.") is not shown.
pub(super) fn who_spoke(
    library: &Library,
    book: &QuoteBook,
    stories: &[Vec<ArticleId>],
    beyond: &[Vec<ArticleId>],
    most: usize,
) -> Vec<Held> {
    let mut chosen: Vec<Held> = Vec::new();
    for part in [stories, beyond] {
        let mut open: Vec<std::vec::IntoIter<&Held>> =
            part.iter().map(|story| quotable(library, book, story).into_iter()).collect();
        while chosen.len() < most && !open.is_empty() {
            open.retain_mut(|quotations| {
                let next = quotations.find(|held| !chosen.iter().any(|known| same_person(name(known), name(held))));
                if let Some(held) = next.filter(|_| chosen.len() < most) {
                    chosen.push(held.clone());
                }
                next.is_some()
            });
        }
    }
    chosen
}

/// The quotations of a story that may be shown, best first.
fn quotable<'b>(library: &Library, book: &'b QuoteBook, story: &[ArticleId]) -> Vec<&'b Held> {
    let shown = |held: &&Held| library.get(held.article).is_some_and(|article| is_shown(article, &held.quotation));
    story.iter().flat_map(|id| book.of_article(*id)).filter(shown).collect()
}

fn is_shown(article: &Article, quotation: &Quotation) -> bool {
    let words = || quotation.content.iter().map(|span| article.slice(*span));
    let chars: usize = words().map(|words| words.chars().count()).sum();
    // A fragment ("a bit of luck") begins in lower case; with the speaker left out it says nothing.
    let begins_a_sentence = words().next().and_then(|words| words.chars().next()).is_some_and(|c| !c.is_lowercase());
    quotation.kind == Kind::Direct
        && quotation.speaker_name.is_some()
        && quotation.confidence >= SURE
        && SENSIBLE_CHARS.contains(&chars)
        && begins_a_sentence
        && !words().next().is_some_and(standing::opens_back)
}

fn name(held: &Held) -> &str {
    held.quotation.speaker_name.as_deref().unwrap_or_default()
}

/// Whether two names can be one person's: the same surname, and no given names that differ. Rather one voice too few than
/// one person twice.
fn same_person(one: &str, other: &str) -> bool {
    let words = |name: &str| name.to_lowercase().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (words(one), words(other));
    let given = |name: &[String]| name.split_last().and_then(|(_, given)| given.first()?.chars().next());
    one.last() == other.last() && given(&one).zip(given(&other)).is_none_or(|(one, other)| one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_and_lone_surnames_may_be_the_same_person() {
        assert!(same_person("Ida Holm", "Holm"));
        assert!(same_person("Ida Holm", "I. Holm"));
        assert!(!same_person("Ida Holm", "Owen Holm"));
        assert!(!same_person("Ida Holm", "Ida Roe"));
    }
}
