//! Collections as JSON, one article a line: a backup, and the way from SQLite to PostgreSQL.
//!
//! A line has the fields that Byline's reader of `.jsonl` files knows (`id`, `title`, `author`, `outlet`, `url`, `published`,
//! `language`, `text`), and what makes the article come back to the byte:
//!
//! - `blocks`: for each its kind, first byte and the byte after its last, counted in the UTF-8 of `text`;
//! - `sentences`: for each its first byte and the byte after its last;
//! - `collection`: the name of its collection, unless that is the shared one;
//! - `imported`: true where somebody imported it, so that it stays whatever becomes of files; where it is not, the article is
//!   held by nobody until a file gives it, as it was by mirrored files at most;
//! - `silent`: true where a feed held it already when it was subscribed to, so that it is no news to anybody;
//! - `added`, `changed`: when the article and its current version were added (RFC 3339);
//! - `corrections`: what people corrected of its quotations (`content`, `words`, `speaker`, `made`);
//! - `earlier`: its earlier versions, oldest first, in the same form;
//! - `goes_on`: true where only versions stand that came before, and the article's next line follows at once: a long past takes several
//!   lines, oldest first, so that no line is longer than what is read back. `address` is then the article's address now.
//!
//! A line without `blocks` is read as any `.jsonl` file is: it is imported, and a `collection` in it is not ours.

mod line;

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, Write};

use sqlx::Row;
use tokio::sync::mpsc;

use self::line::{Batch, Entry, FULL_LINE_BYTES, Line};
use super::add::{Added, KnownBy, Outcome};
use super::error::{Located, Problem, check_text};
use super::past::Filling;
use super::watches::{Hold, MAX_OWNER_BYTES, MAX_PATH_BYTES, Origin};
use super::writer::Writer;
use super::{CollectionId, SHARED, Store, StoreError, Stored};

/// Refused lines that are told one by one; of more, only the number.
const MAX_REFUSED_TOLD: usize = 100;

/// Articles that are written at once: of these it is asked together which were imported.
const CHUNK: usize = 64;

/// Where lines come from, and where their articles go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinesFrom<'a> {
    /// Names the installation on whose machine the file is, at most [`MAX_OWNER_BYTES`]; empty for what came from no file.
    pub owner: &'a str,
    /// The file's path, at most [`MAX_PATH_BYTES`]; empty for what came from no file.
    pub path: &'a str,
    /// With what the keys of articles begin that have none of their own.
    pub name: &'a str,
    /// The collection into which all go; if none, each goes into the one that its line names, which is made if there is none.
    pub into: Option<CollectionId>,
}

/// What was exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exported {
    /// Articles, each on a line; on several where its past is long.
    pub articles: u64,
    /// Bytes.
    pub bytes: u64,
}

/// What came of an import, so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Lines that were read, blank ones not counted.
    pub lines: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Articles that were not there.
    pub new: u64,
    /// Articles that were there, to the byte.
    pub unchanged: u64,
    /// Articles that were there with other words.
    pub new_versions: u64,
    /// Articles that had been removed.
    pub restored: u64,
    /// Of those that were there, how many were known by their address, …
    pub known_by_address: u64,
    /// … by their key, …
    pub known_by_key: u64,
    /// … and by their content, byte for byte.
    pub known_by_content: u64,
    /// Articles, new or changed, that share most of their words with an older one. They are kept and marked.
    pub near_duplicates: u64,
    /// Lines that gave no article.
    pub refused: u64,
    /// The first hundred of them.
    pub refusals: Vec<RefusedLine>,
}

/// A line that gave no article, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

impl Store {
    /// Writes all articles of a collection that were not removed, with their earlier versions, in the order in which they were first
    /// added; importing them and exporting again gives the same bytes.
    ///
    /// Near-duplicates are not marked: whoever imports finds them anew.
    ///
    /// `out` is written from the calling task: give it a buffered writer of something that doesn't make it wait.
    ///
    /// # Errors
    /// [`Problem::Missing`] for a collection that is not there, [`Problem::Io`] when `out` can't be written,
    /// [`Problem::Damaged`] for an article that can't be read, and what a database may answer.
    pub async fn export(&self, collection: CollectionId, mut out: impl Write + Send) -> Result<Exported, StoreError> {
        let named = self.collections().await?.into_iter().find(|(id, _)| *id == collection);
        let (id, name) =
            named.ok_or_else(|| Problem::Missing(format!("collection {}", collection.0))).at(self.place())?;
        let mut exported = Exported::default();
        self.export_one(id, &name, &mut out, &mut exported).await?;
        out.flush().at(self.place())?;
        Ok(exported)
    }

