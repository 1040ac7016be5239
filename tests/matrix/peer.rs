//! People, played by the independent client of `peer.py`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::homeserver::{Homeserver, SECRET};
use crate::wait::{PATIENCE, until};

/// An event that a person's client was given.
#[derive(Debug, Clone)]
pub struct Seen {
    pub person: String,
    pub room: String,
    pub event: Value,
    pub encrypted: bool,
    /// When it was there, in seconds since 1970.
    pub at: f64,
}

impl Seen {
    pub fn id(&self) -> &str {
        self.event["event_id"].as_str().unwrap_or_default()
    }

    pub fn sender(&self) -> &str {
        self.event["sender"].as_str().unwrap_or_default()
    }

    pub fn content(&self) -> &Value {
        &self.event["content"]
    }

    pub fn body(&self) -> &str {
        self.content()["body"].as_str().unwrap_or_default()
    }

    pub fn is_message(&self) -> bool {
        self.event["type"] == "m.room.message"
    }

    /// The event that it relates to, and how.
    pub fn relates(&self) -> (&str, &str) {
        let relation = &self.content()["m.relates_to"];
        (relation["rel_type"].as_str().unwrap_or_default(), relation["event_id"].as_str().unwrap_or_default())
    }

    /// The event that it is a reply to.
    pub fn replies_to(&self) -> &str {
        self.content()["m.relates_to"]["m.in_reply_to"]["event_id"].as_str().unwrap_or_default()
    }
}

#[derive(Default)]
struct State {
    answers: HashMap<u64, Result<Value, String>>,
    seen: Vec<Seen>,
    ended: bool,
}

/// The process that plays everybody.
pub struct Peer {
    /// Ends by itself when its input ends.
    process: Mutex<Child>,
    input: Mutex<ChildStdin>,
    state: Arc<(Mutex<State>, Condvar)>,
    next: AtomicU64,
    folder: TempDir,
}

impl Peer {
    pub fn start(python: &Path, homeserver: &Homeserver) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matrix/peer.py");
        let mut process = Command::new(python)
            .arg(script)
            .arg(homeserver.url())
            .arg(folder.path())
            .arg(SECRET)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let state = Arc::new((Mutex::new(State::default()), Condvar::new()));
        let output = BufReader::new(process.stdout.take().unwrap());
        let telling = Arc::clone(&state);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let line: Value = serde_json::from_str(&line).unwrap();
                take(&mut telling.0.lock().unwrap(), &line);
                telling.1.notify_all();
            }
            telling.0.lock().unwrap().ended = true;
            telling.1.notify_all();
        });
        let input = Mutex::new(process.stdin.take().unwrap());
        Self { process: Mutex::new(process), input, state, next: AtomicU64::new(1), folder }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Says what is to be done, without waiting for it; its result has this number.
    pub fn begin(&self, what: &str, mut order: Value) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        order["id"] = number.into();
        order["do"] = what.into();
        writeln!(self.input.lock().unwrap(), "{order}").unwrap_or_else(|error| panic!("{error}: {}", self.log()));
        number
    }

    /// The result of what was begun.
    pub fn result(&self, number: u64) -> Result<Value, String> {
        let waited = self.wait(PATIENCE, |state| state.answers.remove(&number));
        waited.unwrap_or_else(|| panic!("no answer from the peer: {}", self.log()))
    }

    /// Does it.
    pub fn order(&self, what: &str, order: Value) -> Value {
        let said = order.to_string();
        self.result(self.begin(what, order)).unwrap_or_else(|error| panic!("{what} {said}: {error}"))
    }

    fn wait<T>(&self, patience: Duration, mut of: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let started = Instant::now();
        let mut state: MutexGuard<State> = self.state.0.lock().unwrap();
        loop {
            if let Some(found) = of(&mut state) {
                return Some(found);
            }
            let left = patience.checked_sub(started.elapsed()).filter(|left| !left.is_zero())?;
            if state.ended {
                return None;
            }
            state = self.state.1.wait_timeout(state, left).unwrap().0;
        }
    }

    /// Waits for what was seen to hold this.
    pub fn until<T>(&self, what: &str, mut of: impl FnMut(&[Seen]) -> Option<T>) -> T {
        let found = self.wait(PATIENCE, |state| of(&state.seen));
        let unread = || {
            let is_unread = |seen: &&Seen| seen.event["type"] == "m.room.encrypted";
            self.look(|seen| seen.iter().filter(is_unread).map(|seen| seen.event.to_string()).collect::<Vec<_>>())
        };
        found.unwrap_or_else(|| panic!("{what} never came; what nobody could read: {:?}\n{}", unread(), self.log()))
    }

    /// What was seen up to now, looked at.
    pub fn look<T>(&self, of: impl FnOnce(&[Seen]) -> T) -> T {
        of(&self.state.0.lock().unwrap().seen)
    }

    /// Makes an account and a client for it.
    pub fn person(self: &Arc<Self>, name: &str) -> Person {
        self.order("register", json!({ "as": name, "password": name }));
        self.client(name)
    }

    /// The same, who administers the homeserver.
    pub fn admin(self: &Arc<Self>, name: &str) -> Person {
        self.order("register", json!({ "as": name, "password": name, "admin": true }));
        self.client(name)
    }

    fn client(self: &Arc<Self>, name: &str) -> Person {
        let known = self.order("person", json!({ "as": name, "password": name }));
        let text = |key: &str| known[key].as_str().unwrap().to_owned();
        Person { peer: Arc::clone(self), name: name.to_owned(), user: text("user") }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap();
        let _ = process.kill();
        let _ = process.wait();
    }
}

