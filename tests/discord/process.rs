//! The whole flow through the real binary: `byline run`, with its token from the environment.

use std::time::Duration;

use byline::article::read::{Format, read_text};
use byline::library::store::{JobState, SHARED, Scope};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::due::order_due;
use crate::fake::gateway::Drop;
use crate::fake::http::Answer;
use crate::fake::payloads::From;
use crate::fake::{BOT, Planned, State, TOKEN};
use crate::world::{World, button, command, words};

const QUESTION: &str = "When does the pier at Oldhaven close?";

#[tokio::test]
async fn from_the_registration_to_a_page_that_turns_after_a_kill() {
    let mut world = World::of_the_binary().await;
    let fake = world.fake.clone();

    // Registered, once.
    fake.until("the registration", |state| (state.registrations == 1).then_some(())).await;
    let registered = fake.state.lock().unwrap().commands[&None].clone();
    let names: Vec<&str> =
        registered.as_array().unwrap().iter().filter_map(|command| command["name"].as_str()).collect();
    for name in ["ask", "who", "said", "check", "digest", "Check this quote", "Find the source"] {
        assert!(names.contains(&name), "{name} in {names:?}");
    }
    let presence = fake.gateway.presences.lock().unwrap()[0].clone();
    assert_eq!(presence["activities"][0]["name"], "3 articles");

    // Completed while it is typed, and answered.
    let (name, value) = world.suggested("ask", "article", "pier").await.remove(0);
    assert_eq!(name, "Pier at Oldhaven closes for the winter · Oldhaven Herald");
    let within = [("question", QUESTION.into()), ("article", value.into())];
    let answer = world.command("ask", &within, &From::default()).await;
    assert!(words(&answer.shown.unwrap()).contains("5 November"));

    // Paged, also after a kill: the button's state lay in the library.
    let first = world.ask("What happened in Oldhaven or in Brack?").await.shown.unwrap();
    let second = world.press(&first, "▶").await.shown.unwrap();
    assert!(words(&second).contains("2 of") && second["embeds"] != first["embeds"]);
    world.kill();
    world.start().await;
    assert_eq!(world.press(&second, "◀").await.shown.unwrap()["embeds"], first["embeds"]);
    assert_eq!(world.press(&first, "▶").await.shown.unwrap()["embeds"], second["embeds"]);
    let asked = |state: &State| {
        let asked = state.requests.iter().filter(|(method, path)| method == "GET" && path.ends_with("/commands"));
        (asked.count() == 2).then_some(state.registrations)
    };
    assert_eq!(fake.until("a second look", asked).await, 1, "nothing had changed");
    world.end().await;
}

#[tokio::test]
async fn messages_are_checked_traced_and_answered() {
    let world = World::of_the_binary().await;

    let checked = world.menu("Check this quote", "Greta: “We will replace every screw”").await;
    let shown = words(checked.shown.as_ref().unwrap());
    assert!(checked.ephemeral && shown.contains("Altered") && shown.contains("Greta Lindqvist"), "{shown}");

    let found = world.menu("Find the source", "the work on the pier costs 310,000 crowns").await;
    assert!(words(&found.shown.unwrap()).contains("Pier at Oldhaven closes"));

    let mention = world.say(&format!("<@{BOT}> what did Olof Brandt say?"), &From::default(), None);
    let answer = world.answered(mention).await;
    assert!(words(&answer.body).contains("fished here"));
    let reply = world.say(&format!("<@{BOT}> and what did he say about the mole?"), &From::default(), Some(&answer));
    assert!(words(&world.answered(reply).await.body).contains("about “the mole”"));

    let direct = world.say(QUESTION, &From::direct(3), None);
    assert!(words(&world.answered(direct).await.body).contains("5 November"));

    // Whose server did not invite it, and who types nonsense.
    let guest = From { invited: false, ..From::default() };
    assert!(
        words(&world.command("ask", &[("question", QUESTION.into())], &guest).await.shown.unwrap()).contains("Nov")
    );
    let wrong = world.command("ask", &[("question", QUESTION.into()), ("since", "someday".into())], &guest).await;
    assert!(wrong.alone(), "{wrong:?}");
    world.end().await;
}

