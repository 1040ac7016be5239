//! What stands in for Discord, a REST proxy or somebody's emulator, differs from it: in paths, in how much it tells, in how it
//! speaks HTTP. The bot makes do with less than the documentation promises.

use byline::chat::discord::Settings;

use crate::fake::gateway::Drop;
use crate::fake::payloads::From;
use crate::fake::{BOT, Manners};
use crate::world::{World, command, words};

const QUESTION: &str = "When does the pier at Oldhaven close?";

/// Registers, completes, answers, promises, edits, pages, talks, and goes on after a drop.
async fn everything_works(manners: Manners, path: &str) {
    let mut world = World::stopped(Settings::default()).await;
    world.fake.behave(manners);
    let api_url = Some(format!("{}{path}", world.fake.url()));
    world.set(Settings { api_url, ..Settings::default() });
    world.start().await;
    world.fake.until("the registration", |state| (state.registrations == 1).then_some(())).await;
    assert!(!world.suggested("summary", "article", "pier").await.is_empty());
    assert!(!world.suggested("articles show", "article", "pier").await.is_empty());
    let first = world.ask("What happened in Oldhaven or in Brack?").await.shown.unwrap();
    let second = world.press(&first, "▶").await.shown.unwrap();
    assert_eq!(world.press(&second, "◀").await.shown.unwrap()["embeds"], first["embeds"]);
    let checked = world.menu("Check this quote", "“We will replace every screw”").await;
    assert!(checked.deferred() && checked.ephemeral, "{checked:?}");
    assert!(words(&checked.shown.unwrap()).contains("Altered"));
    let private = [("question", QUESTION.into()), ("private", true.into())];
    assert!(world.command("ask", &private, &From::direct(5)).await.ephemeral);
    let manager = From { permissions: 32, ..From::default() };
    let set = world.command("digest set", &[("time", "08:30".into()), ("zone", "UTC".into())], &manager).await;
    assert!(words(set.said()).contains("posted in this channel"), "{set:?}");
    let mention = world.say(&format!("<@{BOT}> {QUESTION}"), &From::default(), None);
    let answer = world.answered(mention).await;
    assert!(words(&answer.body).contains("5 November"));
    let direct = world.say(QUESTION, &From::direct(6), None);
    assert!(words(&world.answered(direct).await.body).contains("5 November"));
    world.fake.gateway.drop_all(Drop::Abrupt);
    let meanwhile = world.fake.interact(2, &command("ask", &[("question", QUESTION.into())]), &From::default());
    assert!(words(&world.fake.settled(meanwhile).await.shown.unwrap()).contains("5 November"));
    world.end().await;
}

#[tokio::test]
async fn one_that_tells_as_little_as_it_can() {
    everything_works(Manners { sparse: true, no_gateway_bot: true, ..Manners::default() }, "/api/v10/").await;
}

#[tokio::test]
async fn one_that_has_the_api_at_its_root() {
    everything_works(Manners { bare: true, packs: true, ..Manners::default() }, "").await;
}

#[tokio::test]
async fn one_that_closes_every_connection_and_tells_what_came_of_a_response() {
    everything_works(Manners { closes: true, tells: true, forgets: true, ..Manners::default() }, "/api/").await;
}
