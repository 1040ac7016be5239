//! From a query to the best passages: candidates from the postings, then a weighing of their features.

use super::evidence::Holds;
use super::features::{self, COUNT, Context};
use super::index::{Doc, Index, Run};
use super::model::Model;
use super::query::{Query, Terms};
use super::scores::{ARTICLE_SHARE, Admitted, Scores};
use crate::article::{Article, Paragraph, Span};
use crate::library::{ArticleId, Filter, Library};

/// What each neighbouring paragraph's BM25 counts when candidates are chosen.
const NEIGHBOUR_SHARE: f32 = 0.2;

/// Candidates whose text is looked at. More than this did not raise the first ten on NewsQA dev.
const CANDIDATES: usize = 64;

/// What being the newest counts where the latest is asked for: about as much as half of the question's words in the title. Not
/// learned, for no questions with answers are dated.
const LATEST: f32 = 1.5;

/// A paragraph as it was ranked.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    pub(super) article: ArticleId,
    pub(super) paragraph: usize,
    pub(super) score: f32,
    pub(super) features: [f32; COUNT],
    /// The answering sentence.
    pub(super) sentence: Span,
    /// What of the kinds that are asked for the paragraph holds.
    pub(super) holds: Holds,
    /// The terms that the paragraph holds.
    pub(super) terms: Terms,
    /// The terms that it and its neighbours hold.
    pub(super) around: Terms,
    /// The terms that its article holds.
    pub(super) in_article: Terms,
    /// The terms that the article's title and headings hold.
    pub(super) head: Terms,
}

/// Ranks the paragraphs that `filter` admits: the best `wanted` of the candidates, best first.
///
/// What the postings say of a candidate bounds its score, whatever its text tells. The text of those alone is read that may be among the
/// wanted ones: which they are, and their scores, does not depend on how many that is.
pub(super) fn rank(
    index: &Index,
    library: &Library,
    model: &Model,
    query: &Query,
    filter: &Filter,
    wanted: usize,
) -> tantivy::Result<Vec<Ranked>> {
    let mut scores = index.lend_scores();
    scores.gather(index, query, &admitted(index, library, filter))?;
    let candidates = candidates(&mut scores, index);
    let best = |of: &dyn Fn(&Candidate) -> f32| candidates.iter().map(of).fold(f32::EPSILON, f32::max);
    let (best_paragraph, best_article) = (best(&|c| c.bm25), best(&|c| c.article_bm25));
    let beyond = |c: &Candidate| {
        let head = index.place(c.doc).map_or(0, |place| scores.terms(index.run(place.article).first));
        query.coverage(scores.terms(c.doc) & !head)
    };
    let best_beyond = best(&beyond);
    let most_article = scores.most_article.max(f32::EPSILON);
    let age = if query.latest { Age::of(index, library, &candidates) } else { Age::default() };
    let mut reader = features::Reader::default();
    let mut waiting: Vec<Waiting<'_>> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let Some(place) = index.place(candidate.doc) else { continue };
        let (Some(article), Some(number)) = (library.get(place.article), place.paragraph) else { continue };
        let Some(paragraph) = article.paragraphs().get(number as usize) else { continue };
        let run = index.run(place.article);
        let near = |step: i64| scores.near(candidate.doc, run, step);
        let context = Context {
            bm25: candidate.bm25,
            best_paragraph,
            best_beyond,
            article_bm25: candidate.article_bm25,
            best_article,
            most_article,
            before: near(-1),
            after: near(1),
            terms: scores.terms(candidate.doc),
            head: scores.terms(run.first),
            in_article: scores.article_terms(place.article),
            number: number as usize,
            of: article.paragraphs().len(),
        };
        let newer = age.newer(place.article);
        let words = index.words_within(candidate.doc);
        let most = newer + reader.most(model, query, article, paragraph, &context, words);
        waiting.push(Waiting { id: place.article, article, paragraph, context, newer, most });
    }
    index.take_back(scores);
    if wanted < waiting.len() {
        waiting.sort_by(|a, b| b.most.total_cmp(&a.most).then_with(|| a.order(index).cmp(&b.order(index))));
    }
    let mut best = Best::new(wanted);
    let mut ranked: Vec<(f32, Ranked)> = Vec::new();
    for waiting in waiting {
        // Rounding must not decide.
        if best.beyond(waiting.most + 1e-3) {
            break;
        }
        let Waiting { id, article, paragraph, context, newer, .. } = waiting;
        let (features, sentence, holds) = reader.read(model, query, article, paragraph, &context);
        let score = model.score(&features);
        best.add(score + newer);
        let it = Ranked {
            article: id,
            paragraph: context.number,
            score,
            features,
            sentence,
            holds,
            terms: context.terms,
            around: context.terms | context.before.1 | context.after.1,
            in_article: context.in_article,
            head: context.head,
        };
        ranked.push((score + newer, it));
    }
    let order = |ranked: &Ranked| (index.order(ranked.article), ranked.paragraph);
    ranked.sort_by(|(a, left), (b, right)| b.total_cmp(a).then_with(|| order(left).cmp(&order(right))));
    Ok(ranked.into_iter().take(wanted).map(|(_, ranked)| ranked).collect())
}

