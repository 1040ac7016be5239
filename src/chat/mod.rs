//! The surfaces on which people talk to Byline. Each takes a message in and gives a reply out, and nothing else.
//!
//! [`console`] is always there, and so is [`record`], whose channels are files. `discord` and `matrix` are features.

pub mod busy;
pub mod checks;
pub mod console;
#[cfg(feature = "discord")]
pub mod discord;
pub mod going_on;
pub mod keeper;
pub mod kept;
pub mod limits;
#[cfg(feature = "matrix")]
pub mod matrix;
pub mod quoted;
pub mod record;
pub mod seen;
pub mod talk;
pub mod text;
pub mod wrong;
