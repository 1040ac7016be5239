//! The linear chain: the best sequence of labels, and how probable each label is at each token.
//!
//! Scores are natural logarithms. A transition's score depends on the token that it leads to by that token's [`Edge`]
//! class alone, so that all transitions are a small table.

use super::labels::{LABELS, may_follow};

/// The class of a token as far as transitions are concerned.
pub(crate) type Edge = u8;

/// How many classes of tokens there are.
pub(crate) const EDGES: usize = 64;

/// The scores of all transitions: by edge class, label before (the last is the start) and label.
#[derive(Debug, Clone)]
pub(crate) struct Transitions {
    scores: Vec<[[f32; LABELS]; LABELS + 1]>,
    /// Their exponentials; 0 where the transition is forbidden.
    factors: Vec<[[f32; LABELS]; LABELS + 1]>,
}

impl Transitions {
    /// No preference between the transitions that are allowed.
    pub(crate) fn new() -> Self {
        let mut new = Self {
            scores: vec![[[0.0; LABELS]; LABELS + 1]; EDGES],
            factors: vec![[[0.0; LABELS]; LABELS + 1]; EDGES],
        };
        for edge in 0..EDGES {
            new.refresh(edge);
        }
        new
    }

    /// The scores of one edge class.
    pub(crate) fn of(&self, edge: Edge) -> &[[f32; LABELS]; LABELS + 1] {
        &self.scores[usize::from(edge)]
    }

    /// Changes the scores of one edge class.
    pub(crate) fn change(&mut self, edge: Edge, change: impl FnOnce(&mut [[f32; LABELS]; LABELS + 1])) {
        change(&mut self.scores[usize::from(edge)]);
        self.refresh(usize::from(edge));
    }

    fn refresh(&mut self, edge: usize) {
        for (from, (scores, factors)) in self.scores[edge].iter().zip(&mut self.factors[edge]).enumerate() {
            let before = u8::try_from(from).ok().filter(|_| from < LABELS);
            for (to, (score, factor)) in (0u8..).zip(scores.iter().zip(factors)) {
                *factor = if may_follow(before, to) { score.exp() } else { 0.0 };
            }
        }
    }
}

/// The place of the start in a table of transitions.
const START: usize = LABELS;

/// The best sequence of labels for these scores.
pub(crate) fn best(nodes: &[[f32; LABELS]], edges: &[Edge], transitions: &Transitions) -> Vec<u8> {
    let mut back: Vec<[u8; LABELS]> = Vec::with_capacity(nodes.len());
    let mut best = [f32::NEG_INFINITY; LABELS];
    for (at, (node, edge)) in nodes.iter().zip(edges).enumerate() {
        let (scores, factors) = (transitions.of(*edge), &transitions.factors[usize::from(*edge)]);
        let mut next = [f32::NEG_INFINITY; LABELS];
        let mut from = [0u8; LABELS];
        if at == 0 {
            for to in 0..LABELS {
                if factors[START][to] > 0.0 {
                    next[to] = scores[START][to] + node[to];
                }
            }
        } else {
            for (before, score) in (0u8..).zip(best) {
                let before_at = usize::from(before);
                for to in 0..LABELS {
                    let sum = score + scores[before_at][to];
                    if sum > next[to] && factors[before_at][to] > 0.0 {
                        next[to] = sum;
                        from[to] = before;
                    }
                }
            }
            for (sum, node) in next.iter_mut().zip(node) {
                *sum += node;
            }
        }
        back.push(from);
        best = next;
    }
    let last = (0u8..).zip(best).max_by(|a, b| a.1.total_cmp(&b.1)).map_or(0, |(label, _)| label);
    let mut labels = vec![0; nodes.len()];
    let mut label = last;
    for (place, from) in labels.iter_mut().zip(&back).rev() {
        *place = label;
        label = from[usize::from(label)];
    }
    labels
}

/// How probable everything is: forward and backward sums, scaled to 1 at each token.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// exp(node score − the token's greatest).
    nodes: Vec<[f32; LABELS]>,
    forward: Vec<[f32; LABELS]>,
    backward: Vec<[f32; LABELS]>,
    /// By token: what the forward sum was divided by.
    scales: Vec<f32>,
}

impl Sums {
    /// Computes them for these scores; the buffers are used again.
    pub(crate) fn compute(&mut self, nodes: &[[f32; LABELS]], edges: &[Edge], transitions: &Transitions) {
        let count = nodes.len();
        self.nodes.clear();
        self.forward.clear();
        self.scales.clear();
        for (at, (node, edge)) in nodes.iter().zip(edges).enumerate() {
            let top = node.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let factor = node.map(|score| (score - top).exp());
            let table = &transitions.factors[usize::from(*edge)];
            let mut next = [0.0; LABELS];
            if let Some(before) = at.checked_sub(1).and_then(|at| self.forward.get(at)) {
                for (weight, row) in before.iter().zip(table) {
                    for (sum, factor) in next.iter_mut().zip(row) {
                        *sum += weight * factor;
                    }
                }
            } else {
                next = table[START];
            }
            for (sum, factor) in next.iter_mut().zip(factor) {
                *sum *= factor;
            }
            let scale = next.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            self.nodes.push(factor);
            self.forward.push(next.map(|sum| sum / scale));
            self.scales.push(scale);
        }
        self.backward.clear();
        self.backward.resize(count, [1.0; LABELS]);
        for at in (1..count).rev() {
            let table = &transitions.factors[usize::from(edges[at])];
            let mut weighted = self.backward[at];
            for (sum, factor) in weighted.iter_mut().zip(self.nodes[at]) {
                *sum *= factor / self.scales[at];
            }
            let mut next = [0.0; LABELS];
            for (sum, row) in next.iter_mut().zip(table) {
                *sum = row.iter().zip(&weighted).map(|(factor, weight)| factor * weight).sum();
            }
            self.backward[at - 1] = next;
        }
    }

    /// How probable each label is at a token.
    pub(crate) fn node(&self, at: usize) -> [f32; LABELS] {
        let mut node = self.forward[at];
        for (sum, backward) in node.iter_mut().zip(self.backward[at]) {
            *sum *= backward;
        }
        node
    }

    /// Adds `rate` times how probable each transition into a token is.
    pub(crate) fn add_edges(
        &self,
        at: usize,
        edge: Edge,
        transitions: &Transitions,
        rate: f32,
        into: &mut [[f32; LABELS]; LABELS + 1],
    ) {
        let table = &transitions.factors[usize::from(edge)];
        let mut weighted = self.backward[at];
        for (sum, factor) in weighted.iter_mut().zip(self.nodes[at]) {
            *sum *= factor / self.scales[at] * rate;
        }
        let Some(before) = at.checked_sub(1) else {
            for ((sum, factor), weight) in into[START].iter_mut().zip(table[START]).zip(weighted) {
                *sum += factor * weight;
            }
            return;
        };
        for ((row, factors), before) in into.iter_mut().zip(table).zip(self.forward[before]) {
            for ((sum, factor), weight) in row.iter_mut().zip(factors).zip(weighted) {
                *sum += before * factor * weight;
            }
        }
    }
}
