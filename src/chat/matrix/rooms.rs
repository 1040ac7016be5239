//! The work of each room: one event after the other, so that a question is answered before its edit is, and rooms don't wait
//! for each other. While an answer is sent, the next question of the room is looked at already: a homeserver that is slow holds up
//! nobody twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use matrix_sdk::Room;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::Asked;
use super::bot::Bot;
use super::events::{Event, What};
use super::trouble::Trouble;
use super::{messages, reactions, upgrades};
use crate::chat::busy::Work;
use crate::library::store::Step;

/// After how long without work a room's task ends.
const IDLE: Duration = Duration::from_secs(60);

/// The most events of a room that are under way at once.
const AT_ONCE: usize = 8;

/// How long the next question waits for the answer to the one before to be found: it may go on from it.
const SLOW: Duration = Duration::from_secs(5);

/// An event that is to be dealt with.
#[derive(Debug)]
pub struct Job {
    /// Where it stands.
    pub room: Room,
    /// The event.
    pub event: Event,
    /// What it asks, where it is a question.
    pub asks: Option<Asked>,
    /// Whether it may have been dealt with before: then that is looked up.
    pub again: bool,
    /// When it was received.
    pub received: Instant,
    /// Counted until it is done.
    pub work: Work,
}

/// What is to be noted of an event that was dealt with; nothing where the session ended meanwhile: the event is not done with, and
/// whoever logs in again deals with it.
pub type Dealt = Option<Vec<Step>>;

/// What becomes of an event after trouble that does not pass.
#[must_use]
pub fn given_up(trouble: &Trouble) -> Dealt {
    match trouble {
        Trouble::LoggedOut { .. } => None,
        _ => Some(Vec::new()),
    }
}

/// The tasks of the rooms that have something to do.
#[derive(Debug, Default)]
pub struct Workers {
    queues: Mutex<HashMap<String, UnboundedSender<Job>>>,
}

impl Workers {
    /// Gives a room something to do. How much that can be is bounded by the limits of rooms and persons.
    pub fn give(&self, bot: &Arc<Bot>, job: Job) {
        let room = job.room.room_id().to_string();
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let job = match queues.get(&room) {
            Some(queue) => match queue.send(job) {
                Ok(()) => return,
                // Its task is gone.
                Err(unsent) => unsent.0,
            },
            None => job,
        };
        let (queue, jobs) = mpsc::unbounded_channel();
        // The receiver is at hand.
        let _ = queue.send(job);
        queues.insert(room.clone(), queue);
        tokio::spawn(work(Arc::clone(bot), room, jobs));
    }

    /// Ends a room's task if nothing came meanwhile.
    fn end(&self, room: &str, jobs: &UnboundedReceiver<Job>) -> bool {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if !jobs.is_empty() {
            return false;
        }
        queues.remove(room);
        true
    }
}

async fn work(bot: Arc<Bot>, room: String, mut jobs: UnboundedReceiver<Job>) {
    let mut under_way = JoinSet::new();
    loop {
        match timeout(IDLE, jobs.recv()).await {
            Ok(Some(job)) => {
                let most = if stands_alone(&job.event.what) { AT_ONCE - 1 } else { 0 };
                while under_way.len() > most {
                    under_way.join_next().await;
                }
                let (found, is_found) = oneshot::channel();
                under_way.spawn(deal_with_and_note(Arc::clone(&bot), job, found));
                // An error: whoever was to tell it is through with it. What takes long is not waited for.
                let _ = timeout(SLOW, is_found).await;
            }
            Ok(None) => return under_way.detach_all(),
            Err(_) => {
                while under_way.try_join_next().is_some() {}
                if under_way.is_empty() && bot.workers.end(&room, &jobs) {
                    return;
                }
            }
        }
    }
}

/// Whether an event means the same, whatever becomes of those before it: neither does it reply to an answer that may be on its way,
/// nor is it about another event.
fn stands_alone(what: &What) -> bool {
    matches!(what, What::Message(message) if message.reply_to.is_none())
}

async fn deal_with_and_note(bot: Arc<Bot>, job: Job, found: oneshot::Sender<()>) {
    let event = job.event.id.clone();
    // In a task of its own: what panics there is told, and not tried again after each restart.
    let done = tokio::spawn(deal_with(Arc::clone(&bot), job, found)).await;
    let dealt = done.unwrap_or_else(|error| {
        tracing::error!(%error, "an event of Matrix could not be dealt with");
        Some(Vec::new())
    });
    if let Some(mut steps) = dealt {
        steps.push(Step::Done { event });
        bot.scribe.note(steps).await;
    }
}

async fn deal_with(bot: Arc<Bot>, job: Job, found: oneshot::Sender<()>) -> Dealt {
    let Job { room, event, asks, again, received, work } = job;
    let steps = match &event.what {
        What::Message(message) => match asks {
            Some(asks) => messages::question(&bot, &room, &event, message, asks, again, received, found).await,
            None => Some(Vec::new()),
        },
        What::Edit { of, message } => messages::changed(&bot, &room, &event, of, message, received).await,
        What::Redaction { of } => messages::taken_back(&bot, &room, &event, of).await,
        What::Reaction { to, key } => reactions::reaction(&bot, &room, &event, to, key).await,
        What::Joined => {
            upgrades::entered(&bot, &room).await;
            messages::introduce(&bot, &room).await
        }
        What::Upgraded { to } => upgrades::follow(&bot, &room, &event.sender, to).await,
        What::Left { .. } | What::Verification | What::Encrypted => Some(Vec::new()),
    };
    drop(work);
    steps
}
