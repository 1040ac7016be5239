//! Looking at the feeds that collections are subscribed to, for as long as the process lives.
//!
//! Two lines of work, which do not wait for each other:
//!
//! - **Looks** (`look.rs`). A feed that is due is leased, fetched if it changed, and read; what it brought is settled in one
//!   transaction. Entries whose full text it carries are articles at once (`entry.rs`); of the others it is noted what the feed
//!   says of them.
//! - **Pages** (`page.rs`). An entry that waits is leased, its page fetched, and its article added.
//!
//! Every process may do it: rows are leased, and a lease is kept while the work lasts. A process that is killed loses nothing, since
//! what it had not settled is leased again when its lease runs out, and doubles nothing, since an entry and its article are settled
//! together. A host is asked by at most two looks at once, so that a slow one holds back no other; where the search index is
//! behind, pages wait, and where it is far behind, looks too.

mod aside;
mod entry;
mod find;
mod look;
mod page;
mod trial;

use std::collections::HashSet;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::task::{JoinError, JoinSet};

use super::feed::rhythm::Bounds;
use super::fetch::Fetcher;
use crate::library::store::{DueEntry, DueFeed, FeedEntry, FeedId, NewFeed, Seq, Store, StoreError, Subscription};

use aside::Aside;
pub use find::{FindError, Found, find};
pub use look::Came;
pub use trial::{Tried, Verdict, try_feed};

/// How many looks at feeds of one host, and how many fetches of its pages, are under way at once.
const PER_HOST: usize = 2;

/// The longest and the shortest sleep: another process may subscribe to a feed, and one that is held by another is due all the time.
const SLEEP: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(250));

/// How long one look, or one page, may take in all. The fetcher's own bounds end it long before.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// How long is waited after the store failed.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// By how many changes the search index may be behind before pages wait, and before looks do, which may bring whole texts too.
const BEHIND: (i64, i64) = (256, 1024);

/// How long they wait then.
const WHILE_BEHIND: Duration = Duration::from_millis(200);

impl std::fmt::Debug for Poller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poller").field("store", &self.0.store).field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// How the feeds are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOptions {
    /// Between which intervals a feed is looked at.
    pub bounds: Bounds,
    /// How old an entry may be to be taken; nothing takes all.
    pub oldest: Option<Duration>,
    /// How many feeds are looked at, at once.
    pub looks: usize,
    /// How many pages are fetched at once.
    pub pages: usize,
    /// For how long a feed or an entry is leased, and then kept while the work lasts.
    pub lease: Duration,
    /// How long the search index is waited for while it is behind and takes nothing over: then something is wrong with it, and
    /// what comes is stored all the same.
    pub stuck: Duration,
}

impl Default for PollOptions {
    fn default() -> Self {
        Self {
            bounds: Bounds::default(),
            oldest: Some(Duration::from_secs(90 * 24 * 60 * 60)),
            looks: 16,
            pages: 8,
            lease: Duration::from_secs(60),
            stuck: Duration::from_secs(5 * 60),
        }
    }
}

/// Up to which change of the store the search index is; nothing while nobody has asked for it.
pub type Indexed = dyn Fn() -> Option<Seq> + Send + Sync;

/// Looks at feeds. Cheap to clone.
#[derive(Clone)]
pub struct Poller(Arc<Inner>);

struct Inner {
    store: Store,
    fetcher: Fetcher,
    owner: String,
    options: PollOptions,
    /// What takes a core for a while is done here: questions come first.
    aside: Aside,
    indexed: Option<Box<Indexed>>,
    /// Up to where the index was when it was last seen to move, or not to be behind, and when that was.
    moved: Mutex<(Seq, Instant)>,
    /// What is being looked at, and fetched: its leases are kept.
    under_way: Mutex<(HashSet<FeedId>, HashSet<i64>)>,
}

impl Inner {
    fn under_way(&self) -> MutexGuard<'_, (HashSet<FeedId>, HashSet<i64>)> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Poller {
    /// A poller over `store`. `owner` is a name that no other has, alive or dead: with a random part, not only the machine's.
    #[must_use]
    pub fn new(store: Store, fetcher: Fetcher, owner: impl Into<String>, options: PollOptions) -> Self {
        Self(Arc::new(Inner {
            store,
            fetcher,
            owner: owner.into(),
            options,
            aside: Aside::default(),
            indexed: None,
            moved: Mutex::new((Seq::default(), Instant::now())),
            under_way: Mutex::default(),
        }))
    }

