//! The people who are quoted in a collection: each has a number, which stays, and the names that stand for them.
//!
//! Which names are one person's is for others to say; here it is remembered. A name, once somebody's, stays theirs until a
//! manager joins two: a watch on a speaker must not change its meaning because one more article came.

use sqlx::{Any, Row, Transaction};

use super::connect::Dialect;
use super::error::{Located, Problem, check_text};
use super::writer::next;
use super::{CollectionId, SpeakerId, Store, StoreError};

/// The longest name that is kept, in bytes: longer ones are no names, and PostgreSQL's index takes at most 2,704.
const MAX_NAME_BYTES: usize = 512;

/// Names that are fetched at once.
const PAGE: i64 = 2048;

/// A speaker as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSpeaker {
    /// The number: that of another where the speaker who was asked for was joined to it.
    pub id: SpeakerId,
    /// The collection.
    pub collection: CollectionId,
    /// The name by which the speaker became known.
    pub name: String,
    /// All names, in alphabetical order of their bytes.
    pub names: Vec<String>,
}

impl Store {
    /// All names of a collection's speakers, with whose they are.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn speaker_names(&self, collection: CollectionId) -> Result<Vec<(String, SpeakerId)>, StoreError> {
        let query =
            "SELECT name, speaker FROM speaker_names WHERE collection = $1 AND name > $2 ORDER BY name LIMIT $3";
        let mut all: Vec<(String, SpeakerId)> = Vec::new();
        loop {
            let after = all.last().map_or("", |(name, _)| name.as_str());
            let page = sqlx::query(query).bind(collection.0).bind(after.to_owned()).bind(PAGE);
            let rows = page.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
            for row in &rows {
                all.push((row.try_get(0).at(self.place())?, SpeakerId(row.try_get(1).at(self.place())?)));
            }
            if i64::try_from(rows.len()).is_ok_and(|rows| rows < PAGE) {
                return Ok(all);
            }
        }
    }

    /// The speaker with this number, or the one to whom they were joined.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn speaker(&self, id: SpeakerId) -> Result<Option<KeptSpeaker>, StoreError> {
        let found = async {
            let reader = self.inner.pools.reader();
            let speaker = "SELECT s.id, s.collection, s.name FROM speakers asked
                           JOIN speakers s ON s.id = COALESCE(asked.joined, asked.id) WHERE asked.id = $1";
            let Some(row) = sqlx::query(speaker).bind(id.0).fetch_optional(reader).await? else { return Ok(None) };
            let id = SpeakerId(row.try_get(0)?);
            let names = "SELECT name FROM speaker_names WHERE speaker = $1";
            let rows = sqlx::query(names).bind(id.0).fetch_all(reader).await?;
            let mut names: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
            names.sort_unstable();
            let (collection, name) = (CollectionId(row.try_get(1)?), row.try_get(2)?);
            Ok::<_, Problem>(Some(KeptSpeaker { id, collection, name, names }))
        };
        found.await.at(self.place())
    }

    /// Remembers people by their names, each person's best name first, in one transaction; gives all these names with whose
    /// they are.
    ///
    /// Names that are known keep their speaker. Of the others, those of a person who has a known name become that speaker's:
    /// the best name's if it is known, else the one that is known longest. A person of whom no name is known is a new speaker. A
    /// name that can't be kept (longer than 512 bytes, or with a NUL) is left out.
    ///
    /// # Errors
    /// [`Problem::Missing`] for a collection that is not there, and what a database may answer.
    pub async fn enrol(
        &self,
        collection: CollectionId,
        people: &[Vec<String>],
    ) -> Result<Vec<(String, SpeakerId)>, StoreError> {
        let enrolled = async {
            let mut tx = self.lock_speakers().await?;
            let known = "SELECT id FROM collections WHERE id = $1";
            if sqlx::query(known).bind(collection.0).fetch_optional(&mut *tx).await?.is_none() {
                return Err(Problem::Missing(format!("collection {}", collection.0)));
            }
            let mut all = Vec::new();
            for names in people {
                let fits = |name: &&String| check_text("a name", name, MAX_NAME_BYTES).is_ok() && !name.is_empty();
                let names: Vec<&String> = names.iter().filter(fits).collect();
                all.extend(enrol_one(&mut tx, collection, &names).await?);
            }
            tx.commit().await?;
            Ok(all)
        };
        enrolled.await.at(self.place())
    }

    /// Makes two speakers one: the names of the first become the second's, and so does its number.
    ///
    /// # Errors
    /// [`Problem::Missing`] when they are not two speakers of one collection, and what a database may answer.
    pub async fn join_speakers(&self, one: SpeakerId, into: SpeakerId) -> Result<(), StoreError> {
        let joined = async {
            let mut tx = self.lock_speakers().await?;
            let (one, into) = (standing(&mut tx, one).await?, standing(&mut tx, into).await?);
            if one.1 != into.1 {
                return Err(Problem::Missing(format!("speaker {} in the collection of speaker {}", into.0, one.0)));
            }
            if one.0 == into.0 {
                return Ok(());
            }
            for update in [
                "UPDATE speaker_names SET speaker = $1 WHERE speaker = $2",
                "UPDATE speakers SET joined = $1 WHERE id = $2 OR joined = $2",
            ] {
                sqlx::query(update).bind(into.0).bind(one.0).execute(&mut *tx).await?;
            }
            tx.commit().await?;
            Ok(())
        };
        joined.await.at(self.place())
    }

    /// A transaction that changes speakers: the only one, so that two who learn of one person agree on the number.
    async fn lock_speakers(&self) -> Result<Transaction<'static, Any>, Problem> {
        let mut tx = self.inner.pools.begin().await?;
        if self.inner.pools.dialect == Dialect::Postgres {
            let lock = "SELECT value FROM counters WHERE name = 'speaker' FOR UPDATE";
            sqlx::query(lock).fetch_one(&mut *tx).await?;
        }
        Ok(tx)
    }
}

