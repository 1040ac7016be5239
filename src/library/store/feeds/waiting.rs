//! The entries that wait for their pages, and how an article of a feed is added.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row};

use super::super::connect::Dialect;
use super::super::error::{Located, Problem, check_key, check_text};
use super::super::outbox::MAX_ID_BYTES;
use super::super::record::Parcel;
use super::super::watches::{Hold, Origin};
use super::super::writer::Writer;
use super::super::{CollectionId, Store, StoreError, StoredId, canonical_url, millis};
use super::lease::{Leased, Share};
use super::settle::count;
use super::{FeedEntry, FeedId};
use crate::article::Article;

/// An entry whose page the caller may fetch, until its lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEntry {
    /// Its number.
    pub id: i64,
    /// Its feed.
    pub feed: FeedId,
    /// The collection that its article goes into.
    pub collection: CollectionId,
    /// What the feed calls itself.
    pub outlet: String,
    /// What the feed says of it, as whoever found it wrote it.
    pub entry: String,
    /// Whether it is no news to anybody.
    pub silent: bool,
    /// How often its page could not be had.
    pub failures: u32,
    owner: String,
    turn: i64,
}

/// Entries, which are leased for their pages. What is news comes first.
const FETCHED: Leased = Leased {
    table: "feed_entries",
    alias: "e",
    columns: "e.id, e.feed, f.collection, f.title, e.entry, e.silent, e.failures, e.turn",
    from: "feed_entries AS e JOIN feeds AS f ON f.id = e.feed",
    // All of them; said so, SQLite finds them by the index.
    wanted: "silent IN (0, 1)",
    order: &["silent", "next_at", "id"],
};

/// What became of an entry that waited.
#[derive(Debug, Clone, PartialEq)]
pub enum EntryCame {
    /// It has this article.
    Article(Box<Article>),
    /// Its article is held already.
    Known,
    /// It gives none, for this reason.
    LeftOut(String),
    /// Its page could not be had now: it is tried again at this moment.
    Later(Timestamp),
}

/// How a page is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageHeld {
    /// As this article.
    Held(StoredId),
    /// As this article, which somebody has taken out.
    Removed(StoredId),
}

/// What adding an article of a feed came to.
pub(super) enum Put {
    /// It is there now.
    New,
    /// It was there.
    Known,
    /// It was there, and somebody has taken it out: it stays out.
    Removed,
}

impl Put {
    /// What is told of an article that was taken out.
    pub(super) const REMOVED: &str = "it was in the library, and was taken out";
}

