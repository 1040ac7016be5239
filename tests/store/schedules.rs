//! Schedules: what is kept of them, and that a day is settled once.

use std::time::Duration;

use byline::digest::plan::{self, Plan};
use byline::digest::schedule::Schedule;
use byline::library::store::{
    Community, Covered, DigestToPost, DueSchedule, JobState, Problem, SHARED, Settled, Store, StoredId,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, Zoned};
use serde_json::json;

use crate::place::{article, body, each};
use crate::trouble::meddle;

const MINUTE: Duration = Duration::from_secs(60);

pub fn at(time: &str) -> Timestamp {
    time.parse::<Zoned>().unwrap().timestamp()
}

pub fn plan(time: &str, days: &str) -> Plan {
    Plan::new(Schedule::parse(time, "Europe/Berlin", days).unwrap())
}

async fn guild(store: &Store) -> Community {
    store.community("net", "guild").await.unwrap()
}

async fn due(store: &Store, now: &str) -> Vec<DueSchedule> {
    store.due_schedules("scheduler", &["net"], at(now), 10, MINUTE).await.unwrap()
}

fn digest(day: i8, had: Vec<StoredId>) -> DigestToPost {
    let now = at("2026-03-03T08:30[Europe/Berlin]");
    let covered = Covered { to: StoredId(9), at: now };
    let next_at = Some(at("2026-03-04T08:30[Europe/Berlin]"));
    DigestToPost { day: date(2026, 3, day), payload: json!({"text": day}), had, covered, next_at }
}

