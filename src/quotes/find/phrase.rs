//! Noun phrases beside a verb of speech: who says it.
//!
//! There is no part-of-speech tagger here. A phrase is grown from its head over words that are not of the closed classes,
//! which is right often enough because the words around a verb of speech are few in kind.

use std::ops::Range;

use super::tokens::{Token, View};
use crate::quotes::lexicon::{self, Form};

/// The longest noun phrase, in tokens.
const LONGEST: usize = 22;

/// The subject that ends right before token `end`, looked for no further left than `floor`.
///
/// Passes over an apposition or relative clause between commas ("Ann Lee, the mayor of Exton, said"); takes the words
/// to the left of a relative pronoun together with it ("the mayor, who").
pub(super) fn subject_before(view: &View<'_>, end: usize, floor: usize) -> Option<Range<usize>> {
    let last = end.checked_sub(1).filter(|last| *last >= floor)?;
    let token = view.get(last)?;
    if token.is_word() {
        return match view.low(last) {
            "who" | "which" => Some(relative(view, last, floor).unwrap_or(last..end)),
            _ => noun_phrase_before(view, end, floor),
        };
    }
    if token.is(')') {
        return noun_phrase_before(view, end, floor);
    }
    if !(token.is(',') || is_dash(token)) {
        return None;
    }
    let mut best: Option<Range<usize>> = None;
    let mut seen = 0;
    for comma in (floor + 1..last).rev() {
        let Some(mark) = view.get(comma) else { break };
        if last - comma > 40 || mark.region().is_some() || mark.is(';') || mark.is(':') {
            break;
        }
        if !(mark.is(',') || (is_dash(mark) && is_dash(token))) {
            continue;
        }
        seen += 1;
        if seen > 5 {
            break;
        }
        if !begins_apposition(view, comma + 1) {
            continue;
        }
        let Some(phrase) = noun_phrase_before(view, comma, floor) else { continue };
        let opens_clause =
            phrase.start == floor || !view.get(phrase.start - 1).is_some_and(|t| t.is(',') || t.is_word());
        // "the union’s chair", "PECU’s chair": the name before the possessive is someone else's.
        let named = names_head(view, &phrase);
        let phrase =
            if !named && has_name(view, &(comma + 1..last)) && last - comma < 8 { phrase.start..last } else { phrase };
        let better = best.as_ref().is_none_or(|best| opens_clause || (named && !names_head(view, best)));
        if better {
            best = Some(phrase);
        }
        if opens_clause {
            break;
        }
    }
    best
}

/// The noun phrase to the left of the relative pronoun at `pronoun`, with the pronoun.
fn relative(view: &View<'_>, pronoun: usize, floor: usize) -> Option<Range<usize>> {
    let comma = pronoun.checked_sub(1).filter(|at| view.get(*at).is_some_and(|t| t.is(',') || is_dash(t)));
    let phrase = match comma {
        Some(comma) => subject_before(view, comma, floor).or_else(|| subject_before(view, comma + 1, floor)),
        None => noun_phrase_before(view, pronoun, floor),
    }?;
    Some(phrase.start..pronoun + 1)
}

/// The noun phrase that ends right before token `end`.
pub(super) fn noun_phrase_before(view: &View<'_>, end: usize, floor: usize) -> Option<Range<usize>> {
    let mut at = end;
    let lowest = floor.max(end.saturating_sub(LONGEST));
    while at > lowest {
        let Some(token) = view.get(at - 1) else { break };
        let low = &*token.low;
        if token.is(')') {
            let open = (lowest..at - 1).rev().find(|i| view.get(*i).is_some_and(|t| t.is('(')));
            match open {
                Some(open) => at = open,
                None => break,
            }
            continue;
        }
        if !token.is_word() {
            if token.is('&') {
                at -= 1;
                continue;
            }
            break;
        }
        if at == end && lexicon::is_pronoun(low) && !token.capital
            || (at == end && lexicon::is_pronoun(low) && low != "it" && low.len() > 1)
        {
            return Some(at - 1..end);
        }
        if at == end && matches!(low, "it" | "i") {
            return Some(at - 1..end);
        }
        if lexicon::is_determiner(low) {
            at -= 1;
            if !reaches_back(view, at, lowest) {
                break;
            }
            at -= 1;
            continue;
        }
        let nothing_yet = at == end;
        if token.capital && !(lexicon::is_function(low) && low != "us") {
            at -= 1;
            continue;
        }
        if low == "of" && !nothing_yet {
            at -= 1;
            continue;
        }
        if lexicon::is_preposition(low) && !nothing_yet {
            if reaches_back(view, at, lowest) {
                at -= 1;
                continue;
            }
            break;
        }
        if low == "and" && !nothing_yet && joins_names(view, at - 1, end) {
            at -= 1;
            continue;
        }
        if low == "'s" {
            at -= 1;
            continue;
        }
        if lexicon::is_function(low) || lexicon::adverbial(low) || is_finite(low) {
            break;
        }
        at -= 1;
    }
    tidy(view, at..end)
}

