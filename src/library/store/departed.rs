//! The feeds of communities that are gone: nobody reads what they bring, until the community is back.

use super::error::{Located, Problem};
use super::schedules::kept_reason;
use super::{SHARED, Store, StoreError};

/// The collections that a community reads or calls its own (see `/settings articles own`), and nobody else reads.
const ITS_ALONE: &str = "SELECT own.id FROM collections AS own
     WHERE own.id <> $3
       AND (own.name = $4 OR own.id IN (SELECT collection FROM communities WHERE network = $1 AND name = $2))
       AND NOT EXISTS (SELECT 1 FROM communities AS other
                       WHERE other.collection = own.id AND NOT (other.network = $1 AND other.name = $2))";

impl Store {
    /// Pauses the feeds of the collections that only this community reads. How many that were.
    pub(super) async fn pause_feeds_of(&self, network: &str, name: &str, reason: &str) -> Result<u64, StoreError> {
        let pause = format!(
            "UPDATE feeds SET state = 1, reason = $5, turn = turn + 1, lease_owner = NULL, lease_until = NULL
             WHERE state = 0 AND collection IN ({ITS_ALONE})"
        );
        self.feeds_of(pause, network, name, Some(kept_reason(reason))).await
    }

    /// Goes on with what stopped by itself when this community was [gone](Store::community_gone): with its feeds, but not with those that
    /// somebody had paused. Schedules are set anew by people. How many feeds are looked at again.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn community_back(&self, network: &str, name: &str) -> Result<u64, StoreError> {
        let resume = format!(
            "UPDATE feeds SET state = 0, reason = $5, failures = 0, failing_since = NULL, trouble = NULL, next_at = 0,
                              turn = turn + 1, lease_owner = NULL, lease_until = NULL
             WHERE state = 1 AND reason IS NOT NULL AND collection IN ({ITS_ALONE})"
        );
        let resumed = self.feeds_of(resume, network, name, None).await?;
        if resumed > 0 {
            self.inner.subscribed.send_replace(());
        }
        Ok(resumed)
    }

    async fn feeds_of(
        &self,
        update: String,
        network: &str,
        name: &str,
        reason: Option<String>,
    ) -> Result<u64, StoreError> {
        let changed = async {
            let mut tx = self.inner.pools.begin().await?;
            let update = sqlx::query(sqlx::AssertSqlSafe(update)).bind(network).bind(name).bind(SHARED.0);
            let update = update.bind(format!("{network}/{name}")).bind(reason);
            let changed = update.execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(changed)
        };
        changed.await.at(self.place())
    }
}
