//! The feeds of a site, found from one of its pages.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::article::read::plain_text;
use crate::library::store::MAX_URL_BYTES;

/// The most feeds of a page that are told.
const MAX_LINKS: usize = 20;

/// How much of a page is searched, in bytes. Pages name their feeds in their head; some heads are long.
const SEARCHED: usize = 2 * 1024 * 1024;

/// Where feeds lie on sites that name none, most common first (WordPress, Hugo and Jekyll, Ghost, JSON Feed).
const COMMON: [&str; 8] =
    ["/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feed.atom", "/feed.json"];

/// A feed that a page names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where it is.
    pub url: Url,
    /// What the page calls it, as plain text; empty when it doesn't.
    pub title: String,
}

/// A tag. One whose attributes hold a `>` is cut there: it costs a rare title, and makes the search linear.
static TAG: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)<(link|a|base)\b([^<>]*)>").expect("a valid pattern"));

static ATTRIBUTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#).expect("a valid pattern")
});

/// The path of a link that is likely a feed.
static LOOKS_LIKE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|/)(?:feed|rss|atom)/?$|\.(?:rss|atom|rdf)$|(?:^|/)(?:feed|rss|atom|index)\.(?:xml|json)$")
        .expect("a valid pattern")
});

/// The feeds that the page in `html`, found at `base`, names: those that its head declares, else links that look like one.
/// Feeds of comments come last.
///
/// ```
/// use byline::intake::feed::discover;
/// let html = r#"<link rel="alternate" type="application/rss+xml" title="News" href="/feed">"#;
/// let found = discover(html, &"https://news.example/ferry".parse()?);
/// assert_eq!(found[0].url.as_str(), "https://news.example/feed");
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn discover(html: &str, base: &Url) -> Vec<Link> {
    let html = without_literal(&html[..html.floor_char_boundary(SEARCHED)]);
    let mut base = base.clone();
    let (mut declared, mut linked): (Vec<Link>, Vec<Link>) = (Vec::new(), Vec::new());
    for tag in TAG.captures_iter(&html) {
        let part = |n| tag.get(n).map_or("", |part| part.as_str());
        let attributes = attributes(part(2));
        let value = |name: &str| attributes.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.as_str());
        let address = value("href").trim();
        if address.is_empty() || address.len() > MAX_URL_BYTES {
            continue;
        }
        let Ok(url) = base.join(address) else { continue };
        if !matches!(url.scheme(), "http" | "https") || url.as_str().len() > MAX_URL_BYTES {
            continue;
        }
        let rel = |wanted: &str| value("rel").split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case(wanted));
        let named = |into: &mut Vec<Link>| {
            if into.len() < MAX_LINKS && into.iter().all(|link| link.url != url) {
                into.push(Link { url: url.clone(), title: plain_text(value("title")).chars().take(200).collect() });
            }
        };
        match part(1).to_ascii_lowercase().as_str() {
            "base" => base = url,
            "link" if rel("alternate") && is_feed(value("type")) || rel("feed") => named(&mut declared),
            "a" if url.host_str() == base.host_str() && LOOKS_LIKE.is_match(url.path()) => named(&mut linked),
            _ => {}
        }
    }
    let mut found = if declared.is_empty() { linked } else { declared };
    found.sort_by_key(|link| {
        let of_comments = |text: &str| text.to_ascii_lowercase().contains("comment");
        of_comments(&link.title) || of_comments(link.url.path())
    });
    found
}

/// Where a feed may lie on the site of `page`, for when it names none.
#[must_use]
pub fn guesses(page: &Url) -> Vec<Url> {
    COMMON.iter().filter_map(|path| page.join(path).ok()).filter(|url| url != page).collect()
}

/// Without comments, scripts and style sheets, whose tags are none. What never closes is left as it is.
fn without_literal(html: &str) -> String {
    // Lower-casing ASCII moves no byte.
    let lower = html.to_ascii_lowercase();
    let mut literal = [("<!--", "-->", true), ("<script", "</script", true), ("<style", "</style", true)];
    let (mut out, mut at) = (String::with_capacity(html.len()), 0);
    while let Some(found) = lower[at..].find('<') {
        out.push_str(&html[at..at + found]);
        at += found;
        let rest = &lower[at..];
        let past = literal.iter_mut().find(|(opens, _, closes)| *closes && rest.starts_with(opens)).and_then(
            |(_, end, closes)| {
                let past = rest.find(*end).map(|past| past + end.len());
                *closes = past.is_some();
                past
            },
        );
        match past {
            Some(past) => at += past,
            None => {
                out.push('<');
                at += 1;
            }
        }
    }
    out + &html[at..]
}

