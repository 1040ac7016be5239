//! `byline inspect summary`: each article in a few of its own sentences.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;
use rayon::prelude::*;
use serde::Serialize;

use crate::article::CodePoints;
use crate::digest;
use crate::intake::folder;

/// Options of `byline inspect summary`.
#[derive(Debug, Args)]
pub struct Options {
    /// How many sentences to choose
    #[arg(long, value_name = "N", default_value_t = 3)]
    sentences: usize,
    /// How many sentences to choose, as a share of the article's own
    #[arg(long, value_name = "PERCENT", conflicts_with = "sentences", value_parser = clap::value_parser!(u8).range(1..=100))]
    share: Option<u8>,
    /// Take every article below this folder; the id is then its path without the suffix
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Files to summarise
    #[arg(value_name = "FILE", required_unless_present = "root")]
    files: Vec<PathBuf>,
}

impl Options {
    /// How many sentences are chosen of `all`: a share is rounded to the nearest, and at least one.
    ///
    /// Sentences and not words are counted, as the choice itself does: a share of the words would cut at another sentence with each
    /// word of difference, and leave room that no whole sentence fills.
    fn count(&self, all: usize) -> usize {
        self.share.map_or(self.sentences, |share| ((all * usize::from(share) + 50) / 100).max(1))
    }
}

#[derive(Serialize)]
struct Line {
    id: String,
    sentences: Vec<Sentence>,
}

#[derive(Serialize)]
struct Sentence {
    start: usize,
    end: usize,
    text: String,
}

pub(super) fn run(options: &Options, out: &mut impl Write) -> anyhow::Result<()> {
    let mut named = options.files.clone();
    named.extend(options.root.clone());
    let (files, refused) = folder::files(&named);
    super::tell_refused(&refused);
    if files.is_empty() {
        bail!("no article to summarise");
    }
    let lines: Vec<Vec<Line>> = files.par_iter().map(|path| summarise(path, options)).collect::<anyhow::Result<_>>()?;
    lines.iter().flatten().try_for_each(|line| super::print_line(out, line))
}

fn summarise(path: &Path, options: &Options) -> anyhow::Result<Vec<Line>> {
    let refused = |reason| folder::Refused { path: path.to_owned(), reason };
    let (articles, problems) = match folder::read_file(path) {
        Ok(read) => read,
        Err(reason) => {
            super::tell_refused(&[refused(reason)]);
            return Ok(Vec::new());
        }
    };
    super::tell_refused(&problems.into_iter().map(|problem| refused(problem.into())).collect::<Vec<_>>());
    let lines = articles.iter().map(|article| {
        let points = CodePoints::new(article.text());
        let sentences = digest::summary(article, options.count(article.sentences().len()))
            .into_iter()
            .map(|span| {
                let (start, end) = points.span(span);
                Sentence { start, end, text: article.slice(span).to_owned() }
            })
            .collect();
        let below = options.root.as_deref().and_then(|root| path.strip_prefix(root).ok());
        let id = below.map_or_else(
            || article.key().to_owned(),
            |below| {
                below
                    .with_extension("")
                    .components()
                    .map(|c| c.as_os_str().to_string_lossy())
                    .collect::<Vec<_>>()
                    .join("/")
            },
        );
        Line { id, sentences }
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_articles_sentences() {
        let of = |share| Options { sentences: 3, share, root: None, files: Vec::new() };
        for (share, all, count) in
            [(Some(40), 10, 4), (Some(40), 12, 5), (Some(1), 10, 1), (Some(100), 7, 7), (None, 10, 3)]
        {
            assert_eq!(of(share).count(all), count, "{share:?} of {all}");
        }
    }
}
