//! From the bytes of a file to articles, one file here a format.
//!
//! [`read`] takes a file's name and bytes: it unpacks, decodes, picks the reader and detects the language. A reader makes a
//! [`Draft`] of decoded text and knows nothing of files.

mod attributes;
mod builder;
mod decode;
mod fields;
mod format;
mod front_matter;
mod html;
mod json;
mod language;
mod markdown;
mod nesting;
mod text;

use std::path::Path;

pub use decode::MAX_UNPACKED_BYTES;
pub(crate) use format::stem;
pub use format::{EXTENSIONS, Format};
pub use html::plain_text;

use super::{Article, Draft, MAX_TEXT_BYTES, Metadata, SpanError};

/// Why a file gives no article.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The reader made spans that do not fit; a defect of ours.
    #[error(transparent)]
    Span(#[from] SpanError),
    /// Nothing is left once white space and furniture are gone.
    #[error("no text in it")]
    Empty,
    /// Not text at all.
    #[error("not a text file")]
    Binary,
    /// A PDF file.
    #[error("PDF files are not read: save its text, or the page that it was printed from")]
    Pdf,
    /// The text is longer than [`MAX_TEXT_BYTES`].
    #[error("the text has {0} bytes; at most {MAX_TEXT_BYTES} are read")]
    TooLarge(usize),
    /// Decompressed, the file is larger than any file may be.
    #[error("unpacked, the file has more than {0} bytes")]
    Unpacked(u64),
    /// The file is compressed and damaged.
    #[error("can't be unpacked: {0}")]
    Compressed(String),
    /// Elements, lists or objects inside one another beyond what any article has.
    #[error("nested more than {0} deep")]
    Nested(usize),
    /// More articles than one file may hold that is read whole.
    #[error(
        "more than {} articles in one file: cut it, or take it in with `byline import` if it is a .jsonl file",
        json::MAX_ENTRIES
    )]
    TooMany,
    /// Tags with more attributes than any page has.
    #[error("its tags have more attributes than any page's")]
    Attributes,
    /// A page in which no article was found.
    #[error("no article in this page: {0}")]
    NoArticle(String),
    /// Front matter that can't be read.
    #[error("front matter, line {line}: {reason}")]
    FrontMatter {
        /// The line in the file, from 1.
        line: usize,
        /// What is wrong, naming the field where there is one.
        reason: String,
    },
    /// JSON that can't be read, or that is no article.
    #[error("{}{reason}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Json {
        /// The line in the file, from 1, where known.
        line: Option<usize>,
        /// What is wrong, naming the field where there is one.
        reason: String,
    },
}

/// The articles in a file's bytes, and the entries that are none (a bad line of a `.jsonl` file).
/// The path gives the format and the key; it is not opened. A file without a known suffix is read as what it looks like.
///
/// ```
/// use byline::article::read::read;
/// let (articles, problems) = read("news.jsonl".as_ref(), b"{\"title\":\"A\",\"text\":\"It rained.\"}\nnot json\n")?;
/// assert_eq!(articles[0].text(), "It rained.");
/// assert!(problems[0].to_string().starts_with("line 2: "));
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
///
/// # Errors
/// [`ReadError`] says why the file gives no article.
pub fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<Article>, Vec<ReadError>), ReadError> {
    let key = format::stem(path);
    let keyed = |found: Found| match (found.named, found.place) {
        (true, _) => found.article,
        (false, place) => {
            let mut article = found.article;
            article.rename(if place == 1 { key.clone() } else { format!("{key}-{place}") });
            article
        }
    };
    read_entries(path, bytes).map(|(found, problems)| (found.into_iter().map(keyed).collect(), problems))
}

/// An article of a file, and how the file knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The article. Its key is its own, or empty.
    pub article: Article,
    /// Whether the file gives it a key of its own.
    pub named: bool,
    /// Its place in the file, counted from 1; entries that give no article count.
    pub place: usize,
}

/// As [`read`], but leaves it to the caller to name the articles that have no key of their own.
///
/// # Errors
/// [`ReadError`] says why the file gives no article.
pub fn read_entries(path: &Path, bytes: &[u8]) -> Result<(Vec<Found>, Vec<ReadError>), ReadError> {
    let bytes = decode::unpack(bytes, MAX_UNPACKED_BYTES)?;
    let named = Format::of_path(path);
    let text = decode::text(&bytes, named)?;
    let format = named.unwrap_or_else(|| Format::sniff(&text));
    let (mut articles, mut problems) = (Vec::new(), Vec::new());
    for (place, draft) in (1..).zip(drafts(&text, format)?) {
        let article = draft.and_then(|Entry { key, line, draft }| {
            let named = key.is_some();
            let article = finish(key.unwrap_or_default(), draft).map_err(|error| match line {
                Some(line) => ReadError::Json { line: Some(line), reason: error.to_string() },
                None => error,
            })?;
            Ok(Found { article, named, place })
        });
        match article {
            Ok(article) => articles.push(article),
            Err(problem) => problems.push(problem),
        }
    }
    if articles.is_empty() {
        // A file of one entry fails as its entry does; where several fail, the caller hears of each.
        match problems.len() {
            0 => return Err(ReadError::Empty),
            1 => return Err(problems.remove(0)),
            _ => {}
        }
    }
    Ok((articles, problems))
}

