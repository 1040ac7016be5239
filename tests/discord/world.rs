//! A bot that runs against the fake, over a store of its own: in this process, or as the real binary.

use std::fs::{self, OpenOptions};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use byline::article::read::{Format, read_text};
use byline::chat::discord::{self, DiscordError, Settings};
use byline::intake::fetch::Fetcher;
use byline::library::store::{SHARED, Store, StoreUrl};
use byline::router::{Desks, Router, Settings as Answers};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::fake::payloads::{self, From};
use crate::fake::{BOT, Fake, Interaction, Posted, TOKEN, schema};

/// Articles of every world: written for these tests.
pub const PIER: &str = "---
title: Pier at Oldhaven closes for the winter
outlet: Oldhaven Herald
author: Mina Torvald
date: 2026-11-03T08:00:00+01:00
url: https://herald.example/pier
---

The pier at Oldhaven closes on 5 November and stays closed until March. Its planks are rotten.

“Nobody should lose a foot to save a ticket,” said Greta Lindqvist, the harbour master. “We will replace every plank.”

The work costs 310,000 crowns, and a firm from Brack does it. Anglers may use the northern mole in the meantime.

“I have fished here since I was six,” said Olof Brandt, an angler. “The mole has no bench and no bream.”
";

pub const MILL: &str = "Windmill of Brack turns again

The windmill of Brack turned on Sunday for the first time in forty years. Its sails were made in Oldhaven.

“It groaned like my grandfather on a Monday,” said Tove Hallberg, the miller.

The mill grinds flour on the first Sunday of each month, and the bakery of Brack buys all of it.
";

/// An article that tries everything.
pub const HOSTILE: &str = "@everyone Hos\u{202e}tile title **bold** [click](https://evil.example)

The trapdoor machine said @everyone and <@1001> and [click here](https://evil.example/login) to \u{202e}esrever\u{200b} ||spoiler|| `code` ~~gone~~.
";

/// How many worlds there are: when none is left, the counts are told.
static WORLDS: AtomicUsize = AtomicUsize::new(0);

enum Running {
    Here(oneshot::Sender<()>, JoinHandle<Result<(), DiscordError>>),
    Apart(Process),
}

/// The binary, killed when it is dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub struct World {
    pub fake: Arc<Fake>,
    pub store: Store,
    folder: TempDir,
    settings: Settings,
    /// The way to the web, from the next start on.
    pub web: Option<Fetcher>,
    /// How is answered, from the next start on.
    pub answers: Answers,
    running: Option<Running>,
    /// Whether the bot is the binary.
    apart: bool,
}

impl World {
    pub async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    pub async fn with(settings: Settings) -> Self {
        let mut world = Self::stopped(settings).await;
        world.start().await;
        world
    }

    /// A world whose bot does not run yet.
    pub async fn stopped(settings: Settings) -> Self {
        Self::over(Fake::start().await, settings).await
    }

    /// The same, whose fake keeps no bodies and checks none: for measuring.
    pub async fn lenient(settings: Settings) -> Self {
        Self::over(Fake::start_with(false).await, settings).await
    }

