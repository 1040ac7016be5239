//! `byline inspect page FILE…`: what is taken from each page.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rayon::prelude::*;
use serde::Serialize;

use crate::article::read::{self, Format};
use crate::article::{Article, Published};
use crate::intake::{folder, page};

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
    let read: Vec<_> = files.par_iter().map(|path| article(path)).collect();
    for (path, outcome) in files.iter().zip(read) {
        match outcome {
            Ok(article) => super::print_line(out, &line(path, &article))?,
            Err(reason) => tracing::warn!(?path, %reason, "not read"),
        }
    }
    Ok(())
}

/// The article of a page, judged as if it had been fetched.
fn article(path: &Path) -> anyhow::Result<Article> {
    let bytes = folder::read_bytes(path)?;
    let text = read::decode(&read::unpack(&bytes, read::MAX_UNPACKED_BYTES)?, None)?;
    let key = path.file_stem().unwrap_or_default().to_string_lossy();
    Ok(page::from_text(&key, &text, Format::Html)?)
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
