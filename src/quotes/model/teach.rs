//! From annotated articles to a model file: cue words are counted, the chain is trained on all articles, and the judge on
//! what chains that had not seen an article found in it.

use std::collections::{BTreeSet, HashMap};

use super::brat::{Annotated, Attribution};
use super::candidates::{self, Candidate, Evidence};
use super::features::{Scene, Suggestion};
use super::file::{Description, Parts};
use super::flat::{self, Flat, class};
use super::judge;
use super::labels::{self, LABELS, Role};
use super::lattice::Sums;
use super::reading::LONGEST;
use super::train::{self, Counter, Example, Keyed, Weights};
use crate::article::Span;
use crate::quotes::{LEAST_MEASURED, find};

/// How to learn.
#[derive(Debug, Clone)]
pub struct Options {
    /// Times over the data.
    pub epochs: usize,
    /// The first step's size.
    pub rate: f32,
    /// The part of the features that each step leaves out.
    pub dropout: f32,
    /// How strongly weights are pulled to 0.
    pub decay: f32,
    /// Features seen less often are left out.
    pub least: u32,
    /// At most so many features are kept, those with the greatest weights.
    pub features: usize,
    /// Chains that are trained in different orders and averaged.
    pub chains: usize,
    /// Parts that the articles are divided into, to learn how far the chain can be trusted.
    pub folds: usize,
    /// The order of everything that is in no order.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            epochs: 6,
            rate: 0.02,
            dropout: 0.5,
            decay: 1e-4,
            least: 6,
            features: 450_000,
            chains: 4,
            folds: 5,
            seed: 1,
        }
    }
}

/// What is told while learning.
#[derive(Debug, Clone, Copy)]
pub enum Progress {
    /// The chain of a fold is trained (the last is that of all articles).
    Chain(usize),
    /// How well held-out articles were read: precision, recall and F1 of quotations with the right speaker.
    Score([f32; 3]),
}

/// A paragraph to learn from.
struct Paragraph {
    article: usize,
    scene: Scene,
    labels: Vec<u8>,
    suggestions: Vec<(usize, Suggestion)>,
}

/// A chain that is trained.
struct Chain {
    cues: BTreeSet<u32>,
    rows: HashMap<u64, u32, Keyed>,
    weights: Weights,
}

/// A candidate of a held-out article.
struct Tried {
    paragraph: usize,
    features: Vec<u32>,
    right: Option<usize>,
}

/// Learns a model; gives its file. `description` is completed with what is known here.
pub fn teach(
    annotated: &[Annotated],
    options: &Options,
    mut description: Description,
    mut told: impl FnMut(Progress),
) -> Vec<u8> {
    let mut paragraphs = paragraphs(annotated);
    let folds = options.folds.max(2);
    let mut tried: Vec<Tried> = Vec::new();
    let mut all_candidates: Vec<Vec<Candidate>> = vec![Vec::new(); paragraphs.len()];
    for fold in 0..folds {
        let chain = chain(&mut paragraphs, |article| article % folds != fold, options);
        told(Progress::Chain(fold));
        let held_out = paragraphs.iter().enumerate().filter(|(_, paragraph)| paragraph.article % folds == fold);
        for (number, paragraph) in held_out {
            let (evidence, found) = read(&chain, paragraph);
            let Some(annotated) = annotated.get(paragraph.article) else { continue };
            for candidate in &found {
                let mut features = Vec::new();
                judge::features(&paragraph.scene.tokens, &evidence, candidate, &found, &mut features);
                tried.push(Tried { paragraph: number, features, right: right(annotated, paragraph, candidate) });
            }
            all_candidates[number] = found;
        }
    }
    let score = score(annotated, &paragraphs, &tried, &all_candidates, folds, options.seed);
    told(Progress::Score(score));
    let examples: Vec<(&[u32], bool)> = tried.iter().map(|t| (t.features.as_slice(), t.right.is_some())).collect();
    let judge = judge::train(&examples, JUDGE_EPOCHS, options.seed);
    let chain = chain(&mut paragraphs, |_| true, options);
    told(Progress::Chain(folds));
    let [precision, recall, f1] = score.map(|part| part * 100.0);
    description.articles = annotated.len();
    description.quotations = annotated.iter().map(|one| one.attributions.len()).sum();
    description.options = format!("{options:?}");
    description.score = format!(
        "{folds}-fold cross-validation, quotation and speaker right: precision {precision:.1}, recall {recall:.1}, F1 {f1:.1}"
    );
    let mut rows: Vec<(u64, [f32; LABELS])> = chain
        .rows
        .iter()
        .filter_map(|(feature, row)| Some((*feature, *chain.weights.rows.get(*row as usize)?)))
        .collect();
    let greatest = |row: &[f32; LABELS]| row.iter().fold(0.0f32, |greatest, weight| greatest.max(weight.abs()));
    rows.sort_unstable_by(|a, b| greatest(&b.1).total_cmp(&greatest(&a.1)).then(a.0.cmp(&b.0)));
    rows.truncate(options.features);
    let parts = Parts {
        description: &description,
        cues: chain.cues.into_iter().collect(),
        transitions: &chain.weights.transitions,
        judge: &judge,
        rows,
    };
    parts.write()
}

