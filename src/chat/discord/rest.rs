//! Requests to Discord: each with a time limit, bounded retries, and an error that tells what Discord said.
//!
//! Without a proxy, requests of a channel pass serenity's rate limiter, which waits before Discord says no. Interactions do not
//! count there, and the limiter would keep a bucket of each for ever: they are sent directly, as everything is with a
//! proxy, which does the limiting for all processes. (serenity's limiter would also send a repeated request past the
//! proxy to the real host.)

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use serenity::http::{Http, HttpBuilder, LightMethod, Request, Route};
use serenity_reqwest as reqwest;
use tokio::time::{Instant, sleep, timeout};

/// How long a request may take.
const REQUEST: Duration = Duration::from_secs(10);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The most of an answer that is read, in bytes: beyond any message or list of commands.
const MAX_ANSWER: usize = 4 * 1024 * 1024;
/// How often a request is tried.
const TRIES: u32 = 5;
/// What stands before every path of Discord's API.
const API: &str = "/api/v10";
/// The first wait before a request is tried again after a failure of the server; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// Discord refused it.
    #[error("Discord answered {status}: {message} (code {code})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Discord's own code; 0 where it gave none.
        code: i64,
        /// Its words.
        message: String,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// There was no answer in time.
    #[error("no answer from Discord in time")]
    TimedOut,
    /// There was no connection.
    #[error("Discord can't be reached: {0}")]
    Unreachable(String),
    /// A defect of ours: the request could not be made.
    #[error("the request could not be made: {0}")]
    Request(String),
}

impl RestError {
    /// The HTTP status of a refusal.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Discord's own code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// When Discord wants to be asked again.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether trying again later may help.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::TimedOut | Self::Unreachable(_) => true,
            Self::Request(_) => false,
        }
    }

    /// Whether what was asked is not there at all.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        matches!(self.status(), Some(404 | 405 | 501))
    }

    /// Whether Discord has acknowledged the interaction before: an earlier try of ours arrived.
    fn was_acknowledged(&self) -> bool {
        matches!(self, Self::Refused { code: 40060, .. })
    }
}

/// A way to make requests. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Rest {
    /// serenity's own: its limiter, its token, its proxy.
    http: Arc<Http>,
    client: reqwest::Client,
    /// Whether what `discord.api_url` names has Discord's API at its root, without `/api/v10`.
    bare: Arc<AtomicBool>,
}

/// A request.
#[derive(Debug, Clone)]
struct Ask<'a> {
    route: Route<'a>,
    method: LightMethod,
    body: Option<Vec<u8>>,
    /// Whether it may be sent again when nobody knows whether it arrived.
    repeatable: bool,
    /// Whether serenity's limiter is asked.
    limited: bool,
}

impl Rest {
    /// A way to Discord with this token, through `proxy` if there is one.
    ///
    /// # Errors
    /// [`RestError::Request`] when no HTTP client can be made on this machine.
    pub fn new(token: &str, proxy: Option<&str>) -> Result<Self, RestError> {
        let client = reqwest::Client::builder()
            .use_rustls_tls()
            .timeout(REQUEST)
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        // What `discord.api_url` names is meant to be reached itself, whatever the environment has for the rest of the web.
        let client = if proxy.is_some() { client.no_proxy() } else { client };
        let client = client.build().map_err(|error| RestError::Request(error.to_string()))?;
        let builder = HttpBuilder::new(token).client(client.clone());
        let http = match proxy {
            Some(proxy) => builder.proxy(proxy).ratelimiter_disabled(true).build(),
            None => builder.build(),
        };
        Ok(Self { http: Arc::new(http), client, bare: Arc::default() })
    }

    /// Where the gateway is, how many shards Discord recommends, and how many sessions may still be started. What stands in for
    /// Discord may tell only where it is, or have no path before its API.
    ///
    /// # Errors
    /// [`RestError`]; status 401 for a token that is none.
    pub async fn gateway(&self) -> Result<Value, RestError> {
        let told = self.told_gateway().await;
        let absent = |told: &Result<Value, RestError>| matches!(told, Err(error) if error.is_absent());
        if !absent(&told) || self.http.proxy.is_none() || self.bare.swap(true, Ordering::AcqRel) {
            return told;
        }
        let at_root = self.told_gateway().await;
        if at_root.is_err() {
            self.bare.store(false, Ordering::Release);
            return told;
        }
        at_root
    }

    async fn told_gateway(&self) -> Result<Value, RestError> {
        let ask = |route| Ask { method: LightMethod::Get, ..Ask::new(route) };
        match self.ask(ask(Route::GatewayBot), TRIES).await {
            Err(error) if error.is_absent() => self.ask(ask(Route::Gateway), TRIES).await,
            told => told,
        }
    }

