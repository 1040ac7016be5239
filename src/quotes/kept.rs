//! What of a [`QuoteBook`] is kept in a store: the quotations, so that they need not be found again at each start, and the
//! numbers of the speakers.
//!
//! ```no_run
//! use byline::library::{Library, store::{SHARED, Store, StoreError}};
//! use byline::quotes::{QuoteBook, kept::{self, Roll}};
//! # async fn start(store: &Store, library: &Library) -> Result<(), StoreError> {
//! let known = kept::load(store, SHARED, library).await?;
//! let book = QuoteBook::of(library, known); // finds what is missing: not on a thread that answers
//! kept::keep(store, library, &book).await?;
//! let mut roll = Roll::load(store, SHARED).await?;
//! roll.enrol(store, &book).await?;
//! # Ok(())
//! # }
//! ```

use std::collections::HashMap;

use super::{Correction, Corrections, Kind, Known, Quotation, QuoteBook, RULES};
use crate::article::{Article, Span};
use crate::library::store::{
    CollectionId, KeptCorrection, KeptQuotation, KeptQuotations, Problem, SpeakerId, Store, StoreError,
};
use crate::library::{ArticleId, Library};

/// The kinds by the code that stands for them. What is stored stays: add at the end.
const KINDS: [Kind; 3] = [Kind::Direct, Kind::Indirect, Kind::Mixed];

/// Articles whose quotations, and people whose names, are written in one transaction: tens of milliseconds.
const BATCH: usize = 256;

/// The quotations of a collection's articles that the store has, found by the present rules in the versions that the library
/// holds. Those that can't be read are left out, and so are found again.
///
/// # Errors
/// What a database may answer.
pub async fn load(store: &Store, collection: CollectionId, library: &Library) -> Result<Known, StoreError> {
    let mut known = Known::with_capacity(library.len());
    let mut rows = store.quotations(collection, RULES);
    loop {
        let page = rows.next().await?;
        if page.is_empty() {
            return Ok(known);
        }
        known.extend(page.iter().filter_map(|kept| fitting(library, kept)));
    }
}

/// The same for some articles of a library: those that changed.
///
/// # Errors
/// What a database may answer.
pub async fn load_of(store: &Store, library: &Library, articles: &[ArticleId]) -> Result<Known, StoreError> {
    let mut known = Known::new();
    for mark in articles.iter().filter_map(|id| library.mark(*id)) {
        let kept = store.quotations_of(mark.id, mark.version, RULES).await?;
        known.extend(kept.and_then(|kept| fitting(library, &kept)));
    }
    Ok(known)
}

/// Keeps the quotations that had to be found when a book was made; whoever dies in between finds them again. Articles
/// that are in no store are passed over.
///
/// # Errors
/// What a database may answer.
pub async fn keep(store: &Store, library: &Library, book: &QuoteBook) -> Result<(), StoreError> {
    for ids in book.found().chunks(BATCH) {
        let packed = |id: &ArticleId| {
            let mark = library.mark(*id)?;
            let quotations: Vec<KeptQuotation> = book.of_article(*id).iter().map(|held| put(&held.quotation)).collect();
            Some(KeptQuotations::new(mark.id, mark.version, &quotations))
        };
        let rows: Vec<KeptQuotations> = ids.iter().filter_map(packed).collect();
        store.keep_quotations(RULES, &rows).await?;
    }
    Ok(())
}

/// What people corrected in a collection's articles.
///
/// # Errors
/// What a database may answer.
pub async fn corrections(
    store: &Store,
    collection: CollectionId,
    library: &Library,
) -> Result<Corrections, StoreError> {
    let kept = store.corrections(collection).await?;
    Ok(kept.into_iter().filter_map(|(article, of)| Some((library.by_stored(article)?, taken(of)))).collect())
}

