//! What commands answer from: the library and everything derived from it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::OnceCell;
use tokio::task::{JoinError, spawn_blocking};

use crate::library::store::{CollectionId, FeedEntry, Seq, Store, StoreError};
use crate::library::{ArticleId, Filter, Library, Named};
use crate::matcher::{MatchError, Matcher, Thresholds};
use crate::quotes::{self, Corrections, Known, QuoteBook};

use super::keeper::{Keeper, lock};
use super::problem::nearest;
use super::{Args, Problem};

/// What the configuration says of answers.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// How many passages an answer keeps for paging.
    pub passages: usize,
    /// From which confidence on a passage answers, and is near.
    pub thresholds: Thresholds,
    /// How many sentences a summary has.
    pub summary_sentences: usize,
    /// Whether managers of any community may change the collection that all share.
    pub shared_open: bool,
    /// How many articles the managers of one community may add in a day; nothing sets no bound.
    pub articles_a_day: Option<u32>,
    /// How many feeds they may subscribe to; nothing sets no bound.
    pub feeds: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            passages: 3,
            thresholds: Thresholds::default(),
            summary_sentences: 3,
            shared_open: false,
            articles_a_day: None,
            feeds: None,
        }
    }
}

/// The articles that are read together, with their search index and their quotations, each made when it is first needed: a
/// one-shot command pays only for what it uses.
///
/// A desk never changes. When articles do, another one is made from it.
#[derive(Debug)]
pub struct Desk {
    library: Arc<Library>,
    matcher: OnceCell<Arc<Matcher>>,
    book: OnceCell<Arc<QuoteBook>>,
    /// Whether somebody wants the quotations: then the next desk has them too.
    book_wanted: AtomicBool,
    /// The desk before this one, whose quotations these are but for the articles that changed; until they are made.
    before: Mutex<Option<Before>>,
    kept: Option<Kept>,
    /// What the configuration says.
    pub settings: Settings,
}

/// The desk before another, and the articles that changed between the two.
type Before = (Arc<Desk>, Arc<[ArticleId]>);

/// Where a desk's articles are kept, for one that comes from a store.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// The store.
    pub(super) store: Store,
    /// The collection.
    pub(super) collection: CollectionId,
    /// The folder of the collection's index.
    pub(super) index: PathBuf,
    /// The last change that the library holds.
    pub(super) seq: Seq,
    /// Who keeps the quotations that had to be found.
    pub(super) keeper: Arc<Keeper>,
}

