//! Plain language: which command a sentence asks for.

use std::sync::LazyLock;

use regex::Regex;

use super::commands::{ask, help};
use super::courtesy::Courtesy;
use super::problem::MAX_TEXT;
use super::table::{self, Spec};
use super::{Args, Problem, words_of};

/// The verbs with which people ask after speech.
const SAY: &str = "said|say|says|saying|told|tell|claimed|claim|claims|stated|called|wrote|write|announced|promised|warned|argued|think|thinks|thought";

/// Those of them that tell of something done as often as of something said: "who wrote the report", "who announced the toll".
const DO: [&str; 4] = ["wrote", "write", "announced", "promised"];

/// Words with which a question goes on after "did she say", where no words of hers follow.
const ASKING: [&str; 15] = [
    "when",
    "where",
    "why",
    "how",
    "who",
    "whom",
    "whose",
    "what",
    "which",
    "whether",
    "if",
    "anything",
    "something",
    "about",
    "nothing",
];

/// One way of asking: the pattern, the command, and which options its groups fill.
struct Form {
    pattern: Regex,
    command: &'static str,
    options: &'static [(&'static str, &'static str)],
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |pattern: &str, command, options| Form {
        // Every pattern is a constant of this file, compiled by the tests: this can't fail at run time.
        pattern: Regex::new(&format!("(?is)^{pattern}$")).expect("a constant pattern"),
        command,
        options,
    };
    vec![
        form(&format!(r"who (?:has |had )?(?:{SAY})(?: that)?:? (?P<quote>.+?)\s*\??"), "who", &[("quote", "quote")]),
        form(r"whose words (?:are|were) (?P<quote>.+?)\s*\??", "who", &[("quote", "quote")]),
        form(
            &format!(
                r"what (?:did|does|do|has|have|had) (?P<speaker>.+?) (?:{SAY}) (?:about|on|of|regarding|concerning) (?P<about>.+?)\s*[?.]?"
            ),
            "said",
            &[("speaker", "speaker"), ("about", "about")],
        ),
        form(
            &format!(r"what (?:did|does|do|has|have|had) (?P<speaker>.+?) (?:{SAY})\s*[?.]?"),
            "said",
            &[("speaker", "speaker")],
        ),
        form(
            &format!(
                r#"did (?P<speaker>.+?) (?:really |ever |actually )?(?:{SAY})(?: that)?:? (?P<quote>["“„«].+["”“»])\s*\??"#
            ),
            "check",
            &[("quote", "quote"), ("speaker", "speaker")],
        ),
        form(
            &format!(
                r"did (?P<speaker>.+?) (?:really |ever |actually )?(?:{SAY})(?: that)?:? (?P<quote>[^\s]+ .+?)\s*\??"
            ),
            "check",
            &[("quote", "quote"), ("speaker", "speaker")],
        ),
        form(
            &format!(r"is it true that (?P<speaker>.+?) (?:{SAY})(?: that)?:? (?P<quote>.+?)\s*\??"),
            "check",
            &[("quote", "quote"), ("speaker", "speaker")],
        ),
        form(r"who is (?:the )?(?:most quoted|quoted (?:the )?most)(?: often)?(?: here)?\s*\??", "speakers", &[]),
        form(
            r"(?:what|which|how many) (?:articles|outlets|sources|newspapers) (?:do you (?:have|know|hold|read)|are (?:there|loaded|held|here))\s*\??",
            "about",
            &[],
        ),
        form(r#"check(?: this| whether)?:? (?P<quote>["“„«].+["”“»])\s*\??"#, "check", &[("quote", "quote")]),
    ]
});

