//! From schedules that are due to digests in the outbox.
//!
//! Every process may run a scheduler: schedules are leased, and a day is settled once (see
//! [`Store::post_digest`]). No clock is read but by [`Scheduler::run`].

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::patience::{UNREACHED, within};
use super::payload::Payload;
use crate::article::Published;
use crate::digest::daily::{self, Wanted};
use crate::digest::plan::{self, Channel, PlanError};
use crate::digest::schedule::Due;
use crate::library::store::{
    CollectionId, Covered, DigestToPost, DueSchedule, Problem, Settled, Store, StoreError, StoredId,
};
use crate::quotes::QuoteBook;
use crate::reply::{Outcome, Reply};
use crate::router::edition::Edition;
use crate::router::{self, Desk, OpenError};

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

/// For how long, unless somebody wants it otherwise. A batch takes seconds, and minutes where a large library's quotations must first be
/// found: leases are extended while it is worked on.
const LEASE: Duration = Duration::from_secs(60);

/// When a schedule is looked at again after its digest could not be made: first, and at the longest; it doubles in between.
const AFTER_FAILURE: (SignedDuration, SignedDuration) = (SignedDuration::from_mins(1), SignedDuration::from_mins(30));

/// How often it is tried to make a digest, which is for some four hours; then the day is settled without one.
const TRIES: u32 = 12;

/// The longest and the shortest sleep: another process may set a schedule that is due before all others, or hold one that is due.
const SLEEP: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(1));

/// The longest that one look at all schedules may take: longer than the quotations of any library take to be found.
const ROUND: Duration = Duration::from_secs(30 * 60);

/// What one look at the schedules came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Digests that were put into the outbox.
    pub posted: usize,
    /// Days on which nothing was new, and nothing was said.
    pub silent: usize,
    /// Days that were missed by too much: the next digest carries their articles.
    pub missed: usize,
    /// Digests that could not be made: they are tried again, for a while.
    pub failed: usize,
}

/// Why a digest was not made.
enum NotMade {
    /// Nothing can be made of its schedule.
    Schedule(PlanError),
    /// What it is made of, or the store, could not be had: another time it may be.
    Now(DeskError),
    /// These articles give no digest that could be kept: what they are not told in need not be tried again.
    Articles(DeskError, Covered),
}

impl From<StoreError> for NotMade {
    fn from(error: StoreError) -> Self {
        Self::Now(error.into())
    }
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

