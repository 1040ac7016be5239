//! The connection: token, gateway, presence, and stopping without leaving anybody waiting.

use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::bot::Bot;
use super::courier::Post;
use super::guilds::{Closed, TIDY_EVERY};
use super::handler::Handler;
use super::place::NETWORK;
use super::rest::Rest;
use super::settings::{Settings, SettingsError, Shards};
use super::shard::Gateway;
use super::trouble::DiscordError;
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

/// The most shards that Discord may recommend: beyond it the number makes no sense.
const MOST_SHARDS: u64 = 10_000;

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
    let handler = Arc::new(Handler::new(Arc::clone(&bot), total));
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
