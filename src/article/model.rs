//! The [`Article`]: verbatim text and the spans that give it a shape.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{MAX_TEXT_BYTES, Published, Span, sentences};

/// What a stretch of text is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The article's title, where it stands in the text.
    Title,
    /// A heading: labels what follows, is never an answer.
    Heading,
    /// A paragraph of the article.
    Paragraph,
    /// An item of a list.
    ListItem,
    /// A paragraph set off as a quotation by the page or file.
    BlockQuote,
    /// Page furniture ("Must read", "Follow us"): kept in the text, never quoted.
    Furniture,
}

impl BlockKind {
    /// Whether text of this kind may be quoted as the article's words.
    #[must_use]
    pub fn is_quotable(self) -> bool {
        matches!(self, Self::Paragraph | Self::ListItem | Self::BlockQuote)
    }
}

/// A stretch of an article's text and what it is. Blocks follow one another and never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Block {
    /// Where it stands, without surrounding white space.
    pub span: Span,
    /// What it is.
    pub kind: BlockKind,
}

/// A quotable block: what the matcher finds and a reply quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// Where it stands.
    pub span: Span,
    /// Paragraph, list item or block quote.
    pub kind: BlockKind,
    /// The heading it stands under, if any.
    pub section: Option<Span>,
    /// Its sentences, as a range of indices into [`Article::sentences`].
    pub sentences: std::ops::Range<usize>,
}

/// Who wrote an article, where and when. What the source does not say is `None`, never a guess.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// The title, as the source has it; empty only when the article has no words at all.
    pub title: String,
    /// The author or authors, as the source writes them.
    pub author: Option<String>,
    /// The outlet (site, newspaper, agency).
    pub outlet: Option<String>,
    /// Where the article can be read.
    pub url: Option<String>,
    /// When it was published.
    pub published: Option<Published>,
    /// ISO 639-1 code of its language.
    pub language: Option<String>,
}

impl Metadata {
    /// The author, unless that is only the outlet once more: "Harbour Courier · Harbour Courier".
    #[must_use]
    pub fn writer(&self) -> Option<&str> {
        let author = self.author.as_deref()?;
        let outlet = self.outlet.as_deref().unwrap_or_default();
        (author.to_lowercase() != outlet.to_lowercase()).then_some(author)
    }
}

/// What a reader makes of a file: text, its blocks and metadata, not yet checked.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The text that everything is a span of.
    pub text: String,
    /// Blocks in reading order.
    pub blocks: Vec<Block>,
    /// What the source says about the article.
    pub meta: Metadata,
}

/// A draft whose spans do not fit its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// A block lies outside the text, cuts a character, or overlaps the one before it.
    #[error("block {index} ({start}..{end}) does not fit the text")]
    Misplaced {
        /// Index of the block.
        index: usize,
        /// Its first byte.
        start: u32,
        /// One past its last byte.
        end: u32,
    },
    /// A sentence lies outside the paragraphs, cuts a character, is empty, or overlaps the one before it.
    #[error("sentence {index} ({start}..{end}) does not fit the paragraphs")]
    Sentence {
        /// Index of the sentence.
        index: usize,
        /// Its first byte.
        start: u32,
        /// One past its last byte.
        end: u32,
    },
    /// The text is longer than [`MAX_TEXT_BYTES`].
    #[error("the text has {0} bytes; at most {MAX_TEXT_BYTES} are kept")]
    TooLong(usize),
}

/// An article: its text exactly as read, and spans into it.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// let article = read_text("bridge", "Bridge reopens\n\nThe bridge reopened on Monday. Traffic was light.\n", Format::Text)?;
/// assert_eq!(article.meta().title, "Bridge reopens");
/// let paragraph = &article.paragraphs()[0];
/// assert_eq!(article.sentences_of(paragraph).len(), 2);
/// assert_eq!(article.slice(article.sentences_of(paragraph)[1]), "Traffic was light.");
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    key: String,
    meta: Metadata,
    text: Arc<str>,
    blocks: Vec<Block>,
    paragraphs: Vec<Paragraph>,
    sentences: Vec<Span>,
}

