//! Capitalised runs of words: names with their titles, before it is known whom they name.

use super::{is_institution, is_particle, is_suffix};
use crate::article::Span;
use crate::quotes::find::tokens::{Sort, Token};
use crate::quotes::{bodies, given_names, lexicon, roles};

/// The longest name, in words.
const LONGEST_NAME: usize = 12;

/// A capitalised run before it is known whom it names.
#[derive(Debug)]
pub(super) struct Run {
    /// The name, without title.
    pub span: Span,
    /// Its words in lower case; a nickname between marks is none of them.
    pub words: Vec<String>,
    /// Titles before it, in lower case.
    pub titles: Vec<String>,
    /// Whether its own words tell that it is no person.
    pub organisation: bool,
    /// The letters that stand in brackets after it.
    pub acronym: Option<String>,
    /// What the text beside it says they are.
    pub roles: Vec<Vec<String>>,
    /// Whether it is one word at the start of a sentence, which has a capital anyway.
    pub initial: bool,
    /// Whether it begins a sentence, as its subject mostly does.
    pub opens: bool,
}

/// Collects the capitalised runs of a paragraph.
pub(super) fn gather(text: &str, tokens: &[Token<'_>], runs: &mut Vec<Run>) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let opens = starts_sentence(tokens, at);
        if !names(token)
            || lexicon::is_determiner(&token.low)
            || (opens
                && (lexicon::is_function(&token.low) && !is_particle(&token.low)
                    || lexicon::adverbial(&token.low)
                    || opens_only(&token.low)
                    || lexicon::verb(&token.low).is_some()))
        {
            at += 1;
            continue;
        }
        let (end, nickname) = end_of_run(tokens, at);
        let run = tokens.get(at..end).unwrap_or_default();
        let letters = letters_after(tokens, end, run);
        let subject =
            opens || at.checked_sub(1).and_then(|the| tokens.get(the)).is_some_and(|t| t.low == "the" && t.capital);
        // A label ("LEE: …") is a name although it opens a sentence.
        let opens = opens && !tokens.get(end).is_some_and(|t| t.is(':'));
        let mut name = name_of(text, run, opens, letters, nickname.map(|word| word - at));
        if let Some(name) = name.as_mut() {
            name.opens = subject;
            // "the former House Speaker Ann Lee": the new one is somebody else.
            let left = at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|t| t.low == "former");
            name.titles.extend((left && !name.organisation).then(|| "former".to_owned()));
            name.roles.extend(roles::before(tokens, at));
            name.roles.extend(roles::after(tokens, end));
            name.roles.extend(roles::given(tokens, end));
            // "the waste company Ostra", "Ostra, which runs it"
            let which =
                tokens.get(end).is_some_and(|t| t.is(',')) && tokens.get(end + 1).is_some_and(|t| t.low == "which");
            let called = |role: &Vec<String>| role.last().is_some_and(|noun| bodies::is_body(noun));
            name.organisation |= which || name.roles.iter().any(called);
            if name.organisation {
                // What sort of body: "the airline Meridian".
                name.roles.retain(called);
            }
        }
        runs.extend(name);
        at = end;
    }
}

