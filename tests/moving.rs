//! The real binary moves a library, and lets go what a lost installation mirrored.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder in which the binary runs, untouched by the settings of whoever runs the test.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("news")).unwrap();
        fs::write(folder.path().join("bot.toml"), "[library]\narticles = [\"news\"]\n").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn article(&self, name: &str, words: &str) {
        fs::write(self.path(name), format!("About {words}\n\nIt was {words} on Tuesday.\n")).unwrap();
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_byline"));
        command.args(args).current_dir(self.0.path()).env_clear().env("HOME", self.0.path());
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// What a run prints that must succeed.
    fn told(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", err(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn an_export_has_every_collection_and_brings_each_back() {
    let (here, there) = (Place::new(), Place::new());
    here.article("storm.txt", "stormy");
    here.article("ferry.txt", "late");
    here.told(&["import", "storm.txt"]);
    here.told(&["import", "--collection", "discord/club", "ferry.txt"]);
    here.told(&["export", "all.jsonl"]);
    let all = text(&here.path("all.jsonl"));
    assert_eq!((all.lines().count(), all.matches("\"collection\":\"discord/club\"").count()), (2, 1), "{all}");
    let club = here.told(&["export", "--collection", "discord/club"]);
    assert!(club.lines().count() == 1 && club.contains("late"), "{club}");
    let export = here.path("all.jsonl");
    there.told(&["import", export.to_str().unwrap()]);
    assert_eq!(there.told(&["export"]), all);
    there.told(&["import", "--collection", "one", export.to_str().unwrap()]);
    assert_eq!(there.told(&["export", "--collection", "one"]).lines().count(), 2);
}

#[test]
fn a_collection_that_is_not_there_is_not_exported_nor_made() {
    let place = Place::new();
    place.article("storm.txt", "stormy");
    place.told(&["import", "--collection", "club", "storm.txt"]);
    fs::write(place.path("backup.jsonl"), "what was there").unwrap();
    let refused = place.run(&["export", "--collection", "clbu", "backup.jsonl"]);
    assert_eq!(refused.status.code(), Some(2));
    let told = err(&refused);
    assert!(told.contains("“clbu”") && told.contains("shared, club"), "{told}");
    assert_eq!(text(&place.path("backup.jsonl")), "what was there");
    assert!(!place.told(&["collections"]).contains("clbu"));
}

#[test]
fn what_a_lost_installation_mirrored_is_listed_and_let_go() {
    let place = Place::new();
    place.article("news/storm.txt", "stormy");
    place.article("news/ferry.txt", "late");
    place.article("kept.txt", "kept");
    assert!(place.told(&["watches"]).contains("No files"));
    place.told(&["import", "kept.txt"]);
    place.told(&["articles", "list"]);
    let watches = place.told(&["watches"]);
    let lost = watches.split(' ').next().unwrap().to_owned();
    assert!(watches.contains("(this installation)") && watches.contains("shared: 2 files"), "{watches}");
    assert!(watches.contains("news\""), "{watches}");
    // The name is lost with the data folder, where the library is on a server.
    fs::remove_file(place.path("byline-data/installation")).unwrap();
    fs::remove_file(place.path("news/storm.txt")).unwrap();
    assert!(place.told(&["articles", "list"]).contains("stormy"), "the lost one holds it");
    let watches = place.told(&["watches"]);
    assert_eq!(
        (watches.matches("(this installation)").count(), watches.matches(" files").count()),
        (1, 1),
        "{watches}"
    );
    let refused = place.run(&["watches", "forget", &lost[..8]]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(err(&refused).contains(&lost), "the whole name is asked for: {}", err(&refused));
    let told = place.told(&["watches", "forget", &lost]);
    assert_eq!(told, "shared: 2 files let go, 1 article removed.\n");
    assert!(!place.told(&["watches"]).contains(&lost));
    let list = place.told(&["articles", "list"]);
    assert!(!list.contains("stormy") && list.contains("late") && list.contains("kept"), "{list}");
}
