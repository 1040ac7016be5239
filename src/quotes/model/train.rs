//! Training: stochastic steps of AdaGrad on the likelihood of annotated paragraphs, the weights averaged.

use std::collections::HashMap;

use super::labels::LABELS;
use super::lattice::{EDGES, Edge, Sums, Transitions};

/// A paragraph to learn from, its features as rows of the weights.
#[derive(Debug)]
pub(crate) struct Example {
    /// All features of all tokens, one token after the other.
    pub rows: Vec<u32>,
    /// Where each token's features begin in `rows`, and their end.
    pub starts: Vec<u32>,
    /// Edge classes.
    pub edges: Vec<Edge>,
    /// The right labels.
    pub labels: Vec<u8>,
}

impl Example {
    fn rows_of(&self, at: usize) -> &[u32] {
        &self.rows[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// Weights that are being learned.
#[derive(Debug, Clone)]
pub(crate) struct Weights {
    /// By row and label.
    pub rows: Vec<[f32; LABELS]>,
    /// Of transitions.
    pub transitions: Transitions,
}

impl Weights {
    /// The mean of several, of which there must be one.
    pub(crate) fn mean(mut all: Vec<Self>) -> Option<Self> {
        #[expect(clippy::cast_precision_loss, reason = "a few")]
        let share = 1.0 / all.len().max(1) as f32;
        let mut mean = all.pop()?;
        for other in &all {
            add(&mut mean, other);
        }
        scale(&mut mean, share, share);
        Some(mean)
    }

    /// Scores of an example's tokens.
    pub(crate) fn score(&self, example: &Example, into: &mut Vec<[f32; LABELS]>) {
        into.clear();
        for at in 0..example.edges.len() {
            let mut node = [0.0; LABELS];
            for row in example.rows_of(at) {
                for (sum, weight) in node.iter_mut().zip(&self.rows[*row as usize]) {
                    *sum += weight;
                }
            }
            into.push(node);
        }
    }
}

/// How to train.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// Times over the data.
    pub epochs: usize,
    /// The first step's size.
    pub rate: f32,
    /// How strongly weights are pulled to 0.
    pub decay: f32,
    /// The part of the features that is left out at random in each step.
    pub dropout: f32,
    /// The order of the examples.
    pub seed: u64,
}

/// Distinct features, and how often each is seen.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    seen: HashMap<u64, u32, Keyed>,
}

/// Feature numbers are well mixed already.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keyed;

impl std::hash::BuildHasher for Keyed {
    type Hasher = Plain;
    fn build_hasher(&self) -> Plain {
        Plain(0)
    }
}

/// The number itself.
#[derive(Debug)]
pub(crate) struct Plain(u64);

impl std::hash::Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

impl Counter {
    /// Counts features.
    pub(crate) fn count(&mut self, features: &[u64]) {
        for feature in features {
            *self.seen.entry(*feature).or_default() += 1;
        }
    }

