//! What was learned: the weights of the features, of the confidence's inputs and of the sentence's marks, read from a file.
//!
//! The file that is shipped, `data/models/ranking.json`, is part of the binary. It names each weight, so that a feature which comes or
//! goes makes an old file an error and not a wrong sum, and says from what the weights were fitted, with which seed, and how well
//! they did on what they were not fitted on. `byline train ranking` writes it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use super::{confidence, features, sentence};

/// The file that is shipped.
const SHIPPED: &str = include_str!("../../data/models/ranking.json");

/// The only form there is.
const FORM: u32 = 1;

/// No weight that was fitted comes near this: one that does is damage.
const MOST: f32 = 1_000.0;

/// The learned part of a matcher.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub(super) ranking: [f32; features::COUNT],
    pub(super) confidence: [f32; confidence::COUNT],
    /// The confidence without any input, in log odds.
    pub(super) bias: f32,
    pub(super) sentence: [f32; sentence::COUNT],
    /// How it came about.
    pub made: Made,
}

/// How a model came about: the head of its file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// From what it was fitted.
    pub from: Vec<String>,
    /// The day.
    pub on: String,
    /// The seed of all that was drawn.
    pub seed: u64,
    /// What it reached in cross-validation: figures by name.
    pub score: BTreeMap<String, f64>,
}

/// Why a file is no model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// It is no JSON of this form.
    #[error("the ranking model can't be read: {0}")]
    Form(String),
    /// It was written for other features.
    #[error("the ranking model has no weight for “{0}”")]
    Missing(&'static str),
    /// It was written for other features.
    #[error("the ranking model has a weight for “{0}”, which there is not")]
    Unknown(String),
    /// A weight that no fit gives.
    #[error("the ranking model's weight for “{0}” can't be one")]
    Weight(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    form: u32,
    made: Made,
    ranking: BTreeMap<String, f32>,
    sentence: BTreeMap<String, f32>,
    confidence: BTreeMap<String, f32>,
    bias: f32,
}

impl Model {
    /// The model that is shipped.
    ///
    /// # Errors
    /// [`ModelError`] when the file that was built in is damaged.
    pub fn shipped() -> Result<Arc<Self>, ModelError> {
        static MODEL: LazyLock<Result<Arc<Model>, ModelError>> =
            LazyLock::new(|| Model::read(SHIPPED.as_bytes()).map(Arc::new));
        MODEL.clone()
    }

    /// One that has not learned anything.
    pub(super) fn blank() -> Self {
        Self {
            ranking: [0.0; features::COUNT],
            confidence: [0.0; confidence::COUNT],
            bias: 0.0,
            sentence: [0.0; sentence::COUNT],
            made: Made::default(),
        }
    }

    /// Reads a model's file.
    ///
    /// # Errors
    /// [`ModelError`] for whatever is no model of this version.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| ModelError::Form(error.to_string()))?;
        if file.form != FORM {
            return Err(ModelError::Form(format!("it has form {}, and this version reads {FORM}", file.form)));
        }
        if !file.bias.is_finite() || file.bias.abs() > MOST {
            return Err(ModelError::Weight("bias".to_owned()));
        }
        Ok(Self {
            ranking: weights(file.ranking, &features::NAMES)?,
            sentence: weights(file.sentence, &sentence::NAMES)?,
            confidence: weights(file.confidence, &confidence::NAMES)?,
            bias: file.bias,
            made: file.made,
        })
    }

    /// The bytes of the model's file.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let file = File {
            form: FORM,
            made: self.made.clone(),
            ranking: named(&self.ranking, &features::NAMES),
            sentence: named(&self.sentence, &sentence::NAMES),
            confidence: named(&self.confidence, &confidence::NAMES),
            bias: self.bias,
        };
        // Strings and numbers have no way not to be JSON.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// The score of a paragraph: the weighted sum of its features.
    pub(super) fn score(&self, features: &[f32; features::COUNT]) -> f32 {
        sum(features, &self.ranking)
    }
}

/// A weighted sum.
pub(super) fn sum<const N: usize>(values: &[f32; N], weights: &[f32; N]) -> f32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

fn weights<const N: usize>(
    mut by_name: BTreeMap<String, f32>,
    names: &[&'static str; N],
) -> Result<[f32; N], ModelError> {
    let mut weights = [0.0; N];
    for (weight, name) in weights.iter_mut().zip(names) {
        *weight = by_name.remove(*name).ok_or(ModelError::Missing(name))?;
        if !weight.is_finite() || weight.abs() > MOST {
            return Err(ModelError::Weight((*name).to_owned()));
        }
    }
    match by_name.into_keys().next() {
        Some(name) => Err(ModelError::Unknown(name)),
        None => Ok(weights),
    }
}

fn named(weights: &[f32], names: &[&str]) -> BTreeMap<String, f32> {
    names.iter().zip(weights).map(|(name, weight)| ((*name).to_owned(), *weight)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_shipped_model_is_read_and_written_again_as_it_is() {
        let model = Model::shipped().unwrap();
        assert_eq!(Model::read(&model.write()).as_ref(), Ok(&*model));
        assert_eq!(String::from_utf8(model.write()).unwrap(), SHIPPED, "run `byline train ranking`");
        assert!(!model.made.from.is_empty() && !model.made.score.is_empty());
    }

    #[test]
    fn a_damaged_file_is_an_error_that_says_what_is_wrong() {
        let good = SHIPPED;
        for (from, to, says) in [
            ("\"form\": 1", "\"form\": 2", "form 2"),
            ("\"article bm25\":", "\"artikle bm25\":", "no weight for “article bm25”"),
            ("\"article bm25\":", "\"more\": 1.0,\n    \"article bm25\":", "“more”, which there is not"),
            ("\"bias\": ", "\"bias\": 1e9, \"other\": ", "can't be read"),
            ("{", "", "can't be read"),
        ] {
            let error = Model::read(good.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
        let error = Model::read(good.replacen("\"few words\": ", "\"few words\": 99999", 1).as_bytes());
        assert!(matches!(error, Err(ModelError::Weight(_) | ModelError::Form(_))), "{error:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_cut_or_changed_never_panics(at in 0_usize..4_000, byte: u8, cut: bool) {
            let mut bytes = SHIPPED.as_bytes().to_vec();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let _ = Model::read(&bytes);
        }
    }
}
