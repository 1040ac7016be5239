//! From a fetched page to an article, or the reason why it is none.
//!
//! The article is found by the readers of [`article::read`](crate::article::read). Here is judged whether what they found is
//! the article or only what stands in its place (`stub`), and at which address it lives (`address`).

mod address;
mod stub;

use url::Url;

use crate::article::read::{self, Format, ReadError};
use crate::article::{Article, BlockKind, Metadata};
use crate::intake::fetch::Fetched;

pub use address::behind_cache;
pub(super) use address::same_site;
pub use stub::Stub;

/// The longest key that is made of an address, in bytes.
const MAX_KEY_BYTES: usize = 80;

/// The most tags and comments of a page: ten times those of the largest of 80 news pages. Parser and extractor take some two
/// kilobytes for each, so that a page of eight megabytes could take gigabytes.
const MAX_TAGS: usize = 50_000;

/// Why a page gives no article.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// No article was found in it.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// More tags and comments than any page has.
    #[error("the page has more than {MAX_TAGS} tags")]
    Tags,
    /// What was found stands in an article's place.
    #[error(transparent)]
    Stub(#[from] Stub),
}

/// The article of a fetched page. Its address is the canonical one where the page names one of its own site, without what
/// only tells who passed it on; else the one where it was found.
///
/// # Errors
/// [`PageError`] says why it gives no article.
pub fn article(fetched: &Fetched) -> Result<Article, PageError> {
    let text = read::decode(&fetched.body, fetched.charset.as_deref())?;
    let format = match fetched.content_type.as_deref() {
        Some("text/plain") => Format::Text,
        Some("text/markdown") => Format::Markdown,
        _ => Format::Html,
    };
    let mut article = from_text(&key(&fetched.url), &text, format)?;
    let linked = || address::linked(&text).filter(|_| format == Format::Html);
    let named = article.meta().url.clone().or_else(linked);
    let url = address::of(named.as_deref(), &fetched.url);
    article.set_url(Some(url.to_string()));
    Ok(article)
}

/// The article in the text of a page, or of a plain text or Markdown file, that lies under this key.
///
/// # Errors
/// [`PageError`] says why it gives no article.
pub fn from_text(key: &str, text: &str, format: Format) -> Result<Article, PageError> {
    if format == Format::Html && text.bytes().filter(|byte| *byte == b'<').count() > MAX_TAGS {
        return Err(PageError::Tags);
    }
    let read = read::read_text(key, text, format);
    // What the reader did not dare to parse is not parsed here either.
    let unparsed = matches!(read, Err(ReadError::Nested(_) | ReadError::Attributes | ReadError::TooLarge(_)));
    if format == Format::Html && !unparsed {
        let found: Vec<&str> = read
            .iter()
            .flat_map(|article| article.blocks().iter().map(move |block| (article, block)))
            .filter(|(_, block)| block.kind.is_quotable() || block.kind == BlockKind::Furniture)
            .map(|(article, block)| article.slice(block.span))
            .collect();
        stub::judge(text, &found)?;
    }
    Ok(read?)
}

/// The article in mark-up that is all of it the article's, as feeds carry it.
///
/// # Errors
/// [`PageError`] says why it gives no article.
pub(super) fn of_fragment(key: &str, source: &str, meta: Metadata) -> Result<Article, PageError> {
    if source.bytes().filter(|byte| *byte == b'<').count() > MAX_TAGS {
        return Err(PageError::Tags);
    }
    Ok(read::fragment(key, source, meta)?)
}

/// A key for the article at this address: the last part of its path that has words, else the host.
pub(super) fn key(url: &Url) -> String {
    let parts = url.path_segments().into_iter().flatten();
    let named = parts.rev().map(|part| part.split('.').next().unwrap_or(part)).find(|part| {
        part.chars().any(char::is_alphabetic) && !matches!(*part, "index" | "amp" | "print" | "article" | "story")
    });
    let words = named.or(url.host_str()).unwrap_or("page");
    let mut key: String =
        words.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    key.truncate(MAX_KEY_BYTES);
    let key = key.trim_matches('-');
    if key.is_empty() { "page".to_owned() } else { key.to_owned() }
}

#[cfg(test)]
mod tests;
