//! What is read of Discord's events: of each only the fields that we use, so that what Discord adds, or another server of its
//! protocol leaves out, never keeps somebody without an answer.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serenity::all::Permissions;

/// A number of Discord's. It is written as a text, and as a number by some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Id(pub u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or one as text")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Id, E> {
                Ok(Id(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Id, E> {
                u64::try_from(number).map(Id).map_err(|_| E::custom("below zero"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Id, E> {
                // Not the text: it may be anything.
                text.parse().map(Id).map_err(|_| E::custom("no number"))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

/// What is left out, or is null, is what it is by default.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Somebody uses a command, a menu or a button, or types an option.
#[derive(Debug, Clone, Deserialize)]
pub struct Interaction {
    /// Its number.
    pub id: Id,
    /// The right to answer it.
    pub token: String,
    /// What was done.
    #[serde(rename = "type")]
    pub kind: u64,
    #[serde(default)]
    pub application_id: Option<Id>,
    #[serde(default, deserialize_with = "or_default")]
    pub data: Data,
    #[serde(default)]
    pub guild_id: Option<Id>,
    #[serde(default)]
    channel_id: Option<Id>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    user: Option<User>,
    /// What Byline may do in the channel, as bits.
    #[serde(default)]
    app_permissions: Option<Id>,
    /// Who brought Byline along: `"0"` a server, `"1"` a person.
    #[serde(default, deserialize_with = "or_default")]
    authorizing_integration_owners: HashMap<String, Value>,
}

impl Interaction {
    /// A command or an entry of a message's menu.
    pub const COMMAND: u64 = 2;
    /// A press of a button.
    pub const PRESS: u64 = 3;
    /// An option that is being typed.
    pub const TYPING: u64 = 4;
    /// A form that was filled in.
    pub const FILLED: u64 = 5;

    /// Who did it. Somebody unknown is nobody: 0.
    #[must_use]
    pub fn person(&self) -> u64 {
        let member = self.member.as_ref().and_then(|member| member.user.as_ref());
        member.or(self.user.as_ref()).map_or(0, |user| user.id.0)
    }

    /// The channel's number.
    #[must_use]
    pub fn channel(&self) -> u64 {
        self.channel_id.or(self.channel.as_ref().and_then(|channel| channel.id)).map_or(0, |id| id.0)
    }

    /// Whether the channel is a thread.
    #[must_use]
    pub fn in_thread(&self) -> bool {
        let thread = |channel: &Channel| channel.thread_metadata.is_some() || matches!(channel.kind, 10..=12);
        self.channel.as_ref().is_some_and(thread)
    }

    /// What the person may do in the channel; nothing known outside of servers.
    #[must_use]
    pub fn permissions(&self) -> Option<Permissions> {
        let bits = self.member.as_ref()?.permissions?;
        Some(Permissions::from_bits_truncate(bits.0))
    }

    /// What Byline may do in the channel, where that is told.
    #[must_use]
    pub fn our_permissions(&self) -> Option<Permissions> {
        self.app_permissions.map(|bits| Permissions::from_bits_truncate(bits.0))
    }

    /// The server, unless Byline was used there by somebody who brought it along and the server never invited it.
    #[must_use]
    pub fn server(&self) -> Option<u64> {
        let owners = &self.authorizing_integration_owners;
        // A direct message with Byline has the server 0.
        let by_server = owners.get("0").is_some_and(|id| !matches!(id.as_str(), Some("0")) && *id != 0);
        self.guild_id.map(|id| id.0).filter(|_| by_server || owners.is_empty())
    }
}

/// What an interaction is about.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Data {
    /// The command's name.
    #[serde(default, deserialize_with = "or_default")]
    pub name: String,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: u64,
    /// The options that were given.
    #[serde(default, deserialize_with = "or_default")]
    pub options: Vec<Given>,
    /// The button's, or the form's.
    #[serde(default, deserialize_with = "or_default")]
    pub custom_id: String,
    /// What a form holds.
    #[serde(default, deserialize_with = "or_default")]
    components: Vec<Field>,
    #[serde(default)]
    target_id: Option<Id>,
    #[serde(default, deserialize_with = "or_default")]
    resolved: Resolved,
}

impl Data {
    /// Whether it is an entry of a message's menu.
    #[must_use]
    pub fn is_message_menu(&self) -> bool {
        self.kind == 3
    }

    /// The words of the message whose menu it is.
    #[must_use]
    pub fn message(&self) -> &str {
        self.target().map_or("", |message| &message.content)
    }

    /// The `custom_id`s of the buttons of the message whose menu it is.
    pub fn message_buttons(&self) -> impl Iterator<Item = &str> {
        buttons(self.target().map_or(&[][..], |message| message.components.as_slice()))
    }

    fn target(&self) -> Option<&Words> {
        let target = self.target_id.and_then(|id| self.resolved.messages.get(&id.0.to_string()));
        target.or_else(|| self.resolved.messages.values().next())
    }

    /// What was filled in a form's field.
    #[must_use]
    pub fn filled(&self, field: &str) -> Option<&str> {
        self.components.iter().find_map(|one| one.filled(field))
    }
}

/// A field of a form, or what lies around one.
#[derive(Debug, Clone, Default, Deserialize)]
struct Field {
    #[serde(default, deserialize_with = "or_default")]
    custom_id: String,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default, deserialize_with = "or_default")]
    values: Vec<String>,
    #[serde(default)]
    component: Option<Box<Field>>,
    #[serde(default, deserialize_with = "or_default")]
    components: Vec<Field>,
}

impl Field {
    fn filled(&self, field: &str) -> Option<&str> {
        if self.custom_id == field {
            return self.value.as_ref().and_then(Value::as_str).or(self.values.first().map(String::as_str));
        }
        self.component.as_deref().into_iter().chain(&self.components).find_map(|inner| inner.filled(field))
    }
}

impl Data {
    /// Where Discord keeps the file that an option was given.
    #[must_use]
    pub fn attachment(&self, given: &Given) -> Option<String> {
        let attachment = self.resolved.attachments.get(&given.text()?)?;
        (!attachment.url.is_empty()).then(|| attachment.url.clone())
    }
}

/// An option that was given.
#[derive(Debug, Clone, Deserialize)]
pub struct Given {
    /// Its name.
    pub name: String,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: u64,
    /// Its value; a part of a command has none.
    #[serde(default)]
    pub value: Option<Value>,
    /// The options of a part.
    #[serde(default, deserialize_with = "or_default")]
    pub options: Vec<Given>,
    /// Whether it is being typed.
    #[serde(default, deserialize_with = "or_default")]
    pub focused: bool,
}

impl Given {
    /// Whether it is a part of a command, such as `show` of `articles`.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.kind == 1 || self.kind == 0 && self.value.is_none()
    }

    /// Whether it is a file; then its value is the file's number.
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        self.kind == 11
    }

    /// Its value as it was typed.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self.value.as_ref()? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Its value as yes or no.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        matches!(&self.value, Some(Value::Bool(true)))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Resolved {
    #[serde(default, deserialize_with = "or_default")]
    messages: HashMap<String, Words>,
    #[serde(default, deserialize_with = "or_default")]
    attachments: HashMap<String, Attachment>,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Attachment {
    #[serde(default, deserialize_with = "or_default")]
    url: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
struct Words {
    #[serde(default, deserialize_with = "or_default")]
    content: String,
    #[serde(default, deserialize_with = "or_default")]
    components: Vec<Component>,
}

#[derive(Debug, Clone, Deserialize)]
struct Member {
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    permissions: Option<Id>,
}

/// A channel or thread.
#[derive(Debug, Clone, Deserialize)]
pub struct Channel {
    /// Its number.
    #[serde(default)]
    pub id: Option<Id>,
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    kind: u64,
    #[serde(default)]
    thread_metadata: Option<Value>,
}

/// Somebody, or a bot.
#[derive(Debug, Clone, Deserialize)]
pub struct User {
    /// Their number.
    pub id: Id,
    /// Whether it is a bot.
    #[serde(default, deserialize_with = "or_default")]
    pub bot: bool,
    /// Whether it is Discord itself.
    #[serde(default, deserialize_with = "or_default")]
    pub system: bool,
}

/// A message.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// Its number.
    pub id: Id,
    /// The channel's.
    pub channel_id: Id,
    /// The server's; direct messages have none.
    #[serde(default)]
    pub guild_id: Option<Id>,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<User>,
    /// Its words; none where Discord does not show them to us.
    #[serde(default, deserialize_with = "or_default")]
    pub content: String,
    /// What kind of message it is: 0 is an ordinary one, 19 a reply.
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: u64,
    /// The webhook's that wrote it.
    #[serde(default)]
    pub webhook_id: Option<Id>,
    /// Whom it mentions.
    #[serde(default, deserialize_with = "or_default")]
    pub mentions: Vec<User>,
    /// The message that it replies to.
    #[serde(default)]
    pub referenced_message: Option<Box<Message>>,
    /// Its rows of buttons.
    #[serde(default, deserialize_with = "or_default")]
    pub components: Vec<Component>,
}

/// A row of buttons, or a button.
#[derive(Debug, Clone, Deserialize)]
pub struct Component {
    #[serde(default)]
    custom_id: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    components: Vec<Component>,
}

impl Message {
    /// The `custom_id`s of its buttons.
    pub fn buttons(&self) -> impl Iterator<Item = &str> {
        buttons(&self.components)
    }
}

/// The `custom_id`s of the buttons in a message's rows.
fn buttons(rows: &[Component]) -> impl Iterator<Item = &str> {
    let inner = rows.iter().flat_map(|row| &row.components);
    rows.iter().chain(inner).filter_map(|component| component.custom_id.as_deref())
}

/// Who we are, and where we are: how a session begins.
#[derive(Debug, Clone, Deserialize)]
pub struct Ready {
    /// The bot's user.
    pub user: User,
    /// The application; some servers leave it out.
    #[serde(default)]
    pub application: Option<Application>,
    /// The servers of the shard.
    #[serde(default, deserialize_with = "or_default")]
    pub guilds: Vec<Server>,
}

/// An application.
#[derive(Debug, Clone, Deserialize)]
pub struct Application {
    /// Its number.
    pub id: Id,
}

/// A server that is there, or not.
#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    /// Its number.
    pub id: Id,
    /// Whether it is away for a while: an outage of Discord's.
    #[serde(default, deserialize_with = "or_default")]
    pub unavailable: bool,
    /// Its threads that are open.
    #[serde(default, deserialize_with = "or_default")]
    pub threads: Vec<Channel>,
}

/// The threads of a server, told again.
#[derive(Debug, Clone, Deserialize)]
pub struct Threads {
    /// Those that are open.
    #[serde(default, deserialize_with = "or_default")]
    pub threads: Vec<Channel>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Interaction {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn an_interaction_needs_little() {
        let bare = read(json!({ "id": "1", "type": 2, "token": "t", "data": { "name": "about" } }));
        assert_eq!((bare.id, bare.person(), bare.channel(), bare.server()), (Id(1), 0, 0, None));
        assert!(bare.permissions().is_none() && bare.our_permissions().is_none() && !bare.in_thread());
        let nulls = read(json!({
            "id": 1, "type": 2, "token": "t", "guild_id": null, "member": null, "channel": null, "app_permissions": null,
            "authorizing_integration_owners": null, "user": { "id": 7, "bot": null },
            "data": { "name": "ask", "options": [{ "name": "question", "value": "x", "options": null }], "resolved": null },
        }));
        assert_eq!((nulls.person(), nulls.data.options[0].text().as_deref()), (7, Some("x")));
        assert!(serde_json::from_value::<Interaction>(json!({ "id": "x", "type": 2, "token": "t" })).is_err());
        assert!(serde_json::from_value::<Interaction>(json!({ "type": 2, "token": "t" })).is_err());
    }

    #[test]
    fn a_server_that_did_not_invite_byline_is_none() {
        let server = |owners: Value| {
            read(json!({ "id": "1", "type": 2, "token": "t", "guild_id": "9", "authorizing_integration_owners": owners }))
                .server()
        };
        assert_eq!(server(json!({ "0": "9" })), Some(9));
        assert_eq!(server(json!({ "1": "5" })), None);
        assert_eq!(server(json!({ "0": "0" })), None);
        assert_eq!(server(json!({})), Some(9));
        assert_eq!(server(Value::Null), Some(9));
    }

    #[test]
    fn the_menus_message_is_the_one_that_it_names() {
        let data: Data = serde_json::from_value(json!({
            "name": "x", "type": 3, "target_id": "2",
            "resolved": { "messages": { "1": { "content": "other" }, "2": { "content": "this" } } },
        }))
        .unwrap();
        assert!(data.is_message_menu());
        assert_eq!(data.message(), "this");
    }

    #[test]
    fn a_forms_fields_are_read_in_labels_and_in_rows() {
        let data: Data = serde_json::from_value(json!({
            "custom_id": "f", "components": [
                { "type": 18, "id": 1, "component": { "type": 3, "id": 2, "custom_id": "which", "values": ["1"] } },
                { "type": 1, "components": [{ "type": 4, "custom_id": "name", "value": "Ann Lee" }] },
                { "type": 18, "component": { "type": 4, "custom_id": "empty", "value": null } },
            ],
        }))
        .unwrap();
        let fields = ["which", "name", "empty", "other"].map(|field| data.filled(field));
        assert_eq!(fields, [Some("1"), Some("Ann Lee"), None, None]);
    }

    #[test]
    fn a_part_is_told_from_an_option_also_without_its_kind() {
        let given = |value: Value| serde_json::from_value::<Given>(value).unwrap();
        assert!(given(json!({ "name": "show", "type": 1 })).is_part());
        assert!(given(json!({ "name": "show", "options": [] })).is_part());
        assert!(!given(json!({ "name": "size", "value": 3 })).is_part());
        assert_eq!(given(json!({ "name": "size", "type": 4, "value": 3 })).text().as_deref(), Some("3"));
    }
}
