//! Fitting a weighted sum: Newton's steps on a convex loss, each solved by coordinate descent within the weights' bounds.
//!
//! Everything is summed in a fixed order, so that the same data give the same weights to the last bit, on any number of threads.

use rayon::prelude::*;

/// Lists that one thread sums before the sums are put together.
const CHUNK: usize = 64;

/// Steps at most; a dozen suffice for what is fitted here.
const STEPS: usize = 40;

/// A step that lowers the loss by less than this share ends the fit.
const ENOUGH: f64 = 1e-9;

/// Rows among which some are right: the candidates of a question, or the sentences of a paragraph.
#[derive(Debug, Clone)]
pub(super) struct List<const N: usize> {
    pub(super) rows: Vec<[f32; N]>,
    /// Which of the rows are right.
    pub(super) right: Vec<bool>,
    /// What the list counts.
    pub(super) weight: f64,
    /// In which fold it is held out.
    pub(super) fold: usize,
}

impl<const N: usize> List<N> {
    /// The place of the first right row when the rows are put in order by `score`, from 0; the order of the rows decides between
    /// equals, as it does when passages are ranked.
    pub(super) fn rank(&self, score: impl Fn(&[f32; N]) -> f32) -> Option<usize> {
        let scores: Vec<f32> = self.rows.iter().map(score).collect();
        let right = scores.iter().zip(&self.right).enumerate().filter(|(_, (_, right))| **right);
        let (at, (best, _)) = right.max_by(|a, b| a.1.0.total_cmp(b.1.0).then(b.0.cmp(&a.0)))?;
        let ahead = |(other, score): (usize, &f32)| score > best || (score == best && other < at);
        Some(scores.iter().enumerate().filter(|found| ahead(*found)).count())
    }
}

/// How a fit is held back.
pub(super) struct Reins<const N: usize> {
    /// The penalty on the square of each standardised weight.
    pub(super) ridge: f64,
    /// Weights that must not go below zero.
    pub(super) positive: [bool; N],
}

/// Loss, gradient and Hessian over some lists.
struct Sums<const N: usize> {
    loss: f64,
    gradient: [f64; N],
    hessian: Vec<[f64; N]>,
}

impl<const N: usize> Sums<N> {
    fn new() -> Self {
        Self { loss: 0.0, gradient: [0.0; N], hessian: vec![[0.0; N]; N] }
    }

    fn join(mut self, other: &Self) -> Self {
        self.loss += other.loss;
        add(&mut self.gradient, &other.gradient, 1.0);
        for (row, more) in self.hessian.iter_mut().zip(&other.hessian) {
            add(row, more, 1.0);
        }
        self
    }
}

fn add<const N: usize>(sum: &mut [f64; N], values: &[f64; N], times: f64) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += times * value;
    }
}

