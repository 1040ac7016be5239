//! The session: logged in once, kept in a file that only its owner reads, and restored at each start. One device for as long as
//! the homeserver knows it.
//!
//! The folder holds `session.json` (the access token, and the key of the store where no passphrase is configured) and `store/`,
//! where the SDK keeps rooms and encryption keys. A store belongs to a device: without a session that fits, it begins anew.

use std::path::{Path, PathBuf};
use std::time::Duration;

use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::config::RequestConfig;
use matrix_sdk::cross_process_lock::CrossProcessLockConfig;
use matrix_sdk::encryption::{BackupDownloadStrategy, EncryptionSettings};
use matrix_sdk::ruma::api::client::uiaa::{self, AuthData, UserIdentifier};
use matrix_sdk::ruma::api::error::ErrorKind;
use matrix_sdk::store::StateStoreDataKey;
use matrix_sdk::{Client, ClientBuildError, Error, SessionMeta, SessionTokens, SqliteStoreConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::settings::{Credential, Settings, SettingsError};
use super::trouble::{Patience, Trouble};

/// How long a request may take.
pub const REQUEST: Duration = Duration::from_secs(30);

/// The longest wait between attempts to log in.
const LONGEST: Duration = Duration::from_secs(60);

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A setting keeps it from being tried; the message says what to do.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address makes no sense, or no homeserver is found behind the name.
    #[error(
        "no Matrix homeserver is found at “{homeserver}”: {why}. matrix.homeserver takes an address such as https://matrix.example.org, or the name of a server"
    )]
    Homeserver {
        /// What was configured.
        homeserver: String,
        /// Why.
        why: String,
    },
    /// The password is wrong.
    #[error("the homeserver refuses the password of {user}: it is wrong, or there is no such account")]
    WrongPassword {
        /// The account.
        user: String,
    },
    /// The token is unknown, and there is no password.
    #[error(
        "the homeserver does not know the access token: it was logged out. Give Byline a new one (matrix.token), or the password"
    )]
    UnknownToken,
    /// The token's device has keys that are not here.
    #[error(
        "the access token belongs to a device, {device}, whose encryption keys are not here: they were lost, or another program uses it. Give Byline a token of a login of its own, or the password"
    )]
    UsedDevice {
        /// The device.
        device: String,
    },
    /// The homeserver refuses.
    #[error("the homeserver does not let Byline in: {0}")]
    Refused(String),
    /// The files can't be used.
    #[error("{path}, where the Matrix session is kept, can't be used: {why}")]
    Kept {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Stopped before there was one.
    #[error("stopped")]
    Stopped,
}

/// What is kept of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    homeserver: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<KeptSession>,
    /// What the store is encrypted with, in hexadecimal digits, where that was not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    store_key: Option<String>,
    /// Whether the recovery key was written, or shown.
    #[serde(default)]
    recovery_told: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptSession {
    user: String,
    device: String,
    token: String,
}

