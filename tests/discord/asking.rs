//! Commands and message menus: answers, and who sees them.

use serde_json::Value;

use crate::fake::payloads::From;
use crate::world::{World, words};

#[tokio::test]
async fn a_question_is_answered_in_the_articles_words_with_their_source() {
    let world = World::new().await;
    let answer = world.ask("When does the pier at Oldhaven close?").await;
    assert!(!answer.ephemeral);
    let shown = answer.shown.unwrap();
    let embed = &shown["embeds"][0];
    let description = embed["description"].as_str().unwrap();
    assert!(description.starts_with("> **The pier at Oldhaven closes on __5 November__"), "{description}");
    assert_eq!(embed["title"], "Pier at Oldhaven closes for the winter");
    assert!(embed["footer"]["text"].as_str().unwrap().starts_with("Oldhaven Herald · Mina Torvald · paragraph 1"));
    assert_eq!(embed["timestamp"].as_str().unwrap().get(..16), Some("2026-11-03T07:00"));
    assert!(embed["url"].as_str().unwrap().starts_with("https://herald.example/pier#:~:text="));
    world.end().await;
}

#[tokio::test]
async fn every_command_answers() {
    let world = World::new().await;
    let text = |name: &'static str, value: &str| (name, Value::from(value));
    for (command, options, expected) in [
        ("who", vec![text("quote", "groaned like my grandfather")], "Tove Hallberg"),
        ("said", vec![text("speaker", "Olof Brandt"), text("about", "the mole")], "no bream"),
        ("check", vec![text("quote", "We will replace every screw")], "Altered"),
        ("summary", vec![text("article", "pier")], "Oldhaven"),
        ("articles list", vec![], "3 articles"),
        ("articles show", vec![text("article", "windmill")], "paragraphs"),
        ("digest now", vec![text("since", "2026-11-01"), ("size", 3.into())], "Digest since"),
        ("help", vec![text("command", "ask")], "For example"),
        ("about", vec![], "latency to Discord"),
    ] {
        let answer = world.command(command, &options, &From::default()).await;
        let shown = words(&answer.shown.unwrap());
        assert!(shown.contains(expected), "{command}: {shown}");
        assert!(!answer.ephemeral, "{command}");
    }
    let about = words(&world.command("about", &[], &From::default()).await.shown.unwrap());
    for told in [env!("CARGO_PKG_VERSION"), "3 articles", "Shard 1 of 1"] {
        assert!(about.contains(&told.replace('-', "\\-")), "{told} in {about}");
    }
    world.end().await;
}

#[tokio::test]
async fn private_answers_and_errors_are_for_the_asker_alone() {
    let world = World::new().await;
    let question = ("question", Value::from("When does the pier at Oldhaven close?"));
    let private = world.command("ask", &[question.clone(), ("private", true.into())], &From::default()).await;
    assert!(private.ephemeral && words(private.shown.as_ref().unwrap()).contains("5 November"));
    let wrong = world.command("ask", &[question.clone(), ("since", "someday".into())], &From::default()).await;
    assert!(wrong.alone() && words(wrong.said()).contains("not a day"));
    let none = world.command("summary", &[("article", "no such thing here".into())], &From::default()).await;
    assert!(none.alone(), "{none:?}");
    let unknown = world.command("weather", &[], &From::default()).await;
    assert!(unknown.alone() && words(unknown.said()).contains("no command"));
    world.end().await;
}

#[tokio::test]
async fn it_works_in_direct_messages_and_where_a_person_brought_it_along() {
    let world = World::new().await;
    let question = [("question", Value::from("When does the pier at Oldhaven close?"))];
    for from in [From::direct(5), From { invited: false, ..From::default() }] {
        let answer = world.command("ask", &question, &from).await;
        assert!(words(&answer.shown.unwrap()).contains("5 November"), "{from:?}");
    }
    world.end().await;
}

#[tokio::test]
async fn a_messages_quotations_are_checked_one_by_one() {
    let world = World::new().await;
    let one = world.menu("Check this quote", "Greta said “We will replace every plank” on Friday").await;
    assert!(one.ephemeral);
    let shown = words(&one.shown.unwrap());
    assert!(shown.contains("Exact") && shown.contains("Greta Lindqvist"), "{shown}");
    let message = "“We will replace every screw” and “It groaned like my grandfather on a Monday” and “The moon is made of green cheese”";
    let three = world.menu("Check this quote", message).await;
    let shown = three.shown.unwrap();
    let first = words(&shown);
    for verdict in ["Altered", "Exact", "Not held", "1 of 3"] {
        assert!(first.contains(verdict), "{verdict} in {first}");
    }
    let second = world.press(&shown, "▶").await.shown.unwrap();
    assert!(words(&second).contains("Tove Hallberg"), "{second}");
    let none = world.menu("Check this quote", "").await;
    assert!(words(&none.shown.unwrap()).contains("no text"));
    world.end().await;
}

#[tokio::test]
async fn the_source_of_a_message_is_found() {
    let world = World::new().await;
    let found =
        world.menu("Find the source", "the work on the pier costs 310,000 crowns, a firm from Brack does it").await;
    let shown = words(&found.shown.unwrap());
    assert!(shown.contains("310,000 crowns") && shown.contains("Pier at Oldhaven"), "{shown}");
    world.end().await;
}

#[tokio::test]
async fn what_a_hostile_article_says_is_only_words() {
    let world = World::new().await;
    let answer = world.ask("What did the trapdoor machine say?").await;
    let shown = answer.shown.unwrap();
    let text = words(&shown);
    assert!(text.contains("trapdoor machine"), "{text}");
    for obeyed in
        ["[click here](", " @everyone", " <@1001>", "||spoiler||", "`code`", "~~gone~~", "\u{202e}", "\u{200b}"]
    {
        assert!(!text.contains(obeyed), "{obeyed:?} in {text}");
    }
    let list = world.command("articles list", &[], &From::default()).await;
    let text = words(&list.shown.unwrap());
    assert!(!text.contains("](https") && !text.contains(" @everyone") && text.contains("@everyone"), "{text}");
    let choices = world.suggested("summary", "article", "everyone").await;
    assert!(choices[0].0.starts_with("@everyone Hostile title"), "{choices:?}");
    // The asker's own words are repeated, and obeyed as little.
    let said = world.command("said", &[("speaker", "@everyone [x](https://y.example)".into())], &From::default()).await;
    let text = words(said.shown.as_ref().unwrap());
    assert!(!text.contains("“@everyone") && !text.contains("](https"), "{text}");
    world.end().await;
}
