//! What becomes of feeds, and of those who serve them badly.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use byline::article::read::{Format, read_text};
use byline::intake::feed::filter::Written;
use byline::intake::fetch::Fetcher;
use byline::intake::poll::{PollOptions, Poller};
use byline::library::store::{FeedState, JobState, NewFeed, SHARED, Seq};
use byline::post::FeedTeller;
use jiff::{SignedDuration, Timestamp};

use crate::place::{each, sqlite};
use crate::server::{Item, Reply, Server, paragraphs, rss};
use crate::world::{
    Polling, articles, feed, looked_at_again, options, policy, poller, report, subscribe, subscribe_with, times, until,
};

/// A moment ago, as feeds write it.
fn ago(minutes: i64) -> Option<String> {
    let moment = Timestamp::now() - SignedDuration::from_mins(minutes);
    Some(moment.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_feed_brings_its_newest_entry_as_news_and_the_rest_silently() {
    each(async |place| {
        let (server, store) = (Server::start().await, place.open().await);
        let full = Item { content: Some(paragraphs(4, 6)), date: ago(200), ..report(&server, 4) };
        let items = vec![
            Item { date: ago(90), ..report(&server, 1) },
            Item { date: ago(30), ..report(&server, 2) },
            Item { date: ago(60), ..report(&server, 3) },
            full,
            Item { date: ago(200 * 24 * 60), ..report(&server, 5) },
        ];
        server.serve("/feed", Reply::feed(&rss("Harbour Times", &items)));
        let polling = Polling::start(poller(&store, &server, "one"));
        let id = subscribe(&store, &server.url("/feed")).await;
        until("four reports are there", async || articles(&store).await.len() == 4).await;
        let all = articles(&store).await;
        for (number, silent) in [(1, true), (2, false), (3, true), (4, true)] {
            let words = format!("In report {number} ");
            let stored = all.iter().find(|stored| stored.article.text().contains(&words)).unwrap();
            assert_eq!(stored.silent, silent, "report {number}");
            assert_eq!(stored.article.meta().outlet.as_deref(), Some("Harbour Times"));
            assert!(stored.article.meta().published.is_some() && stored.article.meta().url.is_some());
        }
        assert_eq!(times(&all, 5), 0, "too old");
        assert_eq!(server.count("/reports/4"), 0, "the feed has its full text");
        let kept = feed(&store, id).await;
        assert_eq!((kept.stored, kept.left_out, kept.title.as_str()), (4, 1, "Harbour Times"));
        // What comes later is news.
        let next = Item { date: ago(0), ..report(&server, 6) };
        server.serve("/feed", Reply::feed(&rss("Harbour Times", &[vec![next], items].concat())));
        until("the new report is there", async || times(&articles(&store).await, 6) == 1).await;
        assert!(articles(&store).await.iter().filter(|stored| !stored.silent).count() == 2);
        assert_eq!((server.count("/reports/1"), server.count("/reports/6")), (1, 1), "each page is fetched once");
        polling.stop().await;
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_did_not_change_is_not_sent_again() {
    let (place, server) = (sqlite(), Server::start().await);
    let store = place.open().await;
    let body = rss("News", &[report(&server, 1)]);
    server.set("/feed", move |request| match request.head.to_lowercase().contains("if-none-match: \"v1\"") {
        true => Reply::status("304 Not Modified"),
        false => Reply::with("200 OK", "ETag: \"v1\"\r\nContent-Type: text/xml\r\n", &body),
    });
    let polling = Polling::start(poller(&store, &server, "one"));
    let id = subscribe(&store, &server.url("/feed")).await;
    until("it was asked four times", async || server.count("/feed") >= 4).await;
    polling.stop().await;
    let asked = server.requests("/feed");
    assert!(!asked[0].head.to_lowercase().contains("if-none-match"));
    assert!(asked[1..].iter().all(|request| request.head.to_lowercase().contains("if-none-match: \"v1\"")));
    let kept = feed(&store, id).await;
    assert_eq!((kept.etag.as_deref(), kept.failures), (Some("\"v1\""), 0));
    assert_eq!(times(&articles(&store).await, 1), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_changes_its_ids_or_dates_or_addresses_brings_nothing_twice() {
    let (place, server) = (sqlite(), Server::start().await);
    let store = place.open().await;
    let original: Vec<Item> = (1..=8).map(|number| report(&server, number)).collect();
    let shown = Arc::new(Mutex::new(rss("News", &original)));
    let serving = Arc::clone(&shown);
    server.set("/feed", move |_| Reply::feed(&serving.lock().unwrap()));
    let polling = Polling::start(poller(&store, &server, "one"));
    let id = subscribe(&store, &server.url("/feed")).await;
    until("all are there", async || articles(&store).await.len() == 8).await;
    for round in 0..3 {
        let changed = original.iter().enumerate().map(|(n, item)| Item {
            guid: format!("{}-{round}", item.guid),
            date: ago(i64::try_from(n).unwrap() + round),
            link: if round == 2 { format!("{}?session={n}", item.link) } else { item.link.clone() },
            // Of so many words that they tell one from another.
            summary: format!("What the harbour office said of boat number {n} on Tuesday evening."),
            ..item.clone()
        });
        *shown.lock().unwrap() = rss("News", &changed.collect::<Vec<_>>());
        looked_at_again(&store, id).await;
        assert_eq!(feed(&store, id).await.waiting, 0, "round {round}");
    }
    // Its first addresses once more, with new ids.
    let rewritten = original.iter().map(|item| Item { guid: format!("new-{}", item.guid), ..item.clone() });
    *shown.lock().unwrap() = rss("News", &rewritten.collect::<Vec<_>>());
    looked_at_again(&store, id).await;
    polling.stop().await;
    let all = articles(&store).await;
    assert_eq!(all.len(), 8);
    assert_eq!(all.iter().filter(|stored| !stored.silent).count(), 1);
    assert!(all.iter().all(|stored| stored.version == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_gone_ends_and_one_that_moved_is_followed() {
    let (place, server) = (sqlite(), Server::start().await);
    let store = place.open().await;
    server.serve("/gone", Reply::status("410 Gone"));
    server.serve("/old", Reply::redirect(301, "/new"));
    server.serve("/new", Reply::feed(&rss("Moved", &[report(&server, 1)])));
    server.serve("/lent", Reply::redirect(302, "/new2"));
    server.serve("/new2", Reply::feed(&rss("Lent", &[])));
    // It moved to the front page, as sites do that have no feed any more: the address is kept.
    server.serve("/lost", Reply::redirect(301, "/"));
    server.serve("/", Reply::page("<html><body>Welcome</body></html>"));
    let polling = Polling::start(poller(&store, &server, "one"));
    let mut ids = Vec::new();
    for path in ["/gone", "/old", "/lent", "/lost"] {
        ids.push(subscribe(&store, &server.url(path)).await);
    }
    for id in &ids[1..] {
        looked_at_again(&store, *id).await;
    }
    let gone = feed(&store, ids[0]).await;
    assert_eq!(gone.state, FeedState::Ended("it is gone for good (410)".to_owned()));
    let moved = feed(&store, ids[1]).await;
    assert_eq!((moved.url, moved.given), (server.url("/new"), server.url("/old")));
    assert_eq!(feed(&store, ids[2]).await.url, server.url("/lent"));
    let lost = feed(&store, ids[3]).await;
    assert_eq!((lost.url, lost.trouble.as_deref()), (server.url("/lost"), Some("a page, not a feed")));
    let (old, gone) = (server.count("/old"), server.count("/gone"));
    looked_at_again(&store, ids[1]).await;
    assert_eq!((server.count("/old"), server.count("/gone")), (old, gone), "neither is asked any more");
    polling.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_slow_feed_delays_no_other() {
    let (place, server) = (sqlite(), Server::on_hosts(3).await);
    let store = place.open().await;
    // More slow ones than are looked at at once, all of one host; and one on the same host that is not slow.
    for n in 0..40 {
        server.set(&format!("/slow/{n}"), |_| Reply::Silence);
        subscribe(&store, &server.url_at(2, &format!("/slow/{n}"))).await;
    }
    server.serve("/quick", Reply::feed(&rss("Quick", &[report(&server, 1)])));
    let started = Instant::now();
    let polling = Polling::start(poller(&store, &server, "one"));
    subscribe(&store, &server.url_at(3, "/quick")).await;
    until("the quick one was read", async || times(&articles(&store).await, 1) == 1).await;
    let read = started.elapsed();
    looked_at_again(&store, store.feeds(SHARED).await.unwrap()[40].id).await;
    println!("read after {} ms, looked at again after {} ms", read.as_millis(), started.elapsed().as_millis());
    assert!(store.feed_health(None).await.unwrap().due >= 30, "the slow ones still wait for their turn");
    polling.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_fails_and_recovers_is_told_of_once_each() {
    let (place, server) = (sqlite(), Server::start().await);
    let store = place.open().await;
    let community = store.community("record", "town").await.unwrap().id;
    let broken = Arc::new(AtomicU64::new(1));
    let state = Arc::clone(&broken);
    let body = rss("Flapping", &[report(&server, 1)]);
    server.set("/flapping", move |request| match state.load(Ordering::SeqCst) {
        0 => Reply::feed(&body),
        _ if request.before % 2 == 0 => Reply::status("503 Service Unavailable"),
        _ => Reply::feed("The database is down for a moment."),
    });
    server.serve("/steady", Reply::feed(&rss("Steady", &[])));
    let here = |feed: &mut NewFeed<'_>| {
        feed.community = Some(community);
        feed.channel = Some("desk");
    };
    let polling = Polling::start(poller(&store, &server, "one"));
    let id = subscribe_with(&store, &server.url("/flapping"), here).await;
    subscribe_with(&store, &server.url("/steady"), here).await;
    let teller = FeedTeller::new(store.clone(), &["record"]);
    until("it failed often", async || feed(&store, id).await.failures >= 6).await;
    let mut postings = teller.tick().await.unwrap() + teller.tick().await.unwrap();
    looked_at_again(&store, id).await;
    postings += teller.tick().await.unwrap();
    assert_eq!(postings, 1);
    broken.store(0, Ordering::SeqCst);
    until("it was read", async || feed(&store, id).await.failures == 0).await;
    assert_eq!(teller.tick().await.unwrap() + teller.tick().await.unwrap(), 1);
    until("its report is there", async || times(&articles(&store).await, 1) == 1).await;
    polling.stop().await;
    assert_eq!(store.jobs(JobState::Open, 10).await.unwrap().len(), 2);
    let mut told: Vec<String> = Vec::new();
    while let Some(job) = store.lease("sender", &["record"], 1, Duration::from_secs(60)).await.unwrap().pop() {
        told.push(job.payload.to_string());
        store.sent(&job, None).await.unwrap();
    }
    assert_eq!(told.len(), 2);
    assert!(told.iter().any(|words| words.contains("could not be read")) && told.iter().all(|w| !w.contains("Steady")));
    assert!(told.iter().any(|words| words.contains("can be read again")));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_that_give_no_article_are_left_out_with_the_reason() {
    let (place, server) = (sqlite(), Server::start().await);
    let store = place.open().await;
    server.serve(
        "/robots.txt",
        Reply::with("200 OK", "Content-Type: text/plain\r\n", "User-agent: *\nDisallow: /closed"),
    );
    server.serve("/image", Reply::with("200 OK", "Content-Type: image/png\r\n", "png"));
    let page = |path: &str, number: u64| Item { link: server.url(path), ..report(&server, number) };
    // What the feed itself carries serves where the page is closed.
    let carried = Item { content: Some(paragraphs(4, 2)), ..page("/closed/4", 4) };
    let flaky = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&flaky);
    server.set("/flaky", move |_| match count.fetch_add(1, Ordering::SeqCst) {
        // The fetcher tries twice each time.
        0..4 => Reply::status("503 Service Unavailable"),
        _ => Reply::page(&crate::server::article_page(5)),
    });
    let items = vec![
        page("/missing", 1),
        page("/image", 2),
        page("/closed/3", 3),
        carried,
        page("/flaky", 5),
        report(&server, 6),
    ];
    server.serve("/feed", Reply::feed(&rss("News", &items)));
    let polling = Polling::start(poller(&store, &server, "one"));
    let id = subscribe(&store, &server.url("/feed")).await;
    until("nothing waits", async || {
        let kept = feed(&store, id).await;
        kept.begun && kept.waiting == 0
    })
    .await;
    polling.stop().await;
    let all = articles(&store).await;
    let held: Vec<usize> = (1..=6).map(|number| times(&all, number)).collect();
    assert_eq!(held, [0, 0, 0, 1, 1, 1]);
    let kept = feed(&store, id).await;
    assert_eq!((kept.stored, kept.left_out), (3, 3));
    assert!(kept.why_left_out.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_and_what_they_leave_out_does_not_come_back() {
    let (place, server) = (sqlite(), Server::start().await);
    let store = place.open().await;
    let items: Vec<Item> = (1..=4)
        .map(|number| Item {
            summary: ["ferry", "chess", "ferry and sport", "bridge"][number as usize - 1].to_owned(),
            ..report(&server, number)
        })
        .collect();
    server.serve("/feed", Reply::feed(&rss("News", &items)));
    let filters = Written { include: "ferry, /bri.ge/".to_owned(), exclude: "sport".to_owned() }.to_kept();
    let polling = Polling::start(poller(&store, &server, "one"));
    let id = subscribe_with(&store, &server.url("/feed"), |feed| feed.filters = filters.clone().leak()).await;
    until("two are there", async || articles(&store).await.len() == 2).await;
    store.filter_feed(id, "").await.unwrap();
    looked_at_again(&store, id).await;
    polling.stop().await;
    let all = articles(&store).await;
    assert_eq!((1..=4).map(|number| times(&all, number)).collect::<Vec<_>>(), [1, 0, 0, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_share_the_feeds_and_double_nothing() {
    each(async |place| {
        let server = Server::on_hosts(8).await;
        let (one, two) = (place.open().await, place.open().await);
        let shown = Arc::new(AtomicU64::new(3));
        for n in 0..24 {
            let (shown, own) = (Arc::clone(&shown), server.clone());
            server.set(&format!("/feed/{n}"), move |_| {
                let count = shown.load(Ordering::SeqCst);
                let items: Vec<Item> = (0..count).rev().map(|entry| report(&own, 1000 * n + entry)).collect();
                Reply::feed(&rss(&format!("Feed {n}"), &items))
            });
            subscribe(&one, &server.url_at(u8::try_from(n % 8).unwrap() + 1, &format!("/feed/{n}"))).await;
        }
        let first = Polling::start(poller(&one, &server, "one"));
        let second = Polling::start(poller(&two, &server, "two"));
        for count in 4..10 {
            tokio::time::sleep(Duration::from_millis(200)).await;
            shown.store(count, Ordering::SeqCst);
        }
        until("all are there", async || one.count(SHARED).await.unwrap() == 24 * 9).await;
        first.stop().await;
        second.stop().await;
        let all = articles(&one).await;
        for n in 0..24 {
            assert!((0..9).all(|entry| times(&all, 1000 * n + entry) == 1), "feed {n}");
        }
        one.close().await;
        two.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_waits_for_an_index_that_is_behind_and_not_for_one_that_stands_still() {
    const HELD: u64 = 1100;
    let (server, place) = (Server::start().await, sqlite());
    let store = place.open().await;
    let held = |number| read_text(&format!("a{number}"), &paragraphs(number, 1), Format::Html);
    let held = (0..HELD).map(held).collect::<Result<Vec<_>, _>>().unwrap();
    store.add_all(SHARED, &held).await.unwrap();
    let latest = store.latest_seq().await.unwrap().0;
    server.serve("/feed", Reply::feed(&rss("Harbour Times", &[report(&server, 5000)])));
    let indexed = Arc::new(AtomicI64::new(latest - 1050));
    let seen = Arc::clone(&indexed);
    let own = PollOptions { stuck: Duration::from_millis(1500), ..options() };
    let waiting = Poller::new(store.clone(), Fetcher::new(policy(&server)), "behind", own)
        .behind(move || Some(Seq(seen.load(Ordering::SeqCst))));
    let polling = Polling::start(waiting);
    subscribe(&store, &server.url("/feed")).await;
    // It moves, and stays far behind: nothing is looked at, however long that takes.
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        indexed.fetch_add(1, Ordering::SeqCst);
        assert_eq!(server.count("/feed"), 0);
    }
    // Nearer, the feed is looked at, and its page waits.
    indexed.store(latest - 500, Ordering::SeqCst);
    until("the feed is looked at", async || server.count("/feed") > 0).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        indexed.fetch_add(1, Ordering::SeqCst);
        assert_eq!(server.count("/reports/5000"), 0);
    }
    // It moves no more: there is something wrong with it, which is no reason to take nothing in.
    until("the page is fetched", async || server.count("/reports/5000") > 0).await;
    until("its article is there", async || store.count(SHARED).await.unwrap() == HELD + 1).await;
    polling.stop().await;
    store.close().await;
}
