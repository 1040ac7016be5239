//! Posting unasked: what waits in the outbox goes to its room, and shows there once: the transaction id is a digest of the job's
//! key, which a homeserver knows for as long as it keeps the event; from the second attempt on the message is looked for in the room too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use matrix_sdk::{Client, RoomState};

use super::answer::{Shown, transaction};
use super::place::NETWORK;
use super::send;
use super::trouble::Trouble;
use crate::post::{Courier, Delivered, Delivery, Posting, Undelivered};

/// How long is waited for a connection that is not there yet.
const NOT_YET: Duration = Duration::from_secs(2);

/// The connection, while there is one.
pub type Connection = Arc<Mutex<Option<Client>>>;

/// Posts in Matrix's rooms.
#[derive(Debug)]
pub struct Post {
    connection: Connection,
    prefix: String,
}

impl Post {
    /// A courier over a connection that comes and goes.
    #[must_use]
    pub(super) fn new(connection: Connection, prefix: String) -> Self {
        Self { connection, prefix }
    }

    async fn post(&self, posting: &Posting) -> Result<Delivered, Undelivered> {
        let Ok(id) = matrix_sdk::ruma::RoomId::parse(&posting.channel) else {
            return Err(Undelivered::Rejected { reason: "not the id of a room".to_owned() });
        };
        let client = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(client) = client else {
            return Err(Undelivered::Retry { after: Some(NOT_YET), reason: "not connected yet".to_owned() });
        };
        let room = client.get_room(&id).filter(|room| room.state() == RoomState::Joined);
        let Some(room) = room else {
            return Err(Undelivered::Gone { reason: "Byline is not in the room".to_owned() });
        };
        let shown = Shown { reply: &posting.reply, page: 0, prefix: &self.prefix, turns: false };
        let (transaction, again) = (transaction("post", &posting.key), posting.attempt > 1);
        let sent = send::once(&room, &shown.content(), &transaction, again).await;
        match sent {
            Ok(event) => Ok(Delivered { network_id: Some(event.to_string()) }),
            Err(trouble) => Err(undelivered(trouble)),
        }
    }
}

impl Courier for Post {
    fn network(&self) -> &str {
        NETWORK
    }

    fn deliver<'a>(&'a self, posting: &'a Posting) -> Delivery<'a> {
        Box::pin(self.post(posting))
    }
}

/// What becomes of a posting after trouble.
fn undelivered(trouble: Trouble) -> Undelivered {
    let reason = trouble.to_string();
    match trouble {
        Trouble::Passing { after, .. } => Undelivered::Retry { after, reason },
        // No room's fault, and we log in again.
        Trouble::LoggedOut { .. } => Undelivered::Retry { after: None, reason },
        Trouble::Forbidden { .. } => Undelivered::Gone { reason },
        Trouble::TooLarge | Trouble::Final { .. } => Undelivered::Rejected { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_final_only_where_trying_again_is_vain() {
        let told = || "x".to_owned();
        let after = Some(Duration::from_secs(7));
        let limited = undelivered(Trouble::Passing { after, told: told() });
        assert_eq!(limited, Undelivered::Retry { after, reason: told() });
        assert!(matches!(undelivered(Trouble::LoggedOut { soft: true }), Undelivered::Retry { .. }));
        assert!(matches!(undelivered(Trouble::Forbidden { told: told() }), Undelivered::Gone { .. }));
        assert!(matches!(undelivered(Trouble::TooLarge), Undelivered::Rejected { .. }));
    }
}
