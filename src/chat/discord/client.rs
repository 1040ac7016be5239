//! The connection: token, gateway, presence, what events are handed to, and stopping without leaving anybody waiting.

use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::bot::{Bot, Me};
use super::courier::Post;
use super::events::{Channel, Id, Interaction, Message, Ready, Server, Threads};
use super::guilds::{Closed, TIDY_EVERY};
use super::place::NETWORK;
use super::rest::{Rest, RestError};
use super::settings::{Settings, SettingsError, Shards};
use super::shard::Gateway;
use super::{commands, components, interactions, messages, suggest, wrong};
use crate::chat::busy::Busy;
use crate::chat::keeper::Keeper;
use crate::chat::limits::Limits;
use crate::chat::seen::Seen;
use crate::library::store::{SHARED, Store};
use crate::router::Router;

/// How long a process that stops waits for the answers under way.
const FINISH: Duration = Duration::from_secs(20);

/// How often the presence is compared with what is held.
const PRESENCE_EVERY: Duration = Duration::from_secs(60);

/// How long is waited before the commands are registered again after that failed; it doubles up to the longest.
const REGISTER_AGAIN: Duration = Duration::from_secs(5);
const REGISTER_LONGEST: Duration = Duration::from_secs(10 * 60);

/// The most shards that Discord may recommend: beyond it the number makes no sense.
const MOST_SHARDS: u64 = 10_000;

/// Why the connection ended, or was not made.
#[derive(Debug, thiserror::Error)]
pub enum DiscordError {
    /// A setting keeps it from being tried; the message says what to do.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Discord could not be asked where its gateway is.
    #[error("Discord can't be asked where its gateway is")]
    Gateway(#[from] RestError),
    /// The gateway's address makes no sense.
    #[error("the gateway's address, “{0}”, is none")]
    Address(String),
    /// The gateway ended it.
    #[error("the connection to Discord ended: {0}")]
    Ended(String),
}

/// A way to Discord: for answering, and for what is posted unasked.
#[derive(Debug)]
pub struct Discord {
    settings: Settings,
    token: SecretString,
    proxy: Option<String>,
    rest: Rest,
}

impl Discord {
    /// A way to Discord with these settings; nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError`]: no token, with the steps to get one; an address that is none.
    pub fn new(settings: Settings) -> Result<Self, DiscordError> {
        let token = settings.find_token()?;
        let proxy = settings.proxy()?;
        let rest = Rest::new(token.expose_secret(), proxy.as_deref())?;
        Ok(Self { settings, token, proxy, rest })
    }

    /// What posts in Discord's channels, for a [`Sender`](crate::post::Sender). It needs no gateway.
    #[must_use]
    pub fn courier(&self) -> Post {
        Post::new(self.rest.clone(), self.settings.posts)
    }

