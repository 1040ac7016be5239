//! From a cue and its subject to the words that are attributed: what stands to the right ("said that …", "said: “…”"),
//! to the left ("…, she said") or on both sides ("“…,” she said, “…”").

use std::ops::Range;

use super::complement::{self, Complement};
use super::cues::{self, Cue};
use super::phrase;
use super::tokens::View;
use super::{Found, Rule};
use crate::article::Span;
use crate::quotes::lexicon::{self, Class, Form};

/// The attributions of a sentence that a verb of speech or "according to" makes.
pub(super) fn attributions(view: &View<'_>, sentence: &Range<usize>) -> Vec<Found> {
    let cues = cues::cues(view, sentence);
    let mut found: Vec<Found> = according_to(view, sentence);
    let by_source = !found.is_empty();
    let mut past = sentence.start;
    for (index, cue) in cues.iter().enumerate() {
        if found.iter().any(|f| f.whole && f.tokens.contains(&cue.verb)) && by_source {
            continue;
        }
        let next = cues.get(index + 1);
        if let Some(one) = attribute(view, sentence, cue, next, &cues, past) {
            if let Some(end) = one.left_end {
                past = past.max(end);
            }
            found.push(one);
        }
    }
    found
}

fn attribute(
    view: &View<'_>,
    sentence: &Range<usize>,
    cue: &Cue,
    next: Option<&Cue>,
    all: &[Cue],
    past: usize,
) -> Option<Found> {
    let right = if cue.inverted { None } else { complement::complement(view, cue, sentence.end) };
    let edge = match &cue.subject {
        Some(subject) if !cue.inverted && !cue.shared => subject.start.min(cue.group.start),
        _ => cue.group.start,
    };
    // A clause to the left needs a comma or a mark before the subject, and nothing sure to the right.
    let left = left_content(view, sentence, edge, past);
    let left_region =
        left.as_ref().is_some_and(|range| range.end.checked_sub(1).is_some_and(|at| view.region(at).is_some()));
    let ends = region_punctuated(view, left.as_ref());
    let prefers_left = left.is_some()
        && cue.class.quotes()
        && !cue.shared
        && match &right {
            None => true,
            Some(Complement::Region(at)) => left_region && ends && view.get(*at - 1).is_some_and(|t| t.is(',')),
            Some(Complement::Bare(_) | Complement::Object(_)) => left_region && ends,
            Some(Complement::Clause(_)) => left_region && ends && !matches!(cue.class, Class::Say | Class::Tell),
        };
    if prefers_left {
        return left_attribution(view, sentence, cue, left?, all);
    }
    let right = right?;
    cue.subject.as_ref()?;
    let (from, rule) = match right {
        Complement::Region(at) => (at, Rule::RegionAfterCue),
        Complement::Clause(at) => (at, Rule::ThatClause),
        Complement::Bare(at) => (at, Rule::BareClause),
        Complement::Object(at) => (at, Rule::Object),
    };
    let rule = if cue.class == Class::Think || cue.class == Class::Show { Rule::Attitude } else { rule };
    let end = clause_end(view, sentence, from, (cue, next), matches!(right, Complement::Object(_)));
    let range = trim(view, from..end)?;
    let words = range.clone().filter(|at| view.get(*at).is_some_and(|t| t.is_word())).count();
    let region = range.clone().any(|at| view.region(at).is_some());
    if !region && words < 2 {
        return None;
    }
    if matches!(right, Complement::Object(_)) && !region && !complement::object_tells(view, cue, &range) {
        return None;
    }
    let content = content_spans(view, range.clone());
    Some(Found::new(view, content, cue.subject.clone(), Some(cue.group.clone()), rule, range))
}

/// Left of the subject: the clause or region that ends there.
fn left_content(view: &View<'_>, sentence: &Range<usize>, edge: usize, past: usize) -> Option<Range<usize>> {
    let last = edge.checked_sub(1).filter(|at| *at >= past.max(sentence.start))?;
    let token = view.get(last)?;
    let end = if token.region().is_some() {
        edge
    } else if token.is(',') || phrase::is_dash(token) {
        last
    } else {
        return None;
    };
    let range = trim(view, past.max(sentence.start)..end)?;
    Some(range)
}

/// Whether a region at the end of `left` ends as one does before "she said".
fn region_punctuated(view: &View<'_>, left: Option<&Range<usize>>) -> bool {
    left.and_then(|range| {
        let last = range.end.checked_sub(1)?;
        let region = view.region(last)?;
        let comma = view.get(range.end).is_some_and(|t| t.is(','));
        Some(comma || view.region_ends_with(region, &[',', '?', '!', '…', '—', '-', '.']))
    })
    .unwrap_or(false)
}

