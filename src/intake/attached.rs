//! Files that somebody attached to a message, or named on the console: read, and added to a collection, where they are held for
//! good.
//!
//! A file has no address by which it is known again. One of the same name and title is taken for the same article: attached again
//! with other words it becomes a new version, and two that only share a name like `notes.txt` stay two.
//!
//! PDF files are refused. Of plain ones, in one column or two, `pdf-extract` 0.12 gives the paragraphs whole. But files come from
//! strangers, and it meets what it does not expect with a panic: a hundred lines of its library `unwrap`, `expect` or `panic!`, and
//! of 4,000 copies of two files with a dozen bytes changed at most, 211 made it panic. Lines above and below each page become
//! paragraphs of their own besides. Whoever has made text of a PDF attaches that.

use std::collections::HashSet;
use std::fmt::Debug;
use std::path::Path;
use std::pin::Pin;

use super::fetch::{FetchError, Policy};
use super::page::{self, PageError};
use super::web::{WebError, hold};
use crate::article::read::{self, Format, ReadError, stem};
use crate::library::store::{Added, CollectionId, SourceEntry, Store};

/// The most bytes that a packed file may unfold to. It comes from a stranger, and JSON takes sixteen times its bytes of memory.
const MAX_UNPACKED_BYTES: u64 = 16 * 1024 * 1024;

/// A file that came with a message, on a network where it has no address that everybody may fetch: the network reads it.
pub trait Sent: Debug + Send + Sync {
    /// What it is called, as whoever sent it says.
    fn name(&self) -> &str;

    /// Its bytes. Of the policy holds what holds for every file that is fetched: how large it may be, how long it may take, and that
    /// what may pass is tried twice.
    fn read<'a>(&'a self, policy: &'a Policy) -> Reading<'a>;
}

/// The bytes of a [`Sent`] file, once they are there.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attached {
    /// The articles in it that are held now.
    pub added: Vec<Added>,
    /// What of it was not read, or can't be kept, and why.
    pub refused: Vec<String>,
}

/// A file as it was read, whose articles are not held yet.
#[derive(Debug)]
pub struct File {
    name: String,
    key: String,
    read: Read,
}

#[derive(Debug)]
struct Read {
    /// The title of its only article.
    title: Option<String>,
    entries: Vec<SourceEntry>,
    problems: Vec<String>,
}

impl File {
    /// Reads `.txt`, `.md`, `.html`, `.json` and `.jsonl`, told by its name or else by what it looks like.
    ///
    /// # Errors
    /// [`WebError`] says why it gives no article.
    pub async fn read(name: &str, bytes: Vec<u8>) -> Result<Self, WebError> {
        let (name, key) = (name.to_owned(), stem(Path::new(name)));
        let file = name.clone();
        let read = tokio::task::spawn_blocking(move || read(&file, &bytes)).await.map_err(WebError::Task)??;
        Ok(Self { name, key, read })
    }

    /// How many articles it gives.
    #[must_use]
    pub fn articles(&self) -> usize {
        self.read.entries.len()
    }

    /// Adds its articles to a collection.
    ///
    /// # Errors
    /// [`WebError`], when they can't be kept.
    pub async fn hold(self, store: &Store, collection: CollectionId) -> Result<Attached, WebError> {
        let Self { name, key, read } = self;
        let place = format!("attached/{name}/{}", read.title.unwrap_or_default());
        let outcome = hold(store, collection, &place, &key, read.entries).await?;
        Ok(Attached { added: outcome.added, refused: read.problems.into_iter().chain(outcome.refused).collect() })
    }
}

fn read(name: &str, bytes: &[u8]) -> Result<Read, PageError> {
    let (path, key) = (Path::new(name), stem(Path::new(name)));
    let unpacked = read::unpack(bytes, MAX_UNPACKED_BYTES)?;
    if read::is_packed(&unpacked) {
        // Packed twice: the second time it would not be bounded here.
        return Err(ReadError::Binary.into());
    }
    if unpacked.starts_with(b"%PDF-") {
        return Err(ReadError::Pdf.into());
    }
    let html = match Format::of_path(path) {
        Some(format) => format == Format::Html,
        None => read::decode(&unpacked, None).is_ok_and(|text| Format::sniff(&text) == Format::Html),
    };
    if html {
        // A page that was saved may be a paywall or an error message as one that is fetched.
        let article = page::from_text(&key, &read::decode(&unpacked, None)?, Format::Html)?;
        let title = Some(article.meta().title.clone());
        return Ok(Read { title, entries: vec![SourceEntry::at(1, article, &key)], problems: Vec::new() });
    }
    let (found, problems) = read::read_entries(path, &unpacked)?;
    let title = match found.as_slice() {
        [only] => Some(only.article.meta().title.clone()),
        _ => None,
    };
    let mut labels = HashSet::new();
    let mut entries: Vec<SourceEntry> = found
        .into_iter()
        // From the back: of several with one key the last one counts.
        .rev()
        .map(|entry| match entry.named {
            true => SourceEntry::named(&entry.article),
            false => SourceEntry::at(entry.place, entry.article, &key),
        })
        .filter(|entry| labels.insert(entry.label().to_owned()))
        .collect();
    entries.reverse();
    Ok(Read { title, entries, problems: problems.iter().map(ToString::to_string).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::store::{Outcome, SHARED, StoreUrl};

    const NOTE: &str = "Ferry back in service\n\nThe ferry to the islands sails again from Friday on.\n";

    #[tokio::test]
    async fn a_file_is_known_by_its_name_and_title() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let attach = async |name: &str, text: String| {
            let file = File::read(name, text.into_bytes()).await.unwrap();
            file.hold(&store, SHARED).await.unwrap().added
        };
        let first = attach("notes.txt", NOTE.to_owned()).await;
        assert_eq!((first[0].outcome, first[0].key.as_str()), (Outcome::New, "notes"));
        assert_eq!(attach("notes.txt", NOTE.to_owned()).await[0].outcome, Outcome::Unchanged);
        let later = attach("notes.txt", NOTE.replace("Friday", "Sunday")).await;
        assert_eq!((later[0].id, later[0].outcome, later[0].version), (first[0].id, Outcome::NewVersion, 2));
        let other = attach("notes.txt", NOTE.replace("Ferry back", "Pier shut").replace("ferry", "pier")).await;
        assert_eq!(other[0].outcome, Outcome::New);
        assert_ne!(other[0].key, "notes");
    }

    #[tokio::test]
    async fn what_is_no_article_is_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let gate = "<html><head><title>Subscribe</title></head><body><p>Subscribe to continue reading this article.</p></body></html>";
        for (name, bytes, reason) in [
            ("a.pdf", b"%PDF-1.7 \xe2\xe3".to_vec(), "PDF"),
            ("a.txt", b"\0\x01\x02\xff\xfe\0\0".to_vec(), "not a text"),
            ("a.html", gate.into(), "subscribers"),
            ("page", gate.into(), "subscribers"),
            ("a.json", b"{".to_vec(), "line 1"),
            ("a.txt", Vec::new(), "no text"),
        ] {
            let refused = File::read(name, bytes).await.unwrap_err().to_string();
            assert!(refused.contains(reason), "{name}: {refused}");
        }
        let lines = "{\"title\":\"A\",\"text\":\"It rained all day.\"}\nno json\n";
        let file = File::read("all.jsonl", lines.into()).await.unwrap();
        assert_eq!(file.articles(), 1);
        let some = file.hold(&store, SHARED).await.unwrap();
        assert_eq!((some.added.len(), some.refused.len()), (1, 1));
    }
}