/// The same for some articles of a library: those that changed.
///
/// # Errors
/// What a database may answer.
pub async fn corrections_of(
    store: &Store,
    library: &Library,
    articles: &[ArticleId],
) -> Result<Corrections, StoreError> {
    let mut corrections = Corrections::new();
    for (id, mark) in articles.iter().filter_map(|id| Some((*id, library.mark(*id)?))) {
        let of = store.corrections_of(mark.id).await?;
        if !of.is_empty() {
            corrections.insert(id, taken(of));
        }
    }
    Ok(corrections)
}

fn taken(kept: Vec<KeptCorrection>) -> Vec<Correction> {
    let one = |kept: KeptCorrection| Correction { content: kept.content(), words: kept.words, speaker: kept.speaker };
    kept.into_iter().map(one).collect()
}

/// Kept quotations, if they are those of the version that the library holds and can be read.
fn fitting(library: &Library, kept: &KeptQuotations) -> Option<(ArticleId, Vec<Quotation>)> {
    let id = library.by_stored(kept.article)?;
    let article = library.get(id).filter(|_| library.mark(id).is_some_and(|mark| mark.version == kept.version))?;
    match read(article, kept) {
        Ok(quotations) => Some((id, quotations)),
        Err(problem) => {
            tracing::warn!(%problem, "kept quotations are found again");
            None
        }
    }
}

/// The quotations of an article from what is kept of them.
///
/// # Errors
/// [`Problem::Damaged`] when they can't be read, or don't fit the article: a span outside its text or inside of a character,
/// a paragraph that it hasn't.
pub fn read(article: &Article, kept: &KeptQuotations) -> Result<Vec<Quotation>, Problem> {
    let quotations = kept.quotations()?;
    let damaged = || Problem::Damaged {
        article: article.key().to_owned(),
        reason: "its kept quotations do not fit its text".to_owned(),
    };
    quotations.into_iter().map(|quotation| take(article, quotation).ok_or_else(damaged)).collect()
}

fn put(quotation: &Quotation) -> KeptQuotation {
    KeptQuotation {
        content: quotation.content.clone(),
        speaker: quotation.speaker,
        speaker_name: quotation.speaker_name.clone(),
        cue: quotation.cue,
        kind: (0..).zip(KINDS).find(|(_, kind)| *kind == quotation.kind).map_or(0, |(code, _)| code),
        confidence: quotation.confidence,
        paragraph: u32::try_from(quotation.paragraph).unwrap_or(u32::MAX),
    }
}

fn take(article: &Article, kept: KeptQuotation) -> Option<Quotation> {
    let fits = |span: &Span| span.start < span.end && article.text().get(span.range()).is_some();
    let KeptQuotation { content, speaker, speaker_name, cue, kind, confidence, paragraph } = kept;
    let paragraph = paragraph as usize;
    let sound = content.iter().chain(&speaker).chain(&cue).all(fits)
        && paragraph < article.paragraphs().len()
        && (0.0..=1.0).contains(&confidence);
    let kind = *KINDS.get(usize::from(kind))?;
    sound.then_some(Quotation { content, speaker, speaker_name, cue, kind, confidence, paragraph })
}

/// The numbers of a collection's speakers, by their names: the same after a restart and in every process.
///
/// A book tells who is one person today, and may tell otherwise when more is read. A number is for what must last, such as
/// a watch on a speaker: once a name has one, it keeps it, until a manager [joins](Store::join_speakers) two speakers.
#[derive(Debug)]
pub struct Roll {
    collection: CollectionId,
    numbers: HashMap<String, SpeakerId>,
}

