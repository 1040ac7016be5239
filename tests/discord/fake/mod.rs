//! An in-process Discord, strict: what Discord would refuse, and what would leave a person waiting, fails the test.

pub mod gateway;
pub mod http;
pub mod overlay;
pub mod payloads;
pub mod schema;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::watch;

use gateway::Gateway;
use http::{Answer, Request};

pub const TOKEN: &str = "MTIzNDU2.fake.token-of-a-test";
pub const APPLICATION: u64 = 400_000_000_000_000_001;
pub const BOT: u64 = 400_000_000_000_000_002;

/// How long an interaction may wait for its first response.
const FIRST: Duration = Duration::from_secs(3);
/// How long its token is good for.
const TOKEN_LIVES: Duration = Duration::from_secs(15 * 60);

/// An interaction and what became of it.
#[derive(Debug, Clone)]
pub struct Interaction {
    pub token: String,
    pub at: Instant,
    /// Discord's number of the first response, and when it came.
    pub acked: Option<(u64, Instant)>,
    /// Whether the first response was for the person alone.
    pub ephemeral: bool,
    /// What stands there now: the data of the first response, or what was edited in.
    pub shown: Option<Value>,
    pub answered_at: Option<Instant>,
    pub follow_ups: Vec<Value>,
    pub taken_back: bool,
    updates: bool,
    /// Whether it is a form that was filled in, to which no other form is an answer.
    form: bool,
}

impl Interaction {
    /// Whether the person has what they waited for.
    pub fn is_settled(&self) -> bool {
        self.shown.is_some() || !self.follow_ups.is_empty()
    }

    /// What the person was told: in the place of the first response, or after it.
    pub fn said(&self) -> &Value {
        self.shown.as_ref().or(self.follow_ups.first()).expect("an answer")
    }

    /// Whether the person alone sees it. On a machine that is busy the error may come after a public promise, which is then taken
    /// back, or after that of a message that was to change, which then stays as it is.
    pub fn alone(&self) -> bool {
        let after = self.follow_ups.first().is_some_and(|said| said["flags"] == 64);
        self.ephemeral || self.shown.is_none() && after && (self.updates || self.taken_back)
    }

    pub fn deferred(&self) -> bool {
        self.acked.is_some_and(|(kind, _)| matches!(kind, 5 | 6))
    }
}

/// A message that was posted in a channel.
#[derive(Debug, Clone)]
pub struct Posted {
    pub id: u64,
    pub channel: u64,
    pub body: Value,
}

/// A failure that is planned: the next `times` requests of this kind are answered so.
pub struct Planned {
    pub method: &'static str,
    pub path: &'static str,
    pub times: usize,
    pub answer: Answer,
    /// Whether the request is carried out all the same, as when the answer is lost on its way.
    pub done: bool,
}

pub struct Fake {
    pub gateway: Arc<Gateway>,
    gateway_address: SocketAddr,
    pub address: SocketAddr,
    pub shards: AtomicU64,
    /// Until when no session may begin.
    pub no_session_before: Mutex<Option<Instant>>,
    pub state: Mutex<State>,
    changed: watch::Sender<u64>,
    next_id: AtomicU64,
    /// Whether bodies are checked; a load test has no time for that.
    pub strict: bool,
    pub manners: Mutex<Manners>,
}

/// How something that stands in for Discord may differ from it.
#[derive(Debug, Default, Clone, Copy)]
pub struct Manners {
    /// It tells of itself, of people and of messages as little as it can.
    pub sparse: bool,
    /// It has the API at its root, without `/api/v10`.
    pub bare: bool,
    /// It knows where the gateway is, and nothing of shards.
    pub no_gateway_bot: bool,
    /// It takes commands and does not tell which it has.
    pub forgets: bool,
    /// It packs its events.
    pub packs: bool,
    /// It closes every connection, as HTTP/1.0 does.
    pub closes: bool,
    /// It answers a first response with 200 and what came of it.
    pub tells: bool,
}

#[derive(Default)]
pub struct State {
    pub violations: Vec<String>,
    pub interactions: HashMap<u64, Interaction>,
    tokens: HashMap<String, u64>,
    pub commands: HashMap<Option<u64>, Value>,
    pub registrations: usize,
    pub posted: Vec<Posted>,
    nonces: HashMap<(u64, String), u64>,
    pub typing: usize,
    pub crossposted: Vec<u64>,
    pub threads: Vec<(u64, Value)>,
    pub channels: HashMap<u64, Value>,
    pub planned: Vec<Planned>,
    pub requests: Vec<(String, String)>,
}

