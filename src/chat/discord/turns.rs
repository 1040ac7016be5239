//! When a session may begin: one of a bucket at a time, and so many in a day. Who begins more loses the token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

/// Sessions of one bucket begin five seconds apart.
const APART: Duration = Duration::from_millis(5_200);
/// The longest time for which Discord lets no session begin: what is beyond makes no sense.
const MAX_RESET: u64 = 24 * 60 * 60 * 1000;

/// When sessions may begin.
#[derive(Debug)]
pub struct Turns {
    buckets: u32,
    next: Mutex<HashMap<u32, Instant>>,
    left: Mutex<Option<Left>>,
}

/// How many sessions may begin until the limit is set anew.
#[derive(Debug, Clone, Copy)]
struct Left {
    sessions: u64,
    until: Instant,
}

impl Turns {
    /// As Discord tells together with the gateway's address; where it does not, one session at a time, and as many as there are.
    #[must_use]
    pub fn new(told: &Value, now: Instant) -> Self {
        let buckets = told["session_start_limit"]["max_concurrency"].as_u64().unwrap_or(1);
        let buckets = u32::try_from(buckets).unwrap_or(1).max(1);
        let turns = Self { buckets, next: Mutex::default(), left: Mutex::default() };
        turns.told(told, now);
        turns
    }

    /// Discord tells how many are left.
    pub fn told(&self, told: &Value, now: Instant) {
        let limit = &told["session_start_limit"];
        let left = limit["remaining"].as_u64().zip(limit["reset_after"].as_u64());
        let left = left.map(|(sessions, ms)| Left { sessions, until: now + Duration::from_millis(ms.min(MAX_RESET)) });
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) = left;
    }

    /// Counts a session that is about to begin; or says until when none may.
    pub fn spend(&self, now: Instant) -> Result<(), Instant> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *left {
            // How many there are now was not told yet.
            Some(known) if known.until <= now => *left = None,
            Some(Left { sessions: 0, until }) => return Err(*until),
            Some(known) => known.sessions -= 1,
            None => {}
        }
        Ok(())
    }

    /// When a session of this shard may begin.
    pub fn next(&self, shard: u32, now: Instant) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let next = next.entry(shard % self.buckets).or_insert(now);
        let turn = (*next).max(now);
        *next = turn + APART;
        turn
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn sessions_of_one_bucket_begin_one_after_another() {
        let now = Instant::now();
        let turns = Turns::new(&json!({ "session_start_limit": { "max_concurrency": 2 } }), now);
        assert_eq!((turns.next(0, now), turns.next(1, now)), (now, now));
        assert_eq!((turns.next(2, now), turns.next(0, now)), (now + APART, now + APART * 2));
        let later = now + Duration::from_secs(60);
        assert_eq!(turns.next(0, later), later);
    }

    #[test]
    fn no_more_sessions_begin_than_discord_allows() {
        let now = Instant::now();
        let limit =
            |remaining: u64, ms: u64| json!({ "session_start_limit": { "remaining": remaining, "reset_after": ms } });
        let turns = Turns::new(&limit(2, 60_000), now);
        let until = now + Duration::from_secs(60);
        assert_eq!([turns.spend(now), turns.spend(now), turns.spend(now)], [Ok(()), Ok(()), Err(until)]);
        turns.told(&limit(1, 60_000), until);
        assert_eq!([turns.spend(until), turns.spend(until).map_err(|_| until)], [Ok(()), Err(until)]);
        // The time is over, and nothing was told.
        let over = until + Duration::from_secs(61);
        assert_eq!([turns.spend(over), turns.spend(over)], [Ok(()), Ok(())]);
        // Nothing is known of any limit; one that makes no sense ends.
        assert_eq!(Turns::new(&Value::Null, now).spend(now), Ok(()));
        let until = Turns::new(&limit(0, u64::MAX), now).spend(now).unwrap_err();
        assert_eq!(until, now + Duration::from_secs(24 * 60 * 60));
    }
}
