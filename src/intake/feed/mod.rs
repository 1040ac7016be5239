//! Feeds: RSS 0.9 to 2.0, RDF, Atom and JSON Feed, made into one form.
//!
//! [`parse`] reads one, [`discover`] finds those that a page names, [`opml`] takes lists of them in and gives them out, and
//! [`rhythm`] says when to look again. Nothing here fetches or keeps anything.

mod dates;
mod discover;
pub mod filter;
mod identity;
mod json;
pub mod opml;
mod parse;
mod repair;
pub mod rhythm;

use std::time::Duration;

use jiff::Timestamp;

use crate::article::Published;

pub use discover::{Link, discover, guesses};
pub use parse::{FeedError, MAX_ENTRIES, parse, parse_bytes};

/// A feed, whatever form it came in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feed {
    /// Its title, as plain text; empty when it has none.
    pub title: String,
    /// The site that it is of.
    pub link: Option<String>,
    /// Its language, as it names it.
    pub language: Option<String>,
    /// How long it asks not to be looked at again.
    pub ttl: Option<Duration>,
    /// Its entries, in its own order.
    pub entries: Vec<Entry>,
}

/// An entry of a feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// What the feed calls it (`guid`, `id`), if anything.
    pub id: Option<String>,
    /// Its title, as plain text; empty when it has none.
    pub title: String,
    /// The page that it is about.
    pub link: Option<String>,
    /// Its authors, as the feed writes them.
    pub author: Option<String>,
    /// When it was published, with the zone that the feed wrote; where it does not say, when it was last changed.
    pub published: Option<Published>,
    /// Its summary, as plain text.
    pub summary: Option<String>,
    /// Its full text, as the mark-up that the feed carries. Foreign: never to be shown as it is.
    pub content: Option<String>,
    /// What tells it from others, most trusted first: its id, its link, its words. An entry is known when one of them is; so
    /// that a feed which gives all its entries new ids, or new addresses, does not bring them again.
    pub identities: Vec<String>,
}

impl Entry {
    /// When it was published, as an instant; a time without a zone is taken for UTC.
    #[must_use]
    pub fn instant(&self) -> Option<Timestamp> {
        dates::instant(self.published.as_ref()?)
    }
}
