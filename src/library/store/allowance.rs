//! How many articles the managers of a community may still add today. The day is the store's, in UTC.

use sqlx::{Any, Row, Transaction};

use super::error::{Located, Problem};
use super::{CommunityId, Store, StoreError};

/// Milliseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// How many of the `most` that a community may add today are left.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn allowance(&self, community: CommunityId, most: u32) -> Result<u32, StoreError> {
        let left = async {
            let mut tx = self.inner.pools.begin().await?;
            let today = self.now(&mut tx).await? / DAY;
            let added = sqlx::query("SELECT articles FROM added WHERE community = $1 AND day = $2");
            let added = added.bind(community.0).bind(today).fetch_optional(&mut *tx).await?;
            let added: i64 = added.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
            Ok::<_, Problem>(left(added, most))
        };
        left.await.at(self.place())
    }

    /// Takes so many `articles` of the `most` that a community may add today, all or none; else how many are left.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn allow(&self, community: CommunityId, articles: u32, most: u32) -> Result<Result<(), u32>, StoreError> {
        let allowed = async {
            let mut tx = self.inner.pools.begin().await?;
            let today = self.now(&mut tx).await? / DAY;
            // The row is held from here on: nobody else takes in between.
            let there = "INSERT INTO added (community, day, articles) VALUES ($1, $2, 0)
                         ON CONFLICT (community) DO UPDATE SET day = excluded.day,
                             articles = CASE WHEN added.day = excluded.day THEN added.articles ELSE 0 END
                         RETURNING articles";
            let there = sqlx::query(there).bind(community.0).bind(today).fetch_one(&mut *tx).await?;
            let added: i64 = there.try_get(0)?;
            let left = left(added, most);
            let allowed = articles <= left;
            if allowed {
                change(&mut tx, community, i64::from(articles)).await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(if allowed { Ok(()) } else { Err(left) })
        };
        allowed.await.at(self.place())
    }

    /// Gives so many back that were taken and added nothing.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn give_back_allowance(&self, community: CommunityId, articles: u32) -> Result<(), StoreError> {
        let given = async {
            let mut tx = self.inner.pools.begin().await?;
            change(&mut tx, community, -i64::from(articles)).await?;
            Ok::<_, Problem>(tx.commit().await?)
        };
        given.await.at(self.place())
    }
}

fn left(added: i64, most: u32) -> u32 {
    u32::try_from(i64::from(most).saturating_sub(added).max(0)).unwrap_or_default()
}

/// Counts up or down.
async fn change(tx: &mut Transaction<'static, Any>, community: CommunityId, by: i64) -> Result<(), Problem> {
    let change =
        "UPDATE added SET articles = CASE WHEN articles + $1 > 0 THEN articles + $1 ELSE 0 END WHERE community = $2";
    sqlx::query(change).bind(by).bind(community.0).execute(&mut **tx).await?;
    Ok(())
}