    /// Answers until `shutdown` is done; then finishes what is under way.
    ///
    /// Whoever calls it follows the store's changes ([`Desks::follow`](crate::router::Desks::follow)) and empties the outbox.
    ///
    /// # Errors
    /// [`DiscordError`]: a token that is refused, no way to Discord at all. A connection that breaks later is made again without
    /// end.
    pub async fn run(
        self,
        router: Arc<Router>,
        store: Store,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<(), DiscordError> {
        connect(self, router, store, shutdown).await
    }
}

/// Connects to Discord and answers until `shutdown` is done: [`Discord::new`] and [`Discord::run`], where nothing is posted.
///
/// # Errors
/// [`DiscordError`]
pub async fn run(
    settings: Settings,
    router: Arc<Router>,
    store: Store,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), DiscordError> {
    Discord::new(settings)?.run(router, store, shutdown).await
}

async fn connect(
    Discord { settings, token, proxy, rest }: Discord,
    router: Arc<Router>,
    store: Store,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), DiscordError> {
    tokio::pin!(shutdown);
    // Asked before anything else: it tells whether the token is one, and where the gateway is.
    let gateway = tokio::select! {
        () = &mut shutdown => return Ok(()),
        gateway = rest.gateway() => gateway,
    };
    let gateway = gateway.map_err(|error| match error.status() {
        Some(401) => DiscordError::from(SettingsError::Refused),
        _ => error.into(),
    })?;
    let recommended = gateway["shards"].as_u64().unwrap_or(1).clamp(1, MOST_SHARDS);
    let recommended = u32::try_from(recommended).unwrap_or(1);
    let (first, last, total) = match settings.shards {
        Shards::Automatic => (0, recommended - 1, recommended),
        Shards::Range { first, last, total } => (first, last, total),
    };

    let bot = Arc::new(Bot {
        limits: Limits::new(settings.per_person, settings.per_server),
        keeper: Keeper::new(store.clone()),
        rest: rest.clone(),
        router,
        store,
        settings,
        closed: Closed::default(),
        seen: Seen::default(),
        threads: Mutex::default(),
        me: OnceLock::new(),
        latencies: Mutex::default(),
        busy: Busy::default(),
        owner: format!("{NETWORK}/{first}-{last}/{total}"),
    });
    let (show, presence) = watch::channel(presence(&bot).await);
    let (stop, stopped) = watch::channel(false);
    let handler = Arc::new(Handler { bot: Arc::clone(&bot), total, registering: AtomicBool::new(false) });
    let gateway = Gateway::new((token, rest, proxy.is_some()), &gateway, total, handler, presence, stopped)?;
    tokio::spawn({
        let (bot, work) = (Arc::clone(&bot), bot.busy.begin());
        async move {
            bot.tell_broken_promises().await;
            drop(work);
        }
    });
    tracing::info!(first, last, total, "connecting to Discord");
    let serving = gateway.serve(first, last);
    tokio::pin!(serving);
    let ended = tokio::select! {
        () = &mut shutdown => {
            stop.send_replace(true);
            // Each shard takes its leave.
            timeout(FAREWELL, serving).await.unwrap_or(Ok(()))
        }
        () = tidy(&bot) => Ok(()),
        () = show_presence(&bot, &show) => Ok(()),
        ended = &mut serving => ended,
    };
    if timeout(FINISH, bot.busy.idle()).await.is_err() {
        tracing::warn!("stopped while answers were under way");
    }
    ended
}

/// How long the shards may take their leave.
const FAREWELL: Duration = Duration::from_secs(3);

/// Deletes what is old, now and then.
async fn tidy(bot: &Bot) {
    loop {
        bot.tidy().await;
        sleep(TIDY_EVERY).await;
    }
}

/// What the presence says: how many articles there are.
async fn presence(bot: &Bot) -> Option<String> {
    let count = bot.store.count(SHARED).await.ok()?;
    Some(if count == 1 { "1 article".to_owned() } else { format!("{count} articles") })
}

/// Keeps the presence true.
async fn show_presence(bot: &Bot, show: &watch::Sender<Option<String>>) {
    loop {
        sleep(PRESENCE_EVERY).await;
        if let Some(now) = presence(bot).await {
            show.send_if_modified(|shown| {
                let changed = shown.as_ref() != Some(&now);
                *shown = Some(now);
                changed
            });
        }
    }
}

/// What the gateway's events are handed to.
pub struct Handler {
    bot: Arc<Bot>,
    total: u32,
    registering: AtomicBool,
}

impl Handler {
    /// Registers the commands, until that worked.
    async fn register(&self, application: u64) {
        let mut wait = REGISTER_AGAIN;
        loop {
            match commands::register(&self.bot.rest, application, &self.bot.settings.guilds).await {
                Ok(0) => return tracing::info!("the commands are registered already"),
                Ok(places) => return tracing::info!(places, "the commands were registered"),
                Err(error) => {
                    tracing::error!(%error, again_s = wait.as_secs(), "the commands could not be registered");
                    sleep(wait).await;
                    wait = (wait * 2).min(REGISTER_LONGEST);
                }
            }
        }
    }

