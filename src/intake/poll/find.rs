//! From an address that somebody names to a feed: the address itself, or the feed of the page that it is.

use url::Url;

use crate::article::read;
use crate::intake::feed::{self, Feed, FeedError};
use crate::intake::fetch::{FetchError, Fetched, Fetcher, Wanted};

/// A feed that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Where it is; where it has moved for good, that.
    pub url: Url,
    /// What it says.
    pub feed: Feed,
    /// The other feeds that the page names, as it calls them; nothing where the address was a feed's own.
    pub others: Vec<feed::Link>,
}

/// Why an address leads to no feed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// It was not fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What is there is no feed.
    #[error(transparent)]
    Feed(#[from] FeedError),
    /// It is a page that names no feed, and there is none where feeds mostly are.
    #[error("this is a page that names no feed")]
    NoFeed,
    /// A defect of ours.
    #[error("a defect of Byline: {0}")]
    Task(String),
}

/// The most feeds of a page that are tried.
const TRIED: usize = 4;

/// Finds the feed at an address: itself, or the first of those that the page there names that is one, or one where feeds mostly lie.
///
/// # Errors
/// [`FindError`] says why there is none.
pub async fn find(fetcher: &Fetcher, url: &Url) -> Result<Found, FindError> {
    let fetched = fetcher.get(url, &Wanted::feed()).await?;
    let place = fetched.moved.clone().unwrap_or_else(|| url.clone());
    let (base, charset, body) = (fetched.url.clone(), fetched.charset.clone(), fetched.body.clone());
    match parse(fetched).await {
        Ok(feed) => return Ok(Found { url: place, feed, others: Vec::new() }),
        // Some pages are served without a beginning that tells them.
        Err(FindError::Feed(FeedError::Page | FeedError::NoFeed | FeedError::Damaged(_))) => {}
        Err(error) => return Err(error),
    }
    let named = tokio::task::spawn_blocking(move || {
        let text = read::decode(&body, charset.as_deref()).unwrap_or_default();
        (feed::discover(&text, &base), feed::guesses(&base))
    });
    let (named, guesses) = named.await.map_err(|error| FindError::Task(error.to_string()))?;
    let mut last = FindError::NoFeed;
    for (at, link) in named.iter().enumerate().take(TRIED) {
        match fetch(fetcher, &link.url).await {
            Ok(found) => {
                let others = named.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, link)| link.clone());
                return Ok(Found { others: others.collect(), ..found });
            }
            Err(error) => last = error,
        }
    }
    if named.is_empty() {
        for guess in guesses {
            if let Ok(found) = fetch(fetcher, &guess).await {
                return Ok(found);
            }
        }
    }
    Err(last)
}

async fn fetch(fetcher: &Fetcher, url: &Url) -> Result<Found, FindError> {
    let fetched = fetcher.get(url, &Wanted::feed()).await?;
    let place = fetched.moved.clone().unwrap_or_else(|| url.clone());
    Ok(Found { url: place, feed: parse(fetched).await?, others: Vec::new() })
}

async fn parse(fetched: Fetched) -> Result<Feed, FindError> {
    // A large feed takes tens of milliseconds: not on the threads that answer.
    let parsed = tokio::task::spawn_blocking(move || {
        feed::parse_bytes(&fetched.body, fetched.charset.as_deref(), Some(&fetched.url))
    });
    Ok(parsed.await.map_err(|error| FindError::Task(error.to_string()))??)
}
