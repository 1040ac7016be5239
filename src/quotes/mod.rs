//! Who said what: finding quotations and their speakers in an article, and looking them up in a library.

mod align;
mod block;
mod bodies;
mod book;
mod check;
mod correct;
mod find;
mod given_names;
mod index;
pub mod kept;
mod lexicon;
pub mod model;
mod most;
mod names;
mod over_time;
mod people;
mod roles;
mod said;
mod shards;
mod speakers;
mod vocabulary;
mod who;
mod words;

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::article::{Article, Span};
use crate::library::ArticleId;

pub use book::Known;
pub use correct::{Correction, Corrections};
pub use most::{MostQuoted, Share};
pub use over_time::{OverTime, Period, Quoted, by_period};
pub use who::Carried;

/// How a speaker's words are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Wholly between quotation marks, or signed and set off as a block quotation, or a turn of a transcript.
    Direct,
    /// In the writer's words: "she said that …".
    Indirect,
    /// In the writer's words with some of the speaker's own between marks.
    Mixed,
}

/// The number of the rules, and of the model, by which quotations are found. A store keeps it beside what they found, and what rules of another
/// number found is found again: it is to be raised whenever [`find`] gives something else for an article than it did.
pub const RULES: i64 = 5;

/// From this confidence on, a quotation is listed as someone's words ([`QuoteBook::said`]).
pub const CONFIDENT: f32 = 0.5;

/// From this confidence on, a quotation counts when the rules are measured (`byline inspect quotes`). Below it are words in
/// marks of which nothing says whose they are: kept so that looking them up finds them, but no attribution is claimed.
pub const LEAST_MEASURED: f32 = 0.32;

/// A quotation as it stands in an article.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quotation {
    /// What was said, without the outer quotation marks; several spans when the cue interrupts it.
    pub content: Vec<Span>,
    /// The words that name the speaker at the quotation ("she", "the Senators").
    pub speaker: Option<Span>,
    /// Who that is, where the article tells: a name that stands in the article.
    pub speaker_name: Option<String>,
    /// The words that introduce it ("said", "according to").
    pub cue: Option<Span>,
    /// Direct, indirect or mixed.
    pub kind: Kind,
    /// 0 to 1: how sure it is that this is a quotation with this speaker.
    pub confidence: f32,
    /// Index of the paragraph in which it begins.
    pub paragraph: usize,
}

impl Quotation {
    /// The words of the article that name the speaker, for showing when no name is known ("the lawyer"). A relative pronoun
    /// at the end of [`Quotation::speaker`] is left off.
    #[must_use]
    pub fn speaker_words<'a>(&self, article: &'a Article) -> Option<&'a str> {
        let words = article.slice(self.speaker?);
        let cut = [" who", " which"].iter().find_map(|tail| words.strip_suffix(tail)).unwrap_or(words);
        Some(cut.trim_end_matches([',', '—', '–', ' '])).filter(|words| !words.is_empty())
    }
}

/// All quotations of an article, in reading order. Only paragraphs are read: no title, heading or furniture.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::quotes;
/// let text = "The bridge\n\n“The bridge is safe,” engineer Ann Lee said. “We tested it twice.”\n";
/// let article = read_text("bridge", text, Format::Text)?;
/// let quotation = &quotes::find(&article)[0];
/// assert_eq!(quotation.speaker_name.as_deref(), Some("Ann Lee"));
/// let content: Vec<&str> = quotation.content.iter().map(|span| article.slice(*span)).collect();
/// assert_eq!(content, ["The bridge is safe,", "We tested it twice."]);
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[must_use]
pub fn find(article: &Article) -> Vec<Quotation> {
    find_with(article, model::shipped())
}

/// The same with another model than the one that is shipped, or by rules alone.
#[must_use]
pub fn find_with(article: &Article, model: Option<&model::Model>) -> Vec<Quotation> {
    let mut quotations = find::find(article, model);
    speakers::name(article, &mut quotations);
    quotations
}

/// A quotation and the article that holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The article.
    pub article: ArticleId,
    /// The quotation in it.
    pub quotation: Quotation,
}

/// The quotations of a library, ready to be looked up: a snapshot, to be asked with the library that it was made of. One that
/// follows a change of the library is made from it by [`QuoteBook::updated`] and shares with it what did not change.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::library::{Filter, Library};
/// use byline::quotes::{Known, QuoteBook};
/// let mut library = Library::default();
/// library.add(read_text("a", "The bridge\n\n“The bridge is safe,” Ann Lee said.\n", Format::Text)?);
/// let book = QuoteBook::build(&library);
/// let id = library.add(read_text("b", "The toll\n\n“The toll will stay,” Ann Lee said.\n", Format::Text)?);
/// let next = book.updated(&library, &[id], Known::new());
/// assert_eq!(next.said(&library, "Lee", None, &Filter::default()).quotations.len(), 2);
/// assert_eq!((book.len(), next.len()), (1, 2));
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[derive(Debug, Default)]
pub struct QuoteBook {
    index: index::Index,
    people: people::People,
    /// The articles whose quotations were found, not known.
    found: Vec<ArticleId>,
    /// The speakers with their counts, once somebody asked.
    counted: OnceLock<Vec<(Arc<str>, usize)>>,
}

/// A quotation that was looked for, and how near it is.
#[derive(Debug, Clone, Copy)]
pub struct Match<'b> {
    /// The quotation.
    pub held: &'b Held,
    /// 0 to 1; 1 when every word stands there in order.
    pub similarity: f32,
    /// Where the words that were looked for stand in the article, from the first to the last that was found. It may reach
    /// over an interruption ("he said"): show its overlap with the quotation's content.
    pub stretch: Option<Span>,
    /// Whether that is the whole quotation rather than a part of it.
    pub whole: bool,
}

/// What a speaker is quoted with.
#[derive(Debug)]
pub struct Said<'b> {
    /// The speaker as the library names them; `None` when nobody of that name is quoted.
    pub speaker: Option<String>,
    /// The quotations that pass, newest article first.
    pub quotations: Vec<&'b Held>,
    /// How many quotations they have, also those that do not pass.
    pub all: usize,
    /// Others who are called so too, with how often they are quoted, most first: "Lee" may be Ann, and Bo as well.
    pub namesakes: Vec<(String, usize)>,
    /// Speakers with a similar name, best first, when `speaker` is `None`.
    pub suggestions: Vec<String>,
}

/// A piece of a word-by-word comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part", content = "words")]
pub enum DiffPart {
    /// In both.
    Same(String),
    /// Only in the words that were checked.
    Added(String),
    /// Only in the article.
    Missing(String),
}

/// What checking a quotation against the library tells.
#[derive(Debug)]
pub enum Check<'b> {
    /// These words stand there, letter by letter but for case, marks and white space.
    Exact(Match<'b>),
    /// These words stand there in order, and where words were left out an ellipsis says so.
    Shortened(Match<'b>),
    /// These words stand there side by side, and reach beyond what was said into the sentences around it.
    Beyond(Match<'b>),
    /// A stored quotation comes close; these are the differences.
    Altered {
        /// The closest quotation.
        closest: Match<'b>,
        /// From the article's words to the checked ones.
        difference: Vec<DiffPart>,
    },
    /// No stored quotation is close.
    NotHeld {
        /// The nearest of them, if any shares words.
        nearest: Option<Match<'b>>,
    },
}

#[cfg(test)]
mod lookup_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod update_tests;
