//! The past of articles as exports bring it: what an article lacks of it is filled in, and a past that takes several lines is put in line
//! by line, in one transaction.

use std::collections::HashSet;

use sqlx::Row;

use super::add::{Added, Held, Identity, KnownBy, Outcome};
use super::changes::ChangeKind;
use super::error::Problem;
use super::record::{self, Parcel};
use super::writer::Writer;
use super::{CollectionId, StoredId};

/// The versions of an article that are held.
pub(super) struct KeptVersions {
    /// The highest number.
    pub(super) last: i64,
    hashes: HashSet<Vec<u8>>,
}

impl KeptVersions {
    /// Whether a version is among them, to the byte.
    pub(super) fn holds(&self, parcel: &Parcel) -> bool {
        self.hashes.contains(&parcel.hash)
    }
}

/// An article whose past is being put in.
pub(super) struct Filling {
    pub(super) id: StoredId,
    /// By what it was known; nothing for one that was made for this past.
    known_by: Option<KnownBy>,
    key_is_free: bool,
}

impl Writer {
    pub(super) async fn kept_versions(&mut self, id: StoredId) -> Result<KeptVersions, Problem> {
        let query = sqlx::query("SELECT number, hash FROM versions WHERE article = $1").bind(id.0);
        let mut kept = KeptVersions { last: 0, hashes: HashSet::new() };
        for row in query.fetch_all(&mut *self.tx).await? {
            kept.last = kept.last.max(row.try_get(0)?);
            kept.hashes.insert(row.try_get(1)?);
        }
        Ok(kept)
    }

    /// Puts in those of some versions that an article lacks, behind all that it has. Which one is current stays to be said.
    pub(super) async fn fill(
        &mut self,
        id: StoredId,
        kept: &mut KeptVersions,
        versions: &[Parcel],
    ) -> Result<(), Problem> {
        for version in versions {
            if !kept.holds(version) {
                self.append(id, kept, version).await?;
            }
        }
        Ok(())
    }

    async fn append(&mut self, id: StoredId, kept: &mut KeptVersions, version: &Parcel) -> Result<(), Problem> {
        kept.last = kept.last.saturating_add(1);
        kept.hashes.insert(version.hash.clone());
        self.put_version(id, kept.last, version, version.changed()).await
    }

    /// Puts in a line of a past that takes several; the first one finds the article, or makes it.
    pub(super) async fn put_past(
        &mut self,
        collection: CollectionId,
        parcel: Parcel,
        begun: Option<Filling>,
    ) -> Result<Filling, Problem> {
        let filling = match begun {
            Some(filling) => filling,
            None => match self.find(collection, &parcel, Identity::Exported).await? {
                (Some((held, by)), key_is_free) => Filling { id: held.id, known_by: Some(by), key_is_free },
                (None, key_is_free) => {
                    let key =
                        if key_is_free { parcel.key.clone() } else { self.free_key(collection, &parcel.key).await? };
                    let id = self.put_new(collection, parcel, key).await?.id;
                    return Ok(Filling { id, known_by: None, key_is_free: false });
                }
            },
        };
        let mut kept = self.kept_versions(filling.id).await?;
        let versions = parcel.earlier().iter().chain(std::iter::once(&parcel));
        for version in versions {
            // What was made for this past has it as it was, with what came back in it.
            if filling.known_by.is_none() || !kept.holds(version) {
                self.append(filling.id, &mut kept, version).await?;
            }
        }
        Ok(filling)
    }

    /// Puts in the last line of a past that takes several: the article as it is now.
    pub(super) async fn end_past(
        &mut self,
        collection: CollectionId,
        parcel: Parcel,
        filling: Filling,
    ) -> Result<Added, Problem> {
        let Filling { id, known_by, key_is_free } = filling;
        let held = self.held_as(id).await?.ok_or_else(|| Problem::Missing(format!("article {}", id.0)))?;
        if let Some(by) = known_by {
            return self.put_again(collection, parcel, held, by, key_is_free, Identity::Exported).await;
        }
        let mut kept = self.kept_versions(id).await?;
        for version in parcel.earlier().iter().chain(std::iter::once(&parcel)) {
            self.append(id, &mut kept, version).await?;
        }
        let Held { key, .. } = held;
        let duplicate_of = self.near_duplicate(collection, parcel.near.as_ref(), id).await?;
        self.make_current(collection, id, &key, kept.last, &parcel, duplicate_of).await?;
        self.log(ChangeKind::Changed, id, collection).await?;
        Ok(Added { id, key, version: kept.last, outcome: Outcome::New, known_by: None, duplicate_of })
    }

    /// Takes out what is behind the current version: of a past whose last line did not come.
    pub(super) async fn drop_past(&mut self, filling: Filling) -> Result<(), Problem> {
        let delete = "DELETE FROM versions WHERE article = $1
                      AND number > (SELECT version FROM articles WHERE id = $1)";
        sqlx::query(delete).bind(filling.id.0).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// The current version of an article, as it would come.
    pub(super) async fn current(&mut self, id: StoredId, key: &str) -> Result<Parcel, Problem> {
        let query = "SELECT v.text, v.shape, v.meta FROM articles a
                     JOIN versions v ON v.article = a.id AND v.number = a.version WHERE a.id = $1";
        let row = sqlx::query(query).bind(id.0).fetch_one(&mut *self.tx).await?;
        let article = record::article(key, row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        article
            .map(|article| Parcel::of(&article))
            .map_err(|reason| Problem::Damaged { article: key.to_owned(), reason })
    }

    /// When a version was added.
    pub(super) async fn changed_at(&mut self, id: StoredId, version: i64) -> Result<i64, Problem> {
        let query = sqlx::query("SELECT added_at FROM versions WHERE article = $1 AND number = $2");
        Ok(query.bind(id.0).bind(version).fetch_one(&mut *self.tx).await?.try_get(0)?)
    }
}
