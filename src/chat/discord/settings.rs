//! What the connection needs to know, and where its token comes from.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// How Byline connects to Discord.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot's token (`discord.token`). It goes before `token_file`.
    pub token: Option<SecretString>,
    /// A file that holds the token (`discord.token_file`): a container's secret, a systemd credential.
    pub token_file: Option<PathBuf>,
    /// The address that requests are sent to instead of Discord's (`discord.api_url`): a REST proxy, which then does the rate
    /// limiting. The gateway's address is asked from it.
    pub api_url: Option<String>,
    /// The servers, by number, in which the commands are registered (`discord.guilds`); none registers them everywhere.
    pub guilds: Vec<u64>,
    /// Which shards this process runs (`discord.shards`).
    pub shards: Shards,
    /// How many requests one person has in a minute (`discord.per_person`).
    pub per_person: u32,
    /// How many requests one server has in a minute (`discord.per_server`).
    pub per_server: u32,
    /// How long the buttons of an answer work (`discord.buttons_days`).
    pub buttons: Duration,
    /// After which time the data of a server that Byline was removed from is deleted (`discord.forget_days`).
    pub forget: Duration,
    /// How unasked posts are made.
    pub posts: Posts,
}

/// How unasked posts are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Posts {
    /// Without notifying anybody (`discord.quiet`).
    pub quiet: bool,
    /// In announcement channels, also to the channels that follow them (`discord.crosspost`).
    pub crosspost: bool,
    /// With a thread below each (`discord.threads`).
    pub threads: bool,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Settings {
    /// Whether systemd hands over a token.
    #[must_use]
    pub fn has_credential() -> bool {
        credential().is_some_and(|path| path.exists())
    }
}

/// Where systemd puts a token that it hands over.
fn credential() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(|folder| Path::new(&folder).join(CREDENTIAL))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: None,
            token_file: None,
            api_url: None,
            guilds: Vec::new(),
            shards: Shards::Automatic,
            per_person: 120,
            per_server: 600,
            buttons: 30 * DAY,
            forget: 30 * DAY,
            posts: Posts::default(),
        }
    }
}

/// Which shards a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shards {
    /// All, as many as Discord recommends.
    Automatic,
    /// From the first to the last, both included, of so many: several processes share the servers.
    Range {
        /// The first.
        first: u32,
        /// The last.
        last: u32,
        /// How many there are in all processes.
        total: u32,
    },
}

impl std::str::FromStr for Shards {
    type Err = SettingsError;

    /// Reads `auto`, or `0-3/8`: shards 0 to 3 of 8.
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("auto") {
            return Ok(Self::Automatic);
        }
        let range = || {
            let (range, total) = text.split_once('/')?;
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let number = |text: &str| text.trim().parse::<u32>().ok();
            let (first, last, total) = (number(first)?, number(last)?, number(total)?);
            (first <= last && last < total).then_some(Self::Range { first, last, total })
        };
        range().ok_or_else(|| SettingsError::Shards(text.to_owned()))
    }
}

/// Where to get a token, step by step.
const STEPS: &str = "\
To get one:
  1. Open https://discord.com/developers/applications and choose “New Application”.
  2. Under “Bot”, press “Reset Token” and copy what is shown. No privileged intent is needed.
  3. Give it to Byline in one of three ways:
       the environment     BYLINE__DISCORD__TOKEN=…
       a file              discord.token_file = \"/run/secrets/discord-token\" in bot.toml
       bot.toml            discord.token = \"…\"
     (as a systemd credential named discord-token it is found by itself)
  4. Invite the bot: under “Installation”, copy the install link and open it.";

/// What keeps the connection from being tried.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No token was given.
    #[error("Discord needs a bot token, and none is set (discord.token).\n{STEPS}")]
    NoToken,
    /// What was given can't be a token.
    #[error("The Discord token from {from} can't be one: {why}.\n{STEPS}")]
    NotAToken {
        /// Where it came from.
        from: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file could not be read.
    #[error("The file with the Discord token, {path}, can't be read: {error}")]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Discord does not know the token.
    #[error("Discord refuses the token: it was reset, or was not copied whole.\n{STEPS}")]
    Refused,
    /// Not an address.
    #[error("discord.api_url is “{0}”, which is no address such as http://127.0.0.1:3000")]
    ApiUrl(String),
    /// Not a way to write shards.
    #[error("discord.shards is “{0}”; it takes auto, or a range such as 0-3/8 (shards 0 to 3 of 8)")]
    Shards(String),
}

/// The name under which systemd gives a credential.
const CREDENTIAL: &str = "discord-token";

/// The most that is read of a token file, in bytes; tokens have about 72.
const MAX_TOKEN_BYTES: u64 = 4096;

