//! Asking the questions that are learned from, and noting what the matcher sees.

use rayon::prelude::*;

use super::made::{self, Made};
use super::newton::{Case, List};
use super::{Example, Lessons, Random, fold_of};
use crate::article::Span;
use crate::library::{ArticleId, Filter, Library};
use crate::matcher::asked::Asked;
use crate::matcher::model::Model;
use crate::matcher::query::Query;
use crate::matcher::{MatchError, Matcher, confidence, features, ranking, sentence};

/// Sets of questions, as reports name them.
pub(super) const SETS: [&str; 5] = [ALL, WITHIN, MISSPELT, MADE, SAMPLES];
pub(super) const ALL: &str = "all";
pub(super) const WITHIN: &str = "within";
pub(super) const MISSPELT: &str = "misspelt";
pub(super) const MADE: &str = "made";
pub(super) const SAMPLES: &str = "samples";
/// Questions that are asked in vain alone: for what is not told of somebody who is named.
const ABSENT: &str = "absent";

/// What a question of each set counts in the ranking's fit. Those of people lead; those that are made keep the place in the
/// article from being all that is learned; those on the samples are few, and are what a newcomer asks. Between .3 and 2.5 for what
/// is made, cross-validation moves by less than .003.
const COUNTS: [f64; 5] = [1.0, 0.8, 0.6, 0.5, 60.0];

/// Articles of a library that made questions are asked of.
const SHELF: usize = 17;

/// Questions that are made of an article.
const OF_AN_ARTICLE: usize = 2;

/// Questions of other articles that a library is asked in vain, for each of its own.
const IN_VAIN: usize = 1;

/// The candidates of a question.
pub(super) struct Ranked {
    pub(super) set: &'static str,
    pub(super) list: List<{ features::COUNT }>,
}

/// What all questions gave.
pub(super) struct Gathered {
    pub(super) lists: Vec<Ranked>,
    pub(super) cases: Vec<Case<{ confidence::COUNT }>>,
}

/// One question asked of one library.
#[derive(Clone, Copy)]
struct Ask<'l> {
    matcher: &'l Matcher,
    library: &'l Library,
    set: &'static str,
    fold: usize,
}

impl Ask<'_> {
    fn rank(&self, model: &Model, text: &str, filter: &Filter) -> Result<(Query, Vec<ranking::Ranked>), MatchError> {
        let query = Query::new(&self.matcher.index, &Asked::read(text));
        let ranked = ranking::rank(&self.matcher.index, self.library, model, &query, filter, usize::MAX)?;
        Ok((query, ranked))
    }

    /// The candidates of a question, and whether each holds the answer.
    fn list(
        &self,
        model: &Model,
        example: &Example,
        filter: &Filter,
    ) -> Result<(Ranked, Case<{ confidence::COUNT }>), MatchError> {
        let (query, ranked) = self.rank(model, &example.question, filter)?;
        let right = |ranked: &ranking::Ranked| {
            let paragraph = self.library.get(ranked.article).and_then(|a| a.paragraphs().get(ranked.paragraph));
            ranked.article == example.article
                && paragraph.is_some_and(|p| example.answers.iter().any(|answer| answer.overlaps(p.span)))
        };
        let weight = SETS.iter().zip(COUNTS).find(|(set, _)| **set == self.set).map_or(1.0, |(_, weight)| weight);
        let list = List {
            right: ranked.iter().map(right).collect(),
            rows: ranked.iter().map(|ranked| ranked.features).collect(),
            weight,
            fold: self.fold,
        };
        Ok((Ranked { set: self.set, list }, self.case(&query, &ranked, true)))
    }

    fn case(&self, query: &Query, ranked: &[ranking::Ranked], right: bool) -> Case<{ confidence::COUNT }> {
        Case { row: confidence::inputs(query, ranked), right, weight: 1.0, fold: self.fold, set: self.set }
    }
}

/// What every question gives under a model.
pub(super) fn all(lessons: &Lessons, model: &Model, seed: u64) -> Result<Gathered, MatchError> {
    let mut gathered = Gathered { lists: Vec::new(), cases: Vec::new() };
    asked(lessons, model, seed, &mut gathered)?;
    made(lessons, model, seed, &mut gathered)?;
    samples(lessons, model, seed, &mut gathered)?;
    // Each set counts the same on both sides, whatever its size.
    for set in SETS.into_iter().chain([ABSENT]) {
        for right in [true, false] {
            let of = |case: &&mut Case<{ confidence::COUNT }>| case.set == set && case.right == right;
            let count = gathered.cases.iter_mut().filter(of).count();
            #[expect(clippy::cast_precision_loss, reason = "a count of questions")]
            gathered
                .cases
                .iter_mut()
                .filter(of)
                .for_each(|case| case.weight = confidence_counts(set) / count.max(1) as f64);
        }
    }
    Ok(gathered)
}

