//! Listening: what the homeserver tells since the position that we have heard up to, again and again.
//!
//! The position is kept in our own store, in one transaction with the events up to it that are to be dealt with. What the SDK
//! keeps of it is not used: it counts an event as heard before anybody has dealt with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use matrix_sdk::config::SyncSettings;
use matrix_sdk::deserialized_responses::TimelineEvent;
use matrix_sdk::ruma::api::client::filter::{FilterDefinition, LazyLoadOptions, RoomEventFilter};
use matrix_sdk::ruma::api::client::sync::sync_events::v3::Filter;
use matrix_sdk::ruma::{EventId, RoomId, UInt};
use matrix_sdk::sync::{JoinedRoomUpdate, State, SyncResponse};
use matrix_sdk::{Room, RoomState};
use tokio::time::sleep;

use super::address::Asked;
use super::bot::Bot;
use super::events::{Event, What};
use super::rooms::Job;
use super::trouble::{Patience, Trouble};
use super::{invites, messages, reactions, upgrades, verification};
use crate::library::store::{Gap, Heard, Step};

/// How long the homeserver keeps a request open while nothing happens.
const OPEN: Duration = Duration::from_secs(30);

/// The longest wait between attempts.
const LONGEST: Duration = Duration::from_secs(30);

/// The most events of a room that come at once; what lies before them is asked for: see `gaps.rs`.
const AT_ONCE: u32 = 100;

/// How many times an event that was heard before is asked for while the homeserver has trouble.
const TRIES: usize = 60;

/// Listens until it is told to stop, or there is trouble that does not pass. Where the SDK's store is `fresh`, it is told all of the
/// rooms with what was said in them since our position. (Not before that: of two responses to one position the SDK drops the second.)
///
/// # Errors
/// [`Trouble`]: mostly that the session is over.
pub async fn listen(bot: &Arc<Bot>, fresh: bool) -> Result<(), Trouble> {
    let mut position = loop {
        match bot.store.position(&bot.owner).await {
            Ok(position) => break position,
            Err(error) => {
                tracing::warn!(%error, "how far was heard is not known; trying again");
                sleep(Duration::from_secs(1)).await;
            }
        }
    };
    // A fresh store knows no room before the first sync.
    if !fresh {
        deal_with_pending(bot);
    }
    let mut stopped = bot.stopped.clone();
    let mut patience = Patience::up_to(LONGEST);
    let mut first = true;
    let mut broken = false;
    loop {
        let settings = SyncSettings::new().filter(Filter::FilterDefinition(filter())).timeout(if first {
            Duration::ZERO
        } else {
            OPEN
        });
        let settings = match &position {
            Some(position) => settings.token(position.clone()).full_state(first && fresh),
            None => settings.token(matrix_sdk::config::SyncToken::NoToken),
        };
        let synced = tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
            synced = bot.client.sync_once(settings) => synced,
        };
        match synced {
            Ok(response) => {
                if std::mem::take(&mut broken) {
                    tracing::info!("the homeserver answers again");
                }
                patience.over();
                tokio::select! {
                    // What was not heard to its end is heard again at the next start.
                    _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
                    () = hear(bot, &response, position.as_deref(), first) => {}
                }
                position = Some(response.next_batch);
                if std::mem::take(&mut first) {
                    if fresh {
                        deal_with_pending(bot);
                    }
                    invites::waiting(bot);
                    bot.connected.notify_one();
                    tracing::info!(user = bot.me, rooms = bot.client.joined_rooms().len(), "connected to Matrix");
                }
            }
            Err(error) => match Trouble::of(&error) {
                Trouble::Passing { after, told } => {
                    let wait = patience.wait(after);
                    if std::mem::replace(&mut broken, true) {
                        tracing::debug!(?wait, "{told}; trying again");
                    } else {
                        tracing::warn!("{told}; trying again until it answers");
                    }
                    tokio::select! {
                        _ = stopped.wait_for(|stopped| *stopped) => return Ok(()),
                        () = sleep(wait) => {}
                    }
                }
                Trouble::Final { told } if first && position.is_some() => {
                    // A homeserver that was set up anew: what came meanwhile it does not know either.
                    tracing::warn!(
                        "the homeserver does not know how far was heard: {told}; it is listened to from now on"
                    );
                    position = None;
                }
                other => return Err(other),
            },
        }
    }
}

/// What we want to be told: no presence, no typing, and of members only those who speak.
fn filter() -> FilterDefinition {
    let lazy = || LazyLoadOptions::Enabled { include_redundant_members: false };
    let mut filter = FilterDefinition::default();
    filter.presence = matrix_sdk::ruma::api::client::filter::Filter::ignore_all();
    filter.room.ephemeral = RoomEventFilter::ignore_all();
    filter.room.state.lazy_load_options = lazy();
    filter.room.timeline.lazy_load_options = lazy();
    filter.room.timeline.limit = Some(UInt::from(AT_ONCE));
    filter
}

