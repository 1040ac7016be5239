//! The scheduler: what is due is composed and queued, once, with what is new for the channel.

use std::collections::BTreeMap;
use std::sync::Arc;

use byline::digest::plan::{self, Plan};
use byline::library::Library;
use byline::library::store::{CollectionId, CommunityId, JobState, SHARED, Store, StoredId};
use byline::post::{DeskError, Desks, Scheduler, Tick};
use byline::router::{Desk, Settings};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::place::{article, each, sqlite};
use crate::schedules::{at, plan};

/// A desk of what the store holds, without the last `lag` articles: an index that is behind.
pub async fn desk(store: &Store, collection: CollectionId, lag: usize) -> Arc<Desk> {
    desk_with_times(store, collection, lag, &BTreeMap::new()).await
}

/// The same, where these articles were added at these times: by processes whose clocks are wrong.
async fn desk_with_times(
    store: &Store,
    collection: CollectionId,
    lag: usize,
    times: &BTreeMap<StoredId, Timestamp>,
) -> Arc<Desk> {
    let mut held = Vec::new();
    let mut all = store.load_all(collection);
    while let Some(mut stored) = all.next().await.unwrap() {
        stored.added_at = times.get(&stored.id).copied().unwrap_or(stored.added_at);
        held.push(stored);
    }
    held.truncate(held.len().saturating_sub(lag));
    let mut library = Library::default();
    for stored in held {
        library.put_stored(stored);
    }
    Arc::new(Desk::new(library, Settings::default()))
}

/// Desks of what the store holds.
pub struct Whole(pub Store);

impl Desks for Whole {
    async fn desk(&self, collection: CollectionId) -> Result<Arc<Desk>, DeskError> {
        Ok(desk(&self.0, collection, 0).await)
    }
}

pub fn scheduler(store: &Store) -> Scheduler<Whole> {
    Scheduler::new(store.clone(), Whole(store.clone()), &["net"], "scheduler")
}

pub async fn tick(store: &Store, now: &str) -> Tick {
    scheduler(store).tick(at(now)).await.unwrap()
}

/// A word that stands in no other story.
pub fn word(seed: u64, place: u64) -> String {
    const SYLLABLES: [&str; 10] = ["ba", "ro", "nil", "sel", "tor", "mi", "gan", "du", "lek", "pa"];
    let number = format!("{:05}", seed * 20 + place);
    let word: String = number.bytes().map(|digit| SYLLABLES[usize::from(digit - b'0')]).collect();
    format!("Q{word}")
}

/// A text about one event that no other tells of; its verb may come again after ten.
pub fn story(seed: u64) -> String {
    const VERBS: [&str; 10] =
        ["sold", "painted", "flooded", "lost", "praised", "rebuilt", "measured", "visited", "refused", "counted"];
    let verb = VERBS[(seed % 10) as usize];
    let words = |from: u64| (from..from + 5).map(|place| word(seed, place)).collect::<Vec<_>>().join(" ");
    format!("The {} {verb} {}.\n\nThe {} {verb} {}.", words(1), words(6), words(11), word(seed, 16))
}

/// Adds articles, each of a story of its own; their keys are `story-0`, `story-1`, …
pub async fn add(store: &Store, collection: CollectionId, seeds: std::ops::Range<u64>) -> Vec<StoredId> {
    let mut ids = Vec::new();
    for seed in seeds {
        let article = article(&format!("story-{seed}"), &format!("{} {}", word(seed, 1), word(seed, 2)), &story(seed));
        ids.push(store.add(collection, &article).await.unwrap().id);
    }
    ids
}

pub async fn subscribed(store: &Store, name: &str, plan: &Plan, now: &str) -> CommunityId {
    let community = store.community("net", name).await.unwrap().id;
    plan::set(store, community, "news", plan, at(now)).await.unwrap();
    community
}

/// The days for which digests are queued, the first one first.
async fn days(store: &Store) -> Vec<String> {
    let jobs = store.jobs(JobState::Open, 5000).await.unwrap();
    let mut days: Vec<String> = jobs.iter().filter_map(|job| Some(job.key.rsplit(':').next()?.to_owned())).collect();
    days.sort_unstable();
    days
}

