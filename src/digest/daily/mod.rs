//! The digest of a day: its stories in the articles' own sentences, and who spoke.
//!
//! [`compose`] is a pure function of the library, the quotations and what is [`Wanted`]: the same input gives the same
//! digest, and nothing is remembered. Which articles a channel has had is told by the caller.
//!
//! What counts as one story, and what becomes of follow-ups and corrections:
//! - Articles that tell of one event (see `likeness`) and lie at most [`WINDOW_DAYS`] apart are one story, whatever the
//!   outlet; the newest of them leads. Coverage that goes on day by day therefore stays one item, led by the latest.
//!   An article joins several only if it is like at least half of them, so that neighbouring topics do not run together.
//! - A follow-up after a longer silence is an item of its own.
//! - A correction belongs to the story that it corrects, however many days lie between. It is always listed as a
//!   correction, and the article that it corrects never leads while another can. A correction of an article that was
//!   posted before is an item of its own and says what it corrects.
//! - Of two versions of one text in one outlet only the newer is in; the same text in two outlets is listed for both.

mod correction;
mod fresh;
mod likeness;
mod story;
mod voices;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::article::{Article, Span};
use crate::library::{ArticleId, Filter, Library};
use crate::quotes::{Held, QuoteBook};
pub use fresh::{Fresh, NEWS_DAYS};
use story::Group;

/// The days that may lie between two articles of one story, unless others of it lie between them.
pub const WINDOW_DAYS: i64 = 3;

/// How many items a digest has where nobody says otherwise.
pub const SIZE: usize = 5;

/// How many sentences the lead article of a story is quoted with where nobody says otherwise.
pub const SENTENCES: usize = 2;

/// How many articles are compared with each other, the newest of those that are open: the time grows with the square of their
/// number, and nobody's day has more.
pub const MOST_COMPARED: usize = 2_000;

/// How many people a digest quotes at most at its end.
pub const VOICES: usize = 5;

/// What the digest is to be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The period, and whatever else bounds the choice. With a period, undated articles are left out.
    pub filter: Filter,
    /// Only what is new to the reader since the digest before. Undated articles then count by their arrival.
    pub fresh: Option<Fresh>,
    /// Articles that the reader has had already.
    pub had: BTreeSet<ArticleId>,
    /// The most stories.
    pub size: usize,
    /// The most sentences of each story's lead article.
    pub sentences: usize,
    /// The most people who are quoted at the end.
    pub voices: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            filter: Filter::default(),
            fresh: None,
            had: BTreeSet::new(),
            size: SIZE,
            sentences: SENTENCES,
            voices: VOICES,
        }
    }
}

/// What would be posted, and what became of every article.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Digest {
    /// The stories, the one that is told of most first.
    pub stories: Vec<Story>,
    /// One quotation each of the people who spoke, those of the first story first.
    pub voices: Vec<Held>,
    /// For every article of the library, in its order, whether it is in and why.
    pub verdicts: Vec<Verdict>,
}

/// One event, as one or more outlets tell of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Story {
    /// The article whose words are quoted.
    pub lead: ArticleId,
    /// Sentences of the lead article that can be read alone, in reading order; never cut, never empty.
    pub sentences: Vec<Span>,
    /// What the lead article is to its story.
    pub part: Part,
    /// The other articles of the story: corrections first, then newest first.
    pub others: Vec<Member>,
    /// How many outlets tell of it; articles that name no outlet count as one.
    pub outlets: usize,
    /// How many quotations its articles hold.
    pub quotations: usize,
}

impl Story {
    /// How many articles the story has.
    #[must_use]
    pub fn articles(&self) -> usize {
        1 + self.others.len()
    }

    /// The numbers of its articles, the lead first.
    pub fn members(&self) -> impl Iterator<Item = ArticleId> {
        std::iter::once(self.lead).chain(self.others.iter().map(|member| member.article))
    }
}

/// An article of a story that does not lead it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The article.
    pub article: ArticleId,
    /// What it is to the story.
    pub part: Part,
}

/// What an article is to its story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It tells of it.
    Report,
    /// It corrects another article; which one, where that is held.
    Correction {
        /// The article that it corrects. It may have been posted before.
        of: Option<ArticleId>,
    },
    /// Another article of the story corrects it.
    Corrected {
        /// The correction.
        by: ArticleId,
    },
}

/// An article, and why it is in or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The article.
    pub article: ArticleId,
    /// The reason.
    pub why: Why,
}

/// Why an article is in a digest or not. Stories are numbered from 0, as in [`Digest::stories`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// In: its sentences tell the story.
    Leads {
        /// The story.
        story: usize,
    },
    /// In: it is listed with the story.
    Joins {
        /// The story.
        story: usize,
        /// What it is to the story.
        part: Part,
    },
    /// Out: the reader has had it.
    Had,
    /// Out: it was there when the digest before was made.
    Arrived,
    /// Out: a feed held it already when it was subscribed to.
    Silent,
    /// Out: it is new here, and was published too long before the digest before to be news.
    Stale,
    /// Out: published before the period.
    Older,
    /// Out: published after the period.
    Newer,
    /// Out: it does not say when it was published.
    Undated,
    /// Out: of another outlet than those asked for.
    Elsewhere,
    /// Out: more are open than are compared, and newer ones.
    Crowded,
    /// Out: another version of an article that is in.
    Duplicate {
        /// The version that stays.
        of: ArticleId,
    },
    /// Out: more is said about other stories.
    BeyondSize {
        /// The place of its story, from 0, if the digest were long enough.
        place: usize,
    },
    /// Out: no sentence of its story can be read alone.
    NoSentence,
}

