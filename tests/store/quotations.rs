//! Quotations and speakers that are kept, so that a restart finds what was found before.

use byline::article::Article;
use byline::library::Library;
use byline::library::store::{
    CollectionId, KeptQuotation, KeptQuotations, Problem, SHARED, SpeakerId, Store, StoredId,
};
use byline::quotes::kept::{self, Roll};
use byline::quotes::{Known, QuoteBook, RULES};

use crate::place::{Place, article, each};

fn said(key: &str, speaker: &str, words: &str) -> Article {
    article(key, &format!("About {key}"), &format!("“{words},” {speaker} said. It rained."))
}

async fn library(store: &Store, collection: CollectionId) -> Library {
    let mut library = Library::default();
    let mut articles = store.load_all(collection);
    while let Some(stored) = articles.next().await.unwrap() {
        library.put_stored(stored);
    }
    library
}

/// What is kept for a version of an article.
async fn kept_of(store: &Store, id: StoredId, version: i64, rules: i64) -> Option<Vec<KeptQuotation>> {
    let kept = store.quotations_of(id, version, rules).await.unwrap()?;
    Some(kept.quotations().unwrap())
}

fn one(paragraph: u32) -> Vec<KeptQuotation> {
    let (content, speaker, speaker_name, cue) = (Vec::new(), None, None, None);
    vec![KeptQuotation { content, speaker, speaker_name, cue, kind: 0, confidence: 0.5, paragraph }]
}

/// Runs SQL on the store of a place, past the store.
async fn tamper(place: &Place, sql: &'static str) {
    sqlx::any::install_default_drivers();
    let url = if place.is_postgres() { place.text.clone() } else { format!("sqlite://{}", place.text) };
    let mut connection = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    sqlx::Connection::close(connection).await.unwrap();
}

#[tokio::test]
async fn what_was_found_is_not_found_again_after_a_restart() {
    each(async |place| {
        let store = place.open().await;
        let none = article("rain", "About rain", "It rained all day in Aldersey.");
        let articles = [said("bridge", "Ann Lee", "It is safe"), none, said("toll", "Bob Poe", "It stays")];
        store.add_all(SHARED, &articles).await.unwrap();
        let held = library(&store, SHARED).await;
        assert!(kept::load(&store, SHARED, &held).await.unwrap().is_empty());
        let book = QuoteBook::build(&held);
        kept::keep(&store, &held, &book).await.unwrap();
        kept::keep(&store, &held, &book).await.unwrap();
        store.close().await;

        let store = place.open().await;
        let held = library(&store, SHARED).await;
        let known = kept::load(&store, SHARED, &held).await.unwrap();
        assert_eq!(known.len(), 3, "that an article holds no quotation is known as well");
        let again = QuoteBook::of(&held, known);
        assert!(again.found().is_empty());
        assert_eq!(again.all().collect::<Vec<_>>(), book.all().collect::<Vec<_>>());
        assert_eq!(again.speakers(), [("Ann Lee".into(), 1), ("Bob Poe".into(), 1)]);
    })
    .await;
}

#[tokio::test]
async fn only_the_current_version_of_what_was_not_removed_answers() {
    each(async |place| {
        let store = place.open().await;
        let first = store.add(SHARED, &said("bridge", "Ann Lee", "It is safe")).await.unwrap();
        let gone = store.add(SHARED, &said("toll", "Bob Poe", "It stays")).await.unwrap();
        let held = library(&store, SHARED).await;
        kept::keep(&store, &held, &QuoteBook::build(&held)).await.unwrap();

        store.add(SHARED, &said("bridge", "Ann Lee", "It is not safe")).await.unwrap();
        store.remove(SHARED, "toll").await.unwrap();
        assert!(store.quotations(SHARED, RULES).next().await.unwrap().is_empty());
        assert_eq!(kept_of(&store, gone.id, 1, RULES).await, None);
        assert!(kept_of(&store, first.id, 1, RULES).await.is_some(), "an old version stays explainable");
        assert!(kept::load(&store, SHARED, &held).await.unwrap().is_empty(), "the library is behind the store");
        let ids: Vec<_> = held.iter().map(|(id, _)| id).collect();
        let behind = kept::load_of(&store, &held, &ids).await.unwrap();
        assert_eq!(behind.keys().collect::<Vec<_>>(), [&ids[0]], "its version's quotations are kept");

        let back = store.add(SHARED, &said("toll", "Bob Poe", "It stays")).await.unwrap();
        assert_eq!((back.id, kept_of(&store, gone.id, 1, RULES).await.is_some()), (gone.id, true));
    })
    .await;
}