impl Store {
    /// Takes up to `most` entries whose pages are to be fetched by `now`, for `lease` long: no other process is given them until
    /// then. What is news comes before what is none; of one host at most `per_host` are under way at once, in all processes.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn due_entries(
        &self,
        owner: &str,
        now: Timestamp,
        most: usize,
        per_host: usize,
        lease: Duration,
    ) -> Result<Vec<DueEntry>, StoreError> {
        let due = async {
            let share = Share { most, per_host, lease };
            let rows = self.lease_due(&FETCHED, owner, now, share).await?;
            let due = rows.iter().map(|row| {
                Ok(DueEntry {
                    id: row.try_get(0)?,
                    feed: FeedId(row.try_get(1)?),
                    collection: CollectionId(row.try_get(2)?),
                    outlet: row.try_get(3)?,
                    entry: row.try_get(4)?,
                    silent: row.try_get::<i64, _>(5)? != 0,
                    failures: u32::try_from(row.try_get::<i64, _>(6)?).unwrap_or(u32::MAX),
                    owner: owner.to_owned(),
                    turn: row.try_get::<i64, _>(7)?.saturating_add(1),
                })
            });
            due.collect::<Result<Vec<_>, Problem>>()
        };
        due.await.at(self.place())
    }

    /// The entry of this feed that waits and is news, for whoever subscribed by hand and waits for it; nothing when another holds it.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn take_news(&self, owner: &str, feed: FeedId, lease: Duration) -> Result<Option<DueEntry>, StoreError> {
        let taken = async {
            check_text("the owner's name", owner, MAX_ID_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let (clock, until) = self.lease_until(&mut tx, lease).await?;
            let take = "UPDATE feed_entries SET lease_owner = $1, lease_until = $2, turn = turn + 1
                        WHERE id = (SELECT MIN(id) FROM feed_entries WHERE feed = $3 AND silent = 0)
                          AND (lease_until IS NULL OR lease_until <= $4)
                        RETURNING id, entry, failures, turn";
            let take = sqlx::query(take).bind(owner).bind(until).bind(feed.0).bind(clock);
            let Some(row) = take.fetch_optional(&mut *tx).await? else { return Ok(None) };
            let of = sqlx::query("SELECT collection, title FROM feeds WHERE id = $1").bind(feed.0);
            let of = of.fetch_one(&mut *tx).await?;
            let due = DueEntry {
                id: row.try_get(0)?,
                feed,
                collection: CollectionId(of.try_get(0)?),
                outlet: of.try_get(1)?,
                entry: row.try_get(1)?,
                silent: false,
                failures: u32::try_from(row.try_get::<i64, _>(2)?).unwrap_or(u32::MAX),
                owner: owner.to_owned(),
                turn: row.try_get(3)?,
            };
            tx.commit().await?;
            Ok::<_, Problem>(Some(due))
        };
        taken.await.at(self.place())
    }

    /// Settles an entry that waited: its article is added and it waits no more, in one transaction. Whether the article is new;
    /// nothing when another process was first.
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn settle_entry(&self, due: &DueEntry, came: EntryCame) -> Result<Option<bool>, StoreError> {
        self.settle_waiting(due, came).await.at(self.place())
    }

    async fn settle_waiting(&self, due: &DueEntry, came: EntryCame) -> Result<Option<bool>, Problem> {
        let mut left_out = None;
        let parcel = match came {
            EntryCame::Later(at) => {
                let mut tx = self.inner.pools.begin().await?;
                let later = "UPDATE feed_entries SET failures = failures + 1, next_at = $1, lease_owner = NULL,
                                    lease_until = NULL
                             WHERE id = $2 AND lease_owner = $3 AND turn = $4";
                let later = sqlx::query(later).bind(millis(at)).bind(due.id).bind(&due.owner).bind(due.turn);
                let ours = later.execute(&mut *tx).await?.rows_affected() > 0;
                tx.commit().await?;
                return Ok(ours.then_some(false));
            }
            EntryCame::Article(article) => {
                let silent = due.silent;
                // Hashing takes milliseconds: not on the threads that answer.
                let parcel = tokio::task::spawn_blocking(move || Parcel { silent, ..Parcel::of(&article) }).await;
                Some(parcel.map_err(|ended| Problem::Task(ended.to_string()))?)
            }
            EntryCame::Known => None,
            EntryCame::LeftOut(reason) => {
                left_out = Some(reason);
                None
            }
        };
        let mut writer = Writer::begin(self).await?;
        let lock = if self.inner.pools.dialect == Dialect::Postgres { "FOR UPDATE" } else { "" };
        let of = format!("SELECT collection, url, number FROM feeds WHERE id = $1 {lock}");
        let of = sqlx::query(AssertSqlSafe(of)).bind(due.feed.0).fetch_optional(&mut *writer.tx).await?;
        let Some(of) = of else { return Ok(None) };
        let (collection, url, number) = (CollectionId(of.try_get(0)?), of.try_get::<String, _>(1)?, of.try_get(2)?);
        let done = "DELETE FROM feed_entries WHERE id = $1 AND lease_owner = $2 AND turn = $3";
        let done = sqlx::query(done).bind(due.id).bind(&due.owner).bind(due.turn);
        if done.execute(&mut *writer.tx).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let put = match parcel {
            Some(parcel) => writer.put_page(collection, &url, number, parcel).await?,
            None => Put::Known,
        };
        if matches!(put, Put::Removed) {
            left_out = Some(Put::REMOVED.to_owned());
        }
        let new = matches!(put, Put::New);
        count(&mut writer.tx, due.feed, i64::from(new), i64::from(left_out.is_some()), left_out.as_deref()).await?;
        writer.commit().await?;
        Ok(Some(new))
    }

    /// How the page at this address is held in a collection, if it is.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn page_held(&self, collection: CollectionId, url: &str) -> Result<Option<PageHeld>, StoreError> {
        let Some(url) = canonical_url(url) else { return Ok(None) };
        let query = "SELECT id, removed_at FROM articles WHERE collection = $1 AND url = $2";
        let query = sqlx::query(query).bind(collection.0).bind(url);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        let held = |row: sqlx::any::AnyRow| {
            let id = StoredId(row.try_get(0)?);
            let removed = row.try_get::<Option<i64>, _>(1)?.is_some();
            Ok::<_, sqlx::Error>(if removed { PageHeld::Removed(id) } else { PageHeld::Held(id) })
        };
        row.map(held).transpose().at(self.place())
    }
}

impl Writer {
    /// Adds an article of a feed, unless it is there.
    pub(super) async fn put_of_feed(&mut self, feed: &FeedEntry, parcel: Parcel) -> Result<Put, Problem> {
        self.put_page(feed.collection, &feed.url, feed.number, parcel).await
    }

    /// Adds an article of a feed, unless it is there: by its address or its content, and not by its key, which was made of one or the
    /// other. One that is there stays as it is; whoever gave it may know it better, and one that was taken out stays out.
    async fn put_page(
        &mut self,
        collection: CollectionId,
        url: &str,
        number: i64,
        parcel: Parcel,
    ) -> Result<Put, Problem> {
        check_key(&parcel.key)?;
        let held = self.held(collection, &parcel).await?;
        let same = |held: &&super::super::add::Held| {
            (held.url.is_some() && held.url == parcel.url) || held.hash == parcel.hash
        };
        if let Some(held) = held.iter().find(same) {
            return Ok(if held.removed { Put::Removed } else { Put::Known });
        }
        let taken = held.iter().any(|held| held.key == parcel.key);
        let key = if taken { self.free_key(collection, &parcel.key).await? } else { parcel.key.clone() };
        let (label, hash) = (format!("={key}"), parcel.hash.clone());
        let added = self.put_new(collection, parcel, key).await?;
        // Held for good: that a mirrored copy of it is deleted takes nothing out.
        let origin = Origin { owner: "", collection, hold: Hold::Imported };
        let file = self.streamed_file(origin, url, &format!("feed-{number}")).await?;
        self.hold(file, &label, added.id, &hash).await?;
        Ok(Put::New)
    }
}
