//! An entry that waits for its page: fetched, read, and its article added.

use std::time::Duration;

use url::Url;

use super::entry::Waiting;
use super::{Inner, Poller, from_now};
use crate::intake::fetch::{FetchError, Wanted};
use crate::library::store::{DueEntry, EntryCame, PageHeld, StoreError};

/// How often a page is tried that could not be had for now, over some nine hours: then it is left out.
const TRIES: u32 = 6;

impl Poller {
    /// Fetches the page of an entry and settles it. Whether its article is new; nothing when another process was first.
    pub(super) async fn page(&self, due: &DueEntry) -> Result<Option<bool>, StoreError> {
        let Inner { store, fetcher, .. } = &*self.0;
        let Ok(waiting) = serde_json::from_str::<Waiting>(&due.entry) else {
            return store.settle_entry(due, EntryCame::LeftOut("what is kept of it can't be read".to_owned())).await;
        };
        // Meanwhile somebody may have added it, or another feed.
        match store.page_held(due.collection, &waiting.link).await? {
            Some(PageHeld::Held(_)) => return store.settle_entry(due, EntryCame::Known).await,
            Some(PageHeld::Removed(_)) => {
                let reason = "it was in the library, and was taken out".to_owned();
                return store.settle_entry(due, EntryCame::LeftOut(reason)).await;
            }
            None => {}
        }
        let Ok(url) = Url::parse(&waiting.link) else {
            return store.settle_entry(due, EntryCame::LeftOut("its address is none".to_owned())).await;
        };
        let fetched = match fetcher.get(&url, &Wanted::page()).await {
            Ok(fetched) => fetched,
            // Nothing was asked of the site.
            Err(FetchError::Busy { .. }) => {
                let came = EntryCame::Later(from_now(self.wait(0)));
                return store.settle_entry(due, came).await;
            }
            Err(error) if error.is_temporary() => return self.later(due, &error.to_string()).await,
            Err(error) => return self.without_page(due, waiting, error.to_string()).await,
        };
        let (reading, outlet) = (waiting.clone(), due.outlet.clone());
        // Finding an article in a large page takes tens of milliseconds.
        match self.0.aside.run(move || reading.of_page(&fetched, &outlet)).await {
            Ok(Ok(article)) => store.settle_entry(due, EntryCame::Article(Box::new(article))).await,
            Ok(Err(error)) => self.without_page(due, waiting, error.to_string()).await,
            Err(error) => self.without_page(due, waiting, error.to_string()).await,
        }
    }

    /// Settles an entry whose page can't be had: what the feed carries of it serves, if that is enough.
    async fn without_page(&self, due: &DueEntry, waiting: Waiting, reason: String) -> Result<Option<bool>, StoreError> {
        let outlet = due.outlet.clone();
        let own = self.0.aside.run(move || waiting.own(&outlet)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "what a feed carries of an entry could not be read");
            None
        });
        let came = own.map_or(EntryCame::LeftOut(reason), |article| EntryCame::Article(Box::new(article)));
        self.0.store.settle_entry(due, came).await
    }

    /// Puts an entry off whose page could not be had now; after so many times it is left out.
    pub(super) async fn later(&self, due: &DueEntry, reason: &str) -> Result<Option<bool>, StoreError> {
        if due.failures.saturating_add(1) < TRIES {
            let came = EntryCame::Later(from_now(self.wait(due.failures)));
            return self.0.store.settle_entry(due, came).await;
        }
        match serde_json::from_str::<Waiting>(&due.entry) {
            Ok(waiting) => self.without_page(due, waiting, reason.to_owned()).await,
            Err(_) => self.0.store.settle_entry(due, EntryCame::LeftOut(reason.to_owned())).await,
        }
    }

    /// The wait before a page is tried again: from a minute on, or less where feeds are looked at more often, four times as long
    /// each time.
    fn wait(&self, failures: u32) -> Duration {
        let first = self.0.options.bounds.shortest.min(Duration::from_secs(60));
        first.saturating_mul(1 << (2 * failures.min(6))).mul_f64(1.0 + fastrand::f64() / 4.0)
    }
}
