//! What is indexed of an article, and how `tantivy` gets it cut into words.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use crate::article::{Article, BlockKind};
use crate::matcher::terms::Folder;

/// What an article says of itself: its title and headings.
pub(super) fn head(article: &Article) -> String {
    let mut head = article.meta().title.clone();
    for block in article.blocks().iter().filter(|block| block.kind == BlockKind::Heading) {
        head.push('\n');
        head.push_str(article.slice(block.span));
    }
    head
}

/// How many documents an article makes: its head and its paragraphs.
pub(super) fn count(article: &Article) -> usize {
    1 + article.paragraphs().len()
}

/// By how many documents each word's count changes, while articles come and go.
#[derive(Default)]
pub(super) struct Shift {
    pub(super) by_word: HashMap<String, i64>,
    folder: Folder,
    /// The words of one document, each once.
    seen: Vec<String>,
}

impl Shift {
    /// Counts an article's documents in (`by` is 1) or out (-1).
    pub(super) fn add(&mut self, article: &Article, by: i64) {
        self.document(&head(article), by);
        for paragraph in article.paragraphs() {
            self.document(article.slice(paragraph.span), by);
        }
    }

    fn document(&mut self, text: &str, by: i64) {
        let Self { by_word, folder, seen } = self;
        seen.clear();
        folder.words(text, |_, word| seen.push(word.to_owned()));
        seen.sort_unstable();
        seen.dedup();
        for word in seen.drain(..) {
            *by_word.entry(word).or_default() += by;
        }
    }
}

/// [`Folder`] as tantivy wants it. Its clones, one for each thread that writes, count together.
#[derive(Clone, Default)]
pub(super) struct Words {
    /// Texts that have been cut.
    pub(super) done: Arc<AtomicUsize>,
    folder: Folder,
    text: String,
    ends: Vec<usize>,
    token: Token,
}

/// The words of one text; made by [`Words`].
pub(super) struct WordStream<'a> {
    words: &'a mut Words,
    next: usize,
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        let Self { done, folder, text: folded, ends, .. } = self;
        done.fetch_add(1, Ordering::Relaxed);
        folded.clear();
        ends.clear();
        folder.words(text, |_, word| {
            folded.push_str(word);
            ends.push(folded.len());
        });
        self.token.reset();
        WordStream { words: self, next: 0 }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(end) = self.words.ends.get(self.next).copied() else { return false };
        let start = self.next.checked_sub(1).and_then(|at| self.words.ends.get(at)).copied().unwrap_or(0);
        let token = &mut self.words.token;
        token.text.clear();
        token.text.push_str(self.words.text.get(start..end).unwrap_or_default());
        token.position = self.next;
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.words.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.words.token
    }
}
