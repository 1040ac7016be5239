//! The quotations in a chat message: what somebody put between quotation marks, or set off with `>`.

/// The most quotations of one message that are looked up.
pub const MAX_QUOTATIONS: usize = 5;

/// Marks that open a quotation, with those that may close it.
const MARKS: [(char, &[char]); 6] =
    [('“', &['”', '“']), ('„', &['“', '”']), ('«', &['»']), ('»', &['«']), ('"', &['"']), ('‹', &['›'])];

/// The fewest words between marks that are taken for a quotation: below it are titles and single words.
const LEAST_WORDS: usize = 3;

/// The longest quotation, in characters.
const MAX_CHARS: usize = 1_000;

/// The quotations of a message, in order; where it marks none, its whole text as one. Mark-up of chat networks is left off.
///
/// ```
/// use byline::chat::quoted::quotations;
/// assert_eq!(quotations("She said “we will not sail” today, **really**."), ["we will not sail"]);
/// assert_eq!(quotations("> we will not sail\nIs that so?"), ["we will not sail"]);
/// assert_eq!(quotations("we will **not** sail"), ["we will not sail"]);
/// ```
#[must_use]
pub fn quotations(message: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut set_off = String::new();
    let mut rest = String::new();
    for line in message.lines() {
        match line.trim_start().strip_prefix('>') {
            Some(words) => {
                set_off.push_str(words.trim_start_matches(['>', ' ']));
                set_off.push(' ');
            }
            None => {
                take(&mut set_off, &mut found);
                rest.push_str(line);
                rest.push('\n');
            }
        }
    }
    take(&mut set_off, &mut found);
    // What is set off may hold marks of its own; those around it go when it is looked up.
    found.extend(between_marks(&rest));
    if found.is_empty() {
        found.extend(Some(cut(&plain(message))).filter(|text| !text.is_empty()));
    }
    found.dedup();
    found
}

fn take(set_off: &mut String, found: &mut Vec<String>) {
    let text = cut(&plain(&std::mem::take(set_off)));
    if !text.is_empty() {
        found.push(text);
    }
}

fn between_marks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((at, open)) = rest.char_indices().find(|(_, c)| MARKS.iter().any(|(open, _)| open == c)) {
        let inner = &rest[at + open.len_utf8()..];
        let closes: &[char] = MARKS.iter().find(|(mark, _)| *mark == open).map_or(&[], |(_, closes)| closes);
        let Some((end, close)) = inner.char_indices().find(|(_, c)| closes.contains(c)) else {
            rest = inner;
            continue;
        };
        let words = cut(&plain(&inner[..end]));
        if words.split_whitespace().count() >= LEAST_WORDS {
            found.push(words);
        }
        rest = &inner[end + close.len_utf8()..];
    }
    found
}

/// A message's words without the marks of a chat network's mark-up: emphasis, code, spoilers, and who is mentioned.
#[must_use]
pub fn plain(message: &str) -> String {
    let mut plain = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        let mention = inside.find('>').filter(|end| {
            let name = &inside[..*end];
            name.starts_with(['@', '#', ':', '/']) || name.starts_with("a:") || name.starts_with("t:")
        });
        match mention {
            Some(end) => rest = &inside[end + 1..],
            None => {
                plain.push('<');
                rest = inside;
            }
        }
    }
    plain.push_str(rest);
    let marks = |c: char| matches!(c, '*' | '`' | '~' | '|' | '\\' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let words = plain.replace("__", "").replace(marks, "");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> String {
    text.trim().chars().take(MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_pair_of_marks_is_known() {
        for message in ["“we will not sail”", "„we will not sail“", "«we will not sail»", "\"we will not sail\""]
        {
            assert_eq!(quotations(&format!("He said {message} then.")), ["we will not sail"], "{message}");
        }
    }

    #[test]
    fn several_are_found_in_order_and_single_words_are_none() {
        let message = "First “we will not sail”, then “never” and “not before every pipe is new”.";
        assert_eq!(quotations(message), ["we will not sail", "not before every pipe is new"]);
    }

    #[test]
    fn lines_set_off_are_one_quotation_until_the_next_other_line() {
        let message = "> we will not sail\n> until May\nis this true?\n> and we are sorry\n";
        assert_eq!(quotations(message), ["we will not sail until May", "and we are sorry"]);
    }

    #[test]
    fn mark_up_and_mentions_are_no_words() {
        assert_eq!(plain("<@123> said **we** ||will|| `not` sail <:boat:5> 3 < 4"), "said we will not sail 3 < 4");
        assert_eq!(quotations("<@1> **"), Vec::<String>::new());
        assert_eq!(quotations(""), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_message_is_read(text in "\\PC{0,300}") {
            for quotation in quotations(&text) {
                prop_assert!(!quotation.is_empty() && quotation.chars().count() <= MAX_CHARS);
            }
        }
    }
}
