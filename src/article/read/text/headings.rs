//! Headings in plain text: a short line without closing punctuation that labels what follows.

use std::sync::LazyLock;

use regex::Regex;

/// The longest heading, in characters and words. News headings within an article rarely pass ten words; titles do.
const LONGEST: usize = 90;
const MOST_WORDS: usize = 14;

/// A paragraph under a question that serves as its heading has at least so many bytes: an answer, not a reply.
const ANSWER_BYTES: usize = 120;

static TIME_OF_DAY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\d{1,2}(?:[:.]\d\d)?\s?(?:[ap]\.?m\.?|noon|midnight)?(?:\s?\(?[A-Z]{2,4}\)?)?[:.]?$")
        .expect("a valid pattern")
});

/// Whether `line` reads like a heading; `next` is the block after it.
pub(super) fn reads_like_heading(line: &str, next: &str) -> bool {
    let length = line.chars().count();
    if length > LONGEST || line.split_whitespace().count() > MOST_WORDS || line.contains('\n') {
        return false;
    }
    if line.chars().any(char::is_alphabetic) && line.chars().any(|c| c.is_ascii_digit()) && TIME_OF_DAY.is_match(line) {
        return true;
    }
    // Marks that close a quotation or an aside do not close a sentence.
    let words = line.trim_end_matches(['”', '’', '"', '\'', ')', ']', '»']);
    let Some(last) = words.chars().next_back() else { return false };
    match last {
        '?' => is_question_heading(line, next),
        ':' => is_shouted(words),
        '%' | '+' | '®' | '™' => !has_inner_end(words),
        c if c.is_alphanumeric() => !has_inner_end(words),
        _ => false,
    }
}

/// Whether most longer words begin with a capital, as in headlines; in up to three words, each of them.
pub(super) fn looks_like_headline(line: &str) -> bool {
    let longer = |word: &&str| word.chars().count() >= 4;
    let begins_large =
        |word: &&str| word.trim_start_matches(['“', '‘', '"', '\'', '(']).starts_with(char::is_uppercase);
    // What breaks off at a small word is a sentence that was cut, not a headline.
    if line.split_whitespace().next_back().is_some_and(|last| last.starts_with(char::is_lowercase)) {
        return false;
    }
    let words: Vec<&str> = line.split_whitespace().filter(longer).collect();
    let capitals = words.iter().copied().filter(begins_large).count();
    if line.split_whitespace().count() <= 3 {
        capitals == words.len() && begins_large(&line)
    } else {
        words.len() >= 2 && capitals * 10 >= words.len() * 7
    }
}

/// "How does it work?" over an answer; not "But who would pay?" between two paragraphs.
fn is_question_heading(line: &str, next: &str) -> bool {
    const OPENERS: [&str; 30] = [
        "who",
        "whom",
        "whose",
        "what",
        "what’s",
        "what's",
        "which",
        "when",
        "where",
        "where’s",
        "why",
        "how",
        "is",
        "are",
        "was",
        "were",
        "do",
        "does",
        "did",
        "can",
        "could",
        "will",
        "would",
        "should",
        "has",
        "have",
        "who’s",
        "who's",
        "may",
        "must",
    ];
    let first = line.split_whitespace().next().unwrap_or_default().to_lowercase();
    OPENERS.contains(&first.as_str())
        && !line.contains(['“', '”', '"'])
        && line.chars().count() <= 70
        && !has_inner_end(line.trim_end_matches('?'))
        && next.len() >= ANSWER_BYTES
        && !next.starts_with(['“', '"'])
}

/// "CORRECTION:", "SHORT READS:"; while "He went on:" introduces words that need it.
fn is_shouted(words: &str) -> bool {
    words.split_whitespace().count() <= 4
        && words.chars().any(char::is_alphabetic)
        && !words.chars().any(char::is_lowercase)
}

/// Whether a sentence ends inside.
fn has_inner_end(words: &str) -> bool {
    words.match_indices(['.', '!', '?']).any(|(at, _)| {
        let before = words[..at].rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let mut after = words[at + 1..].chars().skip_while(|c| "”’\"')".contains(*c));
        // "U.S. steel", "St. Louis", "vs. Roe": what ends in a capital or a short word is an abbreviation here.
        after.next() == Some(' ') && before.chars().count() > 3
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "The bridge has been closed since spring, when inspectors found that its bearings were worn out, and nobody knows what the repair will cost.";

    #[test]
    fn short_open_lines_are_headings() {
        for line in [
            "Two years of repairs",
            "Mayor: ‘We were warned about the bridge’",
            "The U.S. market",
            "Harbour vs. town",
            "What it costs (and who pays)",
            "Tariffs of 25%",
            "How did the bridge fail?",
            "11:20 p.m.",
            "9 a.m.:",
            "CORRECTION:",
        ] {
            assert!(reads_like_heading(line, BODY), "{line}");
        }
    }

    #[test]
    fn sentences_and_introductions_are_not() {
        for line in [
            "The bridge is closed.",
            "The mayor went on:",
            "“We were warned.”",
            "But who would pay?",
            "“Who pays?” she asked",
            "The bridge closed. Then it rained",
            "Nobody had expected that the bridge, which had stood there for a century, would ever have to close again",
            "2016",
        ] {
            assert!(line == "2016" || !reads_like_heading(line, BODY), "{line}");
        }
    }

    #[test]
    fn headlines_are_told_by_their_capitals() {
        assert!(looks_like_headline("Mayor Defends Closing Of The Harbour Bridge"));
        assert!(!looks_like_headline("According to the Council, the"));
        assert!(!looks_like_headline("the garage filled with five feet of water, ruining"));
    }
}
