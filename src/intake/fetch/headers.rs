//! What the headers of an answer say: content type, how long it is fresh, how long to wait, what to ask for next time.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::{
    AGE, CACHE_CONTROL, CONTENT_TYPE, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, LAST_MODIFIED, RETRY_AFTER,
};

/// The longest that a server's word on time is taken: a month.
const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

/// The longest `ETag` that is kept, in bytes. It goes back with every request.
const MAX_VALIDATOR_BYTES: usize = 1024;

/// The content type without parameters, and the character encoding that it names; both lower-case.
pub(super) fn content_type(headers: &HeaderMap) -> (Option<String>, Option<String>) {
    let Some(value) = headers.get(CONTENT_TYPE) else { return (None, None) };
    // One that can't be read is not the same as none.
    let value = String::from_utf8_lossy(value.as_bytes());
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then_some(value)
    });
    (Some(essence).filter(|essence| !essence.is_empty()), charset)
}

/// `ETag` and `Last-Modified`, to be sent back as they are.
pub(super) fn validators(headers: &HeaderMap) -> (Option<String>, Option<String>) {
    let kept = |name| text(headers, name).filter(|value| !value.is_empty() && value.len() <= MAX_VALIDATOR_BYTES);
    (kept(ETAG).map(ToOwned::to_owned), kept(LAST_MODIFIED).map(ToOwned::to_owned))
}

/// How long to wait, as a number of seconds or a date (RFC 9110, 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    let wait = match seconds(value) {
        Some(wait) => wait,
        None => instant(value)?.duration_since(now).unwrap_or_default(),
    };
    Some(wait.min(LONGEST))
}

/// How long an answer is fresh (RFC 9111, 4.2.1, for a cache of one's own).
pub(super) fn fresh_for(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let mut max_age = None;
    for directive in
        headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','))
    {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        match name.trim().to_ascii_lowercase().as_str() {
            "no-store" | "no-cache" => return Some(Duration::ZERO),
            "max-age" => max_age = max_age.or_else(|| seconds(value.trim().trim_matches('"'))),
            _ => {}
        }
    }
    let lifetime = max_age.or_else(|| {
        let expires = instant(text(headers, EXPIRES)?);
        let date = text(headers, DATE).and_then(instant).unwrap_or(now);
        // An `Expires` that is no date (often 0 or -1) has passed already (RFC 9111, 5.3).
        Some(expires.and_then(|expires| expires.duration_since(date).ok()).unwrap_or_default())
    })?;
    let age = text(headers, AGE).and_then(seconds).unwrap_or_default();
    Some(lifetime.saturating_sub(age).min(LONGEST))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn seconds(value: &str) -> Option<Duration> {
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    // More digits than fit are still a very long time.
    digits.then(|| Duration::from_secs(value.parse().unwrap_or(u64::MAX)))
}

/// An HTTP date (RFC 9110, 5.6.7).
fn instant(value: &str) -> Option<SystemTime> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(value).ok()?;
    (zoned > Timestamp::UNIX_EPOCH).then(|| SystemTime::from(zoned))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) // Tue, 14 Nov 2023 22:13:20 GMT
    }

    #[test]
    fn a_content_type_is_read_without_its_parameters() {
        let of = |value| content_type(&headers(&[("content-type", value)]));
        let both = |essence: &str, charset: &str| (Some(essence.to_owned()), Some(charset.to_owned()));
        assert_eq!(of("Text/HTML; Charset=\"UTF-8\""), both("text/html", "utf-8"));
        assert_eq!(of("text/xml;q=1; charset=koi8-r"), both("text/xml", "koi8-r"));
        assert_eq!(of("text/html; charset="), (Some("text/html".to_owned()), None));
        assert_eq!(of(" ; charset=x"), (None, Some("x".to_owned())));
    }

    #[test]
    fn servers_say_when_to_come_back_in_seconds_or_as_a_date() {
        let of = |value| retry_after(&headers(&[("retry-after", value)]), now());
        assert_eq!(of("120"), Some(Duration::from_secs(120)));
        assert_eq!(of("Tue, 14 Nov 2023 22:14:20 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(of("Tue, 14 Nov 2023 22:12:20 GMT"), Some(Duration::ZERO));
        assert_eq!(of("99999999999999999999999999"), Some(LONGEST));
        for none in ["", "-5", "soon", "1.5"] {
            assert_eq!(of(none), None, "{none}");
        }
    }

    #[test]
    fn freshness_is_what_cache_control_says_or_else_expires() {
        let of = |pairs: &[(&'static str, &str)]| fresh_for(&headers(pairs), now());
        assert_eq!(of(&[("cache-control", "public, max-age=600")]), Some(Duration::from_secs(600)));
        assert_eq!(of(&[("cache-control", "Max-Age=\"600\""), ("age", "100")]), Some(Duration::from_secs(500)));
        assert_eq!(of(&[("cache-control", "max-age=600, no-cache")]), Some(Duration::ZERO));
        assert_eq!(of(&[("expires", "Tue, 14 Nov 2023 22:23:20 GMT")]), Some(Duration::from_secs(600)));
        let dated = [("expires", "Tue, 14 Nov 2023 10:10:00 GMT"), ("date", "Tue, 14 Nov 2023 10:00:00 GMT")];
        assert_eq!(of(&dated), Some(Duration::from_secs(600)));
        assert_eq!(of(&[("expires", "0")]), Some(Duration::ZERO));
        assert_eq!(of(&[("cache-control", "private")]), None);
    }

    #[test]
    fn endless_validators_are_not_kept() {
        let long = "x".repeat(MAX_VALIDATOR_BYTES + 1);
        assert_eq!(validators(&headers(&[("etag", &long)])), (None, None));
        assert_eq!(validators(&headers(&[("etag", "W/\"1\"")])), (Some("W/\"1\"".to_owned()), None));
    }
}
