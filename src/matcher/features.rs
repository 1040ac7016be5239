//! What is told of a paragraph when it is weighed as the answer to a question: one number a feature.
//!
//! Some come from the postings (handed in as [`Context`]), the rest from one reading of the paragraph's text.

use std::ops::Range;

use super::evidence::{Evidence, Holds, Measure, Written};
use super::model::{Model, sum};
use super::query::{Hit, Query, Terms};
use super::sentence;
use super::terms::{AnswerKind, Folder};
use super::words::{is_speech, is_stop};
use crate::article::{Article, Paragraph, Span};

/// How many features there are.
pub(super) const COUNT: usize = 35;

/// Their names, as an explanation shows them.
pub(super) const NAMES: [&str; COUNT] = [
    "bm25 to best",
    "article bm25",
    "article bm25 to best",
    "bm25 before",
    "bm25 after",
    "coverage with neighbours",
    "coverage of article",
    "coverage of title",
    "coverage of section",
    "first paragraph",
    "place in article",
    "nearness to start",
    "length",
    "very short",
    "pairs in order",
    "exact forms",
    "names matched",
    "names",
    "speech asked and held",
    "who: person",
    "who: none",
    "when: time",
    "how many: number",
    "why: cause",
    "who: person in sentence",
    "when: time in sentence",
    "how many: number in sentence",
    "where: place in sentence",
    "unit asked for in sentence",
    "unit asked for",
    "kind near words × beyond title to best",
    "beyond title to best",
    "sentence beyond title",
    "rarest word missing around",
    "article bm25 × beyond title",
];

/// Those that are evidence for an answer, and can't be evidence against one.
pub(super) const EVIDENCE: [&str; 17] = [
    "bm25 to best",
    "article bm25 to best",
    "coverage with neighbours",
    "pairs in order",
    "exact forms",
    "speech asked and held",
    "who: person",
    "when: time",
    "how many: number",
    "why: cause",
    "who: person in sentence",
    "when: time in sentence",
    "how many: number in sentence",
    "where: place in sentence",
    "unit asked for in sentence",
    "unit asked for",
    "beyond title to best",
];

/// What the postings say of a paragraph.
pub(super) struct Context {
    pub(super) bm25: f32,
    /// The best among the candidates.
    pub(super) best_paragraph: f32,
    /// The most of the question beyond its article's title that a candidate holds.
    pub(super) best_beyond: f32,
    pub(super) article_bm25: f32,
    pub(super) best_article: f32,
    /// What no article can exceed.
    pub(super) most_article: f32,
    /// BM25 and terms of the paragraph before.
    pub(super) before: (f32, Terms),
    /// BM25 and terms of the paragraph after.
    pub(super) after: (f32, Terms),
    pub(super) terms: Terms,
    /// The terms of the title and the headings.
    pub(super) head: Terms,
    pub(super) in_article: Terms,
    /// Index of the paragraph in its article.
    pub(super) number: usize,
    /// Paragraphs of the article.
    pub(super) of: usize,
}

/// A word of a paragraph, as far as a question can care.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) hit: Option<Hit>,
    /// Written like a name: with a capital, not because a sentence starts.
    pub(super) name: bool,
    pub(super) speech: bool,
    /// How much it is of what is asked for, 0 to 1.
    pub(super) answers: f32,
}

/// Reads paragraphs, keeping its buffers from one to the next.
#[derive(Default)]
pub(super) struct Reader {
    folder: Folder,
    seen: Vec<Seen>,
}

impl Reader {
    /// The features of a paragraph, its answering sentence, and what it holds.
    pub(super) fn read(
        &mut self,
        model: &Model,
        query: &Query,
        article: &Article,
        paragraph: &Paragraph,
        context: &Context,
    ) -> ([f32; COUNT], Span, Holds) {
        let mut holds = Holds::default();
        let mut best: Option<(f32, sentence::Sentence)> = None;
        self.each_sentence(query, article, paragraph, context.head, |sentence, marks| {
            holds.join(sentence.holds);
            let worth = sum(marks, &model.sentence);
            if best.as_ref().is_none_or(|(most, _)| worth > *most) {
                best = Some((worth, *sentence));
            }
        });
        let section = paragraph.section.map_or(0, |span| self.section(query, article.slice(span)));
        let answering = best.map(|(_, sentence)| sentence);
        let span = answering.as_ref().map_or(paragraph.span, |sentence| sentence.span);
        let marks = article.slice(paragraph.span).contains(['“', '”', '"']);
        (self.vector(query, context, section, holds, answering.as_ref(), marks), span, holds)
    }

