//! What stands to the right of a verb of speech: a quoted region, a clause, an object, or nothing that was said.

use std::ops::Range;

use super::cues::Cue;
use super::phrase;
use super::tokens::View;
use crate::quotes::lexicon::{self, Class};

/// What follows a cue.
#[derive(Debug, Clone)]
pub(super) enum Complement {
    /// A quoted region right after the cue (its token).
    Region(usize),
    /// A clause with "that", "whether", "to": surely the content. Its first token.
    Clause(usize),
    /// A clause without such a word. Its first token.
    Bare(usize),
    /// The object of "calls", "accuses", "announces". Its first token.
    Object(usize),
}

/// What follows a cue, if it is content.
pub(super) fn complement(view: &View<'_>, cue: &Cue, limit: usize) -> Option<Complement> {
    let mut at = cue.verb + 1;
    let mut object = false;
    let mut adjuncts = 0;
    let takes_object = matches!(cue.class, Class::Tell | Class::Ask | Class::Promise);
    while at < limit && adjuncts < 6 {
        let token = view.get(at)?;
        let low = &*token.low;
        if token.region().is_some() {
            return Some(Complement::Region(at));
        }
        if token.is(':') || token.is(',') || phrase::is_dash(token) {
            let next = at + 1;
            if view.region(next).is_some() {
                return Some(Complement::Region(next));
            }
            if token.is(':') && cue.class.quotes() && next < limit {
                return Some(Complement::Clause(next));
            }
            // "said, in a letter, that": look past one insertion.
            if token.is(',')
                && (lexicon::is_preposition(view.low(next)) || lexicon::adverbial(view.low(next)))
                && let Some(close) = (next..limit.min(next + 14)).find(|i| view.get(*i).is_some_and(|t| t.is(',')))
                && view.low(close + 1) == "that"
            {
                return Some(Complement::Clause(close + 1));
            }
            return None;
        }
        if !token.is_word() {
            return None;
        }
        let embedded = matches!(low, "whether" | "how" | "why" | "what" | "if" | "when" | "where" | "who");
        if low == "that" {
            let demonstrative = lexicon::is_preposition(view.low(at + 1))
                || !view.get(at + 1).is_some_and(|t| t.is_word() || t.region().is_some() || t.is(',') || t.is('$'));
            return (!demonstrative).then_some(Complement::Clause(at));
        }
        if embedded
            && (low != "when" && low != "where" && low != "if" && low != "who"
                || cue.class == Class::Ask
                || cue.class == Class::Tell && object)
        {
            return Some(Complement::Clause(at));
        }
        if low == "to"
            && (matches!(cue.class, Class::Promise | Class::Ask | Class::Tell))
            && !view.get(at + 1).is_some_and(|t| t.capital)
            && !lexicon::is_determiner(view.low(at + 1))
        {
            return Some(Complement::Clause(at));
        }
        if matches!(cue.class, Class::Judge) {
            return Some(Complement::Object(at));
        }
        if matches!(low, "out" | "on") && at == cue.verb + 1 && view.low(at + 1) == "that" {
            at += 1;
            continue;
        }
        if lexicon::is_time(low)
            || (lexicon::adverbial(low) && !token.capital)
            || matches!(low, "last" | "this" | "next") && is_period(view.low(at + 1))
            || is_period(low)
        {
            at += 1;
            adjuncts += 1;
            continue;
        }
        if takes_object && !object {
            let phrase = phrase::noun_phrase_after(view, at, limit)?;
            // "urged calm": an object with nothing behind it is no content.
            object = true;
            at = phrase.end;
            continue;
        }
        if lexicon::is_preposition(low) {
            if lexicon::is_time(view.low(at + 1)) {
                at += 2;
                adjuncts += 1;
                continue;
            }
            let phrase = phrase::noun_phrase_after(view, at + 1, limit)?;
            at = phrase.end;
            adjuncts += 1;
            continue;
        }
        if lexicon::is_conjunction(low) || lexicon::is_auxiliary(low) {
            return None;
        }
        return bare(view, cue, at, limit);
    }
    None
}

fn is_period(low: &str) -> bool {
    matches!(
        low,
        "week"
            | "month"
            | "year"
            | "night"
            | "morning"
            | "afternoon"
            | "evening"
            | "spring"
            | "summer"
            | "fall"
            | "autumn"
            | "winter"
    )
}

/// A clause without "that", or an object.
fn bare(view: &View<'_>, cue: &Cue, at: usize, limit: usize) -> Option<Complement> {
    let low = view.low(at);
    let verb = view.low(cue.verb);
    if matches!(low, "him" | "them" | "me" | "us" | "himself" | "herself" | "themselves" | "itself") {
        return None;
    }
    let subject_pronoun = lexicon::is_pronoun(low) || low == "there";
    let commonly_bare = matches!(
        verb,
        "said"
            | "says"
            | "say"
            | "saying"
            | "think"
            | "thinks"
            | "thought"
            | "believe"
            | "believes"
            | "believed"
            | "insisted"
            | "insists"
            | "hope"
            | "hopes"
            | "hoped"
            | "told"
            | "tells"
            | "telling"
            | "claimed"
            | "claims"
            | "argued"
            | "argues"
            | "joked"
    );
    if subject_pronoun || commonly_bare && cue.class != Class::Ask {
        return Some(Complement::Bare(at));
    }
    let phrase = phrase::noun_phrase_after(view, at, limit)?;
    let next = view.low(phrase.end);
    let predicate = lexicon::is_auxiliary(next)
        || (phrase::is_finite(next) || next.len() > 4 && (next.ends_with("ed") || next.ends_with('s')))
            && phrase::has_name(view, &phrase);
    if predicate {
        return Some(Complement::Bare(at));
    }
    (cue.class == Class::Say).then_some(Complement::Object(at))
}

/// Whether an object without quotation marks tells what was said: "accused them of lying", "announced a plan".
pub(super) fn object_tells(view: &View<'_>, cue: &Cue, range: &Range<usize>) -> bool {
    let has = |word: &str| range.clone().any(|at| view.low(at) == word);
    match view.low(cue.verb) {
        "accused" | "accuses" | "accusing" | "accuse" => has("of"),
        "described" | "describes" | "describing" | "describe" | "characterized" | "portrayed" | "denounced"
        | "dismissed" | "hailed" => has("as"),
        "called" | "calls" | "calling" => range.len() >= 3 && !has("to") && view.low(range.start) != "on",
        "announced" | "announces" | "proposed" | "proposes" | "denied" | "denies" | "predicted" | "predicts"
        | "suggested" | "suggests" | "acknowledged" | "mentioned" | "confirmed" | "admitted" | "explained"
        | "reported" | "declared" | "repeated" | "complained" | "announcing" | "denying" | "predicting" | "claimed"
        | "noted" | "stressed" | "emphasized" => range.len() >= 3,
        _ => false,
    }
}
