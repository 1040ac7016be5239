//! Discord: the command table as slash commands, and a reply as embeds.

pub mod commands;
pub mod embeds;
