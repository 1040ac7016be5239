//! Reading files for the store: what of them changed, what is in them, and ahead of whoever writes it.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::folder::{LoadError, MAX_FILE_BYTES};
use super::scan::{self, Found};
use crate::article::read;
use crate::library::store::{
    Added, Imported, KnownBy, KnownFile, MAX_PATH_BYTES, Outcome, SourceEntry, SourceFile, SourceOutcome, Stamp,
    StoredId,
};

/// The program that reads: one of another version may read more out of the same bytes, and reads everything once more.
pub(super) const READER: &str = concat!("byline ", env!("CARGO_PKG_VERSION"));

/// Clocks of file systems tick this slowly (Linux: every 1 to 10 ms): a file that was changed twice between two ticks has one
/// time for both. One that was changed so shortly before it was read is looked at again.
const TICK: Duration = Duration::from_millis(50);

/// Files that are read and written at once …
const BATCH_FILES: usize = 64;
/// … or this many bytes of them, whichever comes first. Read ahead are two batches.
const BATCH_BYTES: u64 = 8 * 1024 * 1024;

/// Refusals and near-duplicates that are told one by one; of more, only the number.
const MAX_TOLD: usize = 100;

/// Problems of one file that are told and remembered one by one.
const MAX_PROBLEMS: usize = 20;

/// How far the work is; for a progress bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that are done …
    pub files: u64,
    /// … of so many.
    pub of_files: u64,
    /// Their bytes …
    pub bytes: u64,
    /// … of so many.
    pub of_bytes: u64,
}

/// What was not read, or gave no article, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The file, folder or pattern.
    pub path: PathBuf,
    /// Why; where it is about a line, its number stands in front.
    pub reason: String,
}

/// What became of articles: counts, and the first hundred of what a person may want to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Articles that were not there.
    pub new: u64,
    /// Articles that were there with other words.
    pub new_versions: u64,
    /// Articles that were there, to the byte.
    pub unchanged: u64,
    /// Articles that had been removed.
    pub restored: u64,
    /// Articles that were removed, as no file holds them any more.
    pub removed: u64,
    /// Articles that got another key, as their file was moved.
    pub renamed: u64,
    /// Of those that were there, how many were known by their address, …
    pub known_by_address: u64,
    /// … by their key, …
    pub known_by_key: u64,
    /// … by the file and place that gave them before, …
    pub known_by_source: u64,
    /// … and by their content, byte for byte.
    pub known_by_content: u64,
    /// Articles, new or changed, that share most of their runs of three words with an older one. They are kept and marked.
    pub near_duplicates: u64,
    /// The first of them: their key, and the article that each is like.
    pub near: Vec<(String, StoredId)>,
    /// Files and articles in them that were refused.
    pub refused: u64,
    /// The first of them.
    pub refusals: Vec<Refusal>,
}

impl Tally {
    /// Whether nothing happened to any article.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        self.new + self.new_versions + self.restored + self.removed + self.renamed == 0
    }

    pub(super) fn refuse(&mut self, path: PathBuf, reason: impl ToString) {
        self.refused += 1;
        if self.refusals.len() < MAX_TOLD {
            self.refusals.push(Refusal { path, reason: reason.to_string() });
        }
    }

    pub(super) fn take(&mut self, path: &str, outcome: SourceOutcome) {
        self.unchanged += outcome.unchanged;
        self.removed += outcome.removed;
        self.renamed += outcome.renamed;
        for added in &outcome.added {
            self.take_added(added);
        }
        for reason in outcome.refused {
            self.refuse(path.into(), reason);
        }
    }

    pub(super) fn take_added(&mut self, added: &Added) {
        *match added.outcome {
            Outcome::New => &mut self.new,
            Outcome::Unchanged => &mut self.unchanged,
            Outcome::NewVersion => &mut self.new_versions,
            Outcome::Restored => &mut self.restored,
        } += 1;
        match added.known_by {
            None => {}
            Some(KnownBy::Address) => self.known_by_address += 1,
            Some(KnownBy::Key) => self.known_by_key += 1,
            Some(KnownBy::Source) => self.known_by_source += 1,
            Some(KnownBy::Content) => self.known_by_content += 1,
        }
        if let Some(like) = added.duplicate_of.filter(|_| added.outcome != Outcome::Unchanged) {
            self.near_duplicates += 1;
            if self.near.len() < MAX_TOLD {
                self.near.push((added.key.clone(), like));
            }
        }
    }

    pub(super) fn take_imported(&mut self, path: &std::path::Path, imported: &Imported) {
        self.new += imported.new;
        self.new_versions += imported.new_versions;
        self.unchanged += imported.unchanged;
        self.restored += imported.restored;
        self.known_by_address += imported.known_by_address;
        self.known_by_key += imported.known_by_key;
        self.known_by_content += imported.known_by_content;
        self.near_duplicates += imported.near_duplicates;
        for refused in &imported.refusals {
            self.refuse(path.to_owned(), format!("line {}: {}", refused.line, refused.reason));
        }
        self.refused += imported.refused.saturating_sub(imported.refusals.len() as u64);
    }

    /// Adds what another counted.
    pub(super) fn add(&mut self, other: Self) {
        self.new += other.new;
        self.new_versions += other.new_versions;
        self.unchanged += other.unchanged;
        self.restored += other.restored;
        self.removed += other.removed;
        self.renamed += other.renamed;
        self.known_by_address += other.known_by_address;
        self.known_by_key += other.known_by_key;
        self.known_by_source += other.known_by_source;
        self.known_by_content += other.known_by_content;
        self.near_duplicates += other.near_duplicates;
        self.near.extend(other.near.into_iter().take(MAX_TOLD.saturating_sub(self.near.len())));
        self.refused += other.refused;
        self.refusals.extend(other.refusals.into_iter().take(MAX_TOLD.saturating_sub(self.refusals.len())));
    }
}

