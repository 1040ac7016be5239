//! A request: what a command answers from, who asks and where.

use std::sync::Arc;

use super::{Desk, Problem};
use crate::library::store::{Community, Store};

/// Where a request comes from: a channel of a community on a network, and what the asker may do there. The surfaces make it;
/// nothing in it is taken from the words of a message.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The network: `console`, `discord`, `matrix`.
    pub network: String,
    /// The network's name of the community: a Discord server's number, a Matrix room or space.
    pub community: String,
    /// The network's name of the channel, where there is one.
    pub channel: Option<String>,
    /// Whether the asker manages the community.
    pub manager: bool,
}

impl Place {
    /// The console of the machine: whoever sits there manages it.
    #[must_use]
    pub fn console() -> Self {
        let name = || "console".to_owned();
        Self { network: name(), community: name(), channel: Some(name()), manager: true }
    }
}

/// What a command is given besides its options.
#[derive(Debug)]
pub struct Request<'r> {
    /// The articles that the asker's community reads, and everything derived from them.
    pub desk: Arc<Desk>,
    /// Who asks, and where.
    pub place: &'r Place,
    /// What is kept; nothing when articles were only read from files for this one run.
    kept: Option<&'r Store>,
}

impl<'r> Request<'r> {
    pub(super) fn new(desk: Arc<Desk>, place: &'r Place, kept: Option<&'r Store>) -> Self {
        Self { desk, place, kept }
    }

    /// The store, for commands that keep something.
    ///
    /// # Errors
    /// [`Problem::NothingKept`] where there is none.
    pub fn store(&self) -> Result<&'r Store, Problem> {
        self.kept.ok_or(Problem::NothingKept)
    }

    /// The community that asks, made in the store if it is new.
    ///
    /// # Errors
    /// [`Problem::NothingKept`], and what the store may answer.
    pub async fn community(&self) -> Result<Community, Problem> {
        Ok(self.store()?.community(&self.place.network, &self.place.community).await?)
    }
}
