//! Rooms that come to an end: upgraded ones are followed, empty ones left, and those that removed us are forgotten after a time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::ruma::api::client::state::get_state_event_for_key;
use matrix_sdk::ruma::api::client::state::get_state_event_for_key::v3::StateEventFormat;
use matrix_sdk::ruma::events::StateEventType;
use matrix_sdk::ruma::{OwnedRoomId, RoomId, RoomOrAliasId, UserId};
use matrix_sdk::{Room, RoomMemberships, RoomState};
use serde_json::{Value, json};

use super::bot::Bot;
use super::messages::INTRODUCED;
use super::place::NETWORK;
use super::rooms::{Dealt, given_up};
use super::trouble::{Trouble, again};
use crate::library::store::{Moved, Scope, StoreError};

/// The setting of a room that removed Byline, or was left: since when.
const LEFT: &str = "left";

/// The setting of a room that was upgraded: in which room it goes on.
const SUCCESSOR: &str = "successor";

/// The most rooms that are followed one after the other.
const MOST_UPGRADES: usize = 16;

/// How many times it is tried to join a room that another goes on in, and to look what it says of itself.
const TRIES: usize = 8;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(60);

/// How often what is old is deleted.
pub const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

/// Follows a room into the one that it goes on in, and on from there where that was upgraded too; its settings and schedules go
/// along. `sender` upgraded it.
///
/// Who may end a room may name any other as the one that it goes on in. So nothing goes along unless the other says that it goes on
/// from this one.
pub async fn follow(bot: &Bot, room: &Room, sender: &str, to: &str) -> Dealt {
    let Ok(to) = RoomId::parse(to) else { return Some(Vec::new()) };
    match follow_on(bot, room.room_id().to_owned(), Successor { to, sender: sender.to_owned() }).await {
        Ok(()) => Some(Vec::new()),
        Err(trouble) => given_up(&trouble),
    }
}

/// In which room another goes on, and who says so.
struct Successor {
    to: OwnedRoomId,
    sender: String,
}

async fn follow_on(bot: &Bot, mut from: OwnedRoomId, mut next: Successor) -> Result<(), Trouble> {
    // A room may lie about where it goes on, and so may the next: not without end.
    for _ in 0..MOST_UPGRADES {
        let Successor { to, sender } = next;
        if to == from || !step(bot, &from, &to, &sender).await? {
            return Ok(());
        }
        match successor(bot, &to).await? {
            Some(successor) => next = successor,
            None => return Ok(()),
        }
        from = to;
    }
    tracing::warn!(room = %from, "a room was upgraded again and again: it is followed no further");
    Ok(())
}

/// Follows a room into the next. Whether we are there, and it is the next.
async fn step(bot: &Bot, from: &RoomId, to: &RoomId, sender: &str) -> Result<bool, Trouble> {
    // Noted first: where the new room has to be joined by invitation, that one is expected.
    {
        let _alone = bot.moving.lock().await;
        if let Err(error) = note(bot, from.as_str(), SUCCESSOR, to.as_str()).await {
            tracing::warn!(%error, "where a room goes on could not be noted");
        }
    }
    let was_in = bot.joined(to.as_str()).is_some();
    if !was_in && let Err(trouble) = join(bot, to, sender).await {
        tracing::warn!(room = %from, successor = %to, "an upgraded room can't be followed without an invitation: {trouble}");
        return Err(trouble);
    }
    arrived(bot, to, &[from.to_string()], was_in).await
}

async fn join(bot: &Bot, to: &RoomId, sender: &str) -> Result<(), Trouble> {
    let via = UserId::parse(sender).map(|sender| vec![sender.server_name().to_owned()]).unwrap_or_default();
    let via = &via;
    let join = move || async move {
        let joined = bot.client.join_room_by_id_or_alias(<&RoomOrAliasId>::from(to), via).await;
        joined.map(drop).map_err(|error| Trouble::of(&error))
    };
    again(TRIES, LONGEST, join).await
}

/// The rooms that say that they go on in this one.
pub async fn expected_from(bot: &Bot, to: &RoomId) -> Vec<String> {
    match bot.store.communities_with(NETWORK, SUCCESSOR).await {
        Ok(successors) => {
            successors.into_iter().filter(|(_, named)| named == to.as_str()).map(|(from, _)| from).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "whether another room goes on in this one is not known");
            Vec::new()
        }
    }
}

/// We are in a room of which these say that they go on in it: what was kept of them goes along where it says so too. Whether it does. A
/// room that does not, and in which we are for that alone, is left again: without `stays`.
///
/// # Errors
/// [`Trouble`]: whether it goes on from them is not known.
pub async fn arrived(bot: &Bot, to: &RoomId, expected_from: &[String], stays: bool) -> Result<bool, Trouble> {
    let says_so = take_along(bot, to, expected_from).await;
    match &says_so {
        Ok(true) => {}
        Ok(false) => {
            tracing::warn!(room = %to, "a room does not say that it goes on from those that say so: nothing of them goes along");
            if !stays && let Some(room) = bot.client.get_room(to) {
                // Before it is forgotten who said so: until then nothing is said there.
                let left = again(TRIES, LONGEST, || async { room.leave().await.map_err(|error| Trouble::of(&error)) });
                if let Err(trouble) = left.await {
                    tracing::warn!(room = %to, "a room can't be left: {trouble}");
                }
            }
            for from in expected_from {
                forget(bot, from, SUCCESSOR).await;
            }
        }
        Err(trouble) => tracing::warn!(room = %to, "from which room one goes on is not known: {trouble}"),
    }
    says_so
}

