//! Feeds that poll by themselves, against servers that are slow, broken, gone, moved, or change their minds. All of them live on this
//! machine.
//!
//! On SQLite always, and on PostgreSQL where `BYLINE_TEST_POSTGRES` names a server (`scripts/postgres.sh` starts one).

mod commands;
mod kills;
mod load;
#[path = "../store/place.rs"]
#[expect(dead_code, reason = "the store's own tests use more of it")]
mod place;
mod polling;
mod server;
mod world;
