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

/// How one word comes to be another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kin {
    /// They are forms of one: "tax", "taxes", "taxation".
    Form,
    /// One may be the other misspelt.
    Slip,
}

/// Letters at the beginning that the forms of a word have in common, at least.
const STEM: usize = 3;
/// The same where the endings are those of peoples and countries, which short words have by chance.
const COUNTRY: usize = 4;

/// What may follow the letters that two forms of a word share.
const ENDINGS: [&str; 29] = [
    "", "s", "es", "ed", "d", "ing", "e", "er", "ers", "or", "ors", "y", "ies", "ied", "ier", "ion", "ions", "ation",
    "ations", "al", "ly", "ment", "ments", "t", "ding", "ds", "ve", "ves", "f",
];
/// Of countries and those who live there.
const ENDINGS_OF_COUNTRIES: [&str; 13] = ["", "a", "e", "o", "y", "n", "ns", "an", "ans", "ian", "ians", "ese", "i"];

/// Whether two words are forms of one, or one may be the other misspelt.
pub(super) fn kin(one: &str, other: &str) -> Option<Kin> {
    if one == other {
        return Some(Kin::Form);
    }
    let mut stem = 0;
    let mut doubled = None;
    for (a, b) in one.chars().zip(other.chars()).take_while(|(a, b)| a == b) {
        stem += a.len_utf8();
        doubled = Some(b);
    }
    let (Some(left), Some(right)) = (one.get(stem..), other.get(stem..)) else { return None };
    let shared = one.get(..stem).map_or(0, |stem| stem.chars().count());
    let ending = |tail: &str| {
        // "plan", "planning"
        let single = doubled.and_then(|last| tail.strip_prefix(last)).filter(|rest| !rest.is_empty());
        ENDINGS.contains(&tail) || single.is_some_and(|rest| ENDINGS.contains(&rest))
    };
    let country = |tail: &str| ENDINGS_OF_COUNTRIES.contains(&tail);
    if shared >= STEM && ending(left) && ending(right) || shared >= COUNTRY && country(left) && country(right) {
        return Some(Kin::Form);
    }
    let short = one.chars().count().min(other.chars().count());
    (short >= 5 && strsim::osa_distance(one, other) <= 1 + usize::from(short >= 9)).then_some(Kin::Slip)
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
    fn forms_of_a_word_are_akin_and_slips_are_told_from_them() {
        for (one, other, expected) in [
            ("tax", "taxes", Some(Kin::Form)),
            ("tax", "taxation", Some(Kin::Form)),
            ("farmer", "farmers", Some(Kin::Form)),
            ("vote", "voting", Some(Kin::Form)),
            ("plan", "planning", Some(Kin::Form)),
            ("send", "sent", Some(Kin::Form)),
            ("sending", "sent", Some(Kin::Form)),
            ("city", "cities", Some(Kin::Form)),
            ("china", "chinese", Some(Kin::Form)),
            ("korea", "korean", Some(Kin::Form)),
            ("bridge", "brigde", Some(Kin::Slip)),
            ("security", "securty", Some(Kin::Slip)),
            ("tax", "taxi-driver", None),
            ("cat", "car", None),
            ("bridge", "budget", None),
            ("a", "an", None),
            // A name is not the word that it begins with.
            ("corin", "cor", None),
            ("biden", "bid", None),
            ("putin", "put", None),
        ] {
            assert_eq!(kin(one, other), expected, "{one} {other}");
            assert_eq!(kin(other, one), expected, "{other} {one}");
        }
    }
}
