//! Communities over one store: each answers from the articles that it reads, and from no others; what changes answers soon.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use byline::article::Article;
use byline::article::read::{Format, read_text};
use byline::chat::text::{Style, render};
use byline::library::store::{SHARED, Store, StoreUrl};
use byline::reply::Outcome;
use byline::router::{Desks, Place, Router, Settings, complete};

fn article(key: &str, title: &str, text: &str) -> Article {
    read_text(key, &format!("{title}\n\n{text}\n"), Format::Text).unwrap()
}

fn place(community: &str) -> Place {
    Place { network: "discord".into(), community: community.into(), channel: None, manager: false }
}

async fn open(folder: &Path) -> (Store, Desks) {
    let store = Store::open(&StoreUrl::file(folder.join("byline.db"))).await.unwrap();
    let desks = Desks::new(store.clone(), folder.join("index"), Settings::default());
    (store, desks)
}

/// A club that reads its own articles, and the shared collection that everybody else reads.
async fn a_club_and_the_others(folder: &Path) -> (Store, Router) {
    let (store, desks) = open(folder).await;
    let own = store.collection("club").await.unwrap();
    let club = store.community("discord", "club").await.unwrap();
    store.read_collection(club.id, own).await.unwrap();
    let secret = "The club's boat was sold on Monday.\n\n“We had no choice,” said Orla Brennick, the club's treasurer.";
    store.add(own, &article("boat", "Clubhouse boat is sold", secret)).await.unwrap();
    let public = "The mill burned on Tuesday.\n\n“Nobody was inside,” said Tom Achterberg, the fire chief.";
    store.add(SHARED, &article("mill", "Mill burns down", public)).await.unwrap();
    (store, Router::over(desks))
}

#[tokio::test]
async fn nothing_of_a_community_shows_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, router) = a_club_and_the_others(folder.path()).await;
    for (here, theirs, others) in
        [("club", ["boat", "Brennick"], ["mill", "Achterberg"]), ("town", ["mill", "Achterberg"], ["boat", "Brennick"])]
    {
        let here = place(here);
        let mut shown = String::new();
        for line in [
            "What happened to the boat or the mill?",
            "/who choice",
            "/who nobody was inside",
            "/said Brennick",
            "/said Achterberg",
            "/check “We had no choice”",
            "/check “Nobody was inside”",
            "/articles list",
            "/articles show 1",
            "/summary 1",
            "/about",
            "/digest preview --since 1000 days",
        ] {
            shown.push_str(&render(&router.answer_text(&here, line).await, Style::default()));
        }
        let desk = router.desk(&here).await.unwrap();
        for line in ["/said ", "/summary ", "/ask x --article "] {
            for completion in complete(&desk, line).await.1 {
                shown.push_str(&completion.text);
            }
        }
        for word in theirs {
            assert!(shown.contains(word), "{here:?} does not show {word}: {shown}");
        }
        for word in others {
            // What was asked may be repeated; no article's words may come.
            assert!(
                !shown.replace("“Brennick”", "").replace("“Achterberg”", "").contains(word),
                "{here:?} shows {word}: {shown}"
            );
        }
        assert!(shown.contains("1 article is loaded"), "{shown}");
    }
}

#[tokio::test]
async fn who_looks_only_is_not_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let (store, router) = a_club_and_the_others(folder.path()).await;
    assert_eq!(router.answer_text(&place("passer-by"), "What burned on Tuesday?").await.outcome, Outcome::Answered);
    assert_eq!(store.known_community("discord", "passer-by").await.unwrap(), None);
}

#[tokio::test]
async fn a_channel_goes_before_its_community_and_that_before_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (store, router) = a_club_and_the_others(folder.path()).await;
    let sentences = "First it rained. Then the river rose. By noon the quay was under water. Nobody slept that night.";
    store.add(SHARED, &article("flood", "Quay is flooded", sentences)).await.unwrap();
    let in_channel =
        |channel: Option<&str>| Place { channel: channel.map(str::to_owned), manager: true, ..place("town") };
    let summed_up = async |channel| {
        let reply = router.answer_text(&in_channel(channel), "/summary flood").await;
        reply.quotations().map(|quoted| quoted.pieces.len()).sum::<usize>()
    };
    let told = async |channel, line: &str| router.answer_text(&in_channel(channel), line).await.outcome;
    let configured = summed_up(Some("quiet")).await;
    assert_eq!(told(Some("busy"), "/settings sentences 1").await, Outcome::Told);
    assert_eq!(told(Some("quiet"), "/settings sentences 2 --scope channel").await, Outcome::Told);
    assert_eq!((summed_up(Some("busy")).await, summed_up(Some("quiet")).await, summed_up(None).await), (1, 2, 1));
    assert_eq!(told(Some("quiet"), "/settings sentences --scope channel").await, Outcome::Told);
    assert_eq!(summed_up(Some("quiet")).await, 1);
    assert_eq!(told(None, "/settings sentences").await, Outcome::Told);
    assert_eq!(summed_up(Some("quiet")).await, configured);
    assert_eq!(told(None, "/settings sentences 3 --scope channel").await, Outcome::Refused);
}