#[tokio::test]
async fn setting_twice_changes_nothing_and_nothing_is_caught_up() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        let morning = plan("08:30", "mon-fri");
        let first = plan::set(&store, id, "news", &morning, now).await.unwrap();
        assert_eq!(first.kept.settled, Some(date(2026, 3, 2)), "this morning has passed");
        assert_eq!(first.kept.next_at, Some(at("2026-03-03T08:30[Europe/Berlin]")));
        assert_eq!(first.kept.covered.at, now - SignedDuration::from_hours(24));
        let again = plan::set(&store, id, "news", &morning, now + SignedDuration::from_mins(5)).await.unwrap();
        assert_eq!(again, first);
        assert_eq!(plan::get(&store, id, "news").await.unwrap(), Some(first));
        assert_eq!(plan::get(&store, id, "sport").await.unwrap(), None);
        assert!(due(&store, "2026-03-03T08:29[Europe/Berlin]").await.is_empty());
        assert_eq!(due(&store, "2026-03-03T08:30[Europe/Berlin]").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn another_hour_loses_no_digest_and_posts_none_twice_and_another_size_keeps_the_hour_that_is_due() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let set = async |plan: &Plan, now: &str| plan::set(&store, id, "news", plan, at(now)).await.unwrap();
        set(&plan("00:01", "daily"), "2026-03-02T18:43[Europe/Berlin]").await;
        let now = "2026-03-02T18:44[Europe/Berlin]";
        let later = set(&plan("23:59", "daily"), now).await;
        assert_eq!(later.next(at(now)).unwrap().timestamp(), at("2026-03-02T23:59[Europe/Berlin]"));
        let taken = due(&store, "2026-03-02T23:59[Europe/Berlin]").await.remove(0);
        assert_eq!(store.post_digest(&taken, &digest(2, vec![])).await.unwrap(), Settled::Done);
        let now = "2026-03-02T23:59:10[Europe/Berlin]";
        let posted = set(&plan("23:58", "daily"), now).await;
        assert_eq!(posted.kept.settled, Some(date(2026, 3, 2)));
        let evening = set(&plan("18:00", "daily"), "2026-03-03T11:00[Europe/Berlin]").await;
        assert_eq!(evening.kept.settled, Some(date(2026, 3, 2)));
        let longer = Plan { size: 9, ..plan("18:00", "daily") };
        let longer = set(&longer, "2026-03-03T18:00:05[Europe/Berlin]").await;
        assert_eq!((longer.kept.settled, longer.plan.size), (Some(date(2026, 3, 2)), 9));
        assert_eq!(due(&store, "2026-03-03T18:01[Europe/Berlin]").await.len(), 1, "the evening is still due");
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_can_not_be_read_is_paused_and_stops_no_other() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        for channel in ["broken", "news"] {
            plan::set(&store, id, channel, &plan("08:30", "daily"), now).await.unwrap();
        }
        meddle(place, "UPDATE schedules SET time = 'noon' WHERE channel = 'broken'").await;
        let taken = due(&store, "2026-03-03T08:30[Europe/Berlin]").await;
        assert_eq!(taken.iter().map(|due| due.entry.channel.as_str()).collect::<Vec<_>>(), ["news"]);
        assert_eq!(store.schedules(id).await.unwrap().len(), 1);
        meddle(place, "UPDATE schedules SET time = '08:30' WHERE channel = 'broken'").await;
        let paused = store.schedule(id, "broken").await.unwrap().unwrap().paused.unwrap();
        assert!(paused.contains("set it anew"), "{paused}");
        meddle(place, "UPDATE schedules SET time = 'noon' WHERE channel = 'broken'").await;
        let anew = plan::set(&store, id, "broken", &plan("09:00", "daily"), now).await.unwrap();
        assert_eq!(anew.kept.paused, None);
        assert_eq!(due(&store, "2026-03-03T09:00[Europe/Berlin]").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn one_scheduler_at_a_time_and_whoever_is_late_posts_nothing() {
    each(async |place| {
        let (dead, alive) = (place.open().await, place.open().await);
        let id = guild(&dead).await.id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        plan::set(&dead, id, "news", &plan("08:30", "daily"), now).await.unwrap();
        let morning = at("2026-03-03T08:30[Europe/Berlin]");
        let lost = dead.due_schedules("dead", &["net"], morning, 10, Duration::ZERO).await.unwrap().remove(0);
        let taken = alive.due_schedules("alive", &["net"], morning, 10, MINUTE).await.unwrap().remove(0);
        assert!(dead.due_schedules("dead", &["net"], morning, 10, MINUTE).await.unwrap().is_empty(), "it is leased");
        assert_eq!(dead.post_digest(&lost, &digest(3, vec![])).await.unwrap(), Settled::Lost);
        assert_eq!(dead.settle(&lost, None, None, None).await.unwrap(), Settled::Lost);
        assert_eq!(alive.post_digest(&taken, &digest(3, vec![])).await.unwrap(), Settled::Done);
        assert_eq!(alive.post_digest(&taken, &digest(3, vec![])).await.unwrap(), Settled::Lost, "it is settled");
        let jobs = alive.jobs(JobState::Open, 10).await.unwrap();
        assert_eq!(jobs.len(), 1);
        assert_eq!(jobs[0].key, format!("digest:{}:news:2026-03-03", id.0));
        assert_eq!((jobs[0].network.as_str(), jobs[0].destination.as_str()), ("net", "news"));
        assert_eq!(alive.next_schedule_at(&["net"]).await.unwrap(), digest(3, vec![]).next_at);
    })
    .await;
}

#[tokio::test]
async fn a_schedule_that_was_changed_or_turned_off_meanwhile_posts_nothing() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        for change in ["set", "off", "gone", "given back"] {
            plan::set(&store, id, "news", &plan("08:30", "daily"), now).await.unwrap();
            let taken = due(&store, "2026-03-03T08:30[Europe/Berlin]").await.remove(0);
            match change {
                "set" => drop(plan::set(&store, id, "news", &plan("08:30", "daily"), now).await.unwrap()),
                "off" => assert!(store.schedule_off(id, "news").await.unwrap()),
                "gone" => assert_eq!(store.channel_gone("net", "news", "it was deleted").await.unwrap(), 1),
                _ => assert_eq!(store.give_back_schedules("scheduler").await.unwrap(), 1),
            }
            assert_eq!(store.post_digest(&taken, &digest(3, vec![])).await.unwrap(), Settled::Lost, "{change}");
            assert!(store.jobs(JobState::Open, 10).await.unwrap().is_empty(), "{change}");
        }
        assert!(!store.schedule_off(id, "sport").await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn posting_notes_all_or_nothing() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let added = store.add(SHARED, &article("boats", "Boats", &body(1, 3))).await.unwrap().id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        plan::set(&store, id, "news", &plan("08:30", "daily"), now).await.unwrap();
        let taken = due(&store, "2026-03-03T08:30[Europe/Berlin]").await.remove(0);
        // An article that is not there: the last step of the transaction fails.
        assert!(store.post_digest(&taken, &digest(3, vec![added, StoredId(77)])).await.is_err());
        assert!(store.jobs(JobState::Open, 10).await.unwrap().is_empty());
        assert!(store.had(id, "news", StoredId(0)).await.unwrap().is_empty());
        let kept = store.schedule(id, "news").await.unwrap().unwrap();
        assert_eq!((kept.settled, kept.posted), (Some(date(2026, 3, 2)), None));
        assert_eq!(store.post_digest(&taken, &digest(3, vec![added])).await.unwrap(), Settled::Done);
        let kept = store.schedule(id, "news").await.unwrap().unwrap();
        assert_eq!((kept.settled, kept.posted), (Some(date(2026, 3, 3)), Some(date(2026, 3, 3))));
        assert_eq!((kept.covered, kept.next_at), (digest(3, vec![]).covered, digest(3, vec![]).next_at));
        assert_eq!(store.had(id, "news", StoredId(0)).await.unwrap(), [added].into());
        assert!(store.had(id, "news", added).await.unwrap().is_empty());
        assert!(store.had(id, "sport", StoredId(0)).await.unwrap().is_empty(), "another channel");
    })
    .await;
}

