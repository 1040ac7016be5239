//! What a newcomer meets: conversations over the sample articles, through the router.
//!
//! The answers' exact form is held by golden files in `tests/snapshots` (`cargo insta review`, or `INSTA_UPDATE=always`,
//! shows and takes changes).

use std::path::Path;
use std::sync::LazyLock;

use byline::chat::text::{Style, render};
use byline::intake::folder;
use byline::reply::{Checked, Outcome};
use byline::router::{Desk, Router, Settings};
use proptest::prelude::*;

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    let loaded = folder::load(&[samples], || ());
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    Router::new(Desk::new(loaded.library, Settings::default()))
});

fn answer(text: &str) -> Checked {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ROUTER.answer_text(text))
}

/// Several questions and their answers, as the console shows them in a pipe.
fn conversation(questions: &[&str]) -> String {
    let turns =
        questions.iter().map(|question| format!("» {question}\n{}\n", render(&answer(question), Style::default())));
    turns.collect::<Vec<_>>().join("\n")
}

/// The article that the first quotation of a reply comes from.
fn article(reply: &Checked) -> Option<String> {
    reply.quotations().next().map(|quoted| quoted.source.article.clone())
}

#[test]
fn help_and_lists_look_as_they_should() {
    insta::assert_snapshot!(conversation(&[
        "/help",
        "/help ask",
        "/about",
        "/articles list",
        "/articles show ferry walkout"
    ]));
}

#[test]
fn mistakes_are_told_with_the_next_step() {
    insta::assert_snapshot!(conversation(&[
        "/sumary ferry",
        "/ask",
        "/ask why --outlt x",
        "/ask why --since someday",
        "/summary the",
        "/ask why --outlet Chirper",
        "/articles burn",
    ]));
}

#[test]
fn the_samples_answer_what_a_newcomer_asks() {
    for (question, key, words) in [
        ("How much will an hour of parking on the seafront cost?", "port-ellery-budget", "four crowns"),
        ("When does work on the pool roof begin?", "port-ellery-budget", "begins in March"),
        ("Which bus line loses its late bus?", "port-ellery-budget", "line 9"),
        ("How long is the crack in Wending Bridge?", "wending-bridge-closes", "40 centimetres"),
        ("What would a new bridge cost?", "wending-bridge-closes", "31 million"),
        ("When was Wending Bridge opened?", "wending-bridge-closes", "1931"),
        ("How much does a day without sailings cost Northsound?", "northsound-strike-northline", "220,000"),
        ("Who was stranded with the wedding rings?", "northsound-strike-northline", "Tomasz Greer"),
        ("How long did the ferry talks last?", "northsound-strike-settled", "fourteen hours"),
        ("How high was the river at Marrowby?", "wending-flood-warnings", "4.62 metres"),
        ("How many sandbags were filled?", "wending-flood-warnings", "18,000"),
        ("Why does the library no longer charge fines?", "aldersey-library-reopens", "cost more"),
        ("What was found beneath the floor?", "aldersey-library-reopens", "1,600"),
        ("Who won the women's race in Kestrel Bay?", "kestrel-bay-marathon", "Saskia Thorne"),
        ("How many people started the marathon?", "kestrel-bay-marathon", "8,742"),
        ("How many bees an hour were met on an allotment?", "bees-prefer-allotments", "46 bees"),
        ("How far away is the star?", "hexley-dust-ring", "410 light years"),
        ("What was the batch number of the bread?", "krebs-bakery", "R-1019"),
        ("Why were Fenwick Mutual customers locked out?", "fenwick", "certificate"),
        ("When did Marrowby Town win the cup?", "marrowby-town", "1957"),
        ("How much is the heat-pump grant?", "heat-pump", "9,000"),
        ("By how many votes did Ruth Calder win?", "lindwick-elects-mayor", "212 votes"),
        ("When does the new mayor take office?", "lindwick-elects-mayor", "1 December"),
        ("Where did TikTok keep its backups?", "tiktok-data-look-back", "Singapore"),
        ("Who asked Apple and Google to remove the app?", "tiktok-data-look-back", "Federal Communications Commission"),
    ] {
        let reply = answer(question);
        assert_eq!(reply.outcome, Outcome::Answered, "{question}\n{}", render(&reply, Style::default()));
        let first = reply.quotations().next().unwrap();
        assert!(first.source.article.contains(key), "{question}: {}", first.source.article);
        assert!(first.pieces[0].text.contains(words), "{question}: {}", first.pieces[0].text);
    }
}

