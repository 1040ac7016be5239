//! Reading articles back.

use std::collections::VecDeque;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::any::AnyRow;
use tokio::task::JoinHandle;

use super::error::{Located, Problem, check_key};
use super::{CollectionId, Store, StoreError, StoredId, record, timestamp};
use crate::article::Article;

/// An article as it is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its number in the store.
    pub id: StoredId,
    /// The collection that it is in.
    pub collection: CollectionId,
    /// Its number in that collection, from 1: what people call it by in a list. It is never given to another.
    pub number: i64,
    /// The article, to the byte as it was added; its key is the one that it is held under.
    pub article: Article,
    /// The version that `article` is, counted from 1.
    pub version: i64,
    /// When the article was first added.
    pub added_at: Timestamp,
    /// Whether that was in another store, from which it was moved here later.
    pub moved: bool,
    /// Whether a feed held it already when that was subscribed to: then it is no news to anybody.
    pub silent: bool,
    /// When this version was.
    pub changed_at: Timestamp,
    /// The article that it was a near-duplicate of when it was added or last changed. That one may have been removed since.
    pub duplicate_of: Option<StoredId>,
    /// When it was removed; then it must not answer.
    pub removed_at: Option<Timestamp>,
}

/// The start of every query whose rows [`stored`] reads.
macro_rules! select {
    ($version:literal, $rest:literal) => {
        concat!(
            "SELECT a.id, a.collection, a.key, v.number, a.added_at, v.added_at, a.duplicate_of, a.removed_at,
                    v.text, v.shape, v.meta, a.number, a.moved, a.silent
             FROM articles a JOIN versions v ON v.article = a.id AND v.number = ",
            $version,
            " ",
            $rest
        )
    };
}

/// Articles that are fetched at once while reading all. Longest texts times twice this is the memory that reading takes: one page is read
/// while the next one is fetched.
const PAGE: i64 = 64;

impl Store {
    /// The article with this key, unless it was removed.
    ///
    /// # Errors
    /// [`Problem::Damaged`], and what a database may answer.
    pub async fn get(&self, collection: CollectionId, key: &str) -> Result<Option<Stored>, StoreError> {
        if check_key(key).is_err() {
            return Ok(None);
        }
        let query = select!("a.version", "WHERE a.collection = $1 AND a.key = $2 AND a.removed_at IS NULL");
        let row = sqlx::query(query).bind(collection.0).bind(key).fetch_optional(self.inner.pools.reader()).await;
        row.at(self.place())?.map(|row| stored(&row).at(self.place())).transpose()
    }

    /// The article with this number, also when it was removed: [`Stored::removed_at`] tells.
    ///
    /// # Errors
    /// [`Problem::Damaged`], and what a database may answer.
    pub async fn article(&self, id: StoredId) -> Result<Option<Stored>, StoreError> {
        let query = select!("a.version", "WHERE a.id = $1");
        let row = sqlx::query(query).bind(id.0).fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.map(|row| stored(&row).at(self.place())).transpose()
    }

    /// A version of an article, current or not, counted from 1.
    ///
    /// # Errors
    /// [`Problem::Damaged`], and what a database may answer.
    pub async fn version(&self, id: StoredId, version: i64) -> Result<Option<Stored>, StoreError> {
        let query = select!("$2", "WHERE a.id = $1");
        let row = sqlx::query(query).bind(id.0).bind(version).fetch_optional(self.inner.pools.reader()).await;
        row.at(self.place())?.map(|row| stored(&row).at(self.place())).transpose()
    }

    /// All articles of a collection that were not removed, in the order in which they were first added.
    ///
    /// They are fetched a page at a time, so that memory stays flat and no one waits. What changes meanwhile may be read
    /// before or after its change: whoever builds an index asks for [`latest_seq`](Store::latest_seq) first and follows the
    /// [`changes_since`](Store::changes_since) it afterwards.
    #[must_use]
    pub fn load_all(&self, collection: CollectionId) -> Loading {
        Loading { store: self.clone(), collection, after: i64::MIN, page: VecDeque::new(), coming: None, more: true }
    }

