//! What a newcomer meets: conversations over the sample articles, through the router.
//!
//! The answers' exact form is held by golden files in `tests/snapshots` (`cargo insta review`, or `INSTA_UPDATE=always`,
//! shows and takes changes).

use std::path::Path;
use std::sync::LazyLock;

use byline::chat::text::{Style, render};
use byline::intake::folder;
use byline::reply::{Block, Checked, Outcome};
use byline::router::{Desk, Place, Router, Settings};
use proptest::prelude::*;

static ROUTER: LazyLock<Router> = LazyLock::new(|| {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/articles");
    let loaded = folder::load(&[samples], || ());
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    Router::new(Desk::new(loaded.library, Settings::default()))
});

fn answer(text: &str) -> Checked {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(ROUTER.answer_text(&Place::console(), text))
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
        "/articles show ferry crews"
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
fn an_explanation_tells_words_features_and_thresholds_to_those_who_manage_the_place() {
    let question = "/ask --explain How long is the crak in Wending Bridge?";
    let told = render(&answer(question), Style::default());
    for part in ["Why", "answered from 0.50 on", "read as ", "coverage of title", "it asks for a number"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let visitor = Place { manager: false, ..Place::console() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let refused = runtime.block_on(ROUTER.answer_text(&visitor, question));
    assert_eq!(refused.outcome, Outcome::Refused);
    assert!(!render(&answer("/ask How long is the crack in Wending Bridge?"), Style::default()).contains("Why"));
}

/// Asks each question: its first passage is of the article whose key holds the second, and holds the words of the third.
fn each_is_answered(cases: &[(&str, &str, &str)]) {
    for (question, key, words) in cases {
        let reply = answer(question);
        assert_eq!(reply.outcome, Outcome::Answered, "{question}\n{}", render(&reply, Style::default()));
        let first = reply.quotations().next().unwrap();
        assert!(first.source.article.contains(key), "{question}: {}", first.source.article);
        assert!(first.pieces[0].text.contains(words), "{question}: {}", first.pieces[0].text);
    }
}

#[test]
fn the_samples_answer_what_a_newcomer_asks() {
    each_is_answered(&[
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
    ]);
}

#[test]
fn the_samples_answer_what_lies_deep_in_them() {
    each_is_answered(&[
        ("How many kilometres is the detour for lorries?", "wending-bridge-closes", "23 kilometres"),
        ("How many vehicles cross Wending Bridge on a working day?", "wending-bridge-closes", "9,400"),
        ("When will the ultrasonic survey begin?", "wending-bridge-closes", "on Monday and take nine days"),
        ("How much would a steel collar cost?", "wending-bridge-closes", "600,000"),
        ("How many hectares of wheat are under water?", "wending-flood-warnings", "700 hectares"),
        ("How many cars were pulled out of the water?", "wending-flood-warnings", "three cars"),
        ("How many books were borrowed on the first day?", "aldersey-library-reopens", "4,080"),
        ("Who runs the first course in the kitchen?", "aldersey-library-reopens", "Ottoline Krebs"),
        ("Who won the men's race?", "kestrel-bay-marathon", "Rafferty Sole"),
        ("How many runners were treated for cramp?", "kestrel-bay-marathon", "Seventy-one"),
        ("Where did Thorne lose her shoe?", "kestrel-bay-marathon", "drinks station"),
        ("How often will Lindwick mow the banks of its canal?", "bees-prefer-allotments", "twice a year"),
        ("How old is the star HX 2209?", "hexley-dust-ring", "12 million years"),
        ("Where was the missing piece of the blade found?", "krebs-bakery-recall", "bin of leftover dough"),
        ("When was Fenwick Mutual founded?", "fenwick-mutual-outage", "1871"),
        ("How large can the fine of the FCB be?", "fenwick-mutual-outage", "two per cent"),
        ("What is the budget for the heat-pump grant?", "heat-pump-grant", "640 million"),
        ("How long does the mayor's term last?", "lindwick-elects-mayor", "five years"),
        ("Who came third in the first round?", "lindwick-elects-mayor", "Solveig Marchetti"),
        ("How many wedding guests were on the island?", "northsound-strike-northline", "50 guests"),
        ("When does the vote of the members end?", "northsound-strike-settled", "30 September"),
        ("How much is a yearly pass for residents?", "port-ellery-budget", "60 crowns"),
        ("How many people answered the survey?", "port-ellery-budget", "3,100"),
        ("When does the council meet again?", "port-ellery-budget", "8 December"),
    ]);
}

#[test]
fn the_sentence_that_answers_is_marked() {
    for (question, words) in [
        ("How much will an hour of parking on the seafront cost?", "four crowns"),
        ("When does work on the pool roof begin?", "begins in March"),
        ("How long is the crack in Wending Bridge?", "40 centimetres"),
        ("How high was the river at Marrowby?", "4.62 metres"),
        ("Why does the library no longer charge fines?", "cost more"),
        ("What was found beneath the floor?", "1,600"),
        ("How much did the library cost?", "6.4 million"),
        ("How many people started the marathon?", "8,742"),
        ("How far away is the star?", "410 light years"),
        ("What was the batch number of the bread?", "R-1019"),
        ("Why were Fenwick Mutual customers locked out?", "certificate"),
        ("By how many votes did Ruth Calder win?", "212 votes"),
        ("When does the new mayor take office?", "1 December"),
        ("What was the aim of Project Texas?", "Its aim"),
        ("Who asked Apple and Google to remove the app?", "Federal Communications Commission"),
    ] {
        let reply = answer(question);
        let piece = &reply.quotations().next().unwrap().pieces[0];
        let marked: String = piece
            .marked
            .iter()
            .filter_map(|mark| {
                piece.text.get((mark.start - piece.span.start) as usize..(mark.end - piece.span.start) as usize)
            })
            .collect();
        // A paragraph of one sentence, which is all answer, need not be marked.
        let marked = if marked.is_empty() { &piece.text } else { &marked };
        assert!(marked.contains(words), "{question}: {marked}");
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
        ("You consulted the seagulls longer than you consulted the traders", "Duncan Faraday"),
        ("Eleven empty chairs do not save money", "Teodor Lindqvist"),
        ("We had already taken the clock off the wall", "Billie Santangelo"),
        ("Nobody runs for office in order to sell parking tickets", "Margit Osei"),
        ("forty tonnes of gravel", "Priyanka Vell"),
        ("That was the delivery", "Jonas Achterberg"),
        ("First we find out what is wrong", "Halvard Moen"),
        ("We are not asking for a yacht", "Rosalind Achebe"),
        ("we ate a great deal of turnip", "Fenella Drummond"),
        ("I respect the crews", "Anton Wexford"),
        ("asked to run the buses in the afternoon", "Noor Haldane"),
        ("mostly cold coffee", "Helene Brandvold"),
        ("It should have been eight hours in the beginning", "Rosalind Achebe"),
        ("my telephone shouts at me", "Wilhelmina Crake"),
        ("What we do not have is another metre of wall", "Ananya Strand"),
        ("a book about time management", "Clemency Harte"),
        ("a table that nobody makes you leave", "Samuel Ndiaye"),
        ("then it sends you the bill", "Yusra Bellamy"),
        ("I deliver on a hill", "Rafferty Sole"),
        ("you have another foot", "Saskia Thorne"),
        ("fair enough", "Perpetua Adeyemi"),
        ("The surprise was not that vegetables flower", "Katarzyna Imbert"),
        ("saving the birds by keeping hens", "Philippa Okonjo"),
        ("he had either broken the camera or found something", "Zuleika Hammond"),
        ("a scratch on the detector", "Piet Marlowe"),
        ("I will buy the champagne", "Emil Castellane"),
        ("the baker who hoped for the best", "Ottoline Krebs"),
        ("We compete over buns", "Gustav Lamb"),
        ("Toasted, in most cases", "Rashid Penhaligon"),
        ("forgetting to renew a passport", "Leander Hoff"),
        ("I have a pencil", "Agnes Tolliver"),
        ("coffee money", "Nkechi Fairweather"),
        ("improving the aerodynamics", "Rupert Pym"),
        ("I have only two buckets", "Magnus Pettibone"),
        ("half a grant", "Jocasta Venn"),
        ("Our grandmother would not have forgiven me", "Owen Calder"),
        ("a campaign without a single low blow", "Ruth Calder"),
        ("nobody's spare wheel", "Solveig Marchetti"),
        ("knocked on a lot of doors", "Florian Ojala"),
        ("harm ByteDance beyond repair", "Its lawyer"),
    ] {
        let reply = answer(&format!("/who {fragment}"));
        assert_eq!(reply.outcome, Outcome::Answered, "{fragment}");
        let named = reply.quotations().next().unwrap().speaker.clone().unwrap_or_default();
        assert!(named.contains(speaker), "{fragment}: {named}");
    }
}

#[test]
fn what_someone_said_is_theirs_alone() {
    for (speaker, expected) in [
        ("Margit Osei", &["Nobody runs for office", "Osei replied", "According to the treasurer"][..]),
        ("Leopold Imbert", &["Leopold Imbert said"]),
        ("Ottoline Krebs", &["she had had to explain", "I was flattered", "My colleague switched off"]),
        (
            "Idris Calloway",
            &["the town’s pumps could cope", "not to drive to the river", "three cars out of the water"],
        ),
        ("Marsha Blackburn", &["it proved right"]),
        ("Shou Zi Chew", &["Chew wrote that a few employees", "anyone could see, he wrote"]),
    ] {
        let reply = answer(&format!("/said {speaker}"));
        let said: Vec<&str> = reply.quotations().map(|quoted| quoted.pieces[0].text.as_str()).collect();
        assert_eq!(said.len(), expected.len(), "{speaker}: {said:#?}");
        for (text, words) in said.iter().zip(expected) {
            assert!(text.contains(words), "{speaker}: {text}");
        }
    }
}

#[test]
fn the_articles_words_for_a_speaker_are_shown_with_the_name() {
    for (fragment, shown) in [
        ("forty tonnes of gravel", "the county engineer, Priyanka Vell"),
        ("just over half of them preferred a parking charge", "Margit Osei (“the treasurer”)"),
        ("Today we hung it up again", "Billie Santangelo"),
    ] {
        let reply = answer(&format!("/who {fragment}"));
        let speaker = reply.quotations().next().and_then(|quoted| quoted.speaker.as_deref());
        assert_eq!(speaker, Some(shown), "{fragment}");
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
fn checking_tells_what_was_left_out_and_whose_the_words_are() {
    for (asked, told) in [
        (
            "/check “First we find out … Then we argue about money”",
            "Exact, but for what is left out where the ellipsis stands.",
        ),
        (
            "/check “I want to know how deep the crack goes before I let gravel over it”",
            "Altered: words are left out, and no ellipsis says so.",
        ),
        (
            "Did Margit Osei say “First we find out what is wrong”?",
            "does not give these words to Margit Osei, but to Halvard Moen.",
        ),
        ("Did Halvard Moen ever say that first we find out what is wrong?", "Exact: these words stand in the article."),
        ("Did the council say when the pool roof is repaired?", "> "),
    ] {
        let shown = render(&answer(asked), Style::default());
        assert!(shown.contains(told), "{asked}: {shown}");
    }
}

#[test]
fn a_quotation_of_two_outlets_is_one_answer_that_shows_how_each_cut_it() {
    let reply = answer("/who We are not asking for a yacht");
    let shown = render(&reply, Style::default());
    assert!(shown.contains(" in Harbour Courier:") || shown.contains(" in Northline News Agency:"), "{shown}");
    let first: Vec<_> = reply.pages[0].iter().filter(|block| matches!(block, Block::Quote(_))).collect();
    assert_eq!(first.len(), 2, "{shown}");
}

#[test]
fn speakers_are_listed_most_quoted_first() {
    let items = |asked: &str| -> Vec<(String, String)> {
        let item = |block: &Block| match block {
            Block::Item { name, about } => Some((name.clone(), about.clone())),
            _ => None,
        };
        answer(asked).pages.iter().flatten().filter_map(item).collect()
    };
    let count = |about: &str| about.split(' ').next().and_then(|count| count.parse::<usize>().ok()).unwrap();
    let all = items("/speakers");
    assert!(all.len() > 40, "{all:?}");
    assert!(all.windows(2).all(|pair| count(&pair[0].1) >= count(&pair[1].1)), "{all:?}");
    assert!(all.iter().all(|(_, about)| about.contains(" in ")), "{all:?}");
    for (asked, speaker, nobody) in [
        ("/speakers --outlet \"The Touchline\"", "Saskia Thorne", "Priyanka Vell"),
        ("/speakers wending bridge closes", "Priyanka Vell", "Saskia Thorne"),
        ("/speakers --since 2026-11-01", "Jocasta Venn", "Marsha Blackburn"),
    ] {
        let some = items(asked);
        assert!(some.iter().any(|(name, _)| name == speaker), "{asked}: {some:?}");
        assert!(!some.iter().any(|(name, _)| name == nobody), "{asked}: {some:?}");
    }
    assert_eq!(answer("/speakers --since 2027-01-01").outcome, Outcome::NotInArticles);
}

#[test]
fn speakers_are_listed_over_time() {
    insta::assert_snapshot!(conversation(&[
        "/speakers --by month --since 2026-09-01",
        "/speakers --by year",
        "/speakers --speaker \"blackbrun\"",
        "/speakers --speaker \"Ottoline Krebs\" --by week",
        "/speakers --speaker \"Xaver Quorg\" --by month",
        "/speakers --by fortnight",
    ]));
}

#[test]
fn over_time_nobody_is_counted_twice_or_left_out() {
    let numbers = |words: &str| -> Vec<usize> {
        words.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
    };
    let items = |reply: &Checked| -> Vec<(String, String)> {
        let item = |block: &Block| match block {
            Block::Item { name, about } => Some((name.clone(), about.clone())),
            _ => None,
        };
        reply.pages.iter().flatten().filter_map(item).collect()
    };
    let most = items(&answer("/speakers"));
    for speaker in ["Ottoline Krebs", "Marsha Blackburn", "Priyanka Vell", "Anton Wexford"] {
        let all = most.iter().find(|(name, _)| name == speaker).unwrap();
        for by in ["day", "week", "month", "year"] {
            let reply = answer(&format!("/speakers --speaker \"{speaker}\" --by {by}"));
            let each = items(&reply);
            let told = each.iter().filter(|(_, about)| about.as_str() != "not quoted");
            let dated: usize = told.map(|(_, about)| numbers(about)[0]).sum();
            let undated = reply.blocks.iter().find_map(|block| match block {
                Block::Text(words) if words.starts_with("Not counted: ") => Some(numbers(words)[0]),
                _ => None,
            });
            assert_eq!(dated + undated.unwrap_or(0), numbers(&all.1)[0], "{speaker} by {by}: {each:?}, {all:?}");
        }
    }
}

#[test]
fn what_nobody_is_said_to_have_said_is_listed_as_well() {
    let reply = answer("/said unattributed");
    assert_eq!(reply.outcome, Outcome::Answered);
    let speakers: Vec<_> = reply.quotations().filter_map(|quoted| quoted.speaker.as_deref()).collect();
    assert!(!speakers.is_empty(), "{reply:?}");
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
    assert!(voices.contains("Rosalind Achebe:"), "{voices}");
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
        let shown = render(&reply, Style::default());
        prop_assert!(!shown.is_empty() || text.trim().is_empty());
        // What the router says in place of a misquotation.
        prop_assert!(!shown.contains("did not match the stored article"));
    }
}
