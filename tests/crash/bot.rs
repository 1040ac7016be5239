//! The binary with a library of its own, and what is told of it from outside.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use byline::library::store::{JobState, Store};
use serde_json::Value;
use tempfile::TempDir;

use crate::place::Place;

/// Far longer than anything here takes: only what hangs ends by it.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A bot: its folders, and the database of `place`.
pub struct Bot<'p> {
    place: &'p Place,
    folder: TempDir,
}

impl<'p> Bot<'p> {
    pub fn new(place: &'p Place) -> Self {
        let bot = Self { place, folder: tempfile::tempdir().unwrap() };
        fs::create_dir(bot.watched()).unwrap();
        bot
    }

    /// The folder whose files are watched.
    pub fn watched(&self) -> PathBuf {
        self.folder.path().join("watched")
    }

    /// The folder of the network whose channels are files.
    pub fn recorded(&self) -> PathBuf {
        self.folder.path().join("recorded")
    }

    /// A file beside the library.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The binary with these arguments and the settings of this bot. `data` is its data folder: processes may share one, as
    /// on one machine, or have their own.
    pub fn command(&self, data: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_byline"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("BYLINE__LIBRARY__DATA_DIR", self.folder.path().join(data))
            .env("BYLINE__LIBRARY__DATABASE", &self.place.text)
            .env("BYLINE__LIBRARY__ARTICLES", self.watched())
            .env("BYLINE__RECORD__FOLDER", self.recorded())
            .env("BYLINE__POSTING__LEASE", "2")
            .env("BYLINE__LOG__LEVEL", "error")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Starts serving.
    pub fn serve(&self, data: &str) -> Running {
        Running(self.command(data, &["run"]).spawn().unwrap())
    }

    /// The keys of what was posted, by channel, in the order of posting.
    pub fn postings(&self) -> BTreeMap<String, Vec<String>> {
        let Ok(communities) = fs::read_dir(self.recorded()) else { return BTreeMap::new() };
        let files = communities.flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap());
        let channel = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
        let keys = |path: &Path| {
            let lines = fs::read_to_string(path).unwrap();
            let key = |line: &str| serde_json::from_str::<Value>(line).unwrap()["key"].as_str().unwrap().to_owned();
            lines.lines().map(key).collect()
        };
        files.map(|file| file.unwrap().path()).map(|path| (channel(&path), keys(&path))).collect()
    }
}

/// A process, killed when it is dropped.
pub struct Running(Child);

impl Running {
    /// `kill -9`.
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until nothing is queued and no schedule is due.
pub async fn all_posted(store: &Store, channels: usize, bot: &Bot<'_>) {
    let started = Instant::now();
    loop {
        let open = store.jobs(JobState::Open, 1).await.unwrap();
        if open.is_empty() && bot.postings().len() >= channels {
            return;
        }
        assert!(started.elapsed() < PATIENCE, "{} of {channels} channels have their digest", bot.postings().len());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
