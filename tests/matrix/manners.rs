//! What it does not answer, and what it makes of what others write.

use serde_json::json;

use crate::bot::ABOUT_HOSTILE;
use crate::peer::Seen;
use crate::world::{BYLINE, Room, World};

const QUESTION: &str = "!byline ask when does the pier at Oldhaven close?";

#[test]
fn other_bots_are_left_alone() {
    let Some(world) = World::shared() else { return };
    let (room, other) = world.group(false);
    let robot = room.seen_by(&other);
    let notice =
        robot.send(&json!({ "msgtype": "m.notice", "body": QUESTION, "m.mentions": { "user_ids": [BYLINE] } }));
    let emote = robot.send(&json!({ "msgtype": "m.emote", "body": "asks !byline about" }));
    let answer = room.ask(QUESTION);
    // Its own words, said to it by a robot that repeats everything.
    let echo = robot.send(&json!({
        "msgtype": "m.notice",
        "body": answer.body(),
        "m.mentions": { "user_ids": [BYLINE] },
        "m.relates_to": { "m.in_reply_to": { "event_id": answer.id() } },
    }));
    room.settle();
    for sent in [notice, emote, echo] {
        assert!(room.answers(&sent).is_empty(), "{:?}", room.answers(&sent));
    }
}

#[test]
fn what_was_said_before_it_joined_is_not_answered() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (anna, bert) = (world.friend(), world.friend());
        let before = Room::wished(&anna, encrypted, &[&bert], json!({}));
        // A second time: it leaves, misses a question, and is asked in again.
        anna.api(
            "POST",
            &format!("/_matrix/client/v3/rooms/{}/kick", crate::peer::path(&before.id)),
            &json!({ "user_id": BYLINE }),
        );
        before.until_bot("leave");
        let missed = before.say(QUESTION);
        before.invite();
        before.until_bot("join");
        let asked = before.say(QUESTION);
        assert!(before.answer(&asked).body().contains("5 November"));
        before.settle();
        assert!(before.answers(&missed).is_empty(), "encrypted {encrypted}: {:?}", before.answers(&missed));
    }
}

#[test]
fn an_answer_that_is_too_long_is_cut_and_a_question_that_is_does_no_harm() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let room = world.room(encrypted);
        let answer = room.ask("where did the lantern of Quillhaven shine?");
        assert!(answer.body().contains("lantern of Quillhaven"), "{}", &answer.body()[..200]);
        assert!(answer.content()["formatted_body"].as_str().unwrap().contains("Cut here"));
        let size = room.raw(answer.id()).to_string().len();
        println!("encrypted {encrypted}: an event of {size} bytes");
        // As much as is read at a sitting, and within what is possible.
        assert!((8_000..65_536).contains(&size), "{size} bytes");
        // Base64 of 45,000 bytes fits.
        let asked = room.say(&format!("when does the pier at Oldhaven close? {}", "really ".repeat(45_000 / 7)));
        room.answer(&asked);
        room.settle();
    }
}

#[test]
fn html_and_mentions_of_an_article_are_words() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let room = world.room(encrypted);
        let answer = room.ask(ABOUT_HOSTILE);
        let html = answer.content()["formatted_body"].as_str().unwrap();
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
        only_known_tags(html);
        assert!(!html.contains("href=\"https://evil.example"), "{html}");
        assert_eq!(answer.content()["m.mentions"], json!({}), "{answer:?}");
        assert!(!html.contains('\u{202e}') && !answer.body().contains('\u{202e}'), "{answer:?}");
    }
}

/// Every tag is of those that the specification lets clients show.
fn only_known_tags(html: &str) {
    for tag in html.split('<').skip(1) {
        let name = tag.trim_start_matches('/').split(['>', ' ']).next().unwrap();
        let known = [
            "p",
            "strong",
            "em",
            "blockquote",
            "a",
            "br",
            "del",
            "u",
            "ul",
            "ol",
            "li",
            "code",
            "pre",
            "h1",
            "h2",
            "h3",
            "h4",
            "hr",
        ];
        assert!(known.contains(&name), "<{name}> in {html}");
    }
}

#[test]
fn a_message_that_it_cannot_read_is_told_once() {
    let Some(world) = World::shared() else { return };
    let (room, _) = world.group(true);
    room.settle();
    room.maker.peer.order("withhold", json!({ "as": room.maker.name, "user": BYLINE }));
    let before = room.said().len();
    let first = room.say(QUESTION);
    room.say(QUESTION);
    // In reply or not: it says that it could not read.
    let told = room.until("that it can't be read", |seen| {
        let body = seen.body().to_lowercase();
        (seen.is_message() && (body.contains("decrypt") || body.contains("read"))).then(|| seen.clone())
    });
    assert_eq!(told.content()["msgtype"], "m.notice", "{told:?}");
    std::thread::sleep(std::time::Duration::from_secs(8));
    let said: Vec<Seen> = room.said().split_off(before);
    assert_eq!(said.len(), 1, "once: {said:?}");
    println!("{}: {}", first.id, said[0].body());
}

#[test]
fn it_shows_that_it_has_read_and_works() {
    let Some(world) = World::shared() else { return };
    let room = world.room(false);
    let asked = room.say("when does the pier at Oldhaven close?");
    room.answer(&asked);
    // A receipt is of the question, or of what came after it.
    let started = std::time::Instant::now();
    loop {
        let filter = "/_matrix/client/v3/sync?filter=%7B%22room%22%3A%7B%22timeline%22%3A%7B%22limit%22%3A1%7D%7D%7D";
        let sync = room.maker.api("GET", filter, &serde_json::Value::Null);
        let seen = sync["rooms"]["join"][&room.id]["ephemeral"].to_string();
        if seen.contains("m.read") && seen.contains(BYLINE) {
            break;
        }
        assert!(started.elapsed() < crate::peer::PATIENCE, "no receipt: {seen}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn a_program_that_replies_to_everything_is_left_alone() {
    let Some(world) = World::shared() else { return };
    let (room, other) = world.group(false);
    let robot = room.seen_by(&other);
    let mut last = robot.ask(QUESTION);
    let mut rounds = 0;
    loop {
        let replied = robot.reply(QUESTION, last.id());
        let ended = std::time::Instant::now();
        let answer = loop {
            match robot.answers(&replied).first() {
                Some(answer) => break Some(answer.clone()),
                None if ended.elapsed() > std::time::Duration::from_secs(5) => break None,
                None => std::thread::sleep(std::time::Duration::from_millis(20)),
            }
        };
        let Some(answer) = answer else { break };
        last = answer;
        rounds += 1;
        assert!(rounds < 20, "it goes on for ever");
    }
    println!("left alone after {rounds} replies");
    // The others are answered all the same.
    room.settle();
}
