//! Which files a collection is filled from, and what each of them gave: what mirroring a folder and importing one remember.
//!
//! A file *holds* the articles that it gave. One that is [mirrored](Hold::Mirrored) lets go of what has left it; an article
//! that no file holds any more is removed. One that was [imported](Hold::Imported) holds for good. Articles that came
//! otherwise are held by none, until a file gives the same one. How a file's articles find theirs in the store is in
//! `sources.rs`.
//!
//! Everything is kept by owner: several installations may fill one collection of one PostgreSQL database, and none touches
//! what another's files hold.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::error::{Located, Problem, check_text};
use super::record::Parcel;
use super::writer::Writer;
use super::{Added, CollectionId, Store, StoreError, StoredId};
use crate::article::Article;

/// The longest name of an owner, in bytes.
pub const MAX_OWNER_BYTES: usize = 256;

/// The longest path of a file that is remembered, in bytes. PostgreSQL's index takes entries of at most 2,704 bytes, and the
/// owner stands in it as well.
pub const MAX_PATH_BYTES: usize = 2048;

/// Whether a file holds its articles for as long as it gives them, or for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hold {
    /// It is mirrored: what leaves it is let go.
    Mirrored,
    /// It was read once, because somebody wanted it: what it gave stays until somebody removes it.
    Imported,
}

impl Hold {
    pub(super) fn code(self) -> i16 {
        match self {
            Self::Mirrored => 0,
            Self::Imported => 1,
        }
    }
}

/// Whose files these are, where their articles go, and how they are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// Names the installation on whose machine the files are; at most [`MAX_OWNER_BYTES`].
    pub owner: &'a str,
    /// Where the articles go.
    pub collection: CollectionId,
    /// How they are held.
    pub hold: Hold,
}

impl Origin<'_> {
    pub(super) fn check(&self) -> Result<(), Problem> {
        check_text("the owner's name", self.owner, MAX_OWNER_BYTES)
    }
}

/// By what an unchanged file is known without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in nanoseconds since 1970.
    pub modified: i64,
    /// The number of the file system that it is on; 0 where systems have none. By it a folder that was emptied is told from
    /// one whose disk is not there.
    pub device: u64,
}

/// A file that was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// Its path.
    pub path: String,
    /// What it was then.
    pub stamp: Stamp,
    /// SHA-256 of its bytes; empty for one that was too large to be read.
    pub hash: Vec<u8>,
    /// The program that read it.
    pub reader: String,
    /// What of it could not be read.
    pub problems: Vec<String>,
}

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Its path, at most [`MAX_PATH_BYTES`].
    pub path: String,
    /// The path that it had before, if it was moved.
    pub was: Option<String>,
    /// From what the keys of its articles are made that have none of their own.
    pub name: String,
    /// What it is.
    pub stamp: Stamp,
    /// SHA-256 of its bytes.
    pub hash: Vec<u8>,
    /// The program that read it: a newer one may read more out of the same bytes.
    pub reader: &'static str,
    /// The articles in it; nothing where it could not be read at all, and then it holds what it held before.
    pub entries: Option<Vec<SourceEntry>>,
    /// What could not be read. As long as there is any, nothing is taken for gone from the file: it may be what is damaged.
    pub problems: Vec<String>,
}

/// An article of a file, ready to be written.
#[derive(Debug, Clone)]
pub struct SourceEntry {
    pub(super) label: String,
    pub(super) derived: Option<usize>,
    pub(super) parcel: Parcel,
}

impl SourceEntry {
    /// An article that has a key of its own, by which it is known in its file.
    #[must_use]
    pub fn named(article: &Article) -> Self {
        Self { label: format!("={}", article.key()), derived: None, parcel: Parcel::of(article) }
    }

    /// The article at a place of its file, counted from 1. Its key is the file's name, from the second on with the number.
    #[must_use]
    pub fn at(place: usize, mut article: Article, name: &str) -> Self {
        article.rename(key_at(place, name));
        Self { label: format!("#{place}"), derived: Some(place), parcel: Parcel::of(&article) }
    }

    /// The name or place by which its file knows it.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }
}

/// The key of the article at a place of a file, counted from 1.
pub(super) fn key_at(place: usize, name: &str) -> String {
    if place <= 1 { name.to_owned() } else { format!("{name}-{place}") }
}

