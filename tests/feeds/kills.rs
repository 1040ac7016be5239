//! The real binary, killed at random moments while feeds bring entries: none is lost, none is doubled.
//!
//! `BYLINE_TEST_SEED` repeats the moments of an earlier run, as far as a scheduler repeats anything.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use byline::library::store::SHARED;

use crate::place::each;
use crate::server::{Item, Reply, Server, paragraphs, rss};
use crate::world::{PATIENCE, articles, report, subscribe, times};

/// How often it is killed here; the measurement in `load.rs` kills more often and is longer.
const KILLS: u64 = 20;

/// Feeds, and entries that each has at the end.
const FEEDS: u64 = 12;

/// Chances that can be repeated: xorshift64*.
pub struct Chances(u64);

impl Chances {
    pub fn new() -> Self {
        let given = std::env::var("BYLINE_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = given.unwrap_or_else(|| u64::from(std::process::id()) * 0x9e37_79b9 + 1);
        println!("BYLINE_TEST_SEED={seed}");
        Self(seed)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16) % bound
    }
}

/// The binary at work, killed when it is dropped.
pub struct Serving(pub Child);

impl Serving {
    pub fn start(
        folder: &std::path::Path,
        database: &str,
        server: &Server,
        hosts: u8,
        settings: &[(&str, &str)],
    ) -> Self {
        let hosts = (1..=hosts).map(|host| format!("127.0.0.{host}:{}", server.port())).collect::<Vec<_>>().join(",");
        let mut command = Command::new(env!("CARGO_BIN_EXE_byline"));
        command
            .arg("run")
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder)
            .env("BYLINE__LIBRARY__DATA_DIR", folder.join("data"))
            .env("BYLINE__LIBRARY__DATABASE", database)
            .env("BYLINE__LIBRARY__ARTICLES", folder.join("no-articles"))
            .env("BYLINE__RECORD__FOLDER", folder.join("recorded"))
            .env("BYLINE__POSTING__LEASE", "2")
            .env("BYLINE__WEB__INTERNAL_HOSTS", hosts)
            .env("BYLINE__WEB__HOST_DELAY", "0")
            .env("BYLINE__WEB__ROBOTS", "false")
            .env("BYLINE__LOG__LEVEL", "error")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit());
        Self(command.spawn().unwrap())
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        assert!(self.0.try_wait().unwrap().is_none(), "it ended by itself");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_kills() {
    each(async |place| {
        let (server, store) = (Server::on_hosts(4).await, place.open().await);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("no-articles")).unwrap();
        let shown = Arc::new(AtomicU64::new(1));
        for n in 0..FEEDS {
            let (shown, own) = (Arc::clone(&shown), server.clone());
            server.set(&format!("/feed/{n}"), move |_| {
                let item = |entry: u64| {
                    let number = 1000 * n + entry;
                    // Every other feed carries its texts itself.
                    let content = (n % 2 == 0).then(|| paragraphs(number, 6));
                    Item { content, ..report(&own, number) }
                };
                let items: Vec<Item> = (0..shown.load(Ordering::SeqCst)).rev().map(item).collect();
                Reply::feed(&rss(&format!("Feed {n}"), &items))
            });
            subscribe(&store, &server.url_at(u8::try_from(n % 4).unwrap() + 1, &format!("/feed/{n}"))).await;
        }
        let settings = [("BYLINE__FEEDS__SHORTEST_INTERVAL", "1"), ("BYLINE__FEEDS__LONGEST_INTERVAL", "1")];
        let mut chances = Chances::new();
        for _ in 0..KILLS {
            let mut serving = Serving::start(folder.path(), &place.text, &server, 4, &settings);
            tokio::time::sleep(Duration::from_millis(200 + chances.below(1500))).await;
            shown.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(chances.below(1500))).await;
            serving.kill();
        }
        let each = shown.load(Ordering::SeqCst);
        let _serving = Serving::start(folder.path(), &place.text, &server, 4, &settings);
        let started = Instant::now();
        while store.count(SHARED).await.unwrap() < FEEDS * each {
            let count = store.count(SHARED).await.unwrap();
            assert!(started.elapsed() < PATIENCE, "{count} of {} entries are there", FEEDS * each);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // A look or two more, which must bring nothing.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let all = articles(&store).await;
        assert_eq!(all.len() as u64, FEEDS * each);
        for n in 0..FEEDS {
            assert!((0..each).all(|entry| times(&all, 1000 * n + entry) == 1), "feed {n}");
        }
        assert!(all.iter().all(|stored| stored.version == 1));
        store.close().await;
    })
    .await;
}
