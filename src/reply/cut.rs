//! Cutting a quotation to what a surface can show: at the end of a sentence, and never in silence.

use super::Piece;
use crate::article::{Span, sentences};

impl Piece {
    /// The piece cut to at most `most` characters (Unicode code points), at the end of a sentence where one ends in the
    /// second half of that, else at the end of a word; and whether anything was cut.
    ///
    /// What is left is still a slice of the article.
    #[must_use]
    pub fn cut(&self, most: usize) -> (Self, bool) {
        let Some(limit) = self.text.char_indices().nth(most).map(|(at, _)| at) else { return (self.clone(), false) };
        let head = &self.text[..limit];
        let whole = Span::new(0, self.text.len());
        let sentence_ends = sentences::split(&self.text, whole, "en").into_iter().map(|s| s.range().end);
        let at_sentence = sentence_ends.take_while(|end| *end <= limit).last().filter(|end| *end * 2 >= limit);
        let at_word = || head.rfind(char::is_whitespace).map(|at| head[..at].trim_end().len()).filter(|end| *end > 0);
        let end = at_sentence.or_else(at_word).unwrap_or(limit);
        let span = Span::new(self.span.start as usize, self.span.start as usize + end);
        let marked = self
            .marked
            .iter()
            .filter(|mark| mark.start < span.end)
            .map(|mark| Span { start: mark.start, end: mark.end.min(span.end) })
            .collect();
        (Self { span, text: self.text[..end].to_owned(), marked }, true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn piece(text: &str) -> Piece {
        Piece {
            span: Span::new(10, 10 + text.len()),
            text: text.to_owned(),
            marked: vec![Span::new(10, 10 + text.len())],
        }
    }

    #[test]
    fn cuts_at_the_end_of_a_sentence() {
        let (cut, was_cut) = piece("The quay sank. The boats were saved. Nobody knows why it sank.").cut(45);
        assert_eq!((cut.text.as_str(), was_cut), ("The quay sank. The boats were saved.", true));
        assert_eq!(cut.marked, [cut.span]);
    }

    #[test]
    fn a_sentence_that_is_too_long_is_cut_at_a_word() {
        assert_eq!(piece("An endless sentence without any stop in it").cut(20).0.text, "An endless sentence");
    }

    #[test]
    fn what_fits_is_left_alone() {
        let whole = piece("Short enough.");
        assert_eq!(whole.cut(13), (whole.clone(), false));
    }

    proptest! {
        #[test]
        fn a_cut_is_a_beginning_within_the_limit(text in "\\PC{0,300}", most in 1usize..200) {
            let whole = piece(&text);
            let (cut, was_cut) = whole.cut(most);
            prop_assert!(cut.text.chars().count() <= most);
            prop_assert!(text.starts_with(&cut.text));
            prop_assert_eq!(was_cut, cut.text != text);
            prop_assert_eq!(cut.span.len(), cut.text.len());
        }
    }
}