/// The command that a sentence asks for, and its options: "who said …" is `who`, "what did X say about Y" is `said`,
/// "did X say “…”" is `check`, a greeting is `help`, and the rest is a question.
///
/// # Errors
/// [`Problem::TooLong`] for more text than a person sends.
pub fn understand(text: &str) -> Result<(&'static Spec, Args), Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if length > MAX_TEXT {
        return Err(Problem::TooLong(length));
    }
    if Courtesy::of(text).is_some() {
        return Ok((&help::SPEC, Args::asked_as(text)));
    }
    for form in FORMS.iter() {
        let (Some(found), Some(spec)) = (form.pattern.captures(text), table::find(form.command)) else { continue };
        // "Did she say when it opens?" asks for what she said, not for these words.
        let asks = |words: &str| {
            let first = words.split_whitespace().next().unwrap_or_default().to_lowercase();
            ASKING.contains(&first.as_str())
        };
        if form.command == "check" && found.name("quote").is_some_and(|quote| asks(quote.as_str())) {
            continue;
        }
        if form.command == "who" && found.name("quote").is_some_and(|quote| names_what_was_done(text, quote.as_str())) {
            continue;
        }
        let mut args = Args::asked_as(text);
        let filled = form.options.iter().all(|(option, group)| {
            let words = found.name(group).map_or("", |words| words_of(words.as_str()));
            spec.option(option).is_some_and(|option| !words.is_empty() && args.set(option, words).is_ok())
        });
        if filled {
            return Ok((spec, args));
        }
    }
    let mut args = Args::asked_as(text);
    args.set(&ask::QUESTION, text)?;
    Ok((&ask::SPEC, args.complete(&ask::SPEC)?))
}

/// Whether "who wrote …" asks for the doer of something: words without marks, and without "that". Who called "for" something gave
/// no name.
fn names_what_was_done(sentence: &str, words: &str) -> bool {
    let mut beginning = sentence.split_whitespace().skip(1).skip_while(|word| matches!(*word, "has" | "had"));
    let verb = beginning.next().unwrap_or_default().to_lowercase();
    let next = beginning.next().unwrap_or_default();
    let does = DO.contains(&verb.as_str()) && next != "that";
    (does || verb == "called" && matches!(next, "for" | "on" | "off" | "in"))
        && !words.contains(['"', '“', '”', '„', '«', '»'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_go_to_the_command_that_they_ask_for() {
        for (text, command, options) in [
            ("Who said “the bridge is safe”?", "who", vec![("quote", "the bridge is safe")]),
            ("who said the bridge is safe?", "who", vec![("quote", "the bridge is safe")]),
            ("Who claimed that ferries are late", "who", vec![("quote", "ferries are late")]),
            ("What did Ida Holm say about the ferry?", "said", vec![("speaker", "Ida Holm"), ("about", "the ferry")]),
            ("what has the mayor said?", "said", vec![("speaker", "the mayor")]),
            ("Did Ida Holm say “never again”?", "check", vec![("quote", "never again"), ("speaker", "Ida Holm")]),
            ("check “never again”", "check", vec![("quote", "never again")]),
            (
                "Did Ida Holm ever say that the bridge is safe?",
                "check",
                vec![("quote", "the bridge is safe"), ("speaker", "Ida Holm")],
            ),
            (
                "Did Ida Holm say the toll is gone?",
                "check",
                vec![("quote", "the toll is gone"), ("speaker", "Ida Holm")],
            ),
            (
                "Did Ida Holm say anything about tolls?",
                "ask",
                vec![("question", "Did Ida Holm say anything about tolls?")],
            ),
            ("Did Ida Holm say when it opens?", "ask", vec![("question", "Did Ida Holm say when it opens?")]),
            ("thanks!", "help", vec![]),
            ("Who wrote the report?", "ask", vec![("question", "Who wrote the report?")]),
            ("who has announced a toll", "ask", vec![("question", "who has announced a toll")]),
            ("Who wrote “a toll”?", "who", vec![("quote", "a toll")]),
            ("who wrote that the bridge is safe", "who", vec![("quote", "the bridge is safe")]),
            ("Who is quoted most often?", "speakers", vec![]),
            ("how many articles do you have?", "about", vec![]),
            ("what outlets are there", "about", vec![]),
            (
                "How many articles on the bridge are there?",
                "ask",
                vec![("question", "How many articles on the bridge are there?")],
            ),
            ("Who called the bridge dangerous?", "who", vec![("quote", "the bridge dangerous")]),
            ("Who called for a toll?", "ask", vec![("question", "Who called for a toll?")]),
            ("Who closed the bridge?", "ask", vec![("question", "Who closed the bridge?")]),
            ("What did the storm destroy?", "ask", vec![("question", "What did the storm destroy?")]),
        ] {
            let (spec, args) = understand(text).unwrap();
            assert_eq!(spec.name, command, "{text}");
            for (option, words) in options {
                assert_eq!(args.words(option), Some(words), "{text}");
            }
        }
    }
}
