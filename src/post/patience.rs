//! How long the loops of this folder wait for the store: a server that vanished without a word must not hang them for ever.

use std::time::Duration;

use crate::library::store::{Problem, Store, StoreError};

/// The longest that one call to the store may take: twice what one waits for a locked SQLite file.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is told in a channel when the library could not be asked: where it is and what its server said stands in the log alone.
pub(super) const UNREACHED: &str = "the library could not be reached";

/// What a call to the store gives, or that it gave nothing in time. A call that is dropped did its work whole or not at all.
pub(super) async fn within<T>(
    store: &Store,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    at_most(PATIENCE, store, call).await
}

async fn at_most<T>(
    patience: Duration,
    store: &Store,
    call: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let late = |_| StoreError { place: store.place().to_owned(), problem: Problem::TimedOut(patience) };
    tokio::time::timeout(patience, call).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::store::StoreUrl;

    #[tokio::test]
    async fn a_store_that_never_answers_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreUrl::file(folder.path().join("byline.db"))).await.unwrap();
        let never = std::future::pending::<Result<(), StoreError>>();
        let error = at_most(Duration::from_millis(5), &store, never).await.unwrap_err();
        assert!(matches!(error.problem, Problem::TimedOut(_)), "{error}");
        assert!(within(&store, store.give_back("nobody")).await.is_ok());
    }
}
