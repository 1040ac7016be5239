//! Who writes the index: brings it to what a library holds and makes the snapshots that questions are asked of.
//!
//! The snapshots of one index share one [`Keeper`]. It knows the newest of them; what is asked of an older one goes on over
//! the segments that it has, also when those were merged away meanwhile.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::prelude::*;
use tantivy::indexer::{IndexWriterOptions, UserOperation};
use tantivy::merge_policy::{LogMergePolicy, NoMergePolicy};
use tantivy::{IndexWriter, Result, TantivyDocument, Term};

use super::directory::Folder;
use super::documents::{self, Shift};
use super::held::Held;
use super::layout::{self, FORMAT, Fields, Payload};
use super::seat::Seat;
use super::segment::Segment;
use super::vocabulary::Vocabulary;
use super::{Difference, Index};
use crate::library::store::Seq;
use crate::library::{ArticleId, Library};
use crate::matcher::MatchError;

/// Memory that each thread may fill before it writes a segment, in bytes, where many articles come at once. A paragraph
/// takes about 400.
const MANY_BYTES: usize = 64 * 1024 * 1024;

/// The same where few come: the least that tantivy allows.
const FEW_BYTES: usize = 15_000_000;

/// For each thread at least this many articles; with fewer it costs more than it brings.
const ARTICLES_PER_THREAD: usize = 64;

/// Threads that write the index, at most.
const MAX_THREADS: usize = 4;

/// How many segments of about one size are merged to one. Each document is then written about log₄(N / 30) times until it
/// lies among N others (seven times in a library of 20,000 articles), and no more than three segments of a size remain.
const MERGED_AT_ONCE: usize = 4;

/// Documents below which sizes make no difference when segments are merged: a few dozen articles.
const SMALL_SEGMENT: u32 = 1_000;

/// The share of a segment's documents that may be dead before it is written anew without them.
const DEAD_SHARE: f32 = 0.25;

/// Writes one index.
pub(in crate::matcher) struct Keeper {
    /// As configured; nothing: in memory.
    folder: Option<PathBuf>,
    fields: Fields,
    state: Mutex<State>,
}

struct State {
    /// Made when there is something to write.
    writer: Option<IndexWriter>,
    tantivy: tantivy::Index,
    /// Where it lies; given back last, when nothing is written any more.
    seat: Option<Seat>,
    newest: Option<Arc<Index>>,
    /// Something went wrong on the way to the next snapshot: what the index holds must be looked at anew.
    torn: bool,
}

/// Told how many articles have been brought in so far.
type Progress<'p> = &'p (dyn Fn(usize) + Sync);

impl Keeper {
    /// An index in memory over a library.
    pub(in crate::matcher) fn in_memory(library: &Library) -> std::result::Result<(Self, Arc<Index>), MatchError> {
        let (schema, fields) = layout::schema();
        let tantivy = tantivy::Index::builder().schema(schema).settings(layout::settings()).create_in_ram()?;
        layout::register_words(&tantivy);
        let state = State { writer: None, tantivy, seat: None, newest: None, torn: true };
        Self { folder: None, fields, state: Mutex::new(state) }.begin(library, Seq(0), &[], &|_| ())
    }

    /// The index that is kept in `folder`, brought to what `library` holds.
    pub(in crate::matcher) fn on_disk(
        folder: &Path,
        library: &Library,
        seq: Seq,
        progress: Progress<'_>,
    ) -> std::result::Result<(Self, Arc<Index>), MatchError> {
        let (_, fields) = layout::schema();
        let (seat, tantivy, segments) =
            sit(folder, fields).map_err(|source| MatchError::Folder { folder: folder.to_owned(), source })?;
        let state = State { writer: None, tantivy, seat: Some(seat), newest: None, torn: true };
        let keeper = Self { folder: Some(folder.to_owned()), fields, state: Mutex::new(state) };
        keeper.begin(library, seq, &segments, progress)
    }

    fn begin(
        self,
        library: &Library,
        seq: Seq,
        segments: &[Segment],
        progress: Progress<'_>,
    ) -> std::result::Result<(Self, Arc<Index>), MatchError> {
        let mut state = self.state();
        let made = self.reconcile(&mut state, library, seq, segments, progress);
        let made = self.keep(&mut state, made)?;
        drop(state);
        Ok((self, made))
    }

    /// The snapshot over `library`, in which the articles `changed` are not as they were in that of `base`.
    pub(in crate::matcher) fn update(
        &self,
        base: &Arc<Index>,
        library: &Library,
        changed: &[ArticleId],
        seq: Seq,
    ) -> std::result::Result<Arc<Index>, MatchError> {
        let mut state = self.state();
        let newest = state.newest.clone().filter(|_| !state.torn);
        // Until it is done: also a panic on the way must not go unnoticed.
        state.torn = true;
        let next = match newest {
            Some(newest) if Arc::ptr_eq(&newest, base) => {
                debug_assert!(
                    newest.differing(library).iter().all(|id| changed.contains(id)),
                    "changes that are not told"
                );
                self.advance(&mut state, &newest, library, changed, seq)
            }
            // Not the newest one: what was written since may have to be undone.
            Some(newest) => self.advance(&mut state, &newest, library, &newest.differing(library), seq),
            None => self.begin_again(&mut state, library, seq),
        };
        self.keep(&mut state, next)
    }

