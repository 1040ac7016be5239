//! Which articles correct others, and which are versions of one text.

use super::super::terms::{Terms, shared};
use super::likeness::language;
use crate::article::Article;

/// Words with which the title of a correction begins, in lower case: English, German, French, Spanish, Italian, Dutch.
const OPENINGS: [&str; 16] = [
    "clarification",
    "clarifications",
    "correccion",
    "corrección",
    "correctie",
    "correction",
    "corrections",
    "correzione",
    "berichtigung",
    "errata",
    "erratum",
    "fe de errores",
    "korrektur",
    "rectificatie",
    "rectificatif",
    "richtigstellung",
];

/// The days within which an article is corrected. Later ones are not looked for: an archive need not be searched daily.
pub(super) const DAYS: i64 = 30;

/// The share of two texts' terms (Jaccard) from which on they are versions of one. A text with a paragraph added still
/// has it; two outlets that write their own words about one event are far below (our samples: .25 and less).
const SAME_TEXT: f32 = 0.7;

/// Whether an article's title says that it corrects another.
pub(super) fn corrects(article: &Article) -> bool {
    title_corrects(&article.meta().title)
}

fn title_corrects(title: &str) -> bool {
    let title = title.trim().to_lowercase();
    OPENINGS.iter().any(|opening| {
        // "Corrections officers strike" corrects nothing: a mark or the title's end must follow the word.
        title.strip_prefix(opening).is_some_and(|rest| {
            let rest = rest.trim_start();
            rest.chars().next().is_none_or(|c| matches!(c, ':' | '-' | '–' | '—' | '|' | '.'))
        })
    })
}

/// Whether two articles are of one outlet; those that name none are of one.
pub(super) fn same_outlet(one: &Article, other: &Article) -> bool {
    outlet(one) == outlet(other)
}

/// An article's outlet in lower case.
pub(super) fn outlet(article: &Article) -> Option<String> {
    article.meta().outlet.as_ref().map(|outlet| outlet.to_lowercase())
}

/// Whether two articles are versions of one text.
pub(super) fn same_text(one: &Article, other: &Article) -> bool {
    let mut terms = Terms::new(language(one));
    let mut all = |article: &Article| {
        let mut set: Vec<u32> =
            article.paragraphs().iter().flat_map(|paragraph| terms.of(article.slice(paragraph.span))).collect();
        set.sort_unstable();
        set.dedup();
        set
    };
    let (one, other) = (all(one), all(other));
    let common = shared(&one, &other);
    let union = one.len() + other.len() - common;
    #[expect(clippy::cast_precision_loss, reason = "an article has fewer terms than an f32 counts exactly")]
    let share = common as f32 / union.max(1) as f32;
    share >= SAME_TEXT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_that_opens_with_the_word_alone_corrects() {
        for (title, expected) in [
            ("Correction: the bridge is 40 metres long", true),
            ("CLARIFICATION — opening hours of the pool", true),
            ("Corrections", true),
            ("Corrections officers walk out in Selby", false),
            ("Course correction for the ferry company", false),
            ("Korrektur: Brücke ist länger", true),
        ] {
            assert_eq!(title_corrects(title), expected, "{title}");
        }
    }
}
