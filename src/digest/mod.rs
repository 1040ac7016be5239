//! An article, or a day, in its own sentences. Nothing here writes a word: it chooses spans.
//!
//! - [`summary`]: the few sentences of an article that tell most of it.
//! - [`daily`]: the stories of a day, each told once, and who spoke.
//! - [`schedule`]: when the next digest is due.
//! - [`plan`]: what a channel has ordered, kept in the store.
//!
//! What it rests on, one file each: `terms` (what a sentence is about), `centrality` (how much a sentence shares with
//! the rest) and `standing` (which sentences can be read without their neighbours).

mod centrality;
pub mod daily;
pub mod plan;
pub mod schedule;
mod standing;
mod summary;
mod terms;

pub use summary::{MAX_SENTENCES, summary};
