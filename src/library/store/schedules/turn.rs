//! Leasing the schedules that are due, and settling each once.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::super::connect::Dialect;
use super::super::error::{Located, Problem, check_text};
use super::super::had;
use super::super::outbox::given::Given;
use super::super::outbox::{MAX_ID_BYTES, NewJob, Queued, places};
use super::super::{CollectionId, CommunityId, Store, StoreError, StoredId, millis, timestamp};
use super::{Covered, ENTRY, ScheduleEntry, entry, kept_reason};

/// A right to settle a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    owner: String,
    number: i64,
}

/// A schedule that the caller may settle, until its lease runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSchedule {
    /// The schedule.
    pub entry: ScheduleEntry,
    /// The community's network.
    pub network: String,
    /// The collection that the community reads.
    pub collection: CollectionId,
    /// The right.
    pub turn: Turn,
}

/// A digest that goes into the outbox, and what is noted with it.
#[derive(Debug, Clone, PartialEq)]
pub struct DigestToPost {
    /// The day that it is for.
    pub day: Date,
    /// What the sender will be given.
    pub payload: Value,
    /// The articles in it.
    pub had: Vec<StoredId>,
    /// Up to where articles were looked at.
    pub covered: Covered,
    /// When to look again.
    pub next_at: Option<Timestamp>,
}

/// What settling a schedule came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Settled {
    /// It is settled, and what was to be posted is in the outbox.
    Done,
    /// The day was posted for before (and the schedule was turned off and set anew since): it is settled, and the articles
    /// stay new for the next day.
    AlreadyPosted,
    /// Another process or a person was first; nothing changed.
    Lost,
}

impl DueSchedule {
    /// The idempotency key of the digest of a day: the same in every process.
    #[must_use]
    pub fn key(&self, day: Date) -> String {
        digest_key(self.entry.community, &self.entry.channel, day)
    }
}

/// The idempotency key of a channel's digest of a day.
fn digest_key(community: CommunityId, channel: &str, day: Date) -> String {
    format!("digest:{}:{channel}:{day}", community.0)
}

