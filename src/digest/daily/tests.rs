//! What a digest promises.

use std::fmt::Write;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::article::read::{Format, read_text};

const FERRY: &str = "The ferry to Lundholm will stay in port until Friday because its engine needs a new pump. The \
    Lundholm Line said 400 passengers were told to stay at home.\n\n“A ferry without a pump is a very large rowing \
    boat,” captain Mette Dahl said.";
const FERRY_AGENCY: &str = "Lundholm is without a ferry until Friday. The engine pump of the only ferry broke on \
    Monday, the Lundholm Line said, and 400 passengers stayed in port.\n\n“We have ordered a pump and a great deal of \
    patience,” said Piet Aarons, the director of the line.";
const FERRY_SAILS: &str = "The Lundholm ferry sails again. The new engine pump was fitted on Thursday, the Lundholm Line \
    said, and the first passengers left the port at noon.";
const CHESS: &str = "A pupil of twelve won the chess tournament of Osterby on Sunday. Ines Falk beat 63 adults.\n\n\
    “I only looked at the board and never at the beards,” Ines Falk said.";
const ORCHARD: &str =
    "Growers around Selby expect half the usual harvest of apples. Frost in April killed the blossom.";

/// A library of articles: key, title, outlet, day, text.
fn library(articles: &[(&str, &str, &str, &str, &str)]) -> Library {
    let mut library = Library::default();
    for (key, title, outlet, day, text) in articles {
        let mut file = format!("---\ntitle: \"{title}\"\n");
        for (name, value) in [("outlet", outlet), ("date", day)] {
            if !value.is_empty() {
                let _ = writeln!(file, "{name}: {value}");
            }
        }
        let _ = write!(file, "---\n\n{text}\n");
        library.add(read_text(key, &file, Format::Markdown).unwrap());
    }
    library
}

fn composed(library: &Library, wanted: &Wanted) -> Digest {
    compose(library, &QuoteBook::build(library), wanted)
}

fn since(day: Date) -> Wanted {
    Wanted { filter: Filter { since: Some(day), ..Filter::default() }, ..Wanted::default() }
}

/// The keys of each story's articles, the lead first.
fn keys<'l>(library: &'l Library, digest: &Digest) -> Vec<Vec<&'l str>> {
    digest.stories.iter().map(|story| story.members().map(|id| library.article(id).key()).collect()).collect()
}

fn why(library: &Library, digest: &Digest, key: &str) -> Why {
    let id = library.by_key(key).unwrap();
    digest.verdicts.iter().find(|verdict| verdict.article == id).unwrap().why
}

#[test]
fn one_story_of_two_outlets_is_one_item_and_the_most_told_comes_first() {
    let library = library(&[
        ("chess", "Girl of twelve beats them all", "Osterby Echo", "2026-11-02", CHESS),
        ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY),
        ("orchard", "Half the apples", "Osterby Echo", "2026-11-03", ORCHARD),
        ("agency", "Lundholm without its ferry", "Coast Agency", "2026-11-03", FERRY_AGENCY),
    ]);
    let digest = composed(&library, &since(date(2026, 11, 1)));
    assert_eq!(keys(&library, &digest), [vec!["agency", "ferry"], vec!["chess"], vec!["orchard"]]);
    let story = &digest.stories[0];
    assert_eq!((story.outlets, story.articles(), story.quotations > 1), (2, 2, true));
    assert!(story.sentences.iter().all(|span| library.article(story.lead).sentences().contains(span)));
    assert_eq!(why(&library, &digest, "ferry"), Why::Joins { story: 0, part: Part::Report });
}

#[test]
fn two_articles_of_one_story_are_found_without_any_other_to_compare_with() {
    let ferry = [
        ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY),
        ("agency", "Lundholm without its ferry", "Coast Agency", "2026-11-02", FERRY_AGENCY),
    ];
    assert_eq!(composed(&library(&ferry), &Wanted::default()).stories.len(), 1);
    let apart = [ferry[0], ("chess", "Girl of twelve beats them all", "Osterby Echo", "2026-11-02", CHESS)];
    assert_eq!(composed(&library(&apart), &Wanted::default()).stories.len(), 2);
}

#[test]
fn a_follow_up_within_three_days_leads_the_story_and_a_later_one_is_its_own() {
    let ferry = ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY);
    let sails = |day| ("sails", "Lundholm ferry sails again", "Harbour Mail", day, FERRY_SAILS);
    let soon = library(&[ferry, sails("2026-11-05")]);
    assert_eq!(keys(&soon, &composed(&soon, &Wanted::default())), [["sails", "ferry"]]);
    let later = library(&[ferry, sails("2026-11-06")]);
    assert_eq!(composed(&later, &Wanted::default()).stories.len(), 2);
}

