//! How articles arrive: from files, folders and patterns.
//!
//! | what | where |
//! |---|---|
//! | reading them into a [`Library`](crate::library::Library), and keeping nothing | `folder.rs` |
//! | keeping a collection of a store in step with them, once and for as long as the process lives | `mirror.rs`, `watch.rs` |
//! | adding them to a collection, once | `import.rs` |
//! | finding and naming the files, reading them ahead | `scan.rs`, `names.rs`, `source.rs` |

pub mod folder;
pub mod import;
pub mod mirror;
mod names;
mod scan;
mod source;
pub mod watch;

pub use source::{Progress, Refusal, Tally};
