//! Made-up news of real shape: articles, and questions that they answer. The same on every machine.
//!
//! Paragraphs have about 30 words and articles about 16 paragraphs, as the CNN articles of NewsQA dev have them. Nearly half of the
//! words are function words of English; the others are drawn from a vocabulary as skewed as that of news (Zipf–Mandelbrot: its
//! commonest word stands in some 5 % of the paragraphs, and a million paragraphs hold some 600,000 words), with the words and names that an
//! article is about again and again.

use std::fmt::Write as _;

use crate::common::{Random, word};

/// Paragraphs of an article, on the average.
pub const PARAGRAPHS: u64 = 16;

/// Words that have forms of their own.
const VOCABULARY: f64 = 262_144.0;

/// What flattens the top of the vocabulary's curve.
const FLAT: f64 = 40.0;

/// Names of people and places.
const NAMES: u64 = 40_000;

const FUNCTION: [&str; 48] = [
    "the", "of", "and", "to", "a", "in", "that", "for", "on", "is", "was", "with", "as", "it", "by", "at", "from",
    "be", "are", "he", "has", "his", "an", "have", "not", "were", "they", "but", "who", "which", "this", "had",
    "their", "will", "been", "or", "she", "would", "after", "about", "there", "her", "more", "when", "into", "over",
    "than", "its",
];

/// A word by the place that it takes in the vocabulary.
fn ranked(rank: u64) -> String {
    // Spread over four million spellings, so that few words are within an edit of each other.
    word(rank.wrapping_mul(2_654_435_761) % (1 << 22))
}

/// What an article is about.
struct Topic {
    words: Vec<String>,
    people: Vec<String>,
    place: String,
}

impl Topic {
    fn new(random: &mut Random) -> Self {
        let words = (0..8).map(|_| ranked(1_000 + draw(random) * 3)).collect();
        let people = (0..3).map(|_| format!("{} {}", name(random, 900), name(random, NAMES))).collect();
        Self { words, people, place: name(random, NAMES) }
    }
}

/// A place in the vocabulary, low ones far more often than high ones.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a random draw"
)]
fn draw(random: &mut Random) -> u64 {
    let share = (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
    (FLAT * ((VOCABULARY + FLAT) / FLAT).powf(share) - FLAT) as u64
}

fn name(random: &mut Random, of: u64) -> String {
    let mut name = word((random.next() % of * 7_919 + 300_007) % (1 << 22));
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

fn pick<'t>(random: &mut Random, of: &'t [String]) -> &'t str {
    let at = usize::try_from(random.next() % of.len().max(1) as u64).unwrap_or(0);
    of.get(at).map_or("", String::as_str)
}

/// A word that is no function word, in one of its forms.
fn content(random: &mut Random, topic: &Topic) -> String {
    let stem =
        if random.next().is_multiple_of(6) { pick(random, &topic.words).to_owned() } else { ranked(draw(random)) };
    match random.next() % 8 {
        0 => stem + "s",
        1 => stem + "ed",
        2 => stem + "ing",
        _ => stem,
    }
}

fn sentence(random: &mut Random, topic: &Topic, words: u64, text: &mut String) {
    let start = text.len();
    let mut at = 0;
    while at < words {
        let _ = match random.next() % 100 {
            0..45 => {
                let at = random.rank(6, 47);
                write!(text, "{} ", FUNCTION.get(usize::try_from(at).unwrap_or(0)).unwrap_or(&"the"))
            }
            45..50 => {
                at += 1;
                write!(text, "{} ", pick(random, &topic.people))
            }
            50..52 => write!(text, "{} ", topic.place),
            52..54 => write!(text, "{} ", random.rank(14, 9_999) + 2),
            54 => write!(
                text,
                "{} {} ",
                random.next() % 30 + 1,
                if random.next().is_multiple_of(2) { "March" } else { "October" }
            ),
            _ => write!(text, "{} ", content(random, topic)),
        };
        at += 1;
    }
    text.truncate(text.trim_end().len());
    text.push('.');
    if let Some(first) = text.get_mut(start..=start) {
        first.make_ascii_uppercase();
    }
}

/// The text of an article: a title and its paragraphs.
pub fn article(number: u64) -> String {
    let mut random = Random(number << 20);
    let topic = Topic::new(&mut random);
    let mut text = String::with_capacity(4_000);
    let _ = write!(
        text,
        "{} {} {} in {}\n\n",
        pick(&mut random, &topic.people),
        content(&mut random, &topic),
        content(&mut random, &topic),
        topic.place
    );
    for _ in 0..PARAGRAPHS - 6 + random.next() % 13 {
        for sentence_number in 0..1 + random.next() % 3 {
            if sentence_number > 0 {
                text.push(' ');
            }
            let words = 7 + random.next() % 17;
            sentence(&mut random, &topic, words, &mut text);
        }
        text.push_str("\n\n");
    }
    text
}

/// A question that a paragraph of one of the first `articles` articles has the words of; one in four has a misspelt word.
pub fn question(number: u64, articles: u64) -> String {
    let mut random = Random(number << 40 | 7);
    let text = article(random.next() % articles);
    let paragraphs: Vec<&str> = text.split("\n\n").skip(1).filter(|paragraph| !paragraph.is_empty()).collect();
    let paragraph =
        paragraphs.get(usize::try_from(random.next()).unwrap_or(0) % paragraphs.len().max(1)).copied().unwrap_or("");
    let mut words: Vec<String> = paragraph
        .split_whitespace()
        .map(|word| word.trim_end_matches('.').to_owned())
        .filter(|word| !FUNCTION.contains(&word.to_lowercase().as_str()))
        .collect();
    while words.len() > 3 + usize::from(number.is_multiple_of(3)) {
        let out = usize::try_from(random.next()).unwrap_or(0) % words.len();
        words.remove(out);
    }
    if number.is_multiple_of(4)
        && let Some(long) = words.iter_mut().filter(|word| word.is_ascii()).max_by_key(|word| word.len())
        && long.len() > 4
    {
        let mut letters: Vec<char> = long.chars().collect();
        letters.swap(2, 3);
        *long = letters.into_iter().collect();
    }
    let asks = ["who", "when", "how many", "what", "where", "why"];
    let ask = asks.get(usize::try_from(number).unwrap_or(0) % asks.len()).unwrap_or(&"what");
    format!("{ask} did the {}?", words.join(" "))
}
