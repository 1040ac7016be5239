//! A collection that follows its files while the process lives.

use std::fs;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use byline::intake::mirror::Report;
use byline::intake::watch::watch;
use byline::library::store::{SHARED, Store, StoreError};
use tokio::task::JoinHandle;

use crate::files::{Files, held, keys};
use crate::place::{each, sqlite};

/// Far more than anything here takes; reached only by what waits for ever.
const FOR_EVER: Duration = Duration::from_secs(30);

/// Follows places until it is dropped.
struct Follows {
    task: JoinHandle<()>,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Follows {
    fn new(store: &Store, places: &[PathBuf]) -> Self {
        let refused = Arc::new(Mutex::new(Vec::new()));
        let (keep, store, places) = (Arc::clone(&refused), store.clone(), places.to_vec());
        let task = tokio::spawn(async move {
            let told = |report: Result<Report, StoreError>| {
                let refusals = report.unwrap().articles.refusals;
                keep.lock().unwrap().extend(refusals.into_iter().map(|refused| refused.reason));
            };
            match watch(store, "here".to_owned(), SHARED, places, told).await {}
        });
        Self { task, refused }
    }
}

impl Drop for Follows {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until it is so, looking again after each change of the store.
async fn until<F: Future<Output = bool>>(store: &Store, what: &str, is: impl Fn() -> F) {
    let wait = async {
        loop {
            let seen = store.latest_seq().await.unwrap();
            if is().await {
                return;
            }
            let _ = tokio::time::timeout(Duration::from_millis(500), store.watch(seen).changed()).await;
        }
    };
    assert!(tokio::time::timeout(FOR_EVER, wait).await.is_ok(), "never {what}; held are {:?}", held(store).await);
}

async fn until_keys(store: &Store, expected: &[&str]) {
    until(store, &format!("held {expected:?}"), async || keys(store).await == expected).await;
}

async fn until_text(store: &Store, key: &str, words: &str) {
    let text = async || store.get(SHARED, key).await.unwrap().map(|stored| stored.article.text().to_owned());
    until(store, &format!("read {words:?}"), async || text().await.is_some_and(|text| text.contains(words))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_files_happens_to_the_collection() {
    each(async |place| {
        let (store, files) = (place.open().await, Files::new());
        files.article("first.txt", "First", "It was there.");
        let _follows = Follows::new(&store, &[files.root().to_owned()]);
        until_keys(&store, &["first"]).await;
        fs::write(files.path("storm.txt"), "Storm\n\nIt blew.\n").unwrap();
        until_keys(&store, &["first", "storm"]).await;
        fs::write(files.path("storm.txt"), "Storm\n\nIt blew all night.\n").unwrap();
        until_text(&store, "storm", "all night").await;
        // As editors save: beside it, and over it.
        fs::write(files.path("storm.txt.swp"), "Storm\n\nIt blew for days.\n").unwrap();
        files.rename("storm.txt.swp", "storm.txt");
        until_text(&store, "storm", "for days").await;
        // Or the old one aside first.
        files.rename("storm.txt", "storm.txt~");
        fs::write(files.path("storm.txt"), "Storm\n\nIt blew for weeks.\n").unwrap();
        until_text(&store, "storm", "for weeks").await;
        assert_eq!(store.get(SHARED, "storm").await.unwrap().unwrap().version, 4);
        files.rename("storm.txt", "gale.txt");
        until_keys(&store, &["first", "gale"]).await;
        files.remove("gale.txt");
        until_keys(&store, &["first"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_come_later_are_followed() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    let _follows = Follows::new(&store, &[files.path("deep/news")]);
    fs::create_dir_all(files.path("deep/news/2024/06")).unwrap();
    fs::write(files.path("deep/news/2024/06/a.txt"), "A\n\nIt left.\n").unwrap();
    until_keys(&store, &["2024/06/a"]).await;
    fs::write(files.path("deep/news/2024/06/b.txt"), "B\n\nIt came.\n").unwrap();
    until_keys(&store, &["2024/06/a", "2024/06/b"]).await;
    // A folder that comes full.
    fs::create_dir_all(files.path("full")).unwrap();
    fs::write(files.path("full/c.txt"), "C\n\nIt sank.\n").unwrap();
    files.rename("full", "deep/news/full");
    until_keys(&store, &["2024/06/a", "2024/06/b", "full/c"]).await;
    fs::remove_dir_all(files.path("deep/news/2024")).unwrap();
    until_keys(&store, &["full/c"]).await;
    fs::create_dir_all(files.path("deep/news/2024/06")).unwrap();
    fs::write(files.path("deep/news/2024/06/d.txt"), "D\n\nIt rose.\n").unwrap();
    until_keys(&store, &["2024/06/d", "full/c"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_goes_and_comes_back_is_followed_again() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.article("news/a.txt", "A", "It left.");
    files.article("kept/b.txt", "B", "It came.");
    let _follows = Follows::new(&store, &[files.path("news"), files.path("kept")]);
    until_keys(&store, &["a", "b"]).await;
    files.rename("news", "away");
    fs::write(files.path("kept/c.txt"), "C\n\nIt sank.\n").unwrap();
    until_keys(&store, &["a", "b", "c"]).await;
    fs::create_dir(files.path("news")).unwrap();
    fs::write(files.path("news/d.txt"), "D\n\nIt rose.\n").unwrap();
    until_keys(&store, &["b", "c", "d"]).await;
    fs::write(files.path("news/d.txt"), "D\n\nIt set.\n").unwrap();
    until_text(&store, "d", "It set.").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn single_files_and_patterns_are_followed() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.article("one.txt", "One", "It left.");
    files.article("other.txt", "Other", "Nobody asked for it.");
    let _follows = Follows::new(&store, &[files.path("one.txt"), files.path("news/*/[a-m]*.md")]);
    until_keys(&store, &["one"]).await;
    fs::write(files.path("one.txt"), "One\n\nIt came.\n").unwrap();
    until_text(&store, "one", "It came.").await;
    files.article("news/monday/ferry.md", "Ferry", "It sank.");
    until_keys(&store, &["monday/ferry", "one"]).await;
    files.article("news/tuesday/storm.md", "Storm", "It matches nothing.");
    files.article("news/tuesday/bridge.md", "Bridge", "It broke.");
    until_keys(&store, &["monday/ferry", "one", "tuesday/bridge"]).await;
    files.remove("one.txt");
    until_keys(&store, &["monday/ferry", "tuesday/bridge"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_copied_slowly_is_stored_whole() {
    use std::io::Write;
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.write("all.jsonl", "{\"id\": \"0\", \"text\": \"It was there.\"}\n");
    let follows = Follows::new(&store, &[files.root().to_owned()]);
    until_keys(&store, &["0"]).await;
    // Written over in place, in pieces that end within lines, with pauses shorter than a copy's.
    let lines: String = (0..40).map(|n| format!("{{\"id\": \"{n:02}\", \"text\": \"It took {n} days.\"}}\n")).collect();
    let mut file = fs::File::create(files.path("all.jsonl")).unwrap();
    for piece in lines.as_bytes().chunks(67) {
        file.write_all(piece).unwrap();
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    drop(file);
    let all: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    until_keys(&store, &all.iter().map(String::as_str).collect::<Vec<_>>()).await;
    // On a machine that stands still in a pause, half the file may have been read; then a line was refused, and is whole now.
    let refused = follows.refused.lock().unwrap().clone();
    assert!(refused.len() <= 2, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_told_once() {
    let (place, files) = (sqlite(), Files::new());
    let store = place.open().await;
    files.write("bad.json", "{");
    let follows = Follows::new(&store, &[files.root().to_owned()]);
    fs::write(files.path("a.txt"), "A\n\nIt left.\n").unwrap();
    until_keys(&store, &["a"]).await;
    fs::write(files.path("bad.json"), r#"{"title": "B", "text": "It came."}"#).unwrap();
    until_keys(&store, &["a", "bad"]).await;
    // Reports that changed something repeat what is refused; those that didn't are not told again and again.
    let refused = follows.refused.lock().unwrap().clone();
    assert!(!refused.is_empty() && refused.len() <= 3, "{refused:?}");
}
