//! The work of each room: one event after the other, so that a question is answered before its edit is, and rooms don't wait
//! for each other. While an answer is sent, the next question of the room is looked at already: a homeserver that is slow holds up
//! nobody twice.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use matrix_sdk::Room;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::address::Asked;
use super::bot::Bot;
use super::events::{Event, What};
use super::trouble::Trouble;
use super::{messages, reactions, upgrades};
use crate::chat::busy::Work;
use crate::library::store::{Gap, Step};

/// After how long without work a room's task ends.
const IDLE: Duration = Duration::from_secs(60);

/// The most events of a room that wait: more than a room may ask in a minute (`matrix.per_room`), and what is beyond that is not answered.
const MOST: usize = 1_000;

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

/// What a room's task is told to do.
enum Task {
    /// Deal with an event.
    Event(Box<Job>),
    /// Deal with what was left out before what comes next.
    Gap(Gap),
}

/// What a room has to do.
#[derive(Debug)]
struct Queue {
    tasks: Sender<Task>,
    /// Whether it was told that it is too much.
    is_told: bool,
}

/// The tasks of the rooms that have something to do.
#[derive(Debug, Default)]
pub struct Workers {
    queues: Mutex<HashMap<String, Queue>>,
}

impl Workers {
    /// Gives a room something to do. What is too much for its queue is passed over.
    pub fn give(&self, bot: &Arc<Bot>, job: Job) {
        let room = job.room.room_id().to_string();
        if let Some(Task::Event(job)) = self.order(bot, room, Task::Event(Box::new(job))) {
            let (scribe, event) = (bot.scribe.clone(), job.event.id);
            tokio::spawn(async move { scribe.note(vec![Step::Done { event }]).await });
        }
    }

    /// Lets a room deal with what was left out, before what it is given from now on.
    pub fn fill(&self, bot: &Arc<Bot>, gap: Gap) {
        if let Some(Task::Gap(gap)) = self.order(bot, gap.place.clone(), Task::Gap(gap)) {
            // Nobody waits for it.
            drop(bot.gaps.ask(gap));
        }
    }

    /// Puts a task into a room's queue; what has no room there is returned.
    fn order(&self, bot: &Arc<Bot>, room: String, task: Task) -> Option<Task> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let task = match queues.get_mut(&room) {
            Some(queue) => match queue.tasks.try_send(task) {
                Ok(()) => return None,
                Err(TrySendError::Full(task)) => {
                    if !std::mem::replace(&mut queue.is_told, true) {
                        tracing::warn!(
                            room,
                            most = MOST,
                            "too much happens in a room at once: some of it is passed over"
                        );
                    }
                    return Some(task);
                }
                // Its worker is gone.
                Err(TrySendError::Closed(task)) => task,
            },
            None => task,
        };
        let (tasks, given) = mpsc::channel(MOST);
        // The receiver is at hand, and there is room.
        let _ = tasks.try_send(task);
        queues.insert(room.clone(), Queue { tasks, is_told: false });
        tokio::spawn(work(Arc::clone(bot), room, given));
        None
    }

    /// Ends a room's task if nothing came meanwhile.
    fn end(&self, room: &str, tasks: &Receiver<Task>) -> bool {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if !tasks.is_empty() {
            return false;
        }
        queues.remove(room);
        true
    }
}

async fn work(bot: Arc<Bot>, room: String, mut tasks: Receiver<Task>) {
    let mut under_way = JoinSet::new();
    loop {
        match timeout(IDLE, tasks.recv()).await {
            Ok(Some(Task::Event(job))) => begin(&bot, *job, &mut under_way).await,
            Ok(Some(Task::Gap(gap))) => {
                for job in bot.gaps.wait(gap).await {
                    begin(&bot, job, &mut under_way).await;
                }
            }
            Ok(None) => return under_way.detach_all(),
            Err(_) => {
                while under_way.try_join_next().is_some() {}
                if under_way.is_empty() && bot.workers.end(&room, &tasks) {
                    return;
                }
            }
        }
    }
}

/// Begins to deal with an event when what was before it is far enough.
async fn begin(bot: &Arc<Bot>, job: Job, under_way: &mut JoinSet<()>) {
    let most = if stands_alone(&job.event.what) { AT_ONCE - 1 } else { 0 };
    while under_way.len() > most {
        under_way.join_next().await;
    }
    let (found, is_found) = oneshot::channel();
    under_way.spawn(deal_with_and_note(Arc::clone(bot), job, found));
    // An error: whoever was to tell it is through with it. What takes long is not waited for.
    let _ = timeout(SLOW, is_found).await;
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
        What::Joined => match upgrades::entered(&bot, &room).await {
            Ok(true) => Some(Vec::new()),
            Ok(false) => messages::introduce(&bot, &room).await,
            Err(trouble) => given_up(&trouble),
        },
        What::Upgraded { to } => upgrades::follow(&bot, &room, &event.sender, to).await,
        What::Left { .. } | What::Verification | What::Encrypted => Some(Vec::new()),
    };
    drop(work);
    steps
}
