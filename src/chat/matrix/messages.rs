//! Questions: answered, answered anew when they are changed, and the answer taken back when they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::TimelineEventKind;
use matrix_sdk::ruma::api::client::receipt::create_receipt::v3::ReceiptType;
use matrix_sdk::ruma::events::receipt::ReceiptThread;
use matrix_sdk::ruma::{EventId, UserId};
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::address::{self, Asked, Here};
use super::answer::{self, Shown, in_place_of, in_reply, transaction};
use super::bot::Bot;
use super::events::{self, Event, Message};
use super::place::{self, NETWORK, answers_at, manages};
use super::trouble::Trouble;
use super::{reactions, send};
use crate::chat::keeper::text_hash;
use crate::chat::kept::Kept;
use crate::chat::{checks, going_on, wrong};
use crate::library::store::{Answered, Scope, Step};
use crate::reply::Checked;
use crate::router::{self, COMMAND_MARK, Place};

/// A question as a command. Without options it may go on from the last answer, as one in plain words may.
const ASK: &str = "/ask ";

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how long a typing notice is shown.
const TYPING_AFTER: Duration = Duration::from_millis(500);

/// How long a key may take to come from the backup.
const FROM_BACKUP: Duration = Duration::from_secs(10);

/// For how long talk goes on after an answer where it is not a reply to it.
const TALK: SignedDuration = SignedDuration::from_hours(1);

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

