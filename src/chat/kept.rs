//! An answer that outlives the process: which articles, versions and bytes its pages quote, so that a page that is turned
//! tomorrow quotes the same words, compared with the stored version once more.
//!
//! Words of articles are not kept here, but for the differences of a comparison, which the check finds in the article again.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::article::{Article, Span};
use crate::library::store::{Store, StoreError, StoredId};
use crate::library::{ArticleId, Library};
use crate::quotes::DiffPart;
use crate::reply::{Block, Checked, Misquote, Outcome, Piece, Quoted, Reply, Source};

/// The most pages that are kept: nobody turns more.
const MAX_PAGES: usize = 50;

/// An answer as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The command that it answers.
    pub command: String,
    /// A hash of what was asked; empty where nothing was.
    pub question: String,
    answered: bool,
    alternatives: bool,
    blocks: Vec<KeptBlock>,
    pages: Vec<Vec<KeptBlock>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum KeptBlock {
    #[serde(rename = "h")]
    Heading(String),
    #[serde(rename = "t")]
    Text(String),
    #[serde(rename = "i")]
    Item(String, String),
    #[serde(rename = "d")]
    Difference(Vec<(char, String)>),
    #[serde(rename = "q")]
    Quote(KeptQuote),
}

/// A quotation: the article's number in the store and its version, and bytes of that version's text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct KeptQuote {
    article: i64,
    version: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    speaker: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paragraph: Option<usize>,
    /// Whether another version was the current one when it was quoted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    earlier: bool,
    /// Its pieces, in reading order.
    pieces: Vec<KeptPiece>,
}

/// First byte, one past the last, and what is marked between them.
type KeptPiece = (u32, u32, Vec<(u32, u32)>);

