//! What the index promises: whatever happened to it, it answers like one that is freshly made over the same library.

mod disk;
mod history;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::article::Span;
use crate::article::read::{Format, read_text};
use crate::library::Filter;
use crate::library::store::{CollectionId, Stored, StoredId};
use crate::matcher::{Matcher, Question, Reading, Verdict};

/// Words that articles are made of: forms of one word, names, function words, words that are close to one another.
const WORDS: [&str; 30] = [
    "ferry", "ferries", "Dunmore", "harbour", "harbor", "mayor", "mayors", "strike", "struck", "lantern", "lanterns",
    "Halloran", "Monday", "said", "council", "counsel", "the", "of", "because", "rudder", "museum", "clocks", "clock",
    "granary", "41", "1997", "agreed", "tickets", "ticket", "crew",
];

const QUESTIONS: [&str; 7] = [
    "when did the ferry strike end",
    "who is the mayor of Dunmore",
    "how many lantrens did the museum get",
    "what did Halloran say about tickets",
    "granry clok",
    "harbour council rudder crew 1997",
    "the of",
];

/// An article by the words of its paragraphs; the first makes its title.
type Content = Vec<Vec<usize>>;

fn stored(id: i64, version: i64, content: &Content) -> Stored {
    let line = |words: &Vec<usize>| words.iter().map(|at| WORDS[at % WORDS.len()]).collect::<Vec<_>>().join(" ");
    let text: String = content.iter().map(|words| format!("{}.\n\n", line(words))).collect();
    Stored {
        id: StoredId(id),
        collection: CollectionId(1),
        number: id,
        article: read_text(&format!("article-{id}"), &format!("Report {id}\n\n{text}"), Format::Text).unwrap(),
        version,
        added_at: Timestamp::UNIX_EPOCH,
        moved: false,
        silent: false,
        changed_at: Timestamp::UNIX_EPOCH,
        duplicate_of: None,
        removed_at: None,
    }
}

/// A store: what it holds now, with versions. A number is not used again.
#[derive(Debug, Default, Clone)]
struct Shelf {
    articles: BTreeMap<i64, (i64, Content)>,
    last: i64,
}

impl Shelf {
    /// The library as a process that starts now reads it.
    fn library(&self) -> Library {
        let mut library = Library::default();
        for (id, (version, content)) in &self.articles {
            library.put_stored(stored(*id, *version, content));
        }
        library
    }

    fn of(articles: i64) -> Self {
        let mut shelf = Self::default();
        let mut library = Library::default();
        for n in 0..articles {
            Change::Put(usize::MAX, content(n)).make(&mut shelf, &mut library);
        }
        shelf
    }
}

/// Some content, another for each number.
fn content(n: i64) -> Content {
    let n = usize::try_from(n).unwrap();
    (0..2 + n % 4).map(|p| (0..4 + n % 5).map(|w| n * 7 + p * 11 + w * (1 + n % 3)).collect()).collect()
}

#[derive(Debug, Clone)]
enum Change {
    /// A new version of one that is held, or a new article.
    Put(usize, Content),
    Remove(usize),
}

impl Change {
    /// Makes the change in a store and in a library that follows it.
    fn make(&self, shelf: &mut Shelf, library: &mut Library) -> Option<ArticleId> {
        let pick = |at: usize| shelf.articles.keys().nth(at).copied();
        match self {
            Self::Put(at, content) => {
                let id = pick(*at).unwrap_or(shelf.last + 1);
                shelf.last = shelf.last.max(id);
                let (version, words) = shelf.articles.entry(id).or_default();
                *version += 1;
                words.clone_from(content);
                library.put_stored(stored(id, *version, content))
            }
            Self::Remove(at) => {
                let id = pick(*at)?;
                shelf.articles.remove(&id);
                library.take_out_stored(StoredId(id))
            }
        }
    }
}

/// What is asked and what is found, told without the numbers that a library gives.
#[derive(Debug, PartialEq)]
struct Told {
    verdict: Verdict,
    confidence: u32,
    passages: Vec<(i64, usize, Span, u32)>,
    readings: Vec<Reading>,
}

fn told(matcher: &Matcher, library: &Library) -> Vec<Told> {
    let all = QUESTIONS.iter().map(|text| (text, Filter::default()));
    let some = QUESTIONS.iter().map(|text| {
        let article = library.iter().map(|(id, _)| id).min_by_key(|id| library.mark(*id).unwrap().id);
        (text, Filter { article, ..Filter::default() })
    });
    let ask = |(text, filter): (&&str, Filter)| {
        let found = matcher.search(library, &Question { text: (*text).to_owned(), filter, limit: 40 }).unwrap();
        let passages = found.passages.iter().map(|passage| {
            let id = library.mark(passage.article).unwrap().id.0;
            (id, passage.paragraph, passage.sentence, passage.score.to_bits())
        });
        Told {
            verdict: found.verdict,
            confidence: found.confidence.to_bits(),
            passages: passages.collect(),
            readings: found.readings,
        }
    };
    all.chain(some).map(ask).collect()
}

/// Holds a matcher against one that is made anew from the store.
fn check(matcher: &Matcher, library: &Library, shelf: &Shelf) {
    let fresh_library = shelf.library();
    let fresh = Matcher::build(&fresh_library).unwrap();
    let counts = |index: &Index| (index.documents, index.articles, index.words);
    assert_eq!(counts(&matcher.index), counts(&fresh.index));
    let words = |index: &Index| -> BTreeSet<(String, u32)> {
        index.vocabulary().map(|entry| (entry.word.to_owned(), entry.documents)).collect()
    };
    assert_eq!(words(&matcher.index), words(&fresh.index));
    assert_eq!(told(matcher, library), told(&fresh, &fresh_library));
}

fn contents() -> impl Strategy<Value = Content> {
    prop::collection::vec(prop::collection::vec(0..WORDS.len(), 3..9), 1..6)
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let put = (0_usize..40, contents()).prop_map(|(at, content)| Change::Put(at, content));
    let remove = (0_usize..20).prop_map(Change::Remove);
    prop::collection::vec(prop_oneof![4 => put, 1 => remove], 0..12)
}
