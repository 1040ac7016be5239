//! Quotations and their speakers against attributions that were marked by hand.
//!
//! A quotation is found when its content shares at least half its word tokens with a marked one (Jaccard; the likest pairs first, each
//! once); found and right (joint) when also its speaker shares a word that tells with the marked one, or neither has one. Figures: F1 of
//! what was found, the share of right speakers among found quotations that have one, F1 of found and right. Sets by what was marked: ALL;
//! DM, at least partly in quotation marks; D, direct; IV, indirect with a verb of saying. Q4: every stretch of four words or more in quotation marks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use rayon::prelude::*;

use super::polnear::{self, Gold, Kind, Stretch, Text, Tokens};
use super::{Report, f1, ratio};
use crate::article::Span;
use crate::intake::folder;
use crate::quotes::{self, Quotation};

const ALL: usize = 0;
const DM: usize = 1;
const D: usize = 2;
const IV: usize = 3;
const Q4: usize = 4;
const NAMES: [&str; 5] = ["ALL", "DM", "D", "IV", "Q4"];

/// Words of a quoted stretch that make it count.
const STRETCH: usize = 4;

/// Words around a content within which a verb of saying makes it indirect speech, where no cue is given.
const NEAR: usize = 12;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    marked: usize,
    given: usize,
    found: usize,
    right: usize,
    with_source: usize,
    right_source: usize,
}

pub(super) fn measure(folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    for split in ["dev", "train"] {
        if !folder.join(split).is_dir() {
            continue;
        }
        let files = polnear::files(&folder.join(split))?;
        let counted: Vec<[Counts; 5]> = files
            .par_iter()
            .map(|(_, path, marks)| -> anyhow::Result<[Counts; 5]> {
                let (articles, _) =
                    folder::read_file(path).with_context(|| format!("can't read {}", path.display()))?;
                let article = articles.first().with_context(|| format!("{} has no article", path.display()))?;
                let gold = polnear::gold(marks, article.text())?;
                let found = quotes::find(article).into_iter().filter(|q| q.confidence >= quotes::LEAST_MEASURED);
                Ok(score(article.text(), &gold, &found.collect::<Vec<_>>()))
            })
            .collect::<anyhow::Result<_>>()?;
        for (set, name) in NAMES.iter().enumerate() {
            let mut sum = Counts::default();
            for counts in counted.iter().filter_map(|counts| counts.get(set)) {
                sum.marked += counts.marked;
                sum.given += counts.given;
                sum.found += counts.found;
                sum.right += counts.right;
                sum.with_source += counts.with_source;
                sum.right_source += counts.right_source;
            }
            let f = |hits: usize| f1(ratio(hits, sum.given), ratio(hits, sum.marked));
            let figures = vec![
                ("found", f(sum.found)),
                ("speaker", ratio(sum.right_source, sum.with_source)),
                ("joint", f(sum.right)),
                ("precision", ratio(sum.right, sum.given)),
                ("recall", ratio(sum.right, sum.marked)),
            ];
            report.add(format!("quotations {split} {name}"), sum.marked, figures);
        }
    }
    Ok(())
}

struct Given {
    ids: Tokens,
    speaker: Vec<Stretch>,
    cue: Vec<Stretch>,
}

