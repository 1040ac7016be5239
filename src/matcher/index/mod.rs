//! The search index of one library: `tantivy` over its paragraphs, and the vocabulary that comes of it.
//!
//! Each article is one run of documents: a head (title and headings) and then its paragraphs in order. A run always lies
//! in one segment, so that an article's own term counts, and with them its BM25, fall out of the same postings as the
//! paragraphs', and a paragraph's neighbours are the documents beside it. Nothing is stored: a document is only the
//! number of its article, and the words are read from the library.
//!
//! | file | what lives there |
//! |---|---|
//! | here | [`Index`]: one snapshot, of which questions are asked |
//! | `keeper.rs` | [`Keeper`]: makes the first snapshot, and the next |
//! | `write.rs` | documents are written, segments merged |
//! | `open.rs` | what lies on the disk is opened, or made anew |
//! | `segment.rs` | a segment as it is read |
//! | `vocabulary.rs` | words and their counts |
//! | `pieces.rs` | words that are nearly the same |
//! | `words_file.rs` | the words, kept as a file |
//! | `held.rs` | which article in which state is held |
//! | `documents.rs` | what is indexed of an article, word by word |
//! | `layout.rs` | fields and format on the disk |
//! | `seat.rs` | a folder, for one process at a time |
//! | `directory.rs` | its files, written without waiting for the disk |
//!
//! The library is the truth and the index follows: an index that is opened is compared with the library, article by article,
//! and brought to it. What can't be read is thrown away and made anew.
//!
//! `tantivy` takes documents out by marking them, and goes on counting them until it merges them away. Here they count for
//! nothing: postings pass them over, and lengths, means and the vocabulary are those of the living ones. So an index answers
//! the same whatever its history, to the last bit.

mod directory;
mod documents;
mod held;
mod keeper;
mod layout;
mod open;
mod pieces;
mod seat;
mod segment;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words_file;
mod write;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use crate::library::store::Seq;
use crate::library::{ArticleId, Library};
use crate::matcher::scores::Scores;

use held::Held;
use segment::{Head, Segment};
use vocabulary::Vocabulary;

pub(super) use keeper::Keeper;
pub(super) use vocabulary::Entry;

/// The number of a document in the index, over all segments.
pub(super) type Doc = u32;

/// Stands in the list of owners for a document that was taken out.
const NOBODY: u32 = u32::MAX;

/// Rooms for scores that are kept at most: as many as questions are likely to be asked at once. Each takes eight bytes a document.
const MOST_KEPT: usize = 4;

/// What a document of the index stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) article: ArticleId,
    /// `None`: the article's head.
    pub(super) paragraph: Option<u32>,
}

/// Where an article's documents lie, and how many words they hold together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: Doc,
    /// One past the last.
    pub(super) end: Doc,
    pub(super) words: u32,
}

/// A snapshot of the index: what it holds of one state of a library. Never changes.
pub(super) struct Index {
    /// Each with the number of its first document.
    segments: Vec<(Doc, Segment)>,
    /// By document: the place of its article in the library, or [`NOBODY`].
    owners: Vec<u32>,
    /// By the article's place in the library; an empty run for one that isn't held.
    runs: Vec<Run>,
    held: Vec<Option<Held>>,
    vocabulary: Vocabulary,
    /// Documents that live.
    documents: usize,
    /// Articles that live.
    articles: usize,
    /// Words of the living documents.
    words: u64,
    seq: Seq,
    /// Kept from question to question, for each that is asked at the same time.
    scores: Mutex<Vec<Scores>>,
}

/// What an index holds and should not, and the other way round.
#[derive(Debug, Default, PartialEq, Eq)]
struct Difference {
    /// Numbers of articles to take out, see [`Held::number`].
    stale: Vec<i64>,
    /// Articles to bring in.
    missing: Vec<ArticleId>,
}

impl Difference {
    /// Compares what lives in segments with what should. Articles of no store are stale in any case: nothing tells whether
    /// one is still the same.
    fn between(segments: &[Segment], held: &[Option<Held>], library: &Library) -> Self {
        let mut stale = HashSet::new();
        let mut found = vec![false; held.len()];
        for head in segments.iter().flat_map(Segment::living) {
            let wanted = wanted(head, held, library).filter(|_| head.number >= 0);
            match wanted.and_then(|id| found.get_mut(id.0 as usize)) {
                Some(found) if !*found => *found = true,
                _ => drop(stale.insert(head.number)),
            }
        }
        let missing = held.iter().zip(&found).zip(0..).filter_map(|((held, found), place)| {
            // What is taken out is all that has the number.
            let lacks = held.as_ref().is_some_and(|held| !found || stale.contains(&held.number));
            lacks.then_some(ArticleId(place))
        });
        Self { missing: missing.collect(), stale: stale.into_iter().collect() }
    }
}

