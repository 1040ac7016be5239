//! What people corrected of the quotations of articles: whose they are.
//!
//! Corrections are kept apart from what was found, so that they outlive it, go out with an export, and can be taken back. They
//! know the quotation by its words; what they mean for an article is for others to say.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::changes::ChangeKind;
use super::error::{Located, Problem, check_text};
use super::writer::Writer;
use super::{CollectionId, Store, StoreError, StoredId, millis, timestamp};
use crate::article::Span;

/// The longest name of a speaker, in bytes, as of the names that are kept of speakers.
const MAX_SPEAKER_BYTES: usize = 512;
/// The longest quotation that can be corrected, in bytes.
const MAX_WORDS_BYTES: usize = 64 * 1024;
/// Articles whose corrections are fetched at once.
const PAGE: i64 = 512;

/// A correction as it is kept, and as a line of an export has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptCorrection {
    /// Where the words stood, in bytes: the first, and one past the last.
    content: Vec<(u32, u32)>,
    /// The words, a string for each stretch.
    pub words: Vec<String>,
    /// Whose they are; nothing when it can't be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<String>,
    /// When it was made.
    pub made: Timestamp,
}

impl KeptCorrection {
    /// A correction that is made now.
    #[must_use]
    pub fn new(content: &[Span], words: Vec<String>, speaker: Option<String>) -> Self {
        let content = content.iter().map(|span| (span.start, span.end)).collect();
        // As exact as it is kept.
        Self { content, words, speaker, made: timestamp(millis(Timestamp::now())) }
    }

    /// Where the words stood.
    #[must_use]
    pub fn content(&self) -> Vec<Span> {
        self.content.iter().filter(|(start, end)| start <= end).map(|&(start, end)| Span { start, end }).collect()
    }

    pub(super) fn check(&self) -> Result<(), Problem> {
        check_text("the speaker's name", self.speaker.as_deref().unwrap_or_default(), MAX_SPEAKER_BYTES)?;
        let length: usize = self.words.iter().map(String::len).sum();
        // A NUL in an article's words is no trouble: they are kept as JSON.
        if length == 0 || length > MAX_WORDS_BYTES { Err(Problem::Text { what: "the quotation" }) } else { Ok(()) }
    }

    /// What tells the corrections of one article apart.
    fn mark(words: &[String]) -> Vec<u8> {
        Sha256::digest(words.join("\u{1e}")).to_vec()
    }

    fn of(row: &AnyRow) -> Result<(StoredId, Self), Problem> {
        let article = StoredId(row.try_get(0)?);
        let damaged = |_| Problem::Damaged {
            article: article.0.to_string(),
            reason: "a correction of it can't be read".to_owned(),
        };
        let content: String = row.try_get(1)?;
        let words: String = row.try_get(2)?;
        let one = Self {
            content: serde_json::from_str(&content).map_err(damaged)?,
            words: serde_json::from_str(&words).map_err(damaged)?,
            speaker: row.try_get(3)?,
            made: timestamp(row.try_get(4)?),
        };
        Ok((article, one))
    }
}

/// The start of every query whose rows [`KeptCorrection::of`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT c.article, c.content, c.words, c.speaker, c.made_at FROM corrections c ", $rest)
    };
}

impl Store {
    /// Keeps a correction of an article, in the place of an earlier one of the same words, and tells those who follow the
    /// article that it changed.
    ///
    /// # Errors
    /// [`Problem::Missing`] for an article that is not there, [`Problem::Text`] for what can't be kept, and what a database
    /// may answer.
    pub async fn correct(&self, article: StoredId, correction: &KeptCorrection) -> Result<(), StoreError> {
        let kept = async {
            let mut writer = Writer::begin(self).await?;
            let collection = writer.collection_of(article).await?;
            writer.correct(article, collection, correction).await?;
            writer.commit().await
        };
        kept.await.at(self.place())
    }

