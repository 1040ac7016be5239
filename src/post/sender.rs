//! Empties the outbox: leases, sends, records.
//!
//! Every process may run a sender for the networks that it is on. Of one channel, postings go in order, one at a time; channels go
//! side by side, so that one that hangs or fails delays no other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::courier::{Courier, Delivered, Posting, Undelivered};
use super::patience::{UNREACHED, within};
use super::payload::{Payload, Unsendable};
use super::retry::{Retry, chance};
use crate::library::store::{AfterFailure, Job, Store, StoreError};

/// How a sender works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderOptions {
    /// The most postings that are sent at once on each network: those of a network that hangs delay no other's.
    pub at_once: usize,
    /// For how long a job is leased; the lease is extended while it is sent.
    pub lease: Duration,
    /// The longest that one delivery may take.
    pub patience: Duration,
    /// How often the outbox is looked at when nobody tells of a new job: what another process queues is seen then.
    pub look: Duration,
    /// How long deliveries that are under way may take to end when we stop.
    pub grace: Duration,
    /// When a posting is tried again, and when it is given up.
    pub retry: Retry,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self {
            at_once: 16,
            lease: Duration::from_secs(60),
            patience: Duration::from_secs(120),
            look: Duration::from_secs(1),
            grace: Duration::from_secs(10),
            retry: Retry::default(),
        }
    }
}

/// How often it is tried to record what became of a posting, and the wait before the second time, which doubles. After that, the
/// lease runs out and the posting is sent again, under its key.
const RECORDING: (u32, Duration) = (6, Duration::from_millis(200));

/// How long what a sent posting said is kept, for people who look into the outbox, and how often that is looked at.
const KEEP: (Duration, Duration) = (Duration::from_secs(7 * 24 * 60 * 60), Duration::from_secs(60 * 60));

/// How long what a posting said that was given up is kept, so that it can be taken up again.
const KEEP_GIVEN_UP: Duration = Duration::from_secs(4 * 7 * 24 * 60 * 60);

/// Empties the outbox.
#[derive(Clone)]
pub struct Sender {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    owner: String,
    /// The networks, each with its free hands.
    couriers: Vec<(Arc<dyn Courier>, Arc<Semaphore>)>,
    options: SenderOptions,
}

/// From one moment to a later one.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(from.duration_until(to)).unwrap_or_default()
}

/// What became of an attempt.
enum Attempt {
    Sent(Delivered),
    Failed {
        after: Option<Duration>,
        reason: String,
    },
    GivenUp(String),
    ChannelGone(String),
    /// Another sender has the job now.
    Lost,
}

impl Sender {
    /// A sender for the networks of these couriers. `owner` is a name that no other sender has, alive or dead: with a random part, not
    /// only the machine's.
    #[must_use]
    pub fn new(
        store: Store,
        couriers: Vec<Arc<dyn Courier>>,
        owner: impl Into<String>,
        options: SenderOptions,
    ) -> Self {
        let hands = || Arc::new(Semaphore::new(options.at_once.clamp(1, Semaphore::MAX_PERMITS)));
        let couriers = couriers.into_iter().map(|courier| (courier, hands())).collect();
        Self { inner: Arc::new(Inner { store, owner: owner.into(), couriers, options }) }
    }

