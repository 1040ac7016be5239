//! Questions: answered, answered anew when they are changed, and the answer taken back when they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::Room;
use matrix_sdk::ruma::EventId;
use matrix_sdk::ruma::api::client::receipt::create_receipt::v3::ReceiptType;
use matrix_sdk::ruma::events::receipt::ReceiptThread;
use serde_json::Value;
use tokio::sync::oneshot;

use super::address::{self, Asked, Here};
use super::answer::{self, in_place_of, in_reply, transaction};
use super::bot::Bot;
use super::events::{self, Event, Message, What};
use super::find::Asker;
use super::place::{NETWORK, answers_at};
use super::rooms::{Dealt, given_up};
use super::trouble::{Trouble, again};
use super::{reactions, send};
use crate::library::store::{Scope, Step};

/// How many times a message is asked for that somebody changes, and the longest wait between attempts.
const TRIES: usize = 10;
const LONGEST: Duration = Duration::from_secs(10);

/// What a message asks, if it is for us.
pub async fn asked(bot: &Bot, room: &Room, message: &Message) -> Option<Asked> {
    let direct = bot.is_direct(room).await;
    // Most messages of a busy room mention somebody else, or nobody: for those our name is not looked up.
    let mentioned = message.mentions.as_ref().is_none_or(|people| people.contains(&bot.me));
    let name = if direct || mentioned { bot.name(room).await } else { None };
    let prefix = bot.prefix(room.room_id().as_str()).await;
    let aliases = &bot.settings.aliases;
    address::asked(message, &Here { me: &bot.me, name: name.as_deref(), prefix: &prefix, aliases, direct })
}

/// Answers a question. `found` is dropped when the answer is found, and only its sending is left.
#[expect(clippy::too_many_arguments, reason = "all of them are the event's")]
pub async fn question(
    bot: &Arc<Bot>,
    room: &Room,
    event: &Event,
    message: &Message,
    asks: Asked,
    again: bool,
    received: Instant,
    found: oneshot::Sender<()>,
) -> Dealt {
    if again && matches!(bot.store.answered(&bot.owner, &event.id).await, Ok(Some(_))) {
        return Some(Vec::new());
    }
    if is_loop(bot, room, event, message).await {
        return Some(Vec::new());
    }
    mark_read(room, &event.id);
    let place = answers_at(room.room_id().as_str(), message.thread.as_deref());
    let asker = Asker { person: &event.sender, answers_at: place, transaction: transaction("answer", &event.id) };
    if !asker.may_ask(bot, room, &event.id, message).await {
        return Some(Vec::new());
    }
    let made = asker.make(bot, room, message, asks).await;
    drop(found);
    let content = in_reply(made.content, &event.id, message.thread.as_deref());
    note_share(received);
    match send::message(room, &content, &asker.transaction, again).await {
        Ok(answer) => {
            if made.turns {
                reactions::offer(room, &answer);
            }
            Some(vec![asker.answered(&event.id, answer.as_str(), made.pages)])
        }
        Err(trouble) => untold(room, &trouble),
    }
}

/// Whether a reply to an answer of ours is that of a program which replies to everything.
async fn is_loop(bot: &Bot, room: &Room, event: &Event, message: &Message) -> bool {
    let Some(replied) = &message.reply_to else { return false };
    bot.scribe.written().await;
    let Ok(Some(before)) = bot.store.answered_by(&bot.owner, replied).await else { return false };
    let asked = Timestamp::now().checked_sub(SignedDuration::try_from(event.age).unwrap_or_default());
    let after = asked.map(|asked| asked.duration_since(before.at)).unwrap_or_default();
    let after = Duration::try_from(after).unwrap_or_default();
    let is_loop = bot.loops.turns(room.room_id().as_str(), &event.sender, after, Instant::now());
    if is_loop {
        tracing::warn!(room = %room.room_id(), sender = event.sender, "replies come faster than anybody reads: they are left alone");
    }
    is_loop
}

/// Answers a question that was changed: its answer is changed.
pub async fn changed(
    bot: &Arc<Bot>,
    room: &Room,
    event: &Event,
    of: &str,
    message: &Message,
    received: Instant,
) -> Dealt {
    bot.scribe.written().await;
    let before = match bot.store.answered(&bot.owner, of).await {
        Ok(before) => before,
        Err(error) => {
            tracing::warn!(%error, "whether a question was answered is not known");
            return Some(Vec::new());
        }
    };
    let Some(before) = before else {
        // What was no question before may be one now.
        let Some(asks) = asked(bot, room, message).await else { return Some(Vec::new()) };
        match may_change(bot, room, of, &event.sender).await {
            Ok(true) => {}
            Ok(false) => return Some(Vec::new()),
            Err(trouble) => {
                tracing::warn!(room = %room.room_id(), "whose message was changed is not known: {trouble}");
                return given_up(&trouble);
            }
        }
        let event = Event { id: of.to_owned(), ..event.clone() };
        return question(bot, room, &event, message, asks, false, received, oneshot::channel().0).await;
    };
    if before.person != event.sender {
        return Some(Vec::new());
    }
    let asker = Asker {
        person: &event.sender,
        answers_at: answers_at(room.room_id().as_str(), message.thread.as_deref()),
        transaction: transaction("edit", &event.id),
    };
    if !asker.may_ask(bot, room, of, message).await {
        return Some(Vec::new());
    }
    let prefix = bot.prefix(room.room_id().as_str()).await;
    let name = bot.name(room).await;
    let here =
        Here { me: &bot.me, name: name.as_deref(), prefix: &prefix, aliases: &bot.settings.aliases, direct: true };
    let made = asker.make(bot, room, message, address::asked_of_us(message, &here)).await;
    note_share(received);
    let sent = send::message(room, &in_place_of(made.content, &before.answer), &asker.transaction, false).await;
    match sent {
        Ok(_) => {
            if let (true, Ok(answer)) = (made.turns, EventId::parse(&before.answer)) {
                reactions::offer(room, &answer);
            }
            Some(vec![asker.answered(of, &before.answer, made.pages)])
        }
        Err(trouble) => untold(room, &trouble),
    }
}

