//! A reply as Discord embeds, within Discord's limits.
//!
//! Limits are those of Discord's documentation, "Embed Limits": description 4,096 characters, title 256, footer 2,048,
//! 6,000 over all embeds of a message, ten embeds. Embeds of one message that share a URL are shown as one, so each
//! quotation has its own.

use serenity::all::{CreateEmbed, CreateEmbedFooter, Timestamp};

use super::page;
use crate::quotes::DiffPart;
use crate::reply::{Block, Checked, Piece, Quoted, Source};

const MAX_EMBEDS: usize = 10;
const MAX_TITLE: usize = 256;
const MAX_DESCRIPTION: usize = 4_096;
const MAX_FOOTER: usize = 2_048;
const MAX_TOTAL: usize = 6_000;

/// Characters kept for saying that quotations were left out.
const LEFT_OUT_ROOM: usize = 70;

/// The longest line below a page.
const MAX_BELOW: usize = 300;

/// The longest address of an embed.
const MAX_URL: usize = 2_000;

/// What is said where a quotation had to be cut.
const CUT: &str = "\n-# Cut here: the quotation goes on in the article.";

/// A line of Byline's own.
pub fn note(words: &str) -> CreateEmbed {
    CreateEmbed::new().description(shorten(&escape(words), MAX_DESCRIPTION))
}

/// A page of a reply, with what is said before the pages; in the last footer, which page it is and a line of the
/// surface's own.
#[must_use]
pub fn embeds(reply: &Checked, page: usize, below: Option<&str>) -> Vec<CreateEmbed> {
    let blocks = reply.blocks.iter().chain(reply.pages.get(page).into_iter().flatten());
    let mut cards: Vec<Card> = Vec::new();
    let mut notes = String::new();
    let mut left = MAX_TOTAL - LEFT_OUT_ROOM;
    let mut left_out = 0;
    let below = [page::counter(page, reply.pages.len()), below.map(visible)].into_iter().flatten().collect::<Vec<_>>();
    let below = shorten(&below.join(" · "), MAX_BELOW);
    left -= length(&below);
    for block in blocks {
        match block {
            Block::Quote(quoted) => {
                note_card(&mut notes, &mut cards, &mut left);
                // Two places are kept: for what is said before the next quotation, and for what is said last.
                let card = (cards.len() + 2 < MAX_EMBEDS).then(|| quote_card(quoted, &mut left)).flatten();
                left_out += usize::from(card.is_none());
                cards.extend(card);
            }
            Block::Heading(words) => push_line(&mut notes, &format!("**{}**", escape(words))),
            Block::Text(words) => push_line(&mut notes, &escape(words)),
            Block::Item { name, about } => push_line(&mut notes, &format!("**{}** {}", escape(name), escape(about))),
            Block::Difference(parts) => push_line(&mut notes, &difference(parts)),
        }
    }
    note_card(&mut notes, &mut cards, &mut left);
    // Never in silence.
    let left_out = (left_out > 0).then(|| format!("{left_out} more did not fit into one message"));
    let below: Vec<String> = left_out.into_iter().chain(Some(below).filter(|below| !below.is_empty())).collect();
    if !below.is_empty() {
        cards.truncate(MAX_EMBEDS);
        match cards.last_mut() {
            Some(card) => {
                let footer: Vec<String> = card.footer.take().into_iter().chain(below).collect();
                card.footer = Some(shorten(&footer.join(" · "), MAX_FOOTER));
            }
            None => cards.push(Card { description: escape(&below.join(" · ")), ..Card::default() }),
        }
    }
    distinct(&mut cards);
    cards.into_iter().map(Card::into_embed).collect()
}

/// Gives each embed an address of its own: those that share one are shown as one, and all but the first text are lost.
/// Browsers pass over a directive that they don't know.
fn distinct(cards: &mut [Card]) {
    let mut seen: Vec<String> = Vec::new();
    for card in cards {
        let Some(url) = &mut card.url else { continue };
        let plain = url.clone();
        let mut number = 2;
        while seen.contains(url) {
            let mark = if plain.contains('#') { "&" } else { "#" };
            *url = format!("{plain}{mark}quotation-{number}");
            number += 1;
        }
        seen.push(url.clone());
    }
}

/// An embed whose size is still known.
#[derive(Debug, Default)]
struct Card {
    title: Option<String>,
    url: Option<String>,
    description: String,
    footer: Option<String>,
    timestamp: Option<Timestamp>,
}

