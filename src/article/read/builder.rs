//! Text and blocks of a source that has mark-up: rendered once, and from then on the article's text.

use super::text::furniture::{Place, is_furniture};
use crate::article::{Block, BlockKind, Span};

/// What a block is whose mark-up stands inside a heading, a block quote or a list item, or in none of them.
pub(super) fn kind_within(heading: bool, quote: bool, item: bool, words: &str) -> BlockKind {
    match (heading, quote, item) {
        (true, ..) => BlockKind::Heading,
        _ if is_furniture(words.trim(), Place::Within) => BlockKind::Furniture,
        (_, true, _) => BlockKind::BlockQuote,
        (_, _, true) => BlockKind::ListItem,
        _ => BlockKind::Paragraph,
    }
}

/// Collects rendered blocks into one text, a blank line between them.
#[derive(Debug, Default)]
pub(super) struct Builder {
    text: String,
    blocks: Vec<Block>,
}

impl Builder {
    /// Adds a block. White space runs become one space, blocks without a visible character are dropped.
    pub(super) fn push(&mut self, kind: BlockKind, words: &str) {
        let before = self.text.len();
        if before > 0 {
            self.text.push_str("\n\n");
        }
        let start = self.text.len();
        for word in words.split_whitespace() {
            if self.text.len() > start {
                self.text.push(' ');
            }
            self.text.push_str(word);
        }
        let span = Span::new(start, self.text.len());
        if span.trim(&self.text).is_empty() {
            self.text.truncate(before);
        } else {
            self.blocks.push(Block { span: span.trim(&self.text), kind });
        }
    }

    /// The text, ending in a line end, and its blocks.
    pub(super) fn finish(mut self) -> (String, Vec<Block>) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        (self.text, self.blocks)
    }
}
