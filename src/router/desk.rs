//! What commands answer from: the library and everything derived from it.

use std::sync::OnceLock;

use crate::library::{ArticleId, Filter, Library, Named};
use crate::matcher::{MatchError, Matcher, Thresholds};
use crate::quotes::QuoteBook;

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
}

impl Default for Settings {
    fn default() -> Self {
        Self { passages: 3, thresholds: Thresholds::default(), summary_sentences: 3 }
    }
}

/// The library with its search index and its quotations, each made when it is first needed: a one-shot command pays only
/// for what it uses.
#[derive(Debug)]
pub struct Desk {
    library: Library,
    matcher: OnceLock<Matcher>,
    book: OnceLock<QuoteBook>,
    /// What the configuration says.
    pub settings: Settings,
}

impl Desk {
    /// A desk over `library`.
    #[must_use]
    pub fn new(library: Library, settings: Settings) -> Self {
        Self { library, matcher: OnceLock::new(), book: OnceLock::new(), settings }
    }

    /// Makes everything now, so that the first question need not wait.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be built.
    pub fn prepare(&self) -> Result<(), MatchError> {
        let (matcher, _) = rayon::join(|| self.matcher().map(drop), || self.book());
        matcher
    }

    /// The articles.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The search index.
    ///
    /// # Errors
    /// [`MatchError`] when it can't be built.
    pub fn matcher(&self) -> Result<&Matcher, MatchError> {
        if let Some(matcher) = self.matcher.get() {
            return Ok(matcher);
        }
        let built = Matcher::build(&self.library)?.with_thresholds(self.settings.thresholds);
        Ok(self.matcher.get_or_init(|| built))
    }

    /// The quotations.
    #[must_use]
    pub fn book(&self) -> &QuoteBook {
        self.book.get_or_init(|| QuoteBook::build(&self.library))
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

    /// The filter that the options `article`, `outlet` and `since` ask for.
    ///
    /// # Errors
    /// [`Problem`] when one names nothing that is held.
    pub fn filter(&self, args: &Args) -> Result<Filter, Problem> {
        Ok(Filter {
            article: args.quote("article").map(|name| self.article(name)).transpose()?,
            outlet: args.quote("outlet").map(|name| self.outlet(name)).transpose()?,
            since: args.day("since"),
            until: None,
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
            near: nearest(typed, held.iter().copied()).map(str::to_owned),
            held: held.iter().take(MAX_CHOICES).map(|outlet| (*outlet).to_owned()).collect(),
        })
    }
}

/// How many choices a problem names: as many as a person reads.
const MAX_CHOICES: usize = 5;