    /// Sends what is due until `shutdown` completes. Deliveries that are under way are then waited for, for
    /// [`SenderOptions::grace`]; the leases of those that did not end are given back.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let mut queued = self.inner.store.queued();
        let mut sending = JoinSet::new();
        let (keep, often) = KEEP;
        let mut forget_at = Instant::now();
        tokio::pin!(shutdown);
        loop {
            queued.borrow_and_update();
            // What was leased when we are told to stop, and not begun, is given back below.
            let filled = tokio::select! {
                () = &mut shutdown => break,
                filled = async {
                    if Instant::now() >= forget_at {
                        let store = &self.inner.store;
                        within(store, store.forget_payloads(keep)).await?;
                        within(store, store.forget_given_up(KEEP_GIVEN_UP)).await?;
                        forget_at = Instant::now() + often;
                    }
                    self.fill(&mut sending).await
                } => filled,
            };
            if let Err(error) = filled {
                tracing::warn!(%error, "the outbox could not be looked at");
            }
            // When all hands are full, only one that gets free is of interest.
            let full = self.inner.couriers.iter().all(|(_, hands)| hands.available_permits() == 0);
            tokio::select! {
                () = &mut shutdown => break,
                Some(ended) = sending.join_next() => tell_all(ended, &mut sending),
                _ = queued.changed(), if !full => {}
                () = tokio::time::sleep(self.inner.options.look), if !full => {}
            }
        }
        let end = async {
            while let Some(ended) = sending.join_next().await {
                tell(ended);
            }
        };
        if tokio::time::timeout(self.inner.options.grace, end).await.is_err() {
            sending.shutdown().await;
        }
        let store = &self.inner.store;
        if let Err(error) = within(store, store.give_back(&self.inner.owner)).await {
            tracing::warn!(%error, "leases on postings were not given back, and run out by themselves");
        }
    }

    /// Sends what is due until nothing is: what must be tried later is left.
    ///
    /// # Errors
    /// What the store may answer when it is asked for jobs.
    pub async fn drain(&self) -> Result<(), StoreError> {
        let mut sending = JoinSet::new();
        loop {
            self.fill(&mut sending).await?;
            match sending.join_next().await {
                Some(ended) => tell_all(ended, &mut sending),
                None => return Ok(()),
            }
        }
    }

    /// Sends one leased job and records what became of it.
    #[cfg(test)]
    pub(super) async fn send(&self, job: &Job) {
        self.inner.send(job).await;
    }

    /// Starts sending as many jobs of each network as it has hands free.
    async fn fill(&self, sending: &mut JoinSet<()>) -> Result<(), StoreError> {
        let Inner { store, owner, couriers, options } = &*self.inner;
        for (courier, hands) in couriers {
            let free = u32::try_from(hands.available_permits()).unwrap_or(u32::MAX);
            if free == 0 {
                continue;
            }
            for job in within(store, store.lease(owner, &[courier.network()], free, options.lease)).await? {
                let inner = Arc::clone(&self.inner);
                let hand = Arc::clone(hands).try_acquire_owned();
                sending.spawn(async move {
                    inner.send(&job).await;
                    drop(hand);
                });
            }
        }
        Ok(())
    }
}

/// What ended, with whatever ended beside it: their places are filled by one look at the outbox.
fn tell_all(ended: Result<(), tokio::task::JoinError>, sending: &mut JoinSet<()>) {
    tell(ended);
    while let Some(ended) = sending.try_join_next() {
        tell(ended);
    }
}

/// A task that panicked: its lease runs out, and its job is tried again, for as often as jobs are.
fn tell(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(%error, "a posting ended in a defect");
    }
}

impl Inner {
    async fn send(&self, job: &Job) {
        let attempt = self.attempt(job).await;
        let (most, first) = RECORDING;
        for tried in 0..most {
            match within(&self.store, self.record(job, &attempt)).await {
                Ok(()) => return,
                Err(error) => tracing::warn!(key = %job.key, %error, "what became of a posting was not recorded"),
            }
            tokio::time::sleep(first * 2u32.saturating_pow(tried)).await;
        }
        tracing::error!(key = %job.key, "not recorded: the posting is sent again, under its key, when its lease has run out");
    }

