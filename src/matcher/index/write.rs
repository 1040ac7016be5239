//! Writing documents: how many threads and how much memory that takes, and which segments are merged.

use std::num::NonZero;

use tantivy::indexer::{IndexWriterOptions, UserOperation};
use tantivy::merge_policy::{LogMergePolicy, NoMergePolicy};
use tantivy::{Index, IndexWriter, Result, TantivyDocument, Term};

use super::documents;
use super::held::Held;
use super::layout::{Fields, Payload};
use crate::library::store::Seq;

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

/// Whether so many articles are written with threads and memory that are not kept for the next one.
pub(super) fn is_many(articles: usize) -> bool {
    articles > ARTICLES_PER_THREAD
}

/// A writer for about so many articles.
pub(super) fn writer(index: &Index, articles: usize) -> Result<IndexWriter> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (articles / ARTICLES_PER_THREAD).clamp(1, cores.min(MAX_THREADS));
    let many = is_many(articles);
    let options = IndexWriterOptions::builder()
        .num_worker_threads(threads)
        .memory_budget_per_thread(if many { MANY_BYTES } else { FEW_BYTES })
        .num_merge_threads(1)
        .build();
    let writer: IndexWriter = index.writer_with_options(options)?;
    if many {
        // All cores are at work on what comes in; merging follows.
        writer.set_merge_policy(Box::new(NoMergePolicy));
    } else {
        writer.set_merge_policy(Box::new(merging()));
    }
    Ok(writer)
}

/// Takes the articles with the numbers `out` out, brings `into` in, and commits.
pub(super) fn write(writer: &mut IndexWriter, fields: Fields, out: &[i64], into: &[&Held], seq: Seq) -> Result<()> {
    for number in out {
        writer.delete_term(Term::from_field_i64(fields.article, *number));
    }
    for held in into {
        // What is run together lies together, in one segment and in this order.
        writer.run(run(held, fields))?;
    }
    if is_many(into.len()) {
        // Each segment has a dictionary of its own, in which each word of a question is looked up.
        writer.set_merge_policy(Box::new(merging()));
    }
    let mut commit = writer.prepare_commit()?;
    commit.set_payload(&Payload::new(seq).write());
    commit.commit()?;
    Ok(())
}

/// The documents of an article.
fn run(held: &Held, fields: Fields) -> Vec<UserOperation> {
    let Fields { text, article, state } = fields;
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

/// Ends a writer: what it has not committed is forgotten, a merge that runs is waited for, none is begun.
pub(super) fn close(writer: Option<IndexWriter>) {
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
