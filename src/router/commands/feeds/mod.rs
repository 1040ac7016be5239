//! `/feeds`: what the library is subscribed to.

mod lists;
mod subscribe;
mod trial;

use jiff::{SignedDuration, Timestamp};

use crate::intake::poll;
use crate::library::store::{CollectionId, FeedEntry, FeedHealth, FeedState};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Audience, Kind, OptionSpec, Running, Spec};
use crate::router::{Args, Problem, Request, present};

const ADDRESS: OptionSpec = OptionSpec {
    name: "address",
    about: "The address of the feed, or of a site: its feed is looked for",
    kind: Kind::Words,
    required: true,
};

const FEED: OptionSpec = OptionSpec {
    name: "feed",
    about: "Its number in the list, its address, or words of its title",
    kind: Kind::Feed,
    required: true,
};

const INCLUDE: OptionSpec = OptionSpec {
    name: "include",
    about: "Only entries with one of these: words, phrases, /regular expressions/, separated by commas",
    kind: Kind::Words,
    required: false,
};

const EXCLUDE: OptionSpec = OptionSpec {
    name: "exclude",
    about: "No entries with one of these: words, phrases, /regular expressions/, separated by commas",
    kind: Kind::Words,
    required: false,
};

pub(in crate::router) const SPEC: Spec = Spec {
    name: "feeds",
    about: "The feeds that the library is subscribed to",
    options: &[],
    parts: &[
        part(
            "add",
            "Subscribe to a feed: its newest entry at once, what is new from now on",
            &[ADDRESS, INCLUDE, EXCLUDE],
            "feeds add https://news.example/feed",
            |request, args| Box::pin(subscribe::add(request, args)),
        ),
        part("list", "The feeds, how each fares, and which fail", &[], "feeds list", |request, _| {
            Box::pin(list(request))
        }),
        part(
            "test",
            "What of a feed would be stored, and why the rest would not; nothing is kept",
            &[
                OptionSpec {
                    name: "address",
                    about: "The address of a feed or site, or a feed of the list",
                    kind: Kind::Feed,
                    ..ADDRESS
                },
                INCLUDE,
                EXCLUDE,
            ],
            "feeds test https://news.example/feed",
            |request, args| Box::pin(trial::test(request, args)),
        ),
        part("pause", "Look at a feed no more, until it is resumed", &[FEED], "feeds pause 1", |request, args| {
            Box::pin(pause(request, args))
        }),
        part("resume", "Look at a feed again that was paused or ended", &[FEED], "feeds resume 1", |request, args| {
            Box::pin(resume(request, args))
        }),
        part("remove", "End a subscription; its articles stay", &[FEED], "feeds remove 1", |request, args| {
            Box::pin(remove(request, args))
        }),
        part(
            "import",
            "Subscribe to all feeds of an OPML list",
            &[lists::LIST, lists::FILE],
            "feeds import https://news.example/feeds.opml",
            |request, args| Box::pin(lists::import(request, args)),
        ),
        part("export", "The feeds as an OPML list, which feed readers take", &[], "feeds export", |request, _| {
            Box::pin(lists::export(request))
        }),
    ],
    example: "",
    audience: Audience::Managers,
    // Never run: one of the parts is.
    run: |request, _| Box::pin(list(request)),
};

const fn part(
    name: &'static str,
    about: &'static str,
    options: &'static [OptionSpec],
    example: &'static str,
    run: for<'a> fn(&'a Request<'a>, &'a Args) -> Running<'a>,
) -> Spec {
    Spec { name, about, options, parts: &[], example, audience: Audience::Managers, run }
}

/// Feeds on one page of the list.
const PER_PAGE: usize = 15;

