//! What the postings say of every paragraph and article: BM25, and which of the question's words each holds.
//!
//! BM25 is computed here from `tantivy`'s postings, not by its scorer, for three reasons: its k₁ and b are fixed at
//! values that suit longer documents, the article's BM25 comes from the same pass, and so does the set of terms that
//! each paragraph and its neighbours hold.
//!
//! In a large library a common word stands in tens of thousands of paragraphs, and says next to nothing of each. So the rarest words
//! are read to their end, as far as [`FULLY`] goes; those that are left are looked for only in the articles that the
//! rarer ones found. In libraries of some thousands of paragraphs that never happens.

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

/// Postings that are read whatever they tell, over all words. The rarest word is always read to its end. Of the questions of NewsQA dev,
/// asked of 23,000 paragraphs, a share of the postings that is as small as this is of a million paragraphs' costs .002 of R@1 and of
/// R@10.
const FULLY: usize = 8_000;

/// Paragraphs whose articles are searched for the words that are commoner than that.
const WIDENED: usize = 512;

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

/// What the postings say of a document or an article.
#[derive(Clone, Copy, Default)]
struct Score {
    bm25: f32,
    terms: Terms,
}

/// What the postings say of every document and article. As large as the index, and kept from question to question: only what was
/// touched is wiped.
#[derive(Default)]
pub(super) struct Scores {
    of_docs: Vec<Score>,
    /// The documents that score, with their articles, in no order.
    docs: Vec<(Doc, ArticleId)>,
    of_articles: Vec<Score>,
    /// The articles that score, in no order.
    articles: Vec<ArticleId>,
    /// What no article's BM25 can exceed.
    pub(super) most_article: f32,
    /// The articles with a score, best first, no more than [`WHOLE_ARTICLES`].
    pub(super) best_articles: Vec<ArticleId>,
    found: Vec<Occurrences>,
    found_articles: Vec<(ArticleId, f32, f32)>,
    rough: Vec<f32>,
    sorted: Vec<f32>,
}

/// A term in a document.
#[derive(Clone, Copy)]
struct Occurrences {
    doc: Doc,
    article: ArticleId,
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
        self.of_docs.resize(index.document_slots(), Score::default());
        self.of_articles.resize(index.article_slots(), Score::default());
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
        for (doc, _) in self.docs.drain(..) {
            if let Some(score) = self.of_docs.get_mut(doc as usize) {
                *score = Score::default();
            }
        }
        for article in self.articles.drain(..) {
            if let Some(score) = self.of_articles.get_mut(article.0 as usize) {
                *score = Score::default();
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
            index.postings(word, within, |doc, article, times, length| {
                found.push(Occurrences { doc, article, times, length, weight: *weight });
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
        let mut articles = std::mem::take(&mut self.found_articles);
        articles.clear();
        for Occurrences { doc, article, times, length, weight } in found.iter().copied() {
            #[expect(clippy::cast_precision_loss, reason = "counts within one paragraph")]
            let (times, length) = (times as f32, length as f32);
            match articles.last_mut() {
                Some((last, sum, most)) if *last == article => {
                    *sum += times;
                    *most = f32::max(*most, weight);
                }
                _ => articles.push((article, times, weight)),
            }
            if admitted.admits(article)
                && let Some(score) = self.of_docs.get_mut(doc as usize)
            {
                if score.terms == 0 {
                    self.docs.push((doc, article));
                }
                score.bm25 += weight * bm25(idf, times, length / mean);
                score.terms |= bit;
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
        for (article, times, weight) in articles.iter().copied() {
            if !admitted.admits(article) {
                continue;
            }
            #[expect(clippy::cast_precision_loss, reason = "words of an article; a ratio is wanted")]
            let length = index.run(article).words as f32 / mean;
            if let Some(score) = self.of_articles.get_mut(article.0 as usize) {
                if score.terms == 0 {
                    self.articles.push(article);
                }
                score.bm25 += weight * bm25(idf, times, length);
                score.terms |= bit;
            }
        }
        self.found_articles = articles;
    }

    /// The runs of the articles of the best paragraphs so far, in order.
    fn runs_of_best(&self, index: &Index) -> Vec<Run> {
        let rough =
            |(doc, article): &(Doc, ArticleId)| (self.bm25(*doc) + ARTICLE_SHARE * self.article_bm25(*article), *doc);
        let mut best: Vec<(f32, Doc)> = self.docs.iter().map(rough).collect();
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

    /// The documents that have a chance to be among the best `wanted` paragraphs when each neighbour lends `share` of its own BM25:
    /// the others have less than enough of them whatever they are lent.
    pub(super) fn worth_a_look(&mut self, index: &Index, wanted: usize, share: f32) -> Vec<Doc> {
        if self.docs.len() <= wanted {
            return self.docs.iter().map(|(doc, _)| *doc).collect();
        }
        let mut rough = std::mem::take(&mut self.rough);
        rough.clear();
        let mut most = 0.0_f32;
        rough.extend(self.docs.iter().map(|(doc, article)| {
            let own = self.bm25(*doc);
            most = most.max(own);
            own + ARTICLE_SHARE * self.article_bm25(*article)
        }));
        let mut sorted = std::mem::take(&mut self.sorted);
        let is_paragraph = |(doc, article): &(Doc, ArticleId)| index.run(*article).first != *doc;
        // A head is no candidate: it is looked for twice as many as are wanted, and again for twice as many if most of them are heads.
        let mut count = 2 * wanted;
        let least = loop {
            if count >= rough.len() {
                break f32::NEG_INFINITY;
            }
            sorted.clear();
            sorted.extend_from_slice(&rough);
            let (_, least, _) = sorted.select_nth_unstable_by(count, |a, b| b.total_cmp(a));
            let least = *least;
            let above = self.docs.iter().zip(&rough).filter(|(_, rough)| **rough > least);
            if above.filter(|(doc, _)| is_paragraph(doc)).count() >= wanted {
                break least;
            }
            count *= 2;
        };
        self.sorted = sorted;
        // Rounding must not decide.
        let least = least - 2.0 * share * most - 1e-3;
        let worth_it =
            self.docs.iter().zip(&rough).filter(|(_, rough)| **rough >= least).map(|((doc, _), _)| *doc).collect();
        self.rough = rough;
        worth_it
    }

    pub(super) fn bm25(&self, doc: Doc) -> f32 {
        self.of_docs.get(doc as usize).map_or(0.0, |score| score.bm25)
    }

    pub(super) fn article_bm25(&self, article: ArticleId) -> f32 {
        self.of_articles.get(article.0 as usize).map_or(0.0, |score| score.bm25)
    }

    pub(super) fn terms(&self, doc: Doc) -> Terms {
        self.of_docs.get(doc as usize).map_or(0, |score| score.terms)
    }

    pub(super) fn article_terms(&self, article: ArticleId) -> Terms {
        self.of_articles.get(article.0 as usize).map_or(0, |score| score.terms)
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
