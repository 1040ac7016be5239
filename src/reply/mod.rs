//! The answer, as data: what every surface renders in its own way.
//!
//! A [`Reply`] holds article words only as [`Quoted`], and no surface can render one that was not checked: renderers take a
//! [`Checked`] reply, and the only way to get one is [`Reply::check`], which compares every quoted word with the stored text.

mod cut;
mod link;
mod quoted;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::{Article, Span};
use crate::library::{ArticleId, Library};
use crate::quotes::DiffPart;

pub use link::text_fragment;
pub use quoted::{Piece, Quoted, Source, Stretch};

/// How a question ended; one-shot commands turn it into their exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The articles answer.
    Answered,
    /// The articles don't say.
    NotInArticles,
    /// Nothing was asked of the articles (help, a list).
    Told,
    /// The request could not be understood or carried out; the reply says why.
    Refused,
}

/// An answer, platform-neutral.
///
/// `blocks` are always shown; of `pages`, one at a time, the first one first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// How it ended.
    pub outcome: Outcome,
    /// The chance that the first page answers, 0 to 1, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<f32>,
    /// What is said before the pages.
    pub blocks: Vec<Block>,
    /// What is shown one at a time, the first one first.
    pub pages: Vec<Vec<Block>>,
    /// Whether each page is an answer of its own, best first; otherwise the pages are one list, cut into parts.
    pub alternatives: bool,
}

/// A piece of a reply. All strings but those of a quotation are Byline's or the asker's words; surfaces escape them all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// A line that names what follows.
    Heading(String),
    /// A paragraph in Byline's own words (never about the news itself).
    Text(String),
    /// The words of an article.
    Quote(Quoted),
    /// A word-by-word comparison.
    Difference(Vec<DiffPart>),
    /// An entry of a list: a name, and what it is.
    Item {
        /// The name, title or command.
        name: String,
        /// What it is.
        about: String,
    },
}

/// A quotation that does not stand in the stored article as a reply would send it: a defect, never sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a quotation from “{article}” at {start}..{end} is not what the article says there")]
pub struct Misquote {
    /// The article's key.
    pub article: String,
    /// The quotation's first byte.
    pub start: u32,
    /// One past its last byte.
    pub end: u32,
}

/// A reply whose every quoted word was found in the stored articles. Only [`Reply::check`] makes one.
///
/// It holds on to the earlier versions that it quotes, which never change: so it can be compared with them again.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Checked {
    reply: Reply,
    #[serde(skip)]
    earlier: Arc<Library>,
}

impl Checked {
    /// A reply in Byline's own words, in place of one that failed the check.
    pub(crate) fn refusal(text: &str) -> Self {
        Self { reply: Reply::text(Outcome::Refused, text), earlier: Arc::default() }
    }

    /// The earlier versions that are quoted.
    #[must_use]
    pub fn earlier(&self) -> &Arc<Library> {
        &self.earlier
    }

    /// The library that has the article or version of this number: `now`, or the one of earlier versions.
    #[must_use]
    pub fn library_of<'l>(&'l self, id: ArticleId, now: &'l Library) -> &'l Library {
        if id.is_earlier() { &self.earlier } else { now }
    }

    /// The same reply with each piece of a quotation cut to at most `most` characters; `told` stands below those that were cut.
    /// What is left is still a slice of its article.
    #[must_use]
    pub fn shortened(&self, most: usize, told: &str) -> Self {
        let shorten = |blocks: &mut Vec<Block>| {
            let mut short = Vec::with_capacity(blocks.len());
            for mut block in blocks.drain(..) {
                let mut cut_any = false;
                if let Block::Quote(quoted) = &mut block {
                    for piece in &mut quoted.pieces {
                        let (cut, was_cut) = piece.cut(most);
                        *piece = cut;
                        cut_any |= was_cut;
                    }
                }
                short.push(block);
                short.extend(cut_any.then(|| Block::Text(told.to_owned())));
            }
            *blocks = short;
        };
        let mut reply = self.reply.clone();
        shorten(&mut reply.blocks);
        reply.pages.iter_mut().for_each(shorten);
        Self { reply, earlier: Arc::clone(&self.earlier) }
    }

