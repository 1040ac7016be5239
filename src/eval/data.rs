//! Questions with known answers, one JSON object a line, and the articles that answer them.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use crate::article::Span;
use crate::intake::folder;
use crate::library::{ArticleId, Library};
use crate::matcher::fit::Example;

/// A line of a file of questions. Offsets are Unicode code points into the article's file.
#[derive(Debug, Deserialize)]
struct Line {
    question: String,
    article: Option<String>,
    #[serde(default)]
    answers: Vec<Answer>,
}

/// Where the answer stands, or, for a question that was written down by hand, words: each place where they stand.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Answer {
    At { start: usize, end: usize },
    Words(String),
}

/// The articles of a folder.
///
/// # Errors
/// When it has none.
pub fn articles(folder: &Path) -> anyhow::Result<Library> {
    let loaded = folder::load(&[PathBuf::from(folder)], || ());
    if loaded.library.is_empty() {
        bail!("{} has no article", folder.display());
    }
    Ok(loaded.library)
}

/// The questions of a file whose answers are known, each with its article in `library`.
///
/// # Errors
/// When the file can't be read, is not of the form, or names what `library` does not hold.
pub fn examples(file: &Path, library: &Library) -> anyhow::Result<Vec<Example>> {
    lines(file)?
        .into_iter()
        .enumerate()
        .map(|(number, line)| {
            example(line, library).with_context(|| format!("{}, question {}", file.display(), number + 1))
        })
        .collect()
}

/// The questions of a file, without answers.
///
/// # Errors
/// When the file can't be read or is not of the form.
pub fn questions(file: &Path) -> anyhow::Result<Vec<String>> {
    Ok(lines(file)?.into_iter().map(|line| line.question).collect())
}

fn lines(file: &Path) -> anyhow::Result<Vec<Line>> {
    let opened = std::fs::File::open(file).with_context(|| format!("can't open {}", file.display()))?;
    let mut lines = Vec::new();
    for (number, line) in BufReader::new(opened).lines().enumerate() {
        let line = line.with_context(|| format!("{}, line {}", file.display(), number + 1))?;
        if !line.trim().is_empty() {
            let read = serde_json::from_str(&line);
            lines.push(read.with_context(|| format!("{}, line {}", file.display(), number + 1))?);
        }
    }
    Ok(lines)
}

fn example(line: Line, library: &Library) -> anyhow::Result<Example> {
    let key = line.article.context("it names no article")?;
    let article: ArticleId = library.by_key(&key).with_context(|| format!("no article “{key}”"))?;
    let text = library.article(article).text();
    let mut answers = Vec::new();
    for answer in line.answers {
        match answer {
            Answer::At { start, end } => answers.push(bytes(text, start, end)),
            Answer::Words(words) => {
                let before = answers.len();
                let places = text.match_indices(words.as_str()).map(|(at, found)| Span::new(at, at + found.len()));
                answers.extend(places.filter(|span| !span.is_empty()));
                if answers.len() == before {
                    bail!("“{words}” does not stand in “{key}”");
                }
            }
        }
    }
    Ok(Example { question: line.question, article, answers })
}

/// The bytes of a range of code points.
pub(super) fn bytes(text: &str, start: usize, end: usize) -> Span {
    let mut starts = text.char_indices().map(|(at, _)| at).skip(start);
    let first = starts.next().unwrap_or(text.len());
    let past = match end.checked_sub(start + 1) {
        Some(more) => starts.nth(more).unwrap_or(text.len()),
        None => first,
    };
    Span::new(first, past)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_points_become_bytes() {
        let text = "né à Paris";
        assert_eq!(bytes(text, 5, 10).of(text), "Paris");
        assert_eq!(bytes(text, 0, 2).of(text), "né");
        assert_eq!(bytes(text, 1, 2).of(text), "é");
        assert_eq!(bytes(text, 3, 3).of(text), "");
        assert_eq!(bytes(text, 8, 99).of(text), "is");
        assert_eq!(bytes(text, 98, 99).of(text), "");
    }
}
