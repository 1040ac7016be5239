//! From a query to the best passages: candidates from the postings, then a weighing of their features.
//!
//! BM25 is computed here from `tantivy`'s postings, not by its scorer, for three reasons: its k₁ and b are fixed at
//! values that suit longer documents, the article's BM25 comes from the same pass, and so does the set of terms that
//! each paragraph and its neighbours hold.

use super::features::{self, COUNT, Context};
use super::index::{Doc, Index, Run};
use super::model::Model;
use super::query::{Query, Terms};
use crate::article::Span;
use crate::library::{ArticleId, Filter, Library};

/// BM25's saturation of repeated words. With [`B`], the best of a grid on NewsQA dev (Trischler et al. 2017).
const K1: f32 = 0.9;

/// BM25's correction for length.
const B: f32 = 0.4;

/// What the article's BM25 counts beside the paragraph's when candidates are chosen; measured on NewsQA dev, too.
const ARTICLE_SHARE: f32 = 0.4;

/// What each neighbouring paragraph's BM25 counts when candidates are chosen.
const NEIGHBOUR_SHARE: f32 = 0.2;

/// Candidates whose text is looked at. More than this did not raise the first ten on NewsQA dev.
const CANDIDATES: usize = 64;

/// All paragraphs of this many best articles may be candidates, even those that hold no word of the question.
const WHOLE_ARTICLES: usize = 4;

/// A paragraph as it was ranked.
#[derive(Debug, Clone)]
pub(super) struct Ranked {
    pub(super) article: ArticleId,
    pub(super) paragraph: usize,
    pub(super) score: f32,
    pub(super) features: [f32; COUNT],
    /// The answering sentence.
    pub(super) sentence: Span,
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
pub(super) fn rank(index: &Index, library: &Library, model: &Model, query: &Query, filter: &Filter) -> tantivy::Result<Vec<Ranked>> {
    let scores = Scores::gather(index, query, &Admitted::new(index, library, filter))?;
    let candidates = scores.candidates(index);
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
        let (features, sentence) = reader.read(model, query, article, paragraph, &context);
        ranked.push(Ranked {
            article: place.article,
            paragraph: number as usize,
            score: model.score(&features),
            features,
            sentence,
            terms: context.terms,
            around: context.terms | context.before.1 | context.after.1,
            in_article: context.in_article,
            head: context.head,
        });
    }
    let order = |ranked: &Ranked| (index.order(ranked.article), ranked.paragraph);
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| order(a).cmp(&order(b))));
    Ok(ranked)
}

/// The documents that a filter admits.
enum Admitted {
    All,
    /// The documents of one article: postings are entered at its first document and left at its last.
    One(Run),
    /// By article.
    Some(Vec<bool>),
}

impl Admitted {
    fn new(index: &Index, library: &Library, filter: &Filter) -> Self {
        let admits = |id: ArticleId| library.get(id).is_some_and(|article| filter.admits(id, article));
        match filter.article {
            _ if filter.is_empty() => Self::All,
            Some(id) if admits(id) => Self::One(index.run(id)),
            Some(_) => Self::One(Run::default()),
            None => Self::Some(library.admitted(filter)),
        }
    }

    fn admits(&self, article: ArticleId) -> bool {
        match self {
            Self::All | Self::One(_) => true,
            Self::Some(admitted) => admitted.get(article.0 as usize).copied().unwrap_or(false),
        }
    }
}

/// What the postings say of every document and article.
struct Scores {
    bm25: Vec<f32>,
    terms: Vec<Terms>,
    article_bm25: Vec<f32>,
    article_terms: Vec<Terms>,
    /// What no article's BM25 can exceed.
    most_article: f32,
    /// The articles with a score, best first, no more than [`WHOLE_ARTICLES`].
    best_articles: Vec<ArticleId>,
}

struct Candidate {
    doc: Doc,
    bm25: f32,
    article_bm25: f32,
    /// What it was chosen by.
    rough: f32,
}

impl Scores {
    fn gather(index: &Index, query: &Query, admitted: &Admitted) -> tantivy::Result<Self> {
        let mut scores = Self {
            bm25: vec![0.0; index.document_slots()],
            terms: vec![0; index.document_slots()],
            article_bm25: vec![0.0; index.article_slots()],
            article_terms: vec![0; index.article_slots()],
            most_article: 0.0,
            best_articles: Vec::new(),
        };
        let only = match admitted {
            Admitted::One(run) => Some(run.first..run.end),
            _ => None,
        };
        for (number, sought) in query.sought.iter().enumerate() {
            let mut found: Vec<Occurrences> = Vec::new();
            for alternative in &sought.alternatives {
                for form in alternative.forms(index) {
                    index.postings(form.word, only.clone(), |doc, times, length| {
                        found.push(Occurrences { doc, times, length, weight: alternative.weight });
                    })?;
                }
            }
            // Each form's postings are in order: this merges runs.
            found.sort_by_key(|o| o.doc);
            found.dedup_by(|next, kept| {
                let same = next.doc == kept.doc;
                if same {
                    kept.times += next.times;
                    kept.weight = kept.weight.max(next.weight);
                }
                same
            });
            scores.add(index, admitted, &found, number, query.idf.get(number).copied().unwrap_or(0.0));
        }
        let scored = scores.article_bm25.iter().copied().zip((0..).map(ArticleId)).filter(|(score, _)| *score > 0.0);
        let mut articles: Vec<(f32, ArticleId)> = scored.collect();
        if articles.len() > WHOLE_ARTICLES {
            articles.select_nth_unstable_by(WHOLE_ARTICLES, |a, b| {
                b.0.total_cmp(&a.0).then_with(|| index.order(a.1).cmp(&index.order(b.1)))
            });
            articles.truncate(WHOLE_ARTICLES);
        }
        scores.best_articles = articles.into_iter().map(|(_, article)| article).collect();
        Ok(scores)
    }

