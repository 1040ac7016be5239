//! `byline inspect quotes FILE…`: the quotations of each article, from [`quotes::LEAST_MEASURED`] on.

use std::borrow::Cow;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use rayon::prelude::*;
use serde::Serialize;

use crate::article::{CodePoints, Span};
use crate::intake::folder;
use crate::quotes::model::{self, Model};
use crate::quotes::{self, Kind, Quotation};

#[derive(Serialize)]
struct Line {
    id: String,
    quotes: Vec<Quote>,
}

#[derive(Serialize)]
struct Quote {
    content: Vec<(usize, usize)>,
    speaker: Option<(usize, usize)>,
    speaker_name: Option<String>,
    cue: Option<(usize, usize)>,
    kind: Kind,
    confidence: f32,
}

pub(super) fn run(files: &[PathBuf], model: Option<&Path>, out: &mut impl Write) -> anyhow::Result<()> {
    let read = model.map(read_model).transpose()?;
    let model = read.as_ref().or_else(|| model::shipped());
    let loaded = folder::load(files, || ());
    super::tell_refused(&loaded.refused);
    if loaded.library.is_empty() {
        bail!("no article to search for quotations");
    }
    let articles: Vec<_> = loaded.library.iter().map(|(_, article)| article).collect();
    let lines: Vec<Line> = articles
        .par_iter()
        .map(|article| {
            let points = CodePoints::new(article.text());
            let found =
                quotes::find_with(article, model).into_iter().filter(|q| q.confidence >= quotes::LEAST_MEASURED);
            let quotes = found.map(|quotation| quote(quotation, &points)).collect();
            Line { id: article.key().to_owned(), quotes }
        })
        .collect();
    lines.iter().try_for_each(|line| super::print_line(out, line))
}

fn read_model(path: &Path) -> anyhow::Result<Model> {
    let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Model::read(Cow::Owned(bytes)).with_context(|| format!("reading {}", path.display()))
}

fn quote(quotation: Quotation, points: &CodePoints<'_>) -> Quote {
    let point = |span: Span| points.span(span);
    Quote {
        content: quotation.content.into_iter().map(point).collect(),
        speaker: quotation.speaker.map(point),
        speaker_name: quotation.speaker_name,
        cue: quotation.cue.map(point),
        kind: quotation.kind,
        confidence: quotation.confidence,
    }
}
