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
/// negative. Five-fold cross-validation by article, R@1 / R@10: all articles .418 / .763, within .569 / .947, misspelt
/// .396 / .742; on the training data .418 / .765, .569 / .945, .399 / .744. The set holds three questions that ask
/// why: that weight is set by hand.
pub(super) const WEIGHTS: [f32; COUNT] = [
    0.400,  // bm25
    0.801,  // bm25 to best
    3.024,  // article bm25
    3.526,  // article bm25 to best
    0.021,  // bm25 before
    0.074,  // bm25 after
    0.000,  // coverage
    1.581,  // coverage with neighbours
    0.744,  // coverage of article
    0.818,  // coverage of title
    2.626,  // coverage of section
    0.000,  // coverage of best sentence
    2.158,  // coverage beyond title
    -0.980, // first paragraph
    -0.242, // second paragraph
    -1.080, // place in article
    2.836,  // nearness to start
    -1.922, // length
    -0.637, // very short
    0.000,  // closeness
    1.032,  // pairs in order
    0.758,  // exact forms
    -0.826, // names matched
    0.598,  // names
    0.758,  // fresh words
    1.037,  // speech asked and held
    -0.048, // quotation marks
    0.236,  // who: person
    -0.407, // who: none
    1.881,  // when: time
    0.977,  // how many: number
    0.000,  // where: place
    0.000,  // why: cause
    0.764,  // who: person in sentence
    0.000,  // when: time in sentence
    2.208,  // how many: number in sentence
    0.979,  // where: place in sentence
    0.500,  // why: cause in sentence
];
