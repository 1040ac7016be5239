//! How near a fragment comes to a quotation, word by word.

use super::block::Entry;
use super::index::Asked;

/// How a fragment lies on a quotation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Alignment {
    /// 0 to 1; 1 only when every word stands there, side by side and in order.
    pub similarity: f32,
    /// The first and one past the last word of the quotation's content that match; equal when none does.
    pub stretch: (usize, usize),
}

/// What a word left out or put in costs, as a share of an average word's weight.
const GAP: f32 = 0.15;
/// What a word counts that stands in the sentence, but outside the content.
const AROUND: f32 = 0.4;

/// Lays `asked` on a quotation: the best local alignment in order, and the words that are there in any order.
pub(super) fn align(asked: &[Asked], entry: Entry<'_>) -> Alignment {
    let total: f32 = asked.iter().map(|a| a.weight).sum();
    let content = entry.content;
    if asked.is_empty() || total <= 0.0 {
        return Alignment { similarity: 0.0, stretch: (0, 0) };
    }
    if let Some(at) = run(asked, content) {
        return Alignment { similarity: 1.0, stretch: (at, at + asked.len()) };
    }
    let likeness = |word: u32, asked: &Asked| {
        asked.readings.iter().find(|(number, _)| *number == word).map_or(0.0, |(_, like)| *like)
    };
    #[expect(clippy::cast_precision_loss, reason = "a question has few words")]
    let gap = GAP * total / asked.len() as f32;
    // Rows: asked words; a cell keeps its score and where its alignment began.
    let mut before = vec![(0.0_f32, 0_usize); content.len() + 1];
    let mut row = before.clone();
    let (mut best, mut stretch) = (0.0_f32, (0, 0));
    let mut unordered = 0.0_f32;
    for word in asked {
        let mut anywhere = 0.0_f32;
        for (at, stored) in content.iter().enumerate() {
            let like = likeness(*stored, word);
            anywhere = anywhere.max(like);
            let (corner, up, left) = (before.get(at), before.get(at + 1), row.get(at));
            let begun = corner.copied().filter(|(score, _)| *score > 0.0).unwrap_or((0.0, at));
            let matched = if like > 0.0 { (begun.0 + like * word.weight, begun.1) } else { (0.0, at) };
            let skipped = [up, left].into_iter().flatten().map(|(score, begun)| (score - gap, *begun));
            let cell = skipped.fold(matched, |best, other| if other.0 > best.0 { other } else { best });
            if cell.0 > best && like > 0.0 && cell == matched {
                best = cell.0;
                stretch = (cell.1, at + 1);
            }
            if let Some(slot) = row.get_mut(at + 1) {
                *slot = cell;
            }
        }
        if anywhere == 0.0 && word.readings.iter().any(|(number, _)| entry.around.binary_search(number).is_ok()) {
            anywhere = AROUND;
        }
        unordered += anywhere * word.weight;
        std::mem::swap(&mut before, &mut row);
        if let Some(first) = row.first_mut() {
            *first = (0.0, 0);
        }
    }
    let similarity = (0.5 * best / total + 0.5 * unordered / total).clamp(0.0, 0.999);
    Alignment { similarity, stretch }
}

/// Where all asked words stand side by side, exactly.
fn run(asked: &[Asked], content: &[u32]) -> Option<usize> {
    let exact: Option<Vec<u32>> =
        asked.iter().map(|a| a.readings.first().filter(|(_, like)| *like >= 1.0).map(|(n, _)| *n)).collect();
    run_of(&exact?, content)
}

/// Where `words` stand side by side in `content`.
pub(super) fn run_of(words: &[u32], content: &[u32]) -> Option<usize> {
    if words.is_empty() {
        return None;
    }
    content.windows(words.len()).position(|window| window == words)
}

/// How many words two quotations have in common, in the same order.
pub(super) fn shared(one: &[u32], other: &[u32]) -> usize {
    let mut before = vec![0_usize; other.len() + 1];
    let mut row = before.clone();
    for word in one {
        let mut left = 0;
        for ((stored, corner), (up, cell)) in
            other.iter().zip(&before).zip(before.iter().skip(1).zip(row.iter_mut().skip(1)))
        {
            left = if stored == word { corner + 1 } else { left.max(*up) };
            *cell = left;
        }
        std::mem::swap(&mut before, &mut row);
    }
    before.last().copied().unwrap_or(0)
}

/// Where runs of words stand in `content`, one after the other with words between them: the first word and one past the last.
pub(super) fn runs_of(runs: &[&[u32]], content: &[u32]) -> Option<(usize, usize)> {
    let (mut first, mut from) = (None, 0);
    for run in runs {
        let at = from + run_of(run, content.get(from..)?)?;
        first = first.or(Some(at));
        from = at + run.len();
    }
    Some((first?, from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_words_are_counted_in_order() {
        assert_eq!(shared(&[1, 2, 3, 4], &[9, 1, 3, 8, 4]), 3);
        assert_eq!(shared(&[1, 2, 3], &[3, 2, 1]), 1);
        assert_eq!(shared(&[], &[1]), 0);
    }

    #[test]
    fn runs_follow_one_another() {
        assert_eq!(runs_of(&[&[1, 2], &[5]], &[0, 1, 2, 3, 4, 5, 6]), Some((1, 6)));
        assert_eq!(runs_of(&[&[5], &[1, 2]], &[0, 1, 2, 3, 4, 5, 6]), None);
    }
}