fn is_feed(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "application/rss+xml"
            | "application/atom+xml"
            | "application/rdf+xml"
            | "application/feed+json"
            | "application/json"
    )
}

fn attributes(tag: &str) -> Vec<(String, String)> {
    ATTRIBUTE
        .captures_iter(tag)
        .map(|found| {
            let value = (2..=4).find_map(|group| found.get(group)).map_or("", |value| value.as_str());
            (found[1].to_ascii_lowercase(), plain_text(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let base = Url::parse("https://news.example/2024/ferry").unwrap();
        discover(html, &base).into_iter().map(|link| link.url.to_string()).collect()
    }

    #[test]
    fn declared_feeds_are_found_however_they_are_written() {
        for html in [
            "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed\">",
            "<LINK HREF='/feed' TYPE='application/atom+xml' REL='Alternate home'/>",
            "<link rel=alternate type=application/feed+json href=/feed>",
            "<link type=\"application/rss+xml; charset=utf-8\" rel=\"alternate\" href=\" https://news.example/feed \">",
            "<link rel=\"feed\" href=\"/feed\">",
            "<base href=\"https://news.example/\"><link rel=\"alternate\" type=\"application/rss+xml\" href=\"feed\">",
        ] {
            assert_eq!(found(html), ["https://news.example/feed"], "{html}");
        }
        let titled =
            "<link rel=alternate type=application/rss+xml title=\"Fish &amp; chips\" href=\"/feed?a=1&amp;b=2\">";
        let link = discover(titled, &Url::parse("https://news.example/").unwrap()).remove(0);
        assert_eq!((link.title.as_str(), link.url.query()), ("Fish & chips", Some("a=1&b=2")));
    }

    #[test]
    fn what_declares_no_feed_is_none() {
        for html in [
            "",
            "<link rel=\"alternate\" hreflang=\"de\" href=\"/de\">",
            "<link rel=\"stylesheet\" type=\"text/css\" href=\"/feed\">",
            "<!-- <link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed\"> -->",
            "<script>'<link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed\">'</script>",
            "<link rel=\"alternate\" type=\"application/rss+xml\" href=\"javascript:x\">",
            "<link rel=\"alternate\" type=\"application/rss+xml\">",
        ] {
            assert!(found(html).is_empty(), "{html}");
        }
    }

    #[test]
    fn links_that_look_like_feeds_are_taken_where_none_is_declared() {
        let links = "<a href=\"/about\">About</a><a href=\"/rss.xml\">RSS</a><a href=\"/blog/feed/\">Feed</a>\
                     <a href=\"https://other.example/feed\">Other</a><a href=\"/feedback\">Say</a><a href='/rss.xml'>RSS</a>";
        assert_eq!(found(links), ["https://news.example/rss.xml", "https://news.example/blog/feed/"]);
        let declared = format!("{links}<link rel=alternate type=application/rss+xml href=/main>");
        assert_eq!(found(&declared), ["https://news.example/main"]);
    }

    #[test]
    fn feeds_of_comments_come_last() {
        let html = "<link rel=alternate type=application/rss+xml title=Comments href=/comments/feed>\
                    <link rel=alternate type=application/rss+xml title=News href=/feed>";
        assert_eq!(found(html), ["https://news.example/feed", "https://news.example/comments/feed"]);
    }

    #[test]
    fn guesses_are_of_the_site() {
        let page = Url::parse("https://news.example/feed").unwrap();
        assert!(guesses(&page).iter().all(|url| url.host_str() == Some("news.example") && *url != page));
    }

    #[test]
    fn endless_pages_are_searched_in_bounded_time() {
        for piece in [
            "<link ",
            "<a href=\"/feed\"",
            "<!--",
            "<!--<style></style>",
            "<script><a href=/x>",
            "<a href='",
            "<a \"<link>\" '",
            "é",
        ] {
            let _ = found(&piece.repeat(200_000));
        }
        let far = format!("<base href=/{}>", "a".repeat(1_000_000));
        assert_eq!(found(&(far + "<a href=feed>".repeat(50_000).as_str())), ["https://news.example/2024/feed"]);
        let many: String = (0..5000).map(|n| format!("<link rel=feed href=/{n}>")).collect();
        assert_eq!(found(&many).len(), MAX_LINKS);
    }
}