/// What came of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceOutcome {
    /// The articles that were written or compared, in the order of the file.
    pub added: Vec<Added>,
    /// Articles that the file gave before as it does now; they were not even looked up.
    pub unchanged: u64,
    /// Articles that left it and that no other file holds: they were removed.
    pub removed: u64,
    /// Articles that left it and that other files hold with other words than it gave last: those files are read again by
    /// the next sync.
    pub stale: u64,
    /// Articles that got another key because the file was moved.
    pub renamed: u64,
    /// Articles that can't be kept, and why.
    pub refused: Vec<String>,
}

impl SourceOutcome {
    /// Takes what came of more articles of the file.
    pub(super) fn absorb(&mut self, more: Self) {
        self.added.extend(more.added);
        self.unchanged += more.unchanged;
        self.removed += more.removed;
        self.stale += more.stale;
        self.renamed += more.renamed;
        self.refused.extend(more.refused);
    }

    pub(super) fn take_let_go(&mut self, came: LetGo) {
        match came {
            LetGo::Removed => self.removed += 1,
            LetGo::Held => {}
            LetGo::Stale => self.stale += 1,
        }
    }
}

/// A folder, file or pattern that is mirrored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchedPath {
    /// By whom.
    pub owner: String,
    /// Into which collection.
    pub collection: CollectionId,
    /// The path or pattern.
    pub path: String,
}

/// What an owner mirrors into a collection.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WatchOwner {
    /// The owner.
    pub owner: String,
    /// The collection.
    pub collection: CollectionId,
    /// The folders, files and patterns.
    pub places: Vec<String>,
    /// How many files were read, and hold what they gave.
    pub files: u64,
}

