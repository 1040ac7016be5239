//! The store: what outlives the process. Articles and their versions, the log of changes, communities, settings and the
//! outbox, in an SQLite file or on a PostgreSQL server.
//!
//! [`Store::open`] gives a [`Store`], which is cheap to clone and safe to share. Its methods, by what they are about:
//!
//! | about | methods | file |
//! |---|---|---|
//! | articles | [`add`](Store::add), [`add_all`](Store::add_all), [`remove`](Store::remove), [`rename`](Store::rename) | `add.rs` |
//! | | [`get`](Store::get), [`article`](Store::article), [`version`](Store::version), [`load_all`](Store::load_all), [`count`](Store::count) | `articles.rs` |
//! | changes | [`changes_since`](Store::changes_since), [`latest_seq`](Store::latest_seq), [`watch`](Store::watch) | `changes.rs` |
//! | communities | [`collection`](Store::collection), [`community`](Store::community), [`read_collection`](Store::read_collection), [`setting`](Store::setting), [`set`](Store::set) | `communities.rs` |
//! | quotations | [`quotations`](Store::quotations), [`keep_quotations`](Store::keep_quotations) | `quotations.rs` |
//! | | [`correct`](Store::correct), [`withdraw_correction`](Store::withdraw_correction), [`corrections`](Store::corrections) | `corrections.rs` |
//! | speakers | [`speaker_names`](Store::speaker_names), [`enrol`](Store::enrol), [`join_speakers`](Store::join_speakers) | `speakers.rs` |
//! | files | [`source_files`](Store::source_files), [`put_sources`](Store::put_sources), [`forget_sources`](Store::forget_sources), [`watches`](Store::watches), [`watch_owners`](Store::watch_owners) | `watches.rs`, `sources.rs` |
//! | feeds | [`subscribe`](Store::subscribe), [`feeds`](Store::feeds), [`unsubscribe`](Store::unsubscribe), [`pause_feed`](Store::pause_feed), [`feed_health`](Store::feed_health) | `feeds.rs` |
//! | | [`due_feeds`](Store::due_feeds), [`settle_look`](Store::settle_look), [`due_entries`](Store::due_entries), [`settle_entry`](Store::settle_entry), [`feeds_to_tell`](Store::feeds_to_tell) | `feeds/` |
//! | outbox | [`enqueue`](Store::enqueue), [`lease`](Store::lease), [`sent`](Store::sent), [`failed`](Store::failed), [`give_back`](Store::give_back) | `outbox.rs` |
//! | | [`job`](Store::job), [`list_jobs`](Store::list_jobs), [`count_jobs`](Store::count_jobs), [`retry_job`](Store::retry_job), [`forget_payloads`](Store::forget_payloads) | `outbox/list.rs` |
//! | digests | [`set_schedule`](Store::set_schedule), [`schedule`](Store::schedule), [`schedules`](Store::schedules), [`schedule_off`](Store::schedule_off), [`due_schedules`](Store::due_schedules), [`post_digest`](Store::post_digest), [`settle`](Store::settle), [`channel_gone`](Store::channel_gone), [`community_gone`](Store::community_gone) | `schedules.rs` |
//! | | [`community_back`](Store::community_back) | `departed.rs` |
//! | | [`had`](Store::had) | `had.rs` |
//! | answers | [`keep_answers`](Store::keep_answers), [`answer`](Store::answer), [`last_answer`](Store::last_answer), [`unhelpful`](Store::unhelpful) | `answers.rs` |
//! | | [`promise`](Store::promise), [`promise_kept`](Store::promise_kept), [`promises`](Store::promises) | `promises.rs` |
//! | listening | [`record`](Store::record), [`position`](Store::position), [`pending`](Store::pending), [`gaps`](Store::gaps), [`answered`](Store::answered), [`move_community`](Store::move_community) | `heard.rs`, `moved.rs` |
//! | moving | [`export`](Store::export), [`export_all`](Store::export_all), [`import`](Store::import), [`import_lines`](Store::import_lines) | `exchange.rs` |
//!
//! What holds for all of them:
//!
//! - **Acknowledged is kept.** When a method that writes returns `Ok`, its transaction is on the disk; a process that is
//!   killed, or a machine that loses power, loses none of it. When it returns an error, nothing of it was kept, unless the
//!   connection broke at the very commit: calling again is safe, for adding and queueing are idempotent.
//! - **The store is the truth, indexes follow.** Whoever keeps an index remembers the last [`Seq`] that it holds and asks for
//!   the [`changes_since`](Store::changes_since). Numbers of the log become visible in order and are never reused, so that
//!   none is missed: those who change articles take their numbers from one row, which stays locked until they commit.
//!   (A database's own sequence hands out 7 and 8 to two transactions of which 8 may commit first; a reader that saw 8 and
//!   remembers it would never see 7. An advisory lock would serve as well, and not every PostgreSQL has one.)
//! - **Several processes.** On PostgreSQL as many as its connections allow. An SQLite file may be read by several; one process
//!   should write it at a time, as waiting for the file's lock is unfair and ends with [`Problem::Busy`] after 30 seconds.
//! - **Dropping a future** of a method that writes undoes what it had begun.
//!
//! ```
//! use byline::article::read::{Format, read_text};
//! use byline::library::store::{Outcome, SHARED, Store, StoreUrl};
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("byline.db");
//! let store = Store::open(&StoreUrl::file(&path)).await?;
//! let article = read_text("bridge", "Bridge reopens\n\nIt reopened on Monday.\n", Format::Text)?;
//! assert_eq!(store.add(SHARED, &article).await?.outcome, Outcome::New);
//! assert_eq!(store.add(SHARED, &article).await?.outcome, Outcome::Unchanged);
//! let stored = store.get(SHARED, "bridge").await?.unwrap();
//! assert_eq!(stored.article, article);
//! # store.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! # Ok::<(), std::io::Error>(())
//! ```

