//! A transaction that changes articles, and the numbers that it hands out.

use sqlx::{Any, Row, Transaction};

use super::changes::ChangeKind;
use super::connect::Dialect;
use super::error::Problem;
use super::{CollectionId, Store, StoredId};

/// A transaction that changes articles. Only one is open in a store at a time: it holds the row of the log's counter, and on
/// SQLite the file. Dropped without [`commit`](Writer::commit), it undoes everything.
pub(super) struct Writer {
    pub(super) tx: Transaction<'static, Any>,
    store: Store,
    /// The last numbers in use.
    change: i64,
    pub(super) article: i64,
    before: (i64, i64),
}

impl Writer {
    pub(super) async fn begin(store: &Store) -> Result<Self, Problem> {
        let mut tx = store.inner.pools.begin().await?;
        let locked = match store.inner.pools.dialect {
            Dialect::Sqlite => "SELECT value FROM counters WHERE name = 'change'",
            Dialect::Postgres => "SELECT value FROM counters WHERE name = 'change' FOR UPDATE",
        };
        let change = sqlx::query(locked).fetch_one(&mut *tx).await?.try_get(0)?;
        // A statement of its own: on PostgreSQL it then sees what the one we waited for committed.
        let article = "SELECT value FROM counters WHERE name = 'article'";
        let article = sqlx::query(article).fetch_one(&mut *tx).await?.try_get(0)?;
        Ok(Self { tx, store: store.clone(), change, article, before: (change, article) })
    }

    /// The number of a new article.
    pub(super) fn next_article(&mut self) -> StoredId {
        self.article += 1;
        StoredId(self.article)
    }

    /// Writes a change into the log.
    pub(super) async fn log(
        &mut self,
        kind: ChangeKind,
        article: StoredId,
        collection: CollectionId,
    ) -> Result<(), Problem> {
        self.change += 1;
        sqlx::query("INSERT INTO changes (seq, kind, article, collection) VALUES ($1, $2, $3, $4)")
            .bind(self.change)
            .bind(kind.code())
            .bind(article.0)
            .bind(collection.0)
            .execute(&mut *self.tx)
            .await?;
        Ok(())
    }

    /// Makes it all last, and wakes those who watch.
    pub(super) async fn commit(mut self) -> Result<(), Problem> {
        for (name, now, before) in [("change", self.change, self.before.0), ("article", self.article, self.before.1)] {
            if now != before {
                let update = "UPDATE counters SET value = $1 WHERE name = $2";
                sqlx::query(update).bind(now).bind(name).execute(&mut *self.tx).await?;
            }
        }
        let changed = self.change != self.before.0;
        if changed && self.store.inner.pools.dialect == Dialect::Postgres {
            // Sent to the listeners by the commit, not before.
            sqlx::raw_sql("NOTIFY byline_changes").execute(&mut *self.tx).await?;
        }
        self.tx.commit().await?;
        if changed {
            self.store.inner.changed.send_replace(());
        }
        Ok(())
    }
}

/// The next value of a counter, in a transaction of its own caller's: its row stays locked until that ends.
pub(super) async fn next(tx: &mut Transaction<'static, Any>, name: &str) -> Result<i64, Problem> {
    let next = "UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value";
    Ok(sqlx::query(next).bind(name).fetch_one(&mut **tx).await?.try_get(0)?)
}
