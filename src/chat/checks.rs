//! “Check this quote”: whether the quotations of a chat message stand in the articles.

use super::quoted::{self, MAX_QUOTATIONS};
use crate::reply::{Block, Checked, Outcome, Reply};
use crate::router::table::{self, Spec};
use crate::router::{Args, Place, Problem, Router};

/// Whether each quotation of a message stands in an article: exactly, altered or not at all; nothing when the message has no
/// text.
pub async fn check(router: &Router, place: &Place, message: &str) -> Option<Checked> {
    let quotations = quoted::quotations(message);
    if quotations.is_empty() {
        return None;
    }
    let mut replies = Vec::new();
    for quotation in quotations.iter().take(MAX_QUOTATIONS) {
        replies.push(with_option(router, place, "check", "quote", quotation).await);
    }
    let left_out = quotations.len().saturating_sub(MAX_QUOTATIONS);
    Some(match &replies[..] {
        [only] if left_out == 0 => only.clone(),
        _ => match together(router, place, &quotations, &replies, left_out).await {
            Ok(reply) => reply,
            Err(problem) => router.refuse(problem),
        },
    })
}

/// One reply for several quotations: the verdicts first, and a page for each.
async fn together(
    router: &Router,
    place: &Place,
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
    let desk = router.desk(place).await?;
    Ok(all.check(desk.library()).unwrap_or_else(|misquote| {
        tracing::error!(%misquote, "not sent");
        replies.first().cloned().unwrap_or_else(|| router.refuse(Problem::NothingKept))
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

/// The reply to a command with one option.
pub async fn with_option(router: &Router, place: &Place, command: &str, option: &str, text: &str) -> Checked {
    let found: Option<&'static Spec> = table::find(command);
    let Some((spec, option)) = found.and_then(|spec| Some((spec, spec.option(option)?))) else {
        return router.refuse(Problem::UnknownCommand { typed: command.to_owned(), near: None });
    };
    let mut args = Args::default();
    match args.set(option, text) {
        Ok(()) => router.answer(place, spec, &args).await,
        Err(problem) => router.refuse(problem),
    }
}
