//! What is told of a paragraph when it is weighed as the answer to a question: one number a feature.
//!
//! Some come from the postings (handed in as [`Context`]), the rest from one reading of the paragraph's text.

use super::query::{Hit, Query, Terms};
use super::sentence;
use super::terms::{AnswerKind, Folder, is_speech};
use crate::article::{Article, Paragraph, Span};

/// How many features there are.
pub(super) const COUNT: usize = 38;

/// Their names, as an explanation shows them.
pub(super) const NAMES: [&str; COUNT] = [
    "bm25",
    "bm25 to best",
    "article bm25",
    "article bm25 to best",
    "bm25 before",
    "bm25 after",
    "coverage",
    "coverage with neighbours",
    "coverage of article",
    "coverage of title",
    "coverage of section",
    "coverage of best sentence",
    "coverage beyond title",
    "first paragraph",
    "second paragraph",
    "place in article",
    "nearness to start",
    "length",
    "very short",
    "closeness",
    "pairs in order",
    "exact forms",
    "names matched",
    "names",
    "fresh words",
    "speech asked and held",
    "quotation marks",
    "who: person",
    "who: none",
    "when: time",
    "how many: number",
    "where: place",
    "why: cause",
    "who: person in sentence",
    "when: time in sentence",
    "how many: number in sentence",
    "where: place in sentence",
    "why: cause in sentence",
];

/// What the postings say of a paragraph.
pub(super) struct Context {
    pub(super) bm25: f32,
    /// The best among the candidates.
    pub(super) best_paragraph: f32,
    pub(super) article_bm25: f32,
    pub(super) best_article: f32,
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
    /// A word that tells something and was not asked with.
    pub(super) fresh: bool,
    pub(super) speech: bool,
}

/// What of a kind that questions ask for a stretch of text holds, beyond the question's own words.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Holds {
    pub(super) person: bool,
    pub(super) time: bool,
    pub(super) number: bool,
    pub(super) place: bool,
    pub(super) cause: bool,
}

impl Holds {
    /// Whether it holds what is asked for; never for an open question.
    pub(super) fn answers(self, kind: AnswerKind) -> bool {
        match kind {
            AnswerKind::Open => false,
            AnswerKind::Person => self.person,
            AnswerKind::Time => self.time,
            AnswerKind::Number => self.number,
            AnswerKind::Place => self.place,
            AnswerKind::Cause => self.cause,
        }
    }

    fn join(&mut self, other: Self) {
        self.person |= other.person;
        self.time |= other.time;
        self.number |= other.number;
        self.place |= other.place;
        self.cause |= other.cause;
    }
}

/// Reads paragraphs, keeping its buffers from one to the next.
#[derive(Default)]
pub(super) struct Reader {
    folder: Folder,
    seen: Vec<Seen>,
}

impl Reader {
    /// The features of a paragraph, and its answering sentence.
    pub(super) fn read(
        &mut self,
        query: &Query,
        article: &Article,
        paragraph: &Paragraph,
        context: &Context,
    ) -> ([f32; COUNT], Span) {
        self.seen.clear();
        let mut holds = Holds::default();
        let mut best: Option<(f32, sentence::Sentence)> = None;
        for span in article.sentences_of(paragraph) {
            let sentence = self.sentence(query, article.slice(*span), *span);
            holds.join(sentence.holds);
            let worth = sentence::worth(query, &sentence);
            if best.as_ref().is_none_or(|(most, _)| worth > *most) {
                best = Some((worth, sentence));
            }
        }
        let section = paragraph.section.map_or(0, |span| self.section(query, article.slice(span)));
        let answering = best.map(|(_, sentence)| sentence);
        let span = answering.as_ref().map_or(paragraph.span, |sentence| sentence.span);
        let marks = article.slice(paragraph.span).contains(['“', '”', '"']);
        (self.vector(query, context, section, holds, answering.as_ref(), marks), span)
    }