impl Article {
    /// Checks a draft and splits its paragraphs into sentences. Labels that are too long are cut ([`Metadata::bounded`]).
    ///
    /// # Errors
    /// [`SpanError`] when the draft's spans do not fit its text: a defect of the reader, not of the file.
    pub fn from_draft(key: impl Into<String>, draft: Draft) -> Result<Self, SpanError> {
        let draft = Draft { meta: draft.meta.bounded(), ..draft };
        Self::assemble(key.into(), draft, |text, paragraph, language, _| {
            Ok(sentences::split(text, paragraph, language))
        })
    }

    /// Puts an article together again from what was kept of it: its sentences are taken as given, not split anew, so that
    /// an article that was stored under older rules comes back exactly as it was.
    ///
    /// # Errors
    /// [`SpanError`] when the spans do not fit the text, or the sentences the paragraphs.
    pub fn from_parts(key: impl Into<String>, draft: Draft, sentences: &[Span]) -> Result<Self, SpanError> {
        let misplaced = |index: usize, span: Span| SpanError::Sentence { index, start: span.start, end: span.end };
        let article = Self::assemble(key.into(), draft, |text, paragraph, _, first| {
            let rest = sentences.get(first..).unwrap_or_default();
            let own = rest.get(..rest.partition_point(|s| s.start < paragraph.end)).unwrap_or_default();
            let mut past = paragraph.start;
            for (index, &span) in own.iter().enumerate() {
                let fits = span.start >= past && span.end <= paragraph.end && !span.is_empty();
                if !fits || text.get(span.range()).is_none() {
                    return Err(misplaced(first + index, span));
                }
                past = span.end;
            }
            Ok(own.to_vec())
        })?;
        match sentences.get(article.sentences.len()) {
            Some(&left) => Err(misplaced(article.sentences.len(), left)),
            None => Ok(article),
        }
    }

    /// Checks the blocks; `sentences_of` gives a paragraph's sentences from the text, the paragraph, the language and the
    /// number of sentences before it.
    fn assemble(
        key: String,
        draft: Draft,
        sentences_of: impl Fn(&str, Span, &str, usize) -> Result<Vec<Span>, SpanError>,
    ) -> Result<Self, SpanError> {
        let Draft { text, blocks, meta } = draft;
        if text.len() > MAX_TEXT_BYTES {
            return Err(SpanError::TooLong(text.len()));
        }
        let language = meta.language.as_deref().unwrap_or("en");
        let mut past = 0;
        let mut section = None;
        let (mut paragraphs, mut all) = (Vec::new(), Vec::new());
        for (index, &Block { span, kind }) in blocks.iter().enumerate() {
            if span.start < past || text.get(span.range()).is_none() {
                return Err(SpanError::Misplaced { index, start: span.start, end: span.end });
            }
            past = span.end;
            if kind == BlockKind::Heading {
                section = Some(span);
            } else if kind.is_quotable() && !span.is_empty() {
                let first = all.len();
                all.extend(sentences_of(&text, span, language, first)?);
                paragraphs.push(Paragraph { span, kind, section, sentences: first..all.len() });
            }
        }
        Ok(Self { key, meta, text: text.into(), blocks, paragraphs, sentences: all })
    }

    /// A short name, unique in a library: the file's stem, with a suffix where several share it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Gives the article another key; for a library that already holds this one.
    pub fn rename(&mut self, key: String) {
        self.key = key;
    }

    /// Says where the article can be read; for whoever fetched it and knows better than the page.
    pub fn set_url(&mut self, url: Option<String>) {
        self.meta.url = url;
    }

