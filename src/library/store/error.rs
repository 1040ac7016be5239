//! What can go wrong with a store, each naming the store and what to do.

use std::borrow::Cow;
use std::time::Duration;

/// A failure, and the store that it happened in.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct StoreError {
    /// The file or address, without a password.
    pub place: String,
    /// What went wrong. It is told with the place: no source of its own, lest a chain of causes says it twice.
    pub problem: Problem,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The database was written by a newer Byline.
    #[error("the store has schema {found}, and this version of Byline knows up to {known}: run the newer version")]
    Newer {
        /// The version of the schema that was found.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A database, and not one of ours.
    #[error("this database belongs to another program (it has a table “{0}” and no schema of Byline's)")]
    Foreign(String),
    /// A PostgreSQL database whose text is not UTF-8.
    #[error("the database's encoding is {0}: make it with ENCODING 'UTF8'")]
    Encoding(String),
    /// A file that is something else.
    #[error("the file is not a database")]
    NotADatabase,
    /// A damaged database.
    #[error("the database is damaged ({0}): restore it from a backup or an export")]
    Corrupt(String),
    /// An article whose stored form makes no sense.
    #[error("the stored article {article} is damaged: {reason}")]
    Damaged {
        /// Its key, or its number where that is all that is known.
        article: String,
        /// What does not fit.
        reason: String,
    },
    /// It can be read and not written.
    #[error("the store can't be written ({0})")]
    ReadOnly(String),
    /// No space is left.
    #[error("the disk is full; nothing of this change was kept")]
    Full,
    /// The file or its folder can't be opened or made.
    #[error("the file can't be opened: {0}")]
    CantOpen(String),
    /// The server doesn't answer.
    #[error("the database server can't be reached: {0}")]
    Unreachable(String),
    /// The server did not answer in time.
    #[error("the database server did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// The server turned us away.
    #[error("the database server refused: {0}")]
    Refused(String),
    /// Somebody else held the store for too long.
    #[error("the store is in use by another process, and did not become free in time")]
    Busy,
    /// A key that can't be kept.
    #[error("“{shown}” can't be the key of an article: {reason}")]
    Key {
        /// Its beginning.
        shown: String,
        /// Why.
        reason: &'static str,
    },
    /// A setting, destination or payload that can't be kept.
    #[error("{what} can't be kept: it holds a NUL character or is too long")]
    Text {
        /// Which.
        what: &'static str,
    },
    /// What was named is not there.
    #[error("there is no {0}")]
    Missing(String),
    /// Reading or writing something beside the store (an export).
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A defect of ours: a task of the store ended early.
    #[error("a task of the store ended early: {0}")]
    Task(String),
    /// What else a database may answer.
    #[error("{0}")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(answer) => {
                let message = || answer.message().to_owned();
                match answer.code().as_deref().map(Code::of) {
                    Some(Code::Sqlite(code)) => sqlite(code, message()),
                    Some(Code::Postgres(code)) => postgres(&code, message()),
                    None => None,
                }
                .unwrap_or(Self::Database(error))
            }
            sqlx::Error::Io(io) => Self::Unreachable(io.to_string()),
            sqlx::Error::Tls(tls) => Self::Unreachable(tls.to_string()),
            sqlx::Error::Protocol(what) => Self::Unreachable(what.clone()),
            sqlx::Error::PoolTimedOut => Self::Busy,
            _ => Self::Database(error),
        }
    }
}

/// A database's own number for what went wrong.
enum Code {
    /// SQLite's primary result code, <https://sqlite.org/rescode.html>.
    Sqlite(i64),
    /// PostgreSQL's SQLSTATE, always five characters, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
    Postgres(String),
}

impl Code {
    fn of(code: &str) -> Self {
        // SQLite's extended codes have at most four digits; their low byte is the primary code.
        match code.parse::<i64>() {
            Ok(number) if code.len() < 5 => Self::Sqlite(number & 0xff),
            _ => Self::Postgres(code.to_owned()),
        }
    }
}

fn sqlite(code: i64, message: String) -> Option<Problem> {
    Some(match code {
        5 | 6 => Problem::Busy,
        3 | 8 => Problem::ReadOnly(message),
        11 => Problem::Corrupt(message),
        13 => Problem::Full,
        14 => Problem::CantOpen(message),
        26 => Problem::NotADatabase,
        _ => return None,
    })
}

fn postgres(code: &str, message: String) -> Option<Problem> {
    Some(match code {
        "53100" => Problem::Full,
        "25006" | "42501" => Problem::ReadOnly(message),
        "57P01" | "57P02" | "57P03" => Problem::Unreachable(message),
        "55P03" => Problem::Busy,
        "3D000" | "53300" => Problem::Refused(message),
        _ if code.starts_with("28") => Problem::Refused(message),
        _ if code.starts_with("08") => Problem::Unreachable(message),
        _ if code.starts_with("XX00") && code != "XX000" => Problem::Corrupt(message),
        _ => return None,
    })
}

/// Says where a problem happened.
pub(super) trait Located<T> {
    /// The same, naming the store.
    fn at(self, place: &str) -> Result<T, StoreError>;
}

impl<T, E: Into<Problem>> Located<T> for Result<T, E> {
    fn at(self, place: &str) -> Result<T, StoreError> {
        self.map_err(|error| StoreError { place: place.to_owned(), problem: error.into() })
    }
}

/// The longest key, in bytes. PostgreSQL's index takes entries of at most 2,704 bytes.
pub const MAX_KEY_BYTES: usize = 1024;

/// Whether a text can be the key of an article.
pub(super) fn check_key(key: &str) -> Result<(), Problem> {
    let reason = if key.is_empty() {
        "it is empty"
    } else if key.len() > MAX_KEY_BYTES {
        "it is longer than 1,024 bytes"
    } else if key.contains('\0') {
        "it holds a NUL character"
    } else {
        return Ok(());
    };
    let shown: Cow<'_, str> = key.chars().take(40).filter(|c| !c.is_control()).collect();
    Err(Problem::Key { shown: shown.into_owned(), reason })
}

/// Whether a text that is not an article's can be kept: PostgreSQL's text holds no NUL, its indexes no long names.
pub(super) fn check_text(what: &'static str, text: &str, longest: usize) -> Result<(), Problem> {
    if text.len() > longest || text.contains('\0') { Err(Problem::Text { what }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn databases_codes_are_told_apart() {
        assert!(matches!(Code::of("26"), Code::Sqlite(26)));
        assert!(matches!(Code::of("2067"), Code::Sqlite(19)));
        assert!(matches!(Code::of("53100"), Code::Postgres(_)));
        assert!(matches!(postgres("53100", String::new()), Some(Problem::Full)));
        assert!(matches!(postgres("28P01", String::new()), Some(Problem::Refused(_))));
        assert!(matches!(sqlite(13, String::new()), Some(Problem::Full)));
        assert!(postgres("23505", String::new()).is_none());
    }

    #[test]
    fn keys_that_no_index_takes_are_refused() {
        assert!(check_key("news/bridge").is_ok());
        for bad in ["", "a\0b", &"k".repeat(MAX_KEY_BYTES + 1)] {
            assert!(matches!(check_key(bad), Err(Problem::Key { .. })));
        }
    }
}
