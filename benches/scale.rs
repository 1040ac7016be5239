//! How time and memory grow with the library: 10,000, 150,000 and 1,000,000 paragraphs of real length.
//!
//! `cargo bench --bench scale [-- PARAGRAPHS…]`; `-- write FILE PARAGRAPHS` writes the articles for `byline import`. Each size gets two processes: one makes the index on disk, the other opens it,
//! answers, and is the one whose memory is told. Beside the matcher, and asked the same questions, stands plain tantivy: its default
//! tokenizer, one field, an OR query of the question's words (once of all, once of those that the matcher looks for), ten best.
//! Prints a table, not a criterion report: percentiles of single questions are wanted.

mod common;
#[path = "common/corpus.rs"]
mod corpus;

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use byline::article::read::{Format, read_text};
use byline::library::Library;
use byline::library::store::{CollectionId, Seq, Stored, StoredId};
use byline::matcher::{Matcher, Question};
use jiff::Timestamp;
use rayon::prelude::*;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, STORED, Schema, TEXT};
use tantivy::{Term, doc};

const STEP: &str = "BYLINE_BENCH_SCALE_STEP";
const SIZES: [u64; 3] = [10_000, 150_000, 1_000_000];

/// Questions that are asked; the first tenth of them untimed.
const QUESTIONS: u64 = 1_000;

type Failure = Box<dyn Error + Send + Sync>;

fn stored(number: u64) -> Result<Stored, Failure> {
    let article = read_text(&format!("a{number}"), &corpus::article(number), Format::Text)?;
    let now = Timestamp::UNIX_EPOCH;
    let id = i64::try_from(number)? + 1;
    Ok(Stored {
        id: StoredId(id),
        collection: CollectionId(1),
        number: id,
        article,
        version: 1,
        added_at: now,
        moved: false,
        silent: false,
        changed_at: now,
        duplicate_of: None,
        removed_at: None,
    })
}

fn library(articles: u64) -> Result<Library, Failure> {
    let mut library = Library::default();
    let all: Vec<u64> = (0..articles).collect();
    for some in all.chunks(4_096) {
        let made: Vec<Stored> = some.par_iter().map(|number| stored(*number)).collect::<Result<_, _>>()?;
        for stored in made {
            library.put_stored(stored);
        }
    }
    Ok(library)
}

fn paragraphs(library: &Library) -> usize {
    library.iter().map(|(_, article)| article.paragraphs().len()).sum()
}

/// A line of what the system says of this process, in MiB.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = status
        .lines()
        .find_map(|l| l.strip_prefix(line)?.trim_start_matches(':').split_whitespace().next()?.parse::<u64>().ok());
    value.unwrap_or(0) / 1024
}

fn make(folder: &Path, articles: u64) -> Result<(), Failure> {
    let library = library(articles)?;
    let count = paragraphs(&library);
    let bytes: usize = library.iter().map(|(_, article)| article.text().len()).sum();
    println!(
        "{articles} articles, {count} paragraphs, {} MB of text; held: {} MiB",
        bytes / 1_000_000,
        memory("RssAnon")
    );
    let started = Instant::now();
    let matcher = Matcher::open(&folder.join("byline"), &library, Seq(1), |_| ())?;
    let took = started.elapsed();
    drop(matcher);
    println!("  index made in {:.1} s: {:.0} paragraphs/s", took.as_secs_f64(), count as f64 / took.as_secs_f64());
    let mut schema = Schema::builder();
    let text = schema.add_text_field("text", TEXT);
    let _ = schema.add_u64_field("number", STORED);
    std::fs::create_dir_all(folder.join("plain"))?;
    let index = tantivy::Index::create_in_dir(folder.join("plain"), schema.build())?;
    let mut writer: tantivy::IndexWriter = index.writer_with_num_threads(1, 500_000_000)?;
    for (_, article) in library.iter() {
        for paragraph in article.paragraphs() {
            writer.add_document(doc!(text => article.slice(paragraph.span)))?;
        }
    }
    writer.commit()?;
    Ok(())
}

