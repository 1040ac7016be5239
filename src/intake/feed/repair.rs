//! Feeds that are almost XML, made so: what browsers and feed readers forgive is put right before the parser sees it.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// The declaration, which names an encoding that the text no longer has.
static DECLARATION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^<\?xml[^>]*\?>").expect("a valid pattern"));

/// The root's tag. It stands near the start; what stands before it are comments, instructions and a document type.
static ROOT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"<(?:[A-Za-z]+:)?(?:rss|RDF|rdf|feed)\b[^>]*>").expect("a valid pattern"));

static VERSION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\sversion\s*=\s*("[^"]*"|'[^']*')"#).expect("a valid pattern"));

/// A namespace that stands for the one before it.
const NAMESPACES: [(&str, &str); 8] = [
    ("http://my.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/"),
    ("http://channel.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/"),
    ("http://my.netscape.com/publish/formats/rss-0.91.dtd", "http://purl.org/rss/1.0/"),
    ("http://backend.userland.com/rss2", "http://purl.org/rss/1.0/"),
    ("http://blogs.law.harvard.edu/tech/rss", "http://purl.org/rss/1.0/"),
    ("http://cyber.law.harvard.edu/rss", "http://purl.org/rss/1.0/"),
    ("http://purl.org/net/rss1.1#", "http://purl.org/rss/1.0/"),
    ("http://purl.org/atom/ns#", "http://www.w3.org/2005/Atom"),
];

/// The longest reference, in bytes between its marks; longer ones are words behind an ampersand.
const MAX_REFERENCE: usize = 32;

/// The XML in `text`, without what keeps a parser from reading it, and with so many entries at most: a parser makes much
/// more of an empty one than its seven bytes.
pub(super) fn xml(text: &str, entries: usize) -> String {
    // Blank lines, byte order marks and warnings of the server's own scripts before the first tag.
    let text = text.find('<').map_or("", |at| &text[at..]);
    let text = DECLARATION.replace(text, "");
    let text = without_control(&text);
    let text = references(&text, entries);
    root(&text)
}

/// Without the characters that XML 1.0 does not have (2.2).
fn without_control(text: &str) -> Cow<'_, str> {
    let is_unfit = |c: char| !is_char(c);
    if text.contains(is_unfit) { text.replace(is_unfit, "").into() } else { text.into() }
}

fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Ampersands that begin no reference as what they are, and references to characters that are none as a mark for one lost.
/// Named references stay: the parser keeps those that it doesn't know, and none is ever unfolded.
///
/// The text ends before the first entry that is too many, and what is open there is closed.
fn references(text: &str, entries: usize) -> String {
    let mut entries = entries;
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    // What opens once and never closes is looked for once.
    let mut literal = [("<![CDATA[", "]]>", true), ("<!--", "-->", true)];
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match literal.iter_mut().find(|(opens, _, closes)| *closes && rest.starts_with(opens)) {
            Some((_, end, closes)) => rest.find(*end).map(|at| at + end.len()).unwrap_or_else(|| {
                *closes = false;
                1
            }),
            None => 1,
        };
        if rest.starts_with('&') {
            rest = &rest[1..];
            match reference(rest) {
                Some(Reference::Kept) => out.push('&'),
                Some(Reference::Lost(length)) => {
                    out.push('\u{fffd}');
                    rest = &rest[length..];
                }
                None => out.push_str("&amp;"),
            }
        } else {
            if taken == 1 && is_entry(rest) {
                if entries == 0 {
                    return out + closing(text).as_str();
                }
                entries -= 1;
            }
            out.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
    }
    out + rest
}

/// Whether a tag that begins an entry stands here.
fn is_entry(rest: &str) -> bool {
    let name = rest.strip_prefix('<').unwrap_or(rest);
    let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric() && c != ':').unwrap_or(name.len()).min(40)];
    matches!(name.rsplit(':').next(), Some("item" | "entry"))
}

/// The tags that end a feed between two entries.
fn closing(text: &str) -> String {
    let root = ROOT.find(text).map_or("", |root| root.as_str()).trim_start_matches('<');
    let root = &root[..root.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(root.len())];
    let channel = if root == "rss" { "</channel>" } else { "" };
    format!("{channel}</{root}>")
}

/// What follows an ampersand.
enum Reference {
    /// A reference that the parser can have.
    Kept,
    /// A reference to no character, so many bytes long.
    Lost(usize),
}

fn reference(rest: &str) -> Option<Reference> {
    let end = rest.bytes().take(MAX_REFERENCE).position(|byte| byte == b';')?;
    let name = rest.get(..end)?;
    let Some(number) = name.strip_prefix('#') else {
        let named =
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|c| c.is_ascii_alphanumeric());
        return named.then_some(Reference::Kept);
    };
    let (digits, radix) = number.strip_prefix(['x', 'X']).map_or((number, 10), |hex| (hex, 16));
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let fit = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).is_some_and(is_char);
    Some(if fit { Reference::Kept } else { Reference::Lost(end + 1) })
}

