//! Answers whose buttons outlive the process: written before the answer is sent, many in one commit when many come.
//!
//! On a disk that is busy a commit takes longer than people should wait. Then the answer goes ahead of it, and its buttons work
//! from memory until it is written.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

use crate::chat::kept::Kept;
use crate::library::Library;
use crate::library::store::{AnswerRow, Store, StoreError};
use crate::reply::Checked;
use crate::router::Args;
use crate::router::table::Spec;

/// Answers that wait to be written; more are sent without buttons.
const QUEUE: usize = 1024;
/// The most that are written in one commit.
const BATCH: usize = 256;
/// How long an answer waits to be written where its buttons come with it. An undisturbed commit takes a few milliseconds.
pub const PATIENCE: Duration = Duration::from_millis(20);
/// How often a commit is tried, and the wait between.
const TRIES: u32 = 5;
const AGAIN: Duration = Duration::from_secs(1);

type Waiting = (AnswerRow, oneshot::Sender<()>);

/// Answers by key, until they are written.
type Unwritten = Arc<Mutex<HashMap<String, AnswerRow>>>;

/// Takes answers to the store.
#[derive(Debug, Clone)]
pub struct Keeper {
    store: Store,
    queue: mpsc::Sender<Waiting>,
    unwritten: Unwritten,
}

impl Keeper {
    /// A keeper over a store; its task ends with the last clone.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let unwritten = Unwritten::default();
        tokio::spawn(write(store.clone(), waiting, Arc::clone(&unwritten)));
        Self { store, queue, unwritten }
    }

    /// The pages of the answer with this key, written or not yet.
    ///
    /// # Errors
    /// What the store may answer.
    pub async fn pages(&self, key: &str) -> Result<Option<String>, StoreError> {
        let unwritten = lock(&self.unwritten).get(key).map(|row| row.pages.clone());
        match unwritten {
            Some(pages) => Ok(Some(pages)),
            None => self.store.answer(key).await,
        }
    }

    /// The pages of the last answer at a place since a moment, written or not yet.
    ///
    /// # Errors
    /// What the store may answer.
    pub async fn last(&self, place: &str, since: Timestamp) -> Result<Option<String>, StoreError> {
        let unwritten = {
            let unwritten = lock(&self.unwritten);
            let here = unwritten.values().filter(|row| row.place == place);
            here.max_by_key(|row| row.made_at).map(|row| row.pages.clone())
        };
        match unwritten {
            Some(pages) => Ok(Some(pages)),
            None => self.store.last_answer(place, since).await,
        }
    }

    /// Keeps an answer that stands at `place`; its key, and what was kept. Nothing when it quotes nothing and has no pages, when
    /// it is no article's of a store, or when too many wait to be written: then the answer goes without buttons. It waits
    /// up to `patience` to be written.
    pub async fn keep(
        &self,
        reply: &Checked,
        library: &Library,
        asked: (&str, &str),
        place: String,
        patience: Duration,
    ) -> Option<(String, Kept)> {
        if reply.pages.len() < 2 && reply.quotations().next().is_none() {
            return None;
        }
        let kept = Kept::of(reply, library, asked.0, asked.1)?;
        let key = new_key();
        let row = AnswerRow { key: key.clone(), place, pages: kept.to_json().ok()?, made_at: Timestamp::now() };
        let (done, written) = oneshot::channel();
        lock(&self.unwritten).insert(key.clone(), row.clone());
        if self.queue.try_send((row, done)).is_err() {
            lock(&self.unwritten).remove(&key);
            return None;
        }
        let _ = timeout(patience, written).await;
        Some((key, kept))
    }
}

async fn write(store: Store, mut waiting: mpsc::Receiver<Waiting>, unwritten: Unwritten) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let (rows, done): (Vec<AnswerRow>, Vec<_>) = batch.drain(..).unzip();
        for tried in 1..=TRIES {
            match store.keep_answers(&rows).await {
                Ok(()) => break,
                Err(error) if tried == TRIES => {
                    tracing::error!(%error, answers = rows.len(), "the buttons of answers will not work");
                }
                Err(error) => {
                    tracing::warn!(%error, "answers could not be kept; trying again");
                    sleep(AGAIN).await;
                }
            }
        }
        let mut unwritten = lock(&unwritten);
        for row in &rows {
            unwritten.remove(&row.key);
        }
        for done in done {
            // Who gave up waiting is not told.
            let _ = done.send(());
        }
    }
}

/// What is behind the lock is whole at every moment: a panic elsewhere does not spoil it.
fn lock(unwritten: &Unwritten) -> MutexGuard<'_, HashMap<String, AnswerRow>> {
    unwritten.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that nobody guesses: 24 hexadecimal digits, from the operating system's randomness.
fn new_key() -> String {
    let random = || RandomState::new().hash_one(Timestamp::now().as_nanosecond());
    let mut hash = Sha256::new();
    hash.update(random().to_le_bytes());
    hash.update(random().to_le_bytes());
    hex(&hash.finalize()[..12])
}

/// A hash of what was asked, for telling repeated questions without keeping people's words.
#[must_use]
pub fn question_hash(spec: &'static Spec, args: &Args) -> String {
    let words: Vec<String> = spec
        .options
        .iter()
        .filter_map(|option| args.words(option.name))
        .map(|words| words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
        .collect();
    if words.is_empty() {
        return String::new();
    }
    hex(&Sha256::digest(format!("{}\n{}", spec.name, words.join("\n")))[..16])
}

/// A hash of a sentence in plain language, however it is spaced or capitalised.
#[must_use]
pub fn text_hash(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    hex(&Sha256::digest(words)[..16])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::table;

    #[test]
    fn a_question_has_one_hash_however_it_is_typed() {
        let ask = table::find("ask").unwrap();
        let hash = |question: &str| {
            let mut args = Args::default();
            args.set(ask.option("question").unwrap(), question).unwrap();
            question_hash(ask, &args)
        };
        assert_eq!(hash("Why  did it stop?"), hash("why did it stop?"));
        assert_ne!(hash("why did it stop?"), hash("why did it start?"));
        assert_eq!(question_hash(table::find("about").unwrap(), &Args::default()), "");
    }

    #[test]
    fn keys_do_not_repeat() {
        let keys: std::collections::HashSet<String> = (0..1000).map(|_| new_key()).collect();
        assert_eq!(keys.len(), 1000);
    }
}