impl Card {
    fn into_embed(self) -> CreateEmbed {
        let mut embed = CreateEmbed::new().description(self.description);
        if let Some(title) = self.title {
            embed = embed.title(title);
        }
        if let Some(url) = self.url {
            embed = embed.url(url);
        }
        if let Some(footer) = self.footer {
            embed = embed.footer(CreateEmbedFooter::new(footer));
        }
        if let Some(timestamp) = self.timestamp {
            embed = embed.timestamp(timestamp);
        }
        embed
    }
}

fn note_card(notes: &mut String, cards: &mut Vec<Card>, left: &mut usize) {
    let notes = std::mem::take(notes);
    let room = MAX_DESCRIPTION.min(*left);
    if !notes.trim().is_empty() && room > 0 {
        let description = shorten(&notes, room);
        *left = left.saturating_sub(length(&description));
        cards.push(Card { description, ..Card::default() });
    }
}

fn quote_card(quoted: &Quoted, left: &mut usize) -> Option<Card> {
    let Source { title, outlet, author, paragraph, published, url, .. } = &quoted.source;
    let title = shorten(&escape(title), MAX_TITLE);
    let number = paragraph.map(|number| format!("paragraph {number}"));
    let instant = published.and_then(|published| Some((published.time?, published.offset?)));
    let timestamp = instant
        .and_then(|(time, offset)| offset.to_timestamp(time).ok())
        .and_then(|instant| Timestamp::from_unix_timestamp(instant.as_second()).ok());
    let day = published.filter(|_| timestamp.is_none()).map(|day| day.to_string());
    let version = quoted.source.earlier_version();
    let footer =
        [outlet.clone(), author.clone(), version, number, day].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    // Discord reads no mark-up in a footer.
    let footer = shorten(&visible(&footer), MAX_FOOTER);
    let room = left.saturating_sub(length(&title) + length(&footer)).min(MAX_DESCRIPTION);
    let description = description(quoted, room)?;
    *left = left.saturating_sub(length(&title) + length(&footer) + length(&description));
    Some(Card {
        title: (!title.trim().is_empty()).then_some(title),
        url: url.clone().filter(|url| url.len() <= MAX_URL && url::Url::parse(url).is_ok_and(|url| is_web(&url))),
        description,
        footer: (!footer.is_empty()).then_some(footer),
        timestamp,
    })
}

fn is_web(url: &url::Url) -> bool {
    matches!(url.scheme(), "https" | "http") && url.host().is_some()
}

/// The quotation in at most `room` characters; what does not fit is cut at a sentence's end, and that is said.
fn description(quoted: &Quoted, room: usize) -> Option<String> {
    let speaker = quoted.speaker.as_ref().map(|name| format!("**{}:**\n", escape(name))).unwrap_or_default();
    let whole: Vec<String> = quoted.pieces.iter().map(block_quote).collect();
    let description = format!("{speaker}{}", whole.join("\n\n"));
    if length(&description) <= room {
        return Some(description);
    }
    // Escaping and marks make words longer by an amount that depends on them: halve until it fits.
    let first = quoted.pieces.first()?;
    let mut most = room;
    while most > 20 {
        let cut = format!("{speaker}{}{CUT}", block_quote(&first.cut(most).0));
        if length(&cut) <= room {
            return Some(cut);
        }
        most = most * 3 / 4;
    }
    None
}

fn block_quote(piece: &Piece) -> String {
    let mut words = String::new();
    for stretch in piece.stretches() {
        let mut from = 0;
        // Bold must begin and end at a word of one line, or Discord shows the stars.
        for line in stretch.words.split_inclusive('\n') {
            let bare = line.trim();
            let begin = line.len() - line.trim_start().len();
            let (before, after) = (&line[..begin], &line[begin + bare.len()..]);
            let parts = stretch.around_inner(from + begin..from + begin + bare.len()).map(escape);
            from += line.len();
            let [start, inner, end] = parts;
            let inner = if stretch.marked && !inner.is_empty() { format!("__{inner}__") } else { inner };
            let bare = format!("{start}{inner}{end}");
            let bare = if stretch.marked && !bare.is_empty() { format!("**{bare}**") } else { bare };
            words.extend([before, &bare, after]);
        }
    }
    words.lines().map(|line| format!("> {line}")).collect::<Vec<_>>().join("\n")
}

