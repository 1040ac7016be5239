//! What a channel is given with a digest, kept beside its posting: given up, it is taken back, and taken up again, it is given again.

use serde::{Deserialize, Serialize};
use sqlx::{Any, Row, Transaction};

use super::super::connect::Dialect;
use super::super::error::Problem;
use super::super::schedules::Covered;
use super::super::{CommunityId, StoredId, had, millis};

/// What is kept, as JSON in the column `digest`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Given {
    /// Up to which number articles had been looked at before, and when that was, in milliseconds since 1970.
    covered_to: i64,
    covered_at: i64,
    /// The articles in it.
    articles: Vec<i64>,
    /// Those of them that the channel had not had otherwise.
    noted: Vec<i64>,
}

impl Given {
    pub(in super::super) fn new(before: Covered, articles: &[StoredId], noted: &[StoredId]) -> Self {
        let numbers = |ids: &[StoredId]| ids.iter().map(|id| id.0).collect();
        Self {
            covered_to: before.to.0,
            covered_at: millis(before.at),
            articles: numbers(articles),
            noted: numbers(noted),
        }
    }

    pub(in super::super) fn to_json(&self) -> String {
        // A struct of numbers has no way not to be JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Whose digest a job is, and what was given with it; nothing for any other job.
async fn of_job(tx: &mut Transaction<'static, Any>, job: i64) -> Result<Option<(CommunityId, String, Given)>, Problem> {
    let query = "SELECT community, destination, digest FROM outbox WHERE id = $1";
    let Some(row) = sqlx::query(query).bind(job).fetch_optional(&mut **tx).await? else { return Ok(None) };
    let (community, given): (Option<i64>, Option<String>) = (row.try_get(0)?, row.try_get(2)?);
    let given = given.and_then(|given| serde_json::from_str(&given).ok());
    let channel = row.try_get(1)?;
    Ok(community.zip(given).map(|(community, given)| (CommunityId(community), channel, given)))
}

/// Locks the schedule of a job's channel before the job: in the order in which whoever settles or stops a schedule locks them.
pub(super) async fn lock(dialect: Dialect, tx: &mut Transaction<'static, Any>, job: i64) -> Result<(), Problem> {
    if dialect == Dialect::Postgres {
        let lock = "SELECT s.turn FROM schedules AS s JOIN outbox AS job
                    ON job.community = s.community AND job.destination = s.channel WHERE job.id = $1 FOR UPDATE OF s";
        sqlx::query(lock).bind(job).fetch_optional(&mut **tx).await?;
    }
    Ok(())
}

/// Makes what was given with a job new to its channel again. Unless a later digest was sent there, articles are looked at from where
/// they were before; whoever composes at this moment loses its turn, and begins anew.
pub(in super::super) async fn take_back(tx: &mut Transaction<'static, Any>, job: i64) -> Result<(), Problem> {
    let Some((community, channel, given)) = of_job(tx, job).await? else { return Ok(()) };
    for article in given.noted {
        let delete = "DELETE FROM had WHERE community = $1 AND channel = $2 AND article = $3";
        sqlx::query(delete).bind(community.0).bind(&channel).bind(article).execute(&mut **tx).await?;
    }
    let back = "UPDATE schedules SET covered_to = $1, covered_at = $2, turn = turn + 1, lease_owner = NULL, lease_until = NULL
                WHERE community = $3 AND channel = $4 AND covered_to > $1
                  AND NOT EXISTS (SELECT 1 FROM outbox WHERE community = $3 AND destination = $4 AND state = 1 AND id > $5)";
    let back = sqlx::query(back).bind(given.covered_to).bind(given.covered_at).bind(community.0).bind(&channel);
    back.bind(job).execute(&mut **tx).await?;
    Ok(())
}

/// Notes what is given with a job that is taken up again, or that the network turned out to have.
pub(super) async fn give_again(tx: &mut Transaction<'static, Any>, job: i64) -> Result<(), Problem> {
    let Some((community, channel, given)) = of_job(tx, job).await? else { return Ok(()) };
    let articles: Vec<StoredId> = given.articles.iter().copied().map(StoredId).collect();
    let noted = had::insert(tx, community, &channel, &articles).await?;
    let given = Given { noted: noted.into_iter().map(|id| id.0).collect(), ..given };
    sqlx::query("UPDATE outbox SET digest = $1 WHERE id = $2")
        .bind(given.to_json())
        .bind(job)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
