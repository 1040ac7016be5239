//! What the fetcher may do and how much: one plain struct, set by the operator.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use url::{Host, Url};

use super::Reach;

/// The longest address that is fetched, in bytes. Browsers take more; no article needs it.
pub const MAX_ADDRESS_BYTES: usize = 4096;

/// The most redirects that are ever followed, whatever a policy says.
pub const MAX_REDIRECTS: usize = 5;

/// The word that stands for Byline in a robots.txt (RFC 9309, 2.2.1).
pub const ROBOTS_NAME: &str = "Byline";

/// What may be fetched, how long it may take, and how gently it is done.
///
/// ```
/// use byline::intake::fetch::Policy;
/// let mut policy = Policy::default();
/// policy.internal_hosts.push("wiki.corp.example:8080".parse()?);
/// assert_eq!(policy.ports, [80, 443]);
/// # Ok::<(), byline::intake::fetch::InternalHostError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The `User-Agent` of every request. Operators add how to reach them. Control characters are left out.
    pub user_agent: String,
    /// The ports that may be connected to.
    pub ports: Vec<u16>,
    /// Hosts that may live in a network of one's own or on this machine.
    pub internal_hosts: Vec<InternalHost>,
    /// Opens this machine's loopback addresses to every host name and address. For tests; never for a bot that strangers
    /// talk to.
    pub allow_loopback: bool,
    /// Whether pages that a robots.txt closes stay closed to us. Feeds are made for robots and never asked about.
    pub robots: bool,
    /// The most bytes of a body, on the wire and unpacked.
    pub max_bytes: usize,
    /// How many redirects are followed; at most [`MAX_REDIRECTS`].
    pub redirects: usize,
    /// How long finding a host's address, or connecting to it, may take.
    pub connect_timeout: Duration,
    /// How long a connection may be silent.
    pub idle_timeout: Duration,
    /// How long a fetch may take in all, redirects and the second try included, waiting for its turn not.
    pub total_timeout: Duration,
    /// How long a fetch may wait for its turn.
    pub queue_timeout: Duration,
    /// How many fetches are under way at once.
    pub concurrency: usize,
    /// How many of them at the same host.
    pub host_concurrency: usize,
    /// The pause between two fetches from one host.
    pub host_delay: Duration,
    /// How long is waited before the second try, give or take half of it.
    pub retry_delay: Duration,
    /// The longest `Retry-After` that is waited for here; a longer one is handed to the caller.
    pub longest_retry_after: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            user_agent: Self::agent_of(None),
            ports: vec![80, 443],
            internal_hosts: Vec::new(),
            allow_loopback: false,
            robots: true,
            // The largest news pages have 3.
            max_bytes: 8 * 1024 * 1024,
            redirects: MAX_REDIRECTS,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(30),
            queue_timeout: Duration::from_secs(60),
            // With pages of at most 8 MiB the bodies under way stay under 256 MiB at the very worst.
            concurrency: 32,
            host_concurrency: 2,
            host_delay: Duration::from_secs(1),
            retry_delay: Duration::from_secs(1),
            longest_retry_after: Duration::from_secs(5),
        }
    }
}

impl Policy {
    /// How Byline names itself to a site, and how its operator can be reached.
    #[must_use]
    pub fn agent_of(contact: Option<&str>) -> String {
        let contact = contact.map(|contact| format!("; {contact}")).unwrap_or_default();
        format!("Byline/{} (reads news articles and feeds{contact})", env!("CARGO_PKG_VERSION"))
    }

    /// Whether `host` at `port` may be connected to.
    pub(super) fn opens_port(&self, host: &str, port: u16) -> bool {
        self.ports.contains(&port) || self.internal_hosts.iter().any(|named| named.port == Some(port) && named.is(host))
    }

    /// Whether `host` at `port` may live at an address of this reach; if not, the name of the range that is closed.
    pub(super) fn closes(&self, reach: Reach, host: &str, port: u16) -> Option<&'static str> {
        let named =
            || self.internal_hosts.iter().any(|named| named.port.is_none_or(|own| own == port) && named.is(host));
        match reach {
            Reach::Public => None,
            Reach::Loopback(_) if self.allow_loopback || named() => None,
            Reach::Internal(_) if named() => None,
            Reach::Internal(range) | Reach::Loopback(range) | Reach::Never(range) => Some(range),
        }
    }
}

