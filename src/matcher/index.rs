//! The search index of one library: `tantivy` over its paragraphs, in memory, and the vocabulary that comes of it.
//!
//! Each article is one run of documents: a head (title and headings) and then its paragraphs in order. A run always lies
//! in one segment, so that an article's own term counts, and with them its BM25, fall out of the same postings as the
//! paragraphs', and a paragraph's neighbours are the documents beside it. Nothing is stored: a document is only the
//! number of its article and of its paragraph, and the words are read from the library.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use tantivy::fieldnorm::FieldNormReader;
use tantivy::indexer::{NoMergePolicy, UserOperation};
use tantivy::postings::Postings;
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, Token, TokenStream, Tokenizer};
use tantivy::{DocSet, InvertedIndexReader, ReloadPolicy, SegmentReader, TERMINATED, TantivyDocument};

use super::spelling::letters;
use super::terms::{Folder, Stems};
use crate::article::{Article, BlockKind};
use crate::library::{ArticleId, Library};

/// The paragraph number of an article's head.
const HEAD: u64 = u32::MAX as u64;

/// Memory that each indexing thread may fill before it writes a segment, in bytes. A paragraph takes about 400.
const WRITER_BYTES: usize = 64 * 1024 * 1024;

/// Below this many articles a second thread costs more than it brings.
const ARTICLES_PER_THREAD: usize = 64;

/// Threads that write the index, at most.
const MAX_THREADS: usize = 4;

/// The name under which the word cutter is registered.
const TOKENIZER: &str = "folded";

/// The number of a document in the index, over all segments.
pub(super) type Doc = u32;

/// What a document of the index stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) article: ArticleId,
    /// `None`: the article's head.
    pub(super) paragraph: Option<u32>,
}

/// Where an article's documents lie, and how many words they hold together.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Run {
    pub(super) first: Doc,
    /// One past the last.
    pub(super) end: Doc,
    pub(super) words: u32,
}

/// One word of the vocabulary: a folded word as it stands in the index.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) word: Box<str>,
    /// How many documents hold it.
    pub(super) documents: u32,
    /// The set of its letters, see [`letters`].
    pub(super) letters: u32,
}

/// The index and its vocabulary.
pub(super) struct Index {
    segments: Vec<Segment>,
    places: Vec<Place>,
    runs: Vec<Run>,
    /// Sorted by word.
    vocabulary: Vec<Entry>,
    /// Stem → indices into `vocabulary`.
    forms: HashMap<Box<str>, Vec<u32>>,
    words: u64,
}

struct Segment {
    first: Doc,
    postings: Arc<InvertedIndexReader>,
    lengths: FieldNormReader,
}

