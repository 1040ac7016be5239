//! The network `record`: a channel is a file, and a posting is a line of JSON in it.
//!
//! It serves as a dry run and an archive of what was posted. A posting is acknowledged when its line is on the disk, and written
//! once for each key: across restarts, `kill -9`, and several processes that write one file. A line of ours that was torn by a
//! crash was never acknowledged; it is cut off before the next is written. What others wrote into the file stays.
//!
//! A file that somebody else has locked is waited for shortly, and then tried again as a network that does not answer is: it holds
//! back no other channel, and no process that is to end.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError as Held};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::text::{self, Style};
use crate::post::{Courier, Delivered, Delivery, Posting, Undelivered};
use crate::reply::Reply;

/// The network's name.
pub const NETWORK: &str = "record";

/// The longest name of a channel or a community, in bytes: with the suffix, what every file system takes.
const MAX_NAME_BYTES: usize = 200;

/// How often a file that is in use is looked at, and how many times.
const LOOKS: (Duration, u32) = (Duration::from_millis(25), 40);

/// With what each line of ours begins.
const BEGINNING: &[u8] = b"{\"key\":\"";

/// The network `record` in a folder; the channel `news` of the community `trial` is its file `trial/news.jsonl`.
///
/// The name of a channel or a community is of letters, digits, `-`, `_` and `.`, and does not begin with a dot.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    /// What each file held when it was looked at last. Each is locked for itself.
    known: Mutex<HashMap<PathBuf, Arc<Mutex<Known>>>>,
}

#[derive(Debug, Default)]
struct Known {
    /// The bytes that were read.
    read: u64,
    /// The lines in them.
    lines: usize,
    /// The keys in these, and the line of each, from 1.
    keys: HashMap<String, usize>,
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
        Self { folder: folder.into(), known: Mutex::default() }
    }
}

impl Courier for Recorder {
    fn network(&self) -> &str {
        NETWORK
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        Box::pin(async move {
            let Some(place) = place(posting) else {
                let reason =
                    "the name of a recorded channel or community is of letters, digits, “-”, “_” and “.”".to_owned();
                return Err(Undelivered::Rejected { reason });
            };
            let path = self.folder.join(&place);
            let known = {
                let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(all.entry(path.clone()).or_default())
            };
            let retry = |reason: String| Undelivered::Retry { after: None, reason };
            let (wait, looks) = LOOKS;
            for _ in 0..looks {
                let (path, known, posting) = (path.clone(), Arc::clone(&known), posting.clone());
                // Writing through to the disk takes milliseconds. Where nobody waits any more, the line is written all the same, and
                // its key is found the next time.
                let written = tokio::task::spawn_blocking(move || {
                    let mut known = match known.try_lock() {
                        Ok(known) => known,
                        Err(Held::WouldBlock) => return Ok(None),
                        Err(Held::Poisoned(left)) => {
                            // What a thread that panicked left is rebuilt from the file.
                            let mut known = left.into_inner();
                            *known = Known::default();
                            known
                        }
                    };
                    let written = append(&path, &posting, &mut known);
                    if written.is_err() {
                        *known = Known::default();
                    }
                    written
                });
                match written.await.map_err(|ended| retry(ended.to_string()))? {
                    Ok(Some(line)) => {
                        return Ok(Delivered { network_id: Some(format!("{}:{line}", place.display())) });
                    }
                    Ok(None) => tokio::time::sleep(wait).await,
                    Err(error) => return Err(retry(error.to_string())),
                }
            }
            Err(retry("the channel's file is locked by somebody else".to_owned()))
        })
    }
}

/// A posting's file in the folder; nothing when a name can't be one of a file's.
fn place(posting: &Posting) -> Option<PathBuf> {
    let community = posting.community.as_deref();
    if !is_name(&posting.channel) || community.is_some_and(|name| !is_name(name)) {
        return None;
    }
    Some(Path::new(community.unwrap_or_default()).join(format!("{}.jsonl", posting.channel)))
}

fn is_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.starts_with('.') && name.chars().all(fits)
}

/// Writes the posting's line unless its key is there; its number from 1, or nothing when somebody else has locked the file.
fn append(path: &Path, posting: &Posting, seen: &mut Known) -> io::Result<Option<usize>> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let made = !path.exists();
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    // Until it is closed: another process reads what we wrote before it writes.
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if file.metadata()?.len() < seen.read {
        // Somebody began the file anew.
        *seen = Known::default();
    }
    read_on(&mut file, seen, path)?;
    let line = match seen.keys.get(&posting.key) {
        Some(line) => *line,
        None => {
            let text = text::render_whole(&posting.reply, Style::default());
            let Posting { key, channel, reply, .. } = posting;
            let line = Line { key, channel, time: Timestamp::now(), text: &text, reply };
            let mut bytes = serde_json::to_vec(&line)?;
            bytes.push(b'\n');
            // What is torn off here is cut off by whoever reads on.
            file.write_all(&bytes)?;
            seen.read += bytes.len() as u64;
            seen.lines += 1;
            seen.keys.insert(posting.key.clone(), seen.lines);
            seen.lines
        }
    };
    // Also where the line was there: whoever wrote it may have died before it was on the disk.
    file.sync_all()?;
    if made {
        // The file's name, too, must outlast a loss of power. Where a folder can't be opened (Windows), the system sees to that.
        for folder in folder.ancestors().take(2) {
            if let Ok(folder) = File::open(folder) {
                folder.sync_all()?;
            }
        }
    }
    Ok(Some(line))
}

