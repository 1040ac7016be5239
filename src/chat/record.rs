//! The network `record`: a channel is a file, and a posting is a line of JSON in it.
//!
//! It serves as a dry run and an archive of what was posted. A posting is acknowledged when its line is on the disk, and written
//! once for each key: across restarts, `kill -9`, and several processes that write one file. A line that was torn by a
//! crash was never acknowledged; it is cut off before the next is written.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{self, Style};
use crate::post::{Courier, Delivered, Delivery, Posting, Undelivered};
use crate::reply::Reply;

/// The network's name.
pub const NETWORK: &str = "record";

/// The longest name of a channel, in bytes: with the suffix, what every file system takes.
const MAX_CHANNEL_BYTES: usize = 200;

/// The network `record` in a folder; the channel `news` is its file `news.jsonl`.
///
/// A channel's name is of letters, digits, `-`, `_` and `.`, and does not begin with a dot.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    /// What each channel's file held when it was looked at last.
    known: Arc<Mutex<HashMap<String, Known>>>,
}

#[derive(Debug, Default)]
struct Known {
    /// The bytes that were read.
    read: u64,
    /// The keys in them.
    keys: HashSet<String>,
}

/// A line.
#[derive(Serialize)]
struct Line<'a> {
    key: &'a str,
    channel: &'a str,
    time: Timestamp,
    text: &'a str,
    reply: &'a Reply,
}

/// What is read of a line.
#[derive(Deserialize)]
struct Key {
    key: String,
}

impl Recorder {
    /// A recorder that writes into this folder; it is made with the first posting.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), known: Arc::default() }
    }
}

impl Courier for Recorder {
    fn network(&self) -> &str {
        NETWORK
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        Box::pin(async move {
            if !is_channel(&posting.channel) {
                let reason = "a recorded channel's name is of letters, digits, “-”, “_” and “.”".to_owned();
                return Err(Undelivered::Rejected { reason });
            }
            let (folder, known) = (self.folder.clone(), Arc::clone(&self.known));
            let posting = posting.clone();
            // Writing through to the disk takes milliseconds. Where nobody waits any more, the line is written all the same, and its
            // key is found the next time.
            let written = tokio::task::spawn_blocking(move || {
                // What a thread that panicked left is rebuilt from the file.
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                let seen = known.remove(&posting.channel).unwrap_or_default();
                let (line, seen) = append(&folder, &posting, seen)?;
                known.insert(posting.channel.clone(), seen);
                Ok::<_, io::Error>(format!("{}.jsonl:{line}", posting.channel))
            });
            let retry = |reason: String| Undelivered::Retry { after: None, reason };
            let network_id = written.await.map_err(|ended| retry(ended.to_string()))?;
            Ok(Delivered { network_id: Some(network_id.map_err(|error| retry(error.to_string()))?) })
        })
    }
}

fn is_channel(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= MAX_CHANNEL_BYTES && !name.starts_with('.') && name.chars().all(fits)
}

/// Writes the posting's line unless its key is there; its number from 1, and what the file is now known to hold.
fn append(folder: &Path, posting: &Posting, mut seen: Known) -> io::Result<(usize, Known)> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}.jsonl", posting.channel));
    let made = !path.exists();
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
    // Until it is closed: another process reads what we wrote before it writes.
    file.lock()?;
    if file.metadata()?.len() < seen.read {
        // Somebody began the file anew.
        seen = Known::default();
    }
    read_on(&mut file, &mut seen, &path)?;
    if !seen.keys.contains(&posting.key) {
        let text = text::render_whole(&posting.reply, Style::default());
        let Posting { key, channel, reply, .. } = posting;
        let line = Line { key, channel, time: Timestamp::now(), text: &text, reply };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        // What is torn off here is cut off by whoever reads on.
        file.write_all(&bytes)?;
        seen.read += bytes.len() as u64;
        seen.keys.insert(posting.key.clone());
    }
    // Also where the line was there: whoever wrote it may have died before it was on the disk.
    file.sync_all()?;
    if made {
        // The file's name, too, must outlast a loss of power. Where a folder can't be opened (Windows), the system sees to that.
        if let Ok(folder) = File::open(folder) {
            folder.sync_all()?;
        }
    }
    Ok((seen.keys.len(), seen))
}

