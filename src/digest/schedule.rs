//! When a digest is due: once on each chosen day, at an hour of a place, whatever clocks and machines do.
//!
//! Everything here is computed from its arguments; no clock is read and nothing is remembered. What the caller keeps is
//! the **day** that was last posted for, not the instant: the day stays right when clocks jump, zones change their rules
//! or people move the hour.
//!
//! - A day on which the hour does not exist (clocks go forward) is posted for at the first moment after the gap.
//! - An hour that comes twice (clocks go back) counts the first time.
//! - A day that the place never had (Apia, 30 December 2011) is not posted for.
//! - After downtime the latest missed day is posted for, once, if it is not too late; else the next one carries it.
//! - A clock that jumps back never posts for a day again.

mod words;

use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

pub use words::{ScheduleError, weekday_named};

/// How late a digest may be posted where nobody says otherwise.
pub const LATE_LIMIT: SignedDuration = SignedDuration::from_hours(6);

/// The days that are searched for a chosen one: a week, and one more for a day that the place never had. A weekday that
/// falls on such a day comes again a week later.
const SEARCHED_DAYS: i64 = 15;

/// A time of day at a place, on some days of the week.
///
/// ```
/// use byline::digest::schedule::Schedule;
/// let schedule = Schedule::parse("08:30", "Europe/Berlin", "mon-fri")?;
/// // A Friday, after the hour.
/// let next = schedule.next_after("2026-11-20T12:00:00Z".parse().unwrap()).unwrap();
/// assert_eq!(next.to_string(), "2026-11-23T08:30:00+01:00[Europe/Berlin]");
/// # Ok::<(), byline::digest::schedule::ScheduleError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The wall-clock time.
    pub time: Time,
    /// The place's rules.
    pub zone: TimeZone,
    /// The days.
    pub weekdays: Weekdays,
}

/// Days of the week, at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Post, and note the day as the last one posted for.
    Now {
        /// The day that is posted for.
        for_day: Date,
    },
    /// Nothing, until then.
    Wait {
        /// The next posting; `None` when there is none in the calendar (it ends with the year 9999).
        until: Option<Zoned>,
    },
    /// A posting was missed by more than the limit: nothing, until the next one carries it.
    Skip {
        /// The latest day that was missed.
        missed: Date,
        /// The next posting; `None` when there is none in the calendar.
        until: Option<Zoned>,
    },
}

impl Weekdays {
    /// All seven.
    pub const ALL: Self = Self(0b111_1111);

    /// Monday to Friday.
    pub const WORKING: Self = Self(0b001_1111);

    /// These days; `None` when there is none.
    #[must_use]
    pub fn of(days: impl IntoIterator<Item = Weekday>) -> Option<Self> {
        let set = days.into_iter().fold(0, |set, day| set | bit(day));
        (set != 0).then_some(Self(set))
    }

    /// The days as bits, Monday the lowest.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// The days of [`Weekdays::bits`]; `None` when there is none.
    #[must_use]
    pub fn of_bits(bits: u8) -> Option<Self> {
        let known = bits & Self::ALL.0;
        (known != 0).then_some(Self(known))
    }

    /// Whether `day` is one of them.
    #[must_use]
    pub fn has(self, day: Weekday) -> bool {
        self.0 & bit(day) != 0
    }
}

/// Monday is the lowest bit.
fn bit(day: Weekday) -> u8 {
    1 << day.to_monday_zero_offset()
}

impl Schedule {
    /// Reads what people write: a time (`08:30`, `8.30`, `7 pm`), an IANA zone (`Europe/Berlin`, in any case) and days
    /// (`mon-fri`, `Monday, Thursday`, `weekdays`, `daily`).
    ///
    /// # Errors
    /// [`ScheduleError`] says which of them can't be read, and what may have been meant.
    pub fn parse(time: &str, zone: &str, weekdays: &str) -> Result<Self, ScheduleError> {
        Ok(Self { time: words::time(time)?, zone: words::zone(zone)?, weekdays: words::weekdays(weekdays)? })
    }

