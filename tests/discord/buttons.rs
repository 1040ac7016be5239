//! Buttons: pages, context, source, “not helpful”, and all of it after a restart.

use byline::article::read::{Format, read_text};
use byline::library::store::SHARED;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::fake::payloads::From;
use crate::world::{MILL, World, button, words};

/// An answer of several pages.
async fn paged(world: &World) -> Value {
    let shown = world.ask("What happened in Oldhaven or in Brack?").await.shown.unwrap();
    assert!(button(&shown, "▶").is_some(), "{shown}");
    shown
}

#[tokio::test]
async fn pages_are_turned_forth_and_back() {
    let world = World::new().await;
    let first = paged(&world).await;
    assert_eq!(button(&first, "◀"), None, "there is nothing before the first");
    let second = world.press(&first, "▶").await;
    assert!(matches!(second.acked.unwrap().0, 6 | 7), "the message itself changes");
    let second = second.shown.unwrap();
    assert!(words(&second).contains("2 of") && words(&second) != words(&first));
    let back = world.press(&second, "◀").await.shown.unwrap();
    assert_eq!(back["embeds"], first["embeds"]);
    world.end().await;
}

#[tokio::test]
async fn buttons_work_after_a_restart_and_quote_the_same_words() {
    let mut world = World::new().await;
    let first = paged(&world).await;
    let second = world.press(&first, "▶").await.shown.unwrap();
    // The article changes while the bot is away.
    world.stop().await;
    let changed = MILL.replace("forty", "fifty").replace("groaned", "sang").replace("flour", "sand");
    world.store.add(SHARED, &read_text("mill", &changed, Format::Text).unwrap()).await.unwrap();
    world.start().await;
    assert_eq!(world.press(&first, "▶").await.shown.unwrap()["embeds"], second["embeds"]);
    world.restart().await;
    assert_eq!(world.press(&second, "◀").await.shown.unwrap()["embeds"], first["embeds"]);
    world.end().await;
}

#[tokio::test]
async fn context_shows_the_paragraphs_around_and_the_way_back() {
    let world = World::new().await;
    let answer = world.ask("How much does the work on the pier cost?").await.shown.unwrap();
    assert!(words(&answer).contains("310,000") && !words(&answer).contains("every plank"));
    let around = world.press(&answer, "Context").await.shown.unwrap();
    for paragraph in ["every plank", "310,000", "fished here"] {
        assert!(words(&around).contains(paragraph), "{paragraph} in {around}");
    }
    assert_eq!(world.press(&around, "Back").await.shown.unwrap()["embeds"], answer["embeds"]);
    world.end().await;
}

#[tokio::test]
async fn the_source_is_a_link_where_the_article_has_one() {
    let world = World::new().await;
    let answer = world.ask("How much does the work on the pier cost?").await.shown.unwrap();
    let buttons = answer["components"][0]["components"].as_array().unwrap().clone();
    let source = buttons.iter().find(|button| button["label"] == "Source").unwrap();
    assert!(source["url"].as_str().unwrap().starts_with("https://herald.example/pier#:~:text="), "{source}");
    let mill = world.command("who", &[("quote", "groaned like my grandfather".into())], &From::default()).await;
    let told = world.press(&mill.shown.unwrap(), "Source").await;
    assert!(told.alone() && words(told.said()).contains("Windmill of Brack turns again"));
    world.end().await;
}

#[tokio::test]
async fn what_did_not_help_is_noted_without_the_person() {
    let world = World::new().await;
    let first = paged(&world).await;
    let second = world.press(&first, "▶").await.shown.unwrap();
    let noted = world.press(&second, "Not helpful").await;
    assert!(noted.alone() && words(noted.said()).contains("without your name"));
    let again = world.press(&second, "Not helpful").await;
    assert!(words(again.said()).contains("before"));
    let counts = world.store.unhelpful_counts(9).await.unwrap();
    assert_eq!((counts.len(), counts[0].1, counts[0].2), (1, 2, 1), "page 2, once");
    world.end().await;
}

#[tokio::test]
async fn a_button_that_is_too_old_says_so() {
    let world = World::new().await;
    let first = paged(&world).await;
    world.store.forget_answers("discord", Timestamp::now() + SignedDuration::from_hours(1)).await.unwrap();
    let old = world.press(&first, "▶").await;
    assert!(old.alone() && words(old.said()).contains("too old"));
    let unknown = world.fake.settled(world.fake.press("another bot's", &first, &From::default())).await;
    assert!(unknown.alone());
    world.end().await;
}

#[tokio::test]
async fn what_was_taken_out_is_not_shown_again() {
    let world = World::new().await;
    let answer = world.ask("How much does the work on the pier cost?").await.shown.unwrap();
    world.store.remove(SHARED, "pier").await.unwrap();
    let gone = world.press(&answer, "Context").await;
    assert!(gone.alone() && words(gone.said()).contains("taken out"));
    world.end().await;
}
