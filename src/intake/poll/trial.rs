//! A feed on trial: what of it would be stored, and why the rest would not. Nothing is kept.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::entry::full;
use super::find::Found;
use super::look::{began, is_old, sort};
use crate::intake::feed::Entry;
use crate::intake::feed::filter::Filters;
use crate::intake::fetch::{Fetcher, Wanted};
use crate::intake::page;
use crate::library::store::{CollectionId, FeedEntry, PageHeld, Store, StoreError, StoredId};

/// The most entries that are tried.
const MOST: usize = 30;

/// The most of them whose pages are fetched.
const PAGES: usize = 5;

/// An entry that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Its title; its link where it has none.
    pub title: String,
    /// What would become of it.
    pub verdict: Verdict,
}

/// What would become of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is an article.
    Stored {
        /// The words of its paragraphs.
        words: usize,
        /// Whether its page was read, and not only what the feed carries.
        of_page: bool,
        /// Whether it would be no news to digests.
        silent: bool,
    },
    /// Its page would be fetched, and was not now.
    Page {
        /// Whether it would be no news to digests.
        silent: bool,
    },
    /// It was seen in this feed before.
    Seen,
    /// Its page is held as this article.
    Held(StoredId),
    /// Somebody has taken it out.
    TakenOut,
    /// A filter leaves it out, for this reason.
    Filtered(String),
    /// It was published before what is taken.
    Old,
    /// It gives no article, for this reason.
    Refused(String),
}

/// Tries the entries of a feed for a collection: as for the first time, or, where it is `subscribed` to, as at the next look.
/// `progress` is told of every page that is fetched.
///
/// # Errors
/// What the store may answer.
#[expect(clippy::too_many_arguments, reason = "all are parts of one trial")]
pub async fn try_feed(
    store: &Store,
    fetcher: &Fetcher,
    collection: CollectionId,
    subscribed: Option<&FeedEntry>,
    found: Found,
    filters: Filters,
    oldest: Option<Duration>,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<Tried>, StoreError> {
    let now = Timestamp::now();
    let seen = match subscribed {
        Some(subscribed) => store.seen_in_feed(subscribed.id).await?,
        None => HashMap::new(),
    };
    let Found { url, feed, .. } = found;
    let entries: Vec<Entry> = feed.entries.into_iter().take(MOST).collect();
    let sorted = sort(entries.clone(), &seen, subscribed.and_then(began), now);
    let mut tried = Vec::with_capacity(entries.len());
    // Reading mark-up, and searching it for what is filtered, takes its time: not on the threads that answer.
    let is_new: Vec<_> = sorted.new.iter().map(|new| new.entry.identities.clone()).collect();
    let titles: Vec<String> = entries.iter().map(title).collect();
    let looked_at = tokio::task::spawn_blocking(move || {
        let look = |entry: Entry| {
            let new = is_new.contains(&entry.identities);
            let filtered = if new { filters.refuses(&entry) } else { None };
            let whole = if new { full(&entry, &feed.title, &url).map(|article| words(&article)) } else { None };
            (entry, filtered, whole)
        };
        entries.into_iter().map(look).collect::<Vec<_>>()
    });
    let looked_at = match looked_at.await {
        Ok(looked_at) => looked_at,
        Err(error) => {
            let refused = |title| Tried { title, verdict: Verdict::Refused(format!("a defect of Byline: {error}")) };
            return Ok(titles.into_iter().map(refused).collect());
        }
    };
    let whole = looked_at.iter().filter(|(.., whole)| whole.is_some()).count();
    let pages = sorted.new.len().saturating_sub(whole).min(PAGES);
    let mut fetched = 0;
    for (entry, filtered, whole) in looked_at {
        let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
        let new = sorted.new.iter().find(|new| new.entry.identities == entry.identities);
        let silent = new.is_some_and(|new| new.silent);
        let newest = sorted.first && !silent;
        let held = match &entry.link {
            Some(link) if new.is_some() => store.page_held(collection, link).await?,
            _ => None,
        };
        let verdict = if new.is_none() {
            Verdict::Seen
        } else if let Some(reason) = filtered {
            Verdict::Filtered(reason)
        } else if is_old(&entry, oldest, now) && !newest {
            Verdict::Old
        } else if let Some(held) = held {
            match held {
                PageHeld::Held(id) => Verdict::Held(id),
                PageHeld::Removed(_) => Verdict::TakenOut,
            }
        } else if let Some(words) = whole {
            Verdict::Stored { words, of_page: false, silent }
        } else {
            match link {
                None => Verdict::Refused("it has neither a page nor a text of its own".to_owned()),
                Some(_) if fetched == PAGES => Verdict::Page { silent },
                Some(link) => {
                    fetched += 1;
                    progress(fetched, pages);
                    match read(fetcher, &link).await {
                        Ok(words) => Verdict::Stored { words, of_page: true, silent },
                        Err(reason) => Verdict::Refused(reason),
                    }
                }
            }
        };
        tried.push(Tried { title: title(&entry), verdict });
    }
    Ok(tried)
}

/// What an entry is called: by its title, or its link where it has none.
fn title(entry: &Entry) -> String {
    if entry.title.is_empty() { entry.link.clone().unwrap_or_default() } else { entry.title.clone() }
}

/// How many words the article of a page has, or why it has none.
async fn read(fetcher: &Fetcher, url: &Url) -> Result<usize, String> {
    let fetched = fetcher.get(url, &Wanted::page()).await.map_err(|error| error.to_string())?;
    let read = tokio::task::spawn_blocking(move || page::article(&fetched).map(|article| words(&article))).await;
    read.map_err(|error| format!("a defect of Byline: {error}"))?.map_err(|error| error.to_string())
}

fn words(article: &crate::article::Article) -> usize {
    article.paragraphs().iter().map(|own| article.slice(own.span).split_whitespace().count()).sum()
}
