//! What waits in the outbox, and its check just before it is sent.
//!
//! A payload is a reply as data, with the store's number and version of every article in it. Hours may lie between queueing and
//! sending: the sender reads those versions back, and only what stands in them to the byte is sent. An article of which there
//! is a newer version is quoted from the one that was recorded; one that was removed is not quoted any more. What is said about an
//! article (title, outlet, author, date, address) is what that version says, whatever stands in the row; whose words are quoted is what
//! people corrected by then.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::article::{Article, Metadata, Span, address, label};
use crate::library::store::{Problem, Store, StoreError, StoredId};
use crate::library::{ArticleId, Library};
use crate::quotes::{self, Correction};
use crate::reply::{Checked, Misquote, Quoted, Reply, Source};
use crate::router::UNATTRIBUTED;
use crate::router::edition::Edition;

/// What waits in the outbox.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payload {
    articles: Vec<Cited>,
    says: Says,
}

/// An article that a payload quotes or names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Cited {
    /// Its key when the payload was made: what the payload calls it.
    key: String,
    /// Its number in the store.
    id: i64,
    version: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Says {
    /// A digest, from which stories can be taken out.
    Digest(Edition),
    /// A reply, whole or not at all.
    Reply(Reply),
}

/// Why a payload is not sent.
#[derive(Debug, thiserror::Error)]
pub enum Unsendable {
    /// The store could not be asked: not now.
    #[error(transparent)]
    Store(StoreError),
    /// Every story of it, or the article that it quotes, was removed while it waited.
    #[error("the articles that it quotes were removed before it was sent")]
    Removed,
    /// What it would quote is not what the articles say: a defect, never sent.
    #[error("a defect of Byline: {0}")]
    Misquote(#[from] Misquote),
    /// An article that it quotes can't be had in the version that was quoted.
    #[error("version {version} of article {id}, which it quotes, can't be read from the store")]
    NoVersion {
        /// The article's number in the store.
        id: i64,
        /// The version.
        version: i64,
    },
    /// What waited is no payload of this program's.
    #[error("what waited in the outbox can't be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

impl Payload {
    /// A digest; `library` is what it was made of. Articles that came from no store can't be cited, and are refused later.
    #[must_use]
    pub fn digest(edition: Edition, library: &Library) -> Self {
        Self { articles: cited(library, edition.articles()), says: Says::Digest(edition) }
    }

    /// A reply; `library` is what it quotes.
    #[must_use]
    pub fn reply(reply: Reply, library: &Library) -> Self {
        let keys = reply.quotations().map(|quoted| quoted.source.article.as_str()).collect();
        Self { articles: cited(library, keys), says: Says::Reply(reply) }
    }

    /// As it is queued.
    ///
    /// # Errors
    /// When it can't be written as JSON; there is no such payload.
    pub fn to_json(&self) -> Result<Value, serde_json::Error> {
        serde_json::to_value(self)
    }

    /// From the outbox.
    ///
    /// # Errors
    /// When it is no payload.
    pub fn of_json(json: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(json)
    }

    /// What may be sent now: without what was removed, each quoted word compared with the stored version that was quoted.
    ///
    /// # Errors
    /// [`Unsendable`]. Only [`Unsendable::Store`] may pass with time.
    pub async fn check(self, store: &Store) -> Result<Checked, Unsendable> {
        let mut library = Library::default();
        let mut places: HashMap<String, ArticleId> = HashMap::new();
        let mut removed: BTreeSet<String> = BTreeSet::new();
        for Cited { key, id, version } in self.articles {
            let stored = store.version(StoredId(id), version).await.map_err(|error| match error.problem {
                Problem::Damaged { .. } => Unsendable::NoVersion { id, version },
                _ => Unsendable::Store(error),
            })?;
            let stored = stored.ok_or(Unsendable::NoVersion { id, version })?;
            match library.put_stored(stored) {
                Some(place) => drop(places.insert(key, place)),
                None => drop(removed.insert(key)),
            }
        }
        let mut reply = match self.says {
            Says::Digest(edition) => {
                let left = edition.without(&removed);
                if left.is_empty() {
                    return Err(Unsendable::Removed);
                }
                left.name(|key| library.get(*places.get(key)?).map(Arc::as_ref)).reply()
            }
            Says::Reply(_) if !removed.is_empty() => return Err(Unsendable::Removed),
            Says::Reply(reply) => reply,
        };
        let spoken = reply.quotations().filter(|quoted| quoted.speaker.is_some());
        let spoken = spoken.filter_map(|quoted| places.get(&quoted.source.article).copied());
        let spoken: Vec<ArticleId> = spoken.collect::<BTreeSet<_>>().into_iter().collect();
        let corrections = quotes::kept::corrections_of(store, &library, &spoken).await.map_err(Unsendable::Store)?;
        for quoted in reply.quotations_mut() {
            // One that was not cited keeps the number of no article, and fails the check.
            if let Some(place) = places.get(&quoted.source.article)
                && let Some(article) = library.get(*place)
            {
                attribute(quoted, *place, article);
                correct(quoted, article, corrections.get(place).map(Vec::as_slice).unwrap_or_default());
            }
        }
        Ok(reply.check(&library)?)
    }
}

/// Says about a quotation what its article says about itself. An address that opens at the quoted words stays; any other becomes the
/// article's own.
fn attribute(quoted: &mut Quoted, id: ArticleId, article: &Article) {
    let spans: Vec<Span> = quoted.pieces.iter().map(|piece| piece.span).collect();
    let marks: Vec<Span> = quoted.pieces.iter().flat_map(|piece| piece.marked.iter().copied()).collect();
    let joined = |spans: &[Span]| spans.iter().copied().reduce(Span::join);
    let opens_at = spans.iter().chain(&marks).copied().chain(joined(&spans)).chain(joined(&marks));
    let opens_here =
        |url: &String| opens_at.clone().any(|span| Source::new(id, article, span).url.as_ref() == Some(url));
    let paragraphs = [spans.first().copied(), joined(&spans)].map(|span| Source::new(id, article, span?).paragraph);
    let Metadata { title, outlet, url, published, .. } = article.meta();
    let author = article.meta().writer();
    let source = &mut quoted.source;
    source.id = id;
    source.title = label(title);
    source.author = author.map(label);
    source.outlet = outlet.as_deref().map(label);
    source.published = *published;
    source.url = source.url.take().filter(opens_here).or_else(|| address(url.clone()));
    source.paragraph = source.paragraph.filter(|told| paragraphs.contains(&Some(*told)));
}

/// Says who speaks as people corrected it, where that was not known when it was written.
fn correct(quoted: &mut Quoted, article: &Article, corrections: &[Correction]) {
    let content: Vec<Span> = quoted.pieces.iter().flat_map(|piece| piece.marked.iter().copied()).collect();
    let Some(shown) = &mut quoted.speaker else { return };
    // The last one counts.
    if let Some(correction) = corrections.iter().rev().find(|correction| correction.is_of(article, &content)) {
        let name = label(correction.speaker.as_deref().unwrap_or(UNATTRIBUTED));
        if !is_named(shown, &name) {
            *shown = name;
        }
    }
}

/// Whether a speaker is shown by this name: the name itself, words of the article that hold it, or the name with the article's words.
fn is_named(shown: &str, name: &str) -> bool {
    match shown.split_once(" (“") {
        Some((shown, _)) => shown == name,
        None => shown.contains(name),
    }
}

fn cited(library: &Library, keys: BTreeSet<&str>) -> Vec<Cited> {
    let cite = |key: &str| {
        let mark = library.mark(library.by_key(key)?)?;
        Some(Cited { key: key.to_owned(), id: mark.id.0, version: mark.version })
    };
    keys.into_iter().filter_map(cite).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_speaker_is_known_by_the_name_in_whatever_form_it_is_shown() {
        for shown in ["Mette Dahl", "captain Mette Dahl", "Mette Dahl (“she”)"] {
            assert!(is_named(shown, "Mette Dahl"), "{shown}");
            assert!(!is_named(shown, "Ines Falk") && !is_named(shown, UNATTRIBUTED), "{shown}");
        }
        assert!(!is_named("Mette Dahl (“she”)", "Mette"), "that is another one");
        assert!(!is_named(UNATTRIBUTED, "Mette Dahl") && is_named(UNATTRIBUTED, UNATTRIBUTED));
    }
}
