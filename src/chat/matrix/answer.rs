//! An answer as the content of an event: a notice that replies, in the thread when asked in one; and its edit.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::notice::notice;
use crate::reply::Checked;

/// What is to be shown of a reply.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The reply.
    pub reply: &'a Checked,
    /// The page, counted from 0.
    pub page: usize,
    /// What commands begin with in the room.
    pub prefix: &'a str,
    /// Whether its pages turn.
    pub turns: bool,
}

impl Shown<'_> {
    /// The content of the event, related to nothing yet.
    #[must_use]
    pub fn content(&self) -> Value {
        let mut content = notice(self.reply, self.page, self.prefix, self.turns);
        content.relates_to = None;
        // Its fields all have a form in JSON.
        serde_json::to_value(&content).unwrap_or_else(|_| line("There is nothing to show."))
    }
}

/// A line of Byline's own.
#[must_use]
pub fn line(words: &str) -> Value {
    json!({ "msgtype": "m.notice", "body": words, "m.mentions": {} })
}

/// The content as a reply to an event, in its thread if there is one. No fallback of quoted lines: clients need none any more.
#[must_use]
pub fn in_reply(mut content: Value, to: &str, thread: Option<&str>) -> Value {
    content["m.relates_to"] = match thread {
        Some(thread) => json!({ "rel_type": "m.thread", "event_id": thread, "is_falling_back": false,
                                "m.in_reply_to": { "event_id": to } }),
        None => json!({ "m.in_reply_to": { "event_id": to } }),
    };
    content
}

/// The longest body for clients that know no edits, in bytes: the answer is in the event twice, which may not grow too large.
const MAX_FALLBACK: usize = 1_000;

/// The content in place of an earlier event's.
#[must_use]
pub fn in_place_of(content: Value, earlier: &str) -> Value {
    let body = content["body"].as_str().unwrap_or_default();
    let cut = &body[..body.floor_char_boundary(MAX_FALLBACK)];
    let more = if cut.len() < body.len() { "…" } else { "" };
    json!({
        "msgtype": "m.notice",
        "body": format!("* {cut}{more}"),
        "m.mentions": {},
        "m.new_content": content,
        "m.relates_to": { "rel_type": "m.replace", "event_id": earlier },
    })
}

/// The transaction id of what we do because of an event, or a job: the same whenever it is done again, so that the homeserver does
/// it once. `what` tells several things apart.
#[must_use]
pub fn transaction(what: &str, because_of: &str) -> String {
    let digest = Sha256::digest(format!("{what}\n{because_of}"));
    let hex: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("byline-{hex}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_replies_without_a_fallback_and_mentions_nobody() {
        let content = in_reply(line("It fell."), "$1", None);
        assert_eq!(content["body"], "It fell.");
        assert_eq!(content["m.mentions"], json!({}));
        assert_eq!(content["m.relates_to"], json!({ "m.in_reply_to": { "event_id": "$1" } }));
        let threaded = in_reply(line("It fell."), "$1", Some("$0"));
        assert_eq!(threaded["m.relates_to"]["event_id"], "$0");
        assert_eq!(threaded["m.relates_to"]["is_falling_back"], false);
    }

    #[test]
    fn an_edit_holds_the_answer_once() {
        let long = "The wall fell. ".repeat(2_000);
        let edit = in_place_of(line(&long), "$1");
        assert_eq!(edit["m.new_content"]["body"], long);
        assert!(edit["body"].as_str().unwrap().len() < MAX_FALLBACK + 10);
        assert_eq!(edit["m.relates_to"], json!({ "rel_type": "m.replace", "event_id": "$1" }));
    }

    #[test]
    fn a_transaction_is_told_by_what_is_done_and_why() {
        assert_eq!(transaction("answer", "$1"), transaction("answer", "$1"));
        assert_ne!(transaction("answer", "$1"), transaction("answer", "$2"));
        assert_ne!(transaction("answer", "$1"), transaction("edit", "$1"));
    }
}
