//! How articles arrive: from files, folders and globs, and from the web.
//!
//! - [`folder`]: files into a [`Library`](crate::library::Library).
//! - [`fetch`]: the only door to the web.
//! - [`page`]: a fetched page into an article, or the reason why it is none.

pub mod fetch;
pub mod folder;
pub mod page;