    async fn over(fake: Arc<Fake>, settings: Settings) -> Self {
        WORLDS.fetch_add(1, Ordering::Relaxed);
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder).await;
        for (key, text, format) in
            [("pier", PIER, Format::Markdown), ("mill", MILL, Format::Text), ("hostile", HOSTILE, Format::Text)]
        {
            store.add(SHARED, &read_text(key, text, format).unwrap()).await.unwrap();
        }
        fake.gateway.guilds.lock().unwrap().push(From::default().guild.unwrap());
        let api_url = settings.api_url.clone().unwrap_or_else(|| fake.url());
        let token = Some(SecretString::from(TOKEN));
        Self {
            fake,
            store,
            folder,
            settings: Settings { token, api_url: Some(api_url), ..settings },
            web: None,
            answers: Answers::default(),
            running: None,
            apart: false,
        }
    }

    /// A world whose bot is the binary, as people start it: `byline run`.
    pub async fn of_the_binary() -> Self {
        let mut world = Self { apart: true, ..Self::stopped(Settings::default()).await };
        world.start().await;
        world
    }

    pub async fn start(&mut self) {
        let running = match self.apart {
            true => Running::Apart(Process(self.run(&["run"]).spawn().unwrap())),
            false => {
                let desks = Desks::new(self.store.clone(), self.folder.path().join("index"), self.answers);
                let router = Router::over(desks);
                let router = Arc::new(match &self.web {
                    Some(fetcher) => router.with_web(fetcher.clone()),
                    None => router,
                });
                let (stop, stopped) = oneshot::channel::<()>();
                let run = discord::run(self.settings.clone(), router, self.store.clone(), async move {
                    let _ = stopped.await;
                });
                Running::Here(stop, tokio::spawn(run))
            }
        };
        self.running = Some(running);
        let gateway = Arc::clone(&self.fake.gateway);
        self.fake.until("a session", |_| gateway.connected().then_some(())).await;
    }

    /// The binary with these arguments, over the library of this world. What it logs is kept.
    pub fn run(&self, arguments: &[&str]) -> Command {
        let (folder, watched) = (self.folder.path(), self.folder.path().join("watched"));
        fs::create_dir_all(&watched).unwrap();
        let log = OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_byline"));
        command
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder)
            .env("BYLINE__LIBRARY__DATA_DIR", folder)
            .env("BYLINE__LIBRARY__ARTICLES", watched)
            .env("BYLINE__POSTING__LEASE", "2")
            .env("BYLINE__LOG__LEVEL", "info")
            .env("BYLINE__DISCORD__TOKEN", TOKEN)
            .env("BYLINE__DISCORD__API_URL", self.settings.api_url.as_deref().unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command
    }

    /// What the binary logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub async fn stop(&mut self) {
        let running = self.running.take().expect("a bot that runs");
        match running {
            Running::Apart(mut process) => {
                let child = &mut process.0;
                // As service managers stop it.
                let asked = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
                assert!(asked.success());
                let started = Instant::now();
                let ended = loop {
                    if let Some(ended) = child.try_wait().unwrap() {
                        break ended;
                    }
                    assert!(started.elapsed() < Duration::from_secs(30), "it does not end: {}", self.log());
                    tokio::time::sleep(Duration::from_millis(10)).await;
                };
                assert!(ended.success(), "{ended}: {}", self.log());
            }
            Running::Here(stop, running) => {
                let _ = stop.send(());
                running.await.unwrap().unwrap();
            }
        }
        self.fake.gateway.forget_sessions();
    }

    /// `kill -9`; Discord takes a while to see it.
    pub fn kill(&mut self) {
        assert!(matches!(self.running, Some(Running::Apart(_))), "only a process can be killed");
        self.running = None;
        self.fake.gateway.forget_sessions();
    }

    /// Stops the bot and starts another over the same file, as another process would.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.store.close().await;
        self.store = open(&self.folder).await;
        self.start().await;
    }

    /// Uses a command with options given by name.
    pub async fn command(&self, name: &str, options: &[(&str, Value)], from: &From) -> Interaction {
        self.fake.settled(self.fake.interact(2, &command(name, options), from)).await
    }

    pub async fn ask(&self, question: &str) -> Interaction {
        self.command("ask", &[("question", question.into())], &From::default()).await
    }

    /// What is suggested for an option while it is typed.
    pub async fn suggested(&self, name: &str, option: &str, typed: &str) -> Vec<(String, String)> {
        let mut data = command(name, &[(option, typed.into())]);
        let options = data["options"].as_array_mut().unwrap();
        let place = if options[0]["type"] == 1 { &mut options[0]["options"][0] } else { &mut options[0] };
        place["focused"] = true.into();
        let interaction = self.fake.settled(self.fake.interact(4, &data, &From::default())).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let choices = interaction.shown.unwrap()["choices"].as_array().unwrap().clone();
        choices.iter().map(|choice| (text(&choice["name"]), text(&choice["value"]))).collect()
    }

    /// Uses an entry of the menu of a message that the bot sent with this body.
    pub async fn menu_of(&self, name: &str, sent: &Value, from: &From) -> Interaction {
        let id = self.fake.id();
        let author = payloads::user(BOT, "byline", true);
        let target = payloads::message(id, from.channel, from.guild, author, "", Some(sent));
        let data = json!({
            "id": "5", "name": name, "type": 3, "target_id": id.to_string(),
            "resolved": { "messages": { id.to_string(): target } },
        });
        self.fake.settled(self.fake.interact(2, &data, from)).await
    }

    /// Fills in a form's fields, and leaves what is not named as it is.
    pub async fn fill(&self, form: &Value, values: &[(&str, &str)], from: &From) -> Interaction {
        let filled = |field: &Value| {
            let given = values.iter().find(|(name, _)| field["custom_id"] == *name).map(|(_, value)| *value);
            let mut told = json!({ "type": field["type"], "id": 2, "custom_id": field["custom_id"] });
            if field["type"] == 3 {
                let options = field["options"].as_array().unwrap();
                let chosen = options.iter().find(|option| option["default"] == true).map(|option| &option["value"]);
                let values: Vec<&str> = given.or(chosen.and_then(Value::as_str)).into_iter().collect();
                told["values"] = json!(values);
            } else {
                told["value"] = given.unwrap_or_default().into();
            }
            told
        };
        let labels = form["components"].as_array().unwrap();
        let fields: Vec<Value> = labels
            .iter()
            .map(|label| json!({ "type": 18, "id": 1, "component": filled(&label["component"]) }))
            .collect();
        let data = json!({ "custom_id": form["custom_id"], "components": fields });
        self.fake.settled(self.fake.interact(5, &data, from)).await
    }

    /// Uses an entry of a message's menu.
    pub async fn menu(&self, name: &str, message: &str) -> Interaction {
        let id = self.fake.id();
        let from = From::default();
        let target = payloads::message(id, from.channel, from.guild, payloads::user(77, "other", false), message, None);
        let data = json!({
            "id": "5", "name": name, "type": 3, "target_id": id.to_string(),
            "resolved": { "messages": { id.to_string(): target } },
        });
        self.fake.settled(self.fake.interact(2, &data, &from)).await
    }

    /// Presses the button with this label.
    pub async fn press(&self, shown: &Value, label: &str) -> Interaction {
        let id = button(shown, label).unwrap_or_else(|| panic!("no button “{label}” in {shown}"));
        self.fake.settled(self.fake.press(&id, shown, &From::default())).await
    }

    /// Writes a message; its number.
    pub fn say(&self, content: &str, from: &From, replied: Option<&Posted>) -> u64 {
        let id = self.fake.id();
        let mut message = payloads::message(id, from.channel, from.guild, from.user(), content, None);
        if content.contains(&format!("<@{BOT}>")) {
            message["mentions"] = json!([payloads::user(BOT, "byline", true)]);
        }
        if let Some(replied) = replied {
            let author = payloads::user(BOT, "byline", true);
            message["type"] = 19.into();
            message["message_reference"] =
                json!({ "type": 0, "message_id": replied.id.to_string(), "channel_id": replied.channel.to_string() });
            message["referenced_message"] =
                payloads::message(replied.id, replied.channel, from.guild, author, "", Some(&replied.body));
        }
        self.fake.tell(from.guild, "MESSAGE_CREATE", message);
        id
    }

    /// The answer to a message.
    pub async fn answered(&self, message: u64) -> Posted {
        let id = message.to_string();
        let found = move |posted: &&Posted| posted.body["message_reference"]["message_id"] == id;
        self.fake.until("a message", |state| state.posted.iter().find(&found).cloned()).await
    }

    /// Ends the world: nothing that Discord would refuse has happened.
    pub async fn end(mut self) {
        if self.running.is_some() {
            self.stop().await;
        }
        assert!(!self.log().contains(TOKEN), "the token is in the log");
        let mut violations = self.fake.state.lock().unwrap().violations.clone();
        violations.extend(self.fake.gateway.violations.lock().unwrap().iter().cloned());
        assert!(violations.is_empty(), "{}", violations.join("\n"));
        if WORLDS.fetch_sub(1, Ordering::Relaxed) == 1 {
            schema::tell_counts();
        }
    }
}

