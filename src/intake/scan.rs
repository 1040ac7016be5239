//! Which files there are below the places that were named, what is known of each without reading it, and why one that was
//! there before is not found.
//!
//! Three things look alike from outside and are not: a file that was deleted, one whose disk is not there at the moment, and
//! one that nobody wants any more. [`Scan::fate`] tells them apart.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::folder::LoadError;
use super::names;
use crate::article::read::Format;
use crate::library::store::Stamp;

/// A file that was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// The same as the store keeps it.
    pub(super) text: String,
    /// Which of the places that were named it was found at first.
    pub(super) place: usize,
    /// The number of its folders that are no part of its name.
    pub(super) above: usize,
    /// What it is.
    pub(super) stamp: Stamp,
    /// When anything of it was last changed, in nanoseconds since 1970: also its name, or a time that was set back.
    pub(super) touched: i64,
}

/// A place that was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A file.
    File(PathBuf),
    /// A folder, with all below it.
    Folder(PathBuf),
    /// A pattern, and the folder that all its matches lie below.
    Pattern(PathBuf),
    /// What is not there: a file or a folder, or the folder of a pattern.
    Missing(PathBuf),
}

impl Place {
    /// The path at or below which everything of this place lies.
    pub(super) fn base(&self) -> &Path {
        match self {
            Self::File(path) | Self::Folder(path) | Self::Pattern(path) | Self::Missing(path) => path,
        }
    }
}

/// A folder in which something may happen that matters here; by number it is told from another of the same path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) number: (u64, u64),
}

/// What names or gives no file, and why.
#[derive(Debug)]
pub(super) struct Refused {
    /// At which of the places that were named.
    pub(super) place: usize,
    pub(super) path: PathBuf,
    pub(super) reason: LoadError,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The files, each once, in the order of the places, below each by path.
    pub(super) files: Vec<Found>,
    /// The places, as many and in the order in which they were named.
    pub(super) places: Vec<Place>,
    /// The places as they were named, absolute.
    pub(super) named: Vec<PathBuf>,
    /// What names or gives no file.
    pub(super) refused: Vec<Refused>,
    /// Folders and files that could not be looked at: what was there may be there still.
    pub(super) unsure: Vec<PathBuf>,
    /// Links that would be files if what they lead to were there.
    pub(super) dangling: HashSet<PathBuf>,
    /// The folders in which something may happen.
    pub(super) folders: Vec<Folder>,
}

/// Why a file that was there before is not among those that were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was deleted, or nobody wants it any more.
    Gone,
    /// Where it was is not there at the moment.
    Absent(PathBuf),
    /// It can't be looked at, or came back just now.
    Unsure,
}

/// Finds the files at these places.
pub(super) fn scan(paths: &[PathBuf]) -> Scan {
    let mut scan = Scan::default();
    let mut seen = HashSet::new();
    for (place, path) in paths.iter().enumerate() {
        scan.place(place, path, &mut seen);
    }
    let mut known = HashSet::new();
    scan.folders.retain(|folder| known.insert(folder.path.clone()));
    scan
}

