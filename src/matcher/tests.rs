//! What a matcher promises, on articles written for these tests.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::article::read::{Format, read_text};
use crate::article::{Article, Block, BlockKind, Draft, Metadata, Published};

const FERRY: &str = "Ferry returns to Dunmore\n\n\
    The ferry to Dunmore sailed again on Monday after eleven weeks in the yard.\n\n\
    Engineers found cracks in the rudder in January. They ordered a new one from a foundry in Gdansk.\n\n\
    Captain Ingrid Halloran said the crew was glad to be back at sea. “We missed the water,” she said.\n\n\
    The county cut the fare to four euros because many commuters had bought cars in the meantime.\n\n\
    Passengers have until 9 August to claim a refund.\n";

const MUSEUM: &str = "Museum of clocks moves\n\n\
    The museum of clocks is moving to the old granary on Pell Street.\n\n\
    Its founder, Tobias Wren, left 340 timepieces to the city when he died.\n\n\
    The granary will open its doors in October, the city council decided.\n";

fn library(texts: &[(&str, &str)]) -> Library {
    let mut library = Library::default();
    for (key, text) in texts {
        library.add(read_text(key, text, Format::Text).unwrap());
    }
    library
}

fn ask(library: &Library, question: &str) -> Findings {
    let question = Question { text: question.into(), ..Question::default() };
    Matcher::build(library).unwrap().search(library, &question).unwrap()
}

/// The first sentence that is given as the answer.
fn answer<'l>(library: &'l Library, question: &str) -> &'l str {
    let findings = ask(library, question);
    assert_eq!(findings.verdict, Verdict::Answered, "{question}: {}", findings.confidence);
    let first = findings.passages[0];
    library.article(first.article).slice(first.sentence)
}

