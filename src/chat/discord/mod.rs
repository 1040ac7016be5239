//! Discord: slash commands, message menus, buttons, mentions and direct messages.
//!
//! | file | what lives there |
//! |---|---|
//! | `settings.rs` | what the connection needs to know, and where the token comes from |
//! | `client.rs` | the connection: presence, shutting down |
//! | `trouble.rs` | why there is none |
//! | `handler.rs` | what events are handed to |
//! | `shard.rs` | the gateway: each shard's connection |
//! | `turns.rs` | when a session may begin |
//! | `socket.rs` | what goes over the gateway's WebSocket |
//! | `events.rs` | what is read of events |
//! | `rest.rs` | requests: time limits, retries, proxies |
//! | `commands.rs` | the command table as Discord registers it |
//! | `bot.rs` | what every event is handled with |
//! | `interactions.rs` | a command or menu: acknowledged at once, answered, never silent |
//! | `promises.rs` | answers that were promised when the process died |
//! | `place.rs` | where a request comes from, and what its person may do |
//! | `suggest.rs` | completion |
//! | `menus.rs` | “Check this quote”, “Find the source” |
//! | `wrong.rs` | “Wrong speaker”: a form, and what is filled in |
//! | `components.rs` | buttons |
//! | `messages.rs` | mentions, replies and direct messages in plain language |
//! | `page.rs`, `embeds.rs` | a reply as a message, within Discord's limits |
//! | `courier.rs` | what is posted unasked |
//! | `guilds.rs` | servers that come and go, channels that can't be written to |

mod bot;
mod client;
pub mod commands;
mod components;
mod courier;
pub mod embeds;
mod events;
mod guilds;
mod handler;
mod interactions;
mod menus;
mod messages;
mod page;
mod place;
mod promises;
mod rest;
mod settings;
mod shard;
mod socket;
mod suggest;
mod trouble;
mod turns;
mod wrong;

pub use client::{Discord, run};
pub use courier::Post;
pub use rest::RestError;
pub use settings::{Posts, Settings, SettingsError, Shards};
pub use trouble::DiscordError;
