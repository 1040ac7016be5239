//! Where a test's store is: a folder or a database of its own.

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use byline::article::Article;
use byline::article::read::{Format, read_text};
use byline::library::store::{Store, StoreUrl};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

/// The environment's variable that names a PostgreSQL server on which databases may be made.
const SERVER: &str = "BYLINE_TEST_POSTGRES";

/// A place in which no store is yet.
pub struct Place {
    pub url: StoreUrl,
    pub text: String,
    /// Holds the file while the test runs.
    _folder: Option<TempDir>,
}

impl Place {
    /// A new connection to the store of this place: a clone shares nothing with it.
    pub async fn open(&self) -> Store {
        Store::open(&self.url).await.unwrap()
    }

    pub fn is_postgres(&self) -> bool {
        matches!(self.url, StoreUrl::Postgres(_))
    }
}

pub fn sqlite() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("byline.db").to_str().unwrap().to_owned();
    Place { url: text.parse().unwrap(), text, _folder: Some(folder) }
}

/// Runs a test on each database that there is, in a place of its own.
pub async fn each(test: impl AsyncFn(&Place)) {
    test(&sqlite()).await;
    let Ok(server) = std::env::var(SERVER) else {
        static TOLD: Once = Once::new();
        // Not `eprintln!`: the harness keeps what a passing test prints.
        TOLD.call_once(|| {
            let _ = writeln!(
                std::io::stderr(),
                "PostgreSQL is skipped: {SERVER} names no server (scripts/postgres.sh starts one)"
            );
        });
        return;
    };
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let name = format!("byline_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let mut admin = PgConnection::connect(&server).await.unwrap();
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE template0"))).await.unwrap();
    let mut url = url::Url::parse(&server).unwrap();
    url.set_path(&name);
    let text = url.to_string();
    test(&Place { url: text.parse().unwrap(), text, _folder: None }).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await.unwrap();
}

/// An article of a title and a body.
pub fn article(key: &str, title: &str, body: &str) -> Article {
    read_text(key, &format!("{title}\n\n{body}\n"), Format::Text).unwrap()
}

/// An article with an address.
pub fn page(key: &str, url: &str, body: &str) -> Article {
    let front = format!("---\ntitle: About {key}\nurl: {url}\n---\n\n{body}\n");
    read_text(key, &front, Format::Markdown).unwrap()
}

/// A body of `count` sentences that only `seed` decides.
pub fn body(seed: u64, count: u64) -> String {
    let sentences = (0..count).map(|n| {
        let x = (seed * 1000 + n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        format!(
            "Boat {} left pier {} with {} aboard and met boat {} at {}.",
            x % 997,
            x % 89,
            x % 463,
            x % 977,
            x % 1201
        )
    });
    sentences.collect::<Vec<_>>().join(" ")
}
