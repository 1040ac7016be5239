//! The settings as the rest of the program sees them: plain typed fields, and what holds when nothing is set.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::intake::fetch::InternalHost;

/// The settings of Byline.
///
/// The default is what holds when nothing is set and nothing is known of the machine (so no history file).
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where articles come from.
    pub library: Library,
    /// How questions are answered.
    pub answer: Answer,
    /// How articles are summed up.
    pub summary: Summary,
    /// The connection to Discord.
    pub discord: Discord,
    /// The connection to Matrix.
    pub matrix: Matrix,
    /// How what is queued is posted.
    pub posting: Posting,
    /// Fetching from the web.
    pub web: Web,
    /// Looking at feeds.
    pub feeds: Feeds,
    /// Channels that are files. None of its keys has a default, so that it may be missing as a whole.
    #[serde(default)]
    pub record: Record,
    /// What is logged, and how.
    pub log: Log,
    /// The chat on the terminal.
    pub console: Console,
}

/// Where articles come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Library {
    /// Files, folders and glob patterns; relative ones refer to the working directory by now.
    pub articles: Vec<PathBuf>,
    /// The folder of the search index and, unless [`database`](Self::database) says otherwise, of the database; `None` keeps
    /// nothing.
    pub data_dir: Option<PathBuf>,
    /// A PostgreSQL address or the path of an SQLite file. Secret, for an address may hold a password.
    pub database: Option<Secret>,
    /// Whether managers of any community may change the shared collection.
    pub shared_open: bool,
    /// How many articles the managers of one community may add in a day; 0 sets no bound.
    pub articles_a_day: u32,
}

/// A setting that is never shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Secret(SecretString);

impl Secret {
    /// The text, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// The text, still wrapped.
    #[must_use]
    pub fn secret(&self) -> SecretString {
        self.0.clone()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// How questions are answered.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// How many passages a search keeps for paging, 1 to 10.
    pub passages: usize,
    /// Answer only when at least this sure, 0 to 1; without it, the matcher's own threshold holds.
    pub confidence: Option<f32>,
    /// Show the nearest passage when at least this sure, 0 to 1; without it, the matcher's own threshold holds. When both
    /// are set, this one is not above [`confidence`](Self::confidence).
    pub nearest: Option<f32>,
}

/// How articles are summed up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// How many sentences a summary has, 1 to 10.
    pub sentences: usize,
}

/// The connection to Discord; `chat::discord` makes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discord {
    /// The bot's token. Without it and [`token_file`](Self::token_file), Discord is not served.
    pub token: Option<Secret>,
    /// A file that holds it.
    pub token_file: Option<PathBuf>,
    /// A REST proxy instead of Discord's own address.
    pub api_url: Option<String>,
    /// Servers by number, separated by commas; `None` registers the commands everywhere.
    pub guilds: Option<String>,
    /// `auto` or a range such as `0-3/8`.
    pub shards: String,
    /// Requests of one person in a minute.
    pub per_person: u32,
    /// Requests of one server in a minute.
    pub per_server: u32,
    /// How many days buttons work.
    pub buttons_days: u64,
    /// After how many days a server that is gone is forgotten.
    pub forget_days: u64,
    /// Whether digests notify nobody.
    pub quiet: bool,
    /// Whether digests in announcement channels are published.
    pub crosspost: bool,
    /// Whether each digest gets a thread.
    pub threads: bool,
}

impl Default for Discord {
    fn default() -> Self {
        Self {
            token: None,
            token_file: None,
            api_url: None,
            guilds: None,
            shards: "auto".to_owned(),
            per_person: 120,
            per_server: 600,
            buttons_days: 30,
            forget_days: 30,
            quiet: false,
            crosspost: false,
            threads: false,
        }
    }
}

/// The connection to Matrix; `chat::matrix` makes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// The homeserver's address, or its name. Without it, Matrix is not served.
    pub homeserver: Option<String>,
    /// The account.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
    /// A file that holds it.
    pub password_file: Option<PathBuf>,
    /// An access token.
    pub token: Option<Secret>,
    /// A file that holds it.
    pub token_file: Option<PathBuf>,
    /// What the device is called.
    pub device_name: String,
    /// What the store of keys is encrypted with; `None` makes a key.
    pub passphrase: Option<Secret>,
    /// Where the recovery key is written; `None` shows it once.
    pub recovery_key_file: Option<PathBuf>,
    /// Whose invitations are accepted, separated by commas.
    pub invites: Option<String>,
    /// Who manages Byline everywhere, separated by commas.
    pub managers: Option<String>,
    /// What a command begins with.
    pub prefix: String,
    /// Words that are commands, separated by commas.
    pub aliases: Option<String>,
    /// Requests of one person in a minute.
    pub per_person: u32,
    /// Requests of one room in a minute.
    pub per_room: u32,
    /// How many minutes old a message may be.
    pub max_age: u64,
    /// For how many seconds a key is waited for.
    pub key_wait: u64,
    /// For how many days pages turn.
    pub buttons_days: u64,
    /// After how many days a room that was left is forgotten.
    pub forget_days: u64,
}

