//! A whole collection as JSON, one article a line: a backup, and the way from SQLite to PostgreSQL.
//!
//! A line has the fields that Byline's reader of `.jsonl` files knows (`id`, `title`, `author`, `outlet`, `url`, `published`,
//! `language`, `text`), and what makes the article come back to the byte:
//!
//! - `blocks`: for each its kind, first byte and the byte after its last, counted in the UTF-8 of `text`;
//! - `sentences`: for each its first byte and the byte after its last;
//! - `added`, `changed`: when the article and its current version were added (RFC 3339);
//! - `earlier`: its earlier versions, oldest first, in the same form.
//!
//! A line without `blocks` is read as any `.jsonl` file is.

use std::borrow::Cow;
use std::io::{self, BufRead, Read, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::add::{Identity, KnownBy, Outcome};
use super::error::{Located, Problem, check_key};
use super::record::{Meta, Parcel, Past};
use super::{CollectionId, Store, StoreError, Stored, millis};
use crate::article::read::{Format, read_text};
use crate::article::{Article, Block, BlockKind, Draft, MAX_TEXT_BYTES, Span};

/// The longest line that is read, in bytes: a text of [`MAX_TEXT_BYTES`] with most of its characters escaped, and its shape.
const MAX_LINE_BYTES: usize = 8 * MAX_TEXT_BYTES;

/// A transaction takes this many articles …
const BATCH_ARTICLES: usize = 256;
/// … or this many bytes of lines, whichever comes first: what is read ahead stays small.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Refused lines that are told one by one; of more, only the number.
const MAX_REFUSED_TOLD: usize = 100;

/// What was exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Articles, each on a line.
    pub articles: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What came of an import, so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Lines that were read, blank ones not counted.
    pub lines: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Articles that were not there.
    pub new: u64,
    /// Articles that were there, to the byte.
    pub unchanged: u64,
    /// Articles that were there with other words.
    pub new_versions: u64,
    /// Articles that had been removed.
    pub restored: u64,
    /// Of those that were there, how many were known by their address, …
    pub known_by_address: u64,
    /// … by their key, …
    pub known_by_key: u64,
    /// … and by their content, byte for byte.
    pub known_by_content: u64,
    /// Articles, new or changed, that share most of their words with an older one. They are kept and marked.
    pub near_duplicates: u64,
    /// Lines that gave no article.
    pub refused: u64,
    /// The first hundred of them.
    pub refusals: Vec<RefusedLine>,
}

