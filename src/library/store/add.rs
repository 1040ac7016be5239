//! Adding articles, replacing them by newer versions, removing and renaming them.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;

use super::changes::ChangeKind;
use super::error::{Located, Problem, check_key};
use super::record::Parcel;
use super::writer::Writer;
use super::{CollectionId, Store, StoreError, StoredId, millis};
use crate::article::Article;

/// What adding an article came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added {
    /// The article's number in the store.
    pub id: StoredId,
    /// The key under which it is held: not always the one that it came with.
    pub key: String,
    /// Its current version, counted from 1.
    pub version: i64,
    /// What happened.
    pub outcome: Outcome,
    /// By what it was taken for one that is held; nothing for a new one.
    pub known_by: Option<KnownBy>,
    /// The article that it is a near-duplicate of, among those of its collection that were there when it was added or last
    /// changed. Readers decide what to do with it: it is kept like any other.
    pub duplicate_of: Option<StoredId>,
}

/// What happened to an article that was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was not there.
    New,
    /// It is there, to the byte.
    Unchanged,
    /// It was there with other words or another shape; these are now its current version.
    NewVersion,
    /// It had been removed, and is back.
    Restored,
}

/// By what an article that comes is taken for one that is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KnownBy {
    /// The [canonical address](super::canonical_url) of the page.
    Address,
    /// The key.
    Key,
    /// The file, and the place in it, that gave it before.
    Source,
    /// Its content, byte for byte.
    Content,
}

/// How an article that comes is known to be one that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// By address, key or content: what comes from a file or a page.
    Full,
    /// The same, and a version that is held already is no news: what comes as a line without a past.
    Line,
    /// By address or key: what comes from an export, where two articles of one content are two articles, and a version that
    /// is held already is no news.
    Exported,
}

/// How long before it arrives an article must have been added elsewhere to count as moved, in milliseconds: clocks differ by less.
const MOVED_MS: i64 = 60 * 60 * 1000;

/// The articles that share a key, an address or their content: three look-ups and not one with OR, for which SQLite reads the
/// whole collection.
pub(super) const HELD: &str = "SELECT id, key, url, version, hash, duplicate_of, removed_at FROM articles WHERE id IN
     (SELECT id FROM articles WHERE collection = $1 AND key = $2 UNION ALL
      SELECT id FROM articles WHERE collection = $1 AND url = $3 UNION ALL
      SELECT id FROM articles WHERE collection = $1 AND hash = $4)
     ORDER BY id";

/// An article that is there.
pub(super) struct Held {
    pub(super) id: StoredId,
    pub(super) key: String,
    pub(super) url: Option<String>,
    version: i64,
    pub(super) hash: Vec<u8>,
    duplicate_of: Option<StoredId>,
    pub(super) removed: bool,
}

impl Held {
    fn of(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: StoredId(row.try_get(0)?),
            key: row.try_get(1)?,
            url: row.try_get(2)?,
            version: row.try_get(3)?,
            hash: row.try_get(4)?,
            duplicate_of: row.try_get::<Option<i64>, _>(5)?.map(StoredId),
            removed: row.try_get::<Option<i64>, _>(6)?.is_some(),
        })
    }
}

impl Store {
    /// Adds an article to a collection, once however often it is called.
    ///
    /// It is taken for one that is held, in this order:
    /// 1. by its [canonical address](super::canonical_url);
    /// 2. by its key, unless both have an address and the two differ: then it is another article, and its key gets a suffix
    ///    (`name-2`), as in a [`Library`](crate::library::Library);
    /// 3. by its content (text, blocks, sentences, metadata): a copy under another name is [`Unchanged`](Outcome::Unchanged), and
    ///    [`Added::key`] tells the name that it is held under. Whoever sees a file renamed calls [`rename`](Store::rename).
    ///
    /// So keys must tell sources apart: where two folders hold a `notes.txt` each, the caller makes them `a/notes` and `b/notes`.
    /// A program that reads files better than its predecessor did makes new versions when it reads them again.
    ///
    /// # Errors
    /// [`Problem::Key`] for a key that can't be kept, [`Problem::Missing`] for a collection that is not there, and what a
    /// database may answer.
    pub async fn add(&self, collection: CollectionId, article: &Article) -> Result<Added, StoreError> {
        let added = self.add_all(collection, std::slice::from_ref(article)).await?;
        added.into_iter().next().ok_or(Problem::Task("nothing was added".to_owned())).at(self.place())
    }

