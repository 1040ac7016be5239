//! Events that were handled before: a network may bring one twice.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Events that were handled before, the last few thousand.
#[derive(Debug)]
pub struct Seen<K = u64> {
    held: Mutex<(HashSet<K>, VecDeque<K>)>,
}

impl<K> Default for Seen<K> {
    fn default() -> Self {
        Self { held: Mutex::default() }
    }
}

/// More than a network sends again when a connection goes on.
const SEEN: usize = 4096;

impl<K: Clone + Eq + Hash> Seen<K> {
    /// Whether this event is here for the first time.
    #[must_use]
    pub fn first(&self, id: K) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (ids, order) = &mut *held;
        if !ids.insert(id.clone()) {
            return false;
        }
        order.push_back(id);
        if order.len() > SEEN
            && let Some(old) = order.pop_front()
        {
            ids.remove(&old);
        }
        true
    }

    /// Whether it was here, without its being here now.
    #[cfg(feature = "matrix")]
    #[must_use]
    pub fn holds(&self, id: &K) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).0.contains(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_new_once_and_the_oldest_is_forgotten() {
        let seen = Seen::default();
        assert!(seen.first(0) && !seen.first(0));
        for id in 1..=SEEN as u64 {
            assert!(seen.first(id));
        }
        assert!(seen.first(0), "it was long ago");
        assert!(!seen.first(SEEN as u64));
    }
}
