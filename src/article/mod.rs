//! What an article is: its text exactly as read, and spans into that text for everything else.
//!
//! This is the bottom of the house: nothing here knows of libraries, matching, quotations or chat.
//!
//! - [`Span`]: a byte range of an article's text.
//! - [`Article`]: text, blocks (title, headings, paragraphs, furniture), sentences and [`Metadata`].
//! - [`read`]: bytes of a `.txt`, `.md`, `.html`, `.json` or `.jsonl` file into articles.
//! - [`changes()`]: what changed from one version to the next.
//! - [`sentences`]: where a paragraph's sentences begin and end.

mod changes;
pub mod date;
mod label;
mod model;
pub mod read;
pub mod sentences;
mod span;

pub use changes::{Change, changes};
pub use date::Published;
pub use label::{MAX_LABEL_CHARS, MAX_URL_BYTES, address, label};
pub use model::{Article, Block, BlockKind, Draft, Metadata, Paragraph, SpanError};
pub use span::{CodePoints, Span};

/// The longest text that an article may have, in bytes (8 MiB, about 1.3 million words: far beyond any news article,
/// small enough that one file can't exhaust the memory).
pub const MAX_TEXT_BYTES: usize = 8 * 1024 * 1024;