#[tokio::test]
async fn a_digest_comes_at_its_hour_once_and_stops_where_it_may_not_be_posted() {
    let mut world = World::of_the_binary().await;
    let manager = From { permissions: 32, ..From::default() };
    let set = [("time", "08:30".into()), ("zone", "Europe/Berlin".into())];
    let set = world.command("digest set", &set, &manager).await;
    assert!(words(set.said()).contains("posted in this channel"), "{set:?}");
    let guild = manager.guild.unwrap().to_string();
    let community = world.store.known_community("discord", &guild).await.unwrap().unwrap().id;
    let schedules = world.store.schedules(community).await.unwrap();
    assert_eq!((schedules.len(), schedules[0].channel.as_str()), (1, "7001"));
    world.stop().await;

    // There is news, and its hour comes; one of two channels was closed to Byline meanwhile.
    let news = format!(
        "---\ntitle: Ferry to Brack runs at night\noutlet: Oldhaven Herald\ndate: {}\n---\n\n\
         The ferry from Oldhaven to Brack runs at night from Monday. It leaves at one and at three.\n",
        Timestamp::now()
    );
    world.store.add(SHARED, &read_text("ferry", &news, Format::Markdown).unwrap()).await.unwrap();
    for channel in ["7001", "7002"] {
        order_due(&world.store, community, channel).await;
    }
    let refused = Answer::new(403, json!({ "message": "Missing Permissions", "code": 50013 }));
    world.fake.plan(Planned { method: "POST", path: "/channels/7002/", times: 9, answer: refused, done: false });
    // The receipt of the first is lost: it is sent again under its nonce, and stands there once.
    let lost = Answer { hang_up: true, ..Answer::new(200, Value::Null) };
    world.fake.plan(Planned { method: "POST", path: "/channels/7001/", times: 1, answer: lost, done: true });
    world.start().await;
    let posted = |state: &State| state.posted.iter().find(|posted| posted.channel == 7001).cloned();
    let digest = world.fake.until("the digest", posted).await;
    assert!(words(&digest.body).contains("runs at night") && digest.body["enforce_nonce"] == true, "{digest:?}");
    let settled = async {
        while !world.store.jobs(JobState::Open, 9).await.unwrap().is_empty()
            || world.store.jobs(JobState::GivenUp, 9).await.unwrap().is_empty()
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), settled).await.expect("both digests are done with");
    let given_up = world.store.jobs(JobState::GivenUp, 9).await.unwrap();
    assert_eq!((given_up.len(), given_up[0].destination.as_str()), (1, "7002"));
    assert!(given_up[0].last_error.as_deref().unwrap().contains("Send Messages"), "{given_up:?}");
    let paused = world.store.schedule(community, "7002").await.unwrap().unwrap().paused;
    assert!(paused.is_some(), "nothing more is tried there");
    assert_eq!(world.store.schedule(community, "7001").await.unwrap().unwrap().paused, None);

    // A process that is killed and comes back posts nothing a second time.
    world.kill();
    world.start().await;
    world.ask(QUESTION).await;
    let channels: Vec<u64> = world.fake.state.lock().unwrap().posted.iter().map(|posted| posted.channel).collect();
    assert_eq!(channels, [7001]);
    world.end().await;
}

