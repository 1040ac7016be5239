//! The outbox: everything that is posted unasked is a row first.
//!
//! A job is queued once under its idempotency key, leased by a sender, sent, and recorded as sent with the network's own id.
//! A sender that dies loses its lease when its time is up, and another sends the job: at least once from us, and exactly
//! once to the reader where the network takes the idempotency key.
//!
//! **Networks.** A sender leases the jobs of the networks that it serves and sees no others: a process that is on Matrix alone
//! never holds a job of Discord's.
//!
//! **Order.** Of one destination only the first open job is ever leased, by the time it is due and then by the order of
//! queueing: a job that is tried again holds back those after it until it is sent or given up, and no other destination's. A job that
//! is due later holds back nothing until then.
//!
//! **Time.** Leases run by one clock: the server's on PostgreSQL, the machine's on SQLite.

pub(super) mod given;
mod list;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::connect::Dialect;
use super::error::{Located, Problem, check_text};
use super::writer::next;
use super::{CommunityId, Store, StoreError, millis, timestamp};

pub use list::{JobEntry, JobFilter, JobState};

/// The longest idempotency key, owner, and id of a network, in bytes.
pub(super) const MAX_ID_BYTES: usize = 512;
/// The longest name of a network, in bytes.
const MAX_NETWORK_BYTES: usize = 64;
/// The longest name of a destination, in bytes.
const MAX_DESTINATION_BYTES: usize = 1024;
/// The longest payload as JSON, in bytes: far beyond any network's message.
const MAX_PAYLOAD_BYTES: usize = 4 * 1024 * 1024;
/// How much of an error is kept, in characters.
const MAX_ERROR_CHARS: usize = 2000;

/// Whether a job was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Queued {
    /// It will be sent.
    Queued,
    /// A job with this key was queued before, and may have been sent; nothing changed.
    AlreadyThere,
}

/// A job that the caller may send, until its lease runs out.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its number in the outbox.
    pub id: i64,
    /// Its idempotency key: what a network that takes one is given.
    pub key: String,
    /// The network that it goes to.
    pub network: String,
    /// The channel there, as it was queued.
    pub destination: String,
    /// The network's name of the channel's community, where that is known.
    pub community: Option<String>,
    /// What is to be sent, as it was queued.
    pub payload: Value,
    /// Which attempt this is, from 1; an attempt whose sender died counts.
    pub attempt: i64,
    /// Since when it could have been sent: it was due, and queued, or taken up anew after it had been given up.
    pub since: Timestamp,
    /// When it was first tried to send it, since then; by the clock that leases run by, as all times here.
    pub first_tried: Timestamp,
    /// When this lease began.
    pub leased: Timestamp,
    /// Who holds the lease.
    pub owner: String,
    /// When the lease runs out.
    pub until: Timestamp,
}

/// What becomes of a job that could not be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is tried again, not before this.
    RetryAt(Timestamp),
    /// It is tried again when so much time has passed, by the clock that leases run by.
    RetryIn(Duration),
    /// It is never tried again.
    GiveUp,
}

impl Store {
    /// Queues a job, once for each key. `destination` is the channel's name on `network`.
    ///
    /// # Errors
    /// [`Problem::Text`] for a key, network, destination or payload that can't be kept, and what a database may answer.
    pub async fn enqueue(
        &self,
        key: &str,
        network: &str,
        destination: &str,
        payload: &Value,
        not_before: Timestamp,
    ) -> Result<Queued, StoreError> {
        let queued = async {
            let payload = payload.to_string();
            let job = NewJob { key, network, destination, payload, not_before, given: None };
            job.check()?;
            let known = sqlx::query("SELECT id FROM outbox WHERE key = $1").bind(key);
            if known.fetch_optional(self.inner.pools.reader()).await?.is_some() {
                return Ok(Queued::AlreadyThere);
            }
            let mut tx = self.inner.pools.begin().await?;
            if self.insert_job(&mut tx, &job).await? == Queued::AlreadyThere {
                return Ok(Queued::AlreadyThere);
            }
            tx.commit().await?;
            self.inner.queued.send_replace(());
            Ok::<_, Problem>(Queued::Queued)
        };
        queued.await.at(self.place())
    }

