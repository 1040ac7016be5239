//! A little mark-up as plain text: titles and summaries of feeds, descriptions in metadata.

use std::sync::LazyLock;

use regex::Regex;
use trafilatura::dom::Document;

/// The most tags that are parsed. Texts of this kind have a few hundred at most.
const MAX_TAGS: usize = 20_000;

/// The words of `source`, which may hold tags and character references, on one line. Nothing of scripts and style sheets.
///
/// ```
/// assert_eq!(byline::article::read::plain_text("<p>Fish &amp; <b>chips</b></p><p>today</p>"), "Fish & chips today");
/// assert_eq!(byline::article::read::plain_text("5 < 6"), "5 < 6");
/// ```
#[must_use]
pub fn plain_text(source: &str) -> String {
    static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"<[^<>]*>").expect("a valid pattern"));
    if !source.contains(['<', '&']) {
        return one_line(source);
    }
    // What nests or goes on without end costs the parser too much: its tags are only left out.
    if source.bytes().filter(|byte| *byte == b'<').count() > MAX_TAGS || super::check(source).is_err() {
        return one_line(&TAG.replace_all(source, " "));
    }
    let document = Document::parse(source);
    let mut words = String::new();
    let mut stack = vec![document.root()];
    while let Some(node) = stack.pop() {
        if document.is_text(node) {
            words.push_str(&document.text_content(node));
            continue;
        }
        let tag = document.tag_name(node);
        if matches!(tag, "script" | "style" | "template") {
            continue;
        }
        // What begins a block or a line begins a word.
        if super::blocks::is_block(tag) || tag == "br" || tag == "td" {
            words.push(' ');
        }
        stack.extend(document.child_nodes(node).into_iter().rev());
    }
    one_line(&words)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_up_becomes_words() {
        for (source, words) in [
            ("plain  words\n here", "plain words here"),
            ("a<br>b<p>c</p><ul><li>d<li>e</ul>", "a b c d e"),
            ("<i>in</i>side", "inside"),
            ("<script>x()</script>a<style>b{}</style>", "a"),
            ("Tom &amp; Jerry &#8217;s &nbsp; caf&eacute;", "Tom & Jerry ’s café"),
            ("&unknown; & more", "&unknown; & more"),
            ("", ""),
        ] {
            assert_eq!(plain_text(source), words, "{source}");
        }
        assert_eq!(plain_text(&format!("{}deep", "<div>".repeat(100_000))), "deep");
        assert_eq!(plain_text(&format!("{}long", "<b></b>".repeat(100_000))), "long");
        let attributes: String = (0..50_000).map(|n| format!(" a{n}")).collect();
        assert_eq!(plain_text(&format!("<p{attributes}>wide")), "wide");
    }
}
