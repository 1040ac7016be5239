//! ◀ and ▶ below an answer turn its pages, for the one who asked. What they show is read from the store, so they work after a
//! restart.

use matrix_sdk::Room;
use matrix_sdk::ruma::EventId;
use serde_json::json;

use super::answer::{self, Shown, in_place_of, transaction};
use super::bot::Bot;
use super::events::Event;
use super::rooms::{Dealt, given_up};
use super::send;
use super::trouble::Trouble;
use crate::chat::kept::{Kept, RestoreError};
use crate::library::store::{Answered, Step};

const BACK: &str = "◀";
const FORTH: &str = "▶";

/// Puts the buttons below an answer. That they fail to appear costs the answer nothing.
pub fn offer(room: &Room, answer: &EventId) {
    let (room, answer) = (room.clone(), answer.to_owned());
    tokio::spawn(async move {
        for key in [BACK, FORTH] {
            let relation = json!({ "rel_type": "m.annotation", "event_id": answer, "key": format!("{key}\u{fe0f}") });
            let content = json!({ "m.relates_to": relation });
            let transaction = transaction(key, answer.as_str());
            for _ in 0..3 {
                match send::event(&room, "m.reaction", content.clone(), &transaction).await {
                    Err(Trouble::Passing { after, .. }) => tokio::time::sleep(after.unwrap_or_default()).await,
                    _ => break,
                }
            }
        }
    });
}

/// Which way a reaction turns the pages.
fn direction(key: &str) -> Option<i64> {
    match key.trim_end_matches('\u{fe0f}') {
        BACK | "⬅" | "⏪" | "◁" | "←" => Some(-1),
        FORTH | "➡" | "⏩" | "▷" | "→" => Some(1),
        _ => None,
    }
}

/// Whether a reaction is one of the buttons.
#[must_use]
pub fn is_button(key: &str) -> bool {
    direction(key).is_some()
}

/// Turns a page, if a reaction says so and is of who asked.
pub async fn reaction(bot: &Bot, room: &Room, event: &Event, to: &str, key: &str) -> Dealt {
    let Some(direction) = direction(key) else { return Some(Vec::new()) };
    bot.scribe.written().await;
    let answered = match bot.store.answered_by(&bot.owner, to).await {
        Ok(Some(answered)) if answered.person == event.sender => answered,
        Ok(_) => return Some(Vec::new()),
        Err(error) => {
            tracing::warn!(%error, "an answer whose page is turned is not known");
            return Some(Vec::new());
        }
    };
    let here = room.room_id().to_string();
    if bot.limits.take(event.sender.clone(), Some(here), std::time::Instant::now()).is_err() {
        return Some(Vec::new());
    }
    match turned(bot, room, &answered, direction).await {
        Ok(Some((content, page))) => {
            let edit = in_place_of(content, to);
            if let Err(trouble) = send::message(room, &edit, &transaction("page", &event.id), false).await {
                tracing::warn!(room = %room.room_id(), "a page could not be turned: {trouble}");
                return given_up(&trouble);
            }
            take_away(bot, room, &event.id).await;
            Some(vec![Step::Turned { answer: to.to_owned(), page }])
        }
        Ok(None) => {
            take_away(bot, room, &event.id).await;
            Some(Vec::new())
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be shown again");
            Some(Vec::new())
        }
    }
}

/// The answer at the page after, or before, the one that is shown; nothing where there is none.
async fn turned(
    bot: &Bot,
    room: &Room,
    answered: &Answered,
    direction: i64,
) -> Result<Option<(serde_json::Value, i64)>, RestoreError> {
    let Some(key) = &answered.pages else { return Ok(None) };
    let Some(json) = bot.keeper.pages(key).await? else { return Ok(None) };
    let kept = Kept::from_json(&json)?;
    let last = i64::try_from(kept.pages()).unwrap_or(i64::MAX) - 1;
    let page = (answered.page + direction).clamp(0, last.max(0));
    if page == answered.page {
        return Ok(None);
    }
    let shown = usize::try_from(page).unwrap_or_default();
    let prefix = bot.prefix(room.room_id().as_str()).await;
    let content = match kept.page(&bot.store, shown, false).await {
        Ok(reply) => Shown { reply: &reply, page: shown, prefix: &prefix, turns: true }.content(),
        Err(RestoreError::TakenOut) => {
            answer::line("The article that this answer quotes was taken out of the library since.")
        }
        Err(error) => return Err(error),
    };
    Ok(Some((content, page)))
}

/// Takes a reaction away where we have the power to, so that it can be made again at once. Nobody is asked for that power.
async fn take_away(bot: &Bot, room: &Room, reaction: &str) {
    let Ok(powers) = room.power_levels().await else { return };
    if let Ok(event) = EventId::parse(reaction)
        && powers.user_can_redact_event_of_other(room.own_user_id())
        && let Err(trouble) = send::redaction(room, &event, &transaction("button", reaction)).await
    {
        tracing::debug!(room = %room.room_id(), me = bot.me, "a reaction stays: {trouble}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_turn_pages_with_and_without_a_variation_selector() {
        for (key, turns) in
            [("▶", Some(1)), ("▶️", Some(1)), ("◀️", Some(-1)), ("⬅️", Some(-1)), ("👍", None), ("", None)]
        {
            assert_eq!(direction(key), turns, "{key}");
        }
    }
}
