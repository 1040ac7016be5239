//! The quotations of an article with their words ([`Page`]), and of some hundred articles with the lists that find them by
//! a word ([`Block`]).
//!
//! Both are never changed once they are made. A book over a changed library makes new ones for what changed and shares the
//! rest with the book before it.

use std::collections::HashMap;
use std::sync::Arc;

use super::people::{self, Hint};
use super::{Held, Quotation, words};
use crate::article::{Article, Span};
use crate::library::ArticleId;

/// Articles in a block. Larger ones take longer to make anew when one article changes, smaller ones make looking up visit
/// more of them: at 256 the former takes a few milliseconds, the latter is not noticed at 20,000 articles.
pub(super) const ARTICLES: usize = 256;

/// Where a quotation is: its article, and which one it is there. The order is the reading order of the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct At {
    /// The article.
    pub article: ArticleId,
    /// Counted from 0.
    pub nth: u32,
}

/// A quotation's words as numbers of the vocabulary.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry<'p> {
    /// The words of the content, in order.
    pub content: &'p [u32],
    /// The other words of its sentences, sorted.
    pub around: &'p [u32],
}

/// The quotations of an article.
#[derive(Debug)]
pub(super) struct Page {
    /// In reading order.
    pub held: Vec<Held>,
    /// The quotations of speakers whom the article does not name, and what it calls them.
    pub unnamed: Vec<(u32, Box<str>)>,
    /// What the words that name a speaker tell of them, where they tell something.
    pub hints: Vec<(u32, Hint)>,
    /// Of each quotation the words of [`Entry::content`], then those of [`Entry::around`].
    words: Vec<u32>,
    /// For each quotation where the two end in `words`.
    ends: Vec<(u32, u32)>,
}

impl Page {
    /// The words of a quotation.
    pub(super) fn entry(&self, nth: usize) -> Option<Entry<'_>> {
        let (content, around) = *self.ends.get(nth)?;
        let from = nth.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
        let words = |from: u32, until: u32| self.words.get(from as usize..until as usize);
        Some(Entry { content: words(from, content)?, around: words(content, around)? })
    }

    /// The quotations with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (u32, &Held)> {
        (0..).zip(&self.held)
    }
}

/// Pages whose words have numbers of their own, for want of the vocabulary: many are made at once.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pages: Vec<(ArticleId, Page)>,
    /// By number.
    words: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Reading {
    /// Adds the page of an article.
    pub(super) fn read(&mut self, id: ArticleId, article: &Article, quotations: Vec<Quotation>) {
        let mut page = Page {
            held: Vec::with_capacity(quotations.len()),
            unnamed: Vec::new(),
            hints: Vec::new(),
            words: Vec::new(),
            ends: Vec::with_capacity(quotations.len()),
        };
        for (nth, quotation) in (0..).zip(quotations) {
            self.read_words(article, &quotation, &mut page);
            let called = quotation.speaker_words(article);
            if quotation.speaker_name.is_some() {
                let hint = called.map(Hint::of).filter(|hint| !hint.is_empty());
                page.hints.extend(hint.map(|hint| (nth, hint)));
            } else {
                let key = called.map(people::common_words).filter(|key| !key.is_empty());
                page.unnamed.push((nth, key.as_deref().unwrap_or(people::UNATTRIBUTED).into()));
            }
            page.held.push(Held { article: id, quotation });
        }
        self.pages.push((id, page));
    }

    fn read_words(&mut self, article: &Article, quotation: &Quotation, page: &mut Page) {
        let text = article.text();
        for span in &quotation.content {
            words::each(text, *span, |_, low| page.words.push(self.number(low)));
        }
        let content = page.words.len();
        let mut around = Vec::new();
        for stretch in stretches_around(article, &quotation.content) {
            words::each(text, stretch, |_, low| around.push(self.number(low)));
        }
        around.sort_unstable();
        around.dedup();
        page.words.append(&mut around);
        let end = |end: usize| u32::try_from(end).unwrap_or(u32::MAX);
        page.ends.push((end(content), end(page.words.len())));
    }

    fn number(&mut self, low: &str) -> u32 {
        if let Some(number) = self.numbers.get(low) {
            return *number;
        }
        let number = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        let low: Arc<str> = low.into();
        self.words.push(Arc::clone(&low));
        self.numbers.insert(low, number);
        number
    }

    /// The pages as they are so far: who speaks is known, the words are not.
    pub(super) fn unnumbered(&self) -> impl Iterator<Item = &Page> {
        self.pages.iter().map(|(_, page)| page)
    }

    /// The words of these pages, each once.
    pub(super) fn words(&self) -> impl Iterator<Item = &Arc<str>> {
        self.words.iter()
    }

    /// The pages, once it is known which number of the vocabulary each word has.
    pub(super) fn pages(self, numbers: &[u32]) -> impl Iterator<Item = (ArticleId, Page)> {
        self.pages.into_iter().map(move |(id, mut page)| {
            for word in &mut page.words {
                *word = numbers.get(*word as usize).copied().unwrap_or(u32::MAX);
            }
            for (content, around) in &page.ends {
                if let Some(around) = page.words.get_mut(*content as usize..*around as usize) {
                    around.sort_unstable();
                }
            }
            page.words.shrink_to_fit();
            (id, page)
        })
    }
}

