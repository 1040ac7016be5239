//! The [`QuoteBook`]: the quotations of a library, with what looking them up needs.
//!
//! A book is a snapshot: it answers for the library as it was when the book was made, and is not changed. A changed library
//! gets a new book from the one before it, and the two share what is the same in both. What is made anew for one article:
//! the lists of its block (`block.rs`), and the circles of the names that its speakers bear (`people.rs`).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use rayon::prelude::*;

use super::block::Page;
use super::index::News;
use super::{CONFIDENT, Corrections, Held, Quotation, QuoteBook, correct};
use crate::article::Article;
use crate::library::{ArticleId, Filter, Library};

/// Quotations that need not be found again, by article: [`kept::load`](super::kept::load) reads those that a store has.
/// They must be those of the version that the library holds.
pub type Known = HashMap<ArticleId, Vec<Quotation>>;

impl QuoteBook {
    /// Finds the quotations of every article, on all cores, and indexes them.
    #[must_use]
    pub fn build(library: &Library) -> Self {
        Self::of(library, Known::new())
    }

    /// The book of a library some of whose quotations are known. Those of the other articles are found, on all cores;
    /// [`found`](QuoteBook::found) tells which these are.
    #[must_use]
    pub fn of(library: &Library, known: Known) -> Self {
        Self::of_corrected(library, known, &Corrections::new())
    }

    /// The same with what people corrected.
    #[must_use]
    pub fn of_corrected(library: &Library, mut known: Known, corrections: &Corrections) -> Self {
        let articles = library.iter().map(|(id, article)| (id, Some(&**article), known.remove(&id))).collect();
        Self::default().with(articles, corrections)
    }

    /// The book of the same library when only the articles `changed` are new, have another version or were taken out. It
    /// answers as [`build`](QuoteBook::build) would, and takes milliseconds for an article.
    #[must_use]
    pub fn updated(&self, library: &Library, changed: &[ArticleId], known: Known) -> Self {
        self.updated_corrected(library, changed, known, &Corrections::new())
    }

    /// The same with what people corrected in the articles that changed.
    #[must_use]
    pub fn updated_corrected(
        &self,
        library: &Library,
        changed: &[ArticleId],
        mut known: Known,
        corrections: &Corrections,
    ) -> Self {
        let changed: BTreeSet<ArticleId> = changed.iter().copied().collect();
        let article = |id: &ArticleId| library.get(*id).map(AsRef::as_ref);
        let articles = changed.iter().map(|id| (*id, article(id), known.remove(id))).collect();
        let next = self.with(articles, corrections);
        if next.index.is_worn() {
            let index = &next.index;
            let quotations = |page: &Page| page.held.iter().map(|held| held.quotation.clone()).collect();
            let known =
                library.iter().map(|(id, _)| (id, index.page(id).map(|page| quotations(page)).unwrap_or_default()));
            return Self { found: next.found, ..Self::of(library, known.collect()) };
        }
        next
    }

    /// The book with these articles in the place of what it has of them.
    fn with(&self, articles: Vec<Version<'_>>, corrections: &Corrections) -> Self {
        let (news, found) = complete(articles, corrections);
        let old: Vec<&Page> = news.iter().filter_map(|(id, _)| self.index.page(*id)).map(AsRef::as_ref).collect();
        let (index, people) = self.index.updated(news, |new| self.people.updated(&old, new));
        Self { index, people, found, counted: OnceLock::new() }
    }

    /// The articles whose quotations were not known when this book was made, and so were found, in ascending order: those
    /// to keep for the next time ([`kept::keep`](super::kept::keep)).
    #[must_use]
    pub fn found(&self) -> &[ArticleId] {
        &self.found
    }

    /// How many quotations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.quotations()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All quotations, by article in the order of the library, then in reading order.
    pub fn all(&self) -> impl Iterator<Item = &Held> {
        self.index.pages().flat_map(|page| &page.held)
    }

    /// The quotations of one article, in reading order.
    #[must_use]
    pub fn of_article(&self, id: ArticleId) -> &[Held] {
        self.index.page(id).map_or(&[], |page| &page.held)
    }

    /// How many quotations of one article count as someone's words ([`CONFIDENT`]).
    #[must_use]
    pub fn attributed_in(&self, id: ArticleId) -> usize {
        self.of_article(id).iter().filter(|held| held.quotation.confidence >= CONFIDENT).count()
    }

    /// Every named speaker with the number of their quotations, most quoted first.
    ///
    /// Names are as the articles write them, the fullest form of each person.
    #[must_use]
    pub fn speakers(&self) -> &[(Arc<str>, usize)] {
        self.counted.get_or_init(|| self.people.counted())
    }

    /// The speaker whom a typed name means beyond doubt: to the letter, by the surname that nobody else bears, or by letters.
    #[must_use]
    pub fn surely_named(&self, typed: &str) -> Option<&str> {
        self.people.surely_named(typed).map(|speaker| speaker.name())
    }

    /// Whose words a quotation is, as the library names them; `None` where its article names nobody.
    #[must_use]
    pub fn speaker_of(&self, held: &Held) -> Option<&str> {
        let name = held.quotation.speaker_name.as_deref()?;
        self.people.named(name, held.article).map(|speaker| speaker.name())
    }

    /// The names of each named speaker that are theirs whoever else is quoted, the one that the book calls them by first. A
    /// surname alone, letters or a name with an initial are not among them where they stand for a full name. Speakers come
    /// in no particular order.
    pub fn names(&self) -> impl Iterator<Item = Vec<&str>> {
        self.people.speakers().map(|speaker| speaker.names())
    }

    /// For every article of the library: whether it passes. Looking up asks this of thousands of quotations.
    pub(super) fn admitted(library: &Library, filter: &Filter) -> Option<Vec<bool>> {
        (!filter.is_empty()).then(|| library.admitted(filter))
    }
}

/// What is in an article's place, if anything is, and its quotations where they are known.
type Version<'a> = (ArticleId, Option<&'a Article>, Option<Vec<Quotation>>);

/// Finds the quotations that are not known, on all cores; also gives the articles of which they were found.
///
/// What was corrected is not among these: kept is what was found, so that a correction can be taken back.
fn complete<'a>(articles: Vec<Version<'a>>, corrections: &Corrections) -> (Vec<News<'a>>, Vec<ArticleId>) {
    let found = articles
        .iter()
        .filter(|(id, article, known)| article.is_some() && known.is_none() && !corrections.contains_key(id));
    let found = found.map(|(id, ..)| *id).collect();
    let news = articles.into_par_iter().map(|(id, article, known)| {
        let quotations = |article| {
            let mut quotations = known.unwrap_or_else(|| super::find(article));
            if let Some(corrections) = corrections.get(&id) {
                correct::apply(article, &mut quotations, corrections);
            }
            quotations
        };
        (id, article.map(|article| (article, quotations(article))))
    });
    (news.collect(), found)
}

/// Whether an article passes a filter that [`QuoteBook::admitted`] has worked out.
pub(super) fn passes(admitted: Option<&[bool]>, id: ArticleId) -> bool {
    admitted.is_none_or(|admitted| admitted.get(id.0 as usize).copied().unwrap_or(false))
}
