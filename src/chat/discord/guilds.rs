//! Servers that come and go, and channels that can't be written to.
//!
//! A server that removed Byline is marked with the setting [`LEFT`] of its community: schedules stop there, and after a set
//! time its data is deleted. A channel that answers 401, 403 or 404 is marked with [`UNREACHABLE`]; nothing is sent there
//! until some time has passed, or the channel changes.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::bot::Bot;
use super::place::{Asker, NETWORK};
use crate::library::store::{Scope, StoreError};

/// The setting of a community that removed Byline: since when.
pub const LEFT: &str = "left";

/// The setting of a channel that can't be written to: the HTTP status, and since when.
pub const UNREACHABLE: &str = "unreachable";

/// After how long a closed channel is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(10 * 60);

/// How often what is old is deleted.
pub const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

/// Channels that could not be written to, and since when.
#[derive(Debug, Default)]
pub struct Closed {
    held: Mutex<HashMap<u64, Instant>>,
}

impl Closed {
    /// Whether a channel is not to be tried at this moment.
    #[must_use]
    pub fn is_closed(&self, channel: u64, now: Instant) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get(&channel) {
            Some(since) if now.saturating_duration_since(*since) < TRY_AGAIN => true,
            Some(_) => held.remove(&channel).is_none(),
            None => false,
        }
    }

    /// Marks a channel.
    pub fn close(&self, channel: u64, now: Instant) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).insert(channel, now);
    }

    /// Takes a channel's mark away.
    pub fn open(&self, channel: u64) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&channel);
    }

    /// Takes all marks away: permissions changed somewhere.
    pub fn open_all(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Bot {
    /// Marks a channel that could not be written to, here and in the store.
    pub async fn mark_closed(&self, asker: &Asker, status: u16) {
        self.closed.close(asker.channel, Instant::now());
        if let Some(server) = asker.server {
            self.note_unreachable(server, asker.channel, Some(status)).await;
        }
    }

    /// Notes in the store that a channel can't be written to, or can again.
    pub async fn note_unreachable(&self, server: u64, channel: u64, status: Option<u16>) {
        let channel = channel.to_string();
        let note = async {
            let community = self.store.community(NETWORK, &server.to_string()).await?;
            let value = status.map(|status| format!("{status} since {}", Timestamp::now()));
            self.store.set(Scope::channel(community.id, &channel), UNREACHABLE, value.as_deref()).await
        };
        if let Err(error) = note.await {
            tracing::warn!(%error, "a channel's state could not be noted");
        }
    }

    /// Notes that a server has Byline, or has removed it. Servers that were never written down stay so.
    pub async fn note_server(&self, server: u64, here: bool) {
        if let Err(error) = self.noted(&server.to_string(), here).await {
            tracing::warn!(%error, "a server's state could not be noted");
        }
    }

    async fn noted(&self, server: &str, here: bool) -> Result<(), StoreError> {
        let Some(community) = self.store.known_community(NETWORK, server).await? else { return Ok(()) };
        let scope = Scope::community(community.id);
        let left = self.store.setting(scope, LEFT).await?;
        match (here, left) {
            (true, Some(_)) => {
                self.store.community_back(NETWORK, server).await?;
                self.store.set(scope, LEFT, None).await
            }
            (false, None) => {
                self.store.community_gone(NETWORK, server, "Byline was removed from the server").await?;
                self.store.set(scope, LEFT, Some(&Timestamp::now().to_string())).await
            }
            _ => Ok(()),
        }
    }

    /// Notes the servers of a shard that removed Byline while it was not connected.
    pub async fn note_missing(&self, present: &HashSet<u64>, shard: u32, total: u32) {
        let known = match self.store.communities_on(NETWORK).await {
            Ok(known) => known,
            Err(error) => return tracing::warn!(%error, "servers that left are not known"),
        };
        let servers = known.iter().filter_map(|name| name.parse::<u64>().ok());
        // https://discord.com/developers/docs/events/gateway#sharding-sharding-formula
        let ours = servers.filter(|server| (server >> 22) % u64::from(total.max(1)) == u64::from(shard));
        for server in ours.filter(|server| !present.contains(server)).collect::<Vec<_>>() {
            self.note_server(server, false).await;
        }
    }

    /// Deletes what is old: buttons that no longer work, and the data of servers that left long ago.
    pub async fn tidy(&self) {
        if let Err(error) = self.tidied(Timestamp::now()).await {
            tracing::warn!(%error, "old data could not be deleted");
        }
    }

    async fn tidied(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = |time: Duration| {
            let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
            now.checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
        };
        let answers = self.store.forget_answers(NETWORK, before(self.settings.buttons)).await?;
        let mut servers = 0;
        for (name, since) in self.store.communities_with(NETWORK, LEFT).await? {
            if since.parse::<Timestamp>().is_ok_and(|since| since < before(self.settings.forget)) {
                servers += u32::from(self.store.forget_community(NETWORK, &name).await?);
            }
        }
        if answers > 0 || servers > 0 {
            tracing::info!(answers, servers, "old data was deleted");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_channel_is_tried_again_later() {
        let closed = Closed::default();
        let now = Instant::now();
        assert!(!closed.is_closed(1, now));
        closed.close(1, now);
        assert!(closed.is_closed(1, now + Duration::from_secs(60)) && !closed.is_closed(2, now));
        assert!(!closed.is_closed(1, now + TRY_AGAIN));
        closed.close(1, now);
        closed.open(1);
        assert!(!closed.is_closed(1, now));
    }
}
