//! How long it takes to build the index and to ask, over made-up articles of real length and vocabulary.
//!
//! The text is drawn from a skewed (Zipf-like) made-up vocabulary by a fixed generator: the same on every machine.

use std::fmt::Write as _;
use std::hint::black_box;

use byline::article::read::{Format, read_text};
use byline::library::Library;
use byline::matcher::{Matcher, Question};
use criterion::{Criterion, criterion_group, criterion_main};

/// Articles, and paragraphs of each: about what 840 news articles hold.
const ARTICLES: usize = 840;
const PARAGRAPHS: usize = 30;
const WORDS: usize = 25;

/// Distinct words.
const VOCABULARY: u64 = 40_000;

/// A small generator (`SplitMix64`), so that the bench needs no crate for it.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A rank, small ones far more often than large ones: uniform in the logarithm.
    fn rank(&mut self) -> u64 {
        let doublings = self.next() % 16;
        (self.next() % (1 << doublings)).min(VOCABULARY)
    }
}

/// A pronounceable word for a number.
fn word(mut number: u64) -> String {
    let mut word = String::new();
    loop {
        for letters in ["bdfgklmnprstvz", "aeiou"] {
            let count = letters.len() as u64;
            word.push(letters.chars().nth(usize::try_from(number % count).unwrap_or(0)).unwrap_or('a'));
            number /= count;
        }
        if number == 0 {
            return word;
        }
    }
}

fn library() -> Library {
    let mut random = Random(1);
    let mut library = Library::default();
    for number in 0..ARTICLES {
        let mut text = format!("{} {}\n\n", word(random.rank()), word(random.rank()));
        for _ in 0..PARAGRAPHS {
            for _ in 0..WORDS {
                let _ = write!(text, "{} ", word(random.rank()));
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
