//! What changed from one version of an article to the next, paragraph by paragraph.
//!
//! Paragraphs that say the same word for word are the same, wherever they stand. Of those that are left between two that stayed, the
//! ones that share most of their words are taken for one that was altered; the others were removed or added.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices, capture_diff_slices_deadline};

use super::{Article, Span};

/// Half of the words in common make two paragraphs one that was altered.
const ALIKE: f64 = 0.5;

/// So many pairs are compared where paragraphs were replaced by others; beyond it, all of them count as removed and added.
const MAX_PAIRS: usize = 2_500;

/// The same for the words of all of them.
const MAX_PAIRED_WORDS: usize = 50_000;

/// Paragraphs of more words are marked as a whole: comparing takes time by the product of the lengths.
const MAX_WORDS: usize = 3_000;

/// How long is looked for the paragraphs that stayed. The texts are strangers', and the worst of them take minutes; what is
/// not found by then counts as changed.
const PATIENCE: Duration = Duration::from_millis(250);

/// A paragraph that is not as it was. Numbers are indices of paragraphs, spans are bytes of the text of their version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Added {
        /// The paragraph now.
        now: usize,
    },
    /// It is not there any more.
    Removed {
        /// The paragraph before.
        before: usize,
    },
    /// It says something else.
    Altered {
        /// The paragraph before.
        before: usize,
        /// The paragraph now.
        now: usize,
        /// Its words before that are not there any more.
        gone: Vec<Span>,
        /// Its words now that were not there.
        new: Vec<Span>,
    },
}

/// The changes from `before` to `now`, in the order of `now`; what was removed stands where it was.
///
/// ```
/// use byline::article::read::{Format, read_text};
/// use byline::article::{Change, changes};
/// let before = read_text("a", "Ferry\n\nThe ferry sails on Monday at noon.\n\nBring a coat.\n", Format::Text)?;
/// let now = read_text("a", "Ferry\n\nThe ferry sails on Friday at noon.\n\nBring a coat.\n", Format::Text)?;
/// let changed = changes(&before, &now);
/// let [Change::Altered { gone, new, .. }] = changed.as_slice() else { panic!() };
/// assert_eq!((before.slice(gone[0]), now.slice(new[0])), ("Monday", "Friday"));
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
#[must_use]
pub fn changes(before: &Article, now: &Article) -> Vec<Change> {
    let (old, new) = (Paragraphs::of(before), Paragraphs::of(now));
    let operations =
        capture_diff_slices_deadline(Algorithm::Myers, &old.plain, &new.plain, Some(Instant::now() + PATIENCE));
    let mut changes = Vec::new();
    for operation in operations {
        match operation {
            DiffOp::Equal { .. } => {}
            DiffOp::Delete { old_index, old_len, .. } => {
                changes.extend((old_index..old_index + old_len).map(|before| Change::Removed { before }));
            }
            DiffOp::Insert { new_index, new_len, .. } => {
                changes.extend((new_index..new_index + new_len).map(|now| Change::Added { now }));
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                replaced((&old, old_index, old_len), (&new, new_index, new_len), &mut changes);
            }
        }
    }
    drop_moved(&mut changes, &old, &new);
    changes
}

/// The paragraphs of a version.
struct Paragraphs<'a> {
    article: &'a Article,
    /// Their words, as they are compared: white space is no change.
    plain: Vec<Vec<&'a str>>,
}

impl<'a> Paragraphs<'a> {
    fn of(article: &'a Article) -> Self {
        let words = |span: Span| article.slice(span).split_whitespace().collect();
        Self { article, plain: article.paragraphs().iter().map(|paragraph| words(paragraph.span)).collect() }
    }

    fn words(&self, paragraph: usize) -> &[&'a str] {
        self.plain.get(paragraph).map(Vec::as_slice).unwrap_or_default()
    }

    /// Where a run of words of a paragraph stands.
    fn span(&self, paragraph: usize, from: usize, count: usize) -> Option<Span> {
        let words = self.words(paragraph).get(from..from + count)?;
        // Each word is a slice of the text.
        let at = |word: &str| (word.as_ptr() as usize).saturating_sub(self.article.text().as_ptr() as usize);
        let (first, last) = (words.first()?, words.last()?);
        Some(Span::new(at(first), at(last) + last.len()))
    }

    fn count_words(&self, from: usize, count: usize) -> usize {
        self.plain.iter().skip(from).take(count).map(Vec::len).sum()
    }
}

