//! Sending into a room, however often it takes: each event under a transaction id of its own, so that it shows once.

use std::time::Duration;

use matrix_sdk::Room;
use matrix_sdk::ruma::{EventId, OwnedEventId, OwnedTransactionId};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::answer;
use super::trouble::{Patience, Trouble};

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(30);

/// For how long a homeserver is waited for that can't take an answer.
pub const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// How often is tried again what should be vain: mostly it is, but a store of keys that was busy is called the same.
const FINALS: usize = 2;

/// Sends a message once.
///
/// # Errors
/// [`Trouble`]
pub async fn once(room: &Room, kind: &str, content: &Value, transaction: &str) -> Result<OwnedEventId, Trouble> {
    let transaction = OwnedTransactionId::from(transaction);
    let sent = room.send_raw(kind, content.clone()).with_transaction_id(&transaction).await;
    sent.map(|sent| sent.response.event_id).map_err(|error| Trouble::of(&error))
}

/// Sends a message, again and again while what is in the way passes.
///
/// # Errors
/// [`Trouble`] that does not pass, or not in time.
pub async fn message(room: &Room, content: &Value, transaction: &str) -> Result<OwnedEventId, Trouble> {
    let sent = until_sent(move || once(room, "m.room.message", content, transaction)).await;
    match sent {
        Err(Trouble::TooLarge) => {
            let mut short = answer::line("I found an answer, and it is too long for a message. Ask for less at once.");
            short["m.relates_to"] = content["m.relates_to"].clone();
            let other = format!("{transaction}-short");
            let (short, other) = (&short, other.as_str());
            until_sent(move || once(room, "m.room.message", short, other)).await
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
