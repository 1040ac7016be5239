//! A measurement: two thousand feeds, one in twenty of them slow, broken or flapping, and an entry a minute among them, before the
//! real binary, which is killed at random moments if that is wanted. It needs minutes, and a machine that is otherwise idle:
//!
//! ```sh
//! cargo test --release --test feeds -- --ignored --nocapture two_thousand_feeds
//! ```
//!
//! | variable | what it sets | if not set |
//! |---|---|---|
//! | `BYLINE_LOAD_FEEDS` | how many feeds | 2000 |
//! | `BYLINE_LOAD_OLD` | how many entries each holds before | 2 |
//! | `BYLINE_LOAD_INTERVAL` | between how many seconds they are looked at | 60 |
//! | `BYLINE_LOAD_MINUTES` | how long entries come | 10 |
//! | `BYLINE_LOAD_EVERY` | how many seconds lie between two entries | 60 |
//! | `BYLINE_LOAD_KILLS` | how often the binary is killed meanwhile | 0 |
//!
//! Every entry must be in the library within the interval and a minute (where nothing is killed), and none twice; the binary must
//! stay under 300 MB; and a question to a second process over the same library, asked ten times a second while entries come, must
//! be answered within 20 ms at the 99th percentile. (The bot that is asked polls itself, in this process's place: a question goes
//! through its router as a surface's does.)

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use byline::intake::feed::rhythm::Bounds;
use byline::intake::fetch::{Fetcher, Policy};
use byline::intake::poll::{PollOptions, Poller};
use byline::library::store::{NewFeed, SHARED, Seq, Store};
use byline::router::{Desks, Place, Router, Settings};
use tokio::sync::watch;

use crate::kills::{Chances, Serving};
use crate::place::sqlite;
use crate::server::{Item, Reply, Server, article_page, rss};
use crate::world::Polling;

/// Hosts that the server stands for.
const HOSTS: u8 = 100;

/// Articles that the library holds before: questions are asked of a library of some size.
const HELD: u64 = 2000;

fn set(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
}

/// How a feed misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Good,
    Slow,
    Silent,
    Broken,
    Flapping,
    Cut,
}

fn manner(feed: u64) -> Manner {
    match feed % 100 {
        3 => Manner::Slow,
        23 => Manner::Silent,
        43 => Manner::Broken,
        63 => Manner::Flapping,
        83 => Manner::Cut,
        _ => Manner::Good,
    }
}

/// The host of a feed: twenty of one host follow one another, one of them misbehaves.
fn host_of(feed: u64) -> u8 {
    u8::try_from(feed / 20 % u64::from(HOSTS)).unwrap() + 1
}

/// The feeds and what is in each, and when each entry came.
struct Feeds {
    server: Server,
    count: u64,
    /// Entries that each holds before.
    old: u64,
    entries: Mutex<HashMap<u64, Vec<u64>>>,
    came: Mutex<HashMap<u64, Instant>>,
}

impl Feeds {
    async fn start(count: u64) -> Arc<Self> {
        let server = Server::on_hosts(HOSTS).await;
        let feeds = Arc::new(Self {
            server,
            count,
            old: set("BYLINE_LOAD_OLD", 2),
            entries: Mutex::default(),
            came: Mutex::default(),
        });
        let own = Arc::clone(&feeds);
        feeds.server.otherwise(move |request| own.answer(&request.path, request.before, &request.head));
        feeds
    }

    fn url(&self, feed: u64) -> String {
        self.server.url_at(host_of(feed), &format!("/feed/{feed}"))
    }

