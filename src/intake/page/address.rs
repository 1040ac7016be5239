//! At which address an article lives: the canonical one, if the page may name it.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use crate::library::store::{MAX_URL_BYTES, is_tracking};

/// Parameters that only choose how a page is shown, and the values that choose AMP or print.
const SHOWN_AS: [(&str, &str); 8] = [
    ("amp", ""),
    ("amp", "1"),
    ("amp", "true"),
    ("outputtype", "amp"),
    ("output", "amp"),
    ("print", "1"),
    ("print", "true"),
    ("view", "print"),
];

/// Names of hosts that serve the same pages for other devices.
const VARIANTS: [&str; 7] = ["www.", "m.", "mobile.", "amp.", "touch.", "wap.", "print."];

/// The address of an article that was found at `found` and whose page names `named` as the canonical one.
///
/// A page may only speak for its own site: an address elsewhere would let anyone pass off words as an outlet's.
pub(super) fn of(named: Option<&str>, found: &Url) -> Url {
    let at = behind_cache(found).unwrap_or_else(|| found.clone());
    let named = named.and_then(|named| at.join(named.trim()).ok()).filter(|named| {
        let web =
            matches!(named.scheme(), "http" | "https") && named.username().is_empty() && named.password().is_none();
        // Pages without an address of their own name their site's front page.
        let front = named.path() == "/" && named.query().is_none() && (at.path() != "/" || at.query().is_some());
        web && !front && named.as_str().len() <= MAX_URL_BYTES && same_site(named, &at)
    });
    clean(named.unwrap_or(at))
}

/// The address that a page's `<link rel="canonical">` gives, as it stands there: often without its host.
pub(super) fn linked(source: &str) -> Option<String> {
    static LINK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)<link\s[^<>]*?rel\s*=\s*["']?canonical\b[^<>]*>"#).expect("a valid pattern")
    });
    static PLACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(?i)\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))"#).expect("a valid pattern")
    });
    let place = PLACE.captures(LINK.find(source)?.as_str())?;
    (1..=3).find_map(|group| place.get(group)).map(|place| place.as_str().replace("&amp;", "&"))
}

/// The page that an address of an AMP cache stands for: `…google.com/amp/s/HOST/PATH`, `HOST.cdn.ampproject.org/c/s/HOST/PATH`.
///
/// ```
/// use byline::intake::page::behind_cache;
/// let cached = "https://www.google.com/amp/s/news.example/ferry".parse()?;
/// assert_eq!(behind_cache(&cached).map(String::from).as_deref(), Some("https://news.example/ferry"));
/// # Ok::<(), url::ParseError>(())
/// ```
#[must_use]
pub fn behind_cache(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let path = url.path().strip_prefix('/')?;
    let rest = if host.ends_with(".cdn.ampproject.org") || host == "cdn.ampproject.org" {
        ["c/", "v/"].iter().find_map(|kind| path.strip_prefix(kind))?
    } else if is_google(host) {
        path.strip_prefix("amp/")?
    } else {
        return None;
    };
    let (scheme, rest) = rest.strip_prefix("s/").map_or(("http", rest), |rest| ("https", rest));
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let page = Url::parse(&format!("{scheme}://{rest}{query}")).ok()?;
    page.host_str().is_some_and(|host| host.contains('.')).then_some(page)
}

/// Whether a host is one of Google's search: anybody can have a name that only begins like theirs.
fn is_google(host: &str) -> bool {
    static GOOGLE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^www\.google\.(?:com|(?:com?\.)?[a-z]{2})$").expect("a valid pattern"));
    GOOGLE.is_match(host)
}

/// Whether both hosts are of one site: the same name, or one below the other, their variants for devices aside.
pub(in crate::intake) fn same_site(one: &Url, other: &Url) -> bool {
    let (Some(one), Some(other)) = (one.host_str().map(bare), other.host_str().map(bare)) else { return false };
    let below =
        |low: &str, high: &str| high.contains('.') && low.strip_suffix(high).is_some_and(|rest| rest.ends_with('.'));
    one == other || below(one, other) || below(other, one)
}

fn bare(host: &str) -> &str {
    let host = host.strip_suffix('.').unwrap_or(host);
    VARIANTS.iter().find_map(|variant| host.strip_prefix(variant).filter(|rest| rest.contains('.'))).unwrap_or(host)
}

