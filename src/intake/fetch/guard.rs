//! The guard: which addresses may be asked at all, checked before each connection and again at each redirect.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::{FetchError, MAX_ADDRESS_BYTES, Policy, Resolve, reach, shown};

/// The most addresses of one host that are tried; a resolver may answer with thousands.
const MAX_ADDRESSES: usize = 8;

/// A host and port that may be connected to.
#[derive(Debug)]
pub(super) struct Target<'u> {
    /// The host as the address names it.
    pub(super) host: &'u str,
    pub(super) port: u16,
    literal: Option<IpAddr>,
}

/// What of `url` can be judged without asking anyone: scheme, credentials, port, length.
pub(super) fn target<'u>(policy: &Policy, url: &'u Url) -> Result<Target<'u>, FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::Scheme(shown::plain(url.scheme())));
    }
    if url.as_str().len() > MAX_ADDRESS_BYTES {
        return Err(FetchError::LongAddress);
    }
    // The parser gives every http address a host and a port; were it to fail at that, nothing is fetched.
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err(FetchError::Scheme(shown::plain(url.scheme())));
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(FetchError::Credentials { host: shown::plain(host) });
    }
    if !policy.opens_port(host, port) {
        return Err(FetchError::Port { host: shown::plain(host), port });
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    Ok(Target { host, port, literal })
}

/// The addresses to connect to. They are connected to as they are: nobody is asked a second time, so that a name service
/// that changes its answer changes nothing.
pub(super) async fn addresses(
    policy: &Policy,
    resolver: &dyn Resolve,
    target: &Target<'_>,
) -> Result<Vec<SocketAddr>, FetchError> {
    let host = target.host;
    let unresolved = |reason: String| FetchError::Unresolved { host: shown::plain(host), reason };
    let found = match target.literal {
        Some(address) => vec![address],
        None => match tokio::time::timeout(policy.connect_timeout, resolver.resolve(host)).await {
            Ok(found) => found.map_err(|error| unresolved(shown::plain(&error.to_string())))?,
            Err(_) => return Err(unresolved("no answer in time".to_owned())),
        },
    };
    if found.is_empty() {
        return Err(unresolved("it has no address".to_owned()));
    }
    // One closed address closes the host: nobody who means well mixes the two.
    for &address in &found {
        if let Some(range) = policy.closes(reach(address), host, target.port) {
            return Err(FetchError::Forbidden { host: shown::plain(host), address, range });
        }
    }
    Ok(found.into_iter().take(MAX_ADDRESSES).map(|address| SocketAddr::new(address, target.port)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(address: &str) -> Result<(), FetchError> {
        target(&Policy::default(), &Url::parse(address).unwrap()).map(drop)
    }

    #[test]
    fn only_the_web_is_fetched_and_only_at_its_ports() {
        assert_eq!(judged("http://example.org/"), Ok(()));
        assert_eq!(judged("https://example.org:80/a?b#c"), Ok(()));
        for address in
            ["ftp://example.org/", "file:///etc/passwd", "data:text/html,x", "javascript:1", "gopher://h:80/"]
        {
            assert!(matches!(judged(address), Err(FetchError::Scheme(_))), "{address}");
        }
        for port in [0, 21, 22, 25, 6379, 8080, 65535] {
            let refused = judged(&format!("http://example.org:{port}/"));
            assert_eq!(refused, Err(FetchError::Port { host: "example.org".into(), port }));
        }
        for address in ["http://u@example.org/", "http://u:p@example.org/", "http://:p@example.org/"] {
            assert!(matches!(judged(address), Err(FetchError::Credentials { .. })), "{address}");
        }
        let long = format!("http://example.org/{}", "x".repeat(MAX_ADDRESS_BYTES));
        assert_eq!(judged(&long), Err(FetchError::LongAddress));
    }
}
