//! How long the quote book takes to be made, to follow a change and to be asked, over 20,000 made-up articles
//! (`common/news.rs`).

mod common;
#[path = "common/news.rs"]
mod news;

use std::hint::black_box;

use byline::article::read::{Format, read_text};
use byline::article::{Article, Metadata, Published};
use byline::library::store::{SHARED, Store, StoreUrl};
use byline::library::{ArticleId, Filter, Library};
use byline::quotes::{Known, Period, Quotation, QuoteBook, kept};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::ToSpan;
use jiff::civil::date;
use news::text;

/// Articles.
const ARTICLES: u64 = 20_000;

/// Articles of some three years, twenty a day.
fn library() -> Library {
    let mut library = Library::default();
    for number in 0..ARTICLES {
        if let Ok(mut article) = read_text(&format!("a{number}"), &text(number), Format::Text) {
            let day = date(2024, 1, 1).saturating_add(i64::try_from(number / 20).unwrap_or(0).days());
            let published = Some(Published { date: day, time: None, offset: None });
            article.fill_meta(Metadata { published, ..Metadata::default() });
            library.add(article);
        }
    }
    library
}

/// What the process holds, in MiB; 0 where the system doesn't tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn quotations(book: &QuoteBook, id: ArticleId) -> Vec<Quotation> {
    book.of_article(id).iter().map(|held| held.quotation.clone()).collect()
}

/// The processor's time that this process has used so far, in milliseconds, to the hundredth of a second; 0 where the system
/// doesn't tell. Unlike the clock's it says the same on a machine that has other work to do.
fn processor() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    10 * fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>()
}

/// Says how long something takes, by the clock and the processor; gives what it gave.
fn timed<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let (clock, before) = (std::time::Instant::now(), processor());
    let made = run();
    println!("{what}: {} ms, of processors {} ms", clock.elapsed().as_millis(), processor() - before);
    made
}

/// Keeps the quotations of as many articles in a store, and reads them back.
fn from_store(articles: &Library) -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await?;
        let all: Vec<Article> = articles.iter().map(|(_, article)| Article::clone(article)).collect();
        for batch in all.chunks(500) {
            store.add_all(SHARED, batch).await?;
        }
        let mut library = Library::default();
        let mut loading = store.load_all(SHARED);
        while let Some(stored) = loading.next().await? {
            library.put_stored(stored);
        }
        let book = timed("of nothing known", || QuoteBook::of(&library, Known::new()));
        let (clock, before) = (std::time::Instant::now(), processor());
        kept::keep(&store, &library, &book).await?;
        println!("kept: {} ms, of processors {} ms", clock.elapsed().as_millis(), processor() - before);
        for _ in 0..3 {
            let (clock, before) = (std::time::Instant::now(), processor());
            let known = kept::load(&store, SHARED, &library).await?;
            println!("loaded: {} ms, of processors {} ms", clock.elapsed().as_millis(), processor() - before);
            let book = timed("of known quotations", || QuoteBook::of(&library, known));
            let changed = [ArticleId(u32::try_from(ARTICLES / 2)?)];
            timed("a hundred updates", || {
                (0..100).map(|_| book.updated(&library, &changed, Known::new()).len()).sum::<usize>()
            });
        }
        Ok(())
    })
}

fn book(criterion: &mut Criterion) {
    let library = library();
    let before = resident();
    let book = QuoteBook::build(&library);
    println!("{} articles, {} quotations, {} speakers", library.len(), book.len(), book.speakers().len());
    println!("the book holds {} MiB beside {before} MiB", resident().saturating_sub(before));

    let known: Known = library.iter().map(|(id, _)| (id, quotations(&book, id))).collect();
    // An article in the middle that has another version, and one that is new.
    let mut next = library.clone();
    let changed = ArticleId(u32::try_from(ARTICLES / 2).unwrap_or(0));
    let new = read_text("new", &text(ARTICLES), Format::Text).map(|article| next.add(article));
    let new: Vec<ArticleId> = new.into_iter().collect();

    if let Err(error) = from_store(&library) {
        println!("no store: {error}");
    }

    let words: Vec<&str> = text(7).leak().split_whitespace().collect();
    let fragment = words[3..11].join(" ");
    let misspelt = fragment.replace('a', "e");
    let (common, person) = ("of the bafa in and", book.speakers()[20].0.clone());
    let all = Filter::default();
    let mut group = criterion.benchmark_group("book");
    group.sample_size(10);
    group.bench_function("build", |bencher| bencher.iter(|| QuoteBook::build(black_box(&library))));
    group.bench_function("of known quotations", |bencher| {
        bencher.iter_batched(|| known.clone(), |known| QuoteBook::of(&library, known), BatchSize::PerIteration);
    });
    group.bench_function("updated, one article new", |bencher| {
        bencher.iter(|| book.updated(&next, black_box(&new), Known::new()));
    });
    group.bench_function("updated, one article changed", |bencher| {
        bencher.iter(|| book.updated(&library, black_box(&[changed]), Known::new()));
    });
    group.bench_function("who", |bencher| bencher.iter(|| book.who(&library, black_box(&fragment), &all, 3).len()));
    group.bench_function("who, misspelt", |bencher| {
        bencher.iter(|| book.who(&library, black_box(&misspelt), &all, 3).len());
    });
    group.bench_function("who, common words", |bencher| {
        bencher.iter(|| book.who(&library, black_box(common), &all, 3).len());
    });
    group.bench_function("check", |bencher| {
        bencher.iter(|| format!("{:?}", book.check(&library, black_box(&fragment), None, &all)).len());
    });
    group.bench_function("said", |bencher| {
        bencher.iter(|| book.said(&library, black_box(&person), None, &all).quotations.len());
    });
    group.bench_function("said, nobody", |bencher| {
        bencher.iter(|| book.said(&library, "Xaver Quorg", None, &all).suggestions.len());
    });
    group.bench_function("speakers", |bencher| {
        bencher.iter(|| book.updated(&library, black_box(&[changed]), Known::new()).speakers().len())
    });
    for (name, period) in [("by the day", Period::Day), ("by the month", Period::Month)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| book.quoted_over_time(&library, black_box(period), &all).periods.len());
        });
    }
    group.finish();
}

criterion_group!(benches, book);
criterion_main!(benches);
