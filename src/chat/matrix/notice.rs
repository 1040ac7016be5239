//! A reply as an `m.notice` with a plain body and a formatted one (Matrix specification, client-server API, "m.notice" and
//! "m.room.message msgtypes"). The formatted body keeps to the HTML that the specification suggests clients allow.

use std::fmt::Write;

use matrix_sdk::ruma::events::Mentions;
use matrix_sdk::ruma::events::room::message::RoomMessageEventContent;

use crate::chat::text::{self, Style};
use crate::quotes::DiffPart;
use crate::reply::{Block, Checked, Piece, Quoted, Source};
use crate::router::{COMMAND_MARK, table};

/// The most that both bodies may hold, in bytes: an event may have 65,536 in all (client-server API, "Size limits"), of
/// which encryption, which encodes them in base64, takes a fourth, and JSON, the envelope and an edit's fallback some more.
const MAX_BODIES: usize = 36_000;

/// The most of the plain body, and of the formatted one, which has mark-up and escapes besides.
const MAX_BODY: usize = MAX_BODIES / 3;
const MAX_HTML: usize = MAX_BODIES - MAX_BODY;

/// The longest piece of a quotation that is shown, in characters, and to which length each can be cut at most.
const MAX_PIECE: usize = 11_000;
const LEAST_PIECE: usize = 100;

/// What is said below a quotation that had to be cut.
const CUT_QUOTATION: &str = "Cut here: the quotation goes on in the article.";

/// What is said where the reply had to be cut.
const CUT: &str = "<p><em>Cut here: the reply is longer than a message can be.</em></p>";

/// A page of a reply, with what is said before the pages. Commands in it begin with `mark`; where `turns`, pages are turned by
/// reactions, and it is told how.
#[must_use]
pub fn notice(reply: &Checked, page: usize, mark: &str, turns: bool) -> RoomMessageEventContent {
    let reply = reply.reworded(|words| with_mark(words, mark));
    let turning = turning(page, reply.pages.len(), turns);
    let mut most = MAX_PIECE;
    let (mut body, mut html) = loop {
        // Long quotations give way to short ones: all are cut to the same length, until everything fits.
        let short = reply.shortened(most, CUT_QUOTATION);
        let body = text::render_with_page(&short, page, Style { silent_pages: true, ..Style::default() });
        let blocks = short.blocks.iter().chain(short.pages.get(page).into_iter().flatten());
        let html: Vec<String> = blocks.map(block_html).collect();
        let fits = body.len() <= MAX_BODY && html.iter().map(String::len).sum::<usize>() <= MAX_HTML;
        if fits || most < LEAST_PIECE {
            break (body, html);
        }
        most /= 2;
    };
    cut_blocks(&mut html);
    if body.len() > MAX_BODY {
        let end = body.floor_char_boundary(MAX_BODY);
        body.truncate(body[..end].rfind('\n').unwrap_or(end));
        body.push_str("\n(Cut here: the reply is longer than a message can be.)");
    }
    let mut html = html.concat();
    if let Some(turning) = turning {
        body.push('\n');
        body.push_str(&turning);
        // Writing to a string can't fail.
        let _ = write!(html, "<p><em>{}</em></p>", escape(&turning));
    }
    // Names and “@room” in an article ping nobody.
    RoomMessageEventContent::notice_html(body, html).add_mentions(Mentions::new())
}

/// `2 of 3 · ◀ ▶ below turn the page`
fn turning(page: usize, pages: usize, turns: bool) -> Option<String> {
    let how = if turns { " · ◀ ▶ below turn the page" } else { "" };
    (pages > 1).then(|| format!("{} of {pages}{how}", page + 1))
}