/// The article that an article in a segment is, if that should be held, and as it is there.
fn wanted(head: &Head, held: &[Option<Held>], library: &Library) -> Option<ArticleId> {
    let id = held::place_of(library, head.number)?;
    let wanted = held.get(id.0 as usize)?.as_ref()?;
    let as_is = wanted.number == head.number
        && wanted.state == head.state
        && documents::count(&wanted.article) == (head.end - head.first) as usize;
    as_is.then_some(id)
}

impl Index {
    /// Indexes a library in memory.
    #[cfg(test)]
    pub(super) fn build(library: &Library) -> Result<std::sync::Arc<Self>, super::MatchError> {
        Keeper::in_memory(library).map(|(_, index)| index)
    }

    /// Puts a snapshot together. What lives in `segments` must be what is `held`.
    fn assemble(
        segments: Vec<Segment>,
        held: Vec<Option<Held>>,
        vocabulary: Vocabulary,
        library: &Library,
        seq: Seq,
    ) -> tantivy::Result<Self> {
        let differs = || tantivy::TantivyError::InternalError("the index does not hold what was written".to_owned());
        let size: usize = segments.iter().map(|segment| segment.documents() as usize).sum();
        let runs = vec![Run::default(); held.len()];
        let (owners, numbered) = (vec![NOBODY; size], Vec::with_capacity(segments.len()));
        let mut index = Self {
            segments: numbered,
            owners,
            runs,
            held,
            vocabulary,
            documents: 0,
            articles: 0,
            words: 0,
            seq,
            scores: Mutex::default(),
        };
        let mut first = 0;
        for segment in segments {
            for head in segment.living() {
                let id = wanted(head, &index.held, library).ok_or_else(differs)?;
                let run = Run { first: first + head.first, end: first + head.end, words: head.words };
                let place = index.runs.get_mut(id.0 as usize).filter(|run| run.end == 0).ok_or_else(differs)?;
                *place = run;
                let owners = index.owners.get_mut(run.first as usize..run.end as usize).ok_or_else(differs)?;
                owners.fill(id.0);
                index.articles += 1;
                index.documents += owners.len();
                index.words += u64::from(run.words);
            }
            let documents = segment.documents();
            index.segments.push((first, segment));
            first += documents;
        }
        if index.articles == index.held.iter().flatten().count() { Ok(index) } else { Err(differs()) }
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        self.segments.iter().map(|(_, segment)| segment)
    }

    /// The places whose articles in `library` are not the very ones that are held.
    fn differing(&self, library: &Library) -> Vec<ArticleId> {
        let places = self.held.len().max(library.slots());
        let differs = |id: &ArticleId| {
            let held = self.held.get(id.0 as usize).and_then(Option::as_ref).map(|held| &held.article);
            match (held, library.get(*id)) {
                (Some(held), Some(there)) => !std::sync::Arc::ptr_eq(held, there),
                (held, there) => held.is_some() || there.is_some(),
            }
        };
        (0..u32::try_from(places).unwrap_or(u32::MAX)).map(ArticleId).filter(differs).collect()
    }

    /// Whether nothing differs from `library` but what `changed` names.
    fn tells_all(&self, library: &Library, changed: &[ArticleId]) -> bool {
        self.differing(library).iter().filter(|id| !changed.contains(id)).all(|id| {
            match (self.held.get(id.0 as usize).and_then(Option::as_ref), Held::of(library, *id)) {
                (Some(held), Some(there)) => held.is_as(&there),
                _ => false,
            }
        })
    }

    /// The last change of the store that it holds.
    pub(super) fn seq(&self) -> Seq {
        self.seq
    }

    /// How many documents live: paragraphs and heads.
    pub(super) fn documents(&self) -> usize {
        self.documents
    }

    /// One more than the highest number of a document.
    pub(super) fn document_slots(&self) -> usize {
        self.owners.len()
    }

    /// How many articles live.
    pub(super) fn articles(&self) -> usize {
        self.articles
    }

    /// One more than the highest number of an article.
    pub(super) fn article_slots(&self) -> usize {
        self.runs.len()
    }

    /// The mean number of words of a document.
    pub(super) fn mean_document_words(&self) -> f32 {
        mean(self.words, self.documents)
    }

