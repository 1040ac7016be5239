//! What every event is handled with.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use matrix_sdk::ruma::OwnedRoomId;
use matrix_sdk::{Client, Room, RoomMemberships};
use matrix_sdk_base::BaseClient;
use tokio::sync::{Notify, Semaphore, watch};

use super::gaps::Gaps;
use super::keys::Unreadable;
use super::loops::Loops;
use super::place::NETWORK;
use super::rooms::Workers;
use super::scribe::Scribe;
use super::settings::Settings;
use crate::chat::busy::Busy;
use crate::chat::keeper::Keeper;
use crate::chat::limits::Limits;
use crate::chat::seen::Seen;
use crate::library::store::{Scope, Store, StoreError};
use crate::router::Router;

/// The setting of a room that has its own prefix.
pub const PREFIX: &str = crate::router::PREFIX;

/// For how long it is not looked up again what we are called in a room.
const NAME_HOLDS: Duration = Duration::from_secs(60);

/// What every event is handled with.
#[derive(Debug)]
pub struct Bot {
    /// The way to the homeserver.
    pub client: Client,
    /// What lies below it, where the SDK has no door.
    pub base: BaseClient,
    /// Our own id.
    pub me: String,
    /// What the store calls us.
    pub owner: String,
    /// Where answers come from.
    pub router: Arc<Router>,
    /// What is kept.
    pub store: Store,
    /// How Byline behaves.
    pub settings: Arc<Settings>,
    /// Who has asked how much, by person and room.
    pub limits: Arc<Limits<String>>,
    /// Who replies faster than anybody reads.
    pub loops: Loops,
    /// Takes answers to the store.
    pub keeper: Keeper,
    /// Takes what was heard to the store.
    pub scribe: Scribe,
    /// Events that were handled before.
    pub seen: Seen<String>,
    /// Events that may have an answer: those that ask, and those that were changed.
    pub asked: Seen<String>,
    /// What is being answered.
    pub busy: Busy,
    /// The work of each room.
    pub workers: Workers,
    /// What we are called, by room, and since when that is known.
    pub names: Mutex<HashMap<String, (Option<String>, Instant)>>,
    /// Messages whose keys are waited for.
    pub unreadable: Unreadable,
    /// What was left out, and is asked for.
    pub gaps: Gaps,
    /// What commands begin with, by room; nothing where that is as configured.
    pub prefixes: Mutex<HashMap<String, Option<String>>>,
    /// Turns for files that are fetched.
    pub files: Arc<Semaphore>,
    /// Held while what is kept of a room moves to the one that it goes on in, or it is noted which that is.
    pub moving: tokio::sync::Mutex<()>,
    /// How many are in a room, where that had to be counted.
    pub counted: Mutex<HashMap<OwnedRoomId, usize>>,
    /// Told once, when the first sync is done.
    pub connected: Notify,
    /// Whether the encryption is set up, or it was tried: others can encrypt for us.
    pub set_up: watch::Sender<bool>,
    /// Whether all is to end.
    pub stopped: watch::Receiver<bool>,
}

impl Bot {
    /// What commands begin with in a room.
    pub async fn prefix(&self, room: &str) -> String {
        let known = self.prefixes.lock().unwrap_or_else(PoisonError::into_inner).get(room).cloned();
        let own = match known {
            Some(own) => own,
            None => match self.own_prefix(room).await {
                Ok(own) => {
                    self.prefixes.lock().unwrap_or_else(PoisonError::into_inner).insert(room.to_owned(), own.clone());
                    own
                }
                Err(error) => {
                    tracing::warn!(%error, "a room's prefix is not known: the configured one is taken");
                    None
                }
            },
        };
        own.unwrap_or_else(|| self.settings.prefix.clone())
    }

    async fn own_prefix(&self, room: &str) -> Result<Option<String>, StoreError> {
        match self.store.known_community(NETWORK, room).await? {
            Some(community) => self.store.setting_in_force(Scope::channel(community.id, room), PREFIX).await,
            None => Ok(None),
        }
    }

    /// A room's prefix may have changed.
    pub fn forget_prefix(&self, room: &str) {
        self.prefixes.lock().unwrap_or_else(PoisonError::into_inner).remove(room);
    }

    /// What we are called in a room.
    pub async fn name(&self, room: &Room) -> Option<String> {
        let id = room.room_id().as_str();
        let known = self.names.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some((name, since)) = known
            && since.elapsed() < NAME_HOLDS
        {
            return name;
        }
        let me = room.get_member_no_sync(room.own_user_id()).await.ok().flatten();
        let name = me.map(|me| me.name().to_owned());
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(id.to_owned(), (name.clone(), Instant::now()));
        name
    }

    /// The room, if we are in it.
    #[must_use]
    pub fn joined(&self, room: &str) -> Option<Room> {
        let room = self.client.get_room(<&matrix_sdk::ruma::RoomId>::try_from(room).ok()?)?;
        (room.state() == matrix_sdk::RoomState::Joined).then_some(room)
    }

    /// Whether nobody is in a room, or invited to it, but one person and us.
    pub async fn is_direct(&self, room: &Room) -> bool {
        self.people(room).await == Some(2)
    }

    /// How many are in a room or invited to it, as far as that can be told. The homeserver tells it of itself, but not a store that
    /// was made anew while our position was kept: then its members are counted, once. Whenever they change it tells it again.
    async fn people(&self, room: &Room) -> Option<usize> {
        let told = room.active_members_count();
        if told != 0 {
            return usize::try_from(told).ok();
        }
        let counted = || self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counted().get(room.room_id()) {
            return Some(*count);
        }
        let count = room.members(RoomMemberships::ACTIVE).await.ok()?.len();
        counted().insert(room.room_id().to_owned(), count);
        Some(count)
    }
}
