//! Words of an article as a reply holds them: pieces of its text with what is marked in them, and where they stand.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::text_fragment;
use crate::article::{Article, Metadata, Published, Span};
use crate::library::{ArticleId, Library};

/// Words of one article with their source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Quoted {
    /// The pieces quoted, in reading order; more than one when something between them is left out.
    pub pieces: Vec<Piece>,
    /// Who says it, where the quotation is someone's speech: the name, or the article's own words for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// Where it stands.
    pub source: Source,
}

/// A stretch of an article, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// Where it stands, in **bytes** of the article's text.
    pub span: Span,
    /// The words.
    pub text: String,
    /// What is marked in it, in bytes of the article's text, inside `span` and in order; behind a mark may follow one that lies in it:
    /// the words of the sentence that matter most.
    pub marked: Vec<Span>,
}

/// Where a quotation comes from, as a reader wants it told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The article's number in the library; for the check, not for people. It is not written: whoever reads a reply back must
    /// set it ([`Reply::quotations_mut`](super::Reply::quotations_mut)), or no check passes.
    #[serde(skip, default = "nowhere")]
    pub id: ArticleId,
    /// The article's key.
    pub article: String,
    /// Its title.
    pub title: String,
    /// Its outlet.
    pub outlet: Option<String>,
    /// Its author.
    pub author: Option<String>,
    /// When it was published.
    pub published: Option<Published>,
    /// The version that is quoted, counted from 1, where that is not the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<i64>,
    /// The paragraph, counted from 1, where the quotation lies in a single one.
    pub paragraph: Option<usize>,
    /// Where it can be read, opening at the quoted words in browsers that know text fragments.
    pub url: Option<String>,
}

/// The number of no article.
fn nowhere() -> ArticleId {
    ArticleId(u32::MAX)
}

impl Piece {
    /// The words of `article` at `span`, with `marked` cut to it.
    #[must_use]
    pub fn new(article: &Article, span: Span, marked: &[Span]) -> Self {
        let marked = marked
            .iter()
            .filter(|mark| mark.overlaps(span))
            .map(|mark| Span { start: mark.start.max(span.start), end: mark.end.min(span.end) })
            .collect();
        Self { span, text: article.slice(span).to_owned(), marked }
    }

    /// The words in turn, each stretch with how it is marked.
    pub fn stretches(&self) -> impl Iterator<Item = Stretch<'_>> {
        let base = self.span.start as usize;
        let inside = |offset: u32| (offset as usize).saturating_sub(base);
        let mut stretches: Vec<(Range<usize>, bool, Option<Range<usize>>)> = Vec::new();
        let mut end = 0;
        for mark in &self.marked {
            let mark = inside(mark.start)..inside(mark.end);
            match stretches.last_mut() {
                Some((outer, true, inner)) if mark.start < outer.end => {
                    *inner = Some(mark.start - outer.start..mark.end.min(outer.end) - outer.start);
                }
                _ => {
                    stretches.push((end..mark.start, false, None));
                    end = mark.end;
                    stretches.push((mark, true, None));
                }
            }
        }
        stretches.push((end..self.text.len(), false, None));
        let stretches = stretches.into_iter().filter(|(range, ..)| !range.is_empty());
        stretches.filter_map(|(range, marked, inner)| Some(Stretch { words: self.text.get(range)?, marked, inner }))
    }
}

/// A part of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch<'p> {
    /// Its words.
    pub words: &'p str,
    /// Whether they are marked.
    pub marked: bool,
    /// Which bytes of them are marked a second time, being what matters most.
    pub inner: Option<Range<usize>>,
}

impl Stretch<'_> {
    /// Some bytes of the words: what stands before the inner mark, in it, and behind it; all in the first part where it has none, or
    /// where it doesn't lie between these bytes as a whole.
    #[must_use]
    pub fn around_inner(&self, bytes: Range<usize>) -> [&str; 3] {
        let inner = self.inner.clone().filter(|inner| bytes.start <= inner.start && inner.end <= bytes.end);
        let (start, end) = inner.map_or((bytes.end, bytes.end), |inner| (inner.start, inner.end));
        [bytes.start..start, start..end, end..bytes.end].map(|range| self.words.get(range).unwrap_or_default())
    }
}

