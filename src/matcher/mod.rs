//! From a question to the passages that answer it, and how sure that is.
//!
//! A [`Matcher`] is built over a [`Library`] and holds nothing but what can be derived from it.

mod answer;
mod asked;
mod confidence;
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
pub use explain::{Explanation, Factor, Word};
pub use model::{Made, Model, ModelError};

use asked::Asked;
use evidence::Evidence;
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
        let explanation =
            explain::explain(&found.query, &found.ranked, findings.passages.len(), &self.model, self.thresholds);
        Ok((findings, explanation))
    }

    fn find(&self, library: &Library, question: &Question, wanted: usize) -> Result<Found, MatchError> {
        let mut asked = Asked::read(&question.text);
        let found = self.find_asked(library, &asked, &question.filter, wanted)?;
        if asked.empty {
            return Ok(Found { ranked: Vec::new(), ..found });
        }
        let misread = found.misread(library);
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
    fn findings(&self, matcher: &Matcher, library: &Library, question: &Question) -> Findings {
        let mut confidence = confidence::confidence(&confidence::inputs(&self.query, &self.ranked), &matcher.model);
        if confidence >= matcher.thresholds.answer && (self.is_about_others(library) || self.tells_of_others(library)) {
            confidence = matcher.thresholds.nearest;
        }
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

    /// Whether what is asked of somebody by name, their age or marriage, is told in the first passage, but in no sentence that names
    /// them or says "he" or "she".
    fn tells_of_others(&self, library: &Library) -> bool {
        let (query, sought) = (&self.query, &self.query.sought);
        let named = sought.iter().any(|sought| sought.term.name);
        let measured = query.measure.is_of_somebody() && sought.iter().all(|sought| sought.term.name);
        let life = query.life.is_some() && named && sought.len() <= confidence::LIFE_WITHIN;
        let counts = query.kind == AnswerKind::Number;
        let Some(first) = self.ranked.first().filter(|_| measured || life) else { return false };
        let Some(article) = library.get(first.article) else { return false };
        let Some(paragraph) = article.paragraphs().get(first.paragraph) else { return false };
        !article.sentences_of(paragraph).iter().any(|sentence| {
            let mut evidence = Evidence::new(query);
            let mut theirs = false;
            features::written(&mut Folder::default(), query, article.slice(*sentence), |_, word| {
                let name = word.hit.and_then(|hit| sought.get(usize::from(hit.term))).is_some_and(|s| s.term.name);
                // "Bill" is not the bill.
                theirs |= name && word.capital || matches!(word.folded, "he" | "she" | "his" | "her" | "him");
                evidence.word(word);
            });
            theirs
                && (measured && evidence.holds.measured
                    || life && evidence.holds.life && (!counts || evidence.holds.number))
        })
    }

    /// Whether a full name is asked about that the first passage's article has only in pieces, as parts of other names: "Jon Holm"
    /// of Jon Berg and Ida Holm.
    fn is_about_others(&self, library: &Library) -> bool {
        let Some(first) = self.ranked.first() else { return false };
        let Some(article) = library.get(first.article) else { return false };
        let sought = &self.query.sought;
        // Where nothing else is asked, a name may be written small.
        let alone = sought.len() == 2 && self.query.kind == AnswerKind::Person;
        let mut names = sought.iter().enumerate().filter(|(_, sought)| sought.term.name || alone);
        let (Some((given, one)), Some((surname, other)), None) = (names.next(), names.next(), names.next()) else {
            return false;
        };
        if one.term.at + 1 != other.term.at
            || first.in_article & (1 << given) == 0
            || first.in_article & (1 << surname) == 0
        {
            return false;
        }
        // What else is asked must be missing too, or there is nothing else.
        let others = (0..sought.len()).filter(|at| *at != given && *at != surname);
        if !self.query.speech && others.into_iter().any(|at| first.terms & (1 << at) != 0) {
            return false;
        }
        let term = |folded: &str| self.query.hit(folded).map(|hit| usize::from(hit.term));
        let (mut together, mut apart) = (false, false);
        let mut before: Option<(bool, bool)> = None;
        let mut given_at: Option<usize> = None;
        let mut place = 0;
        let text = article.text();
        Folder::default().words(text, |range, folded| {
            let capital = text.get(range).is_some_and(|word| word.starts_with(char::is_uppercase));
            let (is_given, is_surname) = (term(folded) == Some(given), term(folded) == Some(surname));
            // "Jon K. Holm", "Jon von Holm"
            together |= is_surname && given_at.is_some_and(|at| place - at <= 2);
            let after_given = before.is_some_and(|(given, _)| given);
            let after_capital = before.is_some_and(|(_, capital)| capital);
            apart |= capital && (after_given && !is_surname || is_surname && after_capital && !after_given);
            if is_given {
                given_at = Some(place);
            }
            before = Some((is_given, capital));
            place += 1;
        });
        apart && !together
    }

    /// The short names that were read as words which the first passage writes small: "Peru" is no "perd".
    fn misread(&self, library: &Library) -> Terms {
        let names = self
            .query
            .sought
            .iter()
            .enumerate()
            .filter(|(_, sought)| sought.is_short_name_read(self.query.sought.len() == 1));
        let names = names.fold(0, |names, (at, _)| names | 1 << at);
        let Some(first) = self.ranked.first().filter(|_| names != 0) else { return 0 };
        let Some(article) = library.get(first.article) else { return 0 };
        let Some(paragraph) = article.paragraphs().get(first.paragraph) else { return 0 };
        let text = article.slice(paragraph.span);
        let (mut small, mut capital): (Terms, Terms) = (0, 0);
        Folder::default().words(text, |range, folded| {
            let Some(hit) = self.query.hit(folded) else { return };
            let is_capital = text.get(range).is_some_and(|word| word.starts_with(char::is_uppercase));
            *if is_capital { &mut capital } else { &mut small } |= 1 << hit.term;
        });
        names & small & !capital
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