impl Settings {
    /// The token: that of the configuration or the environment, of the file, or a systemd credential.
    ///
    /// # Errors
    /// [`SettingsError`], which says where to get one; it never holds a token.
    pub fn find_token(&self) -> Result<SecretString, SettingsError> {
        if let Some(token) = &self.token {
            return checked(token.expose_secret(), "the configuration");
        }
        if let Some(path) = &self.token_file {
            return from_file(path);
        }
        let credential = credential();
        match credential.filter(|path| path.exists()) {
            Some(path) => from_file(&path),
            None => Err(SettingsError::NoToken),
        }
    }

    /// The address for requests, without a slash at its end.
    ///
    /// # Errors
    /// [`SettingsError::ApiUrl`]
    pub fn proxy(&self) -> Result<Option<String>, SettingsError> {
        let Some(given) = self.api_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        let wrong = || SettingsError::ApiUrl(given.to_owned());
        let url = url::Url::parse(given).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || url.query().is_some() {
            return Err(wrong());
        }
        // Whoever copied Discord's own form meant the host: the version of the API is ours to choose.
        let base = url.as_str().trim_end_matches('/');
        let base = base.find("/api/v").map_or(base, |at| &base[..at]);
        Ok(Some(base.strip_suffix("/api").unwrap_or(base).to_owned()))
    }
}

fn from_file(path: &Path) -> Result<SecretString, SettingsError> {
    use std::io::Read;
    let mut token = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_TOKEN_BYTES).read_to_string(&mut token));
    read.map_err(|error| SettingsError::TokenFile { path: path.to_owned(), error })?;
    checked(&token, &path.display().to_string())
}

fn checked(token: &str, from: &str) -> Result<SecretString, SettingsError> {
    let token = token.trim();
    let token = token.strip_prefix("Bot ").unwrap_or(token);
    let not = |why| Err(SettingsError::NotAToken { from: from.to_owned(), why });
    if token.is_empty() {
        return not("it is empty");
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return not("it holds spaces or other characters that no token has");
    }
    Ok(SecretString::from(token.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_comes_from_the_configuration_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "Bot from.the.file\n").unwrap();
        let mut settings = Settings { token_file: Some(path), ..Settings::default() };
        assert_eq!(settings.find_token().unwrap().expose_secret(), "from.the.file");
        settings.token = Some(SecretString::from("from.the.configuration"));
        assert_eq!(settings.find_token().unwrap().expose_secret(), "from.the.configuration");
    }

    #[test]
    fn what_is_no_token_is_not_repeated() {
        let wrong = Settings { token: Some(SecretString::from("half a secret")), ..Settings::default() };
        let message = wrong.find_token().unwrap_err().to_string();
        assert!(message.contains("spaces") && message.contains("Reset Token"), "{message}");
        assert!(!message.contains("half") && !format!("{wrong:?}").contains("half"), "{message}");
        let missing = Settings { token_file: Some("/no/such/file".into()), ..Settings::default() };
        assert!(missing.find_token().unwrap_err().to_string().contains("/no/such/file"));
        let file = tempfile::NamedTempFile::new().unwrap();
        let empty = Settings { token_file: Some(file.path().into()), ..Settings::default() };
        assert!(empty.find_token().unwrap_err().to_string().contains("empty"));
    }

    #[test]
    fn an_address_is_taken_with_or_without_its_path() {
        let base = |url: &str| Settings { api_url: Some(url.to_owned()), ..Settings::default() }.proxy();
        for url in ["http://127.0.0.1:3000", "http://127.0.0.1:3000/", "http://127.0.0.1:3000/api/v10/"] {
            assert_eq!(base(url).unwrap().as_deref(), Some("http://127.0.0.1:3000"), "{url}");
        }
        assert_eq!(base("https://proxy.example/discord").unwrap().as_deref(), Some("https://proxy.example/discord"));
        assert_eq!(base(" ").unwrap(), None);
        for url in ["127.0.0.1:3000", "ftp://x", "http://x?y=z"] {
            assert!(base(url).is_err(), "{url}");
        }
    }

    #[test]
    fn shards_are_a_range_of_a_whole() {
        assert_eq!("auto".parse::<Shards>().unwrap(), Shards::Automatic);
        assert_eq!("0-3/8".parse::<Shards>().unwrap(), Shards::Range { first: 0, last: 3, total: 8 });
        assert_eq!("2/3".parse::<Shards>().unwrap(), Shards::Range { first: 2, last: 2, total: 3 });
        for wrong in ["", "3", "3-1/8", "0-8/8", "-1/2", "a/b"] {
            assert!(wrong.parse::<Shards>().is_err(), "{wrong}");
        }
    }
}
