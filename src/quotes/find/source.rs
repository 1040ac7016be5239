//! Who speaks, among the words that the model took for the source: these reach too far more often than not far enough, as in
//! "Last week, the harbour master, Ann Lee,".

use std::ops::Range;

use crate::article::Span;
use crate::quotes::lexicon;
use crate::quotes::model::candidates;
use crate::quotes::model::features::Suggestion;
use crate::quotes::model::flat::{Flat, class};

/// Clauses that are looked through before the words for the speaker: no sentence has more in front of its subject.
const MOST: usize = 4;

/// A paragraph's tokens with their text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words<'t> {
    pub text: &'t str,
    pub tokens: &'t [Flat],
}

/// The words that name the speaker of a source at `span`: as the rules cut them, where these found any there; otherwise without
/// what stands before the noun, and what follows a name. The day on which they spoke is none of them.
pub(super) fn speaker<'s, S: Iterator<Item = &'s Suggestion>>(
    words: Words<'_>,
    span: Span,
    cue: Option<Span>,
    suggestions: impl Fn() -> S,
) -> Span {
    words.without_day(named_by(words, span, cue, suggestions))
}

fn named_by<'s, S: Iterator<Item = &'s Suggestion>>(
    words: Words<'_>,
    span: Span,
    cue: Option<Span>,
    suggestions: impl Fn() -> S,
) -> Span {
    let tokens = words.tokens;
    let class = |at: usize| words.class(at);
    let whole = candidates::range(tokens, span);
    let cue_range = cue.map(|cue| candidates::range(tokens, cue));
    let leads = cue_range.as_ref().is_none_or(|cue| whole.start < cue.start);
    let range = if leads { words.behind_the_clauses(whole.clone()) } else { whole.clone() };
    let span = candidates::span(tokens, &range).unwrap_or(span);
    // "Lee, who said": the pronoun speaks for Lee, and is what was annotated to speak.
    if range.end.checked_sub(1).is_some_and(|last| class(last) == class::RELATIVE) {
        return span;
    }
    let said_with = |one: &&Suggestion| cue.is_some_and(|cue| one.cue.is_some_and(|known| known.overlaps(cue)));
    if matches!(class(range.start), class::PREPOSITION | class::TO) {
        // "In a letter to the council, the mayor says": the letter says nothing, the rules or the words before the cue tell who does.
        let known = suggestions().filter(said_with).find_map(|one| one.speaker);
        if let Some(known) = known.filter(|known| known.start != span.start) {
            return known;
        }
        if let Some(behind) = cue_range.and_then(|cue| words.behind_comma(range.start, cue.start)) {
            return behind;
        }
    }
    let named = |span: Span| candidates::range(tokens, span).any(|at| class(at) == class::NAME);
    let fits = |known: &Span| {
        span.contains(*known)
            && (named(*known) || !named(span))
            && candidates::range(tokens, *known).any(|at| class(at) != class::DETERMINER)
    };
    let by_rules = |of: &dyn Fn(&&Suggestion) -> bool| {
        suggestions().filter(|one| of(one)).filter_map(|one| one.speaker).find(|known| fits(known))
    };
    if let Some(known) = by_rules(&|one| said_with(one)) {
        return known;
    }
    if let Some(known) = by_rules(&|one| one.speaker.is_some_and(|known| known.start == span.start)) {
        return known;
    }
    let comma = range.clone().find(|at| class(*at) == class::COMMA);
    let cut = comma.filter(|comma| (range.start..*comma).any(|at| class(at) == class::NAME));
    let cut = cut.filter(|comma| !(*comma..range.end).any(|at| class(at) == class::RELATIVE));
    cut.and_then(|comma| candidates::span(tokens, &(range.start..comma))).unwrap_or(span)
}

