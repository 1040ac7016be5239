//! Looking quotations up, as a reader of the answers sees it.

use super::tests::article;
use super::*;
use crate::article::{Block, BlockKind, Draft, Metadata};
use crate::library::{Filter, Library};

fn dated(day: &str, text: &str) -> Article {
    let meta = Metadata { published: day.parse().ok(), ..Metadata::default() };
    let span = Span::new(0, text.len());
    let draft = Draft { text: text.into(), blocks: vec![Block { span, kind: BlockKind::Paragraph }], meta };
    Article::from_draft("dated", draft).expect("one paragraph fits")
}

fn library() -> Library {
    let mut library = Library::default();
    library.add(dated(
        "2023-03-01",
        "“The old bridge is a danger to every family in this town,” Mayor Ann Lee said. “Close it.”",
    ));
    library.add(dated(
        "2023-05-01",
        "Mayor Ann Lee came. Lee said the toll would stay. “A toll hurts poor drivers the most,” Bob Poe said.",
    ));
    library.add(article(
        "In a letter, the Road Safety Board said that the bridge posed an “unbearable risk to public safety.”",
    ));
    library
}

fn contents(library: &Library, held: &Held) -> String {
    let article = library.article(held.article);
    held.quotation.content.iter().map(|s| article.slice(*s)).collect::<Vec<_>>().join(" / ")
}

fn first<'b>(book: &'b QuoteBook, library: &Library, fragment: &str) -> Option<Match<'b>> {
    book.who(library, fragment, &Filter::default(), 3).into_iter().next()
}

#[test]
fn who_forgives_misspelt_missing_and_reordered_words() {
    let library = library();
    let book = QuoteBook::build(&library);
    for fragment in [
        "a danger to every family",
        "dangr to evry familly",
        "old bridge danger family town",
        "family in this town a danger",
    ] {
        let found = first(&book, &library, fragment).unwrap_or_else(|| panic!("{fragment}"));
        assert_eq!(found.held.quotation.speaker_name.as_deref(), Some("Ann Lee"), "{fragment}");
    }
    let exact = first(&book, &library, "every family in this town").expect("it is held");
    assert_eq!((exact.similarity, exact.whole), (1.0, false));
    let stretch = exact.stretch.expect("it stands somewhere");
    assert_eq!(library.article(exact.held.article).slice(stretch), "every family in this town");
    assert!(first(&book, &library, "penguins waltz in Antarctica").is_none());
}

#[test]
fn who_takes_the_sentence_around_a_quotation_into_account() {
    let library = library();
    let book = QuoteBook::build(&library);
    let found = first(&book, &library, "letter unbearable risk").expect("words of the sentence count");
    assert_eq!(found.held.quotation.speaker_name.as_deref(), Some("Road Safety Board"));
}

#[test]
fn said_gives_the_newest_article_first_and_finds_any_form_of_the_name() {
    let library = library();
    let book = QuoteBook::build(&library);
    for name in ["Ann Lee", "Mayor Lee", "lee", "Ann Leee", "Mayor Ann Lee"] {
        let said = book.said(&library, name, None, &Filter::default());
        assert_eq!(said.speaker.as_deref(), Some("Ann Lee"), "{name}");
        let quoted: Vec<String> = said.quotations.iter().map(|held| contents(&library, held)).collect();
        let expected = ["the toll would stay", "The old bridge is a danger to every family in this town, / Close it."];
        assert_eq!(quoted, expected, "{name}");
    }
}

#[test]
fn said_gives_doubtful_quotations_only_when_there_are_no_others() {
    let count = |text: &str| {
        let mut library = Library::default();
        library.add(article(text));
        let book = QuoteBook::build(&library);
        let said = book.said(&library, "Ann Lee", None, &Filter::default());
        said.quotations.iter().map(|held| held.quotation.confidence >= CONFIDENT).collect::<Vec<_>>()
    };
    assert_eq!(count("Ann Lee hopes that it is safe."), [false]);
    assert_eq!(count("Ann Lee hopes that it is safe. “It is old,” Lee said."), [true]);
}

