//! Who we are for others: the keys of cross-signing with which our device is verified, the secret storage and backup that outlive
//! the disk, and the recovery key that opens them.
//!
//! At the first start all are made, and the recovery key is written where the configuration says, or shown once. On a new disk the
//! recovery key brings everything back.

use std::io::IsTerminal;
use std::path::Path;

use matrix_sdk::Client;
use matrix_sdk::encryption::recovery::{RecoveryError, RecoveryState};
use matrix_sdk::ruma::api::client::uiaa::AuthData;
use secrecy::{ExposeSecret, SecretString};

use super::folder::{Folder, write_secret};
use super::login::proof;
use super::settings::Settings;
use super::trouble::Trouble;

/// Why it could not be done. Byline answers all the same; at the next start it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum Unrecoverable {
    /// The homeserver.
    #[error("{0}")]
    Trouble(Trouble),
    /// The SDK.
    #[error("{0}")]
    Recovery(String),
    /// The file.
    #[error("the recovery key could not be written to {path}: {error}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl From<matrix_sdk::Error> for Unrecoverable {
    fn from(error: matrix_sdk::Error) -> Self {
        Self::Trouble(Trouble::of(&error))
    }
}

impl From<RecoveryError> for Unrecoverable {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Sdk(error) => error.into(),
            other => Self::Recovery(other.to_string()),
        }
    }
}

/// Makes sure that our device is verified, and that keys can be recovered. The first sync must have been done.
///
/// # Errors
/// [`Unrecoverable`]
pub async fn set_up(client: &Client, settings: &Settings, folder: &Folder) -> Result<(), Unrecoverable> {
    let encryption = client.encryption();
    encryption.wait_for_e2ee_initialization_tasks().await;
    let status = encryption.cross_signing_status().await;
    let complete = status.is_some_and(|status| status.is_complete());
    let known = match client.user_id() {
        Some(me) => encryption.request_user_identity(me).await?.is_some(),
        None => false,
    };
    if !complete || !known {
        identify(client, settings, folder, proof(settings, client)).await?;
    }
    let file = settings.recovery_key_file.as_deref();
    match encryption.recovery().state() {
        RecoveryState::Disabled | RecoveryState::Unknown => {
            if encryption.backups().fetch_exists_on_server().await? && !encryption.backups().are_enabled().await {
                // A backup that nobody has the key of: its history is lost, and what comes is to be kept.
                tracing::warn!("the account has a key backup that can't be opened: a new one is made");
                encryption.backups().disable_and_delete().await.map_err(Unrecoverable::from)?;
            }
            let key = SecretString::from(encryption.recovery().enable().await?);
            tell(&key, file, folder)?;
        }
        // Made, and the process died before its key was told; or the file was removed: a new key is made.
        RecoveryState::Enabled if !folder.recovery_told() || file.is_some_and(|file| !file.exists()) => {
            let key = SecretString::from(encryption.recovery().reset_key().await?);
            tell(&key, file, folder)?;
        }
        RecoveryState::Enabled => {}
        RecoveryState::Incomplete => {
            tracing::warn!(
                "some keys of the account are missing here: put its recovery key into the file matrix.recovery_key_file"
            );
        }
    }
    let device = encryption.get_own_device().await.map_err(|error| Unrecoverable::Recovery(error.to_string()))?;
    let verified = device.is_some_and(|device| device.is_cross_signed_by_owner());
    tracing::info!(verified, recovery = ?encryption.recovery().state(), "encryption is set up");
    Ok(())
}

/// Gets the keys of cross-signing: from secret storage with the recovery key, or new ones where there are none yet.
async fn identify(
    client: &Client,
    settings: &Settings,
    folder: &Folder,
    proof: Option<AuthData>,
) -> Result<(), Unrecoverable> {
    let encryption = client.encryption();
    if let Some(key) = settings.recovery_key_file.as_deref().and_then(recovery_key) {
        match encryption.recovery().recover_and_fix_backup(key.expose_secret()).await {
            Ok(()) => {
                tracing::info!("the keys were recovered with the recovery key");
                return noted(folder);
            }
            Err(error) => {
                let error = Unrecoverable::from(error);
                tracing::warn!("the recovery key in matrix.recovery_key_file opens nothing: {error}");
            }
        }
    }
    match encryption.bootstrap_cross_signing_if_needed(None).await {
        Err(error) if error.as_uiaa_response().is_some() => {
            let Some(mut proof) = proof else {
                return Err(Unrecoverable::Recovery(
                    "the homeserver wants the password for the keys of cross-signing: set matrix.password".to_owned(),
                ));
            };
            if let (AuthData::Password(password), Some(asked)) = (&mut proof, error.as_uiaa_response()) {
                password.session.clone_from(&asked.session);
            }
            encryption.bootstrap_cross_signing(Some(proof)).await?;
        }
        done => done?,
    }
    let status = encryption.cross_signing_status().await;
    if !status.is_some_and(|status| status.is_complete()) {
        tracing::warn!(
            "the account has keys of cross-signing that are not here, so that this device is not verified: put its recovery key into the file matrix.recovery_key_file, or verify it from another session"
        );
    }
    Ok(())
}

/// The most that is read of the file, in bytes; a key has about 60.
const MAX_KEY: u64 = 4096;

fn recovery_key(path: &Path) -> Option<SecretString> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(MAX_KEY).read_to_string(&mut text).ok()?;
    let key = text.trim();
    (!key.is_empty()).then(|| SecretString::from(key.to_owned()))
}

/// Writes the recovery key, or shows it, and notes that this was done.
fn tell(key: &SecretString, file: Option<&Path>, folder: &Folder) -> Result<(), Unrecoverable> {
    match file {
        Some(path) => {
            let text = format!("{}\n", key.expose_secret());
            write_secret(path, &text).map_err(|error| Unrecoverable::File { path: path.to_owned(), error })?;
            tracing::info!(path = %path.display(), "the recovery key was written");
        }
        None => {
            use std::io::Write;
            // On standard error, not in the log: it is a secret, and shown this once.
            let mut terminal = std::io::stderr();
            let hint = if terminal.is_terminal() { "" } else { " (and remove it from where this output is kept)" };
            let _ = writeln!(
                terminal,
                "The recovery key of Byline's account on Matrix, shown this once: keep it in a safe place{hint}.\n  {}\nmatrix.recovery_key_file names a file that it is written to instead.",
                key.expose_secret()
            );
        }
    }
    noted(folder)
}

/// Notes that the operator has the recovery key.
fn noted(folder: &Folder) -> Result<(), Unrecoverable> {
    folder.note_recovery_told().map_err(|error| Unrecoverable::Recovery(error.to_string()))
}
