//! The surfaces on which people talk to Byline. Each takes a message in and gives a reply out, and nothing else.
//!
//! [`console`] is always there, and so is [`record`], whose channels are files. `discord` and `matrix` are features; what stands of them is how a reply and the command
//! table look there.

pub mod console;
#[cfg(feature = "discord")]
pub mod discord;
#[cfg(feature = "matrix")]
pub mod matrix;
pub mod record;
pub mod text;