    /// The same poller, which does not run ahead of a search index.
    #[must_use]
    pub fn behind(self, indexed: impl Fn() -> Option<Seq> + Send + Sync + 'static) -> Self {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => Self(Arc::new(Inner { indexed: Some(Box::new(indexed)), ..inner })),
            Err(shared) => Self(shared),
        }
    }

    /// Looks at feeds until `shutdown` completes; what it has leased by then is given back.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            tokio::join!(self.work(Looks), self.work(Pages), self.keep());
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
        // What was under way was dropped, and settled nothing.
        if let Err(error) = self.0.store.give_back_feeds(&self.0.owner).await {
            tracing::warn!(%error, "leases on feeds were not given back, and run out by themselves");
        }
    }

    /// Subscribes to a feed, looks at it at once, and fetches the page of its newest entry. What subscribing came to, and for a new
    /// one what came of the look.
    ///
    /// # Errors
    /// What the store may answer. A feed that was subscribed to by then is looked at all the same, by whoever polls.
    pub async fn begin(&self, feed: &NewFeed<'_>) -> Result<(Subscription, Option<Came>), StoreError> {
        let Inner { store, owner, options, .. } = &*self.0;
        // Another name than that of the work that goes on: this lease is not kept, and ends if the caller is gone.
        let owner = format!("{owner}/{:x}", fastrand::u64(..));
        let feed = NewFeed { taken: Some((&owner, options.lease)), ..feed.clone() };
        let subscription = store.subscribe(&feed).await?;
        let Subscription::New(subscribed) = &subscription else { return Ok((subscription, None)) };
        let id = subscribed.id;
        let Some(due) = store.take_feed(&owner, id, options.lease).await? else { return Ok((subscription, None)) };
        let mut came = self.look(&due).await?;
        if let Some(news) = store.take_news(&owner, id, options.lease).await? {
            let new = self.page(&news).await?;
            if let Came::Read { stored, waiting, .. } = &mut came {
                *stored += u64::from(new == Some(true));
                *waiting = waiting.saturating_sub(1);
            }
        }
        Ok((subscription, Some(came)))
    }

    /// How feeds are looked at.
    #[must_use]
    pub fn options(&self) -> &PollOptions {
        &self.0.options
    }

    /// Does one kind of work, as it becomes due, for ever.
    async fn work<W: Work>(&self, work: W) {
        let mut subscribed = self.0.store.subscribed();
        let mut under_way = JoinSet::new();
        loop {
            while let Some(ended) = under_way.try_join_next() {
                tell_ended(ended);
            }
            let room = work.at_once(&self.0.options).saturating_sub(under_way.len());
            let mut pause = self.pause().await;
            match tokio::time::timeout(LONGEST, work.take(self, room)).await {
                Ok(Ok(taken)) => {
                    for due in taken {
                        let poller = self.clone();
                        under_way.spawn(async move { W::carry_out(&poller, due).await });
                    }
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the feeds could not be looked at");
                    pause = AFTER_TROUBLE;
                }
                Err(_) => tracing::warn!("the store did not say which feeds are due"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                Some(ended) = under_way.join_next(), if !under_way.is_empty() => {
                    tell_ended(ended);
                    // What ends at about the same time makes room once.
                    tokio::time::sleep(SLEEP.1 / 10).await;
                }
                _ = subscribed.changed() => {}
            }
        }
    }

    async fn pause(&self) -> Duration {
        let (longest, shortest) = SLEEP;
        let next = self.0.store.next_feed_at().await.ok().flatten();
        let until = next.map(|next| Timestamp::now().duration_until(next));
        until.map_or(longest, |until| Duration::try_from(until).unwrap_or_default().clamp(shortest, longest))
    }

    /// Keeps what is leased.
    async fn keep(&self) {
        let Inner { store, owner, options, .. } = &*self.0;
        loop {
            tokio::time::sleep(options.lease / 3).await;
            let (feeds, entries): (Vec<FeedId>, Vec<i64>) = {
                let under_way = self.0.under_way();
                (under_way.0.iter().copied().collect(), under_way.1.iter().copied().collect())
            };
            if let Err(error) = store.keep_feeds(owner, options.lease, &feeds, &entries).await {
                tracing::warn!(%error, "leases on feeds were not kept: another process may take up the work");
            }
        }
    }

    /// Whether the search index is behind by more than so many changes: then it should not be given more.
    async fn is_behind(&self, most: i64) -> bool {
        let Some(indexed) = self.0.indexed.as_ref().and_then(|indexed| indexed()) else { return false };
        let Ok(latest) = self.0.store.latest_seq().await else { return false };
        let behind = latest.0.saturating_sub(indexed.0);
        let mut moved = self.0.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if behind <= BEHIND.0 || moved.0 != indexed {
            *moved = (indexed, Instant::now());
        }
        behind > most && moved.1.elapsed() < self.0.options.stuck
    }
}

/// A kind of work.
trait Work: Send + Sync {
    /// A piece of it.
    type Due: Send + 'static;

    /// How much of it is done at once.
    fn at_once(&self, options: &PollOptions) -> usize;

