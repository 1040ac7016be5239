//! A door between the bot and its homeserver, at which some requests can be turned away, or their answers be lost.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// The most of a request's head.
const MAX_HEAD: usize = 64 * 1024;

/// What is turned away: requests whose first line holds this.
#[derive(Default)]
struct Keeper {
    words: Mutex<String>,
    /// With what: the status and the body.
    answer: Mutex<(&'static str, &'static str)>,
    closed: AtomicBool,
    /// The homeserver is asked all the same, and what it answers is lost.
    loses: AtomicBool,
    refused: AtomicUsize,
}

pub struct Door {
    pub url: String,
    keeper: Arc<Keeper>,
}

impl Door {
    /// One before the homeserver at this address. It lets everybody through.
    pub fn before(homeserver: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let behind = homeserver.trim_start_matches("http://").to_owned();
        let keeper = Arc::new(Keeper::default());
        let keeping = Arc::clone(&keeper);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (keeper, behind) = (Arc::clone(&keeping), behind.clone());
                // An error: one of the two was killed.
                std::thread::spawn(move || drop(pass(stream, &behind, &keeper)));
            }
        });
        Self { url, keeper }
    }

    /// Turns requests away from now on whose first line holds these words.
    pub fn close(&self, words: &str) {
        self.close_with(words, "400 Bad Request", r#"{"errcode":"M_UNKNOWN","error":"not today"}"#);
    }

    /// The same, as too many.
    pub fn limit(&self, words: &str) {
        let body = r#"{"errcode":"M_LIMIT_EXCEEDED","error":"Too Many Requests","retry_after_ms":1500}"#;
        self.close_with(words, "429 Too Many Requests", body);
    }

    /// Lets requests through from now on whose first line holds these words, and loses what is answered.
    pub fn lose(&self, words: &str) {
        *self.keeper.words.lock().unwrap() = words.to_owned();
        self.keeper.loses.store(true, Ordering::SeqCst);
        self.keeper.closed.store(true, Ordering::SeqCst);
    }

    fn close_with(&self, words: &str, status: &'static str, body: &'static str) {
        *self.keeper.words.lock().unwrap() = words.to_owned();
        *self.keeper.answer.lock().unwrap() = (status, body);
        self.keeper.closed.store(true, Ordering::SeqCst);
    }

    pub fn open(&self) {
        self.keeper.closed.store(false, Ordering::SeqCst);
        self.keeper.loses.store(false, Ordering::SeqCst);
    }

    /// How many were turned away, or lost.
    pub fn refused(&self) -> usize {
        self.keeper.refused.load(Ordering::SeqCst)
    }
}

/// Passes one request on, and what is answered back: both are told that there is no other on this connection.
fn pass(mut asking: TcpStream, behind: &str, keeper: &Keeper) -> std::io::Result<()> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        let mut some = [0; 4096];
        let count = asking.read(&mut some)?;
        if count == 0 || read.len() > MAX_HEAD {
            return Ok(());
        }
        read.extend_from_slice(&some[..count]);
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let is_meant = keeper.closed.load(Ordering::SeqCst) && first.contains(keeper.words.lock().unwrap().as_str());
    let loses = is_meant && keeper.loses.load(Ordering::SeqCst);
    if is_meant && !loses {
        keeper.refused.fetch_add(1, Ordering::SeqCst);
        let (status, body) = *keeper.answer.lock().unwrap();
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close");
        write!(asking, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
        return asking.shutdown(Shutdown::Both);
    }
    let mut answering = TcpStream::connect(behind)?;
    let rest = lines.filter(|line| !line.to_ascii_lowercase().starts_with("connection:"));
    let head: String = std::iter::once(first).chain(rest).map(|line| format!("{line}\r\n")).collect();
    write!(answering, "{head}Connection: close\r\n\r\n")?;
    answering.write_all(&read[end + 4..])?;
    let (mut more, mut on) = (asking.try_clone()?, answering.try_clone()?);
    std::thread::spawn(move || drop(std::io::copy(&mut more, &mut on)));
    if loses {
        std::io::copy(&mut answering, &mut std::io::sink())?;
        keeper.refused.fetch_add(1, Ordering::SeqCst);
    } else {
        std::io::copy(&mut answering, &mut asking)?;
    }
    asking.shutdown(Shutdown::Both)?;
    answering.shutdown(Shutdown::Both)
}
