//! `byline inspect page FILE…`: what is taken from each page.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rayon::prelude::*;
use serde::Serialize;

use crate::article::{Article, Published};
use crate::intake::folder::{self, Refused};

#[derive(Serialize)]
struct Line {
    /// The file's name with its suffixes.
    id: String,
    title: String,
    author: Option<String>,
    published: Option<Published>,
    site: Option<String>,
    paragraphs: Vec<String>,
}

pub(super) fn run(files: &[PathBuf], out: &mut impl Write) -> anyhow::Result<()> {
    let (files, refused) = folder::files(files);
    super::tell_refused(&refused);
    if files.is_empty() {
        bail!("no page to read");
    }
    let read: Vec<_> = files.par_iter().map(|path| folder::read_file(path)).collect();
    for (path, outcome) in files.iter().zip(read) {
        match outcome {
            Ok((articles, problems)) => {
                let reasons = problems.into_iter().map(|reason| Refused { path: path.clone(), reason: reason.into() });
                super::tell_refused(&reasons.collect::<Vec<_>>());
                articles.iter().try_for_each(|article| super::print_line(out, &line(path, article)))?;
            }
            Err(reason) => super::tell_refused(&[Refused { path: path.clone(), reason }]),
        }
    }
    Ok(())
}

fn line(path: &Path, article: &Article) -> Line {
    let meta = article.meta();
    Line {
        id: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        title: meta.title.clone(),
        author: meta.author.clone(),
        published: meta.published,
        site: meta.outlet.clone(),
        paragraphs: article.paragraphs().iter().map(|paragraph| article.slice(paragraph.span).to_owned()).collect(),
    }
}