/// Paragraphs in the place of others: pairs that are alike, in the order of both, and the rest.
fn replaced(
    (old, first_old, olds): (&Paragraphs<'_>, usize, usize),
    (new, first_new, news): (&Paragraphs<'_>, usize, usize),
    changes: &mut Vec<Change>,
) {
    let words = old.count_words(first_old, olds) + new.count_words(first_new, news);
    let few = olds.saturating_mul(news) <= MAX_PAIRS && words <= MAX_PAIRED_WORDS;
    let pairs = if few { pairs((old, first_old, olds), (new, first_new, news)) } else { Vec::new() };
    let (mut before, mut now) = (first_old, first_new);
    for (one, other) in pairs.into_iter().chain([(first_old + olds, first_new + news)]) {
        changes.extend((before..one).map(|before| Change::Removed { before }));
        changes.extend((now..other).map(|now| Change::Added { now }));
        if one < first_old + olds {
            changes.push(altered(old, new, one, other));
        }
        (before, now) = (one + 1, other + 1);
    }
}

/// The pairs of most likeness in all that keep the order of both.
fn pairs(
    (old, first_old, olds): (&Paragraphs<'_>, usize, usize),
    (new, first_new, news): (&Paragraphs<'_>, usize, usize),
) -> Vec<(usize, usize)> {
    let like: Vec<f64> = (0..olds * news)
        .map(|cell| likeness(old.words(first_old + cell / news), new.words(first_new + cell % news)))
        .map(|like| if like >= ALIKE { like } else { 0.0 })
        .collect();
    // The best sum from here to the end, row by row from the last.
    let width = news + 1;
    let mut best = vec![0.0_f64; (olds + 1) * width];
    for row in (0..olds).rev() {
        for column in (0..news).rev() {
            let paired = like[row * news + column] + best[(row + 1) * width + column + 1];
            best[row * width + column] =
                paired.max(best[(row + 1) * width + column]).max(best[row * width + column + 1]);
        }
    }
    let (mut row, mut column, mut pairs) = (0, 0, Vec::new());
    while row < olds && column < news {
        let here = best[row * width + column];
        if here <= best[(row + 1) * width + column] {
            row += 1;
        } else if here <= best[row * width + column + 1] {
            column += 1;
        } else {
            pairs.push((first_old + row, first_new + column));
            (row, column) = (row + 1, column + 1);
        }
    }
    pairs
}

/// How many words two paragraphs share, as a part of those that they have: 0 to 1.
fn likeness(one: &[&str], other: &[&str]) -> f64 {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in one {
        *counts.entry(word).or_default() += 1;
    }
    let shared = other.iter().filter(|word| match counts.get_mut(**word) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    });
    #[expect(clippy::cast_precision_loss, reason = "counts of words")]
    let likeness = |shared: usize, all: usize| 2.0 * shared as f64 / all.max(1) as f64;
    likeness(shared.count(), one.len() + other.len())
}

fn altered(old: &Paragraphs<'_>, new: &Paragraphs<'_>, before: usize, now: usize) -> Change {
    let (was, is) = (old.words(before), new.words(now));
    let (mut gone, mut came) = (Vec::new(), Vec::new());
    if was.len() > MAX_WORDS || is.len() > MAX_WORDS {
        gone.extend(old.span(before, 0, was.len()));
        came.extend(new.span(now, 0, is.len()));
    } else {
        for operation in capture_diff_slices(Algorithm::Myers, was, is) {
            if !matches!(operation, DiffOp::Equal { .. }) {
                gone.extend(old.span(before, operation.old_range().start, operation.old_range().len()));
                came.extend(new.span(now, operation.new_range().start, operation.new_range().len()));
            }
        }
    }
    Change::Altered { before, now, gone, new: came }
}

/// A paragraph that is removed here and added there has only moved.
fn drop_moved(changes: &mut Vec<Change>, old: &Paragraphs<'_>, new: &Paragraphs<'_>) {
    let mut removed: HashMap<&[&str], usize> = HashMap::new();
    for change in changes.iter() {
        if let Change::Removed { before } = change {
            *removed.entry(old.words(*before)).or_default() += 1;
        }
    }
    let mut moved: HashMap<&[&str], usize> = HashMap::new();
    changes.retain(|change| match change {
        Change::Added { now } => match removed.get_mut(new.words(*now)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                *moved.entry(new.words(*now)).or_default() += 1;
                false
            }
            _ => true,
        },
        _ => true,
    });
    changes.retain(|change| match change {
        Change::Removed { before } => match moved.get_mut(old.words(*before)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        },
        _ => true,
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::read::{Format, read_text};

    fn article(paragraphs: &[&str]) -> Article {
        read_text("a", &format!("A title here\n\n{}\n", paragraphs.join("\n\n")), Format::Text).unwrap()
    }

    const A: &str = "The ferry to the islands sails at noon on Monday.";
    const B: &str = "Nobody was hurt when the engine caught fire off the pier.";
    const C: &str = "The harbour office opens again in the first week of May.";

    fn numbers(before: &[&str], now: &[&str]) -> Vec<(char, usize, usize)> {
        let told = |change| match change {
            Change::Added { now } => ('+', usize::MAX, now),
            Change::Removed { before } => ('-', before, usize::MAX),
            Change::Altered { before, now, .. } => ('~', before, now),
        };
        changes(&article(before), &article(now)).into_iter().map(told).collect()
    }

    #[test]
    fn what_was_added_removed_and_altered_is_told_apart() {
        let altered = A.replace("noon on Monday", "dawn on Friday");
        assert_eq!(numbers(&[A, B], &[A, B]), []);
        assert_eq!(numbers(&[A], &[A, B]), [('+', usize::MAX, 1)]);
        assert_eq!(numbers(&[A, B], &[B]), [('-', 0, usize::MAX)]);
        assert_eq!(numbers(&[A, B], &[&altered, B]), [('~', 0, 0)]);
        assert_eq!(numbers(&[A, B], &[C, &altered]), [('+', usize::MAX, 0), ('~', 0, 1), ('-', 1, usize::MAX)]);
        assert_eq!(numbers(&[A], &[C]), [('-', 0, usize::MAX), ('+', usize::MAX, 0)]);
    }

    #[test]
    fn a_paragraph_that_moved_or_was_wrapped_anew_did_not_change() {
        assert_eq!(numbers(&[A, B, C], &[B, C, A]), []);
        assert_eq!(numbers(&[A, A, B], &[B, A]), [('-', 1, usize::MAX)]);
        assert_eq!(numbers(&[A], &[&A.replace(" islands ", "  islands ")]), []);
    }

    #[test]
    fn altered_words_are_marked_in_both() {
        let (before, now) = (article(&[A]), article(&[&A.replace("noon on Monday", "dawn on Friday")]));
        let [Change::Altered { gone, new, .. }] = &changes(&before, &now)[..] else { panic!() };
        let words = |article: &Article, spans: &[Span]| spans.iter().map(|s| article.slice(*s).to_owned()).collect();
        let (gone, new): (Vec<String>, Vec<String>) = (words(&before, gone), words(&now, new));
        assert_eq!((gone, new), (vec!["noon".into(), "Monday.".into()], vec!["dawn".to_owned(), "Friday.".into()]));
    }

    #[test]
    fn long_texts_without_anything_in_common_take_no_minutes() {
        let paragraphs = |word: &str| (0..4000).map(|n| format!("{word}{n} goes on and on here.")).collect::<Vec<_>>();
        let text = |all: Vec<String>| article(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let (before, now) = (text(paragraphs("one")), text(paragraphs("other")));
        let started = Instant::now();
        assert_eq!(changes(&before, &now).len(), before.paragraphs().len() + now.paragraphs().len());
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }

    proptest! {
        #[test]
        fn every_change_is_of_paragraphs_that_are_there(
            before in prop::collection::vec("[abc]( [abc.]){0,5}", 1..8),
            now in prop::collection::vec("[abc]( [abc.]){0,5}", 1..8),
        ) {
            let of = |all: &[String]| read_text("a", &format!("T\n\n{}\n", all.join("\n\n")), Format::Text);
            let (Ok(before), Ok(now)) = (of(&before), of(&now)) else { return Ok(()) };
            for change in changes(&before, &now) {
                if let Change::Altered { before: b, now: n, gone, new } = change {
                    let fits = |article: &Article, paragraph: usize, spans: &[Span]| {
                        let whole = article.paragraphs()[paragraph].span;
                        spans.iter().all(|span| whole.contains(*span)) && spans.is_sorted_by_key(|span| span.start)
                    };
                    prop_assert!(fits(&before, b, &gone) && fits(&now, n, &new));
                }
            }
        }
    }
}