impl Store {
    /// All who mirror files, with what they mirror into each collection: also those that have no place any more and some files
    /// still. In the order of their names.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn watch_owners(&self) -> Result<Vec<WatchOwner>, StoreError> {
        let mut owners: BTreeMap<(String, CollectionId), (Vec<String>, u64)> = BTreeMap::new();
        for WatchedPath { owner, collection, path } in self.watches().await? {
            owners.entry((owner, collection)).or_default().0.push(path);
        }
        let query =
            "SELECT owner, collection, COUNT(*) FROM source_files WHERE imported = 0 GROUP BY owner, collection";
        for row in sqlx::query(query).fetch_all(self.inner.pools.reader()).await.at(self.place())? {
            let counted = || Ok::<_, sqlx::Error>((row.try_get(0)?, CollectionId(row.try_get(1)?), row.try_get(2)?));
            let (owner, collection, files): (_, _, i64) = counted().at(self.place())?;
            owners.entry((owner, collection)).or_default().1 = files.unsigned_abs();
        }
        let owner = |((owner, collection), (places, files))| WatchOwner { owner, collection, places, files };
        Ok(owners.into_iter().map(owner).collect())
    }

    /// What is mirrored, by whom and into which collection.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn watches(&self) -> Result<Vec<WatchedPath>, StoreError> {
        let query = sqlx::query("SELECT owner, collection, path FROM watches");
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let watched = |row: &AnyRow| {
            let (owner, collection) = (row.try_get(0)?, CollectionId(row.try_get(1)?));
            Ok::<_, sqlx::Error>(WatchedPath { owner, collection, path: row.try_get(2)? })
        };
        let mut watched: Vec<_> = rows.iter().map(watched).collect::<Result<_, _>>().at(self.place())?;
        // Here and not in SQL: PostgreSQL sorts by its language, SQLite by bytes.
        watched.sort_unstable();
        Ok(watched)
    }

    /// Notes what an owner mirrors into a collection from now on. Nothing is read or removed: that is what
    /// [`sync`](crate::intake::mirror::sync) does.
    ///
    /// # Errors
    /// [`Problem::Text`] for what can't be kept, [`Problem::Missing`] for a collection that is not there, and what a database
    /// may answer.
    pub async fn set_watches(&self, owner: &str, collection: CollectionId, paths: &[String]) -> Result<(), StoreError> {
        let set = async {
            check_text("the owner's name", owner, MAX_OWNER_BYTES)?;
            let mut writer = Writer::begin(self).await?;
            writer.check_collection(collection).await?;
            let old = sqlx::query("DELETE FROM watches WHERE owner = $1 AND collection = $2");
            old.bind(owner).bind(collection.0).execute(&mut *writer.tx).await?;
            for path in paths {
                check_text("a path", path, MAX_PATH_BYTES)?;
                let new = "INSERT INTO watches (owner, collection, path) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                sqlx::query(new).bind(owner).bind(collection.0).bind(path).execute(&mut *writer.tx).await?;
            }
            writer.commit().await
        };
        set.await.at(self.place())
    }

    /// The files of an origin that were read before.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn source_files(&self, origin: Origin<'_>) -> Result<Vec<KnownFile>, StoreError> {
        let query = "SELECT path, size, modified, device, hash, reader, problems FROM source_files
                     WHERE owner = $1 AND collection = $2 AND imported = $3";
        let query = sqlx::query(query).bind(origin.owner).bind(origin.collection.0).bind(origin.hold.code());
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let known = |row: &AnyRow| {
            let (size, device): (i64, i64) = (row.try_get(1)?, row.try_get(3)?);
            let problems: Option<String> = row.try_get(6)?;
            Ok::<_, sqlx::Error>(KnownFile {
                path: row.try_get(0)?,
                stamp: Stamp { size: size.cast_unsigned(), modified: row.try_get(2)?, device: device.cast_unsigned() },
                hash: row.try_get(4)?,
                reader: row.try_get(5)?,
                problems: problems.iter().flat_map(|all| all.lines()).map(str::to_owned).collect(),
            })
        };
        rows.iter().map(known).collect::<Result<_, _>>().at(self.place())
    }

    /// Writes files and their articles, some 256 articles in one transaction; the outcomes are in the order of the files.
    ///
    /// A file of more articles is known as it is now with the last of its transactions, and lets go with that one of what has
    /// left it. Until then it counts as changed: writing it again goes on where this was broken off.
    ///
    /// A file that is known with the same bytes keeps its articles as they are, unless it is [imported](Hold::Imported)
    /// again: then what was removed of it comes back.
    ///
    /// # Errors
    /// [`Problem::Text`] and [`Problem::Missing`], and what a database may answer. Files that were written until then are kept.
    pub async fn put_sources(
        &self,
        origin: Origin<'_>,
        files: Vec<SourceFile>,
    ) -> Result<Vec<SourceOutcome>, StoreError> {
        let put = async {
            origin.check()?;
            for file in &files {
                check_text("a path", &file.path, MAX_PATH_BYTES)?;
            }
            self.put_in_turns(origin, files).await
        };
        put.await.at(self.place())
    }

    /// Notes new stamps of files whose bytes are the same, in one transaction.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn restamp_sources(&self, origin: Origin<'_>, files: &[(String, Stamp)]) -> Result<(), StoreError> {
        let noted = async {
            let mut writer = Writer::begin(self).await?;
            for (path, stamp) in files {
                let update = "UPDATE source_files SET size = $1, modified = $2, device = $3
                              WHERE owner = $4 AND collection = $5 AND imported = $6 AND path = $7";
                let update = sqlx::query(update).bind(stamp.size.cast_signed()).bind(stamp.modified);
                let update = update.bind(stamp.device.cast_signed()).bind(origin.owner).bind(origin.collection.0);
                update.bind(origin.hold.code()).bind(path).execute(&mut *writer.tx).await?;
            }
            writer.commit().await
        };
        noted.await.at(self.place())
    }

    /// Lets files go, in one transaction: the articles that no other file holds are removed.
    ///
    /// # Errors
    /// What a database may answer; then nothing was let go.
    pub async fn forget_sources(&self, origin: Origin<'_>, paths: &[String]) -> Result<SourceOutcome, StoreError> {
        let forgotten = async {
            let mut writer = Writer::begin(self).await?;
            let mut left = Vec::new();
            for path in paths {
                if let Some(file) = writer.source_file(origin, path).await? {
                    left.extend(writer.links(file.id).await?.into_iter().map(|link| link.article));
                    for delete in
                        ["DELETE FROM source_articles WHERE file = $1", "DELETE FROM source_files WHERE id = $1"]
                    {
                        sqlx::query(delete).bind(file.id).execute(&mut *writer.tx).await?;
                    }
                }
            }
            let mut outcome = SourceOutcome::default();
            for article in left {
                outcome.take_let_go(writer.after_let_go(origin.collection, article).await?);
            }
            writer.commit().await?;
            Ok::<_, Problem>(outcome)
        };
        forgotten.await.at(self.place())
    }
}

/// A file's row.
pub(super) struct FileRow {
    pub(super) id: i64,
    pub(super) hold: i16,
    pub(super) name: String,
    pub(super) hash: Vec<u8>,
    pub(super) reader: String,
}

