//! Taking the feeds that are due, and what becomes of a look that read nothing; one that did is settled in `settle.rs`.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row};

use super::super::error::{Located, Problem, check_text};
use super::super::outbox::MAX_ID_BYTES;
use super::super::{Store, StoreError, millis, timestamp};
use super::lease::{Leased, Share};
use super::{FEED, FeedEntry, FeedId, entry, line};

/// Feeds, which are leased for a look.
const LOOKED_AT: Leased = Leased {
    table: "feeds",
    alias: "f",
    columns: FEED,
    from: "feeds AS f",
    wanted: "state = 0",
    order: &["next_at", "id"],
};

/// A feed that the caller may look at, until its lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueFeed {
    /// The feed.
    pub feed: FeedEntry,
    pub(super) owner: String,
    pub(super) turn: i64,
}

impl Store {
    /// The moment at which the next feed is to be looked at, or the next entry's page to be fetched.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn next_feed_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let query = "SELECT MIN(at) FROM (SELECT MIN(next_at) AS at FROM feeds WHERE state = 0
                                          UNION ALL SELECT MIN(next_at) AS at FROM feed_entries) AS both";
        let row = sqlx::query(query).fetch_one(self.inner.pools.reader()).await.at(self.place())?;
        Ok(row.try_get::<Option<i64>, _>(0).at(self.place())?.map(timestamp))
    }

    /// Takes up to `most` feeds that are due by `now`, for `lease` long: no other process is given them until then. Those that
    /// have waited longest come first; of one host at most `per_host` are under way at once, in all processes together.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn due_feeds(
        &self,
        owner: &str,
        now: Timestamp,
        most: usize,
        per_host: usize,
        lease: Duration,
    ) -> Result<Vec<DueFeed>, StoreError> {
        let due = async {
            let share = Share { most, per_host, lease };
            let rows = self.lease_due(&LOOKED_AT, owner, now, share).await?;
            let due = rows.iter().map(|row| {
                let turn = row.try_get::<i64, _>(26)?.saturating_add(1);
                Ok(DueFeed { feed: entry(row)?, owner: owner.to_owned(), turn })
            });
            due.collect::<Result<Vec<_>, Problem>>()
        };
        due.await.at(self.place())
    }

    /// Takes one feed, for whoever looks at it by hand; nothing when another holds it, or it is not looked at.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn take_feed(&self, owner: &str, id: FeedId, lease: Duration) -> Result<Option<DueFeed>, StoreError> {
        let taken = async {
            check_text("the owner's name", owner, MAX_ID_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let (clock, until) = self.lease_until(&mut tx, lease).await?;
            let take = "UPDATE feeds SET lease_owner = $1, lease_until = $2, turn = turn + 1
                        WHERE id = $3 AND state = 0 AND (lease_until IS NULL OR lease_until <= $4 OR lease_owner = $1)";
            let take = sqlx::query(take).bind(owner).bind(until).bind(id.0).bind(clock);
            if take.execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(None);
            }
            let query = format!("SELECT {FEED} FROM feeds AS f WHERE f.id = $1");
            let row = sqlx::query(AssertSqlSafe(query)).bind(id.0).fetch_one(&mut *tx).await?;
            let due = DueFeed { feed: entry(&row)?, owner: owner.to_owned(), turn: row.try_get(26)? };
            tx.commit().await?;
            Ok::<_, Problem>(Some(due))
        };
        taken.await.at(self.place())
    }

    /// Notes that a feed could not be read, and when to try again. Whether it was still the caller's to note.
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn fail_look(&self, due: &DueFeed, reason: &str, next_at: Timestamp) -> Result<bool, StoreError> {
        let failed = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let fail = "UPDATE feeds SET looked_at = $1, failures = failures + 1, trouble = $2, next_at = $3,
                                         failing_since = COALESCE(failing_since, $1), lease_owner = NULL, lease_until = NULL
                        WHERE id = $4 AND state = 0 AND lease_owner = $5 AND turn = $6";
            let fail = sqlx::query(fail).bind(now).bind(line(reason)).bind(millis(next_at)).bind(due.feed.id.0);
            let ours = fail.bind(&due.owner).bind(due.turn).execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(ours)
        };
        failed.await.at(self.place())
    }

    /// Puts a look off that did not take place; nothing is noted of the feed. Whether it was still the caller's.
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn put_off_look(&self, due: &DueFeed, next_at: Timestamp) -> Result<bool, StoreError> {
        let put_off = async {
            let mut tx = self.inner.pools.begin().await?;
            let put_off = "UPDATE feeds SET next_at = $1, lease_owner = NULL, lease_until = NULL
                           WHERE id = $2 AND state = 0 AND lease_owner = $3 AND turn = $4";
            let put_off = sqlx::query(put_off).bind(millis(next_at)).bind(due.feed.id.0);
            let ours = put_off.bind(&due.owner).bind(due.turn).execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(ours)
        };
        put_off.await.at(self.place())
    }

    /// Ends a feed for this reason: it is not looked at any more. Whether it was still the caller's to end.
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn end_feed(&self, due: &DueFeed, reason: &str) -> Result<bool, StoreError> {
        let ended = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let end = "UPDATE feeds SET state = 2, reason = $1, looked_at = $2, turn = turn + 1, lease_owner = NULL,
                                        lease_until = NULL
                       WHERE id = $3 AND state = 0 AND lease_owner = $4 AND turn = $5";
            let end = sqlx::query(end).bind(line(reason)).bind(now).bind(due.feed.id.0);
            let ours = end.bind(&due.owner).bind(due.turn).execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(ours)
        };
        ended.await.at(self.place())
    }
}
