//! The real binary, killed at random moments: nothing that was acknowledged is lost, nothing is posted twice.
//!
//! On SQLite always, and on PostgreSQL where `BYLINE_TEST_POSTGRES` names a server (`scripts/postgres.sh` starts one).
//! `BYLINE_TEST_SEED` repeats the moments of an earlier run, as far as a scheduler repeats anything.

mod bot;
#[path = "../shared/due.rs"]
mod due;
mod kills;
#[path = "../store/place.rs"]
#[expect(dead_code, reason = "the store's own tests use more of it")]
mod place;
mod processes;
