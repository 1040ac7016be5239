//! Bounds on nesting, checked before a parser sees the text: no article is nested like that, and parsers take time that
//! grows with the square of the depth, or a stack frame a level.

use super::ReadError;

/// The deepest nesting of a page's elements. Real pages stay under 60; the HTML parser's work for each tag grows with
/// the depth, and the extractor looks no deeper than 500.
const MAX_ELEMENTS: usize = 400;
/// The deepest nesting of block quotes and lists, and of brackets on one line, in Markdown.
const MAX_MARKDOWN: usize = 100;

/// Elements that close themselves: they nest only through others, which are counted.
const SELF_CLOSING: [&str; 34] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "image", "img", "input", "keygen",
    "link", "meta", "param", "source", "track", "wbr", "p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead",
    "tfoot", "colgroup", "option", "optgroup", "rp", "rt",
];

/// Refuses pages whose tags nest beyond reason. An estimate: opening tags less closing ones.
pub(super) fn check_html(source: &str) -> Result<(), ReadError> {
    let bytes = source.as_bytes();
    let (mut depth, mut at) = (0usize, 0);
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
        let lower = name.to_ascii_lowercase();
        if !closes && ["script", "style", "textarea", "title", "noscript"].contains(&lower.as_str()) {
            // Text up to its end tag is no mark-up.
            at += end_of(&bytes[at..], lower.as_bytes());
            continue;
        }
        if SELF_CLOSING.contains(&lower.as_str()) {
            continue;
        }
        depth = if closes { depth.saturating_sub(1) } else { depth + 1 };
        if depth > MAX_ELEMENTS {
            return Err(ReadError::Nested(MAX_ELEMENTS));
        }
    }
    Ok(())
}

/// How far it is to `</name`, or to the end.
fn end_of(bytes: &[u8], name: &[u8]) -> usize {
    let closing = |window: &[u8]| window[0] == b'<' && window[1] == b'/' && window[2..].eq_ignore_ascii_case(name);
    bytes.windows(name.len() + 2).position(closing).unwrap_or(bytes.len())
}

/// Refuses Markdown whose quotes, lists or brackets nest beyond reason.
pub(super) fn check_markdown(source: &str) -> Result<(), ReadError> {
    let mut indent = 0;
    for line in source.lines() {
        let marks = line.bytes().take_while(|byte| matches!(byte, b'>' | b'-' | b'*' | b'+' | b' ' | b'\t'));
        let quotes = marks.clone().filter(|byte| *byte == b'>').count();
        let bullets = line.split_ascii_whitespace().take_while(|word| matches!(*word, "-" | "*" | "+" | ">")).count();
        indent = marks.count().max(indent);
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
        assert!(check_html(&format!("<script>{}</script><p>a", "'<div>'".repeat(5000))).is_ok());
        assert!(check_markdown(&">".repeat(100_000)).is_err());
        assert!(check_markdown(&"[".repeat(100_000)).is_err());
        assert!(check_markdown(&"- a\n".repeat(100_000)).is_ok());
        assert!(check_markdown(&"> a [b](c)\n".repeat(100_000)).is_ok());
    }
}
