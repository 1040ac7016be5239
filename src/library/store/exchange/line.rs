//! An article as a line: how it is written, and reading many ahead of whoever takes them.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::RefusedLine;
use crate::article::read::{Format, read_text};
use crate::article::{Article, Block, BlockKind, Draft, MAX_TEXT_BYTES, Span};
use crate::library::store::add::Identity;
use crate::library::store::communities::MAX_NAME_BYTES;
use crate::library::store::error::{check_key, check_text};
use crate::library::store::record::{Meta, Parcel, Past};
use crate::library::store::{KeptCorrection, Stored, canonical_url, millis};

/// The longest line that is read, in bytes. Of a text of [`MAX_TEXT_BYTES`] each byte takes up to 6 when it is escaped; its shape takes up
/// to 30 for each block and 18 for each sentence, of which there is no more than one of each in two bytes. Earlier versions take as much at
/// most ([`FULL_LINE_BYTES`]).
const MAX_LINE_BYTES: usize = 32 * MAX_TEXT_BYTES;

/// From this length on, earlier versions go into a line of their own: one of them may be longer, and is alone then.
pub(super) const FULL_LINE_BYTES: usize = 2 * MAX_TEXT_BYTES;

/// A transaction takes this many articles …
const BATCH_ARTICLES: usize = 256;
/// … or this many bytes of lines, whichever comes first: what is read ahead stays small.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// An article as a line.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    id: Cow<'a, str>,
    /// The name of its collection; none for the shared one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) collection: Option<Cow<'a, str>>,
    #[serde(flatten)]
    meta: Meta,
    text: Cow<'a, str>,
    blocks: Vec<(BlockKind, u32, u32)>,
    sentences: Vec<(u32, u32)>,
    added: Option<Timestamp>,
    changed: Option<Timestamp>,
    /// Whether it is held for good.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) imported: bool,
    /// Whether it is no news to anybody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) corrections: Vec<KeptCorrection>,
    /// Whether it is not the article as it is now: its next line follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    goes_on: bool,
    /// On such a line, the article's address now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) earlier: Vec<Line<'static>>,
}

impl<'a> Line<'a> {
    pub(super) fn of(stored: &'a Stored) -> Self {
        let article = &stored.article;
        Self {
            id: article.key().into(),
            collection: None,
            meta: Meta::of(article.meta()),
            text: article.text().into(),
            blocks: article.blocks().iter().map(|block| (block.kind, block.span.start, block.span.end)).collect(),
            sentences: article.sentences().iter().map(|span| (span.start, span.end)).collect(),
            added: Some(stored.added_at),
            changed: Some(stored.changed_at),
            imported: false,
            silent: stored.silent,
            corrections: Vec::new(),
            goes_on: false,
            address: None,
            earlier: Vec::new(),
        }
    }

    /// Takes the earlier versions out that are in it by now, as a line of their own; nothing if there are none.
    pub(super) fn take_past(&mut self) -> Option<Line<'static>> {
        let mut past = self.earlier.pop()?;
        past.collection = self.collection.as_ref().map(|name| name.clone().into_owned().into());
        past.imported = self.imported;
        past.goes_on = true;
        past.address = self.meta.url.clone().map(Cow::Owned);
        past.earlier = std::mem::take(&mut self.earlier);
        Some(past)
    }

    pub(super) fn owned(self) -> Line<'static> {
        Line {
            id: self.id.into_owned().into(),
            collection: self.collection.map(|name| name.into_owned().into()),
            meta: self.meta,
            text: self.text.into_owned().into(),
            blocks: self.blocks,
            sentences: self.sentences,
            added: self.added,
            changed: self.changed,
            imported: self.imported,
            silent: self.silent,
            corrections: self.corrections,
            goes_on: self.goes_on,
            address: self.address.map(|address| address.into_owned().into()),
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
        parcel.silent = self.silent;
        if self.goes_on {
            // The address of the version that stands here may be another article's by now.
            parcel.url = self.address.as_deref().and_then(canonical_url);
        }
        parcel.past = Some(Past { added, changed, versions: earlier });
        Ok(parcel)
    }
}

/// What a line gave.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) parcel: Parcel,
    pub(super) identity: Identity,
    /// The name of the collection that the line names.
    pub(super) collection: Option<String>,
    /// Whether it is held for good from now on.
    pub(super) held: bool,
    /// What people corrected of its quotations.
    pub(super) corrections: Vec<KeptCorrection>,
    /// Whether the article's next line follows.
    pub(super) goes_on: bool,
}