    /// The mean number of words of an article.
    pub(super) fn mean_article_words(&self) -> f32 {
        mean(self.words, self.articles)
    }

    /// The article that a living document is of.
    pub(super) fn owner(&self, doc: Doc) -> Option<ArticleId> {
        self.owners.get(doc as usize).filter(|owner| **owner != NOBODY).map(|owner| ArticleId(*owner))
    }

    /// What a living document stands for.
    pub(super) fn place(&self, doc: Doc) -> Option<Place> {
        let article = self.owner(doc)?;
        Some(Place { article, paragraph: doc.checked_sub(self.run(article).first + 1) })
    }

    /// Between which numbers that of a document's words lies.
    #[expect(clippy::cast_precision_loss, reason = "words of one document")]
    pub(super) fn words_within(&self, doc: Doc) -> (f32, f32) {
        let at = self.segments.partition_point(|(first, _)| *first <= doc);
        let segment = at.checked_sub(1).and_then(|at| self.segments.get(at));
        let (least, most) = segment.map_or((0, u32::MAX), |(first, segment)| segment.words_within(doc - first));
        (least as f32, most as f32)
    }

    /// Where an article's documents lie; empty for an article that was added after the snapshot was made.
    pub(super) fn run(&self, article: ArticleId) -> Run {
        self.runs.get(article.0 as usize).copied().unwrap_or_default()
    }

    /// Where an article stands among others that nothing else tells apart. It does not depend on the history of the index.
    pub(super) fn order(&self, article: ArticleId) -> i64 {
        self.held.get(article.0 as usize).and_then(Option::as_ref).map_or(i64::MAX, Held::order)
    }

    /// The same for documents.
    pub(super) fn document_order(&self, doc: Doc) -> (i64, Doc) {
        let article = self.owner(doc);
        article.map_or((i64::MAX, doc), |article| (self.order(article), doc - self.run(article).first))
    }

    /// All words of the library, folded.
    #[cfg(test)]
    pub(super) fn vocabulary(&self) -> impl Iterator<Item = Entry<'_>> {
        self.vocabulary.iter()
    }

    /// The words of the library that are within so many edits of another, 1, or 2 of one that is long enough, and some more.
    pub(super) fn near(&self, word: &str, edits: usize) -> impl Iterator<Item = Entry<'_>> {
        self.vocabulary.near(word, edits)
    }

    /// Whether the library holds this very word.
    pub(super) fn knows(&self, folded: &str) -> bool {
        self.vocabulary.knows(folded)
    }

    /// The words of the library that share a stem.
    pub(super) fn forms(&self, stem: &str) -> impl Iterator<Item = Entry<'_>> {
        self.vocabulary.forms(stem)
    }

    /// Room for the scores of one question. Whoever takes it gives it back.
    pub(super) fn lend_scores(&self) -> Scores {
        self.scores.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes it back; that of an error is lost, which costs only time.
    pub(super) fn take_back(&self, scores: Scores) {
        let mut kept = self.scores.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT {
            kept.push(scores);
        }
    }

    /// Calls `each` with every living document that holds `word`, in order: its number, its article, how often, and its length in
    /// words.
    /// `within` keeps to some articles' runs, in order.
    pub(super) fn postings(
        &self,
        word: &str,
        within: Option<&[Run]>,
        mut each: impl FnMut(Doc, ArticleId, u32, u32),
    ) -> tantivy::Result<()> {
        for (first, segment) in &self.segments {
            let past = first + segment.documents();
            // A run never lies in two segments.
            let within: Option<Vec<(Doc, Doc)>> = within.map(|runs| {
                let here = runs.iter().filter(|run| run.first >= *first && run.first < past && run.end > run.first);
                here.map(|run| (run.first - first, run.end - first)).collect()
            });
            if within.as_ref().is_some_and(Vec::is_empty) {
                continue;
            }
            let within = within.unwrap_or_else(|| vec![(0, segment.documents())]);
            segment.postings(word, &within, |doc, times, length| {
                let doc = first + doc;
                if let Some(owner) = self.owner(doc) {
                    each(doc, owner, times, length);
                }
            })?;
        }
        Ok(())
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("segments", &self.segments.len())
            .field("articles", &self.articles)
            .field("documents", &self.documents)
            .field("vocabulary", &self.vocabulary.len())
            .field("seq", &self.seq)
            .finish()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a mean; more than 2^24 of either lose nothing that matters")]
fn mean(sum: u64, count: usize) -> f32 {
    (sum as f32 / count.max(1) as f32).max(1.0)
}