/// A file that is to be read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) found: Found,
    pub(super) name: String,
    /// What it was when it was read before.
    pub(super) known: Option<KnownFile>,
}

/// A file that was read, or not.
#[derive(Debug)]
pub(super) enum Reading {
    /// What is in it, or why nothing can be.
    Source(SourceFile),
    /// The bytes that are known already.
    Same(String, Stamp),
    /// It is being written at this moment.
    Changing,
    /// It can't be read at this moment.
    Refused(LoadError),
}

/// Readings with what they are of and whether it was not known, in order.
pub(super) type Batch = Vec<(Found, bool, Reading)>;

/// Reads files on all cores, ahead of whoever takes them by two batches. Ends when nobody takes them any more.
///
/// `moved` gives by the hash of its bytes the paths of files that are gone: one of the same bytes is one that was moved.
pub(super) fn read_ahead(wanted: Vec<Wanted>, moved: HashMap<Vec<u8>, Vec<String>>) -> mpsc::Receiver<Batch> {
    let (sender, receiver) = mpsc::channel(2);
    tokio::task::spawn_blocking(move || {
        let mut moved = moved;
        let mut wanted = wanted.into_iter().peekable();
        while wanted.peek().is_some() {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while let Some(next) = wanted.peek()
                && (batch.is_empty() || (batch.len() < BATCH_FILES && bytes + next.found.stamp.size <= BATCH_BYTES))
            {
                bytes += next.found.stamp.size;
                batch.extend(wanted.next());
            }
            let mut readings: Batch = batch
                .into_par_iter()
                .map(|wanted| {
                    let reading = read(&wanted);
                    (wanted.found, wanted.known.is_none(), reading)
                })
                .collect();
            for (_, is_new, reading) in &mut readings {
                if *is_new
                    && let Reading::Source(file) = reading
                    && let Some(paths) = moved.get_mut(&file.hash)
                {
                    // One of the same name, if there is one: a folder that was moved.
                    let name = |path: &str| path.rsplit(['/', '\\']).next().map(str::to_owned);
                    let same = paths.iter().position(|path| name(path) == name(&file.path));
                    file.was = same.map(|at| paths.swap_remove(at)).or_else(|| paths.pop());
                }
            }
            if sender.blocking_send(readings).is_err() {
                return;
            }
        }
    });
    receiver
}

fn read(wanted: &Wanted) -> Reading {
    match try_read(wanted) {
        Ok(reading) => reading,
        Err(error) => Reading::Refused(error),
    }
}

fn try_read(wanted: &Wanted) -> Result<Reading, LoadError> {
    let Wanted { found, name, known } = wanted;
    if found.text.len() > MAX_PATH_BYTES {
        return Ok(Reading::Refused(LoadError::LongPath));
    }
    let file = File::open(&found.path)?;
    let (stamp, _) = scan::stamp(&file.metadata()?);
    let source = |hash: Vec<u8>, stamp, entries, problems: Vec<String>| {
        Reading::Source(SourceFile {
            path: found.text.clone(),
            was: None,
            name: name.clone(),
            stamp,
            hash,
            reader: READER,
            entries,
            problems,
        })
    };
    if stamp.size > MAX_FILE_BYTES {
        return Ok(source(Vec::new(), stamp, None, vec![LoadError::TooLarge(stamp.size).to_string()]));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(stamp.size).unwrap_or(0));
    (&file).take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    let (after, _) = scan::stamp(&file.metadata()?);
    if after != stamp || bytes.len() as u64 != stamp.size {
        return Ok(Reading::Changing);
    }
    let stamp = Stamp { modified: if just_now(stamp.modified) { i64::MIN } else { stamp.modified }, ..stamp };
    let hash = Sha256::digest(&bytes).to_vec();
    if known.as_ref().is_some_and(|known| known.hash == hash && known.reader == READER) {
        return Ok(Reading::Same(found.text.clone(), stamp));
    }
    let (entries, problems) = match read::read_entries(&found.path, &bytes) {
        Ok((entries, problems)) => (Some(entries), told(&problems)),
        Err(error) => (None, vec![error.to_string()]),
    };
    let entries = entries.map(|entries| {
        let mut labels = HashSet::new();
        let mut entries: Vec<SourceEntry> = entries
            .into_iter()
            // From the back: of several with one key, as in a file that is only ever added to, the last one counts.
            .rev()
            .map(|entry| match entry.named {
                true => SourceEntry::named(&entry.article),
                false => SourceEntry::at(entry.place, entry.article, name),
            })
            .filter(|entry| labels.insert(entry.label().to_owned()))
            .collect();
        entries.reverse();
        entries
    });
    Ok(source(hash, stamp, entries, problems))
}

/// Problems of a file as they are told and remembered.
fn told(problems: &[read::ReadError]) -> Vec<String> {
    let mut told: Vec<String> = problems.iter().take(MAX_PROBLEMS).map(ToString::to_string).collect();
    if let Some(more) = problems.len().checked_sub(MAX_PROBLEMS).filter(|more| *more > 0) {
        told.push(format!("and {more} more"));
    }
    told
}

/// The time in nanoseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// Whether a time is less than this ago. One that is yet to come, by a clock that goes wrong, is not.
pub(super) fn within(time: i64, span: Duration) -> bool {
    let ago = now().saturating_sub(time);
    u128::from(ago.unsigned_abs()) < span.as_nanos()
}

fn just_now(modified: i64) -> bool {
    within(modified, TICK)
}