impl Fake {
    pub async fn start() -> Arc<Self> {
        Self::start_with(true).await
    }

    pub async fn start_with(strict: bool) -> Arc<Self> {
        let (gateway, gateway_address) = Gateway::start().await;
        // The address is known only when the server runs; its first request comes later.
        let cell: Arc<std::sync::OnceLock<Arc<Self>>> = Arc::default();
        let serving = Arc::clone(&cell);
        let address = http::serve(move |request| {
            let fake = Arc::clone(serving.get().expect("started"));
            async move { fake.answer(request) }
        });
        let fake = Arc::new(Self {
            gateway,
            gateway_address,
            address: address.await,
            shards: AtomicU64::new(1),
            no_session_before: Mutex::default(),
            state: Mutex::default(),
            changed: watch::Sender::new(0),
            next_id: AtomicU64::new(800_000_000_000_000_000),
            strict,
            manners: Mutex::default(),
        });
        let _ = cell.set(Arc::clone(&fake));
        fake
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Waits until something about the state holds; a test that waits too long fails.
    pub async fn until<T>(&self, what: &str, found: impl Fn(&State) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                changed.borrow_and_update();
                if let Some(found) = found(&self.state.lock().unwrap()) {
                    return found;
                }
                let _ = tokio::time::timeout(Duration::from_millis(200), changed.changed()).await;
            }
        });
        match waited.await {
            Ok(found) => found,
            Err(_) => panic!("waited in vain: {what}; violations: {:?}", self.state.lock().unwrap().violations),
        }
    }

    /// Behaves so from now on.
    pub fn behave(&self, manners: Manners) {
        *self.manners.lock().unwrap() = manners;
        self.gateway.sparse.store(manners.sparse, Ordering::Relaxed);
        self.gateway.packs.store(manners.packs, Ordering::Relaxed);
    }

    /// An event, as much of it as is told.
    pub fn tell(&self, guild: Option<u64>, name: &str, mut data: Value) {
        if self.manners.lock().unwrap().sparse {
            payloads::thin(&mut data);
        }
        self.gateway.dispatch(guild, name, &data);
    }

    pub fn plan(&self, planned: Planned) {
        self.state.lock().unwrap().planned.push(planned);
    }

    /// An interaction that was sent to the bot, and is waited for.
    pub fn interact(&self, kind: u8, data: &Value, from: &payloads::From) -> u64 {
        self.interact_as(kind, data, from, |_| {})
    }

    /// The same, with something else in it.
    pub fn interact_as(&self, kind: u8, data: &Value, from: &payloads::From, change: impl FnOnce(&mut Value)) -> u64 {
        let id = self.id();
        self.note(id, kind, Instant::now());
        let mut value = payloads::interaction(id, &format!("token-{id}"), kind, data, from);
        change(&mut value);
        self.tell(from.guild, "INTERACTION_CREATE", value);
        id
    }

    /// An interaction whose answer was promised before the bot started.
    pub fn promised_before(&self) -> u64 {
        let id = self.id();
        self.note(id, 2, Instant::now());
        if let Some(interaction) = self.state.lock().unwrap().interactions.get_mut(&id) {
            interaction.acked = Some((5, Instant::now()));
        }
        id
    }

    /// A press of a button of a message that was sent with `body`.
    pub fn press(&self, custom_id: &str, body: &Value, from: &payloads::From) -> u64 {
        let id = self.id();
        self.note(id, 3, Instant::now());
        let data = json!({ "component_type": 2, "custom_id": custom_id, "id": 1 });
        let mut value = payloads::interaction(id, &format!("token-{id}"), 3, &data, from);
        let author = payloads::user(BOT, "byline", true);
        value["message"] = payloads::message(self.id(), from.channel, from.guild, author, "", Some(body));
        self.tell(from.guild, "INTERACTION_CREATE", value);
        id
    }

    fn note(&self, id: u64, kind: u8, at: Instant) {
        let token = format!("token-{id}");
        let mut state = self.state.lock().unwrap();
        state.tokens.insert(token.clone(), id);
        let interaction = Interaction {
            token,
            at,
            acked: None,
            ephemeral: false,
            shown: None,
            answered_at: None,
            follow_ups: Vec::new(),
            taken_back: false,
            updates: kind == 3,
            form: kind == 5,
        };
        state.interactions.insert(id, interaction);
    }

    /// What the person of an interaction has in the end.
    pub async fn settled(&self, id: u64) -> Interaction {
        self.until("an answer", |state| state.interactions.get(&id).filter(|i| i.is_settled()).cloned()).await
    }

    fn answer(&self, request: Request) -> Answer {
        let mut state = self.state.lock().unwrap();
        if self.strict {
            state.requests.push((request.method.clone(), request.path.clone()));
        }
        if request.authorization != format!("Bot {TOKEN}") {
            return Answer::new(401, json!({ "message": "401: Unauthorized", "code": 0 }));
        }
        let fits = |planned: &&mut Planned| {
            planned.times > 0 && planned.method == request.method && request.path.contains(planned.path)
        };
        let planned = state.planned.iter_mut().find(fits).map(|planned| {
            planned.times -= 1;
            (planned.answer.clone(), planned.done)
        });
        let answer = match planned {
            Some((answer, false)) => answer,
            Some((answer, true)) => {
                self.route(&mut state, &request);
                answer
            }
            None => self.route(&mut state, &request),
        };
        drop(state);
        self.changed.send_modify(|version| *version += 1);
        Answer { closes: self.manners.lock().unwrap().closes, ..answer }
    }

    fn route(&self, state: &mut State, request: &Request) -> Answer {
        let manners = *self.manners.lock().unwrap();
        let absent = || Answer::new(404, json!({ "message": "404: Not Found", "code": 0 }));
        if manners.bare && request.path.starts_with("/api/v10/gateway") {
            return absent();
        }
        let prefix = if manners.bare { "/" } else { "/api/v10/" };
        let Some(path) = request.path.strip_prefix(prefix) else {
            state.violations.push(format!("no path of the API: {}", request.path));
            return Answer::new(404, json!({ "message": "404: Not Found", "code": 0 }));
        };
        let parts: Vec<&str> = path.split('/').collect();
        let body = request.body.clone().unwrap_or(Value::Null);
        let number = |text: &str| text.parse::<u64>().unwrap_or(0);
        match (request.method.as_str(), &parts[..]) {
            ("GET", ["gateway"]) => Answer::new(200, json!({ "url": format!("ws://{}", self.gateway_address) })),
            ("GET", ["gateway", "bot"]) if manners.no_gateway_bot => absent(),
            ("GET", ["oauth2", "applications", "@me"]) => Answer::new(200, json!({ "id": APPLICATION.to_string() })),
            ("GET", ["gateway", "bot"]) => {
                let none_for = self.no_session_before.lock().unwrap().map(|at| at.duration_since(Instant::now()));
                let (remaining, reset_after) = match none_for {
                    Some(left) if !left.is_zero() => (0, left.as_millis()),
                    _ => (999, 14_400_000),
                };
                Answer::new(
                    200,
                    json!({
                        "url": format!("ws://{}", self.gateway_address),
                        "shards": self.shards.load(Ordering::Relaxed),
                        "session_start_limit": {
                            "total": 1000, "remaining": remaining, "reset_after": reset_after, "max_concurrency": 1,
                        },
                    }),
                )
            }
            (method, ["applications", application, "commands"]) if number(application) == APPLICATION => {
                self.commands(state, method, None, "/applications/{application_id}/commands", &body)
            }
            (method, ["applications", application, "guilds", guild, "commands"])
                if number(application) == APPLICATION =>
            {
                let template = "/applications/{application_id}/guilds/{guild_id}/commands";
                self.commands(state, method, Some(number(guild)), template, &body)
            }
            ("POST", ["interactions", id, token, "callback"]) => self.callback(state, number(id), token, &body),
            (method, ["webhooks", application, token, "messages", "@original"])
                if number(application) == APPLICATION =>
            {
                self.original(state, method, token, &body)
            }
            ("POST", ["webhooks", application, token]) if number(application) == APPLICATION => {
                self.follow_up(state, token, &body)
            }
            ("POST", ["channels", channel, "messages"]) => self.post(state, number(channel), &body),
            ("POST", ["channels", _, "typing"]) => {
                state.typing += 1;
                Answer::new(204, Value::Null)
            }
            ("GET", ["channels", channel]) => match state.channels.get(&number(channel)) {
                Some(found) => Answer::new(200, found.clone()),
                None => Answer::new(404, json!({ "message": "Unknown Channel", "code": 10003 })),
            },
            ("POST", ["channels", _, "messages", message, "crosspost"]) => {
                state.crossposted.push(number(message));
                Answer::new(200, json!({ "id": message }))
            }
            ("POST", ["channels", _, "messages", message, "threads"]) => {
                self.look(state, "POST", "/channels/{channel_id}/messages/{message_id}/threads", &body, Vec::new());
                state.threads.push((number(message), body));
                Answer::new(201, json!({ "id": message, "type": 11 }))
            }
            (method, _) => {
                state.violations.push(format!("an unknown route: {method} {path}"));
                Answer::new(404, json!({ "message": "404: Not Found", "code": 0 }))
            }
        }
    }

    /// Checks a body; whether Discord would take it.
    fn look(&self, state: &mut State, method: &str, template: &str, body: &Value, mut wrong: Vec<String>) -> bool {
        if !self.strict {
            return true;
        }
        schema::LOOKED_AT.fetch_add(1, Ordering::Relaxed);
        if let Some(Err(error)) = schema::check(method, template, body) {
            wrong.push(error);
        }
        let fine = wrong.is_empty();
        state.violations.extend(wrong.into_iter().map(|wrong| format!("{method} {template}: {wrong} in {body}")));
        fine
    }

    fn commands(&self, state: &mut State, method: &str, guild: Option<u64>, template: &str, body: &Value) -> Answer {
        match method {
            "GET" if self.manners.lock().unwrap().forgets => {
                Answer::new(405, json!({ "message": "405: Method Not Allowed", "code": 0 }))
            }
            "GET" => Answer::new(200, state.commands.get(&guild).cloned().unwrap_or(json!([]))),
            "PUT" => {
                if !self.look(state, method, template, body, overlay::commands(body)) {
                    return invalid();
                }
                state.registrations += 1;
                let mut told = body.clone();
                for command in told.as_array_mut().into_iter().flatten() {
                    command["id"] = self.id().to_string().into();
                    command["application_id"] = APPLICATION.to_string().into();
                    command["version"] = self.id().to_string().into();
                    command["nsfw"] = false.into();
                    command["dm_permission"] = true.into();
                    if command["type"].is_null() {
                        command["type"] = 1.into();
                    }
                    if let Some(bits) = command["default_member_permissions"].as_u64() {
                        command["default_member_permissions"] = bits.to_string().into();
                    }
                }
                state.commands.insert(guild, told.clone());
                Answer::new(200, told)
            }
            _ => Answer::new(405, json!({ "message": "405: Method Not Allowed", "code": 0 })),
        }
    }

    fn callback(&self, state: &mut State, id: u64, token: &str, body: &Value) -> Answer {
        let now = Instant::now();
        let kind = body["type"].as_u64().unwrap_or(0);
        let data = &body["data"];
        let wrong = match kind {
            4 | 7 => overlay::message(data),
            8 => overlay::choices(data),
            5 | 6 => Vec::new(),
            9 => overlay::form(data),
            other => vec![format!("a first response of type {other}")],
        };
        let template = "/interactions/{interaction_id}/{interaction_token}/callback";
        let fine = self.look(state, "POST", template, body, wrong);
        let Some(interaction) = state.interactions.get_mut(&id).filter(|i| i.token == token) else {
            return Answer::new(404, json!({ "message": "Unknown interaction", "code": 10062 }));
        };
        let late = now.duration_since(interaction.at) > FIRST;
        let twice = interaction.acked.is_some();
        let misplaced = matches!(kind, 6 | 7) && !interaction.updates || kind == 9 && interaction.form;
        if !late && !twice && fine && !misplaced {
            interaction.acked = Some((kind, now));
            interaction.ephemeral = data["flags"].as_u64().unwrap_or(0) & 64 != 0;
            if !matches!(kind, 5 | 6) {
                interaction.shown = Some(if self.strict { data.clone() } else { Value::Null });
                interaction.answered_at = Some(now);
            }
            return match self.manners.lock().unwrap().tells {
                true => Answer::new(200, json!({ "interaction": { "id": id.to_string(), "type": 2 } })),
                false => Answer::new(204, Value::Null),
            };
        }
        if late {
            state.violations.push(format!("acknowledged {:?} after it was asked", FIRST));
            return Answer::new(404, json!({ "message": "Unknown interaction", "code": 10062 }));
        }
        if twice {
            state.violations.push("acknowledged twice".to_owned());
            return Answer::new(400, json!({ "message": "Interaction has already been acknowledged.", "code": 40060 }));
        }
        if misplaced {
            state.violations.push(format!("response {kind} to what is no button, or a form to a form"));
        }
        invalid()
    }

    fn original(&self, state: &mut State, method: &str, token: &str, body: &Value) -> Answer {
        let template = "/webhooks/{webhook_id}/{webhook_token}/messages/@original";
        let fine = method != "PATCH" || self.look(state, method, template, body, overlay::message(body));
        let Some(interaction) = state.tokens.get(token).copied().and_then(|id| state.interactions.get_mut(&id)) else {
            return Answer::new(404, json!({ "message": "Unknown Webhook", "code": 10015 }));
        };
        let complaint = match interaction.acked {
            None => Some("edited before it was acknowledged"),
            Some(_) if interaction.at.elapsed() > TOKEN_LIVES => Some("edited after 15 minutes"),
            Some(_) => None,
        };
        if let Some(complaint) = complaint {
            state.violations.push(complaint.to_owned());
            return Answer::new(404, json!({ "message": "Unknown Webhook", "code": 10015 }));
        }
        match method {
            "PATCH" if fine && !interaction.taken_back => {
                // How far the work is may stand there first; an answer is never replaced.
                if interaction.shown.as_ref().is_some_and(|shown| !is_progress(shown)) {
                    state.violations.push("an answer was edited in twice".to_owned());
                }
                let interaction = state.tokens.get(token).and_then(|id| state.interactions.get_mut(id)).unwrap();
                interaction.shown = Some(if self.strict { body.clone() } else { Value::Null });
                interaction.answered_at = Some(Instant::now());
                Answer::new(200, json!({ "id": self.id().to_string(), "channel_id": "1" }))
            }
            "PATCH" if fine => Answer::new(404, json!({ "message": "Unknown Message", "code": 10008 })),
            "DELETE" => {
                interaction.taken_back = true;
                Answer::new(204, Value::Null)
            }
            _ => invalid(),
        }
    }

    fn follow_up(&self, state: &mut State, token: &str, body: &Value) -> Answer {
        let template = "/webhooks/{webhook_id}/{webhook_token}";
        let fine = self.look(state, "POST", template, body, overlay::message(body));
        let Some(interaction) = state.tokens.get(token).copied().and_then(|id| state.interactions.get_mut(&id)) else {
            return Answer::new(404, json!({ "message": "Unknown Webhook", "code": 10015 }));
        };
        if interaction.acked.is_none() {
            state.violations.push("a follow-up before the acknowledgement".to_owned());
            return Answer::new(404, json!({ "message": "Unknown Webhook", "code": 10015 }));
        }
        if !fine {
            return invalid();
        }
        interaction.follow_ups.push(body.clone());
        interaction.answered_at = Some(Instant::now());
        Answer::new(200, json!({ "id": self.id().to_string(), "channel_id": "1" }))
    }

    fn post(&self, state: &mut State, channel: u64, body: &Value) -> Answer {
        let mut wrong = overlay::message(body);
        let nonce = body["nonce"].as_str().map(str::to_owned);
        if nonce.is_none() || body["enforce_nonce"] != true {
            wrong.push("a message without an enforced nonce".to_owned());
        }
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > 25) {
            wrong.push("a nonce of more than 25 characters".to_owned());
        }
        if !self.look(state, "POST", "/channels/{channel_id}/messages", body, wrong) {
            return invalid();
        }
        let key = (channel, nonce.unwrap_or_default());
        if let Some(id) = state.nonces.get(&key) {
            return Answer::new(200, json!({ "id": id.to_string(), "channel_id": channel.to_string() }));
        }
        let id = self.id();
        state.nonces.insert(key, id);
        state.posted.push(Posted { id, channel, body: body.clone() });
        Answer::new(200, json!({ "id": id.to_string(), "channel_id": channel.to_string() }))
    }
}

fn invalid() -> Answer {
    Answer::new(400, json!({ "message": "Invalid Form Body", "code": 50035 }))
}

/// Whether a message only tells how far the work is: `3 of 12 done`.
fn is_progress(message: &Value) -> bool {
    let bare = message["components"].as_array().is_none_or(Vec::is_empty);
    let line = message["embeds"][0]["description"].as_str().unwrap_or_default();
    bare && line.split_once(" of ").is_some_and(|(done, rest)| done.parse::<u32>().is_ok() && rest.contains(" done"))
}
