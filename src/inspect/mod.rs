//! `byline inspect …`: what the program makes of a file, one JSON object a line on standard output.
//!
//! The forms are fixed, because scorers and other programs read them. Offsets are Unicode **code points** into the text.

mod feed;
mod page;
mod quotes;
mod rank;
mod summary;

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::Subcommand;
use serde::Serialize;

/// What the program makes of a file, as JSON lines
#[derive(Debug, Subcommand)]
pub enum Inspect {
    /// What is read from feeds: titles, links, dates and summaries
    Feed {
        /// Feeds of any form, as they are or compressed (`.gz`)
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// What is taken from pages: title, author, date, site and paragraphs
    Page {
        /// Pages, as they are or compressed (`.gz`)
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// The quotations of articles, with speaker, cue and kind
    Quotes {
        /// Files, folders or patterns
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// A model that was trained, instead of the one that is built in
        #[arg(long, value_name = "FILE")]
        model: Option<PathBuf>,
    },
    /// The ranked paragraphs for each question of a file
    Rank(rank::Options),
    /// A summary of each article in its own sentences
    Summary(summary::Options),
}

impl Inspect {
    /// Does it, printing to standard output.
    ///
    /// # Errors
    /// When an input can't be read or the output can't be written.
    pub fn run(&self) -> anyhow::Result<()> {
        let mut out = BufWriter::new(io::stdout().lock());
        match self {
            Self::Feed { files } => feed::run(files, &mut out)?,
            Self::Page { files } => page::run(files, &mut out)?,
            Self::Quotes { files, model } => quotes::run(files, model.as_deref(), &mut out)?,
            Self::Rank(options) => rank::run(options, &mut out)?,
            Self::Summary(options) => summary::run(options, &mut out)?,
        }
        out.flush()?;
        Ok(())
    }
}

/// Writes one object and a line end.
fn print_line(out: &mut impl Write, value: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}

/// Says on standard error which files gave nothing.
fn tell_refused(refused: &[crate::intake::folder::Refused]) {
    for refused in refused {
        tracing::warn!(path = ?refused.path, reason = %refused.reason, "not read");
    }
}
