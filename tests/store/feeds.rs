//! Feeds in the store: subscribed to once, leased, settled once, told of once.

use std::time::Duration;

use byline::library::store::{
    CollectionId, DueFeed, EntryCame, FeedNews, FeedState, FoundEntry, Look, NewEntry, NewFeed, Outcome, PageHeld,
    SHARED, SettledLook, Store, Subscription,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::place::{body, each, page};

const LEASE: Duration = Duration::from_secs(60);

fn new<'a>(url: &'a str, host: &'a str) -> NewFeed<'a> {
    NewFeed {
        collection: SHARED,
        url,
        host,
        title: "",
        site: None,
        filters: "",
        community: None,
        channel: None,
        most: None,
        taken: None,
    }
}

async fn subscribe(store: &Store, url: &str, host: &str) -> i64 {
    match store.subscribe(&new(url, host)).await.unwrap() {
        Subscription::New(feed) => feed.id.0,
        other => panic!("{other:?}"),
    }
}

/// What is due to `owner` now.
async fn due(store: &Store, owner: &str) -> Vec<DueFeed> {
    store.due_feeds(owner, Timestamp::now(), 10, 2, LEASE).await.unwrap()
}

fn later() -> Timestamp {
    Timestamp::now() + SignedDuration::from_hours(1)
}

/// A look that read the feed and found these.
fn read(identities: &[&str], entries: Vec<NewEntry>) -> Look {
    Look {
        title: Some("Harbour Times".to_owned()),
        etag: Some("\"7\"".to_owned()),
        rhythm: "{}".to_owned(),
        next_at: later(),
        new_identities: identities.iter().map(|identity| (*identity).to_owned()).collect(),
        entries,
        ..Look::default()
    }
}

fn article(number: u64, silent: bool) -> NewEntry {
    let article = page(&format!("a{number}"), &format!("https://news.example/{number}"), &body(number, 5));
    NewEntry { silent, found: FoundEntry::Article(Box::new(article)) }
}

fn waiting(number: u64, silent: bool) -> NewEntry {
    let entry = json!({ "link": format!("https://news.example/{number}") }).to_string();
    NewEntry { silent, found: FoundEntry::Page { host: "news.example".to_owned(), entry } }
}

#[tokio::test]
async fn a_feed_is_subscribed_to_once() {
    each(async |place| {
        let store = place.open().await;
        let (a, b) = ("https://a.example/feed", "https://b.example/feed");
        subscribe(&store, a, "a.example").await;
        subscribe(&store, b, "b.example").await;
        let again = store.subscribe(&new(a, "a.example")).await.unwrap();
        assert!(matches!(&again, Subscription::AlreadyThere(feed) if feed.number == 1), "{again:?}");
        let own = store.collection("town").await.unwrap();
        let elsewhere = store.subscribe(&NewFeed { collection: own, ..new(a, "a.example") }).await.unwrap();
        assert!(matches!(&elsewhere, Subscription::New(feed) if feed.number == 1), "{elsewhere:?}");
        let feeds = store.feeds(SHARED).await.unwrap();
        assert_eq!(feeds.iter().map(|feed| feed.url.as_str()).collect::<Vec<_>>(), [a, b]);
        assert!(store.subscribe(&NewFeed { collection: CollectionId(99), ..new(a, "a.example") }).await.is_err());
        assert!(store.subscribe(&new(&"x".repeat(3000), "x")).await.is_err());
        assert_eq!(store.feed_health(Some(SHARED)).await.unwrap().due, 2);
        assert_eq!(store.feed_health(None).await.unwrap().active, 3);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn bounds_of_a_community_hold_whoever_asks_at_once() {
    each(async |place| {
        let (one, other) = (place.open().await, place.open().await);
        let community = one.community("record", "town").await.unwrap().id;
        let subscribe = async |store: Store, n: usize| {
            let (url, host) = (format!("https://f{n}.example/"), format!("f{n}.example"));
            let feed = NewFeed { community: Some(community), most: Some(5), ..new(&url, &host) };
            matches!(store.subscribe(&feed).await.unwrap(), Subscription::New(_))
        };
        let (mut subscribed, mut allowed) = (0, 0);
        for n in 0..10 {
            let both = tokio::join!(subscribe(one.clone(), 2 * n), subscribe(other.clone(), 2 * n + 1));
            subscribed += usize::from(both.0) + usize::from(both.1);
            let both = tokio::join!(one.allow(community, 1, 7), other.allow(community, 1, 7));
            allowed += usize::from(both.0.unwrap().is_ok()) + usize::from(both.1.unwrap().is_ok());
        }
        assert_eq!((subscribed, allowed), (5, 7));
        assert_eq!(one.allow(community, 1, 7).await.unwrap(), Err(0));
        one.give_back_allowance(community, 3).await.unwrap();
        assert_eq!(one.allow(community, 4, 7).await.unwrap(), Err(3), "all or none");
        assert_eq!(one.allow(community, 3, 7).await.unwrap(), Ok(()));
        assert!(one.forget_community("record", "town").await.unwrap());
        one.close().await;
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_feed_is_leased_to_one_and_a_host_to_two() {
    each(async |place| {
        let (one, other) = (place.open().await, place.open().await);
        for n in 0..4 {
            subscribe(&one, &format!("https://big.example/{n}"), "big.example").await;
        }
        subscribe(&one, "https://small.example/", "small.example").await;
        let first = due(&one, "one").await;
        let hosts: Vec<&str> = first.iter().map(|due| due.feed.host.as_str()).collect();
        assert_eq!(hosts.iter().filter(|host| **host == "big.example").count(), 2);
        assert!(hosts.contains(&"small.example"));
        assert!(due(&other, "other").await.is_empty(), "the host is asked by two already");
        let settled = one.settle_look(&first[0], read(&[], Vec::new())).await.unwrap();
        assert!(matches!(settled, SettledLook::Done { .. }));
        assert_eq!(due(&other, "other").await.len(), 1);
        // Whoever stops gives back what it had, and settles nothing any more.
        one.give_back_feeds("one").await.unwrap();
        assert_eq!(one.settle_look(&first[1], read(&["x"], vec![article(1, false)])).await.unwrap(), SettledLook::Lost);
        assert!(!one.fail_look(&first[1], "late", later()).await.unwrap());
        assert_eq!(one.count(SHARED).await.unwrap(), 0);
        one.close().await;
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_look_is_settled_with_its_entries_or_not_at_all() {
    each(async |place| {
        let store = place.open().await;
        subscribe(&store, "https://news.example/feed", "news.example").await;
        let taken = due(&store, "one").await.remove(0);
        assert!(!taken.feed.begun);
        let left_out = NewEntry { silent: true, found: FoundEntry::LeftOut("it is too old".to_owned()) };
        let entries = vec![article(1, false), article(2, true), waiting(3, false), waiting(4, true), left_out];
        let settled = store.settle_look(&taken, read(&["id:1", "id:2"], entries.clone())).await.unwrap();
        assert_eq!(settled, SettledLook::Done { stored: 2, waiting: 2 });
        assert_eq!(store.settle_look(&taken, read(&["id:9"], entries)).await.unwrap(), SettledLook::Lost);
        let feed = store.feed(taken.feed.id).await.unwrap().unwrap();
        assert!(feed.begun && feed.read_at.is_some() && feed.failures == 0);
        assert_eq!((feed.stored, feed.left_out, feed.waiting), (2, 1, 2));
        assert_eq!((feed.title.as_str(), feed.etag.as_deref()), ("Harbour Times", Some("\"7\"")));
        assert_eq!(store.seen_in_feed(feed.id).await.unwrap().len(), 2);
        assert!(!store.get(SHARED, "a1").await.unwrap().unwrap().silent);
        assert!(store.get(SHARED, "a2").await.unwrap().unwrap().silent);
        assert!(due(&store, "one").await.is_empty());
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_waits_is_settled_with_its_article_once() {
    each(async |place| {
        let store = place.open().await;
        subscribe(&store, "https://news.example/feed", "news.example").await;
        let taken = due(&store, "one").await.remove(0);
        let entries = vec![waiting(1, true), waiting(2, false), waiting(3, true)];
        store.settle_look(&taken, read(&["a"], entries)).await.unwrap();
        let soon = Timestamp::now() + SignedDuration::from_secs(1);
        let entries = store.due_entries("one", soon, 10, 2, LEASE).await.unwrap();
        assert_eq!(entries.len(), 2, "two of a host");
        assert!(!entries[0].silent && entries[1].silent, "news first");
        assert!(store.due_entries("other", soon, 10, 2, LEASE).await.unwrap().is_empty());
        let came = |number| {
            let article = page(&format!("a{number}"), &format!("https://news.example/{number}"), &body(number, 5));
            EntryCame::Article(Box::new(article))
        };
        assert_eq!(store.settle_entry(&entries[0], came(2)).await.unwrap(), Some(true));
        assert_eq!(store.settle_entry(&entries[0], came(2)).await.unwrap(), None, "it is settled");
        assert_eq!(store.settle_entry(&entries[1], EntryCame::Later(later())).await.unwrap(), Some(false));
        let third = store.due_entries("one", soon, 10, 2, LEASE).await.unwrap();
        assert_eq!(third.len(), 1, "the second is put off");
        store.give_back_feeds("one").await.unwrap();
        assert_eq!(store.settle_entry(&third[0], came(3)).await.unwrap(), None, "it was given back");
        assert_eq!(store.count(SHARED).await.unwrap(), 1);
        let feed = store.feed(taken.feed.id).await.unwrap().unwrap();
        assert_eq!((feed.stored, feed.waiting), (1, 2));
        assert!(store.unsubscribe(feed.id).await.unwrap());
        assert!(!store.unsubscribe(feed.id).await.unwrap());
        assert_eq!((store.count(SHARED).await.unwrap(), store.feed_health(None).await.unwrap().waiting), (1, 0));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_held_stays_as_it_is_and_what_was_taken_out_stays_out() {
    each(async |place| {
        let store = place.open().await;
        let own = page("own", "https://news.example/1", "Somebody added this by hand, and knows it better.");
        assert_eq!(store.add(SHARED, &own).await.unwrap().outcome, Outcome::New);
        let gone = page("gone", "https://news.example/2", &body(2, 5));
        let gone = store.add(SHARED, &gone).await.unwrap();
        store.remove_article(gone.id).await.unwrap();
        // A file of the same name without an address is another article.
        let file = crate::place::article("a3", "A file", "It has the name of an article to come.");
        store.add(SHARED, &file).await.unwrap();
        subscribe(&store, "https://news.example/feed", "news.example").await;
        let taken = due(&store, "one").await.remove(0);
        let entries = vec![article(1, false), article(2, false), article(3, false)];
        let settled = store.settle_look(&taken, read(&["a"], entries)).await.unwrap();
        assert_eq!(settled, SettledLook::Done { stored: 1, waiting: 0 });
        let held = store.get(SHARED, "own").await.unwrap().unwrap();
        assert_eq!((held.version, held.article), (1, own));
        assert!(store.get(SHARED, "gone").await.unwrap().is_none());
        assert_eq!(store.get(SHARED, "a3").await.unwrap().unwrap().version, 1);
        assert!(store.get(SHARED, "a3-2").await.unwrap().is_some());
        let feed = store.feed(taken.feed.id).await.unwrap().unwrap();
        assert_eq!(feed.why_left_out.as_deref(), Some("it was in the library, and was taken out"));
        let url = "https://news.example/2?utm_source=feed";
        assert_eq!(store.page_held(SHARED, url).await.unwrap(), Some(PageHeld::Removed(gone.id)));
        assert_eq!(store.page_held(SHARED, "https://news.example/9").await.unwrap(), None);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_feed_that_moves_is_followed_and_one_that_moves_onto_another_ends() {
    each(async |place| {
        let store = place.open().await;
        subscribe(&store, "https://old.example/feed", "old.example").await;
        subscribe(&store, "https://twin.example/feed", "twin.example").await;
        let moved = || Some(("https://new.example/feed".to_owned(), "new.example".to_owned()));
        for taken in due(&store, "one").await {
            store.settle_look(&taken, Look { moved: moved(), ..read(&[], Vec::new()) }).await.unwrap();
        }
        let feeds = store.feeds(SHARED).await.unwrap();
        assert_eq!((feeds[0].url.as_str(), feeds[0].host.as_str()), ("https://new.example/feed", "new.example"));
        assert_eq!(feeds[1].state, FeedState::Ended("it has moved to the address of feed 1".to_owned()));
        // Whoever has the old address in a list does not subscribe to it twice.
        let again = store.subscribe(&new("https://old.example/feed", "old.example")).await.unwrap();
        assert!(matches!(again, Subscription::AlreadyThere(feed) if feed.number == 1));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn pausing_takes_a_feed_from_whoever_looks_at_it() {
    each(async |place| {
        let store = place.open().await;
        subscribe(&store, "https://news.example/feed", "news.example").await;
        let taken = due(&store, "one").await.remove(0);
        assert!(store.pause_feed(taken.feed.id).await.unwrap() && !store.pause_feed(taken.feed.id).await.unwrap());
        assert_eq!(store.settle_look(&taken, read(&["a"], vec![article(1, false)])).await.unwrap(), SettledLook::Lost);
        assert!(due(&store, "one").await.is_empty());
        assert!(store.resume_feed(taken.feed.id).await.unwrap());
        let taken = due(&store, "one").await.remove(0);
        assert!(store.end_feed(&taken, "it is gone for good (410)").await.unwrap());
        assert_eq!(store.feed_health(None).await.unwrap().ended, 1);
        assert!(store.resume_feed(taken.feed.id).await.unwrap());
        assert_eq!(due(&store, "one").await.len(), 1);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_feed_that_fails_is_told_of_once_and_its_recovery_once() {
    each(async |place| {
        let store = place.open().await;
        let community = store.community("record", "town").await.unwrap().id;
        for (url, host) in [("https://bad.example/", "bad.example"), ("https://good.example/", "good.example")] {
            let feed = NewFeed { community: Some(community), channel: Some("desk"), ..new(url, host) };
            store.subscribe(&feed).await.unwrap();
        }
        let fail = async || {
            let taken = store.take_feed("one", store.feeds(SHARED).await.unwrap()[0].id, LEASE).await.unwrap().unwrap();
            assert!(store.fail_look(&taken, "no connection", Timestamp::now()).await.unwrap());
        };
        let good = store.feeds(SHARED).await.unwrap()[1].id;
        let succeed = async |id| {
            let taken = store.take_feed("one", id, LEASE).await.unwrap().unwrap();
            store.settle_look(&taken, Look { next_at: Timestamp::now(), ..read(&[], Vec::new()) }).await.unwrap();
        };
        let to_tell = async || store.feeds_to_tell(&["record", "console"], 3).await.unwrap();
        for _ in 0..4 {
            fail().await;
        }
        assert!(to_tell().await.is_empty(), "no feed at all can be read: the trouble may be ours");
        tokio::time::sleep(Duration::from_millis(5)).await;
        succeed(good).await;
        let told = to_tell().await;
        assert_eq!(told.len(), 1);
        assert!(matches!(&told[0].news, FeedNews::Failing { failures: 4, reason, .. } if reason == "no connection"));
        assert!(store.feeds_to_tell(&["console"], 3).await.unwrap().is_empty(), "another network's");
        let words = json!("it fails");
        assert!(store.tell_of_feeds(&told, &words).await.unwrap());
        assert!(!store.tell_of_feeds(&told, &words).await.unwrap(), "once");
        fail().await;
        assert!(to_tell().await.is_empty());
        tokio::time::sleep(Duration::from_millis(5)).await;
        succeed(store.feeds(SHARED).await.unwrap()[0].id).await;
        let recovered = to_tell().await;
        assert_eq!(recovered.iter().map(|told| &told.news).collect::<Vec<_>>(), [&FeedNews::Recovered]);
        assert!(store.tell_of_feeds(&recovered, &words).await.unwrap());
        assert!(to_tell().await.is_empty());
        for _ in 0..5 {
            fail().await;
        }
        succeed(good).await;
        assert!(to_tell().await.is_empty(), "it flaps: that is no news within a week");
        let jobs = store.lease("sender", &["record"], 10, LEASE).await.unwrap();
        assert_eq!(jobs.len(), 1, "of one channel one at a time");
        assert_eq!((jobs[0].destination.as_str(), &jobs[0].payload), ("desk", &words));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn leases_run_out_unless_they_are_kept() {
    each(async |place| {
        let store = place.open().await;
        subscribe(&store, "https://a.example/", "a.example").await;
        subscribe(&store, "https://b.example/", "b.example").await;
        let short = Duration::from_millis(300);
        let taken = store.due_feeds("one", Timestamp::now(), 10, 2, short).await.unwrap();
        store.keep_feeds("one", LEASE, &[taken[0].feed.id], &[]).await.unwrap();
        tokio::time::sleep(2 * short).await;
        let again = due(&store, "other").await;
        assert_eq!(again.iter().map(|due| due.feed.id).collect::<Vec<_>>(), [taken[1].feed.id]);
        assert_eq!(store.settle_look(&taken[1], read(&[], Vec::new())).await.unwrap(), SettledLook::Lost);
        assert!(matches!(store.settle_look(&taken[0], read(&[], Vec::new())).await.unwrap(), SettledLook::Done { .. }));
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_silent_stays_so_when_it_is_moved() {
    each(async |place| {
        let store = place.open().await;
        subscribe(&store, "https://news.example/feed", "news.example").await;
        let taken = due(&store, "one").await.remove(0);
        store.settle_look(&taken, read(&["a"], vec![article(1, true), article(2, false)])).await.unwrap();
        let mut lines = Vec::new();
        store.export(SHARED, &mut lines).await.unwrap();
        let own = store.collection("town").await.unwrap();
        store.import(own, std::io::Cursor::new(lines), |_| ()).await.unwrap();
        assert!(store.get(own, "a1").await.unwrap().unwrap().silent);
        assert!(!store.get(own, "a2").await.unwrap().unwrap().silent);
        store.close().await;
    })
    .await;
}

#[tokio::test]
async fn the_feeds_of_a_community_that_is_gone_rest_until_it_is_back() {
    each(async |place| {
        let store = place.open().await;
        let [guild, club] = ["guild", "club"].map(|name| store.community("net", name));
        let (guild, club) = (guild.await.unwrap(), club.await.unwrap());
        let (own, both) = (store.collection("net/guild").await.unwrap(), store.collection("both").await.unwrap());
        store.read_collection(guild.id, own).await.unwrap();
        let at = async |collection, url| match store.subscribe(&NewFeed { collection, ..new(url, "a.example") }).await {
            Ok(Subscription::New(feed)) => feed.id,
            other => panic!("{other:?}"),
        };
        let alone = at(own, "https://a.example/alone").await;
        let paused = at(own, "https://a.example/paused").await;
        let shared = at(SHARED, "https://a.example/shared").await;
        store.pause_feed(paused).await.unwrap();
        let states = async || {
            let mut states = Vec::new();
            for feed in [alone, paused, shared] {
                states.push(store.feed(feed).await.unwrap().unwrap().state);
            }
            states
        };
        let (active, rests) = (FeedState::Active, FeedState::Paused);
        store.community_gone("net", "guild", "we were removed").await.unwrap();
        assert_eq!(states().await, [rests.clone(), rests.clone(), active.clone()]);
        assert_eq!(due(&store, "poller").await.len(), 1);
        assert_eq!(store.community_back("net", "guild").await.unwrap(), 1);
        assert_eq!(states().await, [active.clone(), rests.clone(), active.clone()], "what somebody paused stays so");
        assert_eq!(store.community_back("net", "guild").await.unwrap(), 0);
        // Also while it reads the shared articles.
        store.read_collection(guild.id, SHARED).await.unwrap();
        store.community_gone("net", "guild", "we were removed").await.unwrap();
        assert_eq!(states().await, [rests.clone(), rests, active]);
        // What another one reads goes on.
        for community in [guild.id, club.id] {
            store.read_collection(community, both).await.unwrap();
        }
        let read = at(both, "https://a.example/both").await;
        store.community_gone("net", "guild", "we were removed").await.unwrap();
        assert_eq!(store.feed(read).await.unwrap().unwrap().state, FeedState::Active);
    })
    .await;
}