mod add;
mod allowance;
mod answers;
mod articles;
mod bands;
mod canonical;
mod changes;
mod communities;
mod connect;
mod corrections;
mod departed;
mod error;
mod exchange;
mod feeds;
mod had;
mod heard;
mod moved;
mod near;
mod outbox;
mod pack;
mod past;
mod promises;
mod quotations;
mod record;
mod schedules;
mod schema;
mod sources;
mod speakers;
#[cfg(test)]
mod tests;
mod url;
mod watches;
mod writer;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use connect::Pools;
use error::Located;

pub use add::{Added, KnownBy, Outcome};
pub use answers::AnswerRow;
pub use articles::{Loading, Stored};
pub(crate) use canonical::is_tracking;
pub use canonical::{MAX_URL_BYTES, canonical_url};
pub use changes::{Change, ChangeKind, Watch};
pub use communities::{Community, NamedCommunity, Scope};
pub use corrections::KeptCorrection;
pub use error::{MAX_KEY_BYTES, Problem, StoreError};
pub use exchange::{Exported, Imported, LinesFrom, RefusedLine};
pub use feeds::{
    DueEntry, DueFeed, EntryCame, FeedEntry, FeedHealth, FeedId, FeedNews, FeedState, FoundEntry, Look,
    MAX_FEED_URL_BYTES, NewEntry, NewFeed, PageHeld, SettledLook, Subscription, ToTell,
};
pub use heard::{Answered, Gap, Heard, Step};
pub use moved::Moved;
pub use outbox::{AfterFailure, Job, JobEntry, JobFilter, JobState, Queued};
pub use quotations::{KeptLoading, KeptQuotation, KeptQuotations};
pub use schedules::{Covered, DigestToPost, DueSchedule, MAX_CHANNEL_BYTES, Order, ScheduleEntry, Settled, Turn};
pub use speakers::KeptSpeaker;
pub use url::{PostgresUrl, StoreUrl, UrlError};
pub use watches::{
    Hold, KnownFile, MAX_OWNER_BYTES, MAX_PATH_BYTES, Origin, SourceEntry, SourceFile, SourceOutcome, Stamp,
    WatchOwner, WatchedPath,
};

/// The number of an article in a store; the same in every process and for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoredId(pub i64);

/// The number of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId(pub i64);

/// The collection that every community reads unless it was given its own.
pub const SHARED: CollectionId = CollectionId(1);

/// The number of a community.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommunityId(pub i64);

/// The number of a speaker in a store; the same in every process and for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId(pub i64);

/// A place in the log of changes; the first change is 1, before it is 0. Some numbers are never used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seq(pub i64);

/// An open store. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    url: StoreUrl,
    place: String,
    pools: Pools,
    /// Wakes this process's [`Watch`]es at once when it changes an article itself.
    changed: tokio::sync::watch::Sender<()>,
    /// Wakes this process's sender at once when it queues something itself.
    queued: tokio::sync::watch::Sender<()>,
    /// Wakes this process's poller at once when it subscribes to a feed itself.
    subscribed: tokio::sync::watch::Sender<()>,
}

impl Store {
    /// Opens a store: makes the file and its folder, or connects; brings the schema up to date.
    ///
    /// # Errors
    /// [`StoreError`], naming the file or address: not a database, damaged, of a newer version, another program's, not
    /// writable, no server, turned away.
    pub async fn open(url: &StoreUrl) -> Result<Self, StoreError> {
        let place = url.to_string();
        let pools = Pools::open(url).await.at(&place)?;
        let (changed, queued, subscribed) = Default::default();
        Ok(Self { inner: Arc::new(Inner { url: url.clone(), place, pools, changed, queued, subscribed }) })
    }

    /// Closes the connections when those at work are done. Whoever only drops the store loses nothing.
    pub async fn close(&self) {
        self.inner.pools.close().await;
    }

    /// Where it is, without a password.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.inner.place
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.inner.place)
    }
}

/// A time as it is kept, in milliseconds since 1970.
fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A kept time; one that no clock could show is the nearest that one can.
fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