/// Takes in the lines that were added since, and cuts off one that was torn. The file then stands at its end.
fn read_on(file: &mut File, seen: &mut Known, path: &Path) -> io::Result<()> {
    file.seek(SeekFrom::Start(seen.read))?;
    let mut lines = BufReader::new(&*file);
    let mut line = Vec::new();
    let mut torn = false;
    loop {
        line.clear();
        let read = lines.read_until(b'\n', &mut line)? as u64;
        if read == 0 {
            break;
        }
        if line.last() != Some(&b'\n') {
            torn = true;
            break;
        }
        match serde_json::from_slice::<Key>(&line) {
            Ok(Key { key }) => drop(seen.keys.insert(key)),
            Err(_) => {
                tracing::warn!(file = %path.display(), at = seen.read, "a line that is none of ours is left as it is")
            }
        }
        seen.read += read;
    }
    if torn {
        tracing::warn!(file = %path.display(), at = seen.read, "a line that a crash has torn is cut off");
        file.set_len(seen.read)?;
    }
    file.seek(SeekFrom::Start(seen.read))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use crate::reply::Outcome;

    fn posting(key: &str) -> Posting {
        let reply = Reply::text(Outcome::Told, "Nothing is new.").check(&Library::default()).unwrap();
        Posting { key: key.to_owned(), channel: "news".to_owned(), attempt: 1, reply }
    }

    fn keys(folder: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(folder.join("news.jsonl")).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str::<Key>(line).unwrap().key).collect()
    }

    #[tokio::test]
    async fn a_key_is_written_once_also_after_a_restart_and_by_two() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Recorder::new(folder.path()), Recorder::new(folder.path()));
        let first = one.deliver(&posting("a")).await.unwrap();
        assert_eq!(first.network_id.as_deref(), Some("news.jsonl:1"));
        other.deliver(&posting("b")).await.unwrap();
        for recorder in [&one, &other, &Recorder::new(folder.path())] {
            recorder.deliver(&posting("a")).await.unwrap();
            recorder.deliver(&posting("b")).await.unwrap();
        }
        assert_eq!(keys(folder.path()), ["a", "b"]);
        let text = std::fs::read_to_string(folder.path().join("news.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((line["channel"].as_str(), line["text"].as_str()), (Some("news"), Some("Nothing is new.")));
        assert_eq!(line["reply"]["blocks"][0]["text"], "Nothing is new.");
    }

    #[tokio::test]
    async fn a_line_torn_anywhere_is_cut_off_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        Recorder::new(folder.path()).deliver(&posting("a")).await.unwrap();
        let path = folder.path().join("news.jsonl");
        let whole = std::fs::read(&path).unwrap();
        for end in 0..whole.len() {
            let torn =
                [&whole[..], &String::from_utf8_lossy(&whole).replace("\"a\"", "\"b\"").as_bytes()[..end]].concat();
            std::fs::write(&path, torn).unwrap();
            Recorder::new(folder.path()).deliver(&posting("b")).await.unwrap();
            assert_eq!(keys(folder.path()), ["a", "b"], "torn after {end} bytes");
        }
    }

    #[tokio::test]
    async fn a_file_that_was_taken_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(folder.path());
        recorder.deliver(&posting("a")).await.unwrap();
        std::fs::remove_file(folder.path().join("news.jsonl")).unwrap();
        recorder.deliver(&posting("b")).await.unwrap();
        assert_eq!(keys(folder.path()), ["b"]);
    }

    #[tokio::test]
    async fn names_that_lead_out_of_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "../news", "a/b", ".news", "a\\b", "news\n", &"n".repeat(201)] {
            let posting = Posting { channel: name.to_owned(), ..posting("a") };
            let refused = Recorder::new(folder.path()).deliver(&posting).await;
            assert!(matches!(refused, Err(Undelivered::Rejected { .. })), "{name:?}");
        }
    }

    #[tokio::test]
    async fn what_can_not_be_written_now_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("news.jsonl")).unwrap();
        let refused = Recorder::new(folder.path()).deliver(&posting("a")).await;
        assert!(matches!(refused, Err(Undelivered::Retry { after: None, .. })));
    }
}
