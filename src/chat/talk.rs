//! Talk that goes on: whom “and what did she say about the roof?” means, after an answer about somebody.

use std::sync::LazyLock;

use regex::Regex;

/// What the last answer was about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// Who was quoted, as the answer named them.
    pub speaker: Option<String>,
    /// Whether an article was quoted.
    pub article: bool,
}

/// A sentence that goes on from the last answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GoesOn {
    /// The sentence with the name in place of “she”.
    About(String),
    /// A question about the same article.
    Within(String),
}

/// Patterns are constants of this file, compiled by the tests: none can fail at run time.
fn pattern(pattern: &str) -> Regex {
    Regex::new(&format!("(?is){pattern}")).expect("a constant pattern")
}

static LEAD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:and|but|also|so|then|well|ok|okay)\b[, ]+"));
static SAID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"^what (?:else )?(?P<verb>did|does|do|has|have|had) (?:he|she|they|it)\b(?: else)?(?P<rest>.*)$")
});
static DID: LazyLock<Regex> = LazyLock::new(|| pattern(r"^did (?:he|she|they|it)\b(?P<rest>.*)$"));
static ABOUT: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?:what |how )?about (?P<topic>.+?)\s*\??$"));
static POINTS_BACK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(?:it|its|he|him|his|she|her|hers|they|them|their|there|that|this|those|these|then|else)\b")
});

/// What `text` means after an answer about `subject`; nothing when it stands on its own.
///
/// ```
/// use byline::chat::talk::{GoesOn, Subject, goes_on};
/// let subject = Subject { speaker: Some("Ida Holm".into()), article: true };
/// assert_eq!(
///     goes_on("and what did she say about the pool?", &subject),
///     Some(GoesOn::About("what did Ida Holm say about the pool?".into()))
/// );
/// assert_eq!(goes_on("Who won the race?", &subject), None);
/// ```
#[must_use]
pub fn goes_on(text: &str, subject: &Subject) -> Option<GoesOn> {
    let text = text.trim();
    let bare = LEAD.replace(text, "");
    let led = bare.len() != text.len();
    if let Some(name) = subject.speaker.as_deref().map(plain_name) {
        let rest = |found: &regex::Captures<'_>| found.name("rest").map_or("", |rest| rest.as_str()).to_owned();
        if let Some(found) = SAID.captures(&bare) {
            let verb = found.name("verb").map_or("did", |verb| verb.as_str()).to_lowercase();
            return Some(GoesOn::About(format!("what {verb} {name}{}", rest(&found))));
        }
        if let Some(found) = DID.captures(&bare) {
            return Some(GoesOn::About(format!("did {name}{}", rest(&found))));
        }
        if let Some(topic) = ABOUT.captures(&bare).and_then(|found| found.name("topic")) {
            return Some(GoesOn::About(format!("what did {name} say about {}?", topic.as_str())));
        }
    }
    let points_back = led || POINTS_BACK.is_match(&bare);
    (subject.article && points_back && !bare.is_empty()).then(|| GoesOn::Within(bare.into_owned()))
}

/// `Ida Holm (“the mayor”)` → `Ida Holm`.
fn plain_name(speaker: &str) -> &str {
    speaker.split_once(" (“").map_or(speaker, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(text: &str) -> Option<GoesOn> {
        goes_on(text, &Subject { speaker: Some("Ida Holm (“the mayor”)".into()), article: true })
    }

    #[test]
    fn a_pronoun_is_the_last_speaker() {
        for (text, meant) in [
            ("And what did she say about Lund?", "what did Ida Holm say about Lund?"),
            ("what else did he say?", "what did Ida Holm say?"),
            ("What has she said about it?", "what has Ida Holm said about it?"),
            ("did she say “never again”?", "did Ida Holm say “never again”?"),
            ("and about the roof?", "what did Ida Holm say about the roof?"),
            ("what about the roof", "what did Ida Holm say about the roof?"),
        ] {
            assert_eq!(about(text), Some(GoesOn::About(meant.into())), "{text}");
        }
    }

    #[test]
    fn a_question_that_points_back_is_about_the_same_article() {
        let article = Subject { speaker: None, article: true };
        for (text, question) in [
            ("and when does it open?", "when does it open?"),
            ("How much did it cost?", "How much did it cost?"),
            ("and the roof?", "the roof?"),
        ] {
            assert_eq!(goes_on(text, &article), Some(GoesOn::Within(question.into())), "{text}");
        }
    }

    #[test]
    fn what_stands_on_its_own_is_left_alone() {
        assert_eq!(about("Who closed the bridge?"), None);
        assert_eq!(goes_on("and when does it open?", &Subject::default()), None);
        assert_eq!(about(""), None);
    }
}
