//! What no verb of speech attributes: a quotation that goes on in the next sentence or paragraph, a fragment in marks in a
//! sentence about someone, transcripts and signed quotations. Walks the article in reading order and remembers who
//! spoke last.

use std::collections::HashMap;
use std::ops::Range;

use super::attribution::{self, content_spans};
use super::tokens::View;
use super::{Found, LOOSE_WORDS, Rule, phrase};
use crate::article::Span;
use crate::quotes::lexicon;

/// The longest signature, in tokens after its dash.
const LONGEST_SIGNATURE: usize = 14;

/// Spans of a quotation that are looked at to see whether it goes on; the last ones, as one may have very many.
const TAIL: usize = 4;

/// The walk through an article.
pub(super) struct Flow<'v, 't> {
    views: &'v [View<'t>],
    found: Vec<Found>,
    /// By paragraph: whether the page or file sets it off as a quotation.
    set_off: Vec<bool>,
    /// The paragraph whose words a signature after it claims, until that is read.
    claimed: Option<usize>,
    /// A quotation of a whole paragraph that the next paragraph goes on with and attributes.
    waiting: Option<(usize, Vec<Span>)>,
    /// The quotation that the paragraph before left open, or ended with.
    last: Option<Last>,
    /// Whether the article is (in part) a transcript.
    transcript: bool,
    /// The speaker of the transcript's running turn.
    turn: Option<Span>,
}

/// Who spoke last.
#[derive(Debug, Clone, Copy)]
struct Last {
    found: usize,
    paragraph: usize,
    /// Whether its closing mark is still to come.
    open: bool,
}

/// What is needed of the quotation before, however long it has grown.
#[derive(Debug)]
struct Recent {
    speaker: Option<Span>,
    cue: Option<Span>,
    /// Its last spans.
    tail: Vec<Span>,
    /// Whether the last of them stands in marks.
    marked: bool,
}

impl Recent {
    fn touches(&self, sentence: Span) -> bool {
        self.tail.iter().chain(&self.cue).any(|span| span.overlaps(sentence))
    }
}