impl Scan {
    fn place(&mut self, place: usize, given: &Path, seen: &mut HashSet<PathBuf>) {
        let path = std::path::absolute(given).unwrap_or_else(|_| given.to_owned());
        self.named.push(path.clone());
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => {
                if path.is_symlink() {
                    // What it leads to can be changed without a word to whoever watches where it led.
                    self.folder(path.parent().unwrap_or(&path));
                }
                let before = self.refused.len();
                if self.walk(place, &path, names::depth(&path), seen) == 0 && self.refused.len() == before {
                    self.refused.push(Refused { place, path: given.to_owned(), reason: LoadError::EmptyFolder });
                }
                self.places.push(Place::Folder(path));
            }
            Ok(meta) => {
                self.folder(path.parent().unwrap_or(&path));
                let above = names::depth(&path).saturating_sub(1);
                self.file(place, path.clone(), above, &meta, seen);
                self.places.push(Place::File(path));
            }
            Err(error) if is_pattern(&path) => self.pattern(place, given, &path, error, seen),
            Err(error) => {
                self.folder(nearest(&path));
                if !is_absent(&error) {
                    self.unsure.push(path.clone());
                }
                let reason = if is_absent(&error) { LoadError::NoMatch } else { LoadError::Io(error) };
                self.refused.push(Refused { place, path: given.to_owned(), reason });
                self.places.push(Place::Missing(path));
            }
        }
    }

    fn pattern(&mut self, place: usize, given: &Path, path: &Path, error: io::Error, seen: &mut HashSet<PathBuf>) {
        let base: PathBuf = path.components().take_while(|part| !has_sign(part)).collect();
        if !base.is_dir() {
            self.folder(nearest(&base));
            let reason = if is_absent(&error) { LoadError::NoMatch } else { LoadError::Io(error) };
            self.refused.push(Refused { place, path: given.to_owned(), reason });
            self.places.push(Place::Missing(base));
            return;
        }
        let above = names::depth(&base);
        let matches = match glob::glob(&path.to_string_lossy()) {
            Ok(matches) => matches,
            Err(error) => {
                self.refused.push(Refused { place, path: given.to_owned(), reason: error.into() });
                // Nothing of it can be told from what was there before.
                self.unsure.push(base.clone());
                self.places.push(Place::Pattern(base));
                return;
            }
        };
        let mut any = false;
        for found in matches {
            any = true;
            match found {
                Ok(path) => match fs::metadata(&path) {
                    Ok(meta) if meta.is_dir() => {
                        self.walk(place, &path, above, seen);
                    }
                    Ok(meta) if meta.is_file() => self.file(place, path, above, &meta, seen),
                    Ok(_) => {}
                    Err(error) => self.not_looked_at(place, path, error),
                },
                Err(error) => {
                    let path = error.path().to_owned();
                    self.not_looked_at(place, path, error.into());
                }
            }
        }
        if !any {
            self.refused.push(Refused { place, path: given.to_owned(), reason: LoadError::NoMatch });
        }
        self.folders_of_pattern(path, &base);
        self.places.push(Place::Pattern(base));
    }

    /// The folders in which a match of a pattern may appear: those that its beginnings match.
    fn folders_of_pattern(&mut self, pattern: &Path, base: &Path) {
        self.folder(base);
        let mut beginning = base.to_owned();
        let parts: Vec<_> = pattern.components().skip(base.components().count()).collect();
        for part in parts.iter().take(parts.len().saturating_sub(1)) {
            beginning.push(part);
            for folder in glob::glob(&beginning.to_string_lossy()).into_iter().flatten().flatten() {
                if folder.is_dir() {
                    self.folder(&folder);
                }
            }
        }
    }

    /// Takes the files of a folder and all below it; how many there are, also of those that another place had.
    fn walk(&mut self, place: usize, root: &Path, above: usize, seen: &mut HashSet<PathBuf>) -> usize {
        let mut files = 0;
        let visible =
            |entry: &walkdir::DirEntry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.');
        for entry in WalkDir::new(root).sort_by_file_name().into_iter().filter_entry(visible) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    self.not_looked_at(place, path, error.into());
                    continue;
                }
            };
            if entry.file_type().is_dir() {
                self.folder(entry.path());
                continue;
            }
            if Format::of_path(entry.path()).is_none() {
                continue;
            }
            let meta = if entry.path_is_symlink() {
                fs::metadata(entry.path())
            } else {
                entry.metadata().map_err(io::Error::from)
            };
            match meta {
                // A pipe or a device would keep the reader waiting for ever.
                Ok(meta) if meta.is_file() => {
                    files += 1;
                    self.file(place, entry.into_path(), above, &meta, seen);
                }
                Ok(_) => {}
                Err(error) => self.not_looked_at(place, entry.into_path(), error),
            }
        }
        files
    }

    fn file(&mut self, place: usize, path: PathBuf, above: usize, meta: &Metadata, seen: &mut HashSet<PathBuf>) {
        if seen.insert(path.clone()) {
            let (stamp, touched) = stamp(meta);
            self.files.push(Found { text: text(&path), path, place, above, stamp, touched });
        }
    }

    fn folder(&mut self, path: &Path) {
        if let Ok(meta) = fs::metadata(path) {
            self.folders.push(Folder { path: path.to_owned(), number: number(&meta) });
        }
    }

    fn not_looked_at(&mut self, place: usize, path: PathBuf, error: io::Error) {
        // Gone since it was listed, or a link to what is not there: that is for `fate` to judge.
        if is_absent(&error) {
            if path.is_symlink() {
                self.dangling.insert(path);
            }
        } else {
            self.refused.push(Refused { place, path: path.clone(), reason: LoadError::Io(error) });
            self.unsure.push(path);
        }
    }

    /// Why a file that was read before, on this device, is not among those that were found. `holds` remembers which folders hold
    /// any, for the next question.
    pub(super) fn fate(&self, path: &Path, device: u64, holds: &mut HashMap<PathBuf, bool>) -> Fate {
        if self.unsure.iter().any(|unsure| path.starts_with(unsure)) {
            return Fate::Unsure;
        }
        let Some(place) = self.places.iter().filter(|place| path.starts_with(place.base())).max_by_key(|place| {
            // A place that is there knows more than one that is not.
            !matches!(place, Place::Missing(_))
        }) else {
            return Fate::Gone;
        };
        let base = place.base();
        // Where a link leads may be a disk that is not there at the moment; who wants the file gone takes the link away.
        let leads_nowhere =
            |at: &&Path| self.dangling.contains(*at) || (*at != path && at.is_symlink() && !at.exists());
        if let Some(link) = path.ancestors().take_while(|at| at.starts_with(base)).find(leads_nowhere) {
            return Fate::Absent(link.to_owned());
        }
        match fs::symlink_metadata(path) {
            // Found by nobody and yet there: nobody wants it; or it came this moment, and the next scan finds it.
            Ok(meta) => {
                let wanted = match place {
                    Place::Folder(root) => {
                        let hidden = |part: Component<'_>| part.as_os_str().to_string_lossy().starts_with('.');
                        !path.strip_prefix(root).is_ok_and(|below| below.components().any(hidden))
                            && Format::of_path(path).is_some()
                            && meta.is_file()
                    }
                    Place::File(_) | Place::Missing(_) => true,
                    Place::Pattern(_) => false,
                };
                return if wanted { Fate::Unsure } else { Fate::Gone };
            }
            Err(error) if !is_absent(&error) => return Fate::Unsure,
            Err(_) => {}
        }
        let nearest = nearest(path);
        if matches!(place, Place::Missing(_)) && base != path {
            return Fate::Absent(base.to_owned());
        }
        // A file that was named itself: its folder tells.
        if base == path && path.parent() != Some(nearest) {
            return Fate::Absent(path.parent().unwrap_or(path).to_owned());
        }
        // A folder without its disk is there, is empty, and is on another device.
        let there = fs::metadata(nearest).map(|meta| number(&meta).0).unwrap_or(device);
        let holds_any = holds
            .entry(nearest.to_owned())
            .or_insert_with(|| self.files.iter().any(|found| found.path.starts_with(nearest)));
        if there == device || *holds_any { Fate::Gone } else { Fate::Absent(nearest.to_owned()) }
    }
}

