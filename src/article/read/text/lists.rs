//! Items of lists in plain text.

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
    is_numbered(line).then_some(Marker::Number)
}

/// "3. Keep", "(2) Keep", "b) Keep".
fn is_numbered(line: &str) -> bool {
    let (inner, close) = match line.strip_prefix('(') {
        Some(inner) => (inner, [')', ')']),
        None => (line, ['.', ')']),
    };
    let Some((label, words)) = inner.split_once(close) else { return false };
    let is_number = (1..=3).contains(&label.len()) && label.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = label.len() == 1 && matches!(label.as_bytes(), [b'a'..=b'h' | b'A'..=b'H']);
    (is_number || is_letter) && words.starts_with(char::is_whitespace) && !words.trim().is_empty()
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
