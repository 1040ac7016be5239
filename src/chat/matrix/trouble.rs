//! What a homeserver's error comes to: whether to try again and when, and how it is told. No secret and none of people's words
//! are in what is told.

use std::time::{Duration, SystemTime};

use matrix_sdk::ruma::api::error::{ErrorKind, RetryAfter};
use matrix_sdk::{Error, HttpError};
use tokio::time::sleep;

/// What an error comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It passes: the same may be tried again.
    Passing {
        /// Not before so much time has passed, where the homeserver says so.
        after: Option<Duration>,
        /// What to tell.
        told: String,
    },
    /// The session is over. A soft logout leaves the device as it is.
    LoggedOut {
        /// Whether the device is still there.
        soft: bool,
    },
    /// We may not do this here (not joined, no power).
    Forbidden {
        /// What to tell.
        told: String,
    },
    /// What was to be done is too large.
    TooLarge,
    /// It makes no sense to try again.
    Final {
        /// What to tell.
        told: String,
    },
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Passing { told, .. } | Self::Forbidden { told } | Self::Final { told } => f.write_str(told),
            Self::LoggedOut { soft: true } => f.write_str("the homeserver asks to log in again (soft logout)"),
            Self::LoggedOut { soft: false } => f.write_str("the homeserver does not know the access token any more"),
            Self::TooLarge => f.write_str("the event is too large"),
        }
    }
}

impl Trouble {
    /// What an error of the SDK comes to.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Http(error) => Self::of_http(error),
            Error::WrongRoomState(_) => Self::Forbidden { told: "Byline is not in the room".to_owned() },
            // A request that others waited for failed; what they did is worth a try again.
            Error::ConcurrentRequestFailed | Error::Timeout => passing("the homeserver did not answer in time"),
            other => Self::Final { told: shortened(&other.to_string()) },
        }
    }

    /// What an error of a request comes to.
    #[must_use]
    pub fn of_http(error: &HttpError) -> Self {
        match error {
            HttpError::Reqwest(error) if error.is_timeout() => passing("the homeserver did not answer in time"),
            HttpError::Reqwest(error) if error.is_connect() => passing("the homeserver can't be reached"),
            HttpError::Reqwest(_) => passing("the connection to the homeserver broke"),
            HttpError::Cached(error) => Self::of_http(error),
            HttpError::Api(_) => match error.as_client_api_error() {
                Some(api) => of_api(api.status_code.as_u16(), api.error_kind()),
                // Not a homeserver's form: a proxy before it, while that one is away.
                None => passing("what answers at the homeserver's address is not a homeserver at this moment"),
            },
            other => Self::Final { told: shortened(&other.to_string()) },
        }
    }
}

fn passing(told: &str) -> Trouble {
    Trouble::Passing { after: None, told: told.to_owned() }
}

fn of_api(status: u16, kind: Option<&ErrorKind>) -> Trouble {
    match kind {
        Some(ErrorKind::LimitExceeded(limit)) => {
            let after = limit.retry_after.as_ref().and_then(|after| match after {
                RetryAfter::Delay(delay) => Some(*delay),
                RetryAfter::DateTime(moment) => moment.duration_since(SystemTime::now()).ok(),
            });
            Trouble::Passing { after, told: "the homeserver limits the rate (429)".to_owned() }
        }
        Some(ErrorKind::UnknownToken(unknown)) => Trouble::LoggedOut { soft: unknown.soft_logout },
        Some(ErrorKind::MissingToken) => Trouble::LoggedOut { soft: false },
        Some(ErrorKind::Forbidden) => Trouble::Forbidden { told: "the homeserver forbids it (M_FORBIDDEN)".to_owned() },
        Some(ErrorKind::TooLarge) => Trouble::TooLarge,
        Some(ErrorKind::NotFound) => Trouble::Forbidden { told: "it is not there (M_NOT_FOUND)".to_owned() },
        Some(ErrorKind::UserDeactivated) => Trouble::Final { told: "the account is deactivated".to_owned() },
        Some(kind) if status < 500 && status != 429 && status != 408 => {
            Trouble::Final { told: format!("the homeserver refuses it ({})", kind.errcode()) }
        }
        None if (400..500).contains(&status) && status != 429 && status != 408 => {
            Trouble::Final { told: format!("the homeserver refuses it (status {status})") }
        }
        _ => Trouble::Passing { after: None, told: format!("the homeserver has trouble of its own (status {status})") },
    }
}

/// An error's text in at most 200 characters of one line.
fn shortened(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect()
}

/// How long is waited before something is tried again: it doubles, with some chance, up to a longest.
#[derive(Debug)]
pub struct Patience {
    next: Duration,
    longest: Duration,
}

/// The first wait.
const FIRST: Duration = Duration::from_millis(500);

impl Patience {
    /// Waits that grow up to `longest`.
    #[must_use]
    pub fn up_to(longest: Duration) -> Self {
        Self { next: FIRST.min(longest), longest }
    }

    /// The next wait; not less than what the homeserver asks for.
    pub fn wait(&mut self, asked: Option<Duration>) -> Duration {
        let wait = self.next.mul_f64(0.75 + fastrand::f64() / 2.0);
        self.next = (self.next * 2).min(self.longest);
        wait.max(asked.unwrap_or_default())
    }

    /// It worked: the next wait is short again.
    pub fn over(&mut self) {
        self.next = FIRST.min(self.longest);
    }
}

/// Does something again while what is in the way passes, up to so many times, with waits up to `longest`.
///
/// # Errors
/// The last [`Trouble`].
pub async fn again<T, F>(times: usize, longest: Duration, mut attempt: impl FnMut() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let mut patience = Patience::up_to(longest);
    for _ in 0..times {
        match attempt().await {
            Err(Trouble::Passing { after, .. }) => sleep(patience.wait(after)).await,
            done => return done,
        }
    }
    attempt().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_are_never_shorter_than_asked() {
        let mut patience = Patience::up_to(Duration::from_secs(4));
        let waits: Vec<Duration> = (0..6).map(|_| patience.wait(None)).collect();
        assert!(waits[0] < Duration::from_secs(1) && waits[5] >= Duration::from_secs(3), "{waits:?}");
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(5)), "{waits:?}");
        assert!(patience.wait(Some(Duration::from_secs(60))) >= Duration::from_secs(60));
        patience.over();
        assert!(patience.wait(None) < Duration::from_secs(1));
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        use matrix_sdk::ruma::api::error::{LimitExceededErrorData, UnknownTokenErrorData};
        let mut limit = LimitExceededErrorData::new();
        limit.retry_after = Some(RetryAfter::Delay(Duration::from_secs(7)));
        let limited = of_api(429, Some(&ErrorKind::LimitExceeded(limit)));
        assert!(matches!(limited, Trouble::Passing { after: Some(after), .. } if after == Duration::from_secs(7)));
        let mut unknown = UnknownTokenErrorData::new();
        unknown.soft_logout = true;
        assert_eq!(of_api(401, Some(&ErrorKind::UnknownToken(unknown))), Trouble::LoggedOut { soft: true });
        assert!(matches!(of_api(403, Some(&ErrorKind::Forbidden)), Trouble::Forbidden { .. }));
        assert!(matches!(of_api(400, Some(&ErrorKind::BadJson)), Trouble::Final { .. }));
        assert!(matches!(of_api(413, Some(&ErrorKind::TooLarge)), Trouble::TooLarge));
        for status in [500, 502, 504, 429] {
            assert!(matches!(of_api(status, None), Trouble::Passing { .. }), "{status}");
        }
    }
}
