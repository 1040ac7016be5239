//! What was heard on a network that is followed by position, and rooms that go on under another name.

use std::time::Duration;

use byline::library::store::{Answered, Gap, Heard, Moved, Order, Scope, Step};
use jiff::Timestamp;
use jiff::civil::time;

use crate::place::each;

fn heard(event: &str, millis: i64) -> Step {
    Step::Heard(Heard { event: event.into(), place: "!room".into(), at: Timestamp::from_millisecond(millis).unwrap() })
}

fn answered(question: &str, answer: &str) -> Answered {
    Answered {
        question: question.into(),
        place: "matrix/!room".into(),
        person: "@ann:x".into(),
        answer: answer.into(),
        pages: Some("key".into()),
        page: 0,
        at: Timestamp::from_millisecond(1_000).unwrap(),
    }
}

#[tokio::test]
async fn a_position_and_what_is_pending_outlive_the_process() {
    each(async |place| {
        let store = place.open().await;
        assert_eq!(store.position("me").await.unwrap(), None);
        let steps = [heard("$2", 20), heard("$1", 10), Step::Position("s1".into())];
        store.record("me", &steps).await.unwrap();
        store.record("other", &[heard("$3", 5), Step::Position("s9".into())]).await.unwrap();
        // Told again, it is pending once.
        store.record("me", &[heard("$1", 10), Step::Position("s2".into())]).await.unwrap();
        let store = place.open().await;
        assert_eq!(store.position("me").await.unwrap().as_deref(), Some("s2"));
        let events = async || -> Vec<String> {
            store.pending("me").await.unwrap().into_iter().map(|heard| heard.event).collect()
        };
        assert_eq!(events().await, ["$1", "$2"], "the oldest first");
        store.record("me", &[Step::Answered(answered("$1", "$a")), Step::Done { event: "$1".into() }]).await.unwrap();
        assert_eq!(events().await, ["$2"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_answered_is_found_by_question_and_by_answer() {
    each(async |place| {
        let store = place.open().await;
        store.record("me", &[Step::Answered(answered("$1", "$a"))]).await.unwrap();
        assert_eq!(store.answered("me", "$1").await.unwrap(), Some(answered("$1", "$a")));
        assert_eq!(store.answered_by("me", "$a").await.unwrap(), Some(answered("$1", "$a")));
        assert_eq!(store.answered("other", "$1").await.unwrap(), None);
        store.record("me", &[Step::Turned { answer: "$a".into(), page: 2 }]).await.unwrap();
        assert_eq!(store.answered_by("me", "$a").await.unwrap().unwrap().page, 2);
        // Changed, the question has its answer under the same event, from the first page on.
        let changed = Answered { pages: None, ..answered("$1", "$a") };
        store.record("me", &[Step::Answered(changed.clone())]).await.unwrap();
        assert_eq!(store.answered("me", "$1").await.unwrap(), Some(changed));
        store.record("me", &[Step::TakenBack { question: "$1".into() }]).await.unwrap();
        assert_eq!(store.answered_by("me", "$a").await.unwrap(), None);
        store.record("me", &[Step::Answered(answered("$2", "$b"))]).await.unwrap();
        assert_eq!(store.forget_answered(Timestamp::from_millisecond(999).unwrap()).await.unwrap(), 0);
        assert_eq!(store.forget_answered(Timestamp::from_millisecond(1_001).unwrap()).await.unwrap(), 1);
        assert_eq!(store.answered("me", "$2").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn steps_are_recorded_wholly_or_not_at_all() {
    each(async |place| {
        let store = place.open().await;
        let too_long = Step::Position("s".repeat(10_000));
        assert!(store.record("me", &[heard("$1", 1), too_long]).await.is_err());
        assert!(store.pending("me").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_room_goes_on_under_another_name_with_everything_that_it_had() {
    each(async |place| {
        let store = place.open().await;
        let old = store.community("matrix", "!old").await.unwrap();
        store.set(Scope::community(old.id), "passages", Some("5")).await.unwrap();
        store.set(Scope::channel(old.id, "!old"), "prefix", Some("!news")).await.unwrap();
        let own = store.collection("matrix/!old").await.unwrap();
        store.read_collection(old.id, own).await.unwrap();
        let order = Order {
            time: time(8, 30, 0, 0),
            zone: "Europe/Berlin".into(),
            weekdays: 0b111_1111,
            size: 10,
            late_limit: Duration::from_secs(60),
            tells_nothing_new: false,
        };
        let now = Timestamp::now();
        store.set_schedule(old.id, "!old", &order, None, Some(now), now).await.unwrap();
        // The new room was heard of before the old one was known to have moved.
        let early = store.community("matrix", "!new").await.unwrap();
        store.set(Scope::community(early.id), "introduced", Some("yesterday")).await.unwrap();

        let moved =
            async |from: &str, to: &str| store.move_community("matrix", from, to, &["introduced"]).await.unwrap();
        assert_eq!(moved("!old", "!new").await, Moved::Wholly);
        assert_eq!(store.known_community("matrix", "!old").await.unwrap(), None);
        let new = store.known_community("matrix", "!new").await.unwrap().unwrap();
        assert_eq!(new.collection, own);
        assert_eq!(store.collection("matrix/!new").await.unwrap(), own, "its own articles are called like it");
        let channel = Scope::channel(new.id, "!new");
        assert_eq!(store.setting_in_force(channel, "passages").await.unwrap().as_deref(), Some("5"));
        assert_eq!(store.setting_in_force(channel, "prefix").await.unwrap().as_deref(), Some("!news"));
        assert_eq!(store.schedule(new.id, "!new").await.unwrap().unwrap().order, order);
        assert_eq!(store.schedule(new.id, "!old").await.unwrap(), None);
        assert_eq!(moved("!unknown", "!new").await, Moved::Nothing);
        // Told again, there is nothing left to move, and nothing is lost.
        let again = store.community("matrix", "!old").await.unwrap();
        store.set(Scope::community(again.id), "introduced", Some("today")).await.unwrap();
        assert_eq!(moved("!old", "!new").await, Moved::Nothing);
        assert_eq!(store.setting_in_force(channel, "passages").await.unwrap().as_deref(), Some("5"));
    })
    .await;
}

#[tokio::test]
async fn a_room_that_has_something_of_its_own_is_never_taken_over() {
    each(async |place| {
        let store = place.open().await;
        let theirs = store.community("matrix", "!theirs").await.unwrap();
        store.set(Scope::community(theirs.id), "passages", Some("1")).await.unwrap();
        let other = store.community("matrix", "!other").await.unwrap();
        let own = store.collection("matrix/!other").await.unwrap();
        store.read_collection(other.id, own).await.unwrap();
        let mine = store.community("matrix", "!mine").await.unwrap();
        store.set(Scope::community(mine.id), "passages", Some("5")).await.unwrap();
        for to in ["!theirs", "!other"] {
            assert_eq!(store.move_community("matrix", "!mine", to, &["introduced"]).await.unwrap(), Moved::Taken);
        }
        assert_eq!(store.known_community("matrix", "!theirs").await.unwrap().unwrap().id, theirs.id);
        assert_eq!(store.known_community("matrix", "!other").await.unwrap().unwrap().collection, own);
        for (scope, passages) in [(theirs, "1"), (mine, "5")] {
            let kept = store.setting(Scope::community(scope.id), "passages").await.unwrap();
            assert_eq!(kept.as_deref(), Some(passages));
        }
    })
    .await;
}

#[tokio::test]
async fn a_gap_outlives_the_process_until_it_is_filled() {
    each(async |place| {
        let store = place.open().await;
        let at = Timestamp::from_millisecond(1_000).unwrap();
        let gap = |place: &str| Gap { place: place.into(), newer: "s2".into(), older: "s1".into(), at };
        let steps = [Step::Gap(gap("!a")), Step::Gap(gap("!b")), Step::Position("s3".into())];
        store.record("me", &steps).await.unwrap();
        store.record("me", &[Step::Gap(gap("!a"))]).await.unwrap();
        store.record("other", &[Step::Gap(gap("!c"))]).await.unwrap();
        let store = place.open().await;
        assert_eq!(store.gaps("me").await.unwrap(), [gap("!a"), gap("!b")]);
        store.record("me", &[heard("$1", 1), Step::Filled(gap("!a"))]).await.unwrap();
        assert_eq!(store.gaps("me").await.unwrap(), [gap("!b")]);
        assert_eq!(store.gaps("other").await.unwrap(), [gap("!c")]);
    })
    .await;
}
