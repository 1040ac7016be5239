//! What is taken of a feed and what is left out: by words, phrases and regular expressions.
//!
//! A list is written as people write one: `ferry, harbour master, /bridge(s)?/`. Words and phrases stand for themselves, whole and in
//! any case; what stands between slashes is a regular expression, also in any case. The engine takes time by the length of the
//! text alone, and memory within bounds: no expression can hold it up.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::Entry;
use crate::article::read::plain_text;

/// The most rules of a list.
const MAX_RULES: usize = 50;

/// The longest list, in characters.
const MAX_CHARS: usize = 2000;

/// The most memory that an expression may take, in bytes, as a program and while it runs.
const MAX_PROGRAM: usize = 256 * 1024;

/// The most that is searched of an entry, in bytes.
const MAX_SEARCHED: usize = 256 * 1024;

/// Why a list can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Longer than any list need be.
    #[error("a filter has at most {MAX_CHARS} characters")]
    TooLong,
    /// More rules than any list need have.
    #[error("a filter has at most {MAX_RULES} words or expressions")]
    TooMany,
    /// An expression that is none.
    #[error("/{rule}/ is no regular expression: {reason}")]
    Expression {
        /// The expression.
        rule: String,
        /// What is wrong.
        reason: String,
    },
    /// An expression that takes too much memory.
    #[error("/{0}/ is too large a regular expression")]
    TooLarge(String),
}

/// Filters as they are kept: as somebody wrote them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// What an entry must have one of.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub include: String,
    /// What it must have none of.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub exclude: String,
}

impl Written {
    /// From what is kept; what can't be read filters nothing.
    #[must_use]
    pub fn of_kept(kept: &str) -> Self {
        serde_json::from_str(kept).unwrap_or_default()
    }

    /// As it is kept: nothing for no filter.
    #[must_use]
    pub fn to_kept(&self) -> String {
        if *self == Self::default() { String::new() } else { serde_json::to_string(self).unwrap_or_default() }
    }
}

/// Filters that were checked.
#[derive(Debug, Default)]
pub struct Filters {
    include: Vec<Rule>,
    exclude: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    written: String,
    pattern: Regex,
}

impl Filters {
    /// Checks what somebody wrote.
    ///
    /// ```
    /// use byline::intake::feed::filter::{Filters, Written};
    /// let written = Written { include: "ferry, /bridges?/".into(), exclude: "sport".into() };
    /// let filters = Filters::new(&written)?;
    /// assert_eq!(filters.refuses_text("Two Bridges close"), None);
    /// assert_eq!(filters.refuses_text("A ferry of sports").as_deref(), None);
    /// assert_eq!(filters.refuses_text("Ferry sport").as_deref(), Some("it has “sport”"));
    /// assert!(filters.refuses_text("Rain in Lund").is_some());
    /// # Ok::<(), byline::intake::feed::filter::FilterError>(())
    /// ```
    ///
    /// # Errors
    /// [`FilterError`] says what can't be used.
    pub fn new(written: &Written) -> Result<Self, FilterError> {
        Ok(Self { include: rules(&written.include)?, exclude: rules(&written.exclude)? })
    }

    /// Why an entry is left out; nothing when it is taken.
    #[must_use]
    pub fn refuses(&self, entry: &Entry) -> Option<String> {
        if self.include.is_empty() && self.exclude.is_empty() {
            return None;
        }
        let content = entry.content.as_deref().map(plain_text).unwrap_or_default();
        let summary = entry.summary.as_deref().unwrap_or_default();
        let mut text = format!("{}\n{summary}\n{content}", entry.title);
        text.truncate(text.floor_char_boundary(MAX_SEARCHED));
        self.refuses_text(&text)
    }

    /// Why an entry of this text is left out.
    #[must_use]
    pub fn refuses_text(&self, text: &str) -> Option<String> {
        if let Some(rule) = self.exclude.iter().find(|rule| rule.pattern.is_match(text)) {
            return Some(format!("it has {}", rule.written));
        }
        let wanted = self.include.is_empty() || self.include.iter().any(|rule| rule.pattern.is_match(text));
        let all = || self.include.iter().map(|rule| rule.written.as_str()).collect::<Vec<_>>().join(", ");
        (!wanted).then(|| format!("it has nothing of {}", all()))
    }
}