#[test]
fn a_correction_joins_what_it_corrects_and_the_corrected_article_does_not_lead() {
    let text = "Our article of Monday gave a wrong number. The Lundholm Line told 40 passengers to stay at home, not 400, \
        while the ferry waits in port for its engine pump.";
    let correction = ("fix", "Correction: 40 ferry passengers, not 400", "Harbour Mail", "2026-11-09", text);
    let ferry = ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY);
    let library = library(&[ferry, correction]);
    let (original, fix) = (library.by_key("ferry").unwrap(), library.by_key("fix").unwrap());

    let both = composed(&library, &Wanted::default());
    assert_eq!(keys(&library, &both), [["fix", "ferry"]]);
    assert_eq!(both.stories[0].others[0].part, Part::Corrected { by: fix });

    // Posted before: the correction is an item of its own and says what it corrects.
    let alone = composed(&library, &Wanted { had: [original].into(), ..Wanted::default() });
    assert_eq!(keys(&library, &alone), [["fix"]]);
    assert_eq!(alone.stories[0].part, Part::Correction { of: Some(original) });
    assert_eq!(why(&library, &alone, "ferry"), Why::Had);
}

#[test]
fn with_another_outlet_in_the_story_the_correction_is_listed_first() {
    let text = "Our article of Monday gave a wrong number. The Lundholm Line told 40 passengers to stay at home, not 400, \
        while the ferry waits in port for its engine pump.";
    let library = library(&[
        ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY),
        ("agency", "Lundholm without its ferry", "Coast Agency", "2026-11-02", FERRY_AGENCY),
        ("fix", "Correction: 40 ferry passengers, not 400", "Harbour Mail", "2026-11-03", text),
    ]);
    let digest = composed(&library, &Wanted::default());
    assert_eq!(keys(&library, &digest), [["agency", "fix", "ferry"]]);
}

#[test]
fn of_two_versions_in_one_outlet_the_newer_is_in_and_two_outlets_are_both_listed() {
    let longer = format!("{FERRY}\n\nBuses run to the southern quay.");
    let first = ("first", "Ferry stays in port", "Harbour Mail", "2026-11-02T08:00:00Z", FERRY);
    let second = ("second", "Ferry stays in port", "Harbour Mail", "2026-11-02T11:00:00Z", longer.as_str());
    let copy = ("copy", "Ferry stays in port", "Coast Agency", "2026-11-02T09:00:00Z", FERRY);
    let library = library(&[first, second, copy]);
    let digest = composed(&library, &Wanted::default());
    assert_eq!(why(&library, &digest, "first"), Why::Duplicate { of: library.by_key("second").unwrap() });
    let mut listed = keys(&library, &digest).concat();
    listed.sort_unstable();
    assert_eq!(listed, ["copy", "second"]);
}

#[test]
fn every_article_is_told_why_it_is_in_or_out() {
    let library = library(&[
        ("old", "Half the apples", "Osterby Echo", "2026-10-30", ORCHARD),
        ("undated", "Half the apples", "Osterby Echo", "", ORCHARD),
        ("had", "Ferry stays in port", "Harbour Mail", "2026-11-02", FERRY),
        ("in", "Girl of twelve beats them all", "Osterby Echo", "2026-11-02", CHESS),
        ("beyond", "Half the apples", "Osterby Echo", "2026-11-02", ORCHARD),
        ("broken", "Half a word", "Osterby Echo", "2026-11-02", "Ada Roe said “blue suits it."),
        ("new", "Half the apples", "Osterby Echo", "2026-11-05", ORCHARD),
    ]);
    let mut wanted = since(date(2026, 11, 1));
    wanted.filter.until = Some(date(2026, 11, 3));
    wanted.had.insert(library.by_key("had").unwrap());
    wanted.size = 1;
    let digest = composed(&library, &wanted);
    assert_eq!(digest.verdicts.len(), library.len());
    for (key, expected) in [
        ("old", Why::Older),
        ("undated", Why::Undated),
        ("had", Why::Had),
        ("in", Why::Leads { story: 0 }),
        ("beyond", Why::BeyondSize { place: 2 }),
        ("new", Why::Newer),
    ] {
        assert_eq!(why(&library, &digest, key), expected, "{key}");
    }
    wanted.size = 9;
    assert_eq!(why(&library, &composed(&library, &wanted), "broken"), Why::NoSentence);
    wanted.filter.outlet = Some("Coast Agency".to_owned());
    assert_eq!(why(&library, &composed(&library, &wanted), "in"), Why::Elsewhere);
}

