//! What the connection needs to know, and where password and token come from.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::allow::Allow;
use crate::router::table;

/// How Byline connects to Matrix, and how it behaves there.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The homeserver's address, or the name of a server that tells it (`matrix.homeserver`).
    pub homeserver: String,
    /// The account (`matrix.user`).
    pub user: Option<String>,
    /// Its password (`matrix.password`). It goes before `password_file`.
    pub password: Option<SecretString>,
    /// A file that holds it (`matrix.password_file`).
    pub password_file: Option<PathBuf>,
    /// An access token (`matrix.token`). It goes before `token_file`, and a token before a password.
    pub token: Option<SecretString>,
    /// A file that holds it (`matrix.token_file`).
    pub token_file: Option<PathBuf>,
    /// What a new device is called (`matrix.device_name`).
    pub device_name: String,
    /// What the store of keys is encrypted with (`matrix.passphrase`); without it, a key is made and kept with the session.
    pub passphrase: Option<SecretString>,
    /// The folder of session and keys.
    pub folder: PathBuf,
    /// Where the recovery key is written (`matrix.recovery_key_file`).
    pub recovery_key_file: Option<PathBuf>,
    /// Whose invitations are accepted (`matrix.invites`), besides those of managers.
    pub invites: Allow,
    /// Who manages Byline in every room (`matrix.managers`).
    pub managers: Allow,
    /// What a command begins with, where a room has set nothing else (`matrix.prefix`).
    pub prefix: String,
    /// Words that are commands (`matrix.aliases`).
    pub aliases: Aliases,
    /// How many requests one person has in a minute (`matrix.per_person`).
    pub per_person: u32,
    /// How many requests one room has in a minute (`matrix.per_room`).
    pub per_room: u32,
    /// How old a message may be and still be answered (`matrix.max_age`).
    pub max_age: Duration,
    /// For how long the key of a message is waited for (`matrix.key_wait`).
    pub key_wait: Duration,
    /// For how long pages turn, and edits are followed (`matrix.buttons_days`).
    pub buttons: Duration,
    /// After which time a room that was left is forgotten (`matrix.forget_days`).
    pub forget: Duration,
}

/// Words that are commands, each with its command's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases(Vec<(String, &'static str)>);

impl Aliases {
    /// Reads `!ask, !q=ask`: a word alone is the command whose name it holds.
    ///
    /// # Errors
    /// [`SettingsError::Alias`] for one that is no command.
    pub fn parse(list: &str) -> Result<Self, SettingsError> {
        let read = |alias: &str| {
            let (word, command) = match alias.split_once('=') {
                Some((word, command)) => (word.trim(), command.trim()),
                None => (alias, alias.trim_start_matches(|c: char| !c.is_alphanumeric())),
            };
            let spec = table::find(&command.to_lowercase()).filter(|_| !word.is_empty() && !word.contains(' '));
            let spec = spec.ok_or_else(|| SettingsError::Alias(alias.to_owned()))?;
            Ok((word.to_lowercase(), spec.name))
        };
        let aliases = list.split(',').map(str::trim).filter(|alias| !alias.is_empty());
        aliases.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The command that a word is.
    #[must_use]
    pub fn command(&self, word: &str) -> Option<&'static str> {
        let word = word.to_lowercase();
        self.0.iter().find(|(alias, _)| *alias == word).map(|(_, command)| *command)
    }
}

/// How the account is entered.
#[derive(Debug, Clone)]
pub enum Credential {
    /// With an access token.
    Token(SecretString),
    /// With the account's name and its password.
    Password {
        /// The name, whole or before the colon.
        user: String,
        /// The password.
        password: SecretString,
    },
}

/// How to give what is needed.
const STEPS: &str = "\
Give Byline one of these:
  the environment     BYLINE__MATRIX__PASSWORD=… (with matrix.user), or BYLINE__MATRIX__TOKEN=…
  a file              matrix.password_file or matrix.token_file in bot.toml
  bot.toml            matrix.password or matrix.token
(as systemd credentials named matrix-password and matrix-token they are found by themselves)";

/// What keeps the connection from being tried.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Neither a password nor a token was given.
    #[error("Matrix needs the password or an access token of the account, and none is set.\n{STEPS}")]
    NoCredential,
    /// A password without an account.
    #[error("matrix.user is not set: whose password it is must be told, such as @byline:example.org")]
    NoUser,
    /// What was given can't be a password or token.
    #[error("What {from} gives for Matrix can't be used: {why}.\n{STEPS}")]
    NotUsable {
        /// Where it came from.
        from: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The file could not be read.
    #[error("The file {path} can't be read: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Not an alias.
    #[error("matrix.aliases: “{0}” names no command; it takes words such as !ask, or pairs such as !q=ask")]
    Alias(String),
}

