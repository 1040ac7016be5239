//! Pages: the extractor finds the article in the page, [`meta`] what the page says about it, [`blocks`] its shape.

mod blocks;
mod meta;

use trafilatura::dom::Document;
use trafilatura::{ExtractionFocus, Options, extract_document};

use super::{ReadError, nesting};
use crate::article::Draft;

/// The article in a page.
pub(super) fn draft(source: &str) -> Result<Draft, ReadError> {
    nesting::check_html(source)?;
    let document = Document::parse(source);
    let mut meta = meta::of(&document);
    // Precision: a missed caption costs less than a menu that is quoted as if it were news.
    let options =
        Options::default().with_focus(ExtractionFocus::FavorPrecision).with_fallback(true).with_exclude_comments(true);
    let extracted = extract_document(document, &options).map_err(|error| ReadError::NoArticle(error.to_string()))?;
    let (text, blocks) = blocks::of(&extracted.content_html, &meta.title);
    if blocks.is_empty() {
        return Err(ReadError::NoArticle("it has no text of its own".to_owned()));
    }
    meta::fill(&mut meta, extracted.metadata);
    Ok(Draft { text, blocks, meta })
}
