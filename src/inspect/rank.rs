//! `byline inspect rank`: the paragraphs that the matcher ranks first for each question of a file.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::article::CodePoints;
use crate::intake::folder;
use crate::library::{Filter, Library};
use crate::matcher::{Matcher, Question, Verdict};

/// Options of `byline inspect rank`.
#[derive(Debug, Args)]
pub struct Options {
    /// The folder of articles
    #[arg(long, value_name = "DIR", required = true, num_args = 1..)]
    articles: Vec<PathBuf>,
    /// Questions, one JSON object a line: {"id", "question", "article"}
    #[arg(long, value_name = "FILE.jsonl")]
    questions: PathBuf,
    /// Search only the article that the question names
    #[arg(long)]
    within: bool,
    /// How many paragraphs to print for each question
    #[arg(long, value_name = "N", default_value_t = 10)]
    top: usize,
}

#[derive(Deserialize)]
struct Asked {
    id: String,
    question: String,
    article: Option<String>,
}

#[derive(Serialize)]
struct Ranked {
    id: String,
    confidence: f32,
    declined: bool,
    results: Vec<Result>,
}

#[derive(Serialize)]
struct Result {
    article: String,
    start: usize,
    end: usize,
    score: f32,
}

pub(super) fn run(options: &Options, out: &mut impl Write) -> anyhow::Result<()> {
    let loaded = folder::load(&options.articles, || ());
    super::tell_refused(&loaded.refused);
    let library = loaded.library;
    if library.is_empty() {
        bail!("no article to search");
    }
    let matcher = Matcher::build(&library)?;
    let file = std::fs::File::open(&options.questions)
        .with_context(|| format!("can't open {}", options.questions.display()))?;
    let mut asked = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if !line.trim().is_empty() {
            let question: Asked = serde_json::from_str(&line)
                .with_context(|| format!("{}, line {}", options.questions.display(), number + 1))?;
            asked.push(question);
        }
    }
    let ranked: Vec<Ranked> =
        asked.par_iter().map(|asked| rank(asked, options, &library, &matcher)).collect::<anyhow::Result<_>>()?;
    ranked.iter().try_for_each(|line| super::print_line(out, line))
}

fn rank(asked: &Asked, options: &Options, library: &Library, matcher: &Matcher) -> anyhow::Result<Ranked> {
    let mut filter = Filter::default();
    if options.within {
        let key = asked.article.as_deref().with_context(|| format!("question {} names no article", asked.id))?;
        let id = library.by_key(key).with_context(|| format!("question {}: no article “{key}”", asked.id))?;
        filter.article = Some(id);
    }
    let question = Question { text: asked.question.clone(), filter, limit: options.top };
    let findings = matcher.search(library, &question)?;
    let results = findings
        .passages
        .iter()
        .map(|passage| {
            let article = library.article(passage.article);
            let (start, end) = CodePoints::new(article.text()).span(article.paragraphs()[passage.paragraph].span);
            Result { article: article.key().to_owned(), start, end, score: passage.score }
        })
        .collect();
    Ok(Ranked {
        id: asked.id.clone(),
        confidence: findings.confidence,
        declined: findings.verdict != Verdict::Answered,
        results,
    })
}
