//! From schedules that are due to digests in the outbox.
//!
//! Every process may run a scheduler: schedules are leased, and a day is settled once (see
//! [`Store::post_digest`]). No clock is read but by [`Scheduler::run`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::payload::Payload;
use crate::article::Published;
use crate::digest::daily::{self, Wanted};
use crate::digest::plan::{self, Channel};
use crate::digest::schedule::Due;
use crate::library::store::{CollectionId, DigestToPost, DueSchedule, Settled, Store, StoreError, StoredId};
use crate::reply::{Outcome, Reply};
use crate::router::Desk;
use crate::router::edition::Edition;

/// Why a desk can't be had.
pub type DeskError = Box<dyn std::error::Error + Send + Sync>;

/// Where a scheduler gets the articles of a collection from. A closure that returns a future will do.
///
/// A desk may lag behind the store: what it does not hold yet is in the next digest.
pub trait Desks: Send + Sync {
    /// The desk of a collection as it is now.
    fn desk(&self, collection: CollectionId) -> impl Future<Output = Result<Arc<Desk>, DeskError>> + Send;
}

impl<F, D> Desks for F
where
    F: Fn(CollectionId) -> D + Send + Sync,
    D: Future<Output = Result<Arc<Desk>, DeskError>> + Send,
{
    fn desk(&self, collection: CollectionId) -> impl Future<Output = Result<Arc<Desk>, DeskError>> + Send {
        self(collection)
    }
}

impl Desks for crate::router::Desks {
    async fn desk(&self, collection: CollectionId) -> Result<Arc<Desk>, DeskError> {
        Ok(Self::desk(self, collection).await?)
    }
}

/// Schedules that are leased at once.
const BATCH: u32 = 32;

/// For how long: a batch takes seconds, and minutes where a large library's quotations must first be found.
const LEASE: Duration = Duration::from_secs(5 * 60);

/// When a schedule is looked at again after its digest could not be made.
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(60);

/// The longest and the shortest sleep: another process may set a schedule that is due before all others, or hold one that is due.
const SLEEP: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(1));

/// What one look at the schedules came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Digests that were put into the outbox.
    pub posted: usize,
    /// Days on which nothing was new, and nothing was said.
    pub silent: usize,
    /// Days that were missed by too much: the next digest carries their articles.
    pub missed: usize,
    /// Digests that could not be made: they are tried again in a minute.
    pub failed: usize,
}

/// Composes the digests that are due.
#[derive(Debug)]
pub struct Scheduler<D> {
    store: Store,
    desks: D,
    networks: Vec<String>,
    owner: String,
    lease: Duration,
}

impl<D: Desks> Scheduler<D> {
    /// A scheduler for the channels of these networks: those that this process can post on. What is due on a network that nobody is on
    /// waits for its next digest there, and not in the outbox. `owner` is a name that no other scheduler has, alive or dead: with a random part, not only the machine's.
    #[must_use]
    pub fn new(store: Store, desks: D, networks: &[&str], owner: impl Into<String>) -> Self {
        let networks = networks.iter().map(|network| (*network).to_owned()).collect();
        Self { store, desks, networks, owner: owner.into(), lease: LEASE }
    }

    fn networks(&self) -> Vec<&str> {
        self.networks.iter().map(String::as_str).collect()
    }

