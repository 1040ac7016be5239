//! Keeping the quotations that were found in articles, so that they need not be found again at each start.
//!
//! They are derived: whoever finds them can find them again, an export doesn't carry them, and a row that can't be read is
//! as good as none. The store knows nothing of what they mean: spans, codes, and the number of the rules that found them.
//!
//! All quotations of a version are one row, packed. They are only ever read and written together, a row of a table for each
//! would be ten times as many, and packed they take some thirty bytes apiece, most of them the speaker's name.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::any::AnyRow;

use super::error::{Located, Problem};
use super::pack::{Input, number, span as put_span};
use super::{CollectionId, Store, StoreError, StoredId};
use crate::article::Span;

/// The only form of packed quotations that there is.
const FORM: u8 = 1;

/// Rows that are fetched at once: some hundred kilobytes.
const PAGE: i64 = 512;

/// A quotation as it is kept. Whether its spans fit the article is for the reader to see who has the article.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptQuotation {
    /// What was said.
    pub content: Vec<Span>,
    /// The words that name the speaker.
    pub speaker: Option<Span>,
    /// Who that is.
    pub speaker_name: Option<String>,
    /// The words that introduce it.
    pub cue: Option<Span>,
    /// A code of its kind.
    pub kind: u8,
    /// 0 to 1.
    pub confidence: f32,
    /// Index of the paragraph in which it begins.
    pub paragraph: u32,
}

/// The quotations of a version of an article, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptQuotations {
    /// The article.
    pub article: StoredId,
    /// The version, counted from 1.
    pub version: i64,
    packed: Vec<u8>,
}

impl KeptQuotations {
    /// Packs quotations; an article may have none, which is worth knowing as well.
    #[must_use]
    pub fn new(article: StoredId, version: i64, quotations: &[KeptQuotation]) -> Self {
        Self { article, version, packed: pack(quotations) }
    }

    /// The quotations.
    ///
    /// # Errors
    /// [`Problem::Damaged`] for bytes that are not ours.
    pub fn quotations(&self) -> Result<Vec<KeptQuotation>, Problem> {
        unpack(&self.packed).ok_or_else(|| Problem::Damaged {
            article: self.article.0.to_string(),
            reason: "its quotations can't be read".to_owned(),
        })
    }

    fn of(row: &AnyRow) -> Result<Self, sqlx::Error> {
        Ok(Self { article: StoredId(row.try_get(0)?), version: row.try_get(1)?, packed: row.try_get(2)? })
    }
}

impl Store {
    /// Keeps the quotations of versions of articles, found by rules of this number, in one transaction.
    ///
    /// Two may keep those of one version: what newer rules found stays, and equal rules find the same. Versions that are
    /// not held are passed over: somebody found quotations in an article that isn't of this store.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn keep_quotations(&self, rules: i64, found: &[KeptQuotations]) -> Result<(), StoreError> {
        // In one order, for two who write the same rows in different orders would wait for each other.
        let found: BTreeMap<(i64, i64), &KeptQuotations> =
            found.iter().map(|kept| ((kept.article.0, kept.version), kept)).collect();
        let kept = async {
            let mut tx = self.inner.pools.begin().await?;
            for ((article, version), kept) in found {
                sqlx::query(
                    "INSERT INTO quotations (article, version, rules, found)
                     SELECT article, number, $3, $4 FROM versions WHERE article = $1 AND number = $2
                     ON CONFLICT (article, version) DO UPDATE SET rules = excluded.rules, found = excluded.found
                     WHERE quotations.rules <= excluded.rules",
                )
                .bind(article)
                .bind(version)
                .bind(rules)
                .bind(kept.packed.clone())
                .execute(&mut *tx)
                .await?;
            }
            tx.commit().await?;
            Ok::<_, Problem>(())
        };
        kept.await.at(self.place())
    }

    /// The quotations of a collection's articles that rules of this number found: of their current versions, and of no article
    /// that was removed. Articles whose quotations aren't kept are left out.
    #[must_use]
    pub fn quotations(&self, collection: CollectionId, rules: i64) -> KeptLoading {
        KeptLoading { store: self.clone(), collection, rules, after: i64::MIN, more: true }
    }

    /// The quotations of a version of an article that rules of this number found; nothing where they aren't kept, or the
    /// article was removed.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn quotations_of(
        &self,
        article: StoredId,
        version: i64,
        rules: i64,
    ) -> Result<Option<KeptQuotations>, StoreError> {
        let query = "SELECT q.article, q.version, q.found FROM articles a JOIN quotations q ON q.article = a.id
                     WHERE a.id = $1 AND a.removed_at IS NULL AND q.version = $2 AND q.rules = $3";
        let query = sqlx::query(query).bind(article.0).bind(version).bind(rules);
        let row = query.fetch_optional(self.inner.pools.reader()).await.at(self.place())?;
        row.as_ref().map(KeptQuotations::of).transpose().at(self.place())
    }
}

/// The quotations of a collection, some hundred articles at a time; made by [`Store::quotations`].
pub struct KeptLoading {
    store: Store,
    collection: CollectionId,
    rules: i64,
    after: i64,
    more: bool,
}

