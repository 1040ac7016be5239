//! One fetch from its first address to its last: turns, robots.txt, redirects and the body, all on one budget of time.

use std::future::Future;
use std::time::{Duration, SystemTime};

use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, LOCATION};
use tokio::time::{Instant, timeout};
use url::Url;

use super::body::{Body, BodyError};
use super::polite::Pass;
use super::robots::{self, Robots};
use super::{FetchError, Fetched, Inner, Wanted, guard, headers, shown};

/// A fetch under way.
pub(super) struct Journey<'f> {
    with: &'f Inner,
    /// What is left of the time. Waiting for a turn costs none.
    left: Duration,
    pass: Option<Pass>,
}

/// How an address is fetched.
#[derive(Clone, Copy)]
struct Errand<'w> {
    wanted: &'w Wanted,
    /// Whether robots.txt is asked first.
    ask: bool,
    /// Whether a body that is too large is cut instead of refused.
    part: bool,
}

impl<'f> Journey<'f> {
    pub(super) fn new(with: &'f Inner) -> Self {
        Self { with, left: with.policy.total_timeout, pass: None }
    }

    /// Fetches `url`, following redirects.
    pub(super) async fn fetch(&mut self, url: &Url, wanted: &Wanted) -> Result<Fetched, FetchError> {
        self.walk(url, Errand { wanted, ask: wanted.robots && self.with.policy.robots, part: false }).await
    }

    /// Waits before the second try, if there is to be one: the failure may pass, and there is time left for it.
    pub(super) async fn rest_before_second_try(&mut self, error: &FetchError) -> bool {
        self.pass = None;
        let policy = &self.with.policy;
        if !error.is_temporary() || matches!(error, FetchError::Busy { .. }) {
            return false;
        }
        let own = policy.retry_delay.mul_f64(0.5 + fastrand::f64());
        let wait = own.max(error.retry_after().unwrap_or_default());
        if wait > policy.longest_retry_after.max(own) || wait >= self.left {
            return false;
        }
        self.left -= wait;
        tokio::time::sleep(wait).await;
        true
    }

    async fn walk(&mut self, url: &Url, errand: Errand<'_>) -> Result<Fetched, FetchError> {
        let policy = &self.with.policy;
        let mut at = url.clone();
        // Whether every step so far was for good, and where those steps led.
        let (mut for_good, mut moved) = (true, None);
        let limit = policy.redirects.min(super::MAX_REDIRECTS);
        for _ in 0..=limit {
            at.set_fragment(None);
            let target = guard::target(policy, &at)?;
            let host = target.host;
            if errand.ask {
                self.ask_robots(&at, host).await?;
            }
            self.wait_for_turn(host).await?;
            let addresses = guard::addresses(policy, &*self.with.resolver, &target);
            let addresses = self.spend(host, addresses).await??;
            let sent = self.with.requests.send(&at, host, &addresses, errand.wanted);
            let response = self.spend(host, sent).await??;
            let status = response.status().as_u16();
            tracing::debug!(url = %shown::address(&at), status, "answered");
            match status {
                301 | 302 | 303 | 307 | 308 => {
                    let next = location(&at, &response)?;
                    let weaker = at.scheme() == "https" && next.scheme() != "https";
                    for_good &= matches!(status, 301 | 308) && !weaker;
                    if for_good {
                        moved = Some(next.clone());
                    }
                    at = next;
                }
                200 | 203 => return self.receive(&at, moved, response, errand).await,
                304 if errand.wanted.etag.is_some() || errand.wanted.last_modified.is_some() => {
                    return Ok(Fetched { not_modified: true, ..fetched(at.clone(), moved, &response) });
                }
                status => {
                    let retry_after = headers::retry_after(response.headers(), SystemTime::now());
                    return Err(FetchError::Status { url: shown::address(&at), status, retry_after });
                }
            }
        }
        Err(FetchError::Redirects { url: shown::address(url), limit })
    }

