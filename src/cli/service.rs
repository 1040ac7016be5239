//! What runs beside the answers: changes are followed, files watched, feeds looked at, digests made at their hour, and what is queued is sent.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::installation;
use super::opening::{self, Kept, tell_refused};
use super::runtime::Running;
use crate::chat::record::Recorder;
use crate::config::{Config, Loaded};
use crate::intake;
use crate::library::store::SHARED;
use crate::post::{Courier, FeedTeller, Scheduler, Sender, SenderOptions};
use crate::router::Place;

/// Work in the background, until it is stopped.
pub(super) struct Service {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Service {
    /// Starts what keeps the answers up to date, and nothing else, on the runtime that it is called on.
    pub(super) fn follow(kept: &Kept, config: &Config) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();

        let desks = kept.desks.clone();
        tasks.spawn(until(stopped.clone(), async move { desks.follow().await }));

        let (store, installation) = (kept.store.clone(), kept.installation.clone());
        let places = config.library.articles.clone();
        let watching = intake::watch::watch(store, installation, SHARED, places, |told| match told {
            Ok(report) => tell_refused(&report.articles),
            Err(error) => {
                tracing::warn!(%error, "the watched files could not be brought into the library; trying again")
            }
        });
        tasks.spawn(until(stopped, async move { match watching.await {} }));
        Self { stop, tasks }
    }

    /// Starts everything, on the runtime that it is called on. What is queued for the networks of `couriers` is sent.
    pub(super) fn start(kept: &Kept, couriers: Vec<Arc<dyn Courier>>, config: &Config) -> Self {
        let Self { stop, mut tasks } = Self::follow(kept, config);
        let owner = installation::process(&kept.installation);

        if config.feeds.poll {
            let (poller, stopping) = (kept.poller.clone(), asked_to_stop(stop.subscribe()));
            tasks.spawn(async move { poller.run(stopping).await });
        }
        if !couriers.is_empty() {
            let (lease, store) = (config.posting.lease(), kept.store.clone());
            let networks: Vec<&str> = couriers.iter().map(|courier| courier.network()).collect();
            let scheduler =
                Scheduler::new(store.clone(), kept.desks.clone(), &networks, owner.clone()).with_lease(lease);
            let stopping = asked_to_stop(stop.subscribe());
            tasks.spawn(async move { scheduler.run(stopping).await });
            let teller = FeedTeller::new(store.clone(), &networks);
            let stopping = asked_to_stop(stop.subscribe());
            tasks.spawn(async move { teller.run(stopping).await });
            let sender = Sender::new(store, couriers, owner, SenderOptions { lease, ..SenderOptions::default() });
            let stopping = asked_to_stop(stop.subscribe());
            tasks.spawn(async move { sender.run(stopping).await });
        }
        Self { stop, tasks }
    }

