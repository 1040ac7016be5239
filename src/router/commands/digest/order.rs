//! `/digest set`, `show` and `off`: when a channel is given its digest.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::SIZE;
use crate::digest::plan::{self, Channel, Plan, PlanError};
use crate::digest::schedule::Schedule;
use crate::library::store::{JobFilter, JobState, Problem as Unkept, StoreError};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Spec};
use crate::router::{Args, Problem, Request, present};

const TIME: OptionSpec =
    OptionSpec { name: "time", about: "The time of day: 08:30, 17:00, 5 pm", kind: Kind::Words, required: true };

const ZONE: OptionSpec = OptionSpec {
    name: "zone",
    about: "The time zone (Europe/Berlin); if not given, the one set before, else this machine's",
    kind: Kind::Zone,
    required: false,
};

const DAYS: OptionSpec = OptionSpec {
    name: "days",
    about: "The days: mon-fri, “tue, sat”, weekdays, weekends, daily (if not given)",
    kind: Kind::Words,
    required: false,
};

const LATE: OptionSpec = OptionSpec {
    name: "late",
    about: "After downtime, how many hours late it may still be posted; 6 if not given",
    kind: Kind::Number { min: 0, max: 168 },
    required: false,
};

const QUIET: &str = "silent";
const TELL: &str = "tell";

const EMPTY: OptionSpec = OptionSpec {
    name: "empty",
    about: "When nothing is new: stay silent (if not given), or tell so",
    kind: Kind::Choice(&[QUIET, TELL]),
    required: false,
};

pub(super) const SET: Spec = Spec {
    name: "set",
    about: "Post a digest in this channel at this time of the day",
    options: &[TIME, ZONE, DAYS, SIZE, LATE, EMPTY],
    parts: &[],
    example: "digest set 08:30 --zone Europe/Berlin --days mon-fri",
    audience: Audience::Managers,
    run: |request, args| Box::pin(set(request, args)),
};

pub(super) const SHOW: Spec = Spec {
    name: "show",
    about: "When this channel is given its digest, and what became of the last ones",
    options: &[],
    parts: &[],
    example: "digest show",
    audience: Audience::Everyone,
    run: |request, _| Box::pin(show(request)),
};

pub(super) const OFF: Spec = Spec {
    name: "off",
    about: "Post no digest in this channel any more",
    options: &[],
    parts: &[],
    example: "digest off",
    audience: Audience::Managers,
    run: |request, _| Box::pin(off(request)),
};

/// How many of the last postings are shown.
const LAST: u32 = 5;

async fn set(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, channel) = (request.store()?, channel(request)?);
    let community = request.community().await?;
    // Whatever is wrong with the one before, it can be set anew.
    let before = match store.schedule(community.id, channel).await {
        Err(StoreError { problem: Unkept::Corrupt(_), .. }) => None,
        before => before?,
    };
    let zone = match (args.quote(ZONE.name), before) {
        (Some(zone), _) => zone.to_owned(),
        (None, Some(before)) => before.order.zone,
        (None, None) => TimeZone::system().iana_name().unwrap_or("UTC").to_owned(),
    };
    let time = args.quote(TIME.name).unwrap_or_default();
    let schedule = Schedule::parse(time, &zone, args.quote(DAYS.name).unwrap_or("daily"))?;
    let mut plan = Plan::new(schedule);
    if let Some(size) = args.number(SIZE.name) {
        plan.size = size;
    }
    if let Some(hours) = args.number(LATE.name) {
        plan.late_limit = Duration::from_secs(u64::from(hours) * 60 * 60);
    }
    plan.tells_nothing_new = args.words(EMPTY.name) == Some(TELL);
    let set = plan::set(store, community.id, channel, &plan, Timestamp::now()).await?;
    Ok(described(Reply::text(Outcome::Told, "A digest is posted in this channel."), &set))
}

