//! Whatever is dropped, wherever it waits: nothing is posted twice, and nothing is lost.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::{Timestamp, Zoned};
use tempfile::TempDir;

use super::*;
use crate::article::read::{Format, read_text};
use crate::chat::record::Recorder;
use crate::digest::plan::{self, Plan};
use crate::digest::schedule::Schedule;
use crate::library::Library;
use crate::library::store::{CollectionId, JobFilter, JobState, SHARED, Store, StoreUrl, StoredId};
use crate::reply::{Outcome, Reply};
use crate::router::{Desk, Settings};

async fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap(), folder)
}

/// Polls a future so often and drops it; what it gave, if it ended before.
async fn polled<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

fn at(time: &str) -> Timestamp {
    time.parse::<Zoned>().unwrap().timestamp()
}

#[tokio::test]
async fn a_scheduler_that_is_dropped_anywhere_posts_each_day_once() {
    let (store, _folder) = store().await;
    let text = "Pool shuts\n\nThe town pool will shut in May.\n";
    let article = store.add(SHARED, &read_text("pool", text, Format::Text).unwrap()).await.unwrap().id;
    let mut library = Library::default();
    library.put_stored(store.article(article).await.unwrap().unwrap());
    let desk = Arc::new(Desk::new(library, Settings::default()));
    let desks = move |_: CollectionId| std::future::ready(Ok::<_, DeskError>(Arc::clone(&desk)));
    let scheduler = Scheduler::new(store.clone(), desks, &["record"], "scheduler");
    let community = store.community("record", "archive").await.unwrap().id;
    let daily = Plan::new(Schedule::parse("08:30", "UTC", "daily").unwrap());
    for times in 0.. {
        let channel = format!("after-{times}");
        plan::set(&store, community, &channel, &daily, at("2026-03-02T10:00[UTC]")).await.unwrap();
        let now = at("2026-03-03T08:30[UTC]");
        let ended = polled(times, scheduler.tick(now)).await;
        store.give_back_schedules("scheduler").await.unwrap();
        scheduler.tick(now).await.unwrap();
        let filter = JobFilter { destination: Some(&channel), ..JobFilter::default() };
        assert_eq!(store.list_jobs(filter, 10).await.unwrap().len(), 1, "dropped after {times} polls");
        assert_eq!(store.had(community, &channel, StoredId(0)).await.unwrap(), [article].into());
        if let Some(ended) = ended {
            assert_eq!(ended.unwrap(), Tick { posted: 1, ..Tick::default() });
            assert!(times > 10, "it never waited");
            break;
        }
    }
}

#[tokio::test]
async fn a_sender_that_is_dropped_anywhere_posts_once() {
    let (store, folder) = store().await;
    let sender =
        Sender::new(store.clone(), vec![Arc::new(Recorder::new(folder.path()))], "sender", SenderOptions::default());
    let reply = Reply::text(Outcome::Told, "Nothing is new.");
    let payload = Payload::reply(reply, &Library::default()).to_json().unwrap();
    for times in 0.. {
        let key = format!("after-{times}");
        store.enqueue(&key, "record", "news", &payload, Timestamp::now()).await.unwrap();
        let job = store.lease("sender", &["record"], 1, Duration::from_secs(60)).await.unwrap().remove(0);
        let ended = polled(times, sender.send(&job)).await;
        store.give_back("sender").await.unwrap();
        sender.drain().await.unwrap();
        assert_eq!(store.job(&key).await.unwrap().unwrap().state, JobState::Sent, "dropped after {times} polls");
        let lines = std::fs::read_to_string(folder.path().join("news.jsonl")).unwrap();
        assert_eq!(lines.lines().count(), times + 1, "dropped after {times} polls");
        if ended.is_some() {
            assert!(times > 1, "it never waited");
            break;
        }
    }
}

#[tokio::test]
async fn a_scheduler_that_composes_for_longer_than_its_lease_keeps_it() {
    let (store, _folder) = store().await;
    let text = "Pool shuts\n\nThe town pool will shut in May.\n";
    let article = store.add(SHARED, &read_text("pool", text, Format::Text).unwrap()).await.unwrap().id;
    let mut library = Library::default();
    library.put_stored(store.article(article).await.unwrap().unwrap());
    let desk = Arc::new(Desk::new(library, Settings::default()));
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let slow = |_: CollectionId| {
        let (gate, desk) = (Arc::clone(&gate), Arc::clone(&desk));
        async move {
            gate.acquire().await?.forget();
            Ok::<_, DeskError>(desk)
        }
    };
    let lease = Duration::from_millis(900);
    let scheduler = Scheduler::new(store.clone(), slow, &["record"], "scheduler").with_lease(lease);
    let community = store.community("record", "archive").await.unwrap().id;
    let daily = Plan::new(Schedule::parse("08:30", "UTC", "daily").unwrap());
    for channel in ["news", "sport"] {
        plan::set(&store, community, channel, &daily, at("2026-03-02T10:00[UTC]")).await.unwrap();
    }
    let now = at("2026-03-03T08:30[UTC]");
    let other = async {
        tokio::time::sleep(lease * 2).await;
        let taken = store.due_schedules("other", &["record"], now, 10, lease).await.unwrap().len();
        gate.add_permits(1);
        taken
    };
    let (ticked, taken) = tokio::join!(scheduler.tick(now), other);
    assert_eq!((taken, ticked.unwrap().posted), (0, 2));
}
