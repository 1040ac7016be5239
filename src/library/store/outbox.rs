//! The outbox: everything that is posted unasked is a row first.
//!
//! A job is queued once under its idempotency key, leased by a sender, sent, and recorded as sent with the network's own id.
//! A sender that dies loses its lease when its time is up, and another sends the job: at least once from us, and exactly
//! once to the reader where the network takes the idempotency key.
//!
//! **Order.** Of one destination only the first open job is ever leased, by the time it is due and then by the order of
//! queueing: a job that is tried again holds back those after it until it is sent or given up, and no other destination's. A job that
//! is due later holds back nothing until then.
//!
//! **Time.** Leases run by one clock: the server's on PostgreSQL, the machine's on SQLite.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::connect::Dialect;
use super::error::{Located, Problem, check_text};
use super::writer::next;
use super::{Store, StoreError, millis, timestamp};

/// The longest idempotency key, owner, and id of a network, in bytes.
const MAX_ID_BYTES: usize = 512;
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
    /// Where it goes, as it was queued.
    pub destination: String,
    /// What is to be sent, as it was queued.
    pub payload: Value,
    /// Which attempt this is, from 1; an attempt whose sender died counts.
    pub attempt: i64,
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
    /// It is never tried again.
    GiveUp,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits, or is being sent.
    Open,
    /// The network has it.
    Sent,
    /// It will not be sent; [`JobEntry::last_error`] tells why.
    GivenUp,
}

impl JobState {
    fn code(self) -> i16 {
        match self {
            Self::Open => 0,
            Self::Sent => 1,
            Self::GivenUp => 2,
        }
    }

    fn of(code: i64) -> Self {
        match code {
            0 => Self::Open,
            1 => Self::Sent,
            _ => Self::GivenUp,
        }
    }
}

/// What the outbox tells of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEntry {
    /// Its number in the outbox.
    pub id: i64,
    /// Its idempotency key.
    pub key: String,
    /// Where it goes.
    pub destination: String,
    /// How far it is.
    pub state: JobState,
    /// How often sending was begun.
    pub attempts: i64,
    /// When it was due.
    pub due_at: Timestamp,
    /// When it may be tried next; of interest while it is open.
    pub next_at: Timestamp,
    /// Who is sending it, and until when it may.
    pub lease: Option<(String, Timestamp)>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// What the network calls the message.
    pub network_id: Option<String>,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
}

/// The start of every query whose rows [`entry`] reads.
macro_rules! select_entry {
    ($rest:literal) => {
        concat!(
            "SELECT id, key, destination, state, attempts, due_at, next_at, lease_owner, lease_until, last_error,
                    network_id, queued_at, sent_at FROM outbox ",
            $rest
        )
    };
}

impl Store {
    /// Queues a job, once for each key.
    ///
    /// # Errors
    /// [`Problem::Text`] for a key, destination or payload that can't be kept, and what a database may answer.
    pub async fn enqueue(
        &self,
        key: &str,
        destination: &str,
        payload: &Value,
        not_before: Timestamp,
    ) -> Result<Queued, StoreError> {
        let queued = async {
            let payload = payload.to_string();
            check_text("the job's key", key, MAX_ID_BYTES)?;
            check_text("the job's destination", destination, MAX_DESTINATION_BYTES)?;
            check_text("the job's payload", &payload, MAX_PAYLOAD_BYTES)?;
            let known = sqlx::query("SELECT id FROM outbox WHERE key = $1").bind(key);
            if known.fetch_optional(self.inner.pools.reader()).await?.is_some() {
                return Ok(Queued::AlreadyThere);
            }
            let mut tx = self.inner.pools.begin().await?;
            let id = next(&mut tx, "job").await?;
            let now = self.now(&mut tx).await?;
            let insert = sqlx::query(
                "INSERT INTO outbox (id, key, destination, payload, state, attempts, due_at, next_at, queued_at)
                 VALUES ($1, $2, $3, $4, 0, 0, $5, $5, $6) ON CONFLICT (key) DO NOTHING",
            );
            let insert = insert.bind(id).bind(key).bind(destination).bind(payload).bind(millis(not_before)).bind(now);
            if insert.execute(&mut *tx).await?.rows_affected() == 0 {
                return Ok(Queued::AlreadyThere);
            }
            tx.commit().await?;
            Ok::<_, Problem>(Queued::Queued)
        };
        queued.await.at(self.place())
    }

