//! The surfaces on which people talk to Byline. Each takes a message in and gives a reply out, and nothing else.

pub mod console;
