//! Byline answers from articles, in the articles' own words, and says who said it.
//!
//! The layers, from the bottom up; arrows point one way only:
//!
//! - [`article`]: what an article is. Verbatim text and spans into it.
//! - [`library`]: the articles that are held.
//! - [`matcher`]: from a question to the passage that answers it.
//! - [`quotes`]: who said what.
//! - [`digest`]: an article, or a day, in its own sentences.
//!
//! Beside them, [`intake`] is how articles arrive, and [`inspect`] prints what is made of a file.

pub mod article;
pub mod config;
pub mod digest;
pub mod inspect;
pub mod intake;
pub mod library;
pub mod logs;
pub mod matcher;
pub mod quotes;
