//! The session: logged in once, kept, and gone on with at each start. One device for as long as the homeserver knows it.

use std::path::PathBuf;
use std::time::Duration;

use matrix_sdk::authentication::matrix::MatrixSession;
use matrix_sdk::store::StateStoreDataKey;
use matrix_sdk::{Client, SessionMeta, SessionTokens};
use matrix_sdk_base::BaseClient;
use secrecy::ExposeSecret;

use super::build::build;
use super::folder::{Folder, Kept, KeptSession};
use super::login::{log_in, with_token};
use super::settings::{Credential, Settings, SettingsError};
use super::trouble::{Patience, Trouble};

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
    #[error(
        "the homeserver refuses the password of {user}: it is wrong, or there is no such account. Look at matrix.user and at where the password comes from (matrix.password, matrix.password_file)"
    )]
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

/// A client that is logged in, and whether its store knows nothing of the rooms yet.
#[derive(Debug)]
pub struct Session {
    /// The client.
    pub client: Client,
    /// What lies below it.
    pub base: BaseClient,
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
            tracing::debug!(homeserver = settings.homeserver, ?wait, "still not logged in: {why}");
        } else {
            let hint = match after {
                Some(after) => format!("it is to be left alone for {} s", after.as_secs_f64().ceil()),
                None => "is matrix.homeserver right, and the network up?".to_owned(),
            };
            tracing::warn!(
                homeserver = settings.homeserver,
                "not logged in to Matrix: {why} ({hint}); it is tried again until it works"
            );
        }
        told = true;
        tokio::select! {
            () = &mut stopping => return Err(SessionError::Stopped),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Why an attempt led to no session.
pub(super) enum Entering {
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
        return go_on(settings, folder, kept, session).await;
    }
    match settings.find_credential().map_err(SessionError::from)? {
        Credential::Password { user, password } => log_in(settings, folder, kept, &user, &password, None).await,
        Credential::Token(token) => with_token(settings, folder, kept, &token).await,
    }
}

/// Goes on with the session that is kept, or logs in again where the homeserver ended it.
async fn go_on(
    settings: &Settings,
    folder: &Folder,
    mut kept: Kept,
    session: KeptSession,
) -> Result<Session, Entering> {
    // A token that was configured since goes before the one that is kept.
    let credential = settings.find_credential().ok();
    let token = match &credential {
        Some(Credential::Token(token)) => token.expose_secret().to_owned(),
        _ => session.token.clone(),
    };
    let (client, base) = build(settings, folder, &mut kept).await?;
    let fresh = forget_position(&client).await?;
    let meta = SessionMeta { user_id: parsed(&session.user)?, device_id: session.device.as_str().into() };
    match resume(&client, meta, token.clone()).await {
        Ok(()) => {
            let session = KeptSession { token, ..session };
            folder.write(&Kept { session: Some(session), ..kept })?;
            Ok(Session { client, base, fresh })
        }
        Err(Trouble::LoggedOut { soft }) => {
            let Some(Credential::Password { user, password }) = credential else {
                return Err(SessionError::UnknownToken.into());
            };
            drop((client, base));
            tracing::warn!(soft, "the homeserver ended the session: logging in again");
            // A soft logout leaves the device, and its store, as they are.
            let device = soft.then_some((session.device.as_str(), fresh));
            log_in(settings, folder, kept, &user, &password, device).await
        }
        Err(trouble) => Err(trouble.into()),
    }
}

/// Enters with a token, and makes sure that the homeserver knows it.
pub(super) async fn resume(client: &Client, meta: SessionMeta, token: String) -> Result<(), Trouble> {
    restore(client, meta, token).await?;
    client.whoami().await.map_err(|error| Trouble::of_http(&error))?;
    Ok(())
}

/// Enters with a token.
pub(super) async fn restore(client: &Client, meta: SessionMeta, token: String) -> Result<(), Trouble> {
    let tokens = SessionTokens { access_token: token, refresh_token: None };
    client.restore_session(MatrixSession { meta, tokens }).await.map_err(|error| Trouble::of(&error))
}

/// Forgets the position that the SDK has kept: ours is the one that counts, and an answer to a request from it must not be taken
/// for one that was seen before. Whether there was none: then the store knows of no rooms yet.
pub(super) async fn forget_position(client: &Client) -> Result<bool, Trouble> {
    let trouble = |error: matrix_sdk::StoreError| Trouble::Final { told: error.to_string() };
    let store = client.state_store();
    let known = store.get_kv_data(StateStoreDataKey::SyncToken).await.map_err(trouble)?;
    store.remove_kv_data(StateStoreDataKey::SyncToken).await.map_err(trouble)?;
    Ok(known.is_none())
}

/// The account's name as the protocol has it.
pub(super) fn parsed(user: &str) -> Result<matrix_sdk::ruma::OwnedUserId, Entering> {
    let wrong = |_| SessionError::Refused(format!("“{user}” is no account of Matrix"));
    Ok(matrix_sdk::ruma::UserId::parse(user).map_err(wrong)?)
}
