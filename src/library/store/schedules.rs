//! When each channel is given its digest, and the one transaction that gives it.
//!
//! What a time and its days mean is [`digest::schedule`](crate::digest::schedule)'s; here they are only kept, with the day that
//! was settled last, the articles that were covered, and the moment at which to look again.
//!
//! **Once.** A scheduler leases the schedules that are due and settles each by [`Store::post_digest`] or [`Store::settle`]. Both do
//! nothing when the schedule was leased by another or changed meanwhile ([`Settled::Lost`]), so that whoever was late posts
//! nothing; and the job's key names the day, so that the outbox takes it once whatever happens.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::connect::Dialect;
use super::error::{Located, Problem, check_text};
use super::had;
use super::outbox::{MAX_ID_BYTES, NewJob, Queued};
use super::{CollectionId, CommunityId, Store, StoreError, StoredId, millis, timestamp};

/// The longest name of a channel that can have a schedule, in bytes: it is a part of the job's key. A Matrix room's takes at
/// most 255.
pub const MAX_CHANNEL_BYTES: usize = MAX_ID_BYTES - 64;
/// The longest name of a time zone, in bytes; the database of zones has none beyond 32.
const MAX_ZONE_BYTES: usize = 128;
/// How much of the reason for a pause is kept, in characters.
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
}

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

