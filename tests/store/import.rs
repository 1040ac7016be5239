//! Adding files to a collection once, and moving a collection that files filled.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use byline::intake::Progress;
use byline::intake::import::{Summary, import};
use byline::intake::mirror::sync;
use byline::library::store::{SHARED, Store};

use crate::files::{Files, held, keys};
use crate::place::{body, each, sqlite};

async fn add(store: &Store, places: &[PathBuf]) -> Summary {
    import(store, "here", SHARED, places, |_| ()).await.unwrap()
}

async fn export(store: &Store) -> Vec<u8> {
    let mut out = Vec::new();
    store.export(SHARED, &mut out).await.unwrap();
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_any_form_are_added_once_and_counted_by_place() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        files.article("a/notes.txt", "Notes", "It rained in Aldersey.");
        files.article("b/notes.txt", "Notes", "It snowed in Hexley.");
        files.write("b/story.html", "<html><head><title>Storm</title></head><body><article><h1>Storm</h1><p>It blew all night over the harbour, and nobody in the town slept a minute.</p></article></body></html>");
        files.write("lines.jsonl", "{\"id\": \"x\", \"text\": \"It left.\"}\n{\"id\": }\n{\"title\": \"T\", \"text\": \"It came.\"}\n");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"id\": \"z\", \"text\": \"It sank.\"}\n").unwrap();
        files.write("more.jsonl.gz", packed.finish().unwrap());
        let places =
            [files.path("a"), files.path("b"), files.path("lines.jsonl"), files.path("*.gz"), files.path("none")];
        let mut told = Vec::new();
        let summary = import(&store, "here", SHARED, &places, |progress| told.push(progress)).await.unwrap();
        let new: Vec<_> = summary.places.iter().map(|place| (place.files, place.articles.new)).collect();
        assert_eq!(new, [(1, 1), (2, 2), (1, 2), (1, 1), (0, 0)], "{summary:?}");
        let total = summary.total();
        assert_eq!((total.new, total.refused), (6, 2), "{summary:?}");
        assert_eq!(total.refusals[0].path, files.path("lines.jsonl"));
        assert!(total.refusals[0].reason.starts_with("line 2: "), "{total:?}");
        assert_eq!(total.refusals[1].path, files.path("none"));
        let last: Progress = *told.last().unwrap();
        assert_eq!((last.files, last.bytes), (last.of_files, last.of_bytes));
        assert!(told.windows(2).all(|pair| pair[0].bytes <= pair[1].bytes), "{told:?}");
        let held = keys(&store).await;
        assert!(held.starts_with(&["a/notes".to_owned(), "b/notes".to_owned()]), "{held:?}");

        let seq = store.latest_seq().await.unwrap();
        let again = add(&store, &places).await.total();
        assert_eq!((again.unchanged, again.known_by_source, again.known_by_key), (6, 3, 3), "{again:?}");
        assert!(again.changes_nothing());
        assert_eq!(store.latest_seq().await.unwrap(), seq);
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_looked_at_is_told_under_its_own_place() {
    use std::os::unix::fs::symlink;
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.article("a/one.txt", "One", "It left.");
    files.article("b/two.txt", "Two", "It came.");
    // A link to itself can't be looked at by anybody, also not by root.
    symlink(files.path("b/loop.txt"), files.path("b/loop.txt")).unwrap();
    // As they are named in a shell: from where it is.
    let here = std::env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = |name: &str| up.join(files.path(name).strip_prefix("/").unwrap());
    let summary = add(&store, &[relative("a"), relative("b")]).await;
    let refused: Vec<_> = summary.places.iter().map(|place| place.articles.refused).collect();
    assert_eq!(refused, [0, 1], "{summary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_imported_again_is_known_by_its_file() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        files.article("a/notes.txt", "Notes", "It rained in Aldersey.");
        files.article("b/notes.txt", "Notes", "It snowed in Hexley.");
        add(&store, &[files.path("a")]).await;
        let other = add(&store, &[files.path("b")]).await.total();
        assert_eq!((other.new, other.new_versions), (1, 0), "another folder's notes are another article: {other:?}");
        files.article("b/notes.txt", "Notes", "It thawed in Hexley.");
        let changed = add(&store, &[files.path("b")]).await.total();
        assert_eq!((changed.new, changed.new_versions, changed.known_by_source), (0, 1, 1), "{changed:?}");
        assert_eq!(store.get(SHARED, "notes").await.unwrap().unwrap().version, 1);
        store.remove(SHARED, "notes").await.unwrap();
        assert_eq!(add(&store, &[files.path("a")]).await.total().restored, 1, "it is wanted again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_outlives_its_file_and_its_mirror() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        files.article("news/a.txt", "A", "It left.");
        files.article("news/b.txt", "B", "It came.");
        add(&store, &[files.path("news/a.txt")]).await;
        let places = [files.path("news")];
        let report = sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        assert_eq!((report.articles.new, report.articles.unchanged), (1, 1), "{report:?}");
        files.article("news/a.txt", "A", "It left again.");
        let report = sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        assert_eq!((report.articles.new, report.articles.new_versions), (0, 1), "one file, one article: {report:?}");
        files.remove("news/a.txt");
        files.remove("news/b.txt");
        sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        assert_eq!(keys(&store).await, ["a"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_were_imported_outlive_the_mirrored_files_that_give_the_same() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        // Two of one key, of two pages; one without a key.
        let line = |n: u32| {
            format!("{{\"id\": \"7\", \"url\": \"https://example.org/{n}\", \"text\": \"It left {n} times.\"}}\n")
        };
        let unnamed = "{\"title\": \"Ferry\", \"text\": \"It came.\"}\n";
        files.write("all.jsonl", format!("{}{}{unnamed}", line(1), line(2)));
        let total = add(&store, &[files.path("all.jsonl")]).await.total();
        assert_eq!((total.new, total.refused), (3, 0), "{total:?}");
        files.write("news/some.jsonl", format!("{}{unnamed}", line(2)));
        files.write("news/one.json", line(1));
        let places = [files.path("news"), files.path("all.jsonl")];
        let report = sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        assert!(report.changes_nothing(), "{report:?}");
        let before = held(&store).await;
        for name in ["news/some.jsonl", "news/one.json", "all.jsonl"] {
            files.remove(name);
        }
        files.write("all.jsonl", "{\"id\": \"8\", \"text\": \"It sank.\"}\n");
        sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        let report = sync(&store, "here", SHARED, &[], |_| ()).await.unwrap();
        assert_eq!((report.articles.removed, held(&store).await), (1, before), "what was mirrored alone");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_stays_when_its_file_is_imported_without_it() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        let three = r#"[{"text": "It left."}, {"text": "It came."}, {"id": "x", "text": "It sank."}]"#;
        files.write("all.json", three);
        assert_eq!(add(&store, &[files.path("all.json")]).await.total().new, 3);
        // The second one takes the place of the first.
        files.write("all.json", r#"[{"text": "It came."}]"#);
        let total = add(&store, &[files.path("all.json")]).await.total();
        assert_eq!((total.unchanged, total.removed), (1, 0), "{total:?}");
        assert_eq!(store.count(SHARED).await.unwrap(), 3);
        let lines = String::from_utf8(export(&store).await).unwrap();
        assert_eq!(lines.matches("\"imported\":true").count(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_changes_in_a_file_that_was_imported_is_a_new_version() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.write("all.jsonl", "{\"id\": \"7\", \"text\": \"It left.\"}\n");
    add(&store, &[files.path("all.jsonl")]).await;
    let places = [files.path("all.jsonl")];
    sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
    files.write("all.jsonl", "{\"id\": \"7\", \"text\": \"It left again.\"}\n");
    let report = sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
    assert_eq!((report.articles.new, report.articles.new_versions), (0, 1), "one file, one article: {report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_library_that_is_moved_keeps_what_was_imported_and_follows_its_files_in_the_rest() {
    each(async |place| {
        let (from, files) = (sqlite(), Files::new());
        let here = from.open().await;
        files.article("news/mirrored.txt", "Storm", "It blew.");
        files.article("news/both.txt", "Ferry", "It left.");
        files.article("once.txt", "Pier", "It broke.");
        files.write("lines.jsonl", "{\"id\": \"line\", \"text\": \"It sank.\"}\n");
        let news = [files.path("news")];
        sync(&here, "here", SHARED, &news, |_| ()).await.unwrap();
        add(&here, &["once.txt", "lines.jsonl", "news/both.txt"].map(|name| files.path(name))).await;
        let lines = export(&here).await;
        files.write("export.jsonl", &lines);
        let there = place.open().await;
        // Through a third store that mirrors nothing, and by way of a stream and a file.
        let between = sqlite();
        let third = between.open().await;
        third.import(SHARED, Cursor::new(lines.clone()), |_| ()).await.unwrap();
        files.write("export.jsonl", export(&third).await);
        import(&there, "there", None, &[files.path("export.jsonl")], |_| ()).await.unwrap();
        assert_eq!(String::from_utf8(export(&there).await).unwrap(), String::from_utf8(lines).unwrap());
        for name in ["once.txt", "lines.jsonl"] {
            files.rename(name, &format!("news/{name}"));
        }
        let report = sync(&there, "there", SHARED, &news, |_| ()).await.unwrap();
        assert!(report.changes_nothing(), "{report:?}");
        for name in ["mirrored.txt", "both.txt", "once.txt", "lines.jsonl"] {
            files.remove(&format!("news/{name}"));
        }
        sync(&there, "there", SHARED, &news, |_| ()).await.unwrap();
        assert_eq!(keys(&there).await, ["both", "line", "once"], "of what was mirrored the files decide");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn near_duplicates_are_counted_and_named() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    let story = body(1, 40);
    files.article("a.txt", "Boats counted", &story);
    files.article("b.txt", "How boats were counted", &story.replacen("aboard", "on board", 2));
    let line = serde_json::json!({"id": "c", "title": "Boats", "text": story.replacen("met", "passed", 2)});
    files.write("c.jsonl", format!("{line}\n"));
    let total = add(&store, &[files.root().to_owned()]).await.total();
    assert_eq!((total.new, total.near_duplicates), (3, 2), "{total:?}");
    let first = store.get(SHARED, "a").await.unwrap().unwrap().id;
    assert_eq!(total.near, [("b".to_owned(), first)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_hides_no_other() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.write("a.jsonl.gz", b"\x1f\x8b\x08\x00broken");
    files.write("b.txt", b"\x7fELF");
    files.write("c.jsonl", "{\"id\": \"c\", \"text\": \"It left.\"}\n");
    files.article("d.txt", "D", "It came.");
    let total = add(&store, &[files.root().to_owned()]).await.total();
    assert_eq!((total.new, total.refused), (2, 2), "{total:?}");
}

/// A collection that files filled, with whatever happens to files.
async fn fill(store: &Store, files: &Files) {
    let places = [files.path("a"), files.path("b")];
    for (name, words) in [("a/notes.txt", "It rained."), ("b/notes.txt", "It snowed."), ("b/gone.txt", "It left.")] {
        files.article(name, "Notes", words);
    }
    files.write("b/all.jsonl", "{\"id\": \"x\", \"text\": \"It rose.\"}\n{\"title\": \"T\", \"text\": \"It set.\"}\n");
    sync(store, "here", SHARED, &places, |_| ()).await.unwrap();
    files.article("a/notes.txt", "Notes", "It rained all day.");
    files.rename("b/notes.txt", "b/snow.txt");
    files.remove("b/gone.txt");
    sync(store, "here", SHARED, &places, |_| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_files_filled_is_exported_imported_and_exported_the_same() {
    each(async |place| {
        let files = Files::new();
        let from = sqlite();
        let here = from.open().await;
        fill(&here, &files).await;
        let lines = export(&here).await;
        assert!(!String::from_utf8_lossy(&lines).contains("It left."), "what was removed stays out");
        let there = place.open().await;
        there.import(SHARED, Cursor::new(lines.clone()), |_| ()).await.unwrap();
        assert_eq!(String::from_utf8(export(&there).await).unwrap(), String::from_utf8(lines.clone()).unwrap());
        // The same files are mirrored into the store that it moved to: nothing is doubled, and what leaves them leaves it.
        let places = [files.path("a"), files.path("b")];
        let report = sync(&there, "here", SHARED, &places, |_| ()).await.unwrap();
        assert!(report.changes_nothing(), "{report:?}");
        assert_eq!(String::from_utf8(export(&there).await).unwrap(), String::from_utf8(lines).unwrap());
        files.remove("a/notes.txt");
        let report = sync(&there, "here", SHARED, &places, |_| ()).await.unwrap();
        assert_eq!(report.articles.removed, 1, "{report:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_imported_over_what_it_came_from_changes_nothing() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        fill(&store, &files).await;
        let (lines, before) = (export(&store).await, held(&store).await);
        files.write("export.jsonl", &lines);
        let total = add(&store, &[files.path("export.jsonl")]).await.total();
        assert!(total.changes_nothing() && total.unchanged == before.len() as u64, "{total:?}");
        // Later, when its files say something else, it brings nothing old back.
        files.article("a/notes.txt", "Notes", "It rained for days.");
        let places = [files.path("a"), files.path("b")];
        sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        let now = held(&store).await;
        assert!(add(&store, &[files.path("export.jsonl")]).await.total().changes_nothing());
        assert_eq!(held(&store).await, now);
        let report = sync(&store, "here", SHARED, &places, |_| ()).await.unwrap();
        assert!(report.changes_nothing() && report.read == 0, "{report:?}");
    })
    .await;
}
