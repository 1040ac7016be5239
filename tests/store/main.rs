//! The store, as its users see it: one suite, run on SQLite always and on PostgreSQL where `BYLINE_TEST_POSTGRES` names a server
//! (`scripts/postgres.sh cargo test --test store` starts one).

mod answers;
mod articles;
mod changes;
mod communities;
mod corrections;
mod crash;
mod digest_crash;
mod digests;
mod exchange;
mod feeds;
mod files;
mod heard;
mod import;
mod mirror;
mod outbox;
mod place;
mod quotations;
mod schedules;
mod sending;
mod trouble;
mod watch;
