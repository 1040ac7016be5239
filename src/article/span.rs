//! A [`Span`]: a byte range into an article's text. Everything that Byline quotes is one.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A half-open range of **bytes** into an article's text, always on character boundaries.
///
/// Offsets are 32 bits wide: an article is at most [`crate::article::MAX_TEXT_BYTES`] long, and a library
/// holds a span for each of its sentences.
///
/// ```
/// use byline::article::Span;
/// let text = "“Enough,” she said.";
/// let span = Span::find(text, "Enough").unwrap();
/// assert_eq!(span.of(text), "Enough");
/// assert_eq!(span.range(), 3..9); // bytes: the curly mark takes three
/// assert_eq!(span.code_points(text), (1, 7));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span `start..end`, in bytes. Offsets beyond `u32::MAX` are clamped to it; no article is that long.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The first place where `needle` stands in `text`.
    #[must_use]
    pub fn find(text: &str, needle: &str) -> Option<Self> {
        text.find(needle).map(|at| Self::new(at, at + needle.len()))
    }

    /// The span as a range of bytes.
    #[must_use]
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The slice of `text` that the span names; empty when the span does not lie in `text` on character boundaries.
    #[must_use]
    pub fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        self.end.saturating_sub(self.start) as usize
    }

    /// Whether the span holds no byte.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// Whether `other` lies wholly inside this span.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two spans share at least one byte.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The smallest span that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The span without white space (and byte order marks) at its ends.
    #[must_use]
    pub fn trim(self, text: &str) -> Self {
        let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
        let slice = self.of(text);
        let start = self.start as usize + (slice.len() - slice.trim_start_matches(blank).len());
        let end = start + slice.trim_matches(blank).len();
        Self::new(start, end)
    }

    /// Start and end counted in **Unicode code points** of `text`, as `byline inspect` prints them.
    ///
    /// Walks `text` from its start; for many spans of one text use [`CodePoints`].
    #[must_use]
    pub fn code_points(self, text: &str) -> (usize, usize) {
        CodePoints::new(text).span(self)
    }
}

/// Turns byte offsets of one text into code point offsets, in constant time after one pass over the text.
///
/// ```
/// use byline::article::{CodePoints, Span};
/// let text = "né à Paris";
/// let points = CodePoints::new(text);
/// assert_eq!(points.span(Span::find(text, "Paris").unwrap()), (5, 10));
/// ```
#[derive(Debug)]
pub struct CodePoints<'t> {
    text: &'t str,
    /// Entry `i`: how many code points start before byte `i * STEP`.
    marks: Vec<u32>,
}

impl<'t> CodePoints<'t> {
    /// Bytes between two remembered counts.
    const STEP: usize = 64;

    /// Counts through `text` once.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let mut marks = Vec::with_capacity(text.len() / Self::STEP + 1);
        for (count, (byte, _)) in text.char_indices().enumerate() {
            while marks.len() * Self::STEP <= byte {
                marks.push(u32::try_from(count).unwrap_or(u32::MAX));
            }
        }
        Self { text, marks }
    }

    /// Code points before byte offset `byte`.
    #[must_use]
    pub fn at(&self, byte: usize) -> usize {
        let byte = byte.min(self.text.len());
        let mark = (byte / Self::STEP).min(self.marks.len().saturating_sub(1));
        let known = self.marks.get(mark).copied().unwrap_or(0) as usize;
        let starts = |b: &&u8| (**b & 0xC0) != 0x80;
        known + self.text.as_bytes()[(mark * Self::STEP).min(byte)..byte].iter().filter(starts).count()
    }

    /// A span's start and end in code points.
    #[must_use]
    pub fn span(&self, span: Span) -> (usize, usize) {
        (self.at(span.start as usize), self.at(span.end as usize))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn trims_white_space_and_byte_order_marks() {
        let text = "\u{feff} \r\n a b \n";
        let span = Span::new(0, text.len()).trim(text);
        assert_eq!(span.of(text), "a b");
    }

    #[test]
    fn a_span_off_a_character_boundary_is_empty_not_a_panic() {
        assert_eq!(Span::new(1, 2).of("“"), "");
        assert_eq!(Span::new(5, 9).of("abc"), "");
    }

    proptest! {
        #[test]
        fn code_points_agree_with_counting(text in "\\PC{0,400}", cut in 0usize..400) {
            let byte = text.char_indices().map(|(i, _)| i).nth(cut).unwrap_or(text.len());
            let counted = text[..byte].chars().count();
            prop_assert_eq!(CodePoints::new(&text).at(byte), counted);
        }
    }
}
