//! The outbox: once queued, sent in order, and by one sender at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use byline::library::store::{AfterFailure, Job, JobState, Problem, Queued, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::place::each;

const MINUTE: Duration = Duration::from_secs(60);

async fn queue(store: &Store, key: &str, destination: &str) -> Queued {
    store.enqueue(key, "net", destination, &json!({ "text": key }), Timestamp::UNIX_EPOCH).await.unwrap()
}

async fn lease(store: &Store) -> Vec<Job> {
    store.lease("sender", &["net"], 10, MINUTE).await.unwrap()
}

async fn keys(store: &Store) -> Vec<String> {
    lease(store).await.into_iter().map(|job| job.key).collect()
}

#[tokio::test]
async fn a_key_is_queued_once_also_after_it_was_sent() {
    each(async |place| {
        let store = place.open().await;
        let payload = json!({"text": "né\u{0}", "list": [1, 2.5, null]});
        let queued = store.enqueue("day-1", "net", "discord/1", &payload, Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(queued, Queued::Queued);
        assert_eq!(queue(&store, "day-1", "discord/1").await, Queued::AlreadyThere);
        let jobs = lease(&store).await;
        assert_eq!(jobs.len(), 1);
        assert_eq!((&jobs[0].payload, jobs[0].attempt, jobs[0].destination.as_str()), (&payload, 1, "discord/1"));
        assert!(lease(&store).await.is_empty(), "it is leased");
        assert!(store.sent(&jobs[0], Some("message-9")).await.unwrap());
        assert!(!store.sent(&jobs[0], Some("message-10")).await.unwrap(), "it was recorded before");
        assert_eq!(queue(&store, "day-1", "discord/1").await, Queued::AlreadyThere);
        assert!(lease(&store).await.is_empty());
        let entry = store.job("day-1").await.unwrap().unwrap();
        assert_eq!((entry.state, entry.network_id.as_deref(), entry.attempts), (JobState::Sent, Some("message-9"), 1));
        assert!(entry.sent_at.is_some() && entry.lease.is_none());
        assert_eq!(store.job("day-2").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn one_destinations_jobs_are_sent_in_order_and_hold_back_no_other() {
    each(async |place| {
        let store = place.open().await;
        for (key, destination) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a")] {
            queue(&store, key, destination).await;
        }
        let first = lease(&store).await;
        assert_eq!(first.iter().map(|job| job.key.as_str()).collect::<Vec<_>>(), ["a1", "b1"]);
        let later = Timestamp::now() + SignedDuration::from_hours(1);
        assert!(store.failed(&first[0], "503", AfterFailure::RetryAt(later)).await.unwrap());
        assert!(store.sent(&first[1], None).await.unwrap());
        assert!(lease(&store).await.is_empty(), "a1 is tried later, and a2 waits for it");
        let entry = store.job("a1").await.unwrap().unwrap();
        assert_eq!((entry.state, entry.last_error.as_deref()), (JobState::Open, Some("503")));
        assert_eq!(entry.next_at.as_millisecond(), later.as_millisecond());
        queue(&store, "b2", "b").await;
        assert_eq!(keys(&store).await, ["b2"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_given_up_lets_the_next_pass() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "a1", "a").await;
        queue(&store, "a2", "a").await;
        let job = lease(&store).await.remove(0);
        assert!(store.failed(&job, "the channel\0 is gone", AfterFailure::GiveUp).await.unwrap());
        assert_eq!(keys(&store).await, ["a2"]);
        let given_up = store.jobs(JobState::GivenUp, 10).await.unwrap();
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].last_error.as_deref(), Some("the channel is gone"));
        assert_eq!(store.jobs(JobState::Open, 10).await.unwrap()[0].lease.as_ref().unwrap().0, "sender");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_is_due_later_holds_back_nothing() {
    each(async |place| {
        let store = place.open().await;
        let tomorrow = Timestamp::now() + SignedDuration::from_hours(24);
        store.enqueue("tomorrow", "net", "a", &json!(1), tomorrow).await.unwrap();
        queue(&store, "now", "a").await;
        assert_eq!(keys(&store).await, ["now"]);
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_ran_out_is_given_to_another() {
    each(async |place| {
        let (dead, alive) = (place.open().await, place.open().await);
        queue(&dead, "a1", "a").await;
        let lost = dead.lease("dead", &["net"], 10, Duration::ZERO).await.unwrap().remove(0);
        let taken = alive.lease("alive", &["net"], 10, MINUTE).await.unwrap().remove(0);
        assert_eq!((taken.key.as_str(), taken.attempt), ("a1", 2), "the lost attempt counts");
        assert!(!dead.failed(&lost, "too late to tell", AfterFailure::GiveUp).await.unwrap());
        assert!(!dead.extend(&lost, MINUTE).await.unwrap());
        assert!(alive.extend(&taken, MINUTE).await.unwrap());
        assert_eq!(alive.job("a1").await.unwrap().unwrap().last_error, None);
        assert!(dead.sent(&lost, Some("m")).await.unwrap(), "that it was sent is true, whoever says so");
        assert!(!alive.failed(&taken, "?", AfterFailure::GiveUp).await.unwrap());
        assert!(alive.lease("alive", &["net"], 10, MINUTE).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_is_renewed_under_the_same_name_is_another_lease() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "a1", "a").await;
        let first = store.lease("sender", &["net"], 1, Duration::ZERO).await.unwrap().remove(0);
        let second = store.lease("sender", &["net"], 1, MINUTE).await.unwrap().remove(0);
        assert!(!store.failed(&first, "old news", AfterFailure::GiveUp).await.unwrap());
        assert!(store.failed(&second, "news", AfterFailure::GiveUp).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn what_no_database_can_keep_is_refused() {
    each(async |place| {
        let store = place.open().await;
        let long = "k".repeat(600);
        for (key, destination) in [("a\0", "a"), ("a", "a\0"), (&long, "a")] {
            let error = store.enqueue(key, "net", destination, &json!(1), Timestamp::now()).await.unwrap_err();
            assert!(matches!(error.problem, Problem::Text { .. }), "{error}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_race_for_a_thousand_jobs_send_each_once() {
    each(async |place| {
        const JOBS: usize = 1000;
        const DESTINATIONS: usize = 125;
        let store = place.open().await;
        let mut writers = tokio::task::JoinSet::new();
        for part in 0..4 {
            let store = store.clone();
            writers.spawn(async move {
                for n in (part..JOBS).step_by(4) {
                    queue(&store, &format!("{n:04}"), &format!("channel-{}", n % DESTINATIONS)).await;
                }
            });
        }
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        let race = async |owner: &str| {
            let store = place.open().await;
            let mut sent = Vec::new();
            loop {
                let jobs = store.lease(owner, &["net"], 20, Duration::from_secs(600)).await.unwrap();
                for job in &jobs {
                    assert!(store.sent(job, None).await.unwrap(), "{} was sent by another", job.key);
                    sent.push((job.destination.clone(), job.id));
                }
                if jobs.is_empty() && store.jobs(JobState::Open, 1).await.unwrap().is_empty() {
                    return sent;
                }
            }
        };
        let (one, other) = tokio::join!(race("one"), race("other"));
        assert_eq!(one.len() + other.len(), JOBS);
        let mut ids: Vec<_> = one.iter().chain(&other).map(|(_, id)| id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), JOBS);
        for part in [&one, &other] {
            let mut last = BTreeMap::new();
            for (destination, id) in part {
                assert!(last.insert(destination, id).is_none_or(|before| before < id), "{destination} out of order");
            }
        }
        assert_eq!(store.jobs(JobState::Sent, 2000).await.unwrap().len(), JOBS);
    })
    .await;
}
