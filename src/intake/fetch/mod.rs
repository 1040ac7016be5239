//! The guarded fetcher: the only door to the web.
//!
//! What strangers name is fetched here and nowhere else, and only from the public Internet: `address` knows the ranges,
//! `guard` judges an address before every connection and again at every redirect, and what it found is connected to as it
//! is, so that a name service that changes its mind changes nothing. Everything is bounded: time, bytes on the wire and
//! unpacked (`body`), headers, redirects, how many fetches run at once and how often a host is asked (`polite`).
//!
//! ```no_run
//! use byline::intake::fetch::{Fetcher, Policy, Wanted};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let fetcher = Fetcher::new(Policy::default());
//! let page = fetcher.get(&"https://news.example/ferry".parse()?, &Wanted::page()).await?;
//! println!("{} bytes from {}", page.body.len(), page.url);
//! # Ok(())
//! # }
//! ```

mod address;
mod body;
mod error;
mod guard;
mod headers;
mod journey;
mod known;
mod policy;
mod polite;
mod request;
mod resolve;
mod robots;
pub(crate) mod shown;
mod wanted;

use std::sync::Arc;

use url::Url;

pub use address::{Reach, reach};
pub use error::FetchError;
pub use policy::{InternalHost, InternalHostError, MAX_ADDRESS_BYTES, MAX_REDIRECTS, Policy, ROBOTS_NAME};
pub use resolve::{Resolve, Resolving, SystemResolver};
pub use wanted::{Fetched, Wanted};

use journey::Journey;
use known::Known;
use polite::Gates;
use request::Requests;

/// Fetches from the web within a [`Policy`]. Cheap to clone; clones share their queues and what they know of robots.txt.
#[derive(Debug, Clone)]
pub struct Fetcher(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: Policy,
    resolver: Arc<dyn Resolve>,
    requests: Requests,
    gates: Gates,
    robots: Known,
}

impl Fetcher {
    /// A fetcher that finds hosts by the machine's own resolver.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self::with_resolver(policy, Arc::new(SystemResolver))
    }

    /// A fetcher that finds hosts by `resolver`. What it answers is checked all the same.
    #[must_use]
    pub fn with_resolver(policy: Policy, resolver: Arc<dyn Resolve>) -> Self {
        let (requests, gates) = (Requests::new(&policy), Gates::new(&policy));
        Self(Arc::new(Inner { policy, resolver, requests, gates, robots: Known::default() }))
    }

    /// What this fetcher keeps to.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Fetches `url`. What failed in a way that may pass is tried a second time, once, after a pause.
    ///
    /// # Errors
    /// [`FetchError`] says what kept it from being fetched. Statuses other than success are errors too.
    pub async fn get(&self, url: &Url, wanted: &Wanted) -> Result<Fetched, FetchError> {
        let mut journey = Journey::new(&self.0);
        let error = match journey.fetch(url, wanted).await {
            Ok(fetched) => return Ok(fetched),
            Err(error) => error,
        };
        tracing::debug!(url = %shown::address(url), %error, "not fetched");
        match journey.rest_before_second_try(&error).await {
            true => journey.fetch(url, wanted).await,
            false => Err(error),
        }
    }
}
