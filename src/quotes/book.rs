//! The [`QuoteBook`]: the quotations of a library, with what looking them up needs.

use rayon::prelude::*;

use super::index::Index;
use super::people::People;
use super::{Held, QuoteBook};
use crate::library::{ArticleId, Filter, Library};

impl QuoteBook {
    /// Finds the quotations of every article, on all cores, and indexes them.
    #[must_use]
    pub fn build(library: &Library) -> Self {
        let articles: Vec<_> = library.iter().collect();
        let held: Vec<Held> = articles
            .par_iter()
            .map(|(id, article)| {
                let held = |quotation| Held { article: *id, quotation };
                super::find(article).into_iter().map(held).collect::<Vec<_>>()
            })
            .collect::<Vec<_>>()
            .into_iter()
            .flatten()
            .collect();
        let article = |held: &Held| library.get(held.article).map(AsRef::as_ref);
        let (index, people) = rayon::join(|| Index::build(&held, article), || People::of(&held, article));
        Self { held, index, people }
    }

    /// All quotations, by article in the order of the library, then in reading order.
    #[must_use]
    pub fn all(&self) -> &[Held] {
        &self.held
    }

    /// Every named speaker with the number of their quotations, most quoted first.
    ///
    /// Names are as the articles write them, the fullest form of each person.
    #[must_use]
    pub fn speakers(&self) -> Vec<(String, usize)> {
        self.people.counted()
    }

    /// For every article of the library: whether it passes. Looking up asks this of thousands of quotations.
    pub(super) fn admitted(library: &Library, filter: &Filter) -> Option<Vec<bool>> {
        (!filter.is_empty()).then(|| library.admitted(filter))
    }
}

/// Whether an article passes a filter that [`QuoteBook::admitted`] has worked out.
pub(super) fn passes(admitted: Option<&[bool]>, id: ArticleId) -> bool {
    admitted.is_none_or(|admitted| admitted.get(id.0 as usize).copied().unwrap_or(false))
}
