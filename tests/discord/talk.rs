//! Mentions, replies and direct messages.

use serde_json::json;

use crate::fake::BOT;
use crate::fake::payloads::{self, From};
use crate::world::{World, words};

#[tokio::test]
async fn a_mention_is_answered_as_a_reply_that_notifies_nobody() {
    let world = World::new().await;
    let asked = world.say(&format!("<@{BOT}> when does the pier at Oldhaven close?"), &From::default(), None);
    let answer = world.answered(asked).await;
    assert!(words(&answer.body).contains("5 November"), "{answer:?}");
    assert_eq!(answer.body["allowed_mentions"], json!({ "parse": [], "replied_user": false }));
    assert_eq!(answer.channel, From::default().channel);
    world.end().await;
}

#[tokio::test]
async fn other_messages_and_other_bots_are_left_alone() {
    let world = World::new().await;
    world.say("when does the pier at Oldhaven close?", &From::default(), None);
    let mut bot =
        payloads::message(world.fake.id(), 7001, From::default().guild, payloads::user(8, "robot", true), "hm", None);
    bot["content"] = format!("<@{BOT}> hello").into();
    bot["mentions"] = json!([payloads::user(BOT, "byline", true)]);
    world.fake.gateway.dispatch(From::default().guild, "MESSAGE_CREATE", &bot);
    // What comes later is answered; then the others had their chance.
    let asked = world.say("how much does the work on the pier cost?", &From::direct(3), None);
    world.answered(asked).await;
    assert_eq!(world.fake.state.lock().unwrap().posted.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn a_reply_goes_on_about_the_same_person() {
    let world = World::new().await;
    let asked = world.say(&format!("<@{BOT}> what did Olof Brandt say?"), &From::default(), None);
    let first = world.answered(asked).await;
    assert!(words(&first.body).contains("fished here"), "{first:?}");
    let asked = world.say(&format!("<@{BOT}> and what did he say about the mole?"), &From::default(), Some(&first));
    let second = world.answered(asked).await;
    assert!(words(&second.body).contains("Olof Brandt about “the mole”"), "{second:?}");
    world.end().await;
}

#[tokio::test]
async fn direct_messages_go_on_without_a_reply_also_after_a_restart() {
    let mut world = World::new().await;
    let from = From::direct(3);
    let asked = world.say("who said “Nobody should lose a foot to save a ticket”?", &from, None);
    assert!(words(&world.answered(asked).await.body).contains("Greta Lindqvist"));
    world.restart().await;
    let asked = world.say("what else did she say?", &from, None);
    let answer = world.answered(asked).await;
    assert!(words(&answer.body).contains("Greta Lindqvist\\: 1 quotation"), "{answer:?}");
    let asked = world.say("and how much does it cost?", &from, None);
    assert!(words(&world.answered(asked).await.body).contains("310,000"));
    world.end().await;
}

#[tokio::test]
async fn a_thread_goes_on_and_a_channel_does_not() {
    let world = World::new().await;
    let guild = From::default().guild.unwrap();
    world.fake.gateway.dispatch(Some(guild), "THREAD_CREATE", &payloads::thread(7500, guild, 7001));
    for (channel, goes_on) in [(7500, true), (7001, false)] {
        let from = From { channel, ..From::default() };
        let asked = world.say(&format!("<@{BOT}> what did Olof Brandt say?"), &from, None);
        world.answered(asked).await;
        let asked = world.say(&format!("<@{BOT}> and about the mole?"), &from, None);
        let answer = words(&world.answered(asked).await.body);
        assert_eq!(answer.contains("Olof Brandt about “the mole”"), goes_on, "{channel}: {answer}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_bare_mention_is_told_how_to_ask() {
    let world = World::new().await;
    let asked = world.say(&format!("<@{BOT}>"), &From::default(), None);
    assert!(words(&world.answered(asked).await.body).contains("/ask"));
    world.end().await;
}
