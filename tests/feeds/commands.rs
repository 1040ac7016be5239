//! `/feeds`, as people use it: through the router, against a server.

use byline::chat::text::{Style, render_whole};
use byline::intake::fetch::Fetcher;
use byline::library::store::{JobState, SHARED, Store};
use byline::reply::Outcome;
use byline::router::table::Kind;
use byline::router::{Desks, Place, Router, Settings, complete, suggest};
use tempfile::TempDir;

use crate::place::sqlite;
use crate::server::{Item, Reply, Server, paragraphs, rss};
use crate::world::{Polling, articles, policy, poller, report, times, until};

struct World {
    server: Server,
    store: Store,
    desks: Desks,
    router: Router,
    folder: TempDir,
    _place: crate::place::Place,
}

impl World {
    async fn new() -> Self {
        Self::with(Settings::default()).await
    }

    async fn with(settings: Settings) -> Self {
        let (place, server) = (sqlite(), Server::start().await);
        let folder = tempfile::tempdir().unwrap();
        let store = place.open().await;
        let desks = Desks::new(store.clone(), folder.path().join("index"), settings);
        let router = Router::over(desks.clone())
            .with_web(Fetcher::new(policy(&server)))
            .with_feeds(poller(&store, &server, "commands"));
        Self { server, store, desks, router, folder, _place: place }
    }

    /// What is answered on the console, whole.
    async fn say(&self, line: &str) -> (Outcome, String) {
        self.say_at(&Place::console(), line).await
    }

    async fn say_at(&self, place: &Place, line: &str) -> (Outcome, String) {
        let reply = self.router.answer_text(place, line).await;
        (reply.outcome, render_whole(&reply, Style::default()))
    }

    async fn told(&self, line: &str) -> String {
        let (outcome, words) = self.say(line).await;
        assert_eq!(outcome, Outcome::Told, "{line}: {words}");
        words
    }

