//! Answers whose pages can still be turned, and which of them did not help.
//!
//! What a row's `pages` mean is its writer's: the spans of articles, not their words. Rows are deleted when they are old.

use jiff::Timestamp;
use sqlx::{Any, Row, Transaction};

use super::error::{Located, Problem, check_text};
use super::{CommunityId, Store, StoreError, millis};

/// The longest key and place, in bytes.
const MAX_NAME_BYTES: usize = 512;
/// The most that an answer's pages may take, in bytes: spans and labels, hundreds of times those of a long list.
const MAX_PAGES_BYTES: usize = 1024 * 1024;

/// An answer to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerRow {
    /// What it is called: nobody can guess it.
    pub key: String,
    /// Where it stands: a network and a channel in it.
    pub place: String,
    /// What its pages are made of.
    pub pages: String,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Store {
    /// Keeps answers, all or none of them: one commit, however many there are. A key that is there stays as it is.
    ///
    /// # Errors
    /// [`Problem::Text`] for what can't be kept, and what a database may answer.
    pub async fn keep_answers(&self, rows: &[AnswerRow]) -> Result<(), StoreError> {
        let kept = async {
            for row in rows {
                check_text("the answer's key", &row.key, MAX_NAME_BYTES)?;
                check_text("the answer's place", &row.place, MAX_NAME_BYTES)?;
                check_text("the answer's pages", &row.pages, MAX_PAGES_BYTES)?;
            }
            let mut tx = self.inner.pools.begin().await?;
            for row in rows {
                sqlx::query(
                    "INSERT INTO answers (key, place, pages, made_at) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING",
                )
                .bind(&row.key)
                .bind(&row.place)
                .bind(&row.pages)
                .bind(millis(row.made_at))
                .execute(&mut *tx)
                .await?;
            }
            Ok::<_, Problem>(tx.commit().await?)
        };
        kept.await.at(self.place())
    }

    /// The pages of the answer with this key; nothing when it is unknown or was too old.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn answer(&self, key: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query("SELECT pages FROM answers WHERE key = $1").bind(key);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.map(|row| row.try_get(0)).transpose().at(self.place())
    }

    /// The pages of the last answer that was made at a place since a moment.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn last_answer(&self, place: &str, since: Timestamp) -> Result<Option<String>, StoreError> {
        let query = "SELECT pages FROM answers WHERE place = $1 AND made_at >= $2 ORDER BY made_at DESC LIMIT 1";
        let query = sqlx::query(query).bind(place).bind(millis(since));
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.map(|row| row.try_get(0)).transpose().at(self.place())
    }

    /// Deletes the answers of a network that were made before a moment; how many those were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn forget_answers(&self, network: &str, before: Timestamp) -> Result<u64, StoreError> {
        let forgotten = async {
            let mut tx = self.inner.pools.begin().await?;
            let delete = "DELETE FROM answers WHERE made_at < $1 AND place LIKE $2";
            let delete = sqlx::query(delete).bind(millis(before)).bind(format!("{network}/%"));
            let deleted = delete.execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(deleted)
        };
        forgotten.await.at(self.place())
    }

    /// Notes that a page of an answer did not help, once for each page; whether that is new. `question` is a hash, `rank` the
    /// page counted from 1. Who says so is not noted.
    ///
    /// # Errors
    /// [`Problem::Text`] for a key that can't be kept, and what a database may answer.
    pub async fn unhelpful(&self, answer: &str, question: &[u8], rank: i64) -> Result<bool, StoreError> {
        let noted = async {
            check_text("the answer's key", answer, MAX_NAME_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            let insert = "INSERT INTO unhelpful (answer, question, rank, told_at) VALUES ($1, $2, $3, $4)
                          ON CONFLICT (answer, rank) DO NOTHING";
            let insert = sqlx::query(insert).bind(answer).bind(question.to_vec()).bind(rank);
            let new = insert.bind(millis(Timestamp::now())).execute(&mut *tx).await?.rows_affected() > 0;
            tx.commit().await?;
            Ok::<_, Problem>(new)
        };
        noted.await.at(self.place())
    }

    /// How often each question, by its hash, and rank was told not to help, most often first.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn unhelpful_counts(&self, most: u32) -> Result<Vec<(Vec<u8>, i64, i64)>, StoreError> {
        let query = "SELECT question, rank, COUNT(*) FROM unhelpful GROUP BY question, rank
                     ORDER BY COUNT(*) DESC, question, rank LIMIT $1";
        let rows = sqlx::query(query).bind(i64::from(most)).fetch_all(self.inner.pools.reader()).await;
        let entry = |row: &sqlx::any::AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        rows.at(self.place())?.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// Forgets a community that is gone: its settings, its schedules, and itself. Articles stay. Whether it was there.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn forget_community(&self, network: &str, name: &str) -> Result<bool, StoreError> {
        let Some(community) = self.known_community(network, name).await? else { return Ok(false) };
        let forgotten = async {
            let mut tx = self.inner.pools.begin().await?;
            forget(&mut tx, community.id).await?;
            Ok::<_, Problem>(tx.commit().await?)
        };
        forgotten.await.at(self.place())?;
        Ok(true)
    }

    /// The communities of a network that have a setting of this name, with its value.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn communities_with(&self, network: &str, setting: &str) -> Result<Vec<(String, String)>, StoreError> {
        let query = "SELECT c.name, s.value FROM communities c JOIN settings s ON s.community = c.id
                     WHERE c.network = $1 AND s.name = $2 AND s.channel = '' ORDER BY c.id";
        let rows = sqlx::query(query).bind(network).bind(setting).fetch_all(self.inner.pools.reader()).await;
        let entry = |row: &sqlx::any::AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
        rows.at(self.place())?.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// The names of a network's communities that are written down.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn communities_on(&self, network: &str) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query("SELECT name FROM communities WHERE network = $1 ORDER BY id").bind(network);
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().at(self.place())
    }
}

/// Forgets a community in a transaction of the caller's.
pub(super) async fn forget(tx: &mut Transaction<'static, Any>, community: CommunityId) -> Result<(), Problem> {
    for delete in [
        "DELETE FROM settings WHERE community = $1",
        "DELETE FROM schedules WHERE community = $1",
        "DELETE FROM had WHERE community = $1",
        "DELETE FROM added WHERE community = $1",
        "UPDATE outbox SET community = NULL WHERE community = $1",
        "UPDATE feeds SET community = NULL, channel = NULL WHERE community = $1",
        "DELETE FROM communities WHERE id = $1",
    ] {
        sqlx::query(delete).bind(community.0).execute(&mut **tx).await?;
    }
    Ok(())
}
