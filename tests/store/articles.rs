//! Adding, reading, replacing and removing articles.

use byline::article::read::{Format, read_text};
use byline::article::{Article, Block, BlockKind, Draft, Metadata, Span};
use byline::library::store::{Outcome, Problem, SHARED, Store, StoredId};

use crate::place::{article, body, each, page};

async fn keys(store: &Store) -> Vec<String> {
    let mut keys = Vec::new();
    let mut articles = store.load_all(SHARED);
    while let Some(stored) = articles.next().await.unwrap() {
        keys.push(stored.article.key().to_owned());
    }
    keys
}

#[tokio::test]
async fn an_article_comes_back_to_the_byte() {
    each(async |place| {
        let store = place.open().await;
        let json = r#"{"id": "ferry/“1”", "title": "Né à\u0000 quai", "text": "A.\r\n\u0000 “B” 🚢 c.\n\tD e.\u00a0F", "by": ["J", "K"],
            "site": "Harbour Times", "url": "https://Example.org/a?utm_source=x#f", "date": "2022-07-04T09:30:15.5-04:30", "lang": "en"}"#;
        let given = read_text("x", json, Format::Json).unwrap();
        let added = store.add(SHARED, &given).await.unwrap();
        let stored = store.get(SHARED, "ferry/“1”").await.unwrap().unwrap();
        assert_eq!(stored.article, given);
        assert_eq!((stored.id, stored.version, stored.duplicate_of, stored.removed_at), (added.id, 1, None, None));
        assert_eq!(stored.added_at, stored.changed_at);
        store.close().await;
        let again = place.open().await.article(added.id).await.unwrap().unwrap();
        assert_eq!(again, stored);
    })
    .await;
}

