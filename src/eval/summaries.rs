//! Summaries against chosen sentences.
//!
//! rouge1, rouge2: F1 over words and pairs of words, averaged over the articles; a summary is cut to as many words as the chosen
//! sentences have, so that length buys nothing. sentence: F1 of whole sentences. verbatim: the share of the sentences that stand in the
//! article where they say they do. Once with three sentences, once with as large a share of the article as was chosen.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use super::{Report, f1, ratio};
use crate::digest;
use crate::intake::folder;

/// Sentences of a short summary.
const SHORT: usize = 3;

/// The share of an article's sentences, in per cent, that the chosen ones are.
const SHARE: usize = 40;

struct Scored {
    rouge1: f64,
    rouge2: f64,
    sentence: f64,
    verbatim: (usize, usize),
}

pub(super) fn measure(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    let mut references = Vec::new();
    for topic in entries(&folder.join("summary"))? {
        if topic.is_dir() {
            references.extend(entries(&topic)?.into_iter().filter(|file| file.extension().is_some_and(|e| e == "txt")));
        }
    }
    for (name, count) in [
        ("summaries of 3", Box::new(|_| SHORT) as Box<dyn Fn(usize) -> usize + Sync>),
        ("summaries of 40 %", Box::new(|all| ((all * SHARE + 50) / 100).max(1))),
    ] {
        let scored: Vec<Scored> =
            references.par_iter().map(|reference| score(folder, reference, &*count)).collect::<anyhow::Result<_>>()?;
        #[expect(clippy::cast_precision_loss, reason = "a count of articles")]
        let mean = |of: &dyn Fn(&Scored) -> f64| scored.iter().map(of).sum::<f64>() / scored.len().max(1) as f64;
        let verbatim = scored.iter().fold((0, 0), |sum, one| (sum.0 + one.verbatim.0, sum.1 + one.verbatim.1));
        let figures = vec![
            ("rouge1", mean(&|one| one.rouge1)),
            ("rouge2", mean(&|one| one.rouge2)),
            ("sentence", mean(&|one| one.sentence)),
            ("verbatim", ratio(verbatim.0, verbatim.1)),
        ];
        report.add(name, scored.len(), figures);
    }
    Ok(())
}

fn entries(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("can't read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn score(folder: &Path, reference: &Path, count: &dyn Fn(usize) -> usize) -> anyhow::Result<Scored> {
    let gold = std::fs::read_to_string(reference).with_context(|| format!("can't read {}", reference.display()))?;
    let gold: Vec<&str> = gold.lines().filter(|line| !line.trim().is_empty()).collect();
    let below = reference.strip_prefix(folder.join("summary"))?;
    let path = folder.join("article").join(below);
    let (articles, _) = folder::read_file(&path).with_context(|| format!("can't read {}", path.display()))?;
    let article = articles.first().with_context(|| format!("{} has no article", path.display()))?;
    let file = std::fs::read_to_string(&path).with_context(|| format!("can't read {}", path.display()))?;
    let chosen = digest::summary(article, count(article.sentences().len()));
    let verbatim = chosen.iter().filter(|span| span.of(&file) == article.slice(**span)).count();
    let mine: Vec<&str> = chosen.iter().map(|span| article.slice(*span)).collect();
    let wanted = words(&gold.join(" "));
    let mut given = words(&mine.join(" "));
    given.truncate(wanted.len());
    let whole = |sentences: &[&str]| sentences.iter().map(|s| words(s).join(" ")).collect::<Vec<_>>();
    let (whole_mine, whole_gold) = (whole(&mine), whole(&gold));
    Ok(Scored {
        rouge1: overlap(&grams(&given, 1), &grams(&wanted, 1)),
        rouge2: overlap(&grams(&given, 2), &grams(&wanted, 2)),
        sentence: overlap(&grams(&whole_mine, 1), &grams(&whole_gold, 1)),
        verbatim: (verbatim, chosen.len()),
    })
}

/// The words of a text: runs of letters, digits and underscores, in lower case.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let cut = lower.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    cut.map(str::to_owned).collect()
}

fn grams(words: &[String], n: usize) -> HashMap<&[String], usize> {
    let mut grams = HashMap::new();
    for gram in words.windows(n) {
        *grams.entry(gram).or_insert(0) += 1;
    }
    grams
}

/// F1 of two bags.
fn overlap(a: &HashMap<&[String], usize>, b: &HashMap<&[String], usize>) -> f64 {
    let hit: usize = a.iter().map(|(gram, count)| (*count).min(b.get(gram).copied().unwrap_or(0))).sum();
    let size = |bag: &HashMap<&[String], usize>| bag.values().sum::<usize>();
    f1(ratio(hit, size(a)), ratio(hit, size(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_counts_each_word_as_often_as_both_have_it() {
        let (a, b) = (words("The cat, the mat."), words("the cat sat"));
        assert_eq!(a, ["the", "cat", "the", "mat"]);
        let f = overlap(&grams(&a, 1), &grams(&b, 1));
        assert!((f - 2.0 * 0.5 * (2.0 / 3.0) / (0.5 + 2.0 / 3.0)).abs() < 1e-9, "{f}");
        assert!((overlap(&grams(&a, 2), &grams(&b, 2)) - 0.4).abs() < 1e-9);
    }
}