fn left_attribution(
    view: &View<'_>,
    sentence: &Range<usize>,
    cue: &Cue,
    left: Range<usize>,
    all: &[Cue],
) -> Option<Found> {
    let subject = cue.subject.clone()?;
    let starts_region = view.region(left.start).is_some();
    let ends_region = left.end.checked_sub(1).is_some_and(|at| view.region(at).is_some());
    // What comes after the cue: "…, she said, …" goes on; "she said on Monday" does not.
    let after = if cue.inverted { subject.end } else { cue.verb + 1 };
    let mut whole_end = after;
    let rest = resume(view, sentence, after, all, cue);
    // "As the mayor walked in, she said": a subordinate clause is not what she said.
    if !ends_region && rest.is_none() {
        let words = left.clone().filter(|at| view.get(*at).is_some_and(|t| t.is_word())).count();
        if words < 3 && !left.clone().any(|at| view.region(at).is_some()) {
            return None;
        }
        let low = view.low(left.start);
        let subordinate = matches!(
            low,
            "as" | "when"
                | "after"
                | "before"
                | "while"
                | "in"
                | "at"
                | "on"
                | "during"
                | "asked"
                | "by"
                | "with"
                | "since"
                | "until"
                | "from"
                | "for"
                | "like"
                | "instead"
                | "earlier"
                | "later"
                | "last"
                | "despite"
        );
        let finite_inside = left.clone().any(|at| lexicon::is_auxiliary(view.low(at)) || view.low(at).ends_with("ed"));
        if (subordinate
            && (left.len() < 7
                || matches!(low, "as" | "when" | "asked" | "after" | "while" | "before") && left.len() < 25))
            || !finite_inside && left.len() < 6
        {
            return None;
        }
    }
    let mut content = content_spans(view, left.clone());
    if let Some(rest) = rest {
        whole_end = rest.end;
        content.extend(content_spans(view, rest));
    }
    let rule = match (starts_region && left.len() <= 2, ends_region) {
        (true, _) => Rule::RegionBeforeCue,
        (false, true) => Rule::MixedBeforeCue,
        _ => Rule::ClauseBeforeCue,
    };
    let mut found = Found::new(view, content, Some(subject), Some(cue.group.clone()), rule, left.start..left.end);
    found.left_end = Some(whole_end);
    Some(found)
}

/// Where the quotation goes on after "…, she said".
fn resume(view: &View<'_>, sentence: &Range<usize>, after: usize, all: &[Cue], cue: &Cue) -> Option<Range<usize>> {
    let limit = sentence.end;
    let direct = |at: usize| view.region(at).is_some();
    // A region later in the sentence that begins right after a comma or colon belongs to it; a clause only right here.
    if view.get(after).is_some_and(|t| t.is(',')) {
        let from = after + 1;
        let low = view.low(from);
        if direct(from) {
            return trim(view, from..region_run(view, from, limit));
        }
        let other_cue = all.iter().any(|other| other.verb != cue.verb && other.verb >= from && other.verb < from + 6);
        let participle = low.ends_with("ing")
            || matches!(
                low,
                "who"
                    | "which"
                    | "where"
                    | "when"
                    | "and"
                    | "but"
                    | "a"
                    | "an"
                    | "in"
                    | "at"
                    | "as"
                    | "while"
                    | "after"
                    | "before"
                    | "according"
                    | "during"
                    | "on"
                    | "the"
                    | "with"
                    | "referring"
            );
        let words = (from..limit).filter(|at| view.get(*at).is_some_and(|t| t.is_word())).count();
        let clause = (from..limit).take(8).any(|at| lexicon::is_auxiliary(view.low(at)));
        if !other_cue && !participle && words >= 3 && clause && !(from..limit).any(direct) {
            return trim(view, from..limit);
        }
    }
    let region = (after..limit).take(14).find(|at| direct(*at))?;
    if all.iter().any(|other| other.verb > cue.verb && other.verb < region) {
        return None;
    }
    view.get(region.checked_sub(1)?).filter(|t| t.is(',') || t.is(':') || phrase::is_dash(t))?;
    trim(view, region..region_run(view, region, limit))
}

/// One past the regions that follow one another from `from`.
fn region_run(view: &View<'_>, from: usize, limit: usize) -> usize {
    let mut end = from + 1;
    while end < limit && view.region(end).is_some() {
        end += 1;
    }
    end
}