    /// The same scheduler with another lease. Whose lease runs out while it composes has worked for nothing: another one does it
    /// again, and the day is settled once.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Looks at the schedules until `shutdown` completes; what it has leased by then is given back.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            loop {
                match self.tick(Timestamp::now()).await {
                    Ok(tick) if tick != Tick::default() => tracing::info!(?tick, "digests"),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "the schedules could not be looked at");
                        self.give_back().await;
                    }
                }
                tokio::time::sleep(self.pause().await).await;
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown => {}
        }
        self.give_back().await;
    }

    async fn give_back(&self) {
        if let Err(error) = self.store.give_back_schedules(&self.owner).await {
            tracing::warn!(%error, "leases on schedules were not given back, and run out by themselves");
        }
    }

    async fn pause(&self) -> Duration {
        let (longest, shortest) = SLEEP;
        let next = self.store.next_schedule_at(&self.networks()).await.ok().flatten();
        let until = next.map(|next| Timestamp::now().duration_until(next));
        until.map_or(longest, |until| Duration::try_from(until).unwrap_or_default().clamp(shortest, longest))
    }

    /// Settles every schedule that is due at `now`. May be dropped at any moment, and called again.
    ///
    /// # Errors
    /// What the store may answer. What was settled before stays settled.
    pub async fn tick(&self, now: Timestamp) -> Result<Tick, StoreError> {
        let mut tick = Tick::default();
        let mut press = Press { desks: &self.desks, at_hand: HashMap::new(), made: Vec::new() };
        loop {
            let due = self.store.due_schedules(&self.owner, &self.networks(), now, BATCH, self.lease).await?;
            if due.is_empty() {
                return Ok(tick);
            }
            for schedule in due {
                let Err(reason) = self.look_at(&schedule, now, &mut press, &mut tick).await else { continue };
                tracing::error!(channel = %schedule.entry.channel, %reason, "a digest could not be made");
                tick.failed += 1;
                let later = now.saturating_add(AFTER_FAILURE).unwrap_or(Timestamp::MAX);
                self.store.settle(&schedule, None, None, Some(later)).await?;
            }
        }
    }

    async fn look_at(
        &self,
        due: &DueSchedule,
        now: Timestamp,
        press: &mut Press<'_, D>,
        tick: &mut Tick,
    ) -> Result<(), DeskError> {
        let channel = Channel::of(due.entry.clone())?;
        let moment = |until: Option<jiff::Zoned>| until.map(|until| until.timestamp());
        match channel.plan.due(channel.kept.settled, now) {
            Due::Wait { until } => drop(self.store.settle(due, None, None, moment(until)).await?),
            Due::Skip { missed, until } => {
                tracing::warn!(channel = %channel.kept.channel, day = %missed, "missed: the next digest carries its articles");
                if self.store.settle(due, Some(missed), None, moment(until)).await? == Settled::Done {
                    tick.missed += 1;
                }
            }
            Due::Now { for_day } => {
                let next_at = match channel.plan.due(Some(for_day), now) {
                    Due::Wait { until } | Due::Skip { until, .. } => moment(until),
                    Due::Now { .. } => Some(now),
                };
                self.post(due, &channel, for_day, next_at, now, press, tick).await?;
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "all are parts of one look at one schedule")]
    async fn post(
        &self,
        due: &DueSchedule,
        channel: &Channel,
        day: Date,
        next_at: Option<Timestamp>,
        now: Timestamp,
        press: &mut Press<'_, D>,
        tick: &mut Tick,
    ) -> Result<(), DeskError> {
        let kept = &channel.kept;
        let desk = press.desk(due.collection).await?;
        let had = self.store.had(kept.community, &kept.channel, kept.covered.to).await?;
        let wanted = channel.wanted(desk.library(), &had);
        let covered = channel.covered(desk.library(), now);
        let made = press.make(due.collection, &desk, wanted, day).await?;
        let (payload, had) = match &*made {
            Made { payload: Some(payload), given } => (payload.clone(), given.clone()),
            Made { payload: None, .. } if channel.plan.tells_nothing_new => {
                let since = kept.covered.at.to_zoned(channel.plan.schedule.zone.clone()).date();
                let words = format!("Nothing is new since {}.", Published::on(since));
                let reply = Reply::text(Outcome::NotInArticles, words);
                (Payload::reply(reply, desk.library()).to_json()?, Vec::new())
            }
            Made { payload: None, .. } => {
                if self.store.settle(due, Some(day), Some(covered), next_at).await? == Settled::Done {
                    tick.silent += 1;
                }
                return Ok(());
            }
        };
        let digest = DigestToPost { day, payload, had, covered, next_at };
        match self.store.post_digest(due, &digest).await? {
            Settled::Done => tick.posted += 1,
            // The next look gives the day that this one was passed over for.
            Settled::AlreadyPosted | Settled::Lost => {}
        }
        Ok(())
    }
}

/// Makes digests, each once: on the hour, many channels order the same one.
struct Press<'d, D> {
    desks: &'d D,
    at_hand: HashMap<CollectionId, Arc<Desk>>,
    made: Vec<(CollectionId, Wanted, Date, Arc<Made>)>,
}

/// A digest as it is queued; nothing when nothing is new.
struct Made {
    payload: Option<serde_json::Value>,
    given: Vec<StoredId>,
}

impl<D: Desks> Press<'_, D> {
    async fn desk(&mut self, collection: CollectionId) -> Result<Arc<Desk>, DeskError> {
        if let Some(desk) = self.at_hand.get(&collection) {
            return Ok(Arc::clone(desk));
        }
        let desk = self.desks.desk(collection).await?;
        self.at_hand.insert(collection, Arc::clone(&desk));
        Ok(desk)
    }

    async fn make(
        &mut self,
        collection: CollectionId,
        desk: &Arc<Desk>,
        wanted: Wanted,
        day: Date,
    ) -> Result<Arc<Made>, DeskError> {
        let same =
            |made: &&(CollectionId, Wanted, Date, Arc<Made>)| (made.0, &made.1, made.2) == (collection, &wanted, day);
        if let Some((.., made)) = self.made.iter().find(same) {
            return Ok(Arc::clone(made));
        }
        let (desk, book, ordered) = (Arc::clone(desk), Arc::clone(desk.book().await?), wanted.clone());
        // Finding quotations and comparing articles takes up to seconds: not on the threads that answer.
        let made = tokio::task::spawn_blocking(move || {
            let library = desk.library();
            let digest = daily::compose(library, &book, &ordered);
            if digest.stories.is_empty() {
                return Ok(Made { payload: None, given: Vec::new() });
            }
            let title = format!("Digest of {}", Published::on(day));
            let edition = Edition::of(library, &book, &digest, title);
            let payload = Payload::digest(edition, library).to_json()?;
            Ok::<_, serde_json::Error>(Made { payload: Some(payload), given: plan::given(library, &digest) })
        });
        let made = Arc::new(made.await??);
        self.made.push((collection, wanted, day, Arc::clone(&made)));
        Ok(made)
    }
}
