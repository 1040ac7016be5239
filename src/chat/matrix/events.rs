//! What happened in a room, read from an event's JSON. Whatever is not of the form that is expected is nothing to us.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::files::File;

/// An event that may concern us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Who sent it.
    pub sender: String,
    /// How old it was when it was read.
    pub age: Duration,
    /// What it is.
    pub what: What,
}

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A text message.
    Message(Message),
    /// A text message in place of an earlier one.
    Edit {
        /// The earlier one's id.
        of: String,
        /// The message as it is now.
        message: Message,
    },
    /// An event was taken back.
    Redaction {
        /// Its id.
        of: String,
    },
    /// A reaction to an event.
    Reaction {
        /// That event's id.
        to: String,
        /// The reaction, mostly an emoji.
        key: String,
    },
    /// We joined.
    Joined,
    /// Somebody left, or was removed.
    Left {
        /// Who.
        person: String,
    },
    /// The room goes on in another.
    Upgraded {
        /// The other room's id.
        to: String,
    },
    /// Somebody wants to verify us.
    Verification,
    /// A message that could not be decrypted.
    Encrypted,
}

/// A text message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// Its words, without the quotation with which older clients begin a reply.
    pub body: String,
    /// Its words as HTML, where there are such.
    pub html: Option<String>,
    /// Whom it mentions; nothing where its sender's client doesn't tell.
    pub mentions: Option<Vec<String>>,
    /// The event that it replies to.
    pub reply_to: Option<String>,
    /// The first event of the thread that it stands in.
    pub thread: Option<String>,
    /// The file of which its words are the caption.
    pub file: Option<File>,
}

/// The most of a message that is read, in bytes.
const MAX_BODY: usize = 32 * 1024;

/// Reads an event, as a room's timeline has it. `me` is our own name.
#[must_use]
pub fn read(json: &str, me: &str, now: SystemTime) -> Option<Event> {
    let event: Value = serde_json::from_str(json).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let (id, sender, kind) = (text(&event["event_id"])?, text(&event["sender"])?, event["type"].as_str()?);
    let content = &event["content"];
    let what = match kind {
        "m.room.message" => message(content)?,
        "m.room.encrypted" => What::Encrypted,
        "m.reaction" => {
            let relation = &content["m.relates_to"];
            What::Reaction { to: text(&relation["event_id"])?, key: text(&relation["key"])? }
        }
        "m.room.redaction" => What::Redaction { of: text(&event["redacts"]).or_else(|| text(&content["redacts"]))? },
        "m.room.member" => member(&event, me)?,
        "m.room.tombstone" if event["state_key"] == "" => What::Upgraded { to: text(&content["replacement_room"])? },
        _ => return None,
    };
    Some(Event { id, sender, age: age(&event, now), what })
}

/// How old an event is: as the homeserver tells, whose clock need not be ours, else by its time.
fn age(event: &Value, now: SystemTime) -> Duration {
    if let Some(age) = event["unsigned"]["age"].as_u64() {
        return Duration::from_millis(age);
    }
    let sent = Duration::from_millis(event["origin_server_ts"].as_u64().unwrap_or_default());
    now.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(sent)
}

fn member(event: &Value, me: &str) -> Option<What> {
    let person = event["state_key"].as_str()?;
    let before = event["unsigned"]["prev_content"]["membership"].as_str();
    match event["content"]["membership"].as_str()? {
        // A new name or picture of ours is no joining.
        "join" => (person == me && before != Some("join")).then_some(What::Joined),
        "leave" | "ban" => (person != me).then(|| What::Left { person: person.to_owned() }),
        _ => None,
    }
}

fn message(content: &Value) -> Option<What> {
    let relation = &content["m.relates_to"];
    if relation["rel_type"] == "m.replace" {
        let of = relation["event_id"].as_str()?.to_owned();
        return Some(What::Edit { of, message: text_message(&content["m.new_content"], &Value::Null)? });
    }
    match content["msgtype"].as_str()? {
        "m.key.verification.request" => Some(What::Verification),
        _ => text_message(content, relation).map(What::Message),
    }
}

