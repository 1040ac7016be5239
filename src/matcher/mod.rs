//! From a question to the passages that answer it, and how sure that is.
//!
//! A [`Matcher`] is built over a [`Library`] and holds nothing but what can be derived from it.

mod answer;
mod asked;
mod confidence;
mod doubt;
mod evidence;
mod explain;
mod features;
pub mod fit;
mod index;
mod kinds;
mod lives;
mod model;
mod query;
mod ranking;
mod rarity;
mod scores;
mod sentence;
mod spelling;
mod terms;
#[cfg(test)]
mod tests;
mod words;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::article::Span;
use crate::library::store::Seq;
use crate::library::{ArticleId, Filter, Library};

pub use asked::AnswerKind;
pub use confidence::{ANSWER, NEAREST, Thresholds};
pub use doubt::Doubt;
pub use explain::{Explanation, Factor, Word};
pub use model::{Made, Model, ModelError};

use asked::Asked;
use index::{Index, Keeper};
use query::{Query, Terms};
use ranking::Ranked;
use terms::Folder;

/// How many passages are returned when a question does not say.
pub const DEFAULT_LIMIT: usize = 3;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The words of the asker.
    pub text: String,
    /// Which articles may answer.
    pub filter: Filter,
    /// How many passages to return at most; 0 stands for [`DEFAULT_LIMIT`].
    pub limit: usize,
}

impl Question {
    /// How many passages are wanted.
    fn most(&self) -> usize {
        if self.limit == 0 { DEFAULT_LIMIT } else { self.limit }
    }
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
    /// The words within it that are what the question asks for (when, how many, where), where that is sure enough to be shown.
    pub words: Option<Span>,
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
    /// How sure it is that the articles answer, 0 to 1; see [`Thresholds`].
    pub confidence: f32,
    /// The passages, best first.
    pub passages: Vec<Passage>,
    /// How words were read, where that mattered.
    pub readings: Vec<Reading>,
}

/// The index of one library and the ranking over it.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::library::Library;
/// use byline::matcher::{Matcher, Question, Verdict};
/// let mut library = Library::default();
/// let text = "Ferry back in service\n\nThe ferry had been laid up since March.\n\nIt sails again from Dunmore on Friday.\n";
/// library.add(read_text("ferry", text, Format::Text)?);
/// let matcher = Matcher::build(&library)?;
/// let findings = matcher.search(&library, &Question { text: "when does it sail again?".into(), ..Question::default() })?;
/// assert_eq!(findings.verdict, Verdict::Answered);
/// assert_eq!(findings.passages[0].paragraph, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matcher {
    index: Arc<Index>,
    keeper: Arc<Keeper>,
    model: Arc<Model>,
    thresholds: Thresholds,
}

/// Why a search could not be made.
#[derive(Debug, thiserror::Error)]
pub enum MatchError {
    /// What was learned can't be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The index could not be written or read.
    #[error("the search index: {0}")]
    Index(#[from] tantivy::TantivyError),
    /// The folder of an index that is kept can't be used: it can't be written, or the disk is full.
    #[error("the search index can't be kept in {}: {source}", folder.display())]
    Folder {
        /// The folder, as it was given.
        folder: PathBuf,
        /// What went wrong.
        source: tantivy::TantivyError,
    },
}

impl Matcher {
    /// Indexes every paragraph of a library, in memory.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be written.
    pub fn build(library: &Library) -> Result<Self, MatchError> {
        Self::over(Keeper::in_memory(library)?)
    }

    /// Opens the index that is kept in `folder` (made where there is none), brings it to what `library` holds, and records
    /// `seq` as the last change that it holds. `progress` is told how many articles have been brought in so far.
    ///
    /// The index is derived, so nothing that is wrong with it is an error: one that is damaged, of another format or of
    /// another store is made anew, or brought to this library where that is less. One process writes in a folder: where
    /// another does already, an index of its own is made in a folder beside it, within `folder`. Articles that come from no
    /// store are indexed anew each time.
    ///
    /// # Errors
    /// [`MatchError::Folder`] when the folder can't be written.
    pub fn open(
        folder: &Path,
        library: &Library,
        seq: Seq,
        progress: impl Fn(usize) + Sync,
    ) -> Result<Self, MatchError> {
        Self::over(Keeper::on_disk(folder, library, seq, &progress)?)
    }

    fn over((keeper, index): (Keeper, Arc<Index>)) -> Result<Self, MatchError> {
        let (model, thresholds) = (Model::shipped()?, Thresholds::default());
        Ok(Self { index, keeper: Arc::new(keeper), model, thresholds })
    }

    /// The matcher over `library`, which is the one that this matcher is over but for the articles numbered `changed`: those
    /// are new, have another version or were taken out. Records `seq` as the last change that it holds. This matcher stays
    /// as it is: questions go on being asked of it until the caller puts the other in its place.
    ///
    /// One call at a time does its work; others wait. May be called on a matcher that is not the last one that was made
    /// (after an error, for example): then all articles are compared, not only those that are named.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be written. Nothing is lost: the next call makes up for it.
    pub fn updated(&self, library: &Library, changed: &[ArticleId], seq: Seq) -> Result<Self, MatchError> {
        let index = self.keeper.update(&self.index, library, changed, seq)?;
        Ok(Self { index, ..self.clone() })
    }

    /// The last change of the store that it holds; 0 for one that was built in memory.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.index.seq()
    }

    /// The same matcher with other thresholds for what counts as an answer.
    #[must_use]
    pub fn with_thresholds(self, thresholds: Thresholds) -> Self {
        Self { thresholds, ..self }
    }

