//! The desks of a running process: one for each collection that is read here, kept up to date with the store.
//!
//! A [`Desk`] never changes. When the store tells of changes, the next one is made from it and takes its place; questions that
//! are being answered go on with the one that they have.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::desk::{DeskError, Kept};
use super::{Desk, Place, Settings};
use crate::library::Library;
use crate::library::store::{Change, CollectionId, Problem, SHARED, Seq, Store, StoreError};

/// Changes that are taken over at once: enough that an import is followed quickly, few enough that its first articles answer
/// soon.
const BATCH: u32 = 512;

/// How long changes are left to gather before they are taken over, so that articles that come fast, one by one, do not each
/// make a desk. It is part of the second within which an article should answer.
const GATHER: Duration = Duration::from_millis(50);

/// A collection that nobody has asked so long is put away; the next question brings it back.
const PUT_AWAY_AFTER: Duration = Duration::from_secs(30 * 60);

/// How long is waited after the store could not be asked.
const AFTER_TROUBLE: Duration = Duration::from_secs(2);

/// The desks over a store. Clones share them.
#[derive(Debug, Clone)]
pub struct Desks {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    settings: Settings,
    /// Where indexes are kept, one folder a collection.
    indexes: PathBuf,
    shelves: Mutex<HashMap<CollectionId, Arc<Shelf>>>,
}

/// A collection that is read here.
#[derive(Debug)]
struct Shelf {
    collection: CollectionId,
    desk: OnceCell<RwLock<Arc<Desk>>>,
    /// Held while the next desk is made: one at a time.
    updating: tokio::sync::Mutex<()>,
    used: Mutex<Instant>,
}

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The store did not give the articles.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing could be made of them.
    #[error(transparent)]
    Desk(#[from] DeskError),
}

impl Desks {
    /// Desks over `store`, whose indexes are kept in the folder `indexes`.
    #[must_use]
    pub fn new(store: Store, indexes: PathBuf, settings: Settings) -> Self {
        Self { inner: Arc::new(Inner { store, settings, indexes, shelves: Mutex::default() }) }
    }

