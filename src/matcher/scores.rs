//! What the postings say of every paragraph and article: BM25, and which of the question's words each holds.
//!
//! BM25 is computed here from `tantivy`'s postings, not by its scorer, for three reasons: its k₁ and b are fixed at
//! values that suit longer documents, the article's BM25 comes from the same pass, and so does the set of terms that
//! each paragraph and its neighbours hold.
//!
//! In a large library a common word stands in tens of thousands of paragraphs, and says next to nothing of each. So the rarest words
//! are read to their end, as far as [`FULLY`] goes; those that are left are looked for only in the articles that the
//! rarer ones found. In libraries of up to some tens of thousands of paragraphs that never happens.

use super::index::{Doc, Index, Run};
use super::query::{Query, Terms};
use crate::library::ArticleId;

/// BM25's saturation of repeated words. With [`B`], the best of a grid on `NewsQA` dev (Trischler et al. 2017).
const K1: f32 = 0.9;

/// BM25's correction for length.
const B: f32 = 0.4;

/// What the article's BM25 counts beside the paragraph's when candidates are chosen; measured on `NewsQA` dev, too.
pub(super) const ARTICLE_SHARE: f32 = 0.4;

/// All paragraphs of this many best articles may be candidates, even those that hold no word of the question.
const WHOLE_ARTICLES: usize = 4;

/// Postings that are read whatever they tell, over all words. The rarest word is always read to its end.
const FULLY: usize = 24_000;

/// Paragraphs whose articles are searched for the words that are commoner than that.
const WIDENED: usize = 384;

/// The documents that may score.
pub(super) enum Admitted {
    All,
    /// The documents of one article: postings are entered at its first document and left at its last.
    One(Run),
    /// By article.
    Some(Vec<bool>),
}

impl Admitted {
    fn admits(&self, article: ArticleId) -> bool {
        match self {
            Self::All | Self::One(_) => true,
            Self::Some(admitted) => admitted.get(article.0 as usize).copied().unwrap_or(false),
        }
    }
}

/// What the postings say of every document and article. As large as the index, and kept from question to question: only what was
/// touched is wiped.
#[derive(Default)]
pub(super) struct Scores {
    bm25: Vec<f32>,
    terms: Vec<Terms>,
    /// The documents that score, in no order.
    docs: Vec<Doc>,
    article_bm25: Vec<f32>,
    article_terms: Vec<Terms>,
    /// The articles that score, in no order.
    articles: Vec<ArticleId>,
    /// What no article's BM25 can exceed.
    pub(super) most_article: f32,
    /// The articles with a score, best first, no more than [`WHOLE_ARTICLES`].
    pub(super) best_articles: Vec<ArticleId>,
    found: Vec<Occurrences>,
}

/// A term in a document.
#[derive(Clone, Copy)]
struct Occurrences {
    doc: Doc,
    times: u32,
    /// Words of the document.
    length: u32,
    /// 1 for the word as asked, less for a reading.
    weight: f32,
}

/// One term of the query, to be read.
struct Reading<'q> {
    number: usize,
    /// The words that count as finding it, with what they weigh.
    forms: Vec<(&'q str, f32)>,
    /// Documents that hold them, counted for each word.
    postings: usize,
}

