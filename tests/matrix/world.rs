//! A homeserver, people, and the bot; and what happens in a room.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use serde_json::{Value, json};

use crate::bot::Bot;
use crate::homeserver::{Homeserver, python};
use crate::peer::{Peer, Person, Seen, Sent, path};
use crate::wait::until;

/// The account of the bot.
pub const BYLINE: &str = "@byline:localhost";

pub struct World {
    homeserver: Mutex<Homeserver>,
    pub peer: Arc<Peer>,
    bot: Mutex<Bot>,
}

impl World {
    /// The one that tests share which leave the bot and the homeserver alone; nothing where there is no Synapse.
    pub fn shared() -> Option<&'static Self> {
        static SHARED: OnceLock<Option<World>> = OnceLock::new();
        SHARED.get_or_init(|| Self::own(|_| {})).as_ref()
    }

    /// One of a test's own, whose bot has further settings and runs.
    pub fn own(set: impl FnOnce(&mut Bot)) -> Option<Self> {
        let world = Self::without_bot()?;
        set(&mut world.bot());
        world.bot().start();
        Some(world)
    }

    /// One whose bot has an account, and does not run.
    pub fn without_bot() -> Option<Self> {
        let python = python()?;
        let homeserver = Homeserver::start(&python);
        let peer = Arc::new(Peer::start(&python, &homeserver));
        peer.order("register", json!({ "as": "byline", "password": "byline" }));
        let bot = Mutex::new(Bot::new(&homeserver));
        Some(Self { homeserver: Mutex::new(homeserver), peer, bot })
    }

    pub fn bot(&self) -> MutexGuard<'_, Bot> {
        self.bot.lock().unwrap()
    }

    pub fn homeserver(&self) -> MutexGuard<'_, Homeserver> {
        self.homeserver.lock().unwrap()
    }

    /// Somebody new, whose account begins so: `friend` may invite.
    pub fn person(&self, name: &str) -> Person {
        static PEOPLE: AtomicUsize = AtomicUsize::new(1);
        self.peer.person(&format!("{name}-{}", PEOPLE.fetch_add(1, Ordering::Relaxed)))
    }

    pub fn friend(&self) -> Person {
        self.person("friend")
    }

    /// A room of a new friend's, to which the bot was invited and came.
    pub fn room(&self, encrypted: bool) -> Room {
        Room::of(&self.friend(), encrypted, &[])
    }

    /// The same with another friend in it, so that it is no conversation of two.
    pub fn group(&self, encrypted: bool) -> (Room, Person) {
        let other = self.friend();
        let room = Room::of(&self.friend(), encrypted, &[&other]);
        (room, other)
    }
}

/// What makes a room encrypted.
pub const ENCRYPTION: &str = "m.room.encryption";

pub fn encryption() -> Value {
    json!({ "algorithm": "m.megolm.v1.aes-sha2" })
}

/// A room, as its maker sees it.
#[derive(Clone)]
pub struct Room {
    pub id: String,
    pub encrypted: bool,
    pub maker: Person,
}

impl Room {
    /// A new one with the bot and these in it.
    pub fn of(maker: &Person, encrypted: bool, others: &[&Person]) -> Self {
        Self::wished(maker, encrypted, others, json!({}))
    }

    pub fn wished(maker: &Person, encrypted: bool, others: &[&Person], mut wish: Value) -> Self {
        if encrypted {
            wish["initial_state"] = json!([{ "type": ENCRYPTION, "state_key": "", "content": encryption() }]);
        }
        let mut invited: Vec<&str> = others.iter().map(|person| person.user.as_str()).collect();
        let room = Self { id: maker.create_room(&invited, wish), encrypted, maker: maker.clone() };
        for person in others {
            person.join(&room.id);
        }
        // Last, so that it finds everybody there.
        invited.clear();
        room.invite();
        room.until_bot("join");
        room
    }

    /// Invites the bot.
    pub fn invite(&self) {
        let path = format!("/_matrix/client/v3/rooms/{}/invite", path(&self.id));
        self.maker.api("POST", &path, &json!({ "user_id": BYLINE }));
    }

    /// Waits until the bot's membership is this.
    pub fn until_bot(&self, membership: &str) -> Value {
        self.maker.until_member(&self.id, BYLINE, membership)
    }

