//! How articles arrive: from files, folders and globs, and from the web.
//!
//! - [`folder`]: files into a [`Library`](crate::library::Library).
//! - [`fetch`]: the only door to the web.

pub mod fetch;
pub mod folder;