#[test]
fn of_too_many_articles_the_newest_are_compared() {
    let library = library(&[
        ("undated", "Half the apples", "Osterby Echo", "", ORCHARD),
        ("older", "Half the apples", "Osterby Echo", "2026-11-01", ORCHARD),
        ("newest", "Half the apples", "Osterby Echo", "2026-11-03", ORCHARD),
        ("newer", "Half the apples", "Osterby Echo", "2026-11-02", ORCHARD),
    ]);
    let mut open: Vec<ArticleId> = library.iter().map(|(id, _)| id).collect();
    let oldest: Vec<ArticleId> = without_oldest(&library, &mut open, 2).collect();
    let keys = |ids: &[ArticleId]| ids.iter().map(|id| library.article(*id).key().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        (keys(&open), keys(&oldest)),
        (vec!["newest".into(), "newer".into()], vec!["older".into(), "undated".into()])
    );
    assert_eq!(without_oldest(&library, &mut open, 2).count(), 0);
}

#[test]
fn articles_of_two_languages_are_two_stories() {
    let mut library = Library::default();
    for (key, language) in [("one", "en"), ("other", "da")] {
        let file = format!("---\ntitle: Ferry stays in port\nlanguage: {language}\n---\n\n{FERRY}\n");
        library.add(read_text(key, &file, Format::Markdown).unwrap());
    }
    assert_eq!(composed(&library, &Wanted::default()).stories.len(), 2);
}

#[test]
fn who_spoke_has_each_person_once_and_a_story_at_a_time() {
    let more = format!("{FERRY}\n\n“Nobody on this island has ever rowed that far,” Dahl said.");
    let library = library(&[
        ("ferry", "Ferry stays in port", "Harbour Mail", "2026-11-02", more.as_str()),
        ("agency", "Lundholm without its ferry", "Coast Agency", "2026-11-02", FERRY_AGENCY),
        ("chess", "Girl of twelve beats them all", "Osterby Echo", "2026-11-02", CHESS),
    ]);
    let digest = composed(&library, &Wanted::default());
    let speakers = |digest: &Digest| -> Vec<String> {
        digest.voices.iter().filter_map(|held| held.quotation.speaker_name.clone()).collect()
    };
    let mut all = speakers(&digest);
    assert_eq!(all[1], "Ines Falk", "the second story has its turn before the first has another");
    all.sort();
    assert_eq!(all, ["Ines Falk", "Mette Dahl", "Piet Aarons"]);
    let two = composed(&library, &Wanted { voices: 2, ..Wanted::default() });
    assert_eq!(speakers(&two).len(), 2);
}

#[test]
fn nothing_in_nothing_out() {
    assert_eq!(composed(&Library::default(), &Wanted::default()), Digest::default());
    let library = library(&[("chess", "Girl of twelve beats them all", "", "2026-11-02", CHESS)]);
    let digest = composed(&library, &Wanted { size: 0, ..Wanted::default() });
    assert!(digest.stories.is_empty());
    assert_eq!(digest.verdicts[0].why, Why::BeyondSize { place: 0 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is held, every article has one verdict, every quoted span is a sentence, and the order in which the
    /// library was asked changes nothing.
    #[test]
    fn any_library_gives_a_whole_and_steady_digest(
        articles in proptest::collection::vec(
            (proptest::sample::select(&[FERRY, FERRY_AGENCY, FERRY_SAILS, CHESS, ORCHARD, "“", "She left."][..]),
             proptest::sample::select(&["Harbour Mail", "Coast Agency", ""][..]),
             proptest::sample::select(&["2026-11-01", "2026-11-03", "2026-11-09", ""][..]),
             proptest::sample::select(&["Ferry stays in port", "Correction: ferry", "Apples", "…"][..])),
            0..12,
        ),
        size in 0usize..6,
        had in proptest::collection::btree_set(0u32..12, 0..4),
    ) {
        let mut held = Library::default();
        for (text, outlet, day, title) in articles {
            let file = format!("---\ntitle: \"{title}\"\noutlet: \"{outlet}\"\ndate: \"{day}\"\n---\n\n{text}\n");
            if let Ok(article) = read_text("a", &file, Format::Markdown) {
                held.add(article);
            }
        }
        let wanted = Wanted { had: had.into_iter().map(ArticleId).collect(), size, ..Wanted::default() };
        let digest = composed(&held, &wanted);
        prop_assert_eq!(&digest, &composed(&held, &wanted));
        prop_assert!(digest.stories.len() <= size && digest.voices.len() <= VOICES);
        let told: Vec<ArticleId> = digest.verdicts.iter().map(|verdict| verdict.article).collect();
        prop_assert_eq!(told, held.iter().map(|(id, _)| id).collect::<Vec<_>>());
        let mut members: Vec<ArticleId> = digest.stories.iter().flat_map(Story::members).collect();
        members.sort_unstable();
        let inside: Vec<ArticleId> =
            digest.verdicts.iter().filter(|verdict| verdict.why.is_in()).map(|verdict| verdict.article).collect();
        prop_assert_eq!(members, inside);
        for story in &digest.stories {
            prop_assert!(!story.sentences.is_empty());
            let article = held.article(story.lead);
            prop_assert!(story.sentences.iter().all(|span| article.sentences().contains(span)));
        }
    }
}