const JUDGE_EPOCHS: usize = 6;

fn paragraphs(annotated: &[Annotated]) -> Vec<Paragraph> {
    let mut all = Vec::new();
    for (article, one) in annotated.iter().enumerate() {
        let (views, layout) = find::laid_out(&one.article);
        for (index, view) in views.iter().enumerate() {
            let mut scene = Scene::default();
            layout.lay(index, view, &mut scene);
            if scene.tokens.len() > LONGEST {
                continue;
            }
            let labels = labelled(&scene.tokens, &one.attributions);
            all.push(Paragraph { article, labels, suggestions: layout.at_home(index), scene });
        }
    }
    all
}

/// The labels that attributions give a paragraph's tokens.
fn labelled(tokens: &[Flat], attributions: &[Attribution]) -> Vec<u8> {
    let mut all = vec![labels::OUTSIDE; tokens.len()];
    for one in attributions {
        let Some(anchor) = one.cue.first().or(one.content.first()).copied() else { continue };
        let mut put = |span: Span, role: Role| {
            let range = candidates::range(tokens, span);
            for at in range.clone() {
                let goes_on = at > range.start
                    && at.checked_sub(1).and_then(|b| all.get(b)).is_some_and(|b| labels::role(*b) == Some(role));
                if let Some(label) = all.get_mut(at).filter(|label| **label == labels::OUTSIDE) {
                    *label = if goes_on { labels::inside(role) } else { labels::begin(role) };
                }
            }
        };
        if let Some(cue) = one.cue.first() {
            put(*cue, Role::Cue);
        }
        for span in &one.source {
            put(*span, if span.start < anchor.start { Role::SourceBefore } else { Role::SourceAfter });
        }
        for span in &one.content {
            put(*span, if span.start < anchor.start { Role::ContentBefore } else { Role::ContentAfter });
        }
    }
    all
}

/// Trains a chain on the articles that `learns` takes.
fn chain(paragraphs: &mut [Paragraph], learns: impl Fn(usize) -> bool, options: &Options) -> Chain {
    let cues = cue_words(paragraphs.iter().filter(|paragraph| learns(paragraph.article)));
    for paragraph in paragraphs.iter_mut() {
        paragraph.scene.prepare(|word| cues.contains(&word));
    }
    let mut counter = Counter::default();
    let mut features = Vec::new();
    for paragraph in paragraphs.iter().filter(|paragraph| learns(paragraph.article)) {
        features.clear();
        for at in 0..paragraph.scene.tokens.len() {
            paragraph.scene.features(at, &mut features);
        }
        counter.count(&features);
    }
    let rows = counter.rows(options.least);
    let examples: Vec<Example> =
        paragraphs.iter().filter(|paragraph| learns(paragraph.article)).map(|p| example(p, &rows)).collect();
    let examples: Vec<&Example> = examples.iter().collect();
    let one = |number: usize| {
        let seed = options.seed.wrapping_add(number as u64 * 1_000_003);
        let Options { epochs, rate, decay, dropout, .. } = *options;
        train::train(&examples, rows.len(), train::Options { epochs, rate, decay, dropout, seed })
    };
    let weights = Weights::mean((0..options.chains.max(1)).map(one).collect()).unwrap_or_else(|| one(0));
    Chain { cues, rows, weights }
}

fn example(paragraph: &Paragraph, rows: &HashMap<u64, u32, Keyed>) -> Example {
    let mut example =
        Example { rows: Vec::new(), starts: vec![0], edges: Vec::new(), labels: paragraph.labels.clone() };
    let mut features = Vec::new();
    for at in 0..paragraph.scene.tokens.len() {
        features.clear();
        paragraph.scene.features(at, &mut features);
        example.rows.extend(features.iter().filter_map(|feature| rows.get(feature)));
        example.starts.push(u32::try_from(example.rows.len()).unwrap_or(u32::MAX));
    }
    paragraph.scene.edges(&mut example.edges);
    example
}

/// Words that stand in cues in at least a fifth of the places where they stand, and in three.
fn cue_words<'p>(paragraphs: impl Iterator<Item = &'p Paragraph>) -> BTreeSet<u32> {
    let mut seen: HashMap<u32, (u32, u32)> = HashMap::new();
    for paragraph in paragraphs {
        for (token, label) in paragraph.scene.tokens.iter().zip(&paragraph.labels) {
            if !may_attribute(token.class) {
                continue;
            }
            let counts = seen.entry(token.word).or_default();
            counts.0 += 1;
            counts.1 += u32::from(labels::role(*label) == Some(Role::Cue));
        }
    }
    let often = |(all, cue): &(u32, u32)| *cue >= 3 && cue * 5 >= *all;
    let mut words: BTreeSet<u32> = seen.iter().filter(|(_, counts)| often(counts)).map(|(word, _)| *word).collect();
    words.insert(flat::hash("according"));
    words
}

