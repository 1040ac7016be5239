//! Plain language: mentions, replies to Byline and direct messages. Discord shows us no other message, and none is asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bot::{Bot, Me};
use super::events::Message;
use super::interactions::{Asked, Said, with_buttons};
use super::page::{self, ButtonId};
use super::place::Asker;
use super::rest::RestError;
use crate::chat::going_on;
use crate::chat::keeper::text_hash;
use crate::chat::kept::Kept;
use crate::router;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// After how long “Byline is typing” is shown.
const TYPING_AFTER: Duration = Duration::from_millis(700);

/// For how long talk goes on after an answer where it is not a reply to it.
const TALK: SignedDuration = SignedDuration::from_hours(1);

/// Discord's code for a message that is empty: embeds are dropped where the bot may not embed links.
const EMPTY_MESSAGE: i64 = 50006;

/// Answers a message, if it is for us.
pub async fn message(bot: Arc<Bot>, message: Message) {
    let Some(me) = bot.me.get().copied() else { return };
    if !is_for(me, &message) {
        return;
    }
    let asker = Asker::of_message(&message);
    if bot.closed.is_closed(asker.channel, Instant::now()) {
        tracing::debug!(channel = asker.channel, "no answer: the channel can't be written to");
        return;
    }
    let said = match bot.limits.take(asker.person, asker.server, Instant::now()) {
        // Said once: whoever writes on and on is not to make us do the same.
        Err(too_much) if too_much.told => return,
        Err(too_much) => Said::alone(&too_much.kind_word()),
        Ok(()) => {
            let mut work =
                tokio::spawn(timeout(PATIENCE, answer(Arc::clone(&bot), asker.clone(), me, message.clone())));
            let early = timeout(TYPING_AFTER, &mut work).await;
            let done = match early {
                Ok(done) => done,
                Err(_) => {
                    // Only a courtesy: that it fails matters to nobody.
                    let _ = bot.rest.typing(asker.channel).await;
                    work.await
                }
            };
            match done {
                Ok(Ok(said)) => said,
                Ok(Err(_)) => {
                    Said::alone("That took too long, and I stopped looking. Try again, or ask for less at once.")
                }
                Err(_) => {
                    Said::alone("Something went wrong on my side, and there is no answer. Byline's log says why.")
                }
            }
        }
    };
    send(&bot, &asker, message.id.0, said.body).await;
}

/// Discord's kinds of messages that people write.
const WRITTEN: [u64; 2] = [0, 19];

/// Whether a message is for us: from a person, in a direct message, mentioning us or in reply to us.
fn is_for(me: Me, message: &Message) -> bool {
    let Some(author) = &message.author else { return false };
    let from_person = !author.bot && !author.system && message.webhook_id.is_none();
    let mentioned = || message.mentions.iter().any(|user| user.id.0 == me.user) || names(&message.content, me);
    // A reply that does not notify us shows us no words, unless it is to us in a place where Discord does.
    let replied = || {
        let to = message.referenced_message.as_ref().and_then(|replied| replied.author.as_ref());
        !message.content.trim().is_empty() && to.is_some_and(|author| author.id.0 == me.user)
    };
    from_person
        && WRITTEN.contains(&message.kind)
        && author.id.0 != me.user
        && (message.guild_id.is_none() || mentioned() || replied())
}

/// The two ways in which a message names us.
fn our_names(me: Me) -> [String; 2] {
    [format!("<@{}>", me.user), format!("<@!{}>", me.user)]
}

fn names(content: &str, me: Me) -> bool {
    our_names(me).iter().any(|name| content.contains(name))
}

async fn answer(bot: Arc<Bot>, asker: Asker, me: Me, message: Message) -> Said {
    let text = words(&message.content, me);
    if text.is_empty() {
        let reply = bot.router.answer_text(&asker.place, "/help").await;
        return with_buttons(&bot, &asker, &reply, asked("help", ""), None).await;
    }
    let before = last_answer(&bot, &asker, &message).await;
    let reply = going_on::answer(&bot.router, &asker.place, &text, before.as_ref()).await;
    let command = router::understand(&text).map_or("ask", |(spec, _)| spec.name);
    with_buttons(&bot, &asker, &reply, asked(command, &text), None).await
}

