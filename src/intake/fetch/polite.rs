//! Politeness: how many fetches run at once, how many at one host, and the pause between two at one host.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{FetchError, Policy, shown};

/// So many hosts are remembered before those that nobody waits for are forgotten.
const REMEMBERED: usize = 4096;

/// Lets fetches pass, host by host: a slow host holds up nobody but those who wait for the same host.
#[derive(Debug)]
pub(super) struct Gates {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Gate>>>,
    width: usize,
    pause: Duration,
    patience: Duration,
}

#[derive(Debug)]
struct Gate {
    places: Arc<Semaphore>,
    /// When the next fetch may begin.
    next: Mutex<Instant>,
}

/// The right to fetch from one host, until it is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    host: String,
    _place: OwnedSemaphorePermit,
    _any: OwnedSemaphorePermit,
}

impl Pass {
    /// Whether this is the right to fetch from `host`.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.host == host
    }
}

impl Gates {
    pub(super) fn new(policy: &Policy) -> Self {
        Self {
            all: Arc::new(Semaphore::new(policy.concurrency.clamp(1, Semaphore::MAX_PERMITS))),
            hosts: Mutex::default(),
            width: policy.host_concurrency.clamp(1, Semaphore::MAX_PERMITS),
            pause: policy.host_delay,
            patience: policy.queue_timeout,
        }
    }

    /// Waits for a turn at `host`.
    pub(super) async fn pass(&self, host: &str) -> Result<Pass, FetchError> {
        let busy = || FetchError::Busy { host: shown::plain(host) };
        let until = Instant::now() + self.patience;
        let gate = self.gate(host);
        let place = timeout_at(until, Arc::clone(&gate.places).acquire_owned()).await;
        let place = place.ok().and_then(Result::ok).ok_or_else(busy)?;
        let start = {
            let mut next = gate.next.lock().unwrap_or_else(PoisonError::into_inner);
            let start = (*next).max(Instant::now());
            if start > until {
                return Err(busy());
            }
            *next = start + self.pause;
            start
        };
        sleep_until(start).await;
        // Last, so that nobody who waits for one host keeps others from theirs.
        let any = timeout_at(until, Arc::clone(&self.all).acquire_owned()).await;
        let any = any.ok().and_then(Result::ok).ok_or_else(busy)?;
        Ok(Pass { host: host.to_owned(), _place: place, _any: any })
    }

    fn gate(&self, host: &str) -> Arc<Gate> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= REMEMBERED && !hosts.contains_key(host) {
            let now = Instant::now();
            let awaited = |gate: &Gate| *gate.next.lock().unwrap_or_else(PoisonError::into_inner) > now;
            // A place that is held, or waited for, keeps the semaphore alive beside the gate.
            hosts.retain(|_, gate| {
                Arc::strong_count(gate) > 1 || gate.places.available_permits() < self.width || awaited(gate)
            });
        }
        let made = || Arc::new(Gate { places: Arc::new(Semaphore::new(self.width)), next: Mutex::new(Instant::now()) });
        Arc::clone(hosts.entry(host.to_owned()).or_insert_with(made))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gates(policy: Policy) -> Gates {
        Gates::new(&policy)
    }

    const PAUSE: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn two_fetches_from_one_host_are_a_pause_apart() {
        let gates = gates(Policy { host_delay: PAUSE, ..Policy::default() });
        let start = Instant::now();
        drop(gates.pass("a.example").await.unwrap());
        drop(gates.pass("a.example").await.unwrap());
        assert!(start.elapsed() >= PAUSE);
    }

    #[tokio::test]
    async fn a_host_that_is_held_up_holds_up_no_other() {
        let policy =
            Policy { host_concurrency: 1, host_delay: Duration::ZERO, queue_timeout: PAUSE, ..Policy::default() };
        let gates = gates(policy);
        let held = gates.pass("slow.example").await.unwrap();
        let other = gates.pass("quick.example").await.unwrap();
        assert!(other.is_for("quick.example") && !other.is_for("slow.example"));
        let refused = gates.pass("slow.example").await.unwrap_err();
        assert_eq!(refused, FetchError::Busy { host: "slow.example".to_owned() });
        drop(held);
        assert!(gates.pass("slow.example").await.is_ok());
    }

    #[tokio::test]
    async fn a_queue_that_takes_too_long_is_not_joined() {
        let hour = Duration::from_secs(3600);
        let gates = gates(Policy { host_delay: hour, queue_timeout: PAUSE, ..Policy::default() });
        drop(gates.pass("a.example").await.unwrap());
        assert!(matches!(gates.pass("a.example").await, Err(FetchError::Busy { .. })));
    }

    #[tokio::test]
    async fn hosts_are_forgotten_when_there_are_too_many() {
        let gates = gates(Policy { host_delay: Duration::ZERO, ..Policy::default() });
        let held = gates.pass("held.example").await.unwrap();
        for n in 0..2 * REMEMBERED {
            drop(gates.pass(&format!("{n}.example")).await.unwrap());
        }
        let hosts = gates.hosts.lock().unwrap();
        assert!(hosts.len() <= REMEMBERED && hosts.contains_key("held.example"));
        drop(held);
    }
}
