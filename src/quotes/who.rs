//! Who said this: from a remembered fragment to the quotations that hold it or come near it.

use super::align::{self, Alignment};
use super::block::At;
use super::index::Asked;
use super::{Held, Kind, Match, QuoteBook, book, words};
use crate::article::Span;
use crate::library::{Filter, Library};

/// Quotations that are compared word by word with a fragment; the index has ranked them before.
const CANDIDATES: usize = 60;
/// When so many are at hand, only the best [`CANDIDATES`] are kept for going on.
const MANY: usize = 16 * CANDIDATES;
/// Words of a fragment that are looked at. Longer ones are recognised by their beginning just as well.
const MOST_WORDS: usize = 120;
/// Of these words, the rarest that find candidates.
const MOST_TELLING: usize = 24;
/// Words for which misspellings are looked up.
const MOST_SPELT: usize = 16;
/// Below this similarity a quotation has nothing to do with the fragment.
const NEAR: f32 = 0.35;
/// Two quotations are one when of the shorter one's words so many of a hundred stand in the other in the same order …
const SHARED_OF_100: usize = 80;
/// … and at least so many: fewer are anybody's.
const FEWEST_SHARED: usize = 4;

/// Another article that carries a quotation.
#[derive(Debug, Clone, Copy)]
pub struct Carried<'b> {
    /// The quotation as it stands there.
    pub held: &'b Held,
    /// How many words both have, in the same order.
    pub shared: usize,
    /// How many words it has there.
    pub words: usize,
    /// How many words the quotation has that was compared.
    pub of: usize,
}