impl<'v, 't> Flow<'v, 't> {
    /// `set_off` says of each paragraph whether it is a block quotation.
    pub(super) fn new(views: &'v [View<'t>], set_off: Vec<bool>) -> Self {
        let mut labels: HashMap<&str, usize> = HashMap::new();
        for view in views {
            if let Some(label) = label(view) {
                *labels.entry(label.span.of(view.text)).or_default() += 1;
            }
        }
        // One label may be "Note:", and several the parts of a list; a transcript has turns, and somebody has the word again.
        let again = labels.values().any(|turns| *turns >= 2);
        let transcript = labels.len() >= 2 && labels.values().sum::<usize>() >= 3 && again;
        Self { views, set_off, claimed: None, waiting: None, found: Vec::new(), last: None, transcript, turn: None }
    }

    pub(super) fn finish(self) -> Vec<Found> {
        self.found
    }

    /// Reads the paragraph `index`; paragraphs must be given in order.
    pub(super) fn paragraph(&mut self, index: usize) {
        let Some(view) = self.views.get(index) else { return };
        if self.transcript_turn(index, view) || self.signed(index, view) {
            return;
        }
        for (number, sentence) in view.sentences.iter().enumerate() {
            self.sentence(index, view, number, sentence);
        }
    }

    fn sentence(&mut self, index: usize, view: &View<'_>, number: usize, sentence: &Range<usize>) {
        let mut here = attribution::attributions(view, sentence);
        let first = self.found.len();
        let taken: Vec<Span> = here.iter().flat_map(|f| f.content.iter().copied()).collect();
        let mut loose: Vec<usize> = sentence
            .clone()
            .filter(|at| view.region(*at).is_some_and(|r| !taken.iter().any(|span| span.overlaps(r.inner))))
            .collect();
        for found in &mut here {
            found.paragraph = index;
        }
        // Regions that open the sentence and belong to nobody in it go on from the quotation before, or with the one
        // right after them.
        if number == 0
            && let Some((paragraph, spans)) = self.waiting.take()
            && let Some(found) = here.iter_mut().find(|f| f.content.first().is_some_and(|c| view.begins_with(*c)))
        {
            found.paragraph = paragraph;
            found.content.splice(0..0, spans);
        }
        let bare = loose.first() == Some(&sentence.start)
            && (sentence.start..sentence.end).all(|at| view.get(at).is_some_and(|t| !t.is_word()));
        if bare && let Some(inner) = (!loose.is_empty()).then(|| content_spans(view, sentence.clone())) {
            if self.waits(index, view, number, sentence) {
                self.waiting = Some((index, inner));
            } else {
                self.continued(index, view, number, inner);
            }
            loose.clear();
        }
        self.found.append(&mut here);
        for at in loose {
            self.fragment(index, view, sentence, at);
        }
        if let Some(found) =
            (first..self.found.len()).rev().find(|at| self.found.get(*at).is_some_and(|f| f.speaker.is_some()))
        {
            let open = self.left_open(view, found);
            self.last = Some(Last { found, paragraph: index, open });
        }
    }

    /// Whether a paragraph in marks is still open and the next one both goes on with it and says whose it is.
    fn waits(&self, index: usize, view: &View<'_>, number: usize, sentence: &Range<usize>) -> bool {
        let runs_on = self.last.is_some_and(|last| last.open && last.paragraph + 1 == index);
        if number != 0 || sentence.len() != view.tokens.len() || runs_on {
            return false;
        }
        if view.regions.last().is_none_or(|region| region.close.is_some()) {
            return false;
        }
        let Some((next, first)) = self.views.get(index + 1).and_then(|v| Some((v, v.sentences.first()?))) else {
            return false;
        };
        attribution::attributions(next, first)
            .iter()
            .any(|f| f.speaker.is_some() && f.content.first().is_some_and(|c| next.begins_with(*c)))
    }

    /// Whether the last region of the paragraph belongs to this quotation and is not closed.
    fn left_open(&self, view: &View<'_>, found: usize) -> bool {
        let Some(region) = view.regions.last().filter(|r| r.close.is_none()) else { return false };
        self.found.get(found).is_some_and(|f| f.content.iter().rev().take(TAIL).any(|span| span.overlaps(region.inner)))
    }

    fn recent(&self) -> Option<(Last, Recent)> {
        let last = self.last?;
        let found = self.found.get(last.found)?;
        let tail: Vec<Span> = found.content.iter().rev().take(TAIL).copied().collect();
        let regions = self.views.get(last.paragraph).map_or(&[][..], |view| view.regions.as_slice());
        let marked = tail.iter().any(|span| {
            let after = regions.partition_point(|r| r.inner.start < span.end);
            after.checked_sub(1).and_then(|at| regions.get(at)).is_some_and(|r| r.inner.overlaps(*span))
        });
        Some((last, Recent { speaker: found.speaker, cue: found.cue, tail, marked }))
    }

    /// A sentence that is all in marks: whose is it?
    fn continued(&mut self, index: usize, view: &View<'_>, number: usize, inner: Vec<Span>) {
        let before = number.checked_sub(1).and_then(|n| view.sentences.get(n));
        let last = self.recent();
        let in_last_sentence =
            |recent: &Recent| before.and_then(|s| view.span_of(s)).is_some_and(|s| recent.touches(s));
        let mut new = Found {
            content: inner.clone(),
            speaker: None,
            cue: None,
            rule: Rule::Continued,
            paragraph: index,
            tokens: 0..0,
            left_end: None,
            whole: false,
        };
        match last {
            // An open mark in the paragraph before, or "“A,” she said. “B.”": one quotation.
            Some((last, ref found))
                if (last.open && last.paragraph + 1 == index && number == 0)
                    || (in_last_sentence(found) && found.marked) =>
            {
                let target = last.found;
                if let Some(found) = self.found.get_mut(target) {
                    found.content.extend(inner);
                }
                let open = self.left_open(view, target);
                self.last = Some(Last { found: target, paragraph: index, open });
                return;
            }
            Some((_, ref found)) if in_last_sentence(found) => new.speaker = found.speaker,
            _ => {
                // "She continues her story. “…”", also with the quotation in a paragraph of its own.
                let previous = match before {
                    Some(before) => Some((view, before)),
                    None => index
                        .checked_sub(1)
                        .and_then(|p| self.views.get(p))
                        .and_then(|v| Some((v, v.sentences.last()?))),
                };
                let same_paragraph = before.is_some();
                let subject = previous.and_then(|(v, s)| v.span_of(&phrase::sentence_subject(v, s)?));
                let recent = last.as_ref().filter(|(last, found)| last.paragraph + 1 >= index && found.marked);
                let ended_quoting = recent.is_some_and(|(last, found)| {
                    last.paragraph + 1 == index
                        && !same_paragraph
                        && previous.and_then(|(v, s)| v.span_of(s)).is_some_and(|s| found.touches(s))
                });
                let personal = subject.filter(|span| speaks(view.text, *span));
                new.rule = Rule::Introduced;
                new.speaker = match (ended_quoting, recent, personal) {
                    (true, Some((_, found)), _) => found.speaker,
                    (false, _, Some(subject)) => Some(subject),
                    (_, Some((_, found)), None) => found.speaker,
                    _ => None,
                };
            }
        }
        if new.speaker.is_some() {
            self.found.push(new);
            let found = self.found.len() - 1;
            let open = self.left_open(view, found);
            self.last = Some(Last { found, paragraph: index, open });
        }
    }

    /// A region inside a sentence that no verb of speech claims.
    fn fragment(&mut self, index: usize, view: &View<'_>, sentence: &Range<usize>, at: usize) {
        let Some(region) = view.region(at) else { return };
        let words = region.inner.of(view.text).split_whitespace().count();
        let own = own_words(view, sentence);
        if let Some((owner, cue)) = own {
            let content = vec![region.inner];
            // Several fragments of one sentence are one quotation.
            if let Some(found) =
                self.found.last_mut().filter(|f| f.rule == Rule::OwnWords && f.cue == view.span_of(&cue))
            {
                found.content.extend(content);
                return;
            }
            let mut found = Found::new(view, content, Some(owner), Some(cue), Rule::OwnWords, at..at + 1);
            found.paragraph = index;
            self.found.push(found);
            return;
        }
        let sentence_like = view.region_ends_with(region, &['.', '?', '!', ',']);
        if region.single || (titled(view, region.inner) && !sentence_like) {
            return;
        }
        if words < LOOSE_WORDS {
            // In reported speech that goes on, two words may be someone's; elsewhere, and after an article, they are
            // mostly a term that the writer keeps at a distance.
            let reported = self.last.is_some_and(|last| last.paragraph == index);
            let coined = at.checked_sub(1).is_some_and(|before| {
                let low = view.low(before);
                lexicon::is_determiner(low) || matches!(low, "so-called" | "called" | "named" | "titled" | "'s")
            });
            if words + 1 >= LOOSE_WORDS || words + 2 == LOOSE_WORDS && reported && !coined {
                self.loose(index, view, region.inner, at);
            }
            return;
        }
        let subject = phrase::sentence_subject(view, sentence).filter(|range| range.end <= at);
        // "Only Exton Bridge workers who …": a name that modifies a noun is not the subject.
        let subject = subject.filter(|range| !matches!(view.low(range.end + 1), "who" | "that" | "which" | "of"));
        let subject = subject.filter(|range| view.span_of(range).is_some_and(|span| speaks(view.text, span)));
        let speaker = subject.and_then(|range| view.span_of(&range)).or_else(|| {
            let last = self.last.filter(|last| last.paragraph == index)?;
            self.found.get(last.found)?.speaker
        });
        let Some(speaker) = speaker else {
            self.loose(index, view, region.inner, at);
            return;
        };
        let mut found = Found::new(view, vec![region.inner], None, None, Rule::Fragment, at..at + 1);
        found.speaker = Some(speaker);
        found.paragraph = index;
        self.found.push(found);
    }

    /// Words in marks that can be found again although nobody is named.
    fn loose(&mut self, index: usize, view: &View<'_>, inner: Span, at: usize) {
        let mut found = Found::new(view, vec![inner], None, None, Rule::Loose, at..at + 1);
        found.paragraph = index;
        self.found.push(found);
    }

    /// `NAME: words`, and the paragraphs that go on with the same turn.
    fn transcript_turn(&mut self, index: usize, view: &View<'_>) -> bool {
        if !self.transcript {
            return false;
        }
        let content = if let Some(label) = label(view) {
            self.turn = Some(label.span);
            Span { start: label.after, end: view.span.end }.trim(view.text)
        } else {
            // A turn goes on as long as no paragraph attributes speech of its own.
            let narrated = view.regions.iter().any(|r| !r.single)
                || view.sentences.iter().any(|s| !attribution::attributions(view, s).is_empty());
            if narrated {
                self.turn = None;
            }
            view.span
        };
        let Some(speaker) = self.turn.filter(|_| !content.is_empty() && label(view).is_some()) else { return false };
        let mut found = Found::new(view, vec![unmarked(view, content)], None, None, Rule::Transcript, 0..0);
        found.speaker = Some(speaker);
        found.paragraph = index;
        self.found.push(found);
        true
    }

    /// `“…” — Name`, also with the signature in the next paragraph; a block quotation needs no marks.
    fn signed(&mut self, index: usize, view: &View<'_>) -> bool {
        if self.claimed.take() == Some(index) {
            return true;
        }
        let set_off = self.set_off.get(index).copied().unwrap_or(false);
        let (content, speaker, tokens) = if let Some(dash) = signing_dash(view, set_off)
            && let Some(name) = signature(view, dash)
        {
            // Markdown begins the signature's line with a mark of its own.
            let end = (0..dash).rev().find(|at| view.get(*at).is_some_and(|t| !t.is('>'))).map_or(0, |at| at + 1);
            (0..end, view.span_of(&name), view.tokens.len())
        } else if (set_off || view.tokens.len() == 1 && view.region(0).is_some())
            && let Some(next) = self.views.get(index + 1)
            && let Some(name) = signature(next, 0)
        {
            self.claimed = Some(index + 1);
            (0..view.tokens.len(), next.span_of(&name), view.tokens.len())
        } else {
            return false;
        };
        let spans = match content.clone().all(|at| view.region(at).is_some()) {
            true => content_spans(view, content),
            false => view.span_of(&content).into_iter().collect(),
        };
        let mut found = Found::new(view, spans, None, None, Rule::Signature, 0..tokens);
        found.speaker = speaker;
        found.paragraph = index;
        self.found.push(found);
        true
    }
}

