//! When each channel is given its digest, and the one transaction that gives it.
//!
//! What a time and its days mean is [`digest::schedule`](crate::digest::schedule)'s; here they are only kept, with the day that
//! was settled last, the articles that were covered, and the moment at which to look again.
//!
//! **Once** (`schedules/turn.rs`). A scheduler leases the schedules that are due and settles each by [`Store::post_digest`] or [`Store::settle`]. Both do
//! nothing when the schedule was leased by another or changed meanwhile ([`Settled::Lost`]), so that whoever was late posts
//! nothing; and the job's key names the day, so that the outbox takes it once whatever happens.

mod turn;

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::connect::Dialect;
use super::error::{Located, Problem, check_text};
use super::outbox::{MAX_ID_BYTES, given};
use super::{CommunityId, Store, StoreError, StoredId, millis, timestamp};

pub use turn::{DigestToPost, DueSchedule, Settled, Turn};

/// The longest name of a channel that can have a schedule, in bytes: it is a part of the job's key. A Matrix room's takes at
/// most 255.
pub const MAX_CHANNEL_BYTES: usize = MAX_ID_BYTES - 64;
/// The longest name of a time zone, in bytes; the database of zones has none beyond 32.
const MAX_ZONE_BYTES: usize = 128;
/// How much of the reason for a pause, or for a digest that was not made, is kept, in characters.
const MAX_REASON_CHARS: usize = 500;

/// How far back the first digest of a channel looks: as far as a daily one always does.
const FIRST_LOOK_BACK: Duration = Duration::from_secs(24 * 60 * 60);

/// What a channel has ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The wall-clock time, to the minute.
    pub time: Time,
    /// The IANA name of the zone.
    pub zone: String,
    /// The days as bits, Monday the lowest.
    pub weekdays: u8,
    /// The most stories.
    pub size: u32,
    /// How late a digest may be posted.
    pub late_limit: Duration,
    /// Whether a day on which nothing is new is told of.
    pub tells_nothing_new: bool,
}

/// Up to where a channel's articles were looked at. Both count: numbers of articles become visible in order, whichever process's
/// clock is wrong; times tell a new article from an old one that was moved from another store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// The highest number that the last digest could choose from.
    pub to: StoredId,
    /// When that was.
    pub at: Timestamp,
}

/// A channel's schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleEntry {
    /// The community.
    pub community: CommunityId,
    /// The network's name of the channel.
    pub channel: String,
    /// What was ordered.
    pub order: Order,
    /// The last day that is done with: posted for, silent, or passed over.
    pub settled: Option<Date>,
    /// The last day for which something was posted.
    pub posted: Option<Date>,
    /// Up to where the articles were looked at.
    pub covered: Covered,
    /// When to look again; nothing when the calendar has no such moment.
    pub next_at: Option<Timestamp>,
    /// Why nothing is posted (the channel is gone); nothing when all is well.
    pub paused: Option<String>,
    /// How often the digest that is due could not be made.
    pub failures: u32,
    /// Why the last one could not be made; nothing once one was.
    pub trouble: Option<String>,
}

/// The columns that [`entry`] reads.
const ENTRY: &str =
    "s.community, s.channel, s.time, s.zone, s.weekdays, s.size, s.late_limit, s.tells_nothing_new, s.settled,
     s.posted, s.covered_to, s.covered_at, s.next_at, s.paused, s.failures, s.trouble";

