//! Connections: what each database needs so that nothing acknowledged is lost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, ConnectOptions, Connection, Row, Transaction, raw_sql};
use url::Url;

use super::error::Problem;
use super::schema;
use super::url::StoreUrl;

/// How long a database server may take to answer the first call.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a caller waits for a connection, or for SQLite's write lock, while others use them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connections that read an SQLite file at once; each is a thread.
const SQLITE_READERS: u32 = 4;

/// Connections to a PostgreSQL server. Its default limit of 100 then serves ten processes with some to spare.
const POSTGRES_CONNECTIONS: u32 = 8;

/// The two databases, where they differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// A script of the schema, which is written with PostgreSQL's types, in this dialect.
    ///
    /// SQLite would take any name for a type; but only `INTEGER PRIMARY KEY` is its own row number, and the driver reads
    /// what a column holds from the name.
    pub(super) fn script(self, script: &str) -> String {
        match self {
            Self::Sqlite => script.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY").replace("BYTEA", "BLOB"),
            Self::Postgres => script.to_owned(),
        }
    }
}

/// Open connections.
#[derive(Debug, Clone)]
pub(super) struct Pools {
    pub(super) dialect: Dialect,
    /// One connection on SQLite, which has one writer at a time in any case: waiting for it here is fair, waiting for the
    /// file's lock is not. (Its fix for a race between two that write or checkpoint at once, <https://sqlite.org/wal.html#walresetbug>,
    /// is in a newer SQLite than the bundled one.)
    writer: AnyPool,
    reader: AnyPool,
}

impl Pools {
    /// Connects, and brings the schema up to date.
    pub(super) async fn open(url: &StoreUrl) -> Result<Self, Problem> {
        sqlx::any::install_default_drivers();
        let pools = match url {
            StoreUrl::Sqlite(path) => Self::sqlite(path).await?,
            StoreUrl::Postgres(address) => Self::postgres(address.expose()).await?,
        };
        Ok(pools)
    }

    async fn sqlite(path: &Path) -> Result<Self, Problem> {
        let path = prepare(path)?;
        let options = sqlite_options(&path, "rwc")?;
        let mut first = AnyConnection::connect_with(&options).await?;
        raw_sql(SQLITE_EACH).execute(&mut first).await?;
        // The mode is a property of the file. Where it can't be had (some network file systems), the older journal is as
        // safe, and slower.
        let mode: String = raw_sql("PRAGMA journal_mode = WAL").fetch_one(&mut first).await?.try_get(0)?;
        if !mode.eq_ignore_ascii_case("wal") {
            tracing::warn!(file = %path.display(), mode, "no write-ahead log on this file system: readers wait for writers");
        }
        first.close().await?;

        let pool = |most: u32, setup: &'static str| {
            AnyPoolOptions::new()
                .max_connections(most)
                .acquire_timeout(PATIENCE)
                .idle_timeout(None)
                .max_lifetime(None)
                .after_connect(move |connection, _| {
                    Box::pin(async move { raw_sql(setup).execute(connection).await.map(drop) })
                })
                // SQLite undoes a transaction by itself when the disk is full; the driver then fails to undo it again, and
                // takes the connection to be in that transaction for ever. Such a one is replaced. (The pool has
                // pinged it before, behind all that was queued: what is still open is not about to be closed.)
                .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
        };
        let pools = Self {
            dialect: Dialect::Sqlite,
            writer: pool(1, SQLITE_EACH).connect_lazy_with(options),
            reader: pool(SQLITE_READERS, SQLITE_READER).connect_lazy_with(sqlite_options(&path, "rw")?),
        };
        pools.update_schema().await?;
        Ok(pools)
    }

    async fn postgres(address: &str) -> Result<Self, Problem> {
        let options: AnyConnectOptions = address.parse().map_err(|_| Problem::Refused("not an address".to_owned()))?;
        // The pool retries until its time is up and then says no more than that: the first connection tells why.
        let first = tokio::time::timeout(CONNECT_TIMEOUT, AnyConnection::connect_with(&options)).await;
        first.map_err(|_| Problem::TimedOut(CONNECT_TIMEOUT))??.close().await?;
        let pool = AnyPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).acquire_timeout(PATIENCE).after_connect(
            |connection, _| Box::pin(async move { raw_sql(POSTGRES_EACH).execute(connection).await.map(drop) }),
        );
        let pool = pool.connect_lazy_with(options);
        let pools = Self { dialect: Dialect::Postgres, writer: pool.clone(), reader: pool };
        pools.update_schema().await?;
        Ok(pools)
    }

    /// Brings the schema up to date. A store that is up to date is opened without a lock, while others write.
    async fn update_schema(&self) -> Result<(), Problem> {
        if !schema::is_current(&self.reader).await {
            let mut tx = self.begin().await?;
            schema::migrate(&mut tx, self.dialect).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// A transaction that will write. On SQLite it takes the write lock at once: one that first reads and then writes
    /// would fail, not wait, when another wrote in between.
    pub(super) async fn begin(&self) -> Result<Transaction<'static, Any>, Problem> {
        Ok(match self.dialect {
            Dialect::Sqlite => self.writer.begin_with("BEGIN IMMEDIATE").await?,
            Dialect::Postgres => self.writer.begin().await?,
        })
    }

    /// The connections for reading.
    pub(super) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// Closes all connections; on SQLite the last one folds the write-ahead log into the file.
    pub(super) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// What every SQLite connection is told.
///
/// `synchronous = FULL` syncs the log at every commit: what was acknowledged is on the disk. `NORMAL` would lose nothing when the
/// process is killed, and the last commits when the power fails; a digest that was posted and forgotten is posted twice.
/// Articles come in batches, one sync each, so that it costs little.
const SQLITE_EACH: &str = "PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
     PRAGMA cache_size = -16000";

/// … and those that only read.
const SQLITE_READER: &str = "PRAGMA busy_timeout = 30000; PRAGMA query_only = ON; PRAGMA cache_size = -8000";

/// What every PostgreSQL connection is told. The server syncs at every commit unless its configuration says otherwise; then we
/// ask for it. A process that is stopped in the middle of a transaction must not stop the others for ever.
const POSTGRES_EACH: &str = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s';
     SELECT CAST(set_config('synchronous_commit', 'on', false) AS TEXT)
     WHERE current_setting('synchronous_commit') = 'off'";

/// Makes the folder, and gives the file's path without `.`, `..` and links in its folder, which a URL would lose.
fn prepare(path: &Path) -> Result<PathBuf, Problem> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::StorageFull => Problem::Full,
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Problem::ReadOnly(error.to_string())
            }
            _ => Problem::CantOpen(format!("{}: {error}", path.display())),
        }
    };
    let absolute = std::path::absolute(path).map_err(failed(path))?;
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(Problem::CantOpen("it is a folder".to_owned()));
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    if absolute.is_dir() {
        return Err(Problem::CantOpen("it is a folder".to_owned()));
    }
    Ok(folder.canonicalize().map_err(failed(folder))?.join(name))
}

/// The address by which the driver opens a file: it takes text, and decodes `%` in it.
fn sqlite_options(path: &Path, mode: &str) -> Result<AnyConnectOptions, Problem> {
    let path = path.to_str().ok_or_else(|| Problem::CantOpen("its path is not UTF-8".to_owned()))?;
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    let url = Url::parse(&format!("sqlite://{encoded}?mode={mode}"));
    let url = url.map_err(|error| Problem::CantOpen(error.to_string()))?;
    Ok(AnyConnectOptions::from_url(&url)?)
}
