//! The index under which near-duplicates are found; what they are is in `near.rs`.

use sqlx::Row;

use super::error::Problem;
use super::near::{self, Signature};
use super::writer::Writer;
use super::{CollectionId, StoredId};

impl Writer {
    /// Keeps the numbers under which an article's near-duplicates will find it.
    pub(super) async fn put_bands(
        &mut self,
        collection: CollectionId,
        id: StoredId,
        near: Option<&Signature>,
    ) -> Result<(), Problem> {
        let Some(near) = near else { return Ok(()) };
        let mut insert = sqlx::query(
            "INSERT INTO bands (collection, article, band) VALUES
             ($1, $2, $3), ($1, $2, $4), ($1, $2, $5), ($1, $2, $6), ($1, $2, $7), ($1, $2, $8), ($1, $2, $9), ($1, $2, $10)
             ON CONFLICT DO NOTHING",
        )
        .bind(collection.0)
        .bind(id.0);
        for band in near.bands {
            insert = insert.bind(band);
        }
        insert.execute(&mut *self.tx).await?;
        Ok(())
    }

    /// Lets no near-duplicate find an article any more.
    pub(super) async fn forget_bands(&mut self, id: StoredId) -> Result<(), Problem> {
        sqlx::query("DELETE FROM bands WHERE article = $1").bind(id.0).execute(&mut *self.tx).await?;
        Ok(())
    }

    /// The article that this one is nearest to, if it is near enough; of several as near, the one held longest. Where that is
    /// itself a near-duplicate, the one that it repeats.
    pub(super) async fn near_duplicate(
        &mut self,
        collection: CollectionId,
        near: Option<&Signature>,
        id: StoredId,
    ) -> Result<Option<StoredId>, Problem> {
        let Some(near) = near else { return Ok(None) };
        // Sixty-four: more articles than that share a group only where a whole collection repeats one text.
        let mut candidates = sqlx::query(
            "SELECT id, sketch, duplicate_of FROM articles
             WHERE id <> $1 AND sketch IS NOT NULL AND id IN
               (SELECT article FROM bands WHERE collection = $2 AND band IN ($3, $4, $5, $6, $7, $8, $9, $10))
             ORDER BY id LIMIT 64",
        )
        .bind(id.0)
        .bind(collection.0);
        for band in near.bands {
            candidates = candidates.bind(band);
        }
        let mut best: Option<(f64, StoredId)> = None;
        for row in candidates.fetch_all(&mut *self.tx).await? {
            let likeness = near::likeness(&near.sketch, row.try_get(1)?);
            let root = StoredId(row.try_get::<Option<i64>, _>(2)?.unwrap_or(row.try_get(0)?));
            if near::is_near(likeness) && root != id && best.is_none_or(|(most, _)| likeness > most) {
                best = Some((likeness, root));
            }
        }
        Ok(best.map(|(_, root)| root))
    }
}
