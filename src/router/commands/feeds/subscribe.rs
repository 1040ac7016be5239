//! `/feeds add`: from an address to a subscription, and its newest entry.

use url::Url;

use super::{ADDRESS, EXCLUDE, INCLUDE, entries, named, refused, told};
use crate::intake::feed::filter::{FilterError, Filters, Written};
use crate::intake::fetch::shown;
use crate::intake::poll::{Came, Found, find};
use crate::library::store::{FeedEntry, FeedState, NewFeed, Subscription};
use crate::reply::{Block, Reply};
use crate::router::{Args, Problem, Request, present};

/// The most other feeds of a page that are named.
const MOST_OTHERS: usize = 5;

pub(super) async fn add(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, poller, web) = (request.store()?, request.feeds()?, request.web()?);
    let collection = request.collection_to_change().await?;
    let typed = args.quote(ADDRESS.name).unwrap_or_default();
    let Some(url) = address(typed) else { return Ok(refused(format!("“{typed}” is no address of the web."))) };
    let written = match filters(args) {
        Ok((written, _)) => written,
        Err(error) => return Ok(refused(format!("{error}."))),
    };
    request.progress.tell(format!("Looking for the feed at {}", shown::address(&url)));
    let found = match find(web, &url).await {
        Ok(found) => found,
        Err(error) => return Ok(refused(format!("No feed was found at {}: {error}.", shown::address(&url)))),
    };
    let Found { url, feed, others } = found;
    let Some(host) = url.host_str() else { return Ok(refused("The feed has no host.")) };
    let community = request.community().await?;
    let filters = written.to_kept();
    let new = NewFeed {
        collection,
        url: url.as_str(),
        host,
        title: &feed.title,
        site: feed.link.as_deref(),
        filters: &filters,
        community: Some(community.id),
        channel: request.place.channel.as_deref(),
        most: request.most_feeds(),
        taken: None,
    };
    request.progress.tell(format!("Reading {}", entries(feed.entries.len() as u64)));
    let reply = match poller.begin(&new).await? {
        (Subscription::AlreadyThere(there), _) => {
            let changed = !filters.is_empty() && filters != there.filters;
            if changed {
                store.filter_feed(there.id, &filters).await?;
            }
            already(&there, changed)
        }
        (Subscription::New(added), came) => {
            let titled = FeedEntry { title: feed.title.clone(), ..added };
            subscribed(&titled, came.as_ref())
        }
        (Subscription::TooMany, _) => refused(too_many(request)),
    };
    Ok(match names(&others) {
        Some(others) => reply.with(Block::Item { name: "The page names other feeds".to_owned(), about: others }),
        None => reply,
    })
}

/// What is told a community that has as many feeds as it may.
pub(super) fn too_many(request: &Request<'_>) -> String {
    let most = present::counted(request.most_feeds().unwrap_or_default() as usize, "feed");
    format!(
        "This community may subscribe to {most}, and has as many: /feeds remove makes room, or who runs Byline allows more \
         (feeds.per_community)."
    )
}

fn already(there: &FeedEntry, changed: bool) -> Reply {
    let state = match &there.state {
        FeedState::Active => String::new(),
        FeedState::Paused => format!(" It is paused; /feeds resume {} goes on.", there.number),
        FeedState::Ended(reason) => format!(" It has ended: {reason}; /feeds resume {} tries again.", there.number),
    };
    let filters = if changed { " Its filters are set anew." } else { "" };
    told(format!("The library is subscribed to {} already.{filters}{state}", named(there)))
}

fn subscribed(feed: &FeedEntry, came: Option<&Came>) -> Reply {
    let then = match came {
        Some(Came::Read { stored, waiting, .. }) => {
            let count = |count: u64, thing| present::counted(usize::try_from(count).unwrap_or(usize::MAX), thing);
            let stored = match stored {
                0 => "Nothing of it is new to the library.".to_owned(),
                stored => format!("{} of it can be asked about now.", count(*stored, "article")),
            };
            match waiting {
                0 => stored,
                waiting => format!("{stored} The pages of {} follow in the background.", earlier(*waiting)),
            }
        }
        Some(Came::Failed(reason)) => format!("It could not be read just now, and is tried again: {reason}."),
        Some(Came::Ended(reason)) => format!("It has ended: {reason}."),
        _ => "It is being read.".to_owned(),
    };
    told(format!("The library is subscribed to {}. {then}", named(feed)))
        .with(Block::Item { name: "Address".to_owned(), about: feed.url.clone() })
        .with(Block::Text(
            "What it held before is no news to digests, but for the newest entry; what comes from now on is."
                .to_owned(),
        ))
}

/// `1 earlier entry`, `2 earlier entries`.
fn earlier(count: u64) -> String {
    entries(count).replacen(' ', " earlier ", 1)
}

/// The other feeds of a page, in one line.
fn names(others: &[crate::intake::feed::Link]) -> Option<String> {
    let one = |link: &crate::intake::feed::Link| match link.title.as_str() {
        "" => link.url.to_string(),
        title => format!("{title} ({})", link.url),
    };
    let named: Vec<String> = others.iter().take(MOST_OTHERS).map(one).collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// The address that somebody typed: people leave out how it is fetched.
pub(super) fn address(typed: &str) -> Option<Url> {
    let web =
        |text: &str| Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let typed = typed.trim();
    if typed.contains("://") {
        return web(typed);
    }
    let looks_like_one = typed.contains('.') && !typed.contains(char::is_whitespace) && !typed.starts_with(['/', '.']);
    looks_like_one.then(|| web(&format!("https://{typed}")))?
}

/// The filters that the options ask for.
pub(super) fn filters(args: &Args) -> Result<(Written, Filters), FilterError> {
    let list = |name| args.words(name).unwrap_or_default().to_owned();
    let written = Written { include: list(INCLUDE.name), exclude: list(EXCLUDE.name) };
    let filters = Filters::new(&written)?;
    Ok((written, filters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_type_them() {
        for (typed, url) in [
            ("news.example", Some("https://news.example/")),
            ("news.example/feed?a=1", Some("https://news.example/feed?a=1")),
            ("http://news.example/feed", Some("http://news.example/feed")),
            ("ftp://news.example", None),
            ("feeds.opml is here", None),
            ("../feeds.opml", None),
            ("news", None),
        ] {
            assert_eq!(address(typed).map(String::from).as_deref(), url, "{typed}");
        }
    }
}