    /// The same room in somebody else's eyes.
    pub fn seen_by(&self, person: &Person) -> Self {
        Self { maker: person.clone(), ..self.clone() }
    }

    /// Sends a message's content.
    pub fn send(&self, content: &Value) -> Sent {
        self.maker.send(&self.id, "m.room.message", content, self.encrypted)
    }

    pub fn say(&self, words: &str) -> Sent {
        self.send(&json!({ "msgtype": "m.text", "body": words }))
    }

    /// The message that sends a file of this name, without a caption; in encrypted rooms the file is encrypted too.
    pub fn file(&self, name: &str, text: &str) -> Value {
        let order = json!({ "as": self.maker.name, "name": name, "text": text, "encrypt": self.encrypted });
        self.maker.peer.order("upload", order)
    }

    /// Says something in reply to an event.
    pub fn reply(&self, words: &str, to: &str) -> Sent {
        let relation = json!({ "m.in_reply_to": { "event_id": to } });
        self.send(&json!({ "msgtype": "m.text", "body": words, "m.relates_to": relation }))
    }

    /// Changes what was said.
    pub fn edit(&self, said: &Sent, words: &str) -> Sent {
        self.send(&json!({
            "msgtype": "m.text",
            "body": format!("* {words}"),
            "m.new_content": { "msgtype": "m.text", "body": words },
            "m.relates_to": { "rel_type": "m.replace", "event_id": said.id },
        }))
    }

    /// Reacts to an event. (No client encrypts reactions.)
    pub fn react(&self, event: &str, key: &str) -> Sent {
        let relation = json!({ "rel_type": "m.annotation", "event_id": event, "key": key });
        self.maker.send(&self.id, "m.reaction", &json!({ "m.relates_to": relation }), self.encrypted)
    }

    /// Says it and waits for the answer.
    pub fn ask(&self, words: &str) -> Seen {
        self.answer(&self.say(words))
    }

    /// Waits for the answer to this.
    pub fn answer(&self, to: &Sent) -> Seen {
        self.maker.until(&self.id, &format!("the answer to {to:?}"), |seen| answers(seen, &to.id).then(|| seen.clone()))
    }

    /// The answers to this up to now.
    pub fn answers(&self, to: &Sent) -> Vec<Seen> {
        self.maker.events(&self.id, |seen| answers(seen, &to.id))
    }

    /// Everything that the bot said here up to now, edits too.
    pub fn said(&self) -> Vec<Seen> {
        self.maker.events(&self.id, |seen| seen.sender() == BYLINE && seen.is_message())
    }

    /// Waits for an event of the bot's.
    pub fn until<T>(&self, what: &str, mut of: impl FnMut(&Seen) -> Option<T>) -> T {
        self.maker.until(&self.id, what, |seen| (seen.sender() == BYLINE).then(|| of(seen)).flatten())
    }

    /// Waits until an event was changed so that it holds these words.
    pub fn until_edited(&self, event: &str, words: &str) -> Seen {
        self.until(&format!("the edit of {event} to “{words}”"), |seen| {
            let new = seen.content()["m.new_content"]["body"].as_str().unwrap_or_default();
            (seen.relates() == ("m.replace", event) && new.contains(words)).then(|| seen.clone())
        })
    }

    /// Waits until an event is redacted.
    pub fn until_redacted(&self, event: &str) {
        let path = format!("/_matrix/client/v3/rooms/{}/event/{}", path(&self.id), path(event));
        let because = || self.maker.api("GET", &path, &Value::Null)["unsigned"]["redacted_because"].clone();
        until(|| (!because().is_null()).then_some(()), || format!("{event} is never redacted"));
    }

    /// Lets the bot show that it has seen everything up to now: what comes after it is answered. In rooms of more than two
    /// with the prefix, which does no harm elsewhere.
    pub fn settle(&self) {
        self.ask("!byline ask how much does the work on the pier cost?");
    }

    /// An event as the homeserver has it.
    pub fn raw(&self, event: &str) -> Value {
        self.maker.api(
            "GET",
            &format!("/_matrix/client/v3/rooms/{}/event/{}", path(&self.id), path(event)),
            &Value::Null,
        )
    }
}

/// Whether this is the bot's answer to that event, and no edit of it.
fn answers(seen: &Seen, to: &str) -> bool {
    seen.sender() == BYLINE && seen.is_message() && seen.replies_to() == to && seen.relates().0 != "m.replace"
}
