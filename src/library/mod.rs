//! What is held: the articles, and how to find one by its name.
//!
//! Everything above this layer reads articles through a [`Library`]; everything below does not know it exists.

mod find;
pub mod store;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::article::{Article, Published};

pub use find::Named;
use store::{Stored, StoredId};

/// The number of an article in a library. It stays with the article while the library lives, through new versions, and is not
/// given to another when the article is taken out; so it can be an index into whatever is kept beside the library, with
/// [`Library::slots`] places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArticleId(pub u32);

impl ArticleId {
    /// Whether it is the number of an [earlier version](Library::put_earlier), and not of an article that is held.
    #[must_use]
    pub fn is_earlier(self) -> bool {
        self.0 >= FIRST_EARLIER
    }
}

/// Which article and version of a store an article of a library is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mark {
    /// Its number in the store.
    pub id: StoredId,
    /// Its number in its collection, from 1; see [`Library::number`].
    pub number: i64,
    /// The version, counted from 1.
    pub version: i64,
    /// When the article was first added to the store.
    pub added_at: Timestamp,
    /// Whether that was in another store, from which it was moved here later.
    pub moved: bool,
    /// Whether it is no news to anybody, however late it came.
    pub silent: bool,
}

/// The articles that are held, in the order in which they were added: those that are read together.
///
/// Cheap to clone: the articles themselves are shared.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::library::Library;
/// let mut library = Library::default();
/// let id = library.add(read_text("a", "One thing\n\nIt happened.\n", Format::Text)?);
/// assert_eq!(library.article(id).meta().title, "One thing");
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[derive(Debug, Default, Clone)]
pub struct Library {
    /// By number; a place whose article was taken out stays empty.
    places: Vec<Option<Place>>,
    held: usize,
    by_key: HashMap<String, ArticleId>,
    by_mark: HashMap<StoredId, ArticleId>,
    by_number: HashMap<i64, ArticleId>,
    /// Versions that are not current, numbered from [`FIRST_EARLIER`].
    earlier: Vec<Place>,
}

/// The first number of an [earlier version](Library::put_earlier): beyond those of the articles of any library.
const FIRST_EARLIER: u32 = 1 << 31;

#[derive(Debug, Clone)]
struct Place {
    article: Arc<Article>,
    mark: Option<Mark>,
}

/// Which articles a question or a look-up may use. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this article.
    pub article: Option<ArticleId>,
    /// Only articles of this outlet (compared without case).
    pub outlet: Option<String>,
    /// Only articles published on this day or later; undated articles are then left out.
    pub since: Option<Date>,
    /// Only articles published on this day or earlier; undated articles are then left out.
    pub until: Option<Date>,
}

impl Filter {
    /// Whether nothing is filtered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an article passes.
    #[must_use]
    pub fn admits(&self, id: ArticleId, article: &Article) -> bool {
        let meta = article.meta();
        let day = meta.published.map(|p| p.date);
        self.article.is_none_or(|only| only == id)
            && self
                .outlet
                .as_ref()
                .is_none_or(|wanted| meta.outlet.as_ref().is_some_and(|outlet| same_outlet(outlet, wanted)))
            && self.since.is_none_or(|since| day.is_some_and(|day| day >= since))
            && self.until.is_none_or(|until| day.is_some_and(|day| day <= until))
    }
}

impl Library {
    /// Adds an article and returns its number. A key that is taken gets a suffix: `name-2`, `name-3`, …
    pub fn add(&mut self, mut article: Article) -> ArticleId {
        if self.by_key.contains_key(article.key()) {
            let stem = article.key().to_owned();
            let free = (2..).map(|n| format!("{stem}-{n}")).find(|key| !self.by_key.contains_key(key));
            article.rename(free.unwrap_or(stem));
        }
        self.put(Place { article: Arc::new(article), mark: None })
    }

    /// Puts in what a store holds: a new article, or in its place a new version of one that is here. A removed one is taken
    /// out. The number that it has (or had) here; `None` when it was removed and was not here.
    pub fn put_stored(&mut self, stored: Stored) -> Option<ArticleId> {
        let Stored { id, number, article, version, added_at, moved, silent, removed_at, .. } = stored;
        if removed_at.is_some() {
            return self.take_out_stored(id);
        }
        let mark = Mark { id, number, version, added_at, moved, silent };
        let place = Place { article: Arc::new(article), mark: Some(mark) };
        let Some(here) = self.by_stored(id) else { return Some(self.put(place)) };
        let slot = self.places.get_mut(here.0 as usize)?;
        let key = place.article.key().to_owned();
        if let Some(old) = slot.replace(place)
            && self.by_key.get(old.article.key()) == Some(&here)
        {
            self.by_key.remove(old.article.key());
        }
        self.by_key.insert(key, here);
        Some(here)
    }