impl Scores {
    /// Reads the postings of all terms.
    pub(super) fn gather(&mut self, index: &Index, query: &Query, admitted: &Admitted) -> tantivy::Result<()> {
        self.wipe();
        self.bm25.resize(index.document_slots(), 0.0);
        self.terms.resize(index.document_slots(), 0);
        self.article_bm25.resize(index.article_slots(), 0.0);
        self.article_terms.resize(index.article_slots(), 0);
        let mut readings: Vec<Reading<'_>> = Vec::with_capacity(query.sought.len());
        for (number, sought) in query.sought.iter().enumerate() {
            let (mut forms, mut postings) = (Vec::new(), 0);
            for alternative in &sought.alternatives {
                for form in alternative.forms(index) {
                    postings += form.documents as usize;
                    forms.push((form.word, alternative.weight));
                }
            }
            readings.push(Reading { number, forms, postings });
        }
        let all: usize = readings.iter().map(|reading| reading.postings).sum();
        if let Admitted::One(run) = admitted {
            for reading in &readings {
                self.read(index, query, admitted, reading, Some(&[*run]))?;
            }
        } else if all <= FULLY {
            for reading in &readings {
                self.read(index, query, admitted, reading, None)?;
            }
        } else {
            readings.sort_by_key(|reading| (reading.postings, reading.number));
            let mut left = FULLY;
            let fully = readings.iter().take_while(|reading| {
                let fits = left == FULLY || reading.postings <= left;
                // A word that nothing holds costs nothing.
                left = left.saturating_sub(reading.postings.max(1));
                fits
            });
            let fully = fully.count().max(1);
            let (rare, common) = readings.split_at(fully);
            for reading in rare {
                self.read(index, query, admitted, reading, None)?;
            }
            let runs = self.runs_of_best(index);
            for reading in common {
                self.read(index, query, admitted, reading, Some(&runs))?;
            }
        }
        self.find_best_articles(index);
        Ok(())
    }

    fn wipe(&mut self) {
        for doc in self.docs.drain(..) {
            if let (Some(score), Some(terms)) = (self.bm25.get_mut(doc as usize), self.terms.get_mut(doc as usize)) {
                (*score, *terms) = (0.0, 0);
            }
        }
        for article in self.articles.drain(..) {
            let at = article.0 as usize;
            if let (Some(score), Some(terms)) = (self.article_bm25.get_mut(at), self.article_terms.get_mut(at)) {
                (*score, *terms) = (0.0, 0);
            }
        }
        self.most_article = 0.0;
        self.best_articles.clear();
    }

    /// Reads one term: all of its postings, or those within some runs.
    fn read(
        &mut self,
        index: &Index,
        query: &Query,
        admitted: &Admitted,
        reading: &Reading<'_>,
        within: Option<&[Run]>,
    ) -> tantivy::Result<()> {
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        let mut lists = 0;
        for (word, weight) in &reading.forms {
            let before = found.len();
            index.postings(word, within, |doc, times, length| {
                found.push(Occurrences { doc, times, length, weight: *weight });
            })?;
            lists += usize::from(found.len() > before);
        }
        if lists > 1 {
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
        }
        // Where not all postings are read, how many articles hold the word is put at what chance gives.
        let articles = match (within, admitted) {
            (Some(_), Admitted::All | Admitted::Some(_)) => Some(expected_articles(reading.postings, index.articles())),
            _ => None,
        };
        self.add(
            index,
            admitted,
            &found,
            reading.number,
            query.idf.get(reading.number).copied().unwrap_or(0.0),
            articles,
        );
        self.found = found;
        Ok(())
    }

    /// Adds one term: to the documents that hold it, and, by the runs of documents, to their articles.
    fn add(
        &mut self,
        index: &Index,
        admitted: &Admitted,
        found: &[Occurrences],
        number: usize,
        idf: f32,
        articles_of_all: Option<f32>,
    ) {
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
                    if *terms == 0 {
                        self.docs.push(occurrence.doc);
                    }
                    *score += occurrence.weight * bm25(idf, times, length / mean);
                    *terms |= bit;
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of articles and words; ratios are wanted")]
        let idf = {
            let (n, all) = (articles_of_all.unwrap_or(articles.len() as f32), index.articles() as f32);
            // With one article in hand (or few) how many hold the word says nothing.
            ((1.0 + (all - n + 0.5) / (n + 0.5)).ln()).max(0.1)
        };
        self.most_article += idf * (K1 + 1.0);
        let mean = index.mean_article_words();
        for (article, times, weight) in articles {
            if !admitted.admits(article) {
                continue;
            }
            let at = article.0 as usize;
            #[expect(clippy::cast_precision_loss, reason = "words of an article; a ratio is wanted")]
            let length = index.run(article).words as f32 / mean;
            if let (Some(score), Some(terms)) = (self.article_bm25.get_mut(at), self.article_terms.get_mut(at)) {
                if *terms == 0 {
                    self.articles.push(article);
                }
                *score += weight * bm25(idf, times, length);
                *terms |= bit;
            }
        }
    }

