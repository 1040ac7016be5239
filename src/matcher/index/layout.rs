//! How the index lies on the disk: its fields, and what a commit says of itself.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde::{Deserialize, Serialize};
use tantivy::schema::{FAST, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::store::Compressor;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::{Index, IndexSettings};

use super::documents::Words;
use crate::library::store::Seq;

/// Raised whenever what is written changes: the fields, what a document consists of, or how words are cut and folded. An
/// index of another format is made anew.
pub(super) const FORMAT: u32 = 2;

/// The name under which the word cutter is registered.
const TOKENIZER: &str = "folded";

/// The number of an article, on each of its documents: by it they are taken out.
pub(super) const ARTICLE: &str = "article";

/// The fingerprint of an article's state, on its first document only: where there is one, an article begins.
pub(super) const STATE: &str = "state";

/// The fields of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    pub(super) text: Field,
    pub(super) article: Field,
    pub(super) state: Field,
}

/// The schema and its fields.
pub(super) fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let words = TextFieldIndexing::default()
        .set_tokenizer(TOKENIZER)
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(true);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(words));
    let article = schema.add_i64_field(ARTICLE, NumericOptions::default().set_indexed().set_fast());
    let state = schema.add_u64_field(STATE, FAST);
    (schema.build(), Fields { text, article, state })
}

/// Nothing is stored, so nothing is compressed, and no thread is needed for it.
pub(super) fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::None,
        docstore_compress_dedicated_thread: false,
        ..IndexSettings::default()
    }
}

/// Tells an index how text is cut into words. How many documents have been cut so far can be read from what is returned.
pub(super) fn register_words(index: &Index) -> Arc<AtomicUsize> {
    let words = Words::default();
    let done = Arc::clone(&words.done);
    index.tokenizers().register(TOKENIZER, TextAnalyzer::from(words));
    done
}

/// What a commit says of itself. It is written with the list of the segments, in one file that is replaced as a whole: it is
/// never ahead of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) format: u32,
    /// The last change of the store that the index holds.
    pub(super) seq: i64,
}

impl Payload {
    pub(super) fn new(seq: Seq) -> Self {
        Self { format: FORMAT, seq: seq.0 }
    }

    pub(super) fn write(self) -> String {
        format!("{{\"format\":{},\"seq\":{}}}", self.format, self.seq)
    }

    pub(super) fn read(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::held::Fingerprint;
    use super::*;
    use crate::matcher::terms::Folder;

    #[test]
    fn a_payload_is_read_as_it_was_written() {
        let payload = Payload::new(Seq(42));
        assert_eq!(Payload::read(&payload.write()), Some(payload));
        for other in ["", "{}", "Segments Merge: [a]", "{\"format\":1}"] {
            assert_eq!(Payload::read(other), None, "{other}");
        }
    }

    #[test]
    fn words_that_are_cut_otherwise_are_another_format() {
        let text = "Zoë O’Brien’s U.S. co-op paid 1,250.50 euros; straße, naïve, ﬁn, don't, IT, 3.5%, Ωmega and x_y.";
        let mut print = Fingerprint::default();
        Folder::default().words(text, |_, word| word.bytes().chain([0]).for_each(|byte| print.add(u64::from(byte))));
        assert_eq!(
            (FORMAT, print.0),
            (2, 1_323_908_690_204_901_634),
            "words are cut otherwise than before: raise FORMAT, then set this anew"
        );
    }
}
