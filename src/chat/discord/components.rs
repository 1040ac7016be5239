//! Buttons: pages, context, source, “not helpful”. What they show is read from the store, so they work after a restart.

use std::sync::Arc;

use super::bot::Bot;
use super::events::Interaction;
use super::interactions::{Said, Ticket, deliver};
use super::page::{ButtonId, Press, Shown};
use super::place::Asker;
use crate::chat::kept::{Kept, RestoreError};
use crate::library::store::StoreError;
use crate::reply::{Block, Checked};

/// Answers a press.
pub async fn press(bot: Arc<Bot>, press: Interaction) {
    let asker = Asker::of(&press);
    let ticket = Ticket { updates: true, ..Ticket::of(&bot, &press) };
    let limited = bot.limits.take(asker.person, asker.server, std::time::Instant::now());
    let work = {
        let bot = Arc::clone(&bot);
        async move {
            match (limited, ButtonId::parse(&press.data.custom_id)) {
                (Err(too_much), _) => Said::alone(&too_much.kind_word()),
                (Ok(()), None) => Said::alone("This button belongs to another version of Byline. Ask again, please."),
                (Ok(()), Some(button)) => pressed(&bot, &button).await,
            }
        }
    };
    deliver(&bot, ticket, false, work).await;
}

const TOO_OLD: &str = "This answer is too old for its buttons to work. Ask again, and I will look it up anew.";

async fn pressed(bot: &Bot, button: &ButtonId) -> Said {
    match show(bot, button).await {
        Ok(said) => said,
        Err(RestoreError::TakenOut) => {
            Said::alone("The article that this answer quotes was taken out of the library since.")
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be shown again");
            Said::alone("This page can't be shown at this moment. Byline's log says why; try again soon.")
        }
    }
}

async fn show(bot: &Bot, button: &ButtonId) -> Result<Said, RestoreError> {
    let Some(json) = bot.keeper.pages(&button.key).await? else { return Ok(Said::alone(TOO_OLD)) };
    let kept = Kept::from_json(&json)?;
    let page = button.page.min(kept.pages().saturating_sub(1));
    if button.press == Press::Unhelpful {
        return Ok(unhelpful(bot, &button.key, &kept, page).await?);
    }
    let around = button.press == Press::Context;
    let reply = kept.page(&bot.store, page, around).await?;
    if button.press == Press::Source {
        return Ok(Said::alone(&source(&reply, page)));
    }
    let shown = Shown { reply: &reply, page, kept: Some((&button.key, &kept)), around, note: None };
    Ok(Said { body: shown.body(), alone: false })
}

async fn unhelpful(bot: &Bot, key: &str, kept: &Kept, page: usize) -> Result<Said, StoreError> {
    let rank = i64::try_from(page).unwrap_or(i64::MAX).saturating_add(1);
    let new = bot.store.unhelpful(key, kept.question.as_bytes(), rank).await?;
    let thanks = "Thank you: noted, without your name. It helps to rank answers better.";
    Ok(Said::alone(if new { thanks } else { "Thank you: that was noted before." }))
}

/// Where the page's first quotation stands, for articles that have no address to open.
fn source(reply: &Checked, page: usize) -> String {
    let blocks = reply.pages.get(page).into_iter().flatten().chain(&reply.blocks);
    let quoted = blocks.into_iter().find_map(|block| match block {
        Block::Quote(quoted) => Some(quoted),
        _ => None,
    });
    let Some(source) = quoted.map(|quoted| &quoted.source) else { return "This page quotes no article.".to_owned() };
    let link = source.url.clone().filter(|url| !url.is_empty());
    source.parts().chain(link).collect::<Vec<_>>().join("\n")
}