#[tokio::test]
async fn a_community_sees_the_quotations_of_its_own_collection() {
    each(async |place| {
        let store = place.open().await;
        let own = store.collection("guild").await.unwrap();
        store.add(SHARED, &said("bridge", "Ann Lee", "It is safe")).await.unwrap();
        store.add(own, &said("bridge", "Bob Poe", "It is not")).await.unwrap();
        for (collection, speaker) in [(SHARED, "Ann Lee"), (own, "Bob Poe")] {
            let held = library(&store, collection).await;
            let book = QuoteBook::build(&held);
            kept::keep(&store, &held, &book).await.unwrap();
            let known = kept::load(&store, collection, &held).await.unwrap();
            assert_eq!(QuoteBook::of(&held, known).speakers(), [(speaker.into(), 1)]);
            Roll::load(&store, collection).await.unwrap().enrol(&store, &book).await.unwrap();
            let names = store.speaker_names(collection).await.unwrap();
            assert_eq!(names.iter().map(|(name, _)| name).collect::<Vec<_>>(), [speaker]);
        }
    })
    .await;
}

#[tokio::test]
async fn what_newer_rules_found_stays() {
    each(async |place| {
        let store = place.open().await;
        let id = store.add(SHARED, &said("bridge", "Ann Lee", "It is safe")).await.unwrap().id;
        let keep = async |rules: i64, paragraph: u32| {
            store.keep_quotations(rules, &[KeptQuotations::new(id, 1, &one(paragraph))]).await.unwrap();
        };
        keep(2, 2).await;
        keep(1, 1).await;
        assert_eq!(kept_of(&store, id, 1, 1).await, None);
        assert_eq!(kept_of(&store, id, 1, 2).await, Some(one(2)));
        keep(3, 3).await;
        assert_eq!((kept_of(&store, id, 1, 2).await, kept_of(&store, id, 1, 3).await), (None, Some(one(3))));
        let elsewhere = [KeptQuotations::new(id, 9, &one(0)), KeptQuotations::new(StoredId(99), 1, &one(0))];
        store.keep_quotations(3, &elsewhere).await.unwrap();
        assert_eq!(kept_of(&store, id, 9, 3).await, None, "of versions that are not held nothing is kept");
    })
    .await;
}

#[tokio::test]
async fn damaged_quotations_are_found_again() {
    each(async |place| {
        let store = place.open().await;
        store.add(SHARED, &said("bridge", "Ann Lee", "It is safe")).await.unwrap();
        let id = store.add(SHARED, &said("toll", "Bob Poe", "It stays")).await.unwrap().id;
        let held = library(&store, SHARED).await;
        let book = QuoteBook::build(&held);
        kept::keep(&store, &held, &book).await.unwrap();
        let bytes = if place.is_postgres() {
            "UPDATE quotations SET found = '\\x0907' WHERE article = 1"
        } else {
            "UPDATE quotations SET found = X'0907' WHERE article = 1"
        };
        tamper(place, bytes).await;
        // A span that lies outside of the text.
        let mut far = kept_of(&store, id, 1, RULES).await.unwrap();
        far[0].content[0].end = 9999;
        let far = KeptQuotations::new(id, 1, &far);
        let damaged = kept::read(held.article(held.by_stored(id).unwrap()), &far).unwrap_err();
        assert!(matches!(damaged, Problem::Damaged { .. }), "{damaged}");
        store.keep_quotations(RULES, &[far]).await.unwrap();

        let known = kept::load(&store, SHARED, &held).await.unwrap();
        assert!(known.is_empty(), "{known:?}");
        let again = QuoteBook::of(&held, known);
        assert_eq!(again.all().collect::<Vec<_>>(), book.all().collect::<Vec<_>>());
        kept::keep(&store, &held, &again).await.unwrap();
        assert_eq!(kept::load(&store, SHARED, &held).await.unwrap().len(), 2, "and kept as they should be");
    })
    .await;
}

#[tokio::test]
async fn more_quotations_than_a_page_come_in_order() {
    each(async |place| {
        let store = place.open().await;
        let articles: Vec<Article> =
            (0..1100).map(|n| said(&format!("a{n}"), "Ann Lee", &format!("Number {n} is safe"))).collect();
        for batch in articles.chunks(400) {
            store.add_all(SHARED, batch).await.unwrap();
        }
        let held = library(&store, SHARED).await;
        let book = QuoteBook::build(&held);
        kept::keep(&store, &held, &book).await.unwrap();
        let known = kept::load(&store, SHARED, &held).await.unwrap();
        assert_eq!(known.len(), 1100);
        assert_eq!(QuoteBook::of(&held, known).len(), book.len());
    })
    .await;
}

fn people(people: &[&[&str]]) -> Vec<Vec<String>> {
    people.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect()
}