    /// Puts in an earlier version of an article, only so that its words can be quoted and compared with what they were: nobody
    /// finds it, lists it or answers from it. Its number tells that ([`ArticleId::is_earlier`]); `None` when the article was
    /// removed.
    pub fn put_earlier(&mut self, stored: Stored) -> Option<ArticleId> {
        let Stored { id, number, article, version, added_at, moved, silent, removed_at, .. } = stored;
        if removed_at.is_some() {
            return None;
        }
        if let Some(here) = self.earlier(id, version) {
            return Some(here);
        }
        let here = ArticleId(FIRST_EARLIER.checked_add(narrow(self.earlier.len()))?);
        let mark = Mark { id, number, version, added_at, moved, silent };
        self.earlier.push(Place { article: Arc::new(article), mark: Some(mark) });
        Some(here)
    }

    /// The earlier version of an article, if it was put in.
    #[must_use]
    pub fn earlier(&self, id: StoredId, version: i64) -> Option<ArticleId> {
        let same = |place: &Place| place.mark.is_some_and(|mark| mark.id == id && mark.version == version);
        self.earlier.iter().position(same).map(|at| ArticleId(FIRST_EARLIER + narrow(at)))
    }

    /// Takes out the article that has this number in the store; the number that it had here.
    pub fn take_out_stored(&mut self, id: StoredId) -> Option<ArticleId> {
        let here = self.by_mark.remove(&id)?;
        if let Some(gone) = self.places.get_mut(here.0 as usize).and_then(Option::take) {
            self.held -= 1;
            self.by_number.remove(&number_of(here, gone.mark));
            if self.by_key.get(gone.article.key()) == Some(&here) {
                self.by_key.remove(gone.article.key());
            }
        }
        Some(here)
    }

    fn put(&mut self, place: Place) -> ArticleId {
        let id = ArticleId(narrow(self.places.len()));
        self.by_key.insert(place.article.key().to_owned(), id);
        if let Some(mark) = place.mark {
            self.by_mark.insert(mark.id, id);
        }
        self.by_number.insert(number_of(id, place.mark), id);
        self.places.push(Some(place));
        self.held += 1;
        id
    }

    /// How many articles are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// One more than the highest number that was ever given: the length of a list that [`ArticleId`]s are indices into.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.places.len()
    }

    /// The article with this number.
    ///
    /// # Panics
    /// When `id` comes from another library, or its article was taken out.
    #[must_use]
    pub fn article(&self, id: ArticleId) -> &Arc<Article> {
        self.get(id).expect("a number of this library")
    }

    /// The article with this number, if this library holds it.
    #[must_use]
    pub fn get(&self, id: ArticleId) -> Option<&Arc<Article>> {
        self.place(id).map(|place| &place.article)
    }

    /// What the article with this number is in the store; nothing for one that came from no store.
    #[must_use]
    pub fn mark(&self, id: ArticleId) -> Option<Mark> {
        self.place(id)?.mark
    }

    /// The number by which people call an article, in lists and commands: the one that its collection's store gave it, the same
    /// in every process and never another's; without a store, its place, from 1.
    #[must_use]
    pub fn number(&self, id: ArticleId) -> i64 {
        number_of(id, self.mark(id))
    }

    /// The article that people call by this number.
    #[must_use]
    pub fn by_number(&self, number: i64) -> Option<ArticleId> {
        self.by_number.get(&number).copied()
    }

    fn place(&self, id: ArticleId) -> Option<&Place> {
        match id.0.checked_sub(FIRST_EARLIER) {
            Some(earlier) => self.earlier.get(earlier as usize),
            None => self.places.get(id.0 as usize)?.as_ref(),
        }
    }

    /// The article with this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<ArticleId> {
        self.by_key.get(key).copied()
    }

    /// The article with this number in the store.
    #[must_use]
    pub fn by_stored(&self, id: StoredId) -> Option<ArticleId> {
        self.by_mark.get(&id).copied()
    }

    /// All articles with their numbers, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (ArticleId, &Arc<Article>)> {
        let numbered = self.places.iter().enumerate();
        numbered.filter_map(|(n, place)| Some((ArticleId(narrow(n)), &place.as_ref()?.article)))
    }

    fn articles(&self) -> impl Iterator<Item = &Article> {
        self.places.iter().flatten().map(|place| &*place.article)
    }

    /// For each number whether its article passes a filter: for those who ask of thousands of passages or quotations.
    pub(crate) fn admitted(&self, filter: &Filter) -> Vec<bool> {
        let mut admitted = vec![false; self.slots()];
        for (id, article) in self.iter() {
            if let Some(passes) = admitted.get_mut(id.0 as usize) {
                *passes = filter.admits(id, article);
            }
        }
        admitted
    }

    /// The earliest and the latest publication date among the dated articles.
    #[must_use]
    pub fn dates(&self) -> Option<(Published, Published)> {
        let dated = || self.articles().filter_map(|a| a.meta().published);
        Some((dated().min_by_key(Published::order_key)?, dated().max_by_key(Published::order_key)?))
    }

    /// The names of all outlets, each once, in alphabetical order.
    #[must_use]
    pub fn outlets(&self) -> Vec<&str> {
        let mut outlets: Vec<&str> = self.articles().filter_map(|a| a.meta().outlet.as_deref()).collect();
        outlets.sort_unstable();
        outlets.dedup();
        outlets
    }
}