/// What each side of a set counts in the confidence's fit. Those that are asked in vain of somebody who is named count as long as
/// people's questions are not declined with them: in cross-validation .1 more declines 4 of 100 more of them, and 1 of people's.
fn confidence_counts(set: &str) -> f64 {
    match set {
        ALL => 1.0,
        MISSPELT => 0.3,
        SAMPLES => 0.3,
        _ => 0.15,
    }
}

/// The questions that people asked: of all articles, of the one that answers, and misspelt.
fn asked(lessons: &Lessons, model: &Model, seed: u64, gathered: &mut Gathered) -> Result<(), MatchError> {
    let library = &lessons.asked;
    let matcher = Matcher::build(library)?;
    let fold = |id: ArticleId| library.get(id).map_or(0, |article| fold_of(article.key(), seed));
    for (set, examples) in [(ALL, &lessons.examples), (WITHIN, &lessons.examples), (MISSPELT, &lessons.misspelt)] {
        let found: Vec<(Ranked, Case<_>)> = examples
            .par_iter()
            .map(|example| {
                let filter = Filter { article: (set == WITHIN).then_some(example.article), ..Filter::default() };
                Ask { matcher: &matcher, library, set, fold: fold(example.article) }.list(model, example, &filter)
            })
            .collect::<Result<_, _>>()?;
        for (list, case) in found {
            gathered.lists.push(list);
            if set != WITHIN {
                gathered.cases.push(case);
            }
        }
    }
    for set in [ALL, MISSPELT] {
        let vain: Vec<Case<_>> = lessons
            .foreign
            .par_iter()
            .map(|question| {
                let ask = Ask { matcher: &matcher, library, set, fold: fold_of(question, seed) };
                let (query, ranked) = ask.rank(model, question, &Filter::default())?;
                Ok(ask.case(&query, &ranked, false))
            })
            .collect::<Result<_, MatchError>>()?;
        gathered.cases.extend(vain);
    }
    single(lessons, model, seed, gathered)
}

/// Libraries of one article: its questions, and in vain those on others.
fn single(lessons: &Lessons, model: &Model, seed: u64, gathered: &mut Gathered) -> Result<(), MatchError> {
    let library = &lessons.asked;
    let found: Vec<Vec<Case<_>>> = library
        .iter()
        .collect::<Vec<_>>()
        .par_iter()
        .map(|(id, article)| {
            let mut alone = Library::default();
            let own = alone.add((***article).clone());
            let matcher = Matcher::build(&alone)?;
            let ask = Ask { matcher: &matcher, library: &alone, set: WITHIN, fold: fold_of(article.key(), seed) };
            let mut cases = Vec::new();
            let mut random = Random::new(seed ^ u64::from(id.0) << 17);
            for example in lessons.examples.iter().filter(|example| example.article == *id) {
                let there = Example { article: own, ..example.clone() };
                cases.push(ask.list(model, &there, &Filter::default())?.1);
                for _ in 0..IN_VAIN {
                    let other = lessons.examples.get(random.below(lessons.examples.len()));
                    if let Some(other) = other.filter(|other| other.article != *id) {
                        let (query, ranked) = ask.rank(model, &other.question, &Filter::default())?;
                        cases.push(ask.case(&query, &ranked, false));
                    }
                }
            }
            Ok(cases)
        })
        .collect::<Result<_, MatchError>>()?;
    gathered.cases.extend(found.into_iter().flatten());
    Ok(())
}