fn score(text: &str, gold: &[Gold], found: &[Quotation]) -> [Counts; 5] {
    let text = Text::new(text);
    let stretch = |span: &Span| (span.start as usize, span.end as usize);
    let given: Vec<Given> = found
        .iter()
        .map(|quotation| Given {
            ids: text.ids(&polnear::joined(quotation.content.iter().map(stretch).collect())),
            speaker: polnear::joined(quotation.speaker.iter().map(stretch).collect()),
            cue: polnear::joined(quotation.cue.iter().map(stretch).collect()),
        })
        .filter(|given| !given.ids.is_empty())
        .collect();
    let wanted: Vec<Tokens> = gold.iter().map(|gold| text.ids(&gold.content)).collect();
    let pairs = pairs(&wanted, &given);
    let right_of = |gold: &Gold, given: &Given| {
        if gold.source.is_empty() { given.speaker.is_empty() } else { is_right(&text, &gold.source, &given.speaker) }
    };
    let mut counts = [Counts::default(); 5];
    for (at, (gold, ids)) in gold.iter().zip(&wanted).enumerate() {
        let pair = pairs.iter().find(|(_, of)| **of == at).and_then(|(by, _)| given.get(*by));
        for set in sets(text.kind(ids, &gold.cue), text.is_speech(&gold.cue)) {
            let Some(counts) = counts.get_mut(set) else { continue };
            counts.marked += 1;
            if let Some(given) = pair {
                let right = usize::from(right_of(gold, given));
                counts.found += 1;
                counts.given += 1;
                counts.right += right;
                if !gold.source.is_empty() {
                    counts.with_source += 1;
                    counts.right_source += right;
                }
            }
        }
    }
    for (at, given) in given.iter().enumerate().filter(|(at, _)| !pairs.contains_key(at)) {
        debug_assert!(at < found.len());
        let speech = if given.cue.is_empty() { near_speech(&text, &given.ids) } else { text.is_speech(&given.cue) };
        for set in sets(text.kind(&given.ids, &given.cue), speech) {
            if let Some(counts) = counts.get_mut(set) {
                counts.given += 1;
            }
        }
    }
    let q4 = &mut counts[Q4];
    for region in text.regions.iter().filter(|region| region.len() >= STRETCH) {
        let shares = |ids: &Tokens| region.intersection(ids).count();
        // The first of those that share the most.
        let best =
            |all: &mut dyn Iterator<Item = usize>| all.enumerate().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        let marked = best(&mut wanted.iter().map(shares)).filter(|(_, shared)| shared * 2 >= region.len());
        let claimed =
            best(&mut given.iter().map(|given| shares(&given.ids))).filter(|(_, shared)| shared * 2 >= region.len());
        q4.marked += usize::from(marked.is_some());
        q4.given += usize::from(claimed.is_some());
        if let (Some(gold), Some(given)) = (marked.and_then(|m| gold.get(m.0)), claimed.and_then(|c| given.get(c.0))) {
            let right = usize::from(right_of(gold, given));
            q4.found += 1;
            q4.right += right;
            if !gold.source.is_empty() {
                q4.with_source += 1;
                q4.right_source += right;
            }
        }
    }
    counts
}

/// The sets that a quotation is of.
fn sets(kind: Kind, speech: bool) -> Vec<usize> {
    match kind {
        Kind::Direct => vec![ALL, DM, D],
        Kind::Mixed => vec![ALL, DM],
        Kind::Indirect if speech => vec![ALL, IV],
        Kind::Indirect | Kind::Inner => vec![ALL],
    }
}

/// Which of the given is which of the wanted: the likest first.
fn pairs(wanted: &[Tokens], given: &[Given]) -> BTreeMap<usize, usize> {
    let mut alike: Vec<(f64, usize, usize)> = Vec::new();
    for (by, given) in given.iter().enumerate() {
        for (of, wanted) in wanted.iter().enumerate() {
            let shared = wanted.intersection(&given.ids).count();
            let likeness = ratio(shared, wanted.len() + given.ids.len() - shared);
            if shared > 0 && likeness >= 0.5 {
                alike.push((-likeness, of, by));
            }
        }
    }
    alike.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let (mut pairs, mut used) = (BTreeMap::new(), BTreeSet::new());
    for (_, of, by) in alike {
        if !used.contains(&of) && !pairs.contains_key(&by) {
            pairs.insert(by, of);
            used.insert(of);
        }
    }
    pairs
}

/// Whether two namings of a speaker share a word that tells; any word, where the marked one has none that does.
fn is_right(text: &Text<'_>, marked: &[Stretch], given: &[Stretch]) -> bool {
    let (marked, given) = (text.ids(marked), text.ids(given));
    let tells = |at: &usize| {
        let token = text.tokens.get(*at).and_then(|(start, end)| text.text.get(*start..*end)).unwrap_or_default();
        !is_function(token)
    };
    if marked.iter().any(tells) { marked.intersection(&given).any(tells) } else { !marked.is_disjoint(&given) }
}