    /// Reads the body of an answer, if it is what is wanted.
    async fn receive(
        &mut self,
        url: &Url,
        moved: Option<Url>,
        mut response: Response,
        errand: Errand<'_>,
    ) -> Result<Fetched, FetchError> {
        let shown = || shown::address(url);
        let limit = errand.wanted.max_bytes.min(self.with.policy.max_bytes);
        let too_large = || FetchError::TooLarge { url: shown(), limit };
        let told = |error| match error {
            BodyError::TooLarge => too_large(),
            BodyError::Coding(reason) => FetchError::Coding { url: shown(), reason },
        };
        let mut fetched = fetched(url.clone(), moved, &response);
        if let Some(found) = fetched.content_type.as_deref().filter(|found| !errand.wanted.takes(found)) {
            return Err(FetchError::ContentType { url: shown(), found: shown::plain(found) });
        }
        if !errand.part && response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let codings: Vec<String> = response
            .headers()
            .get_all(CONTENT_ENCODING)
            .iter()
            .map(|v| String::from_utf8_lossy(v.as_bytes()).into())
            .collect();
        let mut body = Body::new(&codings.join(","), limit).map_err(told)?;
        let host = url.host_str().unwrap_or_default();
        loop {
            let piece = self.spend(host, response.chunk()).await?;
            let Some(bytes) = piece.map_err(|error| self.with.requests.told(&error, host))? else { break };
            match body.push(&bytes) {
                Err(BodyError::TooLarge) if errand.part => {
                    return Ok(Fetched { body: body.so_far(), ..fetched });
                }
                pushed => pushed.map_err(told)?,
            }
        }
        fetched.body = body.finish().map_err(told)?;
        Ok(fetched)
    }

    /// Asks the site's robots.txt whether `url` is open to us.
    async fn ask_robots(&mut self, url: &Url, host: &str) -> Result<(), FetchError> {
        let origin = url.origin().ascii_serialization();
        let known = match self.with.robots.get(&origin) {
            Some(known) => known,
            None => {
                let (robots, fresh_for) = self.fetch_robots(url, host).await?;
                self.with.robots.put(origin, robots, fresh_for)
            }
        };
        if known.allows(url) { Ok(()) } else { Err(FetchError::Robots { url: shown::address(url) }) }
    }

    async fn fetch_robots(&mut self, url: &Url, host: &str) -> Result<(Robots, Option<Duration>), FetchError> {
        let mut place = url.clone();
        place.set_path("/robots.txt");
        place.set_query(None);
        let wanted =
            Wanted { content_types: &[], max_bytes: robots::MAX_BYTES, robots: false, etag: None, last_modified: None };
        // A walk that asks for robots.txt asks for none itself: this nests once.
        let walk = Box::pin(self.walk(&place, Errand { wanted: &wanted, ask: false, part: true }));
        match walk.await {
            Ok(fetched) => Ok((Robots::parse(&fetched.body), fetched.fresh_for)),
            // There is none, or no end of redirects to it: nothing is closed (RFC 9309, 2.3.1.2 and 2.3.1.3).
            Err(FetchError::Redirects { .. }) => Ok((Robots::default(), None)),
            Err(FetchError::Status { status: 400..=428 | 430..=499, .. }) => Ok((Robots::default(), None)),
            // There may be one: everything is closed until it can be read (2.3.1.4).
            Err(FetchError::Status { status, .. }) => {
                Err(FetchError::RobotsUnreachable { host: shown::plain(host), reason: format!("status {status}") })
            }
            Err(error) => Err(error),
        }
    }

    /// Waits for a turn at `host`; the steps of one fetch at one host are one turn.
    async fn wait_for_turn(&mut self, host: &str) -> Result<(), FetchError> {
        let name = host.strip_suffix('.').unwrap_or(host);
        if self.pass.as_ref().is_none_or(|pass| !pass.is_for(name)) {
            // Given back first: two fetches that hold one host each and wait for the other's would wait for ever.
            self.pass = None;
            self.pass = Some(self.with.gates.pass(name).await?);
        }
        Ok(())
    }

    /// Lets `work` take from the time that is left.
    async fn spend<T>(&mut self, host: &str, work: impl Future<Output = T>) -> Result<T, FetchError> {
        let start = Instant::now();
        let done = timeout(self.left, work).await;
        self.left = self.left.saturating_sub(start.elapsed());
        done.map_err(|_| self.with.requests.timeout(host))
    }
}

/// Where an answer redirects to.
fn location(at: &Url, response: &Response) -> Result<Url, FetchError> {
    let nowhere = || FetchError::Location { url: shown::address(at) };
    let place = response.headers().get(LOCATION).ok_or_else(nowhere)?;
    let place = std::str::from_utf8(place.as_bytes()).map_err(|_| nowhere())?;
    at.join(place).map_err(|_| nowhere())
}

/// What the head of an answer says.
fn fetched(url: Url, moved: Option<Url>, response: &Response) -> Fetched {
    let now = SystemTime::now();
    let (content_type, charset) = headers::content_type(response.headers());
    let (etag, last_modified) = headers::validators(response.headers());
    Fetched {
        url,
        moved,
        not_modified: false,
        content_type,
        charset,
        body: Vec::new(),
        etag,
        last_modified,
        fresh_for: headers::fresh_for(response.headers(), now),
        retry_after: headers::retry_after(response.headers(), now),
    }
}
