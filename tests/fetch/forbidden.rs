//! Nothing but the public Internet is reached, however it is written, named or redirected to.

use std::net::{IpAddr, Ipv4Addr};

use byline::intake::fetch::{FetchError, Fetcher, Policy};

use super::support::{Names, Reply, Server, closed, get, open};

/// One address at least of every special-purpose range of IPv4, and clouds' services for secrets.
const V4: [&str; 29] = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.254",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.254",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.175.48.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
];

/// The same for IPv6.
const V6: [&str; 30] = [
    "::",
    "::1",
    "::2",
    "::7f00:1",
    "::ffff:7f00:1",
    "::ffff:0:7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:1::1",
    "2001:2::1",
    "2001:3::1",
    "2001:4:112::1",
    "2001:20::1",
    "2001:30::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2620:4f:8000::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "4000::1",
];

/// The ways to write an IPv4 address that reach it, or would.
fn spellings(address: &str) -> Vec<String> {
    let address: Ipv4Addr = address.parse().unwrap();
    let [a, b, c, d] = address.octets();
    let bits = address.to_bits();
    let (high, low) = (bits >> 16, bits & 0xffff);
    vec![
        address.to_string(),
        format!("{bits}"),
        format!("0{bits:o}"),
        format!("{bits:#x}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("{a}.{}", bits & 0x00ff_ffff),
        format!("{a}.{b}.{low}"),
        format!("{address}."),
        format!("[::ffff:{address}]"),
        format!("[::{address}]"),
        format!("[64:ff9b::{high:x}:{low:x}]"),
        format!("[2002:{high:x}:{low:x}::1]"),
    ]
}

#[tokio::test]
async fn no_special_purpose_address_is_reached_in_any_spelling() {
    let trap = Server::trap().await;
    let fetcher = Fetcher::new(closed(&[trap.port()]));
    let literal =
        V4.iter().flat_map(|address| spellings(address)).chain(V6.iter().map(|address| format!("[{address}]")));
    let mut cases = 0;
    for host in literal {
        let refused = get(&fetcher, &trap.url(&host, "/")).await;
        assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{host}: {refused:?}");
        cases += 1;
    }
    assert!(cases >= 60, "{cases}");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn this_machine_is_not_reached_by_any_trick_of_writing() {
    let trap = Server::trap().await;
    let port = trap.port();
    let fetcher = Fetcher::new(closed(&[port]));
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.1",
        "127.0.1",
        "0",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "2130706433",
        "１２７.０.０.１",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "%31%32%37.0.0.1",
        "0177.0x0.0.1",
        "0x7F.0.0.01",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[0000:0000:0000:0000:0000:ffff:7f00:0001]",
    ] {
        let refused = get(&fetcher, &format!("http://{host}:{port}/")).await;
        // Not every machine's resolver knows each spelling of its own name.
        let unknown =
            host.to_ascii_lowercase().starts_with("localhost") && matches!(refused, Err(FetchError::Unresolved { .. }));
        assert!(unknown || matches!(refused, Err(FetchError::Forbidden { .. })), "{host}: {refused:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn user_names_hide_no_host() {
    let trap = Server::trap().await;
    let port = trap.port();
    let fetcher = Fetcher::new(closed(&[port, 80, 443]));
    for address in [
        format!("http://news.example@127.0.0.1:{port}/"),
        format!("http://news.example:80@127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}@127.0.0.1:{port}/"),
        format!("http://news.example%2f@127.0.0.1:{port}/"),
        format!("http://u:p@localhost:{port}/"),
        format!("https://@@127.0.0.1:{port}/"),
        format!("http:\\\\u@127.0.0.1:{port}\\"),
    ] {
        let refused = get(&fetcher, &address).await;
        assert!(matches!(refused, Err(FetchError::Credentials { .. })), "{address}: {refused:?}");
    }
    for address in [
        format!("http://127.0.0.1:{port}#@news.example/"),
        format!("http://127.0.0.1:{port}?@news.example/"),
        format!("http://127.0.0.1:{port}\\@news.example/"),
        format!("http:127.0.0.1:{port}/"),
        format!("http:/127.0.0.1:{port}/"),
        format!("http:///127.0.0.1:{port}/"),
        format!("ht\ntp://127.0.\t0.1:{port}/"),
        format!(" http://127.0.0.1:{port}/ "),
    ] {
        let refused = get(&fetcher, &address).await;
        assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{address}: {refused:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn no_name_leads_into_a_special_purpose_range() {
    let trap = Server::trap().await;
    let addresses: Vec<IpAddr> = V4.iter().chain(&V6).map(|address| address.parse().unwrap()).collect();
    let [four, six]: [IpAddr; 2] = ["9.9.9.9".parse().unwrap(), "2620:fe::9".parse().unwrap()];
    // Alone, behind a public address, before one.
    let lists = |closed: IpAddr| [vec![closed], vec![four, closed], vec![closed, six]];
    let cases: Vec<(String, IpAddr, Vec<IpAddr>)> = addresses
        .iter()
        .flat_map(|&closed| lists(closed).map(|list| (closed, list)))
        .enumerate()
        .map(|(n, (closed, list))| (format!("n{n}.example"), closed, list))
        .collect();
    let names = Names::steady(cases.iter().map(|(name, _, list)| (name.clone(), list.clone())));
    let fetcher = Fetcher::with_resolver(closed(&[trap.port()]), names.clone());
    for (name, closed, list) in cases {
        let refused = get(&fetcher, &trap.url(&name, "/")).await;
        let told =
            matches!(&refused, Err(FetchError::Forbidden { address, host, .. }) if *address == closed && *host == name);
        assert!(told, "{list:?}: {refused:?}");
        assert_eq!(names.asked(&name), 1, "{list:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_name_without_addresses_is_told_as_such() {
    let names = Names::new([("empty.example", &[&[]])]);
    let fetcher = Fetcher::with_resolver(closed(&[80]), names);
    for host in ["empty.example", "unknown.example"] {
        let refused = get(&fetcher, &format!("http://{host}/")).await;
        assert!(matches!(&refused, Err(FetchError::Unresolved { host: told, .. }) if told == host), "{refused:?}");
    }
}

#[tokio::test]
async fn every_redirect_is_judged_like_a_first_address() {
    let trap = Server::trap().await;
    let port = trap.port();
    // The way in is open by its name alone; what it leads to is not.
    let front = Server::start(|request| Reply::redirect(302, request.path.trim_start_matches("/to="))).await;
    let names = Names::new([
        ("front.example", &[&["127.0.0.1"]]),
        ("rebound.example", &[&["127.0.0.1"]]),
        ("localhost", &[&["::1"]]),
    ]);
    let policy = Policy { internal_hosts: vec!["front.example".parse().unwrap()], ..closed(&[front.port(), port]) };
    let fetcher = Fetcher::with_resolver(policy, names);
    let mut targets: Vec<String> =
        V4.iter().flat_map(|a| spellings(a)).map(|host| format!("http://{host}:{port}/")).collect();
    targets.extend(V6.iter().map(|host| format!("http://[{host}]:{port}/")));
    targets.extend([
        format!("//127.0.0.1:{port}/"),
        format!("\\\\127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://rebound.example:{port}/"),
        format!("//rebound.example:{port}/"),
        format!("http:/\\/localhost:{port}/"),
    ]);
    let cases = targets.len();
    for target in targets {
        let refused = get(&fetcher, &front.url("front.example", &format!("/to={target}"))).await;
        assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{target}: {refused:?}");
    }
    assert_eq!(front.connections(), cases);
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn redirects_out_of_the_web_are_not_followed() {
    let front = Server::start(|request| Reply::redirect(301, request.path.trim_start_matches("/to="))).await;
    let fetcher = Fetcher::new(open(&front));
    for target in [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "data:text/html,x",
        "javascript:1",
        "dict://h/",
    ] {
        let refused = get(&fetcher, &front.url("127.0.0.1", &format!("/to={target}"))).await;
        assert!(matches!(refused, Err(FetchError::Scheme(_))), "{target}: {refused:?}");
    }
    for port in [22, 25, 6379, 9200] {
        let refused = get(&fetcher, &front.url("127.0.0.1", &format!("/to=http://127.0.0.1:{port}/"))).await;
        assert!(matches!(refused, Err(FetchError::Port { port: told, .. }) if told == port), "{refused:?}");
    }
    let refused = get(&fetcher, &front.url("127.0.0.1", "/to=http://u:p@127.0.0.1/")).await;
    assert!(matches!(refused, Err(FetchError::Credentials { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_name_that_changes_its_mind_between_two_requests_is_judged_anew() {
    let server = Server::start(|request| match request.path.as_str() {
        "/first" => Reply::redirect(302, "/second"),
        _ => Reply::page("second"),
    })
    .await;
    for later in ["169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1"] {
        let names = Names::new([("rebind.example", &[&["127.0.0.1"], &[later]])]);
        let fetcher = Fetcher::with_resolver(open(&server), names.clone());
        let refused = get(&fetcher, &server.url("rebind.example", "/first")).await;
        assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{later}: {refused:?}");
        assert_eq!(names.asked("rebind.example"), 2);
    }
    assert!(!server.paths().contains(&"/second".to_owned()));
}

#[tokio::test]
async fn what_was_judged_is_what_is_connected_to() {
    let server = Server::start(|_| Reply::page("here")).await;
    let trap = Server::trap().await;
    // Asked once for one request: there is no second answer that could differ from the one that was judged.
    let names = Names::new([("rebind.example", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let fetcher = Fetcher::with_resolver(open(&server), names.clone());
    let fetched = get(&fetcher, &server.url("rebind.example", "/")).await.unwrap();
    assert_eq!((fetched.body.as_slice(), names.asked("rebind.example")), (&b"here"[..], 1));
    assert_eq!((server.connections(), trap.connections()), (1, 0));
}

#[tokio::test]
async fn an_operator_opens_hosts_by_name_and_nothing_beside_them() {
    let server = Server::start(|_| Reply::page("inside")).await;
    let names = Names::new([("wiki.example", &[&["127.0.0.1"]]), ("other.example", &[&["127.0.0.1"]])]);
    let host = format!("wiki.example:{}", server.port());
    let policy = Policy { internal_hosts: vec![host.parse().unwrap()], ..closed(&[80]) };
    let fetcher = Fetcher::with_resolver(policy, names);
    assert_eq!(get(&fetcher, &server.url("wiki.example", "/")).await.unwrap().body, b"inside");
    for (address, port_open) in [(server.url("127.0.0.1", "/"), false), (server.url("other.example", "/"), false)] {
        let refused = get(&fetcher, &address).await;
        assert!(matches!(refused, Err(FetchError::Port { .. })) != port_open, "{address}: {refused:?}");
    }
    let refused = get(&fetcher, "http://wiki.example/").await;
    assert!(matches!(refused, Err(FetchError::Forbidden { .. })), "{refused:?}");
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_proxy_of_the_environment_is_not_asked() {
    // The environment belongs to a process, so the fetch runs in one of its own.
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let trap = runtime.block_on(Server::trap());
    let proxy = format!("http://127.0.0.1:{}", trap.port());
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, &proxy);
    }
    let output = child.args(["--exact", "forbidden::what_was_judged_is_what_is_connected_to"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    assert_eq!(trap.connections(), 0);
}
