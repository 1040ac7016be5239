//! The gateway: each shard's connection, begun, kept alive, and going on where it broke.
//!
//! After <https://discord.com/developers/docs/events/gateway>. It is our own and not serenity's: that one passes over every event
//! in which a field is missing that it knows of, be it one that we never read, and tells the log what was in it; it sets no limit
//! to the time of connecting or to the size of what comes; and it sends a presence whose `since` is no number.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use serenity::all::GatewayIntents;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, sleep_until, timeout};
use url::Url;

use super::handler::Handler;
use super::rest::Rest;
use super::socket::{self, CONNECT, Ended, OVER, Payload, Socket, Tls, receive, send};
use super::trouble::DiscordError;
use super::turns::Turns;

/// The version of the gateway's protocol.
const VERSION: &str = "10";
/// What we ask to be told of. No privileged intent is among them.
const INTENTS: GatewayIntents =
    GatewayIntents::GUILDS.union(GatewayIntents::GUILD_MESSAGES).union(GatewayIntents::DIRECT_MESSAGES);
/// How long a session may take to begin, or to go on.
const BEGIN: Duration = Duration::from_secs(60);
/// The first wait after an attempt in vain; it doubles up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// For how long a connection has to stand until those in vain before it are forgotten.
const STOOD: Duration = Duration::from_secs(60);
/// The wait before a connection that went well is made again.
const SOON: Duration = Duration::from_millis(100);
/// After so many attempts in vain the gateway's address is asked again.
const ASK_AGAIN: u32 = 3;
/// The close code with which we leave a session that is to go on: any but 1000 and 1001, which end it.
const TO_GO_ON: u16 = 4000;
/// How long a heartbeat's interval may be, in milliseconds: what is beyond makes no sense.
const MAX_INTERVAL: u64 = 10 * 60 * 1000;

/// How the gateway is reached.
pub struct Gateway {
    token: SecretString,
    rest: Rest,
    /// Whether requests go to a proxy. Then the token goes to no other host than the one that the proxy names.
    proxied: bool,
    address: Mutex<Url>,
    total: u32,
    turns: Turns,
    presence: watch::Receiver<Option<String>>,
    stop: watch::Receiver<bool>,
    handler: Arc<Handler>,
    tls: Tls,
}

/// A session that may be gone on with.
#[derive(Debug, Clone, PartialEq)]
struct Session {
    id: String,
    address: Option<Url>,
    seq: u64,
}

