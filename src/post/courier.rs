//! What a chat network does to take part: it takes a posting, and tells what became of it.

use std::pin::Pin;
use std::time::Duration;

use crate::reply::Checked;

/// A message that is to be posted in a channel.
#[derive(Debug, Clone)]
pub struct Posting {
    /// The idempotency key: the same however often the posting is tried, in whichever process. A network that takes one is given it
    /// (or a digest of it, where it is too long), so that its readers see one message.
    pub key: String,
    /// The network's name of the channel.
    pub channel: String,
    /// The network's name of the channel's community; of a digest it is known.
    pub community: Option<String>,
    /// Which attempt this is, from 1. From the second on, the channel may have the message already.
    pub attempt: i64,
    /// What it says, every quoted word of it just now compared with the store.
    pub reply: Checked,
}

/// The network has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What the network calls the message, where it calls it anything.
    pub network_id: Option<String>,
}

/// The network doesn't have it. The reasons are shown to people and logged: no secret and none of people's words may be in them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Not now (no connection, rate limit, the network's own trouble): it is tried again.
    #[error("{reason}")]
    Retry {
        /// Not before so much time has passed, where the network says so.
        after: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// Never in this form: trying again would change nothing.
    #[error("{reason}")]
    Rejected {
        /// Why.
        reason: String,
    },
    /// The channel is gone, or we may not post in it any more: its schedule stops.
    #[error("{reason}")]
    Gone {
        /// Why.
        reason: String,
    },
}

/// What became of a posting, once it is known.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Result<Delivered, Undelivered>> + Send + 'a>>;

/// A chat network, as far as posting goes.
pub trait Courier: Send + Sync {
    /// The network's name, as communities and jobs have it: `discord`, `matrix`, `record`, `console`.
    fn network(&self) -> &str;

    /// Posts a message. Called for several channels at once, and for each channel in order.
    ///
    /// The future may be dropped at any moment (we are stopping, another process has the job); the posting is then tried again
    /// under the same key. A delivery that takes longer than [`SenderOptions::patience`](super::SenderOptions::patience) is
    /// dropped and counts as [`Undelivered::Retry`].
    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a>;
}
