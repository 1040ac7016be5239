//! Keeps the quotations that had to be found, and numbers speakers who are new: beside the answers, which do not wait for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinSet;

use crate::library::Library;
use crate::library::store::{CollectionId, Store};
use crate::quotes::QuoteBook;
use crate::quotes::kept::{self, Roll};

/// Keeps the quotations of one collection.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    /// The numbers of the speakers, once they are read. Held while something is kept: one at a time, in order.
    roll: Arc<tokio::sync::Mutex<Option<Roll>>>,
    work: Mutex<JoinSet<()>>,
}

impl Keeper {
    /// Keeps, in the background, what `book` had to find. What is not kept is found again at the next start.
    pub(super) fn keep(&self, store: &Store, collection: CollectionId, library: &Arc<Library>, book: &Arc<QuoteBook>) {
        if book.found().is_empty() {
            return;
        }
        let (store, library, book) = (store.clone(), Arc::clone(library), Arc::clone(book));
        let roll = Arc::clone(&self.roll);
        let mut work = lock(&self.work);
        while work.try_join_next().is_some() {}
        work.spawn(async move {
            let mut roll = roll.lock().await;
            let keeping = async {
                kept::keep(&store, &library, &book).await?;
                let enrolled = match roll.as_mut() {
                    Some(roll) => roll,
                    None => roll.insert(Roll::load(&store, collection).await?),
                };
                enrolled.enrol(&store, &book).await
            };
            if let Err(error) = keeping.await {
                tracing::info!(%error, "quotations were not kept; they are found again at the next start");
            }
        });
    }

    /// Waits until everything is kept that was to be.
    pub(super) async fn settle(&self) {
        let mut work = std::mem::take(&mut *lock(&self.work));
        while work.join_next().await.is_some() {}
    }
}

/// What lies behind these locks is whole at every moment: a panic elsewhere does not spoil it.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