#[tokio::test]
async fn adding_again_changes_nothing() {
    each(async |place| {
        let store = place.open().await;
        let given = article("ferry", "Ferry delayed", "It left late.");
        let first = store.add(SHARED, &given).await.unwrap();
        assert_eq!((first.outcome, first.version), (Outcome::New, 1));
        let seq = store.latest_seq().await.unwrap();
        let second = store.add(SHARED, &given).await.unwrap();
        assert_eq!((second.outcome, second.id, second.version), (Outcome::Unchanged, first.id, 1));
        let mut copy = given.clone();
        copy.rename("copy-of-ferry".to_owned());
        let copy = store.add(SHARED, &copy).await.unwrap();
        assert_eq!((copy.outcome, copy.id, copy.key.as_str()), (Outcome::Unchanged, first.id, "ferry"));
        assert_eq!(store.latest_seq().await.unwrap(), seq, "nothing changed, nothing is logged");
        assert_eq!(store.count(SHARED).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn other_words_are_a_new_version_and_the_old_one_stays() {
    each(async |place| {
        let store = place.open().await;
        let (old, new) = (article("ferry", "Ferry", "It left late."), article("ferry", "Ferry", "It left at noon."));
        let id = store.add(SHARED, &old).await.unwrap().id;
        let added = store.add(SHARED, &new).await.unwrap();
        assert_eq!((added.outcome, added.id, added.version), (Outcome::NewVersion, id, 2));
        assert_eq!(store.get(SHARED, "ferry").await.unwrap().unwrap().article, new);
        assert_eq!(store.version(id, 1).await.unwrap().unwrap().article, old);
        assert_eq!(store.version(id, 2).await.unwrap().unwrap().article, new);
        assert_eq!(store.version(id, 3).await.unwrap(), None);
        let back = store.add(SHARED, &old).await.unwrap();
        assert_eq!((back.outcome, back.version), (Outcome::NewVersion, 3), "what was undone is news as well");
    })
    .await;
}

#[tokio::test]
async fn another_shape_of_the_same_text_is_a_new_version() {
    each(async |place| {
        let store = place.open().await;
        let text = "One thing. Another thing.".to_owned();
        let blocks = vec![Block { span: Span::new(0, text.len()), kind: BlockKind::Paragraph }];
        let draft = Draft { blocks, text, meta: Metadata::default() };
        let whole = Article::from_parts("a", draft.clone(), &[Span::new(0, 25)]).unwrap();
        store.add(SHARED, &whole).await.unwrap();
        assert_eq!(store.get(SHARED, "a").await.unwrap().unwrap().article, whole, "kept as given, not split anew");
        let split = Article::from_parts("a", draft, &[Span::new(0, 10), Span::new(11, 25)]).unwrap();
        assert_eq!(store.add(SHARED, &split).await.unwrap().outcome, Outcome::NewVersion);
    })
    .await;
}

#[tokio::test]
async fn one_page_under_two_addresses_is_one_article() {
    each(async |place| {
        let store = place.open().await;
        let first = page("ferry", "http://example.org/ferry?utm_source=feed", "It left late.");
        let second = page("ferry-1", "https://EXAMPLE.org/ferry?fbclid=9#top", "It left at noon.");
        let id = store.add(SHARED, &first).await.unwrap().id;
        let added = store.add(SHARED, &second).await.unwrap();
        assert_eq!((added.outcome, added.id, added.key.as_str()), (Outcome::NewVersion, id, "ferry"));
        let stored = store.get(SHARED, "ferry").await.unwrap().unwrap();
        assert_eq!(stored.article.meta(), second.meta());
    })
    .await;
}

#[tokio::test]
async fn two_pages_of_one_name_are_two_articles() {
    each(async |place| {
        let store = place.open().await;
        let pages: Vec<_> = (1..=12).map(|n| page("index", &format!("https://example.org/{n}"), &body(n, 2))).collect();
        let first = store.add_all(SHARED, &pages).await.unwrap();
        assert!(first.iter().all(|added| added.outcome == Outcome::New));
        assert_eq!((first[0].key.as_str(), first[1].key.as_str()), ("index", "index-2"));
        let keys: std::collections::BTreeSet<_> = first.iter().map(|added| &added.key).collect();
        assert_eq!(keys.len(), 12, "{keys:?}");
        let again = store.add_all(SHARED, &pages).await.unwrap();
        assert!(again.iter().zip(&first).all(|(a, b)| a.outcome == Outcome::Unchanged && a.key == b.key), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn a_removed_article_answers_no_more_and_can_come_back() {
    each(async |place| {
        let store = place.open().await;
        let given = article("ferry", "Ferry", "It left late.");
        let id = store.add(SHARED, &given).await.unwrap().id;
        assert!(store.remove(SHARED, "ferry").await.unwrap());
        assert!(!store.remove(SHARED, "ferry").await.unwrap());
        assert!(!store.remove(SHARED, "no\0such").await.unwrap());
        assert_eq!((store.get(SHARED, "ferry").await.unwrap(), store.count(SHARED).await.unwrap()), (None, 0));
        assert!(keys(&store).await.is_empty());
        let kept = store.article(id).await.unwrap().unwrap();
        assert!(kept.removed_at.is_some());
        assert_eq!(kept.article, given, "what was quoted from it stays explainable");
        let mut renamed = given.clone();
        renamed.rename("ferries".to_owned());
        let back = store.add(SHARED, &renamed).await.unwrap();
        assert_eq!((back.outcome, back.id, back.version, back.key.as_str()), (Outcome::Restored, id, 1, "ferries"));
        assert_eq!(keys(&store).await, ["ferries"]);
        store.remove(SHARED, "ferries").await.unwrap();
        let changed = store.add(SHARED, &article("ferries", "Ferry", "It sank.")).await.unwrap();
        assert_eq!((changed.outcome, changed.id, changed.version), (Outcome::Restored, id, 2));
    })
    .await;
}

#[tokio::test]
async fn a_renamed_article_stays_the_same_article() {
    each(async |place| {
        let store = place.open().await;
        let added =
            store.add_all(SHARED, &[article("a", "A", "It left."), article("b", "B", "It came.")]).await.unwrap();
        assert!(store.rename(SHARED, "a", "c").await.unwrap());
        assert!(!store.rename(SHARED, "a", "d").await.unwrap(), "it is not there any more");
        assert!(!store.rename(SHARED, "c", "b").await.unwrap(), "the key is taken");
        assert_eq!(store.get(SHARED, "c").await.unwrap().unwrap().id, added[0].id);
        assert_eq!(store.get(SHARED, "a").await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_near_duplicate_is_kept_and_marked() {
    each(async |place| {
        let store = place.open().await;
        let story = body(1, 40);
        let edited = story.replacen("aboard", "on board", 2);
        let other = |collection| (collection, article("d", "Elsewhere", &story));
        let added = store
            .add_all(
                SHARED,
                &[
                    article("a", "Boats counted", &story),
                    article("b", "How boats were counted", &edited),
                    article("c", "Other boats", &body(2, 40)),
                ],
            )
            .await
            .unwrap();
        assert_eq!(added.iter().map(|a| a.outcome).collect::<Vec<_>>(), [Outcome::New; 3]);
        assert_eq!(
            (added[0].duplicate_of, added[1].duplicate_of, added[2].duplicate_of),
            (None, Some(added[0].id), None)
        );
        assert_eq!(store.get(SHARED, "b").await.unwrap().unwrap().duplicate_of, Some(added[0].id));
        let (elsewhere, given) = other(store.collection("elsewhere").await.unwrap());
        assert_eq!(
            store.add(elsewhere, &given).await.unwrap().duplicate_of,
            None,
            "collections don't know of each other"
        );
        store.remove(SHARED, "a").await.unwrap();
        let third = article("e", "Boats, counted again", &story.replacen("met", "passed", 1));
        let third = store.add(SHARED, &third).await.unwrap();
        assert_eq!(third.duplicate_of, Some(added[0].id), "by way of b, which repeats it");
    })
    .await;
}

#[tokio::test]
async fn a_batch_is_added_whole_or_not_at_all() {
    each(async |place| {
        let store = place.open().await;
        let bad = article(&"k".repeat(2000), "B", "It came.");
        let error = store.add_all(SHARED, &[article("a", "A", "It left."), bad]).await.unwrap_err();
        assert!(matches!(error.problem, Problem::Key { .. }), "{error}");
        assert_eq!(store.count(SHARED).await.unwrap(), 0);
        assert_eq!(store.add_all(SHARED, &[]).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn collections_hold_their_own() {
    each(async |place| {
        let store = place.open().await;
        let own = store.collection("guild-7").await.unwrap();
        assert_eq!(store.collection("guild-7").await.unwrap(), own);
        assert_eq!(store.collection("shared").await.unwrap(), SHARED);
        let given = article("ferry", "Ferry", "It left late.");
        let shared = store.add(SHARED, &given).await.unwrap();
        let added = store.add(own, &given).await.unwrap();
        assert_eq!(added.outcome, Outcome::New);
        assert_ne!(added.id, shared.id);
        assert!(store.remove(own, "ferry").await.unwrap());
        assert_eq!((store.count(SHARED).await.unwrap(), store.count(own).await.unwrap()), (1, 0));
        let error = store.add(byline::library::store::CollectionId(99), &given).await.unwrap_err();
        assert!(matches!(error.problem, Problem::Missing(_)), "{error}");
    })
    .await;
}

#[tokio::test]
async fn all_are_read_in_the_order_in_which_they_came() {
    each(async |place| {
        let store = place.open().await;
        let given: Vec<_> = (0..150).map(|n| article(&format!("{:03}", n * 7 % 150), "Boat", &body(n, 1))).collect();
        store.add_all(SHARED, &given).await.unwrap();
        let order: Vec<_> = given.iter().map(|article| article.key().to_owned()).collect();
        assert_eq!(keys(&store).await, order);
        assert_eq!(store.article(StoredId(9999)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_add_the_same_articles_at_once_add_each_once() {
    each(async |place| {
        let (one, other) = (place.open().await, place.open().await);
        let given: Vec<_> = (0..40).map(|n| article(&format!("{n}"), "Boat", &body(n, 1))).collect();
        let add = async |store: &Store| {
            let mut new = 0;
            for article in &given {
                new += usize::from(store.add(SHARED, article).await.unwrap().outcome == Outcome::New);
            }
            new
        };
        let (mine, theirs) = tokio::join!(add(&one), add(&other));
        assert_eq!(mine + theirs, 40);
        assert_eq!(one.count(SHARED).await.unwrap(), 40);
    })
    .await;
}