    /// The same reply with Byline's own words changed, such as commands as a surface writes them. Quotations, headings and
    /// comparisons stay as they were checked.
    #[must_use]
    pub fn reworded(&self, word: impl Fn(&str) -> String) -> Self {
        let mut reply = self.reply.clone();
        for block in reply.blocks.iter_mut().chain(reply.pages.iter_mut().flatten()) {
            match block {
                Block::Text(words) => *words = word(words),
                Block::Item { name, about } => (*name, *about) = (word(name), word(about)),
                Block::Heading(_) | Block::Quote(_) | Block::Difference(_) => {}
            }
        }
        Self { reply, earlier: Arc::clone(&self.earlier) }
    }
}

impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        self.reply == other.reply
    }
}

impl std::ops::Deref for Checked {
    type Target = Reply;

    fn deref(&self) -> &Reply {
        &self.reply
    }
}

impl Reply {
    /// A reply that ended so, with nothing in it yet.
    #[must_use]
    pub fn new(outcome: Outcome) -> Self {
        Self { outcome, confidence: None, blocks: Vec::new(), pages: Vec::new(), alternatives: false }
    }

    /// A reply of one paragraph in Byline's own words.
    #[must_use]
    pub fn text(outcome: Outcome, text: impl Into<String>) -> Self {
        Self::new(outcome).with(Block::Text(text.into()))
    }

    /// Adds a block.
    #[must_use]
    pub fn with(mut self, block: Block) -> Self {
        self.blocks.push(block);
        self
    }

    /// All quotations of all pages.
    pub fn quotations(&self) -> impl Iterator<Item = &Quoted> {
        self.blocks.iter().chain(self.pages.iter().flatten()).filter_map(|block| match block {
            Block::Quote(quoted) => Some(quoted),
            _ => None,
        })
    }

    /// All quotations of all pages, to set where they stand in another library.
    pub fn quotations_mut(&mut self) -> impl Iterator<Item = &mut Quoted> {
        self.blocks.iter_mut().chain(self.pages.iter_mut().flatten()).filter_map(|block| match block {
            Block::Quote(quoted) => Some(quoted),
            _ => None,
        })
    }

    /// Compares every quoted word with the stored articles, just before sending.
    ///
    /// # Errors
    /// [`Misquote`] names the first quotation that is not a byte-exact slice of quotable text of its article.
    pub fn check(self, library: &Library) -> Result<Checked, Misquote> {
        self.check_with(library, Arc::default())
    }

    /// The same for a reply that quotes earlier versions too, which `earlier` has.
    ///
    /// # Errors
    /// [`Misquote`], as [`Reply::check`].
    pub fn check_with(self, library: &Library, earlier: Arc<Library>) -> Result<Checked, Misquote> {
        let get = |id: ArticleId| if id.is_earlier() { earlier.get(id) } else { library.get(id) };
        for quoted in self.quotations() {
            for piece in &quoted.pieces {
                if !get(quoted.source.id).is_some_and(|article| stands_in(piece, article)) {
                    let Span { start, end } = piece.span;
                    return Err(Misquote { article: quoted.source.article.clone(), start, end });
                }
            }
        }
        match self.unfounded_difference(&get) {
            Some(misquote) => Err(misquote),
            None => Ok(Checked { reply: self, earlier }),
        }
    }

    /// A comparison whose words of the article do not stand, byte for byte, in an article that the reply quotes.
    fn unfounded_difference<'l>(&self, get: &impl Fn(ArticleId) -> Option<&'l Arc<Article>>) -> Option<Misquote> {
        let articles: Vec<&Article> =
            self.quotations().filter_map(|quoted| get(quoted.source.id).map(|article| &**article)).collect();
        let parts = self.blocks.iter().chain(self.pages.iter().flatten()).filter_map(|block| match block {
            Block::Difference(parts) => Some(parts),
            _ => None,
        });
        let unfounded = parts.flatten().any(|part| match part {
            DiffPart::Same(words) | DiffPart::Missing(words) => {
                !articles.iter().any(|article| article.text().contains(words.as_str()))
            }
            DiffPart::Added(_) => false,
        });
        let article = self.quotations().next().map(|quoted| quoted.source.article.clone()).unwrap_or_default();
        unfounded.then_some(Misquote { article, start: 0, end: 0 })
    }
}

