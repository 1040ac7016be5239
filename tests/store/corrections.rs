//! What people corrected of quotations: kept beside the article, told to those who follow it, moved with it.

use std::io::Cursor;

use byline::article::Span;
use byline::library::store::{ChangeKind, KeptCorrection, Problem, SHARED, Seq, Store, StoredId};

use crate::place::{article, each};

fn correction(words: &[&str], speaker: Option<&str>) -> KeptCorrection {
    let content: Vec<Span> = (0..words.len()).map(|nth| Span::new(10 * nth, 10 * nth + 5)).collect();
    KeptCorrection::new(&content, words.iter().map(|words| (*words).to_owned()).collect(), speaker.map(str::to_owned))
}

async fn speakers(store: &Store, id: StoredId) -> Vec<Option<String>> {
    store.corrections_of(id).await.unwrap().into_iter().map(|one| one.speaker).collect()
}

#[tokio::test]
async fn the_last_correction_of_the_same_words_holds() {
    each(async |place| {
        let store = place.open().await;
        let id = store.add(SHARED, &article("pier", "Pier", "It is shut.")).await.unwrap().id;
        let since = store.latest_seq().await.unwrap();
        let first = correction(&["né \0 “on”", "it"], Some("Ann Lee"));
        store.correct(id, &first).await.unwrap();
        assert_eq!(store.corrections_of(id).await.unwrap(), [first]);
        store.correct(id, &correction(&["né \0 “on”", "it"], None)).await.unwrap();
        store.correct(id, &correction(&["other words"], Some("Bob Poe"))).await.unwrap();
        let mut now = speakers(&store, id).await;
        now.sort();
        assert_eq!(now, [None, Some("Bob Poe".to_owned())]);
        assert_eq!(store.corrections(SHARED).await.unwrap().len(), 1);
        let changes = store.changes_since(since, 10).await.unwrap();
        assert!(changes.len() >= 3 && changes.iter().all(|c| (c.kind, c.article) == (ChangeKind::Changed, id)));

        let words = ["other words".to_owned()];
        assert!(store.withdraw_correction(id, &words).await.unwrap());
        assert!(!store.withdraw_correction(id, &words).await.unwrap());
        store.remove(SHARED, "pier").await.unwrap();
        assert!(store.corrections(SHARED).await.unwrap().is_empty());
        let gone = store.correct(id, &correction(&["words"], None)).await.unwrap_err().problem;
        assert!(matches!(gone, Problem::Missing(_)), "{gone}");
    })
    .await;
}

#[tokio::test]
async fn what_can_not_be_kept_is_refused() {
    each(async |place| {
        let store = place.open().await;
        let id = store.add(SHARED, &article("pier", "Pier", "It is shut.")).await.unwrap().id;
        let before = store.latest_seq().await.unwrap();
        for bad in [
            correction(&["words"], Some(&"x".repeat(600))),
            correction(&["words"], Some("a\0b")),
            correction(&[], Some("Ann Lee")),
            correction(&[&"w".repeat(100_000)], Some("Ann Lee")),
        ] {
            let refused = store.correct(id, &bad).await.unwrap_err().problem;
            assert!(matches!(refused, Problem::Text { .. }), "{refused}");
        }
        assert_eq!(store.latest_seq().await.unwrap(), before);
        assert_ne!(before, Seq::default());
    })
    .await;
}

#[tokio::test]
async fn corrections_move_with_their_articles_and_an_older_one_changes_nothing() {
    each(async |place| {
        let here = place.open().await;
        let id = here.add(SHARED, &article("pier", "Pier", "It is shut.")).await.unwrap().id;
        here.correct(id, &correction(&["words"], Some("Ann Lee"))).await.unwrap();
        let mut lines = Vec::new();
        here.export(SHARED, &mut lines).await.unwrap();
        assert!(String::from_utf8_lossy(&lines).contains("Ann Lee"));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        here.correct(id, &correction(&["words"], Some("Bob Poe"))).await.unwrap();
        here.import(SHARED, Cursor::new(lines.clone()), |_| ()).await.unwrap();
        assert_eq!(speakers(&here, id).await, [Some("Bob Poe".to_owned())]);
        let damaged = String::from_utf8(lines).unwrap().replace("Ann Lee", &"y".repeat(600));
        let told = here.import(SHARED, Cursor::new(damaged.into_bytes()), |_| ()).await.unwrap();
        assert_eq!(told.refused, 1, "{told:?}");
    })
    .await;
}
