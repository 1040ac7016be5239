//! What the robots.txt of sites said lately, within a bounded room.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::robots::Robots;

/// The longest that a robots.txt is trusted without being asked for again (RFC 9309, 2.4).
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// The shortest, whatever its server says: a site with many articles would be asked for little else.
const SHORTEST: Duration = Duration::from_secs(3600);

/// The room for all rules, in bytes. A site's rules take some kilobytes; a hostile one's up to five megabytes.
const ROOM: usize = 16 * 1024 * 1024;

/// Rules by origin, until they have to be asked for again.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    sites: HashMap<String, (Instant, Arc<Robots>)>,
    weight: usize,
}

impl Known {
    /// The rules of this origin, if they are still trusted.
    pub(super) fn get(&self, origin: &str) -> Option<Arc<Robots>> {
        self.get_at(origin, Instant::now())
    }

    fn get_at(&self, origin: &str, now: Instant) -> Option<Arc<Robots>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, robots) = held.sites.get(origin)?;
        (*until > now).then(|| Arc::clone(robots))
    }

    /// Keeps the rules of an origin for as long as its server calls them fresh, within bounds.
    pub(super) fn put(&self, origin: String, robots: Robots, fresh_for: Option<Duration>) -> Arc<Robots> {
        let robots = Arc::new(robots);
        let until = Instant::now() + fresh_for.unwrap_or(LONGEST).clamp(SHORTEST, LONGEST);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.forget(&origin);
        held.weight += weight(&origin, &robots);
        held.sites.insert(origin, (until, Arc::clone(&robots)));
        if held.weight > ROOM {
            held.make_room();
        }
        robots
    }
}

impl Held {
    fn forget(&mut self, origin: &str) {
        if let Some((_, robots)) = self.sites.remove(origin) {
            self.weight = self.weight.saturating_sub(weight(origin, &robots));
        }
    }

    /// Forgets those first that would be asked for again first, down to half the room.
    fn make_room(&mut self) {
        let mut oldest: Vec<(Instant, String)> =
            self.sites.iter().map(|(origin, (until, _))| (*until, origin.clone())).collect();
        oldest.sort();
        for (_, origin) in oldest {
            if self.weight <= ROOM / 2 {
                break;
            }
            self.forget(&origin);
        }
    }
}

fn weight(origin: &str, robots: &Robots) -> usize {
    origin.len() + robots.weight()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_kept_for_an_hour_at_least_and_a_day_at_most() {
        let known = Known::default();
        known.put("http://a".into(), Robots::default(), Some(Duration::ZERO));
        known.put("http://b".into(), Robots::default(), Some(Duration::MAX));
        let held = |origin, seconds| known.get_at(origin, Instant::now() + Duration::from_secs(seconds)).is_some();
        assert!(held("http://a", 3500) && !held("http://a", 3700) && !held("http://c", 0));
        assert!(held("http://b", 86_300) && !held("http://b", 86_500));
    }

    #[test]
    fn the_room_is_bounded() {
        let known = Known::default();
        let rules = format!("User-agent: *\n{}", format!("Disallow: /{}\n", "x".repeat(900)).repeat(600));
        for n in 0..60 {
            known.put(format!("http://{n}"), Robots::parse(rules.as_bytes()), None);
            assert!(known.0.lock().unwrap().weight <= ROOM);
        }
        assert!(known.get("http://59").is_some() && known.get("http://0").is_none());
    }
}
