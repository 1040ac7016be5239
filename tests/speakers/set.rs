//! Reading the test set (`set.txt`, whose first lines say its form).

use byline::article::Article;
use byline::article::read::{Format, read_text};

/// An article with what is known of its speakers.
pub struct Case {
    pub id: &'static str,
    pub half: &'static str,
    /// The library in which it is read as well.
    pub library: Option<&'static str>,
    pub article: Article,
    pub gold: Vec<Gold>,
}

/// Whose words they are.
pub struct Gold {
    pub words: &'static str,
    /// The names that are right; [`UNTOLD`] where the article does not tell.
    pub names: Vec<&'static str>,
    /// Those that are right in the library; none where it is not asked.
    pub in_library: Vec<&'static str>,
}

/// For a speaker whom the article does not name.
pub const UNTOLD: &str = "?";

pub fn cases() -> Vec<Case> {
    include_str!("set.txt").split("\n## ").skip(1).map(case).collect()
}

fn case(part: &'static str) -> Case {
    let (head, body) = part.split_once('\n').expect("an article has a head");
    let mut words = head.split(' ');
    let id = words.next().expect("a number");
    let half = words.next().filter(|half| matches!(*half, "a" | "b")).expect("a half");
    let library = words.find_map(|word| word.strip_prefix('@'));
    let from = body.find("\n= ").expect("some gold");
    let article = read_text(id, &body[..from], Format::Text).expect("it is an article");
    Case { id, half, library, article, gold: body[from..].trim().lines().map(gold).collect() }
}

fn gold(line: &'static str) -> Gold {
    let (words, names) = line.strip_prefix("= ").and_then(|line| line.split_once(" -> ")).expect("words -> name");
    let (names, in_library) = names.split_once(" => ").map_or((names, None), |(names, more)| (names, Some(more)));
    let forms = |names: &'static str| names.split(" / ").collect::<Vec<_>>();
    Gold { words, names: forms(names), in_library: in_library.map(forms).unwrap_or_default() }
}
