//! When a posting is tried again, and when it is given up.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// How often and how long a posting is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The wait after the first failure; each further one doubles it.
    pub first: Duration,
    /// The longest wait, unless the network asks for a longer one.
    pub longest: Duration,
    /// The most attempts, those included whose process died.
    pub attempts: i64,
    /// How long after the first attempt another one is made.
    pub age: Duration,
    /// How long it may have been due when the first attempt is made: what waited for longer, because no process was on the network, nobody
    /// waits for.
    pub stale: Duration,
}

impl Default for Retry {
    /// 2 s, doubling to 15 min, for a day, and up to a week where nobody tried: a network that is down overnight is waited for, and yesterday's digest does not come after
    /// today's. Some 110 attempts fit; 150 bound those that end with the process.
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        let day = minute * 60 * 24;
        Self { first: Duration::from_secs(2), longest: minute * 15, attempts: 150, age: day, stale: day * 7 }
    }
}

/// Beside a delay that the network gives, up to so much is waited, so that not all come back in one moment.
const SPREAD: Duration = Duration::from_secs(1);

impl Retry {
    /// How long to wait after the attempt of this number; `None` to give up. `asked` is the delay that the network gives, which
    /// is never undercut; `tried_for` is the time since the first attempt. `chance` is drawn from 0 to 1.
    #[must_use]
    pub fn wait(&self, attempt: i64, asked: Option<Duration>, tried_for: Duration, chance: f64) -> Option<Duration> {
        let chance = if chance.is_finite() { chance.clamp(0.0, 1.0) } else { 0.5 };
        let wait = match asked {
            Some(asked) => asked.saturating_add(SPREAD.mul_f64(chance)),
            None => {
                let doublings = u32::try_from(attempt.saturating_sub(1).clamp(0, 30)).unwrap_or(30);
                let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
                // Between half and all of it: those that failed together part.
                whole / 2 + (whole / 2).mul_f64(chance)
            }
        };
        (attempt < self.attempts && tried_for.saturating_add(wait) <= self.age).then_some(wait)
    }
}

/// A number from 0 to 1, another each time. Waiting needs no better randomness than what seeds the hash maps.
pub(super) fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    #[expect(clippy::cast_precision_loss, reason = "any number between 0 and 1 will do")]
    let share = (drawn >> 11) as f64 / (1_u64 << 53) as f64;
    share
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let retry = Retry::default();
        let waits: Vec<u64> =
            (1..=12).map(|attempt| retry.wait(attempt, None, Duration::ZERO, 1.0).unwrap().as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(retry.wait(1, None, Duration::ZERO, 0.0), Some(Duration::from_secs(1)));
    }

    #[test]
    fn it_is_given_up_after_a_day_or_too_many_attempts() {
        let retry = Retry::default();
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(retry.wait(3, None, day, 0.5), None);
        assert_eq!(retry.wait(150, None, Duration::ZERO, 0.5), None);
        assert_eq!(retry.wait(3, Some(day * 2), Duration::ZERO, 0.5), None, "a delay beyond the day is not waited for");
    }

    #[test]
    fn chances_differ_and_stay_in_bounds() {
        let drawn: Vec<f64> = (0..50).map(|_| chance()).collect();
        assert!(drawn.iter().all(|chance| (0.0..1.0).contains(chance)));
        assert!(drawn.iter().any(|chance| chance.to_bits() != drawn[0].to_bits()));
    }

    proptest! {
        #[test]
        fn a_given_delay_is_never_undercut(attempt in 1i64..150, asked in 0u64..80_000, chance in 0.0f64..1.0) {
            let asked = Duration::from_secs(asked);
            let wait = Retry::default().wait(attempt, Some(asked), Duration::ZERO, chance).unwrap_or(asked);
            prop_assert!(wait >= asked && wait <= asked + SPREAD);
        }
    }
}
