//! The connection: token, gateway, shards, presence, and stopping without leaving anybody waiting.

use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serenity::all::{
    ActivityData, ClientBuilder, Context, EventHandler, GatewayIntents, Guild, GuildChannel, Interaction, Message,
    PartialGuildChannel, Ready, ResumedEvent, Role, ShardManager, ThreadListSyncEvent, UnavailableGuild,
};
use serenity::async_trait;
use serenity::gateway::{ConnectionStage, GatewayError};
use tokio::time::{Instant, sleep, timeout};

use super::bot::{Bot, Me};
use super::courier::Post;
use super::guilds::{Closed, TIDY_EVERY};
use super::place::NETWORK;
use super::rest::{Rest, RestError};
use super::settings::{Settings, SettingsError, Shards};
use super::{commands, components, interactions, messages, suggest};
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

/// How long a shard may be without a connection before all is made anew, how often that is looked at, and the wait before.
const STUCK: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_secs(10);
const ANEW: Duration = Duration::from_secs(5);

/// How long is waited before the commands are registered again after that failed; it doubles up to the longest.
const REGISTER_AGAIN: Duration = Duration::from_secs(5);
const REGISTER_LONGEST: Duration = Duration::from_secs(10 * 60);

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
        let (rest, _) = Rest::new(token.expose_secret(), proxy.as_deref())?;
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
    let address = gateway["url"].as_str().unwrap_or_default().trim_end_matches('/').to_owned();
    if !address.starts_with("wss://") && !address.starts_with("ws://") {
        return Err(DiscordError::Address(address));
    }
    let recommended = gateway["shards"].as_u64().and_then(|shards| u32::try_from(shards).ok()).unwrap_or(1).max(1);
    let (first, last, total) = match settings.shards {
        Shards::Automatic => (0, recommended - 1, recommended),
        Shards::Range { first, last, total } => (first, last, total),
    };

    let bot = Arc::new(Bot {
        limits: Limits::new(settings.per_person, settings.per_server),
        keeper: Keeper::new(store.clone()),
        rest,
        router,
        store,
        settings,
        closed: Closed::default(),
        seen: Seen::default(),
        threads: Mutex::default(),
        me: OnceLock::new(),
        shards: Mutex::default(),
        busy: Busy::default(),
        owner: format!("{NETWORK}/{first}-{last}/{total}"),
    });
    let intents = GatewayIntents::GUILDS | GatewayIntents::GUILD_MESSAGES | GatewayIntents::DIRECT_MESSAGES;
    let handler = Arc::new(Handler { bot: Arc::clone(&bot), total, registering: AtomicBool::new(false) });
    tokio::spawn({
        let (bot, work) = (Arc::clone(&bot), bot.busy.begin());
        async move {
            bot.tell_broken_promises().await;
            drop(work);
        }
    });
    tracing::info!(first, last, total, "connecting to Discord");
    let gateway = Gateway { token, proxy, address, intents, handler, first, last, total };
    let ended = tokio::select! {
        () = &mut shutdown => Ok(()),
        () = tidy(&bot) => Ok(()),
        ended = gateway.serve(&bot) => ended,
    };
    let shards = bot.shards.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(shards) = shards {
        shards.shutdown_all().await;
    }
    if timeout(FINISH, bot.busy.idle()).await.is_err() {
        tracing::warn!("stopped while answers were under way");
    }
    ended
}

/// How the gateway is reached.
struct Gateway {
    token: SecretString,
    proxy: Option<String>,
    address: String,
    intents: GatewayIntents,
    handler: Arc<Handler>,
    first: u32,
    last: u32,
    total: u32,
}

impl Gateway {
    /// Keeps the shards connected. Broken connections are the client's to mend; one that it does not mend is made anew.
    async fn serve(&self, bot: &Bot) -> Result<(), DiscordError> {
        loop {
            let http = Rest::new(self.token.expose_secret(), self.proxy.as_deref())?.1;
            let builder = ClientBuilder::new_with_http(http, self.intents);
            let client = builder.event_handler_arc(Arc::clone(&self.handler)).await;
            let mut client = client.map_err(|error| DiscordError::Ended(error.to_string()))?;
            // The client asks for the address again, and where that fails goes to Discord's own: with a proxy, the token
            // would be sent to another host than it was meant for.
            client.ws_url.lock().await.clone_from(&self.address);
            let shards = Arc::clone(&client.shard_manager);
            *bot.shards.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&shards));
            let ended = tokio::select! {
                ended = client.start_shard_range(self.first..self.last, self.total) => ended,
                () = show_presence(bot, &shards) => Ok(()),
                () = self.stuck(&shards) => Ok(()),
            };
            match ended {
                Err(serenity::Error::Gateway(GatewayError::InvalidAuthentication)) => {
                    return Err(SettingsError::Refused.into());
                }
                Err(serenity::Error::Gateway(
                    error @ (GatewayError::InvalidGatewayIntents
                    | GatewayError::DisallowedGatewayIntents
                    | GatewayError::InvalidShardData
                    | GatewayError::OverloadedShard),
                )) => return Err(DiscordError::Ended(error.to_string())),
                ended => {
                    tracing::warn!(?ended, "the connection to Discord is made anew");
                    shards.shutdown_all().await;
                    sleep(ANEW).await;
                }
            }
        }
    }

    /// Completes when a shard has not been connected for long: the client sets no limit to connecting.
    async fn stuck(&self, shards: &ShardManager) {
        let count = (self.last - self.first + 1) as usize;
        // Discord lets one shard begin in five seconds.
        let patience = STUCK + Duration::from_secs(10) * (self.last - self.first + 1);
        let mut well = Instant::now();
        loop {
            sleep(LOOK).await;
            let runners = shards.runners.lock().await;
            let connected = runners.values().filter(|runner| runner.stage == ConnectionStage::Connected).count();
            if connected >= count {
                well = Instant::now();
            } else if well.elapsed() > patience {
                return;
            }
        }
    }
}