fn take(state: &mut State, line: &Value) {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    if let Some(number) = line["id"].as_u64() {
        let answer = match line["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(line["ok"].clone()),
        };
        state.answers.insert(number, answer);
        return;
    }
    state.seen.push(Seen {
        person: text("as"),
        room: text("room"),
        event: line["event"].clone(),
        encrypted: line["encrypted"] == true,
        at: line["at"].as_f64().unwrap_or_default(),
    });
}

/// Somebody who has an account and a client.
#[derive(Clone)]
pub struct Person {
    pub peer: Arc<Peer>,
    pub name: String,
    /// The whole name of the account.
    pub user: String,
}

/// What was sent: its number, and when that was begun, in seconds since 1970.
#[derive(Debug, Clone)]
pub struct Sent {
    pub id: String,
    pub at: f64,
}

impl Person {
    /// A request of the client-server API: the status and what is answered.
    pub fn try_api(&self, method: &str, path: &str, body: &Value) -> (u64, Value) {
        let answer = self.peer.order("api", json!({ "as": self.name, "method": method, "path": path, "body": body }));
        (answer["status"].as_u64().unwrap(), answer["body"].clone())
    }

    /// One that must succeed.
    pub fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_api(method, path, body);
        assert_eq!(status, 200, "{method} {path} {body}: {answer}");
        answer
    }

    /// Makes a room as `wish` says and invites these; returns its number.
    pub fn create_room(&self, invited: &[&str], mut wish: Value) -> String {
        wish["invite"] = json!(invited);
        if wish["preset"].is_null() {
            wish["preset"] = "private_chat".into();
        }
        let made = self.api("POST", "/_matrix/client/v3/createRoom", &wish);
        made["room_id"].as_str().unwrap().to_owned()
    }

    pub fn join(&self, room: &str) {
        self.api("POST", &format!("/_matrix/client/v3/join/{}", path(room)), &json!({}));
    }

    /// Sends an event; whether the room is encrypted is what the client must know by then.
    pub fn send(&self, room: &str, kind: &str, content: &Value, encrypted: bool) -> Sent {
        let order = json!({ "as": self.name, "room": room, "type": kind, "content": content, "encrypted": encrypted });
        sent(&self.peer.order("send", order))
    }

    /// Begins to send a message in a room and returns the number of the order.
    pub fn begin_to_say(&self, room: &str, words: &str) -> u64 {
        let content = json!({ "msgtype": "m.text", "body": words });
        self.peer.begin("send", json!({ "as": self.name, "room": room, "type": "m.room.message", "content": content }))
    }

    pub fn redact(&self, room: &str, event: &str) {
        let path = format!("/_matrix/client/v3/rooms/{}/redact/{}/{}", path(room), path(event), fastrand::u64(..));
        self.api("PUT", &path, &json!({}));
    }

    /// The state of a room under this type and key, if there is any.
    pub fn state(&self, room: &str, kind: &str, key: &str) -> Option<Value> {
        let (status, content) = self.try_api(
            "GET",
            &format!("/_matrix/client/v3/rooms/{}/state/{kind}/{}", path(room), path(key)),
            &Value::Null,
        );
        (status == 200).then_some(content)
    }

    pub fn set_state(&self, room: &str, kind: &str, content: &Value) {
        self.api("PUT", &format!("/_matrix/client/v3/rooms/{}/state/{kind}/", path(room)), content);
    }

    /// What is shown in a room and kept nowhere: who types, who has read what. A homeserver may answer the same request with what it
    /// answered before: each of these is another.
    pub fn ephemeral(&self, room: &str) -> Vec<Value> {
        let nobody = format!("@nobody-{}:localhost", fastrand::u64(..));
        let filter = json!({ "room": { "timeline": { "limit": 1, "not_senders": [nobody] } } });
        let sync =
            self.api("GET", &format!("/_matrix/client/v3/sync?filter={}", path(&filter.to_string())), &Value::Null);
        sync["rooms"]["join"][room]["ephemeral"]["events"].as_array().cloned().unwrap_or_default()
    }

    /// Waits until somebody's membership of a room is this.
    pub fn until_member(&self, room: &str, user: &str, membership: &str) -> Value {
        let look = || self.state(room, "m.room.member", user).filter(|member| member["membership"] == membership);
        until(look, || format!("{user} never has the membership {membership} of {room}"))
    }

    /// Waits for an event in a room, as this person is given it.
    pub fn until<T>(&self, room: &str, what: &str, mut of: impl FnMut(&Seen) -> Option<T>) -> T {
        let mine = |seen: &&Seen| seen.person == self.name && seen.room == room;
        self.peer.until(what, |seen| seen.iter().filter(mine).find_map(&mut of))
    }

    /// The events of a room that are like this, as this person was given them.
    pub fn events(&self, room: &str, like: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let mine = |seen: &&Seen| seen.person == self.name && seen.room == room && like(seen);
        self.peer.look(|seen| seen.iter().filter(mine).cloned().collect())
    }
}

/// What the peer tells of an event that it sent.
pub fn sent(told: &Value) -> Sent {
    Sent { id: told["event"].as_str().unwrap().to_owned(), at: told["at"].as_f64().unwrap() }
}

/// A part of a path, with what has a meaning there escaped.
pub fn path(part: &str) -> String {
    let mut escaped = String::new();
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