/// Without fragment, and without parameters that say who passed the address on or how the page is shown.
fn clean(mut url: Url) -> Url {
    url.set_fragment(None);
    let Some(query) = url.query() else { return url };
    let shown_as = |pair: &str| {
        let pair = pair.to_ascii_lowercase();
        SHOWN_AS.contains(&pair.split_once('=').unwrap_or((&pair, "")))
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair) && !shown_as(pair)).collect();
    let kept = kept.join("&");
    url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(named: Option<&str>, found: &str) -> String {
        of(named, &Url::parse(found).unwrap()).to_string()
    }

    #[test]
    fn a_page_names_its_address_within_its_own_site() {
        let found = "https://amp.news.example/ferry/amp?utm_source=x&amp=1";
        for named in [
            "https://www.news.example/ferry",
            "https://news.example/ferry#top",
            "https://www.news.example/ferry?fbclid=1",
        ] {
            assert!(at(Some(named), found).ends_with("news.example/ferry"), "{named}");
        }
        assert_eq!(at(Some("/ferry"), found), "https://amp.news.example/ferry");
        assert_eq!(
            at(Some("https://desk.news.example/f"), "https://www.news.example/x"),
            "https://desk.news.example/f"
        );
    }

    #[test]
    fn a_link_is_found_however_it_is_written() {
        for link in [
            "<link rel=\"canonical\" href=\"/a?b&amp;c\">",
            "<link href='/a?b&c' rel='canonical'/>",
            "<LINK REL=canonical HREF=/a?b&c>",
            "<link rel=\"icon\" href=\"/i\"><link\n data-x href=\"/a?b&c\"\n rel=\"canonical\">",
        ] {
            assert_eq!(linked(link).as_deref(), Some("/a?b&c"), "{link}");
        }
        for none in ["", "<link rel=\"icon\" href=\"/i\">", "<link rel=\"canonical\">", "<a rel=canonical href=/a>"] {
            assert_eq!(linked(none), None, "{none}");
        }
    }

    #[test]
    fn a_page_does_not_speak_for_another_site_nor_for_the_front_page() {
        let found = "https://fake.example/ferry?b=1&utm_medium=mail&a=2#part";
        for named in [
            None,
            Some("https://news.example/ferry"),
            Some("https://example/ferry"),
            Some("https://nfake.example/ferry"),
            Some("https://fake.example.evil.test/ferry"),
            Some("https://fake.example/"),
            Some("ftp://fake.example/ferry"),
            Some("javascript:alert(1)"),
            Some("https://u:p@fake.example/ferry"),
            Some("https://[::1"),
        ] {
            assert_eq!(at(named, found), "https://fake.example/ferry?b=1&a=2", "{named:?}");
        }
    }

    #[test]
    fn what_only_chooses_how_a_page_is_shown_goes() {
        for found in [
            "https://news.example/a?id=7&outputType=amp",
            "https://news.example/a?amp&id=7",
            "https://news.example/a?print=1&id=7&utm_campaign=z",
        ] {
            assert_eq!(at(None, found), "https://news.example/a?id=7");
        }
        assert_eq!(at(None, "https://news.example/a?amp=9"), "https://news.example/a?amp=9");
    }

    #[test]
    fn a_cache_stands_for_the_page_behind_it() {
        for cached in [
            "https://www.google.com/amp/s/news.example/ferry",
            "https://www.google.co.uk/amp/s/news.example/ferry",
            "https://www.google.com.au/amp/s/news.example/ferry",
            "https://www.google.de/amp/s/news.example/ferry",
            "https://news-example.cdn.ampproject.org/c/s/news.example/ferry",
        ] {
            assert_eq!(at(None, cached), "https://news.example/ferry");
            assert_eq!(at(Some("https://www.news.example/ferry.html"), cached), "https://www.news.example/ferry.html");
        }
        for other in [
            "https://www.google.com/search?q=a",
            "https://news.example/amp/s/other.example/a",
            "https://www.google.com/amp/s/",
            "https://www.google.evil.example/amp/s/news.example/ferry",
            "https://www.google.com.evil.example/amp/s/news.example/ferry",
        ] {
            assert_eq!(behind_cache(&Url::parse(other).unwrap()), None, "{other}");
        }
    }
}
