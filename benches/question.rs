//! How long it takes to build the index and to ask, over made-up articles of real length and vocabulary.
//!
//! The text is drawn from a skewed (Zipf-like) made-up vocabulary by a fixed generator: the same on every machine.

mod common;

use std::fmt::Write as _;
use std::hint::black_box;

use byline::article::read::{Format, read_text};
use byline::library::Library;
use byline::matcher::{Matcher, Question};
use common::{Random, word};
use criterion::{Criterion, criterion_group, criterion_main};

/// Articles, and paragraphs of each: about what 840 news articles hold.
const ARTICLES: usize = 840;
const PARAGRAPHS: usize = 30;
const WORDS: usize = 25;

/// Distinct words.
const VOCABULARY: u64 = 40_000;

fn library() -> Library {
    let mut random = Random(1);
    let mut library = Library::default();
    for number in 0..ARTICLES {
        let mut text = format!("{} {}\n\n", word(random.rank(16, VOCABULARY)), word(random.rank(16, VOCABULARY)));
        for _ in 0..PARAGRAPHS {
            for _ in 0..WORDS {
                let _ = write!(text, "{} ", word(random.rank(16, VOCABULARY)));
            }
            text.push_str("end.\n\n");
        }
        if let Ok(article) = read_text(&format!("a{number}"), &text, Format::Text) {
            library.add(article);
        }
    }
    library
}

fn question(criterion: &mut Criterion) {
    let library = library();
    let mut group = criterion.benchmark_group("question");
    group.sample_size(10);
    group.bench_function("build", |bencher| bencher.iter(|| Matcher::build(black_box(&library))));
    group.finish();

    let Ok(matcher) = Matcher::build(&library) else { return };
    let ask = |text: String| Question { text, ..Question::default() };
    let held = ask(format!("who {} the {} of {}", word(900), word(77), word(12_345)));
    let misspelt = ask(format!("who {}x the {} of q{}", word(90_000), word(77), word(12_345)));
    let long = ask((0..10_000).map(|n| word(n) + " ").collect());
    for (name, question) in [("held words", held), ("misspelt words", misspelt), ("ten thousand words", long)] {
        criterion.bench_function(&format!("question/{name}"), |bencher| {
            bencher.iter(|| matcher.search(&library, black_box(&question)));
        });
    }
}

criterion_group!(benches, question);
criterion_main!(benches);
