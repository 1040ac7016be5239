//! Finding quotations in an article: by rules in any language, and in English by the learned model on top of them.
//!
//! Every finder gives [`Found`]s: content, speaker and cue as spans, and the [`Rule`] that found it, which carries the
//! confidence where no model judges. Naming the speakers comes after, in [`super::speakers`], and does not care who found
//! them.
//!
//! - [`marks`]: quotation marks into regions.
//! - [`tokens`]: a paragraph as words, regions and sentences.
//! - [`cues`]: verbs of speech with their subjects; [`phrase`]: the noun phrases beside them.
//! - [`attribution`]: from a cue to the words it attributes; [`complement`]: those to its right.
//! - [`flow`]: what no verb attributes: quotations that go on, fragments, transcripts, signatures.
//! - [`abroad`]: direct quotations in other languages.
//! - [`learned`]: the model's reading of a paragraph, with all of that as one of the things that it looks at; [`source`]: who
//!   speaks, among the words that it took for the source.

mod abroad;
mod attribution;
mod complement;
mod cues;
mod flow;
mod learned;
pub(super) mod marks;
mod phrase;
mod source;
pub(super) mod tokens;

use std::ops::Range;

use self::tokens::View;
use super::model::Model;
use super::model::reading::Layout;
use super::{Kind, Quotation};
use crate::article::{Article, BlockKind, Paragraph, Span};

/// The rule that found a quotation. Its confidence is roughly how often the rule was right on annotated news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// "“…,” Lee said."
    RegionBeforeCue,
    /// "Lee said: “…”"
    RegionAfterCue,
    /// "It was “a mess,” Lee said."
    MixedBeforeCue,
    /// "Lee said that …"
    ThatClause,
    /// "Lee said the …"
    BareClause,
    /// "The plan is dead, Lee said."
    ClauseBeforeCue,
    /// "Lee called it “a mess”", "accused them of lying"
    Object,
    /// "Lee believes that …", "the study shows …"
    Attitude,
    /// "According to Lee, …"
    AccordingTo,
    /// "LEE: …"
    Transcript,
    /// "“…” — Lee"
    Signature,
    /// A quotation of its own that goes on from the one before.
    Continued,
    /// A quotation after a sentence about someone.
    Introduced,
    /// A fragment in marks in a sentence about someone.
    Fragment,
    /// "In her own words, …"
    OwnWords,
    /// Words in marks of which nothing says whose they are.
    Loose,
    /// What the model read; its confidence is the judge's.
    Learned,
}

/// Words from which on a fragment in marks is more likely someone's words than a title or a coined term.
const LOOSE_WORDS: usize = 4;

/// Confidence of [`Rule::Loose`]: below [`super::LEAST_MEASURED`].
const LOOSE: f32 = 0.3;

impl Rule {
    fn confidence(self) -> f32 {
        match self {
            Self::RegionBeforeCue => 0.95,
            Self::RegionAfterCue | Self::Transcript => 0.9,
            Self::MixedBeforeCue => 0.85,
            Self::ThatClause | Self::AccordingTo | Self::OwnWords => 0.8,
            Self::ClauseBeforeCue | Self::Signature => 0.75,
            Self::BareClause | Self::Continued => 0.7,
            Self::Introduced | Self::Object | Self::Learned => 0.55,
            Self::Attitude => 0.45,
            Self::Fragment => 0.35,
            Self::Loose => LOOSE,
        }
    }
}

/// A quotation as a finder sees it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// What was said.
    pub content: Vec<Span>,
    /// The words that name the speaker.
    pub speaker: Option<Span>,
    /// The words that introduce it.
    pub cue: Option<Span>,
    /// What found it.
    pub rule: Rule,
    /// The paragraph in which it begins.
    pub paragraph: usize,
    /// The content's tokens in its sentence.
    tokens: Range<usize>,
    /// For content to the left of its cue: the token where the next attribution may begin.
    left_end: Option<usize>,
    /// Whether it takes the whole sentence, so that no cue inside is one of its own.
    whole: bool,
}