fn asked(command: &str, text: &str) -> Asked {
    Asked { command: command.to_owned(), hash: text_hash(text), private: false }
}

/// The message without our name in it, and without marks that show nothing.
fn words(content: &str, me: Me) -> String {
    let content = our_names(me).iter().fold(content.to_owned(), |content, name| content.replace(name, " "));
    let text = content.split_whitespace().collect::<Vec<_>>().join(" ");
    text.trim_start_matches([',', ':', '-', ' ']).to_owned()
}

/// The answer that a message goes on from: the one that it replies to, or the last in its thread or direct messages.
async fn last_answer(bot: &Bot, asker: &Asker, message: &Message) -> Option<Kept> {
    let stored = match &message.referenced_message {
        Some(replied) => bot.keeper.pages(&key_of(replied)?).await,
        None if asker.server.is_none() || bot.is_thread(asker.channel) => {
            let since = Timestamp::now().checked_sub(TALK).unwrap_or(Timestamp::UNIX_EPOCH);
            bot.keeper.last(&asker.answers_at(), since).await
        }
        None => return None,
    };
    match stored {
        Ok(json) => Kept::from_json(&json?).ok(),
        Err(error) => {
            tracing::warn!(%error, "the last answer is not known");
            None
        }
    }
}

/// The key of an answer of ours, from its buttons.
fn key_of(message: &Message) -> Option<String> {
    message.buttons().filter_map(ButtonId::parse).map(|button| button.key).next()
}

/// Sends an answer as a reply. The message's own number is the nonce: however often it is sent, it shows once.
async fn send(bot: &Bot, asker: &Asker, to: u64, mut body: Value) {
    body["message_reference"] = json!({ "message_id": to.to_string(), "fail_if_not_exists": false });
    body["allowed_mentions"] = json!({ "parse": [], "replied_user": false });
    body["nonce"] = to.to_string().into();
    body["enforce_nonce"] = true.into();
    match bot.rest.post(asker.channel, &body).await {
        Ok(_) => bot.closed.open(asker.channel),
        Err(RestError::Refused { code: EMPTY_MESSAGE, .. }) => {
            body["content"] = "I may not embed links here, and my answers are embeds: give me the permission “Embed Links”, or use /ask.".into();
            body["embeds"] = json!([]);
            body["components"] = json!([]);
            if let Err(error) = bot.rest.post(asker.channel, &body).await {
                tracing::warn!(channel = asker.channel, %error, "an answer could not be sent");
            }
        }
        Err(error) => {
            tracing::warn!(channel = asker.channel, %error, "an answer could not be sent");
            if let Some(status @ (401 | 403 | 404)) = error.status() {
                bot.mark_closed(asker, status).await;
                return;
            }
            let mut sorry = page::line("I found an answer and could not show it here. Byline's log says why.");
            for field in ["message_reference", "allowed_mentions", "enforce_nonce"] {
                sorry[field] = body[field].clone();
            }
            sorry["nonce"] = format!("{to}e").into();
            if let Err(error) = bot.rest.post(asker.channel, &sorry).await {
                tracing::warn!(channel = asker.channel, %error, "nor could that be told");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_name_is_no_part_of_the_question() {
        let me = Me { application: 1, user: 42 };
        for (content, text) in [
            ("<@42> who closed the bridge?", "who closed the bridge?"),
            ("<@!42>, who closed\nthe bridge?", "who closed the bridge?"),
            ("who closed the bridge, <@42> ?", "who closed the bridge, ?"),
            ("<@42>", ""),
            ("<@43> hello", "<@43> hello"),
        ] {
            assert_eq!(words(content, me), text, "{content}");
        }
    }
}
