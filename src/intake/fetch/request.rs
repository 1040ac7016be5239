//! One request to addresses that were judged, and nothing beyond: no redirects, no proxies, no second look at DNS.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolving};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT};
use reqwest::{Client, Response};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use super::{FetchError, Policy, Wanted, body, shown};

/// The most header fields of an answer. All of them together may have some 400 KiB, hyper's bound.
const MAX_HEADERS: usize = 100;

/// Whom this machine trusts.
#[derive(Debug)]
struct Tls {
    config: ClientConfig,
    /// Why https can't be checked on this machine.
    untrusting: Option<String>,
}

/// Makes requests.
#[derive(Debug)]
pub(super) struct Requests {
    /// Made at the first request: reading the machine's certificates takes longer than answering a question.
    tls: OnceLock<Tls>,
    agent: HeaderValue,
    connect: Duration,
    idle: Duration,
    total: Duration,
}

impl Requests {
    pub(super) fn new(policy: &Policy) -> Self {
        let agent: String = policy.user_agent.chars().filter(|c| matches!(c, ' '..='~')).collect();
        Self {
            tls: OnceLock::new(),
            agent: HeaderValue::from_str(&agent).unwrap_or_else(|_| HeaderValue::from_static(super::ROBOTS_NAME)),
            connect: policy.connect_timeout,
            idle: policy.idle_timeout,
            total: policy.total_timeout,
        }
    }

    /// Asks `url` of `host` at one of `addresses`, and gives the answer's head. A client serves one request: a connection
    /// is never used for an address that was judged for another.
    pub(super) async fn send(
        &self,
        url: &Url,
        host: &str,
        addresses: &[SocketAddr],
        wanted: &Wanted,
    ) -> Result<Response, FetchError> {
        if let (Some(reason), "https") = (&self.tls().untrusting, url.scheme()) {
            return Err(FetchError::NoTrust(reason.clone()));
        }
        let client = self.client(addresses).map_err(|error| self.told(&error, host))?;
        let request = client.get(url.clone()).headers(self.headers(wanted));
        let response = request.send().await.map_err(|error| self.told(&error, host))?;
        // Never so by what is written above; were a library to change its ways, nothing is read.
        match response.remote_addr() {
            Some(peer) if addresses.contains(&peer) => Ok(response),
            _ => {
                Err(FetchError::Broken { host: shown::plain(host), reason: "it came from another address".to_owned() })
            }
        }
    }

    fn tls(&self) -> &Tls {
        self.tls.get_or_init(|| match trusting() {
            Ok(config) => Tls { config, untrusting: None },
            // A machine without certificates can still fetch what is not encrypted.
            Err(error) => Tls { config: untrusting(), untrusting: Some(shown::plain(&error.to_string())) },
        })
    }

    fn client(&self, addresses: &[SocketAddr]) -> reqwest::Result<Client> {
        Client::builder()
            .tls_backend_preconfigured(self.tls().config.clone())
            .dns_resolver(Pinned(addresses.to_vec()))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .http1_only()
            .http1_max_headers(MAX_HEADERS)
            .pool_max_idle_per_host(0)
            .connect_timeout(self.connect)
            .read_timeout(self.idle)
            .build()
    }

    fn headers(&self, wanted: &Wanted) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, self.agent.clone());
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(body::CODINGS));
        let accept = Some(wanted.accept());
        for (name, value) in
            [(ACCEPT, &accept), (IF_NONE_MATCH, &wanted.etag), (IF_MODIFIED_SINCE, &wanted.last_modified)]
        {
            // Kept validators came out of headers and go back into them.
            if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
        headers
    }

    /// What went wrong, in our words where they say as much as the library's.
    pub(super) fn told(&self, error: &reqwest::Error, host: &str) -> FetchError {
        let host = shown::plain(host);
        if error.is_timeout() {
            return self.timeout(&host);
        }
        let first: &dyn std::error::Error = error;
        let cause = std::iter::successors(Some(first), |error| error.source()).last().unwrap_or(first);
        let reason = shown::plain(&cause.to_string());
        if error.is_connect() { FetchError::Connect { host, reason } } else { FetchError::Broken { host, reason } }
    }

    pub(super) fn timeout(&self, host: &str) -> FetchError {
        FetchError::Timeout { host: shown::plain(host), total: self.total, idle: self.idle }
    }
}

/// Trust as the machine has it: its certificate authorities.
fn trusting() -> Result<ClientConfig, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(spoken(config))
}

/// Trust in nobody.
fn untrusting() -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .map(|builder| builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    spoken(config.expect("ring speaks every version of TLS that rustls has"))
}

fn spoken(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// Answers every name with the addresses that were judged.
struct Pinned(Vec<SocketAddr>);

impl reqwest::dns::Resolve for Pinned {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}
