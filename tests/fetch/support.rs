//! Servers that misbehave as told and remember who came, and a resolver that answers as told.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use byline::intake::fetch::{FetchError, Fetched, Fetcher, Policy, Resolve, Resolving, Wanted};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What no fetch of these tests may take, however busy the machine is.
pub const FAR_TOO_LONG: Duration = Duration::from_secs(60);

/// What a server sends.
pub enum Reply {
    /// These bytes, then the end.
    Bytes(Vec<u8>),
    /// The first bytes, then the second again and again with a pause between, until the other side leaves.
    Endless(Vec<u8>, Vec<u8>, Duration),
    /// Nothing, until the other side leaves.
    Silence,
}

impl Reply {
    /// A page with these words.
    pub fn page(words: &str) -> Self {
        Self::with("200 OK", "Content-Type: text/html; charset=utf-8\r\n", words.as_bytes())
    }

    /// Nothing but a status.
    pub fn status(status: &str) -> Self {
        Self::with(status, "", b"")
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::with(&format!("{status} Moved"), &format!("Location: {to}\r\n"), b"")
    }

    /// A whole answer. The headers end in a line end each.
    pub fn with(status: &str, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        Self::Bytes([head.as_bytes(), body].concat())
    }

    /// Exactly these bytes.
    pub fn raw(bytes: impl AsRef<[u8]>) -> Self {
        Self::Bytes(bytes.as_ref().to_vec())
    }
}

/// A request as it came in: its target, and all of its head.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub head: String,
}

/// A server, and what happened to it.
pub struct Server {
    pub address: SocketAddr,
    came: Arc<Came>,
}

#[derive(Default)]
struct Came {
    connections: AtomicUsize,
    requests: Mutex<Vec<Request>>,
    sent: AtomicUsize,
}

impl Server {
    /// A server on 127.0.0.1 that answers each request as `answer` says.
    pub async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::on("127.0.0.1:0", answer).await
    }

    /// A server that nobody should ever come to, at all of this machine's addresses: IPv6 too, where there is any.
    pub async fn trap() -> Self {
        let nobody = |_: &Request| Reply::page("trapped");
        match TcpListener::bind("[::]:0").await {
            Ok(listener) => Self::serve(listener, nobody),
            Err(_) => Self::on("0.0.0.0:0", nobody).await,
        }
    }

    async fn on(place: &str, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::serve(TcpListener::bind(place).await.unwrap(), answer)
    }

    fn serve(listener: TcpListener, answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let address = listener.local_addr().unwrap();
        let came = Arc::<Came>::default();
        let (answer, seen) = (Arc::new(answer), Arc::clone(&came));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                seen.connections.fetch_add(1, Ordering::SeqCst);
                let (answer, seen) = (Arc::clone(&answer), Arc::clone(&seen));
                tokio::spawn(async move {
                    let _ = talk(stream, &*answer, &seen).await;
                });
            }
        });
        Self { address, came }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// An address of this server under this name.
    pub fn url(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port())
    }

    pub fn connections(&self) -> usize {
        self.came.connections.load(Ordering::SeqCst)
    }

    /// How many bytes the other side took before it left, or at least let into the sockets.
    pub fn sent(&self) -> usize {
        self.came.sent.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.came.requests.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }
}

async fn talk(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Request) -> Reply + Send + Sync),
    came: &Came,
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut byte = [0; 1024];
        match stream.read(&mut byte).await? {
            0 => return Ok(()),
            read => head.extend_from_slice(&byte[..read]),
        }
        // The first byte of TLS, which this server does not speak.
        if head.first() == Some(&0x16) {
            return stream.write_all(b"HTTP/1.1 400 Plain HTTP here\r\n\r\n").await;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let request = Request { path, head };
    came.requests.lock().unwrap().push(request.clone());
    match answer(&request) {
        Reply::Bytes(bytes) => {
            stream.write_all(&bytes).await?;
            came.sent.fetch_add(bytes.len(), Ordering::SeqCst);
            stream.shutdown().await?;
            // Closing with unread bytes would reset the connection under the answer.
            while stream.read(&mut [0; 1024]).await? > 0 {}
        }
        Reply::Endless(first, again, pause) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                came.sent.fetch_add(again.len(), Ordering::SeqCst);
                if !pause.is_zero() {
                    sleep(pause).await;
                }
            }
        }
        Reply::Silence => while stream.read(&mut [0; 1024]).await? > 0 {},
    }
    Ok(())
}

/// Answers names as told: the first time the first list, then the second, and the last one from then on.
#[derive(Debug, Default)]
pub struct Names {
    lists: HashMap<String, Vec<Vec<IpAddr>>>,
    asked: Mutex<HashMap<String, usize>>,
}

impl Names {
    pub fn new<const N: usize>(names: [(&str, &[&[&str]]); N]) -> Arc<Self> {
        let list = |list: &&[&str]| list.iter().map(|address| address.parse().unwrap()).collect();
        let lists = names.into_iter().map(|(name, lists)| (name.to_owned(), lists.iter().map(list).collect()));
        Arc::new(Self { lists: lists.collect(), asked: Mutex::default() })
    }

    /// Names that answer the same every time.
    pub fn steady(names: impl IntoIterator<Item = (String, Vec<IpAddr>)>) -> Arc<Self> {
        Arc::new(Self {
            lists: names.into_iter().map(|(name, list)| (name, vec![list])).collect(),
            asked: Mutex::default(),
        })
    }

    pub fn asked(&self, name: &str) -> usize {
        self.asked.lock().unwrap().get(name).copied().unwrap_or_default()
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        let before = {
            let mut asked = self.asked.lock().unwrap();
            let count = asked.entry(host.to_owned()).or_default();
            *count += 1;
            *count - 1
        };
        let lists = self.lists.get(host);
        let found = lists.and_then(|lists| lists.get(before).or(lists.last())).cloned();
        Box::pin(async move { found.ok_or_else(|| std::io::Error::other("no such name\u{1b}[31m")) })
    }
}

/// Quick and impatient, and with these ports; closed to this machine all the same.
pub fn closed(ports: &[u16]) -> Policy {
    Policy {
        ports: ports.to_vec(),
        robots: false,
        connect_timeout: Duration::from_secs(5),
        idle_timeout: Duration::from_secs(5),
        total_timeout: Duration::from_secs(20),
        host_delay: Duration::ZERO,
        retry_delay: Duration::from_millis(10),
        ..Policy::default()
    }
}

/// The same, open to this machine.
pub fn open(server: &Server) -> Policy {
    Policy { allow_loopback: true, ..closed(&[server.port()]) }
}

/// Fetches one page, within [`FAR_TOO_LONG`].
pub async fn get(fetcher: &Fetcher, address: &str) -> Result<Fetched, FetchError> {
    fetch(fetcher, address, &Wanted::page()).await
}

/// Fetches what is wanted, within [`FAR_TOO_LONG`]. What is told of a failure must be fit to show.
pub async fn fetch(fetcher: &Fetcher, address: &str, wanted: &Wanted) -> Result<Fetched, FetchError> {
    let url = address.parse().unwrap();
    let outcome = tokio::time::timeout(FAR_TOO_LONG, fetcher.get(&url, wanted)).await.expect("bounded in time");
    if let Err(error) = &outcome {
        let told = error.to_string();
        assert!(!told.chars().any(char::is_control) && told.chars().count() < 400, "{told:?}");
    }
    outcome
}
