//! The fake itself: it must see what Discord would refuse.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::fake::{overlay, schema};

fn message(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut body = json!({ "content": "x", "embeds": [], "components": [], "allowed_mentions": { "parse": [] } });
    change(&mut body);
    overlay::message(&body)
}

#[test]
fn a_message_beyond_a_limit_is_seen() {
    assert_eq!(message(|_| {}), Vec::<String>::new());
    let long = |n: usize| Value::from("x".repeat(n));
    assert!(!message(|body| body["content"] = long(2001)).is_empty());
    assert!(!message(|body| body["content"] = "".into()).is_empty(), "an empty message");
    assert!(!message(|body| body["allowed_mentions"] = json!({ "parse": ["users"] })).is_empty());
    assert!(!message(|body| body["embeds"] = json!([{ "description": long(4097) }])).is_empty());
    let two = json!([{ "description": long(4000) }, { "description": long(2001) }]);
    assert!(!message(|body| body["embeds"] = two).is_empty(), "6000 over all");
    let same =
        json!([{ "description": "a", "url": "https://a.example" }, { "description": "b", "url": "https://a.example" }]);
    assert!(!message(|body| body["embeds"] = same).is_empty());
    let button = json!({ "type": 2, "style": 2, "label": "x", "custom_id": "same" });
    let row = json!({ "type": 1, "components": [button, button] });
    assert!(!message(|body| body["components"] = json!([row])).is_empty(), "one custom_id twice");
    let row = json!({ "type": 1, "components": [] });
    assert!(!message(|body| body["components"] = json!([row, row, row, row, row, row])).is_empty());
}

#[test]
fn a_command_that_discord_would_refuse_is_seen() {
    let of = |command: Value| overlay::commands(&json!([command]));
    let option =
        |name: &str, required: bool| json!({ "type": 3, "name": name, "description": "d", "required": required });
    assert_eq!(
        of(json!({ "name": "ask", "description": "d", "options": [option("a", true), option("b", false)] })),
        [""; 0]
    );
    assert!(!of(json!({ "name": "Ask", "description": "d" })).is_empty());
    assert!(!of(json!({ "name": "a b", "description": "d" })).is_empty());
    assert!(!of(json!({ "name": "ask", "description": "" })).is_empty());
    assert!(
        !of(json!({ "name": "ask", "description": "d", "options": [option("a", false), option("b", true)] }))
            .is_empty()
    );
    assert!(
        !of(json!({ "name": "ask", "description": "d", "options": [option("a", true), option("a", true)] })).is_empty()
    );
    let twice = json!([{ "name": "ask", "description": "d" }, { "name": "ask", "description": "e" }]);
    assert!(!overlay::commands(&twice).is_empty());
    let many: Vec<Value> = (0..26).map(|n| json!({ "name": n.to_string(), "value": "v" })).collect();
    assert!(!overlay::choices(&json!({ "choices": many })).is_empty());
}

#[test]
fn discords_own_schema_is_asked() {
    let template = "/channels/{channel_id}/messages";
    let Some(fine) = schema::check("POST", template, &json!({ "content": "x" })) else { return };
    assert_eq!(fine, Ok(()));
    assert!(schema::check("POST", template, &json!({ "content": 5 })).unwrap().is_err());
    let callback = "/interactions/{interaction_id}/{interaction_token}/callback";
    assert!(schema::check("POST", callback, &json!({ "type": 4, "data": { "embeds": "none" } })).unwrap().is_err());
    assert!(schema::check("PUT", "/applications/{application_id}/commands", &json!([{}])).unwrap().is_err());
    assert!(schema::VALIDATED.load(Ordering::Relaxed) >= 4);
}
