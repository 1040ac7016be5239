//! A server, a store, and what looks at feeds.

use std::time::{Duration, Instant};

use byline::article::Article;
use byline::intake::feed::rhythm::Bounds;
use byline::intake::fetch::{Fetcher, Policy};
use byline::intake::poll::{PollOptions, Poller};
use byline::library::store::{CollectionId, FeedEntry, FeedId, NewFeed, SHARED, Store, Stored, Subscription};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use url::Url;

use crate::server::{Item, Server, article_page};

/// Far longer than anything here takes: only what hangs ends by it.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Impatient, and open to this machine.
pub fn policy(server: &Server) -> Policy {
    Policy {
        allow_loopback: true,
        ports: vec![server.port()],
        host_delay: Duration::ZERO,
        retry_delay: Duration::from_millis(10),
        total_timeout: Duration::from_secs(3),
        idle_timeout: Duration::from_secs(3),
        ..Policy::default()
    }
}

pub fn options() -> PollOptions {
    PollOptions {
        bounds: Bounds { shortest: Duration::from_millis(200), longest: Duration::from_millis(400) },
        lease: Duration::from_secs(5),
        ..PollOptions::default()
    }
}

pub fn poller(store: &Store, server: &Server, name: &str) -> Poller {
    Poller::new(store.clone(), Fetcher::new(policy(server)), name, options())
}

/// A poller at work, until it is stopped.
pub struct Polling {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Polling {
    pub fn start(poller: Poller) -> Self {
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            poller
                .run(async {
                    let _ = stopped.await;
                })
                .await;
        });
        Self { stop, task }
    }

    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.task.await.unwrap();
    }
}

/// Subscribes the shared collection to a feed.
pub async fn subscribe(store: &Store, url: &str) -> FeedId {
    subscribe_with(store, url, |_| ()).await
}

pub async fn subscribe_with(store: &Store, url: &str, change: impl FnOnce(&mut NewFeed<'_>)) -> FeedId {
    let host = Url::parse(url).unwrap().host_str().unwrap().to_owned();
    let mut feed = NewFeed {
        collection: SHARED,
        url,
        host: &host,
        title: "",
        site: None,
        filters: "",
        community: None,
        channel: None,
        most: None,
        taken: None,
    };
    change(&mut feed);
    match store.subscribe(&feed).await.unwrap() {
        Subscription::New(feed) => feed.id,
        other => panic!("{other:?}"),
    }
}

pub async fn feed(store: &Store, id: FeedId) -> FeedEntry {
    store.feed(id).await.unwrap().unwrap()
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < PATIENCE, "it never came that {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a feed was looked at once more.
pub async fn looked_at_again(store: &Store, id: FeedId) {
    let before = feed(store, id).await.looked_at;
    // Twice: the first look may have begun before.
    let next = async |before| {
        until("a feed is looked at", async || feed(store, id).await.looked_at != before).await;
        feed(store, id).await.looked_at
    };
    let first = next(before).await;
    next(first).await;
}

/// All articles, those of the shared collection unless another is asked for.
pub async fn articles_of(store: &Store, collection: CollectionId) -> Vec<Stored> {
    let mut all = Vec::new();
    let mut loading = store.load_all(collection);
    while let Some(stored) = loading.next().await.unwrap() {
        all.push(stored);
    }
    all
}

pub async fn articles(store: &Store) -> Vec<Stored> {
    articles_of(store, SHARED).await
}

/// How often a number's report is in the library.
pub fn times(articles: &[Stored], number: u64) -> usize {
    let held = |article: &Article| article.text().contains(&format!("In report {number} the harbour office"));
    articles.iter().filter(|stored| held(&stored.article)).count()
}

/// The entry of a report whose text is on its page, which the server serves from now on.
pub fn report(server: &Server, number: u64) -> Item {
    let path = format!("/reports/{number}");
    server.serve(&path, crate::server::Reply::page(&article_page(number)));
    Item {
        guid: format!("report-{number}"),
        link: server.url(&path),
        title: format!("Report {number}"),
        date: None,
        summary: "What the harbour office said.".to_owned(),
        content: None,
    }
}
