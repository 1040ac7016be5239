//! One segment of the index as it is read: its postings, where its articles begin, and which of its documents live.

use std::sync::Arc;

use tantivy::columnar::ColumnIndex;
use tantivy::directory::META_LOCK;
use tantivy::fastfield::AliveBitSet;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::index::SegmentId;
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{
    Directory, DocId, DocSet, Index, InvertedIndexReader, Opstamp, Result, SegmentReader, TERMINATED, TantivyError,
};

use super::layout::{ARTICLE, Fields, STATE};

/// A segment, with the documents of it that were taken out up to one commit.
#[derive(Clone)]
pub(super) struct Segment {
    id: SegmentId,
    deletes: Option<Opstamp>,
    /// Nothing when no document was taken out.
    alive: Option<AliveBitSet>,
    data: Arc<Data>,
}

/// What of a segment never changes.
struct Data {
    postings: Arc<InvertedIndexReader>,
    lengths: FieldNormReader,
    heads: Vec<Head>,
    documents: DocId,
}

/// An article's documents in a segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) first: DocId,
    /// One past the last.
    pub(super) end: DocId,
    /// See [`super::held::Held::number`].
    pub(super) number: i64,
    /// See [`super::held::Held::state`].
    pub(super) state: u64,
    /// Words of all its documents.
    pub(super) words: u32,
}

impl Segment {
    /// The segments of the last commit. What of them was read before is taken from `before`, and stands first.
    pub(super) fn read_all(index: &Index, fields: Fields, before: &[Self]) -> Result<Vec<Self>> {
        // Without this lock a merge that ends now could delete files between the list and their opening.
        let _lock = index.directory().acquire_lock(&META_LOCK)?;
        let mut listed = index.searchable_segments()?;
        let known = |id: SegmentId| before.iter().position(|segment| segment.id == id);
        listed.sort_by_key(|segment| known(segment.id()).unwrap_or(usize::MAX));
        let read = |segment: &tantivy::Segment| -> Result<Self> {
            let (id, deletes) = (segment.id(), segment.meta().delete_opstamp());
            let known = known(id).and_then(|at| before.get(at));
            if let Some(same) = known.filter(|known| known.deletes == deletes) {
                return Ok(same.clone());
            }
            let reader = SegmentReader::open(segment)?;
            let data = match known {
                Some(known) => Arc::clone(&known.data),
                None => Arc::new(Data::read(&reader, fields)?),
            };
            Ok(Self { id, deletes, alive: reader.alive_bitset().cloned(), data })
        };
        listed.iter().map(read).collect()
    }

    /// What tells it, with what was taken out of it, from every other.
    pub(super) fn state(&self) -> String {
        format!("{}.{}", self.id.uuid_string(), self.deletes.unwrap_or_default())
    }

    /// How many documents it has, those that were taken out as well.
    pub(super) fn documents(&self) -> DocId {
        self.data.documents
    }

    /// The articles that live.
    pub(super) fn living(&self) -> impl Iterator<Item = &Head> {
        self.data.heads.iter().filter(|head| self.alive.as_ref().is_none_or(|alive| alive.is_alive(head.first)))
    }

    /// Calls `each` with every document that holds `word` in one of the ranges, which are in order, those that were taken out
    /// as well: its number, how often, and its length in words.
    pub(super) fn postings(
        &self,
        word: &str,
        within: &[(DocId, DocId)],
        mut each: impl FnMut(DocId, u32, u32),
    ) -> Result<()> {
        let Data { postings, lengths, .. } = &*self.data;
        let Some(info) = postings.terms().get(word)? else { return Ok(()) };
        let mut found = postings.read_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?;
        let mut doc = found.doc();
        for (from, past) in within {
            if doc < *from {
                doc = found.seek(*from);
            }
            while doc != TERMINATED && doc < *past {
                each(doc, found.term_freq(), lengths.fieldnorm(doc));
                doc = found.advance();
            }
            if doc == TERMINATED {
                break;
            }
        }
        Ok(())
    }

    /// Between which numbers that of a document's words lies: lengths are kept in a byte, and longer ones are rounded down.
    pub(super) fn words_within(&self, doc: DocId) -> (u32, u32) {
        let id = self.data.lengths.fieldnorm_id(doc);
        let least = FieldNormReader::id_to_fieldnorm(id);
        (least, FieldNormReader::id_to_fieldnorm(id.saturating_add(1)).max(least))
    }

    /// Calls `each` with every word, in order, and with how many living documents hold it, if any does.
    pub(super) fn words(&self, mut each: impl FnMut(&str, u32)) -> Result<()> {
        let postings = &self.data.postings;
        let mut stream = postings.terms().stream()?;
        while let Some((word, info)) = stream.next() {
            let Ok(word) = std::str::from_utf8(word) else { continue };
            let documents = match &self.alive {
                None => info.doc_freq,
                // The dictionary counts those that were taken out, too.
                Some(alive) => {
                    let mut found = postings.read_block_postings_from_terminfo(info, IndexRecordOption::Basic)?;
                    let mut living = 0;
                    while !found.docs().is_empty() {
                        living += found.docs().iter().map(|doc| u32::from(alive.is_alive(*doc))).sum::<u32>();
                        found.advance();
                    }
                    living
                }
            };
            if documents > 0 {
                each(word, documents);
            }
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn name(&self) -> String {
        self.id.uuid_string()
    }
}

impl Data {
    fn read(reader: &SegmentReader, fields: Fields) -> Result<Self> {
        let lengths = reader.get_fieldnorms_reader(fields.text)?;
        let (numbers, states) = (reader.fast_fields().i64(ARTICLE)?, reader.fast_fields().u64(STATE)?);
        let documents = reader.max_doc();
        let firsts: Vec<DocId> = match &states.index {
            ColumnIndex::Full => (0..documents).collect(),
            ColumnIndex::Optional(index) => index.iter_non_null_docs().collect(),
            ColumnIndex::Empty { .. } | ColumnIndex::Multivalued(_) => Vec::new(),
        };
        let ends = firsts.iter().skip(1).copied().chain([documents]);
        let head = |(first, end): (DocId, DocId)| {
            let number = numbers.first(first)?;
            let whole = first < end && numbers.first(end - 1) == Some(number);
            let words = (first..end).map(|doc| lengths.fieldnorm(doc)).sum();
            whole.then_some(Head { first, end, number, state: states.first(first)?, words })
        };
        let heads: Option<Vec<Head>> = firsts.iter().copied().zip(ends).map(head).collect();
        let heads = heads.filter(|heads| heads.first().map_or(documents, |head| head.first) == 0);
        let Some(heads) = heads else {
            return Err(TantivyError::InternalError("documents that are no articles".to_owned()));
        };
        Ok(Self { postings: reader.inverted_index(fields.text)?, lengths, heads, documents })
    }
}