impl Store {
    /// Sets a channel's schedule, in place of the one that it had, and ends a pause.
    ///
    /// `settled` is the last day that is done with by the new order at `now`, so that nothing is caught up that nobody waited for;
    /// of it and the last day that was posted for the later one counts, so that moving the hour neither loses the digest of the day nor
    /// posts a second one. Where time, zone and days stay as they are, what is kept stays. A day that lies ahead of the place's
    /// today, which only a clock that was wrong can have kept, does not count.
    /// `next_at` is when to look; a moment too early does no harm. The first digest of a channel looks one day back.
    ///
    /// # Errors
    /// [`Problem::Text`] for a name that can't be kept, [`Problem::Missing`] for a community that is not there, and what a
    /// database may answer.
    pub async fn set_schedule(
        &self,
        community: CommunityId,
        channel: &str,
        order: &Order,
        settled: Option<Date>,
        next_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<ScheduleEntry, StoreError> {
        let set = async {
            check_text("the channel's name", channel, MAX_CHANNEL_BYTES)?;
            check_text("the zone's name", &order.zone, MAX_ZONE_BYTES)?;
            if channel.is_empty() {
                return Err(Problem::Text { what: "a channel without a name" });
            }
            let mut tx = self.inner.pools.begin().await?;
            let known = sqlx::query("SELECT id FROM communities WHERE id = $1").bind(community.0);
            if known.fetch_optional(&mut *tx).await?.is_none() {
                return Err(Problem::Missing(format!("community {}", community.0)));
            }
            let lock = if self.inner.pools.dialect == Dialect::Postgres { "FOR UPDATE" } else { "" };
            let before = format!("SELECT {ENTRY} FROM schedules AS s WHERE s.community = $1 AND s.channel = $2 {lock}");
            let before = sqlx::query(AssertSqlSafe(before)).bind(community.0).bind(channel);
            let before = before.fetch_optional(&mut *tx).await?;
            // One that can't be read is set anew; the outbox knows what was posted.
            let before = before.as_ref().map(entry).transpose().unwrap_or_else(|problem| {
                tracing::warn!(%channel, %problem, "a schedule that could not be read is set anew");
                None
            });
            let look_back = now.checked_sub(FIRST_LOOK_BACK).unwrap_or(Timestamp::MIN);
            // The newest article that was there by then. One that was moved keeps its time and is judged by it.
            let there = "SELECT id FROM articles WHERE moved = 0 AND added_at < $2
                           AND collection = (SELECT collection FROM communities WHERE id = $1) ORDER BY id DESC LIMIT 1";
            let there = sqlx::query(there).bind(community.0).bind(millis(look_back)).fetch_optional(&mut *tx).await?;
            let to = there.map(|row| row.try_get(0)).transpose()?.map_or(StoredId(0), StoredId);
            let first = Covered { to, at: look_back };
            let next = next_entry(community, channel, order, settled, next_at, now, first, before);
            upsert(&mut tx, &next).await?;
            tx.commit().await?;
            Ok(next)
        };
        set.await.at(self.place())
    }

    /// A channel's schedule, if it has one.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn schedule(&self, community: CommunityId, channel: &str) -> Result<Option<ScheduleEntry>, StoreError> {
        let query = format!("SELECT {ENTRY} FROM schedules AS s WHERE s.community = $1 AND s.channel = $2");
        let query = sqlx::query(AssertSqlSafe(query)).bind(community.0).bind(channel);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.as_ref().map(entry).transpose().at(self.place())
    }

