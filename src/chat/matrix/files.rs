//! Files that come with a command: the file message that it replies to, or that it is the caption of. Only what a command asks for is
//! fetched, and no more of it than of any other file: the SDK's own way to them knows no limit.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use matrix_sdk::reqwest::header::{HeaderMap, RETRY_AFTER};
use matrix_sdk::reqwest::{self, Response};
use matrix_sdk::ruma::api::auth_scheme::SendAccessToken;
use matrix_sdk::ruma::api::client::{authenticated_media, media};
use matrix_sdk::ruma::api::{Metadata, OutgoingRequest};
use matrix_sdk::ruma::{MxcUri, OwnedMxcUri};
use matrix_sdk::{Client, Room};
use matrix_sdk_base::crypto::{AttachmentDecryptor, MediaEncryptionInfo};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::bot::Bot;
use super::events::{self, Message};
use super::find::replied_event;
use crate::intake::attached::{self, Reading};
use crate::intake::fetch::{FetchError, Policy};

/// The most files that are in memory at once.
pub const ABREAST: usize = 8;

/// A file of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// What it is called.
    pub name: String,
    /// Where the homeserver has it: `mxc://…`.
    pub url: String,
    /// With what it is decrypted, in an encrypted room.
    pub key: Option<Value>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The file that comes with a command.
pub async fn of_command(bot: &Bot, room: &Room, message: &Message) -> Option<Arc<dyn attached::Sent>> {
    let file = match &message.file {
        Some(file) => file.clone(),
        None => events::file(&replied_event(room, message).await?["content"])?,
    };
    Some(Arc::new(Sent { file, client: bot.client.clone(), turns: Arc::clone(&bot.files) }))
}

/// A file that the homeserver keeps for us.
#[derive(Debug)]
struct Sent {
    file: File,
    client: Client,
    turns: Arc<Semaphore>,
}

impl attached::Sent for Sent {
    fn name(&self) -> &str {
        &self.file.name
    }

    fn read<'a>(&'a self, policy: &'a Policy) -> Reading<'a> {
        Box::pin(async move {
            let busy = || FetchError::Busy { host: self.host() };
            let _turn = timeout(policy.queue_timeout, self.turns.acquire()).await.map_err(|_| busy())?;
            let late = || self.late(policy);
            timeout(policy.total_timeout, self.twice(policy)).await.map_err(|_| late())?
        })
    }
}

impl Sent {
    /// What failed in a way that may pass is tried a second time, after a pause.
    async fn twice(&self, policy: &Policy) -> Result<Vec<u8>, FetchError> {
        match self.once(policy).await {
            Err(error) if error.is_temporary() => {
                tracing::debug!(%error, "a file was not fetched");
                let asked = error.retry_after().unwrap_or_default().min(policy.longest_retry_after);
                sleep(policy.retry_delay.max(asked)).await;
                self.once(policy).await
            }
            done => done,
        }
    }

    async fn once(&self, policy: &Policy) -> Result<Vec<u8>, FetchError> {
        let mut response = self.ask(policy).await?;
        let too_large = || FetchError::TooLarge { url: self.file.name.clone(), limit: policy.max_bytes };
        if response.content_length().is_some_and(|length| length > policy.max_bytes as u64) {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        loop {
            let part = timeout(policy.idle_timeout, response.chunk()).await.map_err(|_| self.late(policy))?;
            let Some(part) = part.map_err(|error| self.broken(&error))? else { break };
            if part.len() > policy.max_bytes - bytes.len() {
                return Err(too_large());
            }
            bytes.extend_from_slice(&part);
        }
        self.decrypted(bytes)
    }

    async fn ask(&self, policy: &Policy) -> Result<Response, FetchError> {
        let (url, headers) = self.address().await?;
        let asked = self.client.http_client().get(url).headers(headers).timeout(policy.total_timeout).send();
        let response = timeout(policy.idle_timeout, asked).await.map_err(|_| self.late(policy))?;
        let response = response.map_err(|error| self.broken(&error))?;
        if !response.status().is_success() {
            let (url, status) = (self.file.name.clone(), response.status().as_u16());
            let asked = response.headers().get(RETRY_AFTER).and_then(|asked| asked.to_str().ok()?.parse().ok());
            return Err(FetchError::Status { url, status, retry_after: asked.map(Duration::from_secs) });
        }
        Ok(response)
    }

    /// Where the homeserver is asked for it, and as whom: homeservers before version 1.11 of the protocol tell everybody.
    async fn address(&self) -> Result<(String, HeaderMap), FetchError> {
        let broken = |reason: String| FetchError::Broken { host: self.host(), reason };
        let versions = self.client.supported_versions().await;
        let versions = versions.map_err(|_| broken("it does not say which versions of Matrix it knows".to_owned()))?;
        let url = OwnedMxcUri::from(self.file.url.as_str());
        let token = self.client.access_token().unwrap_or_default();
        let request = |url: &MxcUri| {
            let (base, token) = (self.client.homeserver(), SendAccessToken::IfRequired(&token));
            let versions = std::borrow::Cow::Borrowed(&versions);
            type With = authenticated_media::get_content::v1::Request;
            if With::PATH_BUILDER.is_supported(&versions) {
                return With::from_uri(url).ok()?.try_into_http_request::<Vec<u8>>(base.as_str(), token, versions).ok();
            }
            #[expect(deprecated, reason = "for homeservers that have no other")]
            let request = media::get_content::v3::Request::from_url(url).ok()?;
            request.try_into_http_request::<Vec<u8>>(base.as_str(), SendAccessToken::None, versions).ok()
        };
        let request = request(&url).ok_or_else(|| self.damaged("its address is none"))?;
        Ok((request.uri().to_string(), request.headers().clone()))
    }

    fn decrypted(&self, bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        let Some(key) = &self.file.key else { return Ok(bytes) };
        let unreadable = || self.damaged("it can't be decrypted");
        let key: MediaEncryptionInfo = serde_json::from_value(key.clone()).map_err(|_| unreadable())?;
        let mut bytes = bytes.as_slice();
        let mut plain = Vec::with_capacity(bytes.len());
        let mut reader = AttachmentDecryptor::new(&mut bytes, key).map_err(|_| unreadable())?;
        // Its digest is checked at the end.
        reader.read_to_end(&mut plain).map_err(|_| unreadable())?;
        Ok(plain)
    }

    fn host(&self) -> String {
        self.client.homeserver().host_str().unwrap_or("the homeserver").to_owned()
    }

    fn late(&self, policy: &Policy) -> FetchError {
        FetchError::Timeout { host: self.host(), total: policy.total_timeout, idle: policy.idle_timeout }
    }

    fn damaged(&self, reason: &str) -> FetchError {
        FetchError::Coding { url: self.file.name.clone(), reason: reason.to_owned() }
    }

    /// What a request came to that has no answer. (The error itself names addresses.)
    fn broken(&self, error: &reqwest::Error) -> FetchError {
        let (host, reason) = (self.host(), |reason: &str| reason.to_owned());
        if error.is_connect() {
            return FetchError::Connect { host, reason: reason("it can't be reached") };
        }
        FetchError::Broken { host, reason: reason("the connection broke") }
    }
}
