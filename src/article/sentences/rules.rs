//! The rules: a full stop, question or exclamation mark ends a sentence unless what stands around it says otherwise.

use super::words::{BEFORE_NUMBER, CUES, EITHER, NEVER_LAST, SHOUTED_NAMES, STARTERS};

/// An aside in brackets is kept in one sentence up to this length, in bytes.
const LONGEST_ASIDE: usize = 300;

/// The inner sentence ends of `paragraph`: byte offsets just after the last character of each sentence but the last.
pub(super) fn ends(paragraph: &str) -> Vec<usize> {
    let asides = asides(paragraph);
    let mut aside = asides.iter().peekable();
    let (mut ends, mut from, mut past) = (Vec::new(), 0, 0);
    // Whether a word came since the last end, and how far that was looked at: each byte once, however many marks there are.
    let (mut has_word, mut scanned) = (false, 0);
    for (at, mark) in paragraph.char_indices() {
        if at < past || !is_terminator(mark) {
            continue;
        }
        has_word |= paragraph[scanned..at].contains(char::is_alphanumeric);
        scanned = at;
        let stop = Stop { has_word, ..Stop::at(paragraph, from, at) };
        past = stop.end;
        while aside.next_if(|(_, close)| *close < stop.end).is_some() {}
        let inside = aside.peek().is_some_and(|(open, _)| *open < at);
        if !inside && stop.ends_sentence(paragraph) {
            ends.push(stop.end);
            (from, scanned, has_word) = (stop.end, stop.end, false);
        }
    }
    ends
}

/// A run of closing marks and what stands around it.
struct Stop<'p> {
    /// The marks themselves: `.`, `?!`, `...`.
    marks: &'p str,
    /// The marks that close quotations and brackets after them.
    closers: &'p str,
    /// One past the closers.
    end: usize,
    /// The sentence so far, up to the marks.
    before: &'p str,
    /// Whether a letter or digit stands in it.
    has_word: bool,
    /// What follows, white space included.
    after: &'p str,
}

impl<'p> Stop<'p> {
    fn at(paragraph: &'p str, from: usize, at: usize) -> Self {
        let rest = &paragraph[at..];
        let mut length = rest.find(|c| !is_terminator(c)).unwrap_or(rest.len());
        // An ellipsis may be spaced: ". . ."
        while let Some(more) = rest[length..].strip_prefix(" .").or_else(|| rest[length..].strip_prefix("\u{a0}.")) {
            length = rest.len() - more.len();
        }
        let after_marks = &rest[length..];
        let closing = after_marks.find(|c| !is_closer(c)).unwrap_or(after_marks.len());
        Self {
            marks: &rest[..length],
            closers: &after_marks[..closing],
            end: at + length + closing,
            before: &paragraph[from..at],
            has_word: false,
            after: &after_marks[closing..],
        }
    }

    fn ends_sentence(&self, paragraph: &str) -> bool {
        if self.end >= paragraph.len() {
            return false;
        }
        let next = self.after.trim_start();
        if self.marks.starts_with(is_unspaced_terminator) {
            return !next.is_empty() && !next.starts_with(is_unspaced_comma);
        }
        // "3.5", "U.S.-led", "example.org": something follows at once.
        if next.len() == self.after.len() || next.is_empty() || !self.has_word {
            return false;
        }
        let opened = next.trim_start_matches(is_opener);
        let Some(first) = opened.chars().next() else { return false };
        if matches!(first, '—' | '–' | '-' | ',' | ';' | ':' | '/') {
            // A dash attributes or goes on; bullets were told apart before.
            return false;
        }
        let word =
            opened.split(|c: char| c.is_whitespace() || ",.;:!?—–()[]“”\"…".contains(c)).next().unwrap_or_default();
        let is_quoted = !self.closers.is_empty() && self.closers.contains(['”', '"', '’', '\'', '»']);
        if first.is_lowercase() {
            // "iPhone sales rose" begins a sentence; "he asked" does not.
            return next.len() == opened.len()
                && !is_quoted
                && self.marks == "."
                && word.chars().nth(1).is_some_and(char::is_uppercase);
        }
        let starts = STARTERS.contains(word.to_lowercase().as_str());
        match self.marks {
            "." => self.stop_ends(opened, first, starts),
            marks if marks.starts_with(['!', '?']) => {
                if is_quoted && next.len() == opened.len() && is_attribution(opened) {
                    return false;
                }
                let name = last_word(self.before).to_lowercase();
                !(marks == "!" && self.closers.is_empty() && !starts && SHOUTED_NAMES.contains(&name.as_str()))
            }
            // After an ellipsis "I" may go on with the sentence.
            _ => self.closers.contains(['”', '"']) || word != "I",
        }
    }