impl KeptLoading {
    /// The next articles' quotations; none after the last.
    ///
    /// # Errors
    /// What a database may answer; calling again tries once more.
    pub async fn next(&mut self) -> Result<Vec<KeptQuotations>, StoreError> {
        if !self.more {
            return Ok(Vec::new());
        }
        let query = "SELECT q.article, q.version, q.found FROM articles a
                     JOIN quotations q ON q.article = a.id AND q.version = a.version
                     WHERE a.collection = $1 AND a.id > $2 AND a.removed_at IS NULL AND q.rules = $3
                     ORDER BY a.id LIMIT $4";
        let query = sqlx::query(query).bind(self.collection.0).bind(self.after).bind(self.rules).bind(PAGE);
        let rows = query.fetch_all(self.store.inner.pools.reader()).await.at(self.store.place())?;
        let page: Vec<KeptQuotations> =
            rows.iter().map(KeptQuotations::of).collect::<Result<_, _>>().at(self.store.place())?;
        self.more = i64::try_from(page.len()).is_ok_and(|rows| rows == PAGE);
        self.after = page.last().map_or(self.after, |last| last.article.0);
        Ok(page)
    }
}

/// What a quotation has, as bits of a byte.
const HAS_SPEAKER: u8 = 1;
const HAS_NAME: u8 = 2;
const HAS_CUE: u8 = 4;

/// A byte that tells the form and the number of quotations; of each its kind, what it has, paragraph and confidence (the four
/// bytes of a float, low ones first), the number of its stretches of content and each of them, then speaker, cue, and the
/// name's length and bytes. Numbers are packed as in `pack.rs`, and spans with their place in the text: they don't follow
/// one another.
fn pack(quotations: &[KeptQuotation]) -> Vec<u8> {
    let mut out = vec![FORM];
    number(&mut out, quotations.len());
    for quotation in quotations {
        let KeptQuotation { content, speaker, speaker_name, cue, kind, confidence, paragraph } = quotation;
        let bit = |has: bool, bit: u8| if has { bit } else { 0 };
        let has =
            bit(speaker.is_some(), HAS_SPEAKER) | bit(speaker_name.is_some(), HAS_NAME) | bit(cue.is_some(), HAS_CUE);
        out.extend([*kind, has]);
        number(&mut out, *paragraph as usize);
        out.extend(confidence.to_le_bytes());
        number(&mut out, content.len());
        for span in content.iter().chain(speaker).chain(cue) {
            put_span(&mut out, *span, &mut 0);
        }
        if let Some(name) = speaker_name {
            number(&mut out, name.len());
            out.extend(name.as_bytes());
        }
    }
    out
}

/// Quotations from their bytes, or nothing where the bytes are not ours.
fn unpack(bytes: &[u8]) -> Option<Vec<KeptQuotation>> {
    let mut input = Input::new(bytes);
    if input.byte()? != FORM {
        return None;
    }
    let count = input.count()?;
    let mut quotations = Vec::with_capacity(count);
    for _ in 0..count {
        let (kind, has) = (input.byte()?, input.byte()?);
        let paragraph = input.number()?;
        let confidence = f32::from_le_bytes([input.byte()?, input.byte()?, input.byte()?, input.byte()?]);
        let content = (0..input.count()?).map(|_| input.span(&mut 0)).collect::<Option<Vec<Span>>>()?;
        let mut one = |bit: u8| if has & bit == 0 { Some(None) } else { input.span(&mut 0).map(Some) };
        let (speaker, cue) = (one(HAS_SPEAKER)?, one(HAS_CUE)?);
        let speaker_name = if has & HAS_NAME == 0 { None } else { Some(input.text()?) };
        quotations.push(KeptQuotation { content, speaker, speaker_name, cue, kind, confidence, paragraph });
    }
    input.is_empty().then_some(quotations)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Span> {
        (any::<u32>(), 0_u32..5000).prop_map(|(start, length)| Span { start, end: start.saturating_add(length) })
    }

    fn quotations() -> impl Strategy<Value = Vec<KeptQuotation>> {
        let quotation = (
            proptest::collection::vec(spans(), 0..4),
            proptest::option::of(spans()),
            proptest::option::of("\\PC{0,20}"),
            proptest::option::of(spans()),
            any::<u8>(),
            0.0_f32..1.0,
            any::<u32>(),
        );
        let quotation = quotation.prop_map(|(content, speaker, speaker_name, cue, kind, confidence, paragraph)| {
            KeptQuotation { content, speaker, speaker_name, cue, kind, confidence, paragraph }
        });
        proptest::collection::vec(quotation, 0..8)
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_back(quotations in quotations()) {
            prop_assert_eq!(unpack(&pack(&quotations)), Some(quotations));
        }

        #[test]
        fn bytes_cut_short_are_refused(quotations in quotations(), cut in 1_usize..50) {
            let bytes = pack(&quotations);
            prop_assert_eq!(unpack(&bytes[..bytes.len().saturating_sub(cut)]), None);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(quotations) = unpack(&bytes) {
                prop_assert!(quotations.len() <= bytes.len());
            }
        }
    }
}
