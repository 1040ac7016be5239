//! A server whose answers are set path by path, and what it serves: feeds and pages.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a server sends.
#[derive(Clone)]
pub enum Reply {
    /// These bytes, after this time.
    Bytes(Duration, Arc<Vec<u8>>),
    /// Nothing, until the other side leaves.
    Silence,
}

impl Reply {
    pub fn with(status: &str, headers: &str, body: &str) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self::Bytes(Duration::ZERO, Arc::new([head.as_bytes(), body.as_bytes()].concat()))
    }

    pub fn feed(body: &str) -> Self {
        Self::with("200 OK", "Content-Type: application/rss+xml\r\n", body)
    }

    pub fn page(body: &str) -> Self {
        Self::with("200 OK", "Content-Type: text/html; charset=utf-8\r\n", body)
    }

    pub fn status(status: &str) -> Self {
        Self::with(status, "", "")
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        Self::with(&format!("{status} Moved"), &format!("Location: {to}\r\n"), "")
    }

    pub fn after(self, wait: Duration) -> Self {
        match self {
            Self::Bytes(_, bytes) => Self::Bytes(wait, bytes),
            Self::Silence => Self::Silence,
        }
    }
}

/// A request: its target, its head, and how many came for this target before.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub head: String,
    pub before: usize,
}

type Answer = Arc<dyn Fn(&Request) -> Reply + Send + Sync>;

#[derive(Default)]
struct Shared {
    answers: Mutex<HashMap<String, Answer>>,
    otherwise: Mutex<Option<Answer>>,
    requests: Mutex<Vec<Request>>,
    counts: Mutex<HashMap<String, usize>>,
}

/// A server on 127.0.0.1, or on several addresses of this machine at one port, so that it stands for several hosts.
#[derive(Clone)]
pub struct Server {
    port: u16,
    shared: Arc<Shared>,
}

impl Server {
    pub async fn start() -> Self {
        Self::on_hosts(1).await
    }

    /// A server that is `hosts` hosts: 127.0.0.1, 127.0.0.2, …
    pub async fn on_hosts(hosts: u8) -> Self {
        let shared = Arc::<Shared>::default();
        'ports: loop {
            let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = first.local_addr().unwrap().port();
            let mut listeners = vec![first];
            for host in 2..=hosts {
                match TcpListener::bind(SocketAddr::from(([127, 0, 0, host], port))).await {
                    Ok(listener) => listeners.push(listener),
                    Err(_) => continue 'ports,
                }
            }
            for listener in listeners {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    while let Ok((stream, _)) = listener.accept().await {
                        let shared = Arc::clone(&shared);
                        tokio::spawn(async move {
                            let _ = talk(stream, &shared).await;
                        });
                    }
                });
            }
            return Self { port, shared };
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, path: &str) -> String {
        self.url_at(1, path)
    }

    pub fn url_at(&self, host: u8, path: &str) -> String {
        format!("http://127.0.0.{host}:{}{path}", self.port)
    }

    /// Sets what is answered at a path.
    pub fn set(&self, path: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        self.shared.answers.lock().unwrap().insert(path.to_owned(), Arc::new(answer));
    }

    /// Sets what is answered everywhere else.
    pub fn otherwise(&self, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) {
        *self.shared.otherwise.lock().unwrap() = Some(Arc::new(answer));
    }

    pub fn serve(&self, path: &str, reply: Reply) {
        self.set(path, move |_| reply.clone());
    }

    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.shared.requests.lock().unwrap().iter().filter(|request| request.path == path).cloned().collect()
    }

    /// How many requests came for a path.
    pub fn count(&self, path: &str) -> usize {
        self.shared.counts.lock().unwrap().get(path).copied().unwrap_or_default()
    }
}

async fn talk(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut bytes = [0; 1024];
        match stream.read(&mut bytes).await? {
            0 => return Ok(()),
            read => head.extend_from_slice(&bytes[..read]),
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let before = {
        let mut counts = shared.counts.lock().unwrap();
        let count = counts.entry(path.clone()).or_default();
        *count += 1;
        *count - 1
    };
    let request = Request { path, head, before };
    {
        let mut requests = shared.requests.lock().unwrap();
        // Those of a long run would fill the memory.
        if requests.len() < 10_000 {
            requests.push(request.clone());
        }
    }
    let answer = shared.answers.lock().unwrap().get(&request.path).cloned();
    let answer = answer.or_else(|| shared.otherwise.lock().unwrap().clone());
    match answer.map_or_else(|| Reply::status("404 Not Found"), |answer| answer(&request)) {
        Reply::Bytes(wait, bytes) => {
            tokio::time::sleep(wait).await;
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
            // Closing with unread bytes would reset the connection under the answer.
            while stream.read(&mut [0; 1024]).await? > 0 {}
        }
        Reply::Silence => while stream.read(&mut [0; 1024]).await? > 0 {},
    }
    Ok(())
}

/// An entry of a feed.
#[derive(Debug, Clone, Default)]
pub struct Item {
    pub guid: String,
    pub link: String,
    pub title: String,
    pub date: Option<String>,
    pub summary: String,
    pub content: Option<String>,
}

/// A feed of these entries.
pub fn rss(title: &str, items: &[Item]) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\">\
         <channel><title>{title}</title><link>http://news.example/</link>"
    );
    for item in items {
        let tag = |name: &str, text: &str| {
            if text.is_empty() { String::new() } else { format!("<{name}>{}</{name}>", escaped(text)) }
        };
        let _ = write!(
            out,
            "<item>{}{}{}{}{}{}</item>",
            if item.guid.is_empty() {
                String::new()
            } else {
                format!("<guid isPermaLink=\"false\">{}</guid>", escaped(&item.guid))
            },
            tag("link", &item.link),
            tag("title", &item.title),
            tag("pubDate", item.date.as_deref().unwrap_or_default()),
            tag("description", &item.summary),
            item.content.as_deref().map(|content| tag("content:encoded", content)).unwrap_or_default(),
        );
    }
    out + "</channel></rss>"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A page with an article of this number that no other has the words of.
pub fn article_page(number: u64) -> String {
    format!(
        "<html lang=\"en\"><head><title>Report {number}</title></head><body><article><h1>Report {number}</h1>{}</article></body></html>",
        paragraphs(number, 4)
    )
}

/// Paragraphs that only the number decides.
pub fn paragraphs(number: u64, count: u64) -> String {
    (0..count)
        .map(|n| {
            let x = (number * 31 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
            format!(
                "<p>In report {number} the harbour office said on Tuesday that boat {} had left pier {} with {} people aboard. \
                 It met boat {} off the island of number {}, and both came back before the evening without any damage at all.</p>",
                x % 99_991,
                x % 8_999,
                x % 46_301,
                x % 97_777,
                x % 120_103
            )
        })
        .collect()
}