    /// Takes what another source says about the article (the feed that it is in) where this one says nothing.
    pub fn fill_meta(&mut self, other: Metadata) {
        let Metadata { title, author, outlet, url, published, language } = other.bounded();
        let own = &mut self.meta;
        if own.title.trim().is_empty() {
            own.title = title;
        }
        own.author = own.author.take().or(author);
        own.outlet = own.outlet.take().or(outlet);
        own.url = own.url.take().or(url);
        own.published = own.published.or(published);
        own.language = own.language.take().or(language);
    }

    /// What the source says about the article.
    #[must_use]
    pub fn meta(&self) -> &Metadata {
        &self.meta
    }

    /// The text, exactly as read (for pages and mark-up: as extracted once, and never changed).
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The words that `span` names; empty when it names none.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        span.of(&self.text)
    }

    /// Everything the text is made of, in reading order.
    #[must_use]
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// The quotable paragraphs, in reading order. A reader calls the first one "paragraph 1".
    #[must_use]
    pub fn paragraphs(&self) -> &[Paragraph] {
        &self.paragraphs
    }

    /// The sentences of all paragraphs, in reading order.
    #[must_use]
    pub fn sentences(&self) -> &[Span] {
        &self.sentences
    }

    /// The sentences of one of this article's paragraphs.
    #[must_use]
    pub fn sentences_of(&self, paragraph: &Paragraph) -> &[Span] {
        self.sentences.get(paragraph.sentences.clone()).unwrap_or_default()
    }

    /// The index of the paragraph in which `span` begins.
    #[must_use]
    pub fn paragraph_at(&self, span: Span) -> Option<usize> {
        let after = self.paragraphs.partition_point(|p| p.span.start <= span.start);
        let index = after.checked_sub(1)?;
        (span.start < self.paragraphs[index].span.end).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};

    fn draft_of(article: &Article) -> Draft {
        Draft { text: article.text().to_owned(), blocks: article.blocks().to_vec(), meta: article.meta().clone() }
    }

    fn article() -> Article {
        let text =
            "Pier reopens\n\nThe pier reopened. It was “worth it”.\n\nCosts\n\nNobody would say. A figure is due.\n";
        read_text("pier", text, Format::Text).unwrap()
    }

    #[test]
    fn an_article_put_together_from_its_parts_is_the_same_article() {
        let article = article();
        assert_eq!(article.sentences().len(), 4);
        let again = Article::from_parts("pier", draft_of(&article), article.sentences()).unwrap();
        assert_eq!(again, article);
    }

    #[test]
    fn kept_sentences_are_not_split_anew() {
        let article = article();
        let whole: Vec<Span> = article.paragraphs().iter().map(|p| p.span).collect();
        let again = Article::from_parts("pier", draft_of(&article), &whole).unwrap();
        assert_eq!(again.sentences(), whole);
        assert_eq!(again.sentences_of(&again.paragraphs()[1]), &whole[1..]);
    }

    #[test]
    fn sentences_that_fit_no_paragraph_are_refused() {
        let article = article();
        let good = article.sentences();
        let outside = Span::new(0, 4);
        let across = Span::new(good[1].start as usize, good[2].end as usize);
        let mark = article.text().find('“').unwrap();
        let cut = Span::new(mark + 1, good[1].end as usize);
        let empty = Span::new(good[0].start as usize, good[0].start as usize);
        for (bad, index) in [
            (vec![outside, good[0], good[1], good[2], good[3]], 0),
            (vec![good[0], across, good[3]], 1),
            (vec![good[0], cut, good[2], good[3]], 1),
            (vec![empty, good[1]], 0),
            (vec![good[1], good[0]], 1),
            (vec![good[0], good[1], good[2], good[3], Span::new(200, 210)], 4),
        ] {
            let refused = Article::from_parts("pier", draft_of(&article), &bad);
            assert!(
                matches!(refused, Err(SpanError::Sentence { index: at, .. }) if at == index),
                "{bad:?}: {refused:?}"
            );
        }
    }
}