impl Store {
    /// The moment at which the next schedule of these networks is to be looked at.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn next_schedule_at(&self, networks: &[&str]) -> Result<Option<Timestamp>, StoreError> {
        if networks.is_empty() {
            return Ok(None);
        }
        let query = format!(
            "SELECT MIN(s.next_at) FROM schedules AS s JOIN communities AS c ON c.id = s.community
             WHERE s.paused IS NULL AND c.network IN ({})",
            places(1, networks.len())
        );
        let query = sqlx::query(AssertSqlSafe(query));
        let query = networks.iter().fold(query, |query, network| query.bind((*network).to_owned()));
        let row = query.fetch_one(self.inner.pools.reader()).await.at(self.place())?;
        Ok(row.try_get::<Option<i64>, _>(0).at(self.place())?.map(timestamp))
    }

    /// Takes up to `most` schedules of these networks that are to be looked at by `now`, for `lease` long: no other process is given them until then.
    /// Those that have waited longest come first. One whose settled day lies ahead of every place's today, because a clock was wrong
    /// once, is to be looked at; one that can't be read is paused with the reason, and holds back no other.
    ///
    /// `now` is the scheduler's clock; leases run by the store's.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn due_schedules(
        &self,
        owner: &str,
        networks: &[&str],
        now: Timestamp,
        most: u32,
        lease: Duration,
    ) -> Result<Vec<DueSchedule>, StoreError> {
        let due = async {
            check_text("the owner's name", owner, MAX_ID_BYTES)?;
            if networks.is_empty() {
                return Ok(Vec::new());
            }
            let mut tx = self.inner.pools.begin().await?;
            let clock = self.now(&mut tx).await?;
            let until = clock.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            // As in the outbox: what another is leasing at this moment is passed over, not waited for.
            let skip = if self.inner.pools.dialect == Dialect::Postgres { "FOR UPDATE OF s SKIP LOCKED" } else { "" };
            let query = format!(
                "SELECT {ENTRY}, s.turn, c.network, c.collection
                 FROM schedules AS s JOIN communities AS c ON c.id = s.community
                 WHERE s.paused IS NULL AND (s.next_at <= $1 OR s.settled > $4)
                   AND (s.lease_until IS NULL OR s.lease_until <= $2)
                   AND c.network IN ({})
                 ORDER BY s.next_at LIMIT $3 {skip}",
                places(5, networks.len())
            );
            let query = sqlx::query(AssertSqlSafe(query)).bind(millis(now)).bind(clock).bind(i64::from(most));
            let query = query.bind(latest_today(now).to_string());
            let query = networks.iter().fold(query, |query, network| query.bind((*network).to_owned()));
            let mut due = Vec::new();
            for row in query.fetch_all(&mut *tx).await? {
                match due_schedule(&row, owner) {
                    Ok(schedule) => due.push(schedule),
                    Err(problem) => {
                        tracing::error!(%problem, "a schedule that can't be read is paused");
                        let pause = "UPDATE schedules SET paused = $1, turn = turn + 1
                                     WHERE community = $2 AND channel = $3";
                        let pause = sqlx::query(pause).bind(kept_reason(UNREADABLE)).bind(row.try_get::<i64, _>(0)?);
                        pause.bind(row.try_get::<String, _>(1)?).execute(&mut *tx).await?;
                    }
                }
            }
            for DueSchedule { entry, turn, .. } in &due {
                let take = "UPDATE schedules SET lease_owner = $1, lease_until = $2, turn = $3
                            WHERE community = $4 AND channel = $5";
                let take = sqlx::query(take).bind(owner).bind(until).bind(turn.number);
                take.bind(entry.community.0).bind(&entry.channel).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(due)
        };
        due.await.at(self.place())
    }

    /// Notes that a digest could not be made, and why. Without a day it is tried again at `next_at`; with one, the day is settled and
    /// what is kept of the articles is as in [`settle`](Store::settle).
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn not_made(
        &self,
        due: &DueSchedule,
        reason: &str,
        day: Option<Date>,
        covered: Option<Covered>,
        next_at: Option<Timestamp>,
    ) -> Result<Settled, StoreError> {
        let noted = async {
            let mut tx = self.inner.pools.begin().await?;
            if !settle(&mut tx, due, day, None, covered, next_at).await? {
                return Ok(Settled::Lost);
            }
            let failures = if day.is_some() { 0 } else { i64::from(due.entry.failures).saturating_add(1) };
            let note = "UPDATE schedules SET trouble = $1, failures = $2 WHERE community = $3 AND channel = $4";
            let note = sqlx::query(note).bind(kept_reason(reason)).bind(failures);
            note.bind(due.entry.community.0).bind(&due.entry.channel).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, Problem>(Settled::Done)
        };
        noted.await.at(self.place())
    }

    /// Pauses a schedule of which nothing can be made until it is set anew.
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn pause_schedule(&self, due: &DueSchedule, reason: &str) -> Result<Settled, StoreError> {
        let paused = async {
            let mut tx = self.inner.pools.begin().await?;
            let pause = "UPDATE schedules SET paused = $1, turn = turn + 1, lease_owner = NULL, lease_until = NULL
                         WHERE community = $2 AND channel = $3 AND lease_owner = $4 AND turn = $5";
            let pause = sqlx::query(pause).bind(kept_reason(reason)).bind(due.entry.community.0);
            let pause = pause.bind(&due.entry.channel).bind(&due.turn.owner).bind(due.turn.number);
            let ours = pause.execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(if ours { Settled::Done } else { Settled::Lost })
        };
        paused.await.at(self.place())
    }

    /// Keeps every schedule that `owner` has leased longer: for whoever is still composing. How many those are.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn extend_schedules(&self, owner: &str, lease: Duration) -> Result<u64, StoreError> {
        let extended = async {
            let mut tx = self.inner.pools.begin().await?;
            let until = self.now(&mut tx).await?.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            let extend = sqlx::query("UPDATE schedules SET lease_until = $1 WHERE lease_owner = $2");
            let extended = extend.bind(until).bind(owner).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(extended)
        };
        extended.await.at(self.place())
    }

    /// Gives back every schedule that `owner` has leased: for whoever stops. How many that were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn give_back_schedules(&self, owner: &str) -> Result<u64, StoreError> {
        let given = async {
            let mut tx = self.inner.pools.begin().await?;
            let give =
                "UPDATE schedules SET lease_owner = NULL, lease_until = NULL, turn = turn + 1 WHERE lease_owner = $1";
            let given = sqlx::query(give).bind(owner).execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(given)
        };
        given.await.at(self.place())
    }

    /// Puts a digest into the outbox, notes its articles as had, and settles its day: all or nothing.
    ///
    /// # Errors
    /// [`Problem::Text`] for a payload that can't be kept, and what a database may answer; then nothing was kept.
    pub async fn post_digest(&self, due: &DueSchedule, digest: &DigestToPost) -> Result<Settled, StoreError> {
        let posted = async {
            let key = due.key(digest.day);
            let job = NewJob {
                key: &key,
                network: &due.network,
                destination: &due.entry.channel,
                payload: digest.payload.to_string(),
                not_before: Timestamp::UNIX_EPOCH,
                given: None,
            };
            job.check()?;
            let mut tx = self.inner.pools.begin().await?;
            let known = sqlx::query("SELECT id FROM outbox WHERE key = $1").bind(&key);
            if known.fetch_optional(&mut *tx).await?.is_some() {
                let settled = settle(&mut tx, due, Some(digest.day), None, None, digest.next_at).await?;
                tx.commit().await?;
                return Ok(if settled { Settled::AlreadyPosted } else { Settled::Lost });
            }
            let day = Some(digest.day);
            if !settle(&mut tx, due, day, day, Some(digest.covered), digest.next_at).await? {
                return Ok(Settled::Lost);
            }
            let noted = had::insert(&mut tx, due.entry.community, &due.entry.channel, &digest.had).await?;
            let given = Given::new(due.entry.covered, &digest.had, &noted).to_json();
            let not_before = timestamp(self.now(&mut tx).await?);
            let job = NewJob { not_before, given: Some((due.entry.community, given)), ..job };
            if self.insert_job(&mut tx, &job).await? == Queued::AlreadyThere {
                // Somebody queued it since the look above; whoever did settled the day as well.
                return Ok(Settled::Lost);
            }
            tx.commit().await?;
            self.inner.queued.send_replace(());
            Ok::<_, Problem>(Settled::Done)
        };
        posted.await.at(self.place())
    }

    /// Settles a schedule without posting: a silent day, one that was passed over, or only another moment to look. Without a day
    /// or what was covered, these stay as they are.
    ///
    /// # Errors
    /// What a database may answer; then nothing changed.
    pub async fn settle(
        &self,
        due: &DueSchedule,
        day: Option<Date>,
        covered: Option<Covered>,
        next_at: Option<Timestamp>,
    ) -> Result<Settled, StoreError> {
        let settled = async {
            let mut tx = self.inner.pools.begin().await?;
            let ours = settle(&mut tx, due, day, None, covered, next_at).await?;
            tx.commit().await?;
            Ok::<_, Problem>(if ours { Settled::Done } else { Settled::Lost })
        };
        settled.await.at(self.place())
    }
}