#[tokio::test]
async fn nobody_is_left_without_an_answer_when_discord_stumbles() {
    let world = World::of_the_binary().await;
    let plan = |method, path, times, answer| world.fake.plan(Planned { method, path, times, answer, done: false });

    // 429: not before it is time.
    let mut limited =
        Answer::new(429, json!({ "message": "You are being rate limited.", "retry_after": 0.4, "global": false }));
    limited.headers.push(("retry-after", "1".to_owned()));
    plan("POST", "/callback", 1, limited);
    let answer = world.ask(QUESTION).await;
    assert!(
        answer.acked.unwrap().1.duration_since(answer.at) >= Duration::from_secs(1),
        "the header goes before the body"
    );
    assert!(words(&answer.shown.unwrap()).contains("5 November"));

    // 500: tried again.
    plan("POST", "/callback", 2, Answer::new(500, Value::Null));
    assert!(words(&world.ask(QUESTION).await.shown.unwrap()).contains("5 November"));

    // The gateway drops while an answer is under way: it is given all the same, and the session goes on.
    let lock = world.lock_the_store().await;
    let manager = From { permissions: 32, ..From::default() };
    let slow = command("digest set", &[("time", "08:30".into()), ("zone", "UTC".into())]);
    let slow = world.fake.interact(2, &slow, &manager);
    world.fake.until("a promise", |state| state.interactions[&slow].deferred().then_some(())).await;
    for how in [Drop::Abrupt, Drop::Close(4000), Drop::Reconnect] {
        let resumed = world.fake.gateway.counts().resumed;
        world.fake.gateway.drop_all(how);
        let meanwhile = world.fake.interact(2, &command("ask", &[("question", QUESTION.into())]), &From::default());
        assert!(words(&world.fake.settled(meanwhile).await.shown.unwrap()).contains("5 November"), "{how:?}");
        let gateway = world.fake.gateway.clone();
        world.fake.until("resumed", |_| (gateway.counts().resumed > resumed).then_some(())).await;
    }
    std::mem::drop(lock);
    assert!(words(&world.fake.settled(slow).await.shown.unwrap()).contains("posted in this channel"));
    assert_eq!(world.fake.gateway.counts().identified, 1, "one session all along");

    // A permission is taken away: the channel is marked and left alone, and commands work there all the same.
    let refused = Answer::new(403, json!({ "message": "Missing Permissions", "code": 50013 }));
    plan("POST", "/channels/7001/", 9, refused);
    let posts =
        |state: &State| state.requests.iter().filter(|(_, path)| path.ends_with("/channels/7001/messages")).count();
    world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    world.fake.until("the refusal", |state| (posts(state) == 1).then_some(())).await;
    let community = world.store.community("discord", &manager.guild.unwrap().to_string()).await.unwrap();
    let marked = async {
        while world.store.setting(Scope::channel(community.id, "7001"), "unreachable").await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), marked).await.expect("the channel is marked");
    world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    let answer = world.ask(QUESTION).await.shown.unwrap();
    assert!(button(&answer, "Context").is_some());
    assert_eq!(posts(&world.fake.state.lock().unwrap()), 1);

    // In the log is what happened, and nothing that anybody said.
    let log = world.log();
    assert!(log.contains("the session goes on") && !log.contains("pier at Oldhaven"), "{log}");
    world.end().await;
}

#[tokio::test]
async fn the_token_may_be_a_systemd_credential_and_without_one_the_way_to_it_is_told() {
    let world = World::stopped(byline::chat::discord::Settings::default()).await;
    let credentials = tempfile::tempdir().unwrap();
    std::fs::write(credentials.path().join("discord-token"), format!("{TOKEN}\n")).unwrap();
    let mut with_it = world.run(&["run"]);
    let with_it = with_it.env_remove("BYLINE__DISCORD__TOKEN").env("CREDENTIALS_DIRECTORY", credentials.path());
    let mut with_it = with_it.spawn().unwrap();
    world.fake.until("the registration", |state| (state.registrations == 1).then_some(())).await;
    with_it.kill().unwrap();
    with_it.wait().unwrap();
    assert!(!world.log().contains("discord.com/developers"));

    // Discord is named, and there is no token.
    let mut without = world.run(&["run"]);
    let status = without.env_remove("BYLINE__DISCORD__TOKEN").status().unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(world.log().contains("https://discord.com/developers/applications"), "{}", world.log());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_discord_refuses_ends_it_with_the_way_to_another() {
    let world = World::stopped(byline::chat::discord::Settings::default()).await;
    let refused = world.run(&["run"]).env("BYLINE__DISCORD__TOKEN", "of.another.bot").status().unwrap();
    assert_eq!(refused.code(), Some(2));
    let log = world.log();
    assert!(log.contains("Reset Token") && !log.contains("of.another.bot"), "{log}");
    world.end().await;
}