#[tokio::test]
async fn each_day_has_what_is_new_and_nothing_twice() {
    each(async |place| {
        let store = place.open().await;
        let id = subscribed(&store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
        let first = add(&store, SHARED, 0..3).await;
        assert_eq!(tick(&store, "2026-03-03T08:29[Europe/Berlin]").await, Tick::default());
        let posted = Tick { posted: 1, ..Tick::default() };
        assert_eq!(tick(&store, "2026-03-03T08:30[Europe/Berlin]").await, posted);
        assert_eq!(tick(&store, "2026-03-03T08:31[Europe/Berlin]").await, Tick::default());
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), first.iter().copied().collect());
        let second = add(&store, SHARED, 3..5).await;
        assert_eq!(tick(&store, "2026-03-04T08:30[Europe/Berlin]").await, posted);
        let all = first.iter().chain(&second).copied().collect();
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), all);
        // A newer version is not another article.
        store.add(SHARED, &article("story-4", "Something else", &story(99))).await.unwrap();
        assert_eq!(tick(&store, "2026-03-05T08:30[Europe/Berlin]").await, Tick { silent: 1, ..Tick::default() });
        assert_eq!(days(&store).await, ["2026-03-03", "2026-03-04"]);
        let kept = store.schedule(id, "news").await.unwrap().unwrap();
        assert_eq!(kept.settled.unwrap().to_string(), "2026-03-05");
        assert_eq!(kept.posted.unwrap().to_string(), "2026-03-04");
    })
    .await;
}

#[tokio::test]
async fn after_downtime_one_digest_is_caught_up_or_the_next_carries_it() {
    each(async |place| {
        let store = place.open().await;
        let id = subscribed(&store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
        let articles = add(&store, SHARED, 0..2).await;
        // Down from the 3rd to the 5th, six hours and a minute after the hour.
        let missed = Tick { missed: 1, ..Tick::default() };
        assert_eq!(tick(&store, "2026-03-05T14:31[Europe/Berlin]").await, missed);
        assert_eq!(tick(&store, "2026-03-05T15:00[Europe/Berlin]").await, Tick::default());
        assert!(days(&store).await.is_empty());
        // … and late by less: one posting, of the last day.
        assert_eq!(tick(&store, "2026-03-08T14:30[Europe/Berlin]").await, Tick { posted: 1, ..Tick::default() });
        assert_eq!(days(&store).await, ["2026-03-08"]);
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), articles.into_iter().collect());
    })
    .await;
}

#[tokio::test]
async fn a_day_without_news_is_told_of_where_that_is_wanted() {
    each(async |place| {
        let store = place.open().await;
        let telling = Plan { tells_nothing_new: true, ..plan("08:30", "daily") };
        subscribed(&store, "guild", &telling, "2026-03-02T10:00[Europe/Berlin]").await;
        assert_eq!(tick(&store, "2026-03-03T08:30[Europe/Berlin]").await, Tick { posted: 1, ..Tick::default() });
        let job = store.lease("s", &["net"], 1, std::time::Duration::from_secs(60)).await.unwrap().remove(0);
        assert!(job.payload.to_string().contains("Nothing is new since 1 March 2026."), "{}", job.payload);
    })
    .await;
}

