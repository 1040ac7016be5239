//! Plain text: the title is the first line, blank lines part paragraphs.

use crate::article::{Block, BlockKind, Draft, Metadata, Span};

/// Finds the blocks of scraped plain text.
pub(super) fn draft(text: &str) -> Draft {
    let mut blocks = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let span = Span::new(start, start + line.len()).trim(text);
        start += line.len();
        if span.is_empty() {
            continue;
        }
        let words = span.of(text);
        let closed = words.ends_with(['.', '!', '?', '”', '"', '…', ')', ':']);
        let kind = match (blocks.is_empty(), closed) {
            (true, false) => BlockKind::Title,
            (false, false) if words.len() < 100 => BlockKind::Heading,
            _ => BlockKind::Paragraph,
        };
        blocks.push(Block { span, kind });
    }
    let title = blocks.first().map(|b: &Block| b.span.of(text).to_owned()).unwrap_or_default();
    Draft { text: text.to_owned(), blocks, meta: Metadata { title, ..Metadata::default() } }
}
