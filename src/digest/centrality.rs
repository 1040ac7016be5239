//! How much a sentence shares with the rest of its article.
//!
//! The weight between two sentences is that of TextRank (Mihalcea and Tarau 2004): the terms they share over the
//! logarithms of their sizes. A sentence's centrality is the sum of its weights, not the eigenvector: on the 100 BBC
//! articles of the summary bench the two choose alike (rouge1 .797 and .799), and the sum needs no iteration.

use super::terms::TermSet;

/// The centrality of each sentence, scaled so that the mean is 1; all zero where no sentence shares a term with another.
///
/// Shared terms are counted through an inverted index, which for hundreds of sentences is far less work than comparing
/// them pair by pair.
pub(super) fn degrees(sentences: &[TermSet]) -> Vec<f32> {
    let sizes: Vec<f32> = sentences.iter().map(|terms| size(terms)).collect();
    let holders = holders(sentences);
    let mut common = vec![0u32; sentences.len()];
    let mut degrees: Vec<f32> = Vec::with_capacity(sentences.len());
    for (index, (terms, size)) in sentences.iter().zip(&sizes).enumerate() {
        common.fill(0);
        for &other in terms.iter().filter_map(|&term| holders.get(term as usize)).flatten() {
            if let Some(count) = common.get_mut(other) {
                *count += 1;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a sentence has fewer terms than an f32 counts exactly")]
        let weights = common.iter().zip(&sizes).map(|(&count, other)| count as f32 / (size + other));
        let others = weights.enumerate().filter(|&(other, weight)| other != index && weight > 0.0);
        degrees.push(others.map(|(_, weight)| weight).sum());
    }
    let total: f32 = degrees.iter().sum();
    if total > 0.0 {
        #[expect(clippy::cast_precision_loss, reason = "sentences are far fewer than an f32 counts exactly")]
        let scale = degrees.len() as f32 / total;
        degrees.iter_mut().for_each(|degree| *degree *= scale);
    }
    degrees
}

/// For each term, by its number, the sentences that hold it. Terms are numbered without gaps.
fn holders(sentences: &[TermSet]) -> Vec<Vec<usize>> {
    let mut holders: Vec<Vec<usize>> = Vec::new();
    for (index, terms) in sentences.iter().enumerate() {
        for &term in terms {
            let term = term as usize;
            if holders.len() <= term {
                holders.resize_with(term + 1, Vec::new);
            }
            if let Some(holders) = holders.get_mut(term) {
                holders.push(index);
            }
        }
    }
    holders
}

/// The logarithm that tempers the advantage of long sentences; one is added so that a single term does not give zero.
fn size(terms: &[u32]) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "a sentence has fewer terms than an f32 counts exactly")]
    let count = terms.len() as f32;
    count.ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_that_shares_most_is_most_central() {
        let degrees = degrees(&[vec![1, 2], vec![1, 2, 3, 4], vec![3, 4], vec![9]]);
        assert!(degrees[1] > degrees[0] && degrees[1] > degrees[2]);
        assert!(degrees[3].abs() < f32::EPSILON);
        assert!((degrees.iter().sum::<f32>() - 4.0).abs() < 1e-4);
    }

    #[test]
    fn sentences_with_nothing_in_common_have_no_centrality() {
        assert_eq!(degrees(&[vec![1], vec![2], vec![]]), [0.0, 0.0, 0.0]);
        assert!(degrees(&[]).is_empty());
    }
}
