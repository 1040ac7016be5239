//! An article, and later a day, in its own sentences. Nothing here writes a word: it chooses spans.
//!
//! - [`summary`]: the few sentences of an article that tell most of it.
//!
//! What it rests on, one file each: `terms` (what a sentence is about), `centrality` (how much a sentence shares with
//! the rest) and `standing` (which sentences can be read without their neighbours).

mod centrality;
mod standing;
mod summary;
mod terms;

pub use summary::{MAX_SENTENCES, summary};