    /// Writes all articles of all collections, as [`export`](Store::export) does those of one: the shared one first, the others by
    /// their names.
    ///
    /// # Errors
    /// Those of [`export`](Store::export).
    pub async fn export_all(&self, mut out: impl Write + Send) -> Result<Exported, StoreError> {
        let mut all = self.collections().await?;
        // Not by number: that depends on which was made first.
        all.sort_unstable_by(|(a, of_a), (b, of_b)| (*a != SHARED, of_a).cmp(&(*b != SHARED, of_b)));
        let mut exported = Exported::default();
        for (id, name) in all {
            self.export_one(id, &name, &mut out, &mut exported).await?;
        }
        out.flush().at(self.place())?;
        Ok(exported)
    }

    async fn export_one(
        &self,
        collection: CollectionId,
        name: &str,
        out: &mut (impl Write + Send),
        exported: &mut Exported,
    ) -> Result<(), StoreError> {
        let mut articles = self.load_all(collection);
        loop {
            let mut chunk: Vec<Stored> = Vec::with_capacity(CHUNK);
            while chunk.len() < CHUNK
                && let Some(stored) = articles.next().await?
            {
                chunk.push(stored);
            }
            let imported = self.imported(collection, &chunk).await.at(self.place())?;
            for stored in &chunk {
                let mut line = Line::of(stored);
                line.collection = (collection != SHARED).then(|| name.into());
                line.imported = imported.contains(&stored.id.0);
                line.corrections = self.corrections_of(stored.id).await?;
                let mut filled = 0;
                for version in 1..stored.version {
                    // An earlier version is gone only from a store that somebody edited by hand.
                    let Some(earlier) = self.version(stored.id, version).await? else { continue };
                    let earlier = Line::of(&earlier).owned();
                    let bytes = written(&earlier).at(self.place())?.len();
                    if filled + bytes > FULL_LINE_BYTES
                        && let Some(past) = line.take_past()
                    {
                        exported.bytes += write(out, &past).at(self.place())?;
                        filled = 0;
                    }
                    filled += bytes;
                    line.earlier.push(earlier);
                }
                exported.bytes += write(out, &line).at(self.place())?;
                exported.articles += 1;
            }
            if chunk.len() < CHUNK {
                return Ok(());
            }
        }
    }

    /// Which of these articles of a collection, given by their numbers upwards, are held for good.
    async fn imported(&self, collection: CollectionId, chunk: &[Stored]) -> Result<HashSet<i64>, Problem> {
        let (Some(first), Some(last)) = (chunk.first(), chunk.last()) else { return Ok(HashSet::new()) };
        let query = "SELECT a.id FROM articles a WHERE a.collection = $1 AND a.id >= $2 AND a.id <= $3
                     AND a.removed_at IS NULL AND EXISTS (SELECT 1 FROM source_articles s
                         JOIN source_files f ON f.id = s.file WHERE s.article = a.id AND f.imported = 1)";
        let query = sqlx::query(query).bind(collection.0).bind(first.id.0).bind(last.id.0);
        let rows = query.fetch_all(self.inner.pools.reader()).await?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
    }

    /// Adds what [`export`](Store::export) wrote, or any `.jsonl` file of articles, to a collection, in batches; `progress` is
    /// called after each.
    ///
    /// Articles are taken for those that are held by address and key, those of other `.jsonl` files by content as well; a version
    /// that is held already, now or earlier, changes nothing, so that importing an old export, or one twice, does no harm. A line
    /// that gives no article is refused and hides no other. After an error everything that `progress` told of is kept, and
    /// importing again goes on from there.
    ///
    /// An article without a key of its own gets one that its content decides: where in which file it stood doesn't matter.
    ///
    /// What is imported is held for good, but for lines of an export that says otherwise; see [`Hold::Imported`].
    ///
    /// # Errors
    /// [`Problem::Io`] when `input` can't be read, [`Problem::Missing`] for a collection that is not there, and what a database
    /// may answer.
    pub async fn import(
        &self,
        collection: CollectionId,
        input: impl BufRead + Send + 'static,
        progress: impl FnMut(&Imported) + Send,
    ) -> Result<Imported, StoreError> {
        let from = LinesFrom { name: "article", into: Some(collection), ..LinesFrom::default() };
        self.import_lines(from, input, progress).await
    }