    /// All schedules of a community that can be read, by the channel's name.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn schedules(&self, community: CommunityId) -> Result<Vec<ScheduleEntry>, StoreError> {
        let query = format!("SELECT {ENTRY} FROM schedules AS s WHERE s.community = $1");
        let query = sqlx::query(AssertSqlSafe(query)).bind(community.0);
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let read = |row| entry(row).inspect_err(|problem| tracing::warn!(%problem, "a schedule can't be read")).ok();
        let mut all: Vec<ScheduleEntry> = rows.iter().filter_map(read).collect();
        // Here and not in SQL: PostgreSQL sorts by its language, SQLite by bytes.
        all.sort_by(|a, b| a.channel.cmp(&b.channel));
        Ok(all)
    }

    /// Takes a channel's schedule away; whether there was one. What the channel has had stays noted. Digests that wait for the channel
    /// are given up: who turned them off expects none.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn schedule_off(&self, community: CommunityId, channel: &str) -> Result<bool, StoreError> {
        let off = async {
            let mut tx = self.inner.pools.begin().await?;
            let delete = sqlx::query("DELETE FROM schedules WHERE community = $1 AND channel = $2");
            let gone = delete.bind(community.0).bind(channel).execute(&mut *tx).await?.rows_affected() > 0;
            let give_up =
                "UPDATE outbox SET state = 2, last_error = $1, next_at = $2, lease_owner = NULL, lease_until = NULL
                           WHERE state = 0 AND community = $3 AND destination = $4
                             AND network = (SELECT network FROM communities WHERE id = $3) RETURNING id";
            let now = self.now(&mut tx).await?;
            let give_up = sqlx::query(give_up).bind(TURNED_OFF).bind(now).bind(community.0).bind(channel);
            for job in give_up.fetch_all(&mut *tx).await? {
                given::take_back(&mut tx, job.try_get(0)?).await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(gone)
        };
        off.await.at(self.place())
    }

    /// Stops everything that goes to a channel which is gone: its schedules are paused, its open jobs given up, both with the
    /// reason. How many schedules were paused. Setting a schedule anew ends the pause.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn channel_gone(&self, network: &str, channel: &str, reason: &str) -> Result<u64, StoreError> {
        let whose = "channel = $2 AND community IN (SELECT id FROM communities WHERE network = $3)";
        self.stop(whose, "destination = $2 AND network = $3", [channel, network], reason).await
    }

    /// Stops everything that goes to the channels of a community which is gone (we were removed from the server or room); see
    /// [`channel_gone`](Store::channel_gone). Feeds that only it reads are paused until it is [back](Store::community_back).
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn community_gone(&self, network: &str, name: &str, reason: &str) -> Result<u64, StoreError> {
        self.pause_feeds_of(network, name, reason).await?;
        let whose = "community IN (SELECT id FROM communities WHERE name = $2 AND network = $3)";
        let jobs = "network = $3 AND destination IN
                    (SELECT channel FROM schedules WHERE community IN
                     (SELECT id FROM communities WHERE name = $2 AND network = $3))";
        self.stop(whose, jobs, [name, network], reason).await
    }

    async fn stop(&self, whose: &str, jobs: &str, names: [&str; 2], reason: &str) -> Result<u64, StoreError> {
        let reason = kept_reason(reason);
        let stopped = async {
            let mut tx = self.inner.pools.begin().await?;
            let pause = format!(
                "UPDATE schedules SET paused = $1, turn = turn + 1, lease_owner = NULL, lease_until = NULL WHERE {whose}"
            );
            let give_up = format!(
                "UPDATE outbox SET state = 2, last_error = $1, next_at = $4, lease_owner = NULL, lease_until = NULL
                 WHERE state = 0 AND {jobs} RETURNING id"
            );
            let now = self.now(&mut tx).await?;
            let [name, network] = names.map(str::to_owned);
            let pause = sqlx::query(AssertSqlSafe(pause)).bind(&reason).bind(&name).bind(&network);
            let paused = pause.execute(&mut *tx).await?.rows_affected();
            let give_up = sqlx::query(AssertSqlSafe(give_up)).bind(&reason).bind(&name).bind(&network).bind(now);
            for job in give_up.fetch_all(&mut *tx).await? {
                given::take_back(&mut tx, job.try_get(0)?).await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(paused)
        };
        stopped.await.at(self.place())
    }
}

/// Why a digest is given up that waited when digests were turned off.
const TURNED_OFF: &str = "digests were turned off in this channel";

/// What is kept of a reason.
pub(super) fn kept_reason(reason: &str) -> String {
    reason.chars().filter(|c| *c != '\0').take(MAX_REASON_CHARS).collect()
}