    /// The application's number, where a session did not tell it.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn application(&self) -> Result<u64, RestError> {
        let told =
            self.ask(Ask { method: LightMethod::Get, ..Ask::new(Route::Oauth2ApplicationCurrent) }, TRIES).await?;
        let number = told["id"].as_str().and_then(|id| id.parse().ok());
        number.ok_or_else(|| RestError::Request("no application has this token".to_owned()))
    }

    /// The commands that are registered, everywhere or in a server.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn commands(&self, application: u64, guild: Option<u64>) -> Result<Value, RestError> {
        self.ask(Ask { method: LightMethod::Get, ..Ask::new(commands_route(application, guild)?) }, TRIES).await
    }

    /// Puts these commands in the place of those that are registered.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn set_commands(&self, application: u64, guild: Option<u64>, commands: &Value) -> Result<(), RestError> {
        let ask = Ask { method: LightMethod::Put, ..Ask::new(commands_route(application, guild)?) };
        self.ask(ask.body(commands)?, TRIES).await.map(drop)
    }

    /// The first response to an interaction. Once it arrived, a repeated one is known to Discord as such and counts as done.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn respond(&self, interaction: u64, token: &str, body: &Value) -> Result<(), RestError> {
        let route = Route::InteractionResponse { interaction_id: numbered(interaction)?, token };
        let ask = Ask { limited: false, ..Ask::new(route) }.body(body)?;
        match self.ask(ask, TRIES).await {
            Err(error) if !error.was_acknowledged() => Err(error),
            _ => Ok(()),
        }
    }

    /// Puts an answer in the place of a deferred one.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn edit(&self, application: u64, token: &str, body: &Value) -> Result<Value, RestError> {
        let route = Route::WebhookOriginalInteractionResponse { application_id: numbered(application)?, token };
        let ask = Ask { method: LightMethod::Patch, limited: false, ..Ask::new(route) }.body(body)?;
        self.ask(ask, TRIES).await
    }

    /// Takes a deferred answer away.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn take_back(&self, application: u64, token: &str) -> Result<(), RestError> {
        let route = Route::WebhookOriginalInteractionResponse { application_id: numbered(application)?, token };
        let ask = Ask { method: LightMethod::Delete, limited: false, ..Ask::new(route) };
        self.ask(ask, TRIES).await.map(drop)
    }

    /// A further message to the person of an interaction. Not repeated when nobody knows whether it arrived.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn follow_up(&self, application: u64, token: &str, body: &Value) -> Result<(), RestError> {
        let route = Route::WebhookFollowupMessages { application_id: numbered(application)?, token };
        let ask = Ask { repeatable: false, limited: false, ..Ask::new(route) }.body(body)?;
        self.ask(ask, TRIES).await.map(drop)
    }

    /// A message in a channel. `body` must hold a nonce that Discord enforces: it may be sent more than once.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn post(&self, channel: u64, body: &Value) -> Result<Value, RestError> {
        let route = Route::ChannelMessages { channel_id: numbered(channel)? };
        self.ask(Ask::new(route).body(body)?, TRIES).await
    }

    /// A message in a channel, tried once: whoever sends it keeps it and tries again.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn post_once(&self, channel: u64, body: &Value) -> Result<Value, RestError> {
        let route = Route::ChannelMessages { channel_id: numbered(channel)? };
        self.ask(Ask::new(route).body(body)?, 1).await
    }

    /// Shows “is typing” in a channel for a few seconds.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn typing(&self, channel: u64) -> Result<(), RestError> {
        let route = Route::ChannelTyping { channel_id: numbered(channel)? };
        self.ask(Ask::new(route), 1).await.map(drop)
    }

    /// A channel, as Discord tells of it.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn channel(&self, channel: u64) -> Result<Value, RestError> {
        let route = Route::Channel { channel_id: numbered(channel)? };
        self.ask(Ask { method: LightMethod::Get, ..Ask::new(route) }, TRIES).await
    }

    /// Publishes a message of an announcement channel to those that follow it.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn crosspost(&self, channel: u64, message: u64) -> Result<(), RestError> {
        let route = Route::ChannelMessageCrosspost { channel_id: numbered(channel)?, message_id: numbered(message)? };
        self.ask(Ask::new(route), TRIES).await.map(drop)
    }

    /// Opens a thread below a message.
    ///
    /// # Errors
    /// [`RestError`]
    pub async fn open_thread(&self, channel: u64, message: u64, body: &Value) -> Result<Value, RestError> {
        let route = Route::ChannelMessageThreads { channel_id: numbered(channel)?, message_id: numbered(message)? };
        self.ask(Ask { repeatable: false, ..Ask::new(route) }.body(body)?, TRIES).await
    }

    async fn ask(&self, ask: Ask<'_>, tries: u32) -> Result<Value, RestError> {
        let started = Instant::now();
        let mut wait = FIRST_WAIT;
        let mut tried = 1;
        loop {
            let error = match self.once(&ask).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let known = matches!(error, RestError::Refused { .. });
            let again = error.passes() && (known || ask.repeatable) && tried < tries;
            let pause = error.retry_after().unwrap_or(wait);
            // Longer than any person waits: whoever asked decides.
            if !again || started.elapsed() + pause > LONGEST {
                return Err(error);
            }
            tracing::debug!(%error, pause_ms = pause.as_millis(), "tried again");
            sleep(pause).await;
            wait *= 2;
            tried += 1;
        }
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Value, RestError> {
        let request = Request::new(ask.route, ask.method).body(ask.body.clone());
        if ask.limited
            && let Some(limiter) = &self.http.ratelimiter
        {
            let answer = timeout(LONGEST, limiter.perform(request)).await.map_err(|_| RestError::TimedOut)?;
            return read(answer.map_err(from_serenity)?).await;
        }
        let request = request.build(&self.client, self.http.token(), self.http.proxy.as_deref());
        let mut request = request.map_err(from_serenity)?.build().map_err(from_reqwest)?;
        if self.bare.load(Ordering::Acquire) {
            let path = request.url().path().replacen(API, "", 1);
            request.url_mut().set_path(&path);
        }
        read(self.client.execute(request).await.map_err(from_reqwest)?).await
    }
}