    /// The moment at which `day` is posted for; `None` when it is not chosen or the place never had it.
    #[must_use]
    pub fn posting_for(&self, day: Date) -> Option<Zoned> {
        if !self.weekdays.has(day.weekday()) || day.to_zoned(self.zone.clone()).ok()?.date() != day {
            return None;
        }
        let wall = self.zone.to_ambiguous_timestamp(day.to_datetime(self.time));
        let moment = match wall.offset() {
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => wall.earlier().ok()?,
            // Read by the rule after the gap, a time inside it is an instant before it.
            AmbiguousOffset::Gap { .. } => self.zone.following(wall.earlier().ok()?).next()?.timestamp(),
        };
        Some(moment.to_zoned(self.zone.clone()))
    }

    /// The first posting after an instant; `None` when there is none in the calendar (it ends with the year 9999).
    #[must_use]
    pub fn next_after(&self, instant: Timestamp) -> Option<Zoned> {
        // A posting can fall on the day after its own, where a gap reaches past midnight.
        let first = self.local_day(instant).yesterday().unwrap_or(Date::MIN);
        self.postings(first, 1).map(|(_, moment)| moment).find(|moment| moment.timestamp() > instant)
    }

    /// The latest day whose posting is not after an instant.
    ///
    /// Note it as posted when a schedule is first set, so that nothing is caught up that nobody waited for. When one is
    /// changed, keep the later of it and the day that is noted.
    #[must_use]
    pub fn settled_by(&self, instant: Timestamp) -> Option<Date> {
        self.latest(instant).map(|(day, _)| day)
    }

    /// What is to be done at `now`, when `last_posted` is the day that was last posted for.
    ///
    /// `late_limit` should be longer than the time between two calls, or a posting may pass between them. Call it with a
    /// day noted (see [`Schedule::settled_by`]); without one, the latest posting may still be due.
    #[must_use]
    pub fn due(&self, last_posted: Option<Date>, now: Timestamp, late_limit: SignedDuration) -> Due {
        let next = || {
            // After a clock has jumped back, days that were posted for lie ahead: they are passed over.
            let unposted = last_posted.and_then(|last| last.tomorrow().ok());
            let from = unposted.map_or(self.local_day(now), |day| day.max(self.local_day(now))).yesterday();
            self.postings(from.unwrap_or(Date::MIN), 1)
                .find(|(day, moment)| moment.timestamp() > now && last_posted.is_none_or(|last| *day > last))
                .map(|(_, moment)| moment)
        };
        match self.latest(now) {
            Some((day, moment)) if last_posted.is_none_or(|last| day > last) => {
                if now.duration_since(moment.timestamp()) <= late_limit {
                    Due::Now { for_day: day }
                } else {
                    Due::Skip { missed: day, until: next() }
                }
            }
            _ => Due::Wait { until: next() },
        }
    }

    /// The latest day whose posting is not after an instant, and that posting.
    fn latest(&self, instant: Timestamp) -> Option<(Date, Zoned)> {
        self.postings(self.local_day(instant), -1).find(|(_, moment)| moment.timestamp() <= instant)
    }

    /// The postings of the days from `first` on, in steps of `step` days.
    fn postings(&self, first: Date, step: i64) -> impl Iterator<Item = (Date, Zoned)> {
        let day = move |n: i64| first.checked_add((n * step).days()).ok();
        (0..=SEARCHED_DAYS).map_while(day).filter_map(|day| Some((day, self.posting_for(day)?)))
    }

    fn local_day(&self, instant: Timestamp) -> Date {
        self.zone.to_datetime(instant).date()
    }
}

impl fmt::Display for Weekdays {
    /// As [`Schedule::parse`] reads it: `daily`, `mon-fri`, `mon, wed`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("daily"),
            Self::WORKING => f.write_str("mon-fri"),
            some => {
                let days = Weekday::Monday.cycle_forward().take(7).filter(|day| some.has(*day));
                f.write_str(&days.map(words::short_name).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl fmt::Display for Schedule {
    /// `08:30 Europe/Berlin, mon-fri`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("(unnamed zone)");
        write!(f, "{} {zone}, {}", self.time.strftime("%H:%M"), self.weekdays)
    }
}

#[cfg(test)]
mod tests;