#[test]
fn misspelt_names_are_forgiven_and_told() {
    for (question, read) in [
        ("How long is the crack in Wendig Bridge?", "Read “Wendig” as “Wending”."),
        ("How far away is the star that Hexly observatory saw?", "Read “Hexly” as “Hexley”."),
    ] {
        let shown = render(&answer(question), Style::default());
        assert!(shown.starts_with(read), "{shown}");
    }
}

#[test]
fn quotations_find_their_speakers() {
    for (fragment, speaker) in [
        ("You consulted the seagulls longer than you consulted the traders", "Faraday"),
        ("Eleven empty chairs do not save money", "Teodor Lindqvist"),
        ("We had already taken the clock off the wall", "Santangelo"),
        ("forty tonnes of gravel", "Priyanka Vell"),
        ("my telephone shouts at me", "Wilhelmina Crake"),
        ("a book about time management", "Clemency Harte"),
        ("a table that nobody makes you leave", "Samuel Ndiaye"),
        ("The surprise was not that vegetables flower", "Katarzyna Imbert"),
        ("he had either broken the camera or found something", "Zuleika Hammond"),
        ("the baker who hoped for the best", "Ottoline Krebs"),
        ("We compete over buns", "Gustav Lamb"),
        ("forgetting to renew a passport", "Leander Hoff"),
        ("Our grandmother would not have forgiven me", "Owen Calder"),
        ("a campaign without a single low blow", "Ruth Calder"),
        ("We are not asking for a yacht", "Achebe"),
    ] {
        let reply = answer(&format!("/who {fragment}"));
        assert_eq!(reply.outcome, Outcome::Answered, "{fragment}");
        let named = reply.quotations().next().unwrap().speaker.clone().unwrap_or_default();
        assert!(named.contains(speaker), "{fragment}: {named}");
    }
}

#[test]
fn two_outlets_that_carry_one_quotation_are_both_found() {
    let reply = answer("who said “We are not asking for a yacht”?");
    let outlets: Vec<_> = reply.quotations().filter_map(|quoted| quoted.source.outlet.as_deref()).collect();
    assert!(outlets.contains(&"Northline News Agency") && outlets.contains(&"Harbour Courier"), "{outlets:?}");
}

#[test]
fn checking_tells_exact_altered_and_not_held() {
    for (quote, verdict) in [
        ("because a tired hand on a mooring line loses fingers", "Exact"),
        ("The cheapest heat is the heat you never buy", "Altered"),
        ("I shall sell the moon to the highest bidder", "Not held"),
    ] {
        let shown = render(&answer(&format!("/check “{quote}”")), Style::default());
        assert!(shown.starts_with(verdict), "{quote}: {shown}");
    }
}

#[test]
fn what_no_article_answers_is_declined() {
    for question in [
        "Who won the 1998 World Cup?",
        "What is the capital of Mongolia?",
        "How do I reset my router password?",
        "Which film won the best picture award last year?",
        "What is the boiling point of ethanol?",
        "Who painted the ceiling of the Sistine Chapel?",
        "How tall is Mount Kilimanjaro?",
        "When does the next train to Vienna leave?",
    ] {
        let reply = answer(question);
        let shown = render(&reply, Style::default());
        assert_eq!(reply.outcome, Outcome::NotInArticles, "{question}\n{shown}");
        assert!(shown.contains("The articles don't say. 17 articles are loaded, from"), "{shown}");
    }
}

