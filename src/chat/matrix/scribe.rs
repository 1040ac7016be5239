//! Takes steps to the store in the order in which they were noted, many in one commit when many come.
//!
//! An answer is sent without waiting for a commit: when the process dies in between, the question is answered again under the same
//! transaction id, and the homeserver sees that it was.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::trouble::Patience;
use crate::library::store::{Step, Store};

/// Steps that wait to be written; whoever notes more waits.
const QUEUE: usize = 4096;
/// The most notes that are written in one commit.
const BATCH: usize = 256;
/// The longest wait between attempts: nothing may be skipped, for what comes later rests on it.
const LONGEST: Duration = Duration::from_secs(10);

#[derive(Debug)]
enum Note {
    Steps(Vec<Step>),
    Written(oneshot::Sender<()>),
}

/// Takes steps to the store.
#[derive(Debug, Clone)]
pub struct Scribe {
    queue: mpsc::Sender<Note>,
}

impl Scribe {
    /// A scribe for an account; its task ends with the last clone.
    #[must_use]
    pub fn new(store: Store, owner: String) -> Self {
        let (queue, notes) = mpsc::channel(QUEUE);
        tokio::spawn(write(store, owner, notes));
        Self { queue }
    }

    /// Notes steps. Those of one call are written together.
    pub async fn note(&self, steps: Vec<Step>) {
        // An error: the task panicked, and that was told.
        let _ = self.queue.send(Note::Steps(steps)).await;
    }

    /// Waits until everything that was noted before is written.
    pub async fn written(&self) {
        let (done, written) = oneshot::channel();
        if self.queue.send(Note::Written(done)).await.is_ok() {
            let _ = written.await;
        }
    }
}

async fn write(store: Store, owner: String, mut notes: mpsc::Receiver<Note>) {
    let mut batch = Vec::new();
    while notes.recv_many(&mut batch, BATCH).await > 0 {
        let mut steps = Vec::new();
        let mut waiting = Vec::new();
        for note in batch.drain(..) {
            match note {
                Note::Steps(more) => steps.extend(more),
                Note::Written(done) => waiting.push(done),
            }
        }
        let mut patience = Patience::up_to(LONGEST);
        while !steps.is_empty() {
            match store.record(&owner, &steps).await {
                Ok(()) => break,
                Err(error) => {
                    tracing::warn!(%error, steps = steps.len(), "what was heard on Matrix could not be noted; trying again");
                    tokio::time::sleep(patience.wait(None)).await;
                }
            }
        }
        for done in waiting {
            // Who gave up waiting is not told.
            let _ = done.send(());
        }
    }
}