/// Answers a question.
pub async fn question(
    bot: &Arc<Bot>,
    room: &Room,
    event: &Event,
    message: &Message,
    asks: Asked,
    again: bool,
    received: Instant,
) -> Vec<Step> {
    if again && matches!(bot.store.answered(&bot.owner, &event.id).await, Ok(Some(_))) {
        return Vec::new();
    }
    if is_loop(bot, room, event, message).await {
        return Vec::new();
    }
    mark_read(room, &event.id);
    let place = answers_at(room.room_id().as_str(), message.thread.as_deref());
    let asker = Asker { person: &event.sender, answers_at: place, transaction: transaction("answer", &event.id) };
    if !asker.may_ask(bot, room, &event.id, message).await {
        return Vec::new();
    }
    let made = asker.make(bot, room, message, asks).await;
    let content = in_reply(made.content, &event.id, message.thread.as_deref());
    note_share(received);
    match send::message(room, &content, &asker.transaction).await {
        Ok(answer) => {
            if made.turns {
                reactions::offer(room, &answer);
            }
            vec![asker.answered(&event.id, answer.as_str(), made.pages)]
        }
        Err(trouble) => {
            untold(room, &trouble);
            Vec::new()
        }
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
) -> Vec<Step> {
    bot.scribe.written().await;
    let before = match bot.store.answered(&bot.owner, of).await {
        Ok(before) => before,
        Err(error) => {
            tracing::warn!(%error, "whether a question was answered is not known");
            return Vec::new();
        }
    };
    let Some(before) = before else {
        // What was no question before may be one now.
        let Some(asks) = asked(bot, room, message).await else { return Vec::new() };
        let event = Event { id: of.to_owned(), ..event.clone() };
        return question(bot, room, &event, message, asks, false, received).await;
    };
    if before.person != event.sender {
        return Vec::new();
    }
    let asker = Asker {
        person: &event.sender,
        answers_at: answers_at(room.room_id().as_str(), message.thread.as_deref()),
        transaction: transaction("edit", &event.id),
    };
    if !asker.may_ask(bot, room, of, message).await {
        return Vec::new();
    }
    let prefix = bot.prefix(room.room_id().as_str()).await;
    let name = bot.name(room).await;
    let here =
        Here { me: &bot.me, name: name.as_deref(), prefix: &prefix, aliases: &bot.settings.aliases, direct: true };
    let made = asker.make(bot, room, message, address::asked_of_us(message, &here)).await;
    note_share(received);
    let sent = send::message(room, &in_place_of(made.content, &before.answer), &asker.transaction).await;
    match sent {
        Ok(_) => {
            if let (true, Ok(answer)) = (made.turns, EventId::parse(&before.answer)) {
                reactions::offer(room, &answer);
            }
            vec![asker.answered(of, &before.answer, made.pages)]
        }
        Err(trouble) => {
            untold(room, &trouble);
            Vec::new()
        }
    }
}

/// Takes the answer back to a question that was.
pub async fn taken_back(bot: &Bot, room: &Room, event: &Event, of: &str) -> Vec<Step> {
    bot.scribe.written().await;
    let Ok(Some(before)) = bot.store.answered(&bot.owner, of).await else { return Vec::new() };
    let Ok(answer) = EventId::parse(&before.answer) else { return Vec::new() };
    if let Err(trouble) = send::redaction(room, &answer, &transaction("redaction", &event.id)).await {
        tracing::warn!(room = %room.room_id(), "an answer could not be taken back: {trouble}");
    }
    vec![Step::TakenBack { question: of.to_owned() }]
}

/// Introduces Byline to a room, once in its life.
pub async fn introduce(bot: &Bot, room: &Room) {
    const INTRODUCED: &str = "introduced";
    let id = room.room_id().as_str();
    let before = room.predecessor_room().and_then(|before| room.client().get_room(&before.room_id));
    if before.is_some() {
        // The people are those of the room that was upgraded.
        return;
    }
    let known = async {
        let community = bot.store.community(NETWORK, id).await?;
        let scope = Scope::community(community.id);
        let before = bot.store.setting(scope, INTRODUCED).await?;
        Ok::<_, crate::library::store::StoreError>((scope, before.is_some()))
    };
    let scope = match known.await {
        Ok((_, true)) => return,
        Ok((scope, false)) => scope,
        Err(error) => return tracing::warn!(%error, "whether Byline was introduced to a room is not known"),
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
    match send::message(room, &answer::line(&words), &transaction("introduction", id)).await {
        Ok(_) => {
            if let Err(error) = bot.store.set(scope, INTRODUCED, Some(&Timestamp::now().to_string())).await {
                tracing::warn!(%error, "that Byline was introduced could not be noted");
            }
        }
        Err(trouble) => tracing::warn!(room = id, "Byline could not introduce itself: {trouble}"),
    }
}

/// Who asks, and under which transaction they are answered.
struct Asker<'a> {
    person: &'a str,
    answers_at: String,
    transaction: String,
}

/// An answer that was made.
struct Made {
    content: Value,
    /// The key of its pages, where they are kept.
    pages: Option<String>,
    turns: bool,
}

impl Asker<'_> {
    /// Counts the request; tells the person, once, when that was too much.
    async fn may_ask(&self, bot: &Bot, room: &Room, question: &str, message: &Message) -> bool {
        let (person, here) = (self.person.to_owned(), room.room_id().to_string());
        let Err(too_much) = bot.limits.take(person, Some(here), Instant::now()) else { return true };
        if !too_much.told {
            let told = in_reply(answer::line(&too_much.kind_word()), question, message.thread.as_deref());
            if let Err(trouble) = send::message(room, &told, &self.transaction).await {
                untold(room, &trouble);
            }
        }
        false
    }

    async fn make(&self, bot: &Arc<Bot>, room: &Room, message: &Message, asks: Asked) -> Made {
        let typing = tokio::spawn({
            let room = room.clone();
            async move {
                sleep(TYPING_AFTER).await;
                // Only a courtesy: that it fails matters to nobody.
                let _ = room.typing_notice(true).await;
            }
        });
        let work = tokio::spawn({
            let (bot, room, message) = (Arc::clone(bot), room.clone(), message.clone());
            let (person, answers_at) = (self.person.to_owned(), self.answers_at.clone());
            async move { timeout(PATIENCE, find(&bot, &room, &person, &answers_at, &message, asks)).await }
        });
        let made = match work.await {
            Ok(Ok(made)) => made,
            Ok(Err(_)) => said("That took too long, and I stopped looking. Try again, or ask for less at once."),
            Err(_) => said("Something went wrong on my side, and there is no answer. Byline's log says why."),
        };
        if typing.is_finished() {
            tokio::spawn({
                let room = room.clone();
                async move { room.typing_notice(false).await }
            });
        } else {
            typing.abort();
        }
        made
    }

    fn answered(&self, question: &str, answer: &str, pages: Option<String>) -> Step {
        Step::Answered(Answered {
            question: question.to_owned(),
            place: self.answers_at.clone(),
            person: self.person.to_owned(),
            answer: answer.to_owned(),
            pages,
            page: 0,
            at: Timestamp::now(),
        })
    }
}

fn said(words: &str) -> Made {
    Made { content: answer::line(words), pages: None, turns: false }
}

