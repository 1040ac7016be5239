//! Redirects are followed so far and no further, and what moved for good is told.

use byline::intake::fetch::{FetchError, Fetcher};

use super::support::{Reply, Server, get, open};

#[tokio::test]
async fn endless_redirects_end() {
    let endless = Server::start(|request| {
        let step: usize = request.path.trim_start_matches('/').parse().unwrap();
        Reply::redirect(302, &format!("/{}", step + 1))
    })
    .await;
    let refused = get(&Fetcher::new(open(&endless)), &endless.url("127.0.0.1", "/0")).await;
    assert!(matches!(refused, Err(FetchError::Redirects { limit: 5, .. })), "{refused:?}");
    assert_eq!(endless.paths(), ["/0", "/1", "/2", "/3", "/4", "/5"]);

    let circle = Server::start(|request| Reply::redirect(308, &request.path)).await;
    let refused = get(&Fetcher::new(open(&circle)), &circle.url("127.0.0.1", "/a")).await;
    assert!(matches!(refused, Err(FetchError::Redirects { .. })), "{refused:?}");
    assert_eq!(circle.connections(), 6);
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let server = Server::start(|request| match request.path.as_str() {
        "/5" => Reply::page("there"),
        path => Reply::redirect(307, &format!("{}", path[1..].parse::<usize>().unwrap() + 1)),
    })
    .await;
    let fetched = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/0#part")).await.unwrap();
    assert_eq!((fetched.url.path(), fetched.url.fragment(), fetched.body.as_slice()), ("/5", None, &b"there"[..]));
}

#[tokio::test]
async fn redirects_to_nowhere_are_told() {
    for (headers, longer) in [
        ("", false),
        ("Location: http://\r\n", false),
        ("Location: http://[::1\r\n", false),
        ("Location: \u{ff}http://h:port/\r\n", false),
        ("Location: http://a b/\r\n", false),
        ("Location: /", true),
    ] {
        let headers = if longer { format!("{headers}{}\r\n", "x".repeat(10_000)) } else { headers.to_owned() };
        let server = Server::start(move |request| match request.path.as_str() {
            "/" => Reply::with("302 Found", &headers, b""),
            _ => Reply::status("404 Not Found"),
        })
        .await;
        let refused = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await;
        let told = match longer {
            true => matches!(refused, Err(FetchError::LongAddress)),
            false => matches!(refused, Err(FetchError::Location { .. } | FetchError::Status { status: 404, .. })),
        };
        assert!(told, "{refused:?}");
    }
}

#[tokio::test]
async fn only_an_unbroken_chain_of_permanent_redirects_is_a_move() {
    let server = Server::start(|request| match request.path.as_str() {
        "/gone-for-good" => Reply::redirect(301, "/for-good-again"),
        "/for-good-again" => Reply::redirect(308, "/here"),
        "/first-good" => Reply::redirect(301, "/just-now"),
        "/just-now" => Reply::redirect(302, "/here"),
        "/now-then-good" => Reply::redirect(303, "/gone-for-good"),
        _ => Reply::page("here"),
    })
    .await;
    let fetcher = Fetcher::new(open(&server));
    for (asked, moved) in [
        ("/here", None),
        ("/gone-for-good", Some("/here")),
        ("/first-good", Some("/just-now")),
        ("/just-now", None),
        ("/now-then-good", None),
    ] {
        let fetched = get(&fetcher, &server.url("127.0.0.1", asked)).await.unwrap();
        assert_eq!(fetched.url.path(), "/here");
        assert_eq!(fetched.moved.as_ref().map(|url| url.path()), moved, "{asked}");
    }
}