impl Roll {
    /// The roll of a collection, as it is now. Another process may add to it, and managers may join speakers: load it again
    /// to see that.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn load(store: &Store, collection: CollectionId) -> Result<Self, StoreError> {
        Ok(Self { collection, numbers: store.speaker_names(collection).await?.into_iter().collect() })
    }

    /// Gives a number to every speaker of a book who has none; names that are new join the speaker whose they are.
    ///
    /// # Errors
    /// What a database may answer.
    pub async fn enrol(&mut self, store: &Store, book: &QuoteBook) -> Result<(), StoreError> {
        let is_new = |names: &Vec<&str>| names.iter().any(|name| !self.numbers.contains_key(*name));
        let new = book.names().filter(is_new).map(|names| names.into_iter().map(str::to_owned).collect());
        let mut new: Vec<Vec<String>> = new.collect();
        // The order of a book's speakers means nothing; numbers are given in one that does.
        new.sort_unstable();
        for people in new.chunks(BATCH) {
            self.numbers.extend(store.enrol(self.collection, people).await?);
        }
        Ok(())
    }

    /// The number of the speaker with these names, the best first, as [`QuoteBook::names`] gives them.
    #[must_use]
    pub fn number(&self, names: &[&str]) -> Option<SpeakerId> {
        let known = || names.iter().filter_map(|name| self.numbers.get(*name).copied());
        names.first().and_then(|best| self.numbers.get(*best).copied()).or_else(|| known().min())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use sha2::{Digest, Sha256};

    use super::*;
    use crate::intake::folder;
    use crate::library::store::StoredId;
    use crate::quotes;
    use crate::quotes::tests::article;

    fn kept(quotations: &[KeptQuotation]) -> KeptQuotations {
        KeptQuotations::new(StoredId(1), 1, quotations)
    }

    #[test]
    fn what_is_found_comes_back_as_it_was() {
        let article = article("“The pier — closed — is safe,” said Ann Lee. “Né on it.” Officials hope that it holds.");
        let found = quotes::find(&article);
        assert!(found.len() >= 2, "{found:?}");
        let rows: Vec<KeptQuotation> = found.iter().map(put).collect();
        assert_eq!(read(&article, &kept(&rows)).unwrap(), found);
    }

    #[test]
    fn what_does_not_fit_the_article_is_damaged() {
        let article = article("“Né on it,” said Ann Lee.");
        let good = put(&quotes::find(&article)[0]);
        assert!(read(&article, &kept(std::slice::from_ref(&good))).is_ok());
        let outside = Span::new(article.text().len() - 1, article.text().len() + 1);
        let inside_of_a_character = Span::find(article.text(), "é").map(|e| Span { start: e.start + 1, ..e }).unwrap();
        for bad in [
            KeptQuotation { content: vec![outside], ..good.clone() },
            KeptQuotation { content: vec![inside_of_a_character], ..good.clone() },
            KeptQuotation { speaker: Some(outside), ..good.clone() },
            KeptQuotation { cue: Some(Span { start: 5, end: 3 }), ..good.clone() },
            KeptQuotation { paragraph: 9, ..good.clone() },
            KeptQuotation { kind: 9, ..good.clone() },
            KeptQuotation { confidence: f32::NAN, ..good.clone() },
        ] {
            let problem = read(&article, &kept(std::slice::from_ref(&bad)));
            assert!(matches!(problem, Err(Problem::Damaged { .. })), "{bad:?}");
        }
    }

    /// What the rules of this number find in the sample articles.
    const FOUND: (i64, &str) = (5, "48adddbb45e1b2ad");

    #[test]
    fn other_rules_have_another_number() {
        let loaded = folder::load(&[PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/data/articles"))], || ());
        let mut found: Vec<String> = loaded
            .library
            .iter()
            .map(|(_, article)| serde_json::to_string(&(article.key(), quotes::find(article))).unwrap())
            .collect();
        found.sort_unstable();
        let hash: String = Sha256::digest(found.join("\n")).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            (RULES, hash.as_str()),
            FOUND,
            "other quotations are found in data/articles than were: raise quotes::RULES, so that stores have them found \
             again, and put the new number and hash here. (If only the articles were changed, or more came, only the hash.)"
        );
    }
}
