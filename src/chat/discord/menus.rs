//! The two entries of a message's menu: “Check this quote” and “Find the source”.

use super::bot::Bot;
use super::interactions::{Asked, Said, with_buttons};
use super::place::Asker;
use crate::chat::keeper::text_hash;
use crate::chat::{checks, quoted};

/// The longest text that is looked up, in characters; more than any quotation has.
const MAX_TEXT: usize = 2_000;

const NO_TEXT: &str = "That message has no text that I can read.";

/// Whether each quotation of a message stands in an article: exactly, altered or not at all.
pub async fn check(bot: &Bot, asker: &Asker, message: &str) -> Said {
    match checks::check(&bot.router, &asker.place, message).await {
        Some(reply) => with_buttons(bot, asker, &reply, asked("check", message), None).await,
        None => Said::alone(NO_TEXT),
    }
}

/// The passage that is closest to a message.
pub async fn source(bot: &Bot, asker: &Asker, message: &str) -> Said {
    let text: String = quoted::plain(message).chars().take(MAX_TEXT).collect();
    if text.trim().is_empty() {
        return Said::alone(NO_TEXT);
    }
    let reply = checks::with_option(&bot.router, &asker.place, "ask", "question", &text).await;
    with_buttons(bot, asker, &reply, asked("ask", &text), None).await
}

/// A menu's answer is for who asked.
fn asked(command: &str, text: &str) -> Asked {
    Asked { command: command.to_owned(), hash: text_hash(text), private: true }
}
