//! Keeping a collection in step with files for as long as the process lives.
//!
//! What the system tells of a change is taken as a hint that something happened, never as what: each time the places are looked
//! through and compared, as [`sync`](super::mirror::sync) does. So an event that is lost, doubled, late or about the wrong
//! path (each of which notification systems are known for) costs time at most. Where there are none, as on network file
//! systems or when the system has no more watches to give, the places are looked through every few seconds instead.
//!
//! Folders are watched one by one, those that the last look found: a recursive watch of the library underneath misses what
//! happens in a new folder before it is watched itself. When a folder is added to the watched, everything is looked through
//! once more.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::mirror::{self, Report};
use super::scan::{Folder, Scan};
use crate::article::read::Format;
use crate::library::store::{CollectionId, Hold, Origin, Store, StoreError};

/// So long nothing must happen before the places are looked through …
const QUIET: Duration = Duration::from_millis(200);
/// … unless something happens all the time: then this often.
const AT_MOST: Duration = Duration::from_millis(800);

/// A file that was changed so shortly ago may be half of what it will be. Less than [`QUIET`], so that one who writes once
/// waits once.
const SETTLE: Duration = Duration::from_millis(150);
/// A file that never settles is read as it is after so long.
const SETTLES_WITHIN: Duration = Duration::from_secs(10);

/// How often places are looked through that nobody tells of.
const POLL: Duration = Duration::from_secs(3);
/// … and those of which somebody does: events are lost when more come than the system keeps.
const SURELY: Duration = Duration::from_secs(30);

/// Paths that are noted one by one until the next look; beyond, every folder counts as lost.
const MAX_LOST: usize = 1024;

/// Waiting after an error of the store doubles from the one to the other.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Keeps a collection in step with what these places hold, until it is dropped; see [`sync`](super::mirror::sync) for what
/// the arguments are and what that means.
///
/// The first thing that it does is such a sync. `told` is called after each that changed something or was refused something
/// that the one before was not, and after each error of the store; then it is tried again, first after a second. Dropping it
/// at any moment is safe.
pub async fn watch(
    store: Store,
    owner: String,
    collection: CollectionId,
    places: Vec<PathBuf>,
    mut told: impl FnMut(Result<Report, StoreError>) + Send,
) -> Infallible {
    let origin = Origin { owner: &owner, collection, hold: Hold::Mirrored };
    let mut eyes: Option<Eyes> = None;
    let mut last = None;
    let mut unsettled: Option<Instant> = None;
    let mut retry = RETRY.0;
    loop {
        let settle = match unsettled {
            Some(since) if since.elapsed() > SETTLES_WITHIN => Duration::ZERO,
            _ => SETTLE,
        };
        let result = async {
            let known = mirror::known_files(&store, origin).await?;
            let mut scan = mirror::look(&store, &places).await?;
            // What happens between the look and the watch is seen by the next look. A tree that grows all the time is seen
            // again soon in any case.
            for _ in 0..3 {
                let (seen, here) = (Arc::clone(&scan), places.clone());
                let before = eyes.take();
                let opened = mirror::aside(&store, move || {
                    let mut eyes = before.unwrap_or_else(|| Eyes::new(&here));
                    let more = eyes.open(&seen);
                    (eyes, more)
                });
                let (opened, more) = opened.await?;
                eyes = Some(opened);
                if !more {
                    break;
                }
                scan = mirror::look(&store, &places).await?;
            }
            mirror::apply(&store, origin, known, &scan, settle, |_| ()).await
        };
        let wait = match result.await {
            Ok(report) => {
                retry = RETRY.0;
                let postponed = report.postponed > 0;
                unsettled = if postponed { unsettled.or_else(|| Some(Instant::now())) } else { None };
                let patience = match report {
                    Report { stale: 1.., .. } => Duration::ZERO,
                    Report { postponed: 1.., .. } => SETTLE,
                    _ => eyes.as_ref().map_or(POLL, Eyes::patience),
                };
                let complaints = (report.articles.refusals.clone(), report.absent.clone());
                if !report.changes_nothing() || last.as_ref() != Some(&complaints) {
                    told(Ok(report));
                }
                last = Some(complaints);
                patience
            }
            Err(error) => {
                told(Err(error));
                let wait = retry;
                retry = (retry * 2).min(RETRY.1);
                tokio::time::sleep(wait).await;
                continue;
            }
        };
        match &eyes {
            Some(eyes) => eyes.wait(wait).await,
            None => tokio::time::sleep(wait).await,
        }
    }
}

