//! Is this what was said: a quotation compared word by word with the closest that is held.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::align::{self, Alignment};
use super::people::Meant;
use super::words::{self, Word};
use super::{Check, DiffPart, Kind, Match, QuoteBook, book};
use crate::article::{Article, Span};
use crate::library::{Filter, Library};

/// From this similarity on, a stored quotation is what the checked one was made from.
const ALTERED: f32 = 0.55;
/// Below this similarity two quotations share no more than common words.
const NEAREST: f32 = 0.25;
/// Of two quotations so near to each other in similarity, the named speaker's is the one that is meant.
const NEARLY: f32 = 0.1;

impl QuoteBook {
    /// Compares `quote` with the closest stored quotation; of equally close ones with that of `speaker`, if one is named.
    ///
    /// [`Check::Exact`] means that every word stands side by side in one stored quotation; [`Match::whole`] tells whether
    /// it is all of it or a part. [`Check::Shortened`] that an ellipsis stands wherever words are left out, [`Check::Beyond`] that
    /// every word stands in the article, and not all of them in the quotation. The difference of [`Check::Altered`] covers the stretch that corresponds, not the rest of a long quotation.
    #[must_use]
    pub fn check(&self, library: &Library, quote: &str, speaker: Option<&str>, filter: &Filter) -> Check<'_> {
        let asked = words::words_of(quote);
        let speaker = speaker.and_then(|speaker| match self.people.meant(speaker) {
            Meant::Named(speaker) => Some(speaker.name()),
            _ => None,
        });
        let theirs = |m: &Match<'_>| speaker.is_some() && self.speaker_of(m.held) == speaker;
        if let Some(exact) = self.exact(library, &[asked.as_slice()], &theirs, filter) {
            return Check::Exact(exact);
        }
        let parts: Vec<Vec<Word>> = between_ellipses(quote).into_iter().map(words::words_of).collect();
        let parts: Vec<&[Word]> = parts.iter().map(Vec::as_slice).filter(|part| !part.is_empty()).collect();
        if parts.len() > 1
            && let Some(shortened) = self.exact(library, &parts, &theirs, filter)
        {
            return Check::Shortened(shortened);
        }
        let mut ranked = self.ranked(library, quote, filter);
        // Best first, and what is as near as the best may be the named speaker's.
        let best = ranked.first().map_or(0.0, |m| m.similarity);
        let named = ranked.iter().position(|m| theirs(m) && m.similarity >= best - NEARLY);
        let closest = if ranked.is_empty() { None } else { Some(ranked.swap_remove(named.unwrap_or(0))) };
        let Some(closest) = closest else {
            return Check::NotHeld { nearest: None };
        };
        // Beyond the words that ranking looks at, a quote may still differ: only `exact` says exact.
        let closest = Match { similarity: closest.similarity.min(0.999), ..closest };
        if closest.similarity < ALTERED {
            return Check::NotHeld { nearest: (closest.similarity >= NEAREST).then_some(closest) };
        }
        let Some(article) = library.get(closest.held.article) else { return Check::NotHeld { nearest: None } };
        if stands_around(article, &closest, &asked) {
            return Check::Beyond(closest);
        }
        let stored: Vec<Word> =
            closest.held.quotation.content.iter().flat_map(|span| words::words(article.text(), *span)).collect();
        let stretch = corresponding(&stored, closest.stretch, asked.len());
        let difference = difference(article, stretch, quote, &asked);
        // Words of which not one is the article's are no altered quotation of it.
        if !difference.iter().any(|part| matches!(part, DiffPart::Same(_))) {
            return Check::NotHeld { nearest: Some(closest) };
        }
        Check::Altered { closest, difference }
    }

    /// The stored quotation that holds the words side by side, or their parts one after the other; the named speaker's, in marks
    /// and whole if there is a choice.
    fn exact(
        &self,
        library: &Library,
        parts: &[&[Word]],
        theirs: &dyn Fn(&Match<'_>) -> bool,
        filter: &Filter,
    ) -> Option<Match<'_>> {
        let numbers = |part: &&[Word]| part.iter().map(|w| self.index.known(&w.low)).collect::<Option<Vec<u32>>>();
        let parts: Vec<Vec<u32>> = parts.iter().map(numbers).collect::<Option<_>>()?;
        let parts: Vec<&[u32]> = parts.iter().map(Vec::as_slice).collect();
        let rarest = *parts.iter().copied().flatten().min_by_key(|n| self.index.holding(**n))?;
        let admitted = Self::admitted(library, filter);
        let holding = self
            .index
            .blocks()
            .iter()
            .flat_map(|block| block.holding(rarest).iter().filter_map(|number| block.at(*number)));
        let mut exact: Vec<Match<'_>> = holding
            .filter(|at| book::passes(admitted.as_deref(), at.article))
            .filter_map(|at| {
                let stretch = align::runs_of(&parts, self.index.words_of(at)?.content)?;
                self.matched(library, at, Alignment { similarity: 1.0, stretch })
            })
            .collect();
        exact.sort_by(|a, b| {
            let key = |m: &Match<'_>| {
                let quotation = &m.held.quotation;
                (theirs(m), quotation.kind != Kind::Indirect, quotation.speaker.is_some(), m.whole)
            };
            key(b).cmp(&key(a)).then(b.held.quotation.confidence.total_cmp(&a.held.quotation.confidence))
        });
        exact.into_iter().next()
    }
}