/// Percentiles of times.
fn told(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        times.get(((times.len() - 1) as f64 * share) as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    format!("median {:.2} ms, p95 {:.2}, p99 {:.2}, most {:.2}", at(0.5), at(0.95), at(0.99), at(1.0))
}

fn timed(questions: &[String], mut ask: impl FnMut(&str) -> Result<(), Failure>) -> Result<String, Failure> {
    let warm = questions.len() / 10;
    let mut times = Vec::new();
    for (number, question) in questions.iter().enumerate() {
        let started = Instant::now();
        ask(question)?;
        if number >= warm {
            times.push(started.elapsed());
        }
    }
    Ok(told(times))
}

fn ask(folder: &Path, articles: u64) -> Result<(), Failure> {
    let library = library(articles)?;
    let before = memory("RssAnon");
    let questions: Vec<String> = (0..QUESTIONS).map(|number| corpus::question(number, articles)).collect();
    let question = |text: &str| Question { text: text.to_owned(), ..Question::default() };
    let started = Instant::now();
    let matcher = Matcher::open(&folder.join("byline"), &library, Seq(1), |_| ())?;
    let opened = started.elapsed();
    let first = questions.first().map_or("", String::as_str);
    matcher.search(&library, &question(first))?;
    println!("  opened in {:.2} s, first answer {:.2} s", opened.as_secs_f64(), started.elapsed().as_secs_f64());
    let matched = timed(&questions, |text| {
        std::hint::black_box(matcher.search(&library, &question(text))?);
        Ok(())
    })?;
    println!("  matcher               {matched}");
    println!(
        "  memory: articles {before} MiB, with the index {} MiB; resident {} MiB",
        memory("RssAnon"),
        memory("VmRSS")
    );

    let index = tantivy::Index::open_in_dir(folder.join("plain"))?;
    let text = index.schema().get_field("text")?;
    let searcher = index.reader()?.searcher();
    for (name, all) in [("all words ", true), ("the matcher's ", false)] {
        let line = timed(&questions, |question| {
            let mut tokens = index.tokenizer_for_field(text)?;
            let mut stream = tokens.token_stream(question);
            let mut words: Vec<(Occur, Box<dyn Query>)> = Vec::new();
            stream.process(&mut |token| {
                if all
                    || !["who", "when", "how", "many", "what", "where", "why", "did", "the"]
                        .contains(&token.text.as_str())
                {
                    let term = Term::from_field_text(text, &token.text);
                    words.push((Occur::Should, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
                }
            });
            let query = BooleanQuery::new(words);
            std::hint::black_box(searcher.search(&query, &TopDocs::with_limit(10).order_by_score())?);
            Ok(())
        })?;
        println!("  tantivy, {name:<14}{line}");
    }
    Ok(())
}

/// The articles as JSON lines, for `byline import`: the start of the whole program is measured on a store.
fn write(file: &str, articles: u64) -> Result<(), Failure> {
    let mut out = std::io::BufWriter::new(std::fs::File::create(file)?);
    for number in 0..articles {
        let text = corpus::article(number);
        let (title, text) = text.split_once("\n\n").unwrap_or_default();
        let line = serde_json::json!({ "id": format!("a{number}"), "title": title, "text": text });
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}

fn main() -> Result<(), Failure> {
    let named: Vec<String> = std::env::args().skip(1).collect();
    if let [what, file, size] = named.as_slice()
        && what == "write"
    {
        return write(file, size.parse::<u64>()? / corpus::PARAGRAPHS);
    }
    let sizes: Vec<u64> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    if let (Ok(step), Some(size)) = (std::env::var(STEP), sizes.first()) {
        let (step, folder) = step.split_once(' ').ok_or("a step and a folder")?;
        let articles = (size / corpus::PARAGRAPHS).max(1);
        return if step == "make" { make(Path::new(folder), articles) } else { ask(Path::new(folder), articles) };
    }
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        let folder = tempfile::tempdir()?;
        for step in ["make", "ask"] {
            let step = format!("{step} {}", folder.path().display());
            let done = Command::new(std::env::current_exe()?).arg(size.to_string()).env(STEP, step).status()?;
            if !done.success() {
                return Err(format!("{size}: {done}").into());
            }
        }
    }
    Ok(())
}
