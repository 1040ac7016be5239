//! The sender: what was queued is sent once, in order, and what can't be sent says why.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use byline::chat::record::Recorder;
use byline::library::store::{JobState, SHARED, Store};
use byline::post::{Courier, Delivered, Delivery, Posting, Retry, Sender, SenderOptions, Undelivered};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::digests::{Whole, add, subscribed, tick, word};
use crate::place::{article, each};
use crate::schedules::{at, plan};
use crate::trouble::meddle;

/// A network that does as it is told, and remembers what it was given.
struct Fake<F> {
    answer: F,
    given: Mutex<Vec<(String, String)>>,
}

fn fake<F>(answer: F) -> Arc<Fake<F>> {
    Arc::new(Fake { answer, given: Mutex::default() })
}

impl<F> Fake<F> {
    fn keys(&self) -> Vec<String> {
        self.given.lock().unwrap().iter().map(|(key, _)| key.clone()).collect()
    }

    fn texts(&self) -> Vec<String> {
        self.given.lock().unwrap().iter().map(|(_, text)| text.clone()).collect()
    }
}

impl<F> Courier for Fake<F>
where
    F: Fn(&Posting) -> Result<(), Undelivered> + Send + Sync,
{
    fn network(&self) -> &str {
        "net"
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        let text = byline::chat::text::render_whole(&posting.reply, byline::chat::text::Style::default());
        self.given.lock().unwrap().push((posting.key.clone(), text));
        let answer = (self.answer)(posting);
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer.map(|()| Delivered { network_id: Some("message".to_owned()) })
        })
    }
}

/// Delivers to another network, and then its process stops: the sender never hears of it.
struct DiesAfter(Recorder);

impl Courier for DiesAfter {
    fn network(&self) -> &str {
        "record"
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        Box::pin(async move {
            self.0.deliver(posting).await?;
            std::future::pending().await
        })
    }
}

fn sender(store: &Store, courier: Arc<dyn Courier>) -> Sender {
    Sender::new(store.clone(), vec![courier], "sender", SenderOptions::default())
}

fn retry(after: Option<u64>) -> Undelivered {
    Undelivered::Retry { after: after.map(Duration::from_secs), reason: "503 Service Unavailable".to_owned() }
}

/// A payload of Byline's own words.
fn words(text: &str) -> serde_json::Value {
    json!({"articles": [], "says": {"reply": {"outcome": "told", "blocks": [{"text": text}], "pages": [], "alternatives": false}}})
}

async fn queue(store: &Store, key: &str, network: &str, channel: &str) {
    store.enqueue(key, network, channel, &words(key), Timestamp::now()).await.unwrap();
}

