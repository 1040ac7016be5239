//! Words as quotations are compared by: letters and digits only, in lower case, so that case, marks, punctuation and
//! white space make no difference.

use crate::article::Span;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its bytes in the text that it was read from.
    pub span: Span,
    /// Lower case, without apostrophes.
    pub low: String,
}

/// The words of the stretch `span` of `text`. An apostrophe inside a word is dropped ("don’t" is "dont"), a hyphen parts
/// words ("well-founded" is two).
pub(super) fn words(text: &str, span: Span) -> Vec<Word> {
    let mut words = Vec::new();
    each(text, span, |span, low| words.push(Word { span, low: low.to_owned() }));
    words
}

/// Shows each word of [`words`] and where it stands, without keeping them.
pub(super) fn each(text: &str, span: Span, mut see: impl FnMut(Span, &str)) {
    let slice = span.of(text);
    let base = span.start as usize;
    // The open word's first and last byte; its letters are in `low`.
    let mut open: Option<(usize, usize)> = None;
    let mut low = String::new();
    let mut chars = slice.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() {
            let end = at + c.len_utf8();
            open = Some((open.map_or(at, |(start, _)| start), end));
            if c.is_ascii() {
                low.push(c.to_ascii_lowercase())
            } else {
                low.extend(c.to_lowercase())
            }
            continue;
        }
        let inside = matches!(c, '\'' | '’' | '\u{ad}')
            && open.is_some()
            && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !inside && let Some((start, end)) = open.take() {
            see(Span::new(base + start, base + end), &low);
            low.clear();
        }
    }
    if let Some((start, end)) = open {
        see(Span::new(base + start, base + end), &low);
    }
}

/// The words of a whole text.
pub(super) fn words_of(text: &str) -> Vec<Word> {
    words(text, Span::new(0, text.len()))
}

/// Whether two words are forms of one ("tax", "taxes", "taxation") or one is the other misspelt.
pub(super) fn akin(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let (short, long) = {
        let (a, b) = (one.chars().count(), other.chars().count());
        (a.min(b), a.max(b))
    };
    // Inflection changes the tail only; a slip of the pen leaves most letters.
    let inflected = short >= 3 && (shared == short || short >= 4 && shared + 1 == short) && long - shared <= 3;
    inflected || short >= 5 && strsim::osa_distance(one, other) <= 1 + usize::from(short >= 9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_marks_and_white_space_make_no_difference() {
        let plain = |text: &str| words_of(text).into_iter().map(|w| w.low).collect::<Vec<_>>();
        assert_eq!(plain("“Don’t\u{a0}STOP — now,”"), plain("don't stop now"));
        assert_eq!(plain("well-founded"), ["well", "founded"]);
    }

    #[test]
    fn forms_of_a_word_are_akin() {
        for (one, other) in
            [("tax", "taxes"), ("farmer", "farmers"), ("vote", "voting"), ("bridge", "bridgs"), ("security", "securty")]
        {
            assert!(akin(one, other), "{one} {other}");
        }
        for (one, other) in [("tax", "taxi-driver"), ("cat", "car"), ("bridge", "budget"), ("a", "an")] {
            assert!(!akin(one, other), "{one} {other}");
        }
    }
}
