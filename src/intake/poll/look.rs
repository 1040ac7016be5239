//! One look at a feed: fetched if it changed, read, and what is new in it found.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::entry::{Waiting, full};
use super::{Inner, Poller, aside, from_now, soon};
use crate::intake::feed::filter::{Filters, Written};
use crate::intake::feed::rhythm::{self, Observed};
use crate::intake::feed::{self, Entry, Feed};
use crate::intake::fetch::{FetchError, Fetched, Wanted};
use crate::library::store::{
    DueFeed, FeedEntry, FoundEntry, Look, MAX_FEED_URL_BYTES, NewEntry, PageHeld, SettledLook, Store, StoreError,
};

/// The most entries that are taken of what a feed holds when it is first read.
const MOST_AT_FIRST: usize = 100;

/// From so many entries on a feed of which none is known any more counts as new: it has changed all its ids, addresses and words.
const REWRITTEN: usize = 5;

/// How many of the newest entries' dates are kept, to tell how often there is one.
const KEPT_DATES: usize = 12;

/// After this time it is noted anew that a feed still holds an entry.
const NOTED_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// Nothing has changed.
    Unchanged,
    /// It was read.
    Read {
        /// Entries that it holds.
        entries: usize,
        /// Articles that are new.
        stored: u64,
        /// Entries that wait for their pages.
        waiting: u64,
    },
    /// It could not be read, for this reason.
    Failed(String),
    /// It ended, for this reason.
    Ended(String),
    /// It did not take place: the host is asked too much already.
    PutOff,
    /// Another process or a person was first.
    Lost,
}

/// What is kept of when a feed's entries come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rhythm {
    /// Seconds since 1970, newest first.
    #[serde(default)]
    published: Vec<i64>,
    /// Seconds.
    #[serde(default)]
    ttl: Option<u64>,
}

impl Rhythm {
    fn of_kept(kept: &str) -> Self {
        serde_json::from_str(kept).unwrap_or_default()
    }

    fn of(feed: &Feed) -> Self {
        let mut published: Vec<i64> =
            feed.entries.iter().filter_map(Entry::instant).map(Timestamp::as_second).collect();
        published.sort_unstable_by(|a, b| b.cmp(a));
        published.dedup();
        published.truncate(KEPT_DATES);
        Self { published, ttl: feed.ttl.map(|ttl| ttl.as_secs()) }
    }