/// A digest of three articles in the outbox, for the channel `news`.
async fn digest(store: &Store) -> String {
    subscribed(store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
    add(store, SHARED, 0..3).await;
    tick(store, "2026-03-03T08:30[Europe/Berlin]").await;
    store.jobs(JobState::Open, 1).await.unwrap().remove(0).key
}

fn lines(folder: &Path) -> usize {
    std::fs::read_to_string(folder.join("news.jsonl")).map_or(0, |text| text.lines().count())
}

#[tokio::test]
async fn a_digest_is_sent_and_recorded() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        assert_eq!(net.keys(), [key.as_str()]);
        let text = net.texts().remove(0);
        assert!(text.starts_with("Digest of 3 March 2026: 3 stories from 3 articles"), "{text}");
        let entry = store.job(&key).await.unwrap().unwrap();
        assert_eq!((entry.state, entry.network_id.as_deref()), (JobState::Sent, Some("message")));
        sender(&store, net.clone()).drain().await.unwrap();
        assert_eq!(net.keys().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_digest_is_posted_once_although_the_process_dies_between_send_and_record() {
    each(async |place| {
        let store = place.open().await;
        let folder = tempfile::tempdir().unwrap();
        queue(&store, "a", "record", "news").await;
        let dies = sender(&store, Arc::new(DiesAfter(Recorder::new(folder.path()))));
        let until_written = async {
            while lines(folder.path()) == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            _ = dies.drain() => panic!("it was recorded"),
            () = until_written => {}
        }
        assert_eq!(store.job("a").await.unwrap().unwrap().state, JobState::Open);
        // Its lease runs out.
        store.give_back("sender").await.unwrap();
        sender(&store, Arc::new(Recorder::new(folder.path()))).drain().await.unwrap();
        assert_eq!(store.job("a").await.unwrap().unwrap().state, JobState::Sent);
        assert_eq!(lines(folder.path()), 1);
    })
    .await;
}

#[tokio::test]
async fn a_dead_channel_delays_no_other_and_keeps_its_own_order() {
    each(async |place| {
        let store = place.open().await;
        for n in 0..4 {
            for channel in ["dead", "alive", "well"] {
                queue(&store, &format!("{channel}-{n}"), "net", channel).await;
            }
        }
        let net = fake(|posting: &Posting| if posting.channel == "dead" { Err(retry(None)) } else { Ok(()) });
        sender(&store, net.clone()).drain().await.unwrap();
        let of = |channel: &str| net.keys().into_iter().filter(|key| key.starts_with(channel)).collect::<Vec<_>>();
        assert_eq!(of("alive"), ["alive-0", "alive-1", "alive-2", "alive-3"]);
        assert_eq!(of("well").len(), 4);
        assert_eq!(of("dead"), ["dead-0"], "what follows waits");
        let entry = store.job("dead-0").await.unwrap().unwrap();
        assert_eq!((entry.state, entry.last_error.as_deref()), (JobState::Open, Some("503 Service Unavailable")));
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_hangs_delays_no_other() {
    each(async |place| {
        struct Hangs;
        impl Courier for Hangs {
            fn network(&self) -> &str {
                "net"
            }
            fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
                Box::pin(async move {
                    if posting.channel == "hangs" {
                        std::future::pending::<()>().await;
                    }
                    Ok(Delivered { network_id: None })
                })
            }
        }
        let store = place.open().await;
        queue(&store, "hangs", "net", "hangs").await;
        for n in 0..9 {
            queue(&store, &format!("{n}"), "net", "alive").await;
        }
        let options = SenderOptions { patience: Duration::from_millis(300), ..SenderOptions::default() };
        Sender::new(store.clone(), vec![Arc::new(Hangs)], "sender", options).drain().await.unwrap();
        assert_eq!(store.jobs(JobState::Sent, 100).await.unwrap().len(), 9);
        let hangs = store.job("hangs").await.unwrap().unwrap();
        assert_eq!((hangs.state, hangs.last_error.as_deref()), (JobState::Open, Some("no answer within 0 s")));
    })
    .await;
}

#[tokio::test]
async fn as_many_channels_as_there_are_hands_may_hang_on_one_network_and_another_goes_on() {
    each(async |place| {
        struct Net(&'static str, tokio::sync::Notify);
        impl Courier for Net {
            fn network(&self) -> &str {
                self.0
            }
            fn deliver<'a>(&'a self, _: &'a Posting) -> Delivery<'a> {
                Box::pin(async move {
                    if self.0 == "hangs" {
                        std::future::pending::<()>().await;
                    }
                    self.1.notify_one();
                    Ok(Delivered { network_id: None })
                })
            }
        }
        let store = place.open().await;
        let options = SenderOptions { at_once: 4, grace: Duration::ZERO, ..SenderOptions::default() };
        for n in 0..options.at_once {
            queue(&store, &format!("hangs-{n}"), "hangs", &format!("channel-{n}")).await;
        }
        for n in 0..9 {
            queue(&store, &format!("{n}"), "alive", "news").await;
        }
        let couriers: Vec<Arc<dyn Courier>> =
            ["hangs", "alive"].map(|net| Arc::new(Net(net, <_>::default())) as _).into();
        let sender = Sender::new(store.clone(), couriers, "sender", options);
        let all_sent = async {
            while store.jobs(JobState::Sent, 100).await.unwrap().len() < 9 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        // Long before a hanging delivery is given up.
        tokio::time::timeout(options.patience / 2, sender.run(all_sent)).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn what_failed_comes_after_what_was_not_tried_yet() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "failed", "net", "a").await;
        let job = store.lease("sender", &["net"], 1, Duration::from_secs(60)).await.unwrap().remove(0);
        let then = byline::library::store::AfterFailure::RetryIn(Duration::from_millis(20));
        store.failed(&job, "503", then).await.unwrap();
        queue(&store, "new", "net", "b").await;
        tokio::time::sleep(Duration::from_millis(40)).await;
        let first = store.lease("sender", &["net"], 1, Duration::from_secs(60)).await.unwrap().remove(0);
        assert_eq!(first.key, "new");
    })
    .await;
}

#[tokio::test]
async fn the_day_for_which_it_is_tried_begins_with_the_first_attempt() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "a", "net", "news").await;
        // Nobody was on the network for two days.
        meddle(place, "UPDATE outbox SET due_at = due_at - 172800000, queued_at = queued_at - 172800000").await;
        let net = fake(|_: &Posting| Err(retry(None)));
        sender(&store, net.clone()).drain().await.unwrap();
        assert_eq!(store.job("a").await.unwrap().unwrap().state, JobState::Open);
        meddle(place, "UPDATE outbox SET first_tried_at = first_tried_at - 172800000, next_at = 0").await;
        sender(&store, net.clone()).drain().await.unwrap();
        assert_eq!(net.keys(), ["a", "a"]);
        let entry = store.job("a").await.unwrap().unwrap();
        assert_eq!((entry.state, entry.attempts), (JobState::GivenUp, 2));
    })
    .await;
}

#[tokio::test]
async fn the_articles_of_a_digest_that_was_given_up_are_told_by_the_next() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        let community = store.community("net", "guild").await.unwrap().id;
        let had = async || store.had(community, "news", byline::library::store::StoredId(0)).await.unwrap().len();
        let before = store.schedule(community, "news").await.unwrap().unwrap();
        assert_eq!(had().await, 3);
        // The next one was queued behind it meanwhile.
        add(&store, SHARED, 3..5).await;
        tick(&store, "2026-03-04T08:30[Europe/Berlin]").await;
        let fails = fake(move |posting: &Posting| match posting.key == key {
            true => Err(Undelivered::Rejected { reason: "400 Bad Request".to_owned() }),
            false => Ok(()),
        });
        sender(&store, fails.clone()).drain().await.unwrap();
        assert_eq!(had().await, 2, "the second one arrived");
        let after = store.schedule(community, "news").await.unwrap().unwrap();
        assert!(after.covered.to < before.covered.to);
        // Taken up again, it is noted again; given up again, it is not.
        let given_up = store.jobs(JobState::GivenUp, 1).await.unwrap().remove(0);
        assert!(store.retry_job(given_up.id).await.unwrap());
        assert_eq!(had().await, 5);
        sender(&store, fails.clone()).drain().await.unwrap();
        assert_eq!(had().await, 2);
        tick(&store, "2026-03-05T08:30[Europe/Berlin]").await;
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        let text = net.texts().remove(0);
        assert!(text.starts_with("Digest of 5 March 2026: 3 stories from 3 articles"), "{text}");
        assert_eq!(had().await, 5);
        // What others were told since is theirs, and a later digest was sent: nothing is told anew.
        assert!(store.retry_job(given_up.id).await.unwrap());
        sender(&store, fails.clone()).drain().await.unwrap();
        assert_eq!(had().await, 5);
        let last = store.schedule(community, "news").await.unwrap().unwrap();
        assert!(last.covered.to >= before.covered.to);
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_arrived_although_it_was_given_up_is_not_told_again() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        let community = store.community("net", "guild").await.unwrap().id;
        let had = async || store.had(community, "news", byline::library::store::StoredId(0)).await.unwrap().len();
        // One sender has it for long, another has lost patience meanwhile.
        let slow = store.lease("slow", &["net"], 1, Duration::ZERO).await.unwrap().remove(0);
        let hasty = store.lease("hasty", &["net"], 1, Duration::from_secs(60)).await.unwrap().remove(0);
        store.failed(&hasty, "503", byline::library::store::AfterFailure::GiveUp).await.unwrap();
        assert_eq!(had().await, 0);
        assert!(store.sent(&slow, Some("message")).await.unwrap());
        assert_eq!(store.job(&key).await.unwrap().unwrap().state, JobState::Sent);
        assert_eq!(had().await, 3);
        assert!(!store.sent(&slow, Some("message")).await.unwrap());
        let silent = byline::post::Tick { silent: 1, ..byline::post::Tick::default() };
        assert_eq!(tick(&store, "2026-03-04T08:30[Europe/Berlin]").await, silent);
    })
    .await;
}

