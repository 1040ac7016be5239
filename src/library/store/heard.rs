//! What was heard on a network that is followed by position: how far, what of it is not dealt with yet, and what was answered.
//!
//! Steps are recorded in order, many in one transaction. Who records that an event was heard together with the position behind
//! it loses none: after a crash, what is [`pending`](Store::pending) is dealt with first. What was left out up to a position is
//! noted with it in the same way, and asked for until it is known: the [`gaps`](Store::gaps).

use jiff::Timestamp;
use sqlx::{Any, Row, Transaction};

use super::error::{Located, Problem, check_text};
use super::{Store, StoreError, millis, timestamp};

/// The longest name of an event, place or person, and the longest position, in bytes.
const MAX_BYTES: usize = 1024;

/// Something to be recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Everything before this position was heard.
    Position(String),
    /// An event was heard, and is to be dealt with.
    Heard(Heard),
    /// It is dealt with.
    Done {
        /// The event.
        event: String,
    },
    /// What was said in a place between two positions was left out, and is to be asked for.
    Gap(Gap),
    /// It is known now, or given up.
    Filled(Gap),
    /// A question was answered; a second answer to it takes the place of the first.
    Answered(Answered),
    /// Another page of an answer is shown.
    Turned {
        /// The event that answers.
        answer: String,
        /// The page, counted from 0.
        page: i64,
    },
    /// An answer was taken back.
    TakenBack {
        /// The event that asked.
        question: String,
    },
}

/// An event that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What the network calls it.
    pub event: String,
    /// Where it stands.
    pub place: String,
    /// When.
    pub at: Timestamp,
}

/// What was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// Where.
    pub place: String,
    /// The position at its end.
    pub newer: String,
    /// The position at its beginning.
    pub older: String,
    /// When it was found.
    pub at: Timestamp,
}

/// A question that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The event that asked.
    pub question: String,
    /// Where it stands.
    pub place: String,
    /// Who asked.
    pub person: String,
    /// The event that answers.
    pub answer: String,
    /// The key of the answer's pages, where they are kept.
    pub pages: Option<String>,
    /// The page that is shown, counted from 0.
    pub page: i64,
    /// When it was answered.
    pub at: Timestamp,
}

impl Store {
    /// Records steps in order, all or none of them.
    ///
    /// # Errors
    /// [`Problem::Text`] for what can't be kept, and what a database may answer.
    pub async fn record(&self, owner: &str, steps: &[Step]) -> Result<(), StoreError> {
        let recorded = async {
            check_text("the account's name", owner, MAX_BYTES)?;
            let mut tx = self.inner.pools.begin().await?;
            for step in steps {
                record(&mut tx, owner, step).await?;
            }
            Ok::<_, Problem>(tx.commit().await?)
        };
        recorded.await.at(self.place())
    }

    /// How far an account has heard.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn position(&self, owner: &str) -> Result<Option<String>, StoreError> {
        let query = sqlx::query("SELECT position FROM positions WHERE owner = $1").bind(owner);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.map(|row| row.try_get(0)).transpose().at(self.place())
    }

    /// What an account has heard and not dealt with, oldest first.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn pending(&self, owner: &str) -> Result<Vec<Heard>, StoreError> {
        let query = "SELECT event, place, heard_at FROM heard WHERE owner = $1 ORDER BY heard_at, event";
        let rows = sqlx::query(query).bind(owner).fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: &sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(Heard {
                event: row.try_get(0)?,
                place: row.try_get(1)?,
                at: timestamp(row.try_get(2)?),
            })
        };
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// What an account was not told and has not learned since, in the order in which that was found.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn gaps(&self, owner: &str) -> Result<Vec<Gap>, StoreError> {
        let query = "SELECT place, newer, older, found_at FROM gaps WHERE owner = $1 ORDER BY found_at, place, newer";
        let rows = sqlx::query(query).bind(owner).fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: &sqlx::any::AnyRow| {
            let (place, newer, older) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
            Ok::<_, sqlx::Error>(Gap { place, newer, older, at: timestamp(row.try_get(3)?) })
        };
        rows.iter().map(entry).collect::<Result<_, _>>().at(self.place())
    }

    /// What was answered to a question.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn answered(&self, owner: &str, question: &str) -> Result<Option<Answered>, StoreError> {
        self.find_answered("question", owner, question).await
    }

    /// What an event answers.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn answered_by(&self, owner: &str, answer: &str) -> Result<Option<Answered>, StoreError> {
        self.find_answered("answer", owner, answer).await
    }

    async fn find_answered(&self, column: &str, owner: &str, event: &str) -> Result<Option<Answered>, StoreError> {
        let query = format!(
            "SELECT question, place, person, answer, pages, page, answered_at FROM answered WHERE owner = $1 AND {column} = $2"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(owner).bind(event);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        let entry = |row: sqlx::any::AnyRow| {
            Ok::<_, sqlx::Error>(Answered {
                question: row.try_get(0)?,
                place: row.try_get(1)?,
                person: row.try_get(2)?,
                answer: row.try_get(3)?,
                pages: row.try_get(4)?,
                page: row.try_get(5)?,
                at: timestamp(row.try_get(6)?),
            })
        };
        row.map(entry).transpose().at(self.place())
    }

    /// Forgets which questions were answered before a moment; how many those were.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn forget_answered(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forgotten = async {
            let mut tx = self.inner.pools.begin().await?;
            let delete = sqlx::query("DELETE FROM answered WHERE answered_at < $1").bind(millis(before));
            let deleted = delete.execute(&mut *tx).await?.rows_affected();
            tx.commit().await?;
            Ok::<_, Problem>(deleted)
        };
        forgotten.await.at(self.place())
    }
}