/// The root as the parser knows it: RSS of every version as 2.0, which can do all that the others can, and old namespaces
/// as their successors.
fn root(text: &str) -> String {
    let Some(found) = ROOT.find(text) else { return text.to_owned() };
    let mut tag = found.as_str().to_owned();
    let mut rest = text[found.end()..].to_owned();
    for (old, new) in NAMESPACES {
        tag = tag.replace(old, new);
    }
    if tag.starts_with("<rss") {
        tag = VERSION.replace(&tag, "").replacen("<rss", "<rss version=\"2.0\"", 1);
    } else if found.as_str().contains("http://purl.org/atom/ns#") {
        // Atom 0.3 has other names for the same dates.
        for (old, new) in [("issued>", "published>"), ("modified>", "updated>"), ("created>", "published>")] {
            rest =
                rest.replace(&format!("<{old}"), &format!("<{new}")).replace(&format!("</{old}"), &format!("</{new}"));
        }
    }
    format!("{}{tag}{rest}", &text[..found.start()])
}

#[cfg(test)]
mod tests {

    fn xml(text: &str) -> String {
        super::xml(text, 2)
    }

    #[test]
    fn a_feed_ends_before_the_first_entry_that_is_too_many() {
        for (given, repaired) in [
            (
                "<rss><channel><item/><item>a</item><item>b</item></channel></rss>",
                "<rss version=\"2.0\"><channel><item/><item>a</item></channel></rss>",
            ),
            ("<feed x=\"1\"><entry/><entry/><entry/></feed>", "<feed x=\"1\"><entry/><entry/></feed>"),
            ("<rdf:RDF><channel/><item/>\n<item/><item/><item/>", "<rdf:RDF><channel/><item/>\n<item/></rdf:RDF>"),
            ("<feed><![CDATA[<entry><entry><entry>]]></feed>", "<feed><![CDATA[<entry><entry><entry>]]></feed>"),
            ("<feed><items/><entrys/><entry/><entry/></feed>", "<feed><items/><entrys/><entry/><entry/></feed>"),
        ] {
            assert_eq!(xml(given), repaired, "{given}");
        }
    }

    #[test]
    fn what_stands_before_the_first_tag_goes() {
        assert_eq!(xml("\u{feff}\n Warning: x\n<?xml version=\"1.0\" encoding=\"koi8-r\"?>\n<feed/>"), "\n<feed/>");
        assert_eq!(xml("no tag"), "");
    }

    #[test]
    fn every_rss_is_read_as_the_last_one() {
        for root in ["<rss>", "<rss version=\"0.91\">", "<rss version='0.94'>", "<rss version = \"2.0.1\">"] {
            assert_eq!(xml(root), "<rss version=\"2.0\">", "{root}");
        }
    }

    #[test]
    fn ampersands_that_begin_nothing_are_ampersands() {
        for (given, repaired) in [
            ("<a>Fish & chips</a>", "<a>Fish &amp; chips</a>"),
            ("<a href=\"?a=1&b=2\"/>", "<a href=\"?a=1&amp;b=2\"/>"),
            ("<a>&amp; &nbsp; &#38; &#x26;</a>", "<a>&amp; &nbsp; &#38; &#x26;</a>"),
            ("<a><![CDATA[a & b &]]></a>", "<a><![CDATA[a & b &]]></a>"),
            ("<a>&#0; &#x1; &#xD800; &#99999999;</a>", "<a>\u{fffd} \u{fffd} \u{fffd} \u{fffd}</a>"),
            (
                "<a>&#; &#x; &; &#12a; &toolongtobeareferenceinanylanguage;</a>",
                "<a>&amp;#; &amp;#x; &amp;; &amp;#12a; &amp;toolongtobeareferenceinanylanguage;</a>",
            ),
            ("<!-- & --><a>&<![CDATA[&", "<!-- & --><a>&amp;<![CDATA[&amp;"),
            ("<a>a\u{0}b\u{b}c\u{ffff}</a>", "<a>abc</a>"),
        ] {
            assert_eq!(xml(given), repaired, "{given}");
        }
    }

    #[test]
    fn what_opens_again_and_again_takes_no_longer() {
        for piece in ["<![CDATA[&", "<!--&", "&#", "<rss", "<![CDATA[<!--&]]>"] {
            let all = format!("<a>{}", piece.repeat(100_000));
            assert!(xml(&all).len() >= all.len());
        }
    }
}