/// What stands between the ellipses of a quotation: "…", "...", either in brackets.
fn between_ellipses(quote: &str) -> Vec<&str> {
    quote.split("...").flat_map(|part| part.split('…')).collect()
}

/// Whether the checked words stand side by side in the sentences that hold a quotation: `It is an “unbearable risk”` is the
/// article's, though only the last two words are the speaker's.
fn stands_around(article: &Article, found: &Match<'_>, asked: &[Word]) -> bool {
    let said = &found.held.quotation.content;
    let sentences = article.paragraphs().iter().flat_map(|paragraph| article.sentences_of(paragraph));
    let around = sentences.filter(|sentence| said.iter().any(|span| span.overlaps(**sentence)));
    let Some(around) = around.copied().reduce(Span::join) else { return false };
    let lows = |words: &[Word]| words.iter().map(|word| word.low.clone()).collect::<Vec<_>>();
    let (stored, asked) = (lows(&words::words(article.text(), around)), lows(asked));
    !asked.is_empty() && stored.windows(asked.len()).any(|window| window == asked)
}

/// The stored words that the checked ones correspond to: the aligned stretch, widened by what was checked beyond it (a
/// changed first or last word is no part of an alignment).
fn corresponding(stored: &[Word], stretch: Option<Span>, asked: usize) -> &[Word] {
    let Some(stretch) = stretch else { return stored };
    let from = stored.partition_point(|w| w.span.end <= stretch.start);
    let until = stored.partition_point(|w| w.span.start < stretch.end);
    let short = asked.saturating_sub(until - from);
    stored.get(from.saturating_sub(short)..(until + short).min(stored.len())).unwrap_or(stored)
}

/// The word-by-word difference. Words of the article are slices of it, words of the asker slices of `quote`.
fn difference(article: &Article, stored: &[Word], quote: &str, asked: &[Word]) -> Vec<DiffPart> {
    let lows = |words: &[Word]| words.iter().map(|w| w.low.clone()).collect::<Vec<_>>();
    let operations = capture_diff_slices(Algorithm::Myers, &lows(stored), &lows(asked));
    let last = operations.len().saturating_sub(1);
    let mut parts = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        // What the stretch was widened by and the asker left out is no difference: a part of a quotation was checked.
        let edge = number == 0 || number == last;
        match *operation {
            DiffOp::Equal { old_index, len, .. } => {
                parts.extend(runs(article.text(), stored, old_index, len).map(DiffPart::Same))
            }
            DiffOp::Delete { old_index, old_len, .. } => {
                if !edge {
                    parts.extend(runs(article.text(), stored, old_index, old_len).map(DiffPart::Missing));
                }
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                parts.extend(runs(quote, asked, new_index, new_len).map(DiffPart::Added))
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                // At an edge as many words correspond as were put in their place.
                let keep = if edge { old_len.min(new_len) } else { old_len };
                let from = if number == 0 { old_index + old_len - keep } else { old_index };
                parts.extend(runs(article.text(), stored, from, keep).map(DiffPart::Missing));
                parts.extend(runs(quote, asked, new_index, new_len).map(DiffPart::Added));
            }
        }
    }
    parts
}

/// `count` words from `from` as slices of `text`: one slice as long as they follow one another, more where something that
/// was not said ("he said") stands between.
fn runs<'w>(text: &'w str, words: &'w [Word], from: usize, count: usize) -> impl Iterator<Item = String> + 'w {
    let words = words.get(from..from + count).unwrap_or_default();
    let apart = |one: &Word, next: &Word| {
        Span { start: one.span.end, end: next.span.start }.of(text).contains(char::is_alphanumeric)
            || next.span.start < one.span.end
    };
    words
        .chunk_by(move |one, next| !apart(one, next))
        .filter_map(move |run| Some(run.first()?.span.join(run.last()?.span).of(text).to_owned()))
}
