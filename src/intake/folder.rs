//! Articles from files, folders and globs.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use walkdir::WalkDir;

use crate::article::Article;
use crate::article::read::{self, ReadError};
use crate::library::Library;
use crate::library::store::MAX_PATH_BYTES;

/// The largest file that is opened, in bytes (64 MiB): room for a year of one outlet as `.jsonl`, not for a disk image.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// A file (or an article in it) that gave nothing, and why.
#[derive(Debug)]
pub struct Refused {
    /// The file as it was named or found.
    pub path: PathBuf,
    /// Why.
    pub reason: LoadError,
}

/// Why a file gave no article.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No file, folder or match of a glob.
    #[error("no such file or folder, and nothing matches it as a pattern")]
    NoMatch,
    /// The pattern is malformed.
    #[error("not a valid pattern: {0}")]
    Pattern(#[from] glob::PatternError),
    /// A folder holds no file that Byline reads.
    #[error("no article in this folder (Byline reads {})", read::EXTENSIONS.map(|e| format!(".{e}")).join(", "))]
    EmptyFolder,
    /// The file can't be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file is larger than [`MAX_FILE_BYTES`].
    #[error("the file has {0} bytes; at most {MAX_FILE_BYTES} are read")]
    TooLarge(u64),
    /// The path is longer than the store remembers.
    #[error("its path is longer than {MAX_PATH_BYTES} bytes")]
    LongPath,
    /// The file changed while it was read.
    #[error("it is being written at this moment")]
    Changing,
    /// The file was read and is no article.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What loading gave: the library, and what could not be read. One unreadable file never hides the others.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The articles.
    pub library: Library,
    /// What gave nothing, in the order in which it was found.
    pub refused: Vec<Refused>,
}

/// Loads every article that `paths` name, in a stable order: as named, folders by path.
///
/// In folders only files with a known suffix are taken, hidden ones and links to folders are passed over; a file that is
/// named itself is read whatever its suffix. `progress` is called once a file, from several threads.
pub fn load(paths: &[PathBuf], progress: impl Fn() + Sync) -> Loaded {
    let mut loaded = Loaded::default();
    let files = gather(paths, &mut loaded.refused);
    let read: Vec<_> = files
        .into_par_iter()
        .map(|path| {
            let articles = read_file(&path);
            progress();
            (path, articles)
        })
        .collect();
    for (path, outcome) in read {
        match outcome {
            Ok((articles, problems)) => {
                for article in articles {
                    loaded.library.add(article);
                }
                loaded.refused.extend(problems.into_iter().map(|e| Refused { path: path.clone(), reason: e.into() }));
            }
            Err(reason) => loaded.refused.push(Refused { path, reason }),
        }
    }
    loaded
}

/// The files that `paths` name, each once, and what of `paths` names none.
#[must_use]
pub fn files(paths: &[PathBuf]) -> (Vec<PathBuf>, Vec<Refused>) {
    let mut refused = Vec::new();
    let files = gather(paths, &mut refused);
    (files, refused)
}

/// The articles of one file, and the entries of it that are none (a bad line of a `.jsonl` file).
///
/// # Errors
/// [`LoadError`] when the file as a whole gives nothing.
pub fn read_file(path: &Path) -> Result<(Vec<Article>, Vec<ReadError>), LoadError> {
    let bytes = read_bytes(path)?;
    Ok(read::read(path, &bytes)?)
}

/// The bytes of a file of bearable size.
///
/// # Errors
/// [`LoadError::Io`] or [`LoadError::TooLarge`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, LoadError> {
    let file = File::open(path)?;
    let known = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(known.min(MAX_FILE_BYTES)).unwrap_or(0));
    // The length that the file system tells may be stale or (for a pipe) zero: the read itself is what is bounded.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(LoadError::TooLarge(known.max(bytes.len() as u64)));
    }
    Ok(bytes)
}

fn gather(paths: &[PathBuf], refused: &mut Vec<Refused>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        let found = if path.exists() { Ok(vec![path.clone()]) } else { matches_of(path) };
        match found {
            Ok(found) => found.iter().for_each(|path| gather_one(path, &mut files, refused)),
            Err(reason) => refused.push(Refused { path: path.clone(), reason }),
        }
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|path| seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())));
    files
}

fn matches_of(pattern: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let found: Vec<PathBuf> = glob::glob(&pattern.to_string_lossy())?.filter_map(Result::ok).collect();
    if found.is_empty() { Err(LoadError::NoMatch) } else { Ok(found) }
}

fn gather_one(path: &Path, files: &mut Vec<PathBuf>, refused: &mut Vec<Refused>) {
    if !path.is_dir() {
        files.push(path.to_owned());
        return;
    }
    let before = files.len() + refused.len();
    let visible =
        |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
    for entry in WalkDir::new(path).sort_by_file_name().into_iter().filter_entry(visible) {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            // A pipe or a device in a folder would keep the start waiting for ever.
            Ok(entry) if !entry.path().is_file() => {}
            Ok(entry) if read::Format::of_path(entry.path()).is_some() => files.push(entry.into_path()),
            Ok(_) => {}
            Err(error) => refused
                .push(Refused { path: error.path().unwrap_or(path).to_owned(), reason: LoadError::Io(error.into()) }),
        }
    }
    if files.len() + refused.len() == before {
        refused.push(Refused { path: path.to_owned(), reason: LoadError::EmptyFolder });
    }
}