fn difference(parts: &[DiffPart]) -> String {
    let words = parts.iter().map(|part| match part {
        DiffPart::Same(words) => escape(words),
        DiffPart::Missing(words) => format!("~~{}~~", escape(words)),
        DiffPart::Added(words) => format!("__{}__", escape(words)),
    });
    let words = words.collect::<Vec<_>>().join(" ");
    format!("{words}\n-# Struck through: only in the article. Underlined: only in the words that were checked.")
}

fn push_line(notes: &mut String, line: &str) {
    if !notes.is_empty() {
        notes.push('\n');
    }
    notes.push_str(line);
}

/// Text with Discord's mark-up, mentions and links made plain, and without invisible characters.
fn escape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in visible(text).chars() {
        if matches!(c, '\\' | '*' | '_' | '~' | '`' | '|' | '>' | '#' | '[' | ']' | '(' | ')' | '<' | '@' | ':' | '-') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// Text without what can't be seen: controls, marks that turn the direction of writing, joiners, fillers, tags.
pub(super) fn visible(text: &str) -> String {
    let invisible = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c,
                '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
                | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    text.replace("\r\n", "\n").replace(invisible, "")
}

/// The length of a text as Discord counts it: in UTF-16 units, to be on the safe side of its limits.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// At most `most` characters of a text that is not a quotation, with an ellipsis where it was cut.
fn shorten(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let mut room = most.saturating_sub(1);
    let fits = |c: &char| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    };
    let mut short: String = text.chars().take_while(fits).collect();
    // An escaping stroke without its character would escape the ellipsis.
    while short.ends_with('\\') {
        short.pop();
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::Library;
    use crate::reply::{Outcome, Reply};

    fn sent(text: &str, notes: &str) -> Vec<serde_json::Value> {
        let mut library = Library::default();
        let id = library.add(read_text("a", text, Format::Text).unwrap());
        let article = library.article(id).clone();
        let quotes = article.paragraphs().iter().map(|paragraph| {
            let mark = article.sentences_of(paragraph)[0];
            Block::Quote(Quoted::passage(&library, id, paragraph.span, &[mark]))
        });
        let reply = Reply { pages: vec![quotes.collect()], ..Reply::text(Outcome::Answered, notes) };
        let embeds = embeds(&reply.check(&library).unwrap(), 0, None);
        embeds.iter().map(|embed| serde_json::to_value(embed).unwrap()).collect()
    }

    #[test]
    fn the_answering_sentence_is_bold_in_a_block_quote() {
        let embeds = sent("Wall falls\n\nThe wall fell. Nobody was hurt.\n", "Read “wal” as “wall”.");
        assert_eq!(embeds[0]["description"], "Read “wal” as “wall”.");
        assert_eq!(embeds[1]["description"], "> **The wall fell.** Nobody was hurt.");
        assert_eq!(embeds[1]["title"], "Wall falls");
        assert_eq!(embeds[1]["footer"]["text"], "paragraph 1");
    }

    #[test]
    fn mark_up_and_mentions_of_an_article_are_plain_text() {
        let embeds = sent("Wall falls\n\n@everyone saw **it** at [here](https://x.example) <@1> today.\n", "x");
        let description = embeds[1]["description"].as_str().unwrap();
        assert!(
            description.contains("\\@everyone saw \\*\\*it\\*\\* at \\[here\\]\\(https\\://x.example\\) \\<\\@1\\>")
        );
    }

    #[test]
    fn nothing_is_beyond_the_limits_and_a_cut_is_told() {
        let sentence = "The wall of the *old* harbour fell into the sea again on this day. ";
        let paragraph = sentence.repeat(90);
        let embeds = sent(&format!("Wall falls\n\n{paragraph}\n\n{paragraph}\n"), &"note ".repeat(2_000));
        let texts = embeds.iter().flat_map(|e| [&e["description"], &e["title"], &e["footer"]["text"]]);
        let total: usize = texts.filter_map(|text| text.as_str()).map(length).sum();
        assert!(total <= MAX_TOTAL, "{total}");
        assert!(embeds.iter().all(|e| length(e["description"].as_str().unwrap()) <= MAX_DESCRIPTION));
        let cut = embeds.iter().find_map(|e| e["description"].as_str().filter(|d| d.contains("Cut here")));
        assert!(cut.is_some_and(|d| d.contains("on this day.")), "{embeds:?}");
    }
}
