//! Discord, as people use it: the bot against a strict fake of Discord in this process.
//!
//! Bodies are also asked of Discord's own schema where it can be found (see `fake/schema.rs`); otherwise that part says that
//! it is skipped.
#![cfg(feature = "discord")]
#![recursion_limit = "256"]

mod adding;
mod asking;
mod buttons;
mod commands;
#[path = "../shared/due.rs"]
mod due;
mod fake;
mod gateway;
mod load;
mod posts;
mod process;
mod standins;
mod strictness;
mod talk;
mod trouble;
mod world;
mod wrong;
