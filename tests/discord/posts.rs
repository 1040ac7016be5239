//! What is posted unasked: from the outbox into a channel, once.

use std::sync::Arc;
use std::time::Duration;

use byline::chat::discord::{Discord, Posts, Settings};
use byline::library::Library;
use byline::library::store::{JobState, SHARED, Scope};
use byline::post::{Courier, Payload, Retry, Sender, SenderOptions};
use byline::reply::{Block, Outcome, Quoted, Reply};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fake::Planned;
use crate::fake::http::Answer;
use crate::fake::payloads::{self, From};
use crate::world::{World, words};

/// Queues a posting that quotes an article, under this key.
async fn queue(world: &World, key: &str, channel: &str) {
    let mut library = Library::default();
    let id = library.put_stored(world.store.get(SHARED, "pier").await.unwrap().unwrap()).unwrap();
    let span = library.article(id).paragraphs()[0].span;
    let reply = Reply::new(Outcome::Answered)
        .with(Block::Heading("Digest since yesterday".into()))
        .with(Block::Quote(Quoted::passage(&library, id, span, &[])));
    let payload = serde_json::to_value(Payload::reply(reply, &library)).unwrap();
    world.store.enqueue(key, "discord", channel, &payload, Timestamp::UNIX_EPOCH).await.unwrap();
}

/// Empties the outbox until the job has this state.
async fn sent(world: &World, posts: Posts, key: &str, state: JobState) {
    let settings = Settings { posts, ..world.settings() };
    let retry = Retry { first: Duration::from_millis(50), ..Retry::default() };
    let options = SenderOptions { retry, ..SenderOptions::default() };
    let courier: Arc<dyn Courier> = Arc::new(Discord::new(settings).unwrap().courier());
    let sender = Sender::new(world.store.clone(), vec![courier], format!("test-{key}"), options);
    let done = async {
        loop {
            let job = world.store.job(key).await.unwrap().unwrap();
            if job.state == state {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), sender.run(done)).await.unwrap();
}

#[tokio::test]
async fn a_posting_arrives_quietly_where_that_is_wanted() {
    let world = World::new().await;
    queue(&world, "digest/1", "7001").await;
    sent(&world, Posts { quiet: true, ..Posts::default() }, "digest/1", JobState::Sent).await;
    let posted = world.fake.state.lock().unwrap().posted.clone();
    assert_eq!(posted.len(), 1);
    assert!(words(&posted[0].body).contains("stays closed until March"), "{posted:?}");
    assert_eq!((posted[0].channel, &posted[0].body["flags"]), (7001, &json!(4096)));
    let job = world.store.job("digest/1").await.unwrap().unwrap();
    assert_eq!(job.network_id, Some(posted[0].id.to_string()));
    world.end().await;
}

#[tokio::test]
async fn a_posting_whose_receipt_is_lost_shows_once() {
    let world = World::new().await;
    let lost = Answer { hang_up: true, ..Answer::new(200, Value::Null) };
    world.fake.plan(Planned { method: "POST", path: "/channels/", times: 1, answer: lost, done: true });
    queue(&world, "digest/2", "7001").await;
    sent(&world, Posts::default(), "digest/2", JobState::Sent).await;
    assert_eq!(world.fake.state.lock().unwrap().posted.len(), 1);
    world.end().await;
}

#[tokio::test]
async fn announcements_are_published_and_a_thread_is_opened_where_that_is_wanted() {
    let world = World::new().await;
    for (channel, kind) in [(7001, 5), (7002, 0)] {
        let told = json!({ "id": channel.to_string(), "type": kind, "name": "news" });
        world.fake.state.lock().unwrap().channels.insert(channel, told);
    }
    let posts = Posts { crosspost: true, threads: true, quiet: false };
    for (key, channel) in [("digest/3", "7001"), ("digest/4", "7002")] {
        queue(&world, key, channel).await;
        sent(&world, posts, key, JobState::Sent).await;
    }
    {
        let state = world.fake.state.lock().unwrap();
        assert_eq!(state.crossposted, [state.posted[0].id]);
        let threads: Vec<u64> = state.threads.iter().map(|(message, _)| *message).collect();
        assert_eq!(threads, [state.posted[0].id, state.posted[1].id]);
    }
    world.end().await;
}

#[tokio::test]
async fn a_channel_that_may_not_be_posted_in_is_given_up() {
    let world = World::new().await;
    let refused = Answer::new(403, json!({ "message": "Missing Permissions", "code": 50013 }));
    world.fake.plan(Planned { method: "POST", path: "/channels/", times: 1, answer: refused, done: false });
    queue(&world, "digest/5", "7001").await;
    sent(&world, Posts::default(), "digest/5", JobState::GivenUp).await;
    let job = world.store.job("digest/5").await.unwrap().unwrap();
    assert!(job.last_error.unwrap().contains("Send Messages"));
    world.end().await;
}

#[tokio::test]
async fn a_digest_is_set_only_where_it_can_be_posted_and_only_by_managers() {
    let world = World::new().await;
    let data = crate::world::command("digest set", &[("time", "08:30".into()), ("zone", "Europe/Berlin".into())]);
    let manager = From { permissions: 32, ..From::default() };
    for (from, app_permissions, said, alone) in [
        (From::default(), 2_147_483_647_u64, "manage this place", true),
        (manager, 1024 + 2048, "“Embed Links”", true),
        (manager, 1024 + 2048 + 16384, "posted in this channel", false),
    ] {
        let id = world.fake.interact_as(2, &data, &from, |interaction| {
            interaction["app_permissions"] = app_permissions.to_string().into();
        });
        let answer = world.fake.settled(id).await;
        assert!(words(answer.said()).contains(said), "{answer:?}");
        assert_eq!(answer.alone(), alone, "{said}");
    }
    // In a thread it is another permission.
    let id = world.fake.interact_as(2, &data, &manager, |interaction| {
        interaction["app_permissions"] = (1024 + 2048 + 16384).to_string().into();
        interaction["channel"]["type"] = 11.into();
    });
    let answer = world.fake.settled(id).await;
    assert!(words(answer.said()).contains("“Send Messages in Threads”"), "{answer:?}");
    // The server removes Byline: the schedule stops.
    let guild = manager.guild.unwrap();
    world.fake.gateway.dispatch(Some(guild), "GUILD_DELETE", &json!({ "id": guild.to_string() }));
    let community = world.store.known_community("discord", &guild.to_string()).await.unwrap().unwrap();
    for _ in 0..500 {
        if world.store.setting(Scope::community(community.id), "left").await.unwrap().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let schedules = world.store.schedules(community.id).await.unwrap();
    assert!(schedules.iter().all(|schedule| schedule.paused.is_some()) && !schedules.is_empty(), "{schedules:?}");
    world.fake.gateway.dispatch(Some(guild), "GUILD_CREATE", &payloads::guild(guild));
    world.end().await;
}
