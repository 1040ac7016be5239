//! “Wrong speaker”, an entry of a message's menu for those who manage a server: a form asks whose the quotation is, and what is
//! filled in goes the way of `/correct`.
//!
//! A form can't be promised, it is the first response or nothing. So what is to be looked up for it has a second.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::bot::Bot;
use super::embeds;
use super::events::Interaction;
use super::interactions::{Said, Ticket, deliver, said};
use super::page::ButtonId;
use super::place::Asker;
use crate::chat::kept::{Kept, RestoreError};
use crate::chat::wrong::{self, Attributed};

/// How long it may take to know what the form shows; Discord waits for three seconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// Discord's number of a form as a first response.
const FORM: u8 = 9;

/// The fields of the form.
const WHICH: &str = "which";
const NAME: &str = "name";

/// The longest name that is taken, in characters.
const LONGEST_NAME: u16 = 200;

/// The longest text of an option of a menu, and the most of them (limits of Discord).
const MAX_OPTION: usize = 100;
const MAX_OPTIONS: usize = 25;

const NO_ANSWER: &str = "Only my own answers can be corrected, and only where they show somebody's words: use it on one of these, \
                         or /correct with the words of the quotation.";

/// Shows the form, or says why there is none.
pub async fn ask(bot: &Arc<Bot>, ticket: Ticket, asker: Asker, menu: &Interaction) {
    let shown = ButtonId::shown(menu.data.message_buttons());
    let form = match timeout(PATIENCE, form(bot, &asker, shown)).await {
        Ok(form) => form,
        Err(_) => Err(Said::alone("That took too long, and I stopped looking. Try again in a moment.")),
    };
    match form {
        Ok(form) => {
            let response = json!({ "type": FORM, "data": form });
            if let Err(error) = bot.rest.respond(ticket.id, &ticket.token, &response).await {
                tracing::warn!(interaction = ticket.id, %error, "a form could not be shown");
            }
        }
        Err(said) => deliver(bot, ticket, true, async move { said }).await,
    }
}

async fn form(bot: &Bot, asker: &Asker, shown: Option<ButtonId>) -> Result<Value, Said> {
    // Nobody is to fill in a form that is then refused.
    if let Err(problem) = bot.router.may_change_articles(&asker.place, "correct").await {
        return Err(said(&bot.router.refuse(problem)));
    }
    let Some(shown) = shown else { return Err(Said::alone(NO_ANSWER)) };
    let quotations = quotations(bot, &shown.key, shown.page).await?;
    let option = |(at, one): (usize, &Attributed)| {
        json!({
            "label": cut(&format!("“{}”", one.words)), "value": at.to_string(), "description": cut(&one.speaker),
            "default": at == 0,
        })
    };
    let options: Vec<Value> = quotations.iter().enumerate().take(MAX_OPTIONS).map(option).collect();
    let which = json!({ "type": 3, "custom_id": WHICH, "options": options, "min_values": 1, "max_values": 1 });
    let name = json!({ "type": 4, "custom_id": NAME, "style": 1, "required": true, "max_length": LONGEST_NAME });
    Ok(json!({
        "custom_id": FormId { key: &shown.key, page: shown.page }.text(),
        "title": "Wrong speaker",
        "components": [
            { "type": 18, "label": "Which quotation", "component": which },
            {
                "type": 18, "label": "Whose words they are", "component": name,
                "description": "“unattributed” if nobody can tell, “as found” to take a correction back",
            },
        ],
    }))
}

/// What a page of a kept answer quotes of somebody.
async fn quotations(bot: &Bot, key: &str, page: usize) -> Result<Vec<Attributed>, Said> {
    let found = async {
        let Some(json) = bot.keeper.pages(key).await? else { return Ok(None) };
        wrong::attributed(&Kept::from_json(&json)?, page, &bot.store).await.map(Some)
    };
    let found: Result<_, RestoreError> = found.await;
    match found {
        Ok(Some(quotations)) if quotations.is_empty() => Err(Said::alone(NO_ANSWER)),
        Ok(Some(quotations)) => Ok(quotations),
        Ok(None) => {
            Err(Said::alone("This answer is too old to be corrected here. Ask again, and correct the new one."))
        }
        Err(RestoreError::TakenOut) => {
            Err(Said::alone("The article that this answer quotes was taken out of the library since."))
        }
        Err(error) => {
            tracing::error!(%error, "what an answer quotes is not known");
            Err(Said::alone("I can't look this answer up at this moment. Byline's log says why; try again soon."))
        }
    }
}

/// Does what a form says.
pub async fn filled(bot: Arc<Bot>, form: Interaction) {
    let asker = Asker::of(&form);
    let ticket = Ticket::of(&bot, &form);
    let limited = bot.limits.take(asker.person, asker.server, std::time::Instant::now());
    let work = {
        let bot = Arc::clone(&bot);
        async move {
            match limited {
                Err(too_much) => Said::alone(&too_much.kind_word()),
                Ok(()) => correct(&bot, &asker, &form).await.unwrap_or_else(|said| said),
            }
        }
    };
    deliver(&bot, ticket, true, work).await;
}

async fn correct(bot: &Bot, asker: &Asker, form: &Interaction) -> Result<Said, Said> {
    let other = || Said::alone("This form belongs to another version of Byline. Ask again, please.");
    let id = FormId::parse(&form.data.custom_id).ok_or_else(other)?;
    let which: usize = form.data.filled(WHICH).and_then(|which| which.parse().ok()).unwrap_or(0);
    let quotations = quotations(bot, id.key, id.page).await?;
    let quotation = quotations.get(which).ok_or_else(other)?;
    let reply = match wrong::correction(quotation, form.data.filled(NAME).unwrap_or_default()) {
        Ok((spec, args)) => bot.router.answer(&asker.place, spec, &args).await,
        Err(problem) => bot.router.refuse(problem),
    };
    Ok(said(&reply))
}

/// The form's `custom_id`: which answer, and which page of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FormId<'k> {
    key: &'k str,
    page: usize,
}

impl<'k> FormId<'k> {
    fn text(self) -> String {
        format!("w1:{}:{}", self.key, self.page)
    }

    fn parse(id: &'k str) -> Option<Self> {
        let (key, page) = id.strip_prefix("w1:")?.split_once(':')?;
        (!key.is_empty()).then_some(Self { key, page: page.parse().ok()? })
    }
}

/// As much as an option of a menu can hold, in one line.
fn cut(words: &str) -> String {
    let words = embeds::visible(words).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.encode_utf16().count() <= MAX_OPTION {
        return words;
    }
    let mut room = MAX_OPTION - 1;
    let fits = |c: &char| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    };
    words.chars().take_while(fits).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_id_is_read_as_it_was_written() {
        let id = FormId { key: "k3y", page: 4 };
        assert_eq!(FormId::parse(&id.text()), Some(id));
        for other in ["", "w1:", "w1::0", "w1:k", "w1:k:x", "b1:k:0"] {
            assert_eq!(FormId::parse(other), None, "{other}");
        }
    }

    #[test]
    fn options_are_short_whatever_they_hold() {
        assert_eq!(cut("“We  will\nnot sail”"), "“We will not sail”");
        for long in ["x ".repeat(200), "\u{1f6a2}".repeat(200)] {
            assert!(cut(&long).encode_utf16().count() <= MAX_OPTION);
        }
    }
}
