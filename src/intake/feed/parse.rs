//! From the bytes of a feed to [`Feed`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use feed_rs::model;
use url::Url;

use super::{Entry, Feed, dates, identity, json, repair};
use crate::article::Published;
use crate::article::read::{self, plain_text};
use crate::intake::fetch::shown;
use crate::library::store::MAX_URL_BYTES;

/// The most entries of a feed that are read, from the top: newest first, as nearly all feeds have them.
pub const MAX_ENTRIES: usize = 1000;

/// The longest title, in characters, and the longest summary.
const MAX_TITLE: usize = 500;
const MAX_SUMMARY: usize = 4000;

/// The longest id that is kept, in bytes.
const MAX_ID_BYTES: usize = 2048;

/// The longest time that a feed may ask not to be looked at, in minutes: a month.
const MAX_TTL_MINUTES: u32 = 31 * 24 * 60;

/// Why something is no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FeedError {
    /// Not text.
    #[error("not a feed: {0}")]
    Text(String),
    /// A page, which may name feeds.
    #[error("a page, not a feed")]
    Page,
    /// Neither RSS, RDF, Atom nor JSON Feed.
    #[error("not a feed: neither RSS, RDF, Atom nor JSON Feed")]
    NoFeed,
    /// A feed that is damaged.
    #[error("the feed is damaged: {0}")]
    Damaged(String),
}

/// The feed in these bytes, which came with this `charset` of a `Content-Type` and from this address.
///
/// # Errors
/// [`FeedError`] says why they are none.
pub fn parse_bytes(bytes: &[u8], charset: Option<&str>, base: Option<&Url>) -> Result<Feed, FeedError> {
    let text = read::decode(bytes, charset).map_err(|error| FeedError::Text(error.to_string()))?;
    parse(&text, base)
}

/// The feed in this text; addresses that it shortens are completed by `base`, where it came from.
///
/// ```
/// let feed = byline::intake::feed::parse(
///     "<rss version=\"2.0\"><channel><title>Harbour Times</title>\
///      <item><title>Ferry &amp; bridge</title><link>/ferry</link><guid>7</guid></item></channel></rss>",
///     Some(&"https://news.example/feed".parse()?),
/// )?;
/// assert_eq!(feed.entries[0].title, "Ferry & bridge");
/// assert_eq!(feed.entries[0].link.as_deref(), Some("https://news.example/ferry"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`FeedError`] says why it is none.
pub fn parse(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let head = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if is_page(head) {
        return Err(FeedError::Page);
    }
    let source = if head.starts_with('{') { json::bounded(head)? } else { repair::xml(head, MAX_ENTRIES) };
    // The parser turns every date into UTC; what it was written as is kept aside, by its instant.
    let written: Arc<Mutex<HashMap<i64, Published>>> = Arc::default();
    let dates = Arc::clone(&written);
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base)
        .sanitize_content(false)
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(move |text| {
            let published = dates::parse(text)?;
            let instant = dates::instant(&published)?;
            dates.lock().unwrap_or_else(PoisonError::into_inner).insert(instant.as_second(), published);
            chrono::DateTime::from_timestamp(instant.as_second(), 0)
        })
        .build();
    let parsed = parser.parse(source.as_bytes()).map_err(|error| match error {
        feed_rs::parser::ParseFeedError::ParseError(feed_rs::parser::ParseErrorKind::NoFeedRoot) => FeedError::NoFeed,
        feed_rs::parser::ParseFeedError::JsonUnsupportedVersion(_) => FeedError::NoFeed,
        other => FeedError::Damaged(shown::plain(&other.to_string())),
    })?;
    let written = written.lock().unwrap_or_else(PoisonError::into_inner);
    let mut entries: Vec<Entry> =
        parsed.entries.into_iter().take(MAX_ENTRIES).map(|own| entry(own, base, &written)).collect();
    // A title that is only white space and a date: templates leave such when they have run out.
    entries.retain(|own| !own.title.is_empty() || own.link.is_some() || own.summary.is_some() || own.content.is_some());
    identity::identify(&mut entries);
    Ok(Feed {
        title: line(parsed.title, MAX_TITLE),
        link: page(&parsed.links, base),
        language: parsed.language.filter(|language| language.len() < 40),
        ttl: parsed.ttl.map(|minutes| Duration::from_secs(60 * u64::from(minutes.min(MAX_TTL_MINUTES)))),
        entries,
    })
}

fn is_page(head: &str) -> bool {
    let begins = |tag: &str| head.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag));
    begins("<!doctype html") || begins("<html")
}

fn entry(entry: model::Entry, base: Option<&Url>, written: &HashMap<i64, Published>) -> Entry {
    let id = Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty());
    // RSS 2.0: a guid is the entry's address unless it says otherwise.
    let address = || id.as_deref().and_then(|id| Url::parse(id).ok()).filter(is_web).map(String::from);
    let link = page(&entry.links, base).or_else(address);
    let published = entry.published.or(entry.updated).and_then(|date| written.get(&date.timestamp()).copied());
    let authors: Vec<String> =
        entry.authors.into_iter().filter_map(|person| person.name).map(|name| plain_text(&name)).collect();
    let author = authors.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ");
    let content = entry.content.and_then(|content| content.body).filter(|body| !body.trim().is_empty());
    Entry {
        title: line(entry.title, MAX_TITLE),
        link,
        author: Some(cut(author, MAX_TITLE)).filter(|author| !author.is_empty()),
        published,
        summary: Some(line(entry.summary, MAX_SUMMARY)).filter(|summary| !summary.is_empty()),
        content,
        id: id.map(|mut id| {
            id.truncate(id.floor_char_boundary(MAX_ID_BYTES));
            id
        }),
        identities: Vec::new(),
    }
}

/// The page that a feed or entry is about: what it calls its alternate, else the first that is neither itself nor an
/// enclosure, nor what others say of it.
fn page(links: &[model::Link], base: Option<&Url>) -> Option<String> {
    let pages = || links.iter().filter(|link| link.target.is_none() || link.rel.as_deref() == Some("alternate"));
    let alternate = |link: &&model::Link| link.rel.as_deref() == Some("alternate");
    let plain =
        |link: &&model::Link| matches!(link.media_type.as_deref(), None | Some("text/html" | "application/xhtml+xml"));
    let chosen = pages()
        .filter(alternate)
        .find(plain)
        .or_else(|| pages().find(|link| matches!(link.rel.as_deref(), None | Some("alternate"))))?;
    let href = chosen.href.trim();
    let url = match base {
        Some(base) => base.join(href).ok()?,
        None => Url::parse(href).ok()?,
    };
    (is_web(&url) && url.as_str().len() <= MAX_URL_BYTES).then(|| url.into())
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// A text as one line without mark-up.
fn line(text: Option<model::Text>, most: usize) -> String {
    text.map(|text| cut(plain_text(&text.content), most)).unwrap_or_default()
}

fn cut(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests;