    fn answer(&self, path: &str, before: usize, head: &str) -> Reply {
        if let Some(number) = path.strip_prefix("/reports/").and_then(|number| number.parse().ok()) {
            return Reply::page(&article_page(number));
        }
        let Some(feed) = path.strip_prefix("/feed/").and_then(|feed| feed.parse::<u64>().ok()) else {
            return Reply::status("404 Not Found");
        };
        match manner(feed) {
            Manner::Silent => return Reply::Silence,
            Manner::Broken => return Reply::status("500 Broken"),
            Manner::Flapping if !before.is_multiple_of(3) => return Reply::status("503 Flapping"),
            Manner::Cut => return Reply::feed("<rss><channel><title>Cut"),
            _ => {}
        }
        let own = self.entries.lock().unwrap().get(&feed).cloned().unwrap_or_default();
        let tag = format!("\"{feed}-{}\"", own.len());
        let reply = if head.contains(&tag) {
            Reply::status("304 Not Modified")
        } else {
            let item = |number: &u64| Item {
                guid: format!("{feed}-{number}"),
                link: self.server.url_at(host_of(feed), &format!("/reports/{number}")),
                title: format!("Report {number}"),
                ..Item::default()
            };
            // Some that were there before, and those that came.
            let old = (0..self.old).map(|n| 1_000_000 + feed * self.old + n);
            let all: Vec<u64> = own.iter().rev().copied().chain(old).collect();
            let headers = format!("ETag: {tag}\r\nContent-Type: application/rss+xml\r\n");
            Reply::with("200 OK", &headers, &rss(&format!("Feed {feed}"), &all.iter().map(item).collect::<Vec<_>>()))
        };
        if manner(feed) == Manner::Slow { reply.after(Duration::from_secs(8)) } else { reply }
    }

    /// A new entry in one of the feeds that can be read.
    fn publish(&self, number: u64, chances: &mut Chances) {
        let feed = loop {
            let feed = chances.below(self.count);
            if matches!(manner(feed), Manner::Good | Manner::Slow) {
                break feed;
            }
        };
        self.entries.lock().unwrap().entry(feed).or_default().push(number);
        self.came.lock().unwrap().insert(number, Instant::now());
    }
}

/// Which reports are in the library, and how often each; asked of titles alone, for there are many.
struct Followed {
    after: Seq,
    held: HashMap<u64, usize>,
}

impl Followed {
    async fn follow(&mut self, store: &Store) -> Vec<u64> {
        let mut new = Vec::new();
        loop {
            let changes = store.changes_since(self.after, 500).await.unwrap();
            let Some(last) = changes.last() else { return new };
            self.after = last.seq;
            for id in changes.iter().map(|change| change.article).collect::<HashSet<_>>() {
                let Some(stored) = store.article(id).await.unwrap() else { continue };
                let title = &stored.article.meta().title;
                if let Some(number) = title.strip_prefix("Report ").and_then(|number| number.parse().ok()) {
                    *self.held.entry(number).or_default() += 1;
                    new.push(number);
                }
            }
        }
    }
}

async fn subscribe_all(store: &Store, feeds: &Feeds) {
    let urls: Vec<String> = (0..feeds.count).map(|feed| feeds.url(feed)).collect();
    for chunk in urls.chunks(200) {
        let hosts: Vec<String> =
            chunk.iter().map(|url| url::Url::parse(url).unwrap().host_str().unwrap().to_owned()).collect();
        let new: Vec<NewFeed<'_>> = chunk
            .iter()
            .zip(&hosts)
            .map(|(url, host)| NewFeed {
                collection: SHARED,
                url,
                host,
                title: "",
                site: None,
                filters: "",
                community: None,
                channel: None,
                most: None,
                taken: None,
            })
            .collect();
        store.subscribe_all(&new).await.unwrap();
    }
}