/// A candidate whose text has not been read.
struct Waiting<'l> {
    id: ArticleId,
    article: &'l Article,
    paragraph: &'l Paragraph,
    context: Context,
    /// What its article's age counts.
    newer: f32,
    /// What it can't exceed.
    most: f32,
}

impl Waiting<'_> {
    fn order(&self, index: &Index) -> (i64, usize) {
        (index.order(self.id), self.context.number)
    }
}

/// The best of some numbers, highest first.
struct Best {
    wanted: usize,
    best: Vec<f32>,
}

impl Best {
    fn new(wanted: usize) -> Self {
        Self { wanted, best: Vec::new() }
    }

    /// Whether all that are wanted are higher.
    fn beyond(&self, number: f32) -> bool {
        self.best.len() == self.wanted && self.best.last().is_none_or(|least| *least > number)
    }

    fn add(&mut self, number: f32) {
        let at = self.best.partition_point(|better| *better >= number);
        if at < self.wanted {
            self.best.insert(at, number);
            self.best.truncate(self.wanted);
        }
    }
}

/// Which of some articles are newer than others, for questions that ask for the latest.
#[derive(Default)]
struct Age(Vec<(ArticleId, f32)>);

impl Age {
    fn of(index: &Index, library: &Library, candidates: &[Candidate]) -> Self {
        let mut articles: Vec<ArticleId> = candidates.iter().filter_map(|c| index.owner(c.doc)).collect();
        articles.sort_unstable();
        articles.dedup();
        let published = |id: ArticleId| library.get(id)?.meta().published.map(|published| published.order_key());
        let mut dated: Vec<_> = articles.into_iter().filter_map(|id| Some((published(id)?, id))).collect();
        dated.sort();
        #[expect(clippy::cast_precision_loss, reason = "a few dozen articles")]
        let most = dated.len().saturating_sub(1).max(1) as f32;
        #[expect(clippy::cast_precision_loss, reason = "a few dozen articles")]
        Self(dated.into_iter().enumerate().map(|(at, (_, id))| (id, at as f32 / most)).collect())
    }

    /// What an article's age counts: nothing for the oldest and for one without a date, [`LATEST`] for the newest.
    fn newer(&self, article: ArticleId) -> f32 {
        self.0.iter().find(|(id, _)| *id == article).map_or(0.0, |(_, share)| LATEST * share)
    }
}

/// The documents that a filter admits.
fn admitted(index: &Index, library: &Library, filter: &Filter) -> Admitted {
    let admits = |id: ArticleId| library.get(id).is_some_and(|article| filter.admits(id, article));
    match filter.article {
        _ if filter.is_empty() => Admitted::All,
        Some(id) if admits(id) => Admitted::One(index.run(id)),
        Some(_) => Admitted::One(Run::default()),
        None => Admitted::Some(library.admitted(filter)),
    }
}

struct Candidate {
    doc: Doc,
    bm25: f32,
    article_bm25: f32,
    /// What it was chosen by.
    rough: f32,
}

/// The paragraphs whose text is worth looking at.
fn candidates(scores: &mut Scores, index: &Index) -> Vec<Candidate> {
    let worth_it = scores.worth_a_look(index, CANDIDATES, NEIGHBOUR_SHARE);
    let scores = &*scores;
    let candidate = |doc: Doc| {
        let place = index.place(doc)?;
        place.paragraph?;
        let (bm25, article_bm25) = (scores.bm25(doc), scores.article_bm25(place.article));
        let run = index.run(place.article);
        let beside = scores.near(doc, run, -1).0 + scores.near(doc, run, 1).0;
        let rough = bm25 + NEIGHBOUR_SHARE * beside + ARTICLE_SHARE * article_bm25;
        Some(Candidate { doc, bm25, article_bm25, rough })
    };
    let untouched = scores
        .best_articles
        .iter()
        .flat_map(|article| {
            let run = index.run(*article);
            run.first..run.end
        })
        .filter(|doc| scores.bm25(*doc) <= 0.0);
    let mut candidates: Vec<Candidate> = worth_it.iter().copied().chain(untouched).filter_map(candidate).collect();
    if candidates.len() > CANDIDATES {
        candidates.select_nth_unstable_by(CANDIDATES, |a, b| {
            let order = |candidate: &Candidate| index.document_order(candidate.doc);
            b.rough.total_cmp(&a.rough).then_with(|| order(a).cmp(&order(b)))
        });
        candidates.truncate(CANDIDATES);
    }
    // In an order that does not depend on the index's history, as all that is summed over them.
    candidates.sort_by_key(|candidate| index.document_order(candidate.doc));
    candidates
}