/// Whether words of this class can be the heart of a cue.
fn may_attribute(class: u8) -> bool {
    class::VERBS.contains(&class)
        || matches!(
            class,
            class::ADVERB
                | class::TITLE
                | class::ROLE
                | class::ED
                | class::ING
                | class::S
                | class::ION
                | class::WORD
                | class::NOT
        )
}

/// What a chain finds in a paragraph.
fn read(chain: &Chain, paragraph: &Paragraph) -> (Evidence, Vec<Candidate>) {
    let example = example(paragraph, &chain.rows);
    let (mut nodes, mut sums) = (Vec::new(), Sums::default());
    chain.weights.score(&example, &mut nodes);
    let transitions = &chain.weights.transitions;
    sums.compute(&nodes, &example.edges, transitions);
    let tokens = &paragraph.scene.tokens;
    let evidence = Evidence::of(&sums, tokens.len());
    let (found, _) = candidates::candidates(tokens, &nodes, &example.edges, transitions, &paragraph.suggestions);
    (evidence, found)
}

/// The attribution that a candidate has right: half of the words of both contents, and a word of the speaker.
fn right(annotated: &Annotated, paragraph: &Paragraph, candidate: &Candidate) -> Option<usize> {
    let tokens = &paragraph.scene.tokens;
    annotated.attributions.iter().position(|one| {
        let content: Vec<_> =
            one.content.iter().map(|span| candidates::range(tokens, *span)).filter(|r| !r.is_empty()).collect();
        !content.is_empty()
            && candidates::likeness(tokens, &candidate.content, &content) >= 0.5
            && same_speaker(annotated.article.text(), &one.source, candidate.speaker)
    })
}

/// Whether the speaker shares a word with the source that is more than a function word, if it has one.
fn same_speaker(text: &str, source: &[Span], speaker: Option<Span>) -> bool {
    let Some(speaker) = speaker else { return source.is_empty() };
    let mut words: Vec<Span> = Vec::new();
    for span in source {
        let mut tokens = Vec::new();
        find::tokens::words(text, *span, &mut tokens);
        words.extend(tokens.iter().filter(|t| t.is_word() && !passes_by(&t.low)).map(|t| t.span));
    }
    if words.is_empty() {
        words.extend(source);
    }
    words.iter().any(|word| word.overlaps(speaker))
}

/// Words that say nothing about who speaks.
fn passes_by(low: &str) -> bool {
    const WORDS: [&str; 26] = [
        "the", "a", "an", "of", "in", "for", "and", "or", "to", "by", "at", "on", "from", "with", "who", "whom",
        "which", "that", "this", "these", "those", "'s", "his", "her", "their", "my",
    ];
    WORDS.contains(&low)
}

/// How well the judge, trained without a fold, chooses there.
fn score(
    annotated: &[Annotated],
    paragraphs: &[Paragraph],
    tried: &[Tried],
    candidates: &[Vec<Candidate>],
    folds: usize,
    seed: u64,
) -> [f32; 3] {
    let mut by_paragraph: Vec<Vec<&Tried>> = vec![Vec::new(); paragraphs.len()];
    for one in tried {
        by_paragraph[one.paragraph].push(one);
    }
    let (mut found, mut right) = (0usize, BTreeSet::new());
    for fold in 0..folds {
        let learns = |one: &&Tried| paragraphs[one.paragraph].article % folds != fold;
        let examples: Vec<(&[u32], bool)> =
            tried.iter().filter(learns).map(|t| (t.features.as_slice(), t.right.is_some())).collect();
        let weights = judge::train(&examples, JUDGE_EPOCHS, seed);
        for (number, paragraph) in paragraphs.iter().enumerate().filter(|(_, p)| p.article % folds == fold) {
            let here = &by_paragraph[number];
            let judged =
                here.iter().enumerate().map(|(at, t)| (judge::probability(&weights, &t.features), at)).collect();
            let taken = &mut vec![false; paragraph.scene.tokens.len()];
            let picked = judge::pick(judged, &candidates[number], taken, LEAST_MEASURED);
            found += picked.len();
            right.extend(picked.iter().filter_map(|(_, at)| Some((paragraph.article, here.get(*at)?.right?))));
        }
    }
    let all: usize = annotated.iter().map(|one| one.attributions.len()).sum();
    #[expect(clippy::cast_precision_loss, reason = "counts of quotations")]
    let part = |whole: usize| right.len() as f32 / whole.max(1) as f32;
    let (precision, recall) = (part(found), part(all));
    [precision, recall, 2.0 * precision * recall / (precision + recall).max(f32::MIN_POSITIVE)]
}
