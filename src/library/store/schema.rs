//! The tables, and how an older store becomes a newer one.
//!
//! Migrations are embedded and run in one transaction when a store is opened; a process that dies in between leaves the
//! store as it was. Two processes that open one new store wait for each other.

use sqlx::{Any, AnyPool, AssertSqlSafe, Row, Transaction, raw_sql};

use super::connect::Dialect;
use super::error::Problem;

/// The migrations, in order; the first makes version 1. What was released is never edited: add at the end.
const MIGRATIONS: [&str; 1] = [include_str!("schema/1.sql")];

/// The version of the schema that this program writes.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// What two processes that migrate one PostgreSQL database lock: “byline” in ASCII.
const MIGRATION_LOCK: i64 = 0x6279_6c69_6e65;

/// Whether a store has the schema of [`VERSION`]. What else there may be, also an error, is for [`migrate`] to tell.
pub(super) async fn is_current(pool: &AnyPool) -> bool {
    let row = sqlx::query("SELECT version FROM byline_schema").fetch_optional(pool).await;
    row.ok().flatten().is_some_and(|row| row.try_get::<i64, _>(0).is_ok_and(|version| version == VERSION))
}

/// Brings the schema to [`VERSION`], inside `tx`.
pub(super) async fn migrate(tx: &mut Transaction<'static, Any>, dialect: Dialect) -> Result<(), Problem> {
    if dialect == Dialect::Postgres {
        // SQLite's transaction began with a write lock; here, nothing is there yet that could be locked.
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut **tx).await?;
        let encoding = "SELECT CAST(current_setting('server_encoding') AS TEXT)";
        let encoding: String = sqlx::query(encoding).fetch_one(&mut **tx).await?.try_get(0)?;
        if encoding != "UTF8" {
            return Err(Problem::Encoding(encoding));
        }
    }
    let found = version(tx, dialect).await?;
    if found > VERSION {
        return Err(Problem::Newer { found, known: VERSION });
    }
    for (number, script) in (1..).zip(MIGRATIONS).filter(|(number, _)| *number > found) {
        tracing::info!(schema = number, "the store's schema is brought up to date");
        raw_sql(AssertSqlSafe(dialect.script(script))).execute(&mut **tx).await?;
        sqlx::query("UPDATE byline_schema SET version = $1").bind(number).execute(&mut **tx).await?;
    }
    Ok(())
}

/// The version of the schema that is there; makes the table that tells it.
async fn version(tx: &mut Transaction<'static, Any>, dialect: Dialect) -> Result<i64, Problem> {
    let tables = match dialect {
        Dialect::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        Dialect::Postgres => {
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables
             WHERE table_schema = current_schema()
               AND table_name IN ('byline_schema', 'counters', 'collections', 'articles', 'versions', 'bands', 'changes',
                                  'quotations', 'speakers', 'speaker_names', 'watches', 'source_files',
                                  'source_articles', 'communities', 'settings', 'outbox', 'schedules', 'had',
                                  'answers', 'unhelpful', 'promises', 'feeds', 'feed_identities', 'feed_entries',
                                  'corrections', 'positions', 'heard', 'gaps', 'answered', 'added')"
        }
    };
    let mut names = Vec::new();
    for row in sqlx::query(tables).fetch_all(&mut **tx).await? {
        names.push(row.try_get::<String, _>(0)?);
    }
    if names.iter().any(|name| name == "byline_schema") {
        let row = sqlx::query("SELECT version FROM byline_schema").fetch_optional(&mut **tx).await?;
        let row = row.ok_or_else(|| Problem::Corrupt("its schema has no version".to_owned()))?;
        return Ok(row.try_get(0)?);
    }
    if let Some(other) = names.into_iter().next() {
        return Err(Problem::Foreign(other));
    }
    let made = "CREATE TABLE byline_schema (version BIGINT NOT NULL); INSERT INTO byline_schema (version) VALUES (0)";
    raw_sql(made).execute(&mut **tx).await?;
    Ok(0)
}
