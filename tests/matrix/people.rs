//! The house of these tests itself: without the bot, people understand each other, and the homeserver stands up again.

use serde_json::json;

use crate::world::{ENCRYPTION, World, encryption};

#[test]
fn people_talk_in_plain_and_in_encrypted_rooms_and_the_homeserver_can_be_killed() {
    let Some(world) = World::without_bot() else { return };
    let (anna, bert) = (world.friend(), world.friend());
    let room = anna.create_room(&[&bert.user], json!({}));
    bert.join(&room);
    let content = json!({ "msgtype": "m.text", "body": "plain zwetschge" });
    let plain = anna.send(&room, "m.room.message", &content, false);
    let seen = bert.until(&room, "the plain message", |seen| (seen.id() == plain.id).then(|| seen.clone()));
    assert_eq!((seen.body(), seen.encrypted), ("plain zwetschge", false));

    anna.set_state(&room, ENCRYPTION, &encryption());
    let content = json!({ "msgtype": "m.text", "body": "secret mirabelle", "m.relates_to": { "m.in_reply_to": { "event_id": plain.id } } });
    let secret = anna.send(&room, "m.room.message", &content, true);
    let seen = bert.until(&room, "the secret message", |seen| (seen.id() == secret.id).then(|| seen.clone()));
    assert_eq!((seen.body(), seen.encrypted, seen.replies_to()), ("secret mirabelle", true, plain.id.as_str()));

    world.homeserver().kill();
    let late = anna.begin_to_say(&room, "late quince");
    world.homeserver().start_again();
    let late = crate::peer::sent(&world.peer.result(late).unwrap());
    bert.until(&room, "the message after the restart", |seen| (seen.id() == late.id).then_some(()));
    // What is looked for where nothing may be found is found where it is.
    assert!(world.homeserver().database_holds("plain zwetschge"));
    assert!(
        !world.homeserver().database_holds("secret mirabelle") && !world.homeserver().database_holds("late quince")
    );
}