    /// The sentences of a paragraph, each with its marks; `head` are the terms of the article's title and headings.
    pub(super) fn sentences(
        &mut self,
        query: &Query,
        article: &Article,
        paragraph: &Paragraph,
        head: Terms,
    ) -> Vec<(Span, [f32; sentence::COUNT])> {
        let mut all = Vec::new();
        self.each_sentence(query, article, paragraph, head, |sentence, marks| all.push((sentence.span, *marks)));
        all
    }

    /// Reads a paragraph, sentence by sentence.
    fn each_sentence(
        &mut self,
        query: &Query,
        article: &Article,
        paragraph: &Paragraph,
        head: Terms,
        mut each: impl FnMut(&sentence::Sentence, &[f32; sentence::COUNT]),
    ) {
        self.seen.clear();
        let mut before: Terms = 0;
        for (number, span) in article.sentences_of(paragraph).iter().enumerate() {
            let sentence = self.sentence(query, article.slice(*span), *span, head);
            // "Its aim was …" speaks of what the sentence before named.
            let carried = if sentence.refers_back { before } else { 0 };
            before = sentence.terms | carried;
            each(&sentence, &sentence::marks(query, &sentence, carried, head, number == 0));
        }
    }

    /// Reads one sentence and adds its words to `seen`.
    fn sentence(&mut self, query: &Query, text: &str, span: Span, head: Terms) -> sentence::Sentence {
        let Self { folder, seen } = self;
        let first = seen.len();
        let mut read = sentence::Sentence { span, ..sentence::Sentence::default() };
        let mut evidence = Evidence::new(query);
        written(folder, query, text, |_, word| {
            if word.first {
                read.refers_back = sentence::is_pronoun(word.folded);
            }
            if let Some(hit) = word.hit {
                read.terms |= 1 << hit.term;
            }
            read.words += 1;
            read.fresh += u32::from(word.fresh);
            let answers = evidence.word(word);
            seen.push(Seen { hit: word.hit, name: word.name, speech: is_speech(word.folded), answers });
        });
        read.holds = evidence.holds;
        read.pairs = pairs(query, seen.get(first..).unwrap_or_default());
        read.near = near(query, seen.get(first..).unwrap_or_default(), head);
        read
    }

    fn section(&mut self, query: &Query, heading: &str) -> Terms {
        let mut terms = 0;
        self.folder.words(heading, |_, folded| terms |= query.hit(folded).map_or(0, |hit| 1 << hit.term));
        terms
    }

    #[expect(clippy::cast_precision_loss, reason = "counts within one paragraph")]
    fn vector(
        &self,
        query: &Query,
        context: &Context,
        section: Terms,
        holds: Holds,
        answering: Option<&sentence::Sentence>,
        marks: bool,
    ) -> [f32; COUNT] {
        let is = |kind: AnswerKind| query.kind == kind;
        let flag = |yes: bool| f32::from(u8::from(yes));
        let words = self.seen.len() as f32;
        let in_sentence = answering.map(|sentence| sentence.holds).unwrap_or_default();
        let around = context.terms | context.before.1 | context.after.1;
        // Words of the title are the article's topic: any of its paragraphs is about them.
        let beyond_title = query.coverage(context.terms & !context.head);
        let relative = beyond_title / context.best_beyond;
        let start = 1.0 / (1.0 + context.number as f32);
        let near = answering.map_or(0.0, |sentence| sentence.near);
        let sentence_terms = answering.map_or(0, |sentence| sentence.terms);
        let (exact, matched_names) = self.forms();
        let names = self.seen.iter().filter(|word| word.name).count() as f32;
        let speech = query.speech && (marks || self.seen.iter().any(|word| word.speech));
        [
            context.bm25 / context.best_paragraph,
            context.article_bm25 / context.most_article,
            context.article_bm25 / context.best_article,
            context.before.0 / context.best_paragraph,
            context.after.0 / context.best_paragraph,
            query.coverage(around),
            query.coverage(context.in_article),
            query.coverage(context.head),
            query.coverage(section),
            flag(context.number == 0),
            context.number as f32 / context.of.max(1) as f32,
            start,
            (1.0 + words).ln() / 5.0,
            flag(words < 10.0),
            pairs(query, &self.seen),
            exact,
            matched_names,
            (1.0 + names).ln() / 3.0,
            flag(speech),
            flag(is(AnswerKind::Person) && holds.person),
            flag(is(AnswerKind::Person) && !holds.person),
            flag(is(AnswerKind::Time) && holds.time),
            flag(is(AnswerKind::Number) && holds.number),
            flag(is(AnswerKind::Cause) && holds.cause),
            flag(is(AnswerKind::Person) && in_sentence.person),
            flag(is(AnswerKind::Time) && in_sentence.time),
            flag(is(AnswerKind::Number) && in_sentence.number),
            flag(is(AnswerKind::Place) && in_sentence.place),
            flag(in_sentence.measured),
            flag(query.measure != Measure::Any && holds.measured),
            near * relative,
            relative,
            query.coverage(sentence_terms & !context.head),
            query.rarest_missing(around | context.head),
            context.article_bm25 / context.best_article * relative,
        ]
    }

