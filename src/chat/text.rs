//! A reply as text: for a terminal, a pipe, or the plain body of a chat message.

use std::fmt::Write;

use crate::quotes::DiffPart;
use crate::reply::{Block, Checked, Piece, Quoted, Source};

/// How replies look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    /// Bold, dim and colours by ANSI codes; without them what is marked stands between `**`.
    pub color: bool,
    /// Lines are wrapped at this many columns; `None` leaves the text's own lines.
    pub width: Option<usize>,
    /// Whether pages are turned by other means than commands; then which page it is is left to those.
    pub silent_pages: bool,
}

const BOLD: &str = "\x1b[1m";
const UNDERLINE: &str = "\x1b[4m";
const DIM: &str = "\x1b[2m";
const RED: &str = "\x1b[31m";
const GREEN: &str = "\x1b[32m";
const RESET: &str = "\x1b[0m";

/// The reply with its first page.
#[must_use]
pub fn render(reply: &Checked, style: Style) -> String {
    render_with_page(reply, 0, style)
}

/// What is said before the pages, and one of them.
#[must_use]
pub fn render_with_page(reply: &Checked, page: usize, style: Style) -> String {
    let mut painter = Painter { out: String::new(), style };
    painter.blocks(&reply.blocks);
    if let Some(blocks) = reply.pages.get(page) {
        if !reply.blocks.is_empty() {
            painter.out.push('\n');
        }
        painter.page(blocks, page, reply.pages.len());
    }
    painter.finish()
}

/// The reply for a one-shot command, where nobody can turn pages: the best of alternatives, or the whole of a list.
#[must_use]
pub fn render_whole(reply: &Checked, style: Style) -> String {
    let mut painter = Painter { out: String::new(), style };
    painter.blocks(&reply.blocks);
    let shown = if reply.alternatives { reply.pages.len().min(1) } else { reply.pages.len() };
    for (place, page) in reply.pages.iter().take(shown).enumerate() {
        let same_list = place > 0 && page.iter().all(|block| matches!(block, Block::Item { .. }));
        if !same_list && (place > 0 || !reply.blocks.is_empty()) {
            painter.out.push('\n');
        }
        painter.blocks(page);
    }
    painter.finish()
}

/// Another page of the reply, without what comes before the pages. Empty when there is no such page.
#[must_use]
pub fn render_page(reply: &Checked, page: usize, style: Style) -> String {
    let mut painter = Painter { out: String::new(), style };
    if let Some(blocks) = reply.pages.get(page) {
        painter.page(blocks, page, reply.pages.len());
    }
    painter.finish()
}

/// A surface's own words (a greeting, a hint), wrapped like a reply.
#[must_use]
pub fn in_own_words(words: &str, style: Style) -> String {
    let mut painter = Painter { out: String::new(), style };
    painter.line("", &clean(words));
    painter.finish()
}

struct Painter {
    out: String,
    style: Style,
}

impl Painter {
    fn page(&mut self, blocks: &[Block], page: usize, pages: usize) {
        self.blocks(blocks);
        if pages > 1 && !self.style.silent_pages {
            let ways = match page {
                0 => "/next",
                last if last + 1 == pages => "/previous",
                _ => "/next, /previous",
            };
            self.line("", &self.dim(&format!("{} of {pages} · {ways}", page + 1)));
        }
    }

    fn blocks(&mut self, blocks: &[Block]) {
        let names = blocks.iter().filter_map(|block| match block {
            Block::Item { name, .. } => Some(textwrap::core::display_width(name)),
            _ => None,
        });
        // Names in one column, unless one is so long that the rest would stand too far to the right.
        let column = names.filter(|width| *width <= 24).max().unwrap_or(0);
        for (place, block) in blocks.iter().enumerate() {
            let after_quote = place > 0 && matches!(blocks[place - 1], Block::Quote(_));
            if after_quote {
                self.out.push('\n');
            }
            match block {
                Block::Heading(words) => self.line("", &self.bold(&clean(words))),
                Block::Text(words) => self.line("", &clean(words)),
                Block::Quote(quoted) => self.quote(quoted),
                Block::Difference(parts) => self.difference(parts),
                Block::Item { name, about } => self.item(name, about, column),
            }
        }
    }