/// The questions that are made of articles, asked of shelves of [`SHELF`] articles each.
fn made(lessons: &Lessons, model: &Model, seed: u64, gathered: &mut Gathered) -> Result<(), MatchError> {
    let mut ids: Vec<ArticleId> = lessons.articles.iter().map(|(id, _)| id).collect();
    Random::new(seed).shuffle(&mut ids);
    let shelves: Vec<&[ArticleId]> = ids.chunks(SHELF).filter(|shelf| shelf.len() == SHELF).collect();
    let found: Vec<(Vec<Ranked>, Vec<Case<_>>)> = shelves
        .par_iter()
        .enumerate()
        .map(|(number, shelf)| {
            let mut library = Library::default();
            let mut examples = Vec::new();
            for id in *shelf {
                let Some(article) = lessons.articles.get(*id) else { continue };
                let own = library.add((**article).clone());
                let mut random = Random::new(seed ^ u64::from(id.0) << 20);
                let made = made::questions(article, OF_AN_ARTICLE, &mut random).into_iter();
                examples.extend(made.map(|Made { question, sentence }| Example {
                    question,
                    article: own,
                    answers: vec![sentence],
                }));
            }
            let matcher = Matcher::build(&library)?;
            let fold = number % super::FOLDS;
            let ask = Ask { matcher: &matcher, library: &library, set: MADE, fold };
            let (mut lists, mut cases) = (Vec::new(), Vec::new());
            for example in &examples {
                let (list, case) = ask.list(model, example, &Filter::default())?;
                lists.push(list);
                cases.push(case);
            }
            // In vain: questions about somebody who is named, for what is not told.
            for id in *shelf {
                let Some(article) = lessons.articles.get(*id) else { continue };
                let mut random = Random::new(seed ^ u64::from(id.0) << 23);
                for question in made::absent(article, 1, &mut random) {
                    let alone = Ask { set: ABSENT, ..ask };
                    let (query, ranked) = alone.rank(model, &question, &Filter::default())?;
                    cases.push(alone.case(&query, &ranked, false));
                }
            }
            // In vain: questions made of the next shelf's articles.
            for id in shelves.get((number + 1) % shelves.len().max(1)).copied().unwrap_or_default() {
                let Some(article) = lessons.articles.get(*id) else { continue };
                let mut random = Random::new(seed ^ u64::from(id.0) << 20);
                for Made { question, .. } in made::questions(article, 1, &mut random) {
                    let (query, ranked) = ask.rank(model, &question, &Filter::default())?;
                    cases.push(ask.case(&query, &ranked, false));
                }
            }
            Ok((lists, cases))
        })
        .collect::<Result<_, MatchError>>()?;
    for (lists, cases) in found {
        gathered.lists.extend(lists);
        gathered.cases.extend(cases);
    }
    Ok(())
}

/// The questions on the samples, and in vain those that people asked of other articles.
fn samples(lessons: &Lessons, model: &Model, seed: u64, gathered: &mut Gathered) -> Result<(), MatchError> {
    let library = &lessons.samples;
    let matcher = Matcher::build(library)?;
    for (number, example) in lessons.on_samples.iter().enumerate() {
        let ask = Ask { matcher: &matcher, library, set: SAMPLES, fold: number % super::FOLDS };
        let (list, case) = ask.list(model, example, &Filter::default())?;
        gathered.lists.push(list);
        gathered.cases.push(case);
    }
    for question in lessons.foreign.iter().step_by(2) {
        let ask = Ask { matcher: &matcher, library, set: SAMPLES, fold: fold_of(question, seed) };
        let (query, ranked) = ask.rank(model, question, &Filter::default())?;
        gathered.cases.push(ask.case(&query, &ranked, false));
    }
    Ok(())
}

/// For each question that people asked, and each on the samples: the sentences of the paragraphs that answer, and which of them
/// overlap the answer. Paragraphs of one sentence count as well: they are what the bar counts.
pub(super) fn sentences(
    lessons: &Lessons,
    model: &Model,
    seed: u64,
) -> Result<Vec<List<{ sentence::COUNT }>>, MatchError> {
    let mut lists = Vec::new();
    for (library, examples, weight) in
        [(&lessons.asked, &lessons.examples, 1.0), (&lessons.samples, &lessons.on_samples, 15.0)]
    {
        let matcher = Matcher::build(library)?;
        let found: Vec<Vec<List<_>>> = examples
            .par_iter()
            .map(|example| {
                let ask = Ask { matcher: &matcher, library, set: ALL, fold: 0 };
                let Some(article) = library.get(example.article) else { return Ok(Vec::new()) };
                let (query, ranked) = ask.rank(model, &example.question, &Filter::default())?;
                let fold = fold_of(article.key(), seed);
                let overlaps = |span: Span| example.answers.iter().any(|answer| answer.overlaps(span));
                let mut reader = features::Reader::default();
                let lists = ranked.iter().filter(|ranked| ranked.article == example.article).filter_map(|ranked| {
                    let paragraph = article.paragraphs().get(ranked.paragraph).filter(|p| overlaps(p.span))?;
                    let marked = reader.sentences(&query, article, paragraph, ranked.head);
                    let (right, rows) = marked.into_iter().map(|(span, marks)| (overlaps(span), marks)).unzip();
                    Some(List { rows, right, weight, fold })
                });
                Ok(lists.collect())
            })
            .collect::<Result<_, MatchError>>()?;
        lists.extend(found.into_iter().flatten());
    }
    Ok(lists)
}
