//! Manners: robots.txt, second tries, conditional requests, and how many come at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use byline::intake::fetch::{FetchError, Fetcher, Policy, Wanted};

use super::support::{Names, Reply, Server, closed, fetch, get, open};

fn asking(server: &Server) -> Policy {
    Policy { robots: true, ..open(server) }
}

/// A site with this robots.txt, and pages.
async fn site(robots: impl Fn() -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| match request.path.as_str() {
        "/robots.txt" => robots(),
        _ => Reply::page("page"),
    })
    .await
}

#[tokio::test]
async fn a_closed_page_is_not_asked_for() {
    let server = site(|| Reply::page("User-agent: *\nDisallow: /private\n")).await;
    let fetcher = Fetcher::new(asking(&server));
    let refused = get(&fetcher, &server.url("127.0.0.1", "/private/1?secret=x")).await.unwrap_err();
    assert_eq!(refused, FetchError::Robots { url: server.url("127.0.0.1", "/private/1?…") });
    assert!(get(&fetcher, &server.url("127.0.0.1", "/open")).await.is_ok());
    // Asked for once, kept for the second.
    assert_eq!(server.paths(), ["/robots.txt", "/open"]);
}

#[tokio::test]
async fn feeds_are_made_for_robots_and_operators_may_decide_otherwise() {
    let server = site(|| Reply::page("User-agent: *\nDisallow: /\n")).await;
    let address = server.url("127.0.0.1", "/feed");
    assert!(fetch(&Fetcher::new(asking(&server)), &address, &Wanted::feed()).await.is_ok());
    assert!(get(&Fetcher::new(open(&server)), &address).await.is_ok());
    assert_eq!(server.paths(), ["/feed", "/feed"]);
}

#[tokio::test]
async fn a_redirect_is_asked_about_too() {
    let server = Server::start(|request| match request.path.as_str() {
        "/robots.txt" => Reply::page("User-agent: byline\nDisallow: /closed"),
        "/go" => Reply::redirect(301, "/closed"),
        _ => Reply::page("page"),
    })
    .await;
    let refused = get(&Fetcher::new(asking(&server)), &server.url("127.0.0.1", "/go")).await;
    assert!(matches!(refused, Err(FetchError::Robots { .. })), "{refused:?}");
    assert_eq!(server.paths(), ["/robots.txt", "/go"]);
}

#[tokio::test]
async fn without_a_robots_txt_all_is_open_and_with_one_that_fails_nothing() {
    for status in ["404 Not Found", "403 Forbidden", "410 Gone"] {
        let server = site(move || Reply::status(status)).await;
        assert!(get(&Fetcher::new(asking(&server)), &server.url("127.0.0.1", "/a")).await.is_ok(), "{status}");
    }
    for status in ["500 Oops", "503 Busy", "429 Too Many"] {
        let server = site(move || Reply::status(status)).await;
        let refused = get(&Fetcher::new(asking(&server)), &server.url("127.0.0.1", "/a")).await;
        assert!(matches!(refused, Err(FetchError::RobotsUnreachable { .. })), "{status}: {refused:?}");
        assert!(!server.paths().contains(&"/a".to_owned()));
    }
    let server = site(|| Reply::redirect(302, "/robots.txt")).await;
    assert!(get(&Fetcher::new(asking(&server)), &server.url("127.0.0.1", "/a")).await.is_ok());
}

#[tokio::test]
async fn a_robots_txt_opens_no_way_into_closed_networks() {
    let trap = Server::trap().await;
    let inner = trap.url("127.0.0.1", "/robots.txt");
    let server = site(move || Reply::redirect(302, &inner)).await;
    let names = Names::new([("front.example", &[&["127.0.0.1"]])]);
    let policy = Policy {
        robots: true,
        internal_hosts: vec!["front.example".parse().unwrap()],
        ..closed(&[server.port(), trap.port()])
    };
    let refused = get(&Fetcher::with_resolver(policy, names), &server.url("front.example", "/a")).await;
    assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{refused:?}");
    assert_eq!((trap.connections(), server.paths()), (0, vec!["/robots.txt".to_owned()]));
}