    /// Whether a single full stop ends the sentence, rather than abbreviate the word before it.
    fn stop_ends(&self, next: &str, first: char, starts: bool) -> bool {
        if self.closers.contains(['”', '"', '»']) && !self.before.ends_with(|c: char| c.is_uppercase()) {
            return true;
        }
        let word = last_word(self.before);
        let lower = word.to_lowercase();
        let lower = lower.as_str();
        if NEVER_LAST.contains(lower)
            || BEFORE_NUMBER.contains(lower) && (first.is_ascii_digit() || first == '#') && lower != "may"
        {
            return false;
        }
        if self.closers.contains([')', ']']) {
            // "(R-Ind.) said": the bracket closed an aside, and the sentence goes on unless something begins.
            return starts
                || self.before.trim_start().starts_with(['(', '['])
                || !(EITHER.contains(lower) || is_dotted(word));
        }
        let mut letters = word.chars();
        let is_initial = matches!((letters.next(), letters.next()), (Some(letter), None) if letter.is_uppercase());
        if is_initial {
            // "George W. Bush", "J. D. Vance"; while "plan B. The council" ends.
            return starts && !next.starts_with("I ");
        }
        if is_dotted(word) || is_state_tag(word) || EITHER.contains(lower) {
            return starts;
        }
        // The number of a list: "1. Keep clear", and nothing else before it.
        !(word.len() <= 3 && word.chars().all(|c| c.is_ascii_digit()) && self.before.trim() == word)
    }
}

/// "U.S", "a.m", "Ph.D": letters with stops between them; not "7.35" or "$3.4m".
fn is_dotted(word: &str) -> bool {
    word.contains('.')
        && word.split('.').all(|part| (1..=4).contains(&part.chars().count()) && part.chars().all(char::is_alphabetic))
}

/// "R-Ind", "D-Calif": party and state.
fn is_state_tag(word: &str) -> bool {
    word.split_once('-')
        .is_some_and(|(party, state)| party.len() == 1 && EITHER.contains(state.to_lowercase().as_str()))
}

/// Whether a name of up to four words and a verb of saying follow: "Jane Doe asked."
fn is_attribution(next: &str) -> bool {
    let words = next.split_whitespace().take(6);
    for (index, word) in words.enumerate() {
        let plain = word.trim_matches(|c: char| !c.is_alphanumeric());
        if CUES.contains(plain) {
            return index > 0;
        }
        let is_name =
            plain.starts_with(char::is_uppercase) && (index > 0 || !STARTERS.contains(plain.to_lowercase().as_str()));
        if !is_name || index >= 4 || word.ends_with(['!', '?']) {
            return false;
        }
    }
    false
}

/// The word before the marks, with its inner stops: "U.S" of "U.S."
fn last_word(before: &str) -> &str {
    let start = before
        .rfind(|c: char| c.is_whitespace() || "([{“\"‘«/—–".contains(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    &before[start..]
}

/// Pairs of brackets around a short aside, outermost, in order.
fn asides(paragraph: &str) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, c) in paragraph.char_indices() {
        match c {
            '(' | '[' => open.push(at),
            ')' | ']' => {
                if let Some(start) = open.pop()
                    && at - start <= LONGEST_ASIDE
                {
                    while pairs.pop_if(|(inner, _)| *inner > start).is_some() {}
                    pairs.push((start, at));
                }
            }
            _ => {}
        }
    }
    pairs
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '‽') || is_unspaced_terminator(c)
}

/// Closing marks of scripts that put no space after them, and of those that have their own stop.
fn is_unspaced_terminator(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '｡' | '।' | '॥' | '۔' | '؟' | '።' | '։' | '၊' | '။')
}

fn is_unspaced_comma(c: char) -> bool {
    matches!(c, '、' | '，' | '،')
}

fn is_closer(c: char) -> bool {
    matches!(c, '”' | '’' | '"' | '\'' | ')' | ']' | '»' | '›' | '」' | '』' | '）')
}

fn is_opener(c: char) -> bool {
    matches!(c, '“' | '‘' | '"' | '\'' | '(' | '[' | '«' | '‹' | '¿' | '¡' | '「' | '『' | '„')
}