    /// The same scheduler with another lease. It is extended while digests are composed. Whose lease runs out all the same has worked
    /// for nothing: another one does it again, and the day is settled once.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// Looks at the schedules until `shutdown` completes; what it has leased by then is given back.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) {
        let work = async {
            loop {
                match tokio::time::timeout(ROUND, self.tick(Timestamp::now())).await {
                    Ok(Ok(tick)) if tick != Tick::default() => tracing::info!(?tick, "digests"),
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the schedules could not be looked at");
                        self.give_back().await;
                    }
                    Err(_) => {
                        tracing::warn!("a look at the schedules did not end, and is begun anew");
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
        if let Err(error) = within(&self.store, self.store.give_back_schedules(&self.owner)).await {
            tracing::warn!(%error, "leases on schedules were not given back, and run out by themselves");
        }
    }

    async fn pause(&self) -> Duration {
        let (longest, shortest) = SLEEP;
        let next = within(&self.store, self.store.next_schedule_at(&self.networks())).await.ok().flatten();
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
            let due =
                within(&self.store, self.store.due_schedules(&self.owner, &self.networks(), now, BATCH, self.lease))
                    .await?;
            if due.is_empty() {
                return Ok(tick);
            }
            let work = async {
                for schedule in due {
                    let Err(reason) = self.look_at(&schedule, now, &mut press, &mut tick).await else { continue };
                    tick.failed += 1;
                    self.not_made(&schedule, now, reason).await?;
                }
                Ok::<_, StoreError>(())
            };
            tokio::select! {
                biased;
                done = work => done?,
                never = self.keep_leases() => match never {},
            }
        }
    }

    /// Extends the leases on the schedules that are left, again and again.
    async fn keep_leases(&self) -> Infallible {
        // A third: two extensions may fail before they run out.
        let interval = (self.lease / 3).max(Duration::from_millis(10));
        loop {
            tokio::time::sleep(interval).await;
            if let Err(error) = within(&self.store, self.store.extend_schedules(&self.owner, self.lease)).await {
                tracing::warn!(%error, "leases on schedules were not extended");
            }
        }
    }

    /// Notes why a digest was not made. It is tried again for a while, and then the day is settled without one: the next digest
    /// carries its articles, unless it is they that can't be told.
    async fn not_made(&self, due: &DueSchedule, now: Timestamp, reason: NotMade) -> Result<(), StoreError> {
        let (reason, covered) = match reason {
            NotMade::Schedule(reason) => {
                tracing::error!(channel = %due.entry.channel, %reason, "a schedule is paused");
                within(&self.store, self.store.pause_schedule(due, &reason.to_string())).await?;
                return Ok(());
            }
            NotMade::Now(reason) => (reason, None),
            NotMade::Articles(reason, covered) => (reason, Some(covered)),
        };
        tracing::error!(channel = %due.entry.channel, %reason, failures = due.entry.failures, "a digest could not be made");
        let (first, longest) = AFTER_FAILURE;
        let wait = first.saturating_mul(1 << due.entry.failures.min(10)).min(longest);
        let later = Some(now.saturating_add(wait).unwrap_or(Timestamp::MAX));
        let last_try = due.entry.failures.saturating_add(1) >= TRIES;
        let day = match Channel::of(due.entry.clone()).map(|channel| channel.plan.due(channel.settled(now), now)) {
            Ok(Due::Now { for_day }) if last_try => for_day,
            _ => {
                within(&self.store, self.store.not_made(due, &told(&reason), None, None, later)).await?;
                return Ok(());
            }
        };
        let reason = told(&reason);
        let reason = match covered {
            None => format!("the digest of {day} could not be made: {reason}. The next one carries its articles."),
            Some(_) => format!("the digest of {day} could not be made: {reason}. Its articles are passed over."),
        };
        within(&self.store, self.store.not_made(due, &reason, Some(day), covered, Some(now))).await?;
        Ok(())
    }

    async fn look_at(
        &self,
        due: &DueSchedule,
        now: Timestamp,
        press: &mut Press<'_, D>,
        tick: &mut Tick,
    ) -> Result<(), NotMade> {
        let channel = Channel::of(due.entry.clone()).map_err(NotMade::Schedule)?;
        let moment = |until: Option<jiff::Zoned>| until.map(|until| until.timestamp());
        let settled = channel.settled(now);
        match channel.plan.due(settled, now) {
            Due::Wait { until } => {
                // A day that lies ahead is set right.
                let day = settled.filter(|_| settled != channel.kept.settled);
                within(&self.store, self.store.settle(due, day, None, moment(until))).await?;
            }
            Due::Skip { missed, until } => {
                tracing::warn!(channel = %channel.kept.channel, day = %missed, "missed: the next digest carries its articles");
                let settled = match &channel.kept.trouble {
                    // It was missed because it could not be made.
                    Some(reason) if channel.kept.failures > 0 => {
                        within(&self.store, self.store.not_made(due, reason, Some(missed), None, moment(until))).await?
                    }
                    _ => within(&self.store, self.store.settle(due, Some(missed), None, moment(until))).await?,
                };
                if settled == Settled::Done {
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
    ) -> Result<(), NotMade> {
        let kept = &channel.kept;
        let desk = press.desk(due.collection).await.map_err(NotMade::Now)?;
        let book = Arc::clone(desk.book().await.map_err(|error| NotMade::Now(error.into()))?);
        let had = within(&self.store, self.store.had(kept.community, &kept.channel, kept.covered.to)).await?;
        let wanted = channel.wanted(desk.library(), &had, now);
        let covered = channel.covered(desk.library(), now);
        let articles = |error: DeskError| NotMade::Articles(error, covered);
        let made = press.make(due.collection, &desk, book, wanted, day).await.map_err(articles)?;
        let (payload, had) = match &*made {
            Made { payload: Some(payload), given } => (payload.clone(), given.clone()),
            Made { payload: None, .. } if channel.plan.tells_nothing_new => {
                let since = kept.covered.at.to_zoned(channel.plan.schedule.zone.clone()).date();
                let words = format!("Nothing is new since {}.", Published::on(since));
                let reply = Reply::text(Outcome::NotInArticles, words);
                (Payload::reply(reply, desk.library()).to_json().map_err(|error| articles(error.into()))?, Vec::new())
            }
            Made { payload: None, .. } => {
                if within(&self.store, self.store.settle(due, Some(day), Some(covered), next_at)).await?
                    == Settled::Done
                {
                    tick.silent += 1;
                }
                return Ok(());
            }
        };
        let digest = DigestToPost { day, payload, had, covered, next_at };
        let posted =
            within(&self.store, self.store.post_digest(due, &digest)).await.map_err(|error| match error.problem {
                Problem::Text { .. } => articles(error.into()),
                _ => NotMade::from(error),
            });
        match posted? {
            Settled::Done => tick.posted += 1,
            // The next look gives the day that this one was passed over for.
            Settled::AlreadyPosted | Settled::Lost => {}
        }
        Ok(())
    }
}

/// Why a digest was not made, for everybody in its channel: not where the library is, nor what its server said.
fn told(reason: &DeskError) -> String {
    let of_store = |error: &StoreError| match &error.problem {
        problem @ Problem::Text { .. } => problem.to_string(),
        _ => UNREACHED.to_owned(),
    };
    let of_desk = |error: &router::DeskError| match error {
        router::DeskError::Store(error) => of_store(error),
        router::DeskError::Match(_) => "the articles could not be searched".to_owned(),
        router::DeskError::Task(_) => DEFECT.to_owned(),
    };
    if let Some(error) = reason.downcast_ref::<StoreError>() {
        of_store(error)
    } else if let Some(error) = reason.downcast_ref::<router::DeskError>() {
        of_desk(error)
    } else if let Some(error) = reason.downcast_ref::<OpenError>() {
        match error {
            OpenError::Store(error) => of_store(error),
            OpenError::Desk(error) => of_desk(error),
            OpenError::TimedOut => UNREACHED.to_owned(),
        }
    } else if reason.is::<tokio::task::JoinError>() {
        DEFECT.to_owned()
    } else {
        reason.to_string()
    }
}

/// What is told of work that ended early.
const DEFECT: &str = "a defect of Byline; its log has the details";

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
        book: Arc<QuoteBook>,
        wanted: Wanted,
        day: Date,
    ) -> Result<Arc<Made>, DeskError> {
        let same =
            |made: &&(CollectionId, Wanted, Date, Arc<Made>)| (made.0, &made.1, made.2) == (collection, &wanted, day);
        if let Some((.., made)) = self.made.iter().find(same) {
            return Ok(Arc::clone(made));
        }
        let (desk, ordered) = (Arc::clone(desk), wanted.clone());
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
