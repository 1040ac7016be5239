//! A homeserver of our own, which can be killed and started again.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::Process;

/// How long Synapse may take to start.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// Below those that Linux and others take for the near end of connections.
const PORTS: std::ops::Range<u16> = 16_000..32_000;

/// How much of its log is told where a test fails: it knows why it said no.
const LAST_LINES: usize = 80;

/// What the configuration says.
pub const SECRET: &str = "of-the-tests";

const CONFIG: &str = include_str!("homeserver.yaml");

/// Loggers exist before this is read: unless it says so, they are silenced.
const LOGGING: &str = "version: 1
disable_existing_loggers: false
handlers: { console: { class: logging.StreamHandler } }
root: { level: WARNING, handlers: [console] }
";

const END_SESSIONS: &str = "\
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    ended = database.execute('UPDATE access_tokens SET valid_until_ms = 1 WHERE user_id = ?', sys.argv[2:])
    assert ended.rowcount
";

/// Sets the positions of streams, where they are kept, beyond every number that was given out. What was delivered and deleted has left
/// none behind, such as the keys of messages.
const COUNT_ON: &str = "\
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    for stream in sys.argv[2].split(';'):
        name, columns = stream.split('=')
        for column in columns.split(','):
            table, number = column.split('.')
            database.execute(f'UPDATE stream_positions SET stream_id = MAX(stream_id, '
                f'(SELECT COALESCE(MAX({number}), 0) FROM {table})) WHERE stream_name = ?', [name])
        database.execute('UPDATE stream_positions SET stream_id = stream_id + 1000 WHERE stream_name = ?', [name])
";

/// The streams of Synapse that say something to clients, and where their numbers are.
const STREAMS: &[(&str, &str)] = &[
    ("events", "events.stream_ordering,current_state_delta_stream.stream_id,ex_outlier_stream.event_stream_ordering"),
    ("to_device", "device_inbox.stream_id,device_federation_outbox.stream_id"),
    (
        "device_lists_stream",
        "device_lists_stream.stream_id,user_signature_stream.stream_id,device_lists_outbound_pokes.stream_id,\
         device_lists_changes_in_room.stream_id,device_lists_remote_pending.stream_id",
    ),
    ("account_data", "room_account_data.stream_id,room_tags_revisions.stream_id,account_data.stream_id"),
    ("receipts", "receipts_linearized.stream_id"),
    ("push_rules_stream", "push_rules_stream.stream_id"),
];

/// The Python that has Synapse, where there is one; otherwise says that the tests are skipped.
pub fn python() -> Option<PathBuf> {
    let python = std::env::var_os("BYLINE_TEST_SYNAPSE").filter(|python| !python.is_empty());
    if python.is_none() {
        static TOLD: Once = Once::new();
        TOLD.call_once(|| {
            // Not `println!`: the harness keeps what a passing test prints.
            let _ = writeln!(
                std::io::stderr(),
                "Matrix is skipped: BYLINE_TEST_SYNAPSE names no Python that has Synapse; scripts/synapse.sh installs one"
            );
        });
    }
    python.map(PathBuf::from)
}

pub struct Homeserver {
    folder: TempDir,
    python: PathBuf,
    port: u16,
    running: Option<Process>,
}

impl Homeserver {
    pub fn start(python: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let place = folder.path().to_str().unwrap();
        let config = CONFIG.replace("{folder}", place).replace("{port}", &port.to_string());
        fs::write(folder.path().join("homeserver.yaml"), config).unwrap();
        fs::write(folder.path().join("log.yaml"), LOGGING).unwrap();
        // 32 bytes in base64, of which the last letter holds two bits alone.
        let key: String = std::iter::repeat_with(fastrand::alphanumeric).take(42).collect();
        fs::write(folder.path().join("signing.key"), format!("ed25519 a_test {key}A\n")).unwrap();
        let mut homeserver = Self { folder, python: python.to_owned(), port, running: None };
        homeserver.start_again();
        homeserver
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// `kill -9`, and what Synapse does not mend of that by itself over SQLite.
    ///
    /// It numbers what it writes, and on PostgreSQL a sequence does; here it begins after the last number up to which nothing is missing.
    /// Where two writes were under way and only the second was kept, it gives that one's number out again, and refuses what it is for
    /// (“UNIQUE constraint failed: events.stream_ordering”, status 500); or the number was told to a client, for which what has it now
    /// is known already, and is never delivered.
    pub fn kill(&mut self) {
        self.running.take().expect("a homeserver that runs").kill("-9");
        let streams: Vec<String> = STREAMS.iter().map(|(stream, tables)| format!("{stream}={tables}")).collect();
        self.in_database(COUNT_ON, &streams.join(";"));
    }

    /// Ends the sessions of somebody while it is down, as their time does: the devices stay.
    pub fn end_sessions(&self, user: &str) {
        self.in_database(END_SESSIONS, user);
    }

    /// Does something in the database while nobody uses it: as Python, which has SQLite.
    fn in_database(&self, what: &str, with: &str) {
        assert!(self.running.is_none());
        let database = self.folder.path().join("homeserver.db");
        let done = Command::new(&self.python).args(["-c", what]).arg(database).arg(with).status().unwrap();
        assert!(done.success());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts it and waits until it answers.
    pub fn start_again(&mut self) {
        let mut command = Command::new(&self.python);
        command.args(["-m", "synapse.app.homeserver", "-c"]).arg(self.folder.path().join("homeserver.yaml"));
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(self.folder.path());
        let mut process = Process::start(&command, self.folder.path());
        let started = Instant::now();
        while !self.is_up() {
            assert!(process.is_running(), "Synapse ended: {}", self.log());
            assert!(started.elapsed() < STARTS_WITHIN, "Synapse does not start: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
        self.running = Some(process);
    }

    fn is_up(&self) -> bool {
        let ask = || {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            stream.write_all(b"GET /_matrix/client/versions HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
            let mut first = [0; 12];
            stream.read_exact(&mut first)?;
            std::io::Result::Ok(first)
        };
        ask().is_ok_and(|first| first.ends_with(b" 200"))
    }

    /// Whether these bytes are anywhere in its database, beside which SQLite may keep further files.
    pub fn database_holds(&self, words: &str) -> bool {
        let files = ["homeserver.db", "homeserver.db-wal"].map(|file| self.folder.path().join(file));
        files.iter().any(|file| {
            let bytes = fs::read(file).unwrap_or_default();
            bytes.windows(words.len()).any(|window| window == words.as_bytes())
        })
    }
}

impl Drop for Homeserver {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("The end of the homeserver's log:");
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            lines[lines.len().saturating_sub(LAST_LINES)..].iter().for_each(|line| println!("{line}"));
        }
    }
}

/// A port that is free, and stays so while the homeserver is away: none of those from which connections are made. Whoever
/// asks again and again at one of these that nobody listens at is one day given the same for its own end, and talks to itself there.
fn free_port() -> u16 {
    let free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| fastrand::u16(PORTS)).take(1_000).find(free).expect("a port that is free")
}
