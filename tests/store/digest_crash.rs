//! A process that composes and sends digests and is killed: each digest reaches its channel once, and no article twice.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use byline::chat::record::Recorder;
use byline::digest::plan;
use byline::library::store::{JobState, SHARED, Store};
use byline::post::{Scheduler, Sender, SenderOptions};
use jiff::SignedDuration;

use crate::digests::{Whole, add};
use crate::place::each;
use crate::schedules::{at, plan};

/// Tell the child which store to write and where to record.
const STORE: &str = "BYLINE_TEST_DIGEST_STORE";
const FOLDER: &str = "BYLINE_TEST_DIGEST_FOLDER";

const CHANNELS: i64 = 3;

/// Adds an article, composes and sends, day by day. The clock is the number of articles, so that it goes on over restarts.
async fn work(store: &Store, folder: &str, days: std::ops::Range<u64>) {
    let scheduler = Scheduler::new(store.clone(), Whole(store.clone()), &["record"], "child");
    let sender = Sender::new(store.clone(), vec![Arc::new(Recorder::new(folder))], "child", SenderOptions::default());
    for day in days {
        add(store, SHARED, day..day + 1).await;
        let morning =
            at("2024-03-03T08:30[Europe/Berlin]") + SignedDuration::from_hours(24 * i64::try_from(day).unwrap());
        scheduler.tick(morning).await.unwrap();
        sender.drain().await.unwrap();
    }
}

/// As time would do it.
async fn leases_run_out(store: &Store) {
    store.give_back("child").await.unwrap();
    store.give_back_schedules("child").await.unwrap();
}

/// Not a test by itself: what [`digests_reach_their_channels_once_although_processes_are_killed`] runs and kills.
#[tokio::test(flavor = "multi_thread")]
async fn child() {
    let Ok(url) = std::env::var(STORE) else { return };
    let store = Store::open(&url.parse().unwrap()).await.unwrap();
    let day = store.count(SHARED).await.unwrap();
    // The day on which the one before died may not be done: its article is there, or its digest is not.
    work(&store, &std::env::var(FOLDER).unwrap(), day.saturating_sub(1)..u64::MAX).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn digests_reach_their_channels_once_although_processes_are_killed() {
    each(async |place| {
        const ROUNDS: u64 = 40;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        let store = place.open().await;
        let community = store.community("record", "archive").await.unwrap().id;
        for n in 0..CHANNELS {
            let set = at("2024-03-02T10:00[Europe/Berlin]");
            plan::set(&store, community, &format!("c{n}"), &plan("08:30", "daily"), set).await.unwrap();
        }
        for round in 0..ROUNDS {
            let before = store.count(SHARED).await.unwrap();
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "digest_crash::child", "--nocapture"])
                .env(STORE, &place.text)
                .env(FOLDER, folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // After a day or more, at another moment each round.
            while store.count(SHARED).await.unwrap() <= before {
                assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_micros(round * 2_347 % 40_000)).await;
            child.kill().unwrap();
            child.wait().unwrap();
            leases_run_out(&store).await;
        }
        let days = store.count(SHARED).await.unwrap();
        // A server may still be at the last statement of a client that was killed, and lease once more: that runs out as well.
        for _ in 0..100 {
            leases_run_out(&store).await;
            work(&store, folder, days - 1..days + 1).await;
            let all = store.schedules(community).await.unwrap();
            let behind = all.iter().any(|kept| kept.posted != all.iter().filter_map(|kept| kept.posted).max());
            if !behind && store.jobs(JobState::Open, 1).await.unwrap().is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let sent = store.jobs(JobState::Sent, 100_000).await.unwrap();
        assert!(store.jobs(JobState::Open, 10).await.unwrap().is_empty());
        assert!(store.jobs(JobState::GivenUp, 10).await.unwrap().is_empty());
        let mut recorded: BTreeMap<String, usize> = BTreeMap::new();
        for n in 0..CHANNELS {
            let mut articles = Vec::new();
            for line in std::fs::read_to_string(format!("{folder}/archive/c{n}.jsonl")).unwrap().lines() {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                *recorded.entry(line["key"].as_str().unwrap().to_owned()).or_default() += 1;
                for block in line["reply"]["blocks"].as_array().unwrap() {
                    articles.extend(block["quote"]["source"]["article"].as_str().map(str::to_owned));
                    // An article that another of the same digest is like stands beside it.
                    let item = block["item"]["about"].as_str();
                    articles.extend(item.map(|about| format!("beside {about}")));
                }
            }
            let all = articles.len();
            assert_eq!(u64::try_from(all).unwrap(), days + 1, "each article was given to c{n} once");
            articles.sort_unstable();
            articles.dedup();
            assert_eq!(articles.len(), all, "an article was given twice");
        }
        assert!(recorded.values().all(|times| *times == 1), "{recorded:?}");
        let mut keys: Vec<String> = sent.into_iter().map(|job| job.key).collect();
        keys.sort_unstable();
        assert_eq!(keys, recorded.into_keys().collect::<Vec<_>>());
        assert!(days >= ROUNDS, "{days}");
    })
    .await;
}