#[tokio::test]
async fn where_the_library_is_stands_in_the_log_alone() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        meddle(place, "ALTER TABLE versions RENAME TO hidden").await;
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        assert!(net.keys().is_empty());
        let entry = store.job(&key).await.unwrap().unwrap();
        assert_eq!(entry.last_error.as_deref(), Some("the library could not be reached"));
        let broken = |_| {
            let problem = byline::library::store::Problem::Busy;
            let error =
                byline::library::store::StoreError { place: "postgres://bot@db.internal/b".to_owned(), problem };
            std::future::ready(Err::<Arc<byline::router::Desk>, byline::post::DeskError>(error.into()))
        };
        let broken = byline::post::Scheduler::new(store.clone(), broken, &["net"], "broken");
        assert_eq!(broken.tick(at("2026-03-04T08:30[Europe/Berlin]")).await.unwrap().failed, 1);
        let id = store.community("net", "guild").await.unwrap().id;
        let trouble = store.schedule(id, "news").await.unwrap().unwrap().trouble;
        assert_eq!(trouble.as_deref(), Some("the library could not be reached"));
    })
    .await;
}

#[tokio::test]
async fn whose_words_they_are_is_what_people_say_by_the_time_they_are_sent() {
    each(async |place| {
        use byline::library::store::KeptCorrection;
        let store = place.open().await;
        subscribed(&store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
        let said = "A ferry without a pump is a very large rowing boat,";
        let words = format!("The ferry will stay in port until Friday.\n\n“{said}” captain Mette Dahl said.");
        let ferry = store.add(SHARED, &article("ferry", "Ferry stays in port", &words)).await.unwrap().id;
        tick(&store, "2026-03-03T08:30[Europe/Berlin]").await;
        let payload = store.lease("test", &["net"], 1, Duration::ZERO).await.unwrap().remove(0).payload;
        let speakers = async |name: &str, speaker: Option<&str>| {
            if let Some(speaker) = speaker {
                let speaker = (!speaker.is_empty()).then(|| speaker.to_owned());
                tokio::time::sleep(Duration::from_millis(5)).await;
                store.correct(ferry, &KeptCorrection::new(&[], vec![said.to_owned()], speaker)).await.unwrap();
            }
            store.enqueue(name, "net", name, &payload, Timestamp::now()).await.unwrap();
            let net = fake(|_: &Posting| Ok(()));
            sender(&store, net.clone()).drain().await.unwrap();
            let text = net.texts().pop().unwrap();
            text.lines().filter(|line| line.ends_with(':')).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(speakers("as found", None).await, ["captain Mette Dahl:"]);
        assert_eq!(speakers("the same", Some("Mette Dahl")).await, ["captain Mette Dahl:"]);
        assert_eq!(speakers("another", Some("Bob Poe")).await, ["Bob Poe:"]);
        assert_eq!(speakers("nobody", Some("")).await, ["unattributed:"]);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_is_gone_has_not_had_what_waited_for_it() {
    each(async |place| {
        let store = place.open().await;
        digest(&store).await;
        let community = store.community("net", "guild").await.unwrap().id;
        store.channel_gone("net", "news", "Unknown Channel").await.unwrap();
        assert!(store.had(community, "news", byline::library::store::StoredId(0)).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_was_given_up_is_forgotten_after_some_time() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "a", "net", "news").await;
        sender(&store, fake(|_: &Posting| Err(Undelivered::Rejected { reason: "400".to_owned() })))
            .drain()
            .await
            .unwrap();
        assert_eq!(store.forget_given_up(Duration::from_secs(3600)).await.unwrap(), 0);
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(store.forget_given_up(Duration::ZERO).await.unwrap(), 1);
        let id = store.job("a").await.unwrap().unwrap().id;
        assert!(!store.retry_job(id).await.unwrap(), "nothing is left to be sent");
    })
    .await;
}

#[tokio::test]
async fn a_delay_that_the_network_gives_is_honoured() {
    each(async |place| {
        let store = place.open().await;
        let now = Timestamp::now();
        // That it might have been sent long before it was queued makes no difference.
        store.enqueue("b", "net", "sport", &words("b"), Timestamp::UNIX_EPOCH).await.unwrap();
        let net = fake(|_: &Posting| Err(retry(Some(3600))));
        sender(&store, net.clone()).drain().await.unwrap();
        let entry = store.job("b").await.unwrap().unwrap();
        let wait = now.duration_until(entry.next_at);
        assert!(wait >= SignedDuration::from_secs(3599) && wait < SignedDuration::from_secs(3700), "{wait}");
        sender(&store, net.clone()).drain().await.unwrap();
        assert_eq!(net.keys().iter().filter(|key| *key == "b").count(), 1);
        let day = Some(25 * 3600);
        store.enqueue("c", "net", "science", &words("c"), now).await.unwrap();
        sender(&store, fake(move |_: &Posting| Err(retry(day)))).drain().await.unwrap();
        assert_eq!(store.job("c").await.unwrap().unwrap().state, JobState::GivenUp, "nobody waits for so long");
    })
    .await;
}

#[tokio::test]
async fn what_nobody_sent_for_a_week_is_not_sent_any_more() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "old", "net", "news").await;
        let net = fake(|_: &Posting| Ok(()));
        // As if a week had passed: the sender waits for no time at all.
        let retry = Retry { stale: Duration::ZERO, ..Retry::default() };
        tokio::time::sleep(Duration::from_millis(5)).await;
        let options = SenderOptions { retry, ..SenderOptions::default() };
        Sender::new(store.clone(), vec![net.clone()], "sender", options).drain().await.unwrap();
        assert!(net.keys().is_empty());
        let old = store.job("old").await.unwrap().unwrap();
        assert_eq!((old.state, old.last_error.as_deref()), (JobState::GivenUp, Some("it waited for 0 days")));
        assert!(store.retry_job(old.id).await.unwrap());
        sender(&store, net.clone()).drain().await.unwrap();
        assert_eq!(net.keys(), ["old"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_sent_is_forgotten_and_its_key_is_not() {
    each(async |place| {
        let store = place.open().await;
        queue(&store, "a", "net", "news").await;
        queue(&store, "b", "other", "news").await;
        sender(&store, fake(|_: &Posting| Ok(()))).drain().await.unwrap();
        assert_eq!(store.forget_payloads(Duration::from_secs(3600)).await.unwrap(), 0);
        // Sent in the same millisecond, perhaps.
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!(store.forget_payloads(Duration::ZERO).await.unwrap(), 1);
        assert_eq!(store.forget_payloads(Duration::ZERO).await.unwrap(), 0);
        let again = store.enqueue("a", "net", "news", &words("a"), Timestamp::now()).await.unwrap();
        assert_eq!(again, byline::library::store::Queued::AlreadyThere);
    })
    .await;
}

#[tokio::test]
async fn what_is_given_up_says_why_and_can_be_taken_up_again() {
    each(async |place| {
        let store = place.open().await;
        store.enqueue("a", "net", "news", &words("a"), Timestamp::now()).await.unwrap();
        store.enqueue("b", "net", "sport", &words("b"), Timestamp::now()).await.unwrap();
        let options = SenderOptions {
            retry: Retry { first: Duration::ZERO, attempts: 3, ..Retry::default() },
            ..SenderOptions::default()
        };
        let down = fake(|posting: &Posting| match posting.channel.as_str() {
            "news" => Err(retry(None)),
            _ => Err(Undelivered::Rejected { reason: "400 Bad Request".to_owned() }),
        });
        Sender::new(store.clone(), vec![down.clone()], "sender", options).drain().await.unwrap();
        assert_eq!(down.keys().iter().filter(|key| *key == "a").count(), 3);
        let reason = async |key| store.job(key).await.unwrap().unwrap().last_error.unwrap();
        assert_eq!(reason("a").await, "tried 3 times, at last: 503 Service Unavailable");
        assert_eq!(reason("b").await, "400 Bad Request");
        let given_up = store.jobs(JobState::GivenUp, 10).await.unwrap();
        assert_eq!(given_up.len(), 2);
        let counts = store.count_jobs().await.unwrap();
        assert_eq!(counts, [("net".to_owned(), JobState::GivenUp, 2)]);
        let a = store.job("a").await.unwrap().unwrap();
        assert!(store.retry_job(a.id).await.unwrap());
        assert!(!store.retry_job(a.id).await.unwrap(), "it is open");
        let up = fake(|_: &Posting| Ok(()));
        sender(&store, up.clone()).drain().await.unwrap();
        assert_eq!(up.keys(), ["a"]);
    })
    .await;
}

#[tokio::test]
async fn jobs_are_listed_by_state_network_and_channel() {
    each(async |place| {
        use byline::library::store::JobFilter;
        let store = place.open().await;
        for (key, network, channel) in [("1", "net", "a"), ("2", "net", "b"), ("3", "other", "a"), ("4", "net", "a")] {
            queue(&store, key, network, channel).await;
        }
        sender(&store, fake(|posting: &Posting| if posting.key == "2" { Ok(()) } else { Err(retry(Some(1))) }))
            .drain()
            .await
            .unwrap();
        let keys = async |filter| {
            let jobs = store.list_jobs(filter, 10).await.unwrap();
            jobs.into_iter().map(|job| job.key).collect::<Vec<_>>()
        };
        let all = JobFilter::default();
        assert_eq!(keys(all).await, ["4", "3", "2", "1"]);
        assert_eq!(keys(JobFilter { network: Some("net"), destination: Some("a"), ..all }).await, ["4", "1"]);
        assert_eq!(keys(JobFilter { state: Some(JobState::Sent), ..all }).await, ["2"]);
        assert_eq!(keys(JobFilter { network: Some("other"), ..all }).await, ["3"], "no one here is on it");
        let third = store.job("3").await.unwrap().unwrap();
        assert_eq!((third.attempts, third.lease), (0, None), "it was not leased");
        assert_eq!(keys(JobFilter { before: Some(third.id), ..all }).await, ["2", "1"]);
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_is_gone_stops_its_schedule() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        let gone = fake(|_: &Posting| Err(Undelivered::Gone { reason: "Unknown Channel".to_owned() }));
        sender(&store, gone.clone()).drain().await.unwrap();
        assert_eq!(store.job(&key).await.unwrap().unwrap().last_error.as_deref(), Some("Unknown Channel"));
        let id = store.community("net", "guild").await.unwrap().id;
        assert_eq!(store.schedule(id, "news").await.unwrap().unwrap().paused.as_deref(), Some("Unknown Channel"));
        add(&store, SHARED, 5..7).await;
        assert_eq!(tick(&store, "2026-03-04T08:30[Europe/Berlin]").await, byline::post::Tick::default());
    })
    .await;
}

#[tokio::test]
async fn what_was_removed_meanwhile_is_not_quoted() {
    each(async |place| {
        let store = place.open().await;
        digest(&store).await;
        assert!(store.remove(SHARED, "story-1").await.unwrap());
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        let text = net.texts().remove(0);
        assert!(text.starts_with("Digest of 3 March 2026: 2 stories from 2 articles"), "{text}");
        assert!(text.contains(&word(0, 1)) && text.contains(&word(2, 1)), "{text}");
        for place in 0..20 {
            assert!(!text.contains(&word(1, place)), "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn where_nothing_is_left_nothing_is_posted_and_the_reason_is_told() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        for n in 0..3 {
            assert!(store.remove(SHARED, &format!("story-{n}")).await.unwrap());
        }
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        assert!(net.keys().is_empty());
        let entry = store.job(&key).await.unwrap().unwrap();
        assert_eq!(entry.state, JobState::GivenUp);
        assert!(entry.last_error.unwrap().contains("removed before it was sent"));
    })
    .await;
}

#[tokio::test]
async fn a_newer_version_and_another_name_change_nothing_of_what_was_quoted() {
    each(async |place| {
        let store = place.open().await;
        digest(&store).await;
        store.add(SHARED, &article("story-1", "Other boats", "No boat left the pier today.")).await.unwrap();
        assert!(store.rename(SHARED, "story-2", "harbour/story-2").await.is_ok());
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        let text = net.texts().remove(0);
        assert!(text.starts_with("Digest of 3 March 2026: 3 stories"), "{text}");
        assert!(text.contains(&word(1, 2)) && text.contains(&word(2, 2)), "{text}");
        assert!(!text.contains("Other boats"), "{text}");
    })
    .await;
}

#[tokio::test]
async fn what_an_article_does_not_say_is_never_sent() {
    each(async |place| {
        let store = place.open().await;
        let key = digest(&store).await;
        let job = store.lease("test", &["net"], 1, Duration::ZERO).await.unwrap().remove(0);
        store.failed(&job, "test", byline::library::store::AfterFailure::GiveUp).await.unwrap();
        let payload = job.payload.to_string();
        let altered = payload.replacen(" painted ", " stained ", 1);
        assert_ne!(altered, payload);
        let unnamed = payload.replacen("\"articles\":[{", "\"articles\":[],\"x\":[{", 1);
        assert_ne!(unnamed, payload);
        let strange = payload.replacen("\"version\":1", "\"version\":7", 1);
        for (n, forged) in
            [altered, unnamed, strange, "null".to_owned(), "{\"articles\":3}".to_owned()].iter().enumerate()
        {
            let forged: serde_json::Value = serde_json::from_str(forged).unwrap();
            store.enqueue(&format!("forged-{n}"), "net", "news", &forged, Timestamp::now()).await.unwrap();
        }
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        assert!(net.keys().is_empty(), "{:?}", net.texts());
        for (n, reason) in ["defect", "defect", "version 7", "can't be read", "can't be read"].iter().enumerate() {
            let entry = store.job(&format!("forged-{n}")).await.unwrap().unwrap();
            assert_eq!(entry.state, JobState::GivenUp);
            assert!(entry.last_error.as_ref().unwrap().contains(reason), "{n}: {:?}", entry.last_error);
        }
        assert!(store.job(&key).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn what_is_said_about_an_article_is_what_its_stored_version_says() {
    each(async |place| {
        let store = place.open().await;
        digest(&store).await;
        let job = store.lease("test", &["net"], 1, Duration::ZERO).await.unwrap().remove(0);
        store.failed(&job, "test", byline::library::store::AfterFailure::GiveUp).await.unwrap();
        let payload = job.payload.to_string();
        let title = format!("{} {}", word(1, 1), word(1, 2));
        let forged = payload
            .replace(&format!("\"title\":\"{title}\""), "\"title\":\"Forged title\"")
            .replace("\"outlet\":null", "\"outlet\":\"Forged outlet\"")
            .replace("\"author\":null", "\"author\":\"Forged author\"")
            .replace("\"url\":null", "\"url\":\"https://forged.example/\"");
        for forgery in ["Forged title", "Forged outlet", "Forged author", "forged.example"] {
            assert!(forged.contains(forgery), "{forgery} is not in {forged}");
        }
        let forged = serde_json::from_str(&forged).unwrap();
        store.enqueue("forged", "net", "news", &forged, Timestamp::now()).await.unwrap();
        let net = fake(|_: &Posting| Ok(()));
        sender(&store, net.clone()).drain().await.unwrap();
        let text = net.texts().remove(0);
        assert!(!text.to_lowercase().contains("forged") && text.contains(&title), "{text}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_digests_are_delivered_once_by_two_of_which_one_dies() {
    each(async |place| {
        const CHANNELS: usize = 1000;
        let store = place.open().await;
        for n in 0..CHANNELS {
            queue(&store, &format!("{n:04}"), "net", &format!("channel-{n}")).await;
        }
        let other = place.open().await;
        let net = fake(|_: &Posting| Ok(()));
        let (one, two) = (
            Sender::new(store.clone(), vec![net.clone()], "one", SenderOptions::default()),
            Sender::new(other.clone(), vec![net.clone()], "two", SenderOptions::default()),
        );
        // The first dies half-way: its future is dropped, and nobody gives its leases back until they run out.
        let half_way = async {
            while net.keys().len() < CHANNELS / 2 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let dying = async {
            tokio::select! {
                ended = one.drain() => ended.unwrap(),
                () = half_way => {}
            }
        };
        let (_, drained) = tokio::join!(dying, two.drain());
        drained.unwrap();
        let dead = store.list_jobs(byline::library::store::JobFilter::default(), 5000).await.unwrap();
        let held: Vec<_> = dead.iter().filter(|job| job.state == JobState::Open).map(|job| job.key.clone()).collect();
        assert!(held.len() <= SenderOptions::default().at_once, "{held:?}");
        store.give_back("one").await.unwrap();
        two.drain().await.unwrap();
        assert_eq!(store.jobs(JobState::Sent, 5000).await.unwrap().len(), CHANNELS);
        let mut keys = net.keys();
        keys.sort_unstable();
        // Those that the dead one had handed over and not recorded may come again, under their keys; no other does.
        let mut again = keys.clone();
        keys.dedup();
        assert_eq!(keys.len(), CHANNELS);
        for key in keys {
            let at = again.binary_search(&key).unwrap();
            again.remove(at);
        }
        assert!(again.iter().all(|key| held.contains(key)), "{again:?} were given twice, {held:?} were held");
    })
    .await;
}

#[tokio::test]
async fn the_senders_loop_sends_what_comes_and_returns_its_leases() {
    each(async |place| {
        struct Slow(tokio::sync::Notify);
        impl Courier for Slow {
            fn network(&self) -> &str {
                "net"
            }
            fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
                Box::pin(async move {
                    if posting.channel == "slow" {
                        self.0.notify_one();
                        std::future::pending::<()>().await;
                    }
                    Ok(Delivered { network_id: None })
                })
            }
        }
        let store = place.open().await;
        let slow = Arc::new(Slow(tokio::sync::Notify::new()));
        let options = SenderOptions { grace: Duration::from_millis(20), ..SenderOptions::default() };
        let sender = Sender::new(store.clone(), vec![slow.clone()], "sender", options);
        let shutdown = async {
            queue(&store, "fast", "net", "fast").await;
            while store.job("fast").await.unwrap().unwrap().state != JobState::Sent {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            queue(&store, "slow", "net", "slow").await;
            slow.0.notified().await;
        };
        sender.run(shutdown).await;
        let entry = store.job("slow").await.unwrap().unwrap();
        assert_eq!((entry.state, entry.lease, entry.attempts), (JobState::Open, None, 1));
    })
    .await;
}

#[tokio::test]
async fn a_lease_is_kept_while_a_delivery_takes_long() {
    each(async |place| {
        struct Patient(Store, Mutex<bool>);
        impl Courier for Patient {
            fn network(&self) -> &str {
                "net"
            }
            fn deliver<'a>(&'a self, _: &'a Posting) -> Delivery<'a> {
                Box::pin(async move {
                    let begun = self.0.jobs(JobState::Open, 1).await.unwrap()[0].lease.clone().unwrap().1;
                    // Until the lease that we were given would have run out.
                    while Timestamp::now() <= begun + SignedDuration::from_millis(50) {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    let taken = self.0.lease("thief", &["net"], 1, Duration::from_secs(60)).await.unwrap();
                    *self.1.lock().unwrap() = !taken.is_empty();
                    Ok(Delivered { network_id: None })
                })
            }
        }
        let store = place.open().await;
        queue(&store, "a", "net", "news").await;
        let courier = Arc::new(Patient(store.clone(), Mutex::new(true)));
        let options = SenderOptions { lease: Duration::from_millis(900), ..SenderOptions::default() };
        Sender::new(store.clone(), vec![courier.clone()], "sender", options).drain().await.unwrap();
        assert!(!*courier.1.lock().unwrap(), "somebody else was given the job");
        let entry = store.job("a").await.unwrap().unwrap();
        assert_eq!((entry.state, entry.attempts), (JobState::Sent, 1));
    })
    .await;
}

#[tokio::test]
async fn from_the_schedule_to_the_file_by_both_loops() {
    each(async |place| {
        let store = place.open().await;
        let folder = tempfile::tempdir().unwrap();
        let community = store.community("record", "archive").await.unwrap().id;
        let set = at("2026-03-02T10:00[Europe/Berlin]");
        byline::digest::plan::set(&store, community, "news", &plan("08:30", "daily"), set).await.unwrap();
        add(&store, SHARED, 0..3).await;
        let recorder = sender(&store, Arc::new(Recorder::new(folder.path())));
        let scheduler = byline::post::Scheduler::new(store.clone(), Whole(store.clone()), &["record"], "scheduler");
        let shutdown = async {
            assert_eq!(scheduler.tick(at("2026-03-03T08:30[Europe/Berlin]")).await.unwrap().posted, 1);
            while lines(&folder.path().join("archive")) == 0 || store.jobs(JobState::Sent, 1).await.unwrap().is_empty()
            {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        recorder.run(shutdown).await;
        let line = std::fs::read_to_string(folder.path().join("archive/news.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["key"], format!("digest:{}:news:2026-03-03", community.0));
        assert!(line["text"].as_str().unwrap().starts_with("Digest of 3 March 2026"));
        let job = store.jobs(JobState::Sent, 1).await.unwrap().remove(0);
        assert_eq!(job.network_id.as_deref(), Some("archive/news.jsonl:1"));
    })
    .await;
}
