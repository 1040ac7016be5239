//! What each channel has had: the articles that it was given, so that it is given none twice.

use std::collections::BTreeSet;

use sqlx::{Any, Row, Transaction};

use super::error::{Located, Problem};
use super::{CommunityId, Store, StoreError, StoredId};

impl Store {
    /// The articles after this number that a channel was given; after 0, all of them.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn had(
        &self,
        community: CommunityId,
        channel: &str,
        after: StoredId,
    ) -> Result<BTreeSet<StoredId>, StoreError> {
        let query = "SELECT article FROM had WHERE community = $1 AND channel = $2 AND article > $3";
        let query = sqlx::query(query).bind(community.0).bind(channel).bind(after.0);
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        rows.iter().map(|row| row.try_get(0).map(StoredId)).collect::<Result<_, _>>().at(self.place())
    }

    /// Notes articles that a channel was given otherwise than by its schedule (`/digest now`, where all can see it).
    ///
    /// # Errors
    /// What a database may answer, also when there is no such community or article; then none was noted.
    pub async fn note_had(
        &self,
        community: CommunityId,
        channel: &str,
        articles: &[StoredId],
    ) -> Result<(), StoreError> {
        let noted = async {
            let mut tx = self.inner.pools.begin().await?;
            insert(&mut tx, community, channel, articles).await?;
            Ok::<_, Problem>(tx.commit().await?)
        };
        noted.await.at(self.place())
    }
}

/// Notes articles in a transaction of the caller's; those that were noted before stay.
pub(super) async fn insert(
    tx: &mut Transaction<'static, Any>,
    community: CommunityId,
    channel: &str,
    articles: &[StoredId],
) -> Result<(), Problem> {
    for article in articles {
        let insert = "INSERT INTO had (community, channel, article) VALUES ($1, $2, $3)
                      ON CONFLICT (community, channel, article) DO NOTHING";
        sqlx::query(insert).bind(community.0).bind(channel).bind(article.0).execute(&mut **tx).await?;
    }
    Ok(())
}