/// Where a run that begins at a token ends, and the token that is a nickname between marks.
fn end_of_run(tokens: &[Token<'_>], at: usize) -> (usize, Option<usize>) {
    let mut end = at + 1;
    let mut nickname = None;
    while let Some(next) = tokens.get(end).filter(|_| end - at < LONGEST_NAME) {
        let after = |n: usize| tokens.get(end + n).is_some_and(names);
        let low = |n: usize| tokens.get(end + n).map_or("", |t| &*t.low);
        let run = tokens.get(at..end).unwrap_or_default();
        // "Board of Governors of the …", not "House Speaker Lee of Exton"
        let begun =
            run.iter().any(|t| is_institution(&t.low)) && run.iter().any(|t| matches!(&*t.low, "of" | "for" | "on"));
        let institution = begun || run.last().is_some_and(|t| is_institution(&t.low));
        if names(next) {
            end += 1;
        } else if is_particle(&next.low) && after(1) || next.is('&') && after(1) {
            end += 2;
        } else if is_particle(&next.low) && is_particle(low(1)) && after(2) {
            // "van der Meer"
            end += 3;
        } else if institution && matches!(&*next.low, "of" | "for" | "on") && after(1) {
            end += 2;
        } else if institution && matches!(&*next.low, "of" | "for" | "on") && low(1) == "the" && after(2) {
            end += 3;
        } else if next.low == "and" && after(1) && joins_in_an_institution(tokens, at, end) {
            end += 2;
        } else if next.is(',') && after(1) && is_suffix(low(1)) || owns_what_follows(tokens, at, end) {
            // "Lee, Jr."; "the Traders’ Guild"
            end += 2;
        } else if nickname.is_none()
            && is_mark(next)
            && after(1)
            && tokens.get(end + 2).is_some_and(is_mark)
            && after(3)
        {
            nickname = Some(end + 1);
            end += 4;
        } else {
            break;
        }
    }
    (end, nickname)
}

/// "Food | and Drug Administration", "Department of Health | and Human Services": not two names.
fn joins_in_an_institution(tokens: &[Token<'_>], at: usize, and: usize) -> bool {
    let before = tokens.get(at..and).unwrap_or_default();
    let after: Vec<&Token<'_>> = tokens.iter().skip(and + 1).take(4).take_while(|t| names(t)).collect();
    let plain = |t: &Token<'_>| given_names::gender(&t.low).is_none() && !lexicon::is_title(&t.low);
    let ends = after.last().is_some_and(|t| is_institution(&t.low));
    let begun = before.iter().any(|t| is_institution(&t.low)) && before.iter().any(|t| t.low == "of" || t.low == "for");
    (ends && before.len() == 1 && after.len() >= 2 || begun)
        && before.iter().all(plain)
        && after.iter().all(|t| plain(t))
}

/// "Exton Growers|’ League": the apostrophe of a plural, in the name of a body.
fn owns_what_follows(tokens: &[Token<'_>], at: usize, apostrophe: usize) -> bool {
    let Some([owner, mark, next]) = apostrophe.checked_sub(1).and_then(|owner| tokens.get(owner..owner + 3)) else {
        return false;
    };
    let plural = apostrophe > at && owner.low.ends_with('s') && (mark.is('’') || mark.is('\''));
    let parted = mark.span.start == owner.span.end && mark.span.end < next.span.start;
    let body = tokens.iter().skip(apostrophe + 1).take(4).take_while(|t| names(t)).any(|t| is_institution(&t.low));
    plural && parted && body
}

fn is_mark(token: &Token<'_>) -> bool {
    matches!(token.sort, Sort::Punct('“' | '”' | '"' | '‘' | '’' | '\'' | '(' | ')'))
}

/// Whether a token can be part of a name.
fn names(token: &Token<'_>) -> bool {
    token.sort == Sort::Word
        && token.capital
        && !lexicon::is_time(&token.low)
        && !of_a_name(&token.low)
        && !matches!(&*token.low, "i" | "the" | "a" | "i'm" | "i've" | "i'd" | "i'll")
        && !(lexicon::is_pronoun(&token.low) && token.low.len() > 2 || matches!(&*token.low, "he" | "it" | "we"))
}

/// Whether a word is a name made into an adjective: "the Exton-born | Ann Lee".
fn of_a_name(low: &str) -> bool {
    low.rsplit_once('-').is_some_and(|(_, tail)| {
        matches!(
            tail,
            "born" | "based" | "backed" | "led" | "owned" | "run" | "held" | "controlled" | "aligned" | "era" | "style"
        )
    })
}

/// Whether a word that begins a sentence has its capital from that alone, though it is of no closed class: "Unlike | Lee, …".
fn opens_only(low: &str) -> bool {
    matches!(
        low,
        "unlike"
            | "following"
            | "given"
            | "having"
            | "everything"
            | "nothing"
            | "anything"
            | "something"
            | "yes"
            | "please"
            | "thanks"
            | "dear"
            | "poor"
    )
}

/// Whether a run in capitals is a headline rather than a name: it holds a verb.
fn shouts(text: &str, run: &[Token<'_>]) -> bool {
    run.len() > 2
        && run.iter().any(|t| lexicon::is_auxiliary(&t.low))
        && run.iter().all(|t| !t.span.of(text).contains(char::is_lowercase))
}

fn starts_sentence(tokens: &[Token<'_>], at: usize) -> bool {
    // Behind "…," a mark that looks the same at both ends closes.
    let closed = at.checked_sub(2).and_then(|before| tokens.get(before)).is_some_and(|t| t.is(','));
    // “It is old.” But…: behind a mark that closed the sentence before.
    let ended = at.checked_sub(2).and_then(|before| tokens.get(before));
    let ended = ended.is_some_and(|t| matches!(t.sort, Sort::Punct('.' | '?' | '!' | '…')));
    at.checked_sub(1).and_then(|before| tokens.get(before)).is_none_or(|before| {
        if closed && matches!(before.sort, Sort::Punct('"' | '\'')) {
            return false;
        }
        if ended && matches!(before.sort, Sort::Punct('”' | '’' | ')' | ']' | '»' | '(' | '[')) {
            return true;
        }
        matches!(
            before.sort,
            Sort::Punct('.' | '?' | '!' | '…' | ':' | '“' | '"' | '‘' | '\'' | '—' | '•' | '*' | '«' | '„')
        )
    })
}

/// The letters in brackets after a name, if they are its initials: "Federal Communications Commission (FCC)".
fn letters_after(tokens: &[Token<'_>], end: usize, run: &[Token<'_>]) -> Option<String> {
    let (open, letters, close) = (tokens.get(end)?, tokens.get(end + 1)?, tokens.get(end + 2)?);
    if !open.is('(') || !close.is(')') || run.len() < 2 {
        return None;
    }
    let plain = letters.low.replace('.', "");
    let words = run.iter().filter(|t| t.is_word() || t.is('&')).map(|t| &*t.low);
    super::initials(words).contains(&plain).then_some(plain)
}

/// A run without its titles, and whether it names an organisation.
fn name_of(
    text: &str,
    run: &[Token<'_>],
    opens: bool,
    acronym: Option<String>,
    nickname: Option<usize>,
) -> Option<Run> {
    let title = |t: &Token<'_>| lexicon::is_title(&t.low);
    let gender = |t: &Token<'_>| given_names::gender(&t.low);
    // Whatever stands before the last title is no part of a person's name: "Texas Senator Ted Cruz".
    let last = run.iter().rposition(title).map_or(0, |at| at + 1);
    let behind = run.get(last..).unwrap_or_default();
    let told = if behind.is_empty() { run } else { behind };
    let lettered = run.len() == 1
        && run.iter().all(|t| {
            let word = t.span.of(text);
            word.chars().filter(|c| c.is_alphabetic()).count() > 1 && word.chars().all(|c| c.is_uppercase() || c == '.')
        });
    let of_business = |t: &Token<'_>| super::is_business(&t.low);
    let organisation = acronym.is_some()
        || lettered
        || run.iter().any(|t| t.is('&'))
        || run.len() > 1
            && !told.iter().take(2).any(|t| gender(t).is_some())
            && (told.iter().any(|t| is_institution(&t.low)) || told.len() > 1 && told.last().is_some_and(of_business));
    if shouts(text, run) {
        return None;
    }
    // "the New Hampshire Democrat", "the Ann Lee Show": no name at all.
    let last_is = |kind: fn(&str) -> bool| run.len() > 1 && run.last().is_some_and(|t| kind(&t.low));
    if !organisation && last_is(is_label) || last_is(is_thing) {
        return None;
    }
    let cut = if organisation { 0 } else { titles_before(run, last, opens) };
    let words_of_titles = run.get(..cut).unwrap_or_default();
    let mut titles: Vec<String> = words_of_titles.iter().filter(|t| title(t)).map(|t| t.low.to_string()).collect();
    let mut roles = Vec::new();
    if let Some(noun) = words_of_titles.last() {
        titles.extend((!title(noun)).then(|| noun.low.to_string()));
        if words_of_titles.len() > 1 {
            roles.push(words_of_titles.iter().map(|t| t.low.to_string()).collect());
        }
    }
    let name = run.get(cut..).unwrap_or_default();
    let (first, last) = (name.first()?, name.last()?);
    let words = (cut..).zip(name).filter(|(at, t)| t.is_word() && Some(*at) != nickname);
    Some(Run {
        span: first.span.join(last.span),
        words: words.map(|(_, t)| t.low.to_string()).collect(),
        initial: opens && cut == 0 && name.len() == 1,
        titles,
        organisation,
        acronym,
        roles,
        opens,
    })
}

/// How many words before a person's name are titles; `last` is how many the known ones take.
fn titles_before(run: &[Token<'_>], last: usize, opens: bool) -> usize {
    let title = |t: &Token<'_>| lexicon::is_title(&t.low);
    let rest = run.get(last..).unwrap_or_default();
    let cut = if !rest.is_empty() && !rest.iter().all(|t| is_suffix(&t.low)) {
        last
    } else {
        return run.iter().take_while(|t| title(t)).count();
    };
    // "Minister of | Foreign Affairs Ann Lee"
    if let Some(affairs) = rest.iter().position(|t| t.low == "affairs").filter(|at| at + 2 < rest.len()) {
        return cut + affairs + 1;
    }
    // "Striker | Ann Lee", "Exton Alderman | Ann Lee", "Farmer | Lee": an occupation that has a capital only because it opens the
    // sentence, or none that we know before a given name that we do.
    let [first, _, ..] = rest else { return cut };
    let named = |t: &&Token<'_>| given_names::is_known(&t.low);
    let single = |t: &Token<'_>| t.low.trim_end_matches('.').chars().count() < 2;
    let given = rest.iter().take(3).position(|t| named(&t)).filter(|at| *at + 1 < rest.len());
    let before_given = |at: usize| {
        let before = rest.get(..at).unwrap_or_default();
        before.iter().all(|t| t.is_word() && !is_particle(&t.low) && !single(t)).then_some(at)
    };
    match given.and_then(before_given) {
        Some(at) => cut + at,
        None if opens && !named(&first) && roles::is_occupation(&first.low) => cut + 1,
        None => cut,
    }
}

/// Words for what is named after somebody and says nothing.
fn is_thing(low: &str) -> bool {
    matches!(
        low,
        "show" | "tower" | "towers" | "award" | "awards" | "prize" | "avenue" | "building" | "act" | "memorial"
    )
}

/// Words that stand for somebody behind a place's name ("the New Hampshire Democrat") and are nobody's surname.
fn is_label(low: &str) -> bool {
    matches!(
        low,
        "democrat"
            | "democrats"
            | "republican"
            | "republicans"
            | "senator"
            | "senators"
            | "governor"
            | "governors"
            | "congressman"
            | "congresswoman"
            | "representative"
            | "representatives"
            | "minister"
            | "ministers"
            | "secretary"
            | "ambassador"
            | "chancellor"
    )
}