/// A host that an operator opens although it is not on the public Internet: a name or an address, and a port if only that
/// one is meant. It opens this name alone, not the addresses that it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct InternalHost {
    host: String,
    port: Option<u16>,
}

/// A text that names no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” is no host: give a name or an address, with :PORT if only that port is meant")]
pub struct InternalHostError(String);

impl InternalHost {
    fn is(&self, host: &str) -> bool {
        self.host == same(host)
    }
}

/// A name as it is compared: the root's dot at its end means nothing.
fn same(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

impl FromStr for InternalHost {
    type Err = InternalHostError;

    fn from_str(text: &str) -> Result<Self, InternalHostError> {
        let refused = || InternalHostError(super::shown::plain(text));
        // The URL parser knows every way to write an address, so that 0x7f.1 and 127.0.0.1 are one host.
        let url = Url::parse(&format!("http://{text}/")).map_err(|_| refused())?;
        let alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !alone || !url.username().is_empty() || url.password().is_some() || text.contains(['/', '@', '\\']) {
            return Err(refused());
        }
        let host = url.host().ok_or_else(refused)?;
        // The parser drops the scheme's own port; here it was written and meant.
        let port = url.port().or_else(|| text.ends_with(":80").then_some(80));
        let bare_v6 = text.matches(':').count() > 1 && !matches!(host, Host::Ipv6(_));
        if bare_v6 { Err(refused()) } else { Ok(Self { host: same(&host.to_string()).to_owned(), port }) }
    }
}

impl TryFrom<String> for InternalHost {
    type Error = InternalHostError;

    fn try_from(text: String) -> Result<Self, InternalHostError> {
        text.parse()
    }
}

impl fmt::Display for InternalHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_with_or_without_a_port() {
        for (given, shown) in [
            ("wiki.example", "wiki.example"),
            ("Wiki.Example.:8080", "wiki.example:8080"),
            ("wiki.example:80", "wiki.example:80"),
            ("0x7f.1", "127.0.0.1"),
            ("[fd00::5]:8080", "[fd00::5]:8080"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(given.parse::<InternalHost>().unwrap().to_string(), shown, "{given}");
        }
        for none in ["", "a/b", "u@h", "h:port", "h:99999", "a b", "http://h", "fd00::5"] {
            assert!(none.parse::<InternalHost>().is_err(), "{none}");
        }
    }

    #[test]
    fn a_named_host_opens_its_own_network_and_nothing_that_is_never_reached() {
        let policy = Policy {
            internal_hosts: vec!["wiki.example:8080".parse().unwrap(), "feeds.example".parse().unwrap()],
            ..Policy::default()
        };
        let internal = Reach::Internal("private use");
        assert!(policy.opens_port("wiki.example", 8080) && !policy.opens_port("feeds.example", 8080));
        assert_eq!(policy.closes(internal, "wiki.example", 8080), None);
        assert_eq!(policy.closes(internal, "wiki.example.", 8080), None);
        assert_eq!(policy.closes(internal, "wiki.example", 443), Some("private use"));
        assert_eq!(policy.closes(internal, "feeds.example", 443), None);
        assert_eq!(policy.closes(internal, "other.example", 443), Some("private use"));
        assert_eq!(policy.closes(Reach::Loopback("loopback"), "feeds.example", 80), None);
        assert_eq!(policy.closes(Reach::Never("link-local"), "feeds.example", 80), Some("link-local"));
        assert_eq!(policy.closes(Reach::Public, "anyone.example", 80), None);
    }

    #[test]
    fn loopback_is_opened_by_its_own_switch_and_by_nothing_else() {
        let closed = Policy::default();
        assert_eq!(closed.closes(Reach::Loopback("loopback"), "localhost", 80), Some("loopback"));
        let open = Policy { allow_loopback: true, ..closed };
        assert_eq!(open.closes(Reach::Loopback("loopback"), "localhost", 80), None);
        assert_eq!(open.closes(Reach::Internal("private use"), "nas.example", 80), Some("private use"));
    }
}
