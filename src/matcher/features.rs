//! What is told of a paragraph when it is weighed as the answer to a question: one number a feature.
//!
//! Some come from the postings (handed in as [`Context`]), the rest from one reading of the paragraph's text.

use std::ops::Range;

use super::asked::AnswerKind;
use super::evidence::{Evidence, Holds, Measure, Written};
use super::model::{Model, sum};
use super::query::{Hit, Query, Terms};
use super::sentence;
use super::terms::Folder;
use super::words::{is_speech, is_stop};
use crate::article::{Article, Paragraph, Span};

/// How many features there are.
pub(super) const COUNT: usize = 35;

/// Which of them tells how much of the question the article holds, of what it could.
pub(super) const ARTICLE_BM25: usize = 1;

/// Which tells whether the sentence holds a number with the unit that is asked for.
pub(super) const UNIT_IN_SENTENCE: usize = 28;

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

/// What the reading of a paragraph's text tells.
#[derive(Debug, Clone, Copy, Default)]
struct Told {
    words: f32,
    /// Words written as names.
    names: f32,
    /// Neighbouring terms that stand together here, too; see [`pairs`].
    pairs: f32,
    /// The share of matched words that stand in the very form asked, and of those that are written as names.
    exact: f32,
    matched_names: f32,
    /// Whether it is asked what somebody said and something is said here.
    speech: bool,
    holds: Holds,
    /// Of the answering sentence: what it holds, what stands near that, how much of the question beyond the title it has.
    in_sentence: Holds,
    near: f32,
    beyond_title: f32,
}