#[test]
fn what_nothing_attributes_is_listed_in_full() {
    let mut library = library();
    library.add(article("She came. The sign said “keep off the grass at night”. “No,” she said."));
    let book = QuoteBook::build(&library);
    for name in ["unattributed", "Unatributed"] {
        let said = book.said(&library, name, None, &Filter::default());
        let quoted: Vec<String> = said.quotations.iter().map(|held| contents(&library, held)).collect();
        assert_eq!(said.speaker.as_deref(), Some("unattributed"), "{name}");
        assert!(quoted.iter().any(|words| words.contains("No")), "{quoted:?}");
    }
    assert_eq!(book.speaker_of(&book.of_article(ArticleId(0))[0]), Some("Ann Lee"));
}

#[test]
fn other_articles_that_carry_a_quotation_are_found_however_they_cut_it() {
    let mut library = Library::default();
    let long = "“The old bridge is a danger to every family in this town, and I will not have it,” Ann Lee said.";
    let first = library.add(article(long));
    let shorter =
        library.add(article("Ann Lee said on Monday that the old bridge was “a danger to every family in this town.”"));
    let other = library.add(article("“The old ferry is a joy to every child in this town,” Bob Poe said."));
    let book = QuoteBook::build(&library);
    let carried = book.carried(&library, &book.of_article(first)[0], &Filter::default());
    let found: Vec<_> = carried.iter().map(|one| (one.held.article, one.shared, one.of)).collect();
    assert_eq!(found.iter().map(|(article, ..)| *article).collect::<Vec<_>>(), [shorter], "{found:?} {other:?}");
    assert!(found.iter().all(|(_, shared, of)| *shared >= 8 && shared < of), "{found:?}");
}

#[test]
fn who_finds_a_quotation_by_a_long_fragment() {
    let library = library();
    let book = QuoteBook::build(&library);
    let fragment = format!("A tol hurts poor driverrs the most {}", "penguins waltz ".repeat(30));
    let found = book.ranked(&library, &fragment, &Filter::default());
    assert_eq!(found.first().and_then(|m| m.held.quotation.speaker_name.as_deref()), Some("Bob Poe"));
}

#[test]
fn said_about_a_topic_leaves_the_rest_out() {
    let library = library();
    let book = QuoteBook::build(&library);
    let about = |topic: &str| book.said(&library, "Ann Lee", Some(topic), &Filter::default()).quotations.len();
    assert_eq!(about("tolls"), 1);
    assert_eq!(about("the bridges"), 1);
    assert_eq!(about("penguins"), 0);
}

#[test]
fn a_topic_is_not_found_in_a_word_that_only_begins_like_it() {
    let text = "Harbour news\n\n“We put the crane where it is,” said Ann Lee.\n\n“Putten owes us a crane,” said Ann Lee.\n\n\
        “The house is ours,” said Ann Lee.\n\n“The horse is theirs,” said Ann Lee.\n";
    let mut library = Library::default();
    library.add(article(text));
    let book = QuoteBook::build(&library);
    let about = |topic: &str| book.said(&library, "Ann Lee", Some(topic), &Filter::default()).quotations.len();
    assert_eq!((about("Putten"), about("horses"), about("huose")), (1, 1, 1));
    assert_eq!(book.said(&library, "Ann Lee", Some("tolls"), &Filter::default()).all, 4);
}

#[test]
fn who_else_bears_a_surname_is_told_and_a_name_may_be_written_apart() {
    let text = "Harbour news\n\n“We put the crane there,” said Ann Lee. “It was mine,” said Bo Lee. “It was,” said Bo Lee.\n\n\
        “It never was,” said MacIver.\n";
    let mut library = Library::default();
    library.add(article(text));
    let book = QuoteBook::build(&library);
    let said = |name: &str| book.said(&library, name, None, &Filter::default());
    assert_eq!(said("Lee").namesakes, [("Ann Lee".to_owned(), 1)]);
    assert!(said("Bo Lee").namesakes.is_empty());
    assert_eq!(said("Mac Iver").speaker.as_deref(), Some("MacIver"));
}

#[test]
fn said_of_nobody_suggests_similar_names() {
    let library = library();
    let book = QuoteBook::build(&library);
    let said = book.said(&library, "Bib Pou", None, &Filter::default());
    assert_eq!((said.speaker, said.suggestions), (None, vec!["Bob Poe".to_owned()]));
}