impl Gateway {
    /// A way to the gateway, as `told` by Discord; nothing is connected yet.
    ///
    /// # Errors
    /// [`DiscordError::Address`] when no address was told.
    pub fn new(
        (token, rest, proxied): (SecretString, Rest, bool),
        told: &Value,
        total: u32,
        handler: Arc<Handler>,
        presence: watch::Receiver<Option<String>>,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, DiscordError> {
        Ok(Self {
            token,
            rest,
            proxied,
            address: Mutex::new(address(told)?),
            total,
            turns: Turns::new(told, Instant::now()),
            presence,
            stop,
            handler,
            tls: socket::tls().map_err(|error| error.to_string()),
        })
    }

    /// Keeps these shards connected until it is time to stop. Connections that break are made again without end.
    ///
    /// # Errors
    /// [`DiscordError`], where trying again is vain.
    pub async fn serve(self, first: u32, last: u32) -> Result<(), DiscordError> {
        let gateway = Arc::new(self);
        let mut shards = JoinSet::new();
        for shard in first..=last {
            let gateway = Arc::clone(&gateway);
            shards.spawn(async move { gateway.keep(shard).await });
        }
        while let Some(ended) = shards.join_next().await {
            ended.map_err(|error| DiscordError::Ended(error.to_string()))??;
        }
        Ok(())
    }

    /// Keeps one shard connected.
    async fn keep(&self, shard: u32) -> Result<(), DiscordError> {
        let mut session: Option<Session> = None;
        let mut failed = 0_u32;
        let mut stop = self.stop.clone();
        loop {
            let opened = tokio::select! {
                () = asked(&mut stop) => return Ok(()),
                opened = self.open(shard, session.as_ref()) => opened,
            };
            let mut began = None;
            let ended = match opened {
                Ok((socket, every)) => self.talk(shard, socket, every, &mut session, &mut began).await,
                Err(ended) => ended,
            };
            let (why, pause) = match ended {
                Ended::Stopped => return Ok(()),
                Ended::Never(error) => return Err(error),
                Ended::Again { why, pause } => (why, pause),
            };
            if why == OVER {
                session = None;
            }
            failed = failures(failed, began.map(|began: Instant| began.elapsed()), session.is_none());
            let pause = pause.max(wait(failed));
            let pause_ms = pause.as_millis();
            if began.is_some() {
                tracing::info!(shard, why, pause_ms, "the connection to Discord is made again");
            } else {
                tracing::warn!(shard, why, failed, pause_ms, "the connection to Discord could not be made");
            }
            tokio::select! {
                () = asked(&mut stop) => return Ok(()),
                () = self.pause(pause, failed, &mut session) => {}
            }
        }
    }

    /// Waits before the next attempt. After several in vain the gateway may be elsewhere.
    async fn pause(&self, pause: Duration, failed: u32, session: &mut Option<Session>) {
        sleep(pause).await;
        if failed < ASK_AGAIN {
            return;
        }
        if let Some(session) = session {
            session.address = None;
        }
        if let Ok(told) = self.rest.gateway().await {
            self.turns.told(&told, Instant::now());
            if let Ok(told) = address(&told) {
                *self.address.lock().unwrap_or_else(PoisonError::into_inner) = told;
            }
        }
    }

    /// Waits until a session of this shard may begin.
    async fn turn(&self, shard: u32) {
        while let Err(until) = self.turns.spend(Instant::now()) {
            let wait_s = until.duration_since(Instant::now()).as_secs();
            tracing::warn!(
                shard,
                wait_s,
                "Discord lets Byline begin no further session until then: too many were begun"
            );
            sleep_until(until).await;
            if let Ok(told) = self.rest.gateway().await {
                self.turns.told(&told, Instant::now());
            }
        }
        sleep_until(self.turns.next(shard, Instant::now())).await;
    }

    /// A connection, and how often it wants a sign of life.
    async fn open(&self, shard: u32, session: Option<&Session>) -> Result<(Socket, Duration), Ended> {
        let address = session.and_then(|session| session.address.clone());
        let address = address.unwrap_or_else(|| self.address.lock().unwrap_or_else(PoisonError::into_inner).clone());
        if session.is_none() {
            self.turn(shard).await;
        }
        let mut socket = socket::open(&address, &self.tls).await?;
        let hello = async {
            loop {
                if let Some(payload) = receive(&mut socket).await?
                    && payload.op == 10
                {
                    return Ok(payload.d["heartbeat_interval"].as_u64().unwrap_or(0).clamp(100, MAX_INTERVAL));
                }
            }
        };
        let every = timeout(CONNECT, hello).await.map_err(|_| Ended::again("no word from the gateway in time"))??;
        Ok((socket, Duration::from_millis(every)))
    }

    /// Talks until the connection ends. `began` is when a session began or went on.
    async fn talk(
        &self,
        shard: u32,
        mut socket: Socket,
        every: Duration,
        session: &mut Option<Session>,
        began: &mut Option<Instant>,
    ) -> Ended {
        let mut talk = Talk { shard, seq: session.as_ref().map(|session| session.seq), unanswered: None };
        let ended = self.exchange(&mut talk, &mut socket, every, session, began).await;
        if let (Some(session), Some(seq)) = (session.as_mut(), talk.seq) {
            session.seq = seq;
        }
        socket::leave(&mut socket, if matches!(ended, Ended::Stopped) { 1000 } else { TO_GO_ON }).await;
        self.handler.latency(shard, None);
        ended
    }

    async fn exchange(
        &self,
        talk: &mut Talk,
        socket: &mut Socket,
        every: Duration,
        session: &mut Option<Session>,
        began: &mut Option<Instant>,
    ) -> Ended {
        let mut stop = self.stop.clone();
        let mut presence = self.presence.clone();
        let begin = match session {
            Some(session) => self.go_on(session),
            None => self.begin(talk.shard, presence.borrow_and_update().as_deref()),
        };
        if let Err(ended) = send(socket, &begin).await {
            return ended;
        }
        let latest = Instant::now() + BEGIN;
        // Not all at one moment when many shards began together.
        let mut beats = interval_at(Instant::now() + every.mul_f64(fastrand::f64()), every);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let done = tokio::select! {
                () = asked(&mut stop) => return Ended::Stopped,
                () = sleep_until(latest), if began.is_none() => {
                    *session = None;
                    return Ended::again("no session began in time");
                }
                _ = beats.tick() => match talk.unanswered {
                    Some(_) => return Ended::again("a heartbeat was not answered"),
                    None => talk.beat(socket).await,
                },
                changed = presence.changed(), if began.is_some() => match changed {
                    Ok(()) => {
                        let shown = shown(presence.borrow_and_update().as_deref());
                        send(socket, &json!({ "op": 3, "d": shown })).await
                    }
                    // Whoever tells of it is gone: we stop.
                    Err(_) => return Ended::Stopped,
                },
                received = receive(socket) => match received {
                    Ok(Some(payload)) => {
                        if payload.op == 1 {
                            // The heartbeat that is asked for has as much time to be answered as any.
                            beats.reset();
                        }
                        self.take(talk, socket, payload, session, began).await
                    }
                    Ok(None) => Ok(()),
                    Err(ended) => return ended,
                },
            };
            if let Err(ended) = done {
                return ended;
            }
        }
    }

