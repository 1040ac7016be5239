//! The extracted part of a page as text and blocks.

use std::sync::LazyLock;

use regex::Regex;
use trafilatura::dom::Document;

use crate::article::read::builder::{Builder, kind_within};
use crate::article::read::text::credits::take as is_credits;
use crate::article::read::text::furniture::{Place, is_furniture};
use crate::article::{Block, BlockKind, Metadata};

/// So many blocks from the top may be credits, and so many at the bottom about the writer.
const TOP_BLOCKS: usize = 5;
const BOTTOM_BLOCKS: usize = 4;

/// "Jane Doe is a reporter for the Harbour Times."
static ABOUT_WRITER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\p{Lu}[\p{L}.'’-]*\s){2,4}is\s(?:an?|the)\s[^.]{0,80}\b(?:reporter|writer|correspondent|editor|columnist|contributor|journalist|author)\b").expect("a valid pattern")
});

/// The text and blocks of extracted mark-up. A first block that only repeats the title is the title.
pub(super) fn of(html: &str, title: &str) -> (String, Vec<Block>) {
    let document = Document::parse(html);
    let mut page = Page::default();
    // A stack of our own: the depth of a page is not ours to choose.
    let mut stack = vec![(document.root(), false)];
    while let Some((node, leaving)) = stack.pop() {
        if document.is_text(node) {
            page.words.push_str(&document.text_content(node));
            continue;
        }
        let tag = document.tag_name(node);
        if leaving {
            page.leave(tag);
            continue;
        }
        if matches!(tag, "script" | "style" | "head" | "noscript" | "template" | "figcaption") {
            continue;
        }
        page.enter(tag);
        stack.push((node, true));
        stack.extend(document.child_nodes(node).into_iter().rev().map(|child| (child, false)));
    }
    page.flush();
    let (text, mut blocks) = page.builder.finish();
    drop_credits(&text, &mut blocks);
    if let Some(first) = blocks.first_mut()
        && !title.is_empty()
        && first.span.of(&text).trim() == title.trim()
    {
        first.kind = BlockKind::Title;
    }
    (text, blocks)
}

/// A date line or byline above the text, and lines about the writer below it, are no part of the article.
fn drop_credits(text: &str, blocks: &mut [Block]) {
    let mut ignored = Metadata::default();
    for block in blocks.iter_mut().take(TOP_BLOCKS) {
        if block.kind == BlockKind::Paragraph && is_credits(block.span.of(text), &mut ignored) {
            block.kind = BlockKind::Furniture;
        }
    }
    for block in blocks.iter_mut().rev().take(BOTTOM_BLOCKS) {
        let words = block.span.of(text);
        if block.kind == BlockKind::Paragraph && (is_furniture(words, Place::NearEnd) || ABOUT_WRITER.is_match(words)) {
            block.kind = BlockKind::Furniture;
        } else if block.kind.is_quotable() {
            break;
        }
    }
}

#[derive(Debug, Default)]
struct Page {
    builder: Builder,
    words: String,
    headings: usize,
    items: usize,
    quotes: usize,
    breaks: usize,
}

impl Page {
    fn enter(&mut self, tag: &str) {
        if is_block(tag) {
            self.flush();
        }
        match tag {
            "br" => {
                self.breaks += 1;
                self.words.push(' ');
                // One break parts lines, two part paragraphs.
                if self.breaks > 1 {
                    self.flush();
                }
            }
            "td" | "th" => self.words.push(' '),
            _ => {}
        }
        if let Some(count) = self.count(tag) {
            *count += 1;
        }
    }

    fn leave(&mut self, tag: &str) {
        if is_block(tag) {
            self.flush();
        }
        if let Some(count) = self.count(tag) {
            *count = count.saturating_sub(1);
        }
    }

    fn count(&mut self, tag: &str) -> Option<&mut usize> {
        match tag {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Some(&mut self.headings),
            "li" | "dd" | "dt" => Some(&mut self.items),
            "blockquote" => Some(&mut self.quotes),
            _ => None,
        }
    }

    fn flush(&mut self) {
        self.breaks = 0;
        let words = std::mem::take(&mut self.words);
        let (heading, quote, item) = (self.headings > 0, self.quotes > 0, self.items > 0);
        self.builder.push(kind_within(heading, quote, item, &words), &words);
    }
}

pub(super) fn is_block(tag: &str) -> bool {
    const BLOCKS: [&str; 32] = [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tr",
        "ul",
    ];
    BLOCKS.contains(&tag)
}
