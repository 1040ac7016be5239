//! The log of changes, and waiting for the next one.

use std::time::{Duration, Instant};

use sqlx::Row;
use sqlx::postgres::PgListener;
use tokio::task::JoinSet;

use super::connect::CONNECT_TIMEOUT;
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

/// The wait between two attempts to listen doubles from the one to the other: each is a new connection, often with TLS.
const LISTEN_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

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
    /// listen (some poolers don't), it is asked as often, and listening is tried again, ever more rarely, at least once a minute.
    #[must_use]
    pub fn watch(&self, seq: Seq) -> Watch {
        Watch { store: self.clone(), seen: seq, local: self.inner.changed.subscribe(), ear: Ear::default() }
    }
}

/// Waits for changes; made by [`Store::watch`].
pub struct Watch {
    store: Store,
    seen: Seq,
    local: tokio::sync::watch::Receiver<()>,
    ear: Ear,
}

/// What hears PostgreSQL, and the attempts to have one.
#[derive(Default)]
struct Ear {
    listener: Option<PgListener>,
    /// The attempt to connect and listen that is under way, if any: asking goes on meanwhile. Dropping it ends it.
    attempt: JoinSet<Result<PgListener, sqlx::Error>>,
    /// When the next one may begin, and how long to wait after it.
    next: Option<(Instant, Duration)>,
}

impl Watch {
    /// The last change's number, once there is one that was not told yet. May be dropped and called again.
    ///
    /// # Errors
    /// What a database may answer; then nothing was told, and calling again waits on.
    pub async fn changed(&mut self) -> Result<Seq, StoreError> {
        loop {
            // Whatever wakes us leads to a question: what came before listening began is found by the one after.
            self.local.borrow_and_update();
            if let StoreUrl::Postgres(address) = &self.store.inner.url {
                self.ear.prick(address.expose(), Instant::now());
            }
            let latest = self.store.latest_seq().await?;
            if latest > self.seen {
                self.seen = latest;
                return Ok(latest);
            }
            tokio::select! {
                _ = self.local.changed() => {}
                () = self.ear.heard() => {}
            }
        }
    }
}

impl Ear {
    /// Begins to listen, where that is not done yet and it is time to try.
    fn prick(&mut self, address: &str, now: Instant) {
        if self.listener.is_some() || !self.attempt.is_empty() || self.next.is_some_and(|(at, _)| now < at) {
            return;
        }
        let wait = self.next.map_or(LISTEN_AGAIN.0, |(_, wait)| (wait * 2).min(LISTEN_AGAIN.1));
        self.next = Some((now + wait, wait));
        let address = address.to_owned();
        self.attempt.spawn(async move {
            let listening = async {
                let mut listener = PgListener::connect(&address).await?;
                // A lost connection is told to us, and not waited for where nobody can hear of anything else.
                listener.eager_reconnect(false);
                listener.listen("byline_changes").await?;
                Ok(listener)
            };
            let late = |_| sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
            tokio::time::timeout(CONNECT_TIMEOUT, listening).await.map_err(late)?
        });
    }

    /// Waits until there may be something new. May be dropped at any moment.
    async fn heard(&mut self) {
        if let Some(listener) = &mut self.listener {
            let lost = tokio::select! {
                told = listener.try_recv() => !matches!(told, Ok(Some(_))),
                () = tokio::time::sleep(POLL_WHILE_TOLD) => return,
            };
            if lost {
                self.listener = None;
            } else {
                // One that was told is no dead end: when its connection is lost, another is tried soon.
                self.next = self.next.map(|(at, _)| (at, LISTEN_AGAIN.0 / 2));
            }
            return;
        }
        tokio::select! {
            Some(attempt) = self.attempt.join_next() => match attempt {
                Ok(Ok(listener)) => self.listener = Some(listener),
                Ok(Err(error)) => tracing::debug!(%error, "can't listen for changes, asking instead"),
                Err(ended) => tracing::debug!(%ended, "an attempt to listen ended early"),
            },
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn listening_that_fails_is_tried_ever_more_rarely() {
        let (mut ear, begun) = (Ear::default(), Instant::now());
        let mut attempts = Vec::new();
        for quarter in 0..1000 {
            ear.prick("nowhere", begun + quarter * Duration::from_millis(250));
            if !ear.attempt.is_empty() {
                attempts.push(quarter / 4);
                ear.attempt = JoinSet::new();
            }
        }
        assert_eq!(attempts, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    }
}