/// A line that gave no article, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Writes all articles of a collection that were not removed, with their earlier versions, in the order in which they were first
    /// added; importing them and exporting again gives the same bytes.
    ///
    /// Near-duplicates are not marked: whoever imports finds them anew.
    ///
    /// `out` is written from the calling task: give it a buffered writer of something that doesn't make it wait.
    ///
    /// # Errors
    /// [`Problem::Io`] when `out` can't be written, [`Problem::Damaged`] for an article that can't be read, and what a database
    /// may answer.
    pub async fn export(&self, collection: CollectionId, mut out: impl Write + Send) -> Result<Exported, StoreError> {
        let mut exported = Exported::default();
        let mut articles = self.load_all(collection);
        while let Some(stored) = articles.next().await? {
            let mut line = Line::of(&stored);
            for version in 1..stored.version {
                // An earlier version is gone only from a store that somebody edited by hand.
                if let Some(earlier) = self.version(stored.id, version).await? {
                    line.earlier.push(Line::of(&earlier).owned());
                }
            }
            let mut bytes = serde_json::to_vec(&line).map_err(io::Error::from).at(self.place())?;
            bytes.push(b'\n');
            out.write_all(&bytes).at(self.place())?;
            exported.articles += 1;
            exported.bytes += bytes.len() as u64;
        }
        out.flush().at(self.place())?;
        Ok(exported)
    }

    /// Adds what [`export`](Store::export) wrote, or any `.jsonl` file of articles, in batches; `progress` is called after each.
    ///
    /// Articles are taken for those that are held by address and key, those of other `.jsonl` files by content as well; a version that is held already, now or earlier, changes
    /// nothing, so that importing an old export, or one twice, does no harm. A line that gives no article is refused and
    /// hides no other. After an error everything that `progress` told of is kept, and importing again goes on from there.
    ///
    /// An article without a key of its own gets one that its content decides: where in which file it stood doesn't matter.
    ///
    /// # Errors
    /// [`Problem::Io`] when `input` can't be read, and what a database may answer.
    pub async fn import(
        &self,
        collection: CollectionId,
        input: impl BufRead + Send + 'static,
        progress: impl FnMut(&Imported) + Send,
    ) -> Result<Imported, StoreError> {
        self.import_as(collection, "article", input, progress).await
    }

    /// As [`import`](Store::import); the keys of articles that have none of their own begin with `name`.
    ///
    /// # Errors
    /// Those of [`import`](Store::import).
    pub async fn import_as(
        &self,
        collection: CollectionId,
        name: &str,
        input: impl BufRead + Send + 'static,
        mut progress: impl FnMut(&Imported) + Send,
    ) -> Result<Imported, StoreError> {
        // Reading and hashing run ahead of the database by two batches.
        let (sender, mut batches) = mpsc::channel(2);
        let name = name.to_owned();
        let reading = tokio::task::spawn_blocking(move || read_batches(input, &name, &sender));
        let mut imported = Imported::default();
        while let Some(batch) = batches.recv().await {
            let Batch { lines, bytes, parcels, refused } = batch;
            for added in self.put_all(collection, parcels).await.at(self.place())? {
                match added.outcome {
                    Outcome::New => imported.new += 1,
                    Outcome::Unchanged => imported.unchanged += 1,
                    Outcome::NewVersion => imported.new_versions += 1,
                    Outcome::Restored => imported.restored += 1,
                }
                match added.known_by {
                    None | Some(KnownBy::Source) => {}
                    Some(KnownBy::Address) => imported.known_by_address += 1,
                    Some(KnownBy::Key) => imported.known_by_key += 1,
                    Some(KnownBy::Content) => imported.known_by_content += 1,
                }
                let is_near = added.duplicate_of.is_some() && added.outcome != Outcome::Unchanged;
                imported.near_duplicates += u64::from(is_near);
            }
            imported.lines += lines;
            imported.bytes += bytes;
            imported.refused += refused.len() as u64;
            let room = MAX_REFUSED_TOLD.saturating_sub(imported.refusals.len());
            imported.refusals.extend(refused.into_iter().take(room));
            progress(&imported);
        }
        let read = reading.await.map_err(|ended| Problem::Task(ended.to_string()));
        read.at(self.place())?.at(self.place())?;
        Ok(imported)
    }
}

/// An article as a line.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    id: Cow<'a, str>,
    #[serde(flatten)]
    meta: Meta,
    text: Cow<'a, str>,
    blocks: Vec<(BlockKind, u32, u32)>,
    sentences: Vec<(u32, u32)>,
    added: Option<Timestamp>,
    changed: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Line<'static>>,
}

impl<'a> Line<'a> {
    fn of(stored: &'a Stored) -> Self {
        let article = &stored.article;
        Self {
            id: article.key().into(),
            meta: Meta::of(article.meta()),
            text: article.text().into(),
            blocks: article.blocks().iter().map(|block| (block.kind, block.span.start, block.span.end)).collect(),
            sentences: article.sentences().iter().map(|span| (span.start, span.end)).collect(),
            added: Some(stored.added_at),
            changed: Some(stored.changed_at),
            earlier: Vec::new(),
        }
    }

