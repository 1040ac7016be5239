//! Where a request comes from, and what its person may do there.

use serenity::all::{
    AuthorizingIntegrationOwner, AuthorizingIntegrationOwners, CommandInteraction, ComponentInteraction, Message,
    Permissions,
};

use super::commands::MANAGES;
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
    /// Who used a command.
    #[must_use]
    pub fn of_command(command: &CommandInteraction) -> Self {
        let permissions = command.member.as_ref().and_then(|member| member.permissions);
        let server = installed(command.guild_id.map(Into::into), &command.authorizing_integration_owners);
        Self::new(command.user.id.get(), server, command.channel_id.get(), permissions)
    }

    /// Who pressed a button.
    #[must_use]
    pub fn of_component(press: &ComponentInteraction) -> Self {
        let permissions = press.member.as_ref().and_then(|member| member.permissions);
        let server = installed(press.guild_id.map(Into::into), &press.authorizing_integration_owners);
        Self::new(press.user.id.get(), server, press.channel_id.get(), permissions)
    }

    /// Who wrote a message. What they may do is not told with it: commands for managers are used as slash commands.
    #[must_use]
    pub fn of_message(message: &Message) -> Self {
        let server = message.guild_id.map(Into::into);
        Self::new(message.author.id.get(), server, message.channel_id.get(), None)
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

/// The server, unless Byline was used there by somebody who brought it along and the server never invited it.
fn installed(server: Option<u64>, owners: &AuthorizingIntegrationOwners) -> Option<u64> {
    let by_server = owners.0.iter().any(|owner| matches!(owner, AuthorizingIntegrationOwner::GuildInstall(Some(_))));
    server.filter(|_| by_server || owners.0.is_empty())
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
    fn a_server_that_did_not_invite_byline_is_no_community() {
        let owners = |json: &str| serde_json::from_str::<AuthorizingIntegrationOwners>(json).unwrap();
        assert_eq!(installed(Some(9), &owners(r#"{"0":"9"}"#)), Some(9));
        assert_eq!(installed(Some(9), &owners(r#"{"1":"5"}"#)), None);
        assert_eq!(installed(Some(9), &owners("{}")), Some(9));
        assert_eq!(Asker::new(5, None, 2, None).place.community, "user-5");
    }
}
