//! When to look at a feed again: as often as it brings something, never more often than it asks, and more rarely the longer
//! it fails. Pure arithmetic: time and chance are handed in.

use std::time::Duration;

use jiff::Timestamp;

/// Between which intervals a feed is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The shortest interval, however lively a feed is.
    pub shortest: Duration,
    /// The longest, however quiet or broken it is.
    pub longest: Duration,
}

impl Default for Bounds {
    /// Ten minutes to twelve hours.
    fn default() -> Self {
        Self { shortest: Duration::from_secs(600), longest: Duration::from_secs(12 * 3600) }
    }
}

/// What is known of a feed when it has just been looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Observed<'a> {
    /// When its entries were published, in any order.
    pub published: &'a [Timestamp],
    /// How long the feed itself asks not to be looked at ([`Feed::ttl`](super::Feed::ttl)).
    pub ttl: Option<Duration>,
    /// How long its server calls it fresh ([`Fetched::fresh_for`](crate::intake::fetch::Fetched::fresh_for)).
    pub fresh_for: Option<Duration>,
    /// How long its server asks to be left alone.
    pub retry_after: Option<Duration>,
    /// How many times in a row it could not be had, this time included; 0 when it could.
    pub failures: u32,
}

/// So many of the newest entries tell how often there is one.
const RECENT: usize = 10;

/// The longest that a server's wish to be left alone is kept, whatever the bounds: a week.
const LONGEST_WISH: Duration = Duration::from_secs(7 * 24 * 3600);

/// So much of an interval is left to chance, on top of it, so that feeds that were added together part: a tenth, and a
/// quarter when a feed fails, because servers fail for many at once.
const JITTER: f64 = 0.1;
const JITTER_FAILING: f64 = 0.25;

/// How long to wait before looking again. `chance` is a number from 0 to 1.
///
/// Half the usual time between two entries, so that an entry waits for half an interval on average and each look is likely
/// to bring one; longer when the feed has fallen silent, down to a tenth of its silence. What the feed or its server asks is
/// kept up to the longest interval, `Retry-After` up to a week.
///
/// ```
/// use std::time::Duration;
/// use byline::intake::feed::rhythm::{Bounds, Observed, wait};
/// let now = "2024-05-06T12:00:00Z".parse()?;
/// let hourly: Vec<jiff::Timestamp> = (0..10).map(|n| now - jiff::SignedDuration::from_hours(n)).collect();
/// let observed = Observed { published: &hourly, ..Observed::default() };
/// assert_eq!(wait(now, &observed, &Bounds::default(), 0.0), Duration::from_secs(1800));
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn wait(now: Timestamp, observed: &Observed<'_>, bounds: &Bounds, chance: f64) -> Duration {
    let longest = bounds.longest.max(bounds.shortest);
    let wish = observed.retry_after.unwrap_or_default().min(LONGEST_WISH);
    let (base, jitter) = if observed.failures > 0 {
        let doubled = 1u32.checked_shl(observed.failures - 1).unwrap_or(u32::MAX);
        (bounds.shortest.saturating_mul(doubled).min(longest), JITTER_FAILING)
    } else {
        let asked = observed.ttl.unwrap_or_default().max(observed.fresh_for.unwrap_or_default());
        let own = interval(now, observed.published).unwrap_or(bounds.shortest.saturating_mul(6));
        (own.max(asked).clamp(bounds.shortest, longest), JITTER)
    };
    let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 0.0 };
    let base = base.max(wish);
    base + base.mul_f64(jitter * chance)
}

