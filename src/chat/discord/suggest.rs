//! Completion: what an option can hold, while it is typed. From the asker's community only.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use super::bot::Bot;
use super::embeds;
use super::events::{Given, Interaction};
use super::place::Asker;
use crate::router::table::{self, OptionSpec};
use crate::router::{Suggestion, suggest};

/// The longest name and value of a choice, in characters.
const MAX_CHOICE: usize = 100;

/// How long suggestions may take: people type on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Discord's number of this response.
const CHOICES: u8 = 8;

/// Answers a request for suggestions. One that can't be answered gets none, in time.
pub async fn autocomplete(bot: &Bot, asked: Interaction) {
    let found = timeout(PATIENCE, suggested(bot, &asked)).await.unwrap_or_default();
    let choices: Vec<Value> = found.iter().filter_map(choice).collect();
    let body = json!({ "type": CHOICES, "data": { "choices": choices } });
    if let Err(error) = bot.rest.respond(asked.id.0, &asked.token, &body).await {
        // Mostly the person has typed on, and Discord no longer wants these.
        tracing::debug!(%error, "suggestions could not be delivered");
    }
}

async fn suggested(bot: &Bot, asked: &Interaction) -> Vec<Suggestion> {
    let Some((option, typed)) = focused(asked) else { return Vec::new() };
    match bot.router.desk(&Asker::of(asked).place).await {
        Ok(desk) => suggest(&desk, option.kind, &typed).await,
        Err(error) => {
            tracing::warn!(%error, "nothing to suggest from");
            Vec::new()
        }
    }
}

/// The option that is being typed, and what stands in it.
fn focused(asked: &Interaction) -> Option<(&'static OptionSpec, String)> {
    let mut spec = table::find(&asked.data.name)?;
    let mut options: &[Given] = &asked.data.options;
    if let Some(part) = options.first().filter(|first| !spec.parts.is_empty() && first.is_part()) {
        spec = spec.parts.iter().find(|known| known.name == part.name)?;
        options = &part.options;
    }
    let typed = options.iter().find(|option| option.focused)?;
    Some((spec.option(&typed.name)?, typed.text().unwrap_or_default()))
}

/// A choice within the limits; one whose value is too long is found by its name, if that is short enough.
fn choice(suggestion: &Suggestion) -> Option<Value> {
    let Suggestion { name, about, value } = suggestion;
    let shown = if about.is_empty() { name.clone() } else { format!("{name} · {about}") };
    let shown = shorten(&shown);
    let value = [value, name].into_iter().find(|text| (1..=MAX_CHOICE).contains(&text.chars().count()));
    // Words of the title find the article too, as long as no other title begins so.
    let value = value.cloned().unwrap_or_else(|| name.chars().take(MAX_CHOICE).collect());
    (!shown.trim().is_empty() && !value.trim().is_empty()).then(|| json!({ "name": shown, "value": value }))
}

fn shorten(text: &str) -> String {
    // A line break would end the choice's line.
    let text = embeds::visible(text).replace('\n', " ");
    if text.chars().count() <= MAX_CHOICE {
        return text;
    }
    text.chars().take(MAX_CHOICE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_within_the_limits_and_names_the_article() {
        let of = |name: &str, value: &str| {
            choice(&Suggestion { name: name.into(), about: "Harbour Courier".into(), value: value.into() })
        };
        assert_eq!(of("Ferry", "news/1"), Some(json!({ "name": "Ferry · Harbour Courier", "value": "news/1" })));
        let long = "ä".repeat(130);
        let cut = of(&long, &long).unwrap();
        assert_eq!(cut["name"].as_str().unwrap().chars().count(), MAX_CHOICE);
        assert_eq!(cut["value"].as_str().unwrap().chars().count(), MAX_CHOICE);
        assert_eq!(of("Ferry", &long).unwrap()["value"], "Ferry");
    }
}