    fn to_kept(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Poller {
    /// Looks at a feed, and settles what that brought.
    pub(super) async fn look(&self, due: &DueFeed) -> Result<Came, StoreError> {
        let Inner { store, fetcher, options, .. } = &*self.0;
        let feed = &due.feed;
        let Ok(url) = Url::parse(&feed.url) else { return self.end(due, "its address is none").await };
        let wanted = Wanted::feed().unless(feed.etag.clone(), feed.last_modified.clone());
        let fetched = match fetcher.get(&url, &wanted).await {
            Ok(fetched) => fetched,
            Err(FetchError::Busy { .. }) => {
                let ours = store.put_off_look(due, soon(options, 0)).await?;
                return Ok(if ours { Came::PutOff } else { Came::Lost });
            }
            Err(error) if error.is_gone() => return self.end(due, "it is gone for good (410)").await,
            Err(error) => return self.fail(due, &error.to_string(), error.retry_after()).await,
        };
        if fetched.not_modified {
            let rhythm = Rhythm::of_kept(&feed.rhythm);
            let look = Look {
                moved: moved(&fetched),
                // A server that answers so need not send them again.
                etag: fetched.etag.clone().or(feed.etag.clone()),
                last_modified: fetched.last_modified.clone().or(feed.last_modified.clone()),
                next_at: self.next(&rhythm, &fetched),
                rhythm: rhythm.to_kept(),
                ..Look::default()
            };
            return Ok(match store.settle_look(due, look).await? {
                SettledLook::Done { .. } => Came::Unchanged,
                SettledLook::Lost => Came::Lost,
            });
        }
        let (fetched, read) = self.read(fetched).await;
        let read = match read {
            Ok(read) => read,
            Err(reason) => return self.fail(due, &reason, fetched.retry_after).await,
        };
        let rhythm = Rhythm::of(&read);
        let mut look = Look {
            moved: moved(&fetched),
            title: Some(read.title.clone()),
            site: read.link.clone(),
            etag: fetched.etag.clone(),
            last_modified: fetched.last_modified.clone(),
            next_at: self.next(&rhythm, &fetched),
            rhythm: rhythm.to_kept(),
            ..Look::default()
        };
        let entries = read.entries.len();
        if !self.find_new(due, &url, read, &mut look).await? {
            return self.fail(due, "a defect of Byline: its entries could not be read", None).await;
        }
        Ok(match store.settle_look(due, look).await? {
            SettledLook::Done { stored, waiting } => Came::Read { entries, stored, waiting },
            SettledLook::Lost => Came::Lost,
        })
    }

    /// The feed of what was fetched, or why it is none.
    pub(super) async fn read(&self, mut fetched: Fetched) -> (Fetched, Result<Feed, String>) {
        let (body, charset) = (std::mem::take(&mut fetched.body), fetched.charset.clone());
        let url = fetched.url.clone();
        let read = self.0.aside.run(move || {
            let read = feed::parse_bytes(&body, charset.as_deref(), Some(&url));
            read.map_err(|error| error.to_string())
        });
        (fetched, read.await.unwrap_or_else(|error| Err(error.to_string())))
    }

    /// Finds what a feed holds that was not seen in it before; not when that failed, by a defect of ours.
    async fn find_new(&self, due: &DueFeed, url: &Url, read: Feed, look: &mut Look) -> Result<bool, StoreError> {
        let Inner { store, options, .. } = &*self.0;
        let now = Timestamp::now();
        let seen = store.seen_in_feed(due.feed.id).await?;
        let sorted = sort(read.entries, &seen, began(&due.feed), now);
        look.new_identities = sorted.new_identities;
        look.still = sorted.still;
        let outlet = if read.title.is_empty() { due.feed.title.clone() } else { read.title };
        // Reading mark-up, and searching it for what is filtered, takes its time: not on the threads that answer.
        let kept_filters = due.feed.filters.clone();
        let filtered = self.0.aside.run(move || {
            // They were checked when they were set; what can't be read any more filters nothing.
            let filters = Filters::new(&Written::of_kept(&kept_filters)).unwrap_or_default();
            let refused = |new: New| (filters.refuses(&new.entry), new);
            sorted.new.into_iter().map(refused).collect::<Vec<_>>()
        });
        let filtered = match filtered.await {
            Ok(filtered) => filtered,
            Err(error) => return Ok(unread(due, &error)),
        };
        let mut to_read = Vec::new();
        for (place, (filter, New { entry, silent })) in filtered.into_iter().enumerate() {
            let newest = !silent && sorted.first;
            let old = || is_old(&entry, options.oldest, now) && !newest;
            let refused = match filter {
                Some(reason) => Some(reason),
                None if old() => Some("it is too old".to_owned()),
                None if sorted.first && place >= MOST_AT_FIRST && !newest => {
                    Some(format!("it was not among the first {MOST_AT_FIRST} entries"))
                }
                None => match held(store, due, &entry).await? {
                    Some(PageHeld::Held(_)) => continue,
                    Some(PageHeld::Removed(_)) => Some("it was in the library, and was taken out".to_owned()),
                    None => None,
                },
            };
            match refused {
                Some(reason) => look.entries.push(NewEntry { silent, found: FoundEntry::LeftOut(reason) }),
                None => to_read.push(New { entry, silent }),
            }
        }
        if to_read.is_empty() {
            return Ok(true);
        }
        let feed = url.clone();
        let found = self.0.aside.run(move || {
            let found = |New { entry, silent }| NewEntry { silent, found: found(&entry, &outlet, &feed) };
            to_read.into_iter().map(found).collect::<Vec<_>>()
        });
        match found.await {
            Ok(found) => look.entries.extend(found),
            Err(error) => return Ok(unread(due, &error)),
        }
        Ok(true)
    }

    fn next(&self, rhythm: &Rhythm, fetched: &Fetched) -> Timestamp {
        let published: Vec<Timestamp> =
            rhythm.published.iter().filter_map(|second| Timestamp::from_second(*second).ok()).collect();
        let observed = Observed {
            published: &published,
            ttl: rhythm.ttl.map(Duration::from_secs),
            fresh_for: fetched.fresh_for,
            retry_after: fetched.retry_after,
            failures: 0,
        };
        from_now(rhythm::wait(Timestamp::now(), &observed, &self.0.options.bounds, fastrand::f64()))
    }

    async fn fail(&self, due: &DueFeed, reason: &str, retry_after: Option<Duration>) -> Result<Came, StoreError> {
        let failures = due.feed.failures.saturating_add(1);
        let observed = Observed { failures, retry_after, ..Observed::default() };
        let wait = rhythm::wait(Timestamp::now(), &observed, &self.0.options.bounds, fastrand::f64());
        let ours = self.0.store.fail_look(due, reason, from_now(wait)).await?;
        Ok(if ours { Came::Failed(reason.to_owned()) } else { Came::Lost })
    }

    async fn end(&self, due: &DueFeed, reason: &str) -> Result<Came, StoreError> {
        let ours = self.0.store.end_feed(due, reason).await?;
        Ok(if ours { Came::Ended(reason.to_owned()) } else { Came::Lost })
    }
}

/// Where a feed has moved for good, and the host of that.
fn moved(fetched: &Fetched) -> Option<(String, String)> {
    let url = fetched.moved.as_ref()?;
    let host = url.host_str()?.to_owned();
    (url.as_str().len() <= MAX_FEED_URL_BYTES).then(|| (url.to_string(), host))
}

/// That the entries of a feed could not be read, by a defect of ours: told, and never true.
fn unread(due: &DueFeed, error: &aside::Ended) -> bool {
    tracing::error!(%error, feed = due.feed.id.0, "the entries of a feed could not be read");
    false
}

/// What is known of a feed that was read before.
pub(super) fn began(feed: &FeedEntry) -> Option<Began> {
    let newest = Rhythm::of_kept(&feed.rhythm).published.first().copied();
    feed.begun.then(|| Began { newest: newest.and_then(|newest| Timestamp::from_second(newest).ok()) })
}

/// Whether an entry was published before what is taken.
pub(super) fn is_old(entry: &Entry, oldest: Option<Duration>, now: Timestamp) -> bool {
    let oldest = oldest.and_then(|oldest| SignedDuration::try_from(oldest).ok());
    let since = oldest.and_then(|oldest| now.checked_sub(oldest).ok());
    since.is_some_and(|since| entry.instant().is_some_and(|published| published < since))
}

/// How the page of an entry is held already.
async fn held(store: &Store, due: &DueFeed, entry: &Entry) -> Result<Option<PageHeld>, StoreError> {
    match &entry.link {
        Some(link) => store.page_held(due.feed.collection, link).await,
        None => Ok(None),
    }
}

/// What becomes of an entry.
pub(super) fn found(entry: &Entry, outlet: &str, feed: &Url) -> FoundEntry {
    if let Some(article) = full(entry, outlet, feed) {
        return FoundEntry::Article(Box::new(article));
    }
    let link = entry.link.as_deref().and_then(|link| Url::parse(link).ok());
    let page = link.and_then(|link| {
        let host = link.host_str()?.to_owned();
        let entry = serde_json::to_string(&Waiting::of(entry, &link, feed)).ok()?;
        Some(FoundEntry::Page { host, entry })
    });
    page.unwrap_or_else(|| FoundEntry::LeftOut("it has neither a page nor a text of its own".to_owned()))
}

/// A feed that was read before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Began {
    /// When the newest of its entries was published that had a date.
    pub(super) newest: Option<Timestamp>,
}

/// The entries of a feed that were not seen before, and by what all are known.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) new: Vec<New>,
    /// Whether the feed counts as read for the first time.
    pub(super) first: bool,
    new_identities: Vec<String>,
    still: Vec<String>,
}