/// The folder of session and keys.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder, made if it is not there; nobody else may look into it.
    ///
    /// # Errors
    /// [`SessionError::Kept`]
    pub fn open(path: &Path) -> Result<Self, SessionError> {
        let made = std::fs::create_dir_all(path).and_then(|()| only_ours(path, 0o700));
        made.map_err(|error| SessionError::Kept { path: path.to_owned(), why: error.to_string() })?;
        Ok(Self(path.to_owned()))
    }

    fn file(&self) -> PathBuf {
        self.0.join("session.json")
    }

    fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    fn read(&self) -> Result<Kept, SessionError> {
        let path = self.file();
        let kept = |why: String| SessionError::Kept { path: path.clone(), why };
        match std::fs::read_to_string(&path) {
            // The parser's message could repeat a part of the token.
            Ok(json) => {
                serde_json::from_str(&json).map_err(|_| kept("it makes no sense; remove it to log in anew".into()))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Kept::default()),
            Err(error) => Err(kept(error.to_string())),
        }
    }

    fn write(&self, kept: &Kept) -> Result<(), SessionError> {
        let path = self.file();
        let written = serde_json::to_string_pretty(kept).map_err(std::io::Error::from);
        let written = written.and_then(|json| write_secret(&path, &json));
        written.map_err(|error| SessionError::Kept { path, why: error.to_string() })
    }

    /// Throws away a store that belongs to no session.
    fn start_anew(&self) -> Result<(), SessionError> {
        match std::fs::remove_dir_all(self.store()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(SessionError::Kept { path: self.store(), why: error.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Whether the recovery key was written, or shown.
    #[must_use]
    pub fn recovery_told(&self) -> bool {
        self.read().is_ok_and(|kept| kept.recovery_told)
    }

    /// Notes that the recovery key was written, or shown.
    ///
    /// # Errors
    /// [`SessionError::Kept`]
    pub fn note_recovery_told(&self) -> Result<(), SessionError> {
        let kept = self.read()?;
        self.write(&Kept { recovery_told: true, ..kept })
    }
}

/// Writes a file that only its owner can read, whole or not at all.
///
/// # Errors
/// What the file system may answer.
pub fn write_secret(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(unix)]
fn only_ours(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn only_ours(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

/// A client that is logged in, and whether its store knows nothing of the rooms yet.
#[derive(Debug)]
pub struct Session {
    /// The client.
    pub client: Client,
    /// Whether its store is new.
    pub fresh: bool,
}

/// Logs in, or goes on with the session that is kept. A homeserver that can't be reached is waited for.
///
/// # Errors
/// [`SessionError`]: what waiting would not change.
pub async fn open(
    settings: &Settings,
    folder: &Folder,
    mut stopping: impl Future<Output = ()> + Unpin,
) -> Result<Session, SessionError> {
    let mut patience = Patience::up_to(LONGEST);
    let mut told = false;
    loop {
        let entered = tokio::select! {
            () = &mut stopping => return Err(SessionError::Stopped),
            entered = enter(settings, folder) => entered,
        };
        let (after, why) = match entered {
            Ok(session) => return Ok(session),
            Err(Entering::Error(error)) => return Err(error),
            Err(Entering::Later { after, told }) => (after, told),
        };
        let wait = patience.wait(after);
        // Told once; the attempts go on.
        if told {
            tracing::debug!(homeserver = settings.homeserver, "still not logged in: {why}");
        } else {
            tracing::warn!(homeserver = settings.homeserver, "not logged in to Matrix: {why}; trying again");
        }
        told = true;
        tokio::select! {
            () = &mut stopping => return Err(SessionError::Stopped),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Why an attempt led to no session.
enum Entering {
    Error(SessionError),
    Later { after: Option<Duration>, told: String },
}

impl From<SessionError> for Entering {
    fn from(error: SessionError) -> Self {
        Self::Error(error)
    }
}

impl From<Trouble> for Entering {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Passing { after, told } => Self::Later { after, told },
            Trouble::LoggedOut { .. } => Self::Error(SessionError::UnknownToken),
            other => Self::Error(SessionError::Refused(other.to_string())),
        }
    }
}

async fn enter(settings: &Settings, folder: &Folder) -> Result<Session, Entering> {
    let mut kept = folder.read()?;
    if kept.homeserver != settings.homeserver {
        kept = Kept { homeserver: settings.homeserver.clone(), store_key: kept.store_key, ..Kept::default() };
    }
    if let Some(session) = kept.session.take() {
        // A token that was configured since goes before the one that is kept.
        let credential = settings.find_credential().ok();
        let token = match &credential {
            Some(Credential::Token(token)) => token.expose_secret().to_owned(),
            _ => session.token.clone(),
        };
        let client = build(settings, folder, &mut kept).await?;
        let meta = SessionMeta { user_id: parsed(&session.user)?, device_id: session.device.as_str().into() };
        match resume(&client, meta.clone(), token.clone()).await {
            Ok(fresh) => {
                let session = KeptSession { token, ..session };
                folder.write(&Kept { session: Some(session), ..kept })?;
                return Ok(Session { client, fresh });
            }
            Err(Trouble::LoggedOut { soft }) => {
                let Some(Credential::Password { user, password }) = credential else {
                    return Err(SessionError::UnknownToken.into());
                };
                drop(client);
                tracing::warn!(soft, "the homeserver ended the session: logging in again");
                let device = soft.then_some(session.device.as_str());
                return log_in(settings, folder, kept, &user, &password, device).await;
            }
            Err(trouble) => return Err(trouble.into()),
        }
    }
    match settings.find_credential().map_err(SessionError::from)? {
        Credential::Password { user, password } => log_in(settings, folder, kept, &user, &password, None).await,
        Credential::Token(token) => with_token(settings, folder, kept, &token).await,
    }
}

/// A client over the store in the folder, logged in to nothing yet.
async fn build(settings: &Settings, folder: &Folder, kept: &mut Kept) -> Result<Client, Entering> {
    let store = SqliteStoreConfig::new(folder.store());
    let store = match &settings.passphrase {
        Some(passphrase) => store.passphrase(Some(passphrase.expose_secret())),
        // A key of our own needs none of the time that it takes to make one of a passphrase.
        None => store.key(Some(&own_key(folder, kept)?)),
    };
    let requests = RequestConfig::new().timeout(REQUEST).disable_retry();
    let builder = Client::builder()
        .sqlite_store_with_config_and_cache_path(store, None::<PathBuf>)
        .request_config(requests)
        .cross_process_store_config(CrossProcessLockConfig::SingleProcess)
        .user_agent(concat!("byline/", env!("CARGO_PKG_VERSION")))
        .with_encryption_settings(EncryptionSettings {
            // Done in `recovery.rs`, where its errors are told.
            auto_enable_cross_signing: false,
            auto_enable_backups: false,
            backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
        });
    let address = settings.homeserver.trim();
    let builder = match address.starts_with("http://") || address.starts_with("https://") {
        true => builder.homeserver_url(address),
        false => builder.server_name_or_homeserver_url(address),
    };
    builder.build().await.map_err(|error| not_built(settings, folder, error))
}

/// The key of the store, made if there is none yet.
fn own_key(folder: &Folder, kept: &mut Kept) -> Result<[u8; 32], SessionError> {
    let random = || Sha256::digest([uuid::Uuid::new_v4().into_bytes(), uuid::Uuid::new_v4().into_bytes()].concat());
    let made = || random().iter().map(|byte| format!("{byte:02x}")).collect();
    let digits = kept.store_key.get_or_insert_with(made);
    let wrong = || SessionError::Kept { path: folder.file(), why: "its store_key is none".to_owned() };
    let mut key = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return Err(wrong());
    }
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong())?;
    }
    Ok(key)
}

fn not_built(settings: &Settings, folder: &Folder, error: ClientBuildError) -> Entering {
    let homeserver = |why: String| SessionError::Homeserver { homeserver: settings.homeserver.clone(), why };
    match error {
        ClientBuildError::Http(error) => match Trouble::of_http(&error) {
            Trouble::Passing { after, told } => Entering::Later { after, told },
            other => homeserver(other.to_string()).into(),
        },
        ClientBuildError::AutoDiscovery(_) => homeserver("its name leads to no address".to_owned()).into(),
        ClientBuildError::SqliteStore(error) => {
            let why = format!("{error} (is matrix.passphrase another than before?)");
            SessionError::Kept { path: folder.store(), why }.into()
        }
        other => homeserver(other.to_string()).into(),
    }
}

/// Goes on with a session; whether the store is new.
async fn resume(client: &Client, meta: SessionMeta, token: String) -> Result<bool, Trouble> {
    let fresh = forget_position(client).await?;
    let tokens = SessionTokens { access_token: token, refresh_token: None };
    client.restore_session(MatrixSession { meta, tokens }).await.map_err(|error| Trouble::of(&error))?;
    client.whoami().await.map_err(|error| Trouble::of_http(&error))?;
    Ok(fresh)
}

/// Forgets the position that the SDK has kept: ours is the one that counts, and an answer to a request from it must not be taken
/// for one that was seen before. Whether there was none.
async fn forget_position(client: &Client) -> Result<bool, Trouble> {
    let trouble = |error: matrix_sdk::StoreError| Trouble::Final { told: error.to_string() };
    let store = client.state_store();
    let known = store.get_kv_data(StateStoreDataKey::SyncToken).await.map_err(trouble)?;
    store.remove_kv_data(StateStoreDataKey::SyncToken).await.map_err(trouble)?;
    Ok(known.is_none())
}

async fn log_in(
    settings: &Settings,
    folder: &Folder,
    mut kept: Kept,
    user: &str,
    password: &SecretString,
    device: Option<&str>,
) -> Result<Session, Entering> {
    if device.is_none() {
        folder.start_anew()?;
        kept.recovery_told = false;
    }
    let client = build(settings, folder, &mut kept).await?;
    // The key is kept before the store is used: a process that dies here can open it again.
    let nobody = Kept { session: None, ..kept };
    folder.write(&nobody)?;
    let fresh = forget_position(&client).await?;
    let mut login = client
        .matrix_auth()
        .login_username(user, password.expose_secret())
        .initial_device_display_name(&settings.device_name);
    if let Some(device) = device {
        login = login.device_id(device);
    }
    let response = login.send().await.map_err(|error| refused(&error, user))?;
    let session = KeptSession {
        user: response.user_id.to_string(),
        device: response.device_id.to_string(),
        token: response.access_token,
    };
    folder.write(&Kept { session: Some(session), ..nobody })?;
    tracing::info!(user = %response.user_id, device = %response.device_id, "logged in to Matrix");
    Ok(Session { client, fresh })
}

fn refused(error: &Error, user: &str) -> Entering {
    match error.client_api_error_kind() {
        Some(ErrorKind::Forbidden) => SessionError::WrongPassword { user: user.to_owned() }.into(),
        Some(ErrorKind::UserDeactivated) => SessionError::Refused("the account is deactivated".to_owned()).into(),
        _ => Trouble::of(error).into(),
    }
}

/// Enters with an access token: the homeserver tells whose it is, and of which device.
async fn with_token(
    settings: &Settings,
    folder: &Folder,
    mut kept: Kept,
    token: &SecretString,
) -> Result<Session, Entering> {
    folder.start_anew()?;
    kept.recovery_told = false;
    let whose = whose(settings, token).await?;
    let client = build(settings, folder, &mut kept).await?;
    let session = KeptSession {
        user: whose.user_id.to_string(),
        device: whose.device_id.to_string(),
        token: token.expose_secret().to_owned(),
    };
    folder.write(&Kept { session: Some(session), ..kept })?;
    let fresh = resume(&client, whose, token.expose_secret().to_owned()).await?;
    Ok(Session { client, fresh })
}

/// Whose a token is, asked with a client that keeps nothing. Its device must not have had keys before: they would not be here, and
/// what others encrypt for them could not be read.
async fn whose(settings: &Settings, token: &SecretString) -> Result<SessionMeta, Entering> {
    let address = settings.homeserver.trim();
    let builder = Client::builder().request_config(RequestConfig::new().timeout(REQUEST).disable_retry());
    let builder = match address.starts_with("http://") || address.starts_with("https://") {
        true => builder.homeserver_url(address),
        false => builder.server_name_or_homeserver_url(address),
    };
    let folder = Folder(PathBuf::new());
    let client = builder.build().await.map_err(|error| not_built(settings, &folder, error))?;
    let whose = ask(&client, token, "_matrix/client/v3/account/whoami", None).await?;
    let (Some(user), Some(device)) = (whose["user_id"].as_str(), whose["device_id"].as_str()) else {
        return Err(SessionError::Refused("the token belongs to no device".to_owned()).into());
    };
    let body = json!({ "device_keys": { user: [device] } });
    let keys = ask(&client, token, "_matrix/client/v3/keys/query", Some(body)).await?;
    if keys["device_keys"][user][device].is_object() {
        return Err(SessionError::UsedDevice { device: device.to_owned() }.into());
    }
    Ok(SessionMeta { user_id: parsed(user)?, device_id: device.into() })
}

/// Asks the homeserver for something with a token that belongs to no session yet.
async fn ask(client: &Client, token: &SecretString, path: &str, body: Option<Value>) -> Result<Value, Entering> {
    let later = |told: &str| Entering::Later { after: None, told: told.to_owned() };
    let homeserver = client.homeserver();
    let url = format!("{}/{path}", homeserver.as_str().trim_end_matches('/'));
    let request = match body {
        Some(body) => client.http_client().post(url).body(body.to_string()),
        None => client.http_client().get(url),
    };
    let response = request.bearer_auth(token.expose_secret()).timeout(REQUEST).send().await;
    let response = response.map_err(|_| later("the homeserver can't be reached"))?;
    match response.status().as_u16() {
        200 => {
            let text = response.text().await.map_err(|_| later("the connection to the homeserver broke"))?;
            let wrong = |_| later("what answers at the homeserver's address is not a homeserver at this moment");
            serde_json::from_str(&text).map_err(wrong)
        }
        401 => Err(SessionError::UnknownToken.into()),
        403 => Err(SessionError::Refused("the account may not be used (403)".to_owned()).into()),
        status => Err(later(&format!("the homeserver answers with status {status}"))),
    }
}

fn parsed(user: &str) -> Result<matrix_sdk::ruma::OwnedUserId, Entering> {
    let wrong = |_| SessionError::Refused(format!("“{user}” is no account of Matrix"));
    Ok(matrix_sdk::ruma::UserId::parse(user).map_err(wrong)?)
}

/// What proves to the homeserver that we are the account, where it asks again (for the keys of cross-signing).
#[must_use]
pub fn proof(settings: &Settings, client: &Client) -> Option<AuthData> {
    let Ok(Credential::Password { password, .. }) = settings.find_credential() else { return None };
    let user = client.user_id()?.to_string();
    let identifier = UserIdentifier::Matrix(uiaa::MatrixUserIdentifier::new(user));
    Some(AuthData::Password(uiaa::Password::new(identifier, password.expose_secret().to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_back_and_only_ours() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(&place.path().join("matrix")).unwrap();
        assert!(folder.read().unwrap().session.is_none());
        let session = KeptSession { user: "@byline:x".into(), device: "D".into(), token: "secret".into() };
        folder.write(&Kept { session: Some(session), ..Kept::default() }).unwrap();
        folder.note_recovery_told().unwrap();
        let kept = folder.read().unwrap();
        assert_eq!(kept.session.unwrap().token, "secret");
        assert!(folder.recovery_told());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.file()).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn the_key_of_the_store_is_made_once() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        let mut kept = Kept::default();
        let key = own_key(&folder, &mut kept).unwrap();
        assert_eq!(own_key(&folder, &mut kept).unwrap(), key);
        assert_ne!(own_key(&folder, &mut Kept::default()).unwrap(), key);
        for wrong in ["", "xy", &"g".repeat(64), &"ü".repeat(32)] {
            let mut kept = Kept { store_key: Some(wrong.to_owned()), ..Kept::default() };
            assert!(own_key(&folder, &mut kept).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_broken_file_is_told_without_its_words() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        std::fs::write(folder.file(), "{ \"session\": \"syt_secret").unwrap();
        let told = folder.read().unwrap_err().to_string();
        assert!(told.contains("session.json") && !told.contains("syt_"), "{told}");
    }
}