impl Words<'_> {
    fn class(&self, at: usize) -> u8 {
        self.tokens.get(at).map_or(class::NONE, |token| token.class)
    }

    /// "Senator Ann Lee | on Thursday", "the mayor | Thursday".
    fn without_day(&self, span: Span) -> Span {
        let range = candidates::range(self.tokens, span);
        let day = |at: usize| self.tokens.get(at).is_some_and(Flat::is_word) && is_weekday(&self.low(at));
        let Some(last) = range.end.checked_sub(1).filter(|last| *last > range.start && day(*last)) else { return span };
        let end = if last > range.start + 1 && self.low(last - 1) == "on" { last - 1 } else { last };
        let names = (range.start..end).any(|at| matches!(self.class(at), class::NAME | class::TITLE | class::ROLE));
        // "Black Friday" is a name.
        let named = end == last && self.class(last) == class::NAME;
        if names && !named { candidates::span(self.tokens, &(range.start..end)).unwrap_or(span) } else { span }
    }

    /// A word in lower case.
    fn low(&self, at: usize) -> String {
        self.tokens.get(at).map_or_else(String::new, |token| token.span.of(self.text).to_lowercase())
    }

    /// Whether a token is written in capitals alone, as the place in front of a dispatch is.
    fn is_loud(&self, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            let word = token.span.of(self.text);
            word.chars().filter(|c| c.is_alphabetic()).count() > 2 && !word.chars().any(char::is_lowercase)
        })
    }

    /// A source without the clauses that stand in front of its noun.
    fn behind_the_clauses(&self, mut range: Range<usize>) -> Range<usize> {
        for _ in 0..MOST {
            let Some(rest) = self.behind_preamble(&range) else { break };
            range = rest;
            // "At a meeting in Exton, Ohio, the mayor"
            let place = range.clone().take(2).find(|at| self.class(*at) == class::COMMA);
            if let Some(comma) = place.filter(|comma| (range.start..*comma).all(|at| self.class(at) == class::NAME))
                && range.start.checked_sub(2).is_some_and(|before| self.class(before) == class::NAME)
                && self.class(range.start - 1) == class::COMMA
                && let Some(rest) = self.noun_behind(comma, range.end)
            {
                range = rest;
            }
        }
        range
    }

    /// What stands behind the first comma or dash, where the words before it are no noun of the sentence's own.
    fn behind_preamble(&self, range: &Range<usize>) -> Option<Range<usize>> {
        // "DECATUR, Ill. — Senator Lee"
        let dash = (range.start + 1..range.end.min(range.start + 8)).find(|at| self.class(*at) == class::DASH);
        let dispatch = dash.filter(|dash| self.is_loud(range.start) || self.class(dash - 1) == class::UNBRACKET);
        let mark = dispatch.or_else(|| {
            let comma = range.clone().find(|at| self.class(*at) == class::COMMA)?;
            self.is_preamble(range.start..comma).then_some(comma)
        })?;
        self.noun_behind(mark, range.end)
    }

    /// What stands behind a mark, if a noun can begin there.
    fn noun_behind(&self, mark: usize, end: usize) -> Option<Range<usize>> {
        let rest = self.past_marks(mark + 1)..end;
        let first = self.class(rest.start);
        let begins = !matches!(first, class::AND | class::RELATIVE | class::THAT | class::NONE | class::POSSESSIVE);
        (begins && (first == class::DETERMINER || rest.clone().any(|at| self.names(at)))).then_some(rest)
    }

    fn past_marks(&self, mut at: usize) -> usize {
        while self.tokens.get(at).is_some_and(|token| !token.is_word()) {
            at += 1;
        }
        at
    }

    fn names(&self, at: usize) -> bool {
        matches!(
            self.class(at),
            class::NAME
                | class::TITLE
                | class::ROLE
                | class::PRONOUN
                | class::S
                | class::WORD
                | class::ION
                | class::NUMBER
        )
    }

    /// Whether words up to a comma are a clause or an adverb rather than somebody: "In a letter", "Last week", "Asked about it",
    /// or what a preposition before them governs.
    fn is_preamble(&self, range: Range<usize>) -> bool {
        let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else { return false };
        let sentence = |at: usize| self.tokens.get(at).map(|token| token.sentence);
        let before = range.start.checked_sub(1).filter(|before| sentence(*before) == sentence(range.start));
        let governs = |class: u8| matches!(class, class::PREPOSITION | class::CONJUNCTION | class::TO | class::ING);
        if before.is_some_and(|before| governs(self.class(before))) {
            return true;
        }
        // "And in Exton, …"
        let start = range.start + usize::from(self.class(range.start) == class::AND && range.len() > 1);
        let (first, follows) = (self.class(start), self.class(start + 1));
        // "Even Ann Lee", "Monday’s winner"
        if start + 1 < range.end && (self.is_name(start + 1) || follows == class::POSSESSIVE) && !governs(first) {
            return false;
        }
        let word = self.low(start);
        if word == "even" && self.is_name(start + 1) {
            return false;
        }
        if governs(first) || matches!(first, class::ADVERB | class::TIME) || is_adverb(&word) {
            return true;
        }
        // "Led by the mayor", "Prior to the vote"
        if start + 1 < range.end && (self.low(start + 1) == "by" || word == "prior") {
            return true;
        }
        // "Last week", "Minutes later", "Two years ago"
        if self.class(last) == class::TIME || is_time(&self.low(last)) {
            return true;
        }
        // "Speaking in Exton", "Reached by the Post", "Based on it"; but "Retired General Lee".
        let participle = before.is_none_or(|before| !self.tokens.get(before).is_some_and(Flat::is_word))
            && (word.ends_with("ing") || word.ends_with("ed"))
            && range.len() > 1;
        participle
            && (governs(follows)
                || matches!(
                    follows,
                    class::DETERMINER | class::PRONOUN | class::AND | class::NUMBER | class::ADVERB | class::TIME
                )
                || lexicon::is_function(&self.low(start + 1)))
    }

    fn is_name(&self, at: usize) -> bool {
        matches!(self.class(at), class::NAME | class::TITLE)
    }

    /// What stands between the last comma and the cue at `cue`, in the sentence that the token at `start` is in; nothing where that
    /// can't be who speaks: a verb stands in it, or no noun.
    fn behind_comma(&self, start: usize, cue: usize) -> Option<Span> {
        let before = self.tokens.get(start..cue)?;
        let comma = start + before.iter().rposition(|token| token.class == class::COMMA)?;
        let here = self.tokens.get(comma + 1..cue)?;
        let sentence = self.tokens.get(start)?.sentence;
        let other = |token: &Flat| {
            !token.is_word()
                || token.sentence != sentence
                || token.region != 0
                || class::VERBS.contains(&token.class)
                || matches!(
                    token.class,
                    class::BE | class::AUXILIARY | class::PREPOSITION | class::TO | class::RELATIVE
                )
        };
        if here.iter().any(other) || !(comma + 1..cue).any(|at| self.names(at)) {
            return None;
        }
        candidates::span(self.tokens, &(comma + 1..cue))
    }
}

