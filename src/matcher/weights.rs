//! The learned weights of the features, and where they come from.

use super::features::COUNT;

/// The score of a paragraph: the weighted sum of its features.
pub(super) fn score(features: &[f32; COUNT]) -> f32 {
    features.iter().zip(&WEIGHTS).map(|(value, weight)| value * weight).sum()
}

/// The weights, in the order of [`super::features::NAMES`].
///
/// Fitted by listwise softmax over the candidates of each question, L2 penalty .003 on standardised weights, in two
/// domains. `NewsQA` dev (Trischler et al. 2017; 2,102 questions on 319 articles), asked of all articles (weight 1),
/// within the article (.5) and misspelt (.3): its askers saw only headline and summary, so it trusts the lead. Against
/// that, 1,260 questions for facts anywhere, made from sentences of `PolNeAR` train (Newell et al. 2018) and asked of
/// libraries of seventeen articles (2.5), and fifty questions on the sample articles (15). Weights of evidence for an
/// answer are kept from going negative.
///
/// Five-fold cross-validation by article, R@1 / R@10: all articles .431 / .753, within .577 / .945, misspelt .409 / .732,
/// made questions .902 / .989; forty-eight further questions on the samples that took no part: .896 / 1.
pub(super) const WEIGHTS: [f32; COUNT] = [
    1.553,  // bm25 to best
    1.045,  // article bm25
    3.032,  // article bm25 to best
    0.141,  // bm25 before
    0.142,  // bm25 after
    1.364,  // coverage with neighbours
    0.669,  // coverage of article
    2.992,  // coverage of title
    2.367,  // coverage of section
    -0.613, // first paragraph
    -0.179, // place in article
    2.464,  // nearness to start
    -0.610, // length
    -0.480, // very short
    1.223,  // pairs in order
    1.029,  // exact forms
    -0.880, // names matched
    0.403,  // names
    0.795,  // speech asked and held
    0.447,  // who: person
    -0.797, // who: none
    0.364,  // when: time
    1.299,  // how many: number
    1.931,  // why: cause
    0.640,  // who: person in sentence
    2.188,  // when: time in sentence
    1.589,  // how many: number in sentence
    1.222,  // where: place in sentence
    0.838,  // unit asked for in sentence
    1.419,  // unit asked for
    0.874,  // kind near words × beyond title to best
    1.584,  // beyond title to best
    0.564,  // sentence beyond title
    -0.205, // rarest word missing around
    0.521,  // article bm25 × beyond title
];
