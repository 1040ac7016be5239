//! The connection: dropped in every way, shards, servers that leave.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use byline::chat::discord::{Settings, Shards};
use byline::library::store::Scope;

use crate::fake::gateway::Drop;
use crate::fake::payloads::From;
use crate::world::{World, command, words};

const QUESTION: &str = "When does the pier at Oldhaven close?";

/// Drops the connection while a question is under way, and asks another while there is none.
async fn dropped(world: &World, how: Drop) {
    let before = world.fake.gateway.counts();
    let data = command("ask", &[("question", QUESTION.into())]);
    let first = world.fake.interact(2, &data, &From::default());
    world.fake.gateway.drop_all(how);
    let second = world.fake.interact(2, &data, &From::default());
    for id in [first, second] {
        assert!(words(&world.fake.settled(id).await.shown.unwrap()).contains("5 November"), "{how:?}");
    }
    let gateway = world.fake.gateway.clone();
    world.fake.until("resumed", |_| (gateway.counts().resumed > before.resumed).then_some(())).await;
}

#[tokio::test]
async fn a_dropped_session_goes_on_and_every_question_is_answered_once() {
    let world = World::new().await;
    world.ask(QUESTION).await;
    for how in [Drop::Abrupt, Drop::Close(4000), Drop::Reconnect, Drop::Invalid(true), Drop::Abrupt] {
        dropped(&world, how).await;
    }
    assert_eq!(world.fake.gateway.counts().identified, 1, "one session all along");
    world.end().await;
}

#[tokio::test]
async fn after_an_invalid_session_a_new_one_begins() {
    let world = World::new().await;
    world.ask(QUESTION).await;
    world.fake.gateway.drop_all(Drop::Invalid(false));
    let gateway = world.fake.gateway.clone();
    world
        .fake
        .until("a new session", |_| (gateway.counts().identified == 2 && gateway.connected()).then_some(()))
        .await;
    assert!(words(&world.ask(QUESTION).await.shown.unwrap()).contains("5 November"));
    assert_eq!(world.fake.state.lock().unwrap().registrations, 1);
    world.end().await;
}

#[tokio::test]
async fn an_event_that_comes_twice_is_answered_once() {
    let world = World::new().await;
    let from = From::default();
    let id = world.fake.interact(2, &command("ask", &[("question", QUESTION.into())]), &from);
    let data = command("ask", &[("question", QUESTION.into())]);
    let again = crate::fake::payloads::interaction(id, &format!("token-{id}"), 2, &data, &from);
    world.fake.gateway.dispatch(from.guild, "INTERACTION_CREATE", &again);
    world.fake.settled(id).await;
    world.ask(QUESTION).await;
    // A second acknowledgement would be a violation.
    world.end().await;
}

#[tokio::test]
async fn a_range_of_shards_answers_its_own_servers() {
    let world = World::with(Settings { shards: Shards::Range { first: 1, last: 1, total: 2 }, ..Settings::default() });
    let world = world.await;
    let theirs = 1u64 << 22;
    let from = From { guild: Some(theirs), ..From::default() };
    let about = world.command("about", &[], &from).await;
    assert!(words(&about.shown.unwrap()).contains("Shard 2 of 2"));
    world.end().await;
}

#[tokio::test]
async fn as_many_shards_as_discord_recommends() {
    let mut world = World::stopped(Settings::default()).await;
    world.fake.shards.store(2, Ordering::Relaxed);
    world.start().await;
    let gateway = world.fake.gateway.clone();
    world.fake.until("two sessions", |_| (gateway.counts().identified == 2).then_some(())).await;
    world.end().await;
}

#[tokio::test]
async fn a_heartbeat_that_is_asked_for_has_its_time_to_be_answered() {
    let mut world = World::stopped(Settings::default()).await;
    let gateway = world.fake.gateway.clone();
    gateway.beats_every.store(3_000, Ordering::Relaxed);
    gateway.asks_for_beats.store(true, Ordering::Relaxed);
    world.start().await;
    let counts = || gateway.counts();
    let late = |_: &crate::fake::State| {
        (gateway.late_answers.load(Ordering::Relaxed) > 0 || counts().resumed > 0).then_some(())
    };
    world.fake.until("an answer to the heartbeat", late).await;
    world.ask(QUESTION).await;
    assert_eq!((counts().identified, counts().resumed), (1, 0), "one connection all along");
    world.end().await;
}

#[tokio::test]
async fn no_session_begins_while_discord_allows_none() {
    let mut world = World::stopped(Settings::default()).await;
    let allowed = Instant::now() + Duration::from_secs(3);
    *world.fake.no_session_before.lock().unwrap() = Some(allowed);
    world.start().await;
    let gateway = world.fake.gateway.clone();
    let begun = move |_: &crate::fake::State| (gateway.counts().identified == 1).then(Instant::now);
    assert!(world.fake.until("a session", begun).await >= allowed);
    assert!(words(&world.ask(QUESTION).await.shown.unwrap()).contains("5 November"));
    world.end().await;
}

#[tokio::test]
async fn the_presence_shows_how_many_articles_there_are() {
    let world = World::new().await;
    let gateway = world.fake.gateway.clone();
    let presence = move |_: &crate::fake::State| gateway.presences.lock().unwrap().first().cloned();
    let shown = world.fake.until("a presence", presence).await;
    assert_eq!(shown["activities"][0]["name"], "3 articles");
    world.end().await;
}

#[tokio::test]
async fn a_server_that_removes_byline_is_noted_and_one_that_comes_back_too() {
    let world = World::new().await;
    let guild = From::default().guild.unwrap();
    let community = world.store.community("discord", &guild.to_string()).await.unwrap();
    let left = async |expected: bool| {
        for _ in 0..500 {
            let noted = world.store.setting(Scope::community(community.id), "left").await.unwrap();
            if noted.is_some() == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never {expected}");
    };
    let outage = serde_json::json!({ "id": guild.to_string(), "unavailable": true });
    world.fake.gateway.dispatch(Some(guild), "GUILD_DELETE", &outage);
    world.ask(QUESTION).await;
    left(false).await;
    world.fake.gateway.dispatch(Some(guild), "GUILD_DELETE", &serde_json::json!({ "id": guild.to_string() }));
    left(true).await;
    world.fake.gateway.dispatch(Some(guild), "GUILD_CREATE", &crate::fake::payloads::guild(guild));
    left(false).await;
    world.end().await;
}

#[tokio::test]
async fn a_server_that_left_while_byline_was_away_is_noted_and_deleted_later() {
    let mut world = World::stopped(Settings { forget: Duration::ZERO, ..Settings::default() }).await;
    let gone = world.store.community("discord", "77").await.unwrap();
    world.start().await;
    for _ in 0..500 {
        if world.store.setting(Scope::community(gone.id), "left").await.unwrap().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    world.restart().await;
    for _ in 0..500 {
        if world.store.known_community("discord", "77").await.unwrap().is_none() {
            return world.end().await;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("its data is still there");
}