    /// Queues a job in a transaction of the caller's, who checked it, and tells of it after the commit.
    pub(super) async fn insert_job(
        &self,
        tx: &mut Transaction<'static, Any>,
        job: &NewJob<'_>,
    ) -> Result<Queued, Problem> {
        let id = next(tx, "job").await?;
        let now = self.now(tx).await?;
        let insert = sqlx::query(
            "INSERT INTO outbox (id, key, network, destination, payload, state, attempts, due_at, next_at, queued_at,
                                 community, digest)
             VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $6, $7, $8, $9) ON CONFLICT (key) DO NOTHING",
        );
        let insert = insert.bind(id).bind(job.key).bind(job.network).bind(job.destination).bind(&job.payload);
        let (community, digest) = job.given.as_ref().map(|(community, given)| (community.0, given.as_str())).unzip();
        let insert = insert.bind(millis(job.not_before)).bind(now).bind(community).bind(digest);
        let inserted = insert.execute(&mut **tx).await?.rows_affected();
        Ok(if inserted == 0 { Queued::AlreadyThere } else { Queued::Queued })
    }

    /// Tells when this process has queued something, so that a sender need not wait for its next look.
    #[must_use]
    pub fn queued(&self) -> tokio::sync::watch::Receiver<()> {
        self.inner.queued.subscribe()
    }

    /// Takes up to `most` jobs of these networks that are due, for `lease` long: nobody else is given them until then. At most
    /// one of each destination; those whose turn came first are first, so that what failed comes after what was not tried yet.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn lease(
        &self,
        owner: &str,
        networks: &[&str],
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Job>, StoreError> {
        let leased = async {
            check_text("the owner's name", owner, MAX_ID_BYTES)?;
            if networks.is_empty() {
                return Ok(Vec::new());
            }
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let until = now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            // Rows that another process is leasing at this moment are passed over, not waited for. One that it has just
            // leased is looked at anew, and no longer fits.
            let skip = match self.inner.pools.dialect {
                Dialect::Sqlite => "",
                Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
            };
            let due = format!(
                "SELECT id, key, network, destination, payload, attempts, due_at, queued_at, first_tried_at,
                        (SELECT name FROM communities WHERE communities.id = job.community)
                 FROM outbox AS job
                 WHERE state = 0 AND next_at <= $1 AND (lease_until IS NULL OR lease_until <= $1) AND network IN ({})
                   AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                                   WHERE earlier.state = 0 AND earlier.network = job.network
                                     AND earlier.destination = job.destination
                                     AND (earlier.due_at, earlier.id) < (job.due_at, job.id))
                 ORDER BY next_at, id LIMIT $2 {skip}",
                places(3, networks.len())
            );
            let due = sqlx::query(AssertSqlSafe(due)).bind(now).bind(i64::from(most));
            let due = networks.iter().fold(due, |due, network| due.bind((*network).to_owned()));
            let rows = due.fetch_all(&mut *tx).await?;
            let mut jobs = Vec::with_capacity(rows.len());
            for row in &rows {
                jobs.push(job(row, owner, now, until)?);
            }
            if jobs.is_empty() {
                return Ok(jobs);
            }
            let ids: Vec<String> = jobs.iter().map(|job| job.id.to_string()).collect();
            let take = format!(
                "UPDATE outbox SET lease_owner = $1, lease_until = $2, attempts = attempts + 1,
                                   first_tried_at = COALESCE(first_tried_at, $3) WHERE id IN ({})",
                ids.join(", ")
            );
            // Not kept as a prepared statement: each is another text.
            let take = sqlx::query(AssertSqlSafe(take)).persistent(false).bind(owner).bind(until).bind(now);
            take.execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, Problem>(jobs)
        };
        leased.await.at(self.place())
    }

    /// Keeps a job longer; whether it was still ours to keep.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn extend(&self, job: &Job, lease: Duration) -> Result<bool, StoreError> {
        let extended = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let until = now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            let extend = "UPDATE outbox SET lease_until = $1
                          WHERE id = $2 AND state = 0 AND lease_owner = $3 AND attempts = $4";
            let extend = sqlx::query(extend).bind(until).bind(job.id).bind(&job.owner).bind(job.attempt);
            let ours = extend.execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(ours)
        };
        extended.await.at(self.place())
    }

    /// Records that the network has a job, also when its lease ran out or it was given up meanwhile; whether it was not recorded
    /// before. The articles of a digest that had been given up are given to its channel again.
    ///
    /// # Errors
    /// [`Problem::Text`] for an id that can't be kept, and what a database may answer.
    pub async fn sent(&self, job: &Job, network_id: Option<&str>) -> Result<bool, StoreError> {
        let recorded = async {
            check_text("the network's id", network_id.unwrap_or_default(), MAX_ID_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            given::lock(self.inner.pools.dialect, &mut tx, job.id).await?;
            let lock = if self.inner.pools.dialect == Dialect::Postgres { "FOR UPDATE" } else { "" };
            let before = format!("SELECT state FROM outbox WHERE id = $1 {lock}");
            let before = sqlx::query(AssertSqlSafe(before)).bind(job.id).fetch_optional(&mut *tx).await?;
            let before = before.map(|row| row.try_get::<i64, _>(0)).transpose()?;
            let record =
                "UPDATE outbox SET state = $1, network_id = $2, sent_at = $3, lease_owner = NULL, lease_until = NULL
                          WHERE id = $4 AND state <> $1";
            let record = sqlx::query(record).bind(JobState::Sent.code()).bind(network_id).bind(now).bind(job.id);
            let new = record.execute(&mut *tx).await?.rows_affected() > 0;
            if before == Some(i64::from(JobState::GivenUp.code())) {
                given::give_again(&mut tx, job.id).await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(new)
        };
        recorded.await.at(self.place())
    }

    /// Records that a job could not be sent, and what becomes of it; whether it was still ours. Where the lease ran out and
    /// another sender has the job, its word counts and nothing is recorded. The articles of a digest that is given up are new to its
    /// channel again.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn failed(&self, job: &Job, error: &str, then: AfterFailure) -> Result<bool, StoreError> {
        let error: String = error.chars().filter(|c| *c != '\0').take(MAX_ERROR_CHARS).collect();
        let recorded = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let (state, next_at) = match then {
                AfterFailure::RetryAt(time) => (JobState::Open, Some(millis(time))),
                AfterFailure::RetryIn(wait) => {
                    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
                    (JobState::Open, Some(now.saturating_add(wait)))
                }
                AfterFailure::GiveUp => {
                    given::lock(self.inner.pools.dialect, &mut tx, job.id).await?;
                    (JobState::GivenUp, Some(now))
                }
            };
            let record = "UPDATE outbox SET state = $1, next_at = COALESCE($2, next_at), last_error = $3,
                                            lease_owner = NULL, lease_until = NULL
                          WHERE id = $4 AND state = 0 AND lease_owner = $5 AND attempts = $6";
            let record = sqlx::query(record).bind(state.code()).bind(next_at).bind(error);
            let record = record.bind(job.id).bind(&job.owner).bind(job.attempt);
            let ours = record.execute(&mut *tx).await?.rows_affected() > 0;
            if ours && then == AfterFailure::GiveUp {
                given::take_back(&mut tx, job.id).await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(ours)
        };
        recorded.await.at(self.place())
    }

    /// Gives back every job that `owner` has leased, so that another may send it at once: for whoever stops. Attempts that
    /// were begun count. How many that were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn give_back(&self, owner: &str) -> Result<u64, StoreError> {
        let given = async {
            let mut tx = self.inner.pools.begin().await?;
            let give = "UPDATE outbox SET lease_owner = NULL, lease_until = NULL WHERE state = 0 AND lease_owner = $1";
            let given = sqlx::query(give).bind(owner).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(given)
        };
        given.await.at(self.place())
    }

    /// Forgets what jobs said that were sent longer ago than this; their keys stay, so that none is ever queued anew. How many
    /// there were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn forget_payloads(&self, sent_longer_ago: Duration) -> Result<u64, StoreError> {
        let forgotten = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let before = now.saturating_sub(i64::try_from(sent_longer_ago.as_millis()).unwrap_or(i64::MAX));
            let forget = "UPDATE outbox SET payload = 'null' WHERE state = 1 AND payload <> 'null' AND sent_at < $1";
            let forgotten = sqlx::query(forget).bind(before).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(forgotten)
        };
        forgotten.await.at(self.place())
    }

    /// Forgets what jobs said that were given up longer ago than this: they can't be taken up again then. How many there were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn forget_given_up(&self, longer_ago: Duration) -> Result<u64, StoreError> {
        let forgotten = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let before = now.saturating_sub(i64::try_from(longer_ago.as_millis()).unwrap_or(i64::MAX));
            let forgotten = sqlx::query(FORGET_GIVEN_UP).bind(before).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(forgotten)
        };
        forgotten.await.at(self.place())
    }

    /// The time by the clock that leases run by, in milliseconds since 1970.
    pub(super) async fn now(&self, tx: &mut Transaction<'static, Any>) -> Result<i64, Problem> {
        Ok(match self.inner.pools.dialect {
            Dialect::Sqlite => millis(Timestamp::now()),
            Dialect::Postgres => {
                let now = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
                sqlx::query(now).fetch_one(&mut **tx).await?.try_get(0)?
            }
        })
    }
}