#[tokio::test]
async fn only_managers_change_what_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (_store, router) = a_club_and_the_others(folder.path()).await;
    for line in ["/settings articles shared", "/settings passages 1"] {
        let refused = router.answer_text(&place("club"), line).await;
        assert_eq!(refused.outcome, Outcome::Refused, "{line}");
    }
    let manager = Place { manager: true, ..place("club") };
    let own = async || router.answer_text(&place("club"), "What was sold on Monday?").await.outcome;
    assert_eq!(own().await, Outcome::Answered);
    assert_eq!(router.answer_text(&manager, "/settings articles shared").await.outcome, Outcome::Told);
    assert_eq!(own().await, Outcome::NotInArticles);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_community_takes_out_its_own_articles_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let (store, desks) = open(folder.path()).await;
    let own = store.collection("discord/club").await.unwrap();
    store.read_collection(store.community("discord", "club").await.unwrap().id, own).await.unwrap();
    // Two communities share this one: neither may take out what the other reads.
    let league = store.collection("league").await.unwrap();
    store.read_collection(store.community("discord", "away").await.unwrap().id, league).await.unwrap();
    for collection in [own, SHARED, league] {
        store.add(collection, &article("mill", "Mill burns down", "The mill burned on Tuesday.")).await.unwrap();
    }
    let following = desks.clone();
    let following = tokio::spawn(async move { following.follow().await });
    let router = Router::over(desks);
    let manager = |community: &str| Place { manager: true, ..place(community) };
    let remove = async |place: &Place| router.answer_text(place, "/articles remove mill").await.outcome;
    assert_eq!(remove(&place("club")).await, Outcome::Refused, "no manager");
    assert_eq!(remove(&manager("town")).await, Outcome::Refused, "everybody's");
    assert_eq!(remove(&manager("away")).await, Outcome::Refused, "the league's");
    assert_eq!(remove(&manager("club")).await, Outcome::Told);
    assert_eq!((store.count(own).await.unwrap(), store.count(SHARED).await.unwrap()), (0, 1));
    assert_eq!(remove(&Place::console()).await, Outcome::Told);
    until(&router, "What burned on Tuesday?", Outcome::NotInArticles).await;
    following.abort();
}

/// Asks until the answer is as expected; only a time far beyond the promised second gives up.
async fn until(router: &Router, line: &str, expected: Outcome) {
    for _ in 0..200 {
        if router.answer_text(&place("town"), line).await.outcome == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{line}: never {expected:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_changes_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let (_, desks) = open(folder.path()).await;
    let router = Arc::new(Router::over(desks.clone()));
    until(&router, "When does the lighthouse open?", Outcome::NotInArticles).await;
    let following = tokio::spawn(async move { desks.follow().await });
    // Its own connections, as another process has.
    let (other, _) = open(folder.path()).await;
    let opens = |day: &str| article("light", "Lighthouse opens", &format!("The lighthouse opens on {day}."));
    let added = other.add(SHARED, &opens("Friday")).await.unwrap();
    until(&router, "When does the lighthouse open?", Outcome::Answered).await;
    other.add(SHARED, &opens("Sunday, for the first time since the storm")).await.unwrap();
    for _ in 0..200 {
        let answer =
            render(&router.answer_text(&place("town"), "When does the lighthouse open?").await, Style::default());
        assert!(answer.contains("Friday") || answer.contains("Sunday"), "{answer}");
        if answer.contains("Sunday") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    other.remove(SHARED, &added.key).await.unwrap();
    until(&router, "When does the lighthouse open?", Outcome::NotInArticles).await;
    following.abort();
}

#[tokio::test]
async fn a_schedule_of_which_nothing_can_be_made_says_so_and_is_set_anew() {
    use byline::library::store::Order;
    let folder = tempfile::tempdir().unwrap();
    let (store, router) = a_club_and_the_others(folder.path()).await;
    let club = store.community("discord", "club").await.unwrap();
    let here = Place { channel: Some("news".into()), manager: true, ..place("club") };
    let say = async |line: &str| render(&router.answer_text(&here, line).await, Style::default());
    for (zone, weekdays, reason) in
        [("Mars/Olympus", 127, "“Mars/Olympus” is not known here"), ("UTC", 0, "has no day")]
    {
        let order = Order {
            time: jiff::civil::time(8, 30, 0, 0),
            zone: zone.to_owned(),
            weekdays,
            size: 5,
            late_limit: Duration::from_secs(3600),
            tells_nothing_new: false,
        };
        store.set_schedule(club.id, "news", &order, None, None, jiff::Timestamp::now()).await.unwrap();
        let shown = say("/digest show").await;
        assert!(shown.contains("paused") && shown.contains(reason), "{shown}");
        let preview = say("/digest preview").await;
        assert!(!preview.contains("set the schedule anew"), "{preview}");
        let set = say("/digest set 09:00 --zone Europe/Berlin").await;
        assert!(set.contains("A digest is posted in this channel."), "{set}");
        assert!(say("/digest show").await.contains("09:00 Europe/Berlin"));
    }
}

#[tokio::test]
async fn channels_of_one_name_do_not_see_each_others_postings() {
    use byline::digest::plan::{self, Plan};
    use byline::digest::schedule::Schedule;
    let folder = tempfile::tempdir().unwrap();
    let (store, router) = a_club_and_the_others(folder.path()).await;
    let club = store.community("discord", "club").await.unwrap();
    store.community("discord", "town").await.unwrap();
    let daily = Plan::new(Schedule::parse("08:30", "UTC", "daily").unwrap());
    let day = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    plan::set(&store, club.id, "news", &daily, day("2026-03-02T10:00:00Z")).await.unwrap();
    let desks = Desks::new(store.clone(), folder.path().join("other-index"), Settings::default());
    let scheduler = byline::post::Scheduler::new(store.clone(), desks, &["discord"], "scheduler");
    assert_eq!(scheduler.tick(day("2026-03-03T08:30:00Z")).await.unwrap().posted, 1);
    for (community, has) in [("club", true), ("town", false)] {
        let here = Place { channel: Some("news".into()), ..place(community) };
        let shown = render(&router.answer_text(&here, "/digest show").await, Style::default());
        assert_eq!(shown.contains("The last ones"), has, "{shown}");
    }
}
