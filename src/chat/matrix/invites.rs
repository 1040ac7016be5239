//! Invitations: accepted from those who are allowed to invite, declined from others, with a reason.

use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::ruma::api::client::membership::leave_room;
use matrix_sdk::ruma::{OwnedRoomId, RoomId, UserId};
use matrix_sdk::{Room, RoomState};
use tokio::time::timeout;

use super::bot::Bot;
use super::trouble::{Trouble, again};
use super::upgrades;

/// How many times joining or declining is tried while the homeserver has trouble.
const TRIES: usize = 10;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(60);

/// How long an invitation waits for the encryption to be set up.
const SET_UP: Duration = Duration::from_secs(30);

/// How often, and how many times, is looked whether a room is expected before an invitation to it is declined.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS: usize = 10;

/// What is told to whoever may not invite.
const REASON: &str = "This Byline accepts invitations only from people whom its operator allows.";

/// Looks at the invitations that came while we did not listen.
pub fn waiting(bot: &Arc<Bot>) {
    for room in bot.client.invited_rooms() {
        invited(bot, room.room_id());
    }
}

/// Accepts or declines an invitation.
pub fn invited(bot: &Arc<Bot>, room: &RoomId) {
    let (bot, room, work) = (Arc::clone(bot), room.to_owned(), bot.busy.begin());
    tokio::spawn(async move {
        // Who finds us in a room and no keys of ours encrypts without us.
        let mut set_up = bot.set_up.subscribe();
        let _ = timeout(SET_UP, set_up.wait_for(|set_up| *set_up)).await;
        decide(&bot, room).await;
        drop(work);
    });
}

async fn decide(bot: &Bot, id: OwnedRoomId) {
    let Some(room) = bot.client.get_room(&id).filter(|room| room.state() == RoomState::Invited) else { return };
    let inviter = match room.invite_details().await {
        Ok(invite) => invite.inviter_id.to_string(),
        Err(error) => return tracing::warn!(room = %id, %error, "who invites is not known"),
    };
    let allowed = bot.settings.invites.holds(&inviter) || bot.settings.managers.holds(&inviter);
    let mut expected = upgrades::expected_from(bot, &id).await;
    // Of several upgrades that came while we were away, all but the first are learned of one after the other.
    for _ in 0..LOOKS {
        if allowed || !expected.is_empty() {
            break;
        }
        let mut stopped = bot.stopped.clone();
        if timeout(LOOK, stopped.wait_for(|stopped| *stopped)).await.is_ok() {
            // It is looked at again at the next start.
            return;
        }
        expected = upgrades::expected_from(bot, &id).await;
    }
    if allowed || !expected.is_empty() {
        tracing::info!(room = %id, inviter, "an invitation is accepted");
        // Who invites us to verify us has asked for that before we joined: the SDK drops requests of devices that it never heard of.
        if let Ok(person) = UserId::parse(&inviter) {
            let _ = timeout(SET_UP, bot.client.encryption().request_user_identity(&person)).await;
        }
        let room = &room;
        let join = move || async move { room.join().await.map_err(|error| Trouble::of(&error)) };
        let joined = again(TRIES, LONGEST, join).await;
        let is_in = joined.is_ok();
        told("accepted", &id, joined);
        if is_in && !expected.is_empty() {
            // What it did not learn is asked again by whoever deals with our joining.
            let _ = upgrades::arrived(bot, &id, &expected, allowed).await;
        }
    } else {
        tracing::info!(room = %id, inviter, "an invitation is declined: the inviter is not allowed to invite");
        told("declined", &id, again(TRIES, LONGEST, || decline(bot, &room)).await);
    }
}

async fn decline(bot: &Bot, room: &Room) -> Result<(), Trouble> {
    let mut request = leave_room::v3::Request::new(room.room_id().to_owned());
    request.reason = Some(REASON.to_owned());
    bot.client.send(request).await.map_err(|error| Trouble::of_http(&error))?;
    Ok(())
}

fn told(what: &str, room: &RoomId, done: Result<(), Trouble>) {
    if let Err(trouble) = done {
        tracing::warn!(%room, "an invitation could not be {what}: {trouble}");
    }
}