    fn quote(&mut self, quoted: &Quoted) {
        if let Some(speaker) = &quoted.speaker {
            self.line("", &format!("{}:", self.bold(&clean(speaker))));
        }
        for (place, piece) in quoted.pieces.iter().enumerate() {
            if place > 0 {
                self.bar("");
            }
            let words = self.marked(piece);
            self.bar(&words);
        }
        self.line("", &self.dim(&clean(&attribution(&quoted.source))));
        if let Some(url) = &quoted.source.url {
            // On a line of its own and never wrapped, so that terminals and people can take it whole.
            let link = self.dim(&clean(url));
            self.out.push_str(&link);
            self.out.push('\n');
        }
    }

    /// The words of a piece, what is marked in it set off. Word by word, so that a wrapped line never carries the bold
    /// into the margin.
    fn marked(&self, piece: &Piece) -> String {
        let mut words = String::new();
        for stretch in piece.stretches() {
            let parts = stretch.around_inner(0..stretch.words.len()).map(clean);
            match (stretch.marked, self.style.color) {
                (false, _) => words.extend(parts),
                (true, false) => {
                    let [before, inner, behind] = parts;
                    let inner = if inner.is_empty() { inner } else { format!("__{inner}__") };
                    let _ = write!(words, "**{before}{inner}{behind}**");
                }
                (true, true) => {
                    for (part, style) in parts.iter().zip(["", UNDERLINE, ""]) {
                        for word in part.split_inclusive([' ', '\n']) {
                            let bare = word.trim_end_matches([' ', '\n']);
                            let _ = write!(words, "{BOLD}{style}{bare}{RESET}{}", &word[bare.len()..]);
                        }
                    }
                }
            }
        }
        words
    }

    fn difference(&mut self, parts: &[DiffPart]) {
        let words: Vec<String> = parts
            .iter()
            .map(|part| match (part, self.style.color) {
                (DiffPart::Same(words), _) => clean(words),
                (DiffPart::Missing(words), true) => format!("{RED}−{}{RESET}", clean(words)),
                (DiffPart::Added(words), true) => format!("{GREEN}+{}{RESET}", clean(words)),
                (DiffPart::Missing(words), false) => format!("[-{}-]", clean(words)),
                (DiffPart::Added(words), false) => format!("{{+{}+}}", clean(words)),
            })
            .collect();
        self.line("  ", &words.join(" "));
        self.line("  ", &self.dim("− only in the article · + only in the words that were checked"));
    }

    fn item(&mut self, name: &str, about: &str, column: usize) {
        let name = clean(name);
        if about.is_empty() {
            return self.line("", &self.bold(&name));
        }
        let width = textwrap::core::display_width(&name);
        if width > column {
            self.line("", &self.bold(&name));
            return self.line("    ", &clean(about));
        }
        let gap = " ".repeat(column - width + 2);
        self.wrapped("", &" ".repeat(column + 2), &format!("{}{gap}{}", self.bold(&name), clean(about)));
    }

    /// A line behind the bar that marks a quotation.
    fn bar(&mut self, words: &str) {
        let bar = if self.style.color { self.dim("│ ") } else { "> ".to_owned() };
        self.wrapped(&bar, &bar, words);
    }

    fn line(&mut self, indent: &str, words: &str) {
        self.wrapped(indent, indent, words);
    }

    fn wrapped(&mut self, first: &str, then: &str, words: &str) {
        for (place, line) in words.lines().chain(words.is_empty().then_some("")).enumerate() {
            let first = if place == 0 { first } else { then };
            match self.style.width {
                Some(width) => {
                    let options = textwrap::Options::new(width).initial_indent(first).subsequent_indent(then);
                    for line in textwrap::wrap(line, options) {
                        self.out.push_str(line.trim_end());
                        self.out.push('\n');
                    }
                }
                None => {
                    self.out.push_str(format!("{first}{line}").trim_end());
                    self.out.push('\n');
                }
            }
        }
    }