#[tokio::test]
async fn clocks_that_change_post_each_day_once() {
    each(async |place| {
        let store = place.open().await;
        let telling = Plan { tells_nothing_new: true, ..plan("02:30", "daily") };
        // No 02:30 on 29 March, two of them on 25 October.
        for (from, until, expected) in [
            ("2026-03-27T12:00[Europe/Berlin]", "2026-03-31T12:00[Europe/Berlin]", 4),
            ("2026-10-23T12:00[Europe/Berlin]", "2026-10-27T12:00[Europe/Berlin]", 4),
        ] {
            let id = subscribed(&store, from, &telling, from).await;
            let mut now = at(from);
            let mut posted = 0;
            while now < at(until) {
                now += SignedDuration::from_mins(20);
                posted += scheduler(&store).tick(now).await.unwrap().posted;
            }
            assert_eq!((posted, days(&store).await.len()), (expected, expected), "{from}");
            // What waits is given up with it.
            store.schedule_off(id, "news").await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn an_archive_that_is_imported_is_no_news() {
    each(async |place| {
        let store = place.open().await;
        let id = subscribed(&store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
        let line = |n: u64, published: &str, added: &str| {
            let text = format!("An old sale\n\n{}\n", story(n));
            let line = serde_json::json!({"id": format!("story-{n}"), "title": "An old sale", "text": text, "published": published,
                "added": added, "changed": added, "blocks": [], "sentences": []});
            format!("{line}\n")
        };
        let archive: String = (0..40).map(|n| line(n, "2019-05-05", "2026-03-02T20:00:00Z")).collect();
        let moved = line(50, "2026-03-02", "2025-03-02T20:00:00Z");
        let input = std::io::Cursor::new(archive + moved.as_str());
        assert_eq!(store.import(SHARED, input, |_| ()).await.unwrap().new, 41);
        let fresh = "---\ntitle: The harbour\ndate: 2026-03-01\n---\n\nThe harbour was dredged by two ships.\n";
        let fresh = byline::article::read::read_text("harbour", fresh, byline::article::read::Format::Markdown).unwrap();
        let fresh = store.add(SHARED, &fresh).await.unwrap().id;
        assert_eq!(tick(&store, "2026-03-03T08:30[Europe/Berlin]").await, Tick { posted: 1, ..Tick::default() });
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), [fresh].into());
    })
    .await;
}

#[tokio::test]
async fn a_community_is_told_of_its_own_articles_alone() {
    each(async |place| {
        let store = place.open().await;
        let set = "2026-03-02T10:00[Europe/Berlin]";
        let (guild, club) = (
            subscribed(&store, "guild", &plan("08:30", "daily"), set).await,
            subscribed(&store, "club", &plan("08:30", "daily"), set).await,
        );
        let own = store.collection("club").await.unwrap();
        store.read_collection(club, own).await.unwrap();
        let (shared, secret) = (add(&store, SHARED, 0..2).await, add(&store, own, 10..12).await);
        assert_eq!(tick(&store, "2026-03-03T08:30[Europe/Berlin]").await, Tick { posted: 2, ..Tick::default() });
        assert_eq!(store.had(guild, "news", StoredId(0)).await.unwrap(), shared.into_iter().collect());
        assert_eq!(store.had(club, "news", StoredId(0)).await.unwrap(), secret.into_iter().collect());
    })
    .await;
}

#[tokio::test]
async fn a_desk_that_can_not_be_had_is_asked_again_and_holds_back_no_other() {
    each(async |place| {
        let store = place.open().await;
        let set = "2026-03-02T10:00[Europe/Berlin]";
        let club = subscribed(&store, "club", &plan("08:30", "daily"), set).await;
        subscribed(&store, "guild", &plan("08:30", "daily"), set).await;
        let own = store.collection("club").await.unwrap();
        store.read_collection(club, own).await.unwrap();
        add(&store, SHARED, 0..2).await;
        add(&store, own, 10..12).await;
        let broken = |collection| {
            let store = store.clone();
            async move {
                if collection == own {
                    Err("no index")?
                }
                Ok(desk(&store, collection, 0).await)
            }
        };
        let broken = Scheduler::new(store.clone(), broken, &["net"], "broken");
        let now = at("2026-03-03T08:30[Europe/Berlin]");
        assert_eq!(broken.tick(now).await.unwrap(), Tick { posted: 1, failed: 1, ..Tick::default() });
        assert_eq!(tick(&store, "2026-03-03T08:30:30[Europe/Berlin]").await, Tick::default());
        assert_eq!(tick(&store, "2026-03-03T08:31[Europe/Berlin]").await, Tick { posted: 1, ..Tick::default() });
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_can_never_be_made_costs_its_channel_a_day_and_says_why() {
    each(async |place| {
        let store = place.open().await;
        let id = subscribed(&store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
        let articles = add(&store, SHARED, 0..2).await;
        let broken = |_| std::future::ready(Err::<Arc<Desk>, DeskError>("no index".into()));
        let broken = Scheduler::new(store.clone(), broken, &["net"], "broken");
        let mut now = at("2026-03-03T08:30[Europe/Berlin]");
        let mut failed = 0;
        while now < at("2026-03-04T08:00[Europe/Berlin]") {
            failed += broken.tick(now).await.unwrap().failed;
            now += SignedDuration::from_mins(1);
        }
        assert_eq!(failed, 12, "it is not tried for ever");
        let kept = store.schedule(id, "news").await.unwrap().unwrap();
        let reason = "the digest of 2026-03-03 could not be made: no index. The next one carries its articles.";
        assert_eq!((kept.settled.unwrap().to_string().as_str(), kept.trouble.as_deref()), ("2026-03-03", Some(reason)));
        assert_eq!(tick(&store, "2026-03-04T08:30[Europe/Berlin]").await, Tick { posted: 1, ..Tick::default() });
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), articles.into_iter().collect());
        assert_eq!(store.schedule(id, "news").await.unwrap().unwrap().trouble, None);
    })
    .await;
}

#[tokio::test]
async fn an_article_with_a_title_as_long_as_a_book_stops_no_digest() {
    each(async |place| {
        let store = place.open().await;
        subscribed(&store, "guild", &plan("08:30", "daily"), "2026-03-02T10:00[Europe/Berlin]").await;
        let text = format!("Short\n\n{}\n", story(1));
        let start = text.find("The ").unwrap();
        let line = serde_json::json!({"id": "long", "title": "A title ".repeat(700_000), "text": text,
            "blocks": [["paragraph", start, text.trim_end().len()]], "sentences": [[start, start + story(1).find('.').unwrap() + 1]]});
        let report = store.import(SHARED, std::io::Cursor::new(format!("{line}\n")), |_| ()).await.unwrap();
        assert_eq!(report.new, 1);
        assert_eq!(tick(&store, "2026-03-03T08:30[Europe/Berlin]").await, Tick { posted: 1, ..Tick::default() });
        let job = store.lease("s", &["net"], 1, std::time::Duration::from_secs(60)).await.unwrap().remove(0);
        assert!(job.payload.to_string().len() < 10_000);
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_once_jumped_ahead_silences_nobody() {
    each(async |place| {
        let store = place.open().await;
        let telling = Plan { tells_nothing_new: true, ..plan("08:30", "daily") };
        let id = subscribed(&store, "guild", &telling, "2026-03-02T10:00[Europe/Berlin]").await;
        let posted = Tick { posted: 1, ..Tick::default() };
        assert_eq!(tick(&store, "2027-05-20T08:30[Europe/Berlin]").await, posted);
        let dated = "---\ntitle: The harbour\ndate: 2026-03-02\n---\n\nThe harbour was dredged by two ships.\n";
        let dated =
            byline::article::read::read_text("harbour", dated, byline::article::read::Format::Markdown).unwrap();
        let harbour = store.add(SHARED, &dated).await.unwrap().id;
        let kept = store.schedule(id, "news").await.unwrap().unwrap();
        assert_eq!(kept.settled.unwrap().to_string(), "2027-05-20");
        assert_eq!(tick(&store, "2026-03-02T11:00[Europe/Berlin]").await, Tick::default());
        let kept = store.schedule(id, "news").await.unwrap().unwrap();
        assert_eq!(kept.settled.unwrap().to_string(), "2026-03-02", "the scheduler has set it right");
        assert_eq!(tick(&store, "2026-03-03T08:30[Europe/Berlin]").await, posted);
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), [harbour].into(), "nor is its article stale");
        // A person who sets it anew before that is heard as well.
        assert_eq!(tick(&store, "2028-05-20T08:30[Europe/Berlin]").await, posted);
        let now = at("2026-03-04T08:00[Europe/Berlin]");
        for time in ["08:30", "09:00"] {
            let set = plan::set(&store, id, "news", &plan(time, "daily"), now).await.unwrap();
            assert_eq!(set.next(now).unwrap().timestamp(), at(&format!("2026-03-04T{time}[Europe/Berlin]")));
            assert_eq!(set.kept.settled.unwrap().to_string(), "2026-03-03");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_schedules_due_at_once_are_posted_once_by_two() {
    each(async |place| {
        const CHANNELS: usize = 1000;
        let store = place.open().await;
        let community = store.community("net", "guild").await.unwrap().id;
        let set = at("2026-03-02T10:00[Europe/Berlin]");
        for n in 0..CHANNELS {
            plan::set(&store, community, &format!("channel-{n}"), &plan("08:30", "daily"), set).await.unwrap();
        }
        add(&store, SHARED, 0..8).await;
        let other = place.open().await;
        let now = at("2026-03-03T08:30[Europe/Berlin]");
        let race = async |owner: &str, store: &Store| {
            Scheduler::new(store.clone(), Whole(store.clone()), &["net"], owner).tick(now).await.unwrap().posted
        };
        let (one, two) = tokio::join!(race("one", &store), race("two", &other));
        assert_eq!(one + two, CHANNELS);
        assert_eq!(store.jobs(JobState::Open, 5000).await.unwrap().len(), CHANNELS);
    })
    .await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is down for however long, however far an index is behind, and whatever the clocks of those who add articles say: each
    /// article is told once, none is lost.
    #[test]
    fn every_article_that_arrives_is_told_once(
        steps in proptest::collection::vec((0u64..4, 1i64..60, 0usize..4, proptest::bool::weighted(0.2), -90i64..90), 4..14),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let place = sqlite();
            let store = place.open().await;
            let plan = Plan { size: 50, ..plan("08:30", "daily") };
            let id = subscribed(&store, "guild", &plan, "2026-03-02T10:00[Europe/Berlin]").await;
            let mut now = at("2026-03-02T10:00[Europe/Berlin]");
            let (mut seed, mut posted) = (0, 0);
            let (mut all, mut times) = (Vec::new(), BTreeMap::new());
            for (arrive, hours, lag, dropped, wrong) in steps {
                let added = add(&store, SHARED, seed..seed + arrive).await;
                times.extend(added.iter().map(|id| (*id, now + SignedDuration::from_hours(wrong))));
                all.extend(added);
                seed += arrive;
                now += SignedDuration::from_hours(hours);
                let behind = |collection| {
                    let (store, times) = (store.clone(), times.clone());
                    async move { Ok::<_, DeskError>(desk_with_times(&store, collection, lag, &times).await) }
                };
                let scheduler = Scheduler::new(store.clone(), behind, &["net"], "scheduler");
                if dropped {
                    // It dies somewhere in between; its leases run out.
                    let _ = tokio::time::timeout(std::time::Duration::from_millis(hours as u64 % 20), scheduler.tick(now)).await;
                    store.give_back_schedules("scheduler").await.unwrap();
                } else {
                    posted += scheduler.tick(now).await.unwrap().posted;
                }
            }
            // Two more days, with an index that has caught up: the first may have been settled before it had.
            for _ in 0..2 {
                let next = store.next_schedule_at(&["net"]).await.unwrap().unwrap();
                let whole = |collection| {
                    let (store, times) = (store.clone(), times.clone());
                    async move { Ok::<_, DeskError>(desk_with_times(&store, collection, 0, &times).await) }
                };
                let whole = Scheduler::new(store.clone(), whole, &["net"], "scheduler");
                posted += whole.tick(next.max(now)).await.unwrap().posted;
                now = next.max(now);
            }
            let open = store.jobs(JobState::Open, 1000).await.unwrap();
            assert!(posted <= open.len());
            assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), all.iter().copied().collect());
            // The first look at an article is the last: each is in one payload.
            let mut cited = Vec::new();
            while let Some(job) = store.lease("s", &["net"], 1, std::time::Duration::from_secs(60)).await.unwrap().pop() {
                for article in job.payload["articles"].as_array().unwrap() {
                    cited.push(StoredId(article["id"].as_i64().unwrap()));
                }
                store.sent(&job, None).await.unwrap();
            }
            cited.sort_unstable();
            assert_eq!(cited, all);
        });
    }
}

#[tokio::test]
async fn the_schedulers_loop_ends_when_it_is_told_to() {
    each(async |place| {
        let store = place.open().await;
        add(&store, SHARED, 0..2).await;
        // Due a minute ago by the real clock.
        let community = store.community("net", "guild").await.unwrap().id;
        let before = Timestamp::now() - SignedDuration::from_mins(1);
        let minute = before.strftime("%H:%M").to_string();
        let every = byline::digest::schedule::Schedule::parse(&minute, "UTC", "daily").unwrap();
        plan::set(&store, community, "news", &Plan::new(every), before - SignedDuration::from_hours(2)).await.unwrap();
        let mut queued = store.queued();
        let scheduler = scheduler(&store);
        scheduler.run(async { queued.changed().await.unwrap() }).await;
        assert_eq!(store.jobs(JobState::Open, 10).await.unwrap().len(), 1);
    })
    .await;
}
