//! How long an article takes from text to quotations with canonical speakers, and how long the model takes to be read.
//!
//! On the sample articles; and on the measuring set's, which are as long as news is, where that folder is at hand.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use byline::intake::folder;
use byline::library::Library;
use byline::quotes::{self, model};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// What the process holds, in KiB; 0 where the system doesn't tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn library(folder: &str) -> Option<Library> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    path.is_dir().then(|| folder::load(&[path], || ()).library).filter(|library| !library.is_empty())
}

fn find(criterion: &mut Criterion) {
    let before = resident();
    let clock = Instant::now();
    let features = model::shipped().map_or(0, model::Model::len);
    println!("{features} features read in {:?}, {} KiB more", clock.elapsed(), resident().saturating_sub(before));
    let mut group = criterion.benchmark_group("quotes");
    for (name, folder) in [("samples", "data/articles"), ("measuring set", "../shared/bench/quotes/dev/text")] {
        let Some(library) = library(folder) else {
            println!("SKIPPED: {folder} is not there");
            continue;
        };
        group.throughput(Throughput::Elements(library.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| library.iter().map(|(_, article)| quotes::find(black_box(article)).len()).sum::<usize>());
        });
        println!("{} KiB more since the start, articles included", resident().saturating_sub(before));
    }
    group.finish();
}

criterion_group!(benches, find);
criterion_main!(benches);
