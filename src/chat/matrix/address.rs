//! Whether a message is for us, and what it asks: a command behind the prefix or as an alias, plain language with our name in it,
//! or in a room of two anything at all.

use super::events::Message;
use super::settings::Aliases;
use crate::chat::quoted::plain;
use crate::router::{COMMAND_MARK, table};

/// What is needed to tell whether a message is for us.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// Our own id.
    pub me: &'a str,
    /// What we are called in the room.
    pub name: Option<&'a str>,
    /// What a command begins with here.
    pub prefix: &'a str,
    /// Words that are commands.
    pub aliases: &'a Aliases,
    /// Whether nobody else is here but one person.
    pub direct: bool,
}

/// What a message for us asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A text for the router: a command that begins with `/`, or plain language.
    Text(String),
    /// Whether the quotations in the message that it replies to are real.
    CheckThat,
}

/// What a message asks, if it is for us.
#[must_use]
pub fn asked(message: &Message, here: &Here<'_>) -> Option<Asked> {
    let body = message.body.trim();
    let replies = message.reply_to.is_some();
    if let Some(rest) = after_word(body, here.prefix) {
        return Some(behind_prefix(rest, replies));
    }
    let (first, rest) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
    if let Some(command) = here.aliases.command(first) {
        return Some(command_text(command, rest, replies));
    }
    let mentioned = match &message.mentions {
        Some(people) => people.iter().any(|person| person == here.me),
        None => names_us(message, here),
    };
    if !mentioned && !here.direct {
        return None;
    }
    let text = without_name(body, here);
    if let Some(rest) = after_word(&text, here.prefix) {
        return Some(behind_prefix(rest, replies));
    }
    if replies && asks_to_check(&text) {
        return Some(Asked::CheckThat);
    }
    Some(Asked::Text(if text.is_empty() { help() } else { text }))
}

/// What a text asks that is known to be for us, such as a question that was changed.
#[must_use]
pub fn asked_of_us(message: &Message, here: &Here<'_>) -> Asked {
    let direct = Here { direct: true, ..*here };
    asked(message, &direct).unwrap_or_else(|| Asked::Text(help()))
}

fn help() -> String {
    format!("{COMMAND_MARK}help")
}

/// What follows a word that a text begins with.
fn after_word<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let begins = text.get(..word.len()).filter(|begins| begins.eq_ignore_ascii_case(word))?;
    let rest = &text[begins.len()..];
    let rest = rest.strip_prefix([':', ',']).unwrap_or(rest);
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| rest.trim())
}

/// A command behind the prefix. What begins with no command's name, nor nearly, and is longer than a word is plain language.
fn behind_prefix(rest: &str, replies: bool) -> Asked {
    let rest = rest.trim_start_matches(COMMAND_MARK);
    let (first, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let first = first.to_lowercase();
    match table::find(&first) {
        Some(spec) => command_text(spec.name, after, replies),
        None if first.is_empty() => Asked::Text(help()),
        None if after.is_empty() || table::near(&first).is_some() => Asked::Text(format!("{COMMAND_MARK}{rest}")),
        None => Asked::Text(rest.to_owned()),
    }
}

fn command_text(command: &str, rest: &str, replies: bool) -> Asked {
    if command == "check" && replies && rest.trim().is_empty() {
        return Asked::CheckThat;
    }
    Asked::Text(format!("{COMMAND_MARK}{command} {}", rest.trim()).trim_end().to_owned())
}

/// “check this”, “check that quote, please”
fn asks_to_check(text: &str) -> bool {
    let words = text.to_lowercase();
    let mut words = words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let known =
        ["this", "that", "it", "quote", "quotes", "quotation", "quotations", "the", "message", "please", "these"];
    words.next() == Some("check") && words.all(|word| known.contains(&word))
}

/// Whether a client that tells no mentions made one: a pill, or our whole name.
fn names_us(message: &Message, here: &Here<'_>) -> bool {
    let pill = |html: &str| {
        let encoded = here.me.replace('@', "%40").replace(':', "%3A");
        html.contains(&format!("https://matrix.to/#/{}\"", here.me))
            || html.contains(&format!("https://matrix.to/#/{encoded}\""))
    };
    message.html.as_deref().is_some_and(pill)
        || message.body.contains(here.me)
        || here.name.is_some_and(|name| after_name(&message.body, name).is_some_and(|(_, marked)| marked))
}

/// What follows our name at the beginning of a text, and whether a colon or comma sets it off.
fn after_name<'t>(text: &'t str, name: &str) -> Option<(&'t str, bool)> {
    let text = text.trim_start().trim_start_matches('@');
    let begins =
        text.get(..name.len()).filter(|begins| !name.is_empty() && begins.to_lowercase() == name.to_lowercase())?;
    let rest = &text[begins.len()..];
    let marked = rest.starts_with([':', ',']);
    (rest.is_empty() || marked || rest.starts_with(char::is_whitespace)).then_some((rest, marked))
}

/// The message without our name in it, and without mark-up.
fn without_name(body: &str, here: &Here<'_>) -> String {
    let body = without_pill(body, here.me).replace(here.me, " ");
    let local = here.me.trim_start_matches('@').split(':').next().unwrap_or_default();
    let names = here.name.into_iter().chain([local]);
    let rest = names.filter_map(|name| after_name(&body, name)).map(|(rest, _)| rest).next();
    let text = plain(rest.unwrap_or(&body));
    text.trim_start_matches([',', ':', '-', ' ']).to_owned()
}