impl Index {
    /// Indexes every paragraph.
    pub(super) fn build(library: &Library) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let words = TextFieldIndexing::default()
            .set_tokenizer(TOKENIZER)
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(true);
        let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(words));
        let article = schema.add_u64_field("article", FAST);
        let paragraph = schema.add_u64_field("paragraph", FAST);
        let index = tantivy::Index::create_in_ram(schema.build());
        index.tokenizers().register(TOKENIZER, TextAnalyzer::from(Words::default()));

        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (library.len() / ARTICLES_PER_THREAD).clamp(1, cores.min(MAX_THREADS));
        let mut writer = index.writer_with_num_threads::<TantivyDocument>(threads, threads * WRITER_BYTES)?;
        // One commit, nothing ever deleted: merging would only cost time.
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for (id, held) in library.iter() {
            let document = |number: u64, words: &str| {
                let mut document = TantivyDocument::default();
                document.add_u64(article, u64::from(id.0));
                document.add_u64(paragraph, number);
                document.add_text(text, words);
                UserOperation::Add(document)
            };
            let paragraphs = held.paragraphs().iter().zip(0_u64..).map(|(p, n)| document(n, held.slice(p.span)));
            // What is run together lies together, in one segment and in this order.
            let run: Vec<_> = std::iter::once(document(HEAD, &head(held))).chain(paragraphs).collect();
            writer.run(run)?;
        }
        writer.commit()?;
        let searcher = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?.searcher();
        Self::open(searcher.segment_readers(), text, library.len())
    }

    fn open(readers: &[SegmentReader], text: Field, articles: usize) -> tantivy::Result<Self> {
        let mut index = Self {
            segments: Vec::with_capacity(readers.len()),
            places: Vec::new(),
            runs: vec![Run::default(); articles],
            vocabulary: Vec::new(),
            forms: HashMap::new(),
            words: 0,
        };
        for reader in readers {
            let first = narrow(index.places.len() as u64);
            let lengths = reader.get_fieldnorms_reader(text)?;
            let article = reader.fast_fields().u64("article")?;
            let paragraph = reader.fast_fields().u64("paragraph")?;
            for doc in 0..reader.max_doc() {
                let id = ArticleId(narrow(article.first(doc).unwrap_or(HEAD)));
                let number = paragraph.first(doc).unwrap_or(HEAD);
                let (at, length) = (first + doc, lengths.fieldnorm(doc));
                if let Some(run) = index.runs.get_mut(id.0 as usize) {
                    if run.end == 0 {
                        run.first = at;
                    }
                    run.end = at + 1;
                    run.words += length;
                }
                index.words += u64::from(length);
                index.places.push(Place { article: id, paragraph: (number != HEAD).then(|| narrow(number)) });
            }
            index.segments.push(Segment { first, postings: reader.inverted_index(text)?, lengths });
        }
        index.read_vocabulary()?;
        Ok(index)
    }

    /// Reads the words of all segments' dictionaries into one sorted list, and joins the forms of each stem.
    fn read_vocabulary(&mut self) -> tantivy::Result<()> {
        let mut entries: Vec<Entry> = Vec::new();
        for segment in &self.segments {
            let mut stream = segment.postings.terms().stream()?;
            while let Some((word, info)) = stream.next() {
                if let Ok(word) = std::str::from_utf8(word) {
                    entries.push(Entry { word: word.into(), documents: info.doc_freq, letters: letters(word) });
                }
            }
        }
        // Each dictionary is in order: this sort merges runs.
        entries.sort_by(|a, b| a.word.cmp(&b.word));
        entries.dedup_by(|next, kept| {
            let same = next.word == kept.word;
            kept.documents += if same { next.documents } else { 0 };
            same
        });
        let stems = Stems::default();
        for (entry, at) in entries.iter().zip(0_u32..) {
            let stem = stems.of(&entry.word);
            match self.forms.get_mut(stem.as_ref()) {
                Some(forms) => forms.push(at),
                None => drop(self.forms.insert(stem.into(), vec![at])),
            }
        }
        self.vocabulary = entries;
        Ok(())
    }

    /// How many documents there are: paragraphs and heads.
    pub(super) fn documents(&self) -> usize {
        self.places.len()
    }

    /// How many articles there are.
    pub(super) fn articles(&self) -> usize {
        self.runs.len()
    }

    /// The mean number of words of a document.
    pub(super) fn mean_document_words(&self) -> f32 {
        mean(self.words, self.places.len())
    }

    /// The mean number of words of an article.
    pub(super) fn mean_article_words(&self) -> f32 {
        mean(self.words, self.runs.len())
    }

    /// What a document stands for.
    pub(super) fn place(&self, doc: Doc) -> Option<Place> {
        self.places.get(doc as usize).copied()
    }

    /// Where an article's documents lie; empty for an article that was added after the index was built.
    pub(super) fn run(&self, article: ArticleId) -> Run {
        self.runs.get(article.0 as usize).copied().unwrap_or_default()
    }

    /// All words of the library, folded, in order.
    pub(super) fn vocabulary(&self) -> &[Entry] {
        &self.vocabulary
    }

    /// Whether the library holds this very word.
    pub(super) fn knows(&self, folded: &str) -> bool {
        self.vocabulary.binary_search_by(|entry| entry.word.as_ref().cmp(folded)).is_ok()
    }

    /// The words of the library that share a stem.
    pub(super) fn forms(&self, stem: &str) -> impl Iterator<Item = &Entry> {
        let forms = self.forms.get(stem).map(Vec::as_slice).unwrap_or_default();
        forms.iter().filter_map(|at| self.vocabulary.get(*at as usize))
    }

    /// Calls `each` with every document that holds `word`, in order: its number, how often, and its length in words.
    /// `only` keeps to a range of documents.
    pub(super) fn postings(
        &self,
        word: &str,
        only: Option<Range<Doc>>,
        mut each: impl FnMut(Doc, u32, u32),
    ) -> tantivy::Result<()> {
        let only = only.unwrap_or(0..Doc::MAX);
        for (at, segment) in self.segments.iter().enumerate() {
            let past = self.segments.get(at + 1).map_or(narrow(self.places.len() as u64), |next| next.first);
            if only.start >= past || only.end <= segment.first {
                continue;
            }
            let Some(info) = segment.postings.terms().get(word)? else { continue };
            let mut postings = segment.postings.read_postings_from_terminfo(&info, IndexRecordOption::WithFreqs)?;
            let mut doc = postings.doc();
            let from = only.start.saturating_sub(segment.first);
            if doc < from {
                doc = postings.seek(from);
            }
            while doc != TERMINATED && segment.first + doc < only.end {
                each(segment.first + doc, postings.term_freq(), segment.lengths.fieldnorm(doc));
                doc = postings.advance();
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("segments", &self.segments.len())
            .field("articles", &self.runs.len())
            .field("documents", &self.places.len())
            .field("vocabulary", &self.vocabulary.len())
            .finish()
    }
}

/// What an article says of itself: its title and headings.
fn head(article: &Article) -> String {
    let mut head = article.meta().title.clone();
    for block in article.blocks().iter().filter(|block| block.kind == BlockKind::Heading) {
        head.push('\n');
        head.push_str(article.slice(block.span));
    }
    head
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a mean; more than 2^24 of either lose nothing that matters")]
fn mean(sum: u64, count: usize) -> f32 {
    (sum as f32 / count.max(1) as f32).max(1.0)
}

/// [`Folder`] as tantivy wants it.
#[derive(Clone, Default)]
struct Words {
    folder: Folder,
    text: String,
    ends: Vec<usize>,
    token: Token,
}

struct WordStream<'a> {
    words: &'a mut Words,
    next: usize,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        let Self { folder, text: folded, ends, .. } = self;
        folded.clear();
        ends.clear();
        folder.words(text, |_, word| {
            folded.push_str(word);
            ends.push(folded.len());
        });
        self.token.reset();
        WordStream { words: self, next: 0 }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(end) = self.words.ends.get(self.next).copied() else { return false };
        let start = self.next.checked_sub(1).and_then(|at| self.words.ends.get(at)).copied().unwrap_or(0);
        let token = &mut self.words.token;
        token.text.clear();
        token.text.push_str(self.words.text.get(start..end).unwrap_or_default());
        token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.words.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.words.token
    }
}
