//! The SDK's client over our store, logged in to nothing yet.

use std::time::Duration;

use matrix_sdk::config::{RequestConfig, StoreConfig};
use matrix_sdk::cross_process_lock::CrossProcessLockConfig;
use matrix_sdk::encryption::{BackupDownloadStrategy, EncryptionSettings};
use matrix_sdk::{
    Client, ClientBuildError, ClientBuilder, SqliteCryptoStore, SqliteStateStore, SqliteStoreConfig, ThreadingSupport,
};
use matrix_sdk_base::{BaseClient, DmRoomDefinition};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::folder::{Folder, Kept};
use super::session::{Entering, SessionError};
use super::settings::Settings;
use super::trouble::Trouble;

/// How long a request may take.
pub const REQUEST: Duration = Duration::from_secs(30);

/// A client over the store in the folder, logged in to nothing yet, and what lies below it.
pub(super) async fn build(
    settings: &Settings,
    folder: &Folder,
    kept: &mut Kept,
) -> Result<(Client, BaseClient), Entering> {
    let store = SqliteStoreConfig::new(folder.store());
    let store = match &settings.passphrase {
        Some(passphrase) => store.passphrase(Some(passphrase.expose_secret())),
        // A key of our own needs none of the time that it takes to make one of a passphrase.
        None => store.key(Some(&own_key(folder, kept)?)),
    };
    let base = base(&store).await.map_err(|error| {
        let why = format!("{error} (is matrix.passphrase another than before?)");
        SessionError::Kept { path: folder.store(), why }
    })?;
    let builder = Client::builder()
        // Hidden in the SDK's documentation, and the only way to keep a hand on its encryption: see `verification.rs`.
        .base_client(base.clone())
        .cross_process_store_config(CrossProcessLockConfig::SingleProcess)
        .user_agent(concat!("byline/", env!("CARGO_PKG_VERSION")))
        .with_encryption_settings(EncryptionSettings {
            // Done in `recovery.rs`, where its errors are told.
            auto_enable_cross_signing: false,
            auto_enable_backups: false,
            backup_download_strategy: BackupDownloadStrategy::AfterDecryptionFailure,
        });
    let client = at(builder, settings).build().await.map_err(|error| not_built(settings, error))?;
    Ok((client, base))
}

/// Rooms and keys on the disk; events and media, which are not cached, in memory.
async fn base(store: &SqliteStoreConfig) -> Result<BaseClient, ClientBuildError> {
    let stores = StoreConfig::new(CrossProcessLockConfig::SingleProcess)
        .state_store(SqliteStateStore::open_with_config(store).await?)
        .crypto_store(SqliteCryptoStore::open_with_config(store).await?);
    Ok(BaseClient::new(stores, ThreadingSupport::Disabled, DmRoomDefinition::default()))
}

/// A client that keeps nothing.
pub(super) async fn passing(settings: &Settings) -> Result<Client, Entering> {
    at(Client::builder(), settings).build().await.map_err(|error| not_built(settings, error))
}

/// A client's homeserver, and how it is asked.
fn at(builder: ClientBuilder, settings: &Settings) -> ClientBuilder {
    let builder = builder.request_config(RequestConfig::new().timeout(REQUEST).disable_retry());
    let address = settings.homeserver.trim();
    match address.starts_with("http://") || address.starts_with("https://") {
        true => builder.homeserver_url(address),
        false => builder.server_name_or_homeserver_url(address),
    }
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

fn not_built(settings: &Settings, error: ClientBuildError) -> Entering {
    let homeserver = |why: String| SessionError::Homeserver { homeserver: settings.homeserver.clone(), why };
    match error {
        ClientBuildError::Http(error) => match Trouble::of_http(&error) {
            Trouble::Passing { after, told } => Entering::Later { after, told },
            other => homeserver(other.to_string()).into(),
        },
        ClientBuildError::AutoDiscovery(_) => homeserver("its name leads to no address".to_owned()).into(),
        other => homeserver(other.to_string()).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
