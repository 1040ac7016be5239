//! A collection that holds what files hold.

use std::path::PathBuf;
use std::time::Duration;

use byline::intake::mirror::{Report, sync};
use byline::library::store::{CollectionId, SHARED, Seq, Store};
use proptest::prelude::*;

use crate::files::{Files, held, keys};
use crate::place::{article, each, sqlite};

const HERE: &str = "here";

async fn mirror(store: &Store, places: &[PathBuf]) -> Report {
    sync(store, HERE, SHARED, places, |_| ()).await.unwrap()
}

/// Syncs where nothing changed: no file is read, nothing is logged.
async fn idle(store: &Store, places: &[PathBuf]) -> Report {
    let before = store.latest_seq().await.unwrap();
    let report = mirror(store, places).await;
    assert!(report.changes_nothing() && report.read == 0 && report.postponed == 0, "{report:?}");
    assert_eq!(store.latest_seq().await.unwrap(), before);
    report
}

async fn words(store: &Store, key: &str) -> Option<String> {
    Some(store.get(SHARED, key).await.unwrap()?.article.text().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_follows_its_files() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        files.article("storm.txt", "Storm", "It blew.");
        files.article("2024/ferry.md", "Ferry", "It left.");
        files.write("notes.odt", "not read");
        let report = mirror(&store, &places).await;
        assert_eq!((report.files, report.read, report.articles.new), (2, 2, 2), "{report:?}");
        assert_eq!(keys(&store).await, ["2024/ferry", "storm"]);
        idle(&store, &places).await;

        let id = store.get(SHARED, "storm").await.unwrap().unwrap().id;
        files.article("storm.txt", "Storm", "It blew all night.");
        let report = mirror(&store, &places).await;
        assert_eq!((report.read, report.articles.new_versions), (1, 1), "{report:?}");
        let storm = store.get(SHARED, "storm").await.unwrap().unwrap();
        assert_eq!((storm.id, storm.version), (id, 2));

        files.touch("storm.txt");
        let report = mirror(&store, &places).await;
        assert!(report.changes_nothing() && report.read == 1, "another time, the same bytes: {report:?}");
        idle(&store, &places).await;

        files.remove("2024/ferry.md");
        let report = mirror(&store, &places).await;
        assert_eq!((report.gone, report.articles.removed), (1, 1), "{report:?}");
        assert_eq!(keys(&store).await, ["storm"]);
        files.article("2024/ferry.md", "Ferry", "It came back.");
        assert_eq!(mirror(&store, &places).await.articles.restored, 1);

        assert_eq!(store.watches().await.unwrap().len(), 1);
        let report = mirror(&store, &[]).await;
        assert_eq!(report.articles.removed, 2, "nobody names the place any more: {report:?}");
        assert_eq!((keys(&store).await.len(), store.watches().await.unwrap()), (0, vec![]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_name_have_their_own_keys_whichever_comes_first() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        files.article("a/notes.txt", "Notes", "It rained in Aldersey.");
        files.article("b/notes.txt", "Notes", "It snowed in Hexley.");
        let there = store.collection("there").await.unwrap();
        let (a, b) = (files.path("a"), files.path("b"));
        mirror(&store, &[a.clone(), b.clone()]).await;
        sync(&store, HERE, there, &[b, a], |_| ()).await.unwrap();
        let expected = ["a/notes", "b/notes"];
        assert_eq!(keys(&store).await, expected);
        for key in expected {
            let (one, other) = (store.get(SHARED, key).await.unwrap(), store.get(there, key).await.unwrap());
            assert_eq!(one.unwrap().article, other.unwrap().article, "{key}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_given_away_is_not_taken_and_its_article_stays() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        files.write("one.jsonl", r#"{"id": "7", "title": "Storm", "text": "It blew."}"#);
        files.write("two.jsonl", r#"{"id": "7", "title": "Ferry", "text": "It left."}"#);
        let report = mirror(&store, &[files.root().to_owned()]).await;
        assert_eq!(report.articles.new, 2, "two sources, two articles: {report:?}");
        assert_eq!(words(&store, "7").await.as_deref(), Some("It blew."));
        let other = keys(&store).await.into_iter().find(|key| key != "7").unwrap();
        assert!(other.starts_with("7~"), "{other}");
        files.write("two.jsonl", r#"{"id": "7", "title": "Ferry", "text": "It came."}"#);
        mirror(&store, &[files.root().to_owned()]).await;
        assert_eq!(words(&store, &other).await.as_deref(), Some("It came."), "the key stays");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_moved_keeps_its_article() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        files.article("storm.txt", "Storm", "It blew.");
        files.write(
            "all.jsonl",
            "{\"title\": \"One\", \"text\": \"It left.\"}\n{\"title\": \"Two\", \"text\": \"It came.\"}\n",
        );
        mirror(&store, &places).await;
        files.article("storm.txt", "Storm", "It blew all night.");
        mirror(&store, &places).await;
        let id = store.get(SHARED, "storm").await.unwrap().unwrap().id;
        files.rename("storm.txt", "2024/gale.txt");
        files.rename("all.jsonl", "old/all.jsonl");
        let report = mirror(&store, &places).await;
        assert_eq!((report.moved, report.gone, report.articles.renamed), (2, 0, 3), "{report:?}");
        let gale = store.get(SHARED, "2024/gale").await.unwrap().unwrap();
        assert_eq!((gale.id, gale.version), (id, 2));
        assert_eq!(keys(&store).await, ["2024/gale", "old/all", "old/all-2"]);
        idle(&store, &places).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_takes_nothing_out() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        files.write("all.jsonl", "{\"id\": \"a\", \"text\": \"It left.\"}\n{\"id\": \"b\", \"text\": \"It came.\"}\n");
        files.write("one.json", r#"{"title": "One", "text": "It sank."}"#);
        mirror(&store, &places).await;
        let before = held(&store).await;
        // Half a file, half a line, and one that is no text any more.
        files.write("all.jsonl", "{\"id\": \"a\", \"text\": \"It left.\"}\n{\"id\": \"b\", \"te");
        files.write("one.json", r#"{"title": "One", "te"#);
        let report = mirror(&store, &places).await;
        assert_eq!((report.articles.refused, report.articles.removed), (2, 0), "{report:?}");
        assert!(report.articles.refusals[0].reason.starts_with("line 2: "), "{report:?}");
        assert_eq!(held(&store).await, before);
        let again = idle(&store, &places).await;
        assert_eq!(again.articles.refusals, report.articles.refusals, "it is told again, and not read again");
        let file = std::fs::File::options().write(true).open(files.path("one.json")).unwrap();
        file.set_len(byline::intake::folder::MAX_FILE_BYTES + 1).unwrap();
        files.touch("one.json");
        let report = mirror(&store, &places).await;
        assert!(report.articles.refusals.iter().any(|refused| refused.reason.contains("at most")), "{report:?}");
        assert_eq!(held(&store).await, before);
        files.write("all.jsonl", "{\"id\": \"a\", \"text\": \"It left.\"}\n");
        files.write("one.json", r#"{"title": "One", "text": "It sank."}"#);
        let report = mirror(&store, &places).await;
        assert_eq!((report.articles.refused, report.articles.removed), (0, 1), "whole again: {report:?}");
        assert_eq!(keys(&store).await, ["a", "one"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_there_keeps_its_articles() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.path("disk/news"), files.path("disk/more/*.txt"), files.path("disk/one.txt")];
        for name in ["disk/news/a.txt", "disk/more/b.txt", "disk/one.txt"] {
            files.article(name, name, "It left.");
        }
        mirror(&store, &places).await;
        let before = held(&store).await;
        assert_eq!(before.len(), 3);
        files.rename("disk", "elsewhere");
        let report = mirror(&store, &places).await;
        assert_eq!(report.absent.iter().map(|(_, files)| files).sum::<u64>(), 3, "{report:?}");
        assert!(report.changes_nothing());
        assert_eq!(held(&store).await, before);
        files.rename("elsewhere", "disk");
        assert_eq!(idle(&store, &places).await.absent, []);
        files.remove("disk/one.txt");
        files.remove("disk/more/b.txt");
        let report = mirror(&store, &places).await;
        assert_eq!(report.articles.removed, 2, "their folders are there: {report:?}");
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_whose_target_is_not_there_keeps_its_article() {
    use std::os::unix::fs::symlink;
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.path("news"), files.path("more/*/*.txt")];
        for name in ["disk/a.txt", "disk/b.txt", "disk/c/d.txt", "news/own.txt", "more/here/own.txt"] {
            files.article(name, name, &format!("It left {name}."));
        }
        symlink(files.path("disk/a.txt"), files.path("news/a.txt")).unwrap();
        symlink(files.path("disk/b.txt"), files.path("more/here/b.txt")).unwrap();
        symlink(files.path("disk/c"), files.path("more/c")).unwrap();
        mirror(&store, &places).await;
        let before = held(&store).await;
        assert_eq!(before.len(), 5);
        files.rename("disk", "unmounted");
        let report = idle(&store, &places).await;
        let links = ["more/c", "more/here/b.txt", "news/a.txt"].map(|name| (files.path(name), 1));
        assert_eq!(report.absent, links);
        assert_eq!(held(&store).await, before);
        files.rename("unmounted", "disk");
        assert_eq!(idle(&store, &places).await.absent, []);
        files.remove("news/a.txt");
        assert_eq!(mirror(&store, &places).await.articles.removed, 1, "the link is gone");
        files.rename("disk", "unmounted");
        assert_eq!(mirror(&store, &places[..1]).await.articles.removed, 3, "nobody names the others any more");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_in_two_files_is_one_article_until_one_is_edited() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        files.article("a.txt", "Storm", "It blew.");
        files.article("b.txt", "Storm", "It blew.");
        mirror(&store, &places).await;
        assert_eq!(keys(&store).await, ["a"]);
        files.remove("a.txt");
        assert_eq!(mirror(&store, &places).await.articles.removed, 0, "the other file holds it");
        files.article("a.txt", "Storm", "It blew.");
        mirror(&store, &places).await;
        files.article("b.txt", "Storm", "It blew in Hexley.");
        mirror(&store, &places).await;
        assert_eq!(keys(&store).await, ["a", "b"]);
        assert_eq!(words(&store, "a").await.as_deref(), Some("Storm\n\nIt blew.\n"));
        assert_eq!(words(&store, "b").await.as_deref(), Some("Storm\n\nIt blew in Hexley.\n"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_page_in_two_files_the_last_one_holds_until_it_goes() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        let page = |words: &str| format!("---\ntitle: Storm\nurl: https://example.org/storm\n---\n\n{words}\n");
        files.write("monday.md", page("It blew."));
        files.write("tuesday.md", page("It blew all night."));
        mirror(&store, &places).await;
        assert_eq!(keys(&store).await, ["monday"]);
        assert!(words(&store, "monday").await.unwrap().contains("all night"));
        idle(&store, &places).await;
        files.remove("tuesday.md");
        let report = mirror(&store, &places).await;
        assert_eq!((report.gone, report.articles.new_versions), (1, 1), "{report:?}");
        assert!(!words(&store, "monday").await.unwrap().contains("all night"), "the words that a file still holds");
        idle(&store, &places).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_leave_one_anothers_articles_alone() {
    each(async |place| {
        let (here, there, files) = (place.open().await, place.open().await, Files::new());
        let (mine, theirs) = ([files.path("mine")], [files.path("theirs")]);
        files.article("mine/both.txt", "Storm", "It blew.");
        files.article("mine/a.txt", "Ferry", "It left.");
        files.article("theirs/both.txt", "Storm", "It blew.");
        files.article("theirs/b.txt", "Pier", "It broke.");
        mirror(&here, &mine).await;
        sync(&there, "there", SHARED, &theirs, |_| ()).await.unwrap();
        assert_eq!(keys(&here).await, ["a", "b", "both"]);
        idle(&here, &mine).await;
        assert_eq!(mirror(&here, &[]).await.articles.removed, 1);
        assert_eq!(keys(&there).await, ["b", "both"], "what both hold stays with the other");
        sync(&there, "there", SHARED, &[], |_| ()).await.unwrap();
        assert_eq!(keys(&there).await, [""; 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_removed_stays_removed_until_its_file_says_something_else() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        files.article("a.txt", "Storm", "It blew.");
        mirror(&store, &places).await;
        store.remove(SHARED, "a").await.unwrap();
        idle(&store, &places).await;
        files.touch("a.txt");
        mirror(&store, &places).await;
        assert_eq!(keys(&store).await, [""; 0]);
        files.article("a.txt", "Storm", "It blew all night.");
        assert_eq!(mirror(&store, &places).await.articles.restored, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_without_a_key_are_known_by_what_they_say() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        let line = |words: &str| format!("{{\"title\": \"T\", \"text\": \"{words}\"}}\n");
        let lines = |words: &[&str]| words.iter().map(|words| line(words)).collect::<String>();
        files.write("all.jsonl", lines(&["It left.", "It came.", "It sank."]));
        mirror(&store, &places).await;
        let sank = store.get(SHARED, "all-3").await.unwrap().unwrap().id;
        files.write("all.jsonl", lines(&["It came.", "It sank."]));
        let report = mirror(&store, &places).await;
        assert_eq!((report.articles.removed, report.articles.unchanged), (1, 2), "{report:?}");
        files.write("all.jsonl", lines(&["It came.", "It sank off Hexley."]));
        let report = mirror(&store, &places).await;
        assert_eq!((report.articles.new_versions, report.articles.unchanged), (1, 1), "{report:?}");
        let stored = store.article(sank).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.article.text()), (2, "It sank off Hexley."));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_line_that_comes_twice_the_last_one_counts() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    let log = "{\"id\": \"a\", \"text\": \"It left.\"}\n{\"id\": \"a\", \"text\": \"It came.\"}\n";
    files.write("log.jsonl", log);
    mirror(&store, &[files.root().to_owned()]).await;
    files.write("log.jsonl", format!("{log}{{\"id\": \"b\", \"text\": \"It sank.\"}}\n"));
    mirror(&store, &[files.root().to_owned()]).await;
    let a = store.get(SHARED, "a").await.unwrap().unwrap();
    assert_eq!((a.version, a.article.text()), (1, "It came."));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_changed_a_store_in_use_by_another_answers_at_once() {
    use sqlx::Connection;
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.article("a.txt", "Storm", "It blew.");
    let places = [files.root().to_owned()];
    mirror(&store, &places).await;
    store.close().await;
    sqlx::any::install_default_drivers();
    let mut other = sqlx::AnyConnection::connect(&format!("sqlite://{}", place.text)).await.unwrap();
    let writing = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let store = place.open().await;
    // Whoever writes waits half a minute for the lock.
    let report = tokio::time::timeout(Duration::from_secs(15), sync(&store, HERE, SHARED, &places, |_| ())).await;
    assert!(report.expect("it wanted to write").unwrap().changes_nothing());
    drop(writing);
}

/// What a store holds beside keys, which depend on what was there before.
async fn texts(store: &Store) -> Vec<String> {
    let mut texts: Vec<_> = held(store).await.into_iter().map(|(_, text)| text).collect();
    texts.sort();
    texts.dedup();
    texts
}

/// Changes of every kind at once.
fn before(files: &Files) {
    for n in 0..6 {
        files.article(&format!("kept-{n}.txt"), "Kept", &format!("It stayed {n} days."));
        files.article(&format!("gone-{n}.txt"), "Gone", &format!("It left {n} times."));
        files.article(&format!("old/moved-{n}.txt"), "Moved", &format!("It went {n} miles."));
        files.article(&format!("changed-{n}.txt"), "Changed", &format!("It was {n}."));
    }
    files.write("all.jsonl", "{\"id\": \"x\", \"text\": \"It rose.\"}\n{\"id\": \"y\", \"text\": \"It set.\"}\n");
}

fn after(files: &Files) {
    for n in 0..6 {
        files.remove(&format!("gone-{n}.txt"));
        files.rename(&format!("old/moved-{n}.txt"), &format!("new/moved-{n}.txt"));
        files.article(&format!("changed-{n}.txt"), "Changed", &format!("It is {n} now."));
        files.article(&format!("new-{n}.txt"), "New", &format!("It came {n} times."));
    }
    files.write("all.jsonl", "{\"id\": \"y\", \"text\": \"It set.\"}\n{\"id\": \"z\", \"text\": \"It shone.\"}\n");
}

/// What must hold after [`after`], whatever happened in between.
async fn assert_after(store: &Store, ids: &[(String, byline::library::store::StoredId)], told: &str) {
    static FRESH: tokio::sync::OnceCell<Vec<(String, String)>> = tokio::sync::OnceCell::const_new();
    let fresh = async || {
        let (place, files) = (sqlite(), Files::new());
        let fresh = place.open().await;
        before(&files);
        after(&files);
        mirror(&fresh, &[files.root().to_owned()]).await;
        held(&fresh).await
    };
    assert_eq!(&held(store).await, FRESH.get_or_init(fresh).await, "{told}");
    for (key, id) in ids {
        let now = store.article(*id).await.unwrap().unwrap();
        let key = key.replace("old/", "new/");
        assert_eq!(now.article.key(), key, "{told}: an article is another");
        assert_eq!(now.version, if key.starts_with("changed") { 2 } else { 1 }, "{told}: {key}");
        assert_eq!(now.removed_at.is_some(), key.starts_with("gone") || key == "x", "{told}: {key}");
    }
}

async fn ids(store: &Store) -> Vec<(String, byline::library::store::StoredId)> {
    let mut ids = Vec::new();
    let mut all = store.load_all(SHARED);
    while let Some(stored) = all.next().await.unwrap() {
        ids.push((stored.article.key().to_owned(), stored.id));
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_is_broken_off_at_any_moment_is_ended_by_the_next() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        before(&files);
        mirror(&store, &places).await;
        let ids = ids(&store).await;
        after(&files);
        let (mut broken, mut limit) = (0, Duration::from_micros(200));
        while tokio::time::timeout(limit, sync(&store, HERE, SHARED, &places, |_| ())).await.is_err() {
            broken += 1;
            limit = limit * 6 / 5;
        }
        assert!(broken > 3, "it was never broken off");
        assert_after(&store, &ids, "dropped").await;
        idle(&store, &places).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_fails_at_any_change_is_ended_by_the_next() {
    use sqlx::{Connection, Executor};
    sqlx::any::install_default_drivers();
    let mut failures = 0;
    // Each round fails at another change: of the log, of what is known of files, of who holds what.
    for (table, when, event) in [
        ("changes", "NEW.seq = {n}", "INSERT"),
        ("source_files", "NEW.path LIKE '%-{n}.txt'", "INSERT"),
        ("source_files", "NEW.path LIKE '%-{n}.txt'", "UPDATE"),
        ("source_files", "OLD.path LIKE '%-{n}.txt'", "DELETE"),
        ("source_articles", "NEW.entry = '=z' AND {n} = 0", "INSERT"),
        ("source_articles", "OLD.entry = '=x' AND {n} = 0", "UPDATE"),
        ("source_articles", "OLD.entry LIKE '-%' AND {n} = 0", "DELETE"),
    ] {
        for n in [0, 3, 5, 27, 33, 45] {
            let (place, files) = (sqlite(), Files::new());
            let places = [files.root().to_owned()];
            let store = place.open().await;
            before(&files);
            mirror(&store, &places).await;
            let ids = ids(&store).await;
            after(&files);
            let mut other = sqlx::AnyConnection::connect(&format!("sqlite://{}", place.text)).await.unwrap();
            let trigger = format!(
                "CREATE TRIGGER fails BEFORE {event} ON {table} WHEN {} BEGIN SELECT RAISE(ABORT, 'no'); END",
                when.replace("{n}", &n.to_string())
            );
            other.execute(sqlx::AssertSqlSafe(trigger)).await.unwrap();
            failures += usize::from(sync(&store, HERE, SHARED, &places, |_| ()).await.is_err());
            other.execute("DROP TRIGGER fails").await.unwrap();
            mirror(&store, &places).await;
            assert_after(&store, &ids, &format!("failed: {event} {table} {n}")).await;
            idle(&store, &places).await;
        }
    }
    assert!(failures > 12, "{failures}");
}

/// Lines with these numbers as keys.
fn numbered(numbers: std::ops::Range<u32>) -> String {
    numbers.map(|n| format!("{{\"id\": \"{n}\", \"text\": \"It left {n} times.\"}}\n")).collect()
}

/// Lines without keys.
fn unnamed(numbers: impl Iterator<Item = u32>) -> String {
    numbers.map(|n| format!("{{\"title\": \"Boat {n}\", \"text\": \"It came {n} times.\"}}\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_written_in_turns_and_lets_go_in_the_last() {
    use sqlx::{Connection, Executor};
    sqlx::any::install_default_drivers();
    let (place, files) = (sqlite(), Files::new());
    let (store, places) = (place.open().await, [files.root().to_owned()]);
    let mut other = sqlx::AnyConnection::connect(&format!("sqlite://{}", place.text)).await.unwrap();
    let mut fails_at = async |label: &str| {
        let trigger = format!(
            "DROP TRIGGER IF EXISTS fails; CREATE TRIGGER fails BEFORE INSERT ON source_articles
             WHEN NEW.entry = '{label}' BEGIN SELECT RAISE(ABORT, 'no'); END"
        );
        other.execute(sqlx::AssertSqlSafe(trigger)).await.unwrap();
    };
    files.write("all.jsonl", numbered(0..300));
    fails_at("=299").await;
    assert!(sync(&store, HERE, SHARED, &places, |_| ()).await.is_err());
    assert_eq!(store.count(SHARED).await.unwrap(), 256, "one turn");
    fails_at("=390").await;
    let report = mirror(&store, &places).await;
    assert_eq!((report.read, report.articles.unchanged, report.articles.new), (1, 256, 44), "{report:?}");
    idle(&store, &places).await;
    files.write("all.jsonl", numbered(100..400));
    assert!(sync(&store, HERE, SHARED, &places, |_| ()).await.is_err());
    assert_eq!(store.count(SHARED).await.unwrap(), 300 + 56, "nothing is let go before all is written");
    fails_at("none").await;
    let report = mirror(&store, &places).await;
    assert_eq!((report.articles.removed, report.articles.new), (100, 44), "{report:?}");
    idle(&store, &places).await;
    assert_eq!(store.count(SHARED).await.unwrap(), 300);
    files.remove("all.jsonl");
    assert_eq!(mirror(&store, &places).await.articles.removed, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_that_is_broken_off_at_any_moment_is_ended_by_the_next() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let places = [files.root().to_owned()];
        let broken_off = async || {
            let (mut broken, mut limit) = (0, Duration::from_millis(2));
            while tokio::time::timeout(limit, sync(&store, HERE, SHARED, &places, |_| ())).await.is_err() {
                broken += 1;
                limit *= 2;
            }
            assert!(broken > 2, "it was never broken off");
            idle(&store, &places).await;
        };
        files.write("old/all.jsonl", unnamed(1..301));
        broken_off().await;
        let before: Vec<_> = ids(&store).await.into_iter().map(|(_, id)| id).collect();
        assert_eq!(before.len(), 300);
        files.rename("old/all.jsonl", "new/all.jsonl");
        broken_off().await;
        let moved = ids(&store).await;
        assert!(moved.iter().map(|(_, id)| *id).eq(before.iter().copied()));
        assert!(moved.iter().all(|(key, _)| key.starts_with("new/all")), "{moved:?}");
        // Every line is at another place now, one is new, one is gone, and two have changed places.
        let lines = [0, 2, 1].into_iter().chain(3..150).chain(151..301);
        files.write("new/all.jsonl", unnamed(lines));
        broken_off().await;
        let mut expected = before.clone();
        expected.remove(149);
        let after = ids(&store).await;
        assert_eq!(after.len(), 300);
        for (id, (key, stored)) in expected.iter().zip(&after) {
            assert_eq!(id, stored, "{key}");
            assert_eq!(store.article(*id).await.unwrap().unwrap().version, 1, "{key}");
        }
        assert!(store.article(before[149]).await.unwrap().unwrap().removed_at.is_some());
        mirror(&store, &[]).await;
        assert_eq!(store.count(SHARED).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_mirror_the_same_at_once_do_it_once() {
    each(async |place| {
        let (one, other, files) = (place.open().await, place.open().await, Files::new());
        let places = [files.root().to_owned()];
        before(&files);
        let (a, b) = tokio::join!(mirror(&one, &places), mirror(&other, &places));
        assert_eq!(a.articles.new + b.articles.new, 26, "{a:?} {b:?}");
        let ids = ids(&one).await;
        after(&files);
        tokio::join!(mirror(&one, &places), mirror(&other, &places));
        assert_after(&one, &ids, "two at once").await;
        idle(&other, &places).await;
    })
    .await;
}

#[tokio::test]
async fn a_collection_that_is_not_there_and_an_owner_that_can_not_be_are_told() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.article("a.txt", "Storm", "It blew.");
    let places = [files.root().to_owned()];
    let error = sync(&store, HERE, CollectionId(99), &places, |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("no collection 99"), "{error}");
    let error = sync(&store, &"x".repeat(300), SHARED, &places, |_| ()).await.unwrap_err();
    assert!(error.to_string().contains("owner"), "{error}");
    assert_eq!(store.latest_seq().await.unwrap(), Seq(0));
}

#[tokio::test]
async fn what_was_added_otherwise_is_taken_over_and_not_doubled() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    store.add(SHARED, &article("storm", "Storm", "It blew.")).await.unwrap();
    store.add(SHARED, &article("ferry", "Ferry", "It left.")).await.unwrap();
    files.article("storm.txt", "Storm", "It blew.");
    files.article("ferry.txt", "Ferry", "It came.");
    let report = mirror(&store, &[files.root().to_owned()]).await;
    assert_eq!((report.articles.unchanged, report.articles.new_versions, report.articles.new), (1, 1, 0), "{report:?}");
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, usize),
    Lines(usize, Vec<usize>),
    Remove(usize),
    Rename(usize, usize),
    Sync,
    Broken(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_usize..5, 0_usize..6).prop_map(|(file, words)| Step::Write(file, words)),
        2 => (0_usize..2, proptest::collection::vec(0_usize..6, 1..4)).prop_map(|(file, words)| Step::Lines(file, words)),
        2 => (0_usize..7).prop_map(Step::Remove),
        2 => (0_usize..5, 0_usize..5).prop_map(|(from, to)| Step::Rename(from, to)),
        3 => Just(Step::Sync),
        1 => (1_u64..40).prop_map(Step::Broken),
    ];
    proptest::collection::vec(step, 1..14)
}

const NAMES: [&str; 7] = ["a.txt", "b.txt", "x/a.txt", "x/c.md", "d.txt", "all.jsonl", "x/all.jsonl"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn whatever_happens_to_files_the_collection_holds_what_they_hold(steps in steps()) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let (place, files) = (sqlite(), Files::new());
            let store = place.open().await;
            let places = [files.root().to_owned()];
            files.article("always.txt", "Always", "It was there.");
            for step in &steps {
                match step {
                    Step::Write(file, words) => files.article(NAMES[*file], "Boat", &format!("It took {words} days.")),
                    Step::Lines(file, words) => {
                        let line = |n| format!("{{\"title\": \"Line\", \"text\": \"It was {n} miles off.\"}}\n");
                        files.write(NAMES[5 + file], words.iter().map(line).collect::<String>());
                    }
                    Step::Remove(file) => {
                        let _ = std::fs::remove_file(files.path(NAMES[*file]));
                    }
                    Step::Rename(from, to) if files.path(NAMES[*from]).exists() => files.rename(NAMES[*from], NAMES[*to]),
                    Step::Rename(..) => {}
                    Step::Sync => {
                        mirror(&store, &places).await;
                    }
                    Step::Broken(tenths) => {
                        let limit = Duration::from_micros(tenths * 100);
                        let _ = tokio::time::timeout(limit, sync(&store, HERE, SHARED, &places, |_| ())).await;
                    }
                }
            }
            mirror(&store, &places).await;
            let other = sqlite();
            let fresh = other.open().await;
            mirror(&fresh, &places).await;
            assert_eq!(texts(&store).await, texts(&fresh).await);
            idle(&store, &places).await;
            mirror(&store, &[]).await;
            assert_eq!(texts(&store).await, [""; 0]);
        });
    }
}