/// What a schedule is after it was set; `first` is from where a channel is told that has not been told anything.
#[expect(clippy::too_many_arguments, reason = "all are parts of one row")]
fn next_entry(
    community: CommunityId,
    channel: &str,
    order: &Order,
    settled: Option<Date>,
    next_at: Option<Timestamp>,
    now: Timestamp,
    first: Covered,
    before: Option<ScheduleEntry>,
) -> ScheduleEntry {
    let fresh = ScheduleEntry {
        community,
        channel: channel.to_owned(),
        order: order.clone(),
        settled,
        posted: None,
        covered: first,
        next_at,
        paused: None,
        failures: 0,
        trouble: None,
    };
    let Some(before) = before else { return fresh };
    let today = now.in_tz(&order.zone).ok().map(|now| now.date());
    let is_ahead = |day: Option<Date>| day.zip(today).is_some_and(|(day, today)| day > today);
    let same_hours = !is_ahead(before.settled)
        && before.order.time == order.time
        && before.order.zone == order.zone
        && before.order.weekdays == order.weekdays
        && before.paused.is_none();
    let covered = match before.paused {
        // What came in while the channel was gone is old news to it.
        Some(_) => Covered { to: before.covered.to.max(first.to), at: before.covered.at.max(first.at) },
        None => before.covered,
    };
    ScheduleEntry {
        settled: if same_hours {
            before.settled
        } else {
            before.posted.filter(|day| !is_ahead(Some(*day))).max(settled)
        },
        next_at: if same_hours { before.next_at } else { next_at },
        posted: before.posted,
        covered,
        ..fresh
    }
}

async fn upsert(tx: &mut Transaction<'static, Any>, entry: &ScheduleEntry) -> Result<(), Problem> {
    let upsert = "INSERT INTO schedules (community, channel, time, zone, weekdays, size, late_limit, tells_nothing_new,
                                         settled, covered_to, covered_at, next_at, turn)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)
                  ON CONFLICT (community, channel) DO UPDATE SET
                      time = excluded.time, zone = excluded.zone, weekdays = excluded.weekdays, size = excluded.size,
                      late_limit = excluded.late_limit, tells_nothing_new = excluded.tells_nothing_new,
                      settled = excluded.settled, covered_to = excluded.covered_to, covered_at = excluded.covered_at,
                      next_at = excluded.next_at, paused = NULL, failures = 0, trouble = NULL, turn = schedules.turn + 1,
                      lease_owner = NULL, lease_until = NULL";
    let ScheduleEntry { community, channel, order, settled, covered, next_at, .. } = entry;
    sqlx::query(upsert)
        .bind(community.0)
        .bind(channel)
        .bind(order.time.strftime("%H:%M").to_string())
        .bind(&order.zone)
        .bind(i64::from(order.weekdays))
        .bind(i64::from(order.size))
        .bind(i64::try_from(order.late_limit.as_secs()).unwrap_or(i64::MAX))
        .bind(i64::from(order.tells_nothing_new))
        .bind(settled.map(|day| day.to_string()))
        .bind(covered.to.0)
        .bind(millis(covered.at))
        .bind(next_at.map(millis))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn entry(row: &AnyRow) -> Result<ScheduleEntry, Problem> {
    let channel: String = row.try_get(1)?;
    let broken = |what: &str| Problem::Corrupt(format!("the schedule of channel “{channel}” has no {what}"));
    let day = |at: usize, what: &str| {
        let written: Option<String> = row.try_get(at)?;
        written.map(|day| day.parse::<Date>().map_err(|_| broken(what))).transpose()
    };
    let time: String = row.try_get(2)?;
    let small = |at: usize| Ok::<_, Problem>(row.try_get::<i64, _>(at)?.max(0).unsigned_abs());
    Ok(ScheduleEntry {
        community: CommunityId(row.try_get(0)?),
        order: Order {
            time: Time::strptime("%H:%M", &time).map_err(|_| broken("time"))?,
            zone: row.try_get(3)?,
            weekdays: u8::try_from(small(4)?).map_err(|_| broken("days"))?,
            size: u32::try_from(small(5)?).unwrap_or(u32::MAX),
            late_limit: Duration::from_secs(small(6)?),
            tells_nothing_new: small(7)? != 0,
        },
        settled: day(8, "day")?,
        posted: day(9, "day")?,
        covered: Covered { to: StoredId(row.try_get(10)?), at: timestamp(row.try_get(11)?) },
        next_at: row.try_get::<Option<i64>, _>(12)?.map(timestamp),
        paused: row.try_get(13)?,
        failures: u32::try_from(small(14)?).unwrap_or(u32::MAX),
        trouble: row.try_get(15)?,
        channel,
    })
}
