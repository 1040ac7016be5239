//! What a channel has ordered: when its digest is posted, how long it is, and from what it is made.
//!
//! [`set`], [`get`] and [`Channel::wanted`] are what `/digest set`, `show`, `off` and `preview` are made of; the scheduler makes
//! the same digest from the same [`Wanted`].

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use super::daily::{self, Digest, Fresh, Wanted};
use super::schedule::{Due, LATE_LIMIT, Schedule, Weekdays};
use crate::library::Library;
use crate::library::store::{CommunityId, Covered, Order, ScheduleEntry, Store, StoreError, StoredId};

/// The most stories that a digest can be asked to have: more would be the list of articles.
pub const MOST_STORIES: u32 = 20;

/// What every channel allows, however little it set: the schedules are looked at every few seconds, a restart takes minutes.
const LEAST_LATE: SignedDuration = SignedDuration::from_mins(10);

/// What a channel orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// When.
    pub schedule: Schedule,
    /// The most stories.
    pub size: u32,
    /// How late a digest may still be posted after downtime; one that is later is carried by the next. Less than ten minutes count
    /// as ten.
    pub late_limit: Duration,
    /// Whether a day on which nothing is new is told of; otherwise nothing is posted then.
    pub tells_nothing_new: bool,
}

impl Plan {
    /// A plan of the usual size that is silent when nothing is new.
    #[must_use]
    pub fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            size: u32::try_from(daily::SIZE).unwrap_or(MOST_STORIES),
            late_limit: LATE_LIMIT.unsigned_abs(),
            tells_nothing_new: false,
        }
    }

    /// What is to be done at `now`, when `settled` is the last day that is done with.
    #[must_use]
    pub fn due(&self, settled: Option<Date>, now: Timestamp) -> Due {
        let late = SignedDuration::try_from(self.late_limit).unwrap_or(SignedDuration::MAX);
        self.schedule.due(settled, now, late.max(LEAST_LATE))
    }

    fn order(&self) -> Option<Order> {
        Some(Order {
            time: self.schedule.time,
            zone: self.schedule.zone.iana_name()?.to_owned(),
            weekdays: self.schedule.weekdays.bits(),
            size: self.size,
            late_limit: self.late_limit,
            tells_nothing_new: self.tells_nothing_new,
        })
    }
}

/// A channel with a plan, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// What it ordered.
    pub plan: Plan,
    /// What is kept of it.
    pub kept: ScheduleEntry,
}

/// Why a plan can't be kept, or read back.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The zone has no name by which it could be kept.
    #[error("a schedule needs a time zone of the IANA database")]
    NoZoneName,
    /// The zone that was set is not known to this program's database of zones.
    #[error("the time zone “{0}” is not known here any more: set the schedule anew")]
    ZoneGone(String),
    /// No day of the week is left.
    #[error("the schedule has no day: set it anew")]
    NoDay,
}

impl Channel {
    /// A channel from what is kept of it.
    ///
    /// # Errors
    /// [`PlanError::ZoneGone`] and [`PlanError::NoDay`] when this program can make no schedule of it.
    pub fn of(kept: ScheduleEntry) -> Result<Self, PlanError> {
        let Order { time, ref zone, weekdays, size, late_limit, tells_nothing_new } = kept.order;
        let zone = TimeZone::get(zone).map_err(|_| PlanError::ZoneGone(zone.clone()))?;
        let weekdays = Weekdays::of_bits(weekdays).ok_or(PlanError::NoDay)?;
        let plan = Plan { schedule: Schedule { time, zone, weekdays }, size, late_limit, tells_nothing_new };
        Ok(Self { plan, kept })
    }

    /// When the next digest is posted: the moment that has come, when one is due now; nothing while it is paused.
    #[must_use]
    pub fn next(&self, now: Timestamp) -> Option<Zoned> {
        if self.kept.paused.is_some() {
            return None;
        }
        match self.plan.due(self.settled(now), now) {
            Due::Now { for_day } => self.plan.schedule.posting_for(for_day),
            Due::Wait { until } | Due::Skip { until, .. } => until,
        }
    }

    /// The last day that is done with; at most the place's today, for a day that lies ahead was kept by a clock that was wrong. That
    /// no day is posted for twice even so is seen to by the outbox, which has its key.
    #[must_use]
    pub fn settled(&self, now: Timestamp) -> Option<Date> {
        let today = self.plan.schedule.zone.to_datetime(now).date();
        self.kept.settled.map(|day| day.min(today))
    }

    /// What the next digest is to be made of at `now`; `had` as [`Store::had`] gives it.
    #[must_use]
    pub fn wanted(&self, library: &Library, had: &BTreeSet<StoredId>, now: Timestamp) -> Wanted {
        let Covered { to, at } = self.kept.covered;
        Wanted {
            fresh: Some(Fresh { after: to, since: at.min(now) }),
            had: had.iter().filter_map(|id| library.by_stored(*id)).collect(),
            size: self.plan.size as usize,
            ..Wanted::default()
        }
    }

    /// Up to where articles are looked at by a digest that is made of `library` at `now`.
    #[must_use]
    pub fn covered(&self, library: &Library, now: Timestamp) -> Covered {
        let highest = library.iter().filter_map(|(id, _)| library.mark(id)).map(|mark| mark.id).max();
        let to = self.kept.covered.to;
        Covered { to: highest.map_or(to, |highest| highest.max(to)), at: now }
    }
}

/// The articles that are in a digest, by their numbers in the store.
#[must_use]
pub fn given(library: &Library, digest: &Digest) -> Vec<StoredId> {
    let inside = digest.verdicts.iter().filter(|verdict| verdict.why.is_in());
    inside.filter_map(|verdict| library.mark(verdict.article)).map(|mark| mark.id).collect()
}

/// Sets a channel's plan, in place of the one that it had, and ends a pause. Nothing is caught up for hours that passed before;
/// doing it twice changes nothing.
///
/// # Errors
/// [`PlanError`].
pub async fn set(
    store: &Store,
    community: CommunityId,
    channel: &str,
    plan: &Plan,
    now: Timestamp,
) -> Result<Channel, PlanError> {
    let order = plan.order().ok_or(PlanError::NoZoneName)?;
    let settled = plan.schedule.settled_by(now);
    let next = match plan.due(settled, now) {
        Due::Wait { until } | Due::Skip { until, .. } => until.map(|until| until.timestamp()),
        Due::Now { .. } => Some(now),
    };
    Channel::of(store.set_schedule(community, channel, &order, settled, next, now).await?)
}

/// A channel's plan, if it has one. To take it away there is [`Store::schedule_off`].
///
/// # Errors
/// [`PlanError`].
pub async fn get(store: &Store, community: CommunityId, channel: &str) -> Result<Option<Channel>, PlanError> {
    store.schedule(community, channel).await?.map(Channel::of).transpose()
}