/// What is told of a schedule that can't be read.
const UNREADABLE: &str = "what is kept of the schedule can't be read: set it anew";

/// A row of [`Store::due_schedules`] as the turn of `owner`.
fn due_schedule(row: &AnyRow, owner: &str) -> Result<DueSchedule, Problem> {
    let number = row.try_get::<i64, _>(16)?.saturating_add(1);
    Ok(DueSchedule {
        entry: entry(row)?,
        network: row.try_get(17)?,
        collection: CollectionId(row.try_get(18)?),
        turn: Turn { owner: owner.to_owned(), number },
    })
}

/// The latest date that any place has at a moment: no zone is further ahead than 14 hours.
fn latest_today(now: Timestamp) -> Date {
    let ahead = now.saturating_add(SignedDuration::from_hours(14)).unwrap_or(Timestamp::MAX);
    TimeZone::UTC.to_datetime(ahead).date()
}

/// Settles a schedule in a transaction of the caller's; whether it was still the caller's to settle.
async fn settle(
    tx: &mut Transaction<'static, Any>,
    due: &DueSchedule,
    day: Option<Date>,
    posted: Option<Date>,
    covered: Option<Covered>,
    next_at: Option<Timestamp>,
) -> Result<bool, Problem> {
    let settle = "UPDATE schedules SET settled = COALESCE($1, settled), posted = COALESCE($2, posted),
                                       covered_to = COALESCE($3, covered_to), covered_at = COALESCE($4, covered_at),
                                       failures = CASE WHEN $1 IS NULL THEN failures ELSE 0 END,
                                       trouble = CASE WHEN $1 IS NULL THEN trouble ELSE NULL END,
                                       next_at = $5, lease_owner = NULL, lease_until = NULL
                  WHERE community = $6 AND channel = $7 AND lease_owner = $8 AND turn = $9";
    let settle = sqlx::query(settle)
        .bind(day.map(|day| day.to_string()))
        .bind(posted.map(|day| day.to_string()))
        .bind(covered.map(|covered| covered.to.0))
        .bind(covered.map(|covered| millis(covered.at)))
        .bind(next_at.map(millis))
        .bind(due.entry.community.0)
        .bind(&due.entry.channel)
        .bind(&due.turn.owner)
        .bind(due.turn.number);
    Ok(settle.execute(&mut **tx).await?.rows_affected() > 0)
}
