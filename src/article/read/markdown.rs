//! Markdown, rendered to plain text once: marks, link targets, images and code are dropped, words are kept.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::builder::{Builder, kind_within};

use super::{ReadError, front_matter, nesting};
use crate::article::{BlockKind, Draft};

/// The article in a Markdown file.
pub(super) fn draft(source: &str) -> Result<Draft, ReadError> {
    let (meta, body) = front_matter::read(source)?;
    nesting::check_markdown(body)?;
    let mut page = Page::default();
    for event in
        Parser::new_ext(body, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES)
    {
        page.take(event);
    }
    page.flush();
    let (text, blocks) = page.builder.finish();
    let mut draft = Draft { text, blocks, meta };
    // A heading at the very top is the title, or repeats it.
    if let Some(first) = draft.blocks.first_mut().filter(|block| block.kind == BlockKind::Heading) {
        let heading = first.span.of(&draft.text);
        if draft.meta.title.is_empty() {
            heading.clone_into(&mut draft.meta.title);
            first.kind = BlockKind::Title;
        } else if heading.eq_ignore_ascii_case(draft.meta.title.trim()) {
            first.kind = BlockKind::Title;
        }
    }
    Ok(draft)
}

/// What has been rendered, and where in the file's structure we are.
#[derive(Debug, Default)]
struct Page {
    builder: Builder,
    words: String,
    items: usize,
    quotes: usize,
    /// Inside so many things whose text is not the article's: code, images, footnotes, raw HTML.
    dropped: usize,
    heading: bool,
}

impl Page {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(words) | Event::Code(words) if self.dropped == 0 => self.words.push_str(&words),
            Event::SoftBreak | Event::HardBreak => self.words.push(' '),
            Event::Rule => self.flush(),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::List(_) | Tag::TableHead | Tag::TableRow => self.flush(),
            Tag::Heading { .. } => {
                self.flush();
                self.heading = true;
            }
            Tag::BlockQuote(_) => {
                self.flush();
                self.quotes += 1;
            }
            Tag::Item => {
                self.flush();
                self.items += 1;
            }
            Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::FootnoteDefinition(_) => {
                self.flush();
                self.dropped += 1;
            }
            Tag::Image { .. } => self.dropped += 1,
            Tag::TableCell => self.words.push(' '),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::List(_) | TagEnd::TableHead | TagEnd::TableRow => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.heading = false;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.quotes = self.quotes.saturating_sub(1);
            }
            TagEnd::Item => {
                self.flush();
                self.items = self.items.saturating_sub(1);
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::FootnoteDefinition => {
                self.flush();
                self.dropped = self.dropped.saturating_sub(1);
            }
            TagEnd::Image => self.dropped = self.dropped.saturating_sub(1),
            _ => {}
        }
    }

    fn flush(&mut self) {
        let words = std::mem::take(&mut self.words);
        self.builder.push(kind_within(self.heading, self.quotes > 0, self.items > 0, &words), &words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use BlockKind::{BlockQuote, Heading, ListItem, Paragraph, Title};

    #[test]
    fn words_are_kept_and_marks_dropped() {
        let source = "---\nsite: Harbour Times\n---\n# Bridge *closed*\n\nThe **bridge** is shut, [the council](https://example.org) said.\n\
                      Nobody knows\nwhy.\n\n## What now\n\n- Use the `ford`\n- Wait\n\n> “We were warned,” she said.\n\n```\ncode\n```\n\n![a picture](a.png)\n\n<div>raw</div>\n";
        let draft = draft(source).unwrap();
        let blocks: Vec<_> = draft.blocks.iter().map(|block| (block.kind, block.span.of(&draft.text))).collect();
        assert_eq!(
            blocks,
            [
                (Title, "Bridge closed"),
                (Paragraph, "The bridge is shut, the council said. Nobody knows why."),
                (Heading, "What now"),
                (ListItem, "Use the ford"),
                (ListItem, "Wait"),
                (BlockQuote, "“We were warned,” she said."),
            ]
        );
        assert_eq!((draft.meta.title.as_str(), draft.meta.outlet.as_deref()), ("Bridge closed", Some("Harbour Times")));
    }

    #[test]
    fn a_title_in_front_matter_wins_and_a_section_heading_stays_one() {
        let draft = draft("---\ntitle: The bridge\n---\n# What happened\n\nIt closed.\n").unwrap();
        assert_eq!(draft.meta.title, "The bridge");
        assert_eq!(draft.blocks[0].kind, Heading);
    }
}
