//! Answers that can still be turned, and what did not help.

use byline::library::store::{AnswerRow, Problem, Scope};
use jiff::{SignedDuration, Timestamp};

use crate::place::each;

fn row(key: &str, place: &str, made_at: Timestamp) -> AnswerRow {
    AnswerRow { key: key.into(), place: place.into(), pages: format!("pages of {key}"), made_at }
}

#[tokio::test]
async fn an_answer_is_kept_until_it_is_old() {
    each(async |place| {
        let store = place.open().await;
        let now = Timestamp::now();
        let long_ago = now - SignedDuration::from_hours(24 * 40);
        store.keep_answers(&[row("a", "discord/1", long_ago), row("b", "discord/1", now)]).await.unwrap();
        let again = AnswerRow { pages: "other".into(), ..row("b", "discord/1", now) };
        store.keep_answers(&[again, row("c", "discord/2", now)]).await.unwrap();
        assert_eq!(store.answer("b").await.unwrap().as_deref(), Some("pages of b"));
        assert_eq!(store.forget_answers("discord", now - SignedDuration::from_hours(1)).await.unwrap(), 1);
        assert_eq!(store.answer("a").await.unwrap(), None);
        // Another process, later.
        assert_eq!(place.open().await.answer("c").await.unwrap().as_deref(), Some("pages of c"));
    })
    .await;
}

#[tokio::test]
async fn the_last_answer_of_a_place_is_found_unless_it_is_old() {
    each(async |place| {
        let store = place.open().await;
        let minute = |n| Timestamp::UNIX_EPOCH + SignedDuration::from_mins(n);
        let rows =
            [row("a", "discord/1", minute(1)), row("b", "discord/1", minute(3)), row("c", "discord/2", minute(9))];
        store.keep_answers(&rows).await.unwrap();
        let last = |place, since| {
            let store = &store;
            async move { store.last_answer(place, minute(since)).await.unwrap() }
        };
        assert_eq!(last("discord/1", 0).await.as_deref(), Some("pages of b"));
        assert_eq!(last("discord/1", 4).await, None);
        assert_eq!(last("discord/3", 0).await, None);
    })
    .await;
}

#[tokio::test]
async fn none_of_a_batch_is_kept_when_one_cannot_be() {
    each(async |place| {
        let store = place.open().await;
        let now = Timestamp::now();
        let bad = AnswerRow { pages: "x\0".into(), ..row("b", "discord/1", now) };
        let refused = store.keep_answers(&[row("a", "discord/1", now), bad]).await.unwrap_err();
        assert!(matches!(refused.problem, Problem::Text { .. }), "{refused}");
        assert_eq!(store.answer("a").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn what_did_not_help_counts_once_a_page() {
    each(async |place| {
        let store = place.open().await;
        assert!(store.unhelpful("a", b"hash-1", 1).await.unwrap());
        assert!(!store.unhelpful("a", b"hash-1", 1).await.unwrap(), "it was told before");
        assert!(store.unhelpful("a", b"hash-1", 2).await.unwrap());
        assert!(store.unhelpful("b", b"hash-1", 1).await.unwrap());
        let counts = store.unhelpful_counts(10).await.unwrap();
        assert_eq!(counts, [(b"hash-1".to_vec(), 1, 2), (b"hash-1".to_vec(), 2, 1)]);
    })
    .await;
}

#[tokio::test]
async fn a_community_that_left_is_found_and_forgotten() {
    each(async |place| {
        let store = place.open().await;
        let gone = store.community("discord", "1").await.unwrap();
        let stays = store.community("discord", "2").await.unwrap();
        store.set(Scope::community(gone.id), "left", Some("2026-11-01")).await.unwrap();
        store.set(Scope::channel(gone.id, "7"), "hour", Some("8")).await.unwrap();
        store.set(Scope::community(stays.id), "hour", Some("9")).await.unwrap();
        let left = store.communities_with("discord", "left").await.unwrap();
        assert_eq!(left, [("1".to_owned(), "2026-11-01".to_owned())]);
        assert_eq!(store.communities_on("discord").await.unwrap(), ["1", "2"]);
        assert!(store.forget_community("discord", "1").await.unwrap());
        assert!(!store.forget_community("discord", "1").await.unwrap());
        assert_eq!(store.known_community("discord", "1").await.unwrap(), None);
        let setting = store.setting(Scope::community(stays.id), "hour").await.unwrap();
        assert_eq!(setting.as_deref(), Some("9"));
    })
    .await;
}

#[tokio::test]
async fn a_promise_is_remembered_until_it_is_kept_or_too_late() {
    each(async |place| {
        let store = place.open().await;
        let (soon, past) = (Timestamp::now() + SignedDuration::from_mins(9), Timestamp::UNIX_EPOCH);
        for (owner, token, until) in [("a", "t1", soon), ("a", "t2", soon), ("b", "t3", soon), ("a", "t4", past)] {
            store.promise(owner, "7", token, until).await.unwrap();
        }
        let of = async |owner: &str| {
            let promises = place.open().await.promises(owner).await.unwrap();
            promises.into_iter().map(|(_, token)| token).collect::<Vec<_>>()
        };
        assert_eq!((of("a").await, of("b").await), (vec!["t1".to_owned(), "t2".to_owned()], vec!["t3".to_owned()]));
        store.promise_kept("t1").await.unwrap();
        assert_eq!(of("a").await, ["t2"]);
    })
    .await;
}