/// The nearest folder above a path that is there.
fn nearest(path: &Path) -> &Path {
    path.ancestors().skip(1).find(|folder| folder.is_dir()).unwrap_or(path)
}

fn is_pattern(path: &Path) -> bool {
    path.components().any(|part| has_sign(&part))
}

fn has_sign(part: &Component<'_>) -> bool {
    part.as_os_str().to_string_lossy().contains(['*', '?', '['])
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// A path as text. One that is none gets a mark, so that two are not taken for one.
pub(super) fn text(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    match path.to_str() {
        Some(text) => text.to_owned(),
        None => {
            let bytes = Sha256::digest(path.as_os_str().as_encoded_bytes());
            let mark: String = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
            format!("{}~{mark}", path.to_string_lossy())
        }
    }
}

/// What a file is, and when anything of it was last changed.
#[cfg(unix)]
pub(super) fn stamp(meta: &Metadata) -> (Stamp, i64) {
    use std::os::unix::fs::MetadataExt;
    let nanos = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos);
    let modified = nanos(meta.mtime(), meta.mtime_nsec());
    (Stamp { size: meta.len(), modified, device: meta.dev() }, modified.max(nanos(meta.ctime(), meta.ctime_nsec())))
}

/// What a file is, and when anything of it was last changed.
#[cfg(not(unix))]
pub(super) fn stamp(meta: &Metadata) -> (Stamp, i64) {
    let modified = meta.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.and_then(|since| i64::try_from(since.as_nanos()).ok()).unwrap_or(0);
    (Stamp { size: meta.len(), modified, device: 0 }, modified)
}