/// Takes along what was kept of the room that this one goes on from, if that is among these. Whether it is.
async fn take_along(bot: &Bot, to: &RoomId, expected_from: &[String]) -> Result<bool, Trouble> {
    let Some(from) = predecessor(bot, to).await?.filter(|from| expected_from.contains(from)) else { return Ok(false) };
    moved(bot, &from, to.as_str()).await;
    Ok(true)
}

/// From which room another goes on, as its first event says. The homeserver is asked: what the SDK knows of a room that we were invited
/// to, it has from who invites us.
async fn predecessor(bot: &Bot, room: &RoomId) -> Result<Option<String>, Trouble> {
    let made = state(bot, room, StateEventType::RoomCreate).await?;
    Ok(made["content"]["predecessor"]["room_id"].as_str().map(str::to_owned))
}

/// In which room one goes on that we are in, where it does. The homeserver is asked: of what was said before we came it tells nothing
/// by itself.
async fn successor(bot: &Bot, room: &RoomId) -> Result<Option<Successor>, Trouble> {
    let ended = match state(bot, room, StateEventType::RoomTombstone).await {
        // It is not there.
        Err(Trouble::Forbidden { .. }) => return Ok(None),
        ended => ended?,
    };
    let to = ended["content"]["replacement_room"].as_str().and_then(|to| RoomId::parse(to).ok());
    let sender = ended["sender"].as_str().unwrap_or_default().to_owned();
    Ok(to.map(|to| Successor { to, sender }))
}

/// An event of a room's state, as the homeserver has it.
async fn state(bot: &Bot, room: &RoomId, kind: StateEventType) -> Result<Value, Trouble> {
    let ask = || async {
        let mut request = get_state_event_for_key::v3::Request::new(room.to_owned(), kind.clone(), String::new());
        request.format = StateEventFormat::Event;
        bot.client.send(request).await.map_err(|error| Trouble::of_http(&error))
    };
    let event = again(TRIES, LONGEST, ask).await?;
    let event: Value = serde_json::from_str(event.event_or_content.get()).unwrap_or_default();
    // Some homeservers know one form of the answer only, and give the content whatever is asked for.
    Ok(if event["content"].is_object() { event } else { json!({ "content": event }) })
}

/// Takes everything that was kept of a room to the one that it goes on in, unless that has something of its own.
async fn moved(bot: &Bot, from: &str, to: &str) {
    // A room may be followed by several at once: whoever comes second finds nothing left to do.
    let _alone = bot.moving.lock().await;
    // It may be upgraded itself by now.
    let next = match bot.store.known_community(NETWORK, to).await {
        Ok(Some(there)) => bot.store.setting(Scope::community(there.id), SUCCESSOR).await.ok().flatten(),
        _ => None,
    };
    match bot.store.move_community(NETWORK, from, to, &[LEFT, SUCCESSOR, INTRODUCED]).await {
        Ok(Moved::Wholly) => {
            tracing::info!(room = from, successor = to, "an upgraded room was followed");
            back(bot, to).await;
            match next {
                Some(next) => {
                    if let Err(error) = note(bot, to, SUCCESSOR, &next).await {
                        tracing::warn!(%error, "where a room goes on could not be noted");
                    }
                }
                None => forget(bot, to, SUCCESSOR).await,
            }
        }
        Ok(Moved::Nothing) => forget(bot, from, SUCCESSOR).await,
        Ok(Moved::Taken) => {
            tracing::warn!(
                room = from,
                successor = to,
                "an upgraded room goes on in one that has settings of its own: they stay"
            );
            forget(bot, from, SUCCESSOR).await;
        }
        Err(error) => tracing::error!(%error, room = from, "the settings of an upgraded room stay with the old one"),
    }
    bot.forget_prefix(from);
    bot.forget_prefix(to);
}

async fn note(bot: &Bot, room: &str, name: &str, value: &str) -> Result<(), StoreError> {
    let community = bot.store.community(NETWORK, room).await?;
    bot.store.set(Scope::community(community.id), name, Some(value)).await
}

/// Takes a note about a room back, if there is one.
async fn forget(bot: &Bot, room: &str, name: &str) {
    let forgotten = async {
        let Some(community) = bot.store.known_community(NETWORK, room).await? else { return Ok(()) };
        bot.store.set(Scope::community(community.id), name, None).await
    };
    if let Err(error) = forgotten.await {
        let error: StoreError = error;
        tracing::warn!(%error, room, "a note about a room could not be taken back");
    }
}

/// Goes on with what rested while we were not in a room: the feeds that only it reads.
async fn back(bot: &Bot, room: &str) {
    if let Err(error) = bot.store.community_back(NETWORK, room).await {
        tracing::warn!(%error, room, "the feeds of a room that is back rest on");
    }
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

/// We are in a room, again. Whether it is one of several that go on in each other: then its people know us.
///
/// # Errors
/// [`Trouble`]: whether it goes on from another, or in one, is not known.
pub async fn entered(bot: &Bot, room: &Room) -> Result<bool, Trouble> {
    let id = room.room_id();
    forget(bot, id.as_str(), LEFT).await;
    back(bot, id.as_str()).await;
    let expected_from = expected_from(bot, id).await;
    // Whoever joined it looks too, and leaves it if need be; here nothing is asked of it before its settings are there.
    if !expected_from.is_empty() && !take_along(bot, id, &expected_from).await? {
        return Ok(true);
    }
    // It may have been upgraded itself before we came.
    let Some(next) = successor(bot, id).await? else { return Ok(!expected_from.is_empty()) };
    follow_on(bot, id.to_owned(), next).await?;
    Ok(true)
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