    /// A row for each feature that was seen at least so often.
    pub(crate) fn rows(self, least: u32) -> HashMap<u64, u32, Keyed> {
        let mut kept: Vec<u64> =
            self.seen.into_iter().filter(|(_, seen)| *seen >= least).map(|(feature, _)| feature).collect();
        kept.sort_unstable();
        (0..).zip(kept).map(|(row, feature)| (feature, row)).collect()
    }
}

/// Learns the weights of so many rows from the examples.
pub(crate) fn train(examples: &[&Example], rows: usize, options: Options) -> Weights {
    let mut weights = Weights { rows: vec![[0.0; LABELS]; rows], transitions: Transitions::new() };
    let mut squares = vec![[0.0f32; LABELS]; rows];
    let mut edge_squares = vec![[[0.0f32; LABELS]; LABELS + 1]; EDGES];
    let mut average: Option<(Weights, f32)> = None;
    let mut order: Vec<usize> = (0..examples.len()).collect();
    let mut random = options.seed;
    let mut sums = Sums::default();
    let mut nodes = Vec::new();
    for epoch in 0..options.epochs {
        for at in (1..order.len()).rev() {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from((random >> 33) % (at as u64 + 1)).unwrap_or(0);
            order.swap(at, other);
        }
        let part = order.len().div_ceil(4);
        for (number, index) in order.iter().enumerate() {
            let example = &thinned(examples[*index], options.dropout, &mut random);
            step(example, &mut weights, &mut squares, &mut edge_squares, &mut sums, &mut nodes, options);
            // Averaged over the later halves: each quarter of an epoch counts once.
            if epoch >= options.epochs / 2 && (number + 1) % part == 0 {
                accumulate(&mut average, &weights);
            }
        }
    }
    let Some((mut sum, count)) = average else { return weights };
    // Each step saw a part of the features; all of them together must not score higher.
    scale(&mut sum, (1.0 - options.dropout) / count, 1.0 / count);
    sum
}

fn add(sum: &mut Weights, more: &Weights) {
    for (sum, row) in sum.rows.iter_mut().zip(&more.rows) {
        for (sum, weight) in sum.iter_mut().zip(row) {
            *sum += weight;
        }
    }
    for edge in (0u8..).take(EDGES) {
        let now = *more.transitions.of(edge);
        sum.transitions.change(edge, |table| {
            for (sum, weight) in table.iter_mut().flatten().zip(now.iter().flatten()) {
                *sum += weight;
            }
        });
    }
}

fn scale(weights: &mut Weights, rows: f32, transitions: f32) {
    for row in &mut weights.rows {
        for weight in row {
            *weight *= rows;
        }
    }
    for edge in (0u8..).take(EDGES) {
        weights.transitions.change(edge, |table| table.iter_mut().flatten().for_each(|weight| *weight *= transitions));
    }
}

/// An example without a part of its features.
fn thinned(example: &Example, part: f32, random: &mut u64) -> Example {
    let mut thin = Example {
        rows: Vec::with_capacity(example.rows.len()),
        starts: vec![0],
        edges: example.edges.clone(),
        labels: example.labels.clone(),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of 32 bits")]
    let limit = (part.clamp(0.0, 0.9) * u32::MAX as f32) as u32;
    for at in 0..example.edges.len() {
        thin.rows.extend(example.rows_of(at).iter().filter(|_| {
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            limit == 0 || (*random >> 32) as u32 >= limit
        }));
        thin.starts.push(u32::try_from(thin.rows.len()).unwrap_or(u32::MAX));
    }
    thin
}

fn accumulate(average: &mut Option<(Weights, f32)>, weights: &Weights) {
    match average {
        Some((sum, count)) => {
            add(sum, weights);
            *count += 1.0;
        }
        None => *average = Some((weights.clone(), 1.0)),
    }
}

fn step(
    example: &Example,
    weights: &mut Weights,
    squares: &mut [[f32; LABELS]],
    edge_squares: &mut [[[f32; LABELS]; LABELS + 1]],
    sums: &mut Sums,
    nodes: &mut Vec<[f32; LABELS]>,
    options: Options,
) {
    weights.score(example, nodes);
    sums.compute(nodes, &example.edges, &weights.transitions);
    let mut changes: Vec<(Edge, [[f32; LABELS]; LABELS + 1])> = Vec::new();
    for (at, edge) in example.edges.iter().enumerate() {
        let label = usize::from(example.labels[at]);
        let before = at.checked_sub(1).map_or(LABELS, |before| usize::from(example.labels[before]));
        let place = changes.iter().position(|(of, _)| of == edge).unwrap_or_else(|| {
            changes.push((*edge, [[0.0; LABELS]; LABELS + 1]));
            changes.len() - 1
        });
        let change = &mut changes[place].1;
        change[before][label] += 1.0;
        sums.add_edges(at, *edge, &weights.transitions, -1.0, change);
    }
    for at in 0..example.edges.len() {
        let mut gradient = sums.node(at).map(|probability| -probability);
        gradient[usize::from(example.labels[at])] += 1.0;
        if gradient.iter().all(|g| g.abs() < 1e-4) {
            continue;
        }
        for row in example.rows_of(at) {
            let row = *row as usize;
            for ((weight, square), g) in weights.rows[row].iter_mut().zip(&mut squares[row]).zip(gradient) {
                let g = g - options.decay * *weight;
                *square += g * g;
                *weight += options.rate * g / (square.sqrt() + 1e-3);
            }
        }
    }
    for (edge, change) in changes {
        let mut rates = [[0.0; LABELS]; LABELS + 1];
        let table = &mut edge_squares[usize::from(edge)];
        for ((square, g), rate) in
            table.iter_mut().flatten().zip(change.iter().flatten()).zip(rates.iter_mut().flatten())
        {
            *square += g * g;
            *rate = options.rate / (square.sqrt() + 1e-3);
        }
        weights.transitions.change(edge, |table| {
            for ((weight, g), rate) in
                table.iter_mut().flatten().zip(change.iter().flatten()).zip(rates.iter().flatten())
            {
                *weight += rate * g;
            }
        });
    }
}