async fn show(request: &Request<'_>) -> Result<Reply, Problem> {
    let (store, channel, place) = (request.store()?, channel(request)?, request.place);
    let community = store.known_community(&place.network, &place.community).await?;
    let Some(community) = community else { return Ok(none()) };
    let mut reply = match plan::get(store, community.id, channel).await {
        Ok(Some(plan)) => described(Reply::new(Outcome::Told), &plan),
        Ok(None) => none(),
        Err(reason @ (PlanError::ZoneGone(_) | PlanError::NoDay)) => paused(&reason.to_string()),
        Err(PlanError::Store(StoreError { problem: Unkept::Corrupt(_), .. })) => {
            paused("what is kept of the schedule can't be read: set it anew")
        }
        Err(other) => return Err(other.into()),
    };
    let filter = JobFilter::digests_of(&place.network, channel, community.id);
    let now = Timestamp::now();
    let jobs = store.list_jobs(filter, LAST).await?;
    if !jobs.is_empty() {
        reply = reply.with(Block::Heading("The last ones".to_owned()));
    }
    for job in jobs {
        let why = job.last_error.as_deref().map(|error| format!(": {error}")).unwrap_or_default();
        let about = match (job.state, job.sent_at) {
            (JobState::Sent, Some(sent)) => format!("posted {}", minute(&sent.to_zoned(TimeZone::system()))),
            (JobState::Sent, None) => "posted".to_owned(),
            (JobState::Open, _) if job.is_being_sent(now) => "is being sent".to_owned(),
            (JobState::Open, _) if job.attempts == 0 => "waits".to_owned(),
            (JobState::Open, _) => format!(
                "is tried again, after {}{why}",
                present::counted(usize::try_from(job.attempts).unwrap_or_default(), "attempt")
            ),
            (JobState::GivenUp, _) => format!("given up{why}"),
        };
        reply = reply.with(Block::Item { name: minute(&job.due_at.to_zoned(TimeZone::system())), about });
    }
    Ok(reply)
}

async fn off(request: &Request<'_>) -> Result<Reply, Problem> {
    let (store, channel, place) = (request.store()?, channel(request)?, request.place);
    let community = store.known_community(&place.network, &place.community).await?;
    let Some(community) = community else { return Ok(none()) };
    Ok(match store.schedule_off(community.id, channel).await? {
        true => Reply::text(Outcome::Told, "No digest is posted in this channel any more."),
        false => none(),
    })
}

fn none() -> Reply {
    Reply::text(Outcome::Told, format!("No digest is posted in this channel. For example: /{}", SET.example))
}

/// What is told of a schedule that must be set anew.
fn paused(reason: &str) -> Reply {
    Reply::new(Outcome::Told).with(Block::Item { name: "Next".to_owned(), about: format!("paused: {reason}") })
}

fn channel<'r>(request: &Request<'r>) -> Result<&'r str, Problem> {
    request.place.channel.as_deref().ok_or(Problem::NoChannel)
}

/// What a channel ordered, and when its next digest comes.
fn described(reply: Reply, channel: &Channel) -> Reply {
    let item = |name: &str, about: String| Block::Item { name: name.to_owned(), about };
    let plan = &channel.plan;
    let hours = plan.late_limit.as_secs() / 60 / 60;
    let next = match (&channel.kept.paused, channel.next(Timestamp::now())) {
        (Some(reason), _) => format!("paused: {reason}"),
        (None, Some(next)) => minute(&next),
        (None, None) => "never".to_owned(),
    };
    let trouble = channel.kept.trouble.as_deref().map(|reason| match channel.kept.failures {
        0 => reason.to_owned(),
        tried => format!("tried {}: {}", present::counted(tried as usize, "time"), reason.to_owned()),
    });
    let empty = if plan.tells_nothing_new { "it is told" } else { "nothing is posted" };
    let reply = match trouble {
        Some(trouble) => reply.with(item("Not made", trouble)),
        None => reply,
    };
    reply
        .with(item("When", plan.schedule.to_string()))
        .with(item("Next", next))
        .with(item("Stories", format!("up to {}", plan.size)))
        .with(item(
            "After downtime",
            format!(
                "up to {} late; else the next one carries it",
                present::counted(usize::try_from(hours).unwrap_or_default(), "hour")
            ),
        ))
        .with(item("When nothing is new", empty.to_owned()))
}

/// `Tuesday, 24 November 2026, 08:30 CET`
fn minute(moment: &Zoned) -> String {
    moment.strftime("%A, %-d %B %Y, %H:%M %Z").to_string()
}