    /// How many articles of a collection were not removed.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn count(&self, collection: CollectionId) -> Result<u64, StoreError> {
        let count = "SELECT COUNT(*) FROM articles WHERE collection = $1 AND removed_at IS NULL";
        let row = sqlx::query(count).bind(collection.0).fetch_one(self.inner.pools.reader()).await.at(self.place())?;
        Ok(u64::try_from(row.try_get::<i64, _>(0).at(self.place())?).unwrap_or(0))
    }
}

/// The articles of a collection, one after another; made by [`Store::load_all`].
pub struct Loading {
    store: Store,
    collection: CollectionId,
    /// The last article that was fetched.
    after: i64,
    page: VecDeque<AnyRow>,
    /// The next page, on its way.
    coming: Option<JoinHandle<Result<Vec<AnyRow>, sqlx::Error>>>,
    more: bool,
}

impl Drop for Loading {
    fn drop(&mut self) {
        if let Some(coming) = &self.coming {
            coming.abort();
        }
    }
}

impl Loading {
    /// The next article, or nothing after the last.
    ///
    /// ```no_run
    /// # async fn all(store: byline::library::store::Store) -> Result<(), byline::library::store::StoreError> {
    /// let mut articles = store.load_all(byline::library::store::SHARED);
    /// while let Some(stored) = articles.next().await? {
    ///     println!("{}", stored.article.meta().title);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Problem::Damaged`] for an article whose stored form makes no sense; calling again goes on after it. What a database
    /// may answer; calling again tries once more.
    pub async fn next(&mut self) -> Result<Option<Stored>, StoreError> {
        if self.page.is_empty() && self.more {
            let coming = self.coming.get_or_insert_with(|| fetch(self.store.clone(), self.collection, self.after));
            let rows = coming.await;
            self.coming = None;
            let rows = rows.unwrap_or_else(|ended| Err(sqlx::Error::Io(std::io::Error::other(ended))));
            let rows = rows.at(self.store.place())?;
            self.more = i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE);
            if let Some(last) = rows.last() {
                self.after = last.try_get(0).at(self.store.place())?;
            }
            self.page = rows.into();
            if self.more {
                self.coming = Some(fetch(self.store.clone(), self.collection, self.after));
            }
        }
        let Some(row) = self.page.pop_front() else { return Ok(None) };
        stored(&row).at(self.store.place()).map(Some)
    }
}

/// Fetches the page behind the article `after`, while others are at work.
fn fetch(store: Store, collection: CollectionId, after: i64) -> JoinHandle<Result<Vec<AnyRow>, sqlx::Error>> {
    tokio::spawn(async move {
        let query = select!(
            "a.version",
            "WHERE a.collection = $1 AND a.id > $2 AND a.removed_at IS NULL ORDER BY a.id LIMIT $3"
        );
        let reader = store.inner.pools.reader();
        sqlx::query(query).bind(collection.0).bind(after).bind(PAGE).fetch_all(reader).await
    })
}

fn stored(row: &AnyRow) -> Result<Stored, Problem> {
    let key: String = row.try_get(2)?;
    let article = record::article(&key, row.try_get(8)?, row.try_get(9)?, row.try_get(10)?);
    let article = article.map_err(|reason| Problem::Damaged { article: key, reason })?;
    Ok(Stored {
        id: StoredId(row.try_get(0)?),
        collection: CollectionId(row.try_get(1)?),
        article,
        version: row.try_get(3)?,
        added_at: timestamp(row.try_get(4)?),
        moved: row.try_get::<i64, _>(12)? != 0,
        silent: row.try_get::<i64, _>(13)? != 0,
        changed_at: timestamp(row.try_get(5)?),
        duplicate_of: row.try_get::<Option<i64>, _>(6)?.map(StoredId),
        removed_at: row.try_get::<Option<i64>, _>(7)?.map(timestamp),
        number: row.try_get(11)?,
    })
}
