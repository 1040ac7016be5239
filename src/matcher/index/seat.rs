//! Where an index lies on the disk: a folder in which one process writes.
//!
//! The folder that is configured has seats, `0`, `1` and so on, each an index of its own. A process takes the first one that
//! no other has and locks it, so that a command that is run beside a bot does not wait for it. The lock goes with the
//! process, however that ends.

use std::collections::HashSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::directory::UNFINISHED;

/// Seats that a folder may have: processes of one machine that keep an index of one store at the same time.
const SEATS: usize = 64;

/// The file that is locked.
const LOCK: &str = "lock";

/// A seat that this process has.
#[derive(Debug)]
pub(super) struct Seat {
    path: PathBuf,
    /// Held, not read: closing it gives the seat back.
    _lock: File,
}

impl Seat {
    /// Takes the first free seat of `folder`, which is made if it isn't there.
    pub(super) fn take(folder: &Path) -> io::Result<Self> {
        for number in 0..SEATS {
            let path = folder.join(number.to_string());
            fs::create_dir_all(&path)?;
            let lock = File::options().create(true).truncate(false).write(true).open(path.join(LOCK))?;
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path, _lock: lock }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(io::Error::other(format!("{SEATS} processes keep an index here already")))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what a process that was killed while it replaced a file left behind.
    pub(super) fn sweep(&self) -> io::Result<()> {
        self.remove(|name| name.starts_with(UNFINISHED))
    }

    /// Removes the files of segments that are not among the `living`: those that a process had written when it was killed, before the
    /// list of segments told of them. `tantivy` counts on from that list, and would give the same name to a file once more.
    pub(super) fn remove_orphans(&self, living: &HashSet<PathBuf>) -> io::Result<()> {
        self.remove(|name| is_of_a_segment(name) && !living.contains(Path::new(name)))
    }

    /// Removes every file of an index; what else lies here stays.
    pub(super) fn clear(&self) -> io::Result<()> {
        self.remove(is_of_an_index)
    }

    fn remove(&self, unwanted: impl Fn(&str) -> bool) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(&unwanted) && !entry.file_type()?.is_dir() {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Whether tantivy gives files such a name: its lists, locks and temporary files, and those of a segment.
fn is_of_an_index(name: &str) -> bool {
    name == "meta.json"
        || name == ".managed.json"
        || name.starts_with(UNFINISHED)
        || name.starts_with(".tantivy-")
        || is_of_a_segment(name)
}

/// Whether a file is one of a segment's, which begin with the 32 digits of its number.
fn is_of_a_segment(name: &str) -> bool {
    name.split_once('.').is_some_and(|(id, _)| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_a_seat_of_its_own_and_one_that_was_left_is_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = Seat::take(folder.path()).unwrap();
        let second = Seat::take(folder.path()).unwrap();
        assert_eq!((first.path(), second.path()), (&*folder.path().join("0"), &*folder.path().join("1")));
        drop(first);
        assert_eq!(Seat::take(folder.path()).unwrap().path(), folder.path().join("0"));
    }

    #[test]
    fn clearing_leaves_what_is_not_of_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let seat = Seat::take(folder.path()).unwrap();
        let ours = ["meta.json", ".managed.json", ".tmpAb12", "0123456789abcdef0123456789abcdef.pos"];
        for name in ours.iter().chain(&["notes.txt", "0123.pos"]) {
            fs::write(seat.path().join(name), "").unwrap();
        }
        seat.clear().unwrap();
        let mut left: Vec<_> = fs::read_dir(seat.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["0123.pos", "lock", "notes.txt"]);
    }
}
