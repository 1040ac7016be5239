//! `/feeds test`: what of a feed would be stored, and why the rest would not.

use super::subscribe::{address, filters};
use super::{ADDRESS, read_here, refused, told, which};
use crate::intake::feed::filter::{Filters, Written};
use crate::intake::fetch::shown;
use crate::intake::poll::{Tried, Verdict, find, try_feed};
use crate::library::store::FeedEntry;
use crate::reply::{Block, Reply};
use crate::router::{Args, Problem, Request, present};

/// Entries on one page.
const PER_PAGE: usize = 15;

pub(super) async fn test(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, web, poller) = (request.store()?, request.web()?, request.feeds()?);
    let collection = read_here(request)?;
    let (written, mut chosen) = match filters(args) {
        Ok(filters) => filters,
        Err(error) => return Ok(refused(format!("{error}."))),
    };
    let typed = args.quote(ADDRESS.name).unwrap_or_default();
    let feeds = store.feeds(collection).await?;
    let url = address(typed);
    let known = match &url {
        Some(url) => feeds.into_iter().find(|feed| feed.url == url.as_str() || feed.given == url.as_str()),
        None => match which(feeds, typed) {
            Ok(feed) => Some(feed),
            Err(reply) => return Ok(reply),
        },
    };
    let url = match (url, &known) {
        (Some(url), _) => url,
        (None, Some(FeedEntry { url, .. })) => match url.parse() {
            Ok(url) => url,
            Err(_) => return Ok(refused("Its address is none.")),
        },
        (None, None) => return Ok(refused(format!("“{typed}” is no address of the web."))),
    };
    request.progress.tell(format!("Looking for the feed at {}", shown::address(&url)));
    let found = match find(web, &url).await {
        Ok(found) => found,
        Err(error) => return Ok(refused(format!("No feed was found at {}: {error}.", shown::address(&url)))),
    };
    if let (Some(known), true) = (&known, written == Written::default()) {
        chosen = Filters::new(&Written::of_kept(&known.filters)).unwrap_or_default();
    }
    let (title, entries, at) = (found.feed.title.clone(), found.feed.entries.len(), found.url.clone());
    let tell = |page: usize, of: usize| request.progress.tell(format!("Reading page {page} of {of}"));
    let oldest = poller.options().oldest;
    let tried = try_feed(store, web, collection, known.as_ref(), found, chosen, oldest, tell).await?;
    let title = if title.is_empty() { at.to_string() } else { title };
    let item = |tried: &Tried| Block::Item { name: tried.title.clone(), about: words(request, &tried.verdict) };
    let pages = tried.chunks(PER_PAGE).map(|page| page.iter().map(item).collect()).collect();
    let stored = tried.iter().filter(|tried| matches!(tried.verdict, Verdict::Stored { .. } | Verdict::Page { .. }));
    let heading = format!(
        "{title}: of {}, {} would be stored. Nothing was kept.",
        match tried.len() {
            all if all == entries => super::entries(entries as u64),
            some => format!("the first {some} of {entries} entries"),
        },
        stored.count()
    );
    Ok(Reply { pages, ..told(heading).with(Block::Item { name: "Address".to_owned(), about: at.to_string() }) })
}

fn words(request: &Request<'_>, verdict: &Verdict) -> String {
    let news = |silent: bool| if silent { ", no news to digests" } else { "" };
    match verdict {
        Verdict::Stored { words, of_page, silent } => {
            let from = if *of_page { "from its page" } else { "from the feed itself" };
            format!("stored: {} {from}{}", present::counted(*words, "word"), news(*silent))
        }
        Verdict::Page { silent } => format!("stored, if its page has an article (not fetched now){}", news(*silent)),
        Verdict::Seen => "not stored: it was seen before".to_owned(),
        Verdict::Held(id) => match request.desk.library().by_stored(*id) {
            Some(held) => format!("not stored: it is article {}", request.desk.library().number(held)),
            None => "not stored: the library has it already".to_owned(),
        },
        Verdict::TakenOut => "not stored: it was in the library, and was taken out".to_owned(),
        Verdict::Filtered(reason) => format!("not stored: {reason}"),
        Verdict::Old => "not stored: it is too old".to_owned(),
        Verdict::Refused(reason) => format!("not stored: {reason}"),
    }
}
