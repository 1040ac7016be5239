//! How much one person and one server (or room) may ask: a bucket each, refilled evenly over a minute.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Buckets that are kept before full ones, which say nothing, are thrown out.
const SWEEP_AT: usize = 10_000;

/// Who has asked too much, and when they may again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMuch {
    /// Whether it was the server as a whole, not the person.
    pub server: bool,
    /// The time until the next request is answered.
    pub wait: Duration,
    /// Whether that was said before, and nothing was answered since: where silence is allowed, it need not be said again.
    pub told: bool,
}

impl TooMuch {
    /// What is said to the person.
    #[must_use]
    pub fn kind_word(self) -> String {
        let seconds = self.wait.as_secs() + u64::from(self.wait.subsec_nanos() > 0);
        let when = if seconds <= 1 { "in a second".to_owned() } else { format!("in {seconds} seconds") };
        if self.server {
            format!("Many people here are asking at once. Ask me again {when}, and I will look it up.")
        } else {
            format!("That was a lot at once. Ask me again {when}, and I will look it up.")
        }
    }
}

/// The buckets. `K` is what the network calls people and servers.
#[derive(Debug)]
pub struct Limits<K = u64> {
    person: Buckets<K>,
    server: Buckets<K>,
}

#[derive(Debug)]
struct Buckets<K> {
    per_minute: f64,
    held: Mutex<HashMap<K, Bucket>>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
    told: bool,
}

impl<K: Eq + Hash> Limits<K> {
    /// So many requests a minute for each person and each server.
    #[must_use]
    pub fn new(per_person: u32, per_server: u32) -> Self {
        let buckets = |per_minute: u32| Buckets { per_minute: per_minute.max(1).into(), held: Mutex::default() };
        Self { person: buckets(per_person), server: buckets(per_server) }
    }

    /// Counts a request of a person, in a server if there is one.
    ///
    /// # Errors
    /// [`TooMuch`]; then it is not counted.
    pub fn take(&self, person: K, server: Option<K>, now: Instant) -> Result<(), TooMuch> {
        self.person.take(person, now).map_err(|(wait, told)| TooMuch { server: false, wait, told })?;
        match server {
            Some(server) => self.server.take(server, now).map_err(|(wait, told)| TooMuch { server: true, wait, told }),
            None => Ok(()),
        }
    }
}

impl<K: Eq + Hash> Buckets<K> {
    fn take(&self, id: K, now: Instant) -> Result<(), (Duration, bool)> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let filled = |bucket: &Bucket| {
            let since = now.saturating_duration_since(bucket.at).as_secs_f64() / MINUTE.as_secs_f64();
            (bucket.left + since * self.per_minute).min(self.per_minute)
        };
        if held.len() >= SWEEP_AT {
            held.retain(|_, bucket| filled(bucket) < self.per_minute);
        }
        let bucket = held.entry(id).or_insert(Bucket { left: self.per_minute, at: now, told: false });
        let left = filled(bucket);
        if left < 1.0 {
            let told = std::mem::replace(&mut bucket.told, true);
            return Err((MINUTE.mul_f64((1.0 - left) / self.per_minute), told));
        }
        *bucket = Bucket { left: left - 1.0, at: now, told: false };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_waits_when_their_minute_is_used_up_and_others_do_not() {
        let limits = Limits::new(6, 100);
        let start = Instant::now();
        for _ in 0..6 {
            assert_eq!(limits.take(1, Some(9), start), Ok(()));
        }
        let refused = limits.take(1, Some(9), start).unwrap_err();
        assert_eq!((refused.server, refused.wait.as_secs_f64().round()), (false, 10.0));
        assert!(refused.kind_word().contains("in 10 seconds"), "{}", refused.kind_word());
        assert!(!refused.told && limits.take(1, Some(9), start).unwrap_err().told, "it is said once");
        assert_eq!(limits.take(2, Some(9), start), Ok(()));
        assert_eq!(limits.take(1, Some(9), start + refused.wait), Ok(()));
    }

    #[test]
    fn a_server_has_its_own_limit() {
        let limits = Limits::new(100, 3);
        let start = Instant::now();
        for person in 0..3 {
            assert_eq!(limits.take(person, Some(9), start), Ok(()));
        }
        assert!(limits.take(7, Some(9), start).unwrap_err().server);
        assert_eq!(limits.take(7, None, start), Ok(()), "a direct message belongs to no server");
        assert_eq!(limits.take(7, Some(8), start), Ok(()));
    }
}
