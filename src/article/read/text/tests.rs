//! The shape of plain texts, as a specification.

use super::*;
use BlockKind::{Furniture, Heading, ListItem, Paragraph, Title};

fn kinds(text: &str) -> Vec<BlockKind> {
    draft(text).blocks.iter().map(|block| block.kind).collect()
}

const LEAD: &str = "The harbour bridge was closed to all traffic on Monday after inspectors found cracks in two of its bearings, the council said.";
const MORE: &str = "Drivers were sent round by the old ford, where the queue reached the church by noon. “I have never seen this,” said Ada Brook, who sells bread there.";

#[test]
fn title_headings_paragraphs_and_furniture_of_a_scraped_page() {
    let text = format!(
        "Harbour bridge closed after cracks are found\n\n{LEAD}\n\n{MORE}\n\nMayor: ‘We were warned about the bearings’\n\n{MORE}\n\n\
         ADVERTISEMENT\n\n{LEAD}\n\nSee more of today’s stories here\n\nFind us on Facebook here\n\n\nMust read\n\n\nRelated Posts\n"
    );
    assert_eq!(
        kinds(&text),
        [
            Title, Paragraph, Paragraph, Heading, Paragraph, Furniture, Paragraph, Furniture, Furniture, Furniture,
            Furniture
        ]
    );
}

#[test]
fn the_text_is_kept_to_the_byte() {
    let text = format!("\u{feff}Bridge closed\r\n\r\n{LEAD}\r\n\r\n{MORE}\r\n");
    let draft = draft(&text);
    assert_eq!(draft.text, text);
    assert_eq!(draft.meta.title, "Bridge closed");
    assert_eq!(draft.blocks[1].span.of(&text), LEAD);
}

#[test]
fn a_title_may_end_in_a_full_stop() {
    assert_eq!(kinds(&format!("Council closes the harbour bridge.\n\n{LEAD}\n\n{MORE}"))[0], Title);
    assert_eq!(kinds(&format!("Who closed the bridge?\n\n{LEAD}\n\n{MORE}"))[0], Title);
}

#[test]
fn agency_text_without_a_title_begins_with_its_first_paragraph() {
    for lead in [
        "(CNN) -- The bridge is closed.",
        "PORTLAND, Maine (AP) — The bridge is closed.",
        "MADRID, Spain -- The bridge is closed.",
        "LONDON (Reuters) - The bridge is closed.",
    ] {
        let draft = draft(&format!("{lead}\n\n{LEAD}\n\n{MORE}"));
        assert_eq!(draft.blocks[0].kind, Paragraph, "{lead}");
        assert_eq!(draft.meta.title, "The bridge is closed", "{lead}");
    }
}

#[test]
fn a_made_title_is_cut_at_a_word() {
    let draft = draft(&format!("(CNN) -- {LEAD}\n\n{MORE}"));
    assert!(draft.meta.title.len() <= LONGEST_MADE_TITLE + "…".len());
    let kept = draft.meta.title.strip_suffix('…').unwrap();
    assert!(LEAD.starts_with(kept) && LEAD[kept.len()..].starts_with(' '), "{kept}");
}

#[test]
fn credits_under_the_title_become_metadata() {
    let draft =
        draft(&format!("Bridge closed\n\nBy Jane Doe, Reuters\nPublished: 4 July 2022, 09:30\n\n{LEAD}\n\n{MORE}"));
    assert_eq!(
        draft.blocks.iter().map(|b| b.kind).collect::<Vec<_>>(),
        [Title, Furniture, Furniture, Paragraph, Paragraph]
    );
    assert_eq!(draft.meta.author.as_deref(), Some("Jane Doe"));
    assert_eq!(draft.meta.outlet.as_deref(), Some("Reuters"));
    assert_eq!(draft.meta.published.map(|p| p.to_iso()).as_deref(), Some("2022-07-04T09:30:00"));
}

#[test]
fn lists_are_items_without_their_bullets() {
    let text = format!(
        "Bridge closed\n\n{LEAD}\n\n• Keep clear of the quay\n• Use the old ford\n\n1. Call the council\n\n{MORE}"
    );
    let draft = draft(&text);
    assert_eq!(
        draft.blocks.iter().map(|b| b.kind).collect::<Vec<_>>(),
        [Title, Paragraph, ListItem, ListItem, ListItem, Paragraph]
    );
    assert_eq!(draft.blocks[2].span.of(&text), "Keep clear of the quay");
}

#[test]
fn lines_after_a_colon_are_a_list_and_an_introduction_is_a_paragraph() {
    let text = format!(
        "Bridge closed\n\n{LEAD}\n\nThe council named three contractors:\n\nBrook and Sons\n\nNorth Quay Steel\n\n{MORE}"
    );
    assert_eq!(kinds(&text), [Title, Paragraph, Paragraph, ListItem, ListItem, Paragraph]);
}

#[test]
fn links_after_a_label_at_the_end_are_furniture() {
    let text = format!(
        "Bridge closed\n\n{LEAD}\n\n{MORE}\n\nRelated Posts\n\nFerry to run until midnight.\n\nWhy the old ford floods\n"
    );
    assert_eq!(kinds(&text), [Title, Paragraph, Paragraph, Furniture, Furniture, Furniture]);
}

#[test]
fn a_short_last_paragraph_stays() {
    for last in ["The bridge will open in spring.", "A date was not given", "“We will manage,” she said."] {
        let kinds = kinds(&format!("Bridge closed\n\n{LEAD}\n\n{MORE}\n\n{last}\n"));
        assert_eq!(kinds.last(), Some(&Paragraph), "{last}");
    }
}

#[test]
fn a_note_of_one_line_can_be_quoted() {
    assert_eq!(kinds("The bridge is closed"), [Paragraph]);
    assert_eq!(kinds("Must read\n\nThe bridge is closed"), [Furniture, Paragraph]);
}