    fn threads(&self) -> std::sync::MutexGuard<'_, HashSet<u64>> {
        self.bot.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler {
    /// Notes how long Discord took to answer a shard; nothing when its connection ended.
    pub fn latency(&self, shard: u32, latency: Option<Duration>) {
        let mut latencies = self.bot.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        match latency {
            Some(latency) => latencies.insert(shard, latency),
            None => latencies.remove(&shard),
        };
    }

    /// Takes an event. What takes time goes on in a task of its own; what later events rest on is done at once.
    pub fn event(self: &Arc<Self>, shard: u32, name: &str, data: Value) {
        match name {
            "READY" => self.ready(shard, read(name, data)),
            "RESUMED" => tracing::info!(shard, "the session goes on"),
            "INTERACTION_CREATE" => {
                if let Some(interaction) = read::<Interaction>(name, data).filter(|i| self.bot.seen.first(i.id.0)) {
                    self.meanwhile(interaction_create(Arc::clone(&self.bot), shard, self.total, interaction));
                }
            }
            "MESSAGE_CREATE" => {
                if let Some(message) = read::<Message>(name, data).filter(|m| self.bot.seen.first(m.id.0)) {
                    self.meanwhile(messages::message(Arc::clone(&self.bot), message));
                }
            }
            "GUILD_CREATE" => {
                if let Some(server) = read::<Server>(name, data).filter(|server| !server.unavailable) {
                    self.threads().extend(numbers(&server.threads));
                    self.note_server(server.id, true);
                }
            }
            "GUILD_DELETE" => {
                // An outage of Discord's is no farewell.
                if let Some(server) = read::<Server>(name, data).filter(|server| !server.unavailable) {
                    self.note_server(server.id, false);
                }
            }
            "THREAD_CREATE" => self.threads().extend(read::<Channel>(name, data).and_then(|thread| number(&thread))),
            "THREAD_LIST_SYNC" => {
                let list = read::<Threads>(name, data);
                self.threads().extend(list.iter().flat_map(|list| numbers(&list.threads)));
            }
            "THREAD_DELETE" => {
                if let Some(thread) = read::<Channel>(name, data).and_then(|thread| number(&thread)) {
                    self.threads().remove(&thread);
                }
            }
            "CHANNEL_UPDATE" => {
                if let Some(channel) = read::<Channel>(name, data).and_then(|channel| number(&channel)) {
                    self.bot.closed.open(channel);
                }
            }
            "GUILD_ROLE_UPDATE" => self.bot.closed.open_all(),
            _ => {}
        }
    }

    fn ready(self: &Arc<Self>, shard: u32, ready: Option<Ready>) {
        let Some(ready) = ready else { return };
        tracing::info!(shard, servers = ready.guilds.len(), "connected to Discord");
        let handler = Arc::clone(self);
        let me = |application| Me { application, user: ready.user.id.0 };
        let known = ready.application.map(|application| application.id.0);
        if let Some(application) = known {
            let _ = self.bot.me.set(me(application));
        }
        let user = ready.user.id.0;
        let present: HashSet<u64> = ready.guilds.iter().map(|guild| guild.id.0).collect();
        tokio::spawn(async move {
            handler.bot.note_missing(&present, shard, handler.total).await;
            // Once in a process: a new session changes nothing about the commands.
            if !handler.registering.swap(true, Ordering::AcqRel) {
                let application = match known {
                    Some(application) => application,
                    // Of all but the oldest bots the user has the application's number.
                    None => handler.bot.rest.application().await.unwrap_or(user),
                };
                let _ = handler.bot.me.set(Me { application, user });
                handler.register(application).await;
            }
        });
    }

    fn note_server(&self, server: Id, here: bool) {
        let bot = Arc::clone(&self.bot);
        tokio::spawn(async move { bot.note_server(server.0, here).await });
    }

    /// Answers in a task of its own; a process that stops waits for it.
    fn meanwhile(&self, answering: impl Future<Output = ()> + Send + 'static) {
        let work = self.bot.busy.begin();
        tokio::spawn(async move {
            answering.await;
            drop(work);
        });
    }
}

async fn interaction_create(bot: Arc<Bot>, shard: u32, total: u32, interaction: Interaction) {
    match interaction.kind {
        Interaction::COMMAND => {
            let health = bot.health(shard, total);
            interactions::command(bot, interaction, health).await;
        }
        Interaction::TYPING => suggest::autocomplete(&bot, interaction).await,
        Interaction::PRESS => components::press(bot, interaction).await,
        Interaction::FILLED => wrong::filled(bot, interaction).await,
        // None of ours: we show no form, and the gateway needs no answer to a ping.
        _ => {}
    }
}

fn number(channel: &Channel) -> Option<u64> {
    channel.id.map(|id| id.0)
}

fn numbers(channels: &[Channel]) -> impl Iterator<Item = u64> {
    channels.iter().filter_map(number)
}

/// An event's data, as far as we use it.
fn read<T: DeserializeOwned>(name: &str, data: Value) -> Option<T> {
    match serde_json::from_value(data) {
        Ok(read) => Some(read),
        Err(error) => {
            // What is wrong with it may be somebody's words.
            tracing::warn!(name, "an event can't be read");
            tracing::debug!(name, %error, "an event can't be read");
            None
        }
    }
}
