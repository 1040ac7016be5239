//! Which feeds are to be told of, and telling of each once.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{AssertSqlSafe, Row};

use super::super::error::{Located, Problem};
use super::super::outbox::{NewJob, Queued, places};
use super::super::{Store, StoreError, timestamp};
use super::FeedId;

/// How long nothing is told anew of a feed of whose trouble was told, in milliseconds: a week. One that flaps is no news each time.
const QUIET_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What there is to tell of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedNews {
    /// It could not be read so often, since then, and why.
    Failing {
        /// How often in a row.
        failures: u32,
        /// Since when.
        since: Timestamp,
        /// Why the last time.
        reason: String,
    },
    /// It ended, for this reason.
    Ended(String),
    /// It can be read again, after it was told that it could not.
    Recovered,
}

/// A feed that is to be told of, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToTell {
    /// The feed.
    pub feed: FeedId,
    /// What people call it by.
    pub number: i64,
    /// What it calls itself, else its address.
    pub name: String,
    /// The network of those who subscribed to it.
    pub network: String,
    /// The channel in which they did.
    pub channel: String,
    /// What is to be told.
    pub news: FeedNews,
}

impl Store {
    /// The feeds of communities of these networks of which is to be told that they fail, ended or recovered; a feed fails after so many
    /// `failures` in a row. While no feed at all can be read none is told of: then the trouble is ours.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn feeds_to_tell(&self, networks: &[&str], failures: u32) -> Result<Vec<ToTell>, StoreError> {
        if networks.is_empty() {
            return Ok(Vec::new());
        }
        let told = async {
            // Reading, but by the clock of those who write.
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            drop(tx);
            let query = format!(
                "SELECT f.id, f.number, f.title, f.url, c.network, f.channel, f.state, f.reason, f.failures, f.failing_since,
                        f.trouble
                 FROM feeds AS f JOIN communities AS c ON c.id = f.community
                 WHERE f.channel IS NOT NULL AND c.network IN ({})
                   AND ((f.told = 0 AND f.state = 2)
                     OR (f.told = 0 AND f.state = 0 AND f.failures >= $1 AND (f.told_at IS NULL OR f.told_at < $2)
                         AND (EXISTS (SELECT 1 FROM feeds AS o WHERE o.read_at > f.failing_since)
                              OR NOT EXISTS (SELECT 1 FROM feeds AS o WHERE o.id <> f.id AND o.state = 0)))
                     OR (f.told = 1 AND f.state = 0 AND f.failures = 0 AND f.read_at > f.told_at))
                 ORDER BY c.network, f.channel, f.number",
                places(3, networks.len())
            );
            let query = sqlx::query(AssertSqlSafe(query)).bind(i64::from(failures.max(1))).bind(now - QUIET_MS);
            let query = networks.iter().fold(query, |query, network| query.bind((*network).to_owned()));
            let mut all = Vec::new();
            for row in query.fetch_all(self.inner.pools.reader()).await? {
                let (title, url): (String, String) = (row.try_get(2)?, row.try_get(3)?);
                let failures = u32::try_from(row.try_get::<i64, _>(8)?).unwrap_or(u32::MAX);
                let reason =
                    |at: usize| Ok::<_, sqlx::Error>(row.try_get::<Option<String>, _>(at)?.unwrap_or_default());
                let news = match (row.try_get::<i64, _>(6)?, failures) {
                    (2, _) => FeedNews::Ended(reason(7)?),
                    (_, 0) => FeedNews::Recovered,
                    _ => FeedNews::Failing {
                        failures,
                        since: timestamp(row.try_get::<Option<i64>, _>(9)?.unwrap_or(now)),
                        reason: reason(10)?,
                    },
                };
                all.push(ToTell {
                    feed: FeedId(row.try_get(0)?),
                    number: row.try_get(1)?,
                    name: if title.is_empty() { url } else { title },
                    network: row.try_get(4)?,
                    channel: row.try_get(5)?,
                    news,
                });
            }
            Ok::<_, Problem>(all)
        };
        told.await.at(self.place())
    }

    /// Queues what is told of these feeds of one channel, and notes that it was, all or nothing. Whether it was; not when somebody
    /// else has told of one of them, or one fares otherwise by now.
    ///
    /// # Errors
    /// [`Problem::Text`] for a payload that can't be kept, and what a database may answer; then nothing was kept.
    pub async fn tell_of_feeds(&self, told: &[ToTell], payload: &Value) -> Result<bool, StoreError> {
        let queued = async {
            let Some(first) = told.first() else { return Ok(false) };
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            for ToTell { feed, news, .. } in told {
                let update = match news {
                    FeedNews::Failing { .. } => {
                        "UPDATE feeds SET told = 1, told_at = $1 WHERE id = $2 AND told = 0 AND state = 0 AND failures > 0"
                    }
                    FeedNews::Ended(_) => {
                        "UPDATE feeds SET told = 1, told_at = $1 WHERE id = $2 AND told = 0 AND state = 2"
                    }
                    FeedNews::Recovered => {
                        "UPDATE feeds SET told = 0, told_at = $1 WHERE id = $2 AND told = 1 AND state = 0 AND failures = 0"
                    }
                };
                if sqlx::query(update).bind(now).bind(feed.0).execute(&mut *tx).await?.rows_affected() == 0 {
                    return Ok(false);
                }
            }
            // One posting tells of all: its key is that of the first, which is told of once at a time.
            let key = format!("feeds:{}:{now}", first.feed.0);
            let job = NewJob {
                key: &key,
                network: &first.network,
                destination: &first.channel,
                payload: payload.to_string(),
                not_before: timestamp(now),
                given: None,
            };
            job.check()?;
            if self.insert_job(&mut tx, &job).await? == Queued::AlreadyThere {
                return Ok(false);
            }
            tx.commit().await?;
            self.inner.queued.send_replace(());
            Ok::<_, Problem>(true)
        };
        queued.await.at(self.place())
    }
}
