//! Annotated articles: texts beside annotations in the standoff form of brat, as PolNeAR has them.
//!
//! `T1⇥Source 110 112⇥we` is a span (code points into the text; `110 112;120 124` is discontinuous), `E1⇥Attribution:T4
//! Content:T3 Cue:T2 Source:T1` an attribution. For `NAME.txt` the annotations are in `NAME.ann` or in `NAME_xxxx.ann`, where
//! `xxxx` names the annotator: of several the first is read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::article::read::{Format, ReadError, read_text};
use crate::article::{Article, Span};

/// Why annotations can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AnnotationError {
    /// A file or folder can't be read.
    #[error("{path} can't be read")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A text is no article.
    #[error("{path} is no article")]
    Article {
        /// Which.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
    /// Offsets lie outside the text.
    #[error("{path}, line {line}: offsets outside the text")]
    Offset {
        /// Which.
        path: PathBuf,
        /// Where.
        line: usize,
    },
    /// No text has annotations.
    #[error("no text in {0} has annotations")]
    Nothing(PathBuf),
}

/// An attribution as a person marked it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attribution {
    /// Who speaks.
    pub source: Vec<Span>,
    /// The words that attribute.
    pub cue: Vec<Span>,
    /// What is said.
    pub content: Vec<Span>,
}

/// An article with its attributions.
#[derive(Debug, Clone)]
pub struct Annotated {
    /// The article.
    pub article: Article,
    /// Its attributions, in order.
    pub attributions: Vec<Attribution>,
}

/// Reads all texts of a folder that have annotations, by name.
///
/// # Errors
/// When a file can't be read, or its annotations don't fit its text.
pub fn read_annotated(texts: &Path, annotations: &Path) -> Result<Vec<Annotated>, AnnotationError> {
    let mut by_text: HashMap<String, PathBuf> = HashMap::new();
    for path in files(annotations, "ann")? {
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let annotator = |tail: &str| tail.len() == 4 && tail.bytes().all(|b| b.is_ascii_hexdigit());
        let name = stem.rsplit_once('_').filter(|(_, tail)| annotator(tail)).map_or(stem, |(name, _)| name);
        by_text.entry(name.to_owned()).or_insert_with(|| path.clone());
    }
    let mut all = Vec::new();
    for path in files(texts, "txt")? {
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let Some(beside) = by_text.get(stem) else { continue };
        let article = read_text(stem, &read(&path)?, Format::Text)
            .map_err(|source| AnnotationError::Article { path: path.clone(), source })?;
        let attributions = parse(&read(beside)?, article.text())
            .map_err(|line| AnnotationError::Offset { path: beside.clone(), line })?;
        all.push(Annotated { article, attributions });
    }
    if all.is_empty() { Err(AnnotationError::Nothing(texts.to_owned())) } else { Ok(all) }
}

fn read(path: &Path) -> Result<String, AnnotationError> {
    std::fs::read_to_string(path).map_err(|source| AnnotationError::Io { path: path.to_owned(), source })
}

/// The files of a folder with this extension, by name.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, AnnotationError> {
    let error = |source| AnnotationError::Io { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(error)? {
        let path = entry.map_err(error)?.path();
        if path.extension().is_some_and(|found| found == extension) {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// The attributions of a file of annotations; the number of the line whose offsets don't fit.
fn parse(annotations: &str, text: &str) -> Result<Vec<Attribution>, usize> {
    let mut points: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    points.push(text.len());
    let mut spans: HashMap<&str, Vec<Span>> = HashMap::new();
    let mut events: Vec<&str> = Vec::new();
    for (number, line) in (1usize..).zip(annotations.lines()) {
        let mut fields = line.split('\t');
        let (Some(id), Some(body)) = (fields.next(), fields.next()) else { continue };
        if id.starts_with('E') {
            events.push(body);
        } else if id.starts_with('T')
            && let Some((_, places)) = body.split_once(' ')
        {
            let place = |place: &str| {
                let (start, end) = place.split_once(' ')?;
                let point = |number: &str| points.get(number.parse::<usize>().ok()?).copied();
                Some(Span::new(point(start)?, point(end)?))
            };
            let places: Option<Vec<Span>> = places.split(';').map(place).collect();
            spans.insert(id, places.ok_or(number)?);
        }
    }
    let mut all = Vec::new();
    for event in events {
        let mut one = Attribution::default();
        for (role, id) in event.split_whitespace().skip(1).filter_map(|part| part.split_once(':')) {
            let Some(places) = spans.get(id) else { continue };
            match role.trim_end_matches(|c: char| c.is_ascii_digit()) {
                "Source" => one.source.extend(places),
                "Cue" => one.cue.extend(places),
                "Content" => one.content.extend(places),
                _ => {}
            }
        }
        for spans in [&mut one.source, &mut one.cue, &mut one.content] {
            spans.retain(|span| !span.is_empty());
            spans.sort_unstable();
        }
        if !one.content.is_empty() {
            all.push(one);
        }
    }
    all.sort_by(|a, b| a.content.cmp(&b.content));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_count_code_points_and_may_be_discontinuous() {
        let text = "“It’s safe,” Ann Lee said, “we hope.”";
        let annotations = "T1\tSource 13 20\tAnn Lee\nT2\tCue 21 25\tsaid\nT3\tContent 0 12;27 37\t…\n\
                           T4\tAttribution 21 25\tsaid\nE1\tAttribution:T4 Content:T3 Cue:T2 Source:T1\n\
                           E2\tAttribution:T4 Cue:T2\n";
        let all = parse(annotations, text).expect("the offsets fit");
        assert_eq!(all.len(), 1, "an attribution without content is none");
        let words = |spans: &[Span]| spans.iter().map(|span| span.of(text)).collect::<Vec<_>>();
        assert_eq!(words(&all[0].source), ["Ann Lee"]);
        assert_eq!(words(&all[0].cue), ["said"]);
        assert_eq!(words(&all[0].content), ["“It’s safe,”", "“we hope.”"]);
        assert_eq!(parse("T1\tCue 30 90\tx\n", text), Err(1));
    }
}
