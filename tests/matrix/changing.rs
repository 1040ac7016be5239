//! What is done to messages afterwards: edits, redactions, reactions.

use serde_json::json;

use crate::peer::Seen;
use crate::wait::until;
use crate::world::{BYLINE, Room, World};

#[test]
fn an_edited_question_edits_its_answer_and_a_redacted_one_redacts_it() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, _) = world.group(encrypted);
        let asked = room.say("!byline ask when does the pier at Oldhaven close?");
        let answer = room.answer(&asked);
        let edit = room.edit(&asked, "!byline ask how much does the work on the pier cost?");
        let edited = room.until_edited(answer.id(), "310,000 crowns");
        assert_eq!(edited.encrypted, encrypted);
        assert_eq!(edited.content()["m.mentions"], json!({}));
        assert_eq!(edited.content()["m.new_content"]["m.mentions"], json!({}));
        assert_eq!(edited.content()["m.new_content"]["msgtype"], "m.notice");
        room.edit(&asked, "!byline said \"Olof Brandt\"");
        room.until_edited(answer.id(), "fished here");
        assert!(room.answers(&edit).is_empty(), "an edit is no question of its own");
        assert_eq!(room.answers(&asked).len(), 1);
        room.maker.redact(&room.id, &asked.id);
        room.until_redacted(answer.id());
        room.settle();
    }
}

#[test]
fn what_becomes_a_question_by_an_edit_is_answered_and_what_was_redacted_stays_so() {
    let Some(world) = World::shared() else { return };
    let (room, _) = world.group(false);
    let said = room.say("!bylien ask when does the pier at Oldhaven close?");
    room.settle();
    assert!(room.answers(&said).is_empty());
    room.edit(&said, "!byline ask when does the pier at Oldhaven close?");
    assert!(room.answer(&said).body().contains("5 November"));
}

#[test]
fn what_somebody_else_makes_of_a_message_asks_nothing() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, other) = world.group(encrypted);
        let said = room.say("the pier looks rotten");
        room.seen_by(&other).edit(&said, "!byline ask when does the pier at Oldhaven close?");
        room.settle();
        assert!(room.answers(&said).is_empty(), "encrypted {encrypted}: {:?}", room.answers(&said));
        // Whose message it is asks, and is answered.
        room.edit(&said, "!byline ask how much does the work on the pier cost?");
        let answer = room.answer(&said);
        assert!(answer.body().contains("310,000 crowns"), "{answer:?}");
        // And is the one who takes that back.
        room.maker.redact(&room.id, &said.id);
        room.until_redacted(answer.id());
    }
}

/// The bot's buttons below an answer: what its reactions say.
fn buttons(room: &Room, answer: &Seen) -> (String, String) {
    let key = |arrow: char| {
        room.until(&format!("the button {arrow}"), |seen| {
            let relation = &seen.content()["m.relates_to"];
            let key = relation["key"].as_str()?;
            (relation["event_id"] == answer.id() && key.contains(arrow)).then(|| key.to_owned())
        })
    };
    (key('◀'), key('▶'))
}

/// Waits until an answer was edited this many times, and returns the last.
fn edits(room: &Room, answer: &Seen, times: usize) -> Seen {
    let like = |seen: &Seen| seen.sender() == BYLINE && seen.relates() == ("m.replace", answer.id());
    let found = || room.maker.events(&room.id, like);
    until(
        || found().get(times - 1..).and_then(<[Seen]>::last).cloned(),
        || format!("edit {times} of {} never came: {:?}", answer.id(), found()),
    )
}

#[test]
fn the_askers_reactions_turn_pages_and_nobody_elses() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, other) = world.group(encrypted);
        let answer = room.ask("!byline ask how many sandwiches did the gulls of Oldhaven steal?");
        assert!(answer.body().contains("1 of "), "{answer:?}");
        let (back, on) = buttons(&room, &answer);
        room.seen_by(&other).react(answer.id(), &on);
        room.settle();
        let turned = |seen: &Seen| seen.relates() == ("m.replace", answer.id());
        assert!(room.maker.events(&room.id, turned).is_empty(), "somebody else turned the page");
        let pressed = room.react(answer.id(), &on);
        let second = edits(&room, &answer, 1);
        let body = |seen: &Seen| seen.content()["m.new_content"]["body"].as_str().unwrap().to_owned();
        assert!(body(&second).contains("2 of ") && body(&second).contains("gulls"), "{second:?}");
        assert_ne!(body(&second), answer.body());
        // A reaction can't be made twice: it is taken back and made again.
        room.maker.redact(&room.id, &pressed.id);
        room.react(answer.id(), &on);
        assert!(body(&edits(&room, &answer, 2)).contains("3 of "));
        room.react(answer.id(), &back);
        let again = edits(&room, &answer, 3);
        assert_eq!(body(&again), body(&second));
        assert_eq!(again.encrypted, encrypted);
    }
}
