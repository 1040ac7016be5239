//! Is this what was said: a quotation compared word by word with the closest that is held.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::align::{self, Alignment};
use super::words::{self, Word};
use super::{Check, DiffPart, Kind, Match, QuoteBook, book};
use crate::article::{Article, Span};
use crate::library::{Filter, Library};

/// From this similarity on, a stored quotation is what the checked one was made from.
const ALTERED: f32 = 0.55;
/// Below this similarity two quotations share no more than common words.
const NEAREST: f32 = 0.25;

impl QuoteBook {
    /// Compares `quote` with the closest stored quotation.
    ///
    /// [`Check::Exact`] means that every word stands side by side in one stored quotation; [`Match::whole`] tells whether
    /// it is all of it or a part. The difference of [`Check::Altered`] covers the stretch that corresponds, not the rest
    /// of a long quotation.
    #[must_use]
    pub fn check(&self, library: &Library, quote: &str, filter: &Filter) -> Check<'_> {
        let asked = words::words_of(quote);
        if let Some(exact) = self.exact(library, &asked, filter) {
            return Check::Exact(exact);
        }
        let Some(closest) = self.ranked(library, quote, filter).into_iter().next() else {
            return Check::NotHeld { nearest: None };
        };
        // Beyond the words that ranking looks at, a quote may still differ: only `exact` says exact.
        let closest = Match { similarity: closest.similarity.min(0.999), ..closest };
        if closest.similarity < ALTERED {
            return Check::NotHeld { nearest: (closest.similarity >= NEAREST).then_some(closest) };
        }
        let Some(article) = library.get(closest.held.article) else { return Check::NotHeld { nearest: None } };
        let stored: Vec<Word> =
            closest.held.quotation.content.iter().flat_map(|span| words::words(article.text(), *span)).collect();
        let stretch = corresponding(&stored, closest.stretch, asked.len());
        let difference = difference(article, stretch, quote, &asked);
        Check::Altered { closest, difference }
    }

    /// The stored quotation that holds the words side by side; in marks and whole if there is a choice.
    fn exact(&self, library: &Library, asked: &[Word], filter: &Filter) -> Option<Match<'_>> {
        let numbers: Vec<u32> = asked.iter().map(|w| self.index.known(&w.low)).collect::<Option<_>>()?;
        let rarest = *numbers.iter().min_by_key(|n| self.index.holding(**n))?;
        let admitted = Self::admitted(library, filter);
        let holding = self
            .index
            .blocks()
            .iter()
            .flat_map(|block| block.holding(rarest).iter().filter_map(|number| block.at(*number)));
        let mut exact: Vec<Match<'_>> = holding
            .filter(|at| book::passes(admitted.as_deref(), at.article))
            .filter_map(|at| {
                let from = align::run_of(&numbers, self.index.words_of(at)?.content)?;
                let stretch = (from, from + numbers.len());
                self.matched(library, at, Alignment { similarity: 1.0, stretch })
            })
            .collect();
        exact.sort_by(|a, b| {
            let key =
                |m: &Match<'_>| (m.held.quotation.kind != Kind::Indirect, m.held.quotation.speaker.is_some(), m.whole);
            key(b).cmp(&key(a)).then(b.held.quotation.confidence.total_cmp(&a.held.quotation.confidence))
        });
        exact.into_iter().next()
    }
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
