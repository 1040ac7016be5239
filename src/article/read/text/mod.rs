//! Plain text as scraped or typed: no mark-up, so its shape is found from the lines themselves.
//!
//! The text is kept to the byte. [`lines`] gathers it into pieces, [`furniture`], [`lists`], [`headings`] and
//! [`credits`] say what a piece is.

pub(super) mod credits;
mod dateline;
pub(super) mod furniture;
mod headings;
mod lines;
mod lists;

use furniture::Place;
use lines::Piece;

use crate::article::{Block, BlockKind, Draft, Metadata, Span, sentences};

/// The longest title, in bytes; a first line that is longer is a paragraph.
const LONGEST_TITLE: usize = 250;
/// The longest first line, in bytes, that is a title although a full stop closes it.
const LONGEST_CLOSED_TITLE: usize = 120;
/// The longest title that is made from a text without one, in bytes.
const LONGEST_MADE_TITLE: usize = 90;
/// How many lines under the title may be credits.
const MOST_CREDITS: usize = 4;
/// So many last blocks, or this part of all, are near the end.
const NEAR_END_BLOCKS: usize = 4;
const NEAR_END_PART: usize = 6;
/// A link to another article is a line of at most so many bytes.
const LONGEST_LINK: usize = 140;
/// So many lines in a row that all read like headings are a list.
const LIST_RUN: usize = 3;

/// Blocks and metadata of a scraped text: the first line is its title unless it reads like a paragraph.
pub(super) fn draft(text: &str) -> Draft {
    let pieces = lines::pieces(text);
    let mut kinds = furniture_and_items(text, &pieces);
    let mut meta = Metadata::default();
    let first = kinds.iter().position(|kind| *kind != BlockKind::Furniture);
    let mut body = first.unwrap_or(0);
    if let Some(first) = first
        && is_title(text, &pieces, first)
    {
        kinds[first] = BlockKind::Title;
        pieces[first].span.of(text).clone_into(&mut meta.title);
        body = first + 1;
    }
    for at in body..pieces.len().min(body + MOST_CREDITS) {
        let line = pieces[at].span.of(text);
        if credits::take(line, &mut meta) {
            kinds[at] = BlockKind::Furniture;
        } else if line.len() > LONGEST_LINK {
            break;
        }
    }
    label(text, &pieces, &mut kinds, body);
    if !kinds.iter().any(|kind| kind.is_quotable())
        && let Some(only) = kinds.iter().position(|kind| matches!(kind, BlockKind::Title | BlockKind::Heading))
    {
        // A note of one line: it is all there is to quote.
        kinds[only] = BlockKind::Paragraph;
    }
    let blocks = blocks(text, &pieces, &kinds);
    if meta.title.is_empty() {
        meta.title = made_title(text, &blocks);
    }
    Draft { text: text.to_owned(), blocks, meta }
}

/// Blocks of a text that has its title elsewhere (in a JSON field).
pub(super) fn body(text: &str) -> Vec<Block> {
    let pieces = lines::pieces(text);
    let mut kinds = furniture_and_items(text, &pieces);
    label(text, &pieces, &mut kinds, 0);
    blocks(text, &pieces, &kinds)
}

/// A title for a text that has none: the beginning of its first sentence, cut at a word.
pub(super) fn made_title(text: &str, blocks: &[Block]) -> String {
    let Some(block) = blocks.iter().find(|block| block.kind.is_quotable()) else { return String::new() };
    let paragraph = block.span.of(text);
    let rest = paragraph
        .get(dateline::end(paragraph).unwrap_or(0)..)
        .filter(|rest| !rest.trim().is_empty())
        .unwrap_or(paragraph);
    let sentence = sentences::split(rest, Span::new(0, rest.len()), "en").first().map_or(rest, |first| first.of(rest));
    let words = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.len() <= LONGEST_MADE_TITLE {
        return words.trim_end_matches('.').to_owned();
    }
    let cut = &words[..words.floor_char_boundary(LONGEST_MADE_TITLE)];
    let cut = cut.rsplit_once(' ').map_or(cut, |(whole, _)| whole);
    format!("{}…", cut.trim_end_matches(|c: char| c.is_ascii_punctuation() || c == '—' || c == '–' || c == ' '))
}

