//! The article that the project started from, as an acceptance input. It is not part of the project: where the folder
//! `../shared/seed` does not exist, these tests say so and pass.

use std::io::Write;
use std::path::PathBuf;

use byline::intake::folder;
use byline::reply::{Block, Checked, Outcome, Quoted};
use byline::router::{Desk, Place, Router, Settings};

/// A router over the seed article, or `None` (told on standard error, past the test harness) where it is not at hand.
fn router() -> Option<Router> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/seed"));
    if !folder.is_dir() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is not there", folder.display());
        return None;
    }
    let loaded = folder::load(&[folder], || ());
    assert!(loaded.refused.is_empty(), "{:?}", loaded.refused);
    Some(Router::new(Desk::new(loaded.library, Settings::default())))
}

fn answer(router: &Router, text: &str) -> Checked {
    tokio::runtime::Runtime::new().unwrap().block_on(router.answer_text(&Place::console(), text))
}

fn first(reply: &Checked) -> &Quoted {
    reply.quotations().next().unwrap_or_else(|| panic!("no quotation in {reply:?}"))
}

#[test]
fn the_right_paragraph_comes_first() {
    let Some(router) = router() else { return };
    for (question, paragraph) in [
        ("where does TikTok store backups", 5),
        ("what is Project Texas for", 4),
        ("who asked Apple and Google to remove the app", 8),
        ("when must they comment", 8),
        ("why did the judge block the decree", 11),
        ("where does TikTok stroe bakcups", 5),
        ("what is Progect Texas for", 4),
    ] {
        let reply = answer(&router, question);
        assert_eq!(reply.outcome, Outcome::Answered, "{question}");
        assert_eq!(first(&reply).source.paragraph, Some(paragraph), "{question}");
    }
}

#[test]
fn what_it_does_not_say_is_declined() {
    let Some(router) = router() else { return };
    for question in ["Who won the 1998 World Cup?", "How tall is Mount Everest?", "What did the bakery recall?"] {
        assert_eq!(answer(&router, question).outcome, Outcome::NotInArticles, "{question}");
    }
}

#[test]
fn quotations_have_their_speakers() {
    let Some(router) = router() else { return };
    for (asked, speaker) in [
        ("/who unacceptable risk to national security", "Federal Communications Commission"),
        ("/who irreparable damage", "lawyer"),
        ("/who extraordinary measures", "platform"),
        ("/who not reassured", "Senators"),
    ] {
        let reply = answer(&router, asked);
        assert_eq!(reply.outcome, Outcome::Answered, "{asked}");
        let named = first(&reply).speaker.clone().unwrap_or_default();
        assert!(named.contains(speaker), "{asked}: {named}");
    }
}

#[test]
fn a_speaker_is_found_under_a_misspelt_name_too() {
    let Some(router) = router() else { return };
    for asked in
        ["/said Marsha Blackburn", "/said Blackburn", "/said Marsha Blakburn", "what did Marsha Blackburn say?"]
    {
        let reply = answer(&router, asked);
        assert_eq!(reply.outcome, Outcome::Answered, "{asked}");
        assert_eq!(reply.quotations().count(), 2, "{asked}");
    }
}

#[test]
fn an_altered_quotation_is_told_with_its_difference() {
    let Some(router) = router() else { return };
    let reply = answer(&router, "/check an acceptable risk to national security");
    let heading =
        reply.blocks.iter().any(|block| matches!(block, Block::Heading(words) if words.starts_with("Altered")));
    let difference = reply.blocks.iter().any(|block| matches!(block, Block::Difference(_)));
    assert!(heading && difference, "{reply:?}");
    let exact = answer(&router, "/check unacceptable risk to national security");
    assert!(matches!(&exact.blocks[0], Block::Heading(words) if words.starts_with("Exact")), "{exact:?}");
    let invented = answer(&router, "/check “we sold everything to the highest bidder last night”");
    assert_eq!(invented.outcome, Outcome::NotInArticles);
}

#[test]
fn no_heading_and_no_furniture_is_ever_an_answer() {
    let Some(router) = router() else { return };
    let desk = tokio::runtime::Runtime::new().unwrap().block_on(router.desk(&Place::console())).unwrap();
    let (_, article) = desk.library().iter().next().unwrap();
    assert_eq!(article.paragraphs().len(), 11, "the running text has eleven paragraphs");
    // Every short line that no stop closes is a heading or furniture there.
    let closed = |line: &str| line.ends_with(['.', '!', '?', '”']);
    let labels: Vec<&str> =
        article.text().lines().map(str::trim).filter(|line| !line.is_empty() && !closed(line)).collect();
    assert!(labels.len() >= 6, "{labels:?}");
    for line in labels {
        for asked in [line.to_owned(), format!("/who {line}"), format!("/check {line}")] {
            let reply = answer(&router, &asked);
            for piece in reply.quotations().flat_map(|quoted| &quoted.pieces) {
                assert!(!piece.text.contains(line), "{asked}: {}", piece.text);
            }
        }
    }
}
