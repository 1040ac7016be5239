//! Where a request comes from, and what its person may do there.

use serenity::all::Permissions;

use super::commands::MANAGES;
use super::events::{Interaction, Message};
use crate::router::Place;

/// The name of this network in places and in the store.
pub const NETWORK: &str = "discord";

/// Who asks, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// The person's number.
    pub person: u64,
    /// The server's number, where Byline was invited to it.
    pub server: Option<u64>,
    /// The channel's number.
    pub channel: u64,
    /// The place for the router.
    pub place: Place,
}

impl Asker {
    /// Who used a command or pressed a button.
    #[must_use]
    pub fn of(interaction: &Interaction) -> Self {
        Self::new(interaction.person(), interaction.server(), interaction.channel(), interaction.permissions())
    }

    /// Who wrote a message. What they may do is not told with it: commands for managers are used as slash commands.
    #[must_use]
    pub fn of_message(message: &Message) -> Self {
        let person = message.author.as_ref().map_or(0, |author| author.id.0);
        Self::new(person, message.guild_id.map(|id| id.0), message.channel_id.0, None)
    }

    fn new(person: u64, server: Option<u64>, channel: u64, permissions: Option<Permissions>) -> Self {
        let manages = |permissions: Permissions| permissions.intersects(MANAGES | Permissions::ADMINISTRATOR);
        // Outside of a server that invited Byline, people are a community of their own, and manage nothing: what managers
        // change is read by others.
        let place = Place {
            network: NETWORK.to_owned(),
            community: server.map_or_else(|| format!("user-{person}"), |server| server.to_string()),
            channel: Some(channel.to_string()),
            manager: server.is_some() && permissions.is_some_and(manages),
        };
        Self { person, server, channel, place }
    }

    /// Where answers given here stand, for talk that goes on.
    #[must_use]
    pub fn answers_at(&self) -> String {
        format!("{NETWORK}/{}", self.channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_manages_a_server_that_invited_byline_is_a_manager() {
        let manage = Permissions::MANAGE_GUILD | Permissions::SEND_MESSAGES;
        for (server, permissions, manager) in [
            (Some(9), Some(manage), true),
            (Some(9), Some(Permissions::ADMINISTRATOR), true),
            (Some(9), Some(Permissions::MANAGE_MESSAGES), false),
            (Some(9), None, false),
            (None, Some(manage), false),
        ] {
            assert_eq!(Asker::new(1, server, 2, permissions).place.manager, manager, "{server:?} {permissions:?}");
        }
    }

    #[test]
    fn outside_of_servers_people_are_a_community_of_their_own() {
        assert_eq!(Asker::new(5, None, 2, None).place.community, "user-5");
    }
}