    /// Reads one sentence and adds its words to `seen`.
    fn sentence(&mut self, query: &Query, text: &str, span: Span) -> sentence::Sentence {
        let Self { folder, seen } = self;
        let first = seen.len();
        let mut read = sentence::Sentence { span, ..sentence::Sentence::default() };
        let mut evidence = Evidence::default();
        folder.words(text, |range, folded| {
            let surface = text.get(range).unwrap_or_default();
            let hit = query.hit(folded);
            let capital = surface.starts_with(|c: char| c.is_uppercase());
            let name = capital && seen.len() > first;
            let fresh = hit.is_none() && !super::terms::is_stop(folded);
            if let Some(hit) = hit {
                read.terms |= 1 << hit.term;
            }
            read.words += 1;
            read.fresh += u32::from(fresh);
            evidence.word(folded, capital, name, fresh, &mut read.holds);
            seen.push(Seen { hit, name, fresh, speech: is_speech(folded) });
        });
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
        let (exact, matched_names) = self.forms();
        let names = self.seen.iter().filter(|word| word.name).count() as f32;
        let fresh = self.seen.iter().filter(|word| word.fresh).count() as f32;
        let speech = query.speech && (marks || self.seen.iter().any(|word| word.speech));
        [
            context.bm25 / 20.0,
            context.bm25 / context.best_paragraph,
            context.article_bm25 / 20.0,
            context.article_bm25 / context.best_article,
            context.before.0 / context.best_paragraph,
            context.after.0 / context.best_paragraph,
            query.coverage(context.terms),
            query.coverage(around),
            query.coverage(context.in_article),
            query.coverage(context.head),
            query.coverage(section),
            answering.map_or(0.0, |sentence| query.coverage(sentence.terms)),
            beyond_title,
            flag(context.number == 0),
            flag(context.number == 1),
            context.number as f32 / context.of.max(1) as f32,
            1.0 / (1.0 + context.number as f32),
            (1.0 + words).ln() / 5.0,
            flag(words < 10.0),
            self.closeness(query),
            self.pairs(query),
            exact,
            matched_names,
            (1.0 + names).ln() / 3.0,
            (1.0 + fresh).ln() / 4.0,
            flag(speech),
            flag(marks),
            flag(is(AnswerKind::Person) && holds.person),
            flag(is(AnswerKind::Person) && !holds.person),
            flag(is(AnswerKind::Time) && holds.time),
            flag(is(AnswerKind::Number) && holds.number),
            flag(is(AnswerKind::Place) && holds.place),
            flag(is(AnswerKind::Cause) && holds.cause),
            flag(is(AnswerKind::Person) && in_sentence.person),
            flag(is(AnswerKind::Time) && in_sentence.time),
            flag(is(AnswerKind::Number) && in_sentence.number),
            flag(is(AnswerKind::Place) && in_sentence.place),
            flag(is(AnswerKind::Cause) && in_sentence.cause),
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

    /// How tightly the matched words stand: coverage of the best window of ten words, against coverage of the whole.
    fn closeness(&self, query: &Query) -> f32 {
        const WINDOW: usize = 10;
        let hits: Vec<(usize, u8)> =
            self.seen.iter().enumerate().filter_map(|(at, word)| word.hit.map(|hit| (at, hit.term))).collect();
        let mut best = 0.0_f32;
        for (from, (start, _)) in hits.iter().enumerate() {
            let inside = hits.iter().skip(from).take_while(|(at, _)| at - start < WINDOW);
            best = best.max(query.coverage(inside.fold(0, |set, (_, term)| set | 1 << term)));
        }
        best
    }

    /// Neighbouring terms of the question that stand near one another, in the same order: their share by rarity.
    fn pairs(&self, query: &Query) -> f32 {
        /// Words from one to the other, at most: "stores the backups".
        const REACH: usize = 3;
        let (mut held, mut all) = (0.0, 0.0);
        for second in 1..u8::try_from(query.sought.len()).unwrap_or(u8::MAX) {
            let first = second - 1;
            let worth = query.idf(first).min(query.idf(second));
            all += worth;
            let is = |word: &Seen, term: u8| word.hit.is_some_and(|hit| hit.term == term);
            let together = self.seen.iter().enumerate().any(|(at, word)| {
                is(word, first) && self.seen.iter().skip(at + 1).take(REACH).any(|next| is(next, second))
            });
            held += if together { worth } else { 0.0 };
        }
        if all > 0.0 { held / all } else { 0.0 }
    }
}

/// Gathers, word by word, what a sentence holds of the kinds that questions ask for.
#[derive(Default)]
struct Evidence {
    /// The word before is written as a name and was not asked with.
    after_name: bool,
    after_place_word: bool,
    after_due: bool,
}

impl Evidence {
    fn word(&mut self, folded: &str, capital: bool, name: bool, fresh: bool, holds: &mut Holds) {
        let calendar = is_calendar(folded);
        let digits = folded.starts_with(|c: char| c.is_ascii_digit());
        let year = digits && folded.len() == 4 && (folded.starts_with("19") || folded.starts_with("20"));
        let named = capital && fresh && !calendar;
        // Two capitalised words in a row, or a title before a name, look like a person.
        holds.person |= (self.after_name && named) || (fresh && is_role(folded));
        holds.time |= fresh && (calendar || year || is_time_word(folded));
        holds.number |= fresh && ((digits && !year) || is_number_word(folded));
        holds.place |= self.after_place_word && named;
        holds.cause |= is_cause(folded) || (self.after_due && folded == "to");
        self.after_name = named;
        self.after_place_word = matches!(folded, "in" | "at" | "from" | "near" | "to" | "outside" | "across")
            || (self.after_place_word && name);
        self.after_due = folded == "due";
    }
}

fn is_calendar(folded: &str) -> bool {
    matches!(
        folded,
        "monday"
            | "tuesday"
            | "wednesday"
            | "thursday"
            | "friday"
            | "saturday"
            | "sunday"
            | "january"
            | "february"
            | "march"
            | "april"
            | "may"
            | "june"
            | "july"
            | "august"
            | "september"
            | "october"
            | "november"
            | "december"
            | "jan"
            | "feb"
            | "aug"
            | "sept"
            | "oct"
            | "nov"
            | "dec"
    )
}

fn is_time_word(folded: &str) -> bool {
    matches!(
        folded,
        "yesterday"
            | "today"
            | "tomorrow"
            | "tonight"
            | "week"
            | "weekend"
            | "month"
            | "year"
            | "years"
            | "morning"
            | "afternoon"
            | "evening"
            | "night"
            | "noon"
            | "midnight"
            | "ago"
            | "earlier"
            | "century"
            | "decade"
    )
}

fn is_number_word(folded: &str) -> bool {
    matches!(
        folded,
        "one"
            | "two"
            | "three"
            | "four"
            | "five"
            | "six"
            | "seven"
            | "eight"
            | "nine"
            | "ten"
            | "eleven"
            | "twelve"
            | "dozen"
            | "dozens"
            | "hundred"
            | "hundreds"
            | "thousand"
            | "thousands"
            | "million"
            | "millions"
            | "billion"
            | "half"
            | "twice"
            | "percent"
    )
}

fn is_role(folded: &str) -> bool {
    matches!(
        folded,
        "president"
            | "minister"
            | "senator"
            | "governor"
            | "mayor"
            | "judge"
            | "secretary"
            | "chairman"
            | "director"
            | "spokesman"
            | "spokeswoman"
            | "lawyer"
            | "attorney"
            | "officer"
            | "king"
            | "queen"
            | "prince"
            | "coach"
            | "actor"
            | "actress"
            | "singer"
            | "author"
            | "mr"
            | "mrs"
            | "ms"
            | "dr"
            | "sen"
            | "gov"
            | "rep"
            | "gen"
            | "police"
            | "officials"
            | "commission"
            | "agency"
            | "ministry"
            | "court"
    )
}

fn is_cause(folded: &str) -> bool {
    matches!(
        folded,
        "because" | "cause" | "caused" | "causing" | "reason" | "reasons" | "therefore" | "thus" | "hence" | "prompted"
    )
}
