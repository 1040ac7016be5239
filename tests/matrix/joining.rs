//! Which rooms it comes to, stays in, and leaves.

use serde_json::{Value, json};

use crate::bot::MANAGER;
use crate::peer::{Person, path};
use crate::wait::until;
use crate::world::{BYLINE, Room, World};

#[test]
fn invitations_are_accepted_from_those_on_the_list_and_others_are_told_why_not() {
    let Some(world) = World::shared() else { return };
    for encrypted in [false, true] {
        let (room, _) = world.group(encrypted);
        let introduction = room.until("an introduction", |seen| {
            (seen.is_message() && seen.body().contains("!byline")).then(|| seen.clone())
        });
        assert_eq!(introduction.content()["msgtype"], "m.notice");
        assert_eq!(introduction.encrypted, encrypted);
        room.settle();
        let introduced = room.said().iter().filter(|seen| seen.replies_to().is_empty()).count();
        assert_eq!(introduced, 1, "it introduces itself once");
    }
    let stranger = world.person("stranger");
    let room = stranger.create_room(&[BYLINE], json!({}));
    let declined = stranger.until_member(&room, BYLINE, "leave");
    let reason = declined["reason"].as_str().unwrap_or_default();
    assert!(!reason.is_empty(), "{declined}");
    println!("declined: {reason}");
}