    fn owned(self) -> Line<'static> {
        Line {
            id: self.id.into_owned().into(),
            meta: self.meta,
            text: self.text.into_owned().into(),
            blocks: self.blocks,
            sentences: self.sentences,
            added: self.added,
            changed: self.changed,
            earlier: self.earlier,
        }
    }

    fn parcel(self) -> Result<Parcel, String> {
        let earlier: Vec<Parcel> = self.earlier.into_iter().map(Line::parcel).collect::<Result<_, _>>()?;
        let span = |start, end| Span { start, end };
        let blocks = self.blocks.into_iter().map(|(kind, start, end)| Block { span: span(start, end), kind }).collect();
        let sentences: Vec<Span> = self.sentences.into_iter().map(|(start, end)| span(start, end)).collect();
        let draft = Draft { text: self.text.into_owned(), blocks, meta: self.meta.metadata()? };
        let article = Article::from_parts(self.id, draft, &sentences).map_err(|error| error.to_string())?;
        let mut parcel = Parcel::of(&article);
        let now = Timestamp::now();
        let added = millis(self.added.or(self.changed).unwrap_or(now));
        let changed = self.changed.map_or(added, millis);
        parcel.past = Some(Past { added, changed, versions: earlier });
        Ok(parcel)
    }
}

/// Lines that go into one transaction.
#[derive(Debug, Default)]
struct Batch {
    lines: u64,
    bytes: u64,
    parcels: Vec<(Parcel, Identity)>,
    refused: Vec<RefusedLine>,
}

/// Reads lines until their end, or until nobody wants them.
fn read_batches(mut input: impl BufRead, name: &str, batches: &mpsc::Sender<Batch>) -> io::Result<()> {
    let mut batch = Batch::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        // A file without line ends must not fill the memory: the line is refused, its rest passed over.
        let read = input.by_ref().take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line)?;
        let mut bytes = read as u64;
        let too_long = read == MAX_LINE_BYTES && line.last() != Some(&b'\n');
        if too_long {
            bytes += pass_over_line(&mut input)?;
        }
        batch.bytes += bytes;
        if read > 0 && !line.trim_ascii().is_empty() {
            batch.lines += 1;
            let parcel =
                if too_long { Err(format!("longer than {MAX_LINE_BYTES} bytes")) } else { parcel(name, &line) };
            match parcel {
                Ok(parcel) => batch.parcels.push(parcel),
                Err(reason) => batch.refused.push(RefusedLine { line: number, reason }),
            }
        }
        let full = batch.parcels.len() + batch.refused.len() >= BATCH_ARTICLES || batch.bytes >= BATCH_BYTES as u64;
        if read == 0 || full {
            if batch.bytes > 0 && batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                return Ok(());
            }
            if read == 0 {
                break;
            }
        }
    }
    Ok(())
}

/// Reads to the end of a line and keeps nothing of it; how many bytes that were.
fn pass_over_line(input: &mut impl BufRead) -> io::Result<u64> {
    let mut passed = 0;
    loop {
        let buffer = input.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(buffer.len(), |end| end + 1);
        input.consume(used);
        passed += used as u64;
        if end.is_some() || used == 0 {
            return Ok(passed);
        }
    }
}

/// The article on a line.
fn parcel(name: &str, line: &[u8]) -> Result<(Parcel, Identity), String> {
    let line = std::str::from_utf8(line).map_err(|_| "not UTF-8".to_owned())?;
    let line = line.trim_start_matches('\u{feff}');
    // Whether the line is an export's is asked of its fields, so that a damaged one is told as such.
    #[derive(Deserialize)]
    struct Form {
        blocks: Option<serde::de::IgnoredAny>,
    }
    let form: Form = serde_json::from_str(line).map_err(|error| {
        // The parser calls every line the first one.
        let words = error.to_string();
        let reason = words.rsplit_once(" at line ").map_or(words.as_str(), |(reason, _)| reason);
        format!("not an article as JSON, {reason} (column {})", error.column())
    })?;
    let parcel = match form.blocks {
        Some(_) => {
            let line: Line<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
            (line.parcel()?, Identity::Exported)
        }
        None => {
            // A key that no source can give, as none can be empty.
            let mut article = read_text("", line, Format::Json).map_err(|error| error.to_string())?;
            let parcel = Parcel::of(&article);
            if article.key().is_empty() {
                let mark: String = parcel.hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
                article.rename(format!("{name}-{mark}"));
            }
            (Parcel { key: article.key().to_owned(), ..parcel }, Identity::Line)
        }
    };
    check_key(&parcel.0.key).map_err(|problem| problem.to_string())?;
    Ok(parcel)
}