async fn open(folder: &TempDir) -> Store {
    Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap()
}

/// `articles show` with its options, or `ask`.
pub fn command(name: &str, options: &[(&str, Value)]) -> Value {
    let options: Vec<Value> = options
        .iter()
        .map(|(name, value)| {
            let kind = match value {
                Value::Bool(_) => 5,
                Value::Number(_) => 4,
                _ => 3,
            };
            json!({ "name": name, "type": kind, "value": value })
        })
        .collect();
    match name.split_once(' ') {
        Some((name, part)) => {
            let part = json!({ "name": part, "type": 1, "options": options });
            json!({ "id": "5", "name": name, "type": 1, "options": [part] })
        }
        None => json!({ "id": "5", "name": name, "type": 1, "options": options }),
    }
}

/// The custom_id of the button with this label, if it can be pressed.
pub fn button(shown: &Value, label: &str) -> Option<String> {
    let rows = shown["components"].as_array()?;
    let mut buttons = rows.iter().flat_map(|row| row["components"].as_array().unwrap());
    let found = buttons.find(|button| button["label"] == label && button["disabled"] != true)?;
    found["custom_id"].as_str().map(str::to_owned)
}

/// Everything that is written in a message's embeds.
pub fn words(shown: &Value) -> String {
    let embeds = shown["embeds"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let parts =
        embeds.iter().flat_map(|embed| [&embed["title"], &embed["description"], &embed["footer"]["text"]].map(text));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

impl World {
    /// Other settings for the next start.
    pub fn set(&mut self, settings: Settings) {
        let api_url = settings.api_url.clone().or_else(|| self.settings.api_url.clone());
        self.settings = Settings { token: self.settings.token.clone(), api_url, ..settings };
    }
}

impl World {
    /// Runs the bot until it ends by itself.
    pub async fn run_to_its_end(&self) -> Result<(), DiscordError> {
        let desks = Desks::new(self.store.clone(), self.folder.path().join("index"), Answers::default());
        let never = std::future::pending::<()>();
        discord::run(self.settings.clone(), Arc::new(Router::over(desks)), self.store.clone(), never).await
    }

    /// Another token, or none.
    pub fn take_token(&mut self, token: Option<SecretString>) {
        self.settings.token = token;
    }
}

impl World {
    /// Holds the store's write lock until what is returned is dropped.
    pub async fn lock_the_store(&self) -> sqlx::Transaction<'static, sqlx::Any> {
        sqlx::any::install_default_drivers();
        let url = format!("sqlite://{}?mode=rw", self.folder.path().join("byline.db").display());
        let pool = sqlx::AnyPool::connect(&url).await.unwrap();
        pool.begin_with("BEGIN IMMEDIATE").await.unwrap()
    }
}

impl World {
    /// The settings of the bot.
    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }
}
