//! Verification with emoji, begun by a manager who is configured: accepted, shown in the log, and confirmed.
//!
//! The manager compares the emoji that their client shows with those in Byline's log. Byline itself has no eyes to compare with: it
//! confirms, and the manager's side decides. Nothing in Byline is allowed to anybody because of a verified device.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::{ProcessedToDeviceEvent, TimelineEvent};
use matrix_sdk::encryption::verification::{
    SasState, SasVerification, Verification, VerificationRequest, VerificationRequestState,
};
use matrix_sdk::ruma::api::client::sync::sync_events::DeviceLists;
use matrix_sdk::ruma::events::key::verification::VerificationMethod;
use matrix_sdk::ruma::events::{AnySyncTimelineEvent, AnyToDeviceEvent};
use matrix_sdk::ruma::serde::Raw;
use matrix_sdk::ruma::{OwnedRoomId, UserId};
use matrix_sdk_base::crypto::EncryptionSyncChanges;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::bot::Bot;
use super::events::Event;
use super::trouble::{Patience, Trouble};

/// How long a verification may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How many times the devices of who asks are asked for while the homeserver has trouble.
const TRIES: usize = 8;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(30);

/// A message of a verification, as it came.
#[derive(Debug)]
enum Came {
    /// In a room.
    In(OwnedRoomId, Raw<AnySyncTimelineEvent>),
    /// To our device.
    To(Raw<AnyToDeviceEvent>),
}

/// Looks for requests among the messages that came to our device.
pub fn to_device(bot: &Arc<Bot>, events: &[ProcessedToDeviceEvent]) {
    for told in events {
        let raw = told.as_raw();
        let Ok(event) = serde_json::from_str::<Value>(raw.json().get()) else { continue };
        let (Some(sender), Some(kind)) = (event["sender"].as_str(), event["type"].as_str()) else { continue };
        let flow = event["content"]["transaction_id"].as_str();
        match (kind, flow) {
            ("m.key.verification.request", Some(flow)) => requested(bot, sender, flow, Came::To(raw.clone())),
            // Clients that ask for none before begin with this.
            ("m.key.verification.start", Some(flow)) => started(bot, sender, flow, Came::To(raw.clone())),
            _ => {}
        }
    }
}

/// A request that was made in a room.
pub fn in_room(bot: &Arc<Bot>, room: &Room, event: &Event, told: &TimelineEvent) {
    requested(bot, &event.sender, &event.id, Came::In(room.room_id().to_owned(), told.raw().clone()));
}

/// Whether somebody may verify us.
fn may(bot: &Bot, sender: &str) -> bool {
    let may = sender == bot.me || bot.settings.managers.holds(sender);
    if !may {
        tracing::info!(sender, "a verification is not accepted: its sender is not among matrix.managers");
    }
    may
}

fn requested(bot: &Arc<Bot>, sender: &str, flow: &str, came: Came) {
    let (bot, allowed) = (Arc::clone(bot), may(bot, sender));
    let (sender, flow) = (sender.to_owned(), flow.to_owned());
    tokio::spawn(async move {
        let Ok(person) = UserId::parse(&sender) else { return };
        let find = || async { bot.client.encryption().get_verification_request(&person, &flow).await };
        let mut found = find().await;
        if found.is_none() && allowed {
            introduce(&bot, &person, came).await;
            found = find().await;
        }
        let Some(request) = found else {
            if allowed {
                tracing::warn!(%sender, "a verification is passed over: the homeserver does not know the device that asks");
            }
            return;
        };
        if !allowed {
            let _ = request.cancel().await;
            return;
        }
        tracing::info!(%sender, "a verification is accepted");
        if let Err(error) = request.accept_with_methods(vec![VerificationMethod::SasV1]).await {
            return tracing::warn!(%error, "a verification could not be accepted");
        }
        if timeout(PATIENCE, go_on(&request)).await.is_err() {
            let _ = request.cancel().await;
        }
    });
}