/// An entry that was not seen before.
#[derive(Debug)]
pub(super) struct New {
    pub(super) entry: Entry,
    pub(super) silent: bool,
}

/// Tells the entries that were seen from those that were not. An entry is known when one of its identities is; all of them are noted
/// then, so that it stays known when that one changes. What a feed holds when it is read for the first time is silent but for the
/// newest; so it is when none of many entries is known any more, but for what is newer than all that it held before.
pub(super) fn sort(
    entries: Vec<Entry>,
    seen: &HashMap<String, Timestamp>,
    began: Option<Began>,
    now: Timestamp,
) -> Sorted {
    let mut sorted = Sorted::default();
    let stale = |at: &Timestamp| now.duration_since(*at) >= NOTED_EVERY;
    let mut own = HashSet::new();
    let total = entries.len();
    for entry in entries {
        let known = entry.identities.iter().any(|identity| seen.contains_key(identity));
        for identity in &entry.identities {
            match seen.get(identity) {
                None => sorted.new_identities.push(identity.clone()),
                Some(at) if stale(at) => sorted.still.push(identity.clone()),
                Some(_) => {}
            }
        }
        // Two entries of one document that share an identity are one.
        let mut repeated = false;
        for identity in &entry.identities {
            repeated |= !own.insert(identity.clone());
        }
        if !known && !repeated {
            sorted.new.push(New { entry, silent: false });
        }
    }
    sorted.first = began.is_none() || (total >= REWRITTEN && sorted.new.len() == total);
    if sorted.first {
        let newest = newest(&sorted.new, now);
        // A lively feed holds none of what it held a day ago, and yet all of it is news.
        let before = began.and_then(|began| began.newest);
        let later = |entry: &Entry| before.zip(entry.instant()).is_some_and(|(before, published)| published > before);
        for (place, new) in sorted.new.iter_mut().enumerate() {
            new.silent = Some(place) != newest && !later(&new.entry);
        }
    }
    sorted
}

