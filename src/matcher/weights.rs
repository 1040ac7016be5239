//! The learned weights of the features, and where they come from.

use super::features::COUNT;

/// The score of a paragraph: the weighted sum of its features.
pub(super) fn score(features: &[f32; COUNT]) -> f32 {
    features.iter().zip(&WEIGHTS).map(|(value, weight)| value * weight).sum()
}

/// The weights, in the order of [`super::features::NAMES`].
///
/// Fitted on `NewsQA` dev (Trischler et al. 2017; 2,102 questions on 319 articles): listwise softmax over the candidates
/// of each question, L2 penalty .003 on standardised weights, asked of all articles (weight 1), within the article
/// (.5) and misspelt (.3). Weights of evidence for an answer (coverage, closeness, kinds held) are kept from going
/// negative. Five-fold cross-validation by article, R@1 / R@10: all articles .415 / .762, within .562 / .940, misspelt
/// .390 / .742; on the training data .417 / .761, .565 / .939, .395 / .743. The set holds three questions that ask
/// why: that weight is set by hand.
pub(super) const WEIGHTS: [f32; COUNT] = [
    0.508,  // bm25
    0.742,  // bm25 to best
    3.274,  // article bm25
    3.754,  // article bm25 to best
    0.014,  // bm25 before
    0.074,  // bm25 after
    0.000,  // coverage
    1.570,  // coverage with neighbours
    0.277,  // coverage of article
    0.728,  // coverage of title
    2.736,  // coverage of section
    0.000,  // coverage of best sentence
    2.080,  // coverage beyond title
    -1.002, // first paragraph
    -0.251, // second paragraph
    -1.081, // place in article
    2.823,  // nearness to start
    -2.467, // length
    -0.838, // very short
    0.000,  // closeness
    0.964,  // pairs in order
    0.773,  // exact forms
    -0.691, // names matched
    0.531,  // names
    1.313,  // fresh words
    0.953,  // speech asked and held
    -0.043, // quotation marks
    0.255,  // who: person
    -0.440, // who: none
    1.840,  // when: time
    0.938,  // how many: number
    0.000,  // where: place
    0.000,  // why: cause
    0.710,  // who: person in sentence
    0.000,  // when: time in sentence
    2.224,  // how many: number in sentence
    0.966,  // where: place in sentence
    0.500,  // why: cause in sentence
];
