//! Who writes the index: brings it to what a library holds and makes the snapshots that questions are asked of.
//!
//! The snapshots of one index share one [`Keeper`]. It knows the newest of them; what is asked of an older one goes on over
//! the segments that it has, also when those were merged away meanwhile.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tantivy::{IndexWriter, Result};

use super::documents::{self, Shift};
use super::held::Held;
use super::layout::{self, Fields, Payload};
use super::open::{Found, sit};
use super::seat::Seat;
use super::segment::Segment;
use super::vocabulary::Vocabulary;
use super::{Difference, Index, words_file, write};
use crate::library::store::Seq;
use crate::library::{ArticleId, Library};
use crate::matcher::MatchError;

/// How often it is told how far the writing of many articles has come.
const PROGRESS_EVERY: Duration = Duration::from_millis(20);

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
    /// Documents that have been cut into words since it was opened.
    cut: Arc<AtomicUsize>,
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
        let cut = layout::register_words(&tantivy);
        let state = State { writer: None, tantivy, cut, seat: None, newest: None, torn: true };
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
        let error = |source| MatchError::Folder { folder: folder.to_owned(), source };
        let (seat, Found { tantivy, cut, segments }) = sit(folder, fields).map_err(error)?;
        let state = State { writer: None, tantivy, cut, seat: Some(seat), newest: None, torn: true };
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
                debug_assert!(newest.tells_all(library, changed), "changes that are not told");
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
            write::close(state.writer.take());
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
            write::close(state.writer.take());
            // Given back before one is taken, or it would be the next one.
            state.seat = None;
            let (seat, found) = sit(folder, self.fields)?;
            (state.seat, state.tantivy, state.cut, segments) = (Some(seat), found.tantivy, found.cut, found.segments);
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
            self.bring(state, &stale, &missing, seq, progress)?;
            Segment::read_all(&state.tantivy, self.fields, &segments)?
        };
        let vocabulary = match &state.seat {
            Some(seat) => Self::vocabulary(seat.path(), &segments)?,
            None => Vocabulary::read(&segments)?,
        };
        Index::assemble(segments, held, vocabulary, library, seq)
    }

    /// The words of segments in a folder: as they were kept, or read anew and kept.
    fn vocabulary(folder: &Path, segments: &[Segment]) -> Result<Vocabulary> {
        if let Some(kept) = words_file::read(folder, segments) {
            return Ok(kept);
        }
        let read = Vocabulary::read(segments)?;
        if let Err(error) = words_file::write(folder, segments, &read) {
            tracing::debug!(%error, "the words of the search index can't be kept");
        }
        Ok(read)
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
        // A library before the newest one may have fewer places: what is in the others is taken out.
        held.resize_with(held.len().max(library.slots()), || None);
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
            self.bring(state, &out, &into.iter().collect::<Vec<_>>(), seq, &|_| ())?;
            Segment::read_all(&state.tantivy, self.fields, &newest.segments().cloned().collect::<Vec<_>>())?
        };
        let vocabulary = newest.vocabulary.shifted(shift.by_word);
        Index::assemble(segments, held, vocabulary, library, seq)
    }

    /// Takes the articles with the numbers `out` out, brings `into` in, and commits.
    fn bring(&self, state: &mut State, out: &[i64], into: &[&Held], seq: Seq, progress: Progress<'_>) -> Result<()> {
        if state.writer.is_none() && !write::is_many(into.len()) {
            state.writer = Some(write::writer(&state.tantivy, into.len())?);
        }
        if let Some(writer) = &mut state.writer {
            // After an error it stays to be closed by whoever is told.
            write::write(writer, self.fields, out, into, seq)?;
            progress(into.len());
            return Ok(());
        }
        let mut writer = write::writer(&state.tantivy, into.len())?;
        let documents: usize = into.iter().map(|held| documents::count(&held.article)).sum();
        let before = state.cut.load(Ordering::Relaxed);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                let written = write::write(&mut writer, self.fields, out, into, seq);
                // Its buffers are large and its threads many; what comes next is most likely one article.
                write::close(Some(writer));
                written
            });
            while !writing.is_finished() {
                let cut = state.cut.load(Ordering::Relaxed) - before;
                progress(into.len() * cut.min(documents) / documents.max(1));
                std::thread::sleep(PROGRESS_EVERY);
            }
            progress(into.len());
            writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
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
            write::close(self.state().writer.take());
        }
    }
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keeper").field("folder", &self.folder).finish_non_exhaustive()
    }
}
