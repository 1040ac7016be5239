//! The store, as its users see it: one suite, run on SQLite always and on PostgreSQL where `BYLINE_TEST_POSTGRES` names a server
//! (`scripts/postgres.sh cargo test --test store` starts one).

mod answers;
mod articles;
mod changes;
mod communities;
mod crash;
mod exchange;
mod outbox;
mod place;
mod trouble;
