//! `byline inspect feed FILE…`: what is read from each feed.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use serde::Serialize;

use crate::article::{Published, read};
use crate::intake::feed::{self, Entry, Feed};
use crate::intake::folder;

#[derive(Serialize)]
struct Line<'f> {
    /// The file's stem.
    id: String,
    title: &'f str,
    entries: Vec<EntryLine<'f>>,
}

#[derive(Serialize)]
struct EntryLine<'f> {
    /// The entry's own id, else what it is known by.
    id: &'f str,
    title: &'f str,
    link: Option<&'f str>,
    published: Option<Published>,
    summary: Option<&'f str>,
}

pub(super) fn run(files: &[PathBuf], out: &mut impl Write) -> anyhow::Result<()> {
    let (files, refused) = folder::files(files);
    super::tell_refused(&refused);
    if files.is_empty() {
        bail!("no feed to read");
    }
    for path in &files {
        match parsed(path) {
            Ok(feed) => super::print_line(out, &line(path, &feed))?,
            Err(reason) => tracing::warn!(?path, %reason, "not read"),
        }
    }
    Ok(())
}

fn parsed(path: &Path) -> anyhow::Result<Feed> {
    let bytes = folder::read_bytes(path)?;
    Ok(feed::parse_bytes(&read::unpack(&bytes, read::MAX_UNPACKED_BYTES)?, None, None)?)
}

fn line<'f>(path: &Path, feed: &'f Feed) -> Line<'f> {
    let id = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Line { id, title: &feed.title, entries: feed.entries.iter().map(entry).collect() }
}

fn entry(entry: &Entry) -> EntryLine<'_> {
    EntryLine {
        id: entry.id.as_deref().or(entry.identities.first().map(String::as_str)).unwrap_or_default(),
        title: &entry.title,
        link: entry.link.as_deref(),
        published: entry.published,
        summary: entry.summary.as_deref(),
    }
}