impl Found {
    fn new(
        view: &View<'_>,
        content: Vec<Span>,
        speaker: Option<Range<usize>>,
        cue: Option<Range<usize>>,
        rule: Rule,
        tokens: Range<usize>,
    ) -> Self {
        Self {
            content,
            speaker: speaker.and_then(|range| view.span_of(&range)),
            cue: cue.and_then(|range| view.span_of(&range)),
            rule,
            paragraph: 0,
            tokens,
            left_end: None,
            whole: false,
        }
    }

    /// With the confidence that its rule carries.
    fn by_its_rule(self) -> (Self, f32) {
        let confidence = self.rule.confidence();
        (self, confidence)
    }
}

/// All quotations of an article in reading order, speakers not yet named.
pub(super) fn find(article: &Article, model: Option<&Model>) -> Vec<Quotation> {
    let views = views(article);
    // Where the language can't be told, the text is short: it is read as English.
    let language = article.meta().language.as_deref().unwrap_or("en");
    let rules = if abroad::speaks(language) { abroad::find(language, &views) } else { by_rules(article, &views) };
    // The model learned from English alone.
    let found = match model.filter(|_| language == "en") {
        Some(model) => learned::find(model, &views, rules),
        None => rules.into_iter().map(Found::by_its_rule).collect(),
    };
    let mut quotations: Vec<Quotation> =
        found.into_iter().filter_map(|(found, confidence)| quotation(&views, found, confidence)).collect();
    quotations.sort_by_key(|q| (q.content.first().copied(), q.cue));
    quotations
}

/// The paragraphs of an article, read, and what the rules found in them, for the model to learn from.
pub(super) fn laid_out(article: &Article) -> (Vec<View<'_>>, Layout) {
    let views = views(article);
    let rules = by_rules(article, &views);
    let layout = learned::layout(&views, &rules);
    (views, layout)
}

fn views(article: &Article) -> Vec<View<'_>> {
    let text = article.text();
    let paragraphs = article.paragraphs();
    let view = |(index, paragraph): (usize, &Paragraph)| {
        let continues = paragraphs.get(index + 1).is_some_and(|next| marks::begins_quoted(text, next.span));
        View::new(text, paragraph.span, continues)
    };
    paragraphs.iter().enumerate().map(view).collect()
}

fn by_rules(article: &Article, views: &[View<'_>]) -> Vec<Found> {
    let set_off = article.paragraphs().iter().map(|paragraph| paragraph.kind == BlockKind::BlockQuote).collect();
    let mut flow = flow::Flow::new(views, set_off);
    for index in 0..views.len() {
        flow.paragraph(index);
    }
    flow.finish()
}

fn quotation(views: &[View<'_>], mut found: Found, confidence: f32) -> Option<Quotation> {
    found.content.retain(|span| !span.is_empty());
    found.content.sort_unstable();
    found.content.dedup_by(|later, earlier| earlier.overlaps(*later));
    if found.content.is_empty() {
        return None;
    }
    // Paragraphs and regions are in order and do not overlap: the last that begins before a span's end is the one.
    let region_at = |span: Span| {
        let view = views.partition_point(|v| v.span.start <= span.start).checked_sub(1).and_then(|at| views.get(at))?;
        let after = view.regions.partition_point(|r| r.inner.start < span.end);
        after.checked_sub(1).and_then(|at| view.regions.get(at)).filter(|r| r.inner.overlaps(span))
    };
    let kind = if matches!(found.rule, Rule::Transcript | Rule::Signature)
        || found.content.iter().all(|span| region_at(*span).is_some_and(|r| r.inner.contains(*span)))
    {
        Kind::Direct
    } else if found.content.iter().any(|span| region_at(*span).is_some()) {
        Kind::Mixed
    } else {
        Kind::Indirect
    };
    Some(Quotation {
        content: found.content,
        speaker: found.speaker,
        speaker_name: None,
        cue: found.cue,
        kind,
        // To the hundredth: further digits would only tell one machine's arithmetic from another's.
        confidence: (confidence * 100.0).round() / 100.0,
        paragraph: found.paragraph,
    })
}
