//! The feeds that collections are subscribed to.
//!
//! What a feed says, and when to look at it, is [`intake`](crate::intake)'s; here it is only kept: where it is, what was seen in it,
//! how it fares, and which entries wait for their pages.
//!
//! **Once** (`feeds/lease.rs`, `turn.rs`, `waiting.rs`). Feeds that are due, and entries that wait, are leased, as schedules are. What
//! a look brought is settled in one transaction: the articles, the entries that wait, by what all are known, and the feed's own state.
//! Whoever lost the lease settles nothing, so that no entry is lost or doubled by a process that dies, or is late.

mod lease;
mod settle;
mod tell;
mod turn;
mod waiting;

use std::time::Duration;

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::error::{Located, Problem, check_text};
use super::writer::next;
use super::{CollectionId, CommunityId, Store, StoreError, millis, timestamp};

pub use settle::{FoundEntry, Look, NewEntry, SettledLook};
pub use tell::{FeedNews, ToTell};
pub use turn::DueFeed;
pub use waiting::{DueEntry, EntryCame, PageHeld};

/// The longest address of a feed that is kept, in bytes: it is in an index.
pub const MAX_FEED_URL_BYTES: usize = 2048;
/// The longest title and reason that are kept, in characters.
const MAX_LINE_CHARS: usize = 500;
/// The longest filters, in bytes.
const MAX_FILTERS_BYTES: usize = 8 * 1024;

/// The number of a feed in a store; the same in every process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedId(pub i64);

/// A feed to subscribe to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFeed<'a> {
    /// The collection that its articles go into.
    pub collection: CollectionId,
    /// Its address.
    pub url: &'a str,
    /// The host of that: whom to be polite to.
    pub host: &'a str,
    /// What it calls itself; empty when that is not known.
    pub title: &'a str,
    /// The site that it is of.
    pub site: Option<&'a str>,
    /// What is to be left out of it, as whoever reads it writes it.
    pub filters: &'a str,
    /// By whom, and where: there trouble is told of.
    pub community: Option<CommunityId>,
    /// The network's name of the channel.
    pub channel: Option<&'a str>,
    /// How many feeds that community may have in all; nothing sets no bound.
    pub most: Option<u32>,
    /// Who looks at it now, and for how long nobody else may; nothing leaves it to whoever is first.
    pub taken: Option<(&'a str, Duration)>,
}

/// Whether a feed is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedState {
    /// It is.
    Active,
    /// Somebody paused it.
    Paused,
    /// It ended, for this reason.
    Ended(String),
}

/// A feed as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEntry {
    /// Its number in the store.
    pub id: FeedId,
    /// The collection that its articles go into.
    pub collection: CollectionId,
    /// What people call it by: its number in the collection, from 1.
    pub number: i64,
    /// Where it is fetched from.
    pub url: String,
    /// Where it was when it was subscribed to.
    pub given: String,
    /// The host of its address.
    pub host: String,
    /// What it calls itself; empty when that is not known.
    pub title: String,
    /// The site that it is of.
    pub site: Option<String>,
    /// What is left out of it.
    pub filters: String,
    /// Who subscribed to it.
    pub community: Option<CommunityId>,
    /// Where that was.
    pub channel: Option<String>,
    /// Whether it is looked at.
    pub state: FeedState,
    /// Whether it was read before: what it holds at its first reading is no news but for the newest.
    pub begun: bool,
    /// Its `ETag`.
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    pub last_modified: Option<String>,
    /// What is known of when its entries come, as whoever reads it writes it.
    pub rhythm: String,
    /// When it was last looked at.
    pub looked_at: Option<Timestamp>,
    /// When it could last be read.
    pub read_at: Option<Timestamp>,
    /// When it is looked at next.
    pub next_at: Timestamp,
    /// How many times in a row it could not be read.
    pub failures: u32,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub trouble: Option<String>,
    /// How many articles came of it.
    pub stored: u64,
    /// How many of its entries gave none.
    pub left_out: u64,
    /// Why the last of these did not.
    pub why_left_out: Option<String>,
    /// How many of its entries wait for their pages.
    pub waiting: u64,
}

/// What subscribing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscription {
    /// The collection has it now.
    New(FeedEntry),
    /// It had it already, at this address or at the one to which it has moved since.
    AlreadyThere(FeedEntry),
    /// The community has as many as it may.
    TooMany,
}

