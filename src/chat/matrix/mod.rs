//! Matrix: commands, mentions and rooms of two, encrypted ones included.
//!
//! | file | what lives there |
//! |---|---|
//! | `settings.rs` | what the connection needs to know, and where password and token come from |
//! | `allow.rs` | people, servers and patterns in a list |
//! | `client.rs` | the connection: logging in, listening, stopping |
//! | `session.rs` | the session: gone on with, or made |
//! | `login.rs` | entering with a password or a token |
//! | `build.rs` | the SDK's client over our store |
//! | `folder.rs` | what is kept of the account |
//! | `recovery.rs` | cross-signing, secret storage, key backup, the recovery key |
//! | `verification.rs` | verification with emoji |
//! | `trouble.rs` | what a homeserver's error comes to |
//! | `bot.rs` | what every event is handled with |
//! | `listen.rs` | what the homeserver tells since a position, each event once |
//! | `gaps.rs` | what was left out is asked for |
//! | `scribe.rs` | takes what was heard and done to the store, in order |
//! | `events.rs` | an event's JSON, read |
//! | `address.rs` | whether a message is for us, and what it asks |
//! | `place.rs` | where a request comes from, and what its person may do |
//! | `loops.rs` | other programs that reply to everything |
//! | `rooms.rs` | the work of each room, one event after the other |
//! | `messages.rs` | questions, their edits, their redactions |
//! | `find.rs` | the answer to what is asked, found |
//! | `files.rs` | files that come with a command |
//! | `reactions.rs` | turning pages |
//! | `keys.rs` | messages that can't be decrypted |
//! | `invites.rs` | invitations |
//! | `upgrades.rs` | rooms that are upgraded, empty, or left |
//! | `answer.rs`, `notice.rs` | a reply as the content of an event |
//! | `send.rs` | sending, however often it takes |
//! | `courier.rs` | what is posted unasked |

mod address;
mod allow;
mod answer;
mod bot;
mod build;
mod client;
mod courier;
mod events;
mod files;
mod find;
mod folder;
mod gaps;
mod invites;
mod keys;
mod listen;
mod login;
mod loops;
mod messages;
pub mod notice;
mod place;
mod reactions;
mod recovery;
mod rooms;
mod scribe;
mod send;
mod session;
mod settings;
mod trouble;
mod upgrades;
mod verification;

pub use allow::Allow;
pub use client::{Matrix, MatrixError};
pub use courier::Post;
pub use session::SessionError;
pub use settings::{Aliases, Credential, Settings, SettingsError};
