//! When Discord says no, or people ask too much.

use std::time::Duration;

use byline::chat::discord::{DiscordError, Settings, SettingsError};
use byline::library::store::Scope;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::fake::http::Answer;
use crate::fake::payloads::From;
use crate::fake::{APPLICATION, BOT, Planned};
use crate::world::{World, words};

const QUESTION: &str = "When does the pier at Oldhaven close?";

fn plan(method: &'static str, path: &'static str, times: usize, answer: Answer) -> Planned {
    Planned { method, path, times, answer, done: false }
}

#[tokio::test]
async fn a_limit_is_waited_out_and_the_answer_comes() {
    let world = World::new().await;
    let mut limited =
        Answer::new(429, json!({ "message": "You are being rate limited.", "retry_after": 0.3, "global": false }));
    limited.headers.push(("retry-after", "0.3".to_owned()));
    world.fake.plan(plan("POST", "/callback", 1, limited.clone()));
    let answer = world.ask(QUESTION).await;
    let (_, acked) = answer.acked.unwrap();
    assert!(acked.duration_since(answer.at) >= Duration::from_millis(300), "not before it was time");
    world.fake.plan(plan("POST", "/messages", 1, limited));
    let asked = world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    world.answered(asked).await;
    world.end().await;
}

#[tokio::test]
async fn a_failure_of_the_server_is_tried_again() {
    let world = World::new().await;
    world.fake.plan(plan("POST", "/callback", 2, Answer::new(500, Value::Null)));
    assert!(words(&world.ask(QUESTION).await.shown.unwrap()).contains("5 November"));
    world.fake.plan(plan("POST", "/channels/", 1, Answer::new(502, Value::Null)));
    let asked = world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    world.answered(asked).await;
    world.end().await;
}

#[tokio::test]
async fn an_answer_whose_receipt_is_lost_is_not_shown_twice() {
    let world = World::new().await;
    let lost = Answer { hang_up: true, ..Answer::new(200, Value::Null) };
    world.fake.plan(Planned { method: "POST", path: "/channels/", times: 1, answer: lost, done: true });
    let asked = world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    world.answered(asked).await;
    let again = |state: &crate::fake::State| {
        let posts = state.requests.iter().filter(|(_, path)| path.ends_with("/messages")).count();
        (posts >= 2).then_some(state.posted.len())
    };
    assert_eq!(world.fake.until("the message sent again", again).await, 1);
    world.end().await;
}

