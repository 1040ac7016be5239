//! Sending into a room, however often it takes: each event under a transaction id of its own, so that it shows once.
//!
//! A homeserver knows such an id of the device that used it. So each message says itself under which it was sent, and what may have
//! been sent before, by a device that we have no more, is looked for first.

use std::time::Duration;

use matrix_sdk::ruma::api::client::message::get_message_events;
use matrix_sdk::ruma::{EventId, OwnedEventId, OwnedTransactionId, UInt};
use matrix_sdk::{EncryptionState, Room};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep};

use super::answer;
use super::trouble::{Patience, Trouble};

const MESSAGE: &str = "m.room.message";

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(30);

/// For how long a homeserver is waited for that can't take an answer.
pub const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// How often is tried again what should be vain: mostly it is, but a store of keys that was busy is called the same.
const FINALS: usize = 2;

/// Where a message says under which transaction it was sent: what it relates to stays legible where it is encrypted.
const TRANSACTION: &str = "byline.transaction";

/// Among how many of our latest messages in a room one is looked for, with so many requests.
const LATEST: u32 = 100;
const REQUESTS: usize = 3;

/// Sends a message once. Where it may have been sent before (`again`), and it was, that one is it.
///
/// # Errors
/// [`Trouble`]
pub async fn once(room: &Room, content: &Value, transaction: &str, again: bool) -> Result<OwnedEventId, Trouble> {
    if again && let Some(event) = sent_before(room, transaction).await? {
        tracing::debug!(room = %room.room_id(), "what was to be sent again is there");
        return Ok(event);
    }
    let mut content = content.clone();
    content["m.relates_to"][TRANSACTION] = transaction.into();
    event(room, MESSAGE, content, transaction).await
}

/// Sends an event of any kind once.
///
/// # Errors
/// [`Trouble`]
pub async fn event(room: &Room, kind: &str, content: Value, transaction: &str) -> Result<OwnedEventId, Trouble> {
    let transaction = OwnedTransactionId::from(transaction);
    let _turn = turn_to_encrypt(room).await;
    let sent = room.send_raw(kind, content).with_transaction_id(&transaction).await;
    sent.map(|sent| sent.response.event_id).map_err(|error| Trouble::of(&error))
}

/// Waits until nothing else of an encrypted room is being encrypted. A session of encryption ends after so many messages, which the SDK
/// looks at before it shares one and takes for granted afterwards: of several at once, all but the first that are too many would panic.
async fn turn_to_encrypt(room: &Room) -> Option<MutexGuard<'static, ()>> {
    /// By the digest of a room's id: that two share one now and then does no harm.
    static TURNS: [Mutex<()>; 256] = [const { Mutex::const_new(()) }; 256];
    if matches!(room.encryption_state(), EncryptionState::NotEncrypted) {
        return None;
    }
    let place = Sha256::digest(room.room_id().as_bytes())[0];
    Some(TURNS[usize::from(place)].lock().await)
}

/// The message of ours that was sent under a transaction, by whichever device.
///
/// # Errors
/// [`Trouble`]
pub async fn sent_before(room: &Room, transaction: &str) -> Result<Option<OwnedEventId>, Trouble> {
    let mut from = None;
    for _ in 0..REQUESTS {
        let mut request = get_message_events::v3::Request::backward(room.room_id().to_owned());
        request.from = from;
        request.limit = UInt::from(LATEST);
        request.filter.senders = Some(vec![room.own_user_id().to_owned()]);
        request.filter.types = Some(vec![MESSAGE.to_owned(), "m.room.encrypted".to_owned()]);
        let page = match room.client().send(request).await.map_err(|error| Trouble::of_http(&error)) {
            Ok(page) => page,
            Err(trouble @ (Trouble::Passing { .. } | Trouble::LoggedOut { .. })) => return Err(trouble),
            // What can't be looked for is sent: that it shows twice is the lesser evil, and mostly the homeserver knows the transaction.
            Err(trouble) => {
                tracing::debug!(room = %room.room_id(), "whether something was sent before is not known: {trouble}");
                return Ok(None);
            }
        };
        for raw in &page.chunk {
            let event: Value = serde_json::from_str(raw.json().get()).unwrap_or_default();
            if event["content"]["m.relates_to"][TRANSACTION] == transaction {
                return Ok(event["event_id"].as_str().and_then(|id| EventId::parse(id).ok()));
            }
        }
        match page.end {
            Some(end) => from = Some(end),
            None => break,
        }
    }
    Ok(None)
}

/// Sends a message, again and again while what is in the way passes; `again` as in [`once`].
///
/// # Errors
/// [`Trouble`] that does not pass, or not in time.
pub async fn message(room: &Room, content: &Value, transaction: &str, again: bool) -> Result<OwnedEventId, Trouble> {
    let sent = until_sent(move || once(room, content, transaction, again)).await;
    match sent {
        Err(Trouble::TooLarge) => {
            let mut short = answer::line("I found an answer, and it is too long for a message. Ask for less at once.");
            short["m.relates_to"] = content["m.relates_to"].clone();
            let other = format!("{transaction}-short");
            let (short, other) = (&short, other.as_str());
            until_sent(move || once(room, short, other, again)).await
        }
        sent => sent,
    }
}

/// Takes an event of ours back.
///
/// # Errors
/// [`Trouble`] that does not pass, or not in time.
pub async fn redaction(room: &Room, event: &EventId, transaction: &str) -> Result<OwnedEventId, Trouble> {
    until_sent(move || async move {
        let redacted = room.redact(event, None, Some(OwnedTransactionId::from(transaction))).await;
        redacted.map(|redacted| redacted.event_id).map_err(|error| Trouble::of_http(&error))
    })
    .await
}

/// Does something until it is done, or what is in the way does not pass.
async fn until_sent<T, F>(mut attempt: impl FnMut() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let started = Instant::now();
    let mut patience = Patience::up_to(LONGEST);
    let mut finals = 0;
    loop {
        match attempt().await {
            Err(Trouble::Final { told }) if finals < FINALS => {
                finals += 1;
                let wait = patience.wait(None);
                tracing::debug!(?wait, "not sent: {told}; trying again");
                sleep(wait).await;
            }
            Err(Trouble::Passing { after, told }) if started.elapsed() < PATIENCE => {
                let wait = patience.wait(after);
                tracing::debug!(?wait, "not sent: {told}; trying again");
                sleep(wait).await;
            }
            done => return done,
        }
    }
}