    /// Takes up to `most` of what is due.
    fn take(&self, poller: &Poller, most: usize) -> impl Future<Output = Result<Vec<Self::Due>, StoreError>> + Send;

    /// Does it. Whatever happens in it ends here.
    fn carry_out(poller: &Poller, due: Self::Due) -> impl Future<Output = ()> + Send;
}

/// Feeds.
struct Looks;

/// Pages.
struct Pages;

impl Work for Looks {
    type Due = DueFeed;

    fn at_once(&self, options: &PollOptions) -> usize {
        options.looks
    }

    async fn take(&self, poller: &Poller, most: usize) -> Result<Vec<DueFeed>, StoreError> {
        let Inner { store, owner, options, .. } = &*poller.0;
        if most == 0 {
            return Ok(Vec::new());
        }
        if poller.is_behind(BEHIND.1).await {
            tokio::time::sleep(WHILE_BEHIND).await;
            return Ok(Vec::new());
        }
        store.due_feeds(owner, Timestamp::now(), most, PER_HOST, options.lease).await
    }

    async fn carry_out(poller: &Poller, due: DueFeed) {
        poller.0.under_way().0.insert(due.feed.id);
        let (own, mine) = (poller.clone(), due.clone());
        let done = apart(async move { own.look(&mine).await }).await;
        poller.0.under_way().0.remove(&due.feed.id);
        let reason = match done {
            Done::Ended(Ok(came)) => {
                tracing::debug!(feed = due.feed.id.0, ?came, "looked at");
                return;
            }
            Done::Ended(Err(error)) => error.to_string(),
            Done::Late => "it did not end in time".to_owned(),
            Done::Died(reason) => reason,
        };
        tracing::warn!(feed = due.feed.id.0, reason, "a look at a feed came to nothing");
        let later = soon(&poller.0.options, due.feed.failures);
        if let Err(error) = poller.0.store.put_off_look(&due, later).await {
            tracing::warn!(%error, "a lease on a feed was not given back, and runs out by itself");
        }
    }
}

impl Work for Pages {
    type Due = DueEntry;

    fn at_once(&self, options: &PollOptions) -> usize {
        options.pages
    }

    async fn take(&self, poller: &Poller, most: usize) -> Result<Vec<DueEntry>, StoreError> {
        let Inner { store, owner, options, .. } = &*poller.0;
        if most == 0 {
            return Ok(Vec::new());
        }
        if poller.is_behind(BEHIND.0).await {
            tokio::time::sleep(WHILE_BEHIND).await;
            return Ok(Vec::new());
        }
        store.due_entries(owner, Timestamp::now(), most, PER_HOST, options.lease).await
    }

    async fn carry_out(poller: &Poller, due: DueEntry) {
        poller.0.under_way().1.insert(due.id);
        let (own, mine) = (poller.clone(), due.clone());
        let done = apart(async move { own.page(&mine).await }).await;
        poller.0.under_way().1.remove(&due.id);
        let reason = match done {
            Done::Ended(Ok(_)) => return,
            Done::Ended(Err(error)) => error.to_string(),
            Done::Late => "it did not end in time".to_owned(),
            Done::Died(reason) => reason,
        };
        tracing::warn!(feed = due.feed.0, reason, "a page of a feed came to nothing");
        if let Err(error) = poller.later(&due, &reason).await {
            tracing::warn!(%error, "a lease on an entry was not given back, and runs out by itself");
        }
    }
}

/// How a piece of work ended.
enum Done<T> {
    Ended(T),
    /// It did not end in [`LONGEST`].
    Late,
    /// A defect of ours.
    Died(String),
}

/// Does work apart, so that a panic in it is told and ends nothing else. Dropped, it is dropped with it.
async fn apart<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Done<T> {
    let mut alone = JoinSet::new();
    alone.spawn(work);
    match tokio::time::timeout(LONGEST, alone.join_next()).await {
        Ok(Some(Ok(ended))) => Done::Ended(ended),
        Ok(Some(Err(error))) => Done::Died(format!("a defect of Byline: {error}")),
        Ok(None) => Done::Died("a defect of Byline".to_owned()),
        Err(_) => Done::Late,
    }
}

fn tell_ended(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "looking at a feed ended early");
    }
}

/// When what could not be done for reasons of our own is tried again.
fn soon(options: &PollOptions, failures: u32) -> Timestamp {
    let wait = options.bounds.shortest.min(Duration::from_secs(60)) * (1 << failures.min(5));
    from_now(wait.mul_f64(1.0 + fastrand::f64() / 4.0))
}

fn from_now(wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    Timestamp::now().saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// What a feed is called where it has no title.
#[must_use]
pub fn name(feed: &FeedEntry) -> &str {
    if feed.title.is_empty() { &feed.url } else { &feed.title }
}
