//! A typed command line: `ask --outlet "Harbour Courier" where is the ferry?`

use super::problem::nearest;
use super::table::{self, Kind, Spec, YES};
use super::{Args, Problem};

/// Marks that open a quoted value, with the mark that closes it.
const QUOTES: [(char, char); 6] = [('"', '"'), ('“', '”'), ('„', '“'), ('«', '»'), ('\'', '\''), ('‘', '’')];

/// A typed line, split into words with their places, so that what is not an option can be kept exactly as typed.
#[derive(Debug)]
pub struct Line<'t> {
    text: &'t str,
    words: Vec<Word>,
}

/// A word of a line: where it stands with its quotation marks, and its value without them, both in bytes.
#[derive(Debug, Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
    inner: (usize, usize),
}

impl<'t> Line<'t> {
    /// Splits at white space; a quotation mark at the start of a word (or after `=`) holds words together up to its partner.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let mut words = Vec::new();
        let mut at = 0;
        while let Some(start) = text[at..].find(|c: char| !c.is_whitespace()).map(|gap| at + gap) {
            let word = word_at(text, start);
            at = word.end;
            words.push(word);
        }
        Self { text, words }
    }

    /// The words' values, without quotation marks.
    #[must_use]
    pub fn values(&self) -> Vec<&'t str> {
        self.words.iter().map(|word| self.value(*word)).collect()
    }

    fn value(&self, word: Word) -> &'t str {
        &self.text[word.inner.0..word.inner.1]
    }
}

fn word_at(text: &str, start: usize) -> Word {
    let plain_end = text[start..].find(char::is_whitespace).map_or(text.len(), |gap| start + gap);
    // `--option="two words"`: the mark may follow the first `=`.
    let body = match text[start..plain_end].find('=') {
        Some(equals) if text[start..].starts_with("--") => start + equals + 1,
        _ => start,
    };
    let mut after = text[body..].chars();
    if let Some((open, close)) = after.next().and_then(|c| QUOTES.into_iter().find(|(open, _)| *open == c)) {
        let inner = body + open.len_utf8();
        // A closing mark ends the value only at the end of a word, so that 'It's here' holds together.
        let closes = |&(gap, _): &(usize, &str)| {
            text[inner + gap + close.len_utf8()..].chars().next().is_none_or(char::is_whitespace)
        };
        if let Some((gap, _)) = text[inner..].match_indices(close).find(closes) {
            return Word { start, end: inner + gap + close.len_utf8(), inner: (inner, inner + gap) };
        }
    }
    Word { start, end: plain_end, inner: (start, plain_end) }
}

/// Text without the quotation marks around it, if one pair of them holds all of it.
///
/// ```
/// use byline::router::words_of;
/// assert_eq!(words_of(" “an idea” "), "an idea");
/// assert_eq!(words_of("“one” and “two”"), "“one” and “two”");
/// ```
#[must_use]
pub fn words_of(text: &str) -> &str {
    let text = text.trim();
    for (open, close) in QUOTES {
        let inner = text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        if let Some(inner) = inner.filter(|inner| !inner.contains(open) && !inner.contains(close)) {
            return inner.trim();
        }
    }
    text
}

/// Tells the command and its options apart in a line without its leading mark.
pub(super) fn parse_command(text: &str) -> Result<(&'static Spec, Args), Problem> {
    let length = text.chars().count();
    if length > super::problem::MAX_TEXT {
        return Err(Problem::TooLong(length));
    }
    let line = Line::new(text);
    let Some((name, mut rest)) = line.words.split_first() else {
        return Err(Problem::UnknownCommand { typed: String::new(), near: None });
    };
    let typed = line.value(*name).to_lowercase();
    let mut spec = table::find(&typed).ok_or_else(|| Problem::UnknownCommand { near: table::near(&typed), typed })?;
    let mut path = spec.name.to_owned();
    if !spec.parts.is_empty() {
        let typed = rest.first().map(|word| line.value(*word).to_lowercase());
        let part = spec.parts.iter().find(|part| typed.as_deref() == Some(part.name));
        spec = part.ok_or_else(|| Problem::UnknownPart {
            command: spec.name,
            parts: spec.parts.iter().map(|part| part.name).collect(),
        })?;
        path = format!("{path} {}", spec.name);
        rest = &rest[1..];
    }
    options(&line, rest, spec, &path)?.complete(spec).map(|args| (spec, args))
}