    /// Adds articles in one transaction, all or none; the outcomes are in the order of the articles.
    ///
    /// A few hundred at a time are fast and don't keep others waiting.
    ///
    /// # Errors
    /// Those of [`add`](Store::add); then none was added.
    pub async fn add_all(&self, collection: CollectionId, articles: &[Article]) -> Result<Vec<Added>, StoreError> {
        let articles = articles.to_vec();
        // Hashing a batch takes milliseconds: not on the threads that answer.
        let parcels = tokio::task::spawn_blocking(move || articles.iter().map(Parcel::of).collect::<Vec<_>>()).await;
        let parcels = parcels.map_err(|ended| Problem::Task(ended.to_string())).at(self.place())?;
        let parcels = parcels.into_iter().map(|parcel| (parcel, Identity::Full)).collect();
        self.put_all(collection, parcels).await.at(self.place())
    }

    pub(super) async fn put_all(
        &self,
        collection: CollectionId,
        parcels: Vec<(Parcel, Identity)>,
    ) -> Result<Vec<Added>, Problem> {
        for (parcel, _) in &parcels {
            check_key(&parcel.key)?;
        }
        let mut writer = Writer::begin(self).await?;
        writer.check_collection(collection).await?;
        let mut all = Vec::with_capacity(parcels.len());
        for (parcel, identity) in parcels {
            all.push(writer.put(collection, parcel, identity).await?);
        }
        writer.commit().await?;
        Ok(all)
    }

    /// Removes the article with this number, in whichever collection it is; whether it was there.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn remove_article(&self, id: StoredId) -> Result<bool, StoreError> {
        let removed = async {
            let mut writer = Writer::begin(self).await?;
            let find = "SELECT collection FROM articles WHERE id = $1";
            let found = sqlx::query(find).bind(id.0).fetch_optional(&mut *writer.tx).await?;
            let Some(row) = found else { return Ok(false) };
            let removed = writer.take_out(CollectionId(row.try_get(0)?), id).await?;
            writer.commit().await?;
            Ok::<_, Problem>(removed)
        };
        removed.await.at(self.place())
    }

    /// Removes an article; whether it was there. It no longer answers, and is kept: adding it again
    /// [restores](Outcome::Restored) it, and [`article`](Store::article) still gives it by its number.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn remove(&self, collection: CollectionId, key: &str) -> Result<bool, StoreError> {
        let removed = async {
            let mut writer = Writer::begin(self).await?;
            let find = "SELECT id FROM articles WHERE collection = $1 AND key = $2";
            let found = sqlx::query(find).bind(collection.0).bind(key).fetch_optional(&mut *writer.tx).await?;
            let Some(row) = found else { return Ok(false) };
            let removed = writer.take_out(collection, StoredId(row.try_get(0)?)).await?;
            writer.commit().await?;
            Ok::<_, Problem>(removed)
        };
        // A key that can't be kept is not there, and PostgreSQL would not even compare it.
        if check_key(key).is_err() { Ok(false) } else { removed.await.at(self.place()) }
    }

    /// Gives an article another key; whether it was there. Nothing happens where the new key is taken.
    ///
    /// # Errors
    /// [`Problem::Key`], and what a database may answer.
    pub async fn rename(&self, collection: CollectionId, from: &str, to: &str) -> Result<bool, StoreError> {
        let renamed = async {
            check_key(to)?;
            let mut writer = Writer::begin(self).await?;
            let renamed = writer.give_key(collection, from, to).await?;
            writer.commit().await?;
            Ok::<_, Problem>(renamed)
        };
        if check_key(from).is_err() { Ok(false) } else { renamed.await.at(self.place()) }
    }
}

