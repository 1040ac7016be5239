//! How articles arrive. Today from files, folders and globs; each way in ends in a [`Library`](crate::library::Library).

pub mod folder;
