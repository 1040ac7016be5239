//! Posting unasked: what waits in the outbox goes to its channel, and shows there once.
//!
//! The nonce is a digest of the job's key, and Discord enforces it for some minutes: a posting whose receipt was lost is sent
//! again and shows once. Later than that, the outbox knows what was sent.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::page::Shown;
use super::place::NETWORK;
use super::rest::{Rest, RestError};
use super::settings::Posts;
use crate::post::{Courier, Delivered, Delivery, Posting, Undelivered};

/// A message that notifies nobody.
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

/// The longest nonce, in characters.
const NONCE: usize = 25;

/// Discord's number of announcement channels.
const ANNOUNCEMENT: u64 = 5;

/// For how long without talk a thread stays open, in minutes: a day.
const ARCHIVED_AFTER: u32 = 1440;

/// The message was published before, the message has a thread: what an earlier attempt did.
const DONE_BEFORE: [i64; 2] = [40033, 160004];

/// Posts in Discord's channels.
#[derive(Debug)]
pub struct Post {
    rest: Rest,
    posts: Posts,
    /// Which channels are announcement channels, as far as was asked.
    announcement: Mutex<HashMap<u64, bool>>,
}

impl Post {
    /// A courier that posts as `posts` says.
    #[must_use]
    pub(super) fn new(rest: Rest, posts: Posts) -> Self {
        Self { rest, posts, announcement: Mutex::default() }
    }

    async fn post(&self, posting: &Posting) -> Result<Delivered, Undelivered> {
        let Ok(channel) = posting.channel.parse::<u64>() else {
            return Err(Undelivered::Rejected { reason: "not the number of a channel".to_owned() });
        };
        let mut body = Shown::first(&posting.reply, None).body();
        body["nonce"] = nonce(&posting.key).into();
        body["enforce_nonce"] = true.into();
        if self.posts.quiet {
            body["flags"] = SUPPRESS_NOTIFICATIONS.into();
        }
        let sent = self.rest.post_once(channel, &body).await.map_err(|error| undelivered(&error))?;
        let network_id = sent["id"].as_str().map(str::to_owned);
        if let Some(message) = network_id.as_deref().and_then(|id| id.parse::<u64>().ok()) {
            self.afterwards(channel, message, &sent).await;
        }
        Ok(Delivered { network_id })
    }

    /// What is done with a message that is there. It stays delivered when that fails.
    async fn afterwards(&self, channel: u64, message: u64, sent: &Value) {
        let told = |what: &str, done: Result<(), RestError>| match done {
            Err(error) if !error.code().is_some_and(|code| DONE_BEFORE.contains(&code)) => {
                tracing::warn!(channel, %error, "{what}");
            }
            _ => {}
        };
        if self.posts.crosspost && self.is_announcement(channel).await {
            told("a posting could not be published", self.rest.crosspost(channel, message).await);
        }
        if self.posts.threads {
            let name = title(sent).unwrap_or_else(|| "About this digest".to_owned());
            let body = json!({ "name": name, "auto_archive_duration": ARCHIVED_AFTER });
            let opened = self.rest.open_thread(channel, message, &body).await.map(drop);
            told("no thread could be opened below a posting", opened);
        }
    }

    async fn is_announcement(&self, channel: u64) -> bool {
        let known = self.announcement.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied();
        if let Some(known) = known {
            return known;
        }
        match self.rest.channel(channel).await {
            Ok(told) => {
                let announces = told["type"].as_u64() == Some(ANNOUNCEMENT);
                self.announcement.lock().unwrap_or_else(PoisonError::into_inner).insert(channel, announces);
                announces
            }
            Err(error) => {
                tracing::warn!(channel, %error, "what kind of channel this is could not be asked");
                false
            }
        }
    }
}

impl Courier for Post {
    fn network(&self) -> &str {
        NETWORK
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        Box::pin(self.post(posting))
    }
}

/// What becomes of a posting after an error.
fn undelivered(error: &RestError) -> Undelivered {
    let reason = error.to_string();
    match error.status() {
        Some(403) => Undelivered::Gone { reason: format!("{reason}. {PERMISSIONS}") },
        Some(404) => Undelivered::Gone { reason },
        // The token was reset: no channel's fault, and a new one may come.
        Some(401) => Undelivered::Retry { after: None, reason },
        _ if error.passes() => Undelivered::Retry { after: error.retry_after(), reason },
        _ => Undelivered::Rejected { reason },
    }
}

const PERMISSIONS: &str = "Byline needs “View Channel”, “Send Messages” and “Embed Links” there";

/// The key in at most 25 characters.
fn nonce(key: &str) -> String {
    let digest = Sha256::digest(key);
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>().chars().take(NONCE).collect()
}

/// What a thread is called: the first line of the message, at most 100 characters.
fn title(sent: &Value) -> Option<String> {
    let first = sent["embeds"][0]["description"].as_str()?.lines().next()?;
    let plain: String = first.chars().filter(|c| !matches!(c, '*' | '\\' | '>')).take(100).collect();
    Some(plain.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_key_has_one_nonce_of_its_own() {
        assert_eq!(nonce("digest/1/2/2026-11-23"), nonce("digest/1/2/2026-11-23"));
        assert_ne!(nonce("digest/1/2/2026-11-23"), nonce("digest/1/2/2026-11-24"));
        assert_eq!(nonce("x").len(), NONCE);
    }

    #[test]
    fn a_refusal_is_final_only_where_trying_again_is_vain() {
        let refused = |status| RestError::Refused { status, code: 0, message: "x".into(), retry_after: None };
        assert!(matches!(undelivered(&refused(403)), Undelivered::Gone { .. }));
        assert!(matches!(undelivered(&refused(404)), Undelivered::Gone { .. }));
        assert!(matches!(undelivered(&refused(400)), Undelivered::Rejected { .. }));
        for status in [401, 429, 500, 503] {
            assert!(matches!(undelivered(&refused(status)), Undelivered::Retry { .. }), "{status}");
        }
        assert!(matches!(undelivered(&RestError::TimedOut), Undelivered::Retry { .. }));
    }
}
