//! What is posted unasked: from a schedule that is due to a message that a channel has.
//!
//! - [`scheduler`]: which digests are due; each is composed and put into the store's outbox.
//! - [`payload`]: what waits in the outbox, and its check against the stored articles just before it is sent.
//! - [`sender`]: empties the outbox; leases, sends, records, tries again, gives up.
//! - [`feeds`]: telling the managers of feeds that fail.
//! - [`courier`]: what a chat network does to take part.
//!
//! The two halves know nothing of each other and may run in different processes; the outbox lies between them. A process that is
//! killed at any moment loses no posting: what was due is still due, what was leased is leased again when its lease runs out.
//! What a network was given twice because of that has one idempotency key.

pub mod courier;
pub mod feeds;
mod patience;
pub mod payload;
mod retry;
pub mod scheduler;
pub mod sender;
#[cfg(test)]
mod tests;

pub use courier::{Courier, Delivered, Delivery, Posting, Undelivered};
pub use feeds::FeedTeller;
pub use payload::{Payload, Unsendable};
pub use retry::Retry;
pub use scheduler::{DeskError, Desks, Scheduler, Tick};
pub use sender::{Sender, SenderOptions};
