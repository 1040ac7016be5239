//! Answers that were promised when the process died: its successor tells the people who still wait.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use super::bot::Bot;
use super::page;

/// For how long after the promise an answer can be given: Discord's 15 minutes, less one for clocks that differ.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(14);

/// How long noting a promise may take: the answer does not wait for it.
const PATIENCE: Duration = Duration::from_secs(1);

impl Bot {
    /// Notes that an answer was promised.
    pub async fn note_promise(&self, application: u64, token: &str) {
        let until = Timestamp::now().saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX);
        let application = application.to_string();
        let noted = self.store.promise(&self.owner, &application, token, until);
        if let Ok(Err(error)) = timeout(PATIENCE, noted).await {
            tracing::warn!(%error, "a promise could not be noted");
        }
    }

    /// Notes that it was kept.
    pub async fn note_promise_kept(&self, token: &str) {
        if let Err(error) = self.store.promise_kept(token).await {
            tracing::warn!(%error, "a kept promise could not be noted");
        }
    }

    /// Tells those who wait for answers that a process before this one promised.
    pub async fn tell_broken_promises(&self) {
        let promises = match self.store.promises(&self.owner).await {
            Ok(promises) => promises,
            Err(error) => return tracing::warn!(%error, "broken promises are not known"),
        };
        for (application, token) in promises {
            let body = page::line("I was restarted while I looked this up. Ask again, please.");
            if let Ok(application) = application.parse()
                && let Err(error) = self.rest.edit(application, &token, &body).await
            {
                tracing::warn!(%error, "a broken promise could not be told");
            }
            self.note_promise_kept(&token).await;
        }
    }
}