    /// The same matcher with another model than the shipped one.
    #[must_use]
    pub fn with_model(self, model: Arc<Model>) -> Self {
        Self { model, ..self }
    }

    /// The passages that answer `question` best. `library` is the one that the matcher was built over.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be read.
    pub fn search(&self, library: &Library, question: &Question) -> Result<Findings, MatchError> {
        Ok(self.find(library, question, question.most())?.findings(self, library, question))
    }

    /// The same, and why.
    ///
    /// # Errors
    /// [`MatchError`] when the index can't be read.
    pub fn explain(&self, library: &Library, question: &Question) -> Result<(Findings, Explanation), MatchError> {
        // All of them: it is told how many were weighed.
        let found = self.find(library, question, usize::MAX)?;
        let findings = found.findings(self, library, question);
        let (shown, (_, doubt)) = (findings.passages.len(), found.confidence(self, library));
        let explanation = explain::explain(&found.query, &found.ranked, shown, &self.model, self.thresholds, doubt);
        Ok((findings, explanation))
    }

    fn find(&self, library: &Library, question: &Question, wanted: usize) -> Result<Found, MatchError> {
        let mut asked = Asked::read(&question.text);
        let found = self.find_asked(library, &asked, &question.filter, wanted)?;
        if asked.empty {
            return Ok(Found { ranked: Vec::new(), ..found });
        }
        let misread = found.ranked.first().map_or(0, |first| doubt::misread(&found.query, first, library));
        if misread == 0 {
            return Ok(found);
        }
        for (_, sought) in found.query.sought.iter().enumerate().filter(|(at, _)| misread & (1 << at) != 0) {
            asked.terms.iter_mut().filter(|term| term.at == sought.term.at).for_each(|term| term.as_written = true);
        }
        self.find_asked(library, &asked, &question.filter, wanted)
    }

    fn find_asked(
        &self,
        library: &Library,
        asked: &Asked,
        filter: &Filter,
        wanted: usize,
    ) -> Result<Found, MatchError> {
        let query = Query::new(&self.index, asked);
        let ranked = ranking::rank(&self.index, library, &self.model, &query, filter, wanted)?;
        Ok(Found { query, ranked })
    }
}

/// Whether a question names nothing that could be looked for: "why?", "and who is it".
#[must_use]
pub fn asks_for_nothing(question: &str) -> bool {
    Asked::read(question).empty
}

/// A question as read, and the candidates in order.
struct Found {
    query: Query,
    ranked: Vec<Ranked>,
}

impl Found {
    /// How sure it is that the articles answer, and what speaks against it where the weights are sure.
    fn confidence(&self, matcher: &Matcher, library: &Library) -> (f32, Option<Doubt>) {
        let confidence = confidence::confidence(&confidence::inputs(&self.query, &self.ranked), &matcher.model);
        let first = self.ranked.first().filter(|_| confidence >= matcher.thresholds.answer);
        match first.and_then(|first| Doubt::of(&self.query, first, library)) {
            Some(doubt) => (matcher.thresholds.nearest, Some(doubt)),
            None => (confidence, None),
        }
    }

    fn findings(&self, matcher: &Matcher, library: &Library, question: &Question) -> Findings {
        let (confidence, _) = self.confidence(matcher, library);
        let verdict = if self.ranked.is_empty() || confidence < matcher.thresholds.nearest {
            Verdict::Nothing
        } else if confidence < matcher.thresholds.answer {
            Verdict::Nearest
        } else {
            Verdict::Answered
        };
        let passages = self.ranked.iter().take(question.most()).map(|ranked| Passage {
            article: ranked.article,
            paragraph: ranked.paragraph,
            sentence: ranked.sentence,
            words: library
                .get(ranked.article)
                .and_then(|article| answer::words(&self.query, article, ranked.sentence, ranked.head)),
            score: ranked.score,
        });
        // Where nothing is found, how words were read would only puzzle.
        let readings = if verdict == Verdict::Nothing { Vec::new() } else { self.readings(library) };
        Findings { verdict, confidence, passages: passages.collect(), readings }
    }

    /// How the words were read that the library does not hold and that the first passage matches: as it writes them.
    fn readings(&self, library: &Library) -> Vec<Reading> {
        let Some(first) = self.ranked.first() else { return Vec::new() };
        let Some(article) = library.get(first.article) else { return Vec::new() };
        let Some(paragraph) = article.paragraphs().get(first.paragraph) else { return Vec::new() };
        let mut readings: Vec<Reading> = Vec::new();
        let mut read_terms: Terms = 0;
        // Where a word has several readings in the passage, the one in the answering sentence was meant.
        for span in [first.sentence, paragraph.span] {
            let text = article.slice(span);
            Folder::default().words(text, |range, folded| {
                let Some(hit) = self.query.hit(folded).filter(|hit| hit.weight < 1.0) else { return };
                let Some(sought) = self.query.sought.get(usize::from(hit.term)) else { return };
                if read_terms & (1 << hit.term) != 0 {
                    return;
                }
                read_terms |= 1 << hit.term;
                let written = terms::without_possessive(text.get(range).unwrap_or_default());
                // "$" is read as a word, but shows none.
                let word = if written.contains(char::is_alphanumeric) { written } else { folded };
                let asked = &sought.term.asked;
                match readings.iter_mut().find(|reading| reading.asked == *asked) {
                    // One word that was read as two.
                    Some(reading) => reading.read = format!("{} {word}", reading.read),
                    None => readings.push(Reading { asked: asked.clone(), read: word.to_owned() }),
                }
            });
        }
        readings
    }
}
