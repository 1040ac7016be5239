//! The learned part of finding quotations: a linear chain over the tokens of a paragraph, and a judge of what it and the
//! rules found.
//!
//! ```text
//! paragraph ─ flat: tokens as numbers ─ features ─ lattice: labels and their probabilities ─ link: cues with sources and
//! rules' finds ─ reading: laid out beside it ┘       contents ─ candidates, the rules' ones too ─ judge: how probable each is
//! ```
//!
//! - `labels`, `lattice`: what a token can be, and the chain.
//! - `flat`, `features`, `reading`: what the chain looks at.
//! - `link`, `candidates`, `judge`: from labels to quotations.
//! - `file`: the shipped file, read in place.
//! - `train`, `brat`, `teach`: learning it from annotated articles.
//!
//! What uses it to find quotations is `find::learned`.

pub(super) mod brat;
pub(super) mod candidates;
pub(super) mod features;
mod file;
pub(super) mod flat;
pub(super) mod judge;
pub(super) mod labels;
pub(super) mod lattice;
pub(super) mod link;
pub(super) mod reading;
pub(super) mod teach;
mod train;

use std::borrow::Cow;
use std::sync::LazyLock;

pub use brat::{Annotated, AnnotationError, read_annotated};
pub use file::{Description, Model, ModelError};
pub use teach::{Options, Progress, teach};

/// The model that is shipped, part of the program.
static SHIPPED: &[u8] = include_bytes!("../../../data/models/quotes.model");

static MODEL: LazyLock<Option<Model>> = LazyLock::new(|| match Model::read(Cow::Borrowed(SHIPPED)) {
    Ok(model) => Some(model),
    Err(error) => {
        tracing::error!(%error, "the model that is part of this program can't be used: quotations are found by rules alone");
        None
    }
});

/// The model that is part of the program; it is read when it is first asked for.
#[must_use]
pub fn shipped() -> Option<&'static Model> {
    MODEL.as_ref()
}

#[cfg(test)]
mod tests;