/// Words of our own with `mark` and a space in place of the `/` of a command.
fn with_mark(words: &str, mark: &str) -> String {
    let mut out = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(at) = rest.find(COMMAND_MARK) {
        let (before, after) = (&rest[..at], &rest[at + COMMAND_MARK.len_utf8()..]);
        let begins =
            out.chars().chain(before.chars()).next_back().is_none_or(|c| c.is_whitespace() || "“(\"'".contains(c));
        let name = after.find(|c: char| !c.is_ascii_lowercase()).map_or(after, |end| &after[..end]);
        out.push_str(before);
        if begins && table::find(name).is_some() {
            out.push_str(mark);
            out.push(' ');
        } else {
            out.push(COMMAND_MARK);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Leaves out the blocks for which there is no room, and tells so.
fn cut_blocks(blocks: &mut Vec<String>) {
    let mut length = 0;
    let fitting = blocks.iter().take_while(|block| {
        length += block.len();
        length <= MAX_HTML
    });
    let fitting = fitting.count();
    if fitting < blocks.len() {
        blocks.truncate(fitting);
        blocks.push(CUT.to_owned());
    }
}

/// A block as HTML.
fn block_html(block: &Block) -> String {
    match block {
        Block::Heading(words) => format!("<p><strong>{}</strong></p>", escape(words)),
        Block::Text(words) if words == CUT_QUOTATION => format!("<p><em>{}</em></p>", escape(words)),
        Block::Text(words) => format!("<p>{}</p>", escape(words)),
        Block::Quote(quoted) => quote(quoted),
        Block::Difference(parts) => difference(parts),
        Block::Item { name, about } => format!("<p><strong>{}</strong> {}</p>", escape(name), escape(about)),
    }
}

fn quote(quoted: &Quoted) -> String {
    let mut html = String::new();
    if let Some(speaker) = &quoted.speaker {
        // Writing to a string can't fail.
        let _ = write!(html, "<p><strong>{}:</strong></p>", escape(speaker));
    }
    html.push_str("<blockquote>");
    for piece in &quoted.pieces {
        let _ = write!(html, "<p>{}</p>", words(piece));
    }
    let _ = write!(html, "</blockquote><p>{}</p>", source(&quoted.source));
    html
}

fn words(piece: &Piece) -> String {
    let html = piece.stretches().map(|stretch| {
        let [before, inner, behind] = stretch.around_inner(0..stretch.words.len()).map(escape);
        match (stretch.marked, inner.is_empty()) {
            (false, _) => format!("{before}{inner}{behind}"),
            (true, true) => format!("<strong>{before}{behind}</strong>"),
            (true, false) => format!("<strong>{before}<u>{inner}</u>{behind}</strong>"),
        }
    });
    html.collect()
}

fn source(source: &Source) -> String {
    let title = escape(&source.title);
    let title = match source.url.as_deref().filter(|url| url.starts_with("https://") || url.starts_with("http://")) {
        Some(url) => format!("<a href=\"{}\">{title}</a>", escape(url)),
        None => title,
    };
    let parts = [
        source.outlet.as_deref().map(escape),
        source.author.as_deref().map(escape),
        source.published.map(|published| published.to_string()),
        source.paragraph.map(|number| format!("paragraph {number}")),
    ];
    std::iter::once(title).chain(parts.into_iter().flatten()).collect::<Vec<_>>().join(" · ")
}

fn difference(parts: &[DiffPart]) -> String {
    let words = parts.iter().map(|part| match part {
        DiffPart::Same(words) => escape(words),
        DiffPart::Missing(words) => format!("<del>{}</del>", escape(words)),
        DiffPart::Added(words) => format!("<u>{}</u>", escape(words)),
    });
    let words = words.collect::<Vec<_>>().join(" ");
    format!(
        "<p>{words}<br><em>Struck through: only in the article. Underlined: only in the words that were checked.</em></p>"
    )
}

/// Text as HTML text or attribute value.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\n' => html.push('\n'),
            // Nor may a text turn the direction of writing.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if c.is_control() => {}
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::Library;
    use crate::reply::{Outcome, Reply};

    fn sent(text: &str) -> serde_json::Value {
        let mut library = Library::default();
        let id = library.add(read_text("a", text, Format::Text).unwrap());
        let article = library.article(id).clone();
        let quotes = article.paragraphs().iter().map(|paragraph| {
            let mark = article.sentences_of(paragraph)[0];
            Block::Quote(Quoted::passage(&library, id, paragraph.span, &[mark]))
        });
        let reply = Reply { pages: vec![quotes.collect()], ..Reply::new(Outcome::Answered) };
        serde_json::to_value(notice(&reply.check(&library).unwrap(), 0, "!byline", true)).unwrap()
    }

    #[test]
    fn an_answer_is_a_notice_with_a_block_quote() {
        let event = sent("Wall falls\n\nThe wall fell. Nobody was hurt.\n");
        assert_eq!(event["msgtype"], "m.notice");
        assert_eq!(
            event["formatted_body"],
            "<blockquote><p><strong>The wall fell.</strong> Nobody was hurt.</p></blockquote><p>Wall falls · paragraph 1</p>"
        );
        assert!(event["body"].as_str().unwrap().starts_with("> **The wall fell.** Nobody was hurt."));
    }

    #[test]
    fn a_long_quotation_leaves_room_for_those_after_it() {
        let long = "The wall of the “old” harbour fell into the sea again on this day. ".repeat(4_000);
        let event = sent(&format!("Wall falls\n\n{long}\n\nNobody was hurt in the harbour.\n"));
        let (body, html) = (event["body"].as_str().unwrap(), event["formatted_body"].as_str().unwrap());
        for text in [body, html] {
            assert!(text.contains("Nobody was hurt") && text.matches("Cut here").count() == 1, "{text}");
        }
        assert!(serde_json::to_vec(&event).unwrap().len() <= 44_000);
    }

    #[test]
    fn commands_are_told_as_they_are_written_here() {
        assert_eq!(
            with_mark("/help lists them all (/ask, “/who”).", "!byline"),
            "!byline help lists them all (!byline ask, “!byline who”)."
        );
        for other in ["and/or", "/home/ann", "1/2", "", "https://x/help"] {
            assert_eq!(with_mark(other, "!byline"), other);
        }
    }

    #[test]
    fn html_of_an_article_is_plain_text() {
        let event = sent("Wall falls\n\n<img src=x onerror=\"alert(1)\"> fell & broke today.\n");
        let html = event["formatted_body"].as_str().unwrap();
        assert!(!html.contains("<img") && html.contains("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;"), "{html}");
    }

    #[test]
    fn an_endless_article_fits_an_event_and_the_cut_is_told() {
        let paragraph = "The wall of the “old” harbour fell into the sea again on this day. ".repeat(400);
        let event = sent(&format!("Wall falls\n\n{paragraph}\n\n{paragraph}\n\n{paragraph}\n\n{paragraph}\n"));
        assert!(serde_json::to_vec(&event).unwrap().len() <= 44_000);
        assert!(event["formatted_body"].as_str().unwrap().contains("Cut here"));
        assert!(event["body"].as_str().unwrap().contains("Cut here"));
    }
}