/// The numbers of a folder's file system and of the folder on it.
#[cfg(unix)]
fn number(meta: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

/// Systems without such numbers tell folders apart by when they were made.
#[cfg(not(unix))]
fn number(meta: &Metadata) -> (u64, u64) {
    let made = meta.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    (0, made.and_then(|since| u64::try_from(since.as_nanos()).ok()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "It left.").unwrap();
        }
        folder
    }

    #[test]
    fn every_file_is_found_once_however_often_it_is_named() {
        let news = folder(&["b.txt", "a/c.md", "a/d.odt", ".git/e.txt", "f.json.gz"]);
        let root = news.path();
        let places = [root.join("a/*"), root.to_owned(), root.join("b.txt"), root.join("a/d.odt"), root.join("x*")];
        let scan = scan(&places);
        let names: Vec<_> = scan.files.iter().map(|found| found.path.strip_prefix(root).unwrap()).collect();
        assert_eq!(names, ["a/c.md", "a/d.odt", "b.txt", "f.json.gz"].map(Path::new));
        assert_eq!(scan.refused.len(), 1);
        assert!(matches!(scan.refused[0].reason, LoadError::NoMatch));
        assert!(scan.folders.iter().any(|folder| folder.path == root.join("a")));
    }

    #[test]
    fn a_folder_whose_disk_is_not_there_is_told_from_one_that_was_emptied() {
        let news = folder(&["full/a.txt"]);
        fs::create_dir(news.path().join("empty")).unwrap();
        let scan = scan(&[news.path().to_owned()]);
        let here = number(&fs::metadata(news.path()).unwrap()).0;
        let fate = |path: &str, device| scan.fate(&news.path().join(path), device, &mut HashMap::new());
        assert_eq!(fate("empty/gone.txt", here), Fate::Gone);
        let elsewhere = here.wrapping_add(1);
        assert_eq!(fate("empty/gone.txt", elsewhere), Fate::Absent(news.path().join("empty")));
        assert_eq!(fate("full/gone.txt", elsewhere), Fate::Gone, "its disk is there: others are on it");
        assert_eq!(fate("empty/deep/gone.txt", elsewhere), Fate::Absent(news.path().join("empty")));
    }

    #[test]
    fn what_nobody_names_is_gone_and_what_is_not_there_is_kept() {
        let news = folder(&["a.txt", "b.md"]);
        let path = |name: &str| news.path().join(name);
        let fate = |places: &[PathBuf], file: &str| scan(places).fate(&path(file), 0, &mut HashMap::new());
        assert_eq!(fate(&[path("*.md")], "a.txt"), Fate::Gone, "another pattern");
        assert_eq!(fate(&[path("b.md")], "a.txt"), Fate::Gone);
        assert_eq!(fate(&[path("disk")], "disk/x.txt"), Fate::Absent(path("disk")));
        assert_eq!(fate(&[path("disk/*.txt")], "disk/x.txt"), Fate::Absent(path("disk")));
        assert_eq!(fate(&[path("disk/x.txt")], "disk/x.txt"), Fate::Absent(path("disk")));
        // Found by nobody, and there, and wanted: it came this moment.
        let before = Scan { places: vec![Place::Folder(news.path().to_owned())], ..Scan::default() };
        assert_eq!(before.fate(&path("a.txt"), 0, &mut HashMap::new()), Fate::Unsure);
        let unsure = Scan { unsure: vec![news.path().to_owned()], ..before };
        assert_eq!(unsure.fate(&path("gone.txt"), 0, &mut HashMap::new()), Fate::Unsure, "it can't be looked at");
    }
}
