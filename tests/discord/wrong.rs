//! “Wrong speaker”, in a message's menu: a manager says whose a quotation of an answer is.

use byline::article::read::{Format, read_text};
use byline::chat::discord::Settings;
use byline::library::store::SHARED;
use byline::router::Settings as Answers;
use serde_json::Value;

use crate::fake::payloads::From;
use crate::world::{World, words};

const MENU: &str = "Wrong speaker";

/// Three quotations of one speaker, as an answer shows them on one page.
const MOLE: &str = "Anglers of Oldhaven write to the council

“The mole is cold and the wind is colder,” said Olof Brandt.

The council meets on Tuesday. It has had eleven letters about the mole.

“Put the bench where the sun is,” said Olof Brandt.
";

/// Who may “Manage Server”.
fn manager() -> From {
    From { permissions: 2048 | 32, ..From::default() }
}

/// A world whose managers may change the articles that it shares.
async fn open() -> World {
    let mut world = World::stopped(Settings::default()).await;
    world.answers = Answers { shared_open: true, ..Answers::default() };
    world.store.add(SHARED, &read_text("mole", MOLE, Format::Text).unwrap()).await.unwrap();
    world.start().await;
    world
}

async fn said(world: &World, speaker: &str) -> Value {
    world.command("said", &[("speaker", speaker.into())], &From::default()).await.said().clone()
}

#[tokio::test]
async fn a_manager_names_the_right_speaker_in_a_form() {
    let mut world = open().await;
    let answer = world.command("who", &[("quote", "It groaned like my grandfather".into())], &From::default()).await;
    let answer = answer.shown.unwrap();
    assert!(words(&answer).contains("Tove Hallberg"), "{answer}");
    // The answer and the form outlive the process.
    world.restart().await;
    let form = world.menu_of(MENU, &answer, &manager()).await;
    assert_eq!(form.acked.unwrap().0, 9, "{form:?}");
    let form = form.shown.unwrap();
    let which = &form["components"][0]["component"]["options"];
    assert_eq!((which.as_array().unwrap().len(), &which[0]["description"]), (1, &"Tove Hallberg".into()));
    world.restart().await;
    let told = world.fill(&form, &[("name", "Greta Lindqvist")], &manager()).await;
    assert!(told.alone() && words(told.said()).contains("of Greta Lindqvist"), "{told:?}");
    assert!(words(&said(&world, "Greta Lindqvist").await).contains("groaned"));
    let back = world.fill(&form, &[("name", "as found")], &manager()).await;
    assert!(words(back.said()).contains("Taken back"), "{back:?}");
    assert!(words(&said(&world, "Tove Hallberg").await).contains("groaned"));
    world.end().await;
}

#[tokio::test]
async fn of_several_quotations_the_one_that_is_chosen_is_corrected() {
    let world = open().await;
    let answer = said(&world, "Olof Brandt").await;
    let form = world.menu_of(MENU, &answer, &manager()).await.shown.unwrap();
    let options = form["components"][0]["component"]["options"].as_array().unwrap().clone();
    assert_eq!(options.len(), 3, "{form}");
    let bench = options.iter().find(|option| option["label"].as_str().unwrap().contains("bench where")).unwrap();
    let value = bench["value"].as_str().unwrap();
    let told = world.fill(&form, &[("which", value), ("name", "unattributed")], &manager()).await;
    assert!(words(told.said()).contains("nobody can tell"), "{told:?}");
    let left = words(&said(&world, "Olof Brandt").await);
    assert!(left.contains("wind is colder") && left.contains("since I was six"), "{left}");
    assert!(!left.contains("bench where the sun is"), "{left}");
    world.end().await;
}

#[tokio::test]
async fn who_may_not_is_told_before_anything_is_filled_in() {
    let world = open().await;
    let answer = said(&world, "Tove Hallberg").await;
    for from in [From::default(), From::direct(5), From { invited: false, ..manager() }] {
        let refused = world.menu_of(MENU, &answer, &from).await;
        assert!(refused.alone() && words(refused.said()).contains("who manage this place"), "{refused:?}");
    }
    // Nor does a form help that somebody else was shown.
    let form = world.menu_of(MENU, &answer, &manager()).await.shown.unwrap();
    let refused = world.fill(&form, &[("name", "Greta Lindqvist")], &From::default()).await;
    assert!(refused.alone() && words(refused.said()).contains("who manage this place"), "{refused:?}");
    assert!(words(&said(&world, "Tove Hallberg").await).contains("groaned"));
    world.end().await;
    let world = World::new().await;
    let answer = said(&world, "Tove Hallberg").await;
    let refused = world.menu_of(MENU, &answer, &manager()).await;
    assert!(refused.alone() && words(refused.said()).contains("shared by all communities"), "{refused:?}");
    world.end().await;
}

#[tokio::test]
async fn what_is_no_answer_with_somebodys_words_can_not_be_corrected() {
    let world = open().await;
    let passage = world.ask("How much does the work on the pier cost?").await.shown.unwrap();
    let help = world.command("help", &[], &From::default()).await.shown.unwrap();
    for sent in [&passage, &help] {
        let told = world.menu_of(MENU, sent, &manager()).await;
        assert!(told.alone() && words(told.said()).contains("my own answers"), "{told:?}");
    }
    let answer = said(&world, "Tove Hallberg").await;
    let form = world.menu_of(MENU, &answer, &manager()).await.shown.unwrap();
    for (change, value) in [("custom_id", "w1:nothing:0"), ("custom_id", "w2:k:0")] {
        let mut other = form.clone();
        other[change] = value.into();
        let told = world.fill(&other, &[("name", "Greta Lindqvist")], &manager()).await;
        assert!(told.alone(), "{told:?}");
    }
    let told = world.fill(&form, &[("which", "7"), ("name", "Greta Lindqvist")], &manager()).await;
    assert!(told.alone() && words(told.said()).contains("another version"), "{told:?}");
    let nobody = world.fill(&form, &[("name", "  ")], &manager()).await;
    assert!(nobody.alone() && words(nobody.said()).contains("speaker"), "{nobody:?}");
    assert!(words(&said(&world, "Tove Hallberg").await).contains("groaned"));
    world.end().await;
}
