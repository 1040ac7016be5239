//! Bounds on nesting, checked before a parser sees the text: no article is nested like that, and parsers take time that
//! grows with the square of the depth, or a stack frame a level.

use std::collections::HashMap;

use super::ReadError;

/// The deepest nesting of a page's elements. Real pages stay under 60; the HTML parser's work for each tag grows with
/// the depth, and the extractor looks no deeper than 500.
const MAX_ELEMENTS: usize = 400;
/// The deepest nesting of block quotes and bullets, and of brackets, on one line of Markdown.
const MAX_MARKDOWN: usize = 100;

/// The most elements that a page may make the parser repeat: it opens again, in every block that follows, what an unclosed
/// `<b>` or `<font>` began. Real pages repeat a few thousand.
const MAX_REPEATED: usize = 200_000;

/// Elements that close themselves (outside of drawings): they nest only through others, which are counted.
const SELF_CLOSING: [&str; 31] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input", "keygen",
    "link", "meta", "param", "source", "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead",
    "tfoot", "colgroup", "option",
];
/// Elements that the parser opens again in every block until they are closed (HTML standard, "the list of active formatting
/// elements"); `a` and `nobr` close themselves there.
const FORMATTING: [&str; 12] = ["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"];

/// Refuses pages whose tags nest beyond reason. An estimate: opening tags less the closing ones that match one.
pub(super) fn check_html(source: &str) -> Result<(), ReadError> {
    let bytes = source.as_bytes();
    let mut open: HashMap<String, usize> = HashMap::new();
    let (mut depth, mut formatting, mut repeated, mut at) = (0usize, 0usize, 0usize, 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == b'<')) {
        at += found + 1;
        let rest = &source[at..];
        let closes = rest.starts_with('/');
        let name = &rest[usize::from(closes)..];
        let length = name.bytes().position(|byte| !byte.is_ascii_alphanumeric() && byte != b'-').unwrap_or(name.len());
        let name = &name[..length];
        if name.is_empty() || length > 40 || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let name = name.to_ascii_lowercase();
        // In drawings and formulas every name nests, and only there does `/>` close a tag.
        let drawing = ["svg", "math"].iter().any(|name| open.get(*name).is_some_and(|count| *count > 0));
        let raw: &[&str] = if drawing { &["script", "style"] } else { &["script", "style", "textarea", "title"] };
        if !closes && raw.contains(&name.as_str()) {
            // Text up to its end tag is no mark-up.
            at += end_of(&bytes[at..], name.as_bytes());
            continue;
        }
        let is_formatting = FORMATTING.contains(&name.as_str());
        if closes {
            if let Some(count) = open.get_mut(&name).filter(|count| **count > 0) {
                *count -= 1;
                depth = depth.saturating_sub(1);
                formatting = formatting.saturating_sub(usize::from(is_formatting));
            }
            continue;
        }
        if !is_formatting {
            repeated += formatting;
        }
        // Only to the next tag: to look for the end of each that has none would take time that grows with the square.
        let closes_itself = || rest.find(['<', '>']).is_some_and(|end| rest[..end].ends_with('/'));
        if if drawing { closes_itself() } else { SELF_CLOSING.contains(&name.as_str()) } {
            continue;
        }
        *open.entry(name).or_default() += 1;
        depth += 1;
        formatting += usize::from(is_formatting);
        if depth > MAX_ELEMENTS || repeated > MAX_REPEATED {
            return Err(ReadError::Nested(MAX_ELEMENTS));
        }
    }
    if repeated > MAX_REPEATED { Err(ReadError::Nested(MAX_ELEMENTS)) } else { Ok(()) }
}

/// How far it is to `</name`, or to the end.
fn end_of(bytes: &[u8], name: &[u8]) -> usize {
    let closing = |window: &[u8]| window[0] == b'<' && window[1] == b'/' && window[2..].eq_ignore_ascii_case(name);
    bytes.windows(name.len() + 2).position(closing).unwrap_or(bytes.len())
}

/// Refuses Markdown whose quotes, lists or brackets nest beyond reason.
pub(super) fn check_markdown(source: &str) -> Result<(), ReadError> {
    for line in source.lines() {
        let marks = line.bytes().take_while(|byte| matches!(byte, b'>' | b'-' | b'*' | b'+' | b' ' | b'\t'));
        let quotes = marks.filter(|byte| *byte == b'>').count();
        let bullets = line.split_ascii_whitespace().take_while(|word| matches!(*word, "-" | "*" | "+" | ">")).count();
        let (mut open, mut deepest) = (0usize, 0);
        for byte in line.bytes() {
            match byte {
                b'[' => open += 1,
                b']' => open = open.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(open);
        }
        if quotes.max(bullets).max(deepest) > MAX_MARKDOWN {
            return Err(ReadError::Nested(MAX_MARKDOWN));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_refused_and_length_is_not() {
        assert!(check_html(&"<div>".repeat(100_000)).is_err());
        assert!(check_html(&"<div>a</div>".repeat(100_000)).is_ok());
        assert!(check_html(&"<p>a<br>".repeat(100_000)).is_ok());
        assert!(check_html(&"<p ".repeat(1_000_000)).is_ok());
        assert!(check_html(&format!("<script>{}</script><p>a", "'<div>'".repeat(5000))).is_ok());
        // A closing tag that matches nothing closes nothing.
        assert!(check_html(&"<div></x>".repeat(1_000)).is_err());
        assert!(check_html(&"<optgroup>".repeat(1_000)).is_err());
        assert!(check_html(&format!("<svg><title>{}", "<g>".repeat(1_000))).is_err());
        assert!(check_html(&format!("<svg>{}</svg><p>a", "<path d='M0'/>".repeat(1_000))).is_ok());
        let marks: String = (0..390).map(|n| format!("<b id={n}>")).collect();
        assert!(check_html(&format!("<p>{marks}{}", "<p>a".repeat(1_000))).is_err());
        assert!(check_html(&"<p><b>a</b> <i>b".repeat(300)).is_ok());
        assert!(check_markdown(&">".repeat(100_000)).is_err());
        assert!(check_markdown(&"[".repeat(100_000)).is_err());
        assert!(check_markdown(&"- a\n".repeat(100_000)).is_ok());
        assert!(check_markdown(&"> a [b](c)\n".repeat(100_000)).is_ok());
    }
}