fn started(bot: &Arc<Bot>, sender: &str, flow: &str, came: Came) {
    let (bot, allowed) = (Arc::clone(bot), may(bot, sender));
    let (sender, flow) = (sender.to_owned(), flow.to_owned());
    tokio::spawn(async move {
        // One that a request went before is dealt with there.
        let Ok(person) = UserId::parse(&sender) else { return };
        if bot.client.encryption().get_verification_request(&person, &flow).await.is_some() {
            return;
        }
        let find = || async { bot.client.encryption().get_verification(&person, &flow).await };
        let mut found = find().await;
        if found.is_none() && allowed {
            introduce(&bot, &person, came).await;
            found = find().await;
        }
        if let Some(Verification::SasV1(sas)) = found {
            match allowed {
                true => _ = timeout(PATIENCE, compare(sas)).await,
                false => _ = sas.cancel().await,
            }
        }
    });
}

/// Asks for the devices of somebody, and hands the SDK once more what came of them: it passes over requests of devices that it has
/// not heard of, and it hears of devices in encrypted rooms alone.
async fn introduce(bot: &Bot, person: &UserId, came: Came) {
    let mut patience = Patience::up_to(LONGEST);
    for _ in 0..TRIES {
        match bot.client.encryption().request_user_identity(person).await {
            Ok(_) => break,
            Err(error) => match Trouble::of(&error) {
                Trouble::Passing { after, .. } => sleep(patience.wait(after)).await,
                other => return tracing::warn!(%person, "the devices of who asks are not known: {other}"),
            },
        }
    }
    let olm = bot.base.olm_machine().await;
    let Some(olm) = olm.as_ref() else { return };
    let handed = match came {
        Came::In(room, raw) => match raw.deserialize() {
            Ok(AnySyncTimelineEvent::MessageLike(event)) => {
                olm.receive_verification_event(&event.into_full_event(room)).await.map_err(|error| error.to_string())
            }
            _ => return,
        },
        Came::To(raw) => {
            // Nothing else of a sync: no device changed, and no count of keys is told.
            let changes = EncryptionSyncChanges {
                to_device_events: vec![raw],
                changed_devices: &DeviceLists::new(),
                one_time_keys_counts: &BTreeMap::new(),
                unused_fallback_keys: None,
                next_batch_token: None,
            };
            let received = olm.receive_sync_changes(changes, &bot.base.decryption_settings).await;
            received.map(drop).map_err(|error| error.to_string())
        }
    };
    if let Err(error) = handed {
        tracing::warn!(%person, error, "a verification could not be read");
    }
}

async fn go_on(request: &VerificationRequest) {
    let mut changes = Box::pin(request.changes());
    let mut state = Some(request.state());
    loop {
        match state {
            Some(VerificationRequestState::Transitioned { verification: Verification::SasV1(sas) }) => {
                return compare(sas).await;
            }
            Some(VerificationRequestState::Done) | None => return,
            Some(VerificationRequestState::Cancelled(info)) => {
                return tracing::info!(reason = info.reason(), "a verification was cancelled");
            }
            Some(_) => {}
        }
        state = changes.next().await;
    }
}

async fn compare(sas: SasVerification) {
    if !sas.we_started()
        && let Err(error) = sas.accept().await
    {
        return tracing::warn!(%error, "a verification could not go on");
    }
    let mut changes = Box::pin(sas.changes());
    let mut state = Some(sas.state());
    let mut confirmed = false;
    loop {
        match state {
            Some(SasState::KeysExchanged { emojis, decimals }) if !confirmed => {
                confirmed = true;
                let shown = match emojis {
                    Some(emojis) => {
                        let emojis = emojis.emojis.iter();
                        emojis
                            .map(|emoji| format!("{} {}", emoji.symbol, emoji.description))
                            .collect::<Vec<_>>()
                            .join(", ")
                    }
                    None => format!("{} {} {}", decimals.0, decimals.1, decimals.2),
                };
                let with = sas.other_user_id();
                tracing::warn!(%with, "verification: compare these with what the other side shows: {shown}");
                // Both sides must have shown them before one confirms.
                sleep(Duration::from_millis(300)).await;
                if let Err(error) = sas.confirm().await {
                    return tracing::warn!(%error, "a verification could not be confirmed");
                }
            }
            Some(SasState::Done { .. }) => {
                return tracing::info!(with = %sas.other_user_id(), "verified");
            }
            Some(SasState::Cancelled(info)) => {
                return tracing::info!(reason = info.reason(), "a verification was cancelled");
            }
            Some(_) => {}
            None => return,
        }
        state = changes.next().await;
    }
}
