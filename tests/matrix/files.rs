//! Files that people send, and what a command makes of them.

use serde_json::{Value, json};

use crate::door::Door;
use crate::peer::Seen;
use crate::world::{Room, World};

const ADD: &str = "!byline articles add";

fn ferry(encrypted: bool) -> (&'static str, &'static str) {
    match encrypted {
        false => ("Ferry to Brack", "The ferry to Brack carries ninety goats and a brass band on Sunday."),
        true => ("Tram to Lund", "The tram to Lund carries forty beekeepers and a piano on Monday."),
    }
}

fn article(title: &str, words: &str) -> String {
    format!("{title}\n\n{words}\n")
}

/// Sends a file with a command as its caption, and waits for the answer.
fn captioned(room: &Room, mut file: Value, caption: &str) -> Seen {
    file["body"] = caption.into();
    room.answer(&room.send(&file))
}

#[test]
fn articles_are_added_from_files_that_a_command_stands_below_or_replies_to() {
    let Some(world) = World::own(|bot| {
        bot.set("LIBRARY__SHARED_OPEN", "true");
        bot.set("WEB__MAX_MEGABYTES", "1");
    }) else {
        return;
    };
    for encrypted in [false, true] {
        let (room, other) = world.group(encrypted);
        let (title, words) = ferry(encrypted);
        let added = captioned(&room, room.file("ferry.txt", &article(title, words)), ADD);
        assert!(added.body().contains(title) && added.body().contains("new: #"), "{added:?}");
        let answer = room.ask(&format!("!byline ask what does the {} carry?", title.to_lowercase()));
        assert!(answer.body().contains(words), "{answer:?}");

        // The same without a caption asks nothing, and a command may reply to it, to any of them.
        let title = format!("Bridge of {title}");
        let sent = room.send(&room.file("bridge.md", &article(&title, "The bridge is painted green by eleven nuns.")));
        room.settle();
        assert!(room.answers(&sent).is_empty(), "{:?}", room.answers(&sent));
        let added = room.answer(&room.reply(ADD, &sent.id));
        assert!(added.body().contains(&title) && added.body().contains("new: #"), "{added:?}");

        // Who may not add may not this way either.
        let refused = room.answer(&room.seen_by(&other).reply(ADD, &sent.id));
        assert!(refused.body().contains("manage") && !refused.body().contains('#'), "{refused:?}");

        // Whatever keeps a file from being read is told, with its name.
        let refused = captioned(&room, room.file("long.txt", &"A long word. ".repeat(100_000)), ADD);
        assert!(refused.body().contains("long.txt is larger than 1048576 bytes"), "{refused:?}");
        let refused = captioned(&room, room.file("paper.pdf", "%PDF-1.7\n"), ADD);
        assert!(refused.body().contains("paper.pdf") && refused.body().contains("PDF"), "{refused:?}");
        let mut gone = room.file("gone.txt", "Gone.");
        *at(&mut gone, "url") = "mxc://localhost/nothing".into();
        let refused = captioned(&room, gone, ADD);
        assert!(refused.body().contains("gone.txt answered with status 404"), "{refused:?}");
        if encrypted {
            let (mut changed, other) = (room.file("changed.txt", "The one."), room.file("other.txt", "Another."));
            changed["file"]["url"] = other["file"]["url"].clone();
            let refused = captioned(&room, changed, ADD);
            assert!(refused.body().contains("changed.txt can't be unpacked (it can't be decrypted)"), "{refused:?}");
        }
        // What a command replies to need not be a file.
        let said = room.say("What a fine pier.");
        let refused = room.answer(&room.reply(ADD, &said.id));
        assert!(refused.body().contains("or give a file"), "{refused:?}");
    }
}

/// A field of a file's message, wherever it is.
fn at<'f>(file: &'f mut Value, field: &str) -> &'f mut Value {
    if file["file"].is_object() { &mut file["file"][field] } else { &mut file[field] }
}

#[test]
fn a_list_of_feeds_is_taken_from_a_file() {
    let Some(world) = World::without_bot() else { return };
    let door = Door::before(&world.homeserver().url());
    world.bot().set("MATRIX__HOMESERVER", &door.url);
    world.bot().set("LIBRARY__SHARED_OPEN", "true");
    world.bot().start();
    for encrypted in [false, true] {
        let room = world.room(encrypted);
        let list = format!(
            "<opml version=\"2.0\"><body><outline text=\"Herald\" xmlUrl=\"https://herald-{encrypted}.example/feed\"/></body></opml>"
        );
        let file = room.file("feeds.opml", &list);
        let taken = room.answer(&room.reply("!byline feeds import", &room.send(&file).id));
        assert!(taken.body().contains("1 feed"), "{taken:?}");
        let again = captioned(&room, file, "!byline feeds import");
        assert!(again.body().contains("were there before"), "{again:?}");
        let wrong = captioned(&room, room.file("no.opml", "no list"), "!byline feeds import");
        assert!(wrong.body().contains("No list"), "{wrong:?}");
        assert_eq!(wrong.content()["m.mentions"], json!({}));
        // What may pass is tried twice.
        let before = door.refused();
        door.limit("/media/download/");
        let limited = captioned(&room, room.file("later.opml", &list), "!byline feeds import");
        assert!(limited.body().contains("later.opml answered with status 429"), "{limited:?}");
        assert_eq!(door.refused() - before, 2);
        door.lose("/media/download/");
        let broken = captioned(&room, room.file("lost.opml", &list), "!byline feeds import");
        assert!(broken.body().contains("the connection broke"), "{broken:?}");
        door.open();
    }
}