/// What stands around a quotation's content in the sentences that it touches.
fn stretches_around(article: &Article, content: &[Span]) -> Vec<Span> {
    let sentences = article.sentences();
    let mut around: Vec<Span> = Vec::new();
    for content in content {
        let from = sentences.partition_point(|s| s.end <= content.start);
        around.extend(sentences.iter().skip(from).take_while(|s| s.start < content.end));
    }
    around.sort_unstable();
    around.dedup();
    for content in content {
        around = around.into_iter().flat_map(|stretch| without(stretch, *content)).collect();
    }
    around
}

/// What is left of a stretch when another is cut out of it.
fn without(stretch: Span, cut: Span) -> impl Iterator<Item = Span> {
    let before = Span { end: stretch.end.min(cut.start), ..stretch };
    let after = Span { start: stretch.start.max(cut.end), ..stretch };
    [before, after].into_iter().filter(|left| !left.is_empty())
}

/// The pages of [`ARTICLES`] articles, and for each word the quotations that hold it.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// By an article's place in the block; nothing for one that is not there or holds no quotation.
    pages: Vec<Option<Arc<Page>>>,
    /// Where each quotation of the block is, in reading order. Its index is its number in `lists`.
    places: Vec<At>,
    /// The words of the block's quotations, ascending.
    words: Vec<u32>,
    /// Where the list of each of `words` begins; one more for the end.
    starts: Vec<u32>,
    /// The lists, one after the other.
    lists: Vec<u32>,
}

impl Block {
    /// A block of these pages, whose words have numbers below `vocabulary`.
    pub(super) fn of(pages: Vec<Option<Arc<Page>>>, vocabulary: usize) -> Self {
        let places: Vec<At> = pages
            .iter()
            .flatten()
            .flat_map(|page| page.numbered().map(|(nth, held)| At { article: held.article, nth }))
            .collect();
        // Each quotation's words, each word once: a word that comes again has the quotation's number already.
        let mut last = vec![u32::MAX; vocabulary];
        let mut counts: Vec<u32> = vec![0; vocabulary];
        let mut words = Vec::new();
        let each = |last: &mut [u32], see: &mut dyn FnMut(u32, u32)| {
            for (number, word) in (0..)
                .zip(pages.iter().flatten().flat_map(entries))
                .flat_map(|(number, entry)| entry.content.iter().chain(entry.around).map(move |word| (number, *word)))
            {
                if let Some(last) = last.get_mut(word as usize)
                    && *last != number
                {
                    *last = number;
                    see(word, number);
                }
            }
        };
        each(&mut last, &mut |word, _| {
            if let Some(count) = counts.get_mut(word as usize) {
                if *count == 0 {
                    words.push(word);
                }
                *count += 1;
            }
        });
        words.sort_unstable();
        // From here on a word's count is the place of the next quotation in its list.
        let mut starts = Vec::with_capacity(words.len() + 1);
        let mut end = 0;
        for word in &words {
            starts.push(end);
            if let Some(count) = counts.get_mut(*word as usize) {
                end += std::mem::replace(count, end);
            }
        }
        starts.push(end);
        let mut lists = vec![0; end as usize];
        last.fill(u32::MAX);
        each(&mut last, &mut |word, number| {
            if let Some(next) = counts.get_mut(word as usize) {
                if let Some(place) = lists.get_mut(*next as usize) {
                    *place = number;
                }
                *next += 1;
            }
        });
        Self { pages, places, words, starts, lists }
    }