/// The memory of a process, in bytes: what of it is in the machine's memory, but for what it shares with files.
fn memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("RssAnon:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted.get(sorted.len().saturating_mul(percent) / 100).or(sorted.last()).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes: see the first lines of the file"]
async fn two_thousand_feeds() {
    let (interval, minutes) = (set("BYLINE_LOAD_INTERVAL", 60), set("BYLINE_LOAD_MINUTES", 10));
    let (every, kills) = (set("BYLINE_LOAD_EVERY", 60), set("BYLINE_LOAD_KILLS", 0));
    let feeds = Feeds::start(set("BYLINE_LOAD_FEEDS", 2000)).await;
    let place = sqlite();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("no-articles")).unwrap();
    let store = place.open().await;
    subscribe_all(&store, &feeds).await;
    let seconds = interval.to_string();
    let settings = [
        ("BYLINE__FEEDS__SHORTEST_INTERVAL", seconds.as_str()),
        ("BYLINE__FEEDS__LONGEST_INTERVAL", seconds.as_str()),
        ("BYLINE__FEEDS__AT_ONCE", "32"),
        ("BYLINE__WEB__AT_ONCE", "64"),
        ("BYLINE__WEB__TIMEOUT", "10"),
    ];
    let start = || Serving::start(folder.path(), &place.text, &feeds.server, HOSTS, &settings);
    let mut serving = start();
    let begun = Instant::now();
    let good = (0..feeds.count).filter(|feed| matches!(manner(*feed), Manner::Good | Manner::Slow)).count() as u64;
    let mut most = 0;
    while store.feed_health(None).await.unwrap().waiting > 0 || store.count(SHARED).await.unwrap() < good * feeds.old {
        most = most.max(memory(serving.0.id()).unwrap_or_default());
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(begun.elapsed() < Duration::from_secs(3600), "{} are there", store.count(SHARED).await.unwrap());
    }
    println!(
        "{} feeds with {} entries were read for the first time in {} s; {} MB at most",
        feeds.count,
        store.count(SHARED).await.unwrap(),
        begun.elapsed().as_secs(),
        most / 1_000_000
    );

    let mut chances = Chances::new();
    let mut followed = Followed { after: store.latest_seq().await.unwrap(), held: HashMap::new() };
    let (mut next, mut killed, mut latencies) = (1, 0, Vec::new());
    let begun = Instant::now();
    let lasts = Duration::from_secs(minutes * 60);
    let mut publish_at = begun;
    let pause =
        |chances: &mut Chances| lasts.mul_f64((0.5 + chances.below(1000) as f64 / 1000.0) / kills.max(1) as f64);
    let mut kill_at = begun + if kills > 0 { pause(&mut chances) } else { lasts * 2 };
    let grace = Duration::from_secs(interval + 60);
    loop {
        let now = Instant::now();
        if now >= publish_at && now < begun + lasts {
            feeds.publish(next, &mut chances);
            next += 1;
            publish_at += Duration::from_secs(every);
        }
        if killed < kills && now >= kill_at && now < begun + lasts {
            serving.kill();
            serving = start();
            killed += 1;
            kill_at = now + pause(&mut chances);
        }
        for number in followed.follow(&store).await {
            if let Some(came) = feeds.came.lock().unwrap().get(&number) {
                latencies.push(came.elapsed());
            }
        }
        most = most.max(memory(serving.0.id()).unwrap_or_default());
        let all_there = (1..next).all(|number| followed.held.contains_key(&number));
        if now >= begun + lasts && (all_there || now >= begun + lasts + grace * 3) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    // What would come twice comes within a round.
    tokio::time::sleep(Duration::from_secs(interval.min(60) + 5)).await;
    followed.follow(&store).await;
    latencies.sort_unstable();
    let lost: Vec<u64> = (1..next).filter(|number| !followed.held.contains_key(number)).collect();
    let doubled: Vec<u64> = followed.held.iter().filter(|(_, times)| **times > 1).map(|(number, _)| *number).collect();
    println!("{} entries came; lost {lost:?}, doubled {doubled:?}; {killed} kills", next - 1);
    println!(
        "in the library after {:.1} s in the middle, {:.1} s at the latest (interval {interval} s)",
        percentile(&latencies, 50).as_secs_f64(),
        latencies.last().copied().unwrap_or_default().as_secs_f64()
    );
    println!("memory at most {} MB", most / 1_000_000);
    let health = store.feed_health(None).await.unwrap();
    println!("{health:?}");
    assert!(lost.is_empty() && doubled.is_empty());
    assert!(kills > 0 || latencies.last().is_none_or(|last| *last <= grace));
    assert!(most < 300_000_000);
}