    /// The store that they are over.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The desk that answers at a place: over the collection that its community reads.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn at(&self, place: &Place) -> Result<Arc<Desk>, OpenError> {
        let community = self.inner.store.known_community(&place.network, &place.community).await?;
        self.desk(community.map_or(SHARED, |community| community.collection)).await
    }

    /// The desk over a collection, as the store was when it was last followed; at first, as it is now.
    ///
    /// # Errors
    /// [`OpenError`]
    pub async fn desk(&self, collection: CollectionId) -> Result<Arc<Desk>, OpenError> {
        let shelf = {
            let mut shelves = lock(&self.inner.shelves);
            Arc::clone(shelves.entry(collection).or_insert_with(|| Arc::new(Shelf::new(collection))))
        };
        *lock(&shelf.used) = Instant::now();
        if let Some(desk) = shelf.desk() {
            return Ok(desk);
        }
        let opened = shelf.desk.get_or_try_init(async || Ok::<_, OpenError>(RwLock::new(self.open(collection).await?)));
        opened.await?;
        // What changed while it was read, and before those who follow the store could see this shelf.
        while self.catch_up(&[Arc::clone(&shelf)]).await? {}
        Ok(shelf.desk().unwrap_or_else(|| Arc::new(Desk::new(Library::default(), self.inner.settings))))
    }

    async fn open(&self, collection: CollectionId) -> Result<Arc<Desk>, OpenError> {
        let started = Instant::now();
        let seq = self.inner.store.latest_seq().await?;
        let mut library = Library::default();
        let mut articles = self.inner.store.load_all(collection);
        loop {
            match articles.next().await {
                Ok(Some(stored)) => drop(library.put_stored(stored)),
                Ok(None) => break,
                // One article that can't be read hides no other.
                Err(StoreError { problem: problem @ Problem::Damaged { .. }, .. }) => {
                    tracing::error!(%problem, "left out")
                }
                Err(error) => return Err(error.into()),
            }
        }
        tracing::debug!(
            collection = collection.0,
            articles = library.len(),
            millis = started.elapsed().as_millis(),
            "read"
        );
        Ok(Arc::new(Desk::over(library, Some(self.kept(collection, seq)), self.inner.settings)))
    }

    fn kept(&self, collection: CollectionId, seq: Seq) -> Kept {
        let store = self.inner.store.clone();
        Kept { store, collection, index: self.inner.indexes.join(collection.0.to_string()), seq }
    }

    /// Keeps every desk up to date with the store, whoever changes it, until the future is dropped.
    pub async fn follow(&self) {
        let mut watch = self.inner.store.watch(Seq::default());
        loop {
            let followed = async {
                watch.changed().await?;
                tokio::time::sleep(GATHER).await;
                while self.catch_up(&self.shelves()).await? {}
                Ok::<_, OpenError>(())
            };
            if let Err(error) = followed.await {
                tracing::warn!(%error, "changes could not be followed; trying again");
                tokio::time::sleep(AFTER_TROUBLE).await;
            }
            self.put_away();
        }
    }

    fn shelves(&self) -> Vec<Arc<Shelf>> {
        lock(&self.inner.shelves).values().map(Arc::clone).collect()
    }

    /// Forgets collections that nobody has asked for long. The shared one stays.
    fn put_away(&self) {
        lock(&self.inner.shelves)
            .retain(|collection, shelf| *collection == SHARED || lock(&shelf.used).elapsed() < PUT_AWAY_AFTER);
    }

    /// Takes over the next changes, at most [`BATCH`]; whether there were any.
    async fn catch_up(&self, shelves: &[Arc<Shelf>]) -> Result<bool, OpenError> {
        // Shelves that stand at the same change, mostly all of them, read the log once.
        let mut by_seq: BTreeMap<Seq, Vec<&Arc<Shelf>>> = BTreeMap::new();
        for shelf in shelves {
            if let Some(seq) = shelf.desk().and_then(|desk| desk.seq()) {
                by_seq.entry(seq).or_default().push(shelf);
            }
        }
        let mut any = false;
        for (seq, shelves) in by_seq {
            let changes = self.inner.store.changes_since(seq, BATCH).await?;
            let Some(last) = changes.last().map(|change| change.seq) else { continue };
            any = true;
            for shelf in shelves {
                self.update(shelf, seq, &changes, last).await?;
            }
        }
        Ok(any)
    }

    /// Makes a shelf's next desk from the changes after `from`, unless somebody else has done so meanwhile.
    async fn update(&self, shelf: &Shelf, from: Seq, changes: &[Change], last: Seq) -> Result<(), OpenError> {
        let _alone = shelf.updating.lock().await;
        let Some(desk) = shelf.desk().filter(|desk| desk.seq() == Some(from)) else { return Ok(()) };
        let ids: BTreeSet<_> = changes
            .iter()
            .filter(|change| change.collection == shelf.collection)
            .map(|change| change.article)
            .collect();
        let mut library = desk.library().clone();
        let mut changed = Vec::with_capacity(ids.len());
        for id in ids {
            let here = match self.inner.store.article(id).await {
                Ok(Some(stored)) => library.put_stored(stored),
                Ok(None) => library.take_out_stored(id),
                Err(StoreError { problem: problem @ Problem::Damaged { .. }, .. }) => {
                    tracing::error!(%problem, "left out");
                    library.take_out_stored(id)
                }
                Err(error) => return Err(error.into()),
            };
            changed.extend(here);
        }
        let next = desk.next(library, changed, self.kept(shelf.collection, last)).await?;
        if let Some(current) = shelf.desk.get() {
            *current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        }
        Ok(())
    }
}

impl Shelf {
    fn new(collection: CollectionId) -> Self {
        Self {
            collection,
            desk: OnceCell::new(),
            updating: tokio::sync::Mutex::default(),
            used: Mutex::new(Instant::now()),
        }
    }

    fn desk(&self) -> Option<Arc<Desk>> {
        self.desk.get().map(|desk| Arc::clone(&desk.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// What is behind these locks is whole at every moment: a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