    fn bold(&self, words: &str) -> String {
        if self.style.color { format!("{BOLD}{words}{RESET}") } else { words.to_owned() }
    }

    fn dim(&self, words: &str) -> String {
        if self.style.color { format!("{DIM}{words}{RESET}") } else { words.to_owned() }
    }

    fn finish(mut self) -> String {
        self.out.truncate(self.out.trim_end().len());
        self.out
    }
}

/// `Title · Outlet · Author · 4 July 2026 · paragraph 6`, as far as the source says.
fn attribution(source: &Source) -> String {
    source.parts().collect::<Vec<_>>().join(" · ")
}

/// Text without what a terminal would obey: control characters (escape sequences begin with one) and the marks that turn
/// the direction of writing become visible replacements. Line ends stay.
pub(crate) fn clean(text: &str) -> String {
    let obeyed = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.replace("\r\n", "\n").replace(obeyed, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::Library;
    use crate::reply::{Outcome, Reply};

    fn answer(text: &str) -> Checked {
        let mut library = Library::default();
        let id = library.add(read_text("a", text, Format::Text).unwrap());
        let article = library.article(id).clone();
        let pages = article.paragraphs().iter().map(|paragraph| {
            let mark = article.sentences_of(paragraph)[0];
            vec![Block::Quote(Quoted::passage(&library, id, paragraph.span, &[mark]))]
        });
        Reply { pages: pages.collect(), ..Reply::new(Outcome::Answered) }.check(&library).unwrap()
    }

    #[test]
    fn a_plain_answer_marks_the_sentence_and_tells_the_source() {
        let reply = answer("Wall falls\n\nThe wall fell on Monday. Nobody was hurt.\n\nRepairs start in May.\n");
        assert_eq!(
            render(&reply, Style::default()),
            "> **The wall fell on Monday.** Nobody was hurt.\nWall falls · paragraph 1\n1 of 2 · /next"
        );
        assert_eq!(
            render_page(&reply, 1, Style::default()),
            "> **Repairs start in May.**\nWall falls · paragraph 2\n2 of 2 · /previous"
        );
    }

    #[test]
    fn the_words_that_answer_are_underlined_within_the_sentence() {
        let text = "Wall falls\n\nThe wall fell on Monday. Nobody was hurt.\n";
        let mut library = Library::default();
        let id = library.add(read_text("a", text, Format::Text).unwrap());
        let article = library.article(id);
        let start = text.find("Monday").unwrap();
        let (paragraph, word) = (article.paragraphs()[0].clone(), crate::article::Span::new(start, start + 6));
        let quoted = Quoted::passage(&library, id, paragraph.span, &[article.sentences_of(&paragraph)[0], word]);
        let reply = Reply::new(Outcome::Answered).with(Block::Quote(quoted)).check(&library).unwrap();
        let plain = render(&reply, Style::default());
        assert!(plain.starts_with("> **The wall fell on __Monday__.** Nobody was hurt.\n"), "{plain}");
        let colored = render(&reply, Style { color: true, ..Style::default() });
        let words = format!("{BOLD}on{RESET} {BOLD}{UNDERLINE}Monday{RESET}{BOLD}.{RESET} Nobody");
        assert!(colored.contains(&words), "{colored:?}");
    }

    #[test]
    fn a_wrapped_line_keeps_its_bar() {
        let reply = answer("Wall falls\n\nThe wall fell on Monday and took the old quay with it.\n");
        let shown = render(&reply, Style { width: Some(24), ..Style::default() });
        assert!(shown.lines().take(3).all(|line| line.starts_with("> ") && line.len() <= 24), "{shown}");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_passes() {
        let reply = answer("Wall falls\n\nThe wall \u{1b}[2Jfell \u{202e}on Monday.\n");
        let shown = render(&reply, Style { color: true, width: Some(80), ..Style::default() });
        assert!(!shown.contains("\u{1b}[2J") && !shown.contains('\u{202e}'), "{shown:?}");
    }
}