    /// Makes the snapshot that was reached the newest one.
    fn keep(&self, state: &mut State, made: Result<Index>) -> std::result::Result<Arc<Index>, MatchError> {
        let made = made.map(Arc::new).map_err(|source| {
            close(state.writer.take());
            match &self.folder {
                Some(folder) => MatchError::Folder { folder: folder.clone(), source },
                None => MatchError::Index(source),
            }
        })?;
        state.torn = false;
        state.newest = Some(Arc::clone(&made));
        Ok(made)
    }

    /// After something went wrong: opens what lies on the disk as if for the first time.
    fn begin_again(&self, state: &mut State, library: &Library, seq: Seq) -> Result<Index> {
        let mut segments = Vec::new();
        if let Some(folder) = &self.folder {
            close(state.writer.take());
            // Given back before one is taken, or it would be the next one.
            state.seat = None;
            let (seat, tantivy, found) = sit(folder, self.fields)?;
            (state.seat, state.tantivy, segments) = (Some(seat), tantivy, found);
        }
        self.reconcile(state, library, seq, &segments, &|_| ())
    }

    /// Looks at everything that the index holds, and makes it hold what `library` holds.
    fn reconcile(
        &self,
        state: &mut State,
        library: &Library,
        seq: Seq,
        segments: &[Segment],
        progress: Progress<'_>,
    ) -> Result<Index> {
        let held = Held::all(library);
        let segments = Segment::read_all(&state.tantivy, self.fields, segments)?;
        let Difference { stale, missing } = Difference::between(&segments, &held, library);
        let said = state.tantivy.load_metas()?.payload.and_then(|payload| Payload::read(&payload));
        let segments = if stale.is_empty() && missing.is_empty() && said == Some(Payload::new(seq)) {
            segments
        } else {
            let missing: Vec<&Held> = missing.iter().filter_map(|id| held.get(id.0 as usize)?.as_ref()).collect();
            self.write(state, &stale, &missing, seq, progress)?;
            Segment::read_all(&state.tantivy, self.fields, &segments)?
        };
        let vocabulary = Vocabulary::read(&segments)?;
        Index::assemble(segments, held, vocabulary, library, seq)
    }

    /// Writes what `changed` names, and nothing else.
    fn advance(
        &self,
        state: &mut State,
        newest: &Index,
        library: &Library,
        changed: &[ArticleId],
        seq: Seq,
    ) -> Result<Index> {
        let mut held = newest.held.clone();
        held.resize_with(library.slots(), || None);
        let mut shift = Shift::default();
        let (mut out, mut into) = (Vec::new(), Vec::new());
        for id in changed {
            let Some(place) = held.get_mut(id.0 as usize) else { continue };
            let next = Held::of(library, *id);
            let same = match (&*place, &next) {
                (Some(old), Some(new)) => old.is_as(new),
                (None, None) => true,
                _ => false,
            };
            if let Some(old) = place.as_ref().filter(|_| !same) {
                shift.add(&old.article, -1);
                out.push(old.number);
            }
            if let Some(new) = next.as_ref().filter(|_| !same) {
                shift.add(&new.article, 1);
                into.push(new.clone());
            }
            *place = next;
        }
        let unchanged = out.is_empty() && into.is_empty();
        let segments = if unchanged && (self.folder.is_none() || seq == newest.seq) {
            newest.segments().cloned().collect()
        } else {
            self.write(state, &out, &into.iter().collect::<Vec<_>>(), seq, &|_| ())?;
            Segment::read_all(&state.tantivy, self.fields, &newest.segments().cloned().collect::<Vec<_>>())?
        };
        let vocabulary = newest.vocabulary.shifted(shift.by_word);
        Index::assemble(segments, held, vocabulary, library, seq)
    }

    /// Takes the articles with the numbers `out` out, brings `into` in, and commits.
    fn write(&self, state: &mut State, out: &[i64], into: &[&Held], seq: Seq, progress: Progress<'_>) -> Result<()> {
        let many = into.len() > ARTICLES_PER_THREAD;
        let mut writer = match state.writer.take() {
            Some(writer) => writer,
            None => writer(&state.tantivy, into.len())?,
        };
        for number in out {
            writer.delete_term(Term::from_field_i64(self.fields.article, *number));
        }
        for (held, done) in into.iter().zip(1..) {
            // What is run together lies together, in one segment and in this order.
            writer.run(self.run(held))?;
            progress(done);
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&Payload::new(seq).write());
        commit.commit()?;
        if many {
            // Its buffers are large and its threads many; what comes next is most likely one article.
            close(Some(writer));
        } else {
            state.writer = Some(writer);
        }
        Ok(())
    }

