//! The desks of a running process: one for each collection that is read here, kept up to date with the store.
//!
//! A [`Desk`] never changes. When the store tells of changes, the next one is made from it and takes its place; questions that
//! are being answered go on with the one that they have.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::OnceCell;

use super::desk::{DeskError, Kept};
use super::keeper::{Keeper, lock};
use super::{Desk, Place, Settings};
use crate::library::Library;
use crate::library::store::{CollectionId, Problem, SHARED, Seq, Store, StoreError, StoredId};

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

/// How often is looked for changes of which nobody told.
const LOOK: Duration = Duration::from_secs(10);

/// How long one page of articles, or one batch of changes, may take; a database server that vanished without a word never answers.
const PATIENCE: Duration = Duration::from_secs(120);

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
    /// How long the store may take for one thing.
    patience: Duration,
}

/// A collection that is read here.
#[derive(Debug)]
struct Shelf {
    collection: CollectionId,
    desk: OnceCell<RwLock<Arc<Desk>>>,
    keeper: Arc<Keeper>,
    /// Whether what changed while the desk was read has been taken over.
    settled: AtomicBool,
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
    /// The store did not answer in time.
    #[error("the library did not answer within {} s", PATIENCE.as_secs())]
    TimedOut,
}

impl Desks {
    /// Desks over `store`, whose indexes are kept in the folder `indexes`.
    #[must_use]
    pub fn new(store: Store, indexes: PathBuf, settings: Settings) -> Self {
        Self { inner: Arc::new(Inner { store, settings, indexes, shelves: Mutex::default(), patience: PATIENCE }) }
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
        let community = self.in_time(self.inner.store.known_community(&place.network, &place.community)).await?;
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
        if !shelf.settled.load(Ordering::Acquire) {
            let opened = shelf.desk.get_or_try_init(async || Ok::<_, OpenError>(RwLock::new(self.open(&shelf).await?)));
            opened.await?;
            // What changed while it was read, and before those who follow the store could see this shelf. Whoever fails in it
            // leaves it to the next who asks.
            while self.catch_up(&shelf).await? {}
            shelf.settled.store(true, Ordering::Release);
        }
        Ok(shelf.desk().unwrap_or_else(|| Arc::new(Desk::new(Library::default(), self.inner.settings))))
    }

    async fn open(&self, shelf: &Shelf) -> Result<Arc<Desk>, OpenError> {
        let started = Instant::now();
        let collection = shelf.collection;
        let seq = self.in_time(self.inner.store.latest_seq()).await?;
        let mut library = Library::default();
        let mut articles = self.inner.store.load_all(collection);
        loop {
            match self.in_time(articles.next()).await {
                Ok(Some(stored)) => drop(library.put_stored(stored)),
                Ok(None) => break,
                // One article that can't be read hides no other.
                Err(OpenError::Store(StoreError { problem: problem @ Problem::Damaged { .. }, .. })) => {
                    tracing::error!(%problem, "left out");
                }
                Err(error) => return Err(error),
            }
        }
        let millis = started.elapsed().as_millis();
        tracing::debug!(collection = collection.0, articles = library.len(), millis, "read");
        Ok(Arc::new(Desk::over(library, Some(self.kept(shelf, seq)), self.inner.settings)))
    }

    fn kept(&self, shelf: &Shelf, seq: Seq) -> Kept {
        Kept {
            store: self.inner.store.clone(),
            collection: shelf.collection,
            index: self.inner.indexes.join(shelf.collection.0.to_string()),
            seq,
            keeper: Arc::clone(&shelf.keeper),
        }
    }

    /// Brings the desk over a collection up to date now, if there is one: for whoever has just changed it here.
    ///
    /// # Errors
    /// [`OpenError`]
    pub(super) async fn take_over(&self, collection: CollectionId) -> Result<(), OpenError> {
        let shelf = lock(&self.inner.shelves).get(&collection).map(Arc::clone);
        if let Some(shelf) = shelf {
            while self.catch_up(&shelf).await? {}
        }
        Ok(())
    }

