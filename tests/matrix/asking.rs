//! Questions and answers: plain and encrypted rooms, threads, replies, mentions.

use serde_json::{Value, json};

use crate::peer::Seen;
use crate::world::{BYLINE, ENCRYPTION, Room, World, encryption};

const QUESTION: &str = "when does the pier at Oldhaven close?";

/// What every answer on Matrix is.
fn has_manners(answer: &Seen) {
    let content = answer.content();
    assert_eq!(content["msgtype"], "m.notice", "{content}");
    assert_eq!(content["m.mentions"], json!({}), "it mentions nobody: {content}");
    assert_eq!(content["format"], "org.matrix.custom.html", "{content}");
    assert!(!answer.body().is_empty() && !answer.body().starts_with("> <"), "no fallback text: {content}");
    assert!(!content["formatted_body"].as_str().unwrap().contains("mx-reply"), "no fallback text: {content}");
}

#[test]
fn a_plain_room_is_answered_with_a_notice_that_replies() {
    let Some(world) = World::shared() else { return };
    let room = world.room(false);
    let asked = room.say(QUESTION);
    let answer = room.answer(&asked);
    has_manners(&answer);
    assert!(!answer.encrypted);
    assert!(answer.body().contains("closes on __5 November__"), "{answer:?}");
    let html = answer.content()["formatted_body"].as_str().unwrap();
    let quotation = "<blockquote><p><strong>The pier at Oldhaven closes on <u>5 November</u> and stays closed until March.</strong>";
    assert!(html.contains(quotation), "{html}");
    assert!(html.contains("<a href=\"https://herald.example/pier#:~:text="), "{html}");
    assert_eq!(answer.relates().0, "", "a reply is not of a thread: {answer:?}");
    room.settle();
    assert_eq!(room.answers(&asked).len(), 1);
}

#[test]
fn an_encrypted_room_is_answered_encrypted_and_the_homeserver_reads_nothing() {
    let Some(world) = World::shared() else { return };
    let room = world.room(true);
    let asked = room.say("what did the vault of Quillmoor hold?");
    let answer = room.answer(&asked);
    has_manners(&answer);
    assert!(answer.encrypted && answer.body().contains("eleven silver herrings"), "{answer:?}");
    let raw = room.raw(answer.id());
    assert_eq!(raw["type"], "m.room.encrypted");
    // What relates is outside, for the homeserver to see; nothing else is.
    assert_eq!(raw["content"]["m.relates_to"]["m.in_reply_to"]["event_id"], asked.id, "{raw}");
    let edited = room.edit(&asked, "what colour was the ink of the ledger of Quillmoor?");
    room.until("the edit", |seen| (seen.relates() == ("m.replace", answer.id())).then_some(()));
    assert_eq!(room.raw(&edited.id)["type"], "m.room.encrypted");
    for words in ["vault of Quill", "silver herr", "eleven sil", "green ink", "colour was the ink"] {
        assert!(!world.homeserver().database_holds(words), "the homeserver has “{words}” in its database");
    }
}

#[test]
fn a_room_that_is_encrypted_later_is_answered_encrypted_from_then_on() {
    let Some(world) = World::shared() else { return };
    let plain = world.room(false);
    assert!(!plain.ask(QUESTION).encrypted);
    plain.maker.set_state(&plain.id, ENCRYPTION, &encryption());
    let room = Room { encrypted: true, ..plain };
    let answer = room.ask("how much does the work on the pier cost?");
    assert!(answer.encrypted && answer.body().contains("310,000"), "{answer:?}");
    assert_eq!(room.raw(answer.id())["type"], "m.room.encrypted");
}

#[test]
fn who_asks_in_a_thread_is_answered_in_it_and_it_goes_on() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, _) = world.group(encrypted);
        let root = room.say("Let us talk about fishing.");
        let in_thread = |words: &str, last: &str| {
            room.send(&json!({
                "msgtype": "m.text",
                "body": words,
                "m.relates_to": {
                    "rel_type": "m.thread",
                    "event_id": root.id,
                    "is_falling_back": true,
                    "m.in_reply_to": { "event_id": last },
                },
            }))
        };
        let asked = in_thread("!byline said \"Olof Brandt\"", &root.id);
        let answer = room.answer(&asked);
        assert_eq!(answer.relates(), ("m.thread", root.id.as_str()), "{answer:?}");
        // A reply proper, and not what clients put there that know no threads.
        assert_ne!(answer.content()["m.relates_to"]["is_falling_back"], true, "{answer:?}");
        assert!(answer.body().contains("fished here"), "{answer:?}");
        let asked = in_thread("!byline ask and what did he say about the mole?", answer.id());
        let answer = room.answer(&asked);
        assert_eq!(answer.relates(), ("m.thread", root.id.as_str()));
        assert!(answer.body().contains("no bench and no bream"), "{answer:?}");
    }
}

/// A message that mentions the bot as clients do.
fn mention(words: &str) -> Value {
    json!({
        "msgtype": "m.text",
        "body": format!("Byline: {words}"),
        "format": "org.matrix.custom.html",
        "formatted_body": format!("<a href=\"https://matrix.to/#/{BYLINE}\">Byline</a>: {words}"),
        "m.mentions": { "user_ids": [BYLINE] },
    })
}

