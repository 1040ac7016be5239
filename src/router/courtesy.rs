//! What people say to a bot that is no question: greetings, thanks, "what can you do?". Taken for a question it would be
//! answered with a passage.

use super::present;
use crate::library::Library;
use crate::reply::{Block, Outcome, Reply};

/// What such a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Courtesy {
    /// "Hello!"
    Greeting,
    /// "Thank you."
    Thanks,
    /// "What can you do?"
    Help,
}

const GREETINGS: &[&str] = &[
    "hi",
    "hello",
    "hey",
    "hiya",
    "howdy",
    "greetings",
    "good morning",
    "good afternoon",
    "good evening",
    "good day",
    "hallo",
    "moin",
    "bonjour",
    "hola",
    "ciao",
];

const THANKS: &[&str] = &[
    "thanks",
    "thank you",
    "thx",
    "ty",
    "cheers",
    "many thanks",
    "thanks a lot",
    "thank you so much",
    "thank you very much",
    "danke",
    "merci",
    "gracias",
    "grazie",
];

const HELP: &[&str] = &[
    "help",
    "help me",
    "what can you do",
    "what do you do",
    "what can i ask",
    "what can i ask you",
    "how do you work",
    "how does this work",
    "how do i use you",
    "how do i use this",
    "who are you",
    "what are you",
    "are you a bot",
    "commands",
];

/// Whom a sentence is said to, and words that make it kinder; none of them makes it a question.
const ASIDE: &[&str] = &["byline", "bot", "there", "all", "everyone", "please", "again", "ok", "okay", "great"];

impl Courtesy {
    /// What a whole sentence is, if it is nothing but a courtesy.
    pub(super) fn of(sentence: &str) -> Option<Self> {
        // The longest of these has five words; a long text need not be looked at.
        let words: Vec<String> = sentence
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .filter(|word| !ASIDE.contains(&word.as_str()))
            .take(7)
            .collect();
        let said = words.join(" ");
        let among = |list: &[&str]| list.contains(&said.as_str());
        match () {
            () if among(GREETINGS) => Some(Self::Greeting),
            () if among(THANKS) => Some(Self::Thanks),
            () if among(HELP) => Some(Self::Help),
            () => None,
        }
    }

    /// What is said in return.
    pub(super) fn reply(self, library: &Library) -> Reply {
        let lines = match self {
            Self::Thanks => return Reply::text(Outcome::Told, "You are welcome."),
            Self::Greeting | Self::Help => [
                "Ask me in plain words about what is in the articles: you get the paragraph that tells it, and where it stands.",
                "“Who said …”, “what did … say about …” and “did … say …” find and check quotations. /help lists the commands.",
            ],
        };
        let reply =
            lines.into_iter().fold(Reply::new(Outcome::Told), |reply, line| reply.with(Block::Text(line.to_owned())));
        reply.with(Block::Text(present::held(library)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_question_is_known() {
        for (sentence, is) in [
            ("Hi!", Courtesy::Greeting),
            ("hello there", Courtesy::Greeting),
            ("Good morning, Byline.", Courtesy::Greeting),
            ("thanks 🙂", Courtesy::Thanks),
            ("OK, thank you very much!", Courtesy::Thanks),
            ("What can you do?", Courtesy::Help),
            ("help", Courtesy::Help),
        ] {
            assert_eq!(Courtesy::of(sentence), Some(is), "{sentence}");
        }
    }

    #[test]
    fn questions_stay_questions() {
        for sentence in
            ["", "why?", "Who said hello?", "thanks to whom is the bridge open", "help for flooded farms", "all"]
        {
            assert_eq!(Courtesy::of(sentence), None, "{sentence}");
        }
    }
}