/// The dash before a signature: right after the words in marks, or, in a block quotation, the one that begins a line.
fn signing_dash(view: &View<'_>, set_off: bool) -> Option<usize> {
    if view.region(0).is_some() && view.get(1).is_some_and(phrase::is_dash) {
        return Some(1);
    }
    let from = view.tokens.len().saturating_sub(LONGEST_SIGNATURE).max(1);
    (from..view.tokens.len()).filter(|_| set_off).rev().find(|at| {
        view.get(*at).is_some_and(|token| {
            let before = view.text.get(..token.span.start as usize).unwrap_or_default();
            phrase::is_dash(token) && before.trim_end_matches([' ', '\t', '>']).ends_with('\n')
        })
    })
}

/// The name that a signature gives: a dash at token `dash`, then a name and at most what the person is.
fn signature(view: &View<'_>, dash: usize) -> Option<Range<usize>> {
    view.get(dash).filter(|t| phrase::is_dash(t))?;
    let count = view.tokens.len();
    let from = (dash..count).find(|at| view.get(*at).is_some_and(|t| !phrase::is_dash(t)))?;
    let named = view.get(from).is_some_and(|t| t.is_word() && t.capital && !lexicon::is_function(&t.low));
    let verb = (from..count).any(|at| lexicon::is_auxiliary(view.low(at)) || phrase::is_finite(view.low(at)));
    if !named || verb || count - from > LONGEST_SIGNATURE {
        return None;
    }
    phrase::noun_phrase_after(view, from, count)
}

