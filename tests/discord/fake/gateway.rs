//! The gateway: sessions that can be resumed, and ways to drop a connection.

use std::collections::HashMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::{APPLICATION, BOT, TOKEN, payloads};

/// How a connection is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drop {
    /// The socket is closed without a word.
    Abrupt,
    /// A close frame with this code.
    Close(u16),
    /// RECONNECT, as when Discord restarts a server.
    Reconnect,
    /// INVALID_SESSION: whether it may be resumed.
    Invalid(bool),
}

#[derive(Debug)]
enum Order {
    Send(Value),
    Drop(Drop),
}

#[derive(Debug, Default)]
struct Session {
    shard: (u64, u64),
    /// Everything that was dispatched, with its number.
    events: Vec<Value>,
    seq: u64,
    live: Option<mpsc::UnboundedSender<Order>>,
}

/// What happened at the gateway.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub identified: usize,
    pub resumed: usize,
    pub refused_resumes: usize,
}

#[derive(Debug, Default)]
pub struct Gateway {
    sessions: Mutex<HashMap<String, Session>>,
    counts: Mutex<Counts>,
    pub presences: Mutex<Vec<Value>>,
    pub violations: Mutex<Vec<String>>,
    /// Servers that every session begins with.
    pub guilds: Mutex<Vec<u64>>,
    /// Whether a session begins with as little as can be.
    pub sparse: AtomicBool,
    /// Whether events are packed.
    pub packs: AtomicBool,
    /// How often it wants a sign of life, in milliseconds, where that is another time than Discord's.
    pub beats_every: AtomicU64,
    /// Whether it asks each connection for a sign of life once, shortly before the next is due, and answers only after that moment.
    pub asks_for_beats: AtomicBool,
    /// How often it has answered such a one.
    pub late_answers: AtomicUsize,
}