/// Why a page can't be shown again.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store did not give what it quotes.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was kept makes no sense.
    #[error("a kept answer makes no sense: {0}")]
    Form(#[from] serde_json::Error),
    /// The article was taken out of the library meanwhile, so that it must not answer.
    #[error("an article was taken out since")]
    TakenOut,
    /// The words are not there: a defect.
    #[error(transparent)]
    Misquote(#[from] Misquote),
}

impl Kept {
    /// What `reply` is made of, up to its fiftieth page; nothing when it quotes an article that no store holds, or one that has another version by now.
    #[must_use]
    pub fn of(reply: &Checked, library: &Library, command: &str, question: &str) -> Option<Self> {
        let keep = |blocks: &Vec<Block>| blocks.iter().map(|block| kept_block(block, reply, library)).collect();
        Some(Self {
            command: command.to_owned(),
            question: question.to_owned(),
            answered: reply.outcome == Outcome::Answered,
            alternatives: reply.alternatives,
            blocks: keep(&reply.blocks)?,
            pages: reply.pages.iter().take(MAX_PAGES).map(keep).collect::<Option<_>>()?,
        })
    }

    /// Reads what [`Kept::to_json`] wrote.
    ///
    /// # Errors
    /// [`RestoreError::Form`]
    pub fn from_json(json: &str) -> Result<Self, RestoreError> {
        Ok(serde_json::from_str(json)?)
    }

    /// As it is stored.
    ///
    /// # Errors
    /// None that input could cause: every field has a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// How many pages there are.
    #[must_use]
    pub fn pages(&self) -> usize {
        self.pages.len()
    }

    /// Who was quoted last on the first page, where that was somebody's speech.
    #[must_use]
    pub fn speaker(&self) -> Option<&str> {
        self.first_quotes().find_map(|quote| quote.speaker.as_deref())
    }

    /// The article that is quoted first, by its number in the store.
    #[must_use]
    pub fn article(&self) -> Option<StoredId> {
        self.first_quotes().next().map(|quote| StoredId(quote.article))
    }

    fn first_quotes(&self) -> impl Iterator<Item = &KeptQuote> {
        self.blocks.iter().chain(self.pages.first().into_iter().flatten()).filter_map(|block| match block {
            KeptBlock::Quote(quote) => Some(quote),
            _ => None,
        })
    }

    /// What is said before the pages and one page, or with `around` that page's first quotation in its paragraphs; checked
    /// against the versions that were quoted. Other pages are there, and empty.
    ///
    /// # Errors
    /// [`RestoreError`]
    pub async fn page(&self, store: &Store, page: usize, around: bool) -> Result<Checked, RestoreError> {
        let (mut library, mut restored) = (Library::default(), Vec::new());
        let shown = self.pages.get(page).map(Vec::as_slice).unwrap_or_default();
        for block in self.blocks.iter().chain(shown) {
            restored.push(restored_block(block, store, &mut library).await?);
        }
        let mut reply = Reply::new(if self.answered { Outcome::Answered } else { Outcome::NotInArticles });
        if around {
            // The page's own quotation goes before one that is said ahead of all pages.
            let (ahead, here) = restored.split_at(self.blocks.len());
            let in_context = |block: &Block| match block {
                Block::Quote(quoted) => quoted.with_context(&library),
                _ => None,
            };
            let quoted = here.iter().chain(ahead).find_map(in_context).ok_or(RestoreError::TakenOut)?;
            let earlier = Arc::new(library);
            return Ok(reply.with(Block::Quote(quoted)).check_with(&Arc::clone(&earlier), earlier)?);
        }
        let shown = restored.split_off(self.blocks.len());
        reply.blocks = restored;
        reply.alternatives = self.alternatives;
        reply.pages = vec![Vec::new(); self.pages.len()];
        if let Some(place) = reply.pages.get_mut(page) {
            *place = shown;
        }
        // One library has them all: what is current in it, and the earlier versions beside.
        let earlier = Arc::new(library);
        Ok(reply.check_with(&Arc::clone(&earlier), earlier)?)
    }
}

fn kept_block(block: &Block, reply: &Checked, library: &Library) -> Option<KeptBlock> {
    Some(match block {
        Block::Heading(words) => KeptBlock::Heading(words.clone()),
        Block::Text(words) => KeptBlock::Text(words.clone()),
        Block::Item { name, about } => KeptBlock::Item(name.clone(), about.clone()),
        Block::Difference(parts) => KeptBlock::Difference(
            parts
                .iter()
                .map(|part| match part {
                    DiffPart::Same(words) => ('=', words.clone()),
                    DiffPart::Added(words) => ('+', words.clone()),
                    DiffPart::Missing(words) => ('-', words.clone()),
                })
                .collect(),
        ),
        Block::Quote(quoted) => KeptBlock::Quote(kept_quote(quoted, reply.library_of(quoted.source.id, library))?),
    })
}

fn kept_quote(quoted: &Quoted, library: &Library) -> Option<KeptQuote> {
    let (article, mark) = (library.get(quoted.source.id)?, library.mark(quoted.source.id)?);
    // The library may be a newer one than the answer was made from.
    let same = |piece: &Piece| article.text().get(piece.span.range()) == Some(piece.text.as_str());
    if !quoted.pieces.iter().all(same) {
        return None;
    }
    let bounds = |span: Span| (span.start, span.end);
    let piece =
        |piece: &Piece| (piece.span.start, piece.span.end, piece.marked.iter().map(|mark| bounds(*mark)).collect());
    Some(KeptQuote {
        article: mark.id.0,
        version: mark.version,
        speaker: quoted.speaker.clone(),
        url: quoted.source.url.clone(),
        paragraph: quoted.source.paragraph,
        earlier: quoted.source.id.is_earlier(),
        pieces: quoted.pieces.iter().map(piece).collect(),
    })
}

async fn restored_block(block: &KeptBlock, store: &Store, library: &mut Library) -> Result<Block, RestoreError> {
    Ok(match block {
        KeptBlock::Heading(words) => Block::Heading(words.clone()),
        KeptBlock::Text(words) => Block::Text(words.clone()),
        KeptBlock::Item(name, about) => Block::Item { name: name.clone(), about: about.clone() },
        KeptBlock::Difference(parts) => Block::Difference(
            parts
                .iter()
                .map(|(kind, words)| match kind {
                    '+' => DiffPart::Added(words.clone()),
                    '-' => DiffPart::Missing(words.clone()),
                    _ => DiffPart::Same(words.clone()),
                })
                .collect(),
        ),
        KeptBlock::Quote(quote) => Block::Quote(restored_quote(quote, store, library).await?),
    })
}

async fn restored_quote(quote: &KeptQuote, store: &Store, library: &mut Library) -> Result<Quoted, RestoreError> {
    let id = StoredId(quote.article);
    let known = if quote.earlier { library.earlier(id, quote.version) } else { library.by_stored(id) };
    let here = match known {
        Some(here) => here,
        None => {
            let stored = store.version(id, quote.version).await?.filter(|stored| stored.removed_at.is_none());
            let put = |stored| if quote.earlier { library.put_earlier(stored) } else { library.put_stored(stored) };
            stored.and_then(put).ok_or(RestoreError::TakenOut)?
        }
    };
    let article = library.get(here).ok_or(RestoreError::TakenOut)?;
    let misquote = |start, end| Misquote { article: article.key().to_owned(), start, end };
    let mut pieces = Vec::with_capacity(quote.pieces.len());
    for (start, end, marked) in &quote.pieces {
        let piece = restored_piece(article, (*start, *end), marked).ok_or_else(|| misquote(*start, *end))?;
        pieces.push(piece);
    }
    let whole = pieces.iter().map(|piece| piece.span).reduce(Span::join).ok_or_else(|| misquote(0, 0))?;
    let source = restored_source(here, article, whole, quote).of_version(library);
    Ok(Quoted { pieces, speaker: quote.speaker.clone(), source })
}

fn restored_piece(article: &Article, (start, end): (u32, u32), marked: &[(u32, u32)]) -> Option<Piece> {
    let span = Span { start, end };
    let text = article.text().get(start as usize..end as usize)?.to_owned();
    let marked = marked.iter().map(|&(start, end)| Span { start, end }).collect();
    Some(Piece { span, text, marked })
}

fn restored_source(id: ArticleId, article: &Article, span: Span, quote: &KeptQuote) -> Source {
    Source { url: quote.url.clone(), paragraph: quote.paragraph, ..Source::new(id, article, span) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::read::{Format, read_text};
    use crate::library::store::{SHARED, StoreUrl};

    const ONE: &str =
        "Lock opens\n\nThe lock opened on Friday. Boats were waiting since dawn.\n\nThe keeper was late.\n";
    const TWO: &str =
        "Lock opens\n\nThe lock opened on Saturday. Boats were waiting since dawn.\n\nThe keeper was ill.\n";

    async fn store(folder: &tempfile::TempDir) -> Store {
        Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap()
    }

    /// An answer of two pages from the first version, as it was kept.
    async fn kept(store: &Store) -> (Kept, Checked) {
        store.add(SHARED, &read_text("lock", ONE, Format::Text).unwrap()).await.unwrap();
        let mut library = Library::default();
        let id = library.put_stored(store.get(SHARED, "lock").await.unwrap().unwrap()).unwrap();
        let article = library.article(id).clone();
        let page = |at: usize| {
            let paragraph = &article.paragraphs()[at];
            vec![Block::Quote(Quoted::passage(&library, id, paragraph.span, &[article.sentences_of(paragraph)[0]]))]
        };
        let reply = Reply { pages: vec![page(0), page(1)], alternatives: true, ..Reply::new(Outcome::Answered) };
        let reply = reply.with(Block::Text("Read “lok” as “lock”.".into())).check(&library).unwrap();
        (Kept::of(&reply, &library, "ask", "1f").unwrap(), reply)
    }

    fn words(reply: &Checked) -> Vec<&str> {
        reply.quotations().flat_map(|quoted| &quoted.pieces).map(|piece| piece.text.as_str()).collect()
    }

    #[tokio::test]
    async fn a_page_is_the_same_after_a_restart_and_a_new_version() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, reply) = kept(&store(&folder).await).await;
        let json = kept.to_json().unwrap();
        assert!(!json.contains("Boats"), "words of articles are not kept: {json}");
        let store = store(&folder).await;
        store.add(SHARED, &read_text("lock", TWO, Format::Text).unwrap()).await.unwrap();
        let kept = Kept::from_json(&json).unwrap();
        let first = kept.page(&store, 0, false).await.unwrap();
        assert_eq!((&first.blocks, &first.pages[0], first.pages.len()), (&reply.blocks, &reply.pages[0], 2));
        assert_eq!(words(&kept.page(&store, 1, false).await.unwrap()), ["The keeper was late."]);
        let around = kept.page(&store, 1, true).await.unwrap();
        assert_eq!(words(&around).len(), 2, "{around:?}");
    }

    #[tokio::test]
    async fn what_was_taken_out_is_not_shown_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let (kept, _) = kept(&store).await;
        store.remove(SHARED, "lock").await.unwrap();
        assert!(matches!(kept.page(&store, 0, false).await, Err(RestoreError::TakenOut)));
    }

    #[tokio::test]
    async fn spans_that_do_not_fit_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let json = kept(&store).await.0.to_json().unwrap();
        let bent = json.replacen("\"pieces\":[[12,", "\"pieces\":[[3,", 1);
        assert_ne!(bent, json);
        let page = Kept::from_json(&bent).unwrap().page(&store, 0, false).await;
        assert!(matches!(page, Err(RestoreError::Misquote(_))), "{page:?}");
    }

    #[tokio::test]
    async fn an_answer_of_no_store_is_not_kept() {
        let mut library = Library::default();
        let id = library.add(read_text("lock", ONE, Format::Text).unwrap());
        let span = library.article(id).paragraphs()[0].span;
        let quote = Block::Quote(Quoted::passage(&library, id, span, &[]));
        let reply = Reply::new(Outcome::Answered).with(quote).check(&library).unwrap();
        assert_eq!(Kept::of(&reply, &library, "ask", ""), None);
    }
}
