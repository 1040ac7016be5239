//! Whom names mean in one article: namesakes, bodies with owners, and that nothing grows faster than the article.

use super::looks;
use crate::article::{Article, Span};
use crate::quotes::tests::article;
use crate::quotes::{Kind, Quotation, find_with, speakers};

/// Names of all speakers that the rules find, in order.
fn names(text: &str) -> Vec<String> {
    find_with(&article(text), None).into_iter().map(|q| q.speaker_name.unwrap_or_else(|| "?".into())).collect()
}

/// Who speaks, where these words name the speaker, and what the words are then.
fn named(text: &str, words: &str) -> (Option<String>, String) {
    let article = article(text);
    let of = |words: &str| Span::find(text, words);
    let quotation = Quotation {
        content: vec![of("it was safe").expect("something is said")],
        speaker: of(words),
        speaker_name: None,
        cue: None,
        kind: Kind::Indirect,
        confidence: 1.0,
        paragraph: 0,
    };
    let mut quotations = [quotation];
    speakers::name(&article, &mut quotations);
    let [quotation] = quotations;
    let words = quotation.speaker_words(&article).unwrap_or_default().to_owned();
    (quotation.speaker_name, words)
}

#[test]
fn another_middle_name_or_suffix_is_another_person() {
    for (text, expected) in [
        (
            "“It is old,” George H. W. Vale said. “It is new,” George W. Vale said.",
            vec!["George H. W. Vale", "George W. Vale"],
        ),
        ("George H. W. Vale and George W. Vale came. “It is old,” George Vale said.", vec!["?"]),
        ("George H. W. Vale and George W. Vale came. “It is old,” Vale said.", vec!["?"]),
        ("George H. W. Vale and George W. Vale came. “It is old,” George said.", vec!["?"]),
        ("George W. Vale came. “It is old,” George Vale said.", vec!["George W. Vale"]),
        ("George W. Vale came. “It is old,” George Walter Vale said.", vec!["George W. Vale"]),
        ("Robert Kett Sr. came. “It is old,” Robert Kett Jr. said.", vec!["Robert Kett Jr."]),
        ("Robert Kett came. “It is old,” Robert Kett Jr. said.", vec!["Robert Kett Jr."]),
        ("Robert Kett Jr. came. “It is old,” Robert Kett said.", vec!["Robert Kett"]),
        ("Robert Kett Sr. met Robert Kett Jr. there. “It is old,” Robert Kett said.", vec!["?"]),
        ("Robert Kett Sr. met Robert Kett Jr. there. “It is old,” Kett Jr. said.", vec!["Robert Kett Jr."]),
        ("Robert Kett, Sr., met Ann Lee there. “It is old,” Kett said.", vec!["Robert Kett, Sr."]),
        ("Ann van Aa and Bo van Aa came. “It is old,” Van Aa said.", vec!["?"]),
        ("Ann van Aa and Bo Lee came. “It is old,” Van Aa said.", vec!["Ann van Aa"]),
    ] {
        assert_eq!(names(text), expected, "{text}");
    }
}

#[test]
fn a_capital_that_only_the_sentence_gives_is_no_part_of_a_name() {
    for (text, expected) in [
        ("Ann Lee came. “It is old.” But Lee stayed. “It is new,” Lee said.", "Ann Lee"),
        ("It rained. (It had not.) When Holm came, it stopped. “It is new,” Holm said.", "Holm"),
        ("It fell. “It is old!” Unlike Holm, he stayed. “It is new,” Holm said.", "Holm"),
        ("It rained. Following Holm’s lead, he stayed. “It is new,” Holm said.", "Holm"),
        ("The Holm Show began. “It is new,” Holm said.", "Holm"),
        ("The winner is Exton-born Holm, who came. “It is new,” Holm said.", "Holm"),
    ] {
        assert_eq!(names(text).last().map(String::as_str), Some(expected), "{text}");
    }
    let loud = "IT HAS BEEN CALLED OUT BY DOCTORS, who said that it was safe.";
    assert_eq!(named(loud, "DOCTORS").0, None);
}

#[test]
fn a_body_is_named_with_its_owners_and_a_town_is_not_what_is_in_it() {
    let guild = "The Exton Traders’ Guild (ETG) asked whether it was safe.";
    assert_eq!(named(guild, "Guild").0.as_deref(), Some("Exton Traders’ Guild"));
    let later = format!("{guild} The guild said that it was, and so did ETG, mildly.");
    assert_eq!(named(&later, "The guild").0.as_deref(), Some("Exton Traders’ Guild"));
    assert_eq!(named(&later, "ETG, mildly").0.as_deref(), Some("Exton Traders’ Guild"));
    assert_eq!(
        named("The Greens’ Ann Lee said that it was safe.", "Ann Lee").0.as_deref(),
        Some("Ann Lee"),
        "a party owns nobody"
    );
    let bakery = "The Krebs bakery in Exton says that it was safe. The company closed.";
    assert_eq!(named(bakery, "Exton"), (None, "The Krebs bakery in Exton".to_owned()));
    assert_eq!(named(bakery, "The company"), (None, "The company".to_owned()));
    let mayor = "The mayor of Exton came. The mayor said that it was safe.";
    assert_eq!(named(mayor, "The mayor said").0, None, "Exton is no mayor");
    assert_eq!(named("It rained in Exton Lee said that it was safe.", "Exton Lee").0.as_deref(), Some("Exton Lee"));
}