#[tokio::test]
async fn off_and_on_again_does_not_post_a_day_twice() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let added = store.add(SHARED, &article("boats", "Boats", &body(1, 3))).await.unwrap().id;
        plan::set(&store, id, "news", &plan("08:30", "daily"), at("2026-03-02T10:00[Europe/Berlin]")).await.unwrap();
        let taken = due(&store, "2026-03-03T08:30[Europe/Berlin]").await.remove(0);
        assert_eq!(store.post_digest(&taken, &digest(3, vec![])).await.unwrap(), Settled::Done);
        assert!(store.schedule_off(id, "news").await.unwrap());
        plan::set(&store, id, "news", &plan("18:00", "daily"), at("2026-03-03T12:00[Europe/Berlin]")).await.unwrap();
        let taken = due(&store, "2026-03-03T18:00[Europe/Berlin]").await.remove(0);
        assert_eq!(store.post_digest(&taken, &digest(3, vec![added])).await.unwrap(), Settled::AlreadyPosted);
        assert!(store.jobs(JobState::Open, 10).await.unwrap().is_empty());
        assert!(store.had(id, "news", StoredId(0)).await.unwrap().is_empty(), "the channel did not get it");
        assert!(due(&store, "2026-03-03T18:05[Europe/Berlin]").await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_waits_when_digests_are_turned_off_is_not_sent() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let club = store.community("net", "club").await.unwrap().id;
        let added = store.add(SHARED, &article("boats", "Boats", &body(1, 3))).await.unwrap().id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        for (community, channel) in [(id, "news"), (id, "sport"), (club, "club-news")] {
            plan::set(&store, community, channel, &plan("08:30", "daily"), now).await.unwrap();
        }
        for due in due(&store, "2026-03-03T08:30[Europe/Berlin]").await {
            assert_eq!(store.post_digest(&due, &digest(3, vec![added])).await.unwrap(), Settled::Done);
        }
        store.enqueue("word", "net", "news", &json!(1), now).await.unwrap();
        assert!(store.schedule_off(id, "news").await.unwrap());
        let given_up = store.jobs(JobState::GivenUp, 10).await.unwrap();
        assert_eq!(given_up.len(), 1);
        assert_eq!(given_up[0].key, format!("digest:{}:news:2026-03-03", id.0));
        assert_eq!(given_up[0].last_error.as_deref(), Some("digests were turned off in this channel"));
        assert!(store.had(id, "news", StoredId(0)).await.unwrap().is_empty(), "the channel did not get it");
        assert_eq!(store.had(id, "sport", StoredId(0)).await.unwrap(), [added].into());
        assert_eq!(store.jobs(JobState::Open, 10).await.unwrap().len(), 3, "of others, and what is no digest");
    })
    .await;
}

