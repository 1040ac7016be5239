//! What the gateway's events are handed to.

use std::collections::HashSet;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::sleep;

use super::bot::{Bot, Me};
use super::events::{Channel, Id, Interaction, Message, Ready, Server, Threads};
use super::{commands, components, interactions, messages, suggest, wrong};

/// How long is waited before the commands are registered again after that failed; it doubles up to the longest.
const REGISTER_AGAIN: Duration = Duration::from_secs(5);
const REGISTER_LONGEST: Duration = Duration::from_secs(10 * 60);

/// What the gateway's events are handed to.
pub struct Handler {
    bot: Arc<Bot>,
    total: u32,
    registering: AtomicBool,
}

impl Handler {
    /// One for so many shards.
    #[must_use]
    pub fn new(bot: Arc<Bot>, total: u32) -> Self {
        Self { bot, total, registering: AtomicBool::new(false) }
    }

    /// Registers the commands, until that worked.
    async fn register(&self, application: u64) {
        let mut wait = REGISTER_AGAIN;
        loop {
            match commands::register(&self.bot.rest, application, &self.bot.settings.guilds).await {
                Ok(0) => return tracing::info!("the commands are registered already"),
                Ok(places) => return tracing::info!(places, "the commands were registered"),
                Err(error) => {
                    tracing::error!(%error, again_s = wait.as_secs(), "the commands could not be registered");
                    sleep(wait).await;
                    wait = (wait * 2).min(REGISTER_LONGEST);
                }
            }
        }
    }

    fn threads(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.bot.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how long Discord took to answer a shard; nothing when its connection ended.
    pub fn latency(&self, shard: u32, latency: Option<Duration>) {
        let mut latencies = self.bot.latencies.lock().unwrap_or_else(PoisonError::into_inner);
        match latency {
            Some(latency) => latencies.insert(shard, latency),
            None => latencies.remove(&shard),
        };
    }

    /// Takes an event. What takes time goes on in a task of its own; what later events rest on is done at once.
    pub fn event(self: &Arc<Self>, shard: u32, name: &str, data: Value) {
        match name {
            "READY" => self.ready(shard, read(name, data)),
            "RESUMED" => tracing::info!(shard, "the session goes on"),
            "INTERACTION_CREATE" => {
                if let Some(interaction) = read::<Interaction>(name, data).filter(|i| self.bot.seen.first(i.id.0)) {
                    self.meanwhile(interaction_create(Arc::clone(&self.bot), shard, self.total, interaction));
                }
            }
            "MESSAGE_CREATE" => {
                if let Some(message) = read::<Message>(name, data).filter(|m| self.bot.seen.first(m.id.0)) {
                    self.meanwhile(messages::message(Arc::clone(&self.bot), message));
                }
            }
            "GUILD_CREATE" => {
                if let Some(server) = read::<Server>(name, data).filter(|server| !server.unavailable) {
                    self.threads().extend(numbers(&server.threads));
                    self.note_server(server.id, true);
                }
            }
            "GUILD_DELETE" => {
                // An outage of Discord's is no farewell.
                if let Some(server) = read::<Server>(name, data).filter(|server| !server.unavailable) {
                    self.note_server(server.id, false);
                }
            }
            "THREAD_CREATE" => self.threads().extend(read::<Channel>(name, data).and_then(|thread| number(&thread))),
            "THREAD_LIST_SYNC" => {
                let list = read::<Threads>(name, data);
                self.threads().extend(list.iter().flat_map(|list| numbers(&list.threads)));
            }
            "THREAD_DELETE" => {
                if let Some(thread) = read::<Channel>(name, data).and_then(|thread| number(&thread)) {
                    self.threads().remove(&thread);
                }
            }
            "CHANNEL_UPDATE" => {
                if let Some(channel) = read::<Channel>(name, data).and_then(|channel| number(&channel)) {
                    self.bot.closed.open(channel);
                }
            }
            "GUILD_ROLE_UPDATE" => self.bot.closed.open_all(),
            _ => {}
        }
    }

    fn ready(self: &Arc<Self>, shard: u32, ready: Option<Ready>) {
        let Some(ready) = ready else { return };
        tracing::info!(shard, servers = ready.guilds.len(), "connected to Discord");
        let handler = Arc::clone(self);
        let me = |application| Me { application, user: ready.user.id.0 };
        let known = ready.application.map(|application| application.id.0);
        if let Some(application) = known {
            let _ = self.bot.me.set(me(application));
        }
        let user = ready.user.id.0;
        let present: HashSet<u64> = ready.guilds.iter().map(|guild| guild.id.0).collect();
        tokio::spawn(async move {
            handler.bot.note_missing(&present, shard, handler.total).await;
            // Once in a process: a new session changes nothing about the commands.
            if !handler.registering.swap(true, Ordering::AcqRel) {
                let application = match known {
                    Some(application) => application,
                    // Of all but the oldest bots the user has the application's number.
                    None => handler.bot.rest.application().await.unwrap_or(user),
                };
                let _ = handler.bot.me.set(Me { application, user });
                handler.register(application).await;
            }
        });
    }

    fn note_server(&self, server: Id, here: bool) {
        let bot = Arc::clone(&self.bot);
        tokio::spawn(async move { bot.note_server(server.0, here).await });
    }

    /// Answers in a task of its own; a process that stops waits for it.
    fn meanwhile(&self, answering: impl Future<Output = ()> + Send + 'static) {
        let work = self.bot.busy.begin();
        tokio::spawn(async move {
            answering.await;
            drop(work);
        });
    }
}

async fn interaction_create(bot: Arc<Bot>, shard: u32, total: u32, interaction: Interaction) {
    match interaction.kind {
        Interaction::COMMAND => {
            let health = bot.health(shard, total);
            interactions::command(bot, interaction, health).await;
        }
        Interaction::TYPING => suggest::autocomplete(&bot, interaction).await,
        Interaction::PRESS => components::press(bot, interaction).await,
        Interaction::FILLED => wrong::filled(bot, interaction).await,
        // None of ours: the gateway needs no answer to a ping.
        _ => {}
    }
}

fn number(channel: &Channel) -> Option<u64> {
    channel.id.map(|id| id.0)
}

fn numbers(channels: &[Channel]) -> impl Iterator<Item = u64> {
    channels.iter().filter_map(number)
}

/// An event's data, as far as we use it.
fn read<T: DeserializeOwned>(name: &str, data: Value) -> Option<T> {
    match serde_json::from_value(data) {
        Ok(read) => Some(read),
        Err(error) => {
            // What is wrong with it may be somebody's words.
            tracing::warn!(name, "an event can't be read");
            tracing::debug!(name, %error, "an event can't be read");
            None
        }
    }
}