#[test]
fn words_of_which_none_is_the_articles_are_not_altered() {
    let mut library = Library::default();
    library.add(article("“The coal is not the villain, and we will have to find ways to deal with it,” said Ann Lee."));
    let book = QuoteBook::build(&library);
    for quote in ["coals are dead", "villains dealing"] {
        let checked = book.check(&library, quote, None, &Filter::default());
        assert!(matches!(checked, Check::NotHeld { .. }), "{quote}: {checked:?}");
    }
    let checked = book.check(&library, "the coal is not a villain", None, &Filter::default());
    assert!(matches!(checked, Check::Altered { .. }), "{checked:?}");
}

#[test]
fn a_filter_holds_for_every_look_up() {
    let library = library();
    let book = QuoteBook::build(&library);
    let since = Filter { since: "2023-04-01".parse().ok(), ..Filter::default() };
    assert_eq!(book.said(&library, "Ann Lee", None, &since).quotations.len(), 1);
    assert!(book.who(&library, "a danger to every family", &since, 3).iter().all(|m| m.similarity < 1.0));
    assert!(!matches!(book.check(&library, "a danger to every family", None, &since), Check::Exact(_)));
}

#[test]
fn the_same_words_are_exact_whatever_the_marks_and_capitals() {
    let library = library();
    let book = QuoteBook::build(&library);
    for (quote, whole) in [
        ("A toll hurts poor drivers the most", true),
        ("“a toll — HURTS poor drivers the most!”", true),
        ("hurts poor drivers", false),
    ] {
        match book.check(&library, quote, None, &Filter::default()) {
            Check::Exact(found) => assert_eq!(found.whole, whole, "{quote}"),
            other => panic!("{quote}: {other:?}"),
        }
    }
}

#[test]
fn a_changed_word_is_shown() {
    let library = library();
    let book = QuoteBook::build(&library);
    let Check::Altered { difference, closest } =
        book.check(&library, "a bearable risk to public safety", None, &Filter::default())
    else {
        panic!("not altered")
    };
    assert!(closest.similarity < 1.0);
    let expected = [
        DiffPart::Missing("an “unbearable".into()),
        DiffPart::Added("a bearable".into()),
        DiffPart::Same("risk to public safety".into()),
    ];
    assert_eq!(difference, expected);
    let Check::Altered { difference, .. } =
        book.check(&library, "A toll hurts rich drivers the most", None, &Filter::default())
    else {
        panic!("not altered")
    };
    let expected = [
        DiffPart::Same("A toll hurts".into()),
        DiffPart::Missing("poor".into()),
        DiffPart::Added("rich".into()),
        DiffPart::Same("drivers the most".into()),
    ];
    assert_eq!(difference, expected);
}

#[test]
fn words_around_a_quotation_are_told_from_those_in_it() {
    let library = library();
    let book = QuoteBook::build(&library);
    let check = |quote| book.check(&library, quote, None, &Filter::default());
    for quote in ["“The toll would stay,” Mayor Ann Lee came", "Lee said the toll would stay"] {
        let beyond = matches!(check(quote), Check::Beyond(_));
        assert_eq!(beyond, quote.starts_with("Lee"), "{quote}");
    }
    assert!(matches!(check("the toll would stay"), Check::Exact(_)));
    // Of two sentences only one holds what was said.
    assert!(!matches!(check("Mayor Ann Lee came. Lee said the toll"), Check::Beyond(_)));
}

#[test]
fn words_of_several_quotations_are_never_exact() {
    let library = library();
    let book = QuoteBook::build(&library);
    for quote in [
        "A toll is a danger to every family",
        "drivers the most the old bridge",
        "the most Close it",
        "family this town",
    ] {
        assert!(!matches!(book.check(&library, quote, None, &Filter::default()), Check::Exact(_)), "{quote}");
    }
    assert!(matches!(
        book.check(&library, "penguins waltz", None, &Filter::default()),
        Check::NotHeld { nearest: None }
    ));
    assert!(matches!(book.check(&library, "", None, &Filter::default()), Check::NotHeld { nearest: None }));
}

#[test]
fn speakers_are_counted_most_quoted_first() {
    let library = library();
    let book = QuoteBook::build(&library);
    let expected = [("Ann Lee".to_owned(), 2), ("Bob Poe".to_owned(), 1), ("Road Safety Board".to_owned(), 1)];
    let counted: Vec<_> = book.speakers().iter().map(|(name, count)| (name.to_string(), *count)).collect();
    assert_eq!(counted, expected);
}