/// Whether two names of outlets differ in case at most. Asked of every article of a library: nearly always ASCII decides.
fn same_outlet(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

fn number_of(id: ArticleId, mark: Option<Mark>) -> i64 {
    mark.map_or(i64::from(id.0) + 1, |mark| mark.number)
}

fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::store::CollectionId;

    fn stored(id: i64, version: i64, key: &str, title: &str) -> Stored {
        let text = format!("{title}\n\nSomething happened here today.\n");
        Stored {
            id: StoredId(id),
            collection: CollectionId(1),
            number: 100 + id,
            article: read_text(key, &text, Format::Text).unwrap(),
            version,
            added_at: Timestamp::UNIX_EPOCH,
            moved: false,
            silent: false,
            changed_at: Timestamp::UNIX_EPOCH,
            duplicate_of: None,
            removed_at: None,
        }
    }

    #[test]
    fn a_new_version_takes_the_place_of_the_old_one() {
        let mut library = Library::default();
        let id = library.put_stored(stored(7, 1, "ferry", "Ferry late")).unwrap();
        library.put_stored(stored(8, 1, "pier", "Pier shut"));
        assert_eq!(library.put_stored(stored(7, 2, "boat", "Ferry on time")), Some(id));
        assert_eq!((library.len(), library.slots()), (2, 2));
        assert_eq!(library.article(id).meta().title, "Ferry on time");
        assert_eq!(library.mark(id).map(|mark| mark.version), Some(2));
        assert_eq!((library.by_key("ferry"), library.by_key("boat")), (None, Some(id)));
        assert_eq!((library.number(id), library.by_number(107), library.by_number(1)), (107, Some(id), None));
    }

    #[test]
    fn an_earlier_version_is_there_to_be_quoted_and_found_by_nobody() {
        let mut library = Library::default();
        let now = library.put_stored(stored(7, 2, "ferry", "Ferry on time")).unwrap();
        let before = library.put_earlier(stored(7, 1, "ferry", "Ferry late")).unwrap();
        assert_eq!(library.put_earlier(stored(7, 1, "ferry", "Ferry late")), Some(before));
        assert!(before.is_earlier() && !now.is_earlier());
        assert_eq!(library.article(before).meta().title, "Ferry late");
        assert_eq!((library.mark(before).unwrap().version, library.earlier(StoredId(7), 2)), (1, None));
        assert_eq!((library.len(), library.slots(), library.iter().count()), (1, 1, 1));
        assert_eq!((library.by_key("ferry"), library.by_stored(StoredId(7))), (Some(now), Some(now)));
        let removed = Stored { removed_at: Some(Timestamp::UNIX_EPOCH), ..stored(8, 1, "pier", "Pier shut") };
        assert_eq!(library.put_earlier(removed), None);
    }

    #[test]
    fn a_number_is_not_given_twice() {
        let mut library = Library::default();
        let gone = library.put_stored(stored(7, 1, "ferry", "Ferry late")).unwrap();
        let removed = Stored { removed_at: Some(Timestamp::UNIX_EPOCH), ..stored(7, 1, "ferry", "Ferry late") };
        assert_eq!(library.put_stored(removed), Some(gone));
        assert!(library.is_empty() && library.get(gone).is_none() && library.by_key("ferry").is_none());
        let next = library.put_stored(stored(9, 1, "ferry", "Ferry back")).unwrap();
        assert_ne!(next, gone);
        assert_eq!(library.iter().map(|(id, _)| id).collect::<Vec<_>>(), [next]);
    }
}