/// Takes in what was told since a position.
async fn hear(bot: &Arc<Bot>, response: &SyncResponse, since: Option<&str>, first: bool) {
    let received = Instant::now();
    verification::to_device(bot, &response.to_device);
    // At the first time, all that wait are looked at anyway.
    for room in response.rooms.invited.keys().filter(|_| !first) {
        invites::invited(bot, room);
    }
    for room in response.rooms.left.keys() {
        upgrades::left(bot, room);
    }
    let mut steps = Vec::new();
    let mut gaps = Vec::new();
    let mut jobs = Vec::new();
    for (id, update) in &response.rooms.joined {
        let Some(room) = bot.client.get_room(id) else { continue };
        let (gap, events) = timeline(bot, &room, update, since);
        gaps.extend(gap);
        for event in &events {
            take(bot, &room, event, first, received, &mut steps, &mut jobs).await;
        }
        look_at_state(bot, &room, update);
    }
    steps.extend(gaps.iter().cloned().map(Step::Gap));
    steps.push(Step::Position(response.next_batch.clone()));
    // Before anything is dealt with: what is done must not be noted ahead of what was heard.
    bot.scribe.note(steps).await;
    for gap in gaps {
        bot.workers.fill(bot, gap);
    }
    for job in jobs {
        bot.workers.give(bot, job);
    }
}

/// The events of a room since the position before, from our joining on, and what was left out before them. Without a position all of
/// them are old.
fn timeline(
    bot: &Arc<Bot>,
    room: &Room,
    update: &JoinedRoomUpdate,
    since: Option<&str>,
) -> (Option<Gap>, Vec<TimelineEvent>) {
    let Some(since) = since else { return (None, Vec::new()) };
    let mut gap = None;
    let mut events = update.timeline.events.clone();
    let joined = |event: &TimelineEvent| {
        messages::read(bot, event.raw().json().get()).is_some_and(|event| event.what == What::Joined)
    };
    if let Some(at) = events.iter().rposition(joined) {
        // Who invites us to verify us asks for that before we joined.
        for event in events.drain(..at) {
            look_for_verification(bot, room, &event);
        }
    } else if update.timeline.limited
        && let Some(newer) = &update.timeline.prev_batch
    {
        let (place, newer, older) = (room.room_id().to_string(), newer.clone(), since.to_owned());
        gap = Some(Gap { place, newer, older, at: Timestamp::now() });
    }
    (gap, events)
}

/// How old a request for verification may be (client-server API, "Key verification framework").
const MAX_REQUEST: Duration = Duration::from_secs(10 * 60);

fn look_for_verification(bot: &Arc<Bot>, room: &Room, told: &TimelineEvent) {
    if let Some(event) = messages::read(bot, told.raw().json().get())
        && event.what == What::Verification
        && event.sender != bot.me
        && event.age < MAX_REQUEST
    {
        verification::in_room(bot, room, &event, told);
    }
}

/// Takes in an event: whether it is to be dealt with, and what that is.
pub async fn take(
    bot: &Arc<Bot>,
    room: &Room,
    told: &TimelineEvent,
    again: bool,
    received: Instant,
    steps: &mut Vec<Step>,
    jobs: &mut Vec<Job>,
) {
    let json = told.raw().json().get();
    let Some(event) = messages::read(bot, json) else { return };
    let Some(asks) = concerns_us(bot, room, &event, told).await.filter(|_| bot.seen.first(event.id.clone())) else {
        return;
    };
    note_asked(bot, &event);
    let age = SignedDuration::try_from(event.age).unwrap_or_default();
    let at = Timestamp::now().checked_sub(age).unwrap_or(Timestamp::UNIX_EPOCH);
    steps.push(Step::Heard(Heard { event: event.id.clone(), place: room.room_id().to_string(), at }));
    if event.what == What::Encrypted {
        bot.unreadable.wait(bot, room, &event, told.raw());
        return;
    }
    jobs.push(Job { room: room.clone(), event, asks, again, received, work: bot.busy.begin() });
}

/// Notes that an event may have an answer from now on.
fn note_asked(bot: &Bot, event: &Event) {
    let asked = match &event.what {
        What::Message(_) | What::Encrypted => &event.id,
        What::Edit { of, .. } => of,
        _ => return,
    };
    // Whether it is noted already does not matter.
    let _ = bot.asked.first(asked.clone());
}