/// How the feeds of a collection fare, or all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedHealth {
    /// How many are looked at.
    pub active: u64,
    /// How many are paused.
    pub paused: u64,
    /// How many ended.
    pub ended: u64,
    /// Of the active ones, how many could not be read when they were last looked at.
    pub failing: u64,
    /// Of the active ones, how many are due to be looked at.
    pub due: u64,
    /// Entries that wait for their pages.
    pub waiting: u64,
    /// When a feed was last looked at.
    pub looked_at: Option<Timestamp>,
}

/// The columns that [`entry`] reads.
const FEED: &str =
    "f.id, f.collection, f.number, f.url, f.given, f.host, f.title, f.site, f.filters, f.community, f.channel,
     f.state, f.reason, f.begun, f.etag, f.last_modified, f.rhythm, f.looked_at, f.read_at, f.next_at, f.failures,
     f.failing_since, f.trouble, f.stored, f.left_out, f.why_left_out, f.turn";

/// … and, behind them, how many entries wait.
const WAITING: &str = "(SELECT COUNT(*) FROM feed_entries AS w WHERE w.feed = f.id)";

impl Store {
    /// Subscribes a collection to a feed, once; it is due at once. One that was paused or ended stays so.
    ///
    /// # Errors
    /// [`Problem::Text`] for an address or filters that can't be kept, [`Problem::Missing`] for a collection that is not there, and
    /// what a database may answer.
    pub async fn subscribe(&self, feed: &NewFeed<'_>) -> Result<Subscription, StoreError> {
        let subscribed = self.subscribe_all(std::slice::from_ref(feed)).await?.pop();
        subscribed.ok_or(Problem::Task("nothing was subscribed to".to_owned())).at(self.place())
    }

    /// The same for several feeds in one transaction, all or none; the outcomes are in the order of the feeds.
    ///
    /// # Errors
    /// Those of [`subscribe`](Store::subscribe); then nothing changed.
    pub async fn subscribe_all(&self, feeds: &[NewFeed<'_>]) -> Result<Vec<Subscription>, StoreError> {
        let subscribed = async {
            for feed in feeds {
                for (what, text) in [("a feed's address", feed.url), ("a host's name", feed.host)] {
                    check_text(what, text, MAX_FEED_URL_BYTES)?;
                }
                check_text("the filters", feed.filters, MAX_FILTERS_BYTES)?;
            }
            let mut tx = self.inner.pools.begin().await?;
            let mut all = Vec::with_capacity(feeds.len());
            for feed in feeds {
                all.push(self.subscribe_one(&mut tx, feed).await?);
            }
            tx.commit().await?;
            self.inner.subscribed.send_replace(());
            Ok::<_, Problem>(all)
        };
        subscribed.await.at(self.place())
    }

    async fn subscribe_one(
        &self,
        tx: &mut Transaction<'static, Any>,
        feed: &NewFeed<'_>,
    ) -> Result<Subscription, Problem> {
        // The counter's row is held until the end: nobody else subscribes in between.
        let id = next(tx, "feed").await?;
        let there = sqlx::query("SELECT id FROM collections WHERE id = $1").bind(feed.collection.0);
        if there.fetch_optional(&mut **tx).await?.is_none() {
            return Err(Problem::Missing(format!("collection {}", feed.collection.0)));
        }
        let known = format!(
            "SELECT {FEED}, {WAITING} FROM feeds AS f WHERE f.collection = $1 AND (f.url = $2 OR f.given = $2)
             ORDER BY f.id LIMIT 1"
        );
        let known = sqlx::query(AssertSqlSafe(known)).bind(feed.collection.0).bind(feed.url);
        if let Some(row) = known.fetch_optional(&mut **tx).await? {
            return Ok(Subscription::AlreadyThere(entry(&row)?));
        }
        if let (Some(most), Some(community)) = (feed.most, feed.community) {
            let count = sqlx::query("SELECT COUNT(*) FROM feeds WHERE community = $1").bind(community.0);
            if count.fetch_one(&mut **tx).await?.try_get::<i64, _>(0)? >= i64::from(most) {
                return Ok(Subscription::TooMany);
            }
        }
        let now = self.now(tx).await?;
        let (owner, until) = match feed.taken {
            Some((owner, lease)) => (Some(owner), Some(self.lease_until(tx, lease).await?.1)),
            None => (None, None),
        };
        let insert =
            "INSERT INTO feeds (id, collection, number, url, given, host, title, site, filters, community, channel,
                                         added_at, rhythm, next_at, lease_owner, lease_until)
                      VALUES ($1, $2, (SELECT COALESCE(MAX(number), 0) + 1 FROM feeds WHERE collection = $2),
                              $3, $3, $4, $5, $6, $7, $8, $9, $10, '', $10, $11, $12)";
        sqlx::query(insert)
            .bind(id)
            .bind(feed.collection.0)
            .bind(feed.url)
            .bind(feed.host)
            .bind(line(feed.title))
            .bind(feed.site.map(line))
            .bind(feed.filters)
            .bind(feed.community.map(|community| community.0))
            .bind(feed.channel)
            .bind(now)
            .bind(owner)
            .bind(until)
            .execute(&mut **tx)
            .await?;
        let made = format!("SELECT {FEED}, {WAITING} FROM feeds AS f WHERE f.id = $1");
        let made = sqlx::query(AssertSqlSafe(made)).bind(id).fetch_one(&mut **tx).await?;
        Ok(Subscription::New(entry(&made)?))
    }