/// Where the content that begins at `from` ends: with the sentence, or before a further attribution.
fn clause_end(
    view: &View<'_>,
    sentence: &Range<usize>,
    from: usize,
    (cue, next): (&Cue, Option<&Cue>),
    object: bool,
) -> usize {
    let mut end = sentence.end;
    if view.region(from).is_some() {
        // "said “…” and left": a whole sentence in marks ends with its mark; a fragment runs on with its clause.
        let run = region_run(view, from, end);
        let closed = view.region(run - 1).is_some_and(|r| view.region_ends_with(r, &['.', '?', '!', ',', '…']));
        if closed || view.get(run).is_none_or(|t| !t.is_word()) || object {
            return run;
        }
    }
    if let Some(next) = next.filter(|next| next.group.start > from) {
        let edge = match &next.subject {
            Some(subject) if !next.shared && !next.inverted => subject.start.min(next.group.start),
            _ => next.group.start,
        };
        let mut cut = edge;
        while cut > from
            && view
                .get(cut - 1)
                .is_some_and(|t| t.is(',') || matches!(&*t.low, "and" | "but" | "while" | "though" | "although" | "by"))
        {
            cut -= 1;
        }
        // "said A, adding B" and "said A and added B" part; "said they hoped A and expect B" does not.
        let parallel = next.form == Form::Ing || (next.form == cue.form && next.class != Class::Think);
        let separate = cut < edge && if next.shared { parallel } else { view.get(cut).is_some_and(|t| t.is(',')) };
        if separate && cut > from + 1 {
            end = end.min(cut);
        }
    }
    if let Some(at) = (from + 1..end).find(|at| view.low(*at) == "according" && view.low(at + 1) == "to") {
        end = if view.get(at - 1).is_some_and(|t| t.is(',')) { at - 1 } else { at };
    }
    // What follows a dash, or ", but", is mostly the writer's again.
    let aside = |at: usize| {
        view.get(at).is_some_and(phrase::is_dash)
            || view.get(at).is_some_and(|t| t.is(','))
                && matches!(view.low(at + 1), "but" | "though" | "although" | "while" | "even")
    };
    if let Some(at) = (from + 4..end).find(|at| aside(*at)) {
        end = at;
    }
    if object {
        // An object ends with its last region, or at the first comma.
        let last_region = (from..end).rev().find(|at| view.region(*at).is_some());
        let comma = (from + 1..end).find(|at| view.get(*at).is_some_and(|t| t.is(',') || t.is(';')));
        end = match (last_region, comma) {
            (Some(region), _) => region + 1,
            (None, Some(comma)) => comma,
            _ => end,
        };
    }
    end
}

/// "According to X, …" and "…, according to X".
fn according_to(view: &View<'_>, sentence: &Range<usize>) -> Vec<Found> {
    let Some(at) = sentence.clone().find(|at| view.low(*at) == "according" && view.low(at + 1) == "to") else {
        return Vec::new();
    };
    let Some(source) = phrase::noun_phrase_after(view, at + 2, sentence.end) else { return Vec::new() };
    let cue = at..at + 2;
    let leads = at == sentence.start
        || at == sentence.start + 1 && view.get(sentence.start).is_none_or(|t| t.region().is_none());
    let range = if leads {
        let Some(comma) = (source.end..sentence.end).find(|i| view.get(*i).is_some_and(|t| t.is(','))) else {
            return Vec::new();
        };
        comma + 1..sentence.end
    } else {
        sentence.start..at
    };
    let Some(range) = trim(view, range) else { return Vec::new() };
    if range.len() < 3 && !range.clone().any(|at| view.region(at).is_some()) {
        return Vec::new();
    }
    let mut found =
        Found::new(view, content_spans(view, range.clone()), Some(source), Some(cue), Rule::AccordingTo, range);
    found.whole = true;
    vec![found]
}

/// A range without punctuation at its ends.
pub(super) fn trim(view: &View<'_>, mut range: Range<usize>) -> Option<Range<usize>> {
    let mute =
        |at: usize| view.get(at).is_none_or(|t| !t.is_word() && t.region().is_none() && !t.is(')') && !t.is('('));
    while range.start < range.end && mute(range.start) {
        range.start += 1;
    }
    while range.start < range.end && mute(range.end - 1) {
        range.end -= 1;
    }
    (!range.is_empty()).then_some(range)
}

/// The spans of a range: regions alone give their insides, anything else is one stretch with the marks inside it.
pub(super) fn content_spans(view: &View<'_>, range: Range<usize>) -> Vec<Span> {
    if range.clone().all(|at| view.get(at).is_some_and(|t| !t.is_word())) {
        return range.filter_map(|at| view.region(at)).map(|r| r.inner).collect();
    }
    view.span_of(&range).into_iter().collect()
}
