//! What happens to the folder: damage, other programs, other processes, `kill -9`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::matcher::MatchError;
use crate::matcher::index::layout;
use crate::matcher::index::open::is_whole;
use crate::matcher::index::seat::Seat;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_damaged_index_is_made_anew(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        damage in 0..4,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(9);
        let library = shelf.library();
        drop(grown(folder.path(), &library));
        let seat = folder.path().join("0");
        let files: Vec<PathBuf> = files(&seat).into_iter().filter(|file| !file.ends_with("lock")).collect();
        let file = &files[which.index(files.len())];
        let mut bytes = fs::read(file).unwrap();
        match damage {
            0 => fs::remove_file(file).unwrap(),
            1 => fs::write(file, &bytes[..at.index(bytes.len() + 1)]).unwrap(),
            2 => fs::write(file, "something else").unwrap(),
            _ => {
                if !bytes.is_empty() {
                    let at = at.index(bytes.len());
                    bytes[at] ^= 0x55;
                }
                fs::write(file, bytes).unwrap();
            }
        }
        let matcher = Matcher::open(folder.path(), &library, Seq(10), |_| ()).unwrap();
        check(&matcher, &library, &shelf);
    }
}

#[test]
fn a_file_of_a_few_bytes_is_damaged() {
    for length in 0..9 {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::of(3);
        let library = shelf.library();
        drop(grown(folder.path(), &library));
        let store =
            files(&folder.path().join("0")).into_iter().find(|file| file.extension().is_some_and(|e| e == "store"));
        let store = store.unwrap();
        let bytes = fs::read(&store).unwrap();
        fs::write(&store, &bytes[..length]).unwrap();
        let matcher = Matcher::open(folder.path(), &library, Seq(10), |_| ()).unwrap();
        check(&matcher, &library, &shelf);
    }
}

/// An index of several segments, one of which has dead documents.
fn grown(folder: &Path, library: &Library) -> Matcher {
    let mut less = library.clone();
    let last = library.iter().last().map(|(id, _)| id).unwrap();
    less.take_out_stored(library.mark(last).unwrap().id);
    let matcher = Matcher::open(folder, &less, Seq(8), |_| ()).unwrap();
    let mut other = less.clone();
    let first = library.iter().next().and_then(|(id, _)| library.mark(id)).unwrap().id;
    other.put_stored(stored(first.0, 7, &content(77)));
    let matcher = matcher.updated(&other, &[ArticleId(0)], Seq(9)).unwrap();
    matcher.updated(library, &matcher.index.differing(library), Seq(10)).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_a_killed_process_had_begun_to_take_out_is_taken_out_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::of(9);
    let mut library = shelf.library();
    drop(Matcher::open(folder.path(), &library, Seq(9), |_| ()).unwrap());
    let segment = files(&folder.path().join("0")).into_iter().find(|file| file.extension().is_some_and(|e| e == "idx"));
    // The number in its name is the next one's, too: it counts on from the last commit. (Number 0 is read as a part of the segment.)
    let begun = |number| segment.clone().unwrap().with_extension(format!("{number}.del"));
    for number in 1..999 {
        fs::write(begun(number), "").unwrap();
    }
    let matcher = Matcher::open(folder.path(), &library, Seq(9), |_| ()).unwrap();
    assert!((1..999).all(|number| !begun(number).exists()));
    shelf.articles.remove(&1);
    let gone = library.take_out_stored(StoredId(1)).unwrap();
    check(&matcher.updated(&library, &[gone], Seq(10)).unwrap(), &library, &shelf);
}

#[test]
fn an_index_that_holds_the_library_is_opened_without_a_write() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(5);
    let library = shelf.library();
    let told = AtomicUsize::new(0);
    let progress = |done| told.store(done, Ordering::Relaxed);
    drop(Matcher::open(folder.path(), &library, Seq(5), progress).unwrap());
    assert_eq!(told.swap(0, Ordering::Relaxed), 5);
    let written = || -> Vec<_> {
        let seat = files(&folder.path().join("0"));
        seat.into_iter().map(|file| (file.clone(), fs::metadata(&file).unwrap().modified().unwrap())).collect()
    };
    let before = written();
    let again = Matcher::open(folder.path(), &library, Seq(5), progress).unwrap();
    assert_eq!((written(), told.into_inner(), again.seq()), (before, 0, Seq(5)));
    check(&again, &library, &shelf);
}

#[test]
fn the_index_of_another_store_is_brought_to_this_one() {
    let folder = tempfile::tempdir().unwrap();
    drop(Matcher::open(folder.path(), &Shelf::of(12).library(), Seq(12), |_| ()).unwrap());
    // The same numbers and versions and the same last change, but added at another time: a store that was made anew.
    let mut library = Library::default();
    let mut shelf = Shelf::default();
    for n in 1..=12 {
        let added_at = Timestamp::from_second(1_000).unwrap();
        library.put_stored(Stored { added_at, ..stored(n, 1, &content(n + 50)) });
        shelf.articles.insert(n, (1, content(n + 50)));
    }
    check(&Matcher::open(folder.path(), &library, Seq(12), |_| ()).unwrap(), &library, &shelf);
}

#[test]
fn what_is_not_ours_in_the_folder_stays_and_does_not_matter() {
    let folder = tempfile::tempdir().unwrap();
    let seat = folder.path().join("0");
    fs::create_dir_all(&seat).unwrap();
    fs::write(seat.join("notes.txt"), "mine").unwrap();
    // An index of another program.
    let mut schema = tantivy::schema::Schema::builder();
    schema.add_text_field("title", tantivy::schema::STORED);
    tantivy::Index::create_in_dir(&seat, schema.build()).unwrap();
    let shelf = Shelf::of(3);
    let library = shelf.library();
    check(&Matcher::open(folder.path(), &library, Seq(3), |_| ()).unwrap(), &library, &shelf);
    assert_eq!(fs::read_to_string(seat.join("notes.txt")).unwrap(), "mine");
}