    /// The pages by place, to make another block of.
    pub(super) fn pages(&self) -> &[Option<Arc<Page>>] {
        &self.pages
    }

    /// The page of an article that belongs into this block.
    pub(super) fn page(&self, id: ArticleId) -> Option<&Arc<Page>> {
        self.pages.get(id.0 as usize % ARTICLES)?.as_ref()
    }

    /// How many quotations it holds.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The quotations that hold a word, by their numbers in this block, ascending.
    pub(super) fn holding(&self, word: u32) -> &[u32] {
        let list = |at: usize| {
            let (from, until) = (*self.starts.get(at)?, *self.starts.get(at + 1)?);
            self.lists.get(from as usize..until as usize)
        };
        self.words.binary_search(&word).ok().and_then(list).unwrap_or_default()
    }

    /// Each word that occurs, and how many quotations hold it.
    pub(super) fn counts(&self) -> impl Iterator<Item = (u32, u32)> {
        self.words.iter().zip(self.starts.windows(2)).filter_map(|(word, list)| match list {
            [from, until] => Some((*word, until - from)),
            _ => None,
        })
    }

    /// Where the quotation with this number is.
    pub(super) fn at(&self, number: u32) -> Option<At> {
        self.places.get(number as usize).copied()
    }
}

fn entries(page: &Arc<Page>) -> impl Iterator<Item = Entry<'_>> {
    (0..page.held.len()).map(|nth| page.entry(nth).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quotes::tests::article;

    #[test]
    fn what_stands_around_a_quotation_is_the_rest_of_its_sentences() {
        let article = article("It rained. “The pier,” Ann Lee said on Monday, “is shut.” Nobody came.");
        let span = |words: &str| Span::find(article.text(), words).unwrap();
        let content = [span("The pier,"), span("is shut.")];
        let around: Vec<&str> =
            stretches_around(&article, &content).into_iter().map(|stretch| article.slice(stretch)).collect();
        assert_eq!(around, ["“", "” Ann Lee said on Monday, “", "”"]);
    }

    #[test]
    fn a_block_lists_each_quotation_once_for_each_of_its_words() {
        let article = article("“No, no, the pier is not the pier,” said Ann Lee. “The toll stays,” said Ann Lee.");
        let mut reading = Reading::default();
        let id = ArticleId(3);
        reading.read(id, &article, crate::quotes::find(&article));
        let words: Vec<String> = reading.words().map(|word| word.to_string()).collect();
        let numbers: Vec<u32> = (0..).take(words.len()).collect();
        let mut pages = vec![None; ARTICLES];
        pages[3] = reading.pages(&numbers).next().map(|(_, page)| Arc::new(page));
        let block = Block::of(pages, words.len());
        let holding = |word: &str| {
            let number = (0..).zip(&words).find(|(_, known)| *known == word).unwrap().0;
            block.holding(number).to_vec()
        };
        for (word, quotations) in [("pier", vec![0]), ("the", vec![0, 1]), ("ann", vec![0, 1]), ("toll", vec![1])] {
            assert_eq!(holding(word), quotations, "{word}");
        }
        assert_eq!((block.len(), block.at(1)), (2, Some(At { article: id, nth: 1 })));
        assert!(block.holding(99).is_empty() && block.at(2).is_none());
    }
}
