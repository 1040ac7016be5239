//! Keeping a collection of the store in step with files: it holds what they hold.
//!
//! [`sync`] compares the files with what the store remembers of them, and reads only those that changed. So it may be called at
//! every start: where nothing changed it reads no file and writes nothing, and a store that can't be written still answers.
//!
//! What it does is written in transactions that each leave the store as it should be, in an order that lets the next call
//! go on where this one was killed: first what was found, then what is gone. A file that can't be read, a folder that is not
//! there at the moment, a disk that is not mounted take nothing out of the collection; a file that was deleted, a line that
//! left its file, and a place that is no longer named do. An article that somebody removed by hand stays removed until its
//! file gives other words.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::folder::LoadError;
use super::names::names;
use super::scan::{self, Fate, Scan};
use super::source::{self, Batch, Progress, READER, Reading, Tally, Wanted, read_ahead};
use crate::library::store::{CollectionId, Hold, KnownFile, Origin, Problem, Stamp, Store, StoreError, WatchedPath};

/// Files that are let go in one transaction.
const GONE_AT_ONCE: usize = 256;

/// What a [`sync`] came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Files that were found.
    pub files: u64,
    /// Of these, how many had to be read.
    pub read: u64,
    /// What became of their articles, and what was refused. Articles of files that were not read are not counted.
    pub articles: Tally,
    /// Files that are gone, and whose articles were let go.
    pub gone: u64,
    /// Files that were found under another path, with the same bytes: their articles stay what they are.
    pub moved: u64,
    /// Places that are not there at the moment, with the number of files whose articles are kept although.
    pub absent: Vec<(PathBuf, u64)>,
    /// Files that were being written, and are read next time; until then what they gave before holds.
    pub postponed: u64,
    /// Articles that had their words from a file that is gone, and are to have those of another that holds them.
    pub(super) stale: u64,
}

impl Report {
    /// Whether the collection is as it was.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.articles.changes_nothing()
    }
}

/// Makes a collection hold what the files at these places hold: files, folders with all below them, and patterns.
///
/// `owner` names the installation on whose machine the files are, by the same name at every start; what other owners mirror
/// into this collection stays. The places are all that this owner mirrors into this collection: what an earlier call named
/// and this one doesn't is let go.
///
/// `progress` is called after each batch of files that was written, not at all where nothing changed.
///
/// # Errors
/// What a database may answer. What was written until then is kept, and the next call goes on from there; where the store
/// can't be written, what it holds is still good to answer from.
pub async fn sync(
    store: &Store,
    owner: &str,
    collection: CollectionId,
    places: &[PathBuf],
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Report, StoreError> {
    let origin = Origin { owner, collection, hold: Hold::Mirrored };
    let known = known_files(store, origin).await?;
    let scan = look(store, places).await?;
    let mut report = apply(store, origin, known, &scan, Duration::ZERO, &mut progress).await?;
    if report.stale > 0 {
        let known = known_files(store, origin).await?;
        let again = apply(store, origin, known, &scan, Duration::ZERO, &mut progress).await?;
        let before = std::mem::replace(&mut report, again);
        report.read += before.read;
        report.gone += before.gone;
        report.moved += before.moved;
        // What is refused is told by the second as by the first.
        report.articles.add(Tally { refused: 0, refusals: Vec::new(), ..before.articles });
        report.stale = 0;
    }
    Ok(report)
}

/// The files that were read before. To be asked before the files are looked for: what another process adds in between is
/// then found by both, and not taken for gone by one.
pub(super) async fn known_files(store: &Store, origin: Origin<'_>) -> Result<HashMap<String, KnownFile>, StoreError> {
    let known = store.source_files(origin).await?;
    Ok(known.into_iter().map(|file| (file.path.clone(), file)).collect())
}

/// Looks for the files, on a thread that may wait for a disk.
///
/// # Errors
/// When the look was broken off: what it would have found must not be taken for gone.
pub(super) async fn look(store: &Store, places: &[PathBuf]) -> Result<Arc<Scan>, StoreError> {
    let places = places.to_vec();
    aside(store, move || Arc::new(scan::scan(&places))).await
}

/// Does what asks the file system on a thread that may wait for a disk: one that hangs must not keep answers waiting.
///
/// # Errors
/// When it was broken off.
pub(super) async fn aside<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|ended| broken_off(store, ended))
}

