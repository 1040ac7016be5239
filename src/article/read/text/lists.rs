//! Items of lists in plain text.

use std::sync::LazyLock;

use regex::Regex;

static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:\d{1,3}|[a-hA-H])[.)]\s+\S|^\(\d{1,2}\)\s+\S").expect("a valid pattern"));

/// How a line is marked as an item of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// A bullet or dash of so many bytes, white space included: no part of the item's words.
    Bullet(usize),
    /// A number or letter: part of the words, because other text refers to it.
    Number,
}

/// The marker at the start of `line`, if it is an item of a list.
pub(super) fn marker(line: &str) -> Option<Marker> {
    let first = line.chars().next()?;
    let rest = &line[first.len_utf8()..];
    let words = rest.trim_start();
    let length = line.len() - words.len();
    let spaced = words.len() < rest.len();
    let begins = words.chars().next()?;
    let is_bullet = match first {
        '•' | '‣' | '▪' | '▸' | '►' | '●' | '◦' | '·' | '■' | '□' | '✓' | '✔' => true,
        '*' => spaced,
        // A dash opens a remark in dialogues and cuts sentences in agency text ("-- he said"): an item begins like one.
        '-' | '–' | '—' => {
            (spaced || first == '-')
                && (begins.is_uppercase() || "“\"‘'([$£€".contains(begins) || begins.is_ascii_digit() && spaced)
        }
        _ => false,
    };
    if is_bullet {
        return begins
            .is_alphanumeric()
            .then_some(())
            .or_else(|| "“\"‘'([$£€#@".contains(begins).then_some(()))
            .map(|()| Marker::Bullet(length));
    }
    NUMBER.is_match(line).then_some(Marker::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_and_numbers_mark_items() {
        assert_eq!(marker("• Keep the bridge open"), Some(Marker::Bullet("• ".len())));
        assert_eq!(marker("- Keep the bridge open"), Some(Marker::Bullet(2)));
        assert_eq!(marker("-Keep the bridge open"), Some(Marker::Bullet(1)));
        assert_eq!(marker("3. Keep the bridge open"), Some(Marker::Number));
        assert_eq!(marker("(2) Keep the bridge open"), Some(Marker::Number));
    }

    #[test]
    fn sentences_that_begin_alike_are_none() {
        for line in [
            "-- he said.",
            "--- ",
            "***",
            "3.5 million people live here.",
            "1984 was a year.",
            "—and then he left.",
            "-5 degrees were measured.",
            "",
        ] {
            assert_eq!(marker(line), None, "{line}");
        }
    }
}
