//! What is kept of the account beside the store: in one folder, which only its owner may look into.
//!
//! It holds `session.json` (the access token, and the key of the store where no passphrase is configured) and `store/`, where the
//! SDK keeps rooms and encryption keys. A store belongs to a device: without a session that fits, it begins anew.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::session::SessionError;

/// What is kept of a session.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    #[serde(default)]
    pub(super) homeserver: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) session: Option<KeptSession>,
    /// What the store is encrypted with, in hexadecimal digits, where that was not configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) store_key: Option<String>,
    /// Whether the recovery key was written, or shown.
    #[serde(default)]
    pub(super) recovery_told: bool,
}

/// A session: whose, of which device, and the token that opens it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptSession {
    pub(super) user: String,
    pub(super) device: String,
    pub(super) token: String,
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

    /// The file of the session.
    pub(super) fn file(&self) -> PathBuf {
        self.0.join("session.json")
    }

    /// The folder in which the SDK keeps rooms and keys.
    pub(super) fn store(&self) -> PathBuf {
        self.0.join("store")
    }

    /// What is kept; nothing yet where there is no file.
    pub(super) fn read(&self) -> Result<Kept, SessionError> {
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

    /// Keeps this in place of what was kept.
    pub(super) fn write(&self, kept: &Kept) -> Result<(), SessionError> {
        let path = self.file();
        let written = serde_json::to_string_pretty(kept).map_err(std::io::Error::from);
        let written = written.and_then(|json| write_secret(&path, &json));
        written.map_err(|error| SessionError::Kept { path, why: error.to_string() })
    }

    /// Throws away a store that belongs to no session.
    pub(super) fn start_anew(&self) -> Result<(), SessionError> {
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
    fn a_broken_file_is_told_without_its_words() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(place.path()).unwrap();
        std::fs::write(folder.file(), "{ \"session\": \"syt_secret").unwrap();
        let told = folder.read().unwrap_err().to_string();
        assert!(told.contains("session.json") && !told.contains("syt_"), "{told}");
    }
}
