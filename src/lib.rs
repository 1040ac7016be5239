//! Byline answers from articles, in the articles' own words, and says who said it.
//!
//! The layers, from the bottom up; arrows point one way only:
//!
//! - [`article`]: what an article is. Verbatim text and spans into it.
//! - [`library`]: the articles that are held.
//! - [`matcher`]: from a question to the passage that answers it.
//! - [`quotes`]: who said what.
//! - [`digest`]: an article, or a day, in its own sentences.
//! - [`reply`]: an answer as data, every quoted word of it checked.
//! - [`router`]: from a message to a reply, by one table of commands.
//! - [`post`]: what is posted unasked: digests that are due, and the sender of the outbox.
//! - [`chat`]: the surfaces on which people talk to it.
//!
//! Beside them, [`intake`] is how articles arrive, [`inspect`] prints what is made of a file, [`eval`] measures how good that
//! is, [`config`] is what people set, [`logs`] is what is told of running, and [`cli`] is the command line.

pub mod article;
pub mod chat;
pub mod cli;
pub mod config;
pub mod digest;
pub mod eval;
pub mod inspect;
pub mod intake;
pub mod library;
pub mod logs;
pub mod matcher;
pub mod post;
pub mod quotes;
pub mod reply;
pub mod router;