impl Writer {
    /// Removes an article; whether it was there.
    pub(super) async fn take_out(&mut self, collection: CollectionId, id: StoredId) -> Result<bool, Problem> {
        let remove = "UPDATE articles SET removed_at = $1 WHERE id = $2 AND removed_at IS NULL";
        let remove = sqlx::query(remove).bind(millis(Timestamp::now())).bind(id.0);
        if remove.execute(&mut *self.tx).await?.rows_affected() == 0 {
            return Ok(false);
        }
        self.forget_bands(id).await?;
        self.log(ChangeKind::Removed, id, collection).await?;
        Ok(true)
    }

    /// Gives an article another key, if it is there and the new one is free; whether it did.
    pub(super) async fn give_key(&mut self, collection: CollectionId, from: &str, to: &str) -> Result<bool, Problem> {
        if self.key_is_taken(collection, to).await? {
            return Ok(false);
        }
        let renamed = "UPDATE articles SET key = $1
                       WHERE collection = $2 AND key = $3 AND removed_at IS NULL RETURNING id";
        let renamed = sqlx::query(renamed).bind(to).bind(collection.0).bind(from);
        let Some(row) = renamed.fetch_optional(&mut *self.tx).await? else { return Ok(false) };
        self.log(ChangeKind::Changed, StoredId(row.try_get(0)?), collection).await?;
        Ok(true)
    }

    /// Adds an article that no file gave.
    pub(super) async fn put(
        &mut self,
        collection: CollectionId,
        parcel: Parcel,
        identity: Identity,
    ) -> Result<Added, Problem> {
        let (found, key_is_free) = self.find(collection, &parcel, identity).await?;
        match found {
            None => {
                let key = if key_is_free { parcel.key.clone() } else { self.free_key(collection, &parcel.key).await? };
                self.put_new(collection, parcel, key).await
            }
            Some((held, by)) => self.put_again(collection, parcel, held, by, key_is_free, identity).await,
        }
    }

    /// The article that one which comes is taken for, and by what; and whether the key that it comes with is free.
    pub(super) async fn find(
        &mut self,
        collection: CollectionId,
        parcel: &Parcel,
        identity: Identity,
    ) -> Result<(Option<(Held, KnownBy)>, bool), Problem> {
        let mut held = self.held(collection, parcel).await?;
        let by_url = held.iter().position(|h| h.url.is_some() && h.url == parcel.url);
        let by_key = held.iter().position(|h| h.key == parcel.key);
        let of_key = by_key.filter(|&at| held.get(at).is_some_and(|h| h.url.is_none() || parcel.url.is_none()));
        let by_content = || {
            let live = |h: &Held| h.hash == parcel.hash && !h.removed;
            held.iter().position(live).or_else(|| held.iter().position(|h| h.hash == parcel.hash))
        };
        let found = by_url.map(|at| (at, KnownBy::Address)).or_else(|| Some((of_key?, KnownBy::Key)));
        let found =
            found.or_else(|| Some((by_content().filter(|_| identity != Identity::Exported)?, KnownBy::Content)));
        Ok((found.map(|(at, by)| (held.swap_remove(at), by)), by_key.is_none()))
    }

