//! Verbs of speech in a sentence, each with its subject: where an attribution may be.

use std::ops::Range;

use super::phrase;
use super::tokens::View;
use crate::quotes::lexicon::{self, Class, Form};

/// A verb of speech that is used as one.
#[derive(Debug, Clone)]
pub(super) struct Cue {
    /// The verb.
    pub verb: usize,
    /// The verb with its auxiliaries and adverbs.
    pub group: Range<usize>,
    /// How it reports.
    pub class: Class,
    /// Its form.
    pub form: Form,
    /// The words that name who speaks.
    pub subject: Option<Range<usize>>,
    /// Whether the subject stands after the verb ("said Lee").
    pub inverted: bool,
    /// Whether the subject is that of an earlier verb ("…, adding that", "and said").
    pub shared: bool,
}

/// The cues of a sentence, in order.
pub(super) fn cues(view: &View<'_>, sentence: &Range<usize>) -> Vec<Cue> {
    let mut cues: Vec<Cue> = Vec::new();
    for at in sentence.clone() {
        if let Some(cue) = cue_at(view, sentence, at, &cues) {
            cues.push(cue);
        }
    }
    cues
}

fn cue_at(view: &View<'_>, sentence: &Range<usize>, at: usize, earlier: &[Cue]) -> Option<Cue> {
    let token = view.get(at)?;
    if !token.is_word() {
        return None;
    }
    let mut class = Class::Say;
    let form = if let Some(verb) = lexicon::verb(&token.low) {
        class = verb.class;
        verb.form
    } else if matches!((&*token.low, view.low(at + 1)), ("pointed", "out") | ("went", "on")) {
        Form::Past
    } else if matches!((&*token.low, view.low(at + 1)), ("points" | "point", "out")) {
        Form::Third
    } else if matches!((&*token.low, view.low(at + 1)), ("pointing", "out")) {
        Form::Ing
    } else {
        return None;
    };
    if token.capital && at != sentence.start {
        return None;
    }
    let floor = sentence.start;
    // The verb's auxiliaries and adverbs, leftwards.
    let mut start = at;
    let (mut passive, mut perfect, mut modal) = (false, false, false);
    while start > floor {
        let low = view.low(start - 1);
        if lexicon::is_auxiliary(low) {
            passive |= lexicon::is_be(low);
            perfect |= matches!(low, "has" | "have" | "had" | "has've" | "hasn't" | "haven't" | "hadn't");
            modal |= !lexicon::is_be(low);
        } else if !(lexicon::adverbial(low) && view.get(start - 1).is_some_and(|t| !t.capital) || low == "not") {
            break;
        }
        start -= 1;
    }
    let before = start.checked_sub(1).filter(|b| *b >= floor);
    let low_before = before.map_or("", |b| view.low(b));
    match form {
        Form::Past if passive => return None,
        Form::Participle if !perfect => return None,
        Form::Base if !modal && !plural(view, before) => return None,
        _ => {}
    }
    // After an article or a possessive it is a noun or an adjective: "the report", "his claims", "Lee’s call".
    let subjectless =
        matches!(low_before, "some" | "many" | "others" | "most" | "several" | "few" | "all" | "both" | "that" | "one");
    if (lexicon::is_determiner(low_before) && !subjectless) || low_before == "'s" {
        return None;
    }
    let of_preposition = lexicon::is_preposition(low_before);
    if (of_preposition && form != Form::Ing) || low_before == "to" {
        return None;
    }
    let group = start..at + 1;
    let region_before = before.is_some_and(|b| view.get(b).is_some_and(|t| t.region().is_some()));
    let comma_before = before.is_some_and(|b| view.get(b).is_some_and(|t| t.is(',') || phrase::is_dash(t)));
    // "“…,” said Lee" and "…, said Lee": nothing but a mark stands before the verb.
    let finite = matches!(form, Form::Past | Form::Third) || (form == Form::Base && modal);
    if finite && class.quotes() && (region_before || comma_before) && (start == at || region_before) {
        let ends_clause = |range: &Range<usize>| {
            view.get(range.end).is_none_or(|t| {
                !t.is_word() || lexicon::is_function(&t.low) || lexicon::is_time(&t.low) || lexicon::adverbial(&t.low)
            })
        };
        let object = matches!(class, Class::Tell | Class::Ask | Class::Promise)
            && view.get(at + 1).is_some_and(|t| {
                lexicon::is_pronoun(&t.low) || matches!(&*t.low, "me" | "us" | "him" | "her" | "them")
            });
        // "told reporters": whoever stands behind "told" is told.
        let object = object || matches!(&*token.low, "told" | "tells");
        if !object
            && let Some(subject) = phrase::noun_phrase_after(view, at + 1, sentence.end)
                .map(|subject| phrase::with_apposition(view, subject, sentence.end))
            && ends_clause(&subject)
            && (region_before || !clause_follows(view, &subject, sentence.end))
        {
            return Some(Cue { verb: at, group, class, form, subject: Some(subject), inverted: true, shared: false });
        }
    }
    let own = match form {
        Form::Ing if !passive => None,
        _ => phrase::subject_before(view, start, floor),
    };
    let shared = own.is_none();
    let subject = own.or_else(|| {
        let joined = form == Form::Ing
            || matches!(low_before, "and" | "but" | "then" | "or")
            || comma_before
            || (region_before && start == at);
        if !joined {
            return None;
        }
        earlier
            .last()
            .and_then(|cue| cue.subject.clone())
            .or_else(|| phrase::sentence_subject(view, sentence))
            .filter(|s| s.end <= start)
    });
    Some(Cue { verb: at, group, class, form, subject, inverted: false, shared })
}

/// Whether what stands before a base form can be the plural (or "I", "you") that it needs.
fn plural(view: &View<'_>, before: Option<usize>) -> bool {
    let Some(at) = before else { return false };
    let low = view.low(at);
    match low {
        "they" | "we" | "i" | "you" | "who" | "some" | "many" | "others" | "most" | "several" | "few" | "all"
        | "both" | "people" | "police" | "that" | "and" | "which" => true,
        _ => view.get(at).is_some_and(|t| {
            t.is(')')
                || t.is(',')
                || t.is_word()
                    && !lexicon::is_function(low)
                    && (low.ends_with('s') || low.ends_with("men"))
                    && low.len() > 3
        }),
    }
}

/// Whether a finite verb follows the noun phrase: it is then the subject of a clause.
fn clause_follows(view: &View<'_>, phrase: &Range<usize>, limit: usize) -> bool {
    phrase.end < limit && (lexicon::is_auxiliary(view.low(phrase.end)) || phrase::is_finite(view.low(phrase.end)))
}
