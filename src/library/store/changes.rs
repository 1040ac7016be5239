//! The log of changes, and waiting for the next one.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgListener;

use super::error::Located;
use super::url::StoreUrl;
use super::{CollectionId, Seq, Store, StoreError, StoredId};

/// What happened to an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is there, and was not.
    Added,
    /// It has other words, another shape or another key.
    Changed,
    /// It was removed.
    Removed,
}

impl ChangeKind {
    pub(super) fn code(self) -> i16 {
        match self {
            Self::Added => 0,
            Self::Changed => 1,
            Self::Removed => 2,
        }
    }

    fn of(code: i64) -> Self {
        match code {
            0 => Self::Added,
            2 => Self::Removed,
            // A kind that a newer version may add: whoever looks the article up is right in any case.
            _ => Self::Changed,
        }
    }
}

/// An entry of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Its place in the log.
    pub seq: Seq,
    /// What happened.
    pub kind: ChangeKind,
    /// The article that it happened to; [`Store::article`] gives what it is now.
    pub article: StoredId,
    /// The collection that the article is in.
    pub collection: CollectionId,
}

/// How often a store is asked for changes of other processes where nothing tells of them: a question takes under .1 ms of
/// an SQLite file.
const POLL: Duration = Duration::from_millis(250);

/// How often it is asked although PostgreSQL tells: a notification can be lost with a connection.
const POLL_WHILE_TOLD: Duration = Duration::from_secs(5);

impl Store {
    /// The changes after `seq`, in order, at most `limit` of them. Whoever remembers the last one's number and asks from there
    /// misses none.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn changes_since(&self, seq: Seq, limit: u32) -> Result<Vec<Change>, StoreError> {
        let query = "SELECT seq, kind, article, collection FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2";
        let reader = self.inner.pools.reader();
        let rows = sqlx::query(query).bind(seq.0).bind(i64::from(limit)).fetch_all(reader).await.at(self.place())?;
        let change = |row: &sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(Change {
                seq: Seq(row.try_get(0)?),
                kind: ChangeKind::of(row.try_get(1)?),
                article: StoredId(row.try_get(2)?),
                collection: CollectionId(row.try_get(3)?),
            })
        };
        rows.iter().map(change).collect::<Result<_, _>>().at(self.place())
    }

    /// The last change's number; 0 when there was none.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn latest_seq(&self) -> Result<Seq, StoreError> {
        let latest = "SELECT value FROM counters WHERE name = 'change'";
        let row = sqlx::query(latest).fetch_one(self.inner.pools.reader()).await.at(self.place())?;
        row.try_get(0).map(Seq).at(self.place())
    }

    /// Waits for changes after `seq`, whoever makes them.
    ///
    /// Changes of this process (of this [`Store`] and its clones) are told at once. Those of others: PostgreSQL tells of them
    /// (`LISTEN`, on a connection of its own); an SQLite file is asked four times a second. Where PostgreSQL doesn't let us
    /// listen (some poolers don't), it is asked as often.
    #[must_use]
    pub fn watch(&self, seq: Seq) -> Watch {
        Watch { store: self.clone(), seen: seq, local: self.inner.changed.subscribe(), listener: None }
    }
}

/// Waits for changes; made by [`Store::watch`].
pub struct Watch {
    store: Store,
    seen: Seq,
    local: tokio::sync::watch::Receiver<()>,
    listener: Option<PgListener>,
}

impl Watch {
    /// The last change's number, once there is one that was not told yet. May be dropped and called again.
    ///
    /// # Errors
    /// What a database may answer; then nothing was told, and calling again waits on.
    pub async fn changed(&mut self) -> Result<Seq, StoreError> {
        loop {
            // Listening begins before the question: what comes in between wakes us again.
            self.local.borrow_and_update();
            self.listen().await;
            let latest = self.store.latest_seq().await?;
            if latest > self.seen {
                self.seen = latest;
                return Ok(latest);
            }
            let lost = match &mut self.listener {
                Some(listener) => tokio::select! {
                    _ = self.local.changed() => false,
                    told = listener.try_recv() => told.is_err(),
                    () = tokio::time::sleep(POLL_WHILE_TOLD) => false,
                },
                None => tokio::select! {
                    _ = self.local.changed() => false,
                    () = tokio::time::sleep(POLL) => false,
                },
            };
            if lost {
                self.listener = None;
                tokio::time::sleep(POLL).await;
            }
        }
    }

    /// Listens, where that can be done and is not done yet.
    async fn listen(&mut self) {
        let StoreUrl::Postgres(address) = &self.store.inner.url else { return };
        if self.listener.is_none() {
            let listening = async {
                let mut listener = PgListener::connect(address.expose()).await?;
                listener.listen("byline_changes").await?;
                Ok::<_, sqlx::Error>(listener)
            };
            match listening.await {
                Ok(listener) => self.listener = Some(listener),
                Err(error) => tracing::debug!(%error, "can't listen for changes, asking instead"),
            }
        }
    }
}
