//! The answer to what is asked, found: who asks, what they may do, what they go on from, and how long it may take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::TimelineEventKind;
use matrix_sdk::ruma::{EventId, UserId};
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::address::Asked;
use super::answer::{self, Shown, in_reply};
use super::bot::Bot;
use super::events::Message;
use super::place::{self, manages};
use super::{files, send};
use crate::chat::keeper::text_hash;
use crate::chat::kept::{Kept, RestoreError};
use crate::chat::{checks, going_on, wrong};
use crate::library::store::{Answered, Step};
use crate::reply::Checked;
use crate::router::{self, COMMAND_MARK, Place, Progress};

/// A question as a command. Without options it may go on from the last answer, as one in plain words may.
const ASK: &str = "/ask ";

/// How long an answer may take that does not tell how far it is.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long it may take at all.
const AT_ALL: Duration = Duration::from_secs(10 * 60);

/// After how long a typing notice is shown.
const TYPING_AFTER: Duration = Duration::from_millis(500);

/// After how long it is shown again: the SDK lets it end after four seconds.
const TYPING_AGAIN: Duration = Duration::from_secs(3);

/// How long a key may take to come from the backup.
const FROM_BACKUP: Duration = Duration::from_secs(10);

/// For how long talk goes on after an answer where it is not a reply to it.
const TALK: SignedDuration = SignedDuration::from_hours(1);

/// Who asks, and under which transaction they are answered.
pub struct Asker<'a> {
    /// Who asks.
    pub person: &'a str,
    /// Where answers given there stand.
    pub answers_at: String,
    /// The transaction of the answer.
    pub transaction: String,
}

/// An answer that was made.
pub struct Made {
    /// The content of the event.
    pub content: Value,
    /// The key of its pages, where they are kept.
    pub pages: Option<String>,
    /// Whether they turn.
    pub turns: bool,
}

impl Asker<'_> {
    /// Counts the request; tells the person, once, when that was too much.
    pub async fn may_ask(&self, bot: &Bot, room: &Room, question: &str, message: &Message) -> bool {
        let (person, here) = (self.person.to_owned(), room.room_id().to_string());
        let Err(too_much) = bot.limits.take(person, Some(here), Instant::now()) else { return true };
        if !too_much.told {
            let told = in_reply(answer::line(&too_much.kind_word()), question, message.thread.as_deref());
            if let Err(trouble) = send::message(room, &told, &self.transaction, false).await {
                tracing::warn!(room = %room.room_id(), "that it was too much could not be told: {trouble}");
            }
        }
        false
    }

    /// Finds the answer, and shows meanwhile that somebody is at work.
    pub async fn make(&self, bot: &Arc<Bot>, room: &Room, message: &Message, asks: Asked) -> Made {
        let typing = Typing::begin(room);
        let work = tokio::spawn({
            let (bot, room, message) = (Arc::clone(bot), room.clone(), message.clone());
            let (person, answers_at) = (self.person.to_owned(), self.answers_at.clone());
            async move {
                let (progress, look) = Progress::new();
                patiently(find(&bot, &room, &person, &answers_at, &message, asks, progress), look).await
            }
        });
        let made = match work.await {
            Ok(Ok(made)) => made,
            Ok(Err(_)) => said("That took too long, and I stopped looking. Try again, or ask for less at once."),
            Err(_) => said("Something went wrong on my side, and there is no answer. Byline's log says why."),
        };
        typing.end(room);
        made
    }

    /// What is to be noted of an answer that was sent.
    pub fn answered(&self, question: &str, answer: &str, pages: Option<String>) -> Step {
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

/// Waits for work for as long as it goes on: until it has told nothing for a while.
async fn patiently(
    work: impl Future<Output = Made>,
    mut look: watch::Receiver<String>,
) -> Result<Made, tokio::time::error::Elapsed> {
    let goes_on = async {
        tokio::pin!(work);
        loop {
            tokio::select! {
                made = &mut work => return Ok(made),
                // An error: nobody tells any more, and it is done soon.
                told = timeout(PATIENCE, look.changed()) => if told?.is_err() {
                    return timeout(PATIENCE, work).await;
                },
            }
        }
    };
    timeout(AT_ALL, goes_on).await?
}

/// That somebody is at work is shown, again and again, once an answer takes a while.
struct Typing {
    begun: Instant,
    showing: tokio::task::JoinHandle<()>,
}

impl Typing {
    fn begin(room: &Room) -> Self {
        let room = room.clone();
        let showing = tokio::spawn(async move {
            sleep(TYPING_AFTER).await;
            loop {
                // Only a courtesy: that it fails matters to nobody.
                let _ = room.typing_notice(true).await;
                sleep(TYPING_AGAIN).await;
            }
        });
        Self { begun: Instant::now(), showing }
    }

    fn end(self, room: &Room) {
        self.showing.abort();
        if self.begun.elapsed() >= TYPING_AFTER {
            let room = room.clone();
            tokio::spawn(async move { room.typing_notice(false).await });
        }
    }
}

/// Finds the answer to what is asked.
async fn find(
    bot: &Bot,
    room: &Room,
    person: &str,
    answers_at: &str,
    message: &Message,
    asks: Asked,
    progress: Progress,
) -> Made {
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
                None if words.starts_with(COMMAND_MARK) => {
                    let file =
                        if router::takes_file(words) { files::of_command(bot, room, message).await } else { None };
                    bot.router.answer_text_with(&place, words, file, progress).await
                }
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

/// The event that a message replies to.
pub async fn replied_event(room: &Room, message: &Message) -> Option<Value> {
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
    serde_json::from_str(event.raw().json().get()).ok()
}

/// The words of the message that a message replies to.
async fn replied_to(room: &Room, message: &Message) -> Option<String> {
    let json = replied_event(room, message).await?;
    // The words as they are now, where the message was changed since.
    let latest = &json["unsigned"]["m.relations"]["m.replace"]["content"]["m.new_content"]["body"];
    let body = latest.as_str().or_else(|| json["content"]["body"].as_str())?;
    Some(body.to_owned())
}

/// `!byline correct NAME` in reply to an answer of ours: whose the words are that it quotes. Nothing for anything else.
async fn correct_that(bot: &Bot, place: &Place, replied: &str, text: &str) -> Option<Checked> {
    wrong::name_in(text, &[])?;
    bot.scribe.written().await;
    let kept = async {
        let Some(answered) = bot.store.answered_by(&bot.owner, replied).await? else { return Ok(None) };
        let Some(pages) = answered.pages else { return Ok(None) };
        let Some(json) = bot.keeper.pages(&pages).await? else { return Ok(None) };
        Ok::<_, RestoreError>(Some((Kept::from_json(&json)?, usize::try_from(answered.page).unwrap_or(0))))
    };
    match kept.await {
        Ok(kept) => {
            let (kept, page) = kept?;
            wrong::answer(&bot.router, place, text, (&kept, page), &bot.store).await
        }
        Err(error) => {
            tracing::warn!(%error, "the answer that is corrected is not known");
            None
        }
    }
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
