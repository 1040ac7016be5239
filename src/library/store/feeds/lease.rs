//! Leases: who is at work on a feed, or on an entry that waits, and until when nobody else is.
//!
//! A row that is leased has an owner, an end by the store's clock, and a turn, which each lease raises. Whoever settles asks for
//! the owner and the turn that it was given: a lease that ran out and was given to another, or was taken back, settles nothing.

use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::super::connect::Dialect;
use super::super::error::{Located, Problem, check_text};
use super::super::outbox::MAX_ID_BYTES;
use super::super::{Store, StoreError, millis};
use super::FeedId;

/// A kind of row that is leased when it is due.
pub(super) struct Leased {
    /// Its table, which has the columns `id`, `host`, `next_at`, `lease_owner`, `lease_until` and `turn`.
    pub(super) table: &'static str,
    /// What it is called in `columns` and `from`.
    pub(super) alias: &'static str,
    /// What is read of it; first its `id`.
    pub(super) columns: &'static str,
    /// The table under its alias, and what is joined to it.
    pub(super) from: &'static str,
    /// Which of its rows: a condition that begins with one of its columns.
    pub(super) wanted: &'static str,
    /// By which of its columns what is due comes in order.
    pub(super) order: &'static [&'static str],
}

/// How much is taken at once, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// So many in all.
    pub(super) most: usize,
    /// So many of one host that are under way at once, in all processes together.
    pub(super) per_host: usize,
    /// For so long.
    pub(super) lease: Duration,
}

impl Store {
    /// Leases what is due by `now`, as rows of the columns wanted. Their turn is the one before that of the lease.
    pub(super) async fn lease_due(
        &self,
        what: &Leased,
        owner: &str,
        now: Timestamp,
        share: Share,
    ) -> Result<Vec<AnyRow>, Problem> {
        check_text("the owner's name", owner, MAX_ID_BYTES)?;
        let mut tx = self.inner.pools.begin().await?;
        let (clock, until) = self.lease_until(&mut tx, share.lease).await?;
        let query = AssertSqlSafe(due(what, self.inner.pools.dialect));
        let query = sqlx::query(query).bind(millis(now)).bind(clock);
        let query = query.bind(i64::try_from(share.most).unwrap_or(i64::MAX));
        let query = query.bind(i64::try_from(share.per_host).unwrap_or(i64::MAX));
        let rows = query.fetch_all(&mut *tx).await?;
        if rows.is_empty() {
            return Ok(rows);
        }
        let ids = rows.iter().map(|row| row.try_get::<i64, _>(0)).collect::<Result<Vec<_>, _>>()?;
        let take = format!(
            "UPDATE {} SET lease_owner = $1, lease_until = $2, turn = turn + 1 WHERE id IN ({})",
            what.table,
            listed(&ids)
        );
        // Not kept as a prepared statement: each is another text.
        let take = sqlx::query(AssertSqlSafe(take)).persistent(false).bind(owner).bind(until);
        take.execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Keeps longer what `owner` has leased of these: feeds, and entries that wait.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn keep_feeds(
        &self,
        owner: &str,
        lease: Duration,
        feeds: &[FeedId],
        entries: &[i64],
    ) -> Result<(), StoreError> {
        let kept = async {
            let feeds: Vec<i64> = feeds.iter().map(|feed| feed.0).collect();
            // Each in a transaction of its own: whoever settles an entry holds first its feed and then it.
            for (table, ids) in [("feeds", feeds.as_slice()), ("feed_entries", entries)] {
                if ids.is_empty() {
                    continue;
                }
                let ids = listed(ids);
                let keep = format!("UPDATE {table} SET lease_until = $1 WHERE lease_owner = $2 AND id IN ({ids})");
                let mut tx = self.inner.pools.begin().await?;
                let (_, until) = self.lease_until(&mut tx, lease).await?;
                // Not kept as a prepared statement: each is another text.
                let keep = sqlx::query(AssertSqlSafe(keep)).persistent(false).bind(until).bind(owner);
                keep.execute(&mut *tx).await?;
                tx.commit().await?;
            }
            Ok::<_, Problem>(())
        };
        kept.await.at(self.place())
    }

    /// Gives back everything that `owner` has leased, feeds and waiting entries: for whoever stops.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn give_back_feeds(&self, owner: &str) -> Result<u64, StoreError> {
        let given = async {
            let mut given = 0;
            for give in [
                "UPDATE feeds SET lease_owner = NULL, lease_until = NULL, turn = turn + 1 WHERE lease_owner = $1",
                "UPDATE feed_entries SET lease_owner = NULL, lease_until = NULL, turn = turn + 1 WHERE lease_owner = $1",
            ] {
                let mut tx = self.inner.pools.begin().await?;
                given += sqlx::query(give).bind(owner).execute(&mut *tx).await?.rows_affected();
                tx.commit().await?;
            }
            Ok::<_, Problem>(given)
        };
        given.await.at(self.place())
    }

    /// The clock that leases run by, and the end of one that begins now.
    pub(super) async fn lease_until(
        &self,
        tx: &mut Transaction<'static, Any>,
        lease: Duration,
    ) -> Result<(i64, i64), Problem> {
        let clock = self.now(tx).await?;
        Ok((clock, clock.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))))
    }
}

fn listed(ids: &[impl Display]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The query for what is due by `$1` and not leased at `$2`, the first `$3`; of one host at most `$4`, with those that are leased.
fn due(what: &Leased, dialect: Dialect) -> String {
    let Leased { table, alias, columns, from, wanted, order } = what;
    let of = |alias: &str| order.iter().map(|column| format!("{alias}.{column}")).collect::<Vec<_>>().join(", ");
    let (inner, outer, plain) = (of("d"), of(alias), order.join(", "));
    // As in the outbox: what another is leasing at this moment is passed over, not waited for.
    let passed_over = match dialect {
        Dialect::Postgres => format!("FOR UPDATE OF {alias} SKIP LOCKED"),
        Dialect::Sqlite => String::new(),
    };
    format!(
        "SELECT {columns} FROM {from} WHERE {alias}.id IN (
             SELECT id FROM (
                 SELECT {inner}, COALESCE(b.busy, 0) AS busy,
                        ROW_NUMBER() OVER (PARTITION BY d.host ORDER BY {inner}) AS place
                 FROM {table} AS d LEFT JOIN
                      (SELECT host, COUNT(*) AS busy FROM {table} WHERE lease_until > $2 GROUP BY host) AS b
                      ON b.host = d.host
                 WHERE d.{wanted} AND d.next_at <= $1 AND (d.lease_until IS NULL OR d.lease_until <= $2)) AS due
             WHERE place + busy <= $4 ORDER BY {plain} LIMIT $3)
           AND {alias}.{wanted} AND ({alias}.lease_until IS NULL OR {alias}.lease_until <= $2)
         ORDER BY {outer} {passed_over}"
    )
}
