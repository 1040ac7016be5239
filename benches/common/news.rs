//! Made-up news: articles that quote made-up people.
//!
//! The text is drawn from a skewed (Zipf-like) made-up vocabulary among common English words by a fixed generator: the
//! same on every machine. Given names are real ones, surnames and places made up.

use crate::common::{Random, word};

/// Paragraphs of an article: about ten quotations, as in the news.
const PARAGRAPHS: u64 = 14;

/// Distinct words and surnames at most.
const VOCABULARY: u64 = 120_000;
const SURNAMES: u64 = 30_000;

/// What is drawn besides.
trait Draw {
    fn below(&mut self, limit: u64) -> u64;
    fn pick<'w>(&mut self, words: &'w str) -> &'w str;
}

impl Draw for Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn pick<'w>(&mut self, words: &'w str) -> &'w str {
        let count = words.split(' ').count() as u64;
        words.split(' ').nth(usize::try_from(self.below(count)).unwrap_or(0)).unwrap_or_default()
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const GIVEN: &str =
    "Mary James Linda Robert Susan Michael Karen David Nancy Thomas Helen Daniel Laura Kevin Ruth George";
const COMMON: &str =
    "the of to and in a for that with on we it is was are will this they have by not be from at as but";
const ROLES: &str = "mayor engineer teacher secretary minister director farmer doctor";
const CROWDS: &str = "officials residents doctors farmers ministers teachers";

fn clause(random: &mut Random) -> String {
    let count = 8 + random.below(10);
    let words = (0..count).map(|n| match n % 2 {
        0 => random.pick(COMMON).to_owned(),
        _ => word(random.rank(18, VOCABULARY)),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The text of an article; equal seeds give equal articles.
pub fn text(seed: u64) -> String {
    let random = &mut Random(seed);
    let mut text = format!("{} {}\n\n", capital(&word(random.rank(18, VOCABULARY))), word(random.rank(18, VOCABULARY)));
    let people: Vec<(String, String)> = (0..3)
        .map(|_| (random.pick(GIVEN).to_owned(), capital(&format!("{}son", word(random.rank(18, SURNAMES))))))
        .collect();
    for (given, surname) in &people {
        let (role, place) = (random.pick(ROLES), capital(&word(random.rank(18, SURNAMES))));
        text.push_str(&format!("“{},” {given} {surname}, the {role} of {place}, said.\n\n", capital(&clause(random))));
    }
    for number in 3..PARAGRAPHS {
        let (_, surname) = &people[usize::try_from(number % 3).unwrap_or(0)];
        let paragraph = match random.below(6) {
            0 => format!("“{},” {surname} said. “{}.”", capital(&clause(random)), capital(&clause(random))),
            1 => format!("{surname} said that {}.", clause(random)),
            2 => format!("“{},” {} said.", capital(&clause(random)), random.pick(CROWDS)),
            _ => format!("{}. {}.", capital(&clause(random)), capital(&clause(random))),
        };
        text.push_str(&paragraph);
        text.push_str("\n\n");
    }
    text
}