/// Why a desk could not give what was asked of it.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The search index could not be made or read.
    #[error(transparent)]
    Match(#[from] MatchError),
    /// The store did not give what it keeps of it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A defect of ours: the work ended early.
    #[error("the work ended early: {0}")]
    Task(#[from] JoinError),
}

impl Desk {
    /// A desk over a library that no store keeps.
    #[must_use]
    pub fn new(library: Library, settings: Settings) -> Self {
        Self::over(library, None, settings)
    }

    pub(super) fn over(library: Library, kept: Option<Kept>, settings: Settings) -> Self {
        Self {
            library: Arc::new(library),
            matcher: OnceCell::new(),
            book: OnceCell::new(),
            book_wanted: AtomicBool::new(false),
            before: Mutex::default(),
            kept,
            settings,
        }
    }

    /// The desk after a change: over `library`, in which the articles numbered `changed` are new, have another version or
    /// were taken out. It can answer questions at once; its quotations, where they are wanted, come of the old ones when they
    /// are asked for, so that nobody waits for what he did not ask.
    pub(super) async fn next(
        self: &Arc<Self>,
        library: Library,
        changed: Vec<ArticleId>,
        kept: Kept,
    ) -> Result<Self, DeskError> {
        let seq = kept.seq;
        let mut next = Self::over(library, Some(kept), self.settings);
        let library = Arc::clone(&next.library);
        // A folder's index is open once in a process: where no question has opened it yet, this does.
        let matcher = Arc::clone(self.matcher().await?);
        let changed: Arc<[ArticleId]> = changed.into();
        let these = Arc::clone(&changed);
        let matcher = spawn_blocking(move || matcher.updated(&library, &these, seq)).await??;
        next.matcher = OnceCell::new_with(Some(Arc::new(matcher)));
        if self.wants_book() {
            next.before = Mutex::new(Some((Arc::clone(self), changed)));
            next.book_wanted = AtomicBool::new(true);
        }
        Ok(next)
    }

    /// Makes everything now, so that the first question need not wait.
    ///
    /// # Errors
    /// [`DeskError`] when the index can't be made.
    pub async fn prepare(&self) -> Result<(), DeskError> {
        let (matcher, book) = tokio::join!(self.matcher(), self.book());
        matcher?;
        book?;
        Ok(())
    }

    /// The articles.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The last change of the store that this desk knows; nothing for one that comes from no store.
    #[must_use]
    pub fn seq(&self) -> Option<Seq> {
        self.kept.as_ref().map(|kept| kept.seq)
    }

    /// The collection that this desk is over; nothing for one that comes from no store.
    #[must_use]
    pub fn collection(&self) -> Option<CollectionId> {
        self.kept.as_ref().map(|kept| kept.collection)
    }

    /// The feeds of this desk's collection; none where the store can't tell, or there is none.
    pub(super) async fn feeds(&self) -> Vec<FeedEntry> {
        match &self.kept {
            Some(Kept { store, collection, .. }) => store.feeds(*collection).await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// The search index.
    ///
    /// # Errors
    /// [`DeskError`] when it can't be made.
    pub async fn matcher(&self) -> Result<&Arc<Matcher>, DeskError> {
        let thresholds = self.settings.thresholds;
        let make = async || {
            let (library, kept) = (Arc::clone(&self.library), self.kept.clone());
            let matcher = spawn_blocking(move || match kept {
                Some(kept) => Matcher::open(&kept.index, &library, kept.seq, |_| ()),
                None => Matcher::build(&library),
            });
            let matcher = matcher.await??;
            Ok(Arc::new(matcher.with_thresholds(thresholds)))
        };
        self.matcher.get_or_try_init(make).await
    }

    /// Whether somebody asked for the quotations, of this desk or of one that it came of.
    pub(super) fn wants_book(&self) -> bool {
        self.book_wanted.load(Ordering::Relaxed)
    }

    /// The quotations.
    ///
    /// # Errors
    /// [`DeskError`] when they can't be gathered.
    pub async fn book(&self) -> Result<&Arc<QuoteBook>, DeskError> {
        self.book_wanted.store(true, Ordering::Relaxed);
        let make = async || {
            let before = lock(&self.before).clone();
            let book = match before {
                Some((before, changed)) => self.book_after(&before, &changed).await?,
                None => self.whole_book().await?,
            };
            lock(&self.before).take();
            let book = Arc::new(book);
            if let Some(kept) = &self.kept {
                kept.keeper.keep(&kept.store, kept.collection, &self.library, &book);
            }
            Ok(book)
        };
        self.book.get_or_try_init(make).await
    }

    async fn whole_book(&self) -> Result<QuoteBook, DeskError> {
        let (known, corrections) = match &self.kept {
            Some(Kept { store, collection, .. }) => (
                quotes::kept::load(store, *collection, &self.library).await?,
                quotes::kept::corrections(store, *collection, &self.library).await?,
            ),
            None => (Known::new(), Corrections::new()),
        };
        let library = Arc::clone(&self.library);
        Ok(spawn_blocking(move || QuoteBook::of_corrected(&library, known, &corrections)).await?)
    }

    /// The quotations of the desk before, with those of the articles that changed.
    async fn book_after(&self, before: &Desk, changed: &Arc<[ArticleId]>) -> Result<QuoteBook, DeskError> {
        // Boxed, for it may itself ask the desk before it.
        let book = Arc::clone(Box::pin(before.book()).await?);
        let (known, corrections) = match &self.kept {
            Some(Kept { store, .. }) => (
                quotes::kept::load_of(store, &self.library, changed).await?,
                quotes::kept::corrections_of(store, &self.library, changed).await?,
            ),
            None => (Known::new(), Corrections::new()),
        };
        let (library, changed) = (Arc::clone(&self.library), Arc::clone(changed));
        Ok(spawn_blocking(move || book.updated_corrected(&library, &changed, known, &corrections)).await?)
    }

    /// The article that a person names.
    ///
    /// # Errors
    /// [`Problem`] when none or several fit.
    pub fn article(&self, name: &str) -> Result<ArticleId, Problem> {
        let title = |id: ArticleId| self.library.article(id).meta().title.clone();
        match self.library.named(name) {
            Named::One(id) => Ok(id),
            Named::Several(ids) => Err(Problem::WhichArticle {
                typed: name.to_owned(),
                titles: ids.into_iter().take(MAX_CHOICES).map(title).collect(),
            }),
            Named::None(near) => Err(Problem::NoArticle { typed: name.to_owned(), near: near.map(title) }),
        }
    }

    /// The filter that the options `article`, `outlet`, `since` and `until` ask for.
    ///
    /// # Errors
    /// [`Problem`] when one names nothing that is held.
    pub fn filter(&self, args: &Args) -> Result<Filter, Problem> {
        Ok(Filter {
            article: args.quote("article").map(|name| self.article(name)).transpose()?,
            outlet: args.quote("outlet").map(|name| self.outlet(name)).transpose()?,
            since: args.day("since"),
            until: args.day("until"),
        })
        .and_then(|filter| match (filter.since, filter.until) {
            (Some(since), Some(until)) if since > until => Err(Problem::NoDays),
            _ => Ok(filter),
        })
    }

    fn outlet(&self, typed: &str) -> Result<String, Problem> {
        let held = self.library.outlets();
        let wanted = typed.to_lowercase();
        let same = held.iter().find(|outlet| outlet.to_lowercase() == wanted);
        let part = || {
            let mut holding = held.iter().filter(|outlet| outlet.to_lowercase().contains(&wanted));
            holding.next().filter(|_| holding.next().is_none())
        };
        same.or_else(part).map(|outlet| (*outlet).to_owned()).ok_or_else(|| Problem::NoOutlet {
            typed: typed.to_owned(),
            near: nearest_outlet(typed, &held).map(str::to_owned),
            held: held.iter().take(MAX_OUTLETS).map(|outlet| (*outlet).to_owned()).collect(),
            more: held.len().saturating_sub(MAX_OUTLETS),
        })
    }
}

/// How many choices a problem names: as many as a person reads.
const MAX_CHOICES: usize = 5;

/// How many outlets.
const MAX_OUTLETS: usize = 8;

/// The outlet that is nearest to what was typed, which may lack its article: "Guardain" is "The Guardian".
fn nearest_outlet<'l>(typed: &str, held: &[&'l str]) -> Option<&'l str> {
    let bare = |outlet: &'l str| outlet.strip_prefix("The ").unwrap_or(outlet);
    nearest(typed, held.iter().copied()).or_else(|| {
        let near = nearest(typed, held.iter().map(|outlet| bare(outlet)))?;
        held.iter().copied().find(|outlet| bare(outlet) == near)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlet_is_offered_without_its_article() {
        let held = ["Exton Courier", "The Herald"];
        for (typed, near) in [
            ("Heradl", Some("The Herald")),
            ("the heradl", Some("The Herald")),
            ("Exton Curier", Some("Exton Courier")),
        ] {
            assert_eq!(nearest_outlet(typed, &held), near, "{typed}");
        }
        assert_eq!(nearest_outlet("Tribune", &held), None);
    }
}
