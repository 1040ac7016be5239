//! What every event is handled with.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::guilds::Closed;
use super::keeper::Keeper;
use super::limits::Limits;
use super::rest::Rest;
use super::settings::Settings;
use crate::library::store::Store;
use crate::router::Router;

/// What every event is handled with.
#[derive(Debug)]
pub struct Bot {
    /// The way to Discord.
    pub rest: Rest,
    /// Where answers come from.
    pub router: Arc<Router>,
    /// What is kept.
    pub store: Store,
    /// How Byline connects.
    pub settings: Settings,
    /// Who has asked how much.
    pub limits: Limits,
    /// Takes answers to the store.
    pub keeper: Keeper,
    /// Channels that could not be written to.
    pub closed: Closed,
    /// Events that were handled before: a resumed session may bring one twice.
    pub seen: Seen,
    /// The threads of the servers, by number: talk goes on in them.
    pub threads: Mutex<HashSet<u64>>,
    /// Who we are, once Discord has said so.
    pub me: OnceLock<Me>,
    /// How long Discord takes to answer, by shard, as far as it was measured.
    pub latencies: Mutex<HashMap<u32, Duration>>,
    /// What is being answered.
    pub busy: Busy,
    /// Who promises answers: what runs these shards is called the same after a restart.
    pub owner: String,
}

/// Who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Me {
    /// The application's number.
    pub application: u64,
    /// The bot user's number.
    pub user: u64,
}

impl Bot {
    /// Whether a channel is a thread that we know of.
    #[must_use]
    pub fn is_thread(&self, channel: u64) -> bool {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).contains(&channel)
    }

    /// How the gateway does, for `/about`: `Shard 1 of 2 · latency to Discord: 41 ms`.
    pub fn health(&self, shard: u32, total: u32) -> String {
        let latency = self.latencies.lock().unwrap_or_else(PoisonError::into_inner).get(&shard).copied();
        let latency = latency.map_or_else(|| "not measured yet".to_owned(), |time| format!("{} ms", time.as_millis()));
        format!("Shard {} of {total} · latency to Discord: {latency}", shard + 1)
    }
}

/// Events that were handled before, the last few thousand.
#[derive(Debug, Default)]
pub struct Seen {
    held: Mutex<(HashSet<u64>, VecDeque<u64>)>,
}

/// More than Discord sends again when a session is resumed.
const SEEN: usize = 4096;

impl Seen {
    /// Whether this event is here for the first time.
    #[must_use]
    pub fn first(&self, id: u64) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (ids, order) = &mut *held;
        if !ids.insert(id) {
            return false;
        }
        order.push_back(id);
        if order.len() > SEEN
            && let Some(old) = order.pop_front()
        {
            ids.remove(&old);
        }
        true
    }
}

/// How many requests are being answered, so that a process that stops can finish them.
#[derive(Debug, Default, Clone)]
pub struct Busy {
    count: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Work(Busy);

impl Busy {
    /// Counts a request until the guard is dropped.
    #[must_use]
    pub fn begin(&self) -> Work {
        self.count.fetch_add(1, Ordering::AcqRel);
        Work(self.clone())
    }

    /// Waits until nothing is being answered.
    pub async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_the_oldest_is_forgotten() {
        let seen = Seen::default();
        assert!(seen.first(0) && !seen.first(0));
        for id in 1..=SEEN as u64 {
            assert!(seen.first(id));
        }
        assert!(seen.first(0), "it was long ago");
        assert!(!seen.first(SEEN as u64));
    }

    #[tokio::test]
    async fn idle_is_when_the_last_request_is_answered() {
        let busy = Busy::default();
        busy.idle().await;
        let work = busy.begin();
        let waiting = tokio::spawn({
            let busy = busy.clone();
            async move { busy.idle().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(work);
        waiting.await.unwrap();
    }
}
