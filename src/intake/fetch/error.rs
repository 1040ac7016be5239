//! Why an address could not be fetched, in words that can be shown to whoever asked.

use std::net::IpAddr;
use std::time::Duration;

/// Why nothing was fetched. The messages name what and where, and hold nothing of a response that is not made harmless.
///
/// Hosts and addresses in the fields are as they are shown: cut to a line, without the query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Neither http nor https.
    #[error("“{0}” addresses are not fetched, only http and https")]
    Scheme(String),
    /// The address is longer than [`MAX_ADDRESS_BYTES`](super::MAX_ADDRESS_BYTES).
    #[error("the address is longer than {} bytes", super::MAX_ADDRESS_BYTES)]
    LongAddress,
    /// The address holds a name or a password.
    #[error("the address of {host} holds a user name or password; such addresses are not fetched")]
    Credentials {
        /// The host that it is for.
        host: String,
    },
    /// A port that is not open to the fetcher.
    #[error("port {port} of {host} is not one of those that are fetched from")]
    Port {
        /// The host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The host lives at an address that is not of the public Internet. The address is for logs: told to whoever asks, it
    /// would let strangers list the names and addresses of a network that is not theirs.
    #[error("{host} is not on the public Internet, so nothing is fetched from it")]
    Forbidden {
        /// The host as the address names it.
        host: String,
        /// The first of its addresses that is closed.
        address: IpAddr,
        /// The range that the address is in.
        range: &'static str,
    },
    /// The host has no address, or it could not be found out.
    #[error("{host} was not found ({reason})")]
    Unresolved {
        /// The host.
        host: String,
        /// What the name service said.
        reason: String,
    },
    /// robots.txt asks robots to stay away.
    #[error("{url} is closed to robots by the site's robots.txt")]
    Robots {
        /// The page.
        url: String,
    },
    /// The site's robots.txt can't be had, so that nobody knows what it permits (RFC 9309, 2.3.1.4).
    #[error("{host} did not say what its robots.txt permits ({reason})")]
    RobotsUnreachable {
        /// The host.
        host: String,
        /// What happened instead.
        reason: String,
    },
    /// No connection, or none that can be trusted.
    #[error("no connection to {host}: {reason}")]
    Connect {
        /// The host.
        host: String,
        /// What kept it from coming about.
        reason: String,
    },
    /// It took too long.
    #[error("{host} took too long ({} s in all, {} s for a sign of life)", .total.as_secs_f32(), .idle.as_secs_f32())]
    Timeout {
        /// The host that was waited for.
        host: String,
        /// How long a fetch may take.
        total: Duration,
        /// How long a connection may be silent.
        idle: Duration,
    },
    /// The answer is not HTTP, or it ends too early.
    #[error("the answer of {host} is broken: {reason}")]
    Broken {
        /// The host.
        host: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Redirected more often than the policy lets.
    #[error("{url} redirects more than {limit} times")]
    Redirects {
        /// The address that was asked for.
        url: String,
        /// How many redirects are followed.
        limit: usize,
    },
    /// A redirect that leads nowhere.
    #[error("{url} redirects to nothing that is an address")]
    Location {
        /// The address that redirects.
        url: String,
    },
    /// Any status but success.
    #[error("{url} answered with status {status}{}", meaning(*.status))]
    Status {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How long the server asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The content is of a kind that was not asked for.
    #[error("{url} is {found}, which is not read")]
    ContentType {
        /// The address.
        url: String,
        /// The content type that it declares.
        found: String,
    },
    /// More bytes than may be fetched, on the wire or unpacked.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// How many bytes may be fetched.
        limit: usize,
    },
    /// Compressed in a way that was not asked for, or damaged.
    #[error("{url} can't be unpacked ({reason})")]
    Coding {
        /// The address.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// Too many requests to this host are waiting already.
    #[error("too many requests to {host} are waiting; try again later")]
    Busy {
        /// The host.
        host: String,
    },
    /// This machine trusts no certificate authority, so that https can't be checked.
    #[error("https is not possible on this machine: {0}")]
    NoTrust(String),
}

impl FetchError {
    /// Whether the same request may succeed later without anyone doing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unresolved { .. }
            | Self::RobotsUnreachable { .. }
            | Self::Connect { .. }
            | Self::Timeout { .. }
            | Self::Broken { .. }
            | Self::Busy { .. } => true,
            Self::Status { status, .. } => matches!(status, 408 | 425 | 429 | 500 | 502..=504),
            _ => false,
        }
    }

    /// Whether the server says that this is gone for good (410).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Status { status: 410, .. })
    }

    /// How long the server asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// What a status means to someone who does not know the numbers by heart.
fn meaning(status: u16) -> &'static str {
    match status {
        401..=403 => " (access refused)",
        404 => " (not found)",
        410 => " (gone for good)",
        429 => " (too many requests)",
        451 => " (withheld for legal reasons)",
        500..=599 => " (the server failed)",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_by_itself_is_temporary() {
        let status = |status| FetchError::Status { url: String::new(), status, retry_after: None };
        assert!([408, 429, 500, 502, 503, 504].into_iter().all(|s| status(s).is_temporary()));
        assert!(![400, 401, 403, 404, 410, 451, 501, 505].into_iter().any(|s| status(s).is_temporary()));
        assert!(status(410).is_gone() && !status(404).is_gone());
        assert!(!FetchError::Port { host: "a".into(), port: 22 }.is_temporary());
    }

    #[test]
    fn where_a_closed_host_lives_is_not_told() {
        let host = "intranet.example".to_owned();
        let error = FetchError::Forbidden { host, address: [10, 1, 2, 3].into(), range: "private use" };
        assert_eq!(error.to_string(), "intranet.example is not on the public Internet, so nothing is fetched from it");
    }
}
