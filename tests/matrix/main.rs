//! Matrix, as people use it: the binary against the real homeserver Synapse, spoken to by an independent client (matrix-nio).
//!
//! `scripts/synapse.sh cargo test --test matrix` installs both and tells where they are; where they are not, each test says
//! that it is skipped. Most tests share one homeserver and one bot, in rooms of their own; those that kill either have theirs.
#![cfg(all(feature = "matrix", unix))]
#![recursion_limit = "256"]

mod asking;
mod bot;
mod changing;
mod digests;
mod door;
#[path = "../shared/due.rs"]
mod due;
mod files;
mod homeserver;
mod joining;
mod load;
mod manners;
mod peer;
mod people;
mod process;
mod trouble;
mod verifying;
mod wait;
mod world;