    /// The documents of an article.
    fn run(&self, held: &Held) -> Vec<UserOperation> {
        let Fields { text, article, state } = self.fields;
        let document = |words: &str| {
            let mut document = TantivyDocument::default();
            document.add_i64(article, held.number);
            document.add_text(text, words);
            document
        };
        let mut head = document(&documents::head(&held.article));
        head.add_u64(state, held.state);
        let paragraphs = held.article.paragraphs().iter().map(|paragraph| document(held.article.slice(paragraph.span)));
        std::iter::once(head).chain(paragraphs).map(UserOperation::Add).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until no segments are being merged any more.
    #[cfg(test)]
    pub(super) fn settle(&self) {
        if let Some(writer) = self.state().writer.take() {
            writer.wait_merging_threads().unwrap();
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // Whoever takes the seat next must find nobody writing there.
        if self.folder.is_some() {
            close(self.state().writer.take());
        }
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A writer for about so many articles.
fn writer(index: &tantivy::Index, articles: usize) -> Result<IndexWriter> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (articles / ARTICLES_PER_THREAD).clamp(1, cores.min(MAX_THREADS));
    let many = articles > ARTICLES_PER_THREAD;
    let options = IndexWriterOptions::builder()
        .num_worker_threads(threads)
        .memory_budget_per_thread(if many { MANY_BYTES } else { FEW_BYTES })
        .num_merge_threads(1)
        .build();
    let writer: IndexWriter = index.writer_with_options(options)?;
    if many {
        // All cores are at work on what comes in. Merging follows when articles come one by one.
        writer.set_merge_policy(Box::new(NoMergePolicy));
    } else {
        writer.set_merge_policy(Box::new(merging()));
    }
    Ok(writer)
}

/// Ends a writer: what it has not committed is forgotten, a merge that runs is waited for, none is begun.
fn close(writer: Option<IndexWriter>) {
    if let Some(writer) = writer {
        writer.set_merge_policy(Box::new(NoMergePolicy));
        if let Err(error) = writer.wait_merging_threads() {
            tracing::debug!(%error, "merging segments of the search index");
        }
    }
}

/// Which segments are merged when. Merging puts the living documents of one segment after those of another, each in its
/// order, so that an article's documents stay together (an article is taken out as a whole).
fn merging() -> LogMergePolicy {
    let mut policy = LogMergePolicy::default();
    policy.set_min_num_segments(MERGED_AT_ONCE);
    policy.set_min_layer_size(SMALL_SEGMENT);
    policy.set_del_docs_ratio_before_merge(DEAD_SHARE);
    policy
}

/// Takes a seat of `folder`, and opens the index that lies there or makes one.
fn sit(folder: &Path, fields: Fields) -> Result<(Seat, tantivy::Index, Vec<Segment>)> {
    let seat = Seat::take(folder)?;
    let found = found(&seat, fields).unwrap_or_else(|reason| {
        tracing::warn!(folder = %seat.path().display(), reason, "the search index can't be used and is made anew");
        None
    });
    if let Some((tantivy, segments)) = found {
        return Ok((seat, tantivy, segments));
    }
    seat.clear()?;
    let tantivy = tantivy::Index::create(Folder::open(seat.path())?, layout::schema().0, layout::settings())?;
    layout::register_words(&tantivy);
    Ok((seat, tantivy, Vec::new()))
}

/// What lies in a seat, if it is an index of this format that can be read and is whole; nothing in an empty one. An error
/// says why it can't be used.
fn found(seat: &Seat, fields: Fields) -> std::result::Result<Option<(tantivy::Index, Vec<Segment>)>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    seat.sweep().map_err(|e| text(&e))?;
    let has = |file: &Path| seat.path().join(file).exists();
    if !has(Path::new("meta.json")) {
        return if has(Path::new(".managed.json")) { Err("it was never finished".to_owned()) } else { Ok(None) };
    }
    if !has(Path::new(".managed.json")) {
        return Err("the list of its files is missing".to_owned());
    }
    let directory = Folder::open(seat.path()).map_err(|e| text(&e))?;
    let index = tantivy::Index::open(directory).map_err(|e| text(&e))?;
    if index.schema() != layout::schema().0 {
        return Err("it has other fields".to_owned());
    }
    let metas = index.load_metas().map_err(|e| text(&e))?;
    let payload = metas.payload.as_deref().ok_or("it was never finished")?;
    if Payload::read(payload).is_none_or(|payload| payload.format != FORMAT) {
        return Err("it has another format".to_owned());
    }
    let files: Vec<PathBuf> = metas.list_segment_files().into_iter().collect();
    let damaged = files.par_iter().find_any(|file| {
        // Some files of a segment are only there when they are needed; one that is, but isn't there, fails to open below.
        has(file) && !index.directory().validate_checksum(file).unwrap_or(false)
    });
    if let Some(damaged) = damaged {
        return Err(format!("{} is damaged", damaged.display()));
    }
    layout::register_words(&index);
    let segments = Segment::read_all(&index, fields, &[]).map_err(|e| text(&e))?;
    Ok(Some((index, segments)))
}

/// Whether an index lies in a seat that can be used as it is.
#[cfg(test)]
pub(super) fn is_whole(seat: &Seat) -> bool {
    matches!(found(seat, layout::schema().1), Ok(Some(_)))
}