#[tokio::test]
async fn what_is_gone_stops_and_says_why() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let other = store.community("other", "guild").await.unwrap().id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        for (community, channel) in [(id, "news"), (id, "sport"), (other, "news")] {
            plan::set(&store, community, channel, &plan("08:30", "daily"), now).await.unwrap();
        }
        for (key, network, channel) in [("1", "net", "news"), ("2", "net", "sport"), ("3", "other", "news")] {
            store.enqueue(key, network, channel, &json!(1), now).await.unwrap();
        }
        assert_eq!(store.channel_gone("net", "news", "Unknown Channel").await.unwrap(), 1);
        let paused = async |community, channel| store.schedule(community, channel).await.unwrap().unwrap().paused;
        assert_eq!(paused(id, "news").await.as_deref(), Some("Unknown Channel"));
        assert_eq!(paused(id, "sport").await, None);
        assert_eq!(paused(other, "news").await, None, "another network's channel of that name");
        let given_up = store.job("1").await.unwrap().unwrap();
        assert_eq!((given_up.state, given_up.last_error.as_deref()), (JobState::GivenUp, Some("Unknown Channel")));
        let others = store.due_schedules("other", &["other"], at("2026-03-03T08:30[Europe/Berlin]"), 10, MINUTE);
        assert_eq!(others.await.unwrap().len(), 1, "each network's by those who are on it");
        assert_eq!(due(&store, "2026-03-03T08:30[Europe/Berlin]").await.len(), 1);
        assert_eq!(store.community_gone("net", "guild", "we were removed").await.unwrap(), 2);
        assert_eq!(store.job("2").await.unwrap().unwrap().state, JobState::GivenUp);
        assert_eq!(store.job("3").await.unwrap().unwrap().state, JobState::Open);
        let morning = plan("08:30", "daily");
        let back = plan::set(&store, id, "news", &morning, at("2026-06-02T10:00[Europe/Berlin]")).await.unwrap();
        assert_eq!((back.kept.paused, back.kept.settled), (None, Some(date(2026, 6, 2))));
        assert_eq!(back.kept.covered.at, at("2026-06-01T10:00[Europe/Berlin]"), "a spring's news are not caught up");
        let all = store.schedules(id).await.unwrap();
        assert_eq!(all.iter().map(|entry| entry.channel.as_str()).collect::<Vec<_>>(), ["news", "sport"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_there_a_day_before_a_schedule_is_no_news() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let old = store.add(SHARED, &article("boats", "Boats", &body(1, 3))).await.unwrap().id;
        meddle(place, "UPDATE articles SET added_at = 0").await;
        let new = store.add(SHARED, &article("ships", "Ships", &body(2, 3))).await.unwrap().id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        let first = plan::set(&store, id, "news", &plan("08:30", "daily"), now).await.unwrap();
        assert_eq!(first.kept.covered.to, old);
        store.channel_gone("net", "news", "Unknown Channel").await.unwrap();
        meddle(place, "UPDATE articles SET added_at = 0").await;
        let back = plan::set(&store, id, "news", &plan("08:30", "daily"), now).await.unwrap();
        assert_eq!(back.kept.covered.to, new, "nor is what came while the channel was gone");
    })
    .await;
}

#[tokio::test]
async fn what_can_not_be_kept_is_refused() {
    each(async |place| {
        let store = place.open().await;
        let id = guild(&store).await.id;
        let now = at("2026-03-02T10:00[Europe/Berlin]");
        for channel in ["", "a\0", &"c".repeat(500)] {
            let error = plan::set(&store, id, channel, &plan("08:30", "daily"), now).await.unwrap_err();
            let byline::digest::plan::PlanError::Store(error) = error else { panic!("{error}") };
            assert!(matches!(error.problem, Problem::Text { .. }), "{error}");
        }
        let nobody = byline::library::store::CommunityId(99);
        assert!(plan::set(&store, nobody, "news", &plan("08:30", "daily"), now).await.is_err());
    })
    .await;
}