#[test]
fn peoples_offices_and_those_of_whom_something_is_told_are_nobody() {
    for (text, words, expected) in [
        ("Bo Holm praised the American. He said that it was safe.", "He", Some("Bo Holm")),
        ("It pleased the Irish and the American press. He said that it was safe.", "He", None),
        (
            "Exton Secretary of State Ann Lee said that it was safe.",
            "Exton Secretary of State Ann Lee",
            Some("Ann Lee"),
        ),
        (
            "Exton Minister of Foreign Affairs Ann Lee said that it was safe.",
            "Exton Minister of Foreign Affairs Ann Lee",
            Some("Ann Lee"),
        ),
        ("The guest is Anders Holm, whom he describes. It said that it was safe.", "he", None),
    ] {
        assert_eq!(named(text, words).0.as_deref(), expected, "{text}");
    }
}

#[test]
fn the_new_speaker_is_not_the_former_one() {
    for (text, words, expected) in [
        ("Former Mayor Ann Lee left. The new mayor said that it was safe.", "The new mayor", None),
        ("Former Mayor Ann Lee left. The mayor said that it was safe.", "The mayor", None),
        ("Former Mayor Ann Lee left. The former mayor said that it was safe.", "The former mayor", Some("Ann Lee")),
        ("Mayor Ann Lee came. The new mayor said that it was safe.", "The new mayor", Some("Ann Lee")),
        ("It beat former House Speaker Ann Lee. The new speaker said that it was safe.", "The new speaker", None),
        (
            "It beat former House Speaker Ann Lee. The former speaker said that it was safe.",
            "The former speaker",
            Some("Ann Lee"),
        ),
    ] {
        assert_eq!(named(text, words).0.as_deref(), expected, "{text}");
    }
}

/// How many names are looked at for an article.
fn looks_for(article: &Article) -> usize {
    let before = looks::so_far();
    let found = find_with(article, None);
    assert!(!found.is_empty());
    looks::so_far() - before
}

#[test]
fn no_article_takes_more_than_its_length() {
    // What the article begins with, and what it goes on with again and again.
    let none = |_: usize| String::new();
    let two_bodies = |_: usize| "The Aa Group met the Bb Group.".to_owned();
    let two_agencies = |_: usize| "The Aa Commission met the Bb Commission.".to_owned();
    let quoted = |count: usize| {
        let people: String = (0..count).map(|n| format!(" Bo Bb{n} met Al Bb{n}.")).collect();
        format!("“They left.{people}” Yesterday, Ann Lee left.")
    };
    type Part = fn(usize) -> String;
    let articles: [(&str, Part, Part); 10] = [
        ("bodies", none, |n| format!("The Aa{n} Group met. The group said that it was safe.")),
        ("bodies of long ago", two_bodies, |n| format!("Ann Bb{n} left. The group said that it was safe.")),
        ("agencies", none, |n| format!("The Aa{n} Commission met. The watchdog said that it was safe.")),
        ("agencies of long ago", two_agencies, |n| format!("Ann Bb{n} left. The watchdog said that it was safe.")),
        ("surnames", none, |n| format!("Xi{n} Lee met Lee. Lee said that it was safe.")),
        ("particles", none, |n| format!("Xi{n} van Aa met Bo. Van Aa said that it was safe.")),
        ("ends", none, |n| format!("Van Aa Bb{n} said that it was safe.")),
        ("middles", none, |n| format!("Xi Bb{n} Lee met Xi Lee. Xi Lee said that it was safe.")),
        ("given", none, |n| format!("Xi Bb{n} came. Xi said that it was safe.")),
        ("pronouns", quoted, |_| "She said that it was safe.".to_owned()),
    ];
    let mut grown = Vec::new();
    for (what, head, paragraph) in articles {
        for parted in ["\n\n", " "] {
            let looks = |count: usize| {
                let parts: Vec<String> = [head(count)].into_iter().chain((0..count).map(paragraph)).collect();
                looks_for(&article(&parts.join(parted)))
            };
            let (short, long) = (looks(600), looks(1200));
            // Twice the length, twice the work, or somewhat more where a bound was not reached before.
            if long * 2 > short * 5 {
                grown.push(format!("{what}: {short}, then {long}"));
            }
        }
    }
    assert!(grown.is_empty(), "{grown:?}");
}

#[test]
fn the_parts_of_a_list_are_no_turns_of_a_transcript() {
    let list = "Contribution: Judges saw that it was new.\n\nLeader: Judges saw that it was old.\n\n\
        Change: Judges saw that it was safe.";
    assert!(!names(list).iter().any(|name| ["Contribution", "Leader", "Change"].contains(&name.as_str())));
    let turns =
        "Lee: It is old and it is ours.\n\nPoe: It is new and it is theirs.\n\nLee: It is safe, and that is that.";
    assert_eq!(names(turns), ["Lee", "Poe", "Lee"]);
}