/// Takes in the lines that were added since. One of ours that was torn is cut off; another's without an end is given one. The file
/// then stands at its end.
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
            Ok(Key { key }) => drop(seen.keys.entry(key).or_insert(seen.lines + 1)),
            Err(_) => {
                tracing::warn!(file = %path.display(), at = seen.read, "a line that is none of ours is left as it is")
            }
        }
        seen.read += read;
        seen.lines += 1;
    }
    file.seek(SeekFrom::Start(seen.read))?;
    if torn && (line.starts_with(BEGINNING) || BEGINNING.starts_with(&line)) {
        tracing::warn!(file = %path.display(), at = seen.read, "a line that a crash has torn is cut off");
        file.set_len(seen.read)?;
    } else if torn {
        tracing::warn!(file = %path.display(), at = seen.read, "a last line that is none of ours is ended");
        seen.read = file.seek(SeekFrom::End(0))? + 1;
        seen.lines += 1;
        file.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Library;
    use crate::reply::Outcome;

    fn posting(key: &str) -> Posting {
        let reply = Reply::text(Outcome::Told, "Nothing is new.").check(&Library::default()).unwrap();
        let community = Some("trial".to_owned());
        Posting { key: key.to_owned(), channel: "news".to_owned(), community, attempt: 1, reply }
    }

    fn keys(folder: &Path) -> Vec<String> {
        let text = std::fs::read_to_string(folder.join("trial/news.jsonl")).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str::<Key>(line).unwrap().key).collect()
    }

    #[tokio::test]
    async fn a_key_is_written_once_also_after_a_restart_and_by_two() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (Recorder::new(folder.path()), Recorder::new(folder.path()));
        let first = one.deliver(&posting("a")).await.unwrap();
        assert_eq!(first.network_id.as_deref(), Some("trial/news.jsonl:1"));
        other.deliver(&posting("b")).await.unwrap();
        for recorder in [&one, &other, &Recorder::new(folder.path())] {
            recorder.deliver(&posting("a")).await.unwrap();
            recorder.deliver(&posting("b")).await.unwrap();
        }
        assert_eq!(keys(folder.path()), ["a", "b"]);
        let text = std::fs::read_to_string(folder.path().join("trial/news.jsonl")).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!((line["channel"].as_str(), line["text"].as_str()), (Some("news"), Some("Nothing is new.")));
        assert_eq!(line["reply"]["blocks"][0]["text"], "Nothing is new.");
    }

    #[tokio::test]
    async fn a_line_torn_anywhere_is_cut_off_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        Recorder::new(folder.path()).deliver(&posting("a")).await.unwrap();
        let path = folder.path().join("trial/news.jsonl");
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
        std::fs::remove_file(folder.path().join("trial/news.jsonl")).unwrap();
        recorder.deliver(&posting("b")).await.unwrap();
        assert_eq!(keys(folder.path()), ["b"]);
    }

    #[tokio::test]
    async fn names_that_lead_out_of_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["", "../news", "a/b", ".news", "a\\b", "news\n", &"n".repeat(201)] {
            let channel = Posting { channel: name.to_owned(), ..posting("a") };
            let community = Posting { community: Some(name.to_owned()), ..posting("a") };
            for posting in [channel, community] {
                let refused = Recorder::new(folder.path()).deliver(&posting).await;
                assert!(matches!(refused, Err(Undelivered::Rejected { .. })), "{name:?}");
            }
        }
    }

    #[tokio::test]
    async fn channels_of_one_name_in_two_communities_are_two_files() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(folder.path());
        recorder.deliver(&posting("a")).await.unwrap();
        let club = Posting { community: Some("club".to_owned()), ..posting("b") };
        assert_eq!(recorder.deliver(&club).await.unwrap().network_id.as_deref(), Some("club/news.jsonl:1"));
        assert_eq!(keys(folder.path()), ["a"]);
    }

    #[tokio::test]
    async fn a_file_that_somebody_has_locked_is_tried_again_and_holds_back_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let recorder = Recorder::new(folder.path());
        recorder.deliver(&posting("a")).await.unwrap();
        let locked = File::open(folder.path().join("trial/news.jsonl")).unwrap();
        locked.lock().unwrap();
        let (posting_b, other) = (posting("b"), Posting { channel: "sport".to_owned(), ..posting("c") });
        let waiting = recorder.deliver(&posting_b);
        let delivered = tokio::select! {
            _ = waiting => panic!("it was not waited for"),
            delivered = recorder.deliver(&other) => delivered,
        };
        assert!(delivered.is_ok());
        let refused = recorder.deliver(&posting_b).await;
        assert!(matches!(refused, Err(Undelivered::Retry { .. })), "{refused:?}");
        locked.unlock().unwrap();
        recorder.deliver(&posting_b).await.unwrap();
        assert_eq!(keys(folder.path()), ["a", "b"]);
    }

    #[tokio::test]
    async fn what_others_wrote_stays_and_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trial/news.jsonl");
        std::fs::create_dir(folder.path().join("trial")).unwrap();
        std::fs::write(&path, "a note\nanother without an end").unwrap();
        let recorder = Recorder::new(folder.path());
        for recorder in [&recorder, &recorder, &Recorder::new(folder.path())] {
            let delivered = recorder.deliver(&posting("a")).await.unwrap();
            assert_eq!(
                delivered.network_id.as_deref(),
                Some("trial/news.jsonl:3"),
                "the line, however often it is asked"
            );
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("a note\nanother without an end\n{\"key\":\"a\""), "{text}");
        assert_eq!(text.lines().count(), 3);
    }

    #[tokio::test]
    async fn what_can_not_be_written_now_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("trial/news.jsonl")).unwrap();
        let refused = Recorder::new(folder.path()).deliver(&posting("a")).await;
        assert!(matches!(refused, Err(Undelivered::Retry { after: None, .. })));
    }
}