async fn list(request: &Request<'_>) -> Result<Reply, Problem> {
    let (store, collection) = (request.store()?, read_here(request)?);
    let mut feeds = store.feeds(collection).await?;
    let Some(health) = health(&store.feed_health(Some(collection)).await?) else {
        return Ok(told(format!("There is no feed here. For example: /{}", "feeds add https://news.example/feed")));
    };
    let now = Timestamp::now();
    // What needs somebody comes first.
    feeds.sort_by_key(|feed| (!needs_somebody(feed), feed.number));
    let item = |feed: &FeedEntry| Block::Item { name: named(feed), about: fares(feed, now) };
    let pages = feeds.chunks(PER_PAGE).map(|page| page.iter().map(item).collect()).collect();
    Ok(Reply { pages, ..told(health) })
}

fn needs_somebody(feed: &FeedEntry) -> bool {
    matches!(feed.state, FeedState::Ended(_)) || feed.failures > 0
}

/// How a feed fares, in one line.
fn fares(feed: &FeedEntry, now: Timestamp) -> String {
    let mut parts = vec![feed.url.clone()];
    match &feed.state {
        FeedState::Active => {}
        FeedState::Paused => parts.push("paused".to_owned()),
        FeedState::Ended(reason) => parts.push(format!("ended: {reason}")),
    }
    if feed.failures > 0 {
        let since = feed.failing_since.map(|since| format!(" for {}", ago(since, now))).unwrap_or_default();
        let tried = present::counted(feed.failures as usize, "time");
        parts.push(format!("fails{since} ({tried}): {}", feed.trouble.as_deref().unwrap_or_default()));
    }
    parts.push(match feed.read_at {
        Some(at) => format!("read {} ago", ago(at, now)),
        None => "not read yet".to_owned(),
    });
    if feed.state == FeedState::Active {
        let next = now.duration_until(feed.next_at);
        parts.push(if next.is_positive() { format!("next in {}", span(next)) } else { "due".to_owned() });
    }
    let count = |count: u64, thing| present::counted(usize::try_from(count).unwrap_or(usize::MAX), thing);
    parts.push(count(feed.stored, "article"));
    if feed.waiting > 0 {
        parts.push(format!("{} waiting", count(feed.waiting, "page")));
    }
    if feed.left_out > 0 {
        let why = feed.why_left_out.as_deref().map(|why| format!(", the last because {why}")).unwrap_or_default();
        parts.push(format!("{} left out{why}", entries(feed.left_out)));
    }
    let filters = poll_filters(feed);
    if !filters.is_empty() {
        parts.push(filters);
    }
    parts.join(" · ")
}

fn poll_filters(feed: &FeedEntry) -> String {
    let written = crate::intake::feed::filter::Written::of_kept(&feed.filters);
    let part = |name: &str, list: &str| (!list.is_empty()).then(|| format!("{name} {list}"));
    [part("only", &written.include), part("without", &written.exclude)]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// How the feeds fare, in one line; nothing where there is none.
pub(super) fn health(health: &FeedHealth) -> Option<String> {
    let FeedHealth { active, paused, ended, failing, due, waiting, looked_at } = *health;
    let all = active + paused + ended;
    if all == 0 {
        return None;
    }
    let count = |count: u64, thing| present::counted(usize::try_from(count).unwrap_or(usize::MAX), thing);
    let mut parts = vec![count(all, "feed")];
    for (number, what) in [(failing, "failing"), (paused, "paused"), (ended, "ended"), (due, "due")] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    if waiting > 0 {
        parts.push(format!("{} waiting", count(waiting, "page")));
    }
    parts.push(match looked_at {
        Some(at) => format!("last look {} ago", ago(at, Timestamp::now())),
        None => "not looked at yet".to_owned(),
    });
    Some(parts.join(", "))
}

/// `40 seconds`, `3 hours`: how long a moment is past.
fn ago(at: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(at))
}

