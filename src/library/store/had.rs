//! What each channel has had: the articles that it was given by its schedule, so that it is given none twice. What somebody asked for
//! (`/digest now`) is not noted: it answers who asked, and takes nothing out of the digest that all wait for.

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
}

/// Notes articles in a transaction of the caller's; those that were not noted before.
pub(super) async fn insert(
    tx: &mut Transaction<'static, Any>,
    community: CommunityId,
    channel: &str,
    articles: &[StoredId],
) -> Result<Vec<StoredId>, Problem> {
    let mut noted = Vec::new();
    for article in articles {
        let insert = "INSERT INTO had (community, channel, article) VALUES ($1, $2, $3)
                      ON CONFLICT (community, channel, article) DO NOTHING";
        let insert = sqlx::query(insert).bind(community.0).bind(channel).bind(article.0);
        if insert.execute(&mut **tx).await?.rows_affected() > 0 {
            noted.push(*article);
        }
    }
    Ok(noted)
}