impl Gateway {
    pub async fn start() -> (Arc<Self>, SocketAddr) {
        let gateway = Arc::new(Self::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = Arc::clone(&gateway);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let gateway = Arc::clone(&serving);
                tokio::spawn(async move { gateway.connection(stream).await });
            }
        });
        (gateway, address)
    }

    pub fn counts(&self) -> Counts {
        *self.counts.lock().unwrap()
    }

    /// Whether a session is there that can be told of events.
    pub fn connected(&self) -> bool {
        self.sessions.lock().unwrap().values().any(|session| session.live.is_some())
    }

    /// Sends an event to the shard of a server (or the first), now or when its session is resumed.
    pub fn dispatch(&self, guild: Option<u64>, name: &str, data: &Value) {
        let mut sessions = self.sessions.lock().unwrap();
        let ours =
            |session: &&mut Session| guild.map_or(0, |guild| (guild >> 22) % session.shard.1.max(1)) == session.shard.0;
        let session = sessions.values_mut().find(ours).expect("no session to dispatch to");
        session.dispatch(name, data.clone());
    }

    /// Drops every connection in this way.
    pub fn drop_all(&self, how: Drop) {
        let mut sessions = self.sessions.lock().unwrap();
        for session in sessions.values() {
            if let Some(live) = &session.live {
                let _ = live.send(Order::Drop(how));
            }
        }
        if how == Drop::Invalid(false) {
            sessions.clear();
        } else if !matches!(how, Drop::Reconnect | Drop::Invalid(true)) {
            sessions.values_mut().for_each(|session| session.live = None);
        }
    }

    /// Forgets every session, as Discord does after a while: none can be resumed.
    pub fn forget_sessions(&self) {
        self.sessions.lock().unwrap().clear();
    }

    /// A presence, as the documentation has it.
    fn presence(&self, presence: &Value) {
        let since = &presence["since"];
        let status = ["online", "dnd", "idle", "invisible", "offline"].iter().any(|known| presence["status"] == *known);
        let activity = |activity: &Value| activity["name"].is_string() && activity["type"].is_u64();
        let activities = presence["activities"].as_array().is_some_and(|all| all.iter().all(activity));
        if !(since.is_null() || since.is_u64()) || !status || !activities || !presence["afk"].is_boolean() {
            self.complain(format!("no presence: {presence}"));
        }
        self.presences.lock().unwrap().push(presence.clone());
    }

    /// A message as it is sent: text, or packed where the bot may be sent that.
    fn packed(&self, value: &Value) -> Message {
        if !self.packs.load(Ordering::Relaxed) {
            return Message::text(value.to_string());
        }
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(value.to_string().as_bytes()).unwrap();
        Message::binary(packed.finish().unwrap())
    }

    fn complain(&self, what: String) {
        self.violations.lock().unwrap().push(what);
    }

    async fn connection(&self, stream: TcpStream) -> Option<()> {
        let _ = stream.set_nodelay(true);
        let mut socket = tokio_tungstenite::accept_async(stream).await.ok()?;
        let (orders, mut ordered) = mpsc::unbounded_channel();
        let mut mine: Option<String> = None;
        let every = match self.beats_every.load(Ordering::Relaxed) {
            0 => 41_250,
            every => every,
        };
        let hello = json!({ "op": 10, "d": { "heartbeat_interval": every }, "s": null, "t": null });
        let part = |sixths: u64| Instant::now() + Duration::from_millis(every * sixths / 6);
        let mut beats = 0;
        let mut ask_at: Option<Instant> = None;
        let mut answer_at: Option<Instant> = None;
        let at = |moment: Option<Instant>| sleep_until(moment.unwrap_or_else(Instant::now));
        socket.send(Message::text(hello.to_string())).await.ok()?;
        loop {
            tokio::select! {
                order = ordered.recv() => match order? {
                    Order::Send(value) => socket.send(self.packed(&value)).await.ok()?,
                    Order::Drop(Drop::Abrupt) => return None,
                    Order::Drop(Drop::Close(code)) => {
                        let frame = CloseFrame { code: code.into(), reason: "".into() };
                        let _ = socket.close(Some(frame)).await;
                        return None;
                    }
                    Order::Drop(Drop::Reconnect) => {
                        let value = json!({ "op": 7, "d": null, "s": null, "t": null });
                        socket.send(Message::text(value.to_string())).await.ok()?;
                    }
                    Order::Drop(Drop::Invalid(resumable)) => {
                        let value = json!({ "op": 9, "d": resumable, "s": null, "t": null });
                        socket.send(Message::text(value.to_string())).await.ok()?;
                    }
                },
                () = at(ask_at), if ask_at.is_some() => {
                    ask_at = None;
                    socket.send(Message::text(json!({ "op": 1, "d": null }).to_string())).await.ok()?;
                }
                () = at(answer_at), if answer_at.is_some() => {
                    answer_at = None;
                    self.late_answers.fetch_add(1, Ordering::Relaxed);
                    socket.send(Message::text(json!({ "op": 11 }).to_string())).await.ok()?;
                }
                message = socket.next() => {
                    let text = match message {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(_)) | Err(_)) | None => {
                            self.left(mine.as_deref(), &orders);
                            return None;
                        }
                        Some(Ok(_)) => continue,
                    };
                    let value: Value = serde_json::from_str(&text).ok()?;
                    if text.len() > 4096 {
                        self.complain(format!("a gateway payload of {} bytes", text.len()));
                    }
                    match value["op"].as_u64() {
                        Some(1) if self.asks_for_beats.load(Ordering::Relaxed) && beats < 2 => {
                            beats += 1;
                            if beats == 2 {
                                answer_at = Some(part(2));
                                continue;
                            }
                            ask_at = Some(part(5));
                            socket.send(Message::text(json!({ "op": 11 }).to_string())).await.ok()?;
                        }
                        Some(1) => socket.send(Message::text(json!({ "op": 11 }).to_string())).await.ok()?,
                        Some(2) => {
                            if value["d"]["token"] != format!("Bot {TOKEN}") && value["d"]["token"] != TOKEN {
                                let frame = CloseFrame { code: 4004.into(), reason: "Authentication failed.".into() };
                                let _ = socket.close(Some(frame)).await;
                                return None;
                            }
                            mine = Some(self.identify(&value["d"], &orders));
                        }
                        Some(6) => match self.resume(&value["d"], &orders) {
                            Some(session) => mine = Some(session),
                            None => {
                                let value = json!({ "op": 9, "d": false, "s": null, "t": null });
                                socket.send(Message::text(value.to_string())).await.ok()?;
                            }
                        },
                        Some(3) => self.presence(&value["d"]),
                        op => self.complain(format!("op {op:?} at the gateway")),
                    }
                }
            }
        }
    }

    /// A connection is gone; its session stays, unless another connection has taken it over.
    fn left(&self, session: Option<&str>, orders: &mpsc::UnboundedSender<Order>) {
        let mut sessions = self.sessions.lock().unwrap();
        if let Some(session) = session.and_then(|id| sessions.get_mut(id))
            && session.live.as_ref().is_some_and(|live| live.same_channel(orders))
        {
            session.live = None;
        }
    }

    fn identify(&self, d: &Value, orders: &mpsc::UnboundedSender<Order>) -> String {
        let intents = d["intents"].as_u64().unwrap_or_default();
        for (bit, name) in [(1, "GUILD_MEMBERS"), (8, "GUILD_PRESENCES"), (15, "MESSAGE_CONTENT")] {
            if intents & (1 << bit) != 0 {
                self.complain(format!("the privileged intent {name}"));
            }
        }
        for field in ["os", "browser", "device"] {
            if !d["properties"][field].is_string() {
                self.complain(format!("no property “{field}” in IDENTIFY"));
            }
        }
        if !d["presence"].is_null() {
            self.presence(&d["presence"]);
        }
        let mut counts = self.counts.lock().unwrap();
        counts.identified += 1;
        let id = format!("session-{}", counts.identified);
        let shard = (d["shard"][0].as_u64().unwrap_or(0), d["shard"][1].as_u64().unwrap_or(1));
        let mut session = Session { shard, live: Some(orders.clone()), ..Session::default() };
        let guilds = self.guilds.lock().unwrap().clone();
        let ours: Vec<u64> = guilds.into_iter().filter(|guild| (guild >> 22) % shard.1.max(1) == shard.0).collect();
        let mut ready = json!({
            "v": 10,
            "user": payloads::user(BOT, "byline", true),
            "guilds": ours.iter().map(|id| json!({ "id": id.to_string(), "unavailable": true })).collect::<Vec<_>>(),
            "session_id": id,
            "resume_gateway_url": "ws://127.0.0.1:1",
            "shard": [shard.0, shard.1],
            "application": { "id": APPLICATION.to_string(), "flags": 0 },
        });
        if self.sparse.load(Ordering::Relaxed) {
            ready = json!({ "v": 10, "user": { "id": BOT.to_string(), "username": "byline" }, "session_id": id });
        }
        session.dispatch("READY", ready);
        for guild in ours {
            session.dispatch("GUILD_CREATE", payloads::guild(guild));
        }
        let mut sessions = self.sessions.lock().unwrap();
        sessions.retain(|_, other| other.shard != shard);
        sessions.insert(id.clone(), session);
        id
    }

    fn resume(&self, d: &Value, orders: &mpsc::UnboundedSender<Order>) -> Option<String> {
        let id = d["session_id"].as_str().unwrap_or_default();
        let mut sessions = self.sessions.lock().unwrap();
        let Some(session) = sessions.get_mut(id) else {
            self.counts.lock().unwrap().refused_resumes += 1;
            return None;
        };
        if !d["token"].is_string() || !d["seq"].is_u64() {
            self.complain(format!("no RESUME: {d}"));
        }
        let seen = d["seq"].as_u64().unwrap_or(0);
        if seen > session.seq {
            self.complain(format!("resumed at {seen} of {}", session.seq));
        }
        for event in session.events.iter().filter(|event| event["s"].as_u64().is_some_and(|seq| seq > seen)) {
            let _ = orders.send(Order::Send(event.clone()));
        }
        session.live = Some(orders.clone());
        session.dispatch("RESUMED", json!({}));
        self.counts.lock().unwrap().resumed += 1;
        Some(id.to_owned())
    }
}

impl Session {
    fn dispatch(&mut self, name: &str, data: Value) {
        self.seq += 1;
        let event = json!({ "op": 0, "t": name, "s": self.seq, "d": data });
        if let Some(live) = &self.live {
            let _ = live.send(Order::Send(event.clone()));
        }
        self.events.push(event);
        // What is far behind is never asked for again.
        if self.events.len() > 1500 {
            self.events.drain(..500);
        }
    }
}