    /// Ends it: what is being sent is waited for, what is leased is given back.
    pub(super) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Completes when the work is to end.
async fn asked_to_stop(mut stopped: watch::Receiver<bool>) {
    // An error: whoever could stop it is gone.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Work that may be dropped at any moment.
async fn until(stopped: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        () = work => {}
        () = asked_to_stop(stopped) => {}
    }
}

/// `byline run`: serves until it is asked to stop.
pub(super) fn run(loaded: &Loaded) -> anyhow::Result<()> {
    let config = &loaded.config;
    let runtime = Running::new()?;
    runtime.block_on(async {
        #[cfg(feature = "discord")]
        let discord = discord::way(&config.discord)?;
        let opened = opening::open(loaded).await?;
        let Some(kept) = opened.kept else {
            bail!("run serves a library that is kept: start it without --articles, and with library.data_dir set");
        };
        let couriers = couriers(config);
        #[cfg(feature = "discord")]
        let couriers = {
            let on_discord = discord.as_ref().map(|discord| Arc::new(discord.courier()) as Arc<dyn Courier>);
            couriers.into_iter().chain(on_discord).collect::<Vec<_>>()
        };
        let networks: Vec<String> = couriers.iter().map(|courier| courier.network().to_owned()).collect();
        let service = Service::start(&kept, couriers, config);
        // The first question, and the first digest, need not wait.
        opened.router.desk(&Place::console()).await?.prepare().await?;
        let held = opened.router.summary_of_library(&Place::console()).await?;
        if networks.is_empty() {
            tracing::warn!("no network is configured: nothing is posted; the console's digests need the chat");
            #[cfg(feature = "discord")]
            let _ = writeln!(std::io::stderr(), "{}", discord::no_token());
        }
        tracing::info!(?networks, library = kept.store.place(), %held, "running");
        if std::io::stderr().is_terminal() {
            // The terminal may be closed by now; the service runs all the same.
            let _ = writeln!(std::io::stderr(), "Byline is running. {held} Ctrl-C ends it.");
        }
        let stopping = asked_to_stop(service.stop.subscribe());
        #[cfg(feature = "discord")]
        let serving = discord::serve(discord, Arc::new(opened.router), kept.store.clone(), stopping);
        #[cfg(not(feature = "discord"))]
        let serving = async {
            stopping.await;
            anyhow::Ok(())
        };
        tokio::pin!(serving);
        // Whatever ends first ends all: a network that can't be served at all is an error of the whole.
        let ended = tokio::select! {
            ended = &mut serving => ended,
            asked = asked_to_end() => {
                service.stop.send_replace(true);
                asked.and(serving.await)
            }
        };
        service.stop().await;
        kept.store.close().await;
        ended
    })
}

/// Discord, as far as serving goes.
#[cfg(feature = "discord")]
mod discord {
    use std::future::Future;
    use std::sync::Arc;
    use std::time::Duration;

    use anyhow::Context;

    use crate::chat::discord::{Discord, Posts, Settings, SettingsError};
    use crate::config;
    use crate::library::store::Store;
    use crate::router::Router;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// The way to Discord that the configuration names; nothing where it names no token.
    pub(super) fn way(config: &config::Discord) -> anyhow::Result<Option<Discord>> {
        let wanted = config.api_url.is_some() || config.guilds.is_some();
        if config.token.is_none() && config.token_file.is_none() && !Settings::has_credential() && !wanted {
            return Ok(None);
        }
        let guilds = config.guilds.as_deref().unwrap_or_default();
        let guilds = guilds.split(',').map(str::trim).filter(|number| !number.is_empty());
        let guilds =
            guilds.map(|number| number.parse().with_context(|| format!("discord.guilds: “{number}” is no number")));
        let settings = Settings {
            token: config.token.as_ref().map(config::Secret::secret),
            token_file: config.token_file.clone(),
            api_url: config.api_url.clone(),
            guilds: guilds.collect::<anyhow::Result<_>>()?,
            shards: config.shards.parse()?,
            per_person: config.per_person,
            per_server: config.per_server,
            buttons: DAY * u32::try_from(config.buttons_days).unwrap_or(u32::MAX),
            forget: DAY * u32::try_from(config.forget_days).unwrap_or(u32::MAX),
            posts: Posts { quiet: config.quiet, crosspost: config.crosspost, threads: config.threads },
        };
        Ok(Some(Discord::new(settings)?))
    }

    /// What is told where there is no token: the way to one.
    pub(super) fn no_token() -> SettingsError {
        SettingsError::NoToken
    }

    /// Answers on Discord, where there is a way to it, until it is time to stop.
    pub(super) async fn serve(
        discord: Option<Discord>,
        router: Arc<Router>,
        store: Store,
        stopping: impl Future<Output = ()> + Send,
    ) -> anyhow::Result<()> {
        match discord {
            Some(discord) => Ok(discord.run(router, store, stopping).await?),
            None => {
                stopping.await;
                Ok(())
            }
        }
    }
}

/// The networks that the configuration names, as far as posting goes.
pub(super) fn couriers(config: &Config) -> Vec<Arc<dyn Courier>> {
    let mut couriers: Vec<Arc<dyn Courier>> = Vec::new();
    if let Some(folder) = &config.record.folder {
        couriers.push(Arc::new(Recorder::new(folder)));
    }
    couriers
}

/// Completes when the process is asked to end: Ctrl-C, or what service managers send.
async fn asked_to_end() -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate()).context("signals can't be heard")?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted.context("signals can't be heard"),
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.context("signals can't be heard")
}
