//! Gaps: what was said in a room while nobody listened, and was left out when we were told of it.
//!
//! A gap is noted together with the position behind it, and asked for until it is filled, or nothing in it could be answered any more.
//! No room waits for another's; its own later events wait, but not for long.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use matrix_sdk::Room;
use matrix_sdk::deserialized_responses::TimelineEvent;
use matrix_sdk::room::MessagesOptions;
use matrix_sdk::ruma::UInt;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::bot::Bot;
use super::events::What;
use super::rooms::Job;
use super::trouble::{Patience, Trouble};
use super::{listen, messages};
use crate::library::store::{Gap, Step};

/// The most events that are asked for at once.
const AT_ONCE: u32 = 100;

/// The most requests with which a gap is filled: what lies beyond is too much to be answered.
const MAX_REQUESTS: usize = 50;

/// The most of these requests that are under way, in all rooms.
const ABREAST: usize = 8;

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(60);

/// How long a room's later events wait for what came before them.
const PATIENCE: Duration = Duration::from_secs(10);

/// A gap that is to be filled, and who waits for that.
type Order = (Gap, oneshot::Sender<Vec<Job>>);

/// Gaps that are to be filled. Each is in the store too: that there is no limit here adds nothing.
#[derive(Debug)]
pub struct Gaps {
    orders: UnboundedSender<Order>,
    ordered: Mutex<Option<UnboundedReceiver<Order>>>,
}

impl Default for Gaps {
    fn default() -> Self {
        let (orders, ordered) = mpsc::unbounded_channel();
        Self { orders, ordered: Mutex::new(Some(ordered)) }
    }
}

impl Gaps {
    /// Asks for what was left out. What is to be done about it is told to whoever waits; if nobody does, it is given to its room.
    pub fn ask(&self, gap: Gap) -> oneshot::Receiver<Vec<Job>> {
        let (filled, is_filled) = oneshot::channel();
        // An error: the session is over, and the next one asks for it.
        let _ = self.orders.send((gap, filled));
        is_filled
    }

    /// What is to be done about what was left out; nothing where that is not known soon.
    pub async fn wait(&self, gap: Gap) -> Vec<Job> {
        let mut filled = self.ask(gap);
        match timeout(PATIENCE, &mut filled).await {
            Ok(jobs) => jobs.unwrap_or_default(),
            Err(_) => {
                // From here on it is given to the room; unless it came at this very moment.
                filled.close();
                filled.try_recv().unwrap_or_default()
            }
        }
    }
}

/// Fills gaps for as long as the session lasts.
pub async fn follow(bot: &Arc<Bot>) {
    let ordered = bot.gaps.ordered.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(mut ordered) = ordered else { return };
    let turns = Arc::new(Semaphore::new(ABREAST));
    // Dropped with what is under way when the session ends.
    let mut filling = JoinSet::new();
    loop {
        tokio::select! {
            Some((gap, filled)) = ordered.recv() => {
                let (bot, turns) = (Arc::clone(bot), Arc::clone(&turns));
                filling.spawn(async move { fill(&bot, gap, &turns, filled).await });
            }
            Some(ended) = filling.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "what was left out could not be dealt with");
                }
            }
            else => return,
        }
    }
}

async fn fill(bot: &Arc<Bot>, gap: Gap, turns: &Semaphore, filled: oneshot::Sender<Vec<Job>>) {
    let mut steps = Vec::new();
    let mut jobs = Vec::new();
    if let Some(room) = bot.joined(&gap.place) {
        // Nothing: the session is over.
        let Some(events) = find(bot, &room, &gap, turns).await else { return };
        let received = Instant::now();
        for event in &events {
            listen::take(bot, &room, event, true, received, &mut steps, &mut jobs).await;
        }
    }
    steps.push(Step::Filled(gap));
    bot.scribe.note(steps).await;
    if let Err(jobs) = filled.send(jobs) {
        for job in jobs {
            bot.workers.give(bot, job);
        }
    }
}

/// The events of a gap from our joining on, oldest first, as far as they may still be answered. While there is trouble, also such as seems not to pass,
/// they are asked for again: what is not learned now is never learned. Nothing where the session is over.
async fn find(bot: &Bot, room: &Room, gap: &Gap, turns: &Semaphore) -> Option<Vec<TimelineEvent>> {
    let mut found = Vec::new();
    let mut from = gap.newer.clone();
    let mut patience = Patience::up_to(LONGEST);
    let mut requests = 0;
    let mut is_told = false;
    loop {
        let mut options = MessagesOptions::backward().from(from.as_str());
        options.to = Some(gap.older.clone());
        options.limit = UInt::from(AT_ONCE);
        let told = {
            let _turn = turns.acquire().await;
            room.messages(options).await
        };
        match told {
            Ok(page) => {
                requests += 1;
                patience.over();
                let old = page.chunk.last().and_then(|event| messages::read(bot, event.raw().json().get()));
                let is_old = old.is_some_and(|event| event.age > bot.settings.max_age);
                let joined = page.chunk.iter().position(|event| is_joining(bot, event));
                let is_over = is_old || joined.is_some() || page.chunk.is_empty();
                found.extend(page.chunk.into_iter().take(joined.map_or(usize::MAX, |at| at + 1)));
                match page.end {
                    Some(end) if end != from && !is_over => from = end,
                    _ => break,
                }
                if requests >= MAX_REQUESTS {
                    tracing::warn!(
                        room = gap.place,
                        "too much was said meanwhile: what is further back is left unanswered"
                    );
                    break;
                }
            }
            Err(error) => {
                let (after, told) = match Trouble::of(&error) {
                    Trouble::LoggedOut { .. } => return None,
                    Trouble::Passing { after, told } => (after, told),
                    other => (None, other.to_string()),
                };
                if is_past(bot, gap) || bot.joined(&gap.place).is_none() {
                    tracing::warn!(room = gap.place, "what was said meanwhile was not learned in time: {told}");
                    break;
                }
                if !std::mem::replace(&mut is_told, true) {
                    tracing::warn!(room = gap.place, "what was said meanwhile is not known yet: {told}; trying again");
                }
                sleep(patience.wait(after)).await;
            }
        }
    }
    found.reverse();
    Some(found)
}

fn is_joining(bot: &Bot, event: &TimelineEvent) -> bool {
    messages::read(bot, event.raw().json().get()).is_some_and(|event| event.what == What::Joined)
}

/// Whether everything in a gap is too old to be answered.
fn is_past(bot: &Bot, gap: &Gap) -> bool {
    let age = Duration::try_from(Timestamp::now().duration_since(gap.at)).unwrap_or_default();
    age > bot.settings.max_age
}
