//! How what was found becomes parts of a reply; what more than one command needs.

use crate::article::{Article, Span};
use crate::library::Library;
use crate::matcher::Reading;
use crate::quotes::{Held, Quotation};
use crate::reply::{Piece, Quoted, Source};

/// A quotation as it is shown: the sentences that hold it, paragraph by paragraph, what was said marked, with its speaker.
pub(super) fn quotation(library: &Library, held: &Held) -> Quoted {
    let article = library.article(held.article);
    let content = &held.quotation.content;
    let whole = content.iter().copied().reduce(Span::join).unwrap_or(Span::new(0, 0));
    let touched = article.paragraphs().iter().filter(|paragraph| paragraph.span.overlaps(whole));
    let pieces: Vec<Piece> = touched
        .filter_map(|paragraph| {
            let sentences = article.sentences_of(paragraph).iter().copied();
            let span = sentences.filter(|sentence| sentence.overlaps(whole)).reduce(Span::join)?;
            Some(Piece::new(article, span, content))
        })
        .collect();
    let mut source = Source::new(held.article, article, pieces.first().map_or(whole, |piece| piece.span));
    source.url = Source::new(held.article, article, content.first().copied().unwrap_or(whole)).url;
    Quoted { pieces, speaker: Some(speaker(article, &held.quotation)), source }
}

/// Who speaks: the name where it is known, with the article's own words for them where those differ; else those words.
fn speaker(article: &Article, quotation: &Quotation) -> String {
    speaker_of(article, quotation).unwrap_or_else(|| UNATTRIBUTED.to_owned())
}

/// What is said of words of which nobody can tell whose they are.
pub const UNATTRIBUTED: &str = "unattributed";

/// The same; nothing where nobody is named.
pub(super) fn speaker_of(article: &Article, quotation: &Quotation) -> Option<String> {
    let words = quotation.speaker_words(article).map(|words| words.split_whitespace().collect::<Vec<_>>().join(" "));
    Some(match (&quotation.speaker_name, words) {
        (Some(name), Some(words)) if !words.contains(name.as_str()) && !name.contains(&words) => {
            format!("{name} (“{words}”)")
        }
        (_, Some(words)) if quotation.speaker_name.as_deref().is_none_or(|name| words.contains(name)) => words,
        (Some(name), _) => name.clone(),
        (None, Some(words)) => words,
        (None, None) => return None,
    })
}

/// How misspelt words were read: `Read “blackbrun” as “Blackburn”.`
pub(super) fn readings(readings: &[Reading]) -> Option<String> {
    let read: Vec<String> = readings.iter().map(|r| format!("“{}” as “{}”", r.asked, r.read)).collect();
    (!read.is_empty()).then(|| format!("Read {}.", read.join(", ")))
}

/// What is held: `14 articles are loaded, from 3 August to 20 November 2026.`
pub(super) fn held(library: &Library) -> String {
    let articles = counted(library.len(), "article");
    let verb = if library.len() == 1 { "is" } else { "are" };
    match library.dates() {
        Some((first, last)) if first.date == last.date => format!("{articles} {verb} loaded, of {first}."),
        Some((first, last)) => format!("{articles} {verb} loaded, from {first} to {last}."),
        None => format!("{articles} {verb} loaded."),
    }
}

/// `1 article`, `2 articles`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