    /// The share of matched words that stand in the very form asked, and of those that are written as names.
    #[expect(clippy::cast_precision_loss, reason = "counts within one paragraph")]
    fn forms(&self) -> (f32, f32) {
        let (mut all, mut exact, mut names) = (0_usize, 0_usize, 0_usize);
        for word in &self.seen {
            if let Some(hit) = word.hit {
                all += 1;
                exact += usize::from(hit.exact);
                names += usize::from(word.name);
            }
        }
        (exact as f32 / all.max(1) as f32, names as f32 / all.max(1) as f32)
    }
}

/// Calls `each` with the words of a sentence: their place in it, and how they are written.
pub(super) fn written(
    folder: &mut Folder,
    query: &Query,
    sentence: &str,
    mut each: impl FnMut(Range<usize>, Written<'_>),
) {
    let mut first = true;
    folder.words(sentence, |range, folded| {
        let money = sentence.get(..range.start).is_some_and(|before| before.ends_with(['$', '€', '£', '¥']));
        let percent = sentence.get(range.end..).is_some_and(|after| after.starts_with('%'));
        let surface = sentence.get(range.clone()).unwrap_or_default();
        let hit = query.hit(folded);
        let capital = surface.starts_with(|c: char| c.is_uppercase());
        let fresh = hit.is_none() && !is_stop(folded);
        each(range, Written { folded, hit, capital, name: capital && !first, fresh, money, percent, first });
        first = false;
    });
}

/// Neighbouring terms of the question that stand near one another, in the same order: their share by rarity.
fn pairs(query: &Query, words: &[Seen]) -> f32 {
    /// Words from one to the other, at most: "stores the backups".
    const REACH: usize = 3;
    let (mut held, mut all) = (0.0, 0.0);
    for second in 1..u8::try_from(query.sought.len()).unwrap_or(u8::MAX) {
        let first = second - 1;
        let worth = query.idf(first).min(query.idf(second));
        all += worth;
        let is = |word: &Seen, term: u8| word.hit.is_some_and(|hit| hit.term == term);
        let together = words
            .iter()
            .enumerate()
            .any(|(at, word)| is(word, first) && words.iter().skip(at + 1).take(REACH).any(|next| is(next, second)));
        held += if together { worth } else { 0.0 };
    }
    if all > 0.0 { held / all } else { 0.0 }
}

/// Words between what is asked for and the words that were asked with, at most, for the one to belong to the other.
const BELONGS: usize = 9;

/// What a word of the title counts there: it is what all of the article is about.
const TITLE_WORD: f32 = 0.3;

/// How much of the question stands near what it asks for: the best of a sentence's words that are of the asked kind.
fn near(query: &Query, words: &[Seen], head: Terms) -> f32 {
    nearest(query, words, head).map_or(0.0, |(_, near)| near)
}

/// The first of the words that are of the asked kind and have most of the question near them, and how much that is.
pub(super) fn nearest(query: &Query, words: &[Seen], head: Terms) -> Option<(usize, f32)> {
    let mut best: Option<(usize, f32)> = None;
    for (at, word) in words.iter().enumerate().filter(|(_, word)| word.answers > 0.0) {
        let window = words.iter().skip(at.saturating_sub(BELONGS)).take(at.min(BELONGS) + 1 + BELONGS);
        let terms = window.filter_map(|word| word.hit).fold(0, |set, hit| set | 1 << hit.term);
        let near = word.answers * query.coverage_but(terms, head, TITLE_WORD);
        if best.is_none_or(|(_, most)| near > most) {
            best = Some((at, near));
        }
    }
    best
}
