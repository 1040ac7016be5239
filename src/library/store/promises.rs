//! Answers that were promised to somebody: when the process dies before it gives one, the next one tells so.

use jiff::Timestamp;
use sqlx::Row;

use super::error::{Located, Problem, check_text};
use super::{Store, StoreError, millis};

/// The longest token, owner and application, in bytes.
const MAX_BYTES: usize = 1024;

impl Store {
    /// Notes that an answer was promised. `owner` promised it, and is called the same after a restart; `token` is the right to
    /// give it, good until `until`.
    ///
    /// # Errors
    /// [`Problem::Text`] for what can't be kept, and what a database may answer.
    pub async fn promise(
        &self,
        owner: &str,
        application: &str,
        token: &str,
        until: Timestamp,
    ) -> Result<(), StoreError> {
        let promised = async {
            for text in [owner, application, token] {
                check_text("a promise", text, MAX_BYTES)?;
            }
            let mut tx = self.inner.pools.begin().await?;
            let insert = "INSERT INTO promises (token, owner, application, until_at) VALUES ($1, $2, $3, $4)
                          ON CONFLICT (token) DO NOTHING";
            let insert = sqlx::query(insert).bind(token).bind(owner).bind(application).bind(millis(until));
            insert.execute(&mut *tx).await?;
            Ok::<_, Problem>(tx.commit().await?)
        };
        promised.await.at(self.place())
    }

    /// Notes that a promise was kept, or that it was told that it won't be.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn promise_kept(&self, token: &str) -> Result<(), StoreError> {
        let kept = async {
            let mut tx = self.inner.pools.begin().await?;
            let delete = sqlx::query("DELETE FROM promises WHERE token = $1 OR until_at < $2");
            delete.bind(token).bind(millis(Timestamp::now())).execute(&mut *tx).await?;
            Ok::<_, Problem>(tx.commit().await?)
        };
        kept.await.at(self.place())
    }

    /// What `owner` has promised and can still give: application and token of each.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn promises(&self, owner: &str) -> Result<Vec<(String, String)>, StoreError> {
        let query =
            "SELECT application, token FROM promises WHERE owner = $1 AND until_at >= $2 ORDER BY until_at, token";
        let query = sqlx::query(query).bind(owner).bind(millis(Timestamp::now()));
        let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: &sqlx::any::AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }
}