async fn record(tx: &mut Transaction<'static, Any>, owner: &str, step: &Step) -> Result<(), Problem> {
    let statement = match step {
        Step::Position(position) => {
            check_text("the position", position, MAX_BYTES)?;
            sqlx::query(
                "INSERT INTO positions (owner, position) VALUES ($1, $2)
                 ON CONFLICT (owner) DO UPDATE SET position = excluded.position",
            )
            .bind(owner)
            .bind(position)
        }
        Step::Heard(heard) => {
            check_text("the event's name", &heard.event, MAX_BYTES)?;
            check_text("the event's place", &heard.place, MAX_BYTES)?;
            sqlx::query(
                "INSERT INTO heard (owner, event, place, heard_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (owner, event) DO NOTHING",
            )
            .bind(owner)
            .bind(&heard.event)
            .bind(&heard.place)
            .bind(millis(heard.at))
        }
        Step::Done { event } => {
            sqlx::query("DELETE FROM heard WHERE owner = $1 AND event = $2").bind(owner).bind(event)
        }
        Step::Gap(gap) => {
            check_text("the gap's place", &gap.place, MAX_BYTES)?;
            for position in [&gap.newer, &gap.older] {
                check_text("the position", position, MAX_BYTES)?;
            }
            sqlx::query(
                "INSERT INTO gaps (owner, place, newer, older, found_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (owner, place, newer) DO NOTHING",
            )
            .bind(owner)
            .bind(&gap.place)
            .bind(&gap.newer)
            .bind(&gap.older)
            .bind(millis(gap.at))
        }
        Step::Filled(gap) => sqlx::query("DELETE FROM gaps WHERE owner = $1 AND place = $2 AND newer = $3")
            .bind(owner)
            .bind(&gap.place)
            .bind(&gap.newer),
        Step::Answered(answered) => {
            for text in [&answered.question, &answered.place, &answered.person, &answered.answer] {
                check_text("the answer's place", text, MAX_BYTES)?;
            }
            sqlx::query(
                "INSERT INTO answered (owner, question, place, person, answer, pages, page, answered_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                 ON CONFLICT (owner, question) DO UPDATE SET answer = excluded.answer, pages = excluded.pages,
                     page = excluded.page, answered_at = excluded.answered_at",
            )
            .bind(owner)
            .bind(&answered.question)
            .bind(&answered.place)
            .bind(&answered.person)
            .bind(&answered.answer)
            .bind(answered.pages.as_deref())
            .bind(answered.page)
            .bind(millis(answered.at))
        }
        Step::Turned { answer, page } => {
            let update = "UPDATE answered SET page = $1 WHERE owner = $2 AND answer = $3";
            sqlx::query(update).bind(*page).bind(owner).bind(answer)
        }
        Step::TakenBack { question } => {
            sqlx::query("DELETE FROM answered WHERE owner = $1 AND question = $2").bind(owner).bind(question)
        }
    };
    statement.execute(&mut **tx).await?;
    Ok(())
}
