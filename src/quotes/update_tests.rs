//! A book that followed every change answers as one that is made anew.

use jiff::Timestamp;
use proptest::prelude::*;

use super::tests::article;
use super::*;
use crate::library::store::{CollectionId, Stored, StoredId};
use crate::library::{Filter, Library};

/// Few surnames, so that names meet, join and part again.
const NAMES: [&str; 15] = [
    "Ann Lee",
    "Ann B. Lee",
    "Ann C. Lee",
    "Ann Lee Jr.",
    "Ann B. Lee Sr.",
    "A. Lee",
    "Adam Lee",
    "Lee",
    "LEE",
    "Mayor Lee",
    "Bob Poe",
    "Robert Poe",
    "Poe",
    "Road Safety Board",
    "RSB",
];

/// What they say: some words are common to many, some stand in one alone, and some are others misspelt.
const WORDS: [&str; 14] = [
    "bridge", "bridges", "brigde", "toll", "tolls", "ferry", "harbour", "harbor", "penguin", "safe", "closed",
    "costly", "orchard", "orchids",
];

/// What is asked of both books.
const ASKED: [&str; 7] = [
    "the bridge is safe",
    "brigdes",
    "habrour was closed",
    "the toll is costly",
    "orchard penguin",
    "the orchids",
    "nothing",
];

/// What happens to the article of a number in the store.
#[derive(Debug, Clone)]
enum Change {
    Put(i64, Vec<(usize, usize, [usize; 3])>),
    Remove(i64),
}

fn changes() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let paragraph = (0..NAMES.len(), 0..4_usize, [0..WORDS.len(), 0..WORDS.len(), 0..WORDS.len()]);
    let change = prop_oneof![
        4 => (0..9_i64, proptest::collection::vec(paragraph, 0..4)).prop_map(|(id, text)| Change::Put(id, text)),
        1 => (0..9_i64).prop_map(Change::Remove),
    ];
    proptest::collection::vec(proptest::collection::vec(change, 1..4), 1..9)
}

fn text(paragraphs: &[(usize, usize, [usize; 3])]) -> String {
    let paragraph = |(name, form, [one, two, three]): &(usize, usize, [usize; 3])| {
        let (name, [one, two, three]) = (NAMES[*name], [one, two, three].map(|word| WORDS[*word]));
        match form {
            0 => format!("“The {one} is {two} and {three},” {name} said."),
            1 => format!("{name} said that the {one} was {two}. It was a {three}."),
            2 => format!("“A {one},” officials said. “No {two}, no {three}.”"),
            _ => format!("The {one} was {two}."),
        }
    };
    paragraphs.iter().map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// The articles that changed.
fn apply(library: &mut Library, change: &Change, version: i64) -> Option<ArticleId> {
    match change {
        Change::Remove(id) => library.take_out_stored(StoredId(*id)),
        Change::Put(id, paragraphs) => library.put_stored(Stored {
            id: StoredId(*id),
            collection: CollectionId(1),
            number: *id,
            article: article(&text(paragraphs)),
            version,
            added_at: Timestamp::UNIX_EPOCH,
            moved: false,
            silent: false,
            changed_at: Timestamp::UNIX_EPOCH,
            duplicate_of: None,
            removed_at: None,
        }),
    }
}

/// All that a book answers, as far as it is asked here.
fn answers(book: &QuoteBook, library: &Library) -> Vec<String> {
    let all = Filter::default();
    let mut answers = vec![
        format!("{} {:?}", book.len(), book.all().collect::<Vec<_>>()),
        format!("{:?}", book.speakers()),
        format!("{:?}", std::collections::BTreeSet::from_iter(book.names())),
    ];
    for id in (0..library.slots()).map(|slot| ArticleId(u32::try_from(slot).unwrap())) {
        answers.push(format!("{:?}", book.of_article(id)));
    }
    for name in NAMES.into_iter().chain(["officials", "Ann Leee", "Bib Pou", "nobody"]) {
        for about in [None, Some("bridges")] {
            answers.push(format!("{name}: {:?}", book.said(library, name, about, &all)));
        }
    }
    for asked in ASKED {
        answers.push(format!(
            "{asked}: {:?} {:?}",
            book.who(library, asked, &all, 5),
            book.check(library, asked, None, &all)
        ));
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_book_that_followed_answers_as_a_new_one(changes in changes()) {
        let mut library = Library::default();
        let mut book = QuoteBook::build(&library);
        for (version, together) in (1..).zip(changes) {
            let before = (book, library.clone());
            let told = answers(&before.0, &before.1);
            let changed: Vec<ArticleId> =
                together.iter().filter_map(|change| apply(&mut library, change, version)).collect();
            book = before.0.updated(&library, &changed, Known::new());
            prop_assert_eq!(answers(&book, &library), answers(&QuoteBook::build(&library), &library));
            prop_assert_eq!(answers(&before.0, &before.1), told, "the book before it is as it was");
        }
    }
}

#[test]
fn what_is_known_is_not_found_again() {
    let mut library = Library::default();
    let (one, other) = (library.add(article("“Yes,” Ann Lee said.")), library.add(article("“No,” Bob Poe said.")));
    let found = QuoteBook::build(&library);
    assert_eq!(found.found(), [one, other]);
    let mut known: Vec<Quotation> = found.of_article(one).iter().map(|held| held.quotation.clone()).collect();
    known[0].speaker_name = Some("Known Before".to_owned());
    let book = QuoteBook::of(&library, Known::from([(one, known.clone())]));
    assert_eq!(book.found(), [other]);
    let counted: Vec<_> = book.speakers().iter().map(|(name, count)| (&**name, *count)).collect();
    assert_eq!(counted, [("Bob Poe", 1), ("Known Before", 1)]);
    let next = found.updated(&library, &[one], Known::from([(one, known)]));
    assert_eq!((next.found(), next.speakers()), (&[][..], book.speakers()));
}

#[test]
fn an_article_that_was_taken_out_does_not_answer_from_the_book_before() {
    let mut library = Library::default();
    let change = Change::Put(7, vec![(0, 0, [0, 9, 10])]);
    apply(&mut library, &change, 1);
    let book = QuoteBook::build(&library);
    library.take_out_stored(StoredId(7));
    assert!(book.who(&library, "the bridge is safe", &Filter::default(), 3).is_empty());
    assert!(matches!(
        book.check(&library, "the bridge is safe", None, &Filter::default()),
        Check::NotHeld { nearest: None }
    ));
}

#[test]
fn words_of_articles_that_are_gone_do_not_pile_up() {
    let mut library = Library::default();
    let mut book = QuoteBook::build(&library);
    let mut most = 0;
    for version in 1..60_i64 {
        let words: Vec<String> = (0..700).map(|n| format!("w{version}x{n}")).collect();
        let text = format!("“The {},” Ann Lee said.", words.join(" "));
        let stored = Stored {
            id: StoredId(1),
            collection: CollectionId(1),
            number: 1,
            article: article(&text),
            version,
            added_at: Timestamp::UNIX_EPOCH,
            moved: false,
            silent: false,
            changed_at: Timestamp::UNIX_EPOCH,
            duplicate_of: None,
            removed_at: None,
        };
        let changed = library.put_stored(stored).unwrap();
        book = book.updated(&library, &[changed], Known::new());
        assert_eq!((book.len(), book.found()), (1, &[changed][..]), "version {version}");
        most = most.max(book.index.words());
    }
    assert!((10_000..12_000).contains(&most), "{most}");
}
