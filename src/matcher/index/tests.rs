//! What the index promises: whatever happened to it, it answers like one that is freshly made over the same library.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::article::Span;
use crate::article::read::{Format, read_text};
use crate::library::Filter;
use crate::library::store::{CollectionId, Stored, StoredId};
use crate::matcher::{MatchError, Matcher, Question, Reading, Verdict};

/// Words that articles are made of: forms of one word, names, function words, words that are close to one another.
const WORDS: [&str; 30] = [
    "ferry", "ferries", "Dunmore", "harbour", "harbor", "mayor", "mayors", "strike", "struck", "lantern", "lanterns",
    "Halloran", "Monday", "said", "council", "counsel", "the", "of", "because", "rudder", "museum", "clocks", "clock",
    "granary", "41", "1997", "agreed", "tickets", "ticket", "crew",
];

const QUESTIONS: [&str; 7] = [
    "when did the ferry strike end",
    "who is the mayor of Dunmore",
    "how many lantrens did the museum get",
    "what did Halloran say about tickets",
    "granry clok",
    "harbour council rudder crew 1997",
    "the of",
];

/// An article by the words of its paragraphs; the first makes its title.
type Content = Vec<Vec<usize>>;

fn stored(id: i64, version: i64, content: &Content) -> Stored {
    let line = |words: &Vec<usize>| words.iter().map(|at| WORDS[at % WORDS.len()]).collect::<Vec<_>>().join(" ");
    let text: String = content.iter().map(|words| format!("{}.\n\n", line(words))).collect();
    Stored {
        id: StoredId(id),
        collection: CollectionId(1),
        article: read_text(&format!("article-{id}"), &format!("Report {id}\n\n{text}"), Format::Text).unwrap(),
        version,
        added_at: Timestamp::UNIX_EPOCH,
        changed_at: Timestamp::UNIX_EPOCH,
        duplicate_of: None,
        removed_at: None,
    }
}

/// A store: what it holds now, with versions. A number is not used again.
#[derive(Debug, Default, Clone)]
struct Shelf {
    articles: BTreeMap<i64, (i64, Content)>,
    last: i64,
}

impl Shelf {
    /// The library as a process that starts now reads it.
    fn library(&self) -> Library {
        let mut library = Library::default();
        for (id, (version, content)) in &self.articles {
            library.put_stored(stored(*id, *version, content));
        }
        library
    }

    fn of(articles: i64) -> Self {
        let mut shelf = Self::default();
        let mut library = Library::default();
        for n in 0..articles {
            Change::Put(usize::MAX, content(n)).make(&mut shelf, &mut library);
        }
        shelf
    }
}

/// Some content, another for each number.
fn content(n: i64) -> Content {
    let n = usize::try_from(n).unwrap();
    (0..2 + n % 4).map(|p| (0..4 + n % 5).map(|w| n * 7 + p * 11 + w * (1 + n % 3)).collect()).collect()
}

#[derive(Debug, Clone)]
enum Change {
    /// A new version of one that is held, or a new article.
    Put(usize, Content),
    Remove(usize),
}

impl Change {
    /// Makes the change in a store and in a library that follows it.
    fn make(&self, shelf: &mut Shelf, library: &mut Library) -> Option<ArticleId> {
        let pick = |at: usize| shelf.articles.keys().nth(at).copied();
        match self {
            Self::Put(at, content) => {
                let id = pick(*at).unwrap_or(shelf.last + 1);
                shelf.last = shelf.last.max(id);
                let (version, words) = shelf.articles.entry(id).or_default();
                *version += 1;
                words.clone_from(content);
                library.put_stored(stored(id, *version, content))
            }
            Self::Remove(at) => {
                let id = pick(*at)?;
                shelf.articles.remove(&id);
                library.take_out_stored(StoredId(id))
            }
        }
    }
}

/// What is asked and what is found, told without the numbers that a library gives.
#[derive(Debug, PartialEq)]
struct Told {
    verdict: Verdict,
    confidence: u32,
    passages: Vec<(i64, usize, Span, u32)>,
    readings: Vec<Reading>,
}

fn told(matcher: &Matcher, library: &Library) -> Vec<Told> {
    let all = QUESTIONS.iter().map(|text| (text, Filter::default()));
    let some = QUESTIONS.iter().map(|text| {
        let article = library.iter().map(|(id, _)| id).min_by_key(|id| library.mark(*id).unwrap().id);
        (text, Filter { article, ..Filter::default() })
    });
    let ask = |(text, filter): (&&str, Filter)| {
        let found = matcher.search(library, &Question { text: (*text).to_owned(), filter, limit: 40 }).unwrap();
        let passages = found.passages.iter().map(|passage| {
            let id = library.mark(passage.article).unwrap().id.0;
            (id, passage.paragraph, passage.sentence, passage.score.to_bits())
        });
        Told {
            verdict: found.verdict,
            confidence: found.confidence.to_bits(),
            passages: passages.collect(),
            readings: found.readings,
        }
    };
    all.chain(some).map(ask).collect()
}

/// Holds a matcher against one that is made anew from the store.
fn check(matcher: &Matcher, library: &Library, shelf: &Shelf) {
    let fresh_library = shelf.library();
    let fresh = Matcher::build(&fresh_library).unwrap();
    let counts = |index: &Index| (index.documents, index.articles, index.words);
    assert_eq!(counts(&matcher.index), counts(&fresh.index));
    let words = |index: &Index| -> BTreeSet<(String, u32, u32)> {
        index.vocabulary().map(|entry| (entry.word.to_owned(), entry.documents, entry.letters)).collect()
    };
    assert_eq!(words(&matcher.index), words(&fresh.index));
    assert_eq!(told(matcher, library), told(&fresh, &fresh_library));
}

