//! A small HTTP/1.1 server on a random loopback port: enough for a client that keeps its connections open.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub authorization: String,
    pub body: Option<Value>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
    /// Waited before it is sent.
    pub after: Duration,
    /// Whether the connection is closed without an answer.
    pub hang_up: bool,
    /// Whether the connection is closed after the answer, whose length is not told: as HTTP/1.0 does.
    pub closes: bool,
}

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body, after: Duration::ZERO, hang_up: false, closes: false }
    }
}

/// Serves until the runtime ends; the address that it listens on.
pub async fn serve<H, F>(handle: H) -> SocketAddr
where
    H: Fn(Request) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let handle = Arc::new(handle);
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else { return };
            let handle = Arc::clone(&handle);
            tokio::spawn(async move { connection(stream, &*handle).await });
        }
    });
    address
}

async fn connection<H, F>(stream: TcpStream, handle: &H) -> Option<()>
where
    H: Fn(Request) -> F,
    F: Future<Output = Answer>,
{
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let (mut length, mut authorization) = (0, String::new());
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await.ok()?;
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "authorization" => value.trim().clone_into(&mut authorization),
                "transfer-encoding" => panic!("a body of unknown length"),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.ok()?;
        let path = target.split('?').next()?.to_owned();
        let body = if body.is_empty() { None } else { Some(serde_json::from_slice(&body).unwrap_or(Value::Null)) };
        let answer = handle(Request { method, path, authorization, body }).await;
        tokio::time::sleep(answer.after).await;
        if answer.hang_up {
            return None;
        }
        let body = if answer.status == 204 { Vec::new() } else { answer.body.to_string().into_bytes() };
        let mut head = match answer.closes {
            true => format!("HTTP/1.0 {} X\r\nconnection: close\r\n", answer.status),
            false => format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", answer.status, body.len()),
        };
        if answer.status != 204 {
            head.push_str("content-type: application/json\r\n");
        }
        for (name, value) in &answer.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut out = head.into_bytes();
        out.extend(body);
        stream.write_all(&out).await.ok()?;
        if answer.closes {
            return None;
        }
    }
}