/// By an index, as it runs every hour while others wait to write.
pub(super) const FORGET_GIVEN_UP: &str =
    "UPDATE outbox SET payload = 'null' WHERE state = 2 AND payload <> 'null' AND next_at < $1";

/// So many places for values from the place `first` on: `$3, $4`.
pub(super) fn places(first: usize, count: usize) -> String {
    (first..first + count).map(|place| format!("${place}")).collect::<Vec<_>>().join(", ")
}

/// A job to be queued.
pub(super) struct NewJob<'a> {
    pub(super) key: &'a str,
    pub(super) network: &'a str,
    pub(super) destination: &'a str,
    pub(super) payload: String,
    pub(super) not_before: Timestamp,
    /// The community of a digest's channel, and what is given to the channel with it ([`given`]).
    pub(super) given: Option<(CommunityId, String)>,
}

impl NewJob<'_> {
    /// Whether it can be kept.
    pub(super) fn check(&self) -> Result<(), Problem> {
        check_text("the job's key", self.key, MAX_ID_BYTES)?;
        check_text("the network's name", self.network, MAX_NETWORK_BYTES)?;
        check_text("the job's destination", self.destination, MAX_DESTINATION_BYTES)?;
        check_text("the job's payload", &self.payload, MAX_PAYLOAD_BYTES)
    }
}

fn job(row: &AnyRow, owner: &str, now: i64, until: i64) -> Result<Job, Problem> {
    let key: String = row.try_get(1)?;
    // A payload that is no JSON is damaged: it must not hold back the others, and nothing can be made of it.
    let payload = serde_json::from_str(row.try_get(4)?).unwrap_or_else(|error| {
        tracing::error!(%key, %error, "the payload of a job is damaged");
        Value::Null
    });
    Ok(Job {
        id: row.try_get(0)?,
        network: row.try_get(2)?,
        destination: row.try_get(3)?,
        payload,
        key,
        attempt: row.try_get::<i64, _>(5)?.saturating_add(1),
        since: timestamp(row.try_get(6)?).max(timestamp(row.try_get(7)?)),
        first_tried: timestamp(row.try_get::<Option<i64>, _>(8)?.unwrap_or(now)),
        leased: timestamp(now),
        community: row.try_get(9)?,
        owner: owner.to_owned(),
        until: timestamp(until),
    })
}
