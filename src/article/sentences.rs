//! Where sentences begin and end inside a paragraph.

use super::Span;

/// The sentences of the paragraph `span` of `text`, in order, without white space at their ends.
///
/// Together they hold every visible character of the paragraph. `language` is an ISO 639-1 code.
#[must_use]
pub fn split(text: &str, span: Span, language: &str) -> Vec<Span> {
    let start = span.start as usize;
    sentencex::get_sentence_boundaries(language, span.of(text))
        .into_iter()
        .map(|s| Span::new(start + s.start_byte, start + s.end_byte).trim(text))
        .filter(|s| !s.is_empty())
        .collect()
}