#[test]
fn among_several_it_answers_whom_it_is_meant_by() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, other) = world.group(encrypted);
        let unasked = room.say(QUESTION);
        let other_unasked = room.seen_by(&other).say("Byline is a nice word. !byline ask is how one asks.");
        assert!(room.answer(&room.send(&mention(QUESTION))).body().contains("5 November"));
        // A pill alone, from clients that know no m.mentions.
        let mut pill = mention(QUESTION);
        pill.as_object_mut().unwrap().remove("m.mentions");
        assert!(room.answer(&room.send(&pill)).body().contains("5 November"));
        for command in [
            format!("!byline ask {QUESTION}"),
            format!("!ask {QUESTION}"),
            format!("!q {QUESTION}"),
            format!("!byline ask --outlet “Oldhaven Herald” {QUESTION}"),
            format!("!byline {QUESTION}"),
        ] {
            let answer = room.seen_by(&other).ask(&command);
            assert!(answer.body().contains("5 November"), "{command}: {answer:?}");
        }
        for sent in [unasked, other_unasked] {
            assert!(room.answers(&sent).is_empty(), "nobody asked it: {:?}", room.answers(&sent));
        }
    }
}

#[test]
fn every_command_answers() {
    let Some(world) = World::shared() else { return };
    let (room, _) = world.group(true);
    for (command, expected) in [
        ("who “Nobody should lose a foot”", "Greta Lindqvist"),
        ("said \"Olof Brandt\" --about \"the mole\"", "no bream"),
        ("check \"We will replace every screw\"", "Altered"),
        ("summary pier", "Oldhaven"),
        ("articles list", "articles"),
        ("digest now --since 2026-11-01 --size 3", "Digest"),
        ("help", "!byline"),
        ("help ask", "For example"),
        ("about", "Byline"),
        ("sumary pier", "summary"),
        ("ask what is the capital of Mongolia?", "don’t say"),
    ] {
        let answer = room.ask(&format!("!byline {command}"));
        has_manners(&answer);
        let body = answer.body().replace('\'', "’");
        assert!(body.contains(expected), "{command}: {body}");
    }
}

#[test]
fn the_quotations_of_another_message_are_checked() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, other) = world.group(encrypted);
        let said =
            room.seen_by(&other).say("Greta said “We will replace every plank” and “We will replace every screw”.");
        let checked = room.answer(&room.reply("!byline check", &said.id));
        for verdict in ["Exact", "Altered", "Greta Lindqvist"] {
            assert!(checked.body().contains(verdict), "{verdict}: {checked:?}");
        }
        let mut please = mention("check this");
        please["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": said.id } });
        assert!(room.answer(&room.send(&please)).body().contains("Exact"));
    }
}

#[test]
fn a_manager_says_wrong_speaker_in_reply_to_an_answer() {
    let Some(world) = World::own(|bot| bot.set("LIBRARY__SHARED_OPEN", "true")) else { return };
    let (room, guest) = world.group(true);
    let who = "!byline who the mole has no bench and no bream";
    let answer = room.ask(who);
    assert!(answer.body().contains("Olof Brandt"), "{answer:?}");
    // Whoever manages nothing here changes nothing.
    let theirs = room.seen_by(&guest);
    let refused = theirs.answer(&theirs.reply("!byline correct Greta Lindqvist", answer.id()));
    assert!(refused.body().contains("those who manage"), "{refused:?}");
    let told = room.answer(&room.reply("!byline correct Greta Lindqvist", answer.id()));
    assert!(told.body().starts_with("Corrected: these words are of Greta Lindqvist"), "{told:?}");
    let corrected = room.ask(who);
    assert!(corrected.body().starts_with("Greta Lindqvist"), "{corrected:?}");
    let back = room.answer(&room.reply("!byline correct as found", corrected.id()));
    assert!(back.body().contains("Taken back"), "{back:?}");
    assert!(room.ask(who).body().starts_with("Olof Brandt"));
}

#[test]
fn a_reply_to_an_answer_goes_on_about_the_same_person() {
    let Some(world) = World::shared() else { return };
    let (room, _) = world.group(true);
    let answer = room.ask("!byline what did Olof Brandt say?");
    assert!(answer.body().contains("fished here"), "{answer:?}");
    let mut more = mention("and what did he say about the mole?");
    more["m.relates_to"] = json!({ "m.in_reply_to": { "event_id": answer.id() } });
    let more = room.answer(&room.send(&more));
    assert!(more.body().contains("Olof Brandt about “the mole”"), "{more:?}");
    // A conversation of two goes on without a reply.
    let alone = world.room(true);
    assert!(alone.ask("who said “Nobody should lose a foot to save a ticket”?").body().contains("Greta Lindqvist"));
    assert!(alone.ask("what else did she say?").body().contains("Greta Lindqvist"));
}

#[test]
fn a_room_can_have_a_prefix_of_its_own() {
    let Some(world) = World::shared() else { return };
    let (room, _) = world.group(false);
    let set = room.ask("!byline settings prefix !news");
    assert!(set.body().contains("!news"), "{set:?}");
    assert!(room.ask(&format!("!news ask {QUESTION}")).body().contains("5 November"));
    let (elsewhere, _) = world.group(false);
    let unasked = elsewhere.say(&format!("!news ask {QUESTION}"));
    elsewhere.settle();
    assert!(elsewhere.answers(&unasked).is_empty());
}