/// What sees that something happens.
struct Eyes {
    watcher: Option<RecommendedWatcher>,
    shared: Arc<Shared>,
    /// The folders that are watched, each by the number that it had then.
    watched: HashMap<PathBuf, (u64, u64)>,
    /// Whether some place must be looked through, as nobody tells of it.
    blind: bool,
    /// Whether that was logged.
    logged: bool,
}

/// What the thread that is told of changes shares with the task.
struct Shared {
    woken: Notify,
    /// The paths at or below which all that matters lies.
    bases: Vec<PathBuf>,
    /// Folders that may be others by now, though of the same path and number.
    lost: Mutex<Vec<PathBuf>>,
}

impl Eyes {
    fn new(places: &[PathBuf]) -> Self {
        let bases = places.iter().map(|place| {
            let path = std::path::absolute(place).unwrap_or_else(|_| place.clone());
            let plain = |part: &std::path::Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
            if path.exists() { path } else { path.components().take_while(plain).collect() }
        });
        let shared = Arc::new(Shared { woken: Notify::new(), bases: bases.collect(), lost: Mutex::new(Vec::new()) });
        let mut eyes = Self { watcher: None, shared, watched: HashMap::new(), blind: false, logged: false };
        let tell = Arc::clone(&eyes.shared);
        match notify::recommended_watcher(move |event: notify::Result<Event>| tell.take(event)) {
            Ok(watcher) => eyes.watcher = Some(watcher),
            Err(error) => eyes.blinded("the system has no watch to give", &error),
        }
        eyes
    }

    /// Watches the folders that a scan found, and no others; whether any is watched that was not.
    fn open(&mut self, scan: &Scan) -> bool {
        let remote = scan.places.iter().find_map(|place| remote(place.base()));
        self.blind = self.watcher.is_none() || remote.is_some();
        if let Some(kind) = &remote {
            self.blinded("on this file system nobody tells what others change", kind);
        }
        let Some(mut watcher) = self.watcher.take() else { return false };
        for lost in std::mem::take(&mut *self.shared.lost.lock().unwrap_or_else(PoisonError::into_inner)) {
            self.watched.retain(|path, _| {
                let stays = !path.starts_with(&lost);
                if !stays {
                    // Fails where the folder is gone, and the watch with it.
                    let _ = watcher.unwatch(path);
                }
                stays
            });
        }
        let now: HashMap<&Path, &Folder> = scan.folders.iter().map(|folder| (folder.path.as_path(), folder)).collect();
        self.watched.retain(|path, number| {
            let stays = now.get(path.as_path()).is_some_and(|folder| folder.number == *number);
            if !stays {
                let _ = watcher.unwatch(path);
            }
            stays
        });
        let mut any = false;
        for folder in &scan.folders {
            if self.watched.contains_key(&folder.path) {
                continue;
            }
            match watcher.watch(&folder.path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    self.watched.insert(folder.path.clone(), folder.number);
                    any = true;
                }
                // Gone since it was found: the folder above it tells.
                Err(error) if !folder.path.is_dir() => tracing::debug!(%error, "a folder is gone"),
                Err(error) => self.blinded("a folder can't be watched", &error),
            }
        }
        self.watcher = Some(watcher);
        any
    }

    fn blinded(&mut self, why: &'static str, detail: &dyn std::fmt::Display) {
        self.blind = true;
        if !std::mem::replace(&mut self.logged, true) {
            let every = POLL.as_secs();
            tracing::warn!(detail = %detail, "{why}: articles are looked for every {every} s instead");
        }
    }

    fn patience(&self) -> Duration {
        if self.blind { POLL } else { SURELY }
    }

    /// Waits until something happened and it is quiet again, or for so long.
    async fn wait(&self, most: Duration) {
        let woken = &self.shared.woken;
        if tokio::time::timeout(most, woken.notified()).await.is_err() {
            return;
        }
        let since = Instant::now();
        while since.elapsed() < AT_MOST && tokio::time::timeout(QUIET, woken.notified()).await.is_ok() {}
    }
}