/// Questions while feeds are looked at, in one process: what a surface would wait for.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement of minutes: see the first lines of the file"]
async fn questions_while_feeds_come() {
    let (interval, minutes) = (set("BYLINE_LOAD_INTERVAL", 60), set("BYLINE_LOAD_MINUTES", 2));
    let feeds = Feeds::start(set("BYLINE_LOAD_FEEDS", 2000)).await;
    let place = sqlite();
    let folder = tempfile::tempdir().unwrap();
    let store = place.open().await;
    let held: Vec<_> = (0..HELD)
        .map(|number| {
            let text = article_page(5_000_000 + number);
            byline::article::read::read_text(&format!("held-{number}"), &text, byline::article::read::Format::Html)
                .unwrap()
        })
        .collect();
    for chunk in held.chunks(200) {
        store.add_all(SHARED, chunk).await.unwrap();
    }
    subscribe_all(&store, &feeds).await;
    let desks = Desks::new(store.clone(), folder.path().join("index"), Settings::default());
    let router = Arc::new(Router::over(desks.clone()));
    router.desk(&Place::console()).await.unwrap().prepare().await.unwrap();
    let policy = Policy {
        allow_loopback: true,
        ports: vec![feeds.server.port()],
        host_delay: Duration::ZERO,
        robots: false,
        total_timeout: Duration::from_secs(10),
        concurrency: 64,
        ..Policy::default()
    };
    let bounds = Bounds { shortest: Duration::from_secs(interval), longest: Duration::from_secs(interval) };
    let options = PollOptions { bounds, looks: 32, pages: 16, ..PollOptions::default() };
    let indexed = desks.clone();
    let poller = Poller::new(store.clone(), Fetcher::new(policy), "load", options).behind(move || indexed.indexed());
    let follows = desks.clone();
    let following = tokio::spawn(async move { follows.follow().await });
    let polling = Polling::start(poller);
    let (stop, mut stopped) = watch::channel(false);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let first = Arc::new(AtomicBool::new(true));
    let rounds = Arc::new(AtomicU64::new(0));
    let asking = {
        let (router, asked, first, rounds) =
            (Arc::clone(&router), Arc::clone(&asked), Arc::clone(&first), Arc::clone(&rounds));
        tokio::spawn(async move {
            while !*stopped.borrow_and_update() {
                let number = 5_000_000 + rounds.fetch_add(1, Ordering::Relaxed) % HELD;
                let question = format!("What did the harbour office say in report {number}?");
                let started = Instant::now();
                let reply = router.answer_text(&Place::console(), &question).await;
                let took = started.elapsed();
                assert!(reply.quotations().next().is_some(), "{question}");
                asked.lock().unwrap().push((first.load(Ordering::Relaxed), took));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    };
    let begun = Instant::now();
    let tell = |what: &str, of_first: bool| {
        let asked = asked.lock().unwrap();
        let mut times: Vec<Duration> =
            asked.iter().filter(|(first, _)| *first == of_first).map(|(_, took)| *took).collect();
        times.sort_unstable();
        println!(
            "{what}: {} questions, p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms",
            times.len(),
            percentile(&times, 50).as_secs_f64() * 1e3,
            percentile(&times, 99).as_secs_f64() * 1e3,
            times.last().copied().unwrap_or_default().as_secs_f64() * 1e3
        );
        percentile(&times, 99)
    };
    let good = (0..feeds.count).filter(|feed| matches!(manner(*feed), Manner::Good | Manner::Slow)).count() as u64;
    while store.feed_health(None).await.unwrap().waiting > 0
        || store.count(SHARED).await.unwrap() < HELD + good * feeds.old
    {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(begun.elapsed() < Duration::from_secs(3600));
    }
    println!("all were read for the first time in {} s", begun.elapsed().as_secs());
    tell("while all feeds are read for the first time", true);
    first.store(false, Ordering::Relaxed);
    let mut chances = Chances::new();
    for number in 1..=minutes {
        feeds.publish(number, &mut chances);
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let worst = tell("while an entry a minute comes", false);
    stop.send_replace(true);
    asking.await.unwrap();
    polling.stop().await;
    following.abort();
    assert!(worst <= Duration::from_millis(20), "{worst:?}");
}