    /// Adds one term: to the documents that hold it, and, by the runs of documents, to their articles.
    fn add(&mut self, index: &Index, admitted: &Admitted, found: &[Occurrences], number: usize, idf: f32) {
        let bit: Terms = 1 << number;
        let mean = index.mean_document_words();
        let mut articles: Vec<(ArticleId, f32, f32)> = Vec::new();
        for occurrence in found {
            let Some(owner) = index.owner(occurrence.doc) else { continue };
            #[expect(clippy::cast_precision_loss, reason = "counts within one paragraph")]
            let (times, length) = (occurrence.times as f32, occurrence.length as f32);
            match articles.last_mut() {
                Some((article, sum, weight)) if *article == owner => {
                    *sum += times;
                    *weight = weight.max(occurrence.weight);
                }
                _ => articles.push((owner, times, occurrence.weight)),
            }
            if admitted.admits(owner) {
                let doc = occurrence.doc as usize;
                if let (Some(score), Some(terms)) = (self.bm25.get_mut(doc), self.terms.get_mut(doc)) {
                    *score += occurrence.weight * bm25(idf, times, length / mean);
                    *terms |= bit;
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of articles and words; ratios are wanted")]
        let idf = {
            let (n, all) = (articles.len() as f32, index.articles() as f32);
            // With one article in hand (or few) how many hold the word says nothing.
            ((1.0 + (all - n + 0.5) / (n + 0.5)).ln()).max(0.1)
        };
        self.most_article += idf * (K1 + 1.0);
        for (article, times, weight) in articles {
            if !admitted.admits(article) {
                continue;
            }
            let at = article.0 as usize;
            #[expect(clippy::cast_precision_loss, reason = "words of an article; a ratio is wanted")]
            let length = index.run(article).words as f32 / index.mean_article_words();
            if let (Some(score), Some(terms)) = (self.article_bm25.get_mut(at), self.article_terms.get_mut(at)) {
                *score += weight * bm25(idf, times, length);
                *terms |= bit;
            }
        }
    }

    fn terms(&self, doc: Doc) -> Terms {
        self.terms.get(doc as usize).copied().unwrap_or(0)
    }

    fn article_terms(&self, article: ArticleId) -> Terms {
        self.article_terms.get(article.0 as usize).copied().unwrap_or(0)
    }

    /// BM25 and terms of the paragraph `step` documents on, in the same article; the head is no paragraph.
    fn near(&self, doc: Doc, run: Run, step: i64) -> (f32, Terms) {
        let at = i64::from(doc) + step;
        if at <= i64::from(run.first) || at >= i64::from(run.end) {
            return (0.0, 0);
        }
        let Ok(at) = usize::try_from(at) else { return (0.0, 0) };
        (self.bm25.get(at).copied().unwrap_or(0.0), self.terms.get(at).copied().unwrap_or(0))
    }

    /// The paragraphs whose text is worth looking at.
    fn candidates(&self, index: &Index) -> Vec<Candidate> {
        let candidate = |doc: Doc| {
            let place = index.place(doc)?;
            place.paragraph?;
            let bm25 = self.bm25.get(doc as usize).copied().unwrap_or(0.0);
            let article_bm25 = self.article_bm25.get(place.article.0 as usize).copied().unwrap_or(0.0);
            let run = index.run(place.article);
            let beside = self.near(doc, run, -1).0 + self.near(doc, run, 1).0;
            let rough = bm25 + NEIGHBOUR_SHARE * beside + ARTICLE_SHARE * article_bm25;
            Some(Candidate { doc, bm25, article_bm25, rough })
        };
        let scored = self.bm25.iter().zip(0..).filter(|(score, _)| **score > 0.0).map(|(_, doc)| doc);
        let untouched = self
            .best_articles
            .iter()
            .flat_map(|article| {
                let run = index.run(*article);
                run.first..run.end
            })
            .filter(|doc| self.bm25.get(*doc as usize).is_some_and(|score| *score <= 0.0));
        let mut candidates: Vec<Candidate> = scored.chain(untouched).filter_map(candidate).collect();
        if candidates.len() > CANDIDATES {
            candidates.select_nth_unstable_by(CANDIDATES, |a, b| {
                let order = |candidate: &Candidate| index.document_order(candidate.doc);
                b.rough.total_cmp(&a.rough).then_with(|| order(a).cmp(&order(b)))
            });
            candidates.truncate(CANDIDATES);
        }
        candidates
    }
}

/// A term in a document.
struct Occurrences {
    doc: Doc,
    times: u32,
    /// Words of the document.
    length: u32,
    /// 1 for the word as asked, less for a reading.
    weight: f32,
}

/// One term's part of BM25; `length` is relative to the mean.
fn bm25(idf: f32, times: f32, length: f32) -> f32 {
    idf * times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * length))
}