#[tokio::test]
async fn an_endless_robots_txt_is_read_so_far_and_no_further() {
    let rules = b"User-agent: *\nDisallow: /closed\n".to_vec();
    let head = [b"HTTP/1.1 200 OK\r\n\r\n", &rules[..]].concat();
    let server = site(move || Reply::Endless(head.clone(), b"# and so on\n".repeat(100), Duration::ZERO)).await;
    let fetcher = Fetcher::new(asking(&server));
    assert!(get(&fetcher, &server.url("127.0.0.1", "/a")).await.is_ok());
    assert!(matches!(get(&fetcher, &server.url("127.0.0.1", "/closed")).await, Err(FetchError::Robots { .. })));
}

#[tokio::test]
async fn a_request_says_who_asks_and_nothing_of_anyone_else() {
    let server = site(|| Reply::status("404 Not Found")).await;
    let policy = Policy { user_agent: "Byline/1 (desk@news.example)\r\nEvil: 1".to_owned(), ..asking(&server) };
    let fetcher = Fetcher::new(policy);
    assert!(get(&fetcher, &server.url("127.0.0.1", "/a#part")).await.is_ok());
    for request in server.requests() {
        let head = request.head.to_ascii_lowercase();
        assert!(head.contains("\r\nuser-agent: byline/1 (desk@news.example)evil: 1\r\n"), "{head}");
        assert!(head.contains("\r\naccept-encoding: gzip, deflate, br\r\n"), "{head}");
        for none in ["cookie:", "referer:", "authorization:", "\r\nevil", "part", "range:"] {
            assert!(!head.contains(none), "{none}: {head}");
        }
    }
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let server = Server::start(|request| {
        let head = request.head.to_ascii_lowercase();
        let held =
            head.contains("if-none-match: \"v1\"") && head.contains("if-modified-since: tue, 14 nov 2023 22:13:20 gmt");
        if held {
            Reply::raw("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=60\r\n\r\n")
        } else {
            Reply::page("new")
        }
    })
    .await;
    let fetcher = Fetcher::new(open(&server));
    let modified = Some("Tue, 14 Nov 2023 22:13:20 GMT".to_owned());
    let wanted = Wanted::feed().unless(Some("\"v1\"".into()), modified.clone());
    let same = fetch(&fetcher, &server.url("127.0.0.1", "/"), &wanted).await.unwrap();
    assert!(same.not_modified && same.body.is_empty());
    assert_eq!(same.fresh_for, Some(Duration::from_secs(60)));
    let wanted = Wanted::feed().unless(Some("\"v0\"".into()), modified);
    assert_eq!(fetch(&fetcher, &server.url("127.0.0.1", "/"), &wanted).await.unwrap().body, b"new");
    // A validator that would break out of its header is left out.
    let wanted = Wanted::feed().unless(Some("x\r\nEvil: 1".into()), None);
    assert!(fetch(&fetcher, &server.url("127.0.0.1", "/"), &wanted).await.is_ok());
    assert!(server.requests().iter().all(|request| !request.head.contains("Evil")));
}

/// A server that fails so often, then serves.
async fn failing(times: usize, failure: fn() -> Reply) -> Server {
    let asked = AtomicUsize::new(0);
    Server::start(
        move |_| if asked.fetch_add(1, Ordering::SeqCst) < times { failure() } else { Reply::page("at last") },
    )
    .await
}

