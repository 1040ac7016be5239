//! Answers that never end, that lie about themselves, or that unfold without end: each is refused in bounded time and room.

use std::io::Write;
use std::time::Duration;

use byline::intake::fetch::{FetchError, Fetcher, Policy, Wanted};

use super::support::{Reply, Server, fetch, get, open};

const MIB: usize = 1 << 20;

/// What a kernel may have taken in on both sides of a connection, and a little more, in bytes.
const IN_SOCKETS: usize = 24 * MIB;

/// 64 MiB of zeros in 102 bytes, made with the reference encoder (quality 9, a window of 22 bits).
const BROTLI_ZEROS: &[u8] = &[
    203, 255, 255, 63, 0, 36, 0, 226, 177, 64, 114, 239, 255, 248, 255, 255, 7, 128, 4, 64, 28, 22, 128, 238, 253, 31,
    255, 255, 255, 0, 144, 0, 136, 195, 2, 208, 189, 255, 227, 255, 255, 31, 0, 18, 0, 113, 88, 0, 186, 247, 127, 252,
    255, 255, 3, 64, 2, 32, 14, 11, 64, 247, 254, 143, 255, 255, 127, 0, 72, 0, 196, 97, 1, 232, 222, 255, 241, 255,
    255, 15, 0, 9, 128, 56, 44, 0, 221, 251, 191, 252, 255, 255, 3, 32, 1, 16, 135, 5, 160, 123, 255, 7,
];

/// An answer of this shape, fetched.
async fn answered(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Result<Vec<u8>, FetchError>, Server) {
    let server = Server::start(move |_| reply()).await;
    let fetched = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await;
    (fetched.map(|fetched| fetched.body), server)
}

