//! The words of all quotations, turned round: from a word, also a misspelt one, to the quotations that hold it.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::block::{ARTICLES, At, Block, Entry, Page, Reading};
use super::vocabulary::Vocabulary;
use super::{Held, Quotation};
use crate::article::Article;
use crate::library::ArticleId;

/// A word of a question and the vocabulary's words that it may be, with how like they are (1 when it is the word).
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// Candidates, likest first.
    pub readings: Vec<(u32, f32)>,
    /// How much the word tells: its inverse document frequency.
    pub weight: f32,
}

/// The inverted index. It is never changed: [`Index::updated`] makes another, which shares what is the same.
#[derive(Debug, Default)]
pub(super) struct Index {
    vocabulary: Vocabulary,
    /// By word: how many quotations hold it.
    holding: Vec<u32>,
    /// How many words some quotation holds.
    live: usize,
    quotations: usize,
    /// By article, [`ARTICLES`] at a time.
    blocks: Vec<Arc<Block>>,
}

/// An article with its quotations, or that it is gone.
pub(super) type News<'a> = (ArticleId, Option<(&'a Article, Vec<Quotation>)>);

/// Words that no quotation holds any more, for each that one does: beyond this the vocabulary is made anew.
const MOST_DEAD: usize = 2;
/// … but not for so few.
const FEW_WORDS: usize = 10_000;

impl Index {
    /// The same index with some articles new, changed or gone; no article may come twice. What else is to be made of the new
    /// pages is made `beside` it, on another core.
    pub(super) fn updated<T: Send>(&self, news: Vec<News<'_>>, beside: impl FnOnce(&[&Page]) -> T + Send) -> (Self, T) {
        let mut by_block: BTreeMap<usize, Vec<News<'_>>> = BTreeMap::new();
        for (id, article) in news {
            by_block.entry(id.0 as usize / ARTICLES).or_default().push((id, article));
        }
        let read: Vec<(usize, Vec<ArticleId>, Reading)> = by_block.into_par_iter().map(read).collect();

        let mut vocabulary = self.vocabulary.clone();
        let words = read.iter().flat_map(|(_, _, reading)| reading.words());
        let pages: Vec<&Page> = read.iter().flat_map(|(_, _, reading)| reading.unnumbered()).collect();
        let (numbers, beside) = rayon::join(|| vocabulary.enter(words), || beside(&pages));
        let mut numbers = numbers.into_iter();
        let read: Vec<_> = read
            .into_iter()
            .map(|(place, gone, reading)| {
                let numbers: Vec<u32> = numbers.by_ref().take(reading.words().count()).collect();
                (place, gone, reading, numbers)
            })
            .collect();
        let size = vocabulary.len();
        let block = |(place, gone, reading, numbers): (usize, Vec<ArticleId>, Reading, Vec<u32>)| {
            let mut pages = self.blocks.get(place).map(|block| block.pages().to_vec()).unwrap_or_default();
            pages.resize(ARTICLES, None);
            let new = reading.pages(&numbers).map(|(id, page)| (id, Some(Arc::new(page))));
            for (id, page) in gone.into_iter().map(|id| (id, None)).chain(new) {
                if let Some(slot) = pages.get_mut(id.0 as usize % ARTICLES) {
                    *slot = page;
                }
            }
            (place, Block::of(pages, size))
        };
        let (made, ()) = rayon::join(
            || read.into_par_iter().map(block).collect::<Vec<(usize, Block)>>(),
            || vocabulary.spell_out(self.vocabulary.len()),
        );

        let mut index = Self {
            vocabulary,
            holding: self.holding.clone(),
            live: self.live,
            quotations: self.quotations,
            blocks: self.blocks.clone(),
        };
        index.holding.resize(size, 0);
        for (place, block) in made {
            index.put(place, block);
        }
        (index, beside)
    }