fn options(line: &Line<'_>, words: &[Word], spec: &'static Spec, path: &str) -> Result<Args, Problem> {
    let mut args = Args::default();
    let mut unclaimed: Vec<Word> = Vec::new();
    // Whether an option stands behind the first of them.
    let (mut between, mut parted) = (false, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let raw = &line.text[word.start..word.end];
        let Some(option) = raw.strip_prefix("--") else {
            unclaimed.push(*word);
            parted |= between;
            continue;
        };
        between = !unclaimed.is_empty();
        if option.is_empty() {
            parted |= between && words.len() > 0;
            unclaimed.extend(words.by_ref().copied());
            break;
        }
        let typed = option.split('=').next().unwrap_or(option).to_lowercase();
        let option = spec.option(&typed).ok_or_else(|| Problem::UnknownOption {
            command: path.to_owned(),
            near: nearest(&typed, spec.options.iter().map(|option| option.name)),
            typed: typed.clone(),
        })?;
        let value = match raw.find('=') {
            // The value behind `=`, without the marks around it.
            Some(equals) => line.text.get(word.inner.0.max(word.start + equals + 1)..word.inner.1).unwrap_or_default(),
            None if option.kind == Kind::Flag => YES,
            None => words.next().map(|word| line.value(*word)).ok_or(Problem::NoValue { option: option.name })?,
        };
        if value.trim().is_empty() {
            return Err(Problem::NoValue { option: option.name });
        }
        args.set(option, value)?;
    }
    let (Some(first), Some(last)) = (unclaimed.first(), unclaimed.last()) else { return Ok(args) };
    // Words on both sides of an option are joined by a space; otherwise they stay exactly as typed.
    let rest = if parted {
        unclaimed.iter().map(|word| &line.text[word.start..word.end]).collect::<Vec<_>>().join(" ")
    } else {
        line.text[first.start..last.end].to_owned()
    };
    match spec.rest_option() {
        Some(option) => args.set(option, &rest)?,
        None => return Err(Problem::TooMuch { command: path.to_owned(), words: rest }),
    }
    Ok(args)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> (&'static str, Args) {
        let (spec, args) = parse_command(text).unwrap_or_else(|problem| panic!("{text}: {problem}"));
        (spec.name, args)
    }

    #[test]
    fn the_rest_of_the_line_is_the_first_option() {
        let (name, args) = parsed("ask  where is   the ferry?");
        assert_eq!((name, args.words("question")), ("ask", Some("where is   the ferry?")));
    }

    #[test]
    fn options_stand_anywhere_and_hold_quoted_values() {
        for text in [
            "ask --outlet \"Harbour Courier\" where is the ferry?",
            "ask where is the ferry? --outlet “Harbour Courier”",
            "ask where is --outlet=\"Harbour Courier\" the ferry?",
            "ask where is the ferry? --outlet 'Harbour Courier'",
            "ask where is\n--outlet \"Harbour Courier\"\tthe ferry?",
        ] {
            let (_, args) = parsed(text);
            assert_eq!(args.words("question"), Some("where is the ferry?"), "{text}");
            assert_eq!(args.words("outlet"), Some("Harbour Courier"), "{text}");
        }
    }

    #[test]
    fn quotation_marks_of_a_quote_are_not_lost_on_the_way() {
        let (_, args) = parsed("check “a fine day” and “a fine night”");
        assert_eq!(args.words("quote"), Some("“a fine day” and “a fine night”"));
        let (_, args) = parsed("check “a fine day”");
        assert_eq!(args.quote("quote"), Some("a fine day"));
    }

    #[test]
    fn after_a_bare_double_dash_nothing_is_an_option() {
        let (_, args) = parsed("ask -- what does --outlet mean");
        assert_eq!(args.words("question"), Some("what does --outlet mean"));
        let (_, args) = parsed("ask --since 2026-01-02 -- what does  --outlet mean");
        assert_eq!(args.words("question"), Some("what does  --outlet mean"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let message = |text| parse_command(text).unwrap_err().to_string();
        assert!(message("aks where").contains("did you mean “ask”"), "{}", message("aks where"));
        assert!(message("ask where --outlt x").contains("did you mean “outlet”"));
        assert!(message("ask where --outlet").contains("needs a value"));
        assert!(message("ask").contains("For example"));
        assert!(message("articles").contains("list, show"));
        assert!(message("ask x --since someday").contains("not a day"));
    }

    proptest! {
        #[test]
        fn any_line_parses_or_is_refused(text in "\\PC{0,200}") {
            let _ = parse_command(&text);
        }

        #[test]
        fn any_question_arrives_as_typed(text in "[a-zA-Z0-9?,.'“”\" ]{1,80}") {
            let (_, args) = parsed(&format!("ask x{text}"));
            let typed = format!("x{text}");
            prop_assert_eq!(args.words("question"), Some(typed.trim()));
        }
    }
}
