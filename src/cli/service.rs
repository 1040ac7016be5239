//! What runs beside the answers: changes are followed, files watched, feeds looked at, digests made at their hour, and what is queued is sent.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use anyhow::{Context, bail};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::installation;
use super::networks::{self, Networks};
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
pub(super) async fn asked_to_stop(mut stopped: watch::Receiver<bool>) {
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
        let chats = Networks::of(config)?;
        let opened = opening::open(loaded).await?;
        let Some(kept) = opened.kept else {
            bail!("run serves a library that is kept: start it without --articles, and with library.data_dir set");
        };
        let couriers = couriers(config).into_iter().chain(chats.couriers()).collect::<Vec<_>>();
        let networks: Vec<String> = couriers.iter().map(|courier| courier.network().to_owned()).collect();
        let service = Service::start(&kept, couriers, config);
        // The first question, and the first digest, need not wait.
        opened.router.desk(&Place::console()).await?.prepare().await?;
        let held = opened.router.summary_of_library(&Place::console()).await?;
        if networks.is_empty() {
            tracing::warn!("no network is configured: nothing is posted; the console's digests need the chat");
            for way in networks::ways_in() {
                let _ = writeln!(std::io::stderr(), "{way}");
            }
        }
        tracing::info!(?networks, library = kept.store.place(), %held, "running");
        if std::io::stderr().is_terminal() {
            // The terminal may be closed by now; the service runs all the same.
            let _ = writeln!(std::io::stderr(), "Byline is running. {held} Ctrl-C ends it.");
        }
        let serving = chats.serve(Arc::new(opened.router), kept.store.clone(), service.stop.clone());
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