#[test]
fn a_digest_tells_each_story_once_with_its_corrections_and_who_spoke() {
    let shown = render(&answer("/digest preview --since 2026-09-10 --size 4"), Style::default());
    let (digest, reasons) = shown.split_once("Why each article is in or out").unwrap();
    assert!(digest.starts_with("Digest since 10 September 2026: 4 stories from 6 articles"), "{digest}");
    let (stories, voices) = digest.split_once("Who spoke").unwrap();
    // The ferry strike of two outlets is one story, and the most told one.
    let ferry = stories.split("2. 2 articles").next().unwrap();
    assert!(ferry.contains("2 articles from 2 outlets"), "{ferry}");
    assert!(ferry.contains("Harbour Courier") && ferry.contains("Northline News Agency"), "{ferry}");
    // The corrected article is listed with its correction and not quoted.
    assert!(stories.contains("A correction of “Bakery recalls 4,200 loaves"), "{stories}");
    assert!(!stories.contains("> The Krebs bakery in Marrowby is calling back 4,200"), "{stories}");
    assert!(voices.contains("Ottoline Krebs:"), "{voices}");
    for reason in ["in: tells story 1", "in: listed with story 1", "it would be number 5", "without a date"] {
        assert!(reasons.contains(reason), "{reason}: {reasons}");
    }
}

#[test]
fn a_digest_now_gives_no_reasons_and_says_when_nothing_is_new() {
    let now = answer("/digest now --since 2026-09-10");
    assert_eq!(now.outcome, Outcome::Answered);
    assert!(now.pages.is_empty());
    let nothing = answer("/digest now --since 2027-01-01");
    assert_eq!(nothing.outcome, Outcome::NotInArticles);
    let shown = render(&nothing, Style::default());
    assert!(
        shown.starts_with("Nothing is new since 1 January 2027. The newest article is of 12 November 2026"),
        "{shown}"
    );
    let refused = render(&answer("/digest now --size 99"), Style::default());
    assert_eq!(refused, "“99” is not a whole number from 1 to 20.");
}

#[test]
fn filters_keep_to_an_outlet_and_to_a_time() {
    let touchline = answer("/ask who won? --outlet \"The Touchline\"");
    assert!(touchline.quotations().all(|quoted| quoted.source.outlet.as_deref() == Some("The Touchline")));
    let november = answer("/ask how much is the grant --since 2026-11-01");
    let day = "2026-11-01".parse().unwrap();
    assert!(november.quotations().all(|quoted| quoted.source.published.is_some_and(|p| p.date >= day)));
    assert!(article(&november).is_some());
}

#[test]
fn page_furniture_is_never_an_answer() {
    for line in ["Gales expected at the weekend", "Seafront benches get a coat of paint", "Advertisement", "cookies"] {
        for asked in [line.to_owned(), format!("/who {line}"), format!("/check {line}")] {
            for piece in answer(&asked).quotations().flat_map(|quoted| &quoted.pieces) {
                assert!(!piece.text.contains(line), "{asked}: {}", piece.text);
            }
        }
    }
}

#[test]
fn conversations_look_as_they_should() {
    insta::assert_snapshot!(conversation(&[
        "How long is the crack in Wending Bridge?",
        "who said “forty tonnes of gravel”?",
        "What did Margit Osei say about the pool?",
        "/said Margit Osee",
        "/check First we find out what is broken",
        "/summary dust ring",
        "Who won the 1998 World Cup?",
    ]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// `Router::answer_text` gives a checked reply to anything; that it checks is what this exercises.
    #[test]
    fn anything_typed_gets_an_answer(text in "(/(ask|who|said|check|summary|articles show|digest now|help) )?\\PC{0,120}") {
        let reply = answer(&text);
        prop_assert!(!render(&reply, Style::default()).is_empty() || text.trim().is_empty());
    }
}
