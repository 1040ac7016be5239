//! A folder of a test's own, whose files have times that the test decides.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use byline::library::store::{SHARED, Store};
use tempfile::TempDir;

pub struct Files {
    folder: TempDir,
    /// Seconds since 1970 of the last change.
    clock: AtomicU64,
}

impl Files {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: AtomicU64::new(1_000_000_000) }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, a second later than the last one.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        self.touch(name);
    }

    /// An article of a title and a sentence.
    pub fn article(&self, name: &str, title: &str, words: &str) {
        self.write(name, format!("{title}\n\n{words}\n"));
    }

    /// Gives a file a new time.
    pub fn touch(&self, name: &str) {
        let seconds = self.clock.fetch_add(1, Ordering::Relaxed);
        let file = File::options().write(true).open(self.path(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub fn rename(&self, from: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path(from), to).unwrap();
    }
}

/// What a store holds: keys and texts, in the order of the keys.
pub async fn held(store: &Store) -> Vec<(String, String)> {
    let mut all = store.load_all(SHARED);
    let mut held = Vec::new();
    while let Some(stored) = all.next().await.unwrap() {
        held.push((stored.article.key().to_owned(), stored.article.text().to_owned()));
    }
    held.sort();
    held
}

pub async fn keys(store: &Store) -> Vec<String> {
    held(store).await.into_iter().map(|(key, _)| key).collect()
}