    async fn refused(&self, line: &str) -> String {
        let (outcome, words) = self.say(line).await;
        assert_eq!(outcome, Outcome::Refused, "{line}: {words}");
        words
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_subscribed_to_and_its_newest_entry_answers_at_once() {
    let world = World::new().await;
    let server = &world.server;
    let page = "<html><head><title>Harbour Times</title>\
                <link rel=alternate type=application/rss+xml title=Comments href=/comments/feed>\
                <link rel=alternate type=application/rss+xml title=News href=/feed></head><body>Hello</body></html>";
    server.serve("/", Reply::page(page));
    server
        .serve("/feed", Reply::feed(&rss("Harbour Times", &[report(server, 1), report(server, 2), report(server, 3)])));
    let words = world.told(&format!("/feeds add {}", server.url("/"))).await;
    assert!(words.contains("subscribed to #1 Harbour Times") && words.contains("1 article"), "{words}");
    assert!(words.contains("The pages of 2 earlier entries follow") && words.contains("Comments ("), "{words}");
    let all = articles(&world.store).await;
    assert_eq!((all.len(), times(&all, 1), all[0].silent), (1, 1, false));
    let again = world.told(&format!("/feeds add {}", server.url("/feed"))).await;
    assert!(again.contains("already"), "{again}");
    // The rest comes when somebody polls, and is no news.
    let polling = Polling::start(poller(&world.store, server, "beside"));
    until("the rest is there", async || articles(&world.store).await.len() == 3).await;
    polling.stop().await;
    assert_eq!(articles(&world.store).await.iter().filter(|stored| stored.silent).count(), 2);
    let about = world.told("/about").await;
    assert!(about.contains("1 feed, last look"), "{about}");
    assert!(world.store.jobs(JobState::Open, 1).await.unwrap().is_empty(), "nothing is posted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_feed_is_refused_with_the_reason() {
    let world = World::new().await;
    let server = &world.server;
    server.serve("/page", Reply::page("<html><body><p>No feed here.</p></body></html>"));
    for (line, reason) in [
        ("/feeds add nonsense".to_owned(), "no address of the web"),
        ("/feeds add ftp://news.example/feed".to_owned(), "no address of the web"),
        (format!("/feeds add {}", server.url("/page")), "a page that names no feed"),
        (format!("/feeds add {}", server.url("/missing")), "404"),
        (format!("/feeds add http://10.1.2.3:{}/feed", server.port()), "not on the public Internet"),
        (format!("/feeds add {} --exclude /(/", server.url("/page")), "no regular expression"),
        ("/feeds remove 7".to_owned(), "No feed is called"),
        ("/feeds import nowhere.opml".to_owned(), "fetched"),
    ] {
        let words = world.refused(&line).await;
        assert!(words.contains(reason), "{line}: {words}");
    }
    // A guess where feeds mostly lie.
    server.serve("/rss.xml", Reply::feed(&rss("Guessed", &[])));
    let words = world.told(&format!("/feeds add {}", server.url("/page"))).await;
    assert!(words.contains("#1 Guessed"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trial_tells_what_would_be_stored_and_why_not() {
    let world = World::new().await;
    let server = &world.server;
    world.told("/feeds list").await;
    let mut items: Vec<Item> = (1..=5).map(|number| report(server, number)).collect();
    items[0].content = Some(paragraphs(1, 6));
    items[0].date = Some(jiff::Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000").to_string());
    items[1].summary = "Only sport.".to_owned();
    items[2].date = Some("Mon, 04 Jul 2022 09:30:00 +0000".to_owned());
    items[3].link = server.url("/missing");
    server.serve("/feed", Reply::feed(&rss("Harbour Times", &items)));
    let line = format!("/feeds test {} --exclude sport", server.url("/feed"));
    let words = world.told(&line).await;
    for part in [
        "of 5 entries, 2 would be stored",
        "from the feed itself",
        "it has “sport”",
        "it is too old",
        "404",
        "from its page, no news to digests",
    ] {
        assert!(words.contains(part), "{part}: {words}");
    }
    assert!(articles(&world.store).await.is_empty() && world.store.feeds(SHARED).await.unwrap().is_empty());
    // Subscribed to, it tells what the next look would bring.
    world.told(&format!("/feeds add {} --exclude sport", server.url("/feed"))).await;
    items.insert(0, report(server, 6));
    server.serve("/feed", Reply::feed(&rss("Harbour Times", &items)));
    let words = world.told("/feeds test 1").await;
    assert!(words.contains("of 6 entries, 1 would be stored") && words.contains("seen before"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_paused_resumed_and_removed_by_name_or_number() {
    let world = World::new().await;
    let server = &world.server;
    server.serve("/a", Reply::feed(&rss("Harbour Times", &[report(server, 1)])));
    server.serve("/b", Reply::feed(&rss("Harbour Mail", &[])));
    world.told(&format!("/feeds add {}", server.url("/a"))).await;
    world.told(&format!("/feeds add {}", server.url("/b"))).await;
    let words = world.refused("/feeds pause harbour").await;
    assert!(words.contains("Which one?"), "{words}");
    assert!(world.told("/feeds pause mail").await.contains("#2 Harbour Mail is paused"));
    assert!(world.told("/feeds pause 2").await.contains("was paused before"));
    let list = world.told("/feeds list").await;
    assert!(list.contains("1 paused") && list.contains("1 article"), "{list}");
    assert!(world.told("/feeds resume #2").await.contains("looked at again"));
    assert!(world.told(&format!("/feeds remove {}", server.url("/a"))).await.contains("its articles stay"));
    assert_eq!((world.store.feeds(SHARED).await.unwrap().len(), articles(&world.store).await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_taken_in_and_given_out() {
    let world = World::new().await;
    let opml = "<opml version=\"2.0\"><body><outline text=\"News\">\
                <outline type=\"rss\" text=\"One\" xmlUrl=\"https://one.example/feed\" htmlUrl=\"https://one.example/\"/>\
                <outline type=\"rss\" text=\"Two\" xmlUrl=\"https://two.example/feed\"/>\
                <outline type=\"rss\" text=\"None\" xmlUrl=\"file:///etc/passwd\"/></outline></body></opml>";
    let file = world.folder.path().join("feeds.opml");
    std::fs::write(&file, opml).unwrap();
    let words = world.told(&format!("/feeds import {}", file.display())).await;
    assert!(words.contains("2 feeds more") && words.contains("1 of the list has no address"), "{words}");
    world.server.serve("/list.opml", Reply::with("200 OK", "Content-Type: text/x-opml\r\n", opml));
    let words = world.told(&format!("/feeds import {}", world.server.url("/list.opml"))).await;
    assert!(words.contains("0 feeds more") && words.contains("2 feeds of the list were there"), "{words}");
    let exported = world.told("/feeds export").await;
    let list = byline::intake::feed::opml::import(&exported).unwrap();
    let of = |feed: &byline::intake::feed::opml::Outline| (feed.title.clone(), feed.feed.to_string());
    let named = |name: &str, host: &str| (name.to_owned(), format!("https://{host}.example/feed"));
    assert_eq!(list.feeds.iter().map(of).collect::<Vec<_>>(), [named("One", "one"), named("Two", "two")]);
    // Whoever is not at the console names no file of this machine.
    let own = Place { network: "record".into(), community: "town".into(), channel: None, manager: true };
    world.say_at(&own, "/settings articles own").await;
    for option in ["", "--file "] {
        let (outcome, words) = world.say_at(&own, &format!("/feeds import {option}{}", file.display())).await;
        assert_eq!(outcome, Outcome::Refused, "{words}");
    }
    let words = world.refused("/feeds import").await;
    assert!(words.contains("or give one as a file"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_may_be_attached_and_a_community_has_its_bound() {
    let world = World::with(Settings { feeds: Some(3), ..Settings::default() }).await;
    let outline = |n: u8| format!("<outline type=\"rss\" text=\"Feed {n}\" xmlUrl=\"https://f{n}.example/feed\"/>");
    let list = |feeds: std::ops::Range<u8>| {
        format!("<opml version=\"2.0\"><body>{}</body></opml>", feeds.map(outline).collect::<String>())
    };
    // As networks keep what is attached: of no kind that a feed has.
    let octets = "Content-Type: application/x-unknown\r\n";
    world.server.serve("/attached/a.opml", Reply::with("200 OK", octets, &list(0..2)));
    world.server.serve("/attached/b.opml", Reply::with("200 OK", octets, &list(1..6)));
    let town =
        Place { network: "record".into(), community: "town".into(), channel: Some("desk".into()), manager: true };
    world.say_at(&town, "/settings articles own").await;
    let import = async |name: &str| {
        world.say_at(&town, &format!("/feeds import --file {}", world.server.url(&format!("/attached/{name}")))).await
    };
    let (outcome, words) = import("a.opml").await;
    assert!(outcome == Outcome::Told && words.contains("2 feeds more"), "{words}");
    let (outcome, words) = import("b.opml").await;
    assert!(outcome == Outcome::Told && words.contains("1 feed more"), "{words}");
    assert!(words.contains("3 of the list were left out") && words.contains("feeds.per_community"), "{words}");
    world.server.serve("/feed", Reply::feed(&rss("One too many", &[report(&world.server, 1)])));
    let add = format!("/feeds add {}", world.server.url("/feed"));
    let (outcome, words) = world.say_at(&town, &add).await;
    assert!(outcome == Outcome::Refused && words.contains("may subscribe to 3 feeds"), "{words}");
    world.say_at(&town, "/feeds remove 2").await;
    let (outcome, words) = world.say_at(&town, &add).await;
    assert_eq!(outcome, Outcome::Told, "{words}");
    // The console has no bound.
    world.server.serve("/list.opml", Reply::with("200 OK", "Content-Type: text/x-opml\r\n", &list(0..9)));
    let words = world.told(&format!("/feeds import {}", world.server.url("/list.opml"))).await;
    assert!(words.contains("9 feeds more"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_suggested_by_their_titles_and_named_by_their_numbers() {
    let world = World::new().await;
    let server = &world.server;
    for (path, title) in [("/a", "Harbour Times"), ("/b", "Island Echo"), ("/c", "Harbour Times")] {
        server.serve(path, Reply::feed(&rss(title, &[])));
        world.told(&format!("/feeds add {}", server.url(path))).await;
    }
    let desk = world.router.desk(&Place::console()).await.unwrap();
    let values = async |typed: &str| {
        let found = suggest(&desk, Kind::Feed, typed).await;
        found.into_iter().map(|one| one.value).collect::<Vec<_>>()
    };
    assert_eq!(values("harb").await, ["1", "3"]);
    assert_eq!(values("ecoh").await, ["2"]);
    let (at, found) = complete(&desk, "/feeds pause isl").await;
    assert_eq!((at, found[0].text.as_str()), (13, "Island Echo"));
    assert!(world.told("/feeds pause Island Echo").await.contains("#2 Island Echo is paused"));
    // One title that two have names neither.
    let words = world.refused("/feeds pause Harbour Times").await;
    assert!(words.contains("#1 Harbour Times, #3 Harbour Times. Which one?"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_for_those_who_may_change_the_collection() {
    let world = World::new().await;
    let server = &world.server;
    server.serve("/feed", Reply::feed(&rss("Harbour Times", &[report(server, 1)])));
    let line = format!("/feeds add {}", server.url("/feed"));
    let town =
        Place { network: "record".into(), community: "town".into(), channel: Some("desk".into()), manager: true };
    let reader = Place { manager: false, ..town.clone() };
    for place in [&reader, &town] {
        let (outcome, words) = world.say_at(place, &line).await;
        assert_eq!(outcome, Outcome::Refused, "{words}");
    }
    world.say_at(&town, "/settings articles own").await;
    let (outcome, words) = world.say_at(&town, &line).await;
    assert_eq!(outcome, Outcome::Told, "{words}");
    assert!(articles(&world.store).await.is_empty(), "what all share is as it was");
    let own = world.store.collection("record/town").await.unwrap();
    assert_eq!(crate::world::articles_of(&world.store, own).await.len(), 1);
    let feed = &world.store.feeds(own).await.unwrap()[0];
    assert_eq!((feed.channel.as_deref(), feed.community.is_some()), (Some("desk"), true));
    let (outcome, _) = world.say_at(&reader, "/feeds list").await;
    assert_eq!(outcome, Outcome::Refused);
    drop(world.desks);
}
