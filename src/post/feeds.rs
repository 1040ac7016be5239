//! Telling of feeds that fail, end or recover.
//!
//! To whom: to the channel in which a feed was subscribed to, for there its managers are; they choose it by subscribing there, and
//! not where readers talk. How often: once when a feed has failed [`FAILURES`] times in a row, which takes hours, once when it ends, and once
//! when it is read again; of a feed that flaps at most once a week. All feeds of a channel of which there is something to tell at one time are told in
//! one posting, and while no feed at all can be read nothing is: then the trouble is this machine's. `/feeds list` shows at any
//! time how each fares.

use std::time::Duration;

use super::payload::Payload;
use crate::library::Library;
use crate::library::store::{FeedNews, Store, StoreError, ToTell};
use crate::reply::{Block, Outcome, Reply};

/// After so many failures in a row it is told that a feed fails. With the shortest interval of ten minutes, which doubles with
/// each, these are two and a half hours.
pub const FAILURES: u32 = 5;

/// How often is looked for something to tell.
const EVERY: Duration = Duration::from_secs(60);

/// The most feeds that are named in one posting.
const MOST_NAMED: usize = 10;

/// Tells of feeds.
#[derive(Debug)]
pub struct FeedTeller {
    store: Store,
    networks: Vec<String>,
}

impl FeedTeller {
    /// One for the channels of these networks: those that this process can post on.
    #[must_use]
    pub fn new(store: Store, networks: &[&str]) -> Self {
        Self { store, networks: networks.iter().map(|network| (*network).to_owned()).collect() }
    }

    /// Tells until `shutdown` completes.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            loop {
                match tokio::time::timeout(EVERY, self.tick()).await {
                    Ok(Ok(0)) => {}
                    Ok(Ok(postings)) => tracing::info!(postings, "told of feeds"),
                    Ok(Err(error)) => tracing::warn!(%error, "it could not be told of feeds"),
                    Err(_) => tracing::warn!("the store did not say which feeds are to be told of"),
                }
                tokio::time::sleep(EVERY).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
    }

    /// Queues what there is to tell; how many postings that were. May be dropped at any moment.
    ///
    /// # Errors
    /// What the store may answer. What was queued before stays queued.
    pub async fn tick(&self) -> Result<usize, StoreError> {
        let networks: Vec<&str> = self.networks.iter().map(String::as_str).collect();
        let all = self.store.feeds_to_tell(&networks, FAILURES).await?;
        let mut queued = 0;
        for told in all.chunk_by(|a, b| (&a.network, &a.channel) == (&b.network, &b.channel)) {
            let payload = match Payload::reply(notice(told), &Library::default()).to_json() {
                Ok(payload) => payload,
                Err(error) => {
                    tracing::error!(%error, "what is to be told of feeds can't be written");
                    continue;
                }
            };
            queued += usize::from(self.store.tell_of_feeds(told, &payload).await?);
        }
        Ok(queued)
    }
}

/// What is posted.
fn notice(told: &[ToTell]) -> Reply {
    let heading = match told {
        [ToTell { news: FeedNews::Recovered, .. }] => "A feed can be read again".to_owned(),
        [ToTell { news: FeedNews::Ended(_), .. }] => "A feed has ended".to_owned(),
        [_] => "A feed can't be read".to_owned(),
        several => format!("News of {} feeds", several.len()),
    };
    let mut reply = Reply::new(Outcome::Told).with(Block::Heading(heading));
    for ToTell { number, name, news, .. } in told.iter().take(MOST_NAMED) {
        let about = match news {
            FeedNews::Failing { failures, since, reason } => {
                let since = since.strftime("%-d %B, %H:%M UTC");
                format!(
                    "could not be read {failures} times in a row, since {since}: {reason}. It is tried on, ever more rarely."
                )
            }
            FeedNews::Ended(reason) => format!("is looked at no more: {reason}."),
            FeedNews::Recovered => "can be read again.".to_owned(),
        };
        reply = reply.with(Block::Item { name: format!("#{number} {name}"), about });
    }
    let more = told.len().saturating_sub(MOST_NAMED);
    if more > 0 {
        reply = reply.with(Block::Text(format!("… and {more} more.")));
    }
    reply.with(Block::Text("/feeds list shows how all fare.".to_owned()))
}