fn is_function(token: &str) -> bool {
    const WORDS: [&str; 59] = [
        "the", "a", "an", "of", "in", "for", "and", "or", "to", "by", "at", "on", "from", "with", "who", "whom",
        "which", "that", "this", "these", "those", "as", "is", "was", "were", "are", "be", "been", "has", "have",
        "had", "'s", "’s", "its", "his", "her", "their", "my", "our", "your", "&", ",", ".", "-", "—", "–", "not",
        "no", "but", "than", "then", "into", "over", "under", "about", "after", "before", "between", "during",
    ];
    let lower = token.to_lowercase();
    let word = lower.trim_matches(|c: char| ".,;:!?\"“”()[]'’‘—–-".contains(c));
    word.is_empty() || WORDS.contains(&word)
}

/// Whether a verb of saying stands near a content, outside it and in its paragraph.
fn near_speech(text: &Text<'_>, ids: &Tokens) -> bool {
    let (Some(first), Some(last)) = (ids.first().copied(), ids.last().copied()) else { return false };
    let end = (last + NEAR + 1).min(text.tokens.len());
    (first.saturating_sub(NEAR)..end).filter(|at| !ids.contains(at)).any(|at| {
        let token = |at: usize| text.tokens.get(at).copied().unwrap_or_default();
        let between = if at < first {
            (token(at).1, token(first).0)
        } else if at > last {
            (token(last).1, token(at).0)
        } else {
            (0, 0)
        };
        let apart = text.text.get(between.0..between.1).is_some_and(|between| between.contains('\n'));
        let word = text.text.get(token(at).0..token(at).1).unwrap_or_default().to_lowercase();
        !apart && polnear::is_speech_form(&word.chars().filter(|c| c.is_alphabetic()).collect::<String>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "Ann Lee said: \"We will win the big race.\" Bob thinks taxes rise.\n\n\"It is over now,\" he added.\n";

    fn at(words: &str) -> Vec<Stretch> {
        let start = TEXT.find(words).unwrap();
        vec![(start, start + words.len())]
    }

    fn gold() -> Vec<Gold> {
        vec![
            Gold { content: at("\"We will win the big race.\""), cue: at("said"), source: at("Ann Lee") },
            Gold { content: at("taxes rise"), cue: at("thinks"), source: at("Bob") },
            Gold { content: at("\"It is over now,\""), cue: at("added"), source: at("he") },
        ]
    }

    fn given(content: &str, speaker: Option<&str>, cue: Option<&str>) -> Quotation {
        let span = |words: &str| Span::find(TEXT, words).unwrap();
        Quotation {
            content: vec![span(content)],
            speaker: speaker.map(span),
            speaker_name: None,
            cue: cue.map(span),
            kind: quotes::Kind::Direct,
            confidence: 1.0,
            paragraph: 0,
        }
    }

    #[test]
    fn all_right_is_all_right() {
        let found = [
            given("We will win the big race.", Some("Ann Lee"), Some("said")),
            given("taxes rise", Some("Bob"), Some("thinks")),
            given("It is over now,", Some("he"), Some("added")),
        ];
        let counts = score(TEXT, &gold(), &found);
        for (set, marked) in [(ALL, 3), (DM, 2), (D, 2), (IV, 0), (Q4, 2)] {
            let counts = counts[set];
            assert_eq!([counts.marked, counts.given, counts.found, counts.right], [marked; 4], "{}", NAMES[set]);
        }
    }

    #[test]
    fn half_a_content_a_wrong_speaker_and_one_too_many() {
        let found = [given("will win the big race", Some("Bob"), None), given("Ann Lee", None, None)];
        let counts = score(TEXT, &gold(), &found);
        assert_eq!((counts[ALL].found, counts[ALL].given, counts[ALL].right), (1, 2, 0));
        assert_eq!((counts[D].given, counts[D].right_source, counts[D].with_source), (1, 0, 1));
    }

    #[test]
    fn nothing_found_is_nothing_right() {
        let counts = score(TEXT, &gold(), &[]);
        assert_eq!((counts[ALL].marked, counts[ALL].given, counts[Q4].found), (3, 0, 0));
    }

    #[test]
    fn words_that_tell_nothing_name_nobody() {
        for token in ["the", "“The", "—", "his,"] {
            assert!(is_function(token), "{token}");
        }
        assert!(!is_function("Bob") && !is_function("he"));
    }
}