/// Whether the preposition before `at` ties what follows it to a noun that belongs to the same phrase
/// ("a spokesman for | the mayor").
fn reaches_back(view: &View<'_>, at: usize, lowest: usize) -> bool {
    let Some(preposition) = at.checked_sub(1).filter(|p| *p > lowest) else { return false };
    let before = view.low(preposition - 1);
    match view.low(preposition) {
        "of" => view.get(preposition - 1).is_some_and(Token::is_word),
        "for" | "at" | "with" | "from" | "in" | "to" | "on" => {
            lexicon::is_role(before) || before.ends_with("ist") || before.ends_with("or")
        }
        _ => false,
    }
}

fn joins_names(view: &View<'_>, and: usize, end: usize) -> bool {
    let name = |at: usize| view.get(at).is_some_and(|t| t.is_word() && t.capital && !lexicon::is_function(&t.low));
    and.checked_sub(1).is_some_and(|before| name(before) || view.get(before).is_some_and(|t| t.is(')')))
        && (and + 1..end).take(4).any(name)
}

/// Cuts what can't begin a noun phrase, and lower-case words before a name that are no role.
fn tidy(view: &View<'_>, mut range: Range<usize>) -> Option<Range<usize>> {
    while !range.is_empty() {
        let token = view.get(range.start)?;
        let low = &*token.low;
        let begins = token.is_word()
            && low != "'s"
            && !(lexicon::is_preposition(low)
                || lexicon::is_conjunction(low) && !lexicon::is_determiner(low)
                || lexicon::is_auxiliary(low));
        if begins {
            break;
        }
        range.start += 1;
    }
    if range.is_empty() {
        return None;
    }
    if !lexicon::is_determiner(view.low(range.start)) && has_name(view, &range) {
        while let Some(token) = view.get(range.start)
            && !token.capital
            && !lexicon::is_role(&token.low)
            && !lexicon::is_title(&token.low)
            && !token.low.contains('-')
            && view.low(range.start + 1) != "'s"
            && range.len() > 1
            && !lexicon::is_role(view.low(range.start + 1))
        {
            range.start += 1;
        }
    }
    let noun = range.clone().any(|at| {
        view.get(at).is_some_and(|t| {
            t.is_word() && (t.capital || !lexicon::is_function(&t.low) || pronominal(&t.low)) && t.low != "'s"
        })
    });
    (noun && !range.is_empty()).then_some(range)
}

/// Words that are a whole subject although they could begin a longer one ("some say", "others disagree").
fn pronominal(low: &str) -> bool {
    lexicon::is_pronoun(low) || matches!(low, "both" | "all" | "several" | "most" | "few" | "one" | "another")
}

/// The noun phrase that begins at token `start`, not reaching `limit`.
pub(super) fn noun_phrase_after(view: &View<'_>, start: usize, limit: usize) -> Option<Range<usize>> {
    let limit = limit.min(start + LONGEST);
    let first = view.get(start)?;
    if !first.is_word() {
        return None;
    }
    if lexicon::is_pronoun(&first.low) || matches!(&*first.low, "him" | "them" | "me" | "us") && !first.capital {
        return Some(start..start + 1);
    }
    let mut at = start;
    let mut named = false;
    while at < limit {
        let Some(token) = view.get(at) else { break };
        let low = &*token.low;
        if token.is('(') {
            match (at..limit).find(|i| view.get(*i).is_some_and(|t| t.is(')'))) {
                Some(close) => at = close + 1,
                None => break,
            }
            continue;
        }
        if token.is('&') {
            at += 1;
            continue;
        }
        if !token.is_word() {
            break;
        }
        if low == "'s" {
            named = false;
            at += 1;
            continue;
        }
        if token.capital && !lexicon::is_time(low) && !(lexicon::is_function(low) && low != "the") {
            named = true;
            at += 1;
            continue;
        }
        if lexicon::is_determiner(low)
            && (at == start || matches!(view.low(at - 1), "of" | "and" | "for" | "all" | "some"))
        {
            named = false;
            at += 1;
            continue;
        }
        if at > start
            && (low == "of" || (low == "for" && lexicon::is_role(view.low(at - 1))))
            && view.get(at + 1).is_some_and(Token::is_word)
        {
            named = false;
            at += 1;
            continue;
        }
        if at > start && low == "and" && named && view.get(at + 1).is_some_and(|t| t.capital) {
            at += 1;
            continue;
        }
        // After a name, a lower-case word begins the predicate.
        if lexicon::is_function(low)
            || lexicon::is_time(low)
            || lexicon::adverbial(low)
            || named
            || (at > start + 1 && is_finite(low))
        {
            break;
        }
        at += 1;
    }
    tidy(view, start..at)
}