/// The columns that [`entry`] reads.
const ENTRY: &str =
    "s.community, s.channel, s.time, s.zone, s.weekdays, s.size, s.late_limit, s.tells_nothing_new, s.settled,
     s.posted, s.covered_to, s.covered_at, s.next_at, s.paused";

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
    /// Sets a channel's schedule, in place of the one that it had, and ends a pause.
    ///
    /// `settled` is the last day that is done with by the new order at `now`, so that nothing is caught up that nobody waited for;
    /// of it and the day that is kept the later one counts. Where time, zone and days stay as they are, both stay.
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
            let before = before.fetch_optional(&mut *tx).await?.as_ref().map(entry).transpose()?;
            let next = next_entry(community, channel, order, settled, next_at, now, before);
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

    /// All schedules of a community, by the channel's name.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn schedules(&self, community: CommunityId) -> Result<Vec<ScheduleEntry>, StoreError> {
        let query = format!("SELECT {ENTRY} FROM schedules AS s WHERE s.community = $1");
        let query = sqlx::query(AssertSqlSafe(query)).bind(community.0);
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let mut all: Vec<ScheduleEntry> = rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())?;
        // Here and not in SQL: PostgreSQL sorts by its language, SQLite by bytes.
        all.sort_by(|a, b| a.channel.cmp(&b.channel));
        Ok(all)
    }

    /// Takes a channel's schedule away; whether there was one. What the channel has had stays noted.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn schedule_off(&self, community: CommunityId, channel: &str) -> Result<bool, StoreError> {
        let off = async {
            let mut tx = self.inner.pools.begin().await?;
            let delete = sqlx::query("DELETE FROM schedules WHERE community = $1 AND channel = $2");
            let gone = delete.bind(community.0).bind(channel).execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(gone)
        };
        off.await.at(self.place())
    }

    /// The moment at which the next schedule is to be looked at.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn next_schedule_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let query = "SELECT MIN(next_at) FROM schedules WHERE paused IS NULL";
        let row = sqlx::query(query).fetch_one(self.inner.pools.reader()).await.at(self.place())?;
        Ok(row.try_get::<Option<i64>, _>(0).at(self.place())?.map(timestamp))
    }

    /// Takes up to `most` schedules that are to be looked at by `now`, for `lease` long: no other process is given them until then.
    /// Those that have waited longest come first.
    ///
    /// `now` is the scheduler's clock; leases run by the store's.
    ///
    /// # Errors
    /// [`Problem::Text`] for an owner that can't be kept, and what a database may answer.
    pub async fn due_schedules(
        &self,
        owner: &str,
        now: Timestamp,
        most: u32,
        lease: Duration,
    ) -> Result<Vec<DueSchedule>, StoreError> {
        let due = async {
            check_text("the owner's name", owner, MAX_ID_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let clock = self.now(&mut tx).await?;
            let until = clock.saturating_add(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX));
            // As in the outbox: what another is leasing at this moment is passed over, not waited for.
            let skip = if self.inner.pools.dialect == Dialect::Postgres { "FOR UPDATE OF s SKIP LOCKED" } else { "" };
            let query = format!(
                "SELECT {ENTRY}, s.turn, c.network, c.collection
                 FROM schedules AS s JOIN communities AS c ON c.id = s.community
                 WHERE s.paused IS NULL AND s.next_at <= $1 AND (s.lease_until IS NULL OR s.lease_until <= $2)
                 ORDER BY s.next_at LIMIT $3 {skip}"
            );
            let query = sqlx::query(AssertSqlSafe(query)).bind(millis(now)).bind(clock).bind(i64::from(most));
            let mut due = Vec::new();
            for row in query.fetch_all(&mut *tx).await? {
                let number = row.try_get::<i64, _>(14)?.saturating_add(1);
                due.push(DueSchedule {
                    entry: entry(&row)?,
                    network: row.try_get(15)?,
                    collection: CollectionId(row.try_get(16)?),
                    turn: Turn { owner: owner.to_owned(), number },
                });
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
            };
            job.check()?;
            let mut tx = self.inner.pools.begin().await?;
            let job = NewJob { not_before: timestamp(self.now(&mut tx).await?), ..job };
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
            if self.insert_job(&mut tx, &job).await? == Queued::AlreadyThere {
                // Somebody queued it since the look above; whoever did settled the day as well.
                return Ok(Settled::Lost);
            }
            had::insert(&mut tx, due.entry.community, &due.entry.channel, &digest.had).await?;
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
    /// [`channel_gone`](Store::channel_gone).
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn community_gone(&self, network: &str, name: &str, reason: &str) -> Result<u64, StoreError> {
        let whose = "community IN (SELECT id FROM communities WHERE name = $2 AND network = $3)";
        let jobs = "network = $3 AND destination IN
                    (SELECT channel FROM schedules WHERE community IN
                     (SELECT id FROM communities WHERE name = $2 AND network = $3))";
        self.stop(whose, jobs, [name, network], reason).await
    }

    async fn stop(&self, whose: &str, jobs: &str, names: [&str; 2], reason: &str) -> Result<u64, StoreError> {
        let reason: String = reason.chars().filter(|c| *c != '\0').take(MAX_REASON_CHARS).collect();
        let stopped = async {
            let mut tx = self.inner.pools.begin().await?;
            let pause = format!(
                "UPDATE schedules SET paused = $1, turn = turn + 1, lease_owner = NULL, lease_until = NULL WHERE {whose}"
            );
            let give_up = format!(
                "UPDATE outbox SET state = 2, last_error = $1, lease_owner = NULL, lease_until = NULL
                 WHERE state = 0 AND {jobs}"
            );
            let [name, network] = names.map(str::to_owned);
            let pause = sqlx::query(AssertSqlSafe(pause)).bind(&reason).bind(&name).bind(&network);
            let paused = pause.execute(&mut *tx).await?.rows_affected();
            let give_up = sqlx::query(AssertSqlSafe(give_up)).bind(&reason).bind(&name).bind(&network);
            give_up.execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, Problem>(paused)
        };
        stopped.await.at(self.place())
    }
}

/// What a schedule is after it was set.
fn next_entry(
    community: CommunityId,
    channel: &str,
    order: &Order,
    settled: Option<Date>,
    next_at: Option<Timestamp>,
    now: Timestamp,
    before: Option<ScheduleEntry>,
) -> ScheduleEntry {
    let look_back = now.checked_sub(FIRST_LOOK_BACK).unwrap_or(Timestamp::MIN);
    let first = Covered { to: StoredId(0), at: look_back };
    let fresh = ScheduleEntry {
        community,
        channel: channel.to_owned(),
        order: order.clone(),
        settled,
        posted: None,
        covered: first,
        next_at,
        paused: None,
    };
    let Some(before) = before else { return fresh };
    let same_hours = before.order.time == order.time
        && before.order.zone == order.zone
        && before.order.weekdays == order.weekdays
        && before.paused.is_none();
    let covered = match before.paused {
        // What came in while the channel was gone is old news to it.
        Some(_) => Covered { at: before.covered.at.max(look_back), ..before.covered },
        None => before.covered,
    };
    ScheduleEntry {
        settled: if same_hours { before.settled } else { before.settled.max(settled) },
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
                      next_at = excluded.next_at, paused = NULL, turn = schedules.turn + 1,
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
        channel,
    })
}
