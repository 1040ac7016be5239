//! How articles arrive: from files, folders and globs, and from the web.
//!
//! - [`folder`]: files into a [`Library`](crate::library::Library).
//! - [`feed`]: feeds of every form, and when to look at one again.
//! - [`fetch`]: the only door to the web.
//! - [`page`]: a fetched page into an article, or the reason why it is none.

pub mod feed;
pub mod fetch;
pub mod folder;
pub mod page;