impl Source {
    /// The source of the words at `span` of an article.
    #[must_use]
    pub fn new(id: ArticleId, article: &Article, span: Span) -> Self {
        let author = article.meta().writer().map(str::to_owned);
        let Metadata { title, outlet, url, published, .. } = article.meta().clone();
        let paragraph = article
            .paragraph_at(span)
            .filter(|&index| article.paragraphs()[index].span.contains(span))
            .map(|index| index + 1);
        Self {
            id,
            article: article.key().to_owned(),
            title,
            outlet,
            author,
            published,
            earlier: None,
            paragraph,
            url: url.map(|url| text_fragment(&url, article.slice(span))),
        }
    }
}

impl Source {
    /// The source of words of an earlier version where `id` is one's: it says so, and its link opens the page at no words, which
    /// may not stand there any more.
    #[must_use]
    pub fn of_version(self, library: &Library) -> Self {
        if !self.id.is_earlier() {
            return self;
        }
        let url = library.get(self.id).and_then(|article| article.meta().url.clone());
        Self { earlier: library.mark(self.id).map(|mark| mark.version), url, ..self }
    }

    /// `earlier version 2`, where it is of one.
    #[must_use]
    pub fn earlier_version(&self) -> Option<String> {
        self.earlier.map(|version| format!("earlier version {version}"))
    }

    /// What it says of itself, in the order in which it is told: title, outlet, author, day, version, paragraph.
    pub fn parts(&self) -> impl Iterator<Item = String> {
        let parts = [
            Some(self.title.clone()),
            self.outlet.clone(),
            self.author.clone(),
            self.published.map(|published| published.to_string()),
            self.earlier_version(),
            self.paragraph.map(|number| format!("paragraph {number}")),
        ];
        parts.into_iter().flatten().filter(|part| !part.is_empty())
    }
}

impl Quoted {
    /// One stretch of an article with the marked parts of it.
    #[must_use]
    pub fn passage(library: &Library, id: ArticleId, span: Span, marked: &[Span]) -> Self {
        let article = library.article(id);
        // The link opens at what answers, not at the head of a long paragraph.
        let target = marked.first().copied().unwrap_or(span);
        let mut source = Source::new(id, article, span);
        source.url = Source::new(id, article, target).url;
        let source = source.of_version(library);
        Self { pieces: vec![Piece::new(article, span, marked)], speaker: None, source }
    }

    /// Several stretches of one article, in reading order.
    #[must_use]
    pub fn stretches(library: &Library, id: ArticleId, spans: &[Span]) -> Option<Self> {
        let article = library.article(id);
        let whole = spans.iter().copied().reduce(Span::join)?;
        let mut source = Source::new(id, article, whole);
        source.url.clone_from(&article.meta().url);
        Some(Self { pieces: spans.iter().map(|&span| Piece::new(article, span, &[])).collect(), speaker: None, source })
    }

    /// The same quotation with the paragraphs around it, for a reader who wants the context.
    #[must_use]
    pub fn with_context(&self, library: &Library) -> Option<Self> {
        let article = library.get(self.source.id)?;
        let first = self.pieces.first()?;
        let all_marked = || self.pieces.iter().flat_map(|piece| &piece.marked);
        let at = article.paragraph_at(first.span)?;
        let around = at.saturating_sub(1)..(at + 2).min(article.paragraphs().len());
        let pieces = article.paragraphs()[around]
            .iter()
            .map(|paragraph| {
                let inside = |mark: &&Span| paragraph.span.overlaps(**mark);
                let marked: Vec<Span> = all_marked().filter(inside).copied().collect();
                Piece::new(article, paragraph.span, &marked)
            })
            .collect();
        // Not all that stands around somebody's words is theirs.
        Some(Self { pieces, speaker: None, source: self.source.clone() })
    }
}
