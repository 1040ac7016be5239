//! Where a store is: a file, or a PostgreSQL server. Its password is never shown.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Where a store is.
///
/// ```
/// use byline::library::store::StoreUrl;
/// let file: StoreUrl = "data/byline.db".parse()?;
/// assert_eq!(file.to_string(), "data/byline.db");
/// let server: StoreUrl = "postgres://bot:secret@db.example.org/byline".parse()?;
/// assert_eq!(server.to_string(), "postgres://bot@db.example.org/byline");
/// assert!(!format!("{server:?}").contains("secret"));
/// # Ok::<(), byline::library::store::UrlError>(())
/// ```
#[derive(Clone)]
pub enum StoreUrl {
    /// An SQLite database in this file; it is made, with its folder, when it is not there.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresUrl),
}

/// The address of a PostgreSQL database: `postgres://user:password@host:port/database`.
#[derive(Clone)]
pub struct PostgresUrl {
    whole: SecretString,
    shown: String,
}

/// A text that names no store. It never holds the text itself, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Nothing.
    #[error("a store needs the path of a file or a postgres:// address")]
    Empty,
    /// A scheme of something else.
    #[error(
        "“{0}://” is no store that Byline has: give the path of a file, or an address that begins with postgres://"
    )]
    Scheme(String),
    /// Meant as a PostgreSQL address, and none.
    #[error("not a PostgreSQL address ({0}): it has the form postgres://user:password@host:port/database")]
    Postgres(String),
}

impl PostgresUrl {
    /// The address with its password, for the driver alone.
    pub(super) fn expose(&self) -> &str {
        self.whole.expose_secret()
    }
}

impl StoreUrl {
    /// The store in this file.
    #[must_use]
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::Sqlite(path.as_ref().to_owned())
    }
}

impl FromStr for StoreUrl {
    type Err = UrlError;

    /// `postgres://…` and `postgresql://…` name a server; `sqlite:PATH`, `sqlite://PATH` and a bare path name a file.
    fn from_str(text: &str) -> Result<Self, UrlError> {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("postgres:") || lower.starts_with("postgresql:") {
            return postgres(text).map(Self::Postgres);
        }
        // `sqlite:///data/x.db` is absolute, `sqlite://data/x.db` and `sqlite:data/x.db` are not, as sqlx and SQLite's
        // own tools read them.
        let path = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("sqlite:") => {
                text.get(7..).map(|rest| rest.strip_prefix("//").unwrap_or(rest)).unwrap_or_default()
            }
            _ => text,
        };
        if path.is_empty() {
            return Err(UrlError::Empty);
        }
        if let Some((scheme, _)) = path.split_once("://") {
            return Err(UrlError::Scheme(scheme.chars().take(20).collect()));
        }
        // A mistyped address must not become a file whose name is a password.
        if lower.starts_with("postgres") && path.contains('@') {
            return Err(UrlError::Postgres("“://” is missing".to_owned()));
        }
        Ok(Self::Sqlite(path.into()))
    }
}

fn postgres(text: &str) -> Result<PostgresUrl, UrlError> {
    let url = Url::parse(text).map_err(|error| UrlError::Postgres(error.to_string()))?;
    if !text.contains("://") {
        return Err(UrlError::Postgres("“//” is missing".to_owned()));
    }
    let mut shown = url.clone();
    // The query is left out with the password: `?password=…` is an address too.
    shown.set_query(None);
    shown.set_fragment(None);
    if shown.password().is_some() && shown.set_password(None).is_err() {
        return Err(UrlError::Postgres("it names no host".to_owned()));
    }
    Ok(PostgresUrl { whole: text.to_owned().into(), shown: shown.to_string() })
}

impl fmt::Display for StoreUrl {
    /// The path, or the address without its password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => f.write_str(&url.shown),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_file_and_postgres_a_server() {
        for (given, path) in [
            ("byline.db", "byline.db"),
            ("/var/lib/byline/b.db", "/var/lib/byline/b.db"),
            ("sqlite:data/b.db", "data/b.db"),
            ("sqlite://data/b.db", "data/b.db"),
            ("SQLite:///data/b.db", "/data/b.db"),
            ("päge 1?.db", "päge 1?.db"),
            ("postgres", "postgres"),
        ] {
            let parsed: StoreUrl = given.parse().unwrap();
            assert!(matches!(&parsed, StoreUrl::Sqlite(p) if p == Path::new(path)), "{given}: {parsed:?}");
        }
        for given in ["postgres://h/db", "postgresql://u@h:5433/db?sslmode=require"] {
            assert!(matches!(given.parse(), Ok(StoreUrl::Postgres(_))), "{given}");
        }
    }

    #[test]
    fn no_password_is_ever_shown() {
        for given in [
            "postgres://u:hunter2@h/db",
            "postgres://h/db?user=u&password=hunter2",
            "postgres:u:hunter2@h/db",
            "postgres//u:hunter2@h/db",
            "postgres://u:hunter2@h:port/db",
            "mysql://u:hunter2@h/db",
        ] {
            let shown = match given.parse::<StoreUrl>() {
                Ok(url) => format!("{url} {url:?} {:?}", Some(&url)),
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn what_is_no_store_is_refused() {
        assert_eq!(" ".parse::<StoreUrl>().unwrap_err(), UrlError::Empty);
        assert_eq!("sqlite://".parse::<StoreUrl>().unwrap_err(), UrlError::Empty);
        assert_eq!("mysql://h/db".parse::<StoreUrl>().unwrap_err(), UrlError::Scheme("mysql".to_owned()));
        assert!(matches!("postgres://h:99999/db".parse::<StoreUrl>(), Err(UrlError::Postgres(_))));
        assert!(matches!("postgres//u@h/db".parse::<StoreUrl>(), Err(UrlError::Postgres(_))));
    }
}
