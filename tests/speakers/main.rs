//! Who speaks: the speakers that are named in the test set's articles and libraries, against those that a reader named.
//!
//! `BYLINE_SHOW=a cargo test --test speakers -- --nocapture` lists what is not right in a half.

#[path = "../../benches/common/mod.rs"]
mod common;
mod corrected;
#[path = "../../benches/common/news.rs"]
mod news;
mod remembered;
mod set;

use std::collections::BTreeMap;

use byline::article::Span;
use byline::library::Library;
use byline::quotes::{self, Quotation, QuoteBook};

use set::{Case, Gold, UNTOLD, cases};

/// What came of the quotations of a half.
#[derive(Debug, Default, Clone, Copy)]
struct Score {
    right: usize,
    wrong: usize,
    /// No name where there is one: unsure, or the quotation was not found.
    declined: usize,
}

impl Score {
    fn all(self) -> usize {
        self.right + self.wrong + self.declined
    }

    fn note(&mut self, name: Option<&str>, right: &[&str]) -> bool {
        let is_right = right.contains(&name.unwrap_or(UNTOLD));
        match name {
            _ if is_right => self.right += 1,
            Some(_) => self.wrong += 1,
            None => self.declined += 1,
        }
        is_right
    }

    /// The bar: 90 of 100 right and at most 4 wrong.
    fn holds(self) -> bool {
        self.right * 100 >= self.all() * 90 && self.wrong * 100 <= self.all() * 4
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "some hundred quotations")]
        let percent = |count: usize| count as f32 * 100.0 / self.all().max(1) as f32;
        let Self { right, wrong, declined } = *self;
        write!(
            f,
            "{:.1} % right, {:.1} % wrong, {:.1} % declined of {}",
            percent(right),
            percent(wrong),
            percent(declined),
            self.all()
        )
    }
}

/// The quotation that holds the words best.
fn quotation<'q>(case: &Case, gold: &Gold, found: &'q [Quotation]) -> Option<&'q Quotation> {
    let text = case.article.text();
    let words = Span::find(text, gold.words).unwrap_or_else(|| panic!("{}: “{}” is not there", case.id, gold.words));
    let shared = |q: &Quotation| -> u32 {
        let common = |s: &Span| s.end.min(words.end).saturating_sub(s.start.max(words.start));
        q.content.iter().map(common).sum()
    };
    let holds = found.iter().filter(|q| shared(q) * 2 > words.end - words.start);
    holds.max_by(|one, other| one.confidence.total_cmp(&other.confidence))
}

fn show(half: &str) -> bool {
    std::env::var("BYLINE_SHOW").is_ok_and(|shown| shown == half)
}

#[test]
fn within_an_article_speakers_are_named_or_declined() {
    let mut scores: BTreeMap<&str, (Score, Score)> = BTreeMap::new();
    for case in cases() {
        let found = quotes::find(&case.article);
        let (named, untold) = scores.entry(case.half).or_default();
        for gold in &case.gold {
            let quotation = quotation(&case, gold, &found);
            let name = quotation.and_then(|q| q.speaker_name.as_deref());
            let told = if gold.names.contains(&UNTOLD) { &mut *untold } else { &mut *named };
            if !told.note(name, &gold.names) && show(case.half) {
                let words = quotation.map(|q| q.speaker_words(&case.article));
                println!("{} “{}”: {:?}, not {:?} (words {words:?})", case.id, gold.words, name, gold.names);
            }
        }
    }
    for (half, (named, untold)) in &scores {
        println!("half {half}: {named}; of speakers whom the article does not name {untold}");
    }
    for (half, (named, untold)) in scores {
        assert!(named.holds(), "half {half}: {named}");
        let all =
            Score { right: named.right + untold.right, wrong: named.wrong + untold.wrong, declined: named.declined };
        assert!(all.holds(), "half {half}, all: {all}");
    }
}

#[test]
fn across_articles_one_person_is_one_speaker() {
    let mut libraries: BTreeMap<&str, Vec<Case>> = BTreeMap::new();
    for case in cases() {
        if let Some(name) = case.library {
            libraries.entry(name).or_default().push(case);
        }
    }
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for (name, cases) in libraries {
        let mut library = Library::default();
        let ids: Vec<_> = cases.iter().map(|case| library.add(case.article.clone())).collect();
        let book = QuoteBook::build(&library);
        for (case, id) in cases.iter().zip(ids) {
            let found: Vec<Quotation> = book.of_article(id).iter().map(|held| held.quotation.clone()).collect();
            for gold in case.gold.iter().filter(|gold| !gold.in_library.is_empty()) {
                let quotation = quotation(case, gold, &found);
                let held = quotation.and_then(|q| book.of_article(id).iter().find(|held| held.quotation == *q));
                let called = held.and_then(|held| book.speaker_of(held));
                // The article's own words for somebody who was not recognised are no guess.
                let own =
                    quotation.and_then(|q| q.speaker_name.as_deref()).filter(|own| !gold.in_library.contains(own));
                let guess = called.filter(|called| Some(*called) != own);
                let score = scores.entry(case.half).or_default();
                if !score.note(guess, &gold.in_library) && show(case.half) {
                    println!("{name} {} “{}”: {called:?}, not {:?}", case.id, gold.words, gold.in_library);
                }
            }
        }
    }
    for (half, score) in &scores {
        println!("half {half}, across articles: {score}");
    }
    assert!(scores.values().all(|score| score.wrong == 0), "{scores:?}");
    let right: usize = scores.values().map(|score| score.right).sum();
    let all: usize = scores.values().map(|score| score.all()).sum();
    assert!(right * 100 >= all * 90, "{right} of {all}");
}