/// What an event asks of us, where something is to be done about it. Only questions ask anything.
async fn concerns_us(bot: &Arc<Bot>, room: &Room, event: &Event, told: &TimelineEvent) -> Option<Option<Asked>> {
    let ours = event.sender == bot.me;
    let old = event.age > bot.settings.max_age;
    match &event.what {
        What::Joined | What::Upgraded { .. } => Some(None),
        _ if ours => None,
        // Of what everybody does to everything, only what may concern an answer.
        What::Redaction { of } => messages::may_be_answered(bot, of).await.then_some(None),
        What::Reaction { key, .. } => reactions::is_button(key).then_some(None),
        What::Message(message) if !old => messages::asked(bot, room, message).await.map(Some),
        What::Edit { .. } | What::Encrypted if !old => Some(None),
        What::Verification if !old => {
            verification::in_room(bot, room, event, told);
            None
        }
        What::Left { .. } => {
            upgrades::look_whether_empty(bot, room);
            None
        }
        What::Message(_) | What::Edit { .. } | What::Encrypted | What::Verification => None,
    }
}

/// State that came beside the timeline: somebody left, or the room was upgraded, while we did not listen.
fn look_at_state(bot: &Arc<Bot>, room: &Room, update: &JoinedRoomUpdate) {
    let (State::Before(state) | State::After(state)) = &update.state;
    for raw in state {
        match messages::read(bot, raw.json().get()) {
            Some(Event { what: What::Left { .. }, .. }) => upgrades::look_whether_empty(bot, room),
            Some(event @ Event { what: What::Upgraded { .. }, .. }) if bot.seen.first(event.id.clone()) => {
                let work = bot.busy.begin();
                let room = room.clone();
                let received = Instant::now();
                bot.workers.give(bot, Job { room, event, asks: None, again: true, received, work });
            }
            _ => {}
        }
    }
}

/// Deals with what was heard before this process began.
fn deal_with_pending(bot: &Arc<Bot>) {
    let (bot, work) = (Arc::clone(bot), bot.busy.begin());
    tokio::spawn(async move {
        match bot.store.pending(&bot.owner).await {
            Ok(pending) => {
                drop(work);
                for heard in pending {
                    if bot.seen.first(heard.event.clone()) {
                        deal_with_one(&bot, heard).await;
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "what was heard before is not known"),
        }
        match bot.store.gaps(&bot.owner).await {
            Ok(gaps) => gaps.into_iter().for_each(|gap| bot.workers.fill(&bot, gap)),
            Err(error) => tracing::warn!(%error, "what was left out before is not known"),
        }
    });
}

async fn deal_with_one(bot: &Arc<Bot>, heard: Heard) {
    let done = vec![Step::Done { event: heard.event.clone() }];
    let (Ok(id), Ok(room)) = (EventId::parse(&heard.event), RoomId::parse(&heard.place)) else {
        return bot.scribe.note(done).await;
    };
    let mut patience = Patience::up_to(LONGEST);
    let mut tries = 0;
    loop {
        let room = bot.client.get_room(&room).filter(|room| room.state() == RoomState::Joined);
        let Some(room) = room else { return bot.scribe.note(done).await };
        match room.event(&id, None).await {
            Ok(told) => return take_again(bot, &room, &told, done).await,
            Err(error) => match Trouble::of(&error) {
                Trouble::Passing { after, .. } if tries < TRIES => {
                    tries += 1;
                    sleep(patience.wait(after)).await;
                }
                // Whoever logs in again deals with it.
                Trouble::LoggedOut { .. } => return,
                other => {
                    tracing::warn!(room = heard.place, "what was heard before can't be read again: {other}");
                    return bot.scribe.note(done).await;
                }
            },
        }
    }
}

/// Takes in an event that was heard before.
async fn take_again(bot: &Arc<Bot>, room: &Room, told: &TimelineEvent, done: Vec<Step>) {
    match messages::read(bot, told.raw().json().get()) {
        Some(event) if event.what == What::Encrypted => bot.unreadable.wait(bot, room, &event, told.raw()),
        Some(event) => match concerns_us(bot, room, &event, told).await {
            Some(asks) => {
                note_asked(bot, &event);
                let (room, work) = (room.clone(), bot.busy.begin());
                bot.workers.give(bot, Job { room, event, asks, again: true, received: Instant::now(), work });
            }
            None => bot.scribe.note(done).await,
        },
        None => bot.scribe.note(done).await,
    }
}

/// Takes in an event whose key came.
pub async fn take_readable(bot: &Arc<Bot>, room: &Room, told: &TimelineEvent) {
    let Some(id) = told.event_id() else { return };
    take_again(bot, room, told, vec![Step::Done { event: id.to_string() }]).await;
}