/// Who is in a room, asked of the homeserver's administration.
fn members(admin: &Person, room: &str) -> Vec<String> {
    let answer = admin.api("GET", &format!("/_synapse/admin/v1/rooms/{}/members", path(room)), &Value::Null);
    answer["members"].as_array().unwrap().iter().map(|member| member.as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_empty_room_is_left() {
    let Some(world) = World::shared() else { return };
    let admin = world.peer.admin("warden");
    let (room, other) = world.group(false);
    room.settle();
    for person in [&room.maker, &other] {
        person.api("POST", &format!("/_matrix/client/v3/rooms/{}/leave", path(&room.id)), &json!({}));
    }
    let members = || members(&admin, &room.id);
    until(|| members().is_empty().then_some(()), || format!("it stays: {:?}", members()));
}

/// Upgrades a room and returns the new one.
fn upgrade(room: &Room, version: &str) -> Room {
    let path = format!("/_matrix/client/v3/rooms/{}/upgrade", path(&room.id));
    let made = room.maker.api("POST", &path, &json!({ "new_version": version }));
    Room { id: made["replacement_room"].as_str().unwrap().to_owned(), ..room.clone() }
}

#[test]
fn an_upgraded_room_is_followed_with_its_settings_and_its_digest() {
    let Some(world) = World::shared() else { return };
    for (encrypted, preset, version) in
        [(false, "public_chat", "11"), (true, "public_chat", "12"), (true, "private_chat", "12")]
    {
        let (maker, other) = (world.friend(), world.friend());
        let old = Room::wished(&maker, encrypted, &[&other], json!({ "preset": preset, "room_version": "10" }));
        let set = old.ask("!byline digest set 08:30 --zone Europe/Berlin");
        assert!(set.body().contains("08:30"), "{set:?}");
        let set = old.ask("!byline settings passages 1");
        assert!(!set.body().contains("only"), "{set:?}");
        let new = upgrade(&old, version);
        if preset == "private_chat" {
            // Whoever upgrades asks everybody in; homeservers do not.
            new.invite();
        }
        new.until_bot("join");
        new.maker.peer.order("knows", json!({ "as": maker.name, "room": new.id, "encrypted": encrypted }));
        let shown = new.ask("!byline digest show");
        assert!(
            shown.body().contains("08:30") && shown.body().contains("Europe/Berlin"),
            "version {version}: {shown:?}"
        );
        let shown = new.ask("!byline settings show");
        assert!(shown.body().contains("passages") && shown.body().contains('1'), "version {version}: {shown:?}");
        let pages = new.ask("!byline ask how many sandwiches did the gulls of Oldhaven steal?");
        assert!(!pages.body().contains("1 of "), "the setting holds in the new room: {pages:?}");
    }
}

#[test]
fn rooms_that_were_upgraded_one_after_the_other_are_followed_to_the_last() {
    let Some(world) = World::own(|_| {}) else { return };
    let mut chains = Vec::new();
    for (encrypted, preset) in [(false, "public_chat"), (true, "private_chat")] {
        // In the second it is somebody who may not invite it, unless it is awaited there.
        let upgrades = if preset == "private_chat" { world.person("stranger") } else { world.friend() };
        let maker = world.friend();
        let powers = json!({ "users": { maker.user.as_str(): 100, upgrades.user.as_str(): 100 } });
        let wish = json!({ "preset": preset, "room_version": "10", "power_level_content_override": powers });
        let first = with_settings_in(Room::wished(&maker, encrypted, &[&upgrades], wish), "08:30", 1);
        chains.push((first.seen_by(&upgrades), preset));
    }
    world.bot().stop();
    let followed: Vec<Room> = chains
        .iter()
        .map(|(first, preset)| {
            let second = upgrade(first, "11");
            let third = upgrade(&second, "12");
            if *preset == "private_chat" {
                // The last first: nobody has told yet that it goes on from the one before.
                third.invite();
                second.invite();
            }
            third
        })
        .collect();
    world.bot().start();
    for last in &followed {
        last.until_bot("join");
        let knows = json!({ "as": last.maker.name, "room": last.id, "encrypted": last.encrypted });
        last.maker.peer.order("knows", knows);
        until_has_settings(last, "08:30");
        has_settings(last, "08:30", 1);
        let introduced = last.said().iter().filter(|seen| seen.replies_to().is_empty()).count();
        assert_eq!(introduced, 0, "its people know it: {:?}", last.said());
    }
}

/// Waits until what was set before is known in a room.
fn until_has_settings(room: &Room, time: &str) {
    let look = || room.ask("!byline digest show").body().contains(time).then_some(());
    until(look, || format!("{time} is never set in {}", room.id));
}

/// A room whose maker has set a digest and a number of passages.
fn with_settings(world: &World, time: &str, passages: u32) -> Room {
    with_settings_in(world.room(false), time, passages)
}

fn with_settings_in(room: Room, time: &str, passages: u32) -> Room {
    let set = room.ask(&format!("!byline digest set {time} --zone Europe/Berlin"));
    assert!(set.body().contains(time), "{set:?}");
    room.ask(&format!("!byline settings passages {passages}"));
    has_settings(&room, time, passages);
    room
}

fn has_settings(room: &Room, time: &str, passages: u32) {
    let shown = room.ask("!byline digest show");
    assert!(shown.body().contains(time), "{shown:?}");
    let shown = room.ask("!byline settings show");
    let line = shown.body().lines().find(|line| line.contains("passages"));
    assert!(line.is_some_and(|line| line.contains(&passages.to_string())), "{shown:?}");
}

/// Says that a room goes on in another.
fn point_at(room: &Room, other: &str) {
    let tombstone = json!({ "body": "It goes on elsewhere.", "replacement_room": other });
    room.maker.set_state(&room.id, "m.room.tombstone", &tombstone);
}

#[test]
fn who_says_that_their_room_goes_on_in_another_takes_nothing_from_it() {
    let Some(world) = World::shared() else { return };
    let theirs = with_settings(world, "08:30", 1);
    let mine = with_settings(world, "21:45", 4);
    point_at(&mine, &theirs.id);
    // It is answered in its turn: by then the room was looked at.
    has_settings(&mine, "21:45", 4);
    has_settings(&theirs, "08:30", 1);
}

#[test]
fn a_room_that_does_not_say_that_it_goes_on_from_another_is_left_again() {
    let Some(world) = World::shared() else { return };
    let stranger = world.person("stranger");
    for preset in ["public_chat", "private_chat"] {
        let mine = with_settings(world, "21:45", 4);
        let other = stranger.create_room(&[], json!({ "preset": preset }));
        point_at(&mine, &other);
        // Asked in turn: by then it is expected there.
        mine.settle();
        if preset == "private_chat" {
            let invite = format!("/_matrix/client/v3/rooms/{}/invite", path(&other));
            stranger.api("POST", &invite, &json!({ "user_id": BYLINE }));
        }
        stranger.until_member(&other, BYLINE, "leave");
        has_settings(&mine, "21:45", 4);
        let said = stranger.events(&other, |seen| seen.sender() == BYLINE && seen.is_message());
        assert!(said.is_empty(), "{preset}: {said:?}");
    }
}

#[test]
fn who_has_the_power_manages_creators_of_version_twelve_too() {
    let Some(world) = World::shared() else { return };
    for version in ["11", "12"] {
        let (maker, other) = (world.friend(), world.friend());
        let room = Room::wished(&maker, false, &[&other], json!({ "room_version": version }));
        if version == "12" {
            assert!(!room.id.contains(':'), "its number names no server: {}", room.id);
        }
        let refused = room.seen_by(&other).ask("!byline digest set 08:30 --zone UTC");
        assert!(!refused.body().contains("08:30"), "version {version}: {refused:?}");
        let set = room.ask("!byline digest set 08:30 --zone UTC");
        assert!(set.body().contains("08:30"), "version {version}: {set:?}");
    }
}

#[test]
fn a_manager_of_the_bot_manages_without_power() {
    let Some(world) = World::shared() else { return };
    let manager = world.person(MANAGER);
    let room = Room::of(&world.friend(), true, &[&manager]);
    let set = room.seen_by(&manager).ask("!byline digest set 09:15 --zone UTC");
    assert!(set.body().contains("09:15"), "{set:?}");
}
