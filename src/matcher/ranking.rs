//! From a query to the best passages: candidates from the postings, then a weighing of their features.

use super::evidence::Holds;
use super::features::{self, COUNT, Context};
use super::index::{Doc, Index, Run};
use super::model::Model;
use super::query::{Query, Terms};
use super::scores::{ARTICLE_SHARE, Admitted, Scores};
use crate::article::Span;
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

/// Ranks the paragraphs that `filter` admits; all candidates, best first.
pub(super) fn rank(
    index: &Index,
    library: &Library,
    model: &Model,
    query: &Query,
    filter: &Filter,
) -> tantivy::Result<Vec<Ranked>> {
    let mut scores = index.lend_scores();
    scores.gather(index, query, &admitted(index, library, filter))?;
    let candidates = candidates(&scores, index);
    let best = |of: &dyn Fn(&Candidate) -> f32| candidates.iter().map(of).fold(f32::EPSILON, f32::max);
    let (best_paragraph, best_article) = (best(&|c| c.bm25), best(&|c| c.article_bm25));
    let beyond = |c: &Candidate| {
        let head = index.place(c.doc).map_or(0, |place| scores.terms(index.run(place.article).first));
        query.coverage(scores.terms(c.doc) & !head)
    };
    let best_beyond = best(&beyond);
    let most_article = scores.most_article.max(f32::EPSILON);
    let mut ranked: Vec<Ranked> = Vec::with_capacity(candidates.len());
    let mut reader = features::Reader::default();
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
        let (features, sentence, holds) = reader.read(model, query, article, paragraph, &context);
        ranked.push(Ranked {
            article: place.article,
            paragraph: number as usize,
            score: model.score(&features),
            features,
            sentence,
            holds,
            terms: context.terms,
            around: context.terms | context.before.1 | context.after.1,
            in_article: context.in_article,
            head: context.head,
        });
    }
    index.take_back(scores);
    let order = |ranked: &Ranked| (index.order(ranked.article), ranked.paragraph);
    let age = if query.latest { Age::of(library, &ranked) } else { Age::default() };
    let worth = |ranked: &Ranked| ranked.score + age.newer(ranked.article);
    ranked.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then_with(|| order(a).cmp(&order(b))));
    Ok(ranked)
}

/// Which of some articles are newer than others, for questions that ask for the latest.
#[derive(Default)]
struct Age(Vec<(ArticleId, f32)>);

impl Age {
    fn of(library: &Library, ranked: &[Ranked]) -> Self {
        let mut articles: Vec<ArticleId> = ranked.iter().map(|ranked| ranked.article).collect();
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
fn candidates(scores: &Scores, index: &Index) -> Vec<Candidate> {
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
    let worth_it = worth_a_look(scores, index);
    let scored = scores.docs().iter().copied().filter(|doc| scores.rough(index, *doc) >= worth_it);
    let mut candidates: Vec<Candidate> = scored.chain(untouched).filter_map(candidate).collect();
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

/// What a document must have, without what its neighbours lend it, to have a chance of being a candidate: enough others are
/// certain to have more whatever the neighbours lend.
fn worth_a_look(scores: &Scores, index: &Index) -> f32 {
    // A head is no candidate, and each article has one.
    let mut rough: Vec<f32> = Vec::with_capacity(scores.docs().len());
    let mut most = 0.0_f32;
    for doc in scores.docs() {
        if index.place(*doc).is_some_and(|place| place.paragraph.is_some()) {
            rough.push(scores.rough(index, *doc));
            most = most.max(scores.bm25(*doc));
        }
    }
    if rough.len() <= CANDIDATES {
        return f32::NEG_INFINITY;
    }
    let (_, least, _) = rough.select_nth_unstable_by(CANDIDATES, |a, b| b.total_cmp(a));
    // Rounding must not decide.
    *least - 2.0 * NEIGHBOUR_SHARE * most - 1e-3
}
