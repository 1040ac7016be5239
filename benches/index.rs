//! What a kept index costs over a library of many articles: made the first time, opened again, and one article changed.
//!
//! `cargo bench --bench index [-- ARTICLES]`; 20,000 articles when not said. The articles are made up: sentences of the
//! samples in `data/articles`, about one word in eight replaced by a made-up one, so that the vocabulary grows as that of real
//! news does. The same on every machine. Prints medians, not a criterion report: what is measured takes seconds and
//! changes what it measures.

mod common;

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use byline::article::read::{Format, read_text};
use byline::library::store::{CollectionId, Seq, Stored, StoredId};
use byline::library::{ArticleId, Library};
use byline::matcher::{Matcher, Question};
use common::{Random, word};
use jiff::Timestamp;
use rayon::prelude::*;

/// Paragraphs of an article and sentences of each: about 500 words.
const PARAGRAPHS: usize = 18;
const SENTENCES: usize = 2;

/// One word in this many is made up.
const MADE_UP: u64 = 8;

/// Distinct made-up words.
const VOCABULARY: u64 = 1 << 18;

/// Set for the process that makes the index.
const MAKE: &str = "BYLINE_BENCH_INDEX_FOLDER";

/// Articles that are changed one by one.
const CHANGES: usize = 60;

/// The sentences of the sample articles.
fn sentences() -> Result<Vec<String>, Box<dyn Error>> {
    let mut sentences = Vec::new();
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "txt" || ending == "md") {
            let article = read_text("a", &std::fs::read_to_string(path)?, Format::Markdown)?;
            sentences.extend(article.sentences().iter().map(|span| article.slice(*span).to_owned()));
        }
    }
    Ok(sentences)
}

fn article(number: u64, version: i64, sentences: &[String]) -> Result<Stored, Box<dyn Error + Send + Sync>> {
    let mut random = Random(number << 8 | version.cast_unsigned());
    let mut text = format!(
        "{} meets {} over {}\n\n",
        word(random.rank(19, VOCABULARY)),
        word(random.rank(19, VOCABULARY)),
        word(random.rank(19, VOCABULARY))
    );
    for _ in 0..PARAGRAPHS {
        for _ in 0..SENTENCES {
            let at = random.next() % sentences.len() as u64;
            for old in sentences.get(usize::try_from(at)?).into_iter().flat_map(|sentence| sentence.split(' ')) {
                if random.next().is_multiple_of(MADE_UP) {
                    let _ = write!(text, "{} ", word(random.rank(19, VOCABULARY)));
                } else {
                    let _ = write!(text, "{old} ");
                }
            }
        }
        text.push_str("\n\n");
    }
    let now = Timestamp::UNIX_EPOCH;
    let article = read_text(&format!("a{number}"), &text, Format::Text)?;
    let (id, collection) = (StoredId(i64::try_from(number)? + 1), CollectionId(1));
    let (duplicate_of, removed_at) = (None, None);
    Ok(Stored {
        id,
        collection,
        number: id.0,
        article,
        version,
        added_at: now,
        moved: false,
        silent: false,
        changed_at: now,
        duplicate_of,
        removed_at,
    })
}

/// Memory of this process that lies in RAM, in MiB: all, and without the mapped files.
fn memory() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim_end_matches("kB").trim().parse::<usize>().ok()).unwrap_or(0)
    };
    (kib("VmRSS:") / 1024, kib("RssAnon:") / 1024)
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied().unwrap_or_default();
    let (all, own) = memory();
    println!("{what:<42} median {:>10.1?}  p90 {:>10.1?}  {all:>5} MiB, {own} without files", at(50), at(90));
}

fn timed<T>(times: &mut Vec<Duration>, what: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let made = what();
    times.push(start.elapsed());
    made
}

fn size(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|data| data.len()).sum()
}

fn main() -> Result<(), Box<dyn Error>> {
    let articles: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let sentences = sentences()?;
    let stored: Result<Vec<Stored>, _> = (0..articles).into_par_iter().map(|n| article(n, 1, &sentences)).collect();
    let mut library = Library::default();
    for stored in stored.map_err(|error| error.to_string())? {
        library.put_stored(stored);
    }
    let bytes: usize = library.iter().map(|(_, article)| article.text().len()).sum();
    let paragraphs: usize = library.iter().map(|(_, article)| article.paragraphs().len()).sum();
    println!("{articles} articles, {paragraphs} paragraphs, {} MiB of text", bytes >> 20);
    report("the library alone", vec![Duration::ZERO]);

    if let Some(folder) = std::env::var_os(MAKE) {
        let told = AtomicUsize::new(0);
        let progress = |done| told.store(done, Ordering::Relaxed);
        let mut times = Vec::new();
        let matcher = timed(&mut times, || Matcher::open(Path::new(&folder), &library, Seq(0), progress))?;
        report("made for the first time, on disk", times);
        println!("{matcher:?}; told of {} articles", told.into_inner());
        return Ok(());
    }
    // In a process of its own, so that the memory that it takes is not counted below.
    let folder = tempfile::tempdir()?;
    let arguments = std::env::args_os().skip(1);
    Command::new(std::env::current_exe()?).args(arguments).env(MAKE, folder.path()).status()?;
    println!("{} MiB on disk", size(&folder.path().join("0")) >> 20);

    let open = |library: &Library, seq: i64| Matcher::open(folder.path(), library, Seq(seq), |_| ());
    let mut times = Vec::new();
    for _ in 0..7 {
        drop(timed(&mut times, || open(&library, 0))?);
    }
    report("opened, nothing to do", times);

    let mut matcher = open(&library, 0)?;
    let mut seq = 0;
    let mut fresh = articles;
    for (what, version) in [("one article added", 1), ("one article replaced", 2)] {
        let mut times = Vec::new();
        for change in 0..CHANGES as u64 {
            let number = if version == 1 { fresh } else { change * 31 % articles };
            fresh += 1;
            let stored = article(number, version, &sentences).map_err(|error| error.to_string())?;
            let mut next = library.clone();
            let id = next.put_stored(stored).ok_or("an article that was not put in")?;
            seq += 1;
            matcher = timed(&mut times, || matcher.updated(&next, &[id], Seq(seq)))?;
            library = next;
        }
        report(what, times);
    }
    println!("{matcher:?}; {} MiB on disk", size(&folder.path().join("0")) >> 20);

    for (what, question) in [
        ("a question", "when did the ferry strike end and who settled it"),
        ("a misspelt question", "wen did the ferrry strke end and who setled it"),
    ] {
        let question = Question { text: question.to_owned(), ..Question::default() };
        let mut times = Vec::new();
        for _ in 0..50 {
            timed(&mut times, || matcher.search(&library, &question))?;
        }
        report(what, times);
    }
    drop(matcher);
    let mut times = Vec::new();
    for _ in 0..7 {
        drop(timed(&mut times, || open(&library, seq))?);
    }
    report("opened, some articles replaced", times);

    let kept = library.clone();
    for id in 0..100 {
        library.take_out_stored(StoredId(id * 7 + 1));
    }
    let matcher = open(&kept, seq)?;
    let gone: Vec<ArticleId> = (0..100).filter_map(|id| kept.by_stored(StoredId(id * 7 + 1))).collect();
    let mut times = Vec::new();
    let matcher = timed(&mut times, || matcher.updated(&library, &gone, Seq(seq + 1)))?;
    report("a hundred articles taken out at once", times);
    println!("{matcher:?}");
    Ok(())
}