/// A file's bytes, unpacked if gzip has packed them: `most` bytes at most.
///
/// # Errors
/// [`ReadError::Compressed`] when they are damaged, [`ReadError::Unpacked`] when they unfold to more.
pub fn unpack(bytes: &[u8], most: u64) -> Result<std::borrow::Cow<'_, [u8]>, ReadError> {
    decode::unpack(bytes, most)
}

/// Whether gzip has packed these bytes, by its magic number.
#[must_use]
pub fn is_packed(bytes: &[u8]) -> bool {
    decode::is_packed(bytes)
}

/// The text of a page's or feed's bytes, which came with this `charset` of a `Content-Type`. A byte order mark and valid UTF-8
/// say more than any label; then the server is believed, then what the bytes declare themselves, and at last it is guessed.
///
/// ```
/// assert_eq!(byline::article::read::decode(b"caf\xe9", Some("iso-8859-1"))?, "café");
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
///
/// # Errors
/// [`ReadError::Binary`] when they are no text.
pub fn decode(bytes: &[u8], charset: Option<&str>) -> Result<String, ReadError> {
    decode::web_text(bytes, charset)
}

/// One article from decoded text; the first one where the form holds several.
///
/// # Errors
/// [`ReadError`] says why the text gives no article.
pub fn read_text(key: &str, text: &str, format: Format) -> Result<Article, ReadError> {
    let Entry { key: own, draft, .. } = drafts(text, format)?.into_iter().next().unwrap_or(Err(ReadError::Empty))?;
    finish(own.unwrap_or_else(|| key.to_owned()), draft)
}

/// One article from mark-up that is all of it the article's, such as feeds carry; what is known about it beside that is given.
///
/// ```
/// use byline::article::Metadata;
/// let meta = Metadata { title: "Ferry".to_owned(), ..Metadata::default() };
/// let article = byline::article::read::fragment("ferry", "<p>It sails <b>again</b>.</p><p>From Friday.</p>", meta)?;
/// assert_eq!(article.slice(article.paragraphs()[0].span), "It sails again.");
/// # Ok::<(), byline::article::read::ReadError>(())
/// ```
///
/// # Errors
/// [`ReadError`] says why the mark-up gives no article.
pub fn fragment(key: &str, source: &str, meta: Metadata) -> Result<Article, ReadError> {
    if source.len() > MAX_TEXT_BYTES {
        return Err(ReadError::TooLarge(source.len()));
    }
    finish(key.to_owned(), html::fragment(source, meta)?)
}

/// What a reader found.
struct Entry {
    /// The key that the source gives it.
    key: Option<String>,
    /// The line of the file that holds it, where a file has one entry a line.
    line: Option<usize>,
    draft: Draft,
}

impl From<Draft> for Entry {
    fn from(draft: Draft) -> Self {
        Self { key: None, line: None, draft }
    }
}

fn drafts(text: &str, format: Format) -> Result<Vec<Result<Entry, ReadError>>, ReadError> {
    // Many articles share a file of JSON: there, each text is bounded for itself.
    let single = !matches!(format, Format::Json | Format::JsonLines);
    if single && text.len() > MAX_TEXT_BYTES {
        return Err(ReadError::TooLarge(text.len()));
    }
    if text.chars().all(|c| c.is_whitespace() || c == '\u{feff}') {
        return Err(ReadError::Empty);
    }
    let unmarked = text.trim_start_matches('\u{feff}');
    match format {
        Format::Text => Ok(vec![Ok(text::draft(text).into())]),
        Format::Markdown => Ok(vec![markdown::draft(unmarked).map(Entry::from)]),
        Format::Html => Ok(vec![html::draft(unmarked).map(Entry::from)]),
        Format::Json => json::whole(unmarked),
        Format::JsonLines => json::lines(unmarked),
    }
}

fn finish(key: String, mut draft: Draft) -> Result<Article, ReadError> {
    if draft.text.len() > MAX_TEXT_BYTES {
        return Err(ReadError::TooLarge(draft.text.len()));
    }
    draft.meta.language = draft
        .meta
        .language
        .and_then(|tag| language::code(&tag))
        .or_else(|| language::detect(&draft.text, &draft.blocks));
    if draft.meta.title.trim().is_empty() {
        draft.meta.title = text::made_title(&draft.text, &draft.blocks);
    }
    let article = Article::from_draft(key, draft)?;
    if article.paragraphs().is_empty() { Err(ReadError::Empty) } else { Ok(article) }
}