/// A message of type `m.text`, or a file with a caption: notices are other bots', and pictures have no words.
fn text_message(content: &Value, relation: &Value) -> Option<Message> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let body = content["body"].as_str()?;
    let file = match content["msgtype"].as_str()? {
        "m.text" => None,
        // Without a caption the body is the file's name.
        "m.file" if content["filename"].as_str().is_some_and(|name| name != body) => Some(file(content)?),
        _ => return None,
    };
    let thread = text(&relation["event_id"]).filter(|_| relation["rel_type"] == "m.thread");
    // In a thread, clients that know none are given the message before as the one replied to: that is no reply.
    let falls_back = thread.is_some() && relation["is_falling_back"].as_bool().unwrap_or(false);
    let reply_to = text(&relation["m.in_reply_to"]["event_id"]).filter(|_| !falls_back);
    let mentions = content.get("m.mentions").map(|mentions| {
        let people = mentions["user_ids"].as_array().into_iter().flatten();
        people.filter_map(Value::as_str).map(str::to_owned).collect()
    });
    let body = if relation["m.in_reply_to"].is_object() { without_fallback(body) } else { body };
    let body = &body[..body.floor_char_boundary(MAX_BODY)];
    Some(Message { body: body.to_owned(), html: text(&content["formatted_body"]), mentions, reply_to, thread, file })
}

/// The file of a message of type `m.file` (client-server API, "m.file" and "Sending encrypted attachments").
#[must_use]
pub fn file(content: &Value) -> Option<File> {
    if content["msgtype"] != "m.file" {
        return None;
    }
    let encrypted = Some(&content["file"]).filter(|file| file.is_object());
    let url = encrypted.map_or(&content["url"], |file| &file["url"]).as_str()?.to_owned();
    let name = content["filename"].as_str().or_else(|| content["body"].as_str()).unwrap_or_default().to_owned();
    Some(File { name, url, key: encrypted.cloned() })
}

