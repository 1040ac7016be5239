//! Communities that go on under another name: a Matrix room that was upgraded.

use sqlx::{Any, Row, Transaction};

use super::error::{Located, Problem, check_text};
use super::{CommunityId, SHARED, Store, StoreError};

/// The longest name, in bytes.
const MAX_NAME_BYTES: usize = super::communities::MAX_NAME_BYTES;

/// What came of letting a community go on under another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It goes on under the new name.
    Wholly,
    /// Nothing was kept under the old name.
    Nothing,
    /// Something is kept under the new name already: everything stays as it was.
    Taken,
}

impl Store {
    /// Lets a community that is its own only channel go on under another name: settings, schedules, what it has had, its own
    /// articles, and what waits to be posted. What somebody has set under the new name is never lost for it. `notes` are the settings
    /// that nobody set: they make up no community.
    ///
    /// # Errors
    /// [`Problem::Text`] for a name that can't be kept, and what a database may answer.
    pub async fn move_community(
        &self,
        network: &str,
        from: &str,
        to: &str,
        notes: &[&str],
    ) -> Result<Moved, StoreError> {
        if from == to {
            return Ok(Moved::Nothing);
        }
        let moved = async {
            check_text("the community's name", to, MAX_NAME_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let Some(community) = find(&mut tx, network, from).await? else { return Ok(Moved::Nothing) };
            if !has_something(&mut tx, community, notes).await? {
                return Ok(Moved::Nothing);
            }
            if let Some(there) = find(&mut tx, network, to).await? {
                if has_something(&mut tx, there, notes).await? {
                    return Ok(Moved::Taken);
                }
                super::answers::forget(&mut tx, there).await?;
            }
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
                sqlx::query(update).bind(to).bind(community.0).bind(from).execute(&mut *tx).await?;
            }
            // Its own articles are called like it; see `/settings articles own`.
            let own = "UPDATE collections SET name = $1 WHERE name = $2 AND NOT EXISTS
                       (SELECT 1 FROM collections WHERE name = $1)";
            let [to, from] = [to, from].map(|name| format!("{network}/{name}"));
            sqlx::query(own).bind(to).bind(from).execute(&mut *tx).await?;
            tx.commit().await?;
            Ok::<_, Problem>(Moved::Wholly)
        };
        moved.await.at(self.place())
    }
}

async fn find(tx: &mut Transaction<'static, Any>, network: &str, name: &str) -> Result<Option<CommunityId>, Problem> {
    let query = sqlx::query("SELECT id FROM communities WHERE network = $1 AND name = $2").bind(network).bind(name);
    let row = query.fetch_optional(&mut **tx).await?;
    Ok(row.map(|row| row.try_get(0).map(CommunityId)).transpose()?)
}

/// Whether anybody has set anything in a community, or it was given anything.
async fn has_something(
    tx: &mut Transaction<'static, Any>,
    community: CommunityId,
    notes: &[&str],
) -> Result<bool, Problem> {
    for row in
        sqlx::query("SELECT name FROM settings WHERE community = $1").bind(community.0).fetch_all(&mut **tx).await?
    {
        let name: String = row.try_get(0)?;
        if !notes.contains(&name.as_str()) {
            return Ok(true);
        }
    }
    let own =
        sqlx::query("SELECT id FROM communities WHERE id = $1 AND collection <> $2").bind(community.0).bind(SHARED.0);
    if own.fetch_optional(&mut **tx).await?.is_some() {
        return Ok(true);
    }
    for query in [
        "SELECT community FROM schedules WHERE community = $1 LIMIT 1",
        "SELECT community FROM feeds WHERE community = $1 LIMIT 1",
        "SELECT community FROM had WHERE community = $1 LIMIT 1",
    ] {
        if sqlx::query(query).bind(community.0).fetch_optional(&mut **tx).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}
