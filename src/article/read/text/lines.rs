//! Lines of plain text gathered into pieces: one line each, or the lines of one hard-wrapped paragraph.

use crate::article::Span;

/// A stretch of text that is one block, whatever its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Without white space at its ends; over line ends where the text is hard-wrapped.
    pub(super) span: Span,
    /// Whether a blank line (or the text's end) comes before it.
    pub(super) after_gap: bool,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    span: Span,
    after_gap: bool,
    /// Whether white space comes before its first character: how some texts begin a paragraph.
    indented: bool,
    /// In characters.
    width: usize,
}

/// Text that is wrapped by hand or by a mail program has lines of 50 to 100 characters; longer lines are paragraphs or
/// sentences, shorter ones are verse, tables and labels.
const WRAP_WIDTHS: std::ops::RangeInclusive<usize> = 50..=100;

/// The pieces of `text`, in order.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let lines = lines(text);
    let width = wrap_width(text, &lines);
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| lines.get(before));
        let continues = width.is_some_and(|width| before.is_some_and(|before| continues(text, before, line, width)));
        match pieces.last_mut() {
            Some(piece) if continues => piece.span = piece.span.join(line.span),
            _ => pieces.push(Piece { span: line.span, after_gap: line.after_gap }),
        }
    }
    pieces
}

/// The lines of `text` that hold a visible character.
fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut start, mut gap) = (0, true);
    let mut rest = text.char_indices().peekable();
    let mut close = |start: usize, end: usize| {
        let whole = Span::new(start, end);
        let span = whole.trim(text);
        if span.is_empty() {
            gap = true;
            return;
        }
        let words = span.of(text);
        lines.push(Line {
            span,
            after_gap: std::mem::take(&mut gap),
            indented: whole.of(text).starts_with([' ', '\t', '\u{3000}']),
            width: words.chars().count(),
        });
    };
    while let Some((at, c)) = rest.next() {
        let breaks = match c {
            '\r' => rest.peek().is_none_or(|(_, next)| *next != '\n'),
            '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => true,
            _ => false,
        };
        if breaks {
            close(start, at);
            start = at + c.len_utf8();
        }
    }
    close(start, text.len());
    lines
}

/// The width at which `text` is hard-wrapped, if it is: most of its inner line ends then cut a sentence.
fn wrap_width(text: &str, lines: &[Line]) -> Option<usize> {
    let inner = || lines.windows(2).filter(|pair| !pair[1].after_gap);
    let width = inner().flat_map(|pair| [pair[0].width, pair[1].width]).max()?;
    if !WRAP_WIDTHS.contains(&width) {
        return None;
    }
    let full: Vec<_> = inner().filter(|pair| is_full(text, &pair[0], &pair[1], width)).collect();
    let cut = full.iter().filter(|pair| !closes(pair[0].span.of(text))).count();
    // A title over a line of the same length looks wrapped: one line end proves something only if a word goes on after it.
    let goes_on = |pair: &&&[Line]| pair[1].span.of(text).starts_with(char::is_lowercase);
    let proven = cut >= 3 || full.iter().filter(|pair| !closes(pair[0].span.of(text))).any(|pair| goes_on(&pair));
    // A sentence ends at the end of a full line now and then; where it does at half of them, each line is a sentence.
    (full.len() * 2 >= inner().count() && cut * 3 >= full.len() * 2 && proven).then_some(width)
}

fn continues(text: &str, before: &Line, line: &Line, width: usize) -> bool {
    let begins_anew =
        line.after_gap || (line.indented && !before.indented) || super::lists::marker(line.span.of(text)).is_some();
    !begins_anew && is_full(text, before, line, width)
}

/// Whether the first word of `next` would not have fitted on `line`. Wrapping at any width leaves up to a tenth ragged,
/// because not every line of the widest paragraph reaches the limit.
fn is_full(text: &str, line: &Line, next: &Line, width: usize) -> bool {
    let word = next.span.of(text).split_whitespace().next().map_or(0, |word| word.chars().count());
    line.width + 1 + word + width / 10 > width
}

fn closes(words: &str) -> bool {
    words.trim_end_matches(['”', '’', '"', '\'', ')', ']', '»']).ends_with(['.', '!', '?', '…', ':', ';'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<&str> {
        pieces(text).iter().map(|piece| piece.span.of(text)).collect()
    }

    const WRAPPED: &str = "Harbour crane returns to work\n\n\
        The crane that closed the harbour for a month went back to work on\n\
        Friday, the port authority said. Two ships had been waiting since the\n\
        storm, one of them with a load of timber for the shipyard.\n\n\
        Nobody was hurt when its arm came down, although the night shift had\n\
        been on the quay an hour before.\n";

    #[test]
    fn lines_of_one_wrapped_paragraph_are_one_piece_that_holds_the_line_ends() {
        let pieces = of(WRAPPED);
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces[0], "Harbour crane returns to work");
        assert!(
            pieces[1].starts_with("The crane") && pieces[1].ends_with("shipyard.") && pieces[1].contains("on\nFriday")
        );
        assert!(pieces[2].ends_with("before."));
    }

    #[test]
    fn carriage_returns_do_not_part_wrapped_lines() {
        let dos = WRAPPED.replace('\n', "\r\n");
        assert_eq!(of(&dos).len(), 3);
        let old_mac = WRAPPED.replace('\n', "\r");
        assert_eq!(of(&old_mac).len(), 3);
    }

    #[test]
    fn an_indented_line_begins_a_paragraph_of_wrapped_text() {
        let text = "    The ferry to the outer islands will sail again from Monday, after\n\
                    the harbour office lifted the ban that it imposed in the autumn.\n\
                    \x20   Tickets that were bought before the ban stay valid until the end\n\
                    of the year, the office said in a notice at the quay.\n";
        assert_eq!(of(text).len(), 2);
    }

    #[test]
    fn a_sentence_a_line_is_not_wrapped_text() {
        let text = "Crane back\n\nThe crane went back to work on Friday, the port authority said.\n\
                    Two ships had been waiting since the storm of last month.\nOne had a load of timber.\n";
        assert_eq!(of(text).len(), 4);
    }

    #[test]
    fn short_lines_stay_apart() {
        assert_eq!(of("Must read\nFollow us on the radio\nRelated posts").len(), 3);
    }
}
