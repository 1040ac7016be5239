//! Who is quoted most.

use super::{CONFIDENT, QuoteBook, book, people};
use crate::library::{ArticleId, Filter, Library};

/// Who is quoted how often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MostQuoted {
    /// The named speakers, most quoted first.
    pub speakers: Vec<Share>,
    /// How many quotations are of speakers whom their articles do not name.
    pub unnamed: usize,
    /// How many of these say nothing at all of whose they are.
    pub unattributed: usize,
}

/// A speaker's share of the quotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The name, as the library calls them.
    pub name: String,
    /// How many quotations.
    pub quotations: usize,
    /// In how many articles.
    pub articles: usize,
}

impl QuoteBook {
    /// Who is quoted how often in the articles that pass. Quotations below [`CONFIDENT`] don't count.
    #[must_use]
    pub fn most_quoted(&self, library: &Library, filter: &Filter) -> MostQuoted {
        let admitted = Self::admitted(library, filter);
        let counts = |article: ArticleId| book::passes(admitted.as_deref(), article);
        let mut most = MostQuoted::default();
        for speaker in self.people.speakers() {
            let (mut quotations, mut articles, mut last) = (0, 0, None);
            for at in speaker.quotations().into_iter().filter(|at| counts(at.article)) {
                if self.index.held(at).is_some_and(|held| held.quotation.confidence >= CONFIDENT) {
                    quotations += 1;
                    articles += usize::from(last != Some(at.article));
                    last = Some(at.article);
                }
            }
            if quotations > 0 {
                most.speakers.push(Share { name: speaker.name().to_owned(), quotations, articles });
            }
        }
        most.speakers.sort_unstable_by(|a, b| b.quotations.cmp(&a.quotations).then_with(|| a.name.cmp(&b.name)));
        for (called, at) in self.people.unnamed() {
            let here = at.iter().filter(|at| counts(at.article)).count();
            most.unnamed += here;
            if called == people::UNATTRIBUTED {
                most.unattributed += here;
            }
        }
        most
    }
}
