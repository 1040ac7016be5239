//! Adding files to a collection, once: what `byline import` does.
//!
//! Files with one object a line (`.jsonl`, `.ndjson`, also with `.gz`) go through [`Store::import_lines`] as a stream, however large
//! they are: that is how an export comes back. All others are read whole, on all cores, a few ahead of the store. What was
//! imported is held for good: that its file is deleted, or a mirrored copy of it, takes nothing out. Only a line of an export
//! that says of its article that mirrored files alone held it gives it to the files that are mirrored here.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use super::folder::LoadError;
use super::mirror;
use super::names::names;
use super::scan::Found;
use super::source::{Progress, Reading, Tally, Wanted, read_ahead};
use crate::article::read::{self, Format};
use crate::library::store::{
    CollectionId, Hold, Imported, LinesFrom, MAX_PATH_BYTES, Origin, Problem, SHARED, Store, StoreError,
};

/// What an import came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The places, as many and in the order in which they were named.
    pub places: Vec<PlaceSummary>,
}

/// What came of a place that was named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceSummary {
    /// The place as it was named.
    pub place: PathBuf,
    /// Files that were found there, and not under a place named before.
    pub files: u64,
    /// Their articles.
    pub articles: Tally,
}

impl Summary {
    /// All places together.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut total = Tally::default();
        for place in &self.places {
            total.add(place.articles.clone());
        }
        total
    }

    fn at(&mut self, place: usize) -> Option<&mut Tally> {
        self.places.get_mut(place).map(|place| &mut place.articles)
    }
}

/// Adds to a collection what the files at these places hold: files, folders with all below them, and patterns. Where no
/// collection is given, the line of an export goes into the one that it names, which is made if there is none, and everything
/// else into the shared one.
///
/// `owner` names the installation on whose machine the files are, as in [`sync`](super::mirror::sync): a file that is
/// imported again is known by it and by its path, so that its changed articles get new versions. What was removed comes back.
///
/// `progress` is called after each batch that was written; bytes are those of the files, also of compressed ones.
///
/// # Errors
/// What a database may answer. What `progress` told of is kept, and importing again goes on from there.
pub async fn import(
    store: &Store,
    owner: &str,
    collection: impl Into<Option<CollectionId>>,
    places: &[PathBuf],
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Summary, StoreError> {
    let into = collection.into();
    let origin = Origin { owner, collection: into.unwrap_or(SHARED), hold: Hold::Imported };
    let scan = mirror::look(store, places).await?;
    let mut summary = Summary {
        places: places.iter().map(|place| PlaceSummary { place: place.clone(), ..PlaceSummary::default() }).collect(),
    };
    for refused in &scan.refused {
        if let Some(tally) = summary.at(refused.place) {
            tally.refuse(refused.path.clone(), &refused.reason);
        }
    }
    let mut so_far = Progress {
        of_files: scan.files.len() as u64,
        of_bytes: scan.files.iter().map(|found| found.stamp.size).sum(),
        ..Progress::default()
    };
    let files: Vec<_> = scan.files.iter().map(|found| (found.path.as_path(), found.above)).collect();
    let mut named: Vec<Wanted> = Vec::new();
    let mut streamed = Vec::new();
    for (found, name) in scan.files.iter().zip(names(&files)) {
        if let Some(place) = summary.places.get_mut(found.place) {
            place.files += 1;
        }
        match Format::of_path(&found.path) {
            Some(Format::JsonLines) => streamed.push((found, name)),
            _ => named.push(Wanted { found: found.clone(), name, known: None }),
        }
    }
    let mut readings = read_ahead(named, std::collections::HashMap::new());
    while let Some(batch) = readings.recv().await {
        let (mut sources, mut from) = (Vec::new(), Vec::new());
        for (found, _, reading) in batch {
            so_far.files += 1;
            so_far.bytes += found.stamp.size;
            let reason = match reading {
                Reading::Source(file) => {
                    for problem in &file.problems {
                        if let Some(tally) = summary.at(found.place) {
                            tally.refuse(found.path.clone(), problem);
                        }
                    }
                    from.push((found.place, file.path.clone()));
                    sources.push(file);
                    continue;
                }
                // Only what is known can be the same.
                Reading::Same(..) => continue,
                Reading::Changing => LoadError::Changing,
                Reading::Refused(reason) => reason,
            };
            if let Some(tally) = summary.at(found.place) {
                tally.refuse(found.path, reason);
            }
        }
        for ((place, path), outcome) in from.into_iter().zip(store.put_sources(origin, sources).await?) {
            if let Some(tally) = summary.at(place) {
                tally.take(&path, outcome);
            }
        }
        progress(so_far);
    }
    if so_far.files + (streamed.len() as u64) < so_far.of_files {
        return Err(mirror::broken_off(store, "not all files were read"));
    }
    for (found, name) in streamed {
        if let Some(tally) = summary.at(found.place) {
            let from = LinesFrom { owner, path: &found.text, name: &name, into };
            stream(store, from, found, tally, so_far, &mut progress).await?;
        }
        so_far.files += 1;
        so_far.bytes += found.stamp.size;
        progress(so_far);
    }
    Ok(summary)
}

/// Imports a file with an object a line.
async fn stream(
    store: &Store,
    from: LinesFrom<'_>,
    found: &Found,
    tally: &mut Tally,
    before: Progress,
    progress: &mut (impl FnMut(Progress) + Send),
) -> Result<(), StoreError> {
    if from.path.len() > MAX_PATH_BYTES {
        tally.refuse(found.path.clone(), LoadError::LongPath);
        return Ok(());
    }
    let read = Arc::new(AtomicU64::new(0));
    let (path, counted) = (found.path.clone(), Arc::clone(&read));
    let input = match mirror::aside(store, move || open(&path, &counted)).await? {
        Ok(input) => input,
        Err(error) => {
            tally.refuse(found.path.clone(), error);
            return Ok(());
        }
    };
    let mut kept = Imported::default();
    let result = store
        .import_lines(from, input, |imported| {
            kept.clone_from(imported);
            let bytes = read.load(Ordering::Relaxed).min(found.stamp.size);
            progress(Progress { bytes: before.bytes + bytes, ..before });
        })
        .await;
    match result {
        Ok(imported) => tally.take_imported(&found.path, &imported),
        // The file broke off, not the store: what came before is kept, and the other files are none the worse.
        Err(StoreError { problem: Problem::Io(error), .. }) => {
            tally.take_imported(&found.path, &kept);
            tally.refuse(found.path.clone(), error);
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Opens a file of lines, compressed or not. What was read of it is counted as it goes.
fn open(path: &Path, read: &Arc<AtomicU64>) -> io::Result<Box<dyn BufRead + Send>> {
    let counted = Counted { file: File::open(path)?, read: Arc::clone(read) };
    let mut input = BufReader::with_capacity(128 * 1024, counted);
    let packed = read::is_packed(input.fill_buf()?);
    if packed { Ok(Box::new(BufReader::new(MultiGzDecoder::new(input)))) } else { Ok(Box::new(input)) }
}

/// A file that tells how much of it was read.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}