    /// Adds an article under a key that is free.
    pub(super) async fn put_new(
        &mut self,
        collection: CollectionId,
        parcel: Parcel,
        key: String,
    ) -> Result<Added, Problem> {
        let id = self.next_article();
        let now = millis(Timestamp::now());
        let (added, changed) = parcel.past.as_ref().map_or((now, now), |past| (past.added, past.changed));
        // By one clock: this machine's, and the one that wrote the export.
        let moved = added < now.saturating_sub(MOVED_MS);
        let earlier = parcel.earlier();
        let version = i64::try_from(earlier.len()).unwrap_or(i64::MAX).saturating_add(1);
        let duplicate_of = self.near_duplicate(collection, parcel.near.as_ref(), id).await?;
        sqlx::query(
            "INSERT INTO articles (id, collection, number, key, url, version, hash, sketch, duplicate_of, added_at, moved,
                                   silent)
             VALUES ($1, $2, (SELECT COALESCE(MAX(number), 0) + 1 FROM articles WHERE collection = $2),
                     $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(id.0)
        .bind(collection.0)
        .bind(&key)
        .bind(parcel.url.clone())
        .bind(version)
        .bind(parcel.hash.clone())
        .bind(parcel.near.as_ref().map(|near| near.sketch.clone()))
        .bind(duplicate_of.map(|id| id.0))
        .bind(added)
        .bind(i64::from(moved))
        .bind(i64::from(parcel.silent))
        .execute(&mut *self.tx)
        .await?;
        for (number, earlier) in (1..).zip(earlier) {
            self.put_version(id, number, earlier, earlier.past.as_ref().map_or(added, |past| past.changed)).await?;
        }
        self.put_version(id, version, &parcel, changed).await?;
        self.put_bands(collection, id, parcel.near.as_ref()).await?;
        self.log(ChangeKind::Added, id, collection).await?;
        Ok(Added { id, key, version, outcome: Outcome::New, known_by: None, duplicate_of })
    }

    /// Adds an article that is there: nothing new, a new version, or its return. What an export knows of its past and is not held
    /// goes before the version that is the current one afterwards.
    pub(super) async fn put_again(
        &mut self,
        collection: CollectionId,
        parcel: Parcel,
        held: Held,
        by: KnownBy,
        key_is_free: bool,
        identity: Identity,
    ) -> Result<Added, Problem> {
        let Held { id, mut key, version, duplicate_of, .. } = held;
        let known_by = Some(by);
        let current = held.hash == parcel.hash;
        let (same, last) = match identity {
            Identity::Full => (current, version),
            Identity::Line => (current || self.has_version(id, &parcel.hash).await?, version),
            Identity::Exported => {
                let mut kept = self.kept_versions(id).await?;
                let same = current || kept.holds(&parcel);
                self.fill(id, &mut kept, parcel.earlier()).await?;
                (same, kept.last)
            }
        };
        let filled = last > version;
        if same && !filled && !held.removed {
            return Ok(Added { id, key, version, outcome: Outcome::Unchanged, known_by, duplicate_of });
        }
        // An exported version that is held, but not as the current one, brings the article back and not the version.
        let parcel = if same && !current { self.current(id, &key).await? } else { parcel };
        // Removed under one name and back under another: a file that was renamed.
        if held.removed && key_is_free {
            key.clone_from(&parcel.key);
        }
        let renewed = !same;
        let number = if renewed || filled { last.saturating_add(1) } else { version };
        let duplicate_of = if renewed || held.removed {
            self.near_duplicate(collection, parcel.near.as_ref(), id).await?
        } else {
            duplicate_of
        };
        if renewed {
            self.put_version(id, number, &parcel, parcel.changed()).await?;
        } else if filled {
            // Versions are never renumbered: the current one comes again, behind its past.
            let changed = self.changed_at(id, version).await?;
            self.put_version(id, number, &parcel, changed).await?;
        }
        self.make_current(collection, id, &key, number, &parcel, duplicate_of).await?;
        let (kind, outcome) = match (held.removed, renewed) {
            (true, _) => (ChangeKind::Added, Outcome::Restored),
            (false, true) => (ChangeKind::Changed, Outcome::NewVersion),
            (false, false) => (ChangeKind::Changed, Outcome::Unchanged),
        };
        self.log(kind, id, collection).await?;
        Ok(Added { id, key, version: number, outcome, known_by, duplicate_of })
    }

    /// Makes a version that was written an article's current one.
    pub(super) async fn make_current(
        &mut self,
        collection: CollectionId,
        id: StoredId,
        key: &str,
        number: i64,
        parcel: &Parcel,
        duplicate_of: Option<StoredId>,
    ) -> Result<(), Problem> {
        sqlx::query(
            "UPDATE articles SET key = $1, url = COALESCE($2, url), version = $3, hash = $4, sketch = $5, duplicate_of = $6,
                                 removed_at = NULL
             WHERE id = $7",
        )
        .bind(key)
        .bind(parcel.url.clone())
        .bind(number)
        .bind(parcel.hash.clone())
        .bind(parcel.near.as_ref().map(|near| near.sketch.clone()))
        .bind(duplicate_of.map(|id| id.0))
        .bind(id.0)
        .execute(&mut *self.tx)
        .await?;
        self.forget_bands(id).await?;
        self.put_bands(collection, id, parcel.near.as_ref()).await
    }

    /// The articles that share the parcel's key, address or content.
    pub(super) async fn held(&mut self, collection: CollectionId, parcel: &Parcel) -> Result<Vec<Held>, Problem> {
        let rows = sqlx::query(HELD)
            .bind(collection.0)
            .bind(&parcel.key)
            .bind(parcel.url.clone())
            .bind(parcel.hash.clone())
            .fetch_all(&mut *self.tx)
            .await?;
        Ok(rows.iter().map(Held::of).collect::<Result<_, _>>()?)
    }

    /// The article with this number, removed or not.
    pub(super) async fn held_as(&mut self, id: StoredId) -> Result<Option<Held>, Problem> {
        let query = "SELECT id, key, url, version, hash, duplicate_of, removed_at FROM articles WHERE id = $1";
        let row = sqlx::query(query).bind(id.0).fetch_optional(&mut *self.tx).await?;
        Ok(row.as_ref().map(Held::of).transpose()?)
    }

    async fn has_version(&mut self, id: StoredId, hash: &[u8]) -> Result<bool, Problem> {
        let version = "SELECT number FROM versions WHERE article = $1 AND hash = $2 LIMIT 1";
        Ok(sqlx::query(version).bind(id.0).bind(hash.to_vec()).fetch_optional(&mut *self.tx).await?.is_some())
    }

    pub(super) async fn key_is_taken(&mut self, collection: CollectionId, key: &str) -> Result<bool, Problem> {
        let taken = "SELECT id FROM articles WHERE collection = $1 AND key = $2";
        Ok(sqlx::query(taken).bind(collection.0).bind(key).fetch_optional(&mut *self.tx).await?.is_some())
    }

    /// `key-2` to `key-9`; then numbers from the article's own, lest a thousand pages called `index` are counted each time.
    pub(super) async fn free_key(&mut self, collection: CollectionId, key: &str) -> Result<String, Problem> {
        let next = self.article.saturating_add(1);
        for number in (2..10).chain(next.max(10)..) {
            let key = format!("{key}-{number}");
            if !self.key_is_taken(collection, &key).await? {
                return Ok(key);
            }
        }
        Err(Problem::Task("no key is free".to_owned()))
    }

    pub(super) async fn put_version(
        &mut self,
        id: StoredId,
        number: i64,
        parcel: &Parcel,
        at: i64,
    ) -> Result<(), Problem> {
        sqlx::query(
            "INSERT INTO versions (article, number, hash, text, shape, meta, added_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(id.0)
        .bind(number)
        .bind(parcel.hash.clone())
        .bind(parcel.text.clone())
        .bind(parcel.shape.clone())
        .bind(&parcel.meta)
        .bind(at)
        .execute(&mut *self.tx)
        .await?;
        Ok(())
    }
}