/// The subject of a sentence: its first noun phrase after joining words and a leading "In …," or "After …,".
pub(super) fn sentence_subject(view: &View<'_>, sentence: &Range<usize>) -> Option<Range<usize>> {
    let mut at = sentence.start;
    let low = view.low(at);
    if matches!(low, "and" | "but" | "so" | "yet" | "still" | "now" | "then" | "also") || lexicon::adverbial(low) {
        at += 1;
        if view.get(at).is_some_and(|t| t.is(',')) {
            at += 1;
        }
    }
    let low = view.low(at);
    if lexicon::is_preposition(low)
        || matches!(low, "when" | "while" | "as" | "if" | "because" | "although" | "though" | "where")
        || lexicon::verb(low).is_some_and(|v| v.form == Form::Ing || v.form == Form::Past)
    {
        at = (at..sentence.end).find(|i| view.get(*i).is_some_and(|t| t.is(',')))? + 1;
    }
    if at >= sentence.end {
        return None;
    }
    noun_phrase_after(view, at, sentence.end)
}

/// Whether an apposition, relative clause or age can begin at `at`.
fn begins_apposition(view: &View<'_>, at: usize) -> bool {
    view.get(at).is_some_and(|token| {
        let low = &*token.low;
        token.capital
            || lexicon::is_determiner(low)
            || matches!(
                low,
                "who"
                    | "whose"
                    | "which"
                    | "of"
                    | "himself"
                    | "herself"
                    | "speaking"
                    | "in"
                    | "at"
                    | "on"
                    | "when"
                    | "as"
                    | "while"
                    | "like"
                    | "after"
            )
            || lexicon::is_role(low)
            || lexicon::is_title(low)
            || low.starts_with(|c: char| c.is_ascii_digit())
            || low.ends_with("ing")
            || low.ends_with("ed")
            || low.contains('-')
            || token.is_word() && view.low(at + 1) == "of"
    })
}

/// Whether `range` holds a capitalised word that is no function word.
pub(super) fn has_name(view: &View<'_>, range: &Range<usize>) -> bool {
    view.tokens
        .get(range.clone())
        .is_some_and(|tokens| tokens.iter().any(|t| t.is_word() && t.capital && !lexicon::is_function(&t.low)))
}

/// Whether `range` holds a name after its last possessive.
fn names_head(view: &View<'_>, range: &Range<usize>) -> bool {
    let from = range.clone().rev().find(|at| view.low(*at) == "'s").map_or(range.start, |at| at + 1);
    has_name(view, &(from..range.end))
}

/// `subject` with the name that follows it in apposition: "said | the county engineer, Ann Lee |, …".
pub(super) fn with_apposition(view: &View<'_>, subject: Range<usize>, limit: usize) -> Range<usize> {
    let comma = subject.end;
    if subject.len() < 2 || has_head_name(view, &subject) || !view.get(comma).is_some_and(|t| t.is(',')) {
        return subject;
    }
    let begins = view.get(comma + 1).is_some_and(|t| t.is_word() && t.capital && !lexicon::is_function(&t.low));
    let Some(name) = noun_phrase_after(view, comma + 1, limit).filter(|_| begins) else { return subject };
    let all_named = name.clone().all(|at| view.get(at).is_some_and(|t| t.capital));
    let closed = view.get(name.end).is_none_or(|t| !t.is_word()) || matches!(view.low(name.end), "who" | "in" | "on");
    if name.end <= limit && all_named && closed { subject.start..name.end } else { subject }
}

/// Whether the words before any preposition, after any possessive, hold a name.
fn has_head_name(view: &View<'_>, range: &Range<usize>) -> bool {
    let end = range.clone().find(|at| lexicon::is_preposition(view.low(*at))).unwrap_or(range.end);
    names_head(view, &(range.start..end))
}

/// A dash as it stands between clauses.
pub(super) fn is_dash(token: &Token<'_>) -> bool {
    token.is('—') || token.is('–') || token.is('-')
}

/// Whether a lower-case word is a verb that reports, in a finite form, and no role ("report").
pub(super) fn is_finite(low: &str) -> bool {
    lexicon::verb(low).is_some_and(|verb| matches!(verb.form, Form::Past | Form::Third | Form::Ing))
        && !lexicon::is_role(low)
}