/// Whether a person may change a message: who wrote it may, while it is there. (Homeservers let everybody send edits of anything;
/// specification, "Validity of replacement events".)
async fn may_change(bot: &Bot, room: &Room, message: &str, person: &str) -> Result<bool, Trouble> {
    let Ok(id) = &EventId::parse(message) else { return Ok(false) };
    let ask = || async { room.event(id, None).await.map_err(|error| Trouble::of(&error)) };
    let told = match again(TRIES, LONGEST, ask).await {
        // It is in no room that we can see.
        Err(Trouble::Forbidden { .. }) => return Ok(false),
        told => told?,
    };
    let json = told.raw().json().get();
    if matches!(read(bot, json), Some(Event { what: What::Edit { .. }, .. })) {
        return Ok(false);
    }
    let message: Value = serde_json::from_str(json).unwrap_or_default();
    Ok(message["sender"] == person && message["unsigned"]["redacted_because"].is_null())
}

/// Whether an event asks something that was answered, or is being.
pub async fn may_be_answered(bot: &Bot, event: &str) -> bool {
    // What can't be looked up may be.
    bot.asked.holds(&event.to_owned()) || !matches!(bot.store.answered(&bot.owner, event).await, Ok(None))
}

/// Takes the answer back to a question that was.
pub async fn taken_back(bot: &Bot, room: &Room, event: &Event, of: &str) -> Dealt {
    bot.scribe.written().await;
    let Ok(Some(before)) = bot.store.answered(&bot.owner, of).await else { return Some(Vec::new()) };
    let Ok(answer) = EventId::parse(&before.answer) else { return Some(Vec::new()) };
    if let Err(trouble) = send::redaction(room, &answer, &transaction("redaction", &event.id)).await {
        tracing::warn!(room = %room.room_id(), "an answer could not be taken back: {trouble}");
        given_up(&trouble)?;
    }
    Some(vec![Step::TakenBack { question: of.to_owned() }])
}

/// The setting of a room to which Byline was introduced: when.
pub const INTRODUCED: &str = "introduced";

/// Introduces Byline to a room, once in its life.
pub async fn introduce(bot: &Bot, room: &Room) -> Dealt {
    let id = room.room_id().as_str();
    let before = room.predecessor_room().and_then(|before| room.client().get_room(&before.room_id));
    if before.is_some() {
        // The people are those of the room that was upgraded.
        return Some(Vec::new());
    }
    let known = async {
        let community = bot.store.community(NETWORK, id).await?;
        let scope = Scope::community(community.id);
        let before = bot.store.setting(scope, INTRODUCED).await?;
        Ok::<_, crate::library::store::StoreError>((scope, before.is_some()))
    };
    let scope = match known.await {
        Ok((_, true)) => return Some(Vec::new()),
        Ok((scope, false)) => scope,
        Err(error) => {
            tracing::warn!(%error, "whether Byline was introduced to a room is not known");
            return Some(Vec::new());
        }
    };
    let prefix = bot.prefix(id).await;
    let how = if bot.is_direct(room).await {
        "Ask me in plain words".to_owned()
    } else {
        format!("Mention me and ask in plain words, or write {prefix} ask …")
    };
    let words = format!(
        "I am Byline. I answer from news articles, in their own words, and say who said it. {how}; {prefix} help lists what else I do."
    );
    match send::message(room, &answer::line(&words), &transaction("introduction", id), false).await {
        Ok(_) => {
            if let Err(error) = bot.store.set(scope, INTRODUCED, Some(&Timestamp::now().to_string())).await {
                tracing::warn!(%error, "that Byline was introduced could not be noted");
            }
        }
        Err(trouble) => {
            tracing::warn!(room = id, "Byline could not introduce itself: {trouble}");
            return given_up(&trouble);
        }
    }
    Some(Vec::new())
}

/// Marks a message as read. Only a courtesy: nobody waits for it.
fn mark_read(room: &Room, event: &str) {
    let (room, Ok(event)) = (room.clone(), EventId::parse(event)) else { return };
    tokio::spawn(async move {
        let _ = room.send_single_receipt(ReceiptType::Read, ReceiptThread::Unthreaded, event).await;
    });
}

/// Notes how long it took from an event to its answer's request.
fn note_share(received: Instant) {
    tracing::info!(micros = received.elapsed().as_micros(), "an answer is sent to Matrix");
}

fn untold(room: &Room, trouble: &Trouble) -> Dealt {
    tracing::warn!(room = %room.room_id(), "an answer could not be sent: {trouble}");
    given_up(trouble)
}

/// An event read as it stands in a room.
#[must_use]
pub fn read(bot: &Bot, json: &str) -> Option<Event> {
    events::read(json, &bot.me, std::time::SystemTime::now())
}
