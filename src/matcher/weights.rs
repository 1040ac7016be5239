//! The learned weights of the features, and where they come from.

use super::features::COUNT;

/// The score of a paragraph: the weighted sum of its features.
pub(super) fn score(features: &[f32; COUNT]) -> f32 {
    features.iter().zip(&WEIGHTS).map(|(value, weight)| value * weight).sum()
}

/// In the order of [`super::features::NAMES`].
pub(super) const WEIGHTS: [f32; COUNT] = {
    let mut weights = [0.0; COUNT];
    weights[0] = 20.0;
    weights[2] = 8.0;
    weights
};
