//! What is held: the articles, and how to find one by its name.
//!
//! Everything above this layer reads articles through a [`Library`]; everything below does not know it exists.

mod find;
pub mod store;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::article::{Article, Published};

pub use find::Named;

/// The number of an article in a library, stable while the library lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArticleId(pub u32);

/// The articles that are held, in the order in which they were added.
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
    articles: Vec<Arc<Article>>,
    by_key: HashMap<String, ArticleId>,
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
            && self.outlet.as_ref().is_none_or(|wanted| {
                meta.outlet.as_ref().is_some_and(|outlet| outlet.to_lowercase() == wanted.to_lowercase())
            })
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
        let id = ArticleId(u32::try_from(self.articles.len()).unwrap_or(u32::MAX));
        self.by_key.insert(article.key().to_owned(), id);
        self.articles.push(Arc::new(article));
        id
    }

    /// How many articles are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// The article with this number.
    ///
    /// # Panics
    /// When `id` comes from another library.
    #[must_use]
    pub fn article(&self, id: ArticleId) -> &Arc<Article> {
        &self.articles[id.0 as usize]
    }

    /// The article with this number, if this library holds it.
    #[must_use]
    pub fn get(&self, id: ArticleId) -> Option<&Arc<Article>> {
        self.articles.get(id.0 as usize)
    }

    /// The article with this key.
    #[must_use]
    pub fn by_key(&self, key: &str) -> Option<ArticleId> {
        self.by_key.get(key).copied()
    }

    /// All articles with their numbers, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ArticleId, &Arc<Article>)> {
        self.articles.iter().enumerate().map(|(n, article)| (ArticleId(u32::try_from(n).unwrap_or(u32::MAX)), article))
    }

    /// The earliest and the latest publication date among the dated articles.
    #[must_use]
    pub fn dates(&self) -> Option<(Published, Published)> {
        let dated = || self.articles.iter().filter_map(|a| a.meta().published);
        Some((dated().min_by_key(Published::order_key)?, dated().max_by_key(Published::order_key)?))
    }

    /// The names of all outlets, each once, in alphabetical order.
    #[must_use]
    pub fn outlets(&self) -> Vec<&str> {
        let mut outlets: Vec<&str> = self.articles.iter().filter_map(|a| a.meta().outlet.as_deref()).collect();
        outlets.sort_unstable();
        outlets.dedup();
        outlets
    }
}