impl Entry {
    /// What tells that two lines that follow each other are of one article.
    fn article(&self) -> (Option<String>, String) {
        (self.collection.clone(), self.parcel.key.clone())
    }
}

/// Lines that go into one transaction.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    pub(super) entries: Vec<Entry>,
    pub(super) refused: Vec<RefusedLine>,
    /// Whether the next batch goes into the same transaction: it goes on with the article of the last line, and no other's lines are
    /// in either.
    pub(super) goes_on: bool,
}

/// Reads lines until their end, or until nobody wants them.
pub(super) fn read_batches(mut input: impl BufRead, name: &str, batches: &mpsc::Sender<Batch>) -> io::Result<()> {
    let mut batch = Batch::default();
    let mut line = Vec::new();
    // The article whose next line should follow, and whether the batch that was sent last waits for it.
    let (mut going_on, mut open) = (None, false);
    for number in 1.. {
        line.clear();
        // A file without line ends must not fill the memory: the line is refused, its rest passed over.
        let read = input.by_ref().take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut line)?;
        let mut bytes = read as u64;
        let too_long = read == MAX_LINE_BYTES && line.last() != Some(&b'\n');
        if too_long {
            bytes += pass_over_line(&mut input)?;
        }
        let is_blank = read == 0 || line.trim_ascii().is_empty();
        let found = match too_long {
            true => Some(Err(format!("longer than {MAX_LINE_BYTES} bytes"))),
            false => (!is_blank).then(|| entry(name, &line)),
        };
        // An article of several lines goes into a transaction of its own.
        let mut ended = false;
        if let Some(Ok(entry)) = &found {
            let before = going_on.take();
            let same = before.as_ref() == Some(&entry.article());
            let other = !same && (before.is_some() || entry.goes_on);
            if other && (batch.bytes > 0 || open) {
                open = false;
                if batches.blocking_send(std::mem::take(&mut batch)).is_err() {
                    return Ok(());
                }
            }
            ended = same && !entry.goes_on;
            going_on = entry.goes_on.then(|| entry.article());
        }
        batch.bytes += bytes;
        match found {
            None => {}
            Some(Ok(entry)) => batch.entries.push(entry),
            Some(Err(reason)) => batch.refused.push(RefusedLine { line: number, reason }),
        }
        batch.lines += u64::from(!is_blank);
        let full = batch.entries.len() + batch.refused.len() >= BATCH_ARTICLES || batch.bytes >= BATCH_BYTES as u64;
        if read == 0 || full || ended {
            batch.goes_on = read > 0 && going_on.is_some();
            let is_empty = batch.bytes == 0 && !open;
            open = batch.goes_on;
            if !is_empty && batches.blocking_send(std::mem::take(&mut batch)).is_err() {
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
fn entry(name: &str, line: &[u8]) -> Result<Entry, String> {
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
    let entry = match form.blocks {
        Some(_) => {
            let mut line: Line<'_> = serde_json::from_str(line).map_err(|error| error.to_string())?;
            let (collection, held) = (line.collection.take().map(Cow::into_owned), line.imported);
            if let Some(name) = &collection {
                check_text("the collection's name", name, MAX_NAME_BYTES).map_err(|problem| problem.to_string())?;
            }
            let corrections = std::mem::take(&mut line.corrections);
            for correction in &corrections {
                correction.check().map_err(|problem| problem.to_string())?;
            }
            let goes_on = line.goes_on;
            Entry { parcel: line.parcel()?, identity: Identity::Exported, collection, held, corrections, goes_on }
        }
        None => {
            // A key that no source can give, as none can be empty.
            let mut article = read_text("", line, Format::Json).map_err(|error| error.to_string())?;
            let parcel = Parcel::of(&article);
            if article.key().is_empty() {
                let mark: String = parcel.hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
                article.rename(format!("{name}-{mark}"));
            }
            let parcel = Parcel { key: article.key().to_owned(), ..parcel };
            let corrections = Vec::new();
            Entry { parcel, identity: Identity::Line, collection: None, held: true, corrections, goes_on: false }
        }
    };
    check_key(&entry.parcel.key).map_err(|problem| problem.to_string())?;
    Ok(entry)
}
