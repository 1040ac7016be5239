//! Communities that go on under another name: a Matrix room that was upgraded.

use super::error::{Located, Problem, check_text};
use super::{Store, StoreError};

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = super::communities::MAX_NAME_BYTES;

impl Store {
    /// Lets a community that is its own only channel go on under another name: settings, schedules, what it has had, its own
    /// articles, and what waits to be posted. Whether there was anything to move. What was kept under the new name before is
    /// forgotten.
    ///
    /// # Errors
    /// [`Problem::Text`] for a name that can't be kept, and what a database may answer.
    pub async fn move_community(&self, network: &str, from: &str, to: &str) -> Result<bool, StoreError> {
        let Some(community) = self.known_community(network, from).await? else { return Ok(false) };
        if from == to {
            return Ok(false);
        }
        self.forget_community(network, to).await?;
        let moved = async {
            check_text("the community's name", to, MAX_NAME_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            for update in [
                "UPDATE settings SET channel = $1 WHERE community = $2 AND channel = $3",
                "UPDATE schedules SET channel = $1, turn = turn + 1, lease_owner = NULL, lease_until = NULL
                 WHERE community = $2 AND channel = $3",
                "UPDATE feeds SET channel = $1 WHERE community = $2 AND channel = $3",
                "UPDATE had SET channel = $1 WHERE community = $2 AND channel = $3",
                "UPDATE outbox SET destination = $1, lease_owner = NULL, lease_until = NULL
                 WHERE community = $2 AND destination = $3 AND state = 0",
                "UPDATE communities SET name = $1 WHERE id = $2 AND name = $3",
            ] {
                sqlx::query(update).bind(to).bind(community.id.0).bind(from).execute(&mut *tx).await?;
            }
            // Its own articles are called like it; see `/settings articles own`.
            let own = "UPDATE collections SET name = $1 WHERE name = $2 AND NOT EXISTS
                       (SELECT 1 FROM collections WHERE name = $1)";
            let [to, from] = [to, from].map(|name| format!("{network}/{name}"));
            sqlx::query(own).bind(to).bind(from).execute(&mut *tx).await?;
            Ok::<_, Problem>(tx.commit().await?)
        };
        moved.await.at(self.place())?;
        Ok(true)
    }
}