fn hasty(server: &Server) -> Policy {
    Policy {
        idle_timeout: Duration::from_millis(600),
        total_timeout: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(600),
        ..open(server)
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_page_is_fetched_with_what_its_headers_say() {
    let headers = "Content-Type: Text/HTML; charset=\"ISO-8859-1\"\r\nETag: \"v1\"\r\nLast-Modified: Tue, 14 Nov 2023 22:13:20 GMT\r\n\
                   Cache-Control: max-age=600\r\nRetry-After: 7\r\n";
    let server = Server::start(move |_| Reply::with("200 OK", headers, b"words")).await;
    let fetched = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/a?b")).await.unwrap();
    assert_eq!(fetched.body, b"words");
    assert_eq!(fetched.url.as_str(), server.url("127.0.0.1", "/a?b"));
    assert_eq!((fetched.content_type.as_deref(), fetched.charset.as_deref()), (Some("text/html"), Some("iso-8859-1")));
    assert_eq!(fetched.etag.as_deref(), Some("\"v1\""));
    assert_eq!(fetched.last_modified.as_deref(), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
    assert_eq!(
        (fetched.fresh_for, fetched.retry_after),
        (Some(Duration::from_secs(600)), Some(Duration::from_secs(7)))
    );
    assert!(!fetched.not_modified && fetched.moved.is_none());
}

#[tokio::test]
async fn every_form_of_body_is_unpacked() {
    let text = b"The ferry sails again. ".repeat(1000);
    let (packed, deflated) = (gzip(&text), zlib(&text));
    let packed_by = |coding: &str, body: &[u8]| {
        let headers = format!("Content-Type: text/html\r\nContent-Encoding: {coding}\r\n");
        let (head, body) = (headers, body.to_vec());
        move || Reply::with("200 OK", &head, &body)
    };
    assert_eq!(answered(packed_by("gzip", &packed)).await.0.unwrap(), text);
    assert_eq!(answered(packed_by("X-GZIP", &packed)).await.0.unwrap(), text);
    assert_eq!(answered(packed_by("deflate", &deflated)).await.0.unwrap(), text);
    assert_eq!(answered(packed_by("identity", &text)).await.0.unwrap(), text);
    let server = Server::start(packed_by_request("br", BROTLI_ZEROS)).await;
    let wide = Fetcher::new(Policy { max_bytes: 80 * MIB, ..open(&server) });
    let fetched = fetch(&wide, &server.url("127.0.0.1", "/"), &Wanted::page()).await.unwrap();
    assert!(fetched.body.len() == 64 * MIB && fetched.body.iter().all(|byte| *byte == 0));
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nTrailer: 1\r\n\r\n";
    assert_eq!(answered(move || Reply::raw(chunked)).await.0.unwrap(), b"abcdefg");
    assert_eq!(answered(|| Reply::raw("HTTP/1.0 200 OK\r\n\r\nto the end")).await.0.unwrap(), b"to the end");
}

fn packed_by_request(coding: &str, body: &[u8]) -> impl Fn(&super::support::Request) -> Reply + Send + Sync + 'static {
    let head = format!("Content-Type: text/html\r\nContent-Encoding: {coding}\r\n");
    let body = body.to_vec();
    move |_| Reply::with("200 OK", &head, &body)
}

#[tokio::test]
async fn bombs_do_not_unfold() {
    let zeros = vec![0; 12 * MIB];
    let once = gzip(&zeros);
    let members = once.repeat(20);
    for (coding, bomb) in
        [("gzip", &once), ("gzip", &members), ("deflate", &zlib(&zeros)), ("br", &BROTLI_ZEROS.to_vec())]
    {
        let server = Server::start(packed_by_request(coding, bomb)).await;
        let refused = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await;
        assert!(matches!(refused, Err(FetchError::TooLarge { .. })), "{coding}: {refused:?}");
        assert_eq!(server.connections(), 1, "{coding}");
    }
    // Packed twice and declared so: not asked for. Declared once: unpacked once.
    let twice = gzip(&once);
    for coding in ["gzip, gzip", "gzip,br", "br, gzip", "zstd", "compress", "aes128gcm"] {
        let server = Server::start(packed_by_request(coding, &twice)).await;
        let refused = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await;
        assert!(matches!(refused, Err(FetchError::Coding { .. })), "{coding}: {refused:?}");
    }
    let server = Server::start(packed_by_request("gzip", &twice)).await;
    assert_eq!(get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await.unwrap().body, once);
}

#[tokio::test]
async fn damaged_packing_is_told() {
    let packed = gzip(&b"The ferry sails again. ".repeat(1000));
    let mut twisted = packed.clone();
    let middle = twisted.len() / 2;
    twisted[middle] ^= 0x55;
    let mut sum = packed.clone();
    let last = sum.len() - 8;
    sum[last] ^= 1;
    let large_window = [0x11, 0x1e, 0, 0, 0, 0];
    for (coding, body) in [
        ("gzip", &packed[..packed.len() - 9]),
        ("gzip", &twisted),
        ("gzip", &sum),
        ("gzip", &b"<html>not packed</html>"[..]),
        ("br", &b"<html>not packed</html>"[..]),
        ("br", &large_window),
        ("br", &BROTLI_ZEROS[..3]),
        ("deflate", &b"<html>not packed</html>"[..]),
    ] {
        let server = Server::start(packed_by_request(coding, body)).await;
        let refused = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await;
        assert!(matches!(refused, Err(FetchError::Coding { .. })), "{coding} {body:?}: {refused:?}");
    }
}

#[tokio::test]
async fn endless_bodies_end_at_the_limit() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    let kilobyte = vec![b'x'; 1024];
    let chunk = [b"400\r\n", &kilobyte[..], b"\r\n"].concat();
    for (first, again) in [
        (format!("{head}\r\n"), kilobyte.clone()),
        (format!("{head}Transfer-Encoding: chunked\r\n\r\n"), chunk),
        (format!("{head}\r\n<title>"), kilobyte.clone()),
    ] {
        let (refused, server) =
            answered(move || Reply::Endless(first.clone().into_bytes(), again.clone(), Duration::ZERO)).await;
        assert!(matches!(refused, Err(FetchError::TooLarge { .. })), "{refused:?}");
        assert!(server.sent() < 8 * MIB + IN_SOCKETS, "{}", server.sent());
    }
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_read() {
    let announced = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999999999\r\n\r\n";
    let (refused, server) = answered(move || Reply::Endless(announced.into(), vec![b'x'; 1024], Duration::ZERO)).await;
    assert!(matches!(refused, Err(FetchError::TooLarge { .. })), "{refused:?}");
    assert!(server.sent() < IN_SOCKETS);
}

#[tokio::test]
async fn wrong_lengths_are_told() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
    for rest in [
        "Content-Length: 50\r\n\r\nshort",
        "Content-Length: 3\r\nContent-Length: 5\r\n\r\nwords",
        "Content-Length: -1\r\n\r\nwords",
        "Content-Length: 0x5\r\n\r\nwords",
        "Content-Length: five\r\n\r\nwords",
        "Content-Length: 99999999999999999999999\r\n\r\nwords",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\nwords",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nwords",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nwo",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nwordsmore\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-5\r\nwords\r\n0\r\n\r\n",
    ] {
        let (refused, _) = answered(move || Reply::raw(format!("{head}{rest}"))).await;
        assert!(
            matches!(refused, Err(FetchError::Broken { .. } | FetchError::TooLarge { .. })),
            "{rest:?}: {refused:?}"
        );
    }
    // What follows the length that was told is nobody's.
    let (fetched, _) = answered(move || Reply::raw(format!("{head}Content-Length: 5\r\n\r\nwords and more"))).await;
    assert_eq!(fetched.unwrap(), b"words");
}

#[tokio::test]
async fn what_is_no_http_is_told() {
    for answer in [
        &b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..],
        b"220 mail.example ESMTP\r\n",
        b"<html>no head at all</html>",
        b"HTTP/9.9 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"\x16\x03\x01\x00\x05hello",
        b"\0\0\0\0\0\0\0\0",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName\x00: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nName: a\x1b[2Jb\r\n\r\n",
        b"",
    ] {
        let (refused, _) = answered(move || Reply::raw(answer)).await;
        assert!(matches!(refused, Err(FetchError::Broken { .. })), "{answer:?}: {refused:?}");
    }
}

#[tokio::test]
async fn a_server_without_a_certificate_is_not_trusted() {
    let server = Server::start(|_| Reply::page("plain")).await;
    let refused = get(&Fetcher::new(open(&server)), &format!("https://127.0.0.1:{}/", server.port())).await;
    assert!(matches!(refused, Err(FetchError::Connect { .. } | FetchError::NoTrust(_))), "{refused:?}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn endless_headers_end() {
    let start = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (first, again) in [
        (start.clone(), b"X-Name: value\r\n".repeat(100)),
        ([&start[..], b"X-Long: "].concat(), vec![b'x'; 4096]),
        (vec![], vec![b'H'; 4096]),
        (b"HTTP/1.1 200 ".to_vec(), vec![b'O'; 4096]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;".to_vec(), vec![b'x'; 4096]),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n".to_vec(), b"X-Trailer: value\r\n".repeat(100)),
    ] {
        let told = String::from_utf8_lossy(&first).into_owned();
        let (refused, server) = answered(move || Reply::Endless(first.clone(), again.clone(), Duration::ZERO)).await;
        assert!(matches!(refused, Err(FetchError::Broken { .. })), "{told}: {refused:?}");
        // Tried twice.
        assert!(server.sent() < 2 * IN_SOCKETS, "{}", server.sent());
    }
    let many = (0..200).map(|n| format!("X-{n}: v\r\n")).collect::<String>();
    let (refused, _) = answered(move || Reply::with("200 OK", &many, b"x")).await;
    assert!(matches!(refused, Err(FetchError::Broken { .. })), "{refused:?}");
}

#[tokio::test]
async fn drips_and_silence_are_not_waited_for() {
    let drip = Duration::from_millis(100);
    let slow: [fn(Duration) -> Reply; 6] = [
        |drip| Reply::Endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n".to_vec(), b"x".to_vec(), drip),
        |drip| Reply::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".to_vec(), drip),
        |drip| Reply::Endless(vec![], b"HTTP/1.1 100 Continue\r\n\r\n".to_vec(), drip),
        |drip| {
            Reply::Endless(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
                b"1\r\nx\r\n".to_vec(),
                drip,
            )
        },
        |_| Reply::Endless(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx".to_vec(), vec![], Duration::from_secs(5)),
        |_| Reply::Silence,
    ];
    for (case, reply) in slow.into_iter().enumerate() {
        let server = Server::start(move |_| reply(drip)).await;
        let refused = get(&Fetcher::new(hasty(&server)), &server.url("127.0.0.1", "/")).await;
        assert!(matches!(refused, Err(FetchError::Timeout { .. })), "{case}: {refused:?}");
    }
}

#[tokio::test]
async fn endless_continuations_end() {
    let server =
        Server::start(|_| Reply::Endless(vec![], b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50), Duration::ZERO)).await;
    let refused = get(&Fetcher::new(hasty(&server)), &server.url("127.0.0.1", "/")).await;
    assert!(matches!(refused, Err(FetchError::Timeout { .. } | FetchError::Broken { .. })), "{refused:?}");
}

#[tokio::test]
async fn only_kinds_of_content_that_were_asked_for_are_read() {
    for kind in
        ["image/png", "application/pdf", "video/mp4", "application/octet-stream", "text/html\u{202e}", "\u{9b}2J"]
    {
        let headers = format!("Content-Type: {kind}\r\n");
        let (refused, server) = answered(move || Reply::with("200 OK", &headers, b"x")).await;
        assert!(matches!(refused, Err(FetchError::ContentType { .. })), "{kind}: {refused:?}");
        assert_eq!(server.connections(), 1);
    }
    let (fetched, _) = answered(|| Reply::with("200 OK", "", b"undeclared")).await;
    assert_eq!(fetched.unwrap(), b"undeclared");
}

#[tokio::test]
async fn statuses_that_are_no_success_are_errors_with_their_number() {
    for status in [204, 206, 304, 400, 401, 403, 404, 410, 418, 451, 500, 503, 599, 999] {
        let (refused, _) = answered(move || Reply::status(&format!("{status} \u{1b}[2JEvil"))).await;
        // hyper refuses reasons with control characters before we see the status.
        assert!(matches!(refused, Err(FetchError::Broken { .. })), "{refused:?}");
        let (refused, _) = answered(move || Reply::status(&format!("{status} Any"))).await;
        assert!(matches!(refused, Err(FetchError::Status { status: told, .. }) if told == status), "{refused:?}");
    }
}

#[tokio::test]
async fn a_title_of_ten_megabytes_is_no_title() {
    let paragraphs =
        "<p>The ferry to the islands sails again from Friday on, the harbour office said on Tuesday.</p>".repeat(8);
    let page = |megabytes: usize| {
        let title = "Ferry ".repeat(megabytes * MIB / 6);
        format!(
            "<html><head><title>{title}</title><meta property=\"og:title\" content=\"{title}\"></head>\
             <body><article>{paragraphs}</article></body></html>"
        )
    };
    let (large, small) = (page(10), page(3));
    let (told, _) = answered(move || Reply::page(&large)).await;
    assert!(matches!(told, Err(FetchError::TooLarge { .. })), "{told:?}");
    let server = Server::start(move |_| Reply::page(&small)).await;
    let fetched = get(&Fetcher::new(open(&server)), &server.url("127.0.0.1", "/")).await.unwrap();
    let started = std::time::Instant::now();
    if let Ok(article) = byline::intake::page::article(&fetched) {
        assert!(article.meta().title.chars().count() <= 500, "{}", article.meta().title.len());
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