    /// Takes the correction of these words back; whether there was one.
    ///
    /// # Errors
    /// [`Problem::Missing`] for an article that is not there, and what a database may answer.
    pub async fn withdraw_correction(&self, article: StoredId, words: &[String]) -> Result<bool, StoreError> {
        let withdrawn = async {
            let mut writer = Writer::begin(self).await?;
            let collection = writer.collection_of(article).await?;
            let delete = sqlx::query("DELETE FROM corrections WHERE article = $1 AND mark = $2").bind(article.0);
            let deleted = delete.bind(KeptCorrection::mark(words)).execute(&mut *writer.tx).await?.rows_affected();
            if deleted > 0 {
                writer.log(ChangeKind::Changed, article, collection).await?;
            }
            writer.commit().await?;
            Ok::<_, Problem>(deleted > 0)
        };
        withdrawn.await.at(self.place())
    }

    /// The corrections of an article, in the order in which they were made.
    ///
    /// # Errors
    /// [`Problem::Damaged`], and what a database may answer.
    pub async fn corrections_of(&self, article: StoredId) -> Result<Vec<KeptCorrection>, StoreError> {
        let query = select!("WHERE c.article = $1 ORDER BY c.made_at, c.mark");
        let rows = sqlx::query(query).bind(article.0).fetch_all(self.inner.pools.reader()).await.at(self.place())?;
        let corrections = rows.iter().map(|row| KeptCorrection::of(row).map(|(_, one)| one));
        corrections.collect::<Result<_, _>>().at(self.place())
    }

    /// All corrections of a collection's articles that were not removed: by article, those of one in the order in which they
    /// were made.
    ///
    /// # Errors
    /// [`Problem::Damaged`], and what a database may answer.
    pub async fn corrections(
        &self,
        collection: CollectionId,
    ) -> Result<Vec<(StoredId, Vec<KeptCorrection>)>, StoreError> {
        let mut all: Vec<(StoredId, Vec<KeptCorrection>)> = Vec::new();
        loop {
            let query = "SELECT DISTINCT a.id FROM articles a JOIN corrections c ON c.article = a.id
                         WHERE a.collection = $1 AND a.id > $2 AND a.removed_at IS NULL ORDER BY a.id LIMIT $3";
            let after = all.last().map_or(i64::MIN, |(article, _)| article.0);
            let query = sqlx::query(query).bind(collection.0).bind(after).bind(PAGE);
            let rows = query.fetch_all(self.inner.pools.reader()).await.at(self.place())?;
            for row in &rows {
                let article = StoredId(row.try_get(0).at(self.place())?);
                all.push((article, self.corrections_of(article).await?));
            }
            if i64::try_from(rows.len()).is_ok_and(|rows| rows < PAGE) {
                return Ok(all);
            }
        }
    }
}

impl Writer {
    /// The collection of an article that was not removed.
    async fn collection_of(&mut self, article: StoredId) -> Result<CollectionId, Problem> {
        let find = "SELECT collection FROM articles WHERE id = $1 AND removed_at IS NULL";
        let row = sqlx::query(find).bind(article.0).fetch_optional(&mut *self.tx).await?;
        let row = row.ok_or_else(|| Problem::Missing(format!("article {}", article.0)))?;
        Ok(CollectionId(row.try_get(0)?))
    }

    /// Keeps a correction, unless a later one of the same words is there.
    pub(super) async fn correct(
        &mut self,
        article: StoredId,
        collection: CollectionId,
        correction: &KeptCorrection,
    ) -> Result<(), Problem> {
        correction.check()?;
        let json = |value: serde_json::Result<String>| value.map_err(|error| Problem::Task(error.to_string()));
        let insert = "INSERT INTO corrections (article, mark, content, words, speaker, made_at)
                      VALUES ($1, $2, $3, $4, $5, $6)
                      ON CONFLICT (article, mark) DO UPDATE SET content = excluded.content, words = excluded.words,
                          speaker = excluded.speaker, made_at = excluded.made_at
                      WHERE corrections.made_at < excluded.made_at OR (corrections.made_at = excluded.made_at
                          AND COALESCE(corrections.speaker, '') <> COALESCE(excluded.speaker, ''))";
        let kept = sqlx::query(insert)
            .bind(article.0)
            .bind(KeptCorrection::mark(&correction.words))
            .bind(json(serde_json::to_string(&correction.content))?)
            .bind(json(serde_json::to_string(&correction.words))?)
            .bind(correction.speaker.clone())
            .bind(millis(correction.made))
            .execute(&mut *self.tx)
            .await?;
        if kept.rows_affected() > 0 {
            self.log(ChangeKind::Changed, article, collection).await?;
        }
        Ok(())
    }
}
