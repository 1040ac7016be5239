//! Who said what: finding quotations and their speakers in an article, and looking them up in a library.

mod find;
mod given_names;
mod lexicon;
mod names;
mod speakers;

use serde::Serialize;

use crate::article::{Article, Span};
use crate::library::{ArticleId, Filter, Library};

/// How a speaker's words are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Wholly between quotation marks.
    Direct,
    /// In the writer's words: "she said that …".
    Indirect,
    /// In the writer's words with some of the speaker's own between marks.
    Mixed,
}

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

/// All quotations of an article, in reading order.
#[must_use]
pub fn find(article: &Article) -> Vec<Quotation> {
    let mut quotations = find::find(article);
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

/// The quotations of a library, ready to be looked up.
#[derive(Debug, Default)]
pub struct QuoteBook {
    held: Vec<Held>,
}

/// A quotation that was looked for, and how near it is.
#[derive(Debug, Clone, Copy)]
pub struct Match<'b> {
    /// The quotation.
    pub held: &'b Held,
    /// 0 to 1; 1 when every word stands there in order.
    pub similarity: f32,
}

/// What a speaker is quoted with.
#[derive(Debug)]
pub struct Said<'b> {
    /// The speaker as the library names them; `None` when nobody of that name is quoted.
    pub speaker: Option<String>,
    /// The quotations that pass, newest article first.
    pub quotations: Vec<&'b Held>,
    /// Speakers with a similar name, best first, when `speaker` is `None`.
    pub suggestions: Vec<String>,
}

/// A piece of a word-by-word comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

impl QuoteBook {
    /// Finds the quotations of every article.
    #[must_use]
    pub fn build(library: &Library) -> Self {
        let held = library
            .iter()
            .flat_map(|(id, article)| find(article).into_iter().map(move |quotation| Held { article: id, quotation }))
            .collect();
        Self { held }
    }

    /// All quotations, by article in the order of the library, then in reading order.
    #[must_use]
    pub fn all(&self) -> &[Held] {
        &self.held
    }

    /// Quotations that hold `fragment` or come near it, best first, at most `limit`.
    #[must_use]
    pub fn who(&self, _library: &Library, _fragment: &str, _filter: &Filter, _limit: usize) -> Vec<Match<'_>> {
        Vec::new()
    }

    /// What `speaker` is quoted with, `about` a topic where one is given.
    #[must_use]
    pub fn said(&self, _library: &Library, _speaker: &str, _about: Option<&str>, _filter: &Filter) -> Said<'_> {
        Said { speaker: None, quotations: Vec::new(), suggestions: Vec::new() }
    }

    /// Compares `quote` with the closest stored quotation.
    #[must_use]
    pub fn check(&self, _library: &Library, _quote: &str, _filter: &Filter) -> Check<'_> {
        Check::NotHeld { nearest: None }
    }

    /// Every named speaker with the number of their quotations, most quoted first.
    #[must_use]
    pub fn speakers(&self) -> Vec<(String, usize)> {
        Vec::new()
    }
}