impl QuoteBook {
    /// Quotations that hold `fragment` or come near it, best first, at most `limit`.
    ///
    /// Misspelt, missing and reordered words are forgiven; words that stand beside the quotation in its sentence count a
    /// little.
    #[must_use]
    pub fn who(&self, library: &Library, fragment: &str, filter: &Filter, limit: usize) -> Vec<Match<'_>> {
        let mut ranked = self.ranked(library, fragment, filter);
        ranked.retain(|m| m.similarity >= NEAR);
        ranked.truncate(limit);
        ranked
    }

    /// The other articles that carry a quotation, by the words: of each the one that shares most of them, oldest first.
    #[must_use]
    pub fn carried(&self, library: &Library, held: &Held, filter: &Filter) -> Vec<Carried<'_>> {
        let Some(words) = self.words_of(held) else { return Vec::new() };
        let Some(article) = library.get(held.article).filter(|_| words.len() >= FEWEST_SHARED) else {
            return Vec::new();
        };
        let content: Vec<&str> = held.quotation.content.iter().map(|span| article.slice(*span)).collect();
        let mut carried: Vec<Carried<'_>> = Vec::new();
        for other in self.near(library, &self.asked(&content.join(" ")), filter) {
            let Some(other) = self.index.held(other).filter(|other| other.article != held.article) else { continue };
            let Some(theirs) = self.words_of(other) else { continue };
            let shared = align::shared(words, theirs);
            let shorter = words.len().min(theirs.len());
            if shared < FEWEST_SHARED || shared * 100 < shorter * SHARED_OF_100 {
                continue;
            }
            let one = Carried { held: other, shared, words: theirs.len(), of: words.len() };
            match carried.iter_mut().find(|known| known.held.article == other.article) {
                Some(known) if known.shared >= shared => {}
                Some(known) => *known = one,
                None => carried.push(one),
            }
        }
        carried.sort_by_cached_key(|one| {
            let published = library.get(one.held.article).and_then(|article| article.meta().published);
            (published.is_none(), published.map(|p| p.order_key()), one.held.article)
        });
        carried
    }

    /// The words of a quotation that this book holds, by their numbers.
    fn words_of(&self, held: &Held) -> Option<&[u32]> {
        let page = self.index.page(held.article)?;
        let nth = page.held.iter().position(|known| known == held)?;
        Some(page.entry(nth)?.content)
    }

    /// The words of a fragment as the library knows them. Misspellings are looked up for a few words only, those that the
    /// library does not hold before those that are rare in it.
    fn asked(&self, fragment: &str) -> Vec<Asked> {
        let mut words = words::words_of(fragment);
        words.truncate(MOST_WORDS);
        let unknown = words.iter().filter(|w| self.index.known(&w.low).is_none()).count();
        let (mut for_unknown, mut for_known) = (MOST_SPELT, MOST_SPELT.saturating_sub(unknown));
        let mut asked = Vec::with_capacity(words.len());
        for word in &words {
            let left = if self.index.known(&word.low).is_some() { &mut for_known } else { &mut for_unknown };
            asked.push(self.index.asked(&word.low, *left > 0));
            if self.index.may_be_misspelt(&word.low) {
                *left = left.saturating_sub(1);
            }
        }
        asked
    }

    /// The candidates for a fragment, best first, however far.
    pub(super) fn ranked(&self, library: &Library, fragment: &str, filter: &Filter) -> Vec<Match<'_>> {
        let asked = self.asked(fragment);
        let matched = |at: At| {
            let entry = self.index.words_of(at)?;
            let found = self.matched(library, at, align::align(&asked, entry))?;
            Some((preference(&found) + TIGHT * share(asked.len(), entry.content.len()), found))
        };
        let mut matches: Vec<(f32, Match<'_>)> =
            self.near(library, &asked, filter).into_iter().filter_map(matched).collect();
        matches.retain(|(_, found)| found.similarity > 0.0);
        matches.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        matches.into_iter().map(|(_, found)| found).collect()
    }

    /// The quotations that share most of the telling words, at most [`CANDIDATES`].
    fn near(&self, library: &Library, asked: &[Asked], filter: &Filter) -> Vec<At> {
        let admitted = Self::admitted(library, filter);
        // The rarest words find the candidates: what "the" and "and" would add is not worth walking through.
        let mut telling: Vec<&Asked> = asked.iter().filter(|word| !word.readings.is_empty()).collect();
        telling.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        telling.truncate(MOST_TELLING);
        let by_score = |a: &(f32, At), b: &(f32, At)| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1));
        let mut candidates: Vec<(f32, At)> = Vec::new();
        // The score of the last candidate, once there are enough.
        let mut least = 0.0_f32;
        let (mut scores, mut touched) = (Vec::new(), Vec::new());
        for block in self.index.blocks() {
            scores.clear();
            scores.resize(block.len(), 0.0_f32);
            touched.clear();
            for word in &telling {
                for (number, like) in &word.readings {
                    for held in block.holding(*number) {
                        if let Some(score) = scores.get_mut(*held as usize) {
                            if *score == 0.0 {
                                touched.push(*held);
                            }
                            *score += word.weight * like;
                        }
                    }
                }
            }
            let scored = touched.iter().filter_map(|held| Some((*scores.get(*held as usize)?, block.at(*held)?)));
            // Of equal scores the first in reading order counts: what comes in later blocks must be better.
            let scored = scored.filter(|(score, _)| *score > least);
            candidates.extend(scored.filter(|(_, at)| book::passes(admitted.as_deref(), at.article)));
            if candidates.len() > MANY {
                least = candidates.select_nth_unstable_by(CANDIDATES - 1, by_score).1.0;
                candidates.truncate(CANDIDATES);
            }
        }
        candidates.sort_unstable_by(by_score);
        candidates.truncate(CANDIDATES);
        candidates.into_iter().map(|(_, at)| at).collect()
    }

    /// A match of the quotation `at`, with its stretch as a span of the article.
    pub(super) fn matched(&self, library: &Library, at: At, alignment: Alignment) -> Option<Match<'_>> {
        let held = self.index.held(at)?;
        let article = library.get(held.article)?;
        let words: Vec<Span> = held
            .quotation
            .content
            .iter()
            .flat_map(|span| words::words(article.text(), *span))
            .map(|w| w.span)
            .collect();
        let (from, until) = alignment.stretch;
        let stretch = words
            .get(from)
            .zip(until.checked_sub(1).and_then(|last| words.get(last)))
            .map(|(first, last)| first.join(*last));
        let whole = from == 0 && until == words.len() && !words.is_empty();
        Some(Match { held, similarity: alignment.similarity, stretch, whole })
    }
}

/// What it counts for when a fragment is nearly all of a quotation: of one quotation within another, the inner is meant.
const TIGHT: f32 = 0.03;

/// How much of a quotation a fragment may be.
fn share(asked: usize, content: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a quotation has few words")]
    let share = asked as f32 / content.max(1) as f32;
    share.min(1.0)
}

/// Of equally near quotations, the one that is surer, and words in marks before words that the writer put.
fn preference(found: &Match<'_>) -> f32 {
    let quotation = &found.held.quotation;
    let marked = if quotation.kind == Kind::Indirect { 0.0 } else { 0.01 };
    let attributed = if quotation.speaker.is_some() || quotation.speaker_name.is_some() { 0.01 } else { 0.0 };
    found.similarity + marked + attributed + 0.02 * quotation.confidence
}