#[tokio::test]
async fn a_speaker_keeps_the_number() {
    each(async |place| {
        let store = place.open().await;
        let first = store.enrol(SHARED, &people(&[&["Ann Lee"], &["Mike Poe"]])).await.unwrap();
        let [(_, ann), (_, mike)] = first[..] else { panic!("{first:?}") };
        assert_ne!(ann, mike);
        store.close().await;

        let store = place.open().await;
        let again =
            store.enrol(SHARED, &people(&[&["Michael Poe", "Mike Poe"], &["Ann Lee", "Ann B. Lee"]])).await.unwrap();
        assert_eq!(again.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [mike, mike, ann, ann]);
        let known = store.speaker(mike).await.unwrap().unwrap();
        assert_eq!(
            (known.name.as_str(), known.names),
            ("Mike Poe", vec!["Michael Poe".to_owned(), "Mike Poe".to_owned()])
        );
        assert_eq!(store.speaker(SpeakerId(99)).await.unwrap(), None);
        // Two that are found to be one keep their numbers; what is new goes to the best name's.
        let both = store.enrol(SHARED, &people(&[&["Ann Lee", "Mike Poe", "Ann C. Lee"]])).await.unwrap();
        assert_eq!(both.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [ann, mike, ann]);
        let unfit = store.enrol(SHARED, &people(&[&["a\0b"], &[&"x".repeat(600)], &[""], &[]])).await.unwrap();
        assert_eq!(unfit, []);
        let nowhere = store.enrol(CollectionId(99), &people(&[&["Ann Lee"]])).await.unwrap_err();
        assert!(matches!(nowhere.problem, Problem::Missing(_)), "{nowhere}");
    })
    .await;
}

#[tokio::test]
async fn two_speakers_that_are_joined_are_one_under_either_number() {
    each(async |place| {
        let store = place.open().await;
        let names = store.enrol(SHARED, &people(&[&["Ann Lee"], &["Ann Lee-Poe"], &["Annie Lee"]])).await.unwrap();
        let [(_, one), (_, other), (_, third)] = names[..] else { panic!("{names:?}") };
        store.join_speakers(other, one).await.unwrap();
        store.join_speakers(one, third).await.unwrap();
        store.join_speakers(other, third).await.unwrap();
        for id in [one, other, third] {
            let speaker = store.speaker(id).await.unwrap().unwrap();
            assert_eq!((speaker.id, speaker.name.as_str(), speaker.names.len()), (third, "Annie Lee", 3));
        }
        let later = store.enrol(SHARED, &people(&[&["Ann Lee", "Ann B. Lee"]])).await.unwrap();
        assert!(later.iter().all(|(_, id)| *id == third), "{later:?}");
        let own = store.collection("guild").await.unwrap();
        let stranger = store.enrol(own, &people(&[&["Ann Lee"]])).await.unwrap()[0].1;
        for (one, into) in [(stranger, third), (SpeakerId(99), third)] {
            let problem = store.join_speakers(one, into).await.unwrap_err().problem;
            assert!(matches!(problem, Problem::Missing(_)), "{problem}");
        }
    })
    .await;
}

#[tokio::test]
async fn processes_that_learn_of_one_person_at_once_agree() {
    each(async |place| {
        let stores = [place.open().await, place.open().await];
        let all: Vec<Vec<String>> = (0..40).map(|n| vec![format!("Ann Lee{n}")]).collect();
        let mut tasks = Vec::new();
        for round in 0..6 {
            let (store, mut mine) = (stores[round % 2].clone(), all.clone());
            mine.rotate_left(round * 7);
            tasks.push(tokio::spawn(async move {
                let mut numbers = Vec::new();
                for people in mine.chunks(5) {
                    numbers.extend(store.enrol(SHARED, people).await.unwrap());
                }
                numbers.sort_unstable();
                numbers
            }));
        }
        let mut told = Vec::new();
        for task in tasks {
            told.push(task.await.unwrap());
        }
        assert!(told.windows(2).all(|pair| pair[0] == pair[1]));
        let numbers: std::collections::BTreeSet<SpeakerId> = told[0].iter().map(|(_, id)| *id).collect();
        assert_eq!(numbers.len(), 40);
    })
    .await;
}

#[tokio::test]
async fn the_roll_follows_the_book() {
    each(async |place| {
        let store = place.open().await;
        store.add(SHARED, &said("bridge", "Ann Lee", "It is safe")).await.unwrap();
        store.add(SHARED, &said("toll", "Lee", "It stays")).await.unwrap();
        let mut held = library(&store, SHARED).await;
        let book = QuoteBook::build(&held);
        let mut roll = Roll::load(&store, SHARED).await.unwrap();
        roll.enrol(&store, &book).await.unwrap();
        let ann = roll.number(&["Ann Lee"]).unwrap();
        assert_eq!(roll.number(&["Lee"]), None, "a surname is hers only as long as there is no other");

        let bob = said("ferry", "Bob Lee", "It is late");
        store.add(SHARED, &bob).await.unwrap();
        let stored = store.get(SHARED, "ferry").await.unwrap().unwrap();
        let changed = held.put_stored(stored).unwrap();
        let book = book.updated(&held, &[changed], Known::new());
        roll.enrol(&store, &book).await.unwrap();
        let again = Roll::load(&store, SHARED).await.unwrap();
        for roll in [&roll, &again] {
            assert_eq!(roll.number(&["Ann Lee"]), Some(ann));
            let others = [roll.number(&["Bob Lee"]), roll.number(&["Lee"])];
            assert!(
                others[0].is_some() && others[1].is_some() && others[0] != others[1] && !others.contains(&Some(ann))
            );
        }
    })
    .await;
}
