//! From a question to the passages that answer it, and how sure that is.
//!
//! A [`Matcher`] is built over a [`Library`] and holds nothing but what can be derived from it.

use crate::article::Span;
use crate::library::{ArticleId, Filter, Library};

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The words of the asker.
    pub text: String,
    /// Which articles may answer.
    pub filter: Filter,
    /// How many passages to return at most.
    pub limit: usize,
}

/// A paragraph that may answer, and the sentence of it that comes nearest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Passage {
    /// The article.
    pub article: ArticleId,
    /// Index into [`crate::article::Article::paragraphs`].
    pub paragraph: usize,
    /// The answering sentence: one of the paragraph's sentences.
    pub sentence: Span,
    /// Ranking score; comparable within one answer only.
    pub score: f32,
}

/// How a word of the question was read when the library does not know it as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The word as asked.
    pub asked: String,
    /// The library's word that it was taken for.
    pub read: String,
}

/// Whether the passages answer the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The first passage answers.
    Answered,
    /// The articles don't say; the first passage is the nearest they come.
    Nearest,
    /// Nothing in the library has to do with the question.
    Nothing,
}

/// What the matcher found.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Whether the passages answer.
    pub verdict: Verdict,
    /// The chance that the first passage answers, 0 to 1.
    pub confidence: f32,
    /// The passages, best first.
    pub passages: Vec<Passage>,
    /// How words were read, where that mattered.
    pub readings: Vec<Reading>,
}

/// The index of one library and the ranking over it.
#[derive(Debug)]
pub struct Matcher {}

/// Why a search could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MatchError {
    /// The index could not be written or read.
    #[error("the search index: {0}")]
    Index(#[from] tantivy::TantivyError),
}

impl Matcher {
    /// Indexes every paragraph of a library.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be written.
    pub fn build(_library: &Library) -> Result<Self, MatchError> {
        Ok(Self {})
    }

    /// The passages that answer `question` best.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be read.
    pub fn search(&self, _library: &Library, _question: &Question) -> Result<Findings, MatchError> {
        Ok(Findings { verdict: Verdict::Nothing, confidence: 0.0, passages: Vec::new(), readings: Vec::new() })
    }
}