    /// The feeds of a collection, by their numbers.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn feeds(&self, collection: CollectionId) -> Result<Vec<FeedEntry>, StoreError> {
        let query = format!("SELECT {FEED}, {WAITING} FROM feeds AS f WHERE f.collection = $1 ORDER BY f.number");
        let query = sqlx::query(AssertSqlSafe(query)).bind(collection.0);
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// A feed by its number in the store.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn feed(&self, id: FeedId) -> Result<Option<FeedEntry>, StoreError> {
        let query = format!("SELECT {FEED}, {WAITING} FROM feeds AS f WHERE f.id = $1");
        let row = sqlx::query(AssertSqlSafe(query)).bind(id.0).fetch_optional(self.inner.pools.reader()).await;
        row.at(self.place())?.as_ref().map(entry).transpose().at(self.place())
    }

    /// Ends a subscription; whether there was one. Its articles stay.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn unsubscribe(&self, id: FeedId) -> Result<bool, StoreError> {
        let gone = async {
            let mut tx = self.inner.pools.begin().await?;
            // The feed's row first: whoever settles a look holds it.
            let turn = "UPDATE feeds SET turn = turn + 1, lease_owner = NULL, lease_until = NULL WHERE id = $1";
            sqlx::query(turn).bind(id.0).execute(&mut *tx).await?;
            for delete in ["DELETE FROM feed_entries WHERE feed = $1", "DELETE FROM feed_identities WHERE feed = $1"] {
                sqlx::query(delete).bind(id.0).execute(&mut *tx).await?;
            }
            let gone = sqlx::query("DELETE FROM feeds WHERE id = $1").bind(id.0).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, Problem>(gone.rows_affected() > 0)
        };
        gone.await.at(self.place())
    }

    /// Stops looking at a feed until it is resumed; whether that changed anything. A look that is under way settles nothing; entries
    /// that wait for their pages still get them.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn pause_feed(&self, id: FeedId) -> Result<bool, StoreError> {
        let pause = "UPDATE feeds SET state = 1, turn = turn + 1, lease_owner = NULL, lease_until = NULL
                     WHERE id = $1 AND state = 0";
        self.change_feed(pause, id).await
    }

    /// Looks at a feed again that was paused or that ended, at once; whether that changed anything.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn resume_feed(&self, id: FeedId) -> Result<bool, StoreError> {
        let resume = "UPDATE feeds SET state = 0, reason = NULL, failures = 0, failing_since = NULL, trouble = NULL, next_at = 0,
                                       turn = turn + 1, lease_owner = NULL, lease_until = NULL
                      WHERE id = $1 AND state <> 0";
        let changed = self.change_feed(resume, id).await?;
        self.inner.subscribed.send_replace(());
        Ok(changed)
    }

    async fn change_feed(&self, update: &'static str, id: FeedId) -> Result<bool, StoreError> {
        let changed = async {
            let mut tx = self.inner.pools.begin().await?;
            let changed = sqlx::query(update).bind(id.0).execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(changed)
        };
        changed.await.at(self.place())
    }

    /// Sets what is left out of a feed from now on; whether it is there.
    ///
    /// # Errors
    /// [`Problem::Text`] for filters that can't be kept, and what a database may answer.
    pub async fn filter_feed(&self, id: FeedId, filters: &str) -> Result<bool, StoreError> {
        let set = async {
            check_text("the filters", filters, MAX_FILTERS_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let set = sqlx::query("UPDATE feeds SET filters = $1 WHERE id = $2").bind(filters).bind(id.0);
            let changed = set.execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(changed)
        };
        set.await.at(self.place())
    }

    /// How the feeds of a collection fare; without one, how all do.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn feed_health(&self, collection: Option<CollectionId>) -> Result<FeedHealth, StoreError> {
        let query = "SELECT COUNT(*), COALESCE(SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0),
                            COALESCE(SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END), 0),
                            COALESCE(SUM(CASE WHEN state = 0 AND failures > 0 THEN 1 ELSE 0 END), 0),
                            COALESCE(SUM(CASE WHEN state = 0 AND next_at <= $1 THEN 1 ELSE 0 END), 0),
                            MAX(looked_at),
                            (SELECT COUNT(*) FROM feed_entries AS w JOIN feeds AS o ON o.id = w.feed
                             WHERE o.collection = $2 OR $2 = 0)
                     FROM feeds WHERE collection = $2 OR $2 = 0";
        let health = async {
            let query = sqlx::query(query).bind(millis(Timestamp::now())).bind(collection.map_or(0, |own| own.0));
            let row = query.fetch_one(self.inner.pools.reader()).await?;
            let count = |at: usize| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(at)?.unsigned_abs());
            let (paused, ended) = (count(1)?, count(2)?);
            Ok::<_, Problem>(FeedHealth {
                active: count(0)?.saturating_sub(paused + ended),
                paused,
                ended,
                failing: count(3)?,
                due: count(4)?,
                waiting: count(6)?,
                looked_at: row.try_get::<Option<i64>, _>(5)?.map(timestamp),
            })
        };
        health.await.at(self.place())
    }

    /// Tells when this process has something new for whoever looks at feeds.
    #[must_use]
    pub fn subscribed(&self) -> tokio::sync::watch::Receiver<()> {
        self.inner.subscribed.subscribe()
    }
}

