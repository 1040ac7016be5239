//! Quotations as people remember them: with words left out and misspelt, or put together from several.
//!
//! They are drawn from the sample articles, those of the test set and a thousand made-up ones, by a fixed generator. Where real
//! articles lie beside the project (`../shared/bench/quotes`), the same is measured on these.

use std::path::{Path, PathBuf};

use byline::article::read::{Format, read_text};
use byline::intake::folder;
use byline::library::{Filter, Library};
use byline::quotes::{Check, Held, QuoteBook};

use crate::common::Random;
use crate::news;
use crate::set::cases;

/// Quotations that are drawn.
const DRAWN: usize = 200;
/// The shortest that is drawn, in words: of fewer, too little is left to know it by.
const FEWEST_WORDS: usize = 6;
/// Made-up articles.
const MADE_UP: u64 = 1_000;

fn written() -> Library {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    let mut library = folder::load(&[samples], || ()).library;
    for case in cases() {
        library.add(case.article);
    }
    library
}

fn content(library: &Library, held: &Held) -> String {
    let article = library.article(held.article);
    held.quotation.content.iter().map(|span| article.slice(*span)).collect::<Vec<_>>().join(" ")
}

/// `count` different quotations that are long enough.
fn draw<'b>(random: &mut Random, library: &Library, all: &[&'b Held], count: usize) -> Vec<&'b Held> {
    let mut open: Vec<&Held> =
        all.iter().copied().filter(|held| content(library, held).split_whitespace().count() >= FEWEST_WORDS).collect();
    (0..count.min(open.len())).map(|_| open.swap_remove(below(random, open.len()))).collect()
}

fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.next() % u64::try_from(limit.max(1)).unwrap()).unwrap()
}

/// The quotation with a fifth of its words dropped and two of the others misspelt.
fn remembered(random: &mut Random, words: &str) -> String {
    let mut words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    for _ in 0..words.len().div_ceil(5) {
        words.remove(below(random, words.len()));
    }
    let long: Vec<usize> =
        (0..words.len()).filter(|at| words[*at].chars().filter(|c| c.is_alphabetic()).count() > 3).collect();
    let mut open = if long.len() >= 2 { long } else { (0..words.len()).collect() };
    for _ in 0..2 {
        let at = open.swap_remove(below(random, open.len()));
        words[at] = misspelt(random, &words[at]);
    }
    words.join(" ")
}

/// A word with one slip: two letters swapped, one dropped, doubled or another.
fn misspelt(random: &mut Random, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let inner: Vec<usize> = (0..letters.len()).filter(|at| letters[*at].is_alphabetic()).collect();
    let Some(at) = inner.get(below(random, inner.len())).copied() else { return word.to_owned() };
    match random.next() % 4 {
        0 if at + 1 < letters.len() => letters.swap(at, at + 1),
        1 if letters.len() > 2 => drop(letters.remove(at)),
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = if letters[at] == 'e' { 'a' } else { 'e' },
    }
    letters.into_iter().collect()
}

/// Of the drawn quotations those that come first when they are asked for as remembered.
fn found_first(random: &mut Random, library: &Library, book: &QuoteBook, drawn: &[&Held]) -> usize {
    let all = Filter::default();
    let first = |held: &&&Held| {
        let asked = remembered(random, &content(library, held));
        let found = book.who(library, &asked, &all, 1);
        // Another outlet that carries the same words is as right.
        let right = found.first().is_some_and(|found| {
            found.held == **held || book.carried(library, held, &all).iter().any(|other| other.held == found.held)
        });
        if !right && std::env::var_os("BYLINE_SHOW").is_some() {
            let got = found.first().map(|found| content(library, found.held));
            println!("asked “{asked}”\n  of “{}”\n  got {got:?}", content(library, held));
        }
        right
    };
    drawn.iter().filter(first).count()
}

/// How many patchworks of three quotations are called exact, whole or shortened.
fn patchworks_called_exact(random: &mut Random, library: &Library, book: &QuoteBook, drawn: &[&Held]) -> usize {
    let piece = |random: &mut Random, held: &Held| {
        let words = content(library, held);
        let words: Vec<&str> = words.split_whitespace().collect();
        let from = below(random, words.len() - 3);
        words[from..from + 4].join(" ")
    };
    let mut exact = 0;
    for held in drawn {
        let others = [drawn[below(random, drawn.len())], drawn[below(random, drawn.len())]];
        if others.contains(held) || others[0] == others[1] {
            continue;
        }
        let parts: Vec<String> = [*held, others[0], others[1]].into_iter().map(|held| piece(random, held)).collect();
        for words in [parts.join(" "), parts.join(" … ")] {
            let checked = book.check(library, &words, None, &Filter::default());
            exact += usize::from(matches!(checked, Check::Exact(_) | Check::Shortened(_)));
        }
    }
    exact
}

#[test]
fn a_quotation_is_known_by_what_is_remembered_of_it() {
    let mut library = written();
    let own = library.len();
    for seed in 0..MADE_UP {
        library.add(read_text(&format!("made-up-{seed}"), &news::text(seed), Format::Text).unwrap());
    }
    let book = QuoteBook::build(&library);
    let (written, made_up): (Vec<&Held>, Vec<&Held>) = book.all().partition(|held| (held.article.0 as usize) < own);
    let random = &mut Random(1);
    let mut drawn = draw(random, &library, &written, DRAWN / 2);
    drawn.extend(draw(random, &library, &made_up, DRAWN / 2));
    assert_eq!(drawn.len(), DRAWN);
    let first = found_first(random, &library, &book, &drawn);
    println!("{first} of {DRAWN} come first, of {} quotations", book.len());
    assert!(first * 100 >= DRAWN * 95, "{first} of {DRAWN}");
    assert_eq!(patchworks_called_exact(random, &library, &book, &drawn), 0);
}

#[test]
fn so_are_those_of_real_articles_where_there_are_any() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench/quotes/dev/text");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there is no {}", folder.display());
        return;
    };
    let mut files: Vec<PathBuf> = files.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut library = Library::default();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if let Ok(article) = read_text(&file.to_string_lossy(), &text, Format::Text) {
            library.add(article);
        }
    }
    let book = QuoteBook::build(&library);
    let random = &mut Random(2);
    let drawn = draw(random, &library, &book.all().collect::<Vec<_>>(), DRAWN);
    let first = found_first(random, &library, &book, &drawn);
    println!("{first} of {} come first, of {} quotations in {} real articles", drawn.len(), book.len(), library.len());
    assert!(first * 100 >= drawn.len() * 95, "{first} of {}", drawn.len());
    assert_eq!(patchworks_called_exact(random, &library, &book, &drawn), 0);
}
