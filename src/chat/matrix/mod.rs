//! Matrix: a reply as a notice.

pub mod notice;
