//! Sentences of news prose, as a specification. A bar marks where one ends and the next begins.

use proptest::prelude::*;

use super::*;

fn check(language: &str, marked: &str) {
    let text = marked.replace(" | ", " ").replace("⏎| ", "\n");
    let expected: Vec<&str> = marked.split(" | ").flat_map(|part| part.split("⏎| ")).collect();
    let found: Vec<&str> = split(&text, Span::new(0, text.len()), language).iter().map(|s| s.of(&text)).collect();
    assert_eq!(found, expected);
}

#[test]
fn abbreviations_do_not_end_sentences() {
    for marked in [
        "The U.S. Senate met on Monday. | It adjourned at noon.",
        "He lives in the U.S. | He was born there.",
        "Gov. Ada Brook (R-Ind.) and Sen. Kim Poe (D-Calif.) met. | They agreed.",
        "Brook, R-Ind., voted no. | Poe did not.",
        "It cost $1.13bn last year, up 3.5 percent. | Nobody minds.",
        "It opened at 9 a.m. Monday and closed at 5 p.m. | The queue was long.",
        "J. D. Brook and George W. Poe signed. | So did Mr. and Mrs. Doe.",
        "She lives at No. 10 and works at No. 12. | He does not.",
        "Brook vs. Poe was heard on Jan. 4. | The judge left.",
        "Acme Inc. shares fell. | Acme Inc. | The firm is old.",
        "Dr. Doe moved to St. Louis in Sept. 2015. | He stayed.",
        "Yahoo! shares rose. | Yahoo! News reported it.",
        "See example.org for more. | It is free.",
        "She holds a Ph.D. from Ulm. | He has none.",
        "1. Keep clear of the quay.",
    ] {
        check("en", marked);
    }
}

#[test]
fn quotations_close_before_the_sentence_does() {
    for marked in [
        "“I did.” | She left.",
        "“Why?” he asked. | Nobody knew.",
        "“Why?” Jane Doe asked. | Nobody knew.",
        "“Stop!” shouted the guard. | They ran.",
        "\"I did it,\" he said. | \"It was hard.\"",
        "“I am tired. | I want to sleep,” she said.",
        "He asked: “Who pays?” | The council did not say.",
        "“Who pays?” | She did not know.",
        "“We won.” — Ada Brook",
        "He called it “a shame”. | Then he left.",
        "She said: ‘It is over.’ | He wept.",
        "“We will pay. | We always have.”",
    ] {
        check("en", marked);
    }
}

#[test]
fn ellipses_and_brackets() {
    for marked in [
        "We waited … and waited. | Nothing came.",
        "We waited... and waited. | Nothing came.",
        "“Well... I never said so.” | He left.",
        "We waited. . . . | Then it came.",
        "The bridge (it was built in 1901. Nobody knows why.) is shut. | It is old.",
        "The bridge is shut. | (It was built in 1901.) | It is old.",
        "What?! | Nobody said so.",
    ] {
        check("en", marked);
    }
}

#[test]
fn line_ends_of_wrapped_text_are_white_space() {
    check("en", "The bridge was\nshut on Monday.⏎| It opens\non Friday.");
}

#[test]
fn other_languages() {
    check("de", "Der Rat tagte am 4. Juli in Ulm. | Die Brücke bleibt gesperrt.");
    check("fr", "M. Dupont a parlé. | Il est parti.");
    let chinese = "桥已关闭。没有人知道原因。";
    assert_eq!(split(chinese, Span::new(0, chinese.len()), "zh").len(), 2);
    // A code that no table knows must not hang.
    check("xx", "It rained. | It snowed.");
}

#[test]
fn a_paragraph_without_end_is_split_all_the_same() {
    let text = "“a.” (b. ".repeat(40_000);
    let sentences = split(&text, Span::new(0, text.len()), "en");
    assert!(sentences.iter().all(|s| s.len() <= LONGEST_PARAGRAPH));
}

fn prose() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        prop::sample::select(vec![
            "The", "he", "Gov.", "U.S.", "“", "”", "\"", "'", "(", ")", "said", "?", "!", ".", "...", "…", "\n", " ",
            "3.5", "—", "I", "。", "桥", "é", "No.", "J."
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.join(" "))
}

proptest! {
    #[test]
    fn sentences_hold_every_visible_character_in_order(text in prose(), tight in any::<bool>(), language in prop::sample::select(vec!["en", "de", "ja", "hi", "xx"])) {
        let text = if tight { text.replace(' ', "") } else { text };
        let sentences = split(&text, Span::new(0, text.len()), language);
        let mut past = 0;
        let mut held = String::new();
        for sentence in &sentences {
            prop_assert!(sentence.start >= past && text.get(sentence.range()).is_some());
            prop_assert_eq!(*sentence, sentence.trim(&text));
            past = sentence.end;
            held.push_str(sentence.of(&text));
        }
        let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '\u{feff}').collect::<String>();
        prop_assert_eq!(visible(&held), visible(&text));
    }
}