/// The interval that a feed's own rhythm suggests; `None` when it has none yet.
fn interval(now: Timestamp, published: &[Timestamp]) -> Option<Duration> {
    // Dates that lie ahead are mistakes, or announcements; both tell nothing.
    let mut recent: Vec<Timestamp> = published.iter().copied().filter(|date| *date <= now).collect();
    recent.sort_unstable_by(|a, b| b.cmp(a));
    // A batch that came at one time is one event.
    recent.dedup();
    recent.truncate(RECENT);
    let newest = *recent.first()?;
    let between = |later: Timestamp, earlier: Timestamp| later.duration_since(earlier).unsigned_abs();
    let mut gaps: Vec<Duration> =
        recent.windows(2).filter_map(|pair| Some(between(*pair.first()?, *pair.get(1)?))).collect();
    gaps.sort_unstable();
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    Some((usual / 2).max(between(now, newest) / 10))
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    const MINUTE: u64 = 60;
    const HOUR: u64 = 3600;

    fn now() -> Timestamp {
        "2024-05-06T12:00:00Z".parse().unwrap()
    }

    fn ago(minutes: &[i64]) -> Vec<Timestamp> {
        minutes.iter().map(|minutes| now() - SignedDuration::from_mins(*minutes)).collect()
    }

    /// The wait in minutes.
    fn minutes(observed: Observed<'_>) -> u64 {
        wait(now(), &observed, &Bounds::default(), 0.0).as_secs() / MINUTE
    }

    fn of(published: &[Timestamp]) -> u64 {
        minutes(Observed { published, ..Observed::default() })
    }

    #[test]
    fn a_feed_is_looked_at_twice_as_often_as_it_brings_something() {
        assert_eq!(of(&ago(&[0, 60, 120, 180])), 30);
        assert_eq!(of(&ago(&[180, 0, 120, 60])), 30);
        assert_eq!(of(&ago(&[1, 2, 3, 4, 5])), 10, "never more often than the bounds let");
        assert_eq!(of(&ago(&[0, 7 * 24 * 60, 14 * 24 * 60])), 12 * 60, "nor more rarely");
        assert_eq!(of(&ago(&[0, 0, 0, 0, 240, 240, 480])), 120, "a batch is one event");
    }

    #[test]
    fn a_feed_that_has_fallen_silent_is_looked_at_more_rarely() {
        assert_eq!(of(&ago(&[20 * 60, 21 * 60, 22 * 60])), 120);
        assert_eq!(of(&ago(&[60 * 24 * 60, 60 * 24 * 60 + 60])), 12 * 60);
    }

    #[test]
    fn without_dates_it_is_looked_at_every_hour() {
        assert_eq!(of(&[]), 60);
        let ahead = [now() + SignedDuration::from_hours(48)];
        assert_eq!(of(&ahead), 60);
    }

    #[test]
    fn what_a_feed_or_its_server_asks_is_kept() {
        let published = ago(&[0, 10, 20]);
        let asking = |ttl, fresh_for, retry_after| {
            let seconds = |hours: u64| Some(Duration::from_secs(hours * HOUR)).filter(|wish| !wish.is_zero());
            minutes(Observed {
                published: &published,
                ttl: seconds(ttl),
                fresh_for: seconds(fresh_for),
                retry_after: seconds(retry_after),
                failures: 0,
            })
        };
        assert_eq!(asking(0, 0, 0), 10);
        assert_eq!(asking(2, 0, 0), 120);
        assert_eq!(asking(2, 3, 0), 180);
        assert_eq!(asking(1000, 0, 0), 12 * 60, "not beyond the longest interval");
        assert_eq!(asking(0, 0, 48), 48 * 60, "but Retry-After is");
        assert_eq!(asking(0, 0, 100_000), 7 * 24 * 60, "within reason");
    }

    #[test]
    fn a_feed_that_fails_is_looked_at_more_and_more_rarely() {
        let failing = |failures| minutes(Observed { failures, ..Observed::default() });
        assert_eq!([1, 2, 3, 4].map(failing), [10, 20, 40, 80]);
        assert_eq!([7, 8, 33, u32::MAX].map(failing), [640, 720, 720, 720]);
        let told = Observed { failures: 1, retry_after: Some(Duration::from_secs(HOUR)), ..Observed::default() };
        assert_eq!(minutes(told), 60);
    }

    proptest! {
        #[test]
        fn every_wait_is_within_bounds(
            seconds in prop::collection::vec(0i64..100_000_000, 0..30),
            ttl in proptest::option::of(0u64..10_000_000),
            retry in proptest::option::of(0u64..10_000_000),
            failures in 0u32..50,
            chance in any::<f64>(),
            shortest in 1u64..100_000,
            longest in 1u64..1_000_000,
        ) {
            let published: Vec<Timestamp> = seconds.iter().map(|s| now() - SignedDuration::from_secs(*s)).collect();
            let of = Duration::from_secs;
            let bounds = Bounds { shortest: of(shortest), longest: of(longest) };
            let observed = Observed {
                published: &published, ttl: ttl.map(of), fresh_for: None, retry_after: retry.map(of), failures,
            };
            let waited = wait(now(), &observed, &bounds, chance);
            prop_assert!(waited >= bounds.shortest);
            let most = bounds.longest.max(bounds.shortest).max(of(retry.unwrap_or_default()).min(LONGEST_WISH));
            prop_assert!(waited <= most.mul_f64(1.0 + JITTER_FAILING) + of(1));
        }
    }
}