fn rules(list: &str) -> Result<Vec<Rule>, FilterError> {
    if list.chars().count() > MAX_CHARS {
        return Err(FilterError::TooLong);
    }
    let mut rules = Vec::new();
    let mut rest = list.trim_start_matches([',', ' ']);
    while !rest.is_empty() {
        if rules.len() == MAX_RULES {
            return Err(FilterError::TooMany);
        }
        let (rule, after) = match rest.strip_prefix('/') {
            Some(expression) => expression_of(expression)?,
            None => {
                let (words, after) = rest.split_once(',').unwrap_or((rest, ""));
                (words_of(words)?, after)
            }
        };
        rules.extend(rule);
        rest = after.trim_start_matches([',', ' ']);
    }
    Ok(rules)
}

/// An expression up to the slash that ends it: the next one behind which the list ends or goes on.
fn expression_of(text: &str) -> Result<(Option<Rule>, &str), FilterError> {
    let ends = |at: &usize| text[at + 1..].trim_start().is_empty() || text[at + 1..].trim_start().starts_with(',');
    let end = text.match_indices('/').map(|(at, _)| at).find(ends);
    let (rule, after) = end.map_or((text, ""), |end| (&text[..end], &text[end + 1..]));
    if rule.trim().is_empty() {
        return Ok((None, after));
    }
    Ok((Some(Rule { written: format!("/{rule}/"), pattern: compiled(rule, rule)? }), after))
}

fn words_of(words: &str) -> Result<Option<Rule>, FilterError> {
    let each: Vec<String> = words.split_whitespace().map(regex::escape).collect();
    if each.is_empty() {
        return Ok(None);
    }
    let whole = format!(r"(?:^|[^\p{{L}}\p{{N}}]){}(?:$|[^\p{{L}}\p{{N}}])", each.join(r"\s+"));
    let written = words.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Some(Rule { pattern: compiled(&whole, &written)?, written: format!("“{written}”") }))
}

fn compiled(pattern: &str, shown: &str) -> Result<Regex, FilterError> {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(true).size_limit(MAX_PROGRAM).dfa_size_limit(MAX_PROGRAM).nest_limit(50);
    builder.build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => FilterError::TooLarge(shown.to_owned()),
        // The last line of the parser's drawing says it in words.
        error => FilterError::Expression {
            rule: shown.to_owned(),
            reason: error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn filters(include: &str, exclude: &str) -> Filters {
        Filters::new(&Written { include: include.into(), exclude: exclude.into() }).unwrap()
    }

    #[test]
    fn words_are_whole_and_in_any_case() {
        let only = filters("Harbour  Master, Lund", "");
        for (text, taken) in [
            ("The harbour master resigned", true),
            ("The harbour\nmaster resigned", true),
            ("HARBOUR MASTER", true),
            ("Rain in Lund", true),
            ("Rain in Lund.", true),
            ("Lundholm floods", false),
            ("The harbourmaster resigned", false),
        ] {
            assert_eq!(only.refuses_text(text).is_none(), taken, "{text}");
        }
        assert_eq!(filters("", "c++").refuses_text("On C++ and rain").as_deref(), Some("it has “c++”"));
    }

    #[test]
    fn expressions_may_hold_commas_and_slashes() {
        let rules = rules(r"/ferr(y|ies), again/, pier , /a\/b/ ,, /x{1,3}$/").unwrap();
        let written: Vec<&str> = rules.iter().map(|rule| rule.written.as_str()).collect();
        assert_eq!(written, ["/ferr(y|ies), again/", "“pier”", r"/a\/b/", "/x{1,3}$/"]);
    }

    #[test]
    fn what_is_no_expression_says_why() {
        let error = Filters::new(&Written { include: "/fer(ry/".into(), ..Written::default() }).unwrap_err();
        assert_eq!(error.to_string(), "/fer(ry/ is no regular expression: unclosed group");
        for (list, wrong) in [
            ("x".repeat(MAX_CHARS + 1), FilterError::TooLong),
            ("a,".repeat(MAX_RULES + 1), FilterError::TooMany),
            ("/((a{100}){100}){100}/".to_owned(), FilterError::TooLarge("((a{100}){100}){100}".to_owned())),
        ] {
            assert_eq!(Filters::new(&Written { exclude: list, ..Written::default() }).unwrap_err(), wrong);
        }
    }

    #[test]
    fn no_expression_can_hold_it_up() {
        let text = format!("{}!", "a".repeat(200_000));
        let started = Instant::now();
        assert!(filters("/^(a+)+$/, /(a|aa)+$/, /(.*a){12}b/", "").refuses_text(&text).is_some());
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    }

    #[test]
    fn what_was_written_is_kept() {
        let written = Written { include: "a, /b/".into(), exclude: String::new() };
        assert_eq!(Written::of_kept(&written.to_kept()), written);
        assert_eq!((Written::default().to_kept().as_str(), Written::of_kept("")), ("", Written::default()));
    }
}
