//! The two entries of a message's menu: “Check this quote” and “Find the source”.

use super::bot::Bot;
use super::interactions::{Asked, Said, with_buttons};
use super::keeper::text_hash;
use super::place::Asker;
use crate::chat::quoted::{self, MAX_QUOTATIONS};
use crate::reply::{Block, Checked, Outcome, Reply};
use crate::router::table::{self, Spec};
use crate::router::{Args, Problem};

/// The longest text that is looked up, in characters; more than any quotation has.
const MAX_TEXT: usize = 2_000;

const NO_TEXT: &str = "That message has no text that I can read.";

/// Whether each quotation of a message stands in an article: exactly, altered or not at all.
pub async fn check(bot: &Bot, asker: &Asker, message: &str) -> Said {
    let quotations = quoted::quotations(message);
    if quotations.is_empty() {
        return Said::alone(NO_TEXT);
    }
    let mut replies = Vec::new();
    for quotation in quotations.iter().take(MAX_QUOTATIONS) {
        replies.push(ask(bot, asker, "check", "quote", quotation).await);
    }
    let left_out = quotations.len().saturating_sub(MAX_QUOTATIONS);
    let reply = match &replies[..] {
        [only] if left_out == 0 => only.clone(),
        _ => match together(bot, asker, &quotations, &replies, left_out).await {
            Ok(reply) => reply,
            Err(problem) => bot.router.refuse(problem),
        },
    };
    with_buttons(bot, asker, &reply, asked("check", message), None).await
}

/// One reply for several quotations: the verdicts first, and a page for each.
async fn together(
    bot: &Bot,
    asker: &Asker,
    quotations: &[String],
    replies: &[Checked],
    left_out: usize,
) -> Result<Checked, Problem> {
    let outcome = match replies.iter().any(|reply| reply.outcome == Outcome::Answered) {
        true => Outcome::Answered,
        false => Outcome::NotInArticles,
    };
    let mut all = Reply::new(outcome);
    for (quotation, reply) in quotations.iter().zip(replies) {
        let about = verdict(reply);
        all = all.with(Block::Item { name: format!("“{}”", beginning(quotation)), about });
        let heading = Block::Heading(format!("“{}”", beginning(quotation)));
        all.pages.push(std::iter::once(heading).chain(reply.blocks.clone()).collect());
    }
    if left_out > 0 {
        all = all.with(Block::Text(format!("{left_out} more quotations of the message were not looked up.")));
    }
    let desk = bot.router.desk(&asker.place).await?;
    Ok(all.check(desk.library()).unwrap_or_else(|misquote| {
        tracing::error!(%misquote, "not sent");
        replies.first().cloned().unwrap_or_else(|| bot.router.refuse(Problem::NothingKept))
    }))
}

/// The verdict in a word or two, from the line with which the reply begins, and who said it.
fn verdict(reply: &Checked) -> String {
    let line = reply.blocks.iter().find_map(|block| match block {
        Block::Heading(words) | Block::Text(words) => Some(words.as_str()),
        _ => None,
    });
    let short = line.map_or("", |line| line.split(':').next().unwrap_or(line)).to_owned();
    let quoted = reply.quotations().next().filter(|_| reply.outcome == Outcome::Answered);
    match quoted.map(|quoted| (quoted.speaker.as_deref(), quoted.source.title.as_str())) {
        Some((Some(speaker), title)) => format!("{short} · {speaker} · {title}"),
        Some((None, title)) => format!("{short} · {title}"),
        None => short,
    }
}

fn beginning(quotation: &str) -> String {
    let short: String = quotation.chars().take(60).collect();
    if short.len() < quotation.len() { format!("{}…", short.trim_end()) } else { short }
}

/// The passage that is closest to a message.
pub async fn source(bot: &Bot, asker: &Asker, message: &str) -> Said {
    let text: String = quoted::plain(message).chars().take(MAX_TEXT).collect();
    if text.trim().is_empty() {
        return Said::alone(NO_TEXT);
    }
    let reply = ask(bot, asker, "ask", "question", &text).await;
    with_buttons(bot, asker, &reply, asked("ask", &text), None).await
}

/// A menu's answer is for who asked.
fn asked(command: &str, text: &str) -> Asked {
    Asked { command: command.to_owned(), hash: text_hash(text), private: true }
}

/// The reply to a command with one option.
async fn ask(bot: &Bot, asker: &Asker, command: &str, option: &str, text: &str) -> Checked {
    let found: Option<&'static Spec> = table::find(command);
    let Some((spec, option)) = found.and_then(|spec| Some((spec, spec.option(option)?))) else {
        return bot.router.refuse(Problem::UnknownCommand { typed: command.to_owned(), near: None });
    };
    let mut args = Args::default();
    match args.set(option, text) {
        Ok(()) => bot.router.answer(&asker.place, spec, &args).await,
        Err(problem) => bot.router.refuse(problem),
    }
}