    /// Sends a job, and keeps its lease meanwhile.
    async fn attempt(&self, job: &Job) -> Attempt {
        // Those before may have ended with the process, and nobody was left to count them.
        if job.attempt > self.options.retry.attempts {
            return Attempt::GivenUp(format!("tried {} times without an answer", job.attempt - 1));
        }
        // Until the first attempt: whatever was tried in time is tried for its day.
        let waited = between(job.since, job.first_tried);
        if waited > self.options.retry.stale {
            return Attempt::GivenUp(format!("it waited for {} days", waited.as_secs() / (24 * 60 * 60)));
        }
        let Some((courier, _)) = self.couriers.iter().find(|(courier, _)| courier.network() == job.network) else {
            return Attempt::Failed { after: None, reason: format!("no one here is on {}", job.network) };
        };
        let deliver = async {
            let payload = Payload::of_json(&job.payload).map_err(Unsendable::from);
            let checked = match payload {
                Ok(payload) => payload.check(&self.store).await,
                Err(unreadable) => Err(unreadable),
            };
            let reply = match checked {
                Ok(reply) => reply,
                Err(Unsendable::Store(error)) => {
                    tracing::warn!(key = %job.key, %error, "what a posting quotes could not be read");
                    return Attempt::Failed { after: None, reason: UNREACHED.to_owned() };
                }
                Err(never) => return Attempt::GivenUp(never.to_string()),
            };
            let Job { key, destination, community, attempt, .. } = job.clone();
            let posting = Posting { key, channel: destination, community, attempt, reply };
            match courier.deliver(&posting).await {
                Ok(delivered) => Attempt::Sent(delivered),
                Err(Undelivered::Retry { after, reason }) => Attempt::Failed { after, reason },
                Err(Undelivered::Rejected { reason }) => Attempt::GivenUp(reason),
                Err(Undelivered::Gone { reason }) => Attempt::ChannelGone(reason),
            }
        };
        tokio::select! {
            ended = tokio::time::timeout(self.options.patience, deliver) => ended.unwrap_or_else(|_| Attempt::Failed {
                after: None,
                reason: format!("no answer within {} s", self.options.patience.as_secs()),
            }),
            () = self.keep_lease(job) => Attempt::Lost,
        }
    }

    /// Extends the lease again and again; ends when it is not ours any more.
    async fn keep_lease(&self, job: &Job) {
        // A third: two extensions may fail before it runs out.
        let interval = (self.options.lease / 3).max(Duration::from_millis(10));
        loop {
            tokio::time::sleep(interval).await;
            match within(&self.store, self.store.extend(job, self.options.lease)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(key = %job.key, %error, "a lease was not extended"),
            }
        }
    }

    async fn record(&self, job: &Job, attempt: &Attempt) -> Result<(), StoreError> {
        let Job { key, network, destination, .. } = job;
        match attempt {
            Attempt::Lost => tracing::info!(%key, "another sender has the posting now"),
            Attempt::Sent(delivered) => {
                self.store.sent(job, delivered.network_id.as_deref()).await?;
                tracing::info!(%key, "posted");
            }
            Attempt::Failed { after, reason } => {
                match self.options.retry.wait(job.attempt, *after, between(job.first_tried, job.leased), chance()) {
                    Some(wait) => {
                        self.store.failed(job, reason, AfterFailure::RetryIn(wait)).await?;
                        tracing::warn!(%key, %reason, attempt = job.attempt, ?wait, "not posted, tried again");
                    }
                    None => self.give_up(job, &format!("tried {} times, at last: {reason}", job.attempt)).await?,
                }
            }
            Attempt::GivenUp(reason) => self.give_up(job, reason).await?,
            Attempt::ChannelGone(reason) => {
                self.give_up(job, reason).await?;
                let stopped = self.store.channel_gone(network, destination, reason).await?;
                tracing::warn!(%network, channel = %destination, %reason, schedules = stopped, "the channel is gone");
            }
        }
        Ok(())
    }

    async fn give_up(&self, job: &Job, reason: &str) -> Result<(), StoreError> {
        self.store.failed(job, reason, AfterFailure::GiveUp).await?;
        tracing::error!(key = %job.key, %reason, "given up");
        Ok(())
    }
}