    /// As [`import`](Store::import), of a file, into one collection or into those that the lines name.
    ///
    /// # Errors
    /// Those of [`import`](Store::import), and [`Problem::Text`] for an owner or a path that can't be kept.
    pub async fn import_lines(
        &self,
        from: LinesFrom<'_>,
        input: impl BufRead + Send + 'static,
        mut progress: impl FnMut(&Imported) + Send,
    ) -> Result<Imported, StoreError> {
        check_text("the owner's name", from.owner, MAX_OWNER_BYTES).at(self.place())?;
        check_text("a path", from.path, MAX_PATH_BYTES).at(self.place())?;
        // Reading and hashing run ahead of the database by two batches.
        let (sender, mut batches) = mpsc::channel(2);
        let name = from.name.to_owned();
        let reading = tokio::task::spawn_blocking(move || line::read_batches(input, &name, &sender));
        let (mut imported, mut collections) = (Imported::default(), HashMap::new());
        let mut open = None;
        while let Some(batch) = batches.recv().await {
            let Batch { lines, bytes, entries, refused, goes_on } = batch;
            for added in self.put_lines(from, entries, &mut collections, &mut open, goes_on).await? {
                match added.outcome {
                    Outcome::New => imported.new += 1,
                    Outcome::Unchanged => imported.unchanged += 1,
                    Outcome::NewVersion => imported.new_versions += 1,
                    Outcome::Restored => imported.restored += 1,
                }
                match added.known_by {
                    None | Some(KnownBy::Source) => {}
                    Some(KnownBy::Address) => imported.known_by_address += 1,
                    Some(KnownBy::Key) => imported.known_by_key += 1,
                    Some(KnownBy::Content) => imported.known_by_content += 1,
                }
                let is_near = added.duplicate_of.is_some() && added.outcome != Outcome::Unchanged;
                imported.near_duplicates += u64::from(is_near);
            }
            imported.lines += lines;
            imported.bytes += bytes;
            imported.refused += refused.len() as u64;
            let room = MAX_REFUSED_TOLD.saturating_sub(imported.refusals.len());
            imported.refusals.extend(refused.into_iter().take(room));
            if open.is_none() {
                progress(&imported);
            }
        }
        let read = reading.await.map_err(|ended| Problem::Task(ended.to_string()));
        read.at(self.place())?.at(self.place())?;
        Ok(imported)
    }

    /// Writes lines in one transaction: the one that is `open`, or else a new one, which stays open if the next lines `goes_on` with
    /// the article of the last. `collections` keeps the numbers of those that were named.
    async fn put_lines(
        &self,
        from: LinesFrom<'_>,
        entries: Vec<Entry>,
        collections: &mut HashMap<String, CollectionId>,
        open: &mut Option<Putting>,
        goes_on: bool,
    ) -> Result<Vec<Added>, StoreError> {
        let mut placed = Vec::with_capacity(entries.len());
        for entry in entries {
            let collection = match (from.into, &entry.collection) {
                (Some(into), _) => into,
                (None, None) => SHARED,
                (None, Some(name)) => match collections.get(name) {
                    Some(known) => *known,
                    None => {
                        // No transaction is open: the lines of a second batch are of the collection of the first.
                        let made = self.collection(name).await?;
                        collections.insert(name.clone(), made);
                        made
                    }
                },
            };
            placed.push((collection, entry));
        }
        let put = async {
            let Putting { mut writer, mut files, mut filling } = match open.take() {
                Some(putting) => putting,
                None => {
                    let mut writer = Writer::begin(self).await?;
                    writer.check_collection(from.into.unwrap_or(SHARED)).await?;
                    Putting { writer, files: HashMap::new(), filling: None }
                }
            };
            let mut all = Vec::with_capacity(placed.len());
            for (collection, entry) in placed {
                let Entry { parcel, identity, held, corrections, goes_on, .. } = entry;
                let (label, hash) = (format!("={}", parcel.key), parcel.hash.clone());
                let id = if goes_on {
                    let begun = writer.put_past(collection, parcel, filling.take()).await?;
                    filling.insert(begun).id
                } else {
                    let added = match filling.take() {
                        Some(filling) => writer.end_past(collection, parcel, filling).await?,
                        None => writer.put(collection, parcel, identity).await?,
                    };
                    let id = added.id;
                    all.push(added);
                    id
                };
                for correction in &corrections {
                    writer.correct(id, collection, correction).await?;
                }
                if held {
                    let file = match files.get(&collection) {
                        Some(file) => *file,
                        None => {
                            let origin = Origin { owner: from.owner, collection, hold: Hold::Imported };
                            let file = writer.streamed_file(origin, from.path, from.name).await?;
                            files.insert(collection, file);
                            file
                        }
                    };
                    writer.hold(file, &label, id, &hash).await?;
                }
            }
            if goes_on {
                *open = Some(Putting { writer, files, filling });
                return Ok(all);
            }
            if let Some(filling) = filling {
                writer.drop_past(filling).await?;
            }
            writer.commit().await?;
            Ok::<_, Problem>(all)
        };
        put.await.at(self.place())
    }
}

/// A transaction into which lines are put.
struct Putting {
    writer: Writer,
    /// The file that holds what is imported, by collection.
    files: HashMap<CollectionId, i64>,
    /// The article whose next line follows.
    filling: Option<Filling>,
}

fn written(line: &Line<'_>) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(line)?)
}

/// Writes a line; how many bytes that were.
fn write(out: &mut impl Write, line: &Line<'_>) -> io::Result<u64> {
    let mut bytes = written(line)?;
    bytes.push(b'\n');
    out.write_all(&bytes)?;
    Ok(bytes.len() as u64)
}