/// The label of a transcript's turn, and where its words begin.
struct Label {
    span: Span,
    after: u32,
}

/// `NAME:` at a paragraph's start: one to five capitalised words, no verb, then a colon and more.
fn label(view: &View<'_>) -> Option<Label> {
    let colon = (1..view.tokens.len().min(7)).find(|at| view.get(*at).is_some_and(|t| t.is(':')))?;
    let words = view.tokens.get(..colon)?;
    let named = words.iter().all(|t| t.is_word() && (t.capital || t.low.starts_with(|c: char| c.is_ascii_digit())));
    (named && view.tokens.len() > colon + 1 && !words.iter().any(|t| lexicon::is_function(&t.low))).then_some(())?;
    let span = view.span_of(&(0..colon))?;
    Some(Label { span, after: view.get(colon)?.span.end })
}

/// The inside of a stretch that is exactly one region.
fn unmarked(view: &View<'_>, span: Span) -> Span {
    view.regions.iter().find(|r| r.outer() == span).map_or(span, |r| r.inner)
}

/// "In her own words": who owns them (the possessive) and the cue.
fn own_words(view: &View<'_>, sentence: &Range<usize>) -> Option<(Range<usize>, Range<usize>)> {
    let own = sentence.clone().find(|at| view.low(*at) == "own" && view.low(at + 1) == "words")?;
    let owner = own.checked_sub(1).filter(|at| *at >= sentence.start)?;
    let start = owner.checked_sub(1).filter(|at| *at >= sentence.start && view.low(*at) == "in").unwrap_or(owner);
    let owner = if view.low(owner) == "'s" {
        phrase::noun_phrase_before(view, owner, sentence.start)?
    } else {
        owner..owner + 1
    };
    Some((owner, start..own + 2))
}

/// Whether every longer word begins with a capital, as in the title of a work.
fn titled(view: &View<'_>, inner: Span) -> bool {
    let words: Vec<&str> = inner.of(view.text).split_whitespace().collect();
    let long = words.iter().filter(|w| w.chars().count() > 3);
    words.len() < 12
        && long.clone().count() > 0
        && long.clone().all(|w| w.trim_start_matches(|c: char| !c.is_alphanumeric()).starts_with(char::is_uppercase))
}

/// Whether the words can name someone who speaks: a pronoun of a person, a name, or a role.
fn speaks(text: &str, span: Span) -> bool {
    let words: Vec<&str> = span.of(text).split_whitespace().collect();
    words.iter().any(|word| {
        let low = word.to_lowercase();
        let low = low.trim_matches(|c: char| !c.is_alphanumeric());
        matches!(low, "he" | "she" | "they" | "we")
            || lexicon::is_role(low)
            || (word.starts_with(char::is_uppercase) && !lexicon::is_function(low) && low != "there")
    })
}