/// Whether a piece is, byte for byte, what the article says at its span, and lies within one quotable paragraph (so that
/// no heading and no page furniture can be quoted).
fn stands_in(piece: &Piece, article: &Article) -> bool {
    let same = article.text().get(piece.span.range()) == Some(piece.text.as_str());
    let inside = |at: usize| article.paragraphs()[at].span.contains(piece.span);
    let quotable = !piece.span.is_empty() && article.paragraph_at(piece.span).is_some_and(inside);
    let marks_fit =
        piece.marked.iter().all(|mark| piece.span.contains(*mark) && article.text().get(mark.range()).is_some());
    let in_order = piece.marked.windows(2).all(|pair| pair[0].end <= pair[1].start || pair[0].contains(pair[1]));
    same && quotable && marks_fit && in_order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    fn library() -> (Library, ArticleId) {
        let text = "Harbour wall gives way\n\nThe wall broke on Monday. Nobody was hurt.\n\nRepairs start in May.\n";
        let mut library = Library::default();
        let id = library.add(read_text("wall", text, Format::Text).unwrap());
        (library, id)
    }

    fn passage(library: &Library, id: ArticleId) -> Quoted {
        let article = library.article(id);
        let paragraph = &article.paragraphs()[0];
        Quoted::passage(library, id, paragraph.span, &[article.sentences_of(paragraph)[1]])
    }

    #[test]
    fn a_faithful_quotation_passes_the_check() {
        let (library, id) = library();
        let reply = Reply::new(Outcome::Answered).with(Block::Quote(passage(&library, id)));
        assert!(reply.check(&library).is_ok());
    }

    #[test]
    fn a_changed_word_is_not_sent() {
        let (library, id) = library();
        let mut quoted = passage(&library, id);
        quoted.pieces[0].text = quoted.pieces[0].text.replace("Monday", "Sunday");
        let reply = Reply { pages: vec![vec![Block::Quote(quoted)]], ..Reply::new(Outcome::Answered) };
        assert_eq!(reply.check(&library).unwrap_err().article, "wall");
    }

    #[test]
    fn marked_parts_are_told_apart() {
        let (library, id) = library();
        let quoted = passage(&library, id);
        let stretches: Vec<_> = quoted.pieces[0].stretches().collect();
        let told: Vec<_> = stretches.iter().map(|stretch| (stretch.words, stretch.marked)).collect();
        assert_eq!(told, [("The wall broke on Monday. ", false), ("Nobody was hurt.", true)]);
    }

    #[test]
    fn a_mark_may_lie_in_a_mark() {
        let (library, id) = library();
        let article = library.article(id);
        let (paragraph, start) = (article.paragraphs()[0].clone(), article.text().find("Monday").unwrap());
        let (sentence, word) = (article.sentences_of(&paragraph)[0], Span::new(start, start + 6));
        let quoted = Quoted::passage(&library, id, paragraph.span, &[sentence, word]);
        let stretches: Vec<_> = quoted.pieces[0].stretches().collect();
        assert_eq!(stretches[0].around_inner(0..sentence.len()), ["The wall broke on ", "Monday", "."]);
        assert_eq!(stretches[0].around_inner(0..20), ["The wall broke on Mo", "", ""]);
        assert_eq!((stretches[1].words, stretches[1].marked), (" Nobody was hurt.", false));
        let reply = |quoted| Reply::new(Outcome::Answered).with(Block::Quote(quoted));
        assert!(reply(quoted.clone()).check(&library).is_ok());
        let mut crossing = quoted;
        crossing.pieces[0].marked[1].end += 3;
        assert!(reply(crossing).check(&library).is_err());
    }

    #[test]
    fn what_was_read_back_passes_the_check_only_when_it_is_placed_again() {
        let (library, id) = library();
        let reply = Reply::new(Outcome::Answered)
            .with(Block::Heading("Wall".to_owned()))
            .with(Block::Quote(passage(&library, id)))
            .with(Block::Difference(vec![DiffPart::Same("broke".to_owned()), DiffPart::Added("down".to_owned())]));
        let written = serde_json::to_string(&reply).unwrap();
        let mut read: Reply = serde_json::from_str(&written).unwrap();
        assert!(read.clone().check(&library).is_err());
        read.quotations_mut().for_each(|quoted| quoted.source.id = id);
        assert_eq!(read, reply);
        assert!(read.check(&library).is_ok());
    }

    #[test]
    fn context_brings_the_neighbouring_paragraphs() {
        let (library, id) = library();
        let around = passage(&library, id).with_context(&library).unwrap();
        let texts: Vec<_> = around.pieces.iter().map(|p| p.text.as_str()).collect();
        assert_eq!(texts, ["The wall broke on Monday. Nobody was hurt.", "Repairs start in May."]);
        assert!(Reply::new(Outcome::Answered).with(Block::Quote(around)).check(&library).is_ok());
    }
}
