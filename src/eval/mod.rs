//! `byline eval`: how good ranking, declining, quotations and summaries are, on data whose answers are known.
//!
//! The data lie in one folder, any part of which may be missing: `newsqa/` (articles and questions), `quotes/` (news with every attribution
//! marked, as PolNeAR has it) and `summaries/` (articles and the sentences that were chosen of them). Each file here says what its
//! figures mean; they are those of the scorers that read `byline inspect`, to the last digit.

pub mod data;
mod polnear;
mod quotes;
mod ranking;
mod summaries;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use serde_json::{Map, Value};

use crate::matcher::Model;

/// Figures of one thing that was measured, in the order in which they are shown.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// What was measured.
    pub name: String,
    /// Of how many questions, quotations or articles.
    pub of: usize,
    /// The figures by name.
    pub figures: Vec<(&'static str, f64)>,
}

/// Everything that was measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Its parts.
    pub parts: Vec<Part>,
}

/// Which parts are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Ranking and declining.
    Ranking,
    /// Quotations and their speakers.
    Quotes,
    /// Summaries.
    Summaries,
}

/// Measures what `data` has material for, or only what is wanted.
///
/// # Errors
/// When a file can't be read or is not of the form, or there is nothing to measure on.
pub fn run(data: &Path, only: Option<Wanted>, model: Option<&Arc<Model>>) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let wanted = |part: Wanted, folder: &str| only.is_none_or(|only| only == part) && data.join(folder).is_dir();
    if wanted(Wanted::Ranking, "newsqa") {
        ranking::measure(&data.join("newsqa"), model, &mut report)?;
    }
    if wanted(Wanted::Quotes, "quotes") {
        quotes::measure(&data.join("quotes"), &mut report)?;
    }
    if wanted(Wanted::Summaries, "summaries") {
        summaries::measure(&data.join("summaries"), &mut report)?;
    }
    if report.parts.is_empty() {
        bail!("{} has neither newsqa, quotes nor summaries to measure on", data.display());
    }
    Ok(report)
}

impl Report {
    fn add(&mut self, name: impl Into<String>, of: usize, figures: Vec<(&'static str, f64)>) {
        self.parts.push(Part { name: name.into(), of, figures });
    }

    /// One table: a line for each part.
    #[must_use]
    pub fn table(&self) -> String {
        let width = self.parts.iter().map(|part| part.name.chars().count()).max().unwrap_or(0);
        let mut table = String::new();
        for Part { name, of, figures } in &self.parts {
            let _ = write!(table, "{name:<width$} {of:>6} ");
            for (name, value) in figures {
                let _ = write!(table, "  {name} {value:.3}");
            }
            table.push('\n');
        }
        table
    }

    /// The same as JSON: part → figure → value.
    #[must_use]
    pub fn json(&self) -> Value {
        let parts = self.parts.iter().map(|part| {
            let figures = part.figures.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
            let of = [("of".to_owned(), Value::from(part.of))];
            (part.name.clone(), Value::Object(of.into_iter().chain(figures).collect()))
        });
        Value::Object(parts.collect::<Map<_, _>>())
    }
}

/// A share; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts; a ratio is wanted")]
fn ratio(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// The harmonic mean of precision and recall.
fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_one_table_and_the_same_as_json() {
        let mut report = Report::default();
        report.add("all articles", 4, vec![("R@1", 0.5), ("R@10", 0.75)]);
        report.add("quotations", 12, vec![("F", 0.25)]);
        assert_eq!(report.table(), "all articles      4   R@1 0.500  R@10 0.750\nquotations       12   F 0.250\n");
        assert_eq!(report.json()["all articles"]["R@10"], 0.75);
        assert_eq!(report.json()["quotations"]["of"], 12);
    }

    #[test]
    fn a_folder_with_nothing_to_measure_on_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(run(folder.path(), None, None).unwrap_err().to_string().contains("neither"));
    }

    #[test]
    fn a_small_folder_of_each_kind_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let ferry = "Ferry returns\n\nThe ferry had been laid up since March – too long.\n\nIt sails again from Dunmore on Friday.\n";
        write("newsqa/articles/ferry.txt", ferry);
        write(
            "newsqa/articles/clock.txt",
            "Clocks move\n\nThe museum of clocks is moving to Pell Street in October.\n",
        );
        let start = ferry.split("Friday").next().unwrap().chars().count();
        let asked = format!(
            "{{\"id\":\"1\",\"article\":\"ferry\",\"question\":\"When does it sail again from Dunmore?\",\
             \"answers\":[{{\"start\":{start},\"end\":{}}}]}}\n",
            start + 6
        );
        write("newsqa/questions.jsonl", &asked);
        write("newsqa/foreign.jsonl", "{\"id\":\"f\",\"question\":\"how do volcanoes erupt\"}\n");
        write("quotes/dev/text/a.txt", "Pier shut\n\n\"The pier is shut for good,\" Ann Lee said.\n");
        write(
            "quotes/dev/attributions/a_0001.ann",
            "T1\tContent 11 39\t.\nT2\tSource 40 47\tAnn Lee\nT3\tCue 48 52\tsaid\nT4\tAttribution 48 52\tsaid\n\
             E1\tAttribution:T4 Content:T1 Source:T2 Cue:T3\n",
        );
        write("summaries/article/town/1.txt", "The pier shut.\nIt was old.\nNobody came.\nA new pier is due.\n");
        write("summaries/summary/town/1.txt", "The pier shut.\nA new pier is due.\n");
        let report = run(folder.path(), None, None).unwrap().json();
        for part in ["all articles", "within the article"] {
            assert_eq!(report[part]["R@1"], 1.0, "{report}");
        }
        assert_eq!(report["answering sentence"]["sentence"], 1.0);
        assert_eq!(report["declining"]["declined"], 1.0);
        assert_eq!(report["quotations dev ALL"]["joint"], 1.0, "{report}");
        assert_eq!(report["summaries of 3"]["verbatim"], 1.0);
        let only = run(folder.path(), Some(Wanted::Summaries), None).unwrap();
        assert_eq!(only.parts.len(), 2);
    }
}