impl Told {
    /// The most that a paragraph can tell of which only the postings are known; the least is nothing but its `words`.
    fn most(query: &Query, context: &Context, words: f32) -> Self {
        Self {
            words,
            names: words,
            pairs: most_pairs(query, context.terms),
            exact: 1.0,
            matched_names: 1.0,
            speech: query.speech,
            holds: Holds::ALL,
            in_sentence: Holds::ALL,
            near: match query.kind {
                AnswerKind::Open => 0.0,
                _ => query.coverage_but(context.terms, context.head, TITLE_WORD),
            },
            beyond_title: query.coverage(context.terms & !context.head),
        }
    }
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
        let answering = best.map(|(_, sentence)| sentence);
        let span = answering.as_ref().map_or(paragraph.span, |sentence| sentence.span);
        let told = self.told(query, context, holds, answering.as_ref(), article.slice(paragraph.span));
        let section = self.section(query, article, paragraph);
        (vector(query, context, section, &told), span, holds)
    }

    /// What the score of a paragraph can't exceed, whatever its text tells. `words` says within which bounds the number of its words
    /// lies.
    pub(super) fn most(
        &mut self,
        model: &Model,
        query: &Query,
        article: &Article,
        paragraph: &Paragraph,
        context: &Context,
        words: (f32, f32),
    ) -> f32 {
        let section = self.section(query, article, paragraph);
        let least = Told { words: words.0, ..Told::default() };
        let least = vector(query, context, section, &least);
        let most = vector(query, context, section, &Told::most(query, context, words.1));
        // Each feature grows or falls with what is told: it is between the two, and the weight says which end is the better one.
        let ends = least.iter().zip(&most).zip(&model.ranking);
        ends.map(|((least, most), weight)| f32::max(least * weight, most * weight)).sum()
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

    /// The terms of the heading under which a paragraph stands.
    fn section(&mut self, query: &Query, article: &Article, paragraph: &Paragraph) -> Terms {
        let mut terms = 0;
        if let Some(heading) = paragraph.section {
            let each = |_, folded: &str| terms |= query.hit(folded).map_or(0, |hit| 1 << hit.term);
            self.folder.words(article.slice(heading), each);
        }
        terms
    }

    /// What the words that were seen tell together.
    #[expect(clippy::cast_precision_loss, reason = "counts within one paragraph")]
    fn told(
        &self,
        query: &Query,
        context: &Context,
        holds: Holds,
        answering: Option<&sentence::Sentence>,
        text: &str,
    ) -> Told {
        let (exact, matched_names) = self.forms();
        let says = || text.contains(['“', '”', '"']) || self.seen.iter().any(|word| word.speech);
        Told {
            words: self.seen.len() as f32,
            names: self.seen.iter().filter(|word| word.name).count() as f32,
            pairs: pairs(query, &self.seen),
            exact,
            matched_names,
            speech: query.speech && says(),
            holds,
            in_sentence: answering.map(|sentence| sentence.holds).unwrap_or_default(),
            near: answering.map_or(0.0, |sentence| sentence.near),
            beyond_title: answering.map_or(0.0, |sentence| query.coverage(sentence.terms & !context.head)),
        }
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

/// The features, of what the postings say and what the text tells. Each grows, or falls, with all of the latter: [`Reader::most`] rests
/// on that.
#[expect(clippy::cast_precision_loss, reason = "counts within one article")]
fn vector(query: &Query, context: &Context, section: Terms, told: &Told) -> [f32; COUNT] {
    let is = |kind: AnswerKind| query.kind == kind;
    let flag = |yes: bool| f32::from(u8::from(yes));
    let Told { words, holds, in_sentence, .. } = *told;
    let around = context.terms | context.before.1 | context.after.1;
    // Words of the title are the article's topic: any of its paragraphs is about them.
    let relative = query.coverage(context.terms & !context.head) / context.best_beyond;
    let start = 1.0 / (1.0 + context.number as f32);
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
        told.pairs,
        told.exact,
        told.matched_names,
        (1.0 + told.names).ln() / 3.0,
        flag(told.speech),
        flag(is(AnswerKind::Person) && holds.person),
        flag(is(AnswerKind::Person) && !holds.person),
        flag(is(AnswerKind::Time) && holds.time),
        flag(is(AnswerKind::Number) && holds.number),
        flag(is(AnswerKind::Cause) && holds.cause),
        flag(is(AnswerKind::Person) && in_sentence.person),
        flag(is(AnswerKind::Time) && in_sentence.time),
        flag(is(AnswerKind::Number) && in_sentence.number),
        flag(is(AnswerKind::Place) && in_sentence.place),
        flag(query.measure != Measure::Any && in_sentence.measured),
        flag(query.measure != Measure::Any && holds.measured),
        told.near * relative,
        relative,
        told.beyond_title,
        query.rarest_missing(around | context.head),
        context.article_bm25 / context.best_article * relative,
    ]
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
    let is = |word: &Seen, term: u8| word.hit.is_some_and(|hit| hit.term == term);
    share_of_pairs(query, |first, second| {
        words
            .iter()
            .enumerate()
            .any(|(at, word)| is(word, first) && words.iter().skip(at + 1).take(REACH).any(|next| is(next, second)))
    })
}

/// The same if all of the terms that a paragraph holds stood together.
fn most_pairs(query: &Query, terms: Terms) -> f32 {
    share_of_pairs(query, |first, second| terms & (1 << first) != 0 && terms & (1 << second) != 0)
}

fn share_of_pairs(query: &Query, together: impl Fn(u8, u8) -> bool) -> f32 {
    let (mut held, mut all) = (0.0, 0.0);
    for second in 1..u8::try_from(query.sought.len()).unwrap_or(u8::MAX) {
        let first = second - 1;
        let worth = query.idf(first).min(query.idf(second));
        all += worth;
        held += if together(first, second) { worth } else { 0.0 };
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
fn nearest(query: &Query, words: &[Seen], head: Terms) -> Option<(usize, f32)> {
    let mut best: Option<(usize, f32)> = None;
    for (at, near) in nearness(query, words, head) {
        if best.is_none_or(|(_, most)| near > most) {
            best = Some((at, near));
        }
    }
    best
}

/// Each of the words that are of the asked kind, and how much of the question stands near it.
pub(super) fn nearness<'w>(query: &'w Query, words: &'w [Seen], head: Terms) -> impl Iterator<Item = (usize, f32)> {
    words.iter().enumerate().filter(|(_, word)| word.answers > 0.0).map(move |(at, word)| {
        let window = words.iter().skip(at.saturating_sub(BELONGS)).take(at.min(BELONGS) + 1 + BELONGS);
        let terms = window.filter_map(|word| word.hit).fold(0, |set, hit| set | 1 << hit.term);
        (at, word.answers * query.coverage_but(terms, head, TITLE_WORD))
    })
}
