//! How articles arrive: from files, folders and patterns, and from the web.
//!
//! | what | where |
//! |---|---|
//! | reading them into a [`Library`](crate::library::Library), and keeping nothing | `folder.rs` |
//! | keeping a collection of a store in step with them, once and for as long as the process lives | `mirror.rs`, `watch.rs` |
//! | adding them to a collection, once | `import.rs` |
//! | finding and naming the files, reading them ahead | `scan.rs`, `names.rs`, `source.rs` |
//! | the only door to the web | `fetch/` |
//! | a fetched page into an article, or the reason why it is none | `page/` |
//! | adding an article by its address, or a file that somebody attached | `web.rs`, `attached.rs` |
//! | feeds of every form, and when to look at one again | `feed/` |
//! | looking at the feeds that collections are subscribed to | `poll/` |

pub mod attached;
pub mod feed;
pub mod fetch;
pub mod folder;
pub mod import;
pub mod mirror;
mod names;
pub mod page;
pub mod poll;
mod scan;
mod source;
pub mod watch;
pub mod web;

pub use source::{Progress, Refusal, Tally};