    /// Keeps every desk up to date with the store, whoever changes it, until the future is dropped.
    pub async fn follow(&self) {
        let mut watch = self.inner.store.watch(Seq::default());
        let mut behind = false;
        loop {
            if behind {
                tokio::time::sleep(AFTER_TROUBLE).await;
            } else {
                // Also without a word of a change: a word can be lost, and what nobody asks for is put away.
                match tokio::time::timeout(LOOK, watch.changed()).await {
                    Ok(Ok(_)) | Err(_) => tokio::time::sleep(GATHER).await,
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "changes can't be heard of; asking again");
                        tokio::time::sleep(AFTER_TROUBLE).await;
                    }
                }
            }
            behind = !self.catch_up_all().await;
            self.put_away().await;
        }
    }

    /// Brings every desk up to date; whether all of them are. One that can't be holds back no other.
    async fn catch_up_all(&self) -> bool {
        let shelves: Vec<Arc<Shelf>> = lock(&self.inner.shelves).values().map(Arc::clone).collect();
        let mut all = true;
        for shelf in shelves {
            loop {
                match self.catch_up(&shelf).await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::warn!(collection = shelf.collection.0, %error, "changes could not be followed; trying again");
                        all = false;
                        break;
                    }
                }
            }
        }
        all
    }

    /// Up to which change of the store all search indexes are that are open; nothing while none is.
    #[must_use]
    pub fn indexed(&self) -> Option<Seq> {
        lock(&self.inner.shelves).values().filter_map(|shelf| shelf.desk()?.seq()).min()
    }

    /// Waits until what was found is kept in the store, for a process that is about to end.
    pub async fn settle(&self) {
        let shelves: Vec<Arc<Shelf>> = lock(&self.inner.shelves).values().map(Arc::clone).collect();
        for shelf in shelves {
            shelf.keeper.settle().await;
        }
    }

    /// Forgets collections that nobody has asked for long. The shared one stays.
    async fn put_away(&self) {
        let unused: Vec<Arc<Shelf>> = {
            let mut shelves = lock(&self.inner.shelves);
            let old = |collection: &CollectionId, shelf: &Shelf| {
                *collection != SHARED && lock(&shelf.used).elapsed() >= PUT_AWAY_AFTER
            };
            shelves.extract_if(|collection, shelf| old(collection, shelf)).map(|(_, shelf)| shelf).collect()
        };
        if !unused.is_empty() {
            // A whole library is freed, and an index closed: not on a thread that answers.
            drop(tokio::task::spawn_blocking(move || drop(unused)).await);
        }
    }

    /// What the store gives, or that it gave nothing in time: whoever asks a question is told so, and waits for no server for ever.
    async fn in_time<T, E: Into<OpenError>>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, OpenError> {
        let done = tokio::time::timeout(self.inner.patience, work).await;
        done.map_or(Err(OpenError::TimedOut), |done| done.map_err(Into::into))
    }

    /// Makes a shelf's next desk from the next changes, at most [`BATCH`]; whether there were any.
    async fn catch_up(&self, shelf: &Shelf) -> Result<bool, OpenError> {
        self.in_time(self.take_batch(shelf)).await
    }

    async fn take_batch(&self, shelf: &Shelf) -> Result<bool, OpenError> {
        let _alone = shelf.updating.lock().await;
        let Some(desk) = shelf.desk() else { return Ok(false) };
        let changes = self.inner.store.changes_since(desk.seq().unwrap_or_default(), BATCH).await?;
        let Some(last) = changes.last().map(|change| change.seq) else { return Ok(false) };
        let here = changes.iter().filter(|change| change.collection == shelf.collection);
        let ids: BTreeSet<StoredId> = here.map(|change| change.article).collect();
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
        let next = Arc::new(desk.next(library, changed, self.kept(shelf, last)).await?);
        if let Some(current) = shelf.desk.get() {
            *current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
        }
        if next.wants_book() {
            tokio::spawn(async move {
                if let Err(error) = next.book().await {
                    tracing::warn!(%error, "the quotations are not up to date; whoever asks for them tries again");
                }
            });
        }
        Ok(true)
    }
}

impl Shelf {
    fn new(collection: CollectionId) -> Self {
        Self {
            collection,
            desk: OnceCell::new(),
            keeper: Arc::default(),
            settled: AtomicBool::new(false),
            updating: tokio::sync::Mutex::default(),
            used: Mutex::new(Instant::now()),
        }
    }

    fn desk(&self) -> Option<Arc<Desk>> {
        self.desk.get().map(|desk| Arc::clone(&desk.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::store::StoreUrl;

    #[tokio::test]
    async fn a_library_that_does_not_answer_is_told_and_waited_for_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let desks = Desks::new(store.clone(), folder.path().join("index"), Settings::default());
        desks.desk(SHARED).await.unwrap();
        // Somebody is at it, and never ends.
        let shelf = lock(&desks.inner.shelves).get(&SHARED).map(Arc::clone).unwrap();
        let _never = shelf.updating.lock().await;
        shelf.settled.store(false, Ordering::Release);
        let patience = Duration::from_millis(50);
        let inner = Inner {
            store,
            settings: Settings::default(),
            indexes: folder.path().join("index"),
            shelves: Mutex::new([(SHARED, Arc::clone(&shelf))].into()),
            patience,
        };
        let desks = Desks { inner: Arc::new(inner) };
        let long = Duration::from_secs(20);
        let taken = tokio::time::timeout(long, desks.take_over(SHARED)).await.expect("a command's wait ends");
        assert!(matches!(taken, Err(OpenError::TimedOut)), "{taken:?}");
        let asked = tokio::time::timeout(long, desks.desk(SHARED)).await.expect("a question's wait ends");
        assert!(matches!(asked, Err(OpenError::TimedOut)), "{asked:?}");
        let told = crate::router::Problem::from(OpenError::TimedOut).to_string();
        assert!(told.contains("did not answer in time"), "{told}");
    }
}
