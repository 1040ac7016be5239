//! Verification with emoji, begun by a manager who is configured: accepted, shown in the log, and confirmed.
//!
//! The manager compares the emoji that their client shows with those in Byline's log. Byline itself has no eyes to compare with: it
//! confirms, and the manager's side decides. Nothing in Byline is allowed to anybody because of a verified device.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use matrix_sdk::deserialized_responses::ProcessedToDeviceEvent;
use matrix_sdk::encryption::verification::{
    SasState, SasVerification, Verification, VerificationRequest, VerificationRequestState,
};
use matrix_sdk::ruma::UserId;
use matrix_sdk::ruma::events::key::verification::VerificationMethod;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::bot::Bot;

/// How long a verification may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Looks for requests among the messages that came to our device.
pub fn to_device(bot: &Arc<Bot>, events: &[ProcessedToDeviceEvent]) {
    for event in events {
        let Ok(event) = serde_json::from_str::<Value>(event.as_raw().json().get()) else { continue };
        let (Some(sender), Some(kind)) = (event["sender"].as_str(), event["type"].as_str()) else { continue };
        let flow = event["content"]["transaction_id"].as_str();
        match (kind, flow) {
            ("m.key.verification.request", Some(flow)) => requested(bot, sender, flow),
            // Clients that ask for none before begin with this.
            ("m.key.verification.start", Some(flow)) => started(bot, sender, flow),
            _ => {}
        }
    }
}

/// A request that was made in a room, by its event.
pub fn in_room(bot: &Bot, sender: &str, event: &str) {
    requested(bot, sender, event);
}

/// Whether somebody may verify us.
fn may(bot: &Bot, sender: &str) -> bool {
    let may = sender == bot.me || bot.settings.managers.holds(sender);
    if !may {
        tracing::info!(sender, "a verification is not accepted: its sender is not among matrix.managers");
    }
    may
}

fn requested(bot: &Bot, sender: &str, flow: &str) {
    let (client, allowed) = (bot.client.clone(), may(bot, sender));
    let (sender, flow) = (sender.to_owned(), flow.to_owned());
    tokio::spawn(async move {
        let Ok(person) = UserId::parse(&sender) else { return };
        let Some(request) = client.encryption().get_verification_request(&person, &flow).await else { return };
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

fn started(bot: &Bot, sender: &str, flow: &str) {
    let (client, allowed) = (bot.client.clone(), may(bot, sender));
    let (sender, flow) = (sender.to_owned(), flow.to_owned());
    tokio::spawn(async move {
        // One that a request went before is dealt with there.
        let Ok(person) = UserId::parse(&sender) else { return };
        if client.encryption().get_verification_request(&person, &flow).await.is_some() {
            return;
        }
        if let Some(Verification::SasV1(sas)) = client.encryption().get_verification(&person, &flow).await {
            match allowed {
                true => _ = timeout(PATIENCE, compare(sas)).await,
                false => _ = sas.cancel().await,
            }
        }
    });
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
