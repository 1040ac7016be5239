//! Registering commands, and completing their options.

use byline::chat::discord::Settings;
use serde_json::Value;

use crate::fake::payloads::From;
use crate::world::World;

#[tokio::test]
async fn commands_are_registered_once_and_again_only_when_they_changed() {
    let mut world = World::new().await;
    let fake = world.fake.clone();
    fake.until("the registration", |state| (state.registrations == 1).then_some(())).await;
    world.restart().await;
    let asked = |state: &crate::fake::State| {
        let gets = state.requests.iter().filter(|(method, path)| method == "GET" && path.ends_with("/commands"));
        (gets.count() == 2).then_some(state.registrations)
    };
    assert_eq!(fake.until("a second look", asked).await, 1);
    // Somebody else changed one.
    fake.state.lock().unwrap().commands.get_mut(&None).unwrap()[0]["description"] = Value::from("changed");
    world.restart().await;
    fake.until("another registration", |state| (state.registrations == 2).then_some(())).await;
    world.end().await;
}

#[tokio::test]
async fn commands_of_single_servers_replace_those_of_all() {
    let mut world = World::new().await;
    let fake = world.fake.clone();
    fake.until("the registration", |state| (state.registrations == 1).then_some(())).await;
    world.stop().await;
    let settings = Settings { guilds: vec![11, 12], ..Settings::default() };
    world.set(settings);
    world.start().await;
    fake.until("three places", |state| (state.registrations == 4).then_some(())).await;
    let count = |guild| fake.state.lock().unwrap().commands[&guild].as_array().unwrap().len();
    assert_eq!(count(None), 0);
    assert!(count(Some(11)) > 5 && count(Some(11)) == count(Some(12)));
    world.end().await;
}

#[tokio::test]
async fn options_complete_as_they_are_typed() {
    let world = World::new().await;
    let first = |suggested: Vec<(String, String)>| suggested.into_iter().next().map(|(name, _)| name);
    let pier = "Pier at Oldhaven closes for the winter · Oldhaven Herald";
    assert_eq!(first(world.suggested("summary", "article", "pier").await).as_deref(), Some(pier));
    assert_eq!(first(world.suggested("summary", "article", "oldhavne").await).as_deref(), Some(pier), "with a slip");
    assert_eq!(first(world.suggested("articles show", "article", "wint").await).as_deref(), Some(pier), "in a part");
    assert_eq!(first(world.suggested("ask", "outlet", "old").await).as_deref(), Some("Oldhaven Herald"));
    let speakers = world.suggested("said", "speaker", "gre").await;
    assert!(speakers[0].0.starts_with("Greta Lindqvist"), "{speakers:?}");
    assert!(world.suggested("said", "speaker", "zzz").await.is_empty());
    // What was chosen is understood.
    let (_, value) = world.suggested("summary", "article", "windm").await.remove(0);
    let summary = world.command("summary", &[("article", value.into())], &From::default()).await;
    assert!(crate::world::words(&summary.shown.unwrap()).contains("windmill of Brack"));
    world.end().await;
}

#[tokio::test]
async fn completion_shows_only_what_the_community_reads() {
    let world = World::new().await;
    let own = world.store.collection("club").await.unwrap();
    let club = world.store.community("discord", &From::default().guild.unwrap().to_string()).await.unwrap();
    world.store.read_collection(club.id, own).await.unwrap();
    assert!(world.suggested("summary", "article", "").await.is_empty());
    assert!(world.suggested("said", "speaker", "").await.is_empty());
    let answer = world.ask("When does the pier close?").await;
    assert!(!crate::world::words(&answer.shown.unwrap()).contains("planks"));
    world.end().await;
}
