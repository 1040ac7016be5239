//! What goes over the gateway's WebSocket: payloads, packed or not, and what closing it means.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use flate2::read::ZlibDecoder;
use futures_util::{SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config};
use url::Url;

use super::settings::SettingsError;
use super::trouble::DiscordError;

/// How long connecting may take, and then the first word.
pub const CONNECT: Duration = Duration::from_secs(15);
/// How long it may take to send something.
const SEND: Duration = Duration::from_secs(10);
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_secs(1);
/// The most of one payload that is read, in bytes: far beyond the largest server's.
const MAX_PAYLOAD: usize = 64 * 1024 * 1024;

/// A connection.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How encrypted connections are made, or why they can't be.
pub type Tls = Result<Arc<ClientConfig>, String>;

/// A message of the gateway.
#[derive(Deserialize)]
pub struct Payload {
    /// What kind of message it is.
    pub op: u8,
    /// What it is about.
    #[serde(default)]
    pub d: Value,
    /// The number of an event.
    #[serde(default)]
    pub s: Option<u64>,
    /// The name of an event.
    #[serde(default)]
    pub t: Option<String>,
}

/// Why a connection ended.
#[derive(Debug)]
pub enum Ended {
    /// We were asked to stop.
    Stopped,
    /// It is made again, not before this time has passed.
    Again { why: String, pause: Duration },
    /// It can't be made.
    Never(DiscordError),
}

impl Ended {
    /// It is made again, soon.
    pub fn again(why: impl Into<String>) -> Self {
        Self::Again { why: why.into(), pause: Duration::ZERO }
    }
}

/// Connects.
pub async fn open(address: &Url, tls: &Tls) -> Result<Socket, Ended> {
    let config = WebSocketConfig::default().max_message_size(Some(MAX_PAYLOAD)).max_frame_size(Some(MAX_PAYLOAD));
    let connector = match (tls, address.scheme()) {
        (_, "ws") => Connector::Plain,
        (Ok(tls), _) => Connector::Rustls(Arc::clone(tls)),
        (Err(why), _) => {
            let why = format!("this machine knows no certificate authorities (ca-certificates): {why}");
            return Err(Ended::Never(DiscordError::Ended(why)));
        }
    };
    let opening = connect_async_tls_with_config(address.as_str(), Some(config), true, Some(connector));
    let (socket, _) = timeout(CONNECT, opening)
        .await
        .map_err(|_| Ended::again("no connection in time"))?
        .map_err(|error| Ended::again(error.to_string()))?;
    Ok(socket)
}

/// Takes leave with this code. Whether it arrives matters to nobody: the connection is over.
pub async fn leave(socket: &mut Socket, code: u16) {
    let farewell = CloseFrame { code: code.into(), reason: "".into() };
    let _ = timeout(FAREWELL, socket.close(Some(farewell))).await;
}

/// Sends a payload.
pub async fn send(socket: &mut Socket, payload: &Value) -> Result<(), Ended> {
    match timeout(SEND, socket.send(Message::text(payload.to_string()))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Ended::again(error.to_string())),
        Err(_) => Err(Ended::again("nothing could be sent")),
    }
}

/// Why a connection ended when its session can't go on.
pub const OVER: &str = "the session is over";

/// The next message; nothing for what is none. It may be dropped at any moment.
pub async fn receive(socket: &mut Socket) -> Result<Option<Payload>, Ended> {
    match socket.next().await {
        Some(Ok(Message::Text(text))) => Ok(read(text.as_bytes())),
        Some(Ok(Message::Binary(bytes))) => match inflated(&bytes) {
            Some(text) => Ok(read(&text)),
            None => Err(Ended::again("a payload that can't be unpacked")),
        },
        Some(Ok(Message::Close(frame))) => Err(closed(frame.as_ref())),
        Some(Ok(_)) => Ok(None),
        Some(Err(error)) => Err(Ended::again(error.to_string())),
        None => Err(Ended::again("it was closed")),
    }
}

fn read(text: &[u8]) -> Option<Payload> {
    let payload = serde_json::from_slice(text);
    if payload.is_err() {
        // Not what it was: it may hold people's words.
        tracing::warn!(bytes = text.len(), "a message of the gateway makes no sense");
    }
    payload.ok()
}

/// Trust as the machine has it: its certificate authorities.
pub fn tls() -> Result<Arc<ClientConfig>, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A packed payload; one that was not packed is taken as it is.
fn inflated(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.first() == Some(&b'{') {
        return Some(bytes.to_vec());
    }
    let mut text = Vec::new();
    let most = MAX_PAYLOAD as u64;
    let read = ZlibDecoder::new(bytes).take(most + 1).read_to_end(&mut text);
    (read.is_ok() && text.len() as u64 <= most).then_some(text)
}

/// What the gateway means by closing.
/// <https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes>
fn closed(frame: Option<&CloseFrame>) -> Ended {
    let code = frame.map_or(1005, |frame| u16::from(frame.code));
    let never = |why: &str| Ended::Never(DiscordError::Ended(format!("{why} (close code {code})")));
    match code {
        4004 => Ended::Never(SettingsError::Refused.into()),
        4010 => never("Discord does not take this shard: see discord.shards"),
        4011 => never("Byline is in so many servers that it needs more shards: see discord.shards"),
        4012 => never("Discord no longer speaks this version of its gateway"),
        4013 | 4014 => never("Discord does not allow what Byline asks to be told of"),
        4003 | 4007 | 4009 => Ended::again(OVER),
        code => Ended::again(format!("closed with code {code}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn payloads_are_read_packed_and_not() {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(b"{\"op\":11}").unwrap();
        assert_eq!(inflated(&packed.finish().unwrap()).unwrap(), b"{\"op\":11}");
        assert_eq!(inflated(b"{\"op\":11}").unwrap(), b"{\"op\":11}");
        assert_eq!(inflated(b"\x00\x01nonsense"), None);
        let mut bomb = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        for _ in 0..=64 {
            bomb.write_all(&vec![b' '; 1024 * 1024]).unwrap();
        }
        assert_eq!(inflated(&bomb.finish().unwrap()), None);
    }

    #[test]
    fn a_close_code_says_whether_trying_again_helps() {
        let close = |code: u16| closed(Some(&CloseFrame { code: code.into(), reason: "".into() }));
        assert!(matches!(close(4004), Ended::Never(DiscordError::Settings(SettingsError::Refused))));
        for code in [4010, 4011, 4012, 4013, 4014] {
            assert!(matches!(close(code), Ended::Never(DiscordError::Ended(_))), "{code}");
        }
        for (code, over) in
            [(1000, false), (1001, false), (4000, false), (4003, true), (4007, true), (4008, false), (4009, true)]
        {
            let Ended::Again { why, .. } = close(code) else { panic!("{code}") };
            assert_eq!(why == OVER, over, "{code}");
        }
        assert!(matches!(closed(None), Ended::Again { .. }));
    }
}
