//! The binary, serving Matrix, with a library of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::homeserver::Homeserver;
use crate::process::Process;

/// Articles of every bot: written for these tests.
pub const PIER: &str = "---
title: Pier at Oldhaven closes for the winter
outlet: Oldhaven Herald
author: Mina Torvald
date: 2026-11-03T08:00:00+01:00
url: https://herald.example/pier
---

The pier at Oldhaven closes on 5 November and stays closed until March. Its planks are rotten.

“Nobody should lose a foot to save a ticket,” said Greta Lindqvist, the harbour master. “We will replace every plank.”

The work costs 310,000 crowns, and a firm from Brack does it. Anglers may use the northern mole in the meantime.

“I have fished here since I was six,” said Olof Brandt, an angler. “The mole has no bench and no bream.”
";

/// One of several on the same thing, so that a question about it has several answers.
const GULLS: [(&str, &str); 3] = [
    ("Gulls", "The gulls of Oldhaven stole four hundred sandwiches in June."),
    ("More gulls", "In July the gulls of Oldhaven stole six hundred sandwiches, and a hat."),
    ("Still gulls", "The gulls of Oldhaven stole only thirty sandwiches in August, for want of visitors."),
];

/// An article that tries everything.
pub const HOSTILE: &str = "@room <b>Hostile</b> title **bold** [click](https://evil.example)

The trapdoor machine said @room and @friend:localhost and <a href=\"https://evil.example/login\">click here</a> <script>alert(1)</script> <img src=x onerror=\"alert(1)\"> </blockquote> <mx-reply>fake</mx-reply> to \u{202e}esrever\u{202c} `code` &amp; ~~gone~~.
";

/// One that nobody asks for in a plain room.
pub const SECRET: &str = "Quillmoor vault opened

The vault of Quillmoor held eleven silver herrings and a ledger in green ink.
";

/// What the machine is asked for.
pub const ABOUT_HOSTILE: &str = "what did the trapdoor machine say?";

/// The words of an article that no event can hold; `n` tells its sentences apart.
fn endless() -> String {
    let sentence =
        |n: u32| format!("The lantern of Quillhaven shone “brightly” & long over plank {n} of the jetty that night");
    let sentences: Vec<String> = (0..3_000).map(sentence).collect();
    format!("Lantern of Quillhaven\n\n{}.\n", sentences.join("; and "))
}

/// A bot: its folders and settings.
pub struct Bot {
    folder: TempDir,
    homeserver: String,
    settings: Vec<(&'static str, Option<String>)>,
    running: Option<Process>,
}

/// Whose invitations are accepted.
pub const FRIENDS: &str = "@friend*:localhost";

/// Who may manage it everywhere.
pub const MANAGER: &str = "friend-manager";

impl Bot {
    pub fn new(homeserver: &Homeserver) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let articles = folder.path().join("articles");
        fs::create_dir(&articles).unwrap();
        let write = |name: &str, text: &str| fs::write(articles.join(name), text).unwrap();
        write("pier.md", PIER);
        write("hostile.txt", HOSTILE);
        write("secret.txt", SECRET);
        write("endless.txt", &endless());
        for (n, (title, words)) in GULLS.iter().enumerate() {
            write(&format!("gulls-{n}.txt"), &format!("{title}\n\n{words}\n"));
        }
        Self { folder, homeserver: homeserver.url(), settings: Vec::new(), running: None }
    }

    /// Takes one of its articles away, before it starts.
    pub fn remove_article(&self, name: &str) {
        fs::remove_file(self.folder.path().join("articles").join(name)).unwrap();
    }

    /// One setting more: `MATRIX__MAX_AGE`.
    pub fn set(&mut self, key: &'static str, value: &str) {
        self.settings.push((key, Some(value.to_owned())));
    }

    /// A setting that every bot of these tests has is left out.
    pub fn unset(&mut self, key: &'static str) {
        self.settings.push((key, None));
    }

    /// Where the recovery key is written.
    pub fn recovery_key(&self) -> PathBuf {
        self.folder.path().join("recovery-key")
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The binary with these arguments and the settings of this bot.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_byline"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("BYLINE__LIBRARY__DATA_DIR", self.data())
            .env("BYLINE__LIBRARY__ARTICLES", self.folder.path().join("articles"))
            .env("BYLINE__POSTING__LEASE", "2")
            .env("BYLINE__LOG__LEVEL", "warn,byline=debug")
            .env("BYLINE__MATRIX__HOMESERVER", &self.homeserver)
            .env("BYLINE__MATRIX__USER", "byline")
            .env("BYLINE__MATRIX__PASSWORD", "byline")
            .env("BYLINE__MATRIX__INVITES", FRIENDS)
            .env("BYLINE__MATRIX__MANAGERS", format!("@{MANAGER}*:localhost"))
            .env("BYLINE__MATRIX__ALIASES", "!ask, !q=ask")
            .env("BYLINE__MATRIX__PER_PERSON", "10000")
            .env("BYLINE__MATRIX__KEY_WAIT", "5")
            .env("BYLINE__MATRIX__RECOVERY_KEY_FILE", self.recovery_key());
        for (key, value) in &self.settings {
            let key = format!("BYLINE__{key}");
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command
    }

    pub fn start(&mut self) {
        assert!(self.running.is_none());
        self.running = Some(Process::start(&self.command(&["run"]), self.folder.path()));
    }

    fn process(&mut self) -> &mut Process {
        self.running.as_mut().expect("a bot that runs")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process().kill("-9");
        self.running = None;
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(&mut self) {
        let status = self.process().kill("-INT");
        assert!(status.success(), "it ended with {status}: {}", self.log());
        self.running = None;
    }

    /// Waits until it ends by itself, with a failure; returns what it said.
    pub fn fails(&mut self) -> String {
        let status = self.process().ended(Duration::from_secs(60));
        self.running = None;
        let status = status.unwrap_or_else(|| panic!("it does not end: {}", self.log()));
        assert!(!status.success(), "{}", self.log());
        self.log()
    }

    pub fn memory(&mut self) -> u64 {
        self.process().memory()
    }

    pub fn is_running(&mut self) -> bool {
        self.process().is_running()
    }

    /// Another disk: everything that was kept is gone, but for the recovery key and the articles.
    pub fn lose_data(&self) {
        assert!(self.running.is_none());
        fs::remove_dir_all(self.data()).unwrap();
    }

    /// All files that it wrote.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }

    /// The database of its library.
    pub fn database(&self) -> PathBuf {
        self.data().join("byline.db")
    }

    /// Whether a file that holds secrets is for its owner alone.
    pub fn is_private(file: &Path) -> bool {
        use std::os::unix::fs::PermissionsExt;
        fs::metadata(file).unwrap().permissions().mode() & 0o077 == 0
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<&str> = log.lines().rev().take(40).collect();
            println!("The end of the bot's log:");
            last.iter().rev().for_each(|line| println!("{line}"));
        }
    }
}