/// Deletes what is old, now and then.
async fn tidy(bot: &Bot) {
    loop {
        bot.tidy().await;
        sleep(TIDY_EVERY).await;
    }
}

/// What the presence says: how many articles there are.
async fn presence(bot: &Bot) -> Option<ActivityData> {
    let count = bot.store.count(SHARED).await.ok()?;
    let articles = if count == 1 { "1 article".to_owned() } else { format!("{count} articles") };
    Some(ActivityData::watching(articles))
}

/// Keeps the presence true.
async fn show_presence(bot: &Bot, shards: &ShardManager) {
    let mut shown = None;
    loop {
        sleep(PRESENCE_EVERY).await;
        let now = presence(bot).await;
        if now.is_some() && now != shown {
            for runner in shards.runners.lock().await.values() {
                runner.runner_tx.set_activity(now.clone());
            }
            shown = now;
        }
    }
}

/// What the gateway's events are handed to.
struct Handler {
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

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, ctx: Context, ready: Ready) {
        let me = Me { application: ready.application.id.get(), user: ready.user.id.get() };
        let _ = self.bot.me.set(me);
        tracing::info!(shard = ctx.shard_id.0, servers = ready.guilds.len(), "connected to Discord");
        ctx.set_activity(presence(&self.bot).await);
        let present = ready.guilds.iter().map(|guild| guild.id.get()).collect();
        self.bot.note_missing(&present, ctx.shard_id.0, self.total).await;
        // Once in a process: a new session changes nothing about the commands.
        if !self.registering.swap(true, Ordering::AcqRel) {
            self.register(me.application).await;
        }
    }

    async fn resume(&self, ctx: Context, _: ResumedEvent) {
        tracing::info!(shard = ctx.shard_id.0, "the session goes on");
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        if !self.bot.seen.first(interaction.id().get()) {
            return;
        }
        let _work = self.bot.busy.begin();
        let bot = Arc::clone(&self.bot);
        match interaction {
            Interaction::Command(command) => {
                let health = self.bot.health(ctx.shard_id, self.total).await;
                interactions::command(bot, command, health).await;
            }
            Interaction::Autocomplete(asked) => suggest::autocomplete(&bot, asked).await,
            Interaction::Component(press) => components::press(bot, press).await,
            // None of ours: we show no form, and the gateway needs no answer to a ping.
            _ => {}
        }
    }

    async fn message(&self, _: Context, message: Message) {
        if !self.bot.seen.first(message.id.get()) {
            return;
        }
        let _work = self.bot.busy.begin();
        messages::message(Arc::clone(&self.bot), message).await;
    }

    async fn guild_create(&self, _: Context, guild: Guild, _: Option<bool>) {
        self.threads().extend(guild.threads.iter().map(|thread| thread.id.get()));
        self.bot.note_server(guild.id.get(), true).await;
    }

    async fn guild_delete(&self, _: Context, guild: UnavailableGuild, _: Option<Guild>) {
        // An outage of Discord's is no farewell.
        if !guild.unavailable {
            self.bot.note_server(guild.id.get(), false).await;
        }
    }

    async fn thread_create(&self, _: Context, thread: GuildChannel) {
        self.threads().insert(thread.id.get());
    }

    async fn thread_list_sync(&self, _: Context, list: ThreadListSyncEvent) {
        self.threads().extend(list.threads.iter().map(|thread| thread.id.get()));
    }

    async fn thread_delete(&self, _: Context, thread: PartialGuildChannel, _: Option<GuildChannel>) {
        self.threads().remove(&thread.id.get());
    }

    async fn channel_update(&self, _: Context, _: Option<GuildChannel>, new: GuildChannel) {
        self.bot.closed.open(new.id.get());
    }

    async fn guild_role_update(&self, _: Context, _: Option<Role>, _: Role) {
        self.bot.closed.open_all();
    }
}