/// The most that is read of a file with a secret, in bytes.
const MAX_SECRET_BYTES: u64 = 4096;

impl Settings {
    /// Whether systemd hands over a password or a token.
    #[must_use]
    pub fn has_credential() -> bool {
        [TOKEN, PASSWORD].into_iter().any(|name| credential(name).is_some())
    }

    /// How the account is entered: a token goes before a password, the configuration before a file, a file before systemd's.
    ///
    /// # Errors
    /// [`SettingsError`]; it never holds a secret.
    pub fn find_credential(&self) -> Result<Credential, SettingsError> {
        if let Some(token) = secret(self.token.as_ref(), self.token_file.as_deref(), TOKEN)? {
            return Ok(Credential::Token(token));
        }
        let password = secret(self.password.as_ref(), self.password_file.as_deref(), PASSWORD)?;
        let password = password.ok_or(SettingsError::NoCredential)?;
        let user = self.user.clone().ok_or(SettingsError::NoUser)?;
        Ok(Credential::Password { user, password })
    }
}

/// The names under which systemd gives them.
const TOKEN: &str = "matrix-token";
const PASSWORD: &str = "matrix-password";

fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(Path::new(&folder).join(name)).filter(|path| path.exists())
}

fn secret(
    given: Option<&SecretString>,
    file: Option<&Path>,
    name: &str,
) -> Result<Option<SecretString>, SettingsError> {
    if let Some(given) = given {
        return checked(given.expose_secret(), "the configuration").map(Some);
    }
    let credential = credential(name);
    let Some(path) = file.or(credential.as_deref()) else { return Ok(None) };
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_SECRET_BYTES).read_to_string(&mut text));
    read.map_err(|error| SettingsError::File { path: path.to_owned(), error })?;
    checked(&text, &path.display().to_string()).map(Some)
}

/// A secret without the end of its line. A password may hold spaces.
fn checked(text: &str, from: &str) -> Result<SecretString, SettingsError> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.trim().is_empty() {
        return Err(SettingsError::NotUsable { from: from.to_owned(), why: "it is empty" });
    }
    if text.contains(['\r', '\n']) {
        return Err(SettingsError::NotUsable { from: from.to_owned(), why: "it has several lines" });
    }
    Ok(SecretString::from(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            homeserver: "http://127.0.0.1:1".into(),
            user: Some("byline".into()),
            password: None,
            password_file: None,
            token: None,
            token_file: None,
            device_name: "Byline".into(),
            passphrase: None,
            folder: "nowhere".into(),
            recovery_key_file: None,
            invites: Allow::default(),
            managers: Allow::default(),
            prefix: "!byline".into(),
            aliases: Aliases::default(),
            per_person: 30,
            per_room: 600,
            max_age: Duration::from_secs(3600),
            key_wait: Duration::from_secs(60),
            buttons: Duration::from_secs(3600),
            forget: Duration::from_secs(3600),
        }
    }

    #[test]
    fn a_token_goes_before_a_password_and_the_configuration_before_a_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "of the file\n").unwrap();
        let mut settings = Settings { password_file: Some(file.path().into()), ..settings() };
        match settings.find_credential().unwrap() {
            Credential::Password { user, password } => {
                assert_eq!((user.as_str(), password.expose_secret()), ("byline", "of the file"));
            }
            other @ Credential::Token(_) => panic!("{other:?}"),
        }
        settings.token = Some(SecretString::from("a-token"));
        assert!(matches!(settings.find_credential().unwrap(), Credential::Token(_)));
        settings = Settings { user: None, token: None, ..settings };
        assert!(matches!(settings.find_credential(), Err(SettingsError::NoUser)));
        settings.password_file = Some("/no/such/file".into());
        assert!(settings.find_credential().unwrap_err().to_string().contains("/no/such/file"));
        settings.password_file = None;
        assert!(settings.find_credential().unwrap_err().to_string().contains("BYLINE__MATRIX__PASSWORD"));
    }

    #[test]
    fn aliases_name_commands() {
        let aliases = Aliases::parse("!ask, !q=ask , who=who").unwrap();
        assert_eq!(aliases.command("!ASK"), Some("ask"));
        assert_eq!(aliases.command("!q"), Some("ask"));
        assert_eq!(aliases.command("who"), Some("who"));
        assert_eq!(aliases.command("ask"), None);
        for wrong in ["!fly", "!x=fly", "=ask", "two words=ask"] {
            assert!(Aliases::parse(wrong).is_err(), "{wrong}");
        }
    }
}