#[test]
fn an_index_of_another_format_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = Shelf::of(3);
    let library = shelf.library();
    drop(Matcher::open(folder.path(), &library, Seq(3), |_| ()).unwrap());
    let meta = folder.path().join("0/meta.json");
    let (now, old) = (format!("\\\"format\\\":{}", layout::FORMAT), "\\\"format\\\":0");
    let text = fs::read_to_string(&meta).unwrap();
    assert!(text.contains(&now));
    fs::write(&meta, text.replace(&now, old)).unwrap();
    let told = AtomicUsize::new(0);
    let matcher = Matcher::open(folder.path(), &library, Seq(3), |done| told.store(done, Ordering::Relaxed)).unwrap();
    assert_eq!(told.into_inner(), 3);
    check(&matcher, &library, &shelf);
}

#[test]
fn two_processes_keep_an_index_each() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::of(6);
    let mut library = shelf.library();
    let first = Matcher::open(folder.path(), &library, Seq(6), |_| ()).unwrap();
    let second = Matcher::open(folder.path(), &library, Seq(6), |_| ()).unwrap();
    let id = Change::Put(2, content(9)).make(&mut shelf, &mut library).unwrap();
    for matcher in [first, second] {
        check(&matcher.updated(&library, &[id], Seq(7)).unwrap(), &library, &shelf);
    }
    let seats: Vec<_> = files(folder.path()).into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(seats, ["0", "1"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("index");
    fs::write(&file, "not a folder").unwrap();
    let error = Matcher::open(&file, &Library::default(), Seq(0), |_| ()).unwrap_err();
    assert!(matches!(&error, MatchError::Folder { folder, .. } if *folder == file));
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

#[test]
fn a_change_that_could_not_be_written_is_made_up_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::of(6);
    let mut library = shelf.library();
    let matcher = Matcher::open(folder.path(), &library, Seq(6), |_| ()).unwrap();
    let lost = Change::Put(usize::MAX, content(8)).make(&mut shelf, &mut library).unwrap();
    fs::remove_dir_all(folder.path().join("0")).unwrap();
    let before = library.clone();
    assert!(matches!(matcher.updated(&library, &[lost], Seq(7)), Err(MatchError::Folder { .. })));
    let id = Change::Put(usize::MAX, content(9)).make(&mut shelf, &mut library).unwrap();
    let later = matcher.updated(&library, &[lost, id], Seq(8)).unwrap();
    check(&later, &library, &shelf);
    assert_ne!(before.len(), library.len());
}

/// Copies a folder file by file while others write there: worse than what a process that is killed leaves.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in fs::read_dir(from).unwrap().flatten() {
        // What was merged away meanwhile is not there any more.
        let _ = fs::copy(file.path(), to.join(file.file_name()));
    }
}

#[test]
fn a_copy_that_is_made_at_any_moment_is_good_or_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let base = Shelf::of(10);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| write_on(folder.path(), &base, || done.load(Ordering::Relaxed)));
        for n in 0..12 {
            std::thread::sleep(Duration::from_millis(7 * n));
            let copied = tempfile::tempdir().unwrap();
            if !folder.path().join("0").exists() {
                continue;
            }
            copy(&folder.path().join("0"), &copied.path().join("0"));
            let library = base.library();
            check(&Matcher::open(copied.path(), &library, Seq(1), |_| ()).unwrap(), &library, &base);
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// Opens an index and changes articles one by one until told to stop.
fn write_on(folder: &Path, shelf: &Shelf, stop: impl Fn() -> bool) {
    let (mut shelf, mut library) = (shelf.clone(), shelf.library());
    let mut matcher = Matcher::open(folder, &library, Seq(0), |_| ()).unwrap();
    for n in 1.. {
        if stop() {
            return;
        }
        let at = usize::try_from(n % 17).unwrap();
        let change = if n % 4 == 0 { Change::Remove(at) } else { Change::Put(at, content(n)) };
        let changed: Vec<ArticleId> = change.make(&mut shelf, &mut library).into_iter().collect();
        matcher = matcher.updated(&library, &changed, Seq(n)).unwrap();
    }
}

/// Set for the process that is killed.
const VICTIM: &str = "BYLINE_TEST_INDEX_FOLDER";

#[test]
fn a_process_that_is_killed_leaves_an_index_that_is_whole() {
    if let Some(folder) = std::env::var_os(VICTIM) {
        write_on(Path::new(&folder), &Shelf::of(10), || false);
    }
    let folder = tempfile::tempdir().unwrap();
    let (_, module) = module_path!().split_once("::").unwrap();
    let name = format!("{module}::a_process_that_is_killed_leaves_an_index_that_is_whole");
    let mut whole = 0;
    for round in 0..12 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", &name])
            .env(VICTIM, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let meta = folder.path().join("0/meta.json");
        while !meta.exists() {
            assert!(victim.try_wait().unwrap().is_none(), "it ended by itself");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(20 + 13 * round));
        victim.kill().unwrap();
        victim.wait().unwrap();
        // Before the first commit there is nothing to keep.
        let seat = Seat::take(folder.path()).unwrap();
        whole += usize::from(is_whole(&seat));
        drop(seat);
        let shelf = Shelf::of(10 + i64::try_from(round % 3).unwrap());
        let library = shelf.library();
        let matcher = Matcher::open(folder.path(), &library, Seq(1), |_| ()).unwrap();
        check(&matcher, &library, &shelf);
    }
    assert!(whole >= 11, "{whole} of 12 were whole; only the first may have had no commit");
}