/// What is kept of a foreign line.
fn line(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(MAX_LINE_CHARS).collect()
}

/// A row of [`FEED`], perhaps with [`WAITING`] behind it.
fn entry(row: &AnyRow) -> Result<FeedEntry, Problem> {
    let reason: Option<String> = row.try_get(12)?;
    let count = |at: usize| Ok::<_, sqlx::Error>(row.try_get::<i64, _>(at)?.unsigned_abs());
    let time = |at: usize| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(at)?.map(timestamp));
    Ok(FeedEntry {
        id: FeedId(row.try_get(0)?),
        collection: CollectionId(row.try_get(1)?),
        number: row.try_get(2)?,
        url: row.try_get(3)?,
        given: row.try_get(4)?,
        host: row.try_get(5)?,
        title: row.try_get(6)?,
        site: row.try_get(7)?,
        filters: row.try_get(8)?,
        community: row.try_get::<Option<i64>, _>(9)?.map(CommunityId),
        channel: row.try_get(10)?,
        state: match row.try_get::<i64, _>(11)? {
            0 => FeedState::Active,
            1 => FeedState::Paused,
            _ => FeedState::Ended(reason.unwrap_or_default()),
        },
        begun: row.try_get::<i64, _>(13)? != 0,
        etag: row.try_get(14)?,
        last_modified: row.try_get(15)?,
        rhythm: row.try_get(16)?,
        looked_at: time(17)?,
        read_at: time(18)?,
        next_at: timestamp(row.try_get(19)?),
        failures: u32::try_from(row.try_get::<i64, _>(20)?).unwrap_or(u32::MAX),
        failing_since: time(21)?,
        trouble: row.try_get(22)?,
        stored: count(23)?,
        left_out: count(24)?,
        why_left_out: row.try_get(25)?,
        waiting: if row.len() > 27 { count(27)? } else { 0 },
    })
}