/// That a file holds an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) label: String,
    pub(super) article: StoredId,
    pub(super) hash: Vec<u8>,
}

/// What came of it that a file let an article go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LetGo {
    /// No file holds it: it was removed.
    Removed,
    /// It is as it should be.
    Held,
    /// Files that hold it give other words than it has: they are read again by the next sync.
    Stale,
}

impl Writer {
    /// What is known of a path, mirrored and imported.
    pub(super) async fn source_rows(&mut self, origin: Origin<'_>, path: &str) -> Result<Vec<FileRow>, Problem> {
        let query = "SELECT id, imported, name, hash, reader FROM source_files
                     WHERE owner = $1 AND collection = $2 AND imported IN (0, 1) AND path = $3";
        let query = sqlx::query(query).bind(origin.owner).bind(origin.collection.0).bind(path);
        let row = |row: &AnyRow| {
            let hold: i64 = row.try_get(1)?;
            Ok::<_, sqlx::Error>(FileRow {
                id: row.try_get(0)?,
                hold: i16::from(hold != 0),
                name: row.try_get(2)?,
                hash: row.try_get(3)?,
                reader: row.try_get(4)?,
            })
        };
        Ok(query.fetch_all(&mut *self.tx).await?.iter().map(row).collect::<Result<_, _>>()?)
    }

    /// What is known of a file of this origin.
    pub(super) async fn source_file(&mut self, origin: Origin<'_>, path: &str) -> Result<Option<FileRow>, Problem> {
        let rows = self.source_rows(origin, path).await?;
        Ok(rows.into_iter().find(|row| row.hold == origin.hold.code()))
    }

    /// What a file holds.
    pub(super) async fn links(&mut self, file: i64) -> Result<Vec<Link>, Problem> {
        let query = "SELECT entry, article, hash FROM source_articles WHERE file = $1";
        let link = |row: &AnyRow| {
            let article = StoredId(row.try_get(1)?);
            Ok::<_, sqlx::Error>(Link { label: row.try_get(0)?, article, hash: row.try_get(2)? })
        };
        let rows = sqlx::query(query).bind(file).fetch_all(&mut *self.tx).await?;
        Ok(rows.iter().map(link).collect::<Result<_, _>>()?)
    }

    /// Does what is due when a file let an article go: removes it if no file holds it any more. Where others hold it, and none
    /// of them gave the words that it has now, they are to be read once more.
    pub(super) async fn after_let_go(&mut self, collection: CollectionId, id: StoredId) -> Result<LetGo, Problem> {
        let holders = "SELECT s.hash FROM source_articles s WHERE s.article = $1";
        let holders = sqlx::query(holders).bind(id.0).fetch_all(&mut *self.tx).await?;
        if holders.is_empty() {
            return Ok(if self.take_out(collection, id).await? { LetGo::Removed } else { LetGo::Held });
        }
        let now = "SELECT hash FROM articles WHERE id = $1 AND removed_at IS NULL";
        let Some(now) = sqlx::query(now).bind(id.0).fetch_optional(&mut *self.tx).await? else {
            return Ok(LetGo::Held);
        };
        let now: Vec<u8> = now.try_get(0)?;
        for row in &holders {
            if row.try_get::<Vec<u8>, _>(0)? == now {
                return Ok(LetGo::Held);
            }
        }
        let files = "UPDATE source_files SET reader = ''
                     WHERE imported = 0 AND id IN (SELECT file FROM source_articles WHERE article = $1)";
        let files = sqlx::query(files).bind(id.0).execute(&mut *self.tx).await?.rows_affected();
        let links = "UPDATE source_articles SET hash = $1 WHERE article = $2";
        sqlx::query(links).bind(Vec::<u8>::new()).bind(id.0).execute(&mut *self.tx).await?;
        Ok(if files > 0 { LetGo::Stale } else { LetGo::Held })
    }

    /// Tells a collection that is not there.
    pub(super) async fn check_collection(&mut self, collection: CollectionId) -> Result<(), Problem> {
        let known = sqlx::query("SELECT id FROM collections WHERE id = $1").bind(collection.0);
        match known.fetch_optional(&mut *self.tx).await? {
            Some(_) => Ok(()),
            None => Err(Problem::Missing(format!("collection {}", collection.0))),
        }
    }
}