#[tokio::test]
async fn what_may_pass_is_tried_twice_and_no_more() {
    for failure in [
        (|| Reply::status("503 Busy")) as fn() -> Reply,
        || Reply::status("502 Bad Gateway"),
        || Reply::status("429 Too Many"),
        || Reply::raw(""),
        || Reply::raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut"),
    ] {
        let once = failing(1, failure).await;
        assert_eq!(get(&Fetcher::new(open(&once)), &once.url("127.0.0.1", "/")).await.unwrap().body, b"at last");
        assert_eq!(once.connections(), 2);
        let twice = failing(2, failure).await;
        assert!(get(&Fetcher::new(open(&twice)), &twice.url("127.0.0.1", "/")).await.is_err());
        assert_eq!(twice.connections(), 2);
    }
}

#[tokio::test]
async fn what_will_not_pass_is_tried_once() {
    for failure in [
        (|| Reply::status("404 Not Found")) as fn() -> Reply,
        || Reply::status("410 Gone"),
        || Reply::with("200 OK", "Content-Type: image/png\r\n", b"x"),
    ] {
        let server = failing(1, failure).await;
        assert!(get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await.is_err());
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    let soon = failing(1, || Reply::with("503 Busy", "Retry-After: 1\r\n", b"")).await;
    let started = std::time::Instant::now();
    assert!(get(&Fetcher::new(open(&soon)), &soon.url("127.0.0.1", "/")).await.is_ok());
    assert!(started.elapsed() >= Duration::from_secs(1));
    let late = failing(1, || Reply::with("429 Too Many", "Retry-After: 3600\r\n", b"")).await;
    let refused = get(&Fetcher::new(open(&late)), &late.url("127.0.0.1", "/")).await.unwrap_err();
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!(late.connections(), 1);
}

#[tokio::test]
async fn nobody_listening_is_told_after_a_second_try() {
    let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let policy = Policy { allow_loopback: true, ..closed(&[port]) };
    let refused = get(&Fetcher::new(policy), &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(refused, Err(FetchError::Connect { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn no_more_than_so_many_come_to_one_host_at_once() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (here, highest) = (Arc::clone(&now), Arc::clone(&most));
    // Each waits a while for company, so that as many meet as are let in.
    let server = Server::start(move |_| {
        highest.fetch_max(here.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        for _ in 0..50 {
            std::thread::sleep(Duration::from_millis(10));
            if highest.load(Ordering::SeqCst) > 2 {
                break;
            }
        }
        here.fetch_sub(1, Ordering::SeqCst);
        Reply::page("x")
    })
    .await;
    let fetcher = Fetcher::new(Policy { host_concurrency: 2, ..open(&server) });
    let address = server.url("127.0.0.1", "/");
    let all = (0..6).map(|_| {
        let (fetcher, address) = (fetcher.clone(), address.clone());
        tokio::spawn(async move { get(&fetcher, &address).await.map(drop) })
    });
    for fetched in all.collect::<Vec<_>>() {
        assert_eq!(fetched.await.unwrap(), Ok(()));
    }
    assert_eq!((server.connections(), most.load(Ordering::SeqCst)), (6, 2));
}

#[tokio::test]
async fn a_slow_host_delays_no_other() {
    let slow = Server::start(|_| Reply::Silence).await;
    let quick = Server::start(|_| Reply::page("quick")).await;
    let patient = super::support::FAR_TOO_LONG;
    let policy = Policy {
        ports: vec![slow.port(), quick.port()],
        host_concurrency: 1,
        idle_timeout: patient,
        total_timeout: patient,
        ..open(&slow)
    };
    let names = Names::new([("slow.example", &[&["127.0.0.1"]]), ("quick.example", &[&["127.0.0.1"]])]);
    let fetcher = Fetcher::with_resolver(policy, names);
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let (fetcher, address) = (fetcher.clone(), slow.url("slow.example", "/"));
            tokio::spawn(async move { get(&fetcher, &address).await.map(drop) })
        })
        .collect();
    for _ in 0..20 {
        assert!(get(&fetcher, &quick.url("quick.example", "/")).await.is_ok());
    }
    assert!(waiting.iter().all(|fetch| !fetch.is_finished()));
    waiting.iter().for_each(tokio::task::JoinHandle::abort);
}
