//! What a caller wants of an address, and what it gets.

use std::time::Duration;

use url::Url;

/// The content types of pages that articles are read from.
const PAGE: [&str; 5] = ["text/html", "application/xhtml+xml", "text/plain", "text/markdown", "application/xml"];

/// The content types of feeds, those that feeds are wrongly served as, and that of pages, which name their feeds.
const FEED: [&str; 12] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/feed+json",
    "application/xml",
    "text/xml",
    "application/json",
    "text/json",
    "text/plain",
    "text/html",
    "application/xhtml+xml",
    "application/octet-stream",
];

/// What is wanted of an address: which kinds of content, how much, and whether only if it changed.
///
/// ```
/// use byline::intake::fetch::Wanted;
/// let wanted = Wanted::feed().unless(Some("\"v7\"".into()), None);
/// assert_eq!(wanted.etag.as_deref(), Some("\"v7\""));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The content types that are taken, lower-case and without parameters. An answer that declares none is taken too.
    pub content_types: &'static [&'static str],
    /// The most bytes of a body, on the wire and unpacked, where the policy lets as many.
    pub max_bytes: usize,
    /// Whether robots.txt is asked first, if the policy honours it.
    pub robots: bool,
    /// The `ETag` of what is held already: the answer may be that nothing changed.
    pub etag: Option<String>,
    /// The `Last-Modified` of what is held already.
    pub last_modified: Option<String>,
}

impl Wanted {
    /// A page, as large as the policy lets.
    #[must_use]
    pub fn page() -> Self {
        Self { content_types: &PAGE, max_bytes: usize::MAX, robots: true, etag: None, last_modified: None }
    }

    /// A feed (or a page that names its feeds), as large as the policy lets.
    #[must_use]
    pub fn feed() -> Self {
        Self { content_types: &FEED, robots: false, ..Self::page() }
    }

    /// A file that somebody attached to a message: of any kind, as large as the policy lets.
    #[must_use]
    pub fn file() -> Self {
        Self { content_types: &[], robots: false, ..Self::page() }
    }

    /// The same, only if it changed since it had this `ETag` and `Last-Modified`.
    #[must_use]
    pub fn unless(self, etag: Option<String>, last_modified: Option<String>) -> Self {
        Self { etag, last_modified, ..self }
    }

    /// Whether this content type is taken.
    pub(super) fn takes(&self, essence: &str) -> bool {
        self.content_types.is_empty() || self.content_types.contains(&essence)
    }

    /// The `Accept` header.
    pub(super) fn accept(&self) -> String {
        let mut accept = self.content_types.join(", ");
        if !accept.is_empty() {
            accept.push_str(", ");
        }
        accept + "*/*;q=0.1"
    }
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it was found in the end, redirects followed.
    pub url: Url,
    /// Where the address that was asked for has moved for good (301, 308): keep this instead of it. `None` as well when
    /// the move would give up https.
    pub moved: Option<Url>,
    /// Whether nothing changed (304); the body is empty then.
    pub not_modified: bool,
    /// The content type, lower-case and without parameters, if one is declared.
    pub content_type: Option<String>,
    /// The character encoding that the content type declares.
    pub charset: Option<String>,
    /// The body, unpacked.
    pub body: Vec<u8>,
    /// The `ETag`, for [`Wanted::unless`].
    pub etag: Option<String>,
    /// The `Last-Modified`, for [`Wanted::unless`].
    pub last_modified: Option<String>,
    /// How long it is to be taken for fresh (`Cache-Control`, `Expires`, less its `Age`); zero when it says not to keep it.
    pub fresh_for: Option<Duration>,
    /// How long the server asks to be left alone.
    pub retry_after: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_feeds_are_told_apart_by_their_content_types() {
        assert!(Wanted::page().takes("text/html") && !Wanted::page().takes("application/pdf"));
        assert!(Wanted::feed().takes("application/rss+xml") && !Wanted::feed().takes("image/png"));
        assert!(Wanted::page().robots && !Wanted::feed().robots);
        assert!(Wanted::page().accept().starts_with("text/html, "));
    }
}