    /// Takes a message of the gateway.
    async fn take(
        &self,
        talk: &mut Talk,
        socket: &mut Socket,
        payload: Payload,
        session: &mut Option<Session>,
        began: &mut Option<Instant>,
    ) -> Result<(), Ended> {
        match payload.op {
            0 => {
                talk.seq = payload.s.or(talk.seq);
                let name = payload.t.unwrap_or_default();
                match name.as_str() {
                    "READY" => {
                        *session = self.begun(&payload.d, talk.seq);
                        *began = Some(Instant::now());
                    }
                    "RESUMED" => *began = Some(Instant::now()),
                    _ => {}
                }
                self.handler.event(talk.shard, &name, payload.d);
                Ok(())
            }
            1 => talk.beat(socket).await,
            7 => Err(Ended::again("Discord asked for it")),
            9 if payload.d == true => Err(Ended::again("the session is to go on")),
            9 => {
                // Discord wants one to five seconds between this and the next session.
                let pause = Duration::from_secs(1) + Duration::from_secs(4).mul_f64(fastrand::f64());
                Err(Ended::Again { why: OVER.to_owned(), pause })
            }
            11 => {
                if let Some(sent) = talk.unanswered.take() {
                    self.handler.latency(talk.shard, Some(sent.elapsed()));
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What a session that began is gone on with.
    fn begun(&self, ready: &Value, seq: Option<u64>) -> Option<Session> {
        let id = ready["session_id"].as_str()?.to_owned();
        let ours = self.address.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let address = ready["resume_gateway_url"].as_str().and_then(|url| with_version(url).ok());
        let place = |url: &Url| (url.host_str().map(str::to_owned), url.port_or_known_default());
        // Never past a proxy, nor from an encrypted connection to an open one.
        let address =
            address.filter(|url| url.scheme() == ours.scheme() && (!self.proxied || place(url) == place(&ours)));
        Some(Session { id, address, seq: seq.unwrap_or(0) })
    }

    fn begin(&self, shard: u32, presence: Option<&str>) -> Value {
        json!({ "op": 2, "d": {
            "token": self.token.expose_secret(),
            "intents": INTENTS.bits(),
            "properties": { "os": std::env::consts::OS, "browser": "byline", "device": "byline" },
            "compress": true,
            "large_threshold": 50,
            "shard": [shard, self.total],
            "presence": shown(presence),
        }})
    }

    fn go_on(&self, session: &Session) -> Value {
        json!({ "op": 6, "d": {
            "token": self.token.expose_secret(), "session_id": session.id, "seq": session.seq,
        }})
    }
}

/// What is known of a connection.
struct Talk {
    shard: u32,
    /// The number of the last event.
    seq: Option<u64>,
    /// When a heartbeat was sent that was not answered yet.
    unanswered: Option<Instant>,
}

impl Talk {
    async fn beat(&mut self, socket: &mut Socket) -> Result<(), Ended> {
        self.unanswered.get_or_insert_with(Instant::now);
        send(socket, &json!({ "op": 1, "d": self.seq })).await
    }
}

/// A presence: how many articles there are.
fn shown(words: Option<&str>) -> Value {
    const WATCHING: u8 = 3;
    let activities: Vec<Value> = words.into_iter().map(|words| json!({ "name": words, "type": WATCHING })).collect();
    json!({ "since": null, "activities": activities, "status": "online", "afk": false })
}

/// How many attempts were in vain after another connection. One whose session goes on counts neither way until it has stood for a while;
/// one whose session was over before counts, as each session that begins is one of those that Discord allows in a day.
fn failures(failed: u32, stood: Option<Duration>, is_over: bool) -> u32 {
    match stood {
        Some(stood) if stood >= STOOD => 0,
        Some(_) if !is_over => failed,
        _ => failed.saturating_add(1),
    }
}

/// The wait before the next attempt, after so many in vain.
fn wait(failed: u32) -> Duration {
    let jitter = 0.5 + fastrand::f64() / 2.0;
    match failed {
        0 => SOON.mul_f64(2.0 * jitter),
        failed => (FIRST_WAIT * 2_u32.pow((failed - 1).min(10))).min(LONGEST_WAIT).mul_f64(jitter),
    }
}

/// The gateway's address, as Discord told it.
fn address(told: &Value) -> Result<Url, DiscordError> {
    let told = told["url"].as_str().unwrap_or_default();
    with_version(told).map_err(|()| DiscordError::Address(told.chars().take(200).collect()))
}

/// An address with the version that we speak.
fn with_version(told: &str) -> Result<Url, ()> {
    let mut url = Url::parse(told).map_err(|_| ())?;
    let scheme = match url.scheme() {
        "ws" | "http" => "ws",
        "wss" | "https" => "wss",
        _ => return Err(()),
    };
    url.host().ok_or(())?;
    // From http to ws: never refused.
    let _ = url.set_scheme(scheme);
    if url.scheme() != scheme {
        url = Url::parse(&told.replacen("http", "ws", 1)).map_err(|_| ())?;
    }
    for (name, value) in [("v", VERSION), ("encoding", "json")] {
        if !url.query_pairs().any(|(known, _)| known == name) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    Ok(url)
}

/// Completes when it is time to stop.
async fn asked(stop: &mut watch::Receiver<bool>) {
    // An error: whoever could ask is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_address_is_taken_as_it_is_told() {
        for (told, wanted) in [
            ("wss://gateway.discord.gg", "wss://gateway.discord.gg/?v=10&encoding=json"),
            ("wss://gateway.discord.gg/", "wss://gateway.discord.gg/?v=10&encoding=json"),
            ("ws://127.0.0.1:90/gateway/", "ws://127.0.0.1:90/gateway/?v=10&encoding=json"),
            ("ws://127.0.0.1:90/?v=10&encoding=json", "ws://127.0.0.1:90/?v=10&encoding=json"),
            ("ws://127.0.0.1:90?v=9", "ws://127.0.0.1:90/?v=9&encoding=json"),
            ("http://127.0.0.1:90/ws", "ws://127.0.0.1:90/ws?v=10&encoding=json"),
            ("https://x.example", "wss://x.example/?v=10&encoding=json"),
        ] {
            assert_eq!(address(&json!({ "url": told })).unwrap().as_str(), wanted, "{told}");
        }
        for told in ["", "gateway", "ftp://x", "ws://"] {
            assert!(address(&json!({ "url": told })).is_err(), "{told}");
        }
        assert!(address(&Value::Null).is_err());
    }

    #[test]
    fn waits_grow_and_end_somewhere() {
        assert!(wait(0) <= Duration::from_millis(200) && wait(0) >= SOON);
        assert!(wait(1) <= FIRST_WAIT && wait(4) >= Duration::from_secs(4));
        assert!(wait(u32::MAX) <= LONGEST_WAIT && wait(u32::MAX) >= LONGEST_WAIT / 2);
    }

    #[test]
    fn only_a_connection_that_stood_forgets_what_was_in_vain() {
        let (short, long) = (Some(Duration::from_secs(5)), Some(STOOD));
        assert_eq!(failures(3, None, false), 4, "it was not made");
        assert_eq!(failures(3, short, false), 3, "its session goes on");
        assert_eq!(failures(3, short, true), 4, "its session was over at once");
        assert_eq!((failures(3, long, true), failures(3, long, false)), (0, 0));
        // Sessions that end as soon as they began are begun ever more slowly.
        let mut failed = 0;
        let mut waited = Duration::ZERO;
        for _ in 0..50 {
            failed = failures(failed, short, true);
            waited += wait(failed);
        }
        assert!(waited > Duration::from_secs(20 * 60), "{waited:?}");
        assert_eq!(failures(u32::MAX, None, true), u32::MAX);
    }

    #[test]
    fn the_presence_is_as_discord_takes_it() {
        let shown = shown(Some("3 articles"));
        assert_eq!(shown["activities"], json!([{ "name": "3 articles", "type": 3 }]));
        assert!(shown["since"].is_null());
    }
}
