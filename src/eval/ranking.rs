//! Ranking and declining.
//!
//! A passage is a hit when it lies in the question's article and overlaps one of its answers; one of over 1,500 characters never
//! is. R@k: the share of the questions with a hit among the first k passages; MRR@10: the mean of one over the rank of the first
//! hit, 0 past rank 10. auroc: the chance that a question with an answer has a higher confidence than one without. answered: the
//! share of the questions with an answer that are answered; declined: the share of the others that are not.
//!
//! sentence: of the questions whose first passage is a hit, the share whose marked sentence overlaps an answer. words: of those
//! among them in which words are marked within the sentence, the share in which they overlap an answer; marked: how often some are.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use rayon::prelude::*;

use super::{Report, data, ratio};
use crate::library::{Filter, Library};
use crate::matcher::fit::{Example, auroc};
use crate::matcher::{Findings, MatchError, Matcher, Model, Passage, Question, Verdict};

/// Passages that are looked at.
const TOP: usize = 10;

/// Characters beyond which a passage is no passage.
const MAX_WIDTH: usize = 1_500;

/// What one question gave.
struct Asked {
    /// From 1.
    rank: Option<usize>,
    confidence: f32,
    answered: bool,
    /// Whether the first passage's sentence overlaps an answer, and whether its marked words do; only for a hit.
    sentence: Option<bool>,
    words: Option<bool>,
}

pub(super) fn measure(folder: &Path, model: Option<&Arc<Model>>, report: &mut Report) -> anyhow::Result<()> {
    let library = data::articles(&folder.join("articles")).context("ranking")?;
    let mut matcher = Matcher::build(&library)?;
    if let Some(model) = model {
        matcher = matcher.with_model(Arc::clone(model));
    }
    let questions = data::examples(&folder.join("questions.jsonl"), &library)?;
    let all = ask(&matcher, &library, &questions, false)?;
    report.add("all articles", all.len(), ranks(&all));
    let within = ask(&matcher, &library, &questions, true)?;
    report.add("within the article", within.len(), ranks(&within));
    let file = folder.join("misspelt.jsonl");
    if file.exists() {
        let misspelt = ask(&matcher, &library, &data::examples(&file, &library)?, false)?;
        report.add("misspelt", misspelt.len(), ranks(&misspelt));
    }
    let hits: Vec<&Asked> = all.iter().filter(|asked| asked.sentence.is_some()).collect();
    let marked: Vec<bool> = hits.iter().filter_map(|asked| asked.words).collect();
    let figures = vec![
        ("sentence", ratio(hits.iter().filter(|asked| asked.sentence == Some(true)).count(), hits.len())),
        ("words", ratio(marked.iter().filter(|right| **right).count(), marked.len())),
        ("marked", ratio(marked.len(), hits.len())),
    ];
    report.add("answering sentence", hits.len(), figures);
    let file = folder.join("foreign.jsonl");
    if file.exists() {
        let foreign: Vec<Findings> = data::questions(&file)?
            .into_par_iter()
            .map(|text| matcher.search(&library, &Question { text, ..Question::default() }))
            .collect::<Result<_, _>>()?;
        let confident = |asked: &[Asked]| asked.iter().map(|asked| asked.confidence).collect::<Vec<_>>();
        let vain: Vec<f32> = foreign.iter().map(|findings| findings.confidence).collect();
        let declined = foreign.iter().filter(|findings| findings.verdict != Verdict::Answered).count();
        let figures = vec![
            ("auroc", auroc(&confident(&all), &vain)),
            ("answered", ratio(all.iter().filter(|asked| asked.answered).count(), all.len())),
            ("declined", ratio(declined, foreign.len())),
        ];
        report.add("declining", foreign.len(), figures);
    }
    Ok(())
}

fn ask(matcher: &Matcher, library: &Library, questions: &[Example], within: bool) -> Result<Vec<Asked>, MatchError> {
    questions
        .par_iter()
        .map(|example| {
            let filter = Filter { article: within.then_some(example.article), ..Filter::default() };
            let question = Question { text: example.question.clone(), filter, limit: TOP };
            let findings = matcher.search(library, &question)?;
            let rank = findings.passages.iter().position(|passage| is_hit(library, example, passage));
            let first = findings.passages.first().filter(|_| rank == Some(0));
            let overlaps = |span| example.answers.iter().any(|answer| answer.overlaps(span));
            Ok(Asked {
                rank: rank.map(|at| at + 1),
                confidence: findings.confidence,
                answered: findings.verdict == Verdict::Answered,
                sentence: first.map(|passage| overlaps(passage.sentence)),
                words: first.and_then(|passage| passage.words).map(overlaps),
            })
        })
        .collect()
}

fn is_hit(library: &Library, example: &Example, passage: &Passage) -> bool {
    let Some(article) = library.get(passage.article).filter(|_| passage.article == example.article) else {
        return false;
    };
    let Some(paragraph) = article.paragraphs().get(passage.paragraph) else { return false };
    example.answers.iter().any(|answer| answer.overlaps(paragraph.span))
        && article.slice(paragraph.span).chars().count() <= MAX_WIDTH
}

fn ranks(asked: &[Asked]) -> Vec<(&'static str, f64)> {
    let within = |most: usize| {
        ratio(asked.iter().filter(|asked| asked.rank.is_some_and(|rank| rank <= most)).count(), asked.len())
    };
    #[expect(clippy::cast_precision_loss, reason = "ranks and counts are small")]
    let mrr = asked.iter().filter_map(|asked| asked.rank).map(|rank| 1.0 / rank as f64).sum::<f64>()
        / asked.len().max(1) as f64;
    vec![("R@1", within(1)), ("R@3", within(3)), ("R@10", within(10)), ("MRR@10", mrr)]
}
