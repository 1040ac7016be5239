//! What every event is handled with.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use super::guilds::Closed;
use super::rest::Rest;
use super::settings::Settings;
use crate::chat::busy::Busy;
use crate::chat::keeper::Keeper;
use crate::chat::limits::Limits;
use crate::chat::seen::Seen;
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