#[tokio::test]
async fn a_slow_answer_is_promised_and_then_given() {
    let world = World::new().await;
    let shown = world.ask(QUESTION).await.shown.unwrap();
    // Nobody can write: what sets something waits, and answers go ahead of what is kept of them.
    let lock = world.lock_the_store().await;
    let ahead = world.ask(QUESTION).await.shown.unwrap();
    assert!(words(&world.press(&ahead, "Context").await.shown.unwrap()).contains("every plank"), "from memory");
    let manager = From { permissions: 32, ..From::default() };
    let data = crate::world::command("digest set", &[("time", "08:30".into()), ("zone", "UTC".into())]);
    let slow = world.fake.interact(2, &data, &manager);
    let promised = |state: &crate::fake::State| state.interactions[&slow].deferred().then_some(());
    world.fake.until("a promise", promised).await;
    let id = world.fake.press(&crate::world::button(&shown, "Not helpful").unwrap(), &shown, &From::default());
    let promised = |state: &crate::fake::State| state.interactions[&id].deferred().then_some(());
    world.fake.until("a promise", promised).await;
    drop(lock);
    let set = world.fake.settled(slow).await;
    assert!(!set.ephemeral && words(&set.shown.unwrap()).contains("posted in this channel"));
    while !world.store.promises("discord/0-0/1").await.unwrap().is_empty() {
        // Every promise was kept; that is noted as soon as it can be written.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let noted = world.fake.settled(id).await;
    assert_eq!(noted.follow_ups[0]["flags"], 64, "for the person alone, and the message stays as it is");
    assert_eq!(noted.shown, None);
    world.end().await;
}

#[tokio::test]
async fn an_error_is_for_the_asker_alone_however_late_it_comes() {
    let world = World::new().await;
    // In a new process nothing is ready, so that the error may come after a promise or before.
    let wrong = world.command("summary", &[("article", "no such thing here".into())], &From::default()).await;
    assert!(wrong.alone(), "{wrong:?}");
    world.end().await;
}

#[tokio::test]
async fn a_channel_that_may_not_be_written_to_is_marked_and_left_alone() {
    let world = World::new().await;
    let refused = Answer::new(403, json!({ "message": "Missing Permissions", "code": 50013 }));
    world.fake.plan(plan("POST", "/channels/7001/", 9, refused));
    let posts = |state: &crate::fake::State| {
        state.requests.iter().filter(|(_, path)| path.ends_with("/channels/7001/messages")).count()
    };
    world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    world.fake.until("the refusal", |state| (posts(state) == 1).then_some(())).await;
    let community = loop {
        let guild = From::default().guild.unwrap().to_string();
        if let Some(known) = world.store.known_community("discord", &guild).await.unwrap()
            && world.store.setting(Scope::channel(known.id, "7001"), "unreachable").await.unwrap().is_some()
        {
            break known;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let noted = world.store.setting(Scope::channel(community.id, "7001"), "unreachable").await.unwrap();
    assert!(noted.unwrap().starts_with("403 since "));
    world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    // Commands are answered there all the same: they need no permission.
    assert!(words(&world.ask(QUESTION).await.shown.unwrap()).contains("5 November"));
    assert_eq!(posts(&world.fake.state.lock().unwrap()), 1, "it was not tried again");
    world.end().await;
}

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_ask_again() {
    let world = World::with(Settings { per_person: 2, ..Settings::default() }).await;
    for _ in 0..2 {
        assert!(!world.ask(QUESTION).await.ephemeral);
    }
    let third = world.ask(QUESTION).await;
    assert!(third.alone() && words(third.said()).contains("Ask me again in"));
    let other = world.command("ask", &[("question", QUESTION.into())], &From::person(2)).await;
    assert!(!other.ephemeral);
    let from = From { guild: None, channel: 501, ..From::person(3) };
    let say = || world.say(QUESTION, &from, None);
    let messages = [say(), say(), say(), say()];
    for message in [messages[0], messages[1]] {
        assert!(words(&world.answered(message).await.body).contains("5 November"));
    }
    assert!(words(&world.answered(messages[2]).await.body).contains("Ask me again in"));
    let last = world.say(QUESTION, &From::direct(4), None);
    world.answered(last).await;
    assert_eq!(world.fake.state.lock().unwrap().posted.len(), 4, "the fourth is not told again");
    world.end().await;
}

#[tokio::test]
async fn a_message_that_discord_does_not_take_is_told() {
    let world = World::new().await;
    let refused = Answer::new(400, json!({ "message": "Invalid Form Body", "code": 50035 }));
    let shown = world.ask(QUESTION).await.shown.unwrap();
    world.fake.plan(plan("POST", "/callback", 1, refused.clone()));
    let told = world.press(&shown, "Context").await;
    assert!(told.alone() && words(told.said()).contains("could not show"));
    // Nor the promise of one.
    world.fake.plan(plan("POST", "/callback", 1, refused.clone()));
    assert!(world.ask(QUESTION).await.is_settled());
    world.fake.plan(plan("POST", "/channels/", 1, refused));
    let asked = world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    assert!(words(&world.answered(asked).await.body).contains("could not show"));
    world.end().await;
}

async fn refused(settings: Settings) -> String {
    let mut world = World::stopped(Settings::default()).await;
    world.set(settings);
    let error = world.run_to_its_end().await.unwrap_err();
    assert!(matches!(error, DiscordError::Settings(_)), "{error:?}");
    let message = error.to_string();
    world.end().await;
    message
}

#[tokio::test]
async fn without_a_token_the_steps_to_one_are_told() {
    let mut world = World::stopped(Settings::default()).await;
    world.take_token(None);
    let error = world.run_to_its_end().await.unwrap_err();
    assert!(matches!(error, DiscordError::Settings(SettingsError::NoToken)));
    assert!(error.to_string().contains("discord.com/developers/applications"), "{error}");
    assert!(world.fake.state.lock().unwrap().requests.is_empty());
    world.take_token(Some(SecretString::from("of.another.bot")));
    let error = world.run_to_its_end().await.unwrap_err();
    assert!(matches!(error, DiscordError::Settings(SettingsError::Refused)), "{error:?}");
    assert!(error.to_string().contains("Reset Token") && !error.to_string().contains("another"), "{error}");
    world.end().await;
    assert!(
        refused(Settings { shards: "0-1/2".parse().unwrap(), ..Settings::default() }.without_address())
            .await
            .contains("api_url")
    );
}

trait WithoutAddress {
    fn without_address(self) -> Self;
}

impl WithoutAddress for Settings {
    fn without_address(self) -> Self {
        Self { api_url: Some("nonsense".to_owned()), ..self }
    }
}

#[tokio::test]
async fn who_was_promised_an_answer_by_a_process_that_died_is_told() {
    let mut world = World::stopped(Settings::default()).await;
    let id = world.fake.promised_before();
    let token = format!("token-{id}");
    let until = Timestamp::now() + SignedDuration::from_mins(10);
    world.store.promise("discord/0-0/1", &APPLICATION.to_string(), &token, until).await.unwrap();
    // Another process's, which lives.
    world.store.promise("discord/1-1/2", &APPLICATION.to_string(), "token-other", until).await.unwrap();
    world.start().await;
    assert!(words(&world.fake.settled(id).await.shown.unwrap()).contains("restarted"));
    world.stop().await;
    assert_eq!(world.store.promises("discord/0-0/1").await.unwrap(), []);
    assert_eq!(world.store.promises("discord/1-1/2").await.unwrap().len(), 1);
    world.end().await;
}
