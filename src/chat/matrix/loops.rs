//! Other programs that reply to everything: whoever replies to our answers faster than anybody reads, again and again, is one, and
//! is left alone for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Nobody reads an answer and replies to it within this time.
pub const QUICK: Duration = Duration::from_secs(2);

/// So many quick replies in a row are a program's.
const IN_A_ROW: u32 = 5;

/// For how long it is left alone after the last of them.
const ALONE: Duration = Duration::from_secs(10 * 60);

/// Pairs that are kept before old ones, which say nothing, are thrown out.
const SWEEP_AT: usize = 1_000;

/// Who replies how quickly, by room and person.
#[derive(Debug, Default)]
pub struct Loops {
    held: Mutex<HashMap<(String, String), (u32, Instant)>>,
}

impl Loops {
    /// Counts a reply of somebody to our answer; whether they are to be left alone.
    #[must_use]
    pub fn turns(&self, room: &str, person: &str, after: Duration, now: Instant) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= SWEEP_AT {
            held.retain(|_, (_, at)| now.saturating_duration_since(*at) < ALONE);
        }
        let pair = (room.to_owned(), person.to_owned());
        let before = held.get(&pair).filter(|(_, at)| now.saturating_duration_since(*at) < ALONE);
        let in_a_row = match before {
            Some((count, _)) if *count >= IN_A_ROW => *count,
            _ if after >= QUICK => {
                held.remove(&pair);
                return false;
            }
            before => before.map_or(1, |(count, _)| count + 1),
        };
        held.insert(pair, (in_a_row, now));
        in_a_row >= IN_A_ROW
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_left_alone_and_a_quick_person_is_not() {
        let loops = Loops::default();
        let start = Instant::now();
        let quick = Duration::from_millis(100);
        for _ in 1..IN_A_ROW {
            assert!(!loops.turns("!a", "@robot:x", quick, start));
        }
        assert!(!loops.turns("!b", "@robot:x", quick, start), "another room");
        assert!(loops.turns("!a", "@robot:x", quick, start));
        assert!(loops.turns("!a", "@robot:x", Duration::from_secs(5), start), "also when it slows down");
        assert!(!loops.turns("!a", "@robot:x", quick, start + ALONE));
        // Somebody who reads in between.
        for _ in 0..10 {
            assert!(!loops.turns("!a", "@ann:x", quick, start));
            assert!(!loops.turns("!a", "@ann:x", QUICK, start));
        }
    }
}