/// Without `[Byline](https://matrix.to/#/@byline:example.org)`, which is how some clients write a pill in the plain body.
fn without_pill(body: &str, me: &str) -> String {
    let link = format!("](https://matrix.to/#/{me})");
    let Some(end) = body.find(&link) else { return body.to_owned() };
    match body[..end].rfind('[') {
        Some(start) => format!("{} {}", &body[..start], &body[end + link.len()..]),
        None => body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(body: &str) -> Message {
        Message { body: body.into(), mentions: Some(Vec::new()), ..Message::default() }
    }

    fn ask(message: &Message, direct: bool) -> Option<Asked> {
        let aliases = Aliases::parse("!ask, !q=ask, !check").unwrap();
        let here = Here { me: "@byline:x", name: Some("Byline Bot"), prefix: "!byline", aliases: &aliases, direct };
        asked(message, &here)
    }

    fn text(body: &str) -> Option<String> {
        match ask(&message(body), false) {
            Some(Asked::Text(text)) => Some(text),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_stands_behind_the_prefix_or_is_an_alias() {
        for (body, asks) in [
            ("!byline ask why --about “the bridge”", "/ask why --about “the bridge”"),
            ("  !Byline: ask why", "/ask why"),
            ("!byline", "/help"),
            ("!byline sumary", "/sumary"),
            ("!byline asc why", "/asc why"),
            ("!byline when does it open?", "when does it open?"),
            ("!byline /ask why", "/ask why"),
            ("!byline\nask why", "/ask why"),
            ("!ask why", "/ask why"),
            ("!q why", "/ask why"),
        ] {
            assert_eq!(text(body).as_deref(), Some(asks), "{body}");
        }
        for other in ["ask why", "!bylines ask why", "why?", "say !byline", "!ASKED", ""] {
            assert_eq!(text(other), None, "{other}");
        }
    }

    #[test]
    fn who_mentions_us_asks_in_plain_words() {
        let mentions = |body: &str| Message { mentions: Some(vec!["@byline:x".into()]), ..message(body) };
        for (body, asks) in [
            ("Byline Bot: who closed the bridge?", "who closed the bridge?"),
            ("@byline:x who closed the bridge?", "who closed the bridge?"),
            ("byline, who closed the bridge?", "who closed the bridge?"),
            ("[Byline Bot](https://matrix.to/#/@byline:x) who closed it?", "who closed it?"),
            ("who closed the bridge, @byline:x", "who closed the bridge,"),
            ("Byline Bot", "/help"),
            ("@byline:x: !byline ask why", "/ask why"),
        ] {
            assert_eq!(ask(&mentions(body), false), Some(Asked::Text(asks.into())), "{body}");
        }
        // A client that tells whom it mentions, and doesn't mention us, means what it says.
        assert_eq!(ask(&message("@byline:x is a bot"), false), None);
        let old = |body: &str| Message { mentions: None, ..message(body) };
        assert_eq!(ask(&old("Byline Bot: why?"), false), Some(Asked::Text("why?".into())));
        assert_eq!(ask(&old("Byline Bot knows"), false), None);
        let html = Some("<a href=\"https://matrix.to/#/%40byline%3Ax\">Byline Bot</a> why?".into());
        let pill = Message { html, ..old("Byline Bot why?") };
        assert_eq!(ask(&pill, false), Some(Asked::Text("why?".into())));
    }

    #[test]
    fn between_two_no_prefix_is_needed() {
        assert_eq!(ask(&message("why?"), true), Some(Asked::Text("why?".into())));
        assert_eq!(ask(&message("!byline ask why?"), true), Some(Asked::Text("/ask why?".into())));
        assert_eq!(ask(&message("/ask why?"), true), Some(Asked::Text("/ask why?".into())));
    }

    #[test]
    fn a_reply_asks_to_check_what_it_replies_to() {
        let replies = |body: &str| Message { reply_to: Some("$0".into()), ..message(body) };
        assert_eq!(ask(&replies("!byline check"), false), Some(Asked::CheckThat));
        assert_eq!(ask(&replies("!check"), false), Some(Asked::CheckThat));
        assert_eq!(ask(&replies("Check this quote, please."), true), Some(Asked::CheckThat));
        let words = Asked::Text("/check “we will not sail”".into());
        assert_eq!(ask(&replies("!byline check “we will not sail”"), false), Some(words));
        assert_eq!(ask(&message("check this"), true), Some(Asked::Text("check this".into())));
    }

    proptest! {
        #[test]
        fn any_message_is_read(body in "[!@a-zßİ:, /\\[\\]()#]{0,40}\\PC{0,20}", prefix in "\\PC{0,9}", me in "@?\\PC{0,9}") {
            let aliases = Aliases::default();
            for direct in [false, true] {
                let here = Here { me: &me, name: Some(&prefix), prefix: &prefix, aliases: &aliases, direct };
                for mentions in [None, Some(vec![me.clone()])] {
                    let _ = asked(&Message { mentions, ..message(&body) }, &here);
                }
            }
        }
    }
}