    /// The runs of the articles of the best paragraphs so far, in order.
    fn runs_of_best(&self, index: &Index) -> Vec<Run> {
        let mut best: Vec<(f32, Doc)> = self.docs.iter().map(|doc| (self.rough(index, *doc), *doc)).collect();
        if best.len() > WIDENED {
            best.select_nth_unstable_by(WIDENED, |a, b| {
                b.0.total_cmp(&a.0).then_with(|| index.document_order(a.1).cmp(&index.document_order(b.1)))
            });
            best.truncate(WIDENED);
        }
        let mut runs: Vec<Run> = best.iter().filter_map(|(_, doc)| Some(index.run(index.owner(*doc)?))).collect();
        runs.sort_unstable_by_key(|run| run.first);
        runs.dedup();
        runs
    }

    fn find_best_articles(&mut self, index: &Index) {
        let mut articles: Vec<(f32, ArticleId)> =
            self.articles.iter().map(|article| (self.article_bm25(*article), *article)).collect();
        let order = |a: &(f32, ArticleId), b: &(f32, ArticleId)| {
            b.0.total_cmp(&a.0).then_with(|| index.order(a.1).cmp(&index.order(b.1)))
        };
        if articles.len() > WHOLE_ARTICLES {
            articles.select_nth_unstable_by(WHOLE_ARTICLES, order);
            articles.truncate(WHOLE_ARTICLES);
        }
        articles.sort_by(order);
        self.best_articles.extend(articles.into_iter().map(|(_, article)| article));
    }

    /// The documents that score, in no order.
    pub(super) fn docs(&self) -> &[Doc] {
        &self.docs
    }

    /// A document's own BM25 with its share of its article's.
    pub(super) fn rough(&self, index: &Index, doc: Doc) -> f32 {
        let article = index.owner(doc).map_or(0.0, |article| self.article_bm25(article));
        self.bm25(doc) + ARTICLE_SHARE * article
    }

    pub(super) fn bm25(&self, doc: Doc) -> f32 {
        self.bm25.get(doc as usize).copied().unwrap_or(0.0)
    }

    pub(super) fn article_bm25(&self, article: ArticleId) -> f32 {
        self.article_bm25.get(article.0 as usize).copied().unwrap_or(0.0)
    }

    pub(super) fn terms(&self, doc: Doc) -> Terms {
        self.terms.get(doc as usize).copied().unwrap_or(0)
    }

    pub(super) fn article_terms(&self, article: ArticleId) -> Terms {
        self.article_terms.get(article.0 as usize).copied().unwrap_or(0)
    }

    /// BM25 and terms of the paragraph `step` documents on, in the same article; the head is no paragraph.
    pub(super) fn near(&self, doc: Doc, run: Run, step: i64) -> (f32, Terms) {
        let at = i64::from(doc) + step;
        if at <= i64::from(run.first) || at >= i64::from(run.end) {
            return (0.0, 0);
        }
        let Ok(at) = Doc::try_from(at) else { return (0.0, 0) };
        (self.bm25(at), self.terms(at))
    }
}

/// In how many of `articles` a word stands that stands in `documents`, were they spread by chance.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn expected_articles(documents: usize, articles: usize) -> f32 {
    let all = articles.max(1) as f32;
    all * (1.0 - (-(documents as f32) / all).exp())
}

/// One term's part of BM25; `length` is relative to the mean.
fn bm25(idf: f32, times: f32, length: f32) -> f32 {
    idf * times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * length))
}
