//! Objects as Discord's documentation shows them.

use serde_json::{Value, json};

use super::APPLICATION;

/// A moment in the past, as Discord writes one.
pub const WHEN: &str = "2026-01-01T00:00:00.000000+00:00";

pub fn user(id: u64, name: &str, bot: bool) -> Value {
    json!({
        "id": id.to_string(), "username": name, "discriminator": "0", "global_name": null, "avatar": null, "bot": bot,
        "system": false, "banner": null, "accent_color": null, "public_flags": 0, "flags": 0, "avatar_decoration_data": null,
        "mfa_enabled": false, "verified": true, "email": null, "primary_guild": null,
    })
}

pub fn member(user: Option<Value>, permissions: u64) -> Value {
    let mut member = json!({
        "nick": null, "avatar": null, "banner": null, "roles": [], "joined_at": WHEN, "premium_since": null, "deaf": false,
        "mute": false, "flags": 0, "pending": false, "communication_disabled_until": null, "avatar_decoration_data": null,
        "unusual_dm_activity_until": null,
    });
    if let Some(user) = user {
        member["user"] = user;
        member["permissions"] = permissions.to_string().into();
    }
    member
}

pub fn guild(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("Server {id}"), "icon": null, "icon_hash": null, "splash": null,
        "discovery_splash": null, "owner_id": "1", "afk_channel_id": null, "afk_timeout": 300, "widget_enabled": false,
        "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "roles": [], "emojis": [],
        "features": [], "mfa_level": 0, "application_id": null, "system_channel_id": null, "system_channel_flags": 0,
        "rules_channel_id": null, "vanity_url_code": null, "description": null, "banner": null, "premium_tier": 0,
        "preferred_locale": "en-US", "public_updates_channel_id": null, "nsfw_level": 0, "stickers": [],
        "premium_progress_bar_enabled": false, "safety_alerts_channel_id": null, "joined_at": WHEN, "large": false,
        "unavailable": false, "member_count": 3, "voice_states": [], "members": [], "channels": [], "threads": [],
        "presences": [], "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [], "incidents_data": null,
        "max_video_channel_users": 25, "region": "deprecated",
    })
}

pub fn thread(id: u64, guild: u64, parent: u64) -> Value {
    json!({
        "id": id.to_string(), "guild_id": guild.to_string(), "parent_id": parent.to_string(), "type": 11, "name": "talk",
        "owner_id": "1", "last_message_id": null, "message_count": 0, "member_count": 1, "rate_limit_per_user": 0, "flags": 0,
        "total_message_sent": 0, "applied_tags": [],
        "thread_metadata": { "archived": false, "auto_archive_duration": 1440, "archive_timestamp": WHEN, "locked": false },
    })
}

/// A message of a person, or of the bot with what it sent.
pub fn message(id: u64, channel: u64, guild: Option<u64>, author: Value, content: &str, sent: Option<&Value>) -> Value {
    let part = |name: &str| sent.map_or(json!([]), |sent| sent[name].clone());
    let mut message = json!({
        "id": id.to_string(), "channel_id": channel.to_string(), "author": author, "content": content, "timestamp": WHEN,
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [], "mention_roles": [],
        "attachments": [], "embeds": embeds(&part("embeds")), "components": part("components"), "pinned": false, "type": 0,
        "flags": 0,
    });
    if let Some(guild) = guild {
        message["guild_id"] = guild.to_string().into();
        message["member"] = member(None, 0);
    }
    message
}

/// Embeds as Discord gives them back: with their kind.
fn embeds(sent: &Value) -> Value {
    let mut embeds = sent.clone();
    for embed in embeds.as_array_mut().into_iter().flatten() {
        embed["type"] = "rich".into();
    }
    embeds
}

/// Who uses the bot, where, and how it came there.
#[derive(Debug, Clone, Copy)]
pub struct From {
    pub person: u64,
    pub guild: Option<u64>,
    pub channel: u64,
    pub permissions: u64,
    /// Whether the server invited the bot; otherwise the person brought it along.
    pub invited: bool,
}

impl Default for From {
    fn default() -> Self {
        Self { person: 1001, guild: Some(9_000_000_001), channel: 7001, permissions: 2048, invited: true }
    }
}

impl From {
    pub fn person(person: u64) -> Self {
        Self { person, ..Self::default() }
    }

    pub fn direct(person: u64) -> Self {
        Self { person, guild: None, channel: 500_000 + person, ..Self::default() }
    }

    pub fn user(&self) -> Value {
        user(self.person, &format!("person-{}", self.person), false)
    }
}

pub fn interaction(id: u64, token: &str, kind: u8, data: &Value, from: &From) -> Value {
    let mut owners = json!({});
    match from.guild {
        Some(guild) if from.invited => owners["0"] = guild.to_string().into(),
        None if from.invited => owners["0"] = "0".into(),
        _ => owners["1"] = from.person.to_string().into(),
    }
    let mut interaction = json!({
        "id": id.to_string(), "application_id": APPLICATION.to_string(), "type": kind, "data": data, "token": token,
        "version": 1, "channel_id": from.channel.to_string(), "app_permissions": "2147483647", "locale": "en-US",
        "entitlements": [], "authorizing_integration_owners": owners, "attachment_size_limit": 10_485_760,
        "channel": { "id": from.channel.to_string(), "type": if from.guild.is_some() { 0 } else { 1 }, "name": "news",
                     "permissions": "2147483647" },
        "context": if from.guild.is_some() { 0 } else { 1 },
    });
    match from.guild {
        Some(guild) => {
            interaction["guild_id"] = guild.to_string().into();
            interaction["guild_locale"] = "en-US".into();
            interaction["guild"] = json!({ "id": guild.to_string(), "locale": "en-US", "features": [] });
            interaction["member"] = member(Some(from.user()), from.permissions);
        }
        None => interaction["user"] = from.user(),
    }
    interaction
}

/// Leaves out of an interaction or a message whatever can be left out.
pub fn thin(value: &mut Value) {
    const KEPT: [&str; 17] = [
        "id",
        "application_id",
        "type",
        "token",
        "data",
        "guild_id",
        "channel_id",
        "member",
        "user",
        "permissions",
        "content",
        "author",
        "mentions",
        "referenced_message",
        "components",
        "resolved",
        "messages",
    ];
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| KEPT.contains(&name.as_str()));
            for (name, field) in fields {
                match name.as_str() {
                    // What was done is told in full, but for the message of a menu.
                    "data" => thin_data(field),
                    "components" => {}
                    _ => thin(field),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(thin),
        _ => {}
    }
}

fn thin_data(data: &mut Value) {
    if let Some(messages) = data["resolved"]["messages"].as_object_mut() {
        messages.values_mut().for_each(thin);
    }
    for option in data["options"].as_array_mut().into_iter().flatten() {
        let fields = option.as_object_mut().unwrap();
        fields.remove("type");
    }
}