impl Why {
    /// Whether the article is in the digest.
    #[must_use]
    pub fn is_in(self) -> bool {
        matches!(self, Self::Leads { .. } | Self::Joins { .. })
    }
}

/// Makes the digest. Of 1,000 articles it takes under a second (release build, one core); `book` must be of `library`.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::digest::daily::{Wanted, Why, compose};
/// use byline::{library::Library, quotes::QuoteBook};
/// let mut library = Library::default();
/// let pool = library.add(read_text("pool", "Pool shuts\n\nThe town pool will shut in May.\n", Format::Text)?);
/// let digest = compose(&library, &QuoteBook::build(&library), &Wanted::default());
/// assert_eq!(library.article(pool).slice(digest.stories[0].sentences[0]), "The town pool will shut in May.");
/// assert_eq!(digest.verdicts[0].why, Why::Leads { story: 0 });
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[must_use]
pub fn compose(library: &Library, book: &QuoteBook, wanted: &Wanted) -> Digest {
    let mut why: BTreeMap<ArticleId, Why> = BTreeMap::new();
    let mut open: Vec<ArticleId> = Vec::new();
    for (id, article) in library.iter() {
        match screen(library, id, article, wanted) {
            Some(reason) => {
                why.insert(id, reason);
            }
            None => open.push(id),
        }
    }
    why.extend(without_oldest(library, &mut open, MOST_COMPARED).map(|id| (id, Why::Crowded)));
    let mut settle = |id: ArticleId, reason: Why| {
        why.insert(id, reason);
    };
    let mut groups = story::groups(library, book, &open);
    groups.sort_by_key(|group| {
        (Reverse((group.outlets, group.articles(), group.quotations, group.newest)), group.first())
    });

    let mut stories = Vec::new();
    let mut beyond = Vec::new();
    for group in &groups {
        for (older, newer) in &group.duplicates {
            settle(*older, Why::Duplicate { of: *newer });
        }
        if stories.len() >= wanted.size {
            let place = stories.len() + beyond.len();
            group.members.iter().for_each(|member| settle(member.article, Why::BeyondSize { place }));
            beyond.push(group.ids());
        } else if let Some(story) = tell(library, group, wanted.sentences) {
            settle(story.lead, Why::Leads { story: stories.len() });
            for Member { article, part } in &story.others {
                settle(*article, Why::Joins { story: stories.len(), part: *part });
            }
            stories.push(story);
        } else {
            group.members.iter().for_each(|member| settle(member.article, Why::NoSentence));
        }
    }
    let in_stories = stories.iter().map(|story| story.members().collect());
    let voices = voices::who_spoke(library, book, &in_stories.collect::<Vec<_>>(), &beyond, wanted.voices);
    let verdicts = why.into_iter().map(|(article, why)| Verdict { article, why }).collect();
    Digest { stories, voices, verdicts }
}

/// Takes out of `open` all but the `most` that were published last; of undated ones those that arrived last. The order stays.
fn without_oldest(
    library: &Library,
    open: &mut Vec<ArticleId>,
    most: usize,
) -> impl Iterator<Item = ArticleId> + use<> {
    let published = |id: ArticleId| library.get(id).and_then(|article| article.meta().published);
    open.sort_by_key(|id| Reverse((published(*id).map(|published| published.order_key()), *id)));
    let oldest = open.split_off(most.min(open.len()));
    open.sort_unstable();
    oldest.into_iter()
}

/// Why an article is out before it is compared with any other; `None` when it is not.
fn screen(library: &Library, id: ArticleId, article: &Article, wanted: &Wanted) -> Option<Why> {
    let Filter { since, until, .. } = wanted.filter;
    let day = article.meta().published.map(|published| published.date);
    if wanted.had.contains(&id) {
        Some(Why::Had)
    } else if let Some(reason) = wanted.fresh.and_then(|fresh| fresh.refuses(library.mark(id), article)) {
        Some(reason)
    } else if wanted.filter.admits(id, article) {
        None
    } else {
        Some(match day {
            None if since.is_some() || until.is_some() => Why::Undated,
            Some(day) if since.is_some_and(|since| day < since) => Why::Older,
            Some(day) if until.is_some_and(|until| day > until) => Why::Newer,
            _ => Why::Elsewhere,
        })
    }
}

/// The group as a story: led by the first of its articles that has a sentence which stands alone.
fn tell(library: &Library, group: &Group, sentences: usize) -> Option<Story> {
    let (at, chosen) = group.members.iter().enumerate().find_map(|(at, member)| {
        let chosen = super::summary::standing_alone(library.get(member.article)?, sentences.max(1));
        (!chosen.is_empty()).then_some((at, chosen))
    })?;
    let lead = group.members.get(at)?;
    let mut others: Vec<Member> =
        group.members.iter().filter(|member| member.article != lead.article).copied().collect();
    let newest = |id: ArticleId| library.get(id).and_then(|article| article.meta().published).map(|p| p.order_key());
    others.sort_by_key(|member| {
        (!matches!(member.part, Part::Correction { .. }), Reverse(newest(member.article)), member.article)
    });
    Some(Story {
        lead: lead.article,
        sentences: chosen,
        part: lead.part,
        others,
        outlets: group.outlets,
        quotations: group.quotations,
    })
}

#[cfg(test)]
mod tests;