#[test]
fn how_many_passages_are_wanted_changes_none_of_them() {
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    let library = crate::intake::folder::load(&[samples], || ()).library;
    let matcher = Matcher::build(&library).unwrap();
    let mut asked = 0;
    for (_, article) in library.iter() {
        for sentence in article.sentences().iter().step_by(3) {
            let words: Vec<&str> = article.slice(*sentence).split_whitespace().step_by(4).take(6).collect();
            for asks in ["who", "when", "how many", "what did they say of", "latest"] {
                let question =
                    |limit| Question { text: format!("{asks} {}", words.join(" ")), limit, ..Question::default() };
                let passages = |limit| matcher.search(&library, &question(limit)).unwrap().passages;
                let all = passages(1_000);
                for limit in [1, 3, 10] {
                    assert_eq!(passages(limit), all[..limit.min(all.len())], "{}", question(1).text);
                }
                asked += 1;
            }
        }
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn the_sentence_that_answers_comes_first() {
    let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
    for (question, start) in [
        ("when did the ferry sail again?", "The ferry to Dunmore"),
        ("where did the engineers order the new rudder", "They ordered a new one"),
        ("who is the captain?", "Captain Ingrid Halloran"),
        ("why was the fare cut", "The county cut the fare"),
        ("when must refunds be claimed by", "Passengers have until"),
        ("how many timepieces did the founder leave", "Its founder"),
        ("where is the museum of clocks moving to", "The museum of clocks"),
    ] {
        let sentence = answer(&library, question);
        assert!(sentence.starts_with(start), "{question}: {sentence}");
    }
}

#[test]
fn a_single_article_answers_for_itself_and_declines_the_rest() {
    let library = library(&[("ferry", FERRY)]);
    assert!(answer(&library, "what did the engineers find").starts_with("Engineers found cracks"));
    for foreign in ["Who won the 1998 World Cup?", "how do volcanoes erupt", "what is the capital of Mongolia"] {
        assert_ne!(ask(&library, foreign).verdict, Verdict::Answered, "{foreign}");
    }
}

#[test]
fn misspelt_words_are_forgiven_and_the_reading_is_told_as_the_article_writes_it() {
    let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
    let findings = ask(&library, "what did captain Haloran say");
    assert_eq!((findings.verdict, findings.passages[0].paragraph), (Verdict::Answered, 2));
    assert_eq!(findings.readings, [Reading { asked: "Haloran".into(), read: "Halloran".into() }]);
    assert!(ask(&library, "what did captain Halloran say").readings.is_empty());
}

#[test]
fn the_words_that_answer_are_told_within_the_sentence() {
    let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
    for (question, words) in [
        ("when did the ferry sail again?", "Monday"),
        ("where did the engineers order the new rudder", "Gdansk"),
        ("how many timepieces did the founder leave", "340 timepieces"),
    ] {
        let first = ask(&library, question).passages[0];
        let article = library.article(first.article);
        let marked = first.words.map(|span| article.slice(span));
        assert_eq!(marked, Some(words), "{question}");
        assert!(first.sentence.contains(first.words.unwrap()));
    }
    for question in ["why was the fare cut", "who is the captain?"] {
        assert_eq!(ask(&library, question).passages[0].words, None, "{question}");
    }
    let vote = "Vote\n\nThe December 28 article on the vote was read in an election year.\n";
    let vote = self::library(&[("vote", vote)]);
    for question in ["how many articles were read on the vote", "when was the article on the vote read"] {
        let marked = ask(&vote, question).passages[0].words.map(|span| vote.article(ArticleId(0)).slice(span));
        assert!(!matches!(marked, Some("28" | "28 article" | "year")), "{question}: {marked:?}");
    }
    let bloc = self::library(&[("bloc", "Bloc\n\nThe farmers marched through the 27-nation bloc.\n")]);
    assert_eq!(ask(&bloc, "how many farmers marched through the bloc").passages[0].words, None);
    let warned = self::library(&[("warned", "Bloc\n\nHis warning of farmers was one of his last.\n")]);
    assert_eq!(ask(&warned, "how many farmers were in his warning").passages[0].words, None);
    // A number is marked with what it counts, whatever stands between, and one of nothing that is asked for is not marked.
    let text = "Aviary\n\nThe keeper let 5,600 very tame canaries fly.\n\nThe keeper Ida Holm is silent, with one exception.\n";
    let aviary = self::library(&[("aviary", text)]);
    for (question, words) in
        [("how many canaries did the keeper let fly", Some("5,600 very tame canaries")), ("how tall is Ida Holm", None)]
    {
        let marked = ask(&aviary, question).passages[0].words.map(|span| aviary.article(ArticleId(0)).slice(span));
        assert_eq!(marked, words, "{question}");
    }
    // Two times, and nothing tells which.
    let mills = self::library(&[("mills", "Mills\n\nThe mill was built in 1911 and rebuilt in 1954.\n")]);
    assert_eq!(ask(&mills, "when was the mill").passages[0].words, None);
}

#[test]
fn money_is_found_however_it_is_written() {
    let text = "Note\n\nThe port paid $1.13bn for the cranes.\n\nThe city lent it nothing at all.\n";
    let library = library(&[("port", text)]);
    for question in ["who paid 1.13 billion dollars for cranes", "what did the port pay $1.13bn for"] {
        let findings = ask(&library, question);
        assert_eq!((findings.verdict, findings.passages[0].paragraph), (Verdict::Answered, 0), "{question}");
        assert!(findings.readings.is_empty());
    }
}

#[test]
fn the_latest_is_the_newest_of_those_that_fit() {
    let mut library = Library::default();
    for (key, day) in [("old", 3), ("new", 21), ("middle", 12)] {
        let text = "Ferry talks\n\nThe ferry talks went on in Dunmore until late at night.\n";
        let article = read_text(key, text, Format::Text).unwrap();
        let published = Published { date: date(2026, 11, day), time: None, offset: None };
        let meta = Metadata { published: Some(published), ..article.meta().clone() };
        let draft = Draft { text: article.text().to_owned(), blocks: article.blocks().to_vec(), meta };
        library.add(Article::from_draft(key, draft).unwrap());
    }
    let first = |question: &str| library.article(ask(&library, question).passages[0].article).key().to_owned();
    assert_eq!(first("what is the latest on the ferry talks?"), "new");
    assert_eq!(first("what of the ferry talks?"), "old", "between equals, the one that was added first");
}

#[test]
fn nothing_is_found_in_an_empty_library_or_for_an_empty_question() {
    let empty = Library::default();
    assert_eq!(ask(&empty, "where is the ferry").verdict, Verdict::Nothing);
    let library = library(&[("ferry", FERRY)]);
    for question in ["", "   ", "?!", "🦀🦀🦀", "\u{0}\u{7}"] {
        let findings = ask(&library, question);
        assert_eq!((findings.verdict, findings.passages.len()), (Verdict::Nothing, 0), "{question:?}");
    }
}

#[test]
fn a_question_of_function_words_alone_asks_for_nothing() {
    let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
    for question in ["why?", "and who is it", "What about them?"] {
        let findings = ask(&library, question);
        assert_eq!((findings.verdict, findings.passages.len()), (Verdict::Nothing, 0), "{question}");
        assert!(asks_for_nothing(question), "{question}");
    }
}

#[test]
fn a_full_name_is_not_found_in_pieces_of_others() {
    let text = "Mill prize\n\nThe guests were Jon Berg of Exton and Ida Holm of Lund, who said little.\n";
    let library = library(&[("mill", text), ("ferry", FERRY)]);
    for question in ["Who is Jon Holm?", "what did Jon Holm say", "When was Jon Holm born?"] {
        assert_ne!(ask(&library, question).verdict, Verdict::Answered, "{question}");
    }
    assert_ne!(ask(&library, "who is jon holm").verdict, Verdict::Answered);
    assert_eq!(ask(&library, "Who is Ida Holm?").verdict, Verdict::Answered);
    assert_eq!(ask(&library, "who is ida holm").verdict, Verdict::Answered);
    let middle = self::library(&[("mill", &text.replace("Ida Holm", "Ida K. Holm")), ("ferry", FERRY)]);
    assert_eq!(ask(&middle, "Who is Ida Holm?").verdict, Verdict::Answered);
}

#[test]
fn the_age_of_others_is_nobodys() {
    let text = "Mill prize\n\nIda Holm gave the prize of the mill at Exton. The winner was a 43-year-old mother of two, whose \
        husband mends sails.\n";
    let others = library(&[("mill", text), ("ferry", FERRY)]);
    for question in ["How old is Ida Holm?", "Who is Ida Holm married to?"] {
        assert_ne!(ask(&others, question).verdict, Verdict::Answered, "{question}");
    }
    let bill = "Mill prize\n\nThe council passed a bill on the mill, whose owner is married to the clerk of Exton.\n\nIda Holm came.\n";
    let bill = library(&[("mill", bill), ("ferry", FERRY)]);
    assert_ne!(ask(&bill, "When did Ida Holm marry Bill?").verdict, Verdict::Answered);
    let plan = "Mill prize\n\nIda Holm has a plan for mothers of children. Of these, 70 are born in Exton.\n";
    let plan = library(&[("mill", plan), ("ferry", FERRY)]);
    assert_ne!(ask(&plan, "How many children does Ida Holm have?").verdict, Verdict::Answered);
    let told =
        text.replace("The winner was", "Ms Holm is married to Bo Berg, and a 60-year-old miller. The winner was");
    let hers = library(&[("mill", &told), ("ferry", FERRY)]);
    for question in ["How old is Ida Holm?", "Who is Ida Holm married to?"] {
        assert_eq!(ask(&hers, question).verdict, Verdict::Answered, "{question}");
    }
}

#[test]
fn a_short_name_is_not_read_as_a_word_that_is_written_small() {
    let text = "Mill news\n\nThe firm perds its mill in Exton.\n\nIts owner Perd came to the mill.\n";
    let small = library(&[("mill", &text.replace("Perd", "Holm"))]);
    for question in ["is the mill in Perdu", "Perdu", "Perdu?"] {
        assert_eq!(ask(&small, question).readings, [], "{question}");
    }
    let named = library(&[("mill", text)]);
    assert_eq!(ask(&named, "who is the owner Pedr of the mill").readings.len(), 1);
}

#[test]
fn an_article_that_came_after_the_index_was_built_is_not_found_and_does_no_harm() {
    let mut held = library(&[("ferry", FERRY)]);
    let matcher = Matcher::build(&held).unwrap();
    let late = held.add(read_text("museum", MUSEUM, Format::Text).unwrap());
    let filter = Filter { article: Some(late), ..Filter::default() };
    let question = Question { text: "where is the museum".into(), filter, limit: 3 };
    assert!(matcher.search(&held, &question).unwrap().passages.is_empty());
}

/// An article about one thing, by an outlet, on a day.
fn dated(key: &str, outlet: &str, day: i8) -> Article {
    let text = format!("The {key} lantern was lit at dusk by the keeper.");
    let meta = Metadata {
        title: key.into(),
        outlet: Some(outlet.into()),
        published: Some(Published::on(date(2021, 5, day))),
        ..Metadata::default()
    };
    let blocks = vec![Block { span: Span::new(0, text.len()), kind: BlockKind::Paragraph }];
    Article::from_draft(key, Draft { text, blocks, meta }).unwrap()
}

#[test]
fn filters_admit_only_what_they_name() {
    let mut library = Library::default();
    let ids: Vec<ArticleId> = [("north", "Herald", 1), ("south", "Courier", 5), ("west", "Herald", 9)]
        .map(|(key, outlet, day)| library.add(dated(key, outlet, day)))
        .into();
    let matcher = Matcher::build(&library).unwrap();
    let found = |filter: Filter| {
        let question = Question { text: "who lit the lantern".into(), filter, limit: 10 };
        let mut found: Vec<_> =
            matcher.search(&library, &question).unwrap().passages.iter().map(|passage| passage.article).collect();
        found.sort_unstable();
        found
    };
    assert_eq!(found(Filter::default()), ids);
    assert_eq!(found(Filter { article: Some(ids[1]), ..Filter::default() }), [ids[1]]);
    assert_eq!(found(Filter { outlet: Some("HERALD".into()), ..Filter::default() }), [ids[0], ids[2]]);
    assert_eq!(found(Filter { since: Some(date(2021, 5, 5)), ..Filter::default() }), [ids[1], ids[2]]);
    assert_eq!(found(Filter { until: Some(date(2021, 5, 5)), ..Filter::default() }), [ids[0], ids[1]]);
    let contradiction = Filter { article: Some(ids[1]), outlet: Some("Herald".into()), ..Filter::default() };
    assert!(found(contradiction).is_empty());
}

#[test]
fn the_caller_may_move_the_thresholds() {
    let library = library(&[("ferry", FERRY)]);
    let question = Question { text: "who is the captain?".into(), ..Question::default() };
    for (thresholds, verdict) in [
        (Thresholds { answer: 0.0, nearest: 0.0 }, Verdict::Answered),
        (Thresholds { answer: 1.1, nearest: 0.0 }, Verdict::Nearest),
        (Thresholds { answer: 1.1, nearest: 1.1 }, Verdict::Nothing),
    ] {
        let matcher = Matcher::build(&library).unwrap().with_thresholds(thresholds);
        assert_eq!(matcher.search(&library, &question).unwrap().verdict, verdict);
    }
}

#[test]
fn an_explanation_adds_up_to_the_score() {
    let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
    let matcher = Matcher::build(&library).unwrap();
    let question = Question { text: "why was the fare cutt".into(), ..Question::default() };
    let (findings, explanation) = matcher.explain(&library, &question).unwrap();
    assert_eq!(findings.passages.len(), explanation.passages.len());
    for (passage, factors) in findings.passages.iter().zip(&explanation.passages) {
        let sum: f32 = factors.iter().map(|factor| factor.value * factor.weight).sum();
        assert!((sum - passage.score).abs() < 1e-3);
    }
    let cut = explanation.words.iter().find(|word| word.asked == "cutt").unwrap();
    assert_eq!((cut.read.as_slice(), cut.found), (["cut".to_owned()].as_slice(), true));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_question_gets_ordered_passages_and_sentences_of_their_paragraphs(
        question in prop_oneof!["\\PC{0,200}", "([a-z]{1,9}|ferry|rudder|who|when|🦀|\u{0}| ){0,60}"],
        limit in 0_usize..5,
    ) {
        let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
        let matcher = Matcher::build(&library).unwrap();
        let question = Question { text: question, limit, ..Question::default() };
        let findings = matcher.search(&library, &question).unwrap();
        prop_assert!((0.0..=1.0).contains(&findings.confidence));
        let most = if limit == 0 { DEFAULT_LIMIT } else { limit };
        prop_assert!(findings.passages.len() <= most);
        prop_assert!(findings.passages.is_sorted_by(|a, b| a.score >= b.score));
        for passage in &findings.passages {
            let article = library.article(passage.article);
            let paragraph = &article.paragraphs()[passage.paragraph];
            prop_assert!(article.sentences_of(paragraph).contains(&passage.sentence));
        }
    }
}

#[test]
fn a_question_of_ten_thousand_words_is_answered_like_any_other() {
    let library = library(&[("ferry", FERRY), ("museum", MUSEUM)]);
    let words: Vec<String> = (0..10_000).map(|n| format!("rudder{n} ferry")).collect();
    let findings = ask(&library, &words.join(" "));
    assert!(!findings.passages.is_empty());
    assert_ne!(ask(&library, &"a".repeat(1_000_000)).verdict, Verdict::Answered);
}
