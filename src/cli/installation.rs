//! The name of an installation: whose files are mirrored, where several machines share a database.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use tempfile::NamedTempFile;
use uuid::Uuid;

/// The file in the data folder that holds the name.
const FILE: &str = "installation";

/// The name, the same at every start. It is made at the first one.
pub(super) fn name(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join(FILE);
    let read = || match fs::read_to_string(&path) {
        Ok(name) if !name.trim().is_empty() => Ok(Some(name.trim().to_owned())),
        Ok(_) => {
            anyhow::bail!("{} is empty: remove it, and the files of library.articles are read anew", path.display())
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} can't be read", path.display())),
    };
    if let Some(name) = read()? {
        return Ok(name);
    }
    let make = || {
        let mut file = NamedTempFile::new_in(folder)?;
        writeln!(file, "{}", Uuid::new_v4())?;
        file.as_file().sync_all()?;
        match file.persist_noclobber(&path) {
            // Of two that start at once, the first one counts.
            Err(error) if error.error.kind() != ErrorKind::AlreadyExists => Err(error.error),
            _ => Ok(()),
        }
    };
    make().with_context(|| format!("{} can't be written", path.display()))?;
    read()?.with_context(|| format!("{} is gone", path.display()))
}

/// A name that no other process has, alive or dead: it tells who holds a lease.
pub(super) fn process(installation: &str) -> String {
    format!("{installation}/{}/{}", std::process::id(), Uuid::new_v4())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let first = name(folder.path()).unwrap();
        assert_eq!(name(folder.path()).unwrap(), first);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_ne!(process(&first), process(&first));
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let error = name(Path::new("no-such-folder")).unwrap_err();
        assert!(error.to_string().contains("no-such-folder"), "{error}");
    }
}
