//! From the bytes of a file to articles, one file here a format.

mod text;

use std::path::Path;

use super::{Article, SpanError};

/// The forms in which articles come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Plain text, as typed or as scraped from a page.
    Text,
}

/// The suffixes of the files that are read, without the dot.
pub const EXTENSIONS: [&str; 1] = ["txt"];

impl Format {
    /// The format that a path's suffix names.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Text),
            _ => None,
        }
    }
}

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
}

/// The articles in a file's bytes, and the entries that are none (a bad line of a `.jsonl` file).
/// The path gives the format and the key; it is not opened.
///
/// # Errors
/// [`ReadError`] says why the file gives no article.
pub fn read(path: &Path, bytes: &[u8]) -> Result<(Vec<Article>, Vec<ReadError>), ReadError> {
    let key = path.file_stem().map_or_else(|| "article".into(), |stem| stem.to_string_lossy());
    let text = std::str::from_utf8(bytes).map_err(|_| ReadError::Binary)?;
    Ok((vec![read_text(&key, text, Format::Text)?], Vec::new()))
}

/// One article from decoded text.
///
/// # Errors
/// [`ReadError`] says why the text gives no article.
pub fn read_text(key: &str, text: &str, format: Format) -> Result<Article, ReadError> {
    let draft = match format {
        Format::Text => text::draft(text),
    };
    let article = Article::from_draft(key, draft)?;
    if article.paragraphs().is_empty() { Err(ReadError::Empty) } else { Ok(article) }
}