/// Finds the answer to what is asked.
async fn find(bot: &Bot, room: &Room, person: &str, answers_at: &str, message: &Message, asks: Asked) -> Made {
    let id = room.room_id().as_str();
    // Only commands may need a manager.
    let is_command = matches!(&asks, Asked::Text(text) if text.starts_with(COMMAND_MARK));
    let manager = match UserId::parse(person) {
        Ok(person) if is_command => manages(room, &person, &bot.settings.managers).await,
        _ => false,
    };
    let place = place::place(id, manager);
    let (reply, command, text) = match asks {
        Asked::CheckThat => {
            let Some(words) = replied_to(room, message).await else {
                return said("I can't read the message that you reply to.");
            };
            let Some(reply) = checks::check(&bot.router, &place, &words).await else {
                return said("That message has no text that I can read.");
            };
            (reply, "check", words)
        }
        Asked::Text(text) => {
            let before = last_answer(bot, room, answers_at, message).await;
            let question = text.strip_prefix(ASK).filter(|question| !question.contains("--"));
            let words = match question {
                Some(question) if going_on::leans_on(question, before.as_ref()) => question,
                _ => &text,
            };
            let corrected = match message.reply_to.as_deref() {
                Some(replied) => correct_that(bot, &place, replied, words).await,
                None => None,
            };
            let reply = match corrected {
                Some(reply) => reply,
                None if words.starts_with(COMMAND_MARK) => bot.router.answer_text(&place, words).await,
                None => going_on::answer(&bot.router, &place, words, before.as_ref()).await,
            };
            if text.starts_with("/settings") {
                bot.forget_prefix(id);
            }
            let command = router::understand(&text).map_or("ask", |(spec, _)| spec.name);
            (reply, command, text)
        }
    };
    let kept = keep(bot, &place, &reply, (command, &text_hash(&text)), answers_at).await;
    let turns = kept.as_ref().is_some_and(|(_, kept)| kept.pages() > 1);
    let prefix = bot.prefix(id).await;
    let content = Shown { reply: &reply, page: 0, prefix: &prefix, turns }.content();
    Made { content, pages: kept.map(|(key, _)| key), turns }
}

async fn keep(
    bot: &Bot,
    place: &Place,
    reply: &Checked,
    asked: (&str, &str),
    answers_at: &str,
) -> Option<(String, Kept)> {
    let desk = bot.router.desk(place).await.ok()?;
    bot.keeper.keep(reply, desk.library(), asked, answers_at.to_owned(), Duration::ZERO).await
}

/// The words of the message that a message replies to.
async fn replied_to(room: &Room, message: &Message) -> Option<String> {
    let id = EventId::parse(message.reply_to.as_deref()?).ok()?;
    let mut event = room.event(&id, None).await.ok()?;
    if let TimelineEventKind::UnableToDecrypt { utd_info, .. } = &event.kind
        && let Some(session) = utd_info.session_id.clone()
    {
        // From a time before this disk: the backup may have its key.
        let backups = room.client().encryption().backups();
        if timeout(FROM_BACKUP, backups.download_room_key(room.room_id(), &session)).await.ok()?.is_ok() {
            event = room.event(&id, None).await.ok()?;
        }
    }
    let json: Value = serde_json::from_str(event.raw().json().get()).ok()?;
    // The words as they are now, where the message was changed since.
    let latest = &json["unsigned"]["m.relations"]["m.replace"]["content"]["m.new_content"]["body"];
    let body = latest.as_str().or_else(|| json["content"]["body"].as_str())?;
    Some(body.to_owned())
}

/// `!byline correct NAME` in reply to an answer of ours: whose the words are that it quotes. Nothing for anything else.
async fn correct_that(bot: &Bot, place: &Place, replied: &str, text: &str) -> Option<Checked> {
    wrong::name_in(text, &[])?;
    bot.scribe.written().await;
    let answered = bot.store.answered_by(&bot.owner, replied).await.ok()??;
    let kept = Kept::from_json(&bot.keeper.pages(&answered.pages?).await.ok()??).ok()?;
    let page = usize::try_from(answered.page).unwrap_or(0);
    wrong::answer(&bot.router, place, text, (&kept, page), &bot.store).await
}

/// The answer that a message goes on from: the one that it replies to, or the last in its thread or between two.
async fn last_answer(bot: &Bot, room: &Room, answers_at: &str, message: &Message) -> Option<Kept> {
    let stored = if let Some(replied) = &message.reply_to {
        bot.scribe.written().await;
        let answered = bot.store.answered_by(&bot.owner, replied).await.ok()??;
        bot.keeper.pages(&answered.pages?).await
    } else if message.thread.is_some() || bot.is_direct(room).await {
        let since = Timestamp::now().checked_sub(TALK).unwrap_or(Timestamp::UNIX_EPOCH);
        bot.keeper.last(answers_at, since).await
    } else {
        return None;
    };
    match stored {
        Ok(json) => Kept::from_json(&json?).ok(),
        Err(error) => {
            tracing::warn!(%error, "the last answer is not known");
            None
        }
    }
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

fn untold(room: &Room, trouble: &Trouble) {
    tracing::warn!(room = %room.room_id(), "an answer could not be sent: {trouble}");
}

/// An event read as it stands in a room.
#[must_use]
pub fn read(bot: &Bot, json: &str) -> Option<Event> {
    events::read(json, &bot.me, std::time::SystemTime::now())
}
