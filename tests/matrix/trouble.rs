//! The bot is killed, the homeserver is killed, or says no: nothing is answered twice, and nothing is left unanswered.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bot::Bot;
use crate::door::Door;
use crate::peer::{Person, Seen, Sent, path, sent};
use crate::wait::until;
use crate::world::{BYLINE, ENCRYPTION, Room, World, encryption};

const QUESTION: &str = "when does the pier at Oldhaven close?";

/// A moment at random, not later than this.
fn some_time(longest: u64) {
    std::thread::sleep(Duration::from_millis(fastrand::u64(..longest)));
}

/// Every question has an answer, and one alone, also after everything has come to rest.
fn each_answered_once(asked: &[(Room, Sent)]) {
    for (room, question) in asked {
        assert!(room.answer(question).body().contains("5 November"));
    }
    for (room, _) in asked {
        room.settle();
    }
    for (room, question) in asked {
        let answers = room.answers(question);
        assert_eq!(answers.len(), 1, "encrypted {}: {question:?}: {answers:?}", room.encrypted);
    }
}

/// The devices of the bot's account.
fn devices(admin: &Person) -> Vec<String> {
    let devices = admin.api("GET", &format!("/_synapse/admin/v2/users/{}/devices", path(BYLINE)), &Value::Null);
    let devices = devices["devices"].as_array().unwrap().iter();
    devices.map(|device| device["device_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bot_that_is_killed_again_and_again_answers_everything_once() {
    let Some(world) = World::own(|_| {}) else { return };
    let admin = world.peer.admin("warden");
    let rooms = [world.room(false), world.room(true)];
    for room in &rooms {
        room.settle();
    }
    let before = devices(&admin);
    assert_eq!(before.len(), 1, "{before:?}");
    let mut asked = Vec::new();
    for round in 0..8 {
        for room in &rooms {
            for _ in 0..3 {
                asked.push((room.clone(), room.say(QUESTION)));
            }
        }
        some_time(300);
        // Once it is asked to end, and not killed.
        if round == 4 {
            world.bot().stop()
        } else {
            world.bot().kill()
        }
        // Also while it is away it is asked.
        for room in &rooms {
            asked.push((room.clone(), room.say(QUESTION)));
        }
        world.bot().start();
        if round % 2 == 0 {
            // And while it starts.
            some_time(1_500);
        } else {
            let (room, question) = asked.last().unwrap();
            room.answer(question);
        }
    }
    each_answered_once(&asked);
    assert_eq!(devices(&admin), before, "one device, however often it starts");
    println!("{} questions, 8 kills", asked.len());
}

#[test]
fn a_homeserver_that_is_killed_again_and_again_loses_no_answer() {
    let Some(world) = World::own(|_| {}) else { return };
    let rooms = [world.room(false), world.room(true)];
    for room in &rooms {
        room.settle();
    }
    let mut asked = Vec::new();
    for _ in 0..4 {
        let mut begun = Vec::new();
        for room in &rooms {
            for _ in 0..3 {
                begun.push((room, room.maker.begin_to_say(&room.id, QUESTION)));
            }
        }
        some_time(500);
        world.homeserver().kill();
        some_time(1_000);
        world.homeserver().start_again();
        for (room, order) in begun {
            asked.push((room.clone(), sent(&world.peer.result(order).unwrap())));
        }
    }
    each_answered_once(&asked);
    assert!(world.bot().is_running());
}

#[test]
fn a_session_that_ran_out_goes_on_with_the_same_device_and_loses_nothing() {
    let Some(world) = World::own(|bot| bot.set("MATRIX__PER_PERSON", "60")) else { return };
    let admin = world.peer.admin("warden");
    let rooms = [world.room(false), world.room(true)];
    let said = rooms[1].say("Greta said “We will replace every plank”.");
    for room in &rooms {
        room.settle();
    }
    let (before, master) = (devices(&admin), master_key(&rooms[1].maker));
    let key = std::fs::read_to_string(world.bot().recovery_key()).unwrap();
    let limit = format!("/_synapse/admin/v1/users/{}/override_ratelimit", path(BYLINE));
    let mut asked = Vec::new();
    for round in 0..2 {
        // Answers take their time, so that some wait to be sent when the session ends.
        admin.api("POST", &limit, &json!({ "messages_per_second": 1, "burst_count": 1 }));
        for _ in 0..3 {
            asked.extend(rooms.iter().map(|room| (room.clone(), room.say(QUESTION))));
        }
        until_logged(&world, "429");
        world.homeserver().kill();
        world.homeserver().end_sessions(BYLINE);
        // In the second round it starts with a session that is over.
        if round == 1 {
            world.bot().kill();
        }
        let begun: Vec<u64> = rooms.iter().map(|room| room.maker.begin_to_say(&room.id, QUESTION)).collect();
        world.homeserver().start_again();
        if round == 1 {
            world.bot().start();
        }
        for (room, order) in rooms.iter().zip(begun) {
            asked.push((room.clone(), sent(&world.peer.result(order).unwrap())));
        }
        admin.api("DELETE", &limit, &Value::Null);
        for (room, question) in &asked {
            room.answer(question);
        }
        assert_eq!(world.bot().log().matches("logging in again soft=true").count(), round + 1, "{}", world.bot().log());
    }
    each_answered_once(&asked);
    assert_eq!(devices(&admin), before, "the device is the same");
    assert_eq!(master_key(&rooms[1].maker), master, "and whom people verified");
    assert_eq!(std::fs::read_to_string(world.bot().recovery_key()).unwrap(), key, "no new recovery key is made");
    let checked = rooms[1].answer(&rooms[1].reply("!byline check", &said.id));
    assert!(checked.body().contains("Exact"), "what was encrypted before can be read: {checked:?}");
}

#[test]
fn a_rate_limit_is_waited_out() {
    let Some(world) = World::own(|bot| bot.set("MATRIX__PER_PERSON", "6")) else { return };
    let admin = world.peer.admin("warden");
    let rooms = [world.room(false), world.room(true)];
    for room in &rooms {
        room.settle();
    }
    let limit = format!("/_synapse/admin/v1/users/{}/override_ratelimit", path(BYLINE));
    admin.api("POST", &limit, &json!({ "messages_per_second": 1, "burst_count": 1 }));
    let ask = |room: &Room| (room.clone(), room.say(QUESTION));
    let asked: Vec<(Room, Sent)> = (0..4).flat_map(|_| rooms.iter().map(ask)).collect();
    for (room, question) in &asked {
        assert!(room.answer(question).body().contains("5 November"));
    }
    assert!(world.bot().log().contains("429"), "it was limited: {}", world.bot().log());
    admin.api("DELETE", &limit, &Value::Null);
    for (room, question) in &asked {
        assert_eq!(room.answers(question).len(), 1);
    }
    // Its own limit is told, once, and then it is silent.
    let room = &rooms[0];
    let many: Vec<Sent> = (0..20).map(|_| room.say(QUESTION)).collect();
    rooms[1].settle();
    std::thread::sleep(Duration::from_secs(2));
    let answers: Vec<Seen> = many.iter().flat_map(|question| room.answers(question)).collect();
    let told = answers.iter().filter(|answer| answer.body().contains("Ask me again in")).count();
    // While they are sent, some seconds pass, after which one more is allowed.
    assert!((1..=2).contains(&told) && answers.len() <= 12, "told {told} times, {} answers", answers.len());
}

#[test]
fn a_login_that_is_limited_is_told_and_waited_for() {
    let Some(world) = World::without_bot() else { return };
    let door = Door::before(&world.homeserver().url());
    world.bot().set("MATRIX__HOMESERVER", &door.url);
    door.limit("POST /_matrix/client/v3/login");
    world.bot().start();
    until_logged(&world, "it is to be left alone for 2 s");
    until(|| (door.refused() > 1).then_some(()), || "it did not try again");
    door.open();
    is_answered(&world.room(true));
    world.bot().stop();
}

#[test]
fn what_came_too_long_ago_is_not_answered() {
    let Some(world) = World::own(|bot| bot.set("MATRIX__MAX_AGE", "1")) else { return };
    let rooms = [world.room(false), world.room(true)];
    for room in &rooms {
        room.settle();
    }
    world.bot().stop();
    let old: Vec<Sent> = rooms.iter().map(|room| room.say(QUESTION)).collect();
    std::thread::sleep(Duration::from_secs(65));
    let new: Vec<Sent> = rooms.iter().map(|room| room.say(QUESTION)).collect();
    world.bot().start();
    for (room, question) in rooms.iter().zip(&new) {
        room.answer(question);
        room.settle();
    }
    for (room, question) in rooms.iter().zip(&old) {
        assert!(room.answers(question).is_empty(), "{:?}", room.answers(question));
    }
}

#[test]
fn a_session_of_encryption_that_ends_between_answers_costs_none() {
    let Some(world) = World::own(|_| {}) else { return };
    let room = world.room(false);
    // A session is for a hundred messages elsewhere.
    let mut encryption = encryption();
    encryption["rotation_period_msgs"] = 2.into();
    room.maker.set_state(&room.id, ENCRYPTION, &encryption);
    let room = Room { encrypted: true, ..room };
    room.settle();
    world.bot().stop();
    // After the start, several answers are on their way at once.
    let asked: Vec<(Room, Sent)> = (0..40).map(|_| (room.clone(), room.say(QUESTION))).collect();
    world.bot().start();
    each_answered_once(&asked);
}

/// Says so much that the homeserver leaves the beginning out when it tells of it.
fn chatter(room: &Room) {
    let said: Vec<u64> =
        (0..120).map(|n| room.maker.begin_to_say(&room.id, &format!("what a fine pier, {n}"))).collect();
    for order in said {
        room.maker.peer.result(order).unwrap();
    }
}

#[test]
fn what_was_left_out_is_asked_for_until_it_is_told_and_no_other_room_waits() {
    let Some(world) = World::without_bot() else { return };
    let door = Door::before(&world.homeserver().url());
    world.bot().set("MATRIX__HOMESERVER", &door.url);
    world.bot().start();
    // Groups: what is not addressed to it there is no question.
    let rooms = [world.group(false).0, world.group(true).0];
    for room in &rooms {
        room.settle();
    }
    world.bot().stop();
    let question = format!("!byline ask {QUESTION}");
    let mut asked = vec![(rooms[0].clone(), rooms[0].say(&question))];
    chatter(&rooms[0]);
    asked.push((rooms[1].clone(), rooms[1].say(&question)));
    door.close("/messages?");
    world.bot().start();
    // Neither the other room nor what comes later waits for it.
    rooms[1].answer(&asked[1].1);
    let later = rooms[0].say(&question);
    rooms[0].answer(&later);
    asked.push((rooms[0].clone(), later));
    until(|| (door.refused() > 2).then_some(()), || "it was not asked for again");
    assert!(rooms[0].answers(&asked[0].1).is_empty());
    // Nor does it end with the process.
    world.bot().kill();
    let before = door.refused();
    world.bot().start();
    until(|| (door.refused() > before).then_some(()), || "it was forgotten");
    door.open();
    each_answered_once(&asked);
    world.bot().stop();
    let log = world.bot().log();
    assert!(log.contains("what was said meanwhile is not known yet"), "{log}");
}

fn is_answered(room: &Room) {
    let answer = room.ask(&format!("!byline ask {QUESTION}"));
    assert!(answer.body().contains("5 November"), "{answer:?}");
}

/// Waits until the bot's log holds these words.
fn until_logged(world: &World, words: &str) {
    let log = || world.bot().log();
    until(|| log().contains(words).then_some(()), || format!("“{words}” is not in the log: {}", log()));
}

#[test]
fn what_keeps_it_from_starting_is_told_and_what_passes_is_waited_for() {
    let Some(world) = World::without_bot() else { return };
    world.bot().set("MATRIX__PASSWORD", "wrong horse");
    world.bot().start();
    let told = world.bot().fails();
    assert!(told.contains("password") && !told.contains("wrong horse"), "{told}");
    world.bot().set("MATRIX__PASSWORD", "byline");

    world.homeserver().kill();
    world.bot().start();
    until_logged(&world, "can't be reached");
    world.homeserver().start_again();
    let room = world.room(true);
    is_answered(&room);

    // Its device is taken away while it runs: it logs in again, and answers what was asked meanwhile.
    let plain = world.room(false);
    plain.settle();
    let admin = world.peer.admin("warden");
    let [device] = devices(&admin).try_into().unwrap();
    admin.api("DELETE", &format!("/_synapse/admin/v2/users/{}/devices/{device}", path(BYLINE)), &Value::Null);
    let meanwhile = plain.say(QUESTION);
    until_logged(&world, "the keys were recovered");
    is_answered(&room);
    plain.answer(&meanwhile);
    plain.settle();
    assert_eq!(plain.answers(&meanwhile).len(), 1);
    assert_ne!(devices(&admin), [device]);
    // No secret is in the log, nor what people asked.
    let log = world.bot().log();
    assert!(!log.contains("syt_"), "an access token is in the log");
    world.bot().stop();
}

#[test]
fn an_answer_that_a_device_sent_which_is_gone_is_not_sent_again() {
    let Some(world) = World::without_bot() else { return };
    let door = Door::before(&world.homeserver().url());
    world.bot().set("MATRIX__HOMESERVER", &door.url);
    world.bot().start();
    let admin = world.peer.admin("warden");
    let rooms = [world.room(false), world.room(true)];
    for room in &rooms {
        room.settle();
    }
    // The homeserver takes the answers, and the bot never learns of it.
    door.lose("/send/m.room.");
    let asked: Vec<(Room, Sent)> = rooms.iter().map(|room| (room.clone(), room.say(QUESTION))).collect();
    for (room, question) in &asked {
        room.answer(question);
    }
    until(|| (door.refused() >= rooms.len()).then_some(()), || "no answer was lost");
    let [device] = devices(&admin).try_into().unwrap();
    admin.api("DELETE", &format!("/_synapse/admin/v2/users/{}/devices/{device}", path(BYLINE)), &Value::Null);
    until_logged(&world, "the connection to Matrix ended");
    door.open();
    until_logged(&world, "the keys were recovered");
    until_logged(&world, "what was to be sent again is there");
    // In the encrypted room the question can't be read any more; that is not told where it was answered.
    std::thread::sleep(Duration::from_secs(10));
    each_answered_once(&asked);
    assert_ne!(devices(&admin), [device]);
    world.bot().stop();
}

#[test]
fn an_access_token_will_do() {
    let Some(world) = World::without_bot() else { return };
    let login = json!({ "type": "m.login.password", "identifier": { "type": "m.id.user", "user": "byline" }, "password": "byline" });
    let friend = world.friend();
    let token = friend.api("POST", "/_matrix/client/v3/login", &login)["access_token"].as_str().unwrap().to_owned();
    world.bot().unset("MATRIX__PASSWORD");
    world.bot().unset("MATRIX__RECOVERY_KEY_FILE");
    world.bot().set("MATRIX__TOKEN", &token);
    world.bot().start();
    let room = Room::of(&friend, true, &[]);
    is_answered(&room);
    world.bot().kill();
    world.bot().start();
    is_answered(&room);
    let shown = world.bot().log().matches("The recovery key of Byline's account on Matrix").count();
    assert_eq!(shown, 1, "the recovery key is shown once");
    world.bot().kill();
    // The token is void: that is told, and how to go on.
    let admin = world.peer.admin("warden");
    for device in devices(&admin) {
        admin.api("DELETE", &format!("/_synapse/admin/v2/users/{}/devices/{device}", path(BYLINE)), &Value::Null);
    }
    world.bot().start();
    let told = world.bot().fails();
    assert!(told.contains("matrix.token") && !told.contains(&token), "{told}");
}

#[test]
fn a_lost_disk_costs_neither_the_identity_nor_what_was_said() {
    let Some(world) = World::own(|_| {}) else { return };
    let admin = world.peer.admin("warden");
    let (room, other) = world.group(true);
    let said = room.seen_by(&other).say("Greta said “We will replace every plank”.");
    room.settle();
    let key = std::fs::read_to_string(world.bot().recovery_key()).unwrap();
    assert!(Bot::is_private(&world.bot().recovery_key()), "the recovery key is for its owner alone");
    assert!(key.split_whitespace().count() >= 12, "a key in groups of four");
    let master = master_key(&room.maker);
    // Keys reach the backup in their own time.
    let log = || world.bot().log();
    until(|| (backed_up(&admin) > 0).then_some(()), || format!("no key is in the backup: {}", log()));
    std::thread::sleep(Duration::from_secs(2));
    world.bot().stop();
    world.bot().lose_data();
    world.bot().start();
    // What is said while it has no device is for no device of its.
    until_logged(&world, "the keys were recovered");
    is_answered(&room);
    assert_eq!(master_key(&room.maker), master, "it is whom people verified");
    let checked = room.answer(&room.reply("!byline check", &said.id));
    assert!(checked.body().contains("Exact") && checked.body().contains("Greta Lindqvist"), "{checked:?}");
    for file in world.bot().files() {
        let name = file.display().to_string();
        assert!(!name.contains("session") || Bot::is_private(&file), "{name} can be read by others");
    }
}

/// The public part of what the bot's devices are signed with.
fn master_key(person: &Person) -> Value {
    let answer = person.api("POST", "/_matrix/client/v3/keys/query", &json!({ "device_keys": { BYLINE: [] } }));
    let key = answer["master_keys"][BYLINE]["keys"].clone();
    assert!(!key.is_null(), "{answer}");
    key
}

/// How many keys the bot's backup has, asked as the bot: an administrator may log in as anybody.
fn backed_up(admin: &Person) -> u64 {
    let login = admin.api("POST", &format!("/_synapse/admin/v1/users/{}/login", path(BYLINE)), &json!({}));
    let token = login["access_token"].as_str().unwrap();
    let asked = json!({ "as": admin.name, "method": "GET", "path": "/_matrix/client/v3/room_keys/version", "body": null, "token": token });
    admin.peer.order("api", asked)["body"]["count"].as_u64().unwrap_or_default()
}