fn span(duration: SignedDuration) -> String {
    let seconds = usize::try_from(duration.as_secs().max(0)).unwrap_or(usize::MAX);
    match seconds {
        0..120 => present::counted(seconds, "second"),
        120..7200 => present::counted(seconds / 60, "minute"),
        7200..172_800 => present::counted(seconds / 3600, "hour"),
        _ => present::counted(seconds / 86_400, "day"),
    }
}

async fn pause(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, feed) = (request.store()?, own(request, args).await?);
    let feed = match feed {
        Ok(feed) => feed,
        Err(reply) => return Ok(reply),
    };
    Ok(told(match (store.pause_feed(feed.id).await?, &feed.state) {
        (true, _) => format!("{} is paused.", named(&feed)),
        (false, FeedState::Ended(reason)) => format!("{} has ended: {reason}.", named(&feed)),
        (false, _) => format!("{} was paused before.", named(&feed)),
    }))
}

async fn resume(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, feed) = (request.store()?, own(request, args).await?);
    let feed = match feed {
        Ok(feed) => feed,
        Err(reply) => return Ok(reply),
    };
    Ok(told(match store.resume_feed(feed.id).await? {
        true => format!("{} is looked at again.", named(&feed)),
        false => format!("{} is looked at already.", named(&feed)),
    }))
}

async fn remove(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, feed) = (request.store()?, own(request, args).await?);
    let feed = match feed {
        Ok(feed) => feed,
        Err(reply) => return Ok(reply),
    };
    Ok(told(match store.unsubscribe(feed.id).await? {
        true => format!("The subscription to {} is ended; its articles stay.", named(&feed)),
        false => format!("The subscription to {} was ended before.", named(&feed)),
    }))
}

/// `1 entry`, `2 entries`.
fn entries(count: u64) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// The feed that somebody names, of those that they may change; else what to tell them.
async fn own(request: &Request<'_>, args: &Args) -> Result<Result<FeedEntry, Reply>, Problem> {
    let collection = request.collection_to_change().await?;
    let feeds = request.store()?.feeds(collection).await?;
    Ok(which(feeds, args.quote(FEED.name).unwrap_or_default()))
}

/// The feed of these that is called so.
fn which(feeds: Vec<FeedEntry>, typed: &str) -> Result<FeedEntry, Reply> {
    let number = typed.trim_start_matches('#').parse::<i64>().ok();
    let lower = typed.to_lowercase();
    let titled = feeds.iter().filter(|feed| feed.title.to_lowercase() == lower).count() == 1;
    let exact = feeds.iter().position(|feed| {
        let title = titled && feed.title.to_lowercase() == lower;
        number == Some(feed.number) || feed.url == typed || feed.given == typed || title
    });
    let holding = |feed: &&FeedEntry| feed.title.to_lowercase().contains(&lower) || feed.url.contains(&lower);
    let of_words: Vec<&FeedEntry> = feeds.iter().filter(holding).collect();
    match (exact, of_words.as_slice()) {
        (Some(at), _) => feeds.into_iter().nth(at).ok_or_else(|| refused("There is no such feed.")),
        (None, [one]) => Ok((*one).clone()),
        (None, []) => Err(refused(format!("No feed is called “{typed}”. /feeds list shows them all."))),
        (None, several) => {
            let names = several.iter().take(5).map(|feed| named(feed)).collect::<Vec<_>>().join(", ");
            Err(refused(format!("“{typed}” could be {names}. Which one?")))
        }
    }
}

/// The collection whose feeds are shown here.
fn read_here(request: &Request<'_>) -> Result<CollectionId, Problem> {
    request.store()?;
    request.desk.collection().ok_or(Problem::NothingKept)
}

/// `#3 Harbour Times`
fn named(feed: &FeedEntry) -> String {
    format!("#{} {}", feed.number, poll::name(feed))
}

fn told(text: impl Into<String>) -> Reply {
    Reply::text(Outcome::Told, text)
}

fn refused(text: impl Into<String>) -> Reply {
    Reply::text(Outcome::Refused, text)
}
