//! What the outbox holds, for people: `byline outbox`, and what `/digest show` tells of a channel.

use jiff::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::super::error::{Located, Problem};
use super::super::{CommunityId, Store, StoreError, timestamp};
use super::given;

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
    pub(super) fn code(self) -> i16 {
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
    /// The network that it goes to.
    pub network: String,
    /// The channel there.
    pub destination: String,
    /// How far it is.
    pub state: JobState,
    /// How often sending was begun.
    pub attempts: i64,
    /// When it was due, or was taken up anew after it had been given up.
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

impl JobEntry {
    /// Whether somebody is sending it at this moment.
    #[must_use]
    pub fn is_being_sent(&self, now: Timestamp) -> bool {
        self.state == JobState::Open && self.lease.as_ref().is_some_and(|(_, until)| *until > now)
    }
}

/// Which jobs are listed. The default is all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobFilter<'a> {
    /// Only those that are so far.
    pub state: Option<JobState>,
    /// Only those of this network.
    pub network: Option<&'a str>,
    /// Only those of this channel.
    pub destination: Option<&'a str>,
    /// Only digests for channels of this community: two may have channels of one name.
    pub community: Option<CommunityId>,
    /// Only those queued before the job of this number: the last one of a page gives the next page.
    pub before: Option<i64>,
}

impl<'a> JobFilter<'a> {
    /// The digests of a channel, found without a look at those of others.
    #[must_use]
    pub fn digests_of(network: &'a str, channel: &'a str, community: CommunityId) -> Self {
        Self { network: Some(network), destination: Some(channel), community: Some(community), ..Self::default() }
    }
}

/// The columns that [`entry`] reads.
const ENTRY: &str = "SELECT id, key, network, destination, state, attempts, due_at, next_at, lease_owner, lease_until,
     last_error, network_id, queued_at, sent_at FROM outbox";

impl Store {
    /// What the outbox tells of the job with this key.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn job(&self, key: &str) -> Result<Option<JobEntry>, StoreError> {
        let query = sqlx::query(AssertSqlSafe(format!("{ENTRY} WHERE key = $1"))).bind(key);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.as_ref().map(entry).transpose().at(self.place())
    }

    /// The jobs in this state, those queued last first, at most `most`.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn jobs(&self, state: JobState, most: u32) -> Result<Vec<JobEntry>, StoreError> {
        self.list_jobs(JobFilter { state: Some(state), ..JobFilter::default() }, most).await
    }

    /// The jobs that pass, those queued last first, at most `most`.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn list_jobs(&self, filter: JobFilter<'_>, most: u32) -> Result<Vec<JobEntry>, StoreError> {
        let query = sqlx::query(AssertSqlSafe(query_of(&filter))).bind(filter.before.unwrap_or(i64::MAX));
        let query = query.bind(filter.network.unwrap_or_default().to_owned());
        let query = query.bind(filter.destination.unwrap_or_default().to_owned());
        let query = query.bind(filter.community.map_or(0, |community| community.0)).bind(i64::from(most));
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// How many jobs each network has in each state, by the network's name; those without any are left out.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn count_jobs(&self) -> Result<Vec<(String, JobState, u64)>, StoreError> {
        let query = sqlx::query("SELECT network, state, COUNT(*) FROM outbox GROUP BY network, state");
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let count = |row: &AnyRow| {
            let count = u64::try_from(row.try_get::<i64, _>(2)?).unwrap_or(0);
            Ok::<_, sqlx::Error>((row.try_get::<String, _>(0)?, JobState::of(row.try_get(1)?), count))
        };
        let mut counts: Vec<_> = rows.iter().map(count).collect::<Result<_, _>>().at(self.place())?;
        counts.sort_by(|(a, one, _), (b, other, _)| (a, one.code()).cmp(&(b, other.code())));
        Ok(counts)
    }

    /// Takes up a job that was given up, as if it had been queued now; whether there was one of this number whose words are still
    /// kept. The articles of a digest are noted as had again.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn retry_job(&self, id: i64) -> Result<bool, StoreError> {
        let retried = async {
            let mut tx = self.inner.pools.begin().await?;
            let now = self.now(&mut tx).await?;
            let retry = "UPDATE outbox SET state = 0, attempts = 0, due_at = $1, next_at = $1, first_tried_at = NULL
                 WHERE id = $2 AND state = 2 AND payload <> 'null'";
            let retried = sqlx::query(retry).bind(now).bind(id).execute(&mut *tx).await?.rows_affected() > 0;
            if retried {
                given::give_again(&mut tx, id).await?;
            }
            tx.commit().await?;
            if retried {
                self.inner.queued.send_replace(());
            }
            Ok::<_, Problem>(retried)
        };
        retried.await.at(self.place())
    }
}

/// The query of the jobs that pass.
fn query_of(filter: &JobFilter<'_>) -> String {
    let JobFilter { state, network, destination, community, .. } = filter;
    let mut wheres = vec!["id < $1"];
    wheres.extend(state.map(|state| match state {
        JobState::Open => "state = 0",
        JobState::Sent => "state = 1",
        JobState::GivenUp => "state = 2",
    }));
    // All places are always bound: an empty name is nobody's, nor is the number 0.
    wheres.push(if network.is_some() { "network = $2" } else { "network <> $2" });
    wheres.push(if destination.is_some() { "destination = $3" } else { "destination <> $3" });
    wheres.push(if community.is_some() { "community = $4" } else { "COALESCE(community, 1) <> $4" });
    format!("{ENTRY} WHERE {} ORDER BY id DESC LIMIT $5", wheres.join(" AND "))
}

fn entry(row: &AnyRow) -> Result<JobEntry, sqlx::Error> {
    let owner: Option<String> = row.try_get(8)?;
    let until: Option<i64> = row.try_get(9)?;
    Ok(JobEntry {
        id: row.try_get(0)?,
        key: row.try_get(1)?,
        network: row.try_get(2)?,
        destination: row.try_get(3)?,
        state: JobState::of(row.try_get(4)?),
        attempts: row.try_get(5)?,
        due_at: timestamp(row.try_get(6)?),
        next_at: timestamp(row.try_get(7)?),
        lease: owner.zip(until.map(timestamp)),
        last_error: row.try_get(10)?,
        network_id: row.try_get(11)?,
        queued_at: timestamp(row.try_get(12)?),
        sent_at: row.try_get::<Option<i64>, _>(13)?.map(timestamp),
    })
}

#[cfg(test)]
mod tests {
    use super::super::FORGET_GIVEN_UP;
    use super::*;
    use crate::library::store::StoreUrl;

    async fn plan(store: &Store, query: &str) -> String {
        let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")));
        let rows = explain.fetch_all(store.inner.pools.reader()).await.unwrap();
        rows.iter().map(|row| row.try_get::<String, _>(3).unwrap()).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn what_is_asked_often_reads_no_row_in_vain() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let of_channel = plan(&store, &query_of(&JobFilter::digests_of("net", "news", CommunityId(1)))).await;
        assert!(of_channel.contains("outbox_of_destination (network=? AND destination=? AND id<?)"), "{of_channel}");
        let forgotten = plan(&store, FORGET_GIVEN_UP).await;
        assert!(forgotten.contains("outbox_to_forget_given_up (next_at<?)"), "{forgotten}");
    }
}