    /// Puts a block in its place.
    fn put(&mut self, place: usize, block: Block) {
        if place >= self.blocks.len() {
            self.blocks.resize_with(place + 1, Arc::default);
        }
        let Some(slot) = self.blocks.get_mut(place) else { return };
        let old = std::mem::replace(slot, Arc::new(block));
        for (word, count) in slot.counts() {
            if let Some(holding) = self.holding.get_mut(word as usize) {
                self.live += usize::from(*holding == 0);
                *holding += count;
            }
        }
        for (word, count) in old.counts() {
            if let Some(holding) = self.holding.get_mut(word as usize) {
                *holding = holding.saturating_sub(count);
                self.live -= usize::from(*holding == 0);
            }
        }
        self.quotations = self.quotations + slot.len() - old.len();
    }

    /// Whether the vocabulary holds so many words of articles that are gone that it should be made anew.
    pub(super) fn is_worn(&self) -> bool {
        let dead = self.vocabulary.len() - self.live;
        dead > FEW_WORDS && dead > MOST_DEAD * self.live
    }

    /// How many words the vocabulary has.
    #[cfg(test)]
    pub(super) fn words(&self) -> usize {
        self.vocabulary.len()
    }

    /// The blocks of articles, in order.
    pub(super) fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// How many quotations there are.
    pub(super) fn quotations(&self) -> usize {
        self.quotations
    }

    /// The quotations of an article, if it has any.
    pub(super) fn page(&self, id: ArticleId) -> Option<&Arc<Page>> {
        self.blocks.get(id.0 as usize / ARTICLES)?.page(id)
    }

    /// All pages, in the order of the library.
    pub(super) fn pages(&self) -> impl Iterator<Item = &Arc<Page>> {
        self.blocks.iter().flat_map(|block| block.pages().iter().flatten())
    }

    /// The quotation that is there.
    pub(super) fn held(&self, at: At) -> Option<&Held> {
        self.page(at.article)?.held.get(at.nth as usize)
    }

    /// The words of a quotation.
    pub(super) fn words_of(&self, at: At) -> Option<Entry<'_>> {
        self.page(at.article)?.entry(at.nth as usize)
    }

    /// How many quotations hold a word.
    pub(super) fn holding(&self, word: u32) -> usize {
        self.holding.get(word as usize).map_or(0, |count| *count as usize)
    }

    /// The number of a word that some quotation holds as it is written.
    pub(super) fn known(&self, low: &str) -> Option<u32> {
        self.vocabulary.number(low).filter(|number| self.holding(*number) > 0)
    }

    /// What a word of a question can be. Unless `spelling` is set, a word of the library is only itself, and any other is
    /// nothing.
    pub(super) fn asked(&self, low: &str, spelling: bool) -> Asked {
        let known = self.known(low);
        let mut readings: Vec<(u32, f32)> = known.map(|number| (number, 1.0)).into_iter().collect();
        if spelling && self.may_be_misspelt(low) {
            let like = self.vocabulary.like(low, |number| self.holding(number) > 0);
            readings.extend(like.into_iter().filter(|(number, _)| Some(*number) != known));
        }
        let holding = readings.first().map_or(0, |(number, _)| self.holding(*number));
        #[expect(clippy::cast_precision_loss, reason = "counts of quotations are far below 2^24")]
        let weight = (1.0 + self.quotations as f32 / (1.0 + holding as f32)).ln();
        Asked { readings, weight }
    }

    /// Whether a word may be another one misspelt: a common word is what it is, a rare one may be a common one.
    pub(super) fn may_be_misspelt(&self, low: &str) -> bool {
        let rare = self.known(low).is_none_or(|number| self.holding(number) < 8);
        rare && low.chars().count() >= 4
    }
}

/// Reads what is new in a block: which articles are gone or hold no quotation, and the others' pages.
fn read((place, news): (usize, Vec<News<'_>>)) -> (usize, Vec<ArticleId>, Reading) {
    let mut gone = Vec::new();
    let mut reading = Reading::default();
    for (id, article) in news {
        match article {
            Some((article, quotations)) if !quotations.is_empty() => reading.read(id, article, quotations),
            _ => gone.push(id),
        }
    }
    (place, gone, reading)
}