impl Default for Matrix {
    fn default() -> Self {
        Self {
            homeserver: None,
            user: None,
            password: None,
            password_file: None,
            token: None,
            token_file: None,
            device_name: "Byline".to_owned(),
            passphrase: None,
            recovery_key_file: None,
            invites: None,
            managers: None,
            prefix: "!byline".to_owned(),
            aliases: None,
            per_person: 30,
            per_room: 600,
            max_age: 60,
            key_wait: 60,
            buttons_days: 30,
            forget_days: 30,
        }
    }
}

/// How what is queued is posted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// For how many seconds a process may hold a posting, 2 to 3600.
    pub lease: u64,
}

impl Posting {
    /// For how long a process may hold a posting.
    #[must_use]
    pub fn lease(&self) -> Duration {
        Duration::from_secs(self.lease)
    }
}

impl Default for Posting {
    fn default() -> Self {
        Self { lease: 60 }
    }
}

/// Fetching from the web; see [`Policy`](crate::intake::fetch::Policy).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Web {
    /// How sites can reach the operator.
    pub contact: Option<String>,
    /// The ports that are fetched from.
    pub ports: Vec<u16>,
    /// Hosts that may be fetched from although they are not on the public Internet.
    pub internal_hosts: Vec<InternalHost>,
    /// Whether robots.txt is honoured.
    pub robots: bool,
    /// For how many seconds a fetch may take, 1 to 300.
    pub timeout: u64,
    /// How large what is fetched may be, in MiB, 1 to 64.
    pub max_megabytes: usize,
    /// How many fetches are under way at once, 1 to 256.
    pub at_once: usize,
    /// How many seconds pass between two fetches from one host, 0 to 60.
    pub host_delay: f64,
}

impl Default for Web {
    fn default() -> Self {
        Self {
            contact: None,
            ports: vec![80, 443],
            internal_hosts: Vec::new(),
            robots: true,
            timeout: 30,
            max_megabytes: 8,
            at_once: 32,
            host_delay: 1.0,
        }
    }
}

/// Looking at feeds; see [`PollOptions`](crate::intake::poll::PollOptions).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feeds {
    /// Whether this process does.
    pub poll: bool,
    /// How many seconds pass at least between two looks at one, 1 to 604,800.
    pub shortest_interval: u64,
    /// How many pass at most.
    pub longest_interval: u64,
    /// How many are looked at, at once, 1 to 256.
    pub at_once: usize,
    /// How many days old an entry may be to be taken; 0 takes all.
    pub oldest_days: u64,
    /// How many the managers of one community may subscribe to; 0 sets no bound.
    pub per_community: u32,
}

impl Default for Feeds {
    fn default() -> Self {
        Self {
            poll: true,
            shortest_interval: 600,
            longest_interval: 43_200,
            at_once: 16,
            oldest_days: 90,
            per_community: 200,
        }
    }
}

/// Channels that are files; see [`record`](crate::chat::record).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Their folder; `None` records nothing.
    pub folder: Option<PathBuf>,
}

/// What is logged, and how; see [`logs`](crate::logs).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A filter that [`filter::directives`](super::filter::directives) accepts.
    pub level: String,
    /// The form of a line.
    pub format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// As [`Human`](Self::Human), on a terminal or not: who collects logs asks for JSON, and who redirects them to a file
    /// mostly reads it.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The chat on the terminal.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// Where typed lines are kept; `None` keeps none. Its folder need not exist yet.
    pub history: Option<PathBuf>,
    /// When to use colour.
    pub color: ColorChoice,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set (no-color.org).
    Auto,
    /// Even into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl ColorChoice {
    /// Whether to use colour on an output, given whether that is a terminal.
    #[must_use]
    pub fn enabled(self, terminal: bool) -> bool {
        self.decide(terminal, no_color())
    }

    fn decide(self, terminal: bool, no_color: bool) -> bool {
        match self {
            Self::Auto => terminal && !no_color,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Whether the variable `NO_COLOR` is there and not empty (no-color.org).
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

impl Default for Library {
    fn default() -> Self {
        Self {
            articles: vec!["data/articles".into()],
            data_dir: Some("byline-data".into()),
            database: None,
            shared_open: false,
            articles_a_day: 200,
        }
    }
}

impl Default for Answer {
    fn default() -> Self {
        Self { passages: 3, confidence: None, nearest: None }
    }
}

impl Default for Summary {
    fn default() -> Self {
        Self { sentences: 3 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { level: "warn".to_owned(), format: LogFormat::Auto }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self { history: None, color: ColorChoice::Auto }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        assert!(ColorChoice::Auto.decide(true, false));
        assert!(!ColorChoice::Auto.decide(true, true));
        assert!(!ColorChoice::Auto.decide(false, false));
        assert!(ColorChoice::Always.decide(false, true));
        assert!(!ColorChoice::Never.decide(true, false));
    }
}