/// The place of the newest entry: by the dates, as far as they do not lie ahead; else the first.
fn newest(new: &[New], now: Timestamp) -> Option<usize> {
    let ahead = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let dated = new.iter().enumerate().filter_map(|(place, new)| Some((new.entry.instant()?, place)));
    // Of several of one moment, the one above the others.
    let newest = dated.filter(|(at, _)| *at <= ahead).max_by_key(|(at, place)| (*at, std::cmp::Reverse(*place)));
    newest.map(|(_, place)| place).or((!new.is_empty()).then_some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn entry(id: &str, link: &str, words: &str, published: Option<&str>) -> Entry {
        Entry {
            published: published.map(|published| published.parse().unwrap()),
            identities: [("id", id), ("link", link), ("words", words)]
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(kind, value)| format!("{kind}:{value}"))
                .collect(),
            ..Entry::default()
        }
    }

    fn feed(ids: &str, links: &str, words: &str) -> Vec<Entry> {
        (0..6).map(|n| entry(&format!("{ids}{n}"), &format!("{links}{n}"), &format!("{words}{n}"), None)).collect()
    }

    fn seen(entries: &[Entry], at: &str) -> HashMap<String, Timestamp> {
        entries.iter().flat_map(|entry| &entry.identities).map(|own| (own.clone(), at.parse().unwrap())).collect()
    }

    /// A feed that was read before and named no dates.
    const BEGAN: Option<Began> = Some(Began { newest: None });

    #[test]
    fn the_first_reading_is_silent_but_for_the_newest() {
        let dated = vec![
            entry("1", "", "", Some("2026-11-20")),
            entry("2", "", "", Some("2027-01-20")),
            entry("3", "", "", Some("2026-11-22T08:00:00Z")),
            entry("4", "", "", None),
        ];
        let sorted = sort(dated, &HashMap::new(), None, now());
        assert_eq!(sorted.new.iter().map(|new| new.silent).collect::<Vec<_>>(), [true, true, false, true]);
        let undated = sort(feed("a", "l", "w"), &HashMap::new(), None, now());
        assert_eq!(undated.new.iter().filter(|new| !new.silent).count(), 1);
        assert!(!undated.new[0].silent && undated.first);
        assert!(sort(Vec::new(), &HashMap::new(), None, now()).new.is_empty());
    }

    #[test]
    fn a_feed_that_changes_its_ids_or_addresses_or_words_brings_nothing() {
        let seen = seen(&feed("a", "l", "w"), "2026-11-23T11:00:00Z");
        for (ids, links, words) in [("b", "l", "w"), ("a", "m", "w"), ("a", "l", "x"), ("b", "m", "w"), ("b", "l", "x")]
        {
            let sorted = sort(feed(ids, links, words), &seen, BEGAN, now());
            assert!(sorted.new.is_empty(), "{ids} {links} {words}");
            // The new ones are noted, so that the next change of the others is no news either.
            let changed = [ids != "a", links != "l", words != "w"].into_iter().filter(|changed| *changed).count();
            assert_eq!(sorted.new_identities.len(), 6 * changed);
        }
        let all = sort(feed("b", "m", "x"), &seen, BEGAN, now());
        assert_eq!(all.new.iter().filter(|new| !new.silent).count(), 1, "changed as a whole, it begins anew");
    }

    #[test]
    fn after_a_long_time_everything_is_news_that_is_newer_than_all_before() {
        let seen = seen(&feed("a", "l", "w"), "2026-11-20T11:00:00Z");
        let entries: Vec<Entry> = (10..16)
            .map(|day| {
                entry(&format!("id{day}"), &format!("at{day}"), &format!("of{day}"), Some(&format!("2026-11-{day}")))
            })
            .collect();
        let began = Some(Began { newest: "2026-11-12T12:00:00Z".parse().ok() });
        let sorted = sort(entries, &seen, began, now());
        let news: Vec<bool> = sorted.new.iter().map(|new| !new.silent).collect();
        assert_eq!(news, [false, false, false, true, true, true]);
    }

    #[test]
    fn what_is_new_later_is_news() {
        let mut entries = feed("a", "l", "w");
        let seen = seen(&entries, "2026-11-22T11:00:00Z");
        entries.insert(0, entry("7", "l7", "w7", None));
        let sorted = sort(entries, &seen, BEGAN, now());
        assert_eq!((sorted.new.len(), sorted.new[0].silent, sorted.first), (1, false, false));
        assert_eq!((sorted.new_identities.len(), sorted.still.len()), (3, 18), "a day later it is noted anew");
    }

    #[test]
    fn of_two_entries_that_are_one_only_the_first_is_taken() {
        let twice = vec![entry("1", "l", "", None), entry("2", "l", "", None)];
        assert_eq!(sort(twice, &HashMap::new(), BEGAN, now()).new.len(), 1);
    }

    #[test]
    fn only_dates_tell_what_is_old() {
        let day = Duration::from_secs(24 * 60 * 60);
        let old = |published| is_old(&entry("1", "", "", published), Some(3 * day), now());
        assert!(old(Some("2026-11-01")) && !old(Some("2026-11-22")) && !old(None));
        assert!(!is_old(&entry("1", "", "", Some("1990-11-01")), None, now()));
    }
}