/// Words that join a sentence to the one before it.
fn is_adverb(low: &str) -> bool {
    matches!(
        low,
        "moreover"
            | "indeed"
            | "overall"
            | "meanwhile"
            | "however"
            | "still"
            | "instead"
            | "then"
            | "thus"
            | "also"
            | "later"
            | "earlier"
            | "shortly"
            | "soon"
            | "once"
            | "again"
            | "besides"
            | "furthermore"
            | "nevertheless"
            | "nonetheless"
            | "afterwards"
            | "elsewhere"
            | "likewise"
            | "so"
            | "yet"
            | "even"
            | "here"
            | "there"
            | "sure"
    ) || low.ends_with("ly") && low.len() > 5
}

fn is_weekday(low: &str) -> bool {
    matches!(low, "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday" | "sunday")
}

fn is_time(low: &str) -> bool {
    matches!(
        low,
        "later"
            | "earlier"
            | "ago"
            | "week"
            | "month"
            | "year"
            | "night"
            | "morning"
            | "evening"
            | "afternoon"
            | "weekend"
            | "day"
            | "spring"
            | "summer"
            | "autumn"
            | "fall"
            | "winter"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quotes::find::tokens::View;
    use crate::quotes::model::flat::flatten;

    #[test]
    fn the_day_is_no_part_of_the_speaker() {
        for (source, speaker) in [
            ("Mayor Ann Lee on Thursday", "Mayor Ann Lee"),
            ("the mayor Thursday", "the mayor"),
            ("Ann Lee", "Ann Lee"),
            ("Thursday", "Thursday"),
            ("on Thursday", "on Thursday"),
        ] {
            let view = View::new(source, Span::new(0, source.len()), false);
            let mut tokens = Vec::new();
            flatten(&view, &mut tokens);
            let words = Words { text: source, tokens: &tokens };
            assert_eq!(words.without_day(Span::new(0, source.len())).of(source), speaker, "{source}");
        }
    }

    #[test]
    fn the_speaker_begins_behind_the_clauses_before_the_noun() {
        for (source, noun) in [
            ("Last week, the harbour master, Ann Lee,", "the harbour master, Ann Lee,"),
            ("In a letter to the council, the mayor", "the mayor"),
            ("Speaking in Exton, Ann Lee", "Ann Lee"),
            ("Reached by the Post, Ann Lee, the mayor,", "Ann Lee, the mayor,"),
            ("EXTON — Mayor Ann Lee", "Mayor Ann Lee"),
            ("EXTON, Ill. — Mayor Ann Lee", "Mayor Ann Lee"),
            ("EXTON (AFP) – Mayor Ann Lee", "Mayor Ann Lee"),
            ("Exton (AFP) – Mayor Ann Lee", "Mayor Ann Lee"),
            ("At a meeting in Exton, Ohio, the mayor", "the mayor"),
            ("Led by Bob Poe, the drivers", "the drivers"),
            ("Moreover, Ann Lee", "Ann Lee"),
            ("Minutes later, the drivers’ union", "the drivers’ union"),
            ("And in Exton, a judge", "a judge"),
            ("Shortly after the vote, on the stairs, the mayor", "the mayor"),
            ("Ann Lee, the mayor of Exton,", "Ann Lee, the mayor of Exton,"),
            ("Even Ann Lee, the mayor,", "Even Ann Lee, the mayor,"),
            ("Monday’s winner, Ann Lee,", "Monday’s winner, Ann Lee,"),
            ("The mayor, a friend of Bob Poe,", "The mayor, a friend of Bob Poe,"),
            ("Ann Lee, who", "Ann Lee, who"),
            ("Police in Exton, a small town,", "Police in Exton, a small town,"),
            ("Last week, and", "Last week, and"),
        ] {
            let view = View::new(source, Span::new(0, source.len()), false);
            let mut tokens = Vec::new();
            flatten(&view, &mut tokens);
            let words = Words { text: source, tokens: &tokens };
            let found = candidates::span(&tokens, &words.behind_the_clauses(0..tokens.len()));
            assert_eq!(found.map(|span| span.of(source)), Some(noun), "{source}");
        }
    }
}