fn furniture_and_items(text: &str, pieces: &[Piece]) -> Vec<BlockKind> {
    let end = pieces.len() - (pieces.len() / NEAR_END_PART).max(NEAR_END_BLOCKS).min(pieces.len());
    let kind = |(index, piece): (usize, &Piece)| {
        let place = if index >= end && index > 0 { Place::NearEnd } else { Place::Within };
        let words = piece.span.of(text);
        if furniture::is_furniture(words, place) {
            BlockKind::Furniture
        } else if lists::marker(words).is_some() {
            BlockKind::ListItem
        } else {
            BlockKind::Paragraph
        }
    };
    pieces.iter().enumerate().map(kind).collect()
}

fn is_title(text: &str, pieces: &[Piece], first: usize) -> bool {
    let line = pieces[first].span.of(text);
    let Some(next) = pieces.get(first + 1) else { return false };
    if line.len() > LONGEST_TITLE || line.contains('\n') || dateline::end(line).is_some() {
        return false;
    }
    let words = line.trim_end_matches(['”', '’', '"', '\'', ')', ']', '»']);
    if !words.ends_with(['.', '!', '?', ':', ';', ',', '…']) {
        return true;
    }
    // Some outlets and corpora close their titles: then what follows must be set off, and longer than a title.
    let longest_after = pieces.iter().skip(first + 1).take(3).map(|piece| piece.span.len()).max().unwrap_or(0);
    let is_one = || sentences::split(line, Span::new(0, line.len()), "en").len() == 1;
    line.len() <= LONGEST_CLOSED_TITLE
        && (next.after_gap || words.ends_with(';'))
        && longest_after > line.len()
        && !words.ends_with([':', ','])
        && (is_one() || headings::looks_like_headline(line))
}

/// Tells headings from paragraphs, short lists from headings, and what follows "Related posts" from the article.
fn label(text: &str, pieces: &[Piece], kinds: &mut [BlockKind], body: usize) {
    let words = |index: usize| pieces[index].span.of(text);
    let candidates: Vec<bool> = (0..pieces.len())
        .map(|index| {
            let next = pieces.get(index + 1).map_or("", |next| next.span.of(text));
            kinds[index] == BlockKind::Paragraph
                && dateline::end(words(index)).is_none()
                && headings::reads_like_heading(words(index), next)
        })
        .collect();
    // The last piece that is running text: a heading stands over something.
    let last_text = (body..pieces.len()).rev().find(|index| kinds[*index].is_quotable() && !candidates[*index]);
    let mut at = body;
    while at < pieces.len() {
        let run = candidates[at..].iter().take_while(|is_candidate| **is_candidate).count();
        if run == 0 {
            at += 1;
            continue;
        }
        let after = at + run;
        let labels_something = last_text.is_some_and(|last| after <= last);
        let introduced = at > 0 && kinds[at - 1].is_quotable() && words(at - 1).ends_with(':');
        for (index, kind) in kinds.iter_mut().enumerate().take(after).skip(at) {
            let is_last = index + 1 == after;
            *kind = if introduced {
                BlockKind::ListItem
            } else if !labels_something {
                if headings::looks_like_headline(words(index)) { BlockKind::Furniture } else { BlockKind::Paragraph }
            } else if run >= LIST_RUN && !is_last {
                BlockKind::ListItem
            } else {
                BlockKind::Heading
            };
        }
        at = after;
    }
    sweep_links(text, pieces, kinds, body);
}

/// From "Related posts" on, when only lines that can be links follow, everything is furniture.
fn sweep_links(text: &str, pieces: &[Piece], kinds: &mut [BlockKind], body: usize) {
    let is_link = |index: &usize| {
        let line = pieces[*index].span.of(text);
        kinds[*index] == BlockKind::Furniture
            || (line.len() <= LONGEST_LINK && !line.contains(". ") && !line.contains(['“', '”']))
    };
    let links = (body..pieces.len()).rev().take_while(is_link).count();
    let tail = pieces.len() - links;
    if let Some(opener) = (tail..pieces.len())
        .find(|index| kinds[*index] == BlockKind::Furniture && furniture::opens_links(pieces[*index].span.of(text)))
        && kinds[..opener].iter().any(|kind| kind.is_quotable())
    {
        kinds[opener..].fill(BlockKind::Furniture);
    }
}

fn blocks(text: &str, pieces: &[Piece], kinds: &[BlockKind]) -> Vec<Block> {
    let block = |(piece, kind): (&Piece, &BlockKind)| {
        let mut span = piece.span;
        if *kind == BlockKind::ListItem
            && let Some(lists::Marker::Bullet(length)) = lists::marker(span.of(text))
        {
            span = Span::new(span.start as usize + length, span.end as usize);
        }
        Block { span, kind: *kind }
    };
    pieces.iter().zip(kinds).map(block).collect()
}

#[cfg(test)]
mod tests;