/// The longest that a request is tried, with all its waiting.
const LONGEST: Duration = Duration::from_secs(60);

impl<'a> Ask<'a> {
    fn new(route: Route<'a>) -> Self {
        Self { route, method: LightMethod::Post, body: None, repeatable: true, limited: true }
    }

    fn body(mut self, body: &Value) -> Result<Self, RestError> {
        self.body = Some(serde_json::to_vec(body).map_err(|error| RestError::Request(error.to_string()))?);
        Ok(self)
    }
}

fn commands_route(application: u64, guild: Option<u64>) -> Result<Route<'static>, RestError> {
    let application_id = numbered(application)?;
    Ok(match guild {
        Some(guild) => Route::GuildCommands { application_id, guild_id: numbered(guild)? },
        None => Route::Commands { application_id },
    })
}

/// A number as serenity has it, which panics at 0.
fn numbered<T: From<NonZeroU64>>(number: u64) -> Result<T, RestError> {
    let number = NonZeroU64::new(number);
    number.map(T::from).ok_or_else(|| RestError::Request("nothing of Discord's has the number 0".to_owned()))
}

async fn read(mut answer: reqwest::Response) -> Result<Value, RestError> {
    let status = answer.status();
    let header = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse::<f64>().ok());
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(from_reqwest)? {
        if body.len() + part.len() > MAX_ANSWER {
            return Err(RestError::Unreachable("an answer larger than any of Discord's".to_owned()));
        }
        body.extend_from_slice(&part);
    }
    let value: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(value);
    }
    let after = header.or_else(|| value["retry_after"].as_f64());
    let retry_after = after.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let message = value["message"].as_str().unwrap_or_default().chars().take(200).collect();
    let code = value["code"].as_i64().unwrap_or(0);
    Err(RestError::Refused { status: status.as_u16(), code, message, retry_after })
}

/// What went wrong, without the address: it holds tokens of interactions.
fn from_reqwest(error: reqwest::Error) -> RestError {
    if error.is_timeout() {
        return RestError::TimedOut;
    }
    if error.is_builder() || error.is_request() && !error.is_connect() && !error.is_body() {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(source) = cause.source() {
            cause = source;
        }
        return RestError::Unreachable(cause.to_string());
    }
    RestError::Unreachable(error.without_url().to_string())
}

fn from_serenity(error: serenity::Error) -> RestError {
    match error {
        serenity::Error::Http(serenity::http::HttpError::Request(error)) => from_reqwest(error),
        other => RestError::Request(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_number_0_is_an_error_and_no_panic() {
        // Nobody listens there, and nobody is asked.
        let rest = Rest::new("of.a.test", Some("http://127.0.0.1:1")).unwrap();
        let body = Value::Null;
        for refused in [
            rest.respond(0, "t", &body).await,
            rest.edit(0, "t", &body).await.map(drop),
            rest.follow_up(0, "t", &body).await,
            rest.take_back(0, "t").await,
            rest.post_once(0, &body).await.map(drop),
            rest.crosspost(1, 0).await,
            rest.commands(1, Some(0)).await.map(drop),
        ] {
            assert!(matches!(refused, Err(RestError::Request(_))), "{refused:?}");
        }
    }
}
