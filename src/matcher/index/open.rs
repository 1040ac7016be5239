//! Opening what lies on the disk, or making an index where nothing can be used.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use rayon::prelude::*;
use tantivy::{Index, Result};

use super::directory::Folder;
use super::layout::{self, FORMAT, Fields, Payload};
use super::seat::Seat;
use super::segment::Segment;

/// What lies in a seat.
pub(super) struct Found {
    pub(super) tantivy: Index,
    /// Documents that have been cut into words since then.
    pub(super) cut: Arc<AtomicUsize>,
    pub(super) segments: Vec<Segment>,
}

/// Takes a seat of `folder`, and opens the index that lies there or makes one.
pub(super) fn sit(folder: &Path, fields: Fields) -> Result<(Seat, Found)> {
    let seat = Seat::take(folder)?;
    let found = found(&seat, fields).unwrap_or_else(|reason| {
        tracing::warn!(folder = %seat.path().display(), reason, "the search index can't be used and is made anew");
        None
    });
    if let Some(found) = found {
        return Ok((seat, found));
    }
    seat.clear()?;
    let tantivy = Index::create(Folder::open(seat.path())?, layout::schema().0, layout::settings())?;
    let cut = layout::register_words(&tantivy);
    Ok((seat, Found { tantivy, cut, segments: Vec::new() }))
}

/// What lies in a seat, if it is an index of this format that can be read and is whole; nothing in an empty one. An error
/// says why it can't be used.
fn found(seat: &Seat, fields: Fields) -> std::result::Result<Option<Found>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    seat.sweep().map_err(|e| text(&e))?;
    let has = |file: &Path| seat.path().join(file).exists();
    if !has(Path::new("meta.json")) {
        return if has(Path::new(".managed.json")) { Err("it was never finished".to_owned()) } else { Ok(None) };
    }
    if !has(Path::new(".managed.json")) {
        return Err("the list of its files is missing".to_owned());
    }
    let directory = Folder::open(seat.path()).map_err(|e| text(&e))?;
    let index = Index::open(directory).map_err(|e| text(&e))?;
    if index.schema() != layout::schema().0 {
        return Err("it has other fields".to_owned());
    }
    let metas = index.load_metas().map_err(|e| text(&e))?;
    let payload = metas.payload.as_deref().ok_or("it was never finished")?;
    if Payload::read(payload).is_none_or(|payload| payload.format != FORMAT) {
        return Err("it has another format".to_owned());
    }
    let files: HashSet<PathBuf> = metas.list_segment_files();
    let damaged = files.par_iter().find_any(|file| {
        // Some files of a segment are only there when they are needed; one that is, but isn't there, fails to open below.
        has(file)
            && (is_cut_short(&seat.path().join(file)) || !index.directory().validate_checksum(file).unwrap_or(false))
    });
    if let Some(damaged) = damaged {
        return Err(format!("{} is damaged", damaged.display()));
    }
    seat.remove_orphans(&files).map_err(|e| text(&e))?;
    let cut = layout::register_words(&index);
    let segments = Segment::read_all(&index, fields, &[]).map_err(|e| text(&e))?;
    Ok(Some(Found { tantivy: index, cut, segments }))
}

/// Whether a file has no room for the eight bytes that end each: `tantivy` 0.27 counts below zero in one of four to seven.
fn is_cut_short(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.len() < 8)
}

/// Whether an index lies in a seat that can be used as it is.
#[cfg(test)]
pub(super) fn is_whole(seat: &Seat) -> bool {
    matches!(found(seat, layout::schema().1), Ok(Some(_)))
}