/// A reply's words without the lines of the message that it replies to, with which older clients begin.
fn without_fallback(body: &str) -> &str {
    if !body.starts_with("> <") && !body.starts_with("> * <") {
        return body;
    }
    let mut rest = body;
    while rest.starts_with("> ") || rest.starts_with(">\n") {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.strip_prefix('\n').unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const ME: &str = "@byline:x";

    fn event(kind: &str, content: Value) -> Value {
        json!({ "event_id": "$1", "sender": "@ann:x", "type": kind, "content": content, "origin_server_ts": 1000,
                "unsigned": { "age": 7 } })
    }

    fn what(event: &Value) -> Option<What> {
        read(&event.to_string(), ME, UNIX_EPOCH).map(|event| event.what)
    }

    fn text(content: Value) -> Message {
        match what(&event("m.room.message", content)) {
            Some(What::Message(message)) => message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_tells_its_words_its_thread_and_whom_it_mentions() {
        let message = text(json!({ "msgtype": "m.text", "body": "why?", "m.mentions": { "user_ids": [ME, 7] },
            "m.relates_to": { "rel_type": "m.thread", "event_id": "$t", "is_falling_back": true,
                              "m.in_reply_to": { "event_id": "$0" } } }));
        assert_eq!((message.body.as_str(), message.thread.as_deref()), ("why?", Some("$t")));
        assert_eq!((message.reply_to, message.mentions), (None, Some(vec![ME.to_owned()])));
        let reply = text(json!({ "msgtype": "m.text", "body": "> <@byline:x> It fell.\n> Today.\n\nwhy?",
            "m.relates_to": { "m.in_reply_to": { "event_id": "$0" } } }));
        assert_eq!((reply.body.as_str(), reply.reply_to.as_deref(), reply.mentions), ("why?", Some("$0"), None));
        assert_eq!(text(json!({ "msgtype": "m.text", "body": "> <b> is bold" })).body, "> <b> is bold");
    }

    #[test]
    fn notices_pictures_and_deleted_messages_are_nothing_to_us() {
        for content in [
            json!({ "msgtype": "m.notice", "body": "why?" }),
            json!({ "msgtype": "m.image", "body": "why.png" }),
            json!({}),
            json!({ "msgtype": "m.text" }),
            json!([]),
        ] {
            assert_eq!(what(&event("m.room.message", content.clone())), None, "{content}");
        }
    }

    #[test]
    fn a_file_tells_its_name_and_its_caption_is_what_is_asked() {
        let url = "mxc://x/1";
        let plain =
            text(json!({ "msgtype": "m.file", "body": "!byline articles add", "filename": "a.md", "url": url }));
        assert_eq!(plain.body, "!byline articles add");
        assert_eq!(plain.file, Some(File { name: "a.md".into(), url: url.into(), key: None }));
        let key = json!({ "url": url, "v": "v2" });
        let old = json!({ "msgtype": "m.file", "body": "a.md", "file": key });
        assert_eq!(file(&old), Some(File { name: "a.md".into(), url: url.into(), key: Some(key) }));
        // Without a caption it asks nothing.
        for same in [old, json!({ "msgtype": "m.file", "body": "a.md", "filename": "a.md", "url": url })] {
            assert_eq!(what(&event("m.room.message", same)), None);
        }
        for other in [json!({ "msgtype": "m.image", "url": url }), json!({ "msgtype": "m.file" }), json!([])] {
            assert_eq!(file(&other), None);
        }
    }

    #[test]
    fn edits_reactions_and_redactions_name_their_event() {
        let edit = event(
            "m.room.message",
            json!({ "msgtype": "m.text", "body": "* what?",
            "m.new_content": { "msgtype": "m.text", "body": "what?" },
            "m.relates_to": { "rel_type": "m.replace", "event_id": "$0" } }),
        );
        let message = Message { body: "what?".into(), ..Message::default() };
        assert_eq!(what(&edit), Some(What::Edit { of: "$0".into(), message }));
        let reaction = event(
            "m.reaction",
            json!({ "m.relates_to": { "rel_type": "m.annotation", "event_id": "$0", "key": "▶" } }),
        );
        assert_eq!(what(&reaction), Some(What::Reaction { to: "$0".into(), key: "▶".into() }));
        let mut redaction = event("m.room.redaction", json!({ "redacts": "$0" }));
        assert_eq!(what(&redaction), Some(What::Redaction { of: "$0".into() }));
        redaction["content"] = json!({});
        redaction["redacts"] = "$9".into();
        assert_eq!(what(&redaction), Some(What::Redaction { of: "$9".into() }));
    }

    #[test]
    fn joining_is_not_a_new_picture() {
        let mut member = event("m.room.member", json!({ "membership": "join" }));
        member["state_key"] = ME.into();
        assert_eq!(what(&member), Some(What::Joined));
        member["unsigned"] = json!({ "prev_content": { "membership": "invite" } });
        assert_eq!(what(&member), Some(What::Joined));
        member["unsigned"] = json!({ "prev_content": { "membership": "join" } });
        assert_eq!(what(&member), None);
        member["state_key"] = "@ann:x".into();
        member["content"] = json!({ "membership": "leave" });
        assert_eq!(what(&member), Some(What::Left { person: "@ann:x".into() }));
    }

    #[test]
    fn age_is_the_homeservers_or_told_by_the_time() {
        let mut message = event("m.room.message", json!({ "msgtype": "m.text", "body": "why?" }));
        let now = UNIX_EPOCH + Duration::from_secs(61);
        assert_eq!(read(&message.to_string(), ME, now).unwrap().age, Duration::from_millis(7));
        message["unsigned"] = json!({});
        assert_eq!(read(&message.to_string(), ME, now).unwrap().age, Duration::from_secs(60));
    }

    proptest! {
        #[test]
        fn any_event_is_read(kind in "(m.room.message|m.reaction|m.room.member|m.room.redaction|[a-z.]{0,9})", text in "\\PC{0,60}") {
            for content in [json!(text), json!({ "body": text, "msgtype": "m.text", "m.relates_to": text }),
                json!({ "m.relates_to": { "m.in_reply_to": {} }, "msgtype": "m.text", "body": format!("> <{text}") })]
            {
                let _ = read(&event(&kind, content).to_string(), &text, UNIX_EPOCH);
            }
            let _ = read(&text, &text, UNIX_EPOCH);
        }
    }
}