impl Shared {
    /// Takes what the system tells, on its thread.
    fn take(&self, event: notify::Result<Event>) {
        let matters = match event {
            // Events were lost, or a folder was: a look tells.
            Err(_) => true,
            Ok(event) if event.need_rescan() => true,
            Ok(event) => self.matters(&event),
        };
        if matters {
            self.woken.notify_one();
        }
    }

    fn matters(&self, event: &Event) -> bool {
        let other_folder = match event.kind {
            // That we read a file ourselves is told as well.
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
            EventKind::Access(_) => return false,
            EventKind::Create(CreateKind::File) => false,
            EventKind::Create(_) | EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
            _ => false,
        };
        let mut matters = false;
        for path in &event.paths {
            let named = self.bases.iter().any(|base| base.starts_with(path));
            let below = self.bases.iter().any(|base| path.starts_with(base));
            // A folder that is gone looks like a file without suffix; a database's journal beside the articles doesn't.
            let kind = Format::of_path(path).is_some() || path.extension().is_none() || path.is_dir();
            matters |= named || (below && (kind || other_folder));
            if other_folder && (named || below) {
                let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
                if lost.len() >= MAX_LOST {
                    lost.clone_from(&self.bases);
                }
                lost.push(path.clone());
            }
        }
        matters
    }
}

/// The kind of the file system that a path is on, if changes that others make on it are told to nobody.
fn remote(path: &Path) -> Option<String> {
    let path = path.ancestors().find_map(|path| path.canonicalize().ok())?;
    // Only Linux has it; elsewhere nothing is known, and the slow look must do.
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let kind = kind_of_mount(&mounts, &path)?;
    let kinds = [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "ncpfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "ocfs2",
        "gfs2",
        "coda",
        "vboxsf",
        "virtiofs",
        "vmhgfs",
        "prl_fs",
        "drvfs",
    ];
    (kinds.contains(&kind.as_str()) || kind.starts_with("fuse")).then_some(kind)
}

/// The kind of the mount that a path is on, by the system's table.
fn kind_of_mount(mounts: &str, path: &Path) -> Option<String> {
    let mut best: Option<(usize, &str)> = None;
    for line in mounts.lines() {
        let mut fields = line.split(' ');
        let (Some(point), Some(kind)) = (fields.nth(1), fields.next()) else { continue };
        // The table writes a space as \040.
        let point = PathBuf::from(point.replace("\\040", " "));
        let depth = point.components().count();
        // Of two on one point, the later one hides the earlier.
        if path.starts_with(&point) && best.is_none_or(|(deepest, _)| depth >= deepest) {
            best = Some((depth, kind));
        }
    }
    best.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_on_the_innermost_mount() {
        let mounts = "/dev/a / ext4 rw 0 0\nserver:/x /srv/my\\040news nfs4 rw 0 0\ntmp /srv tmpfs rw 0 0\n";
        let kind = |path: &str| kind_of_mount(mounts, Path::new(path)).unwrap();
        assert_eq!(kind("/home/news"), "ext4");
        assert_eq!(kind("/srv/other"), "tmpfs");
        assert_eq!(kind("/srv/my news/today"), "nfs4");
    }

    #[test]
    fn a_journal_beside_the_articles_and_reading_them_wake_nobody() {
        let shared = Shared {
            woken: Notify::new(),
            bases: vec![PathBuf::from("/news"), PathBuf::from("/other/one.txt")],
            lost: Mutex::new(Vec::new()),
        };
        let event = |kind, path: &str| shared.matters(&Event::new(kind).add_path(path.into()));
        let changed = EventKind::Modify(ModifyKind::Data(notify::event::DataChange::Any));
        assert!(event(changed, "/news/2024/storm.md"));
        assert!(event(changed, "/other/one.txt"));
        assert!(!event(changed, "/news/byline.db-wal"));
        assert!(!event(changed, "/other/two.txt"));
        assert!(!event(EventKind::Access(AccessKind::Open(AccessMode::Any)), "/news/storm.md"));
        assert!(event(EventKind::Remove(notify::event::RemoveKind::Folder), "/news/2024.06"));
        assert!(event(EventKind::Create(CreateKind::Folder), "/other"), "a folder above a place");
    }
}