fn contents() -> impl Strategy<Value = Content> {
    prop::collection::vec(prop::collection::vec(0..WORDS.len(), 3..9), 1..6)
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let put = (0_usize..40, contents()).prop_map(|(at, content)| Change::Put(at, content));
    let remove = (0_usize..20).prop_map(Change::Remove);
    prop::collection::vec(prop_oneof![4 => put, 1 => remove], 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_index_of_any_history_answers_like_a_fresh_one(
        first in prop::collection::vec(contents(), 0..30),
        batches in prop::collection::vec((changes(), any::<bool>()), 1..7),
        on_disk in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut shelf, mut library) = (Shelf::default(), Library::default());
        for content in first {
            Change::Put(usize::MAX, content).make(&mut shelf, &mut library);
        }
        let open = |library: &Library, seq: i64| {
            if on_disk {
                Matcher::open(folder.path(), library, Seq(seq), |_| ()).unwrap()
            } else {
                Matcher::build(library).unwrap()
            }
        };
        let mut matcher = open(&library, 0);
        let (old, old_library) = (matcher.clone(), library.clone());
        let said = told(&old, &old_library);
        let mut old = Some(old);
        for ((batch, reopen), seq) in batches.into_iter().zip(1..) {
            let mut next = library.clone();
            let changed: Vec<ArticleId> = batch.iter().filter_map(|c| c.make(&mut shelf, &mut next)).collect();
            if reopen {
                // Another process: its library numbers the articles anew.
                if let Some(old) = old.take() {
                    prop_assert_eq!(&told(&old, &old_library), &said);
                }
                drop(matcher);
                library = shelf.library();
                matcher = open(&library, seq);
            } else {
                matcher = matcher.updated(&next, &changed, Seq(seq)).unwrap();
                library = next;
            }
            prop_assert_eq!(matcher.seq() == Seq(seq), on_disk || !reopen);
            check(&matcher, &library, &shelf);
        }
        // What was asked of the first snapshot is answered as it was, whatever was written and merged since.
        if let Some(old) = old {
            prop_assert_eq!(told(&old, &old_library), said);
        }
    }

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

fn segments(matcher: &Matcher) -> Vec<String> {
    matcher.index.segments().map(|segment| segment.name()).collect()
}

#[test]
fn adding_one_article_writes_that_article_only() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf::of(30);
    let mut library = shelf.library();
    let matcher = Matcher::open(folder.path(), &library, Seq(30), |_| ()).unwrap();
    let before = segments(&matcher);
    let id = Change::Put(usize::MAX, content(3)).make(&mut shelf, &mut library).unwrap();
    let after = matcher.updated(&library, &[id], Seq(31)).unwrap();
    assert_eq!(segments(&after)[..before.len()], before);
    let new = after.index.segments().last().unwrap();
    assert_eq!(new.documents() as usize, documents::count(library.article(id)));
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

#[test]
fn a_matcher_that_is_not_the_newest_can_be_updated() {
    let shelf = Shelf::of(8);
    let library = shelf.library();
    let matcher = Matcher::build(&library).unwrap();
    for n in 0..3 {
        let (mut shelf, mut library) = (shelf.clone(), library.clone());
        let changes = [Change::Put(n, content(40)), Change::Remove(n + 1), Change::Put(usize::MAX, content(41))];
        let changed: Vec<ArticleId> = changes.iter().filter_map(|c| c.make(&mut shelf, &mut library)).collect();
        check(&matcher.updated(&library, &changed, Seq(1)).unwrap(), &library, &shelf);
    }
    check(&matcher, &library, &shelf);
}

#[test]
fn segments_stay_few_and_articles_stay_together_through_merges() {
    let folder = tempfile::tempdir().unwrap();
    let (mut shelf, mut library) = (Shelf::default(), Library::default());
    let mut matcher = Matcher::open(folder.path(), &library, Seq(0), |_| ()).unwrap();
    for n in 0..100 {
        let change = match n % 5 {
            0..3 => Change::Put(usize::MAX, content(n)),
            3 => Change::Put(usize::try_from(n / 3).unwrap(), content(n)),
            _ => Change::Remove(usize::try_from(n / 4).unwrap()),
        };
        let changed: Vec<ArticleId> = change.make(&mut shelf, &mut library).into_iter().collect();
        matcher = matcher.updated(&library, &changed, Seq(n + 1)).unwrap();
    }
    matcher.keeper.settle();
    // The segments as they are after the last merge. A run that was torn apart could not be read.
    let last = Change::Put(usize::MAX, content(7)).make(&mut shelf, &mut library).unwrap();
    matcher = matcher.updated(&library, &[last], Seq(101)).unwrap();
    assert!(matcher.index.segments.len() <= 5, "{matcher:?}");
    check(&matcher, &library, &shelf);
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
    let name = "matcher::index::tests::a_process_that_is_killed_leaves_an_index_that_is_whole";
    let mut whole = 0;
    for round in 0..12 {
        let mut victim = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name])
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
        let seat = seat::Seat::take(folder.path()).unwrap();
        whole += usize::from(keeper::is_whole(&seat));
        drop(seat);
        let shelf = Shelf::of(10 + i64::try_from(round % 3).unwrap());
        let library = shelf.library();
        let matcher = Matcher::open(folder.path(), &library, Seq(1), |_| ()).unwrap();
        check(&matcher, &library, &shelf);
    }
    assert!(whole >= 11, "{whole} of 12 were whole; only the first may have had no commit");
}
