//! Messages that can't be decrypted: the key is asked for and waited for, and when it does not come that is said, once a room.
//!
//! Asking is the SDK's: it requests the key from our own devices, looks for it in the backup, and mends broken sessions.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use matrix_sdk::Room;
use matrix_sdk::ruma::OwnedRoomId;
use matrix_sdk::ruma::events::AnySyncTimelineEvent;
use matrix_sdk::ruma::events::room::encrypted::OriginalSyncRoomEncryptedEvent;
use matrix_sdk::ruma::serde::Raw;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::answer::{self, in_reply, transaction};
use super::bot::Bot;
use super::events::Event;
use super::{listen, send};
use crate::library::store::Step;

/// The most messages that are waited for; more are given up at once.
const MOST: usize = 1_000;

/// How often it is tried to read a message whose key did not come by itself.
const LOOK: Duration = Duration::from_secs(5);

/// What is said when a key does not come.
const SORRY: &str = "I can't read this message: the key that it was encrypted with did not reach me. Messages that are sent \
                     from now on I should be able to read. Please ask again.";

/// Messages whose keys are waited for.
#[derive(Debug, Default)]
pub struct Unreadable {
    waiting: Mutex<usize>,
    /// Rooms in which it was said.
    said: Mutex<HashSet<OwnedRoomId>>,
    came: Arc<Notify>,
}

impl Unreadable {
    /// Waits for the key of a message.
    pub fn wait(&self, bot: &Arc<Bot>, room: &Room, event: &Event, raw: &Raw<AnySyncTimelineEvent>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if *waiting >= MOST {
            tracing::warn!(room = %room.room_id(), "too many messages can't be decrypted: one is passed over");
            let (scribe, done) = (bot.scribe.clone(), Step::Done { event: event.id.clone() });
            tokio::spawn(async move { scribe.note(vec![done]).await });
            return;
        }
        *waiting += 1;
        tracing::info!(room = %room.room_id(), "a message can't be decrypted: its key is asked for");
        let (bot, room, event, raw) = (Arc::clone(bot), room.clone(), event.clone(), raw.clone());
        tokio::spawn(async move {
            wait(&bot, &room, &event, &raw).await;
            *bot.unreadable.waiting.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        });
    }

    /// Whether it is to be said that messages of a room can't be read: once.
    fn is_to_be_said(&self, room: &Room) -> bool {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).insert(room.room_id().to_owned())
    }

    /// A message of a room could be read.
    fn is_readable(&self, room: &Room) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).remove(room.room_id());
    }
}

async fn wait(bot: &Arc<Bot>, room: &Room, event: &Event, raw: &Raw<AnySyncTimelineEvent>) {
    let begun = Instant::now();
    // It may come late: until the message is too old to be answered.
    let until = begun + bot.settings.max_age.saturating_sub(event.age).min(Duration::from_secs(60 * 60));
    let mut said = false;
    loop {
        let came = bot.unreadable.came.notified();
        match room.decrypt_event(raw.cast_ref_unchecked::<OriginalSyncRoomEncryptedEvent>(), None).await {
            Ok(told) if !told.kind.is_utd() => {
                bot.unreadable.is_readable(room);
                return listen::take_readable(bot, room, &told).await;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "a message still can't be decrypted"),
        }
        if !said && begun.elapsed() >= bot.settings.key_wait {
            said = true;
            if is_answered(room, event).await {
                return bot.scribe.note(vec![Step::Done { event: event.id.clone() }]).await;
            }
            if bot.unreadable.is_to_be_said(room) {
                say(room, event).await;
            }
        }
        if Instant::now() >= until {
            tracing::info!(room = %room.room_id(), "the key of a message did not come");
            return bot.scribe.note(vec![Step::Done { event: event.id.clone() }]).await;
        }
        let next = if said { LOOK * 6 } else { LOOK.min(bot.settings.key_wait) };
        let _ = timeout(next, came).await;
    }
}

/// Whether a message was answered by a device that could read it, and which we have no more.
async fn is_answered(room: &Room, event: &Event) -> bool {
    let answer = transaction("answer", &event.id);
    matches!(send::sent_before(room, &answer).await, Ok(Some(_)))
}

async fn say(room: &Room, event: &Event) {
    let told = in_reply(answer::line(SORRY), &event.id, None);
    if let Err(trouble) = send::message(room, &told, &transaction("unreadable", &event.id), false).await {
        tracing::warn!(room = %room.room_id(), "that a message can't be read could not be told: {trouble}");
    }
}

/// Looks at the messages that wait whenever keys come, for as long as the process lives.
pub async fn follow(bot: Arc<Bot>) {
    loop {
        if let Some(mut keys) = bot.client.encryption().room_keys_received_stream().await.map(Box::pin) {
            while keys.next().await.is_some() {
                bot.unreadable.came.notify_waiters();
            }
        }
        sleep(LOOK).await;
    }
}
