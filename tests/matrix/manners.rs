//! What it does not answer, and what it makes of what others write.

use serde_json::{Value, json};

use crate::bot::ABOUT_HOSTILE;
use crate::peer::Seen;
use crate::wait::until;
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
    let seen = || room.maker.ephemeral(&room.id);
    let receipt = |event: &Value| event["type"] == "m.receipt" && event["content"].to_string().contains(BYLINE);
    until(|| seen().iter().any(receipt).then_some(()), || format!("no receipt: {:?}", seen()));
}

/// A web site whose only page goes on when it is let to.
fn slow_site() -> (u16, std::sync::mpsc::Sender<()>) {
    use std::io::{Read, Write};
    const PAGE: &str = "<html><head><title>Ferry to Brack runs at night</title></head><body><article><h1>Ferry to Brack runs at \
        night</h1><p>The ferry from Oldhaven to Brack runs at night from Monday. It leaves at one and at three, and it carries \
        bicycles. The harbour office sells the tickets until midnight, and the crew sells them after that.</p><p>The first \
        boat left with eleven people and a dog, in rain, and came to Brack four minutes early.</p></article></body></html>";
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (go, may_go) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
            let _ = write!(stream, "{head}\r\nContent-Length: {}\r\n\r\n", PAGE.len());
            // A letter now and then: who hears nothing for a while gives up.
            let mut letters = PAGE.bytes();
            while may_go.recv_timeout(std::time::Duration::from_secs(1))
                == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                let _ = stream.write_all(&[letters.next().unwrap()]);
            }
            let _ = stream.write_all(&letters.collect::<Vec<u8>>());
        }
    });
    (port, go)
}

#[test]
fn what_takes_its_time_is_shown_to_be_worked_at_and_holds_up_nobody() {
    let (port, go) = slow_site();
    let open = |bot: &mut crate::bot::Bot| {
        bot.set("LIBRARY__SHARED_OPEN", "true");
        bot.set("WEB__PORTS", &port.to_string());
        bot.set("WEB__INTERNAL_HOSTS", &format!("127.0.0.1:{port}"));
        bot.set("WEB__ROBOTS", "false");
    };
    let Some(world) = World::own(open) else { return };
    let (room, other) = world.group(false);
    let asked = room.say(&format!("!byline articles add http://127.0.0.1:{port}/ferry"));
    let types = |event: &Value| event["type"] == "m.typing" && event["content"].to_string().contains(BYLINE);
    let is_typing = || room.maker.ephemeral(&room.id).iter().any(types);
    until(|| is_typing().then_some(()), || "it does not show that it works");
    // Somebody else is answered meanwhile, and longer than a notice of typing lasts it goes on to be shown.
    let (begun, asks) = (std::time::Instant::now(), room.seen_by(&other));
    assert!(asks.ask(QUESTION).body().contains("5 November"));
    std::thread::sleep(std::time::Duration::from_secs(7).saturating_sub(begun.elapsed()));
    until(|| is_typing().then_some(()), || "it does not go on to show that it works");
    assert!(room.answers(&asked).is_empty(), "{:?}", room.answers(&asked));
    go.send(()).unwrap();
    assert!(room.answer(&asked).body().contains("Ferry to Brack"));
    until(|| (!is_typing()).then_some(()), || "it goes on to show that it works");
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