    /// Takes up to `most` jobs that are due, for `lease` long: nobody else is given them until then. At most one of each
    /// destination; those that have waited longest come first.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn lease(&self, owner: &str, most: u32, lease: Duration) -> Result<Vec<Job>, StoreError> {
        let leased = async {
            check_text("the owner's name", owner, MAX_ID_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let until = now.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            // Rows that another process is leasing at this moment are passed over, not waited for. One that it has just
            // leased is looked at anew, and no longer fits.
            const DUE: &str = "SELECT id, key, destination, payload, attempts FROM outbox AS job
                 WHERE state = 0 AND next_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
                   AND NOT EXISTS (SELECT 1 FROM outbox AS earlier
                                   WHERE earlier.state = 0 AND earlier.destination = job.destination
                                     AND (earlier.due_at, earlier.id) < (job.due_at, job.id))
                 ORDER BY due_at, id LIMIT $2";
            let due = match self.inner.pools.dialect {
                Dialect::Sqlite => DUE.to_owned(),
                Dialect::Postgres => format!("{DUE} FOR UPDATE SKIP LOCKED"),
            };
            let rows = sqlx::query(AssertSqlSafe(due)).bind(now).bind(i64::from(most)).fetch_all(&mut *tx).await?;
            let mut jobs = Vec::with_capacity(rows.len());
            for row in &rows {
                jobs.push(job(row, owner, until)?);
            }
            if jobs.is_empty() {
                return Ok(jobs);
            }
            let ids: Vec<String> = jobs.iter().map(|job| job.id.to_string()).collect();
            let take = format!(
                "UPDATE outbox SET lease_owner = $1, lease_until = $2, attempts = attempts + 1 WHERE id IN ({})",
                ids.join(", ")
            );
            // Not kept as a prepared statement: each is another text.
            let take = sqlx::query(AssertSqlSafe(take)).persistent(false).bind(owner).bind(until);
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

    /// Records that the network has a job, also when its lease ran out meanwhile; whether it was not recorded before.
    ///
    /// # Errors
    /// [`Problem::Text`] for an id that can't be kept, and what a database may answer.
    pub async fn sent(&self, job: &Job, network_id: Option<&str>) -> Result<bool, StoreError> {
        let recorded = async {
            check_text("the network's id", network_id.unwrap_or_default(), MAX_ID_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let record =
                "UPDATE outbox SET state = $1, network_id = $2, sent_at = $3, lease_owner = NULL, lease_until = NULL
                          WHERE id = $4 AND state <> $1";
            let record = sqlx::query(record).bind(JobState::Sent.code()).bind(network_id).bind(now).bind(job.id);
            let new = record.execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(new)
        };
        recorded.await.at(self.place())
    }

    /// Records that a job could not be sent, and what becomes of it; whether it was still ours. Where the lease ran out and
    /// another sender has the job, its word counts and nothing is recorded.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn failed(&self, job: &Job, error: &str, then: AfterFailure) -> Result<bool, StoreError> {
        let error: String = error.chars().filter(|c| *c != '\0').take(MAX_ERROR_CHARS).collect();
        let (state, next_at) = match then {
            AfterFailure::RetryAt(time) => (JobState::Open, Some(millis(time))),
            AfterFailure::GiveUp => (JobState::GivenUp, None),
        };
        let recorded = async {
            let mut tx = self.inner.pools.begin().await?;
            let record = "UPDATE outbox SET state = $1, next_at = COALESCE($2, next_at), last_error = $3,
                                            lease_owner = NULL, lease_until = NULL
                          WHERE id = $4 AND state = 0 AND lease_owner = $5 AND attempts = $6";
            let record = sqlx::query(record).bind(state.code()).bind(next_at).bind(error);
            let record = record.bind(job.id).bind(&job.owner).bind(job.attempt);
            let ours = record.execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(ours)
        };
        recorded.await.at(self.place())
    }

    /// What the outbox tells of the job with this key.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn job(&self, key: &str) -> Result<Option<JobEntry>, StoreError> {
        let query = sqlx::query(select_entry!("WHERE key = $1")).bind(key);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.as_ref().map(entry).transpose().at(self.place())
    }

    /// The jobs in this state, those queued last first, at most `most`.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn jobs(&self, state: JobState, most: u32) -> Result<Vec<JobEntry>, StoreError> {
        let query = sqlx::query(select_entry!("WHERE state = $1 ORDER BY id DESC LIMIT $2"));
        let query = query.bind(state.code()).bind(i64::from(most));
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// The time by the clock that leases run by, in milliseconds since 1970.
    async fn now(&self, tx: &mut Transaction<'static, Any>) -> Result<i64, Problem> {
        Ok(match self.inner.pools.dialect {
            Dialect::Sqlite => millis(Timestamp::now()),
            Dialect::Postgres => {
                let now = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
                sqlx::query(now).fetch_one(&mut **tx).await?.try_get(0)?
            }
        })
    }
}

fn job(row: &AnyRow, owner: &str, until: i64) -> Result<Job, Problem> {
    let key: String = row.try_get(1)?;
    let payload: Result<Value, _> = serde_json::from_str(row.try_get(3)?);
    Ok(Job {
        id: row.try_get(0)?,
        destination: row.try_get(2)?,
        payload: payload.map_err(|error| Problem::Corrupt(format!("the payload of job “{key}”: {error}")))?,
        key,
        attempt: row.try_get::<i64, _>(4)?.saturating_add(1),
        owner: owner.to_owned(),
        until: timestamp(until),
    })
}

fn entry(row: &AnyRow) -> Result<JobEntry, sqlx::Error> {
    let owner: Option<String> = row.try_get(7)?;
    let until: Option<i64> = row.try_get(8)?;
    Ok(JobEntry {
        id: row.try_get(0)?,
        key: row.try_get(1)?,
        destination: row.try_get(2)?,
        state: JobState::of(row.try_get(3)?),
        attempts: row.try_get(4)?,
        due_at: timestamp(row.try_get(5)?),
        next_at: timestamp(row.try_get(6)?),
        lease: owner.zip(until.map(timestamp)),
        last_error: row.try_get(9)?,
        network_id: row.try_get(10)?,
        queued_at: timestamp(row.try_get(11)?),
        sent_at: row.try_get::<Option<i64>, _>(12)?.map(timestamp),
    })
}
