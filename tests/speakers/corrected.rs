//! Whose a quotation is, corrected by who manages a place: it holds from then on, goes with an export, and can be taken back.

use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use byline::article::read::{Format, read_text};
use byline::chat::text::{Style, render};
use byline::library::store::{SHARED, Store, StoreUrl};
use byline::reply::Outcome;
use byline::router::{Desks, Place, Router, Settings};

const FERRY: &str = "Ferry stops\n\n“We will not sail until every pipe is replaced,” said Ida Holm, who runs the ferry.\n\n\
                     Her deputy, Bo Lind, was there as well. “It was the pump,” said Ida Holm.\n";

async fn open(folder: &Path) -> (Store, Router) {
    let store = Store::open(&StoreUrl::file(folder.join("byline.db"))).await.unwrap();
    let desks = Desks::new(store.clone(), folder.join("index"), Settings::default());
    let following = desks.clone();
    tokio::spawn(async move { following.follow().await });
    (store, Router::over(desks))
}

async fn ferry(folder: &Path) -> (Store, Router) {
    let (store, router) = open(folder).await;
    store.add(SHARED, &read_text("ferry", FERRY, Format::Text).unwrap()).await.unwrap();
    (store, router)
}

async fn told(router: &Router, line: &str) -> String {
    render(&router.answer_text(&Place::console(), line).await, Style::default())
}

/// Asks until the answer holds the words: changes are taken over beside the answers.
async fn soon(router: &Router, line: &str, words: &str) {
    let mut last = String::new();
    for _ in 0..200 {
        last = told(router, line).await;
        if last.contains(words) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{line} does not come to show “{words}”: {last}");
}

#[tokio::test]
async fn a_wrong_speaker_is_corrected_and_the_correction_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, router) = ferry(folder.path()).await;
    soon(&router, "/who it was the pump", "Ida Holm:").await;
    let corrected = told(&router, "/correct It was the pump --speaker \"Bo Lind\"").await;
    assert!(corrected.starts_with("Corrected: these words are of Bo Lind."), "{corrected}");
    soon(&router, "/who it was the pump", "Bo Lind:").await;
    soon(&router, "/said Bo Lind", "It was the pump").await;
    soon(&router, "/said Ida Holm", "Ida Holm: 1 quotation").await;
    let checked = told(&router, "Did Ida Holm say “It was the pump”?").await;
    assert!(checked.contains("does not give these words to Ida Holm, but to Bo Lind"), "{checked}");

    told(&router, "/correct It was the pump --speaker unattributed").await;
    soon(&router, "/said unattributed", "It was the pump").await;

    let back = told(&router, "/correct It was the pump --speaker \"as found\"").await;
    assert!(back.starts_with("Taken back"), "{back}");
    soon(&router, "/who it was the pump", "Ida Holm:").await;
}

#[tokio::test]
async fn a_correction_outlives_a_restart_a_new_version_and_a_move() {
    let folder = tempfile::tempdir().unwrap();
    let (store, router) = ferry(folder.path()).await;
    soon(&router, "/who it was the pump", "Ida Holm:").await;
    told(&router, "/correct It was the pump --speaker \"Bo Lind\"").await;
    soon(&router, "/who it was the pump", "Bo Lind:").await;
    router.settle().await;
    drop(router);
    let longer = format!("{FERRY}\nIt rained.\n").replace("Her deputy", "On Monday her deputy");
    store.add(SHARED, &read_text("ferry", &longer, Format::Text).unwrap()).await.unwrap();
    let mut lines = Vec::new();
    store.export(SHARED, &mut lines).await.unwrap();
    store.close().await;

    let (_store, router) = open(folder.path()).await;
    soon(&router, "/who it was the pump", "Bo Lind:").await;

    let other = tempfile::tempdir().unwrap();
    let (store, router) = open(other.path()).await;
    for _ in 0..2 {
        store.import(SHARED, Cursor::new(lines.clone()), |_| ()).await.unwrap();
    }
    soon(&router, "/who it was the pump", "Bo Lind:").await;
    let mut again = Vec::new();
    store.export(SHARED, &mut again).await.unwrap();
    assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(lines).unwrap());
}

#[tokio::test]
async fn what_all_communities_read_is_corrected_on_the_console_and_ones_own_by_its_managers() {
    let folder = tempfile::tempdir().unwrap();
    let (store, router) = ferry(folder.path()).await;
    let place = |manager| Place { network: "discord".into(), community: "town".into(), channel: None, manager };
    let correct = "/correct It was the pump --speaker \"Bo Lind\"";
    let nothing = router.answer_text(&Place::console(), "/correct penguins waltz along --speaker X").await;
    assert_eq!(nothing.outcome, Outcome::NotInArticles);
    let refused = router.answer_text(&place(true), correct).await;
    assert_eq!(refused.outcome, Outcome::Refused);
    assert!(render(&refused, Style::default()).contains("shared by all communities"));

    let mut lines = Vec::new();
    store.export(SHARED, &mut lines).await.unwrap();
    router.answer_text(&place(true), "/settings articles own").await;
    let own = store.collection(&place(true).own_collection()).await.unwrap();
    store.import(own, Cursor::new(lines), |_| ()).await.unwrap();
    assert_eq!(router.answer_text(&place(false), correct).await.outcome, Outcome::Refused);
    for _ in 0..100 {
        let told = router.answer_text(&place(true), correct).await;
        if told.outcome == Outcome::Told {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the community's own article could not be corrected by its manager");
}

#[test]
fn the_binary_gives_corrections_out_as_training_data() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("news")).unwrap();
    std::fs::write(folder.path().join("bot.toml"), "[library]\narticles = [\"news\"]\n").unwrap();
    let text = "Fähre steht\n\n„Das war die Pumpe“, sagte Ida Holm. Bo Lind nickte.\n";
    std::fs::write(folder.path().join("ferry.txt"), text).unwrap();
    let told = |args: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_byline"));
        command.args(args).current_dir(folder.path()).env_clear().env("HOME", folder.path());
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    told(&["import", "ferry.txt"]);
    assert_eq!(told(&["quotes", "export"]), "");
    told(&["correct", "Das war die Pumpe", "--speaker", "Bo Lind"]);
    assert!(told(&["who", "Das war die Pumpe"]).starts_with("Bo Lind:"));
    let exported = told(&["quotes", "export"]);
    let line: serde_json::Value = serde_json::from_str(exported.trim()).unwrap();
    let text: Vec<char> = line["text"].as_str().unwrap().chars().collect();
    let slice = |span: &serde_json::Value| {
        let at = |n: usize| usize::try_from(span[n].as_u64().unwrap()).unwrap();
        text[at(0)..at(1)].iter().collect::<String>()
    };
    assert_eq!(slice(&line["content"][0]), "Das war die Pumpe");
    assert_eq!(slice(&line["speaker"]), "Bo Lind");
    assert_eq!(line["speaker_name"], "Bo Lind");
}
