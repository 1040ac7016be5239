//! `byline train ranking`: the weights of the matcher.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Arg, ArgMatches, Command, value_parser};
use jiff::Zoned;

use crate::eval::data;
use crate::library::Library;
use crate::matcher::fit::{self, Lessons};

/// The folders of the data, where they are not named: those that `byline eval` measures on.
const NEWSQA: &str = "newsqa";
const QUOTES: &str = "quotes/train/text";

pub(super) fn subcommand() -> Command {
    let path = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("PATH")
            .value_parser(value_parser!(PathBuf))
            .default_value(default)
            .help(help)
    };
    Command::new("ranking")
        .about("The weights by which paragraphs are ranked, sentences chosen and confidence told")
        .arg(Arg::new("data").value_name("DIR").value_parser(value_parser!(PathBuf)).required(true).help(
            "The data: newsqa/ with articles and questions, quotes/train/text/ with articles to make questions of",
        ))
        .arg(path("samples", "data/articles", "The sample articles"))
        .arg(path("questions", "data/models/questions.jsonl", "Questions on them"))
        .arg(path("out", "data/models/ranking.json", "Where the model is written"))
        .arg(
            Arg::new("seed")
                .long("seed")
                .value_name("N")
                .value_parser(value_parser!(u64))
                .default_value("7")
                .help("Decides all that is drawn"),
        )
}

pub(super) fn run(asked: &ArgMatches) -> anyhow::Result<()> {
    let path = |name: &str| asked.get_one::<PathBuf>(name).cloned().unwrap_or_default();
    let (data, out) = (path("data"), path("out"));
    let seed = asked.get_one::<u64>("seed").copied().unwrap_or_default();
    let lessons = lessons(&data, &path("samples"), &path("questions"))?;
    let on = Zoned::now().date().to_string();
    let model = fit::fit(&lessons, seed, &on, |doing| {
        let _ = writeln!(io::stderr(), "{doing}");
    })?;
    fs::write(&out, model.write()).with_context(|| format!("can't write {}", out.display()))?;
    let mut stdout = io::stdout().lock();
    for (name, value) in &model.made.score {
        writeln!(stdout, "{name:<28} {value:.3}")?;
    }
    writeln!(
        stdout,
        "Five-fold cross-validation by article, seed {seed}. Fitted on all of it and written to {}.",
        out.display()
    )?;
    Ok(())
}

fn lessons(data: &Path, samples: &Path, questions: &Path) -> anyhow::Result<Lessons> {
    let newsqa = data.join(NEWSQA);
    let asked = data::articles(&newsqa.join("articles"))?;
    let samples = data::articles(samples)?;
    let made = data.join(QUOTES);
    let articles = if made.is_dir() { data::articles(&made)? } else { Library::default() };
    let mut lessons = Lessons {
        examples: data::examples(&newsqa.join("questions.jsonl"), &asked)?,
        misspelt: data::examples(&newsqa.join("misspelt.jsonl"), &asked)?,
        foreign: data::questions(&newsqa.join("foreign.jsonl"))?,
        on_samples: data::examples(questions, &samples)?,
        asked,
        articles,
        samples,
        from: Vec::new(),
    };
    lessons.from = vec![
        format!(
            "NewsQA dev (Trischler et al. 2017): {} questions on {} articles",
            lessons.examples.len(),
            lessons.asked.len()
        ),
        format!("questions made of {} articles of PolNeAR train (Newell et al. 2018)", lessons.articles.len()),
        format!("{} questions on the sample articles", lessons.on_samples.len()),
    ];
    Ok(lessons)
}
