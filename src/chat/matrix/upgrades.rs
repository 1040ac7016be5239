//! Rooms that come to an end: upgraded ones are followed, empty ones left, and those that removed us are forgotten after a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::ruma::{RoomId, RoomOrAliasId, UserId};
use matrix_sdk::{Room, RoomMemberships, RoomState};
use tokio::time::sleep;

use super::bot::Bot;
use super::place::NETWORK;
use super::trouble::{Patience, Trouble};
use crate::library::store::{Scope, StoreError};

/// The setting of a room that removed Byline, or was left: since when.
const LEFT: &str = "left";

/// The setting of a room that was upgraded: in which room it goes on.
const SUCCESSOR: &str = "successor";

/// How many times it is tried to join a room that another goes on in.
const TRIES: usize = 8;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(60);

/// How often what is old is deleted.
pub const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

/// Follows a room into the one that it goes on in; its settings and schedules go along. `sender` upgraded it.
pub async fn follow(bot: &Bot, room: &Room, sender: &str, to: &str) {
    let Ok(to) = RoomId::parse(to) else { return };
    let from = room.room_id();
    if to == from {
        return;
    }
    // Noted first: where the new room has to be joined by invitation, that one is expected.
    if let Err(error) = note(bot, from, SUCCESSOR, Some(to.as_str())).await {
        tracing::warn!(%error, "where a room goes on could not be noted");
    }
    if let Err(trouble) = join(bot, &to, sender).await {
        tracing::warn!(room = %from, successor = %to, "an upgraded room can't be followed without an invitation: {trouble}");
        return;
    }
    moved(bot, from, &to).await;
}

async fn join(bot: &Bot, to: &RoomId, sender: &str) -> Result<(), Trouble> {
    if bot.joined(to.as_str()).is_some() {
        return Ok(());
    }
    let via = UserId::parse(sender).map(|sender| vec![sender.server_name().to_owned()]).unwrap_or_default();
    let mut patience = Patience::up_to(LONGEST);
    let mut tries = 0;
    loop {
        match bot.client.join_room_by_id_or_alias(<&RoomOrAliasId>::from(to), &via).await {
            Ok(_) => return Ok(()),
            Err(error) => match Trouble::of(&error) {
                Trouble::Passing { after, .. } if tries < TRIES => {
                    tries += 1;
                    sleep(patience.wait(after)).await;
                }
                other => return Err(other),
            },
        }
    }
}

/// Takes everything that was kept of a room to the one that it goes on in.
async fn moved(bot: &Bot, from: &RoomId, to: &RoomId) {
    match bot.store.move_community(NETWORK, from.as_str(), to.as_str()).await {
        Ok(_) => {
            tracing::info!(room = %from, successor = %to, "an upgraded room was followed");
            if let Err(error) = note(bot, to, SUCCESSOR, None).await {
                tracing::warn!(%error, "that a room was followed could not be noted");
            }
            bot.forget_prefix(from.as_str());
            bot.forget_prefix(to.as_str());
        }
        Err(error) => tracing::error!(%error, room = %from, "the settings of an upgraded room stay with the old one"),
    }
}

async fn note(bot: &Bot, room: &RoomId, name: &str, value: Option<&str>) -> Result<(), StoreError> {
    let community = bot.store.community(NETWORK, room.as_str()).await?;
    bot.store.set(Scope::community(community.id), name, value).await
}

/// Whether a room that we are invited to is one that a room of ours goes on in; then that one's settings go along.
pub async fn is_expected(bot: &Bot, invited: &Room) -> bool {
    let Ok(successors) = bot.store.communities_with(NETWORK, SUCCESSOR).await else { return false };
    let from = successors.into_iter().find(|(_, successor)| successor == invited.room_id().as_str());
    let Some((from, _)) = from else { return false };
    if let Ok(from) = RoomId::parse(&from) {
        moved(bot, &from, invited.room_id()).await;
    }
    true
}

/// Leaves a room in which nobody else is, or is invited to be.
pub fn look_whether_empty(bot: &Bot, room: &Room) {
    // None at all: how many there are was not told.
    if room.state() != RoomState::Joined || room.active_members_count() != 1 {
        return;
    }
    let (room, work) = (room.clone(), bot.busy.begin());
    tokio::spawn(async move {
        // The count may be of a store that was made anew, which was not told of everybody.
        match room.members(RoomMemberships::ACTIVE).await {
            Ok(members) if members.len() <= 1 => {}
            Ok(_) => return,
            Err(error) => {
                return tracing::warn!(room = %room.room_id(), "who is in a room is not known: {}", Trouble::of(&error));
            }
        }
        match room.leave().await {
            Ok(()) => tracing::info!(room = %room.room_id(), "an empty room was left"),
            Err(error) => {
                tracing::warn!(room = %room.room_id(), "an empty room can't be left: {}", Trouble::of(&error))
            }
        }
        drop(work);
    });
}

/// Notes that we are no longer in a room: what was to be posted there is given up.
pub fn left(bot: &Arc<Bot>, room: &RoomId) {
    let (bot, room) = (Arc::clone(bot), room.to_owned());
    tokio::spawn(async move {
        let noted = async {
            let Some(community) = bot.store.known_community(NETWORK, room.as_str()).await? else { return Ok(()) };
            bot.store.community_gone(NETWORK, room.as_str(), "Byline is no longer in the room").await?;
            let scope = Scope::community(community.id);
            bot.store.set(scope, LEFT, Some(&Timestamp::now().to_string())).await
        };
        if let Err(error) = noted.await {
            let error: StoreError = error;
            tracing::warn!(%error, "that a room was left could not be noted");
        }
    });
}

/// Notes that we are in a room, again.
pub async fn entered(bot: &Bot, room: &Room) {
    let noted = async {
        let Some(community) = bot.store.known_community(NETWORK, room.room_id().as_str()).await? else { return Ok(()) };
        bot.store.community_back(NETWORK, room.room_id().as_str()).await?;
        bot.store.set(Scope::community(community.id), LEFT, None).await
    };
    if let Err(error) = noted.await {
        let error: StoreError = error;
        tracing::warn!(%error, "that a room was joined could not be noted");
    }
}

/// Deletes what is old: answers whose pages no longer turn, and what was kept of rooms that were left long ago.
pub async fn tidy(bot: &Bot) {
    let now = Timestamp::now();
    let before = |time: Duration| {
        let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        now.checked_sub(time).unwrap_or(Timestamp::UNIX_EPOCH)
    };
    let tidied = async {
        let answers = bot.store.forget_answers(NETWORK, before(bot.settings.buttons)).await?;
        bot.store.forget_answered(before(bot.settings.buttons)).await?;
        let mut rooms = 0;
        for (name, since) in bot.store.communities_with(NETWORK, LEFT).await? {
            if since.parse::<Timestamp>().is_ok_and(|since| since < before(bot.settings.forget)) {
                rooms += u32::from(bot.store.forget_community(NETWORK, &name).await?);
            }
        }
        Ok::<_, StoreError>((answers, rooms))
    };
    match tidied.await {
        Ok((0, 0)) => {}
        Ok((answers, rooms)) => tracing::info!(answers, rooms, "old data was deleted"),
        Err(error) => tracing::warn!(%error, "old data could not be deleted"),
    }
}