fn dot<const N: usize>(a: &[f64; N], b: &[f64; N]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The weights under which the right rows of each list are the likeliest (listwise softmax; all right rows share the likelihood).
/// Lists without a right row, or with nothing else, teach nothing.
pub(super) fn listwise<const N: usize>(lists: &[&List<N>], reins: &Reins<N>) -> [f32; N] {
    let teaching: Vec<&List<N>> =
        lists.iter().copied().filter(|list| list.right.contains(&true) && list.right.contains(&false)).collect();
    let scale = Scale::of(teaching.iter().flat_map(|list| list.rows.iter().map(|row| (row, list.weight))));
    let weight: f64 = teaching.iter().map(|list| list.weight).sum::<f64>().max(f64::EPSILON);
    let sums = |weights: &[f64; N], whole: bool| {
        let parts: Vec<Sums<N>> = teaching
            .par_chunks(CHUNK)
            .map(|lists| {
                let mut sums = Sums::new();
                lists.iter().for_each(|list| of_list(list, &scale, weights, list.weight / weight, whole, &mut sums));
                sums
            })
            .collect();
        parts.iter().fold(Sums::new(), |sums, part| sums.join(part))
    };
    scale.undo(&descend(sums, reins))
}

fn of_list<const N: usize>(
    list: &List<N>,
    scale: &Scale<N>,
    weights: &[f64; N],
    share: f64,
    whole: bool,
    sums: &mut Sums<N>,
) {
    let rows: Vec<[f64; N]> = list.rows.iter().map(|row| scale.apply(row)).collect();
    let scores: Vec<f64> = rows.iter().map(|row| dot(row, weights)).collect();
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let all: f64 = scores.iter().map(|score| (score - most).exp()).sum();
    let right: f64 = scores.iter().zip(&list.right).filter(|(_, right)| **right).map(|(s, _)| (s - most).exp()).sum();
    sums.loss -= share * (right.max(f64::MIN_POSITIVE) / all).ln();
    if !whole {
        return;
    }
    // The gradient is the mean row under all less the mean under the right ones; the Hessian is kept to the first part, which is
    // convex (the other one would make it indefinite).
    let mut mean = [0.0; N];
    for ((row, score), right_one) in rows.iter().zip(&scores).zip(&list.right) {
        let likely = (score - most).exp();
        add(&mut mean, row, likely / all);
        add(&mut sums.gradient, row, share * likely / all);
        if *right_one {
            add(&mut sums.gradient, row, -share * likely / right.max(f64::MIN_POSITIVE));
        }
    }
    for (row, score) in rows.iter().zip(&scores) {
        let likely = share * (score - most).exp() / all;
        for ((hessian, value), mean_value) in sums.hessian.iter_mut().zip(row).zip(&mean) {
            let off = value - mean_value;
            for ((sum, other), other_mean) in hessian.iter_mut().zip(row).zip(&mean) {
                *sum += likely * off * (other - other_mean);
            }
        }
    }
}

/// Rows of which each is right or wrong by itself.
#[derive(Debug, Clone)]
pub(super) struct Case<const N: usize> {
    pub(super) row: [f32; N],
    pub(super) right: bool,
    pub(super) weight: f64,
    pub(super) fold: usize,
    /// The set that it is of.
    pub(super) set: &'static str,
}

/// The weights, and the bias (in the last place of the second array's scale), of a logistic regression.
pub(super) fn logistic<const N: usize>(cases: &[&Case<N>], reins: &Reins<N>) -> ([f32; N], f32) {
    let scale = Scale::of(cases.iter().map(|case| (&case.row, case.weight)));
    let weight: f64 = cases.iter().map(|case| case.weight).sum::<f64>().max(f64::EPSILON);
    let mut bias = 0.0;
    let mut weights = [0.0; N];
    // The bias has no bounds and no penalty: it is fitted in turns with the weights.
    for _ in 0..STEPS {
        let before = (weights, bias);
        let sums = |weights: &[f64; N], whole: bool| {
            let mut sums = Sums::new();
            for case in cases {
                let row = scale.apply(&case.row);
                let (share, likely) = (case.weight / weight, sigmoid(dot(&row, weights) + bias));
                let chance: f64 = if case.right { likely } else { 1.0 - likely };
                sums.loss -= share * chance.max(f64::MIN_POSITIVE).ln();
                if whole {
                    add(&mut sums.gradient, &row, share * (likely - f64::from(u8::from(case.right))));
                    for (hessian, value) in sums.hessian.iter_mut().zip(&row) {
                        add(hessian, &row, share * likely * (1.0 - likely) * value);
                    }
                }
            }
            sums
        };
        weights = descend_from(weights, sums, reins);
        for _ in 0..STEPS {
            let (mut slope, mut bend) = (0.0, 0.0);
            for case in cases {
                let likely = sigmoid(dot(&scale.apply(&case.row), &weights) + bias);
                slope += case.weight / weight * (likely - f64::from(u8::from(case.right)));
                bend += case.weight / weight * likely * (1.0 - likely);
            }
            bias -= slope / bend.max(1e-9);
            if slope.abs() < 1e-10 {
                break;
            }
        }
        let moved = weights.iter().zip(&before.0).map(|(a, b)| (a - b).abs()).fold((bias - before.1).abs(), f64::max);
        if moved < 1e-7 {
            break;
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "weights need no more than single precision")]
    let shifted =
        (bias - weights.iter().zip(&scale.mean).zip(&scale.spread).map(|((w, m), s)| w * m / s).sum::<f64>()) as f32;
    (scale.undo(&weights), shifted)
}

pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn descend<const N: usize>(sums: impl Fn(&[f64; N], bool) -> Sums<N>, reins: &Reins<N>) -> [f64; N] {
    descend_from([0.0; N], sums, reins)
}

/// Newton's steps with halving.
fn descend_from<const N: usize>(
    mut weights: [f64; N],
    sums: impl Fn(&[f64; N], bool) -> Sums<N>,
    reins: &Reins<N>,
) -> [f64; N] {
    let penalty = |weights: &[f64; N]| 0.5 * reins.ridge * dot(weights, weights);
    for _ in 0..STEPS {
        let here = sums(&weights, true);
        let loss = here.loss + penalty(&weights);
        let target = bounded_minimum(&here, &weights, reins);
        let mut part = 1.0;
        let mut next = target;
        while part > 1e-4 {
            for ((next, target), old) in next.iter_mut().zip(&target).zip(&weights) {
                *next = old + part * (target - old);
            }
            if sums(&next, false).loss + penalty(&next) < loss {
                break;
            }
            part /= 2.0;
        }
        if part <= 1e-4 {
            break;
        }
        let gained = loss - (sums(&next, false).loss + penalty(&next));
        weights = next;
        if gained < ENOUGH * loss {
            break;
        }
    }
    weights
}

/// The minimum of the loss's second-order picture, within the bounds.
fn bounded_minimum<const N: usize>(here: &Sums<N>, weights: &[f64; N], reins: &Reins<N>) -> [f64; N] {
    /// Rounds of coordinate descent: far more than are needed for a few dozen weights.
    const ROUNDS: usize = 400;
    let mut at = *weights;
    for _ in 0..ROUNDS {
        let mut moved = 0.0_f64;
        for n in 0..N {
            let (Some(row), Some(slope)) = (here.hessian.get(n), here.gradient.get(n)) else { continue };
            let bent: f64 = row.iter().zip(&at).zip(weights).map(|((h, a), w)| h * (a - w)).sum();
            let (Some(value), Some(bend)) = (at.get(n).copied(), row.get(n).copied()) else { continue };
            let slope = slope + bent + reins.ridge * value;
            let mut next = value - slope / (bend + reins.ridge + 1e-12);
            if reins.positive.get(n).copied().unwrap_or(false) {
                next = next.max(0.0);
            }
            moved = moved.max((next - value).abs());
            if let Some(value) = at.get_mut(n) {
                *value = next;
            }
        }
        if moved < 1e-9 {
            break;
        }
    }
    at
}

/// Mean and spread of each column, so that one penalty suits all.
struct Scale<const N: usize> {
    mean: [f64; N],
    spread: [f64; N],
}

impl<const N: usize> Scale<N> {
    fn of<'r>(rows: impl Iterator<Item = (&'r [f32; N], f64)>) -> Self {
        let (mut all, mut sum, mut squares) = (0.0, [0.0; N], [0.0; N]);
        for (row, weight) in rows {
            all += weight;
            for ((sum, square), value) in sum.iter_mut().zip(&mut squares).zip(row) {
                let value = f64::from(*value);
                *sum += weight * value;
                *square += weight * value * value;
            }
        }
        let all = f64::max(all, f64::EPSILON);
        let mean = sum.map(|sum| sum / all);
        let mut spread = [1.0; N];
        for ((spread, square), mean) in spread.iter_mut().zip(&squares).zip(&mean) {
            let variance = square / all - mean * mean;
            *spread = if variance > 1e-10 { variance.sqrt() } else { 1.0 };
        }
        Self { mean, spread }
    }

    fn apply(&self, row: &[f32; N]) -> [f64; N] {
        let mut scaled = [0.0; N];
        for (((scaled, value), mean), spread) in scaled.iter_mut().zip(row).zip(&self.mean).zip(&self.spread) {
            *scaled = (f64::from(*value) - mean) / spread;
        }
        scaled
    }

    #[expect(clippy::cast_possible_truncation, reason = "weights need no more than single precision")]
    fn undo(&self, weights: &[f64; N]) -> [f32; N] {
        let mut plain = [0.0; N];
        for ((plain, weight), spread) in plain.iter_mut().zip(weights).zip(&self.spread) {
            // Four digits are more than the data can tell, and make a file that people can read.
            *plain = ((weight / spread * 1e4).round() / 1e4) as f32;
        }
        plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rows: &[[f32; 2]], right: usize) -> List<2> {
        List { rows: rows.to_vec(), right: (0..rows.len()).map(|n| n == right).collect(), weight: 1.0, fold: 0 }
    }

    #[test]
    fn the_column_that_tells_gets_the_weight() {
        let lists: Vec<List<2>> = (0..60_u8)
            .map(|n| {
                let noise = f32::from(n % 7);
                // Now and then the other one is right: without doubt a weight would grow without end.
                list(&[[1.0, noise], [0.0, 6.0 - noise], [0.2, 3.0]], usize::from(n % 10 == 0))
            })
            .collect();
        let lists: Vec<&List<2>> = lists.iter().collect();
        let free = listwise(&lists, &Reins { ridge: 1e-3, positive: [false; 2] });
        assert!(free[0] > 1.0 && free[1].abs() < 0.2, "{free:?}");
        let bounded = listwise(&lists, &Reins { ridge: 1e-3, positive: [true; 2] });
        assert!(bounded[1] >= 0.0);
        assert_eq!(lists[1].rank(|row| row[0]), Some(0));
        assert_eq!(lists[0].rank(|row| row[0]), Some(2));
    }

    #[test]
    fn a_logistic_fit_finds_line_and_bias() {
        let cases: Vec<Case<1>> = (0..200_u8)
            .map(|n| {
                let value = f32::from(n) / 100.0;
                let right = (n > 120) != n.is_multiple_of(11);
                Case { row: [value], right, weight: 1.0, fold: 0, set: "a" }
            })
            .collect();
        let cases: Vec<&Case<1>> = cases.iter().collect();
        let ([weight], bias) = logistic(&cases, &Reins { ridge: 1e-4, positive: [false] });
        let middle = -bias / weight;
        assert!(weight > 0.0 && (1.0..1.4).contains(&middle), "{weight} {bias}");
    }
}
