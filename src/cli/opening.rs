//! Opening what a run answers from: the library that is kept, or articles read for this run alone.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

use super::{installation, progress};
use crate::config::{self, Config, Loaded, Origin};
use crate::intake::feed::rhythm::Bounds;
use crate::intake::fetch::{Fetcher, Policy};
use crate::intake::poll::{PollOptions, Poller};
use crate::intake::{Refusal, Tally, folder, mirror};
use crate::library::store::{Problem, SHARED, Store, StoreUrl};
use crate::matcher::Thresholds;
use crate::router::{Desk, Desks, Router, Settings};

/// What a run answers from.
pub(super) struct Opened {
    /// Answers.
    pub(super) router: Router,
    /// What is kept; nothing when articles are read for this run alone.
    pub(super) kept: Option<Kept>,
}

/// What outlives the run.
#[derive(Clone)]
pub(super) struct Kept {
    /// Where it is kept.
    pub(super) store: Store,
    /// The desks over it.
    pub(super) desks: Desks,
    /// The name of this installation.
    pub(super) installation: String,
    /// The way to the web, one for the whole process: its clones share queues, pauses and what is known of robots.txt.
    pub(super) fetcher: Fetcher,
    /// Looks at feeds.
    pub(super) poller: Poller,
}

/// The file of a store in the data folder.
const FILE: &str = "byline.db";

/// The folder of the search indexes in the data folder.
const INDEX: &str = "index";

/// Opens what the configuration names. With `--articles`, or without a data folder, nothing is kept.
pub(super) async fn open(loaded: &Loaded) -> anyhow::Result<Opened> {
    let flag = matches!(loaded.origin("library.articles"), Some(Origin::Flag(_)));
    if flag || loaded.config.library.data_dir.is_none() {
        return Ok(Opened { router: read(&loaded.config)?, kept: None });
    }
    let kept = keep(loaded).await?;
    Ok(Opened {
        router: Router::over(kept.desks.clone()).with_web(kept.fetcher.clone()).with_feeds(kept.poller.clone()),
        kept: Some(kept),
    })
}

/// The library of a data folder, in step with the files that the configuration names.
async fn keep(loaded: &Loaded) -> anyhow::Result<Kept> {
    let config = &loaded.config;
    let (store, folder) = store(config).await?;
    let installation = installation::name(&folder)?;
    let bar = progress::of_files("reading articles");
    let told = |done| progress::show(&bar, done);
    let synced = mirror::sync(&store, &installation, SHARED, &config.library.articles, told).await;
    bar.finish_and_clear();
    match synced {
        // Who set nothing need not have the samples.
        Ok(report) if !matches!(loaded.origin("library.articles"), Some(Origin::Default)) => {
            tell_refused(&report.articles)
        }
        Ok(_) => {}
        // What is there can be answered from all the same, and whoever serves tries again.
        Err(error) if matches!(error.problem, Problem::Full | Problem::ReadOnly(_) | Problem::Busy) => {
            tracing::warn!(%error, "the watched files could not be brought into the library");
        }
        Err(error) => return Err(error.into()),
    }
    let desks = Desks::new(store.clone(), folder.join(INDEX), settings(config));
    let fetcher = fetcher(&config.web);
    let poller = poller(&store, &fetcher, &desks, installation::process(&installation), config);
    Ok(Kept { store, desks, installation, fetcher, poller })
}

/// What looks at feeds, as the configuration wants it.
fn poller(store: &Store, fetcher: &Fetcher, desks: &Desks, owner: String, config: &Config) -> Poller {
    let seconds = Duration::from_secs;
    let feeds = &config.feeds;
    let options = PollOptions {
        bounds: Bounds { shortest: seconds(feeds.shortest_interval), longest: seconds(feeds.longest_interval) },
        oldest: (feeds.oldest_days > 0).then(|| seconds(feeds.oldest_days * 24 * 60 * 60)),
        looks: feeds.at_once,
        pages: feeds.at_once.div_ceil(2),
        lease: config.posting.lease(),
        ..PollOptions::default()
    };
    let desks = desks.clone();
    Poller::new(store.clone(), fetcher.clone(), owner, options).behind(move || desks.indexed())
}

/// The way to the web, as the configuration lets it be gone.
pub(super) fn fetcher(web: &config::Web) -> Fetcher {
    Fetcher::new(Policy {
        user_agent: Policy::agent_of(web.contact.as_deref()),
        ports: web.ports.clone(),
        internal_hosts: web.internal_hosts.clone(),
        robots: web.robots,
        max_bytes: web.max_megabytes * 1024 * 1024,
        total_timeout: Duration::from_secs(web.timeout),
        concurrency: web.at_once,
        host_delay: Duration::from_secs_f64(web.host_delay),
        ..Policy::default()
    })
}

/// Names what was not read.
pub(super) fn tell_refused(tally: &Tally) {
    for Refusal { path, reason } in &tally.refusals {
        // Quoted as a literal: a file's name may hold what a terminal would obey.
        tracing::warn!(?path, %reason, "not read");
    }
    let untold = tally.refused.saturating_sub(tally.refusals.len() as u64);
    if untold > 0 {
        tracing::warn!(files = untold, "more were not read");
    }
}

/// The store of the configuration, and its data folder.
pub(super) async fn store(config: &Config) -> anyhow::Result<(Store, PathBuf)> {
    let folder = config.library.data_dir.clone().context("library.data_dir is \"\": nothing is kept")?;
    let url = match &config.library.database {
        Some(address) => address.expose().parse().context("library.database")?,
        None => StoreUrl::file(folder.join(FILE)),
    };
    fs::create_dir_all(&folder).with_context(|| {
        format!(
            "the data folder {} can't be made; library.data_dir names another, or \"\" to keep nothing",
            folder.display()
        )
    })?;
    Ok((Store::open(&url).await?, folder))
}

/// A router over articles that are read from files, for this run alone. What could not be read is named in the log.
fn read(config: &Config) -> anyhow::Result<Router> {
    let bar = progress::spinner("reading articles", "files");
    let loaded = folder::load(&config.library.articles, || bar.inc(1));
    bar.finish_and_clear();
    for refused in &loaded.refused {
        // Quoted as a literal: a file's name may hold what a terminal would obey.
        tracing::warn!(path = ?refused.path, reason = %refused.reason, "not read");
    }
    if loaded.library.is_empty() {
        let places = config.library.articles.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>().join(", ");
        bail!(
            "no article could be read from {places}; name others with --articles PATH, or as library.articles in bot.toml"
        );
    }
    Ok(Router::new(Desk::new(loaded.library, settings(config))))
}

fn settings(config: &Config) -> Settings {
    Settings {
        passages: config.answer.passages,
        thresholds: thresholds(&config.answer),
        summary_sentences: config.summary.sentences,
        shared_open: config.library.shared_open,
        articles_a_day: bound(config.library.articles_a_day),
        feeds: bound(config.feeds.per_community),
    }
}

/// A bound, of which 0 means that there is none.
fn bound(most: u32) -> Option<u32> {
    (most > 0).then_some(most)
}

/// The thresholds that are set, and the matcher's own where none is. One that is set moves the other out of its way, so that
/// a passage which answers is always near too.
fn thresholds(answer: &config::Answer) -> Thresholds {
    let own = Thresholds::default();
    match (answer.confidence, answer.nearest) {
        (None, None) => own,
        (Some(answer), None) => Thresholds { answer, nearest: own.nearest.min(answer) },
        (None, Some(nearest)) => Thresholds { answer: own.answer.max(nearest), nearest },
        (Some(answer), Some(nearest)) => Thresholds { answer, nearest },
    }
}