/// An error of ours, not the store's; it is told as what it keeps from being done.
pub(super) fn broken_off(store: &Store, why: impl ToString) -> StoreError {
    StoreError { place: store.place().to_owned(), problem: Problem::Task(why.to_string()) }
}

/// Writes what a scan found that is not known. Files that were changed within `settle` are left for later.
pub(super) async fn apply(
    store: &Store,
    origin: Origin<'_>,
    mut known: HashMap<String, KnownFile>,
    scan: &Arc<Scan>,
    settle: Duration,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Report, StoreError> {
    let mut report = Report { files: scan.files.len() as u64, ..Report::default() };
    for refused in &scan.refused {
        report.articles.refuse(refused.path.clone(), &refused.reason);
    }
    let mut wanted = Vec::new();
    let mut restamped = Vec::new();
    for (at, found) in scan.files.iter().enumerate() {
        let known = known.remove(&found.text);
        let same = known.as_ref().filter(|known| known.reader == READER && same_time(known.stamp, found.stamp));
        if let Some(known) = same {
            for problem in &known.problems {
                report.articles.refuse(found.path.clone(), problem);
            }
            if known.stamp.device != found.stamp.device {
                restamped.push((found.text.clone(), found.stamp));
            }
        } else if source::within(found.touched, settle) {
            report.postponed += 1;
        } else {
            wanted.push((at, known));
        }
    }
    let judged = Arc::clone(scan);
    let (gone, absent) = aside(store, move || judge(known.into_values(), &judged)).await?;
    report.absent = absent;
    report.read = wanted.len() as u64;
    note_watches(store, origin, scan).await?;

    if !wanted.is_empty() {
        let mut so_far = Progress {
            of_files: wanted.len() as u64,
            of_bytes: wanted.iter().filter_map(|(at, _)| scan.files.get(*at)).map(|found| found.stamp.size).sum(),
            ..Progress::default()
        };
        let mut moved: HashMap<Vec<u8>, Vec<String>> = HashMap::new();
        for file in gone.iter().filter(|file| !file.hash.is_empty()) {
            moved.entry(file.hash.clone()).or_default().push(file.path.clone());
        }
        let mut readings = read_ahead(with_names(scan, wanted), moved);
        while let Some(batch) = readings.recv().await {
            so_far.files += batch.len() as u64;
            so_far.bytes += batch.iter().map(|(found, ..)| found.stamp.size).sum::<u64>();
            write(store, origin, batch, &mut report, &mut restamped).await?;
            progress(so_far);
        }
        if so_far.files < so_far.of_files {
            return Err(broken_off(store, "not all files were read"));
        }
    }
    // A file that was moved is known by its new path by now, and not found by its old one.
    for gone in gone.chunks(GONE_AT_ONCE) {
        let (judged, files) = (Arc::clone(scan), gone.to_vec());
        let still_gone = move || {
            let gone = files.into_iter().filter(|file| !is_back(&judged, file));
            gone.map(|file| file.path).collect::<Vec<_>>()
        };
        let paths = aside(store, still_gone).await?;
        report.gone += paths.len() as u64;
        let outcome = store.forget_sources(origin, &paths).await?;
        report.stale += outcome.stale;
        report.articles.take("", outcome);
    }
    report.gone = report.gone.saturating_sub(report.moved);
    if !restamped.is_empty()
        && let Err(error) = store.restamp_sources(origin, &restamped).await
    {
        // Nothing is lost but time: they are compared once more.
        tracing::debug!(%error, "can't note the times of unchanged files");
    }
    Ok(report)
}

/// Whether a file that was gone is there by now, and wanted.
fn is_back(scan: &Scan, file: &KnownFile) -> bool {
    std::fs::symlink_metadata(&file.path).is_ok()
        && scan.fate(file.path.as_ref(), file.stamp.device, &mut HashMap::new()) != Fate::Gone
}

fn same_time(known: Stamp, found: Stamp) -> bool {
    (known.size, known.modified) == (found.size, found.modified)
}

/// Of the files that were not found: those that are gone, and the places whose files are kept, with how many those are.
fn judge(known: impl Iterator<Item = KnownFile>, scan: &Scan) -> (Vec<KnownFile>, Vec<(PathBuf, u64)>) {
    let (mut gone, mut absent) = (Vec::new(), HashMap::new());
    let mut holds = HashMap::new();
    for file in known {
        match scan.fate(file.path.as_ref(), file.stamp.device, &mut holds) {
            Fate::Gone => gone.push(file),
            Fate::Absent(place) => *absent.entry(place).or_insert(0) += 1,
            Fate::Unsure => {}
        }
    }
    gone.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    let mut absent: Vec<_> = absent.into_iter().collect();
    absent.sort_unstable();
    (gone, absent)
}

/// Notes what is mirrored, if that is not noted yet.
async fn note_watches(store: &Store, origin: Origin<'_>, scan: &Scan) -> Result<(), StoreError> {
    let place = |path: &PathBuf| WatchedPath {
        owner: origin.owner.to_owned(),
        collection: origin.collection,
        path: scan::text(path),
    };
    let mut now: Vec<WatchedPath> = scan.named.iter().map(place).collect();
    now.sort_unstable();
    now.dedup();
    let mut noted = store.watches().await?;
    noted.retain(|watched| watched.owner == origin.owner && watched.collection == origin.collection);
    if noted != now {
        let paths: Vec<String> = now.into_iter().map(|watched| watched.path).collect();
        store.set_watches(origin.owner, origin.collection, &paths).await?;
    }
    Ok(())
}

/// The files that are to be read with their names, which all that were found decide.
fn with_names(scan: &Scan, wanted: Vec<(usize, Option<KnownFile>)>) -> Vec<Wanted> {
    let files: Vec<_> = scan.files.iter().map(|found| (found.path.as_path(), found.above)).collect();
    let names = names(&files);
    let with_name = |(at, known): (usize, _)| {
        Some(Wanted { found: scan.files.get(at)?.clone(), name: names.get(at)?.clone(), known })
    };
    wanted.into_iter().filter_map(with_name).collect()
}

async fn write(
    store: &Store,
    origin: Origin<'_>,
    batch: Batch,
    report: &mut Report,
    restamped: &mut Vec<(String, Stamp)>,
) -> Result<(), StoreError> {
    let mut files = Vec::new();
    for (found, _, reading) in batch {
        match reading {
            Reading::Source(file) => {
                for problem in &file.problems {
                    report.articles.refuse(found.path.clone(), problem);
                }
                report.moved += u64::from(file.was.is_some());
                files.push(file);
            }
            Reading::Same(path, stamp) => restamped.push((path, stamp)),
            Reading::Changing => report.postponed += 1,
            // Gone since it was found.
            Reading::Refused(LoadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                report.postponed += 1;
            }
            Reading::Refused(reason) => report.articles.refuse(found.path, reason),
        }
    }
    if files.is_empty() {
        return Ok(());
    }
    let paths: Vec<String> = files.iter().map(|file| file.path.clone()).collect();
    let outcomes = store.put_sources(origin, files).await?;
    for (path, outcome) in paths.iter().zip(outcomes) {
        report.stale += outcome.stale;
        report.articles.take(path, outcome);
    }
    Ok(())
}