/// The speaker that a number stands for, and its collection.
async fn standing(tx: &mut Transaction<'static, Any>, id: SpeakerId) -> Result<(i64, i64), Problem> {
    let query = sqlx::query("SELECT COALESCE(joined, id), collection FROM speakers WHERE id = $1").bind(id.0);
    let row = query.fetch_optional(&mut **tx).await?;
    let row = row.ok_or_else(|| Problem::Missing(format!("speaker {}", id.0)))?;
    Ok((row.try_get(0)?, row.try_get(1)?))
}

async fn enrol_one(
    tx: &mut Transaction<'static, Any>,
    collection: CollectionId,
    names: &[&String],
) -> Result<Vec<(String, SpeakerId)>, Problem> {
    let mut known: Vec<Option<i64>> = Vec::with_capacity(names.len());
    for name in names {
        let query = "SELECT speaker FROM speaker_names WHERE collection = $1 AND name = $2";
        let row = sqlx::query(query).bind(collection.0).bind((*name).clone()).fetch_optional(&mut **tx).await?;
        known.push(row.map(|row| row.try_get(0)).transpose()?);
    }
    let best = known.first().copied().flatten();
    let speaker = match (best.or_else(|| known.iter().flatten().min().copied()), names.first()) {
        (Some(speaker), _) => speaker,
        (None, None) => return Ok(Vec::new()),
        (None, Some(name)) => {
            let id = next(tx, "speaker").await?;
            let insert = sqlx::query("INSERT INTO speakers (id, collection, name) VALUES ($1, $2, $3)");
            insert.bind(id).bind(collection.0).bind((*name).clone()).execute(&mut **tx).await?;
            id
        }
    };
    let mut all = Vec::with_capacity(names.len());
    for (name, known) in names.iter().zip(known) {
        if known.is_none() {
            // The same name twice in what was given is one name.
            let insert = "INSERT INTO speaker_names (collection, name, speaker) VALUES ($1, $2, $3)
                          ON CONFLICT (collection, name) DO NOTHING";
            let insert = sqlx::query(insert).bind(collection.0).bind((*name).clone()).bind(speaker);
            insert.execute(&mut **tx).await?;
        }
        all.push(((*name).clone(), SpeakerId(known.unwrap_or(speaker))));
    }
    Ok(all)
}
