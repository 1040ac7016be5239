//! `/feeds import` and `export`: lists of feeds as feed readers exchange them.

use std::io::Read;
use std::path::{Path, PathBuf};

use url::Url;

use super::subscribe::{address, too_many};
use super::{read_here, refused, told};
use crate::article::read;
use crate::intake::attached::Sent;
use crate::intake::feed::opml::{self, List, Outline};
use crate::intake::fetch::Wanted;
use crate::intake::poll::name;
use crate::intake::web;
use crate::library::store::{FeedEntry, MAX_FEED_URL_BYTES, NewFeed, Subscription};
use crate::reply::{Outcome, Reply};
use crate::router::table::{Kind, OptionSpec};
use crate::router::{Args, Problem, Request, present};

/// Feeds that are subscribed to in one transaction.
const BATCH: usize = 100;

/// The longest list that is read, in bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The longest list that is told in a chat, in characters: a longer one would be cut.
const MAX_TOLD: usize = 3000;

/// What an OPML list may be served as, beside what feeds are.
const CONTENT_TYPES: [&str; 7] = [
    "text/x-opml",
    "application/xml",
    "text/xml",
    "text/plain",
    "application/octet-stream",
    "application/x-opml",
    "application/opml+xml",
];

pub(super) const LIST: OptionSpec = OptionSpec {
    name: "list",
    about: "The address of the list; on the console also a file",
    kind: Kind::Words,
    required: false,
};

pub(super) const FILE: OptionSpec =
    OptionSpec { name: "file", about: "The list as a file", kind: Kind::Attachment, required: false };

pub(super) async fn import(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let (store, collection) = (request.store()?, request.collection_to_change().await?);
    let list = match list(request, args).await {
        Ok(list) => list,
        Err(reason) => return Ok(refused(reason)),
    };
    let community = request.community().await?;
    let (mut new, mut there, mut refused_here, mut too_many_here) = (0, 0, list.refused, 0);
    let total = list.feeds.len();
    for chunk in list.feeds.chunks(BATCH) {
        request.progress.tell(format!("{} of {total} feeds", new + there));
        let fits = |own: &&Outline| own.feed.as_str().len() <= MAX_FEED_URL_BYTES && own.feed.host_str().is_some();
        refused_here += chunk.iter().filter(|own| !fits(own)).count();
        let feeds: Vec<NewFeed<'_>> = chunk
            .iter()
            .filter(fits)
            .map(|own| NewFeed {
                collection,
                url: own.feed.as_str(),
                host: own.feed.host_str().unwrap_or_default(),
                title: &own.title,
                site: own.site.as_ref().map(Url::as_str),
                filters: "",
                community: Some(community.id),
                channel: request.place.channel.as_deref(),
                most: request.most_feeds(),
                taken: None,
            })
            .collect();
        for subscription in store.subscribe_all(&feeds).await? {
            match subscription {
                Subscription::New(_) => new += 1,
                Subscription::AlreadyThere(_) => there += 1,
                Subscription::TooMany => too_many_here += 1,
            }
        }
    }
    let counted = |count| present::counted(count, "feed");
    let mut parts = vec![format!("The library is subscribed to {} more.", counted(new))];
    if there > 0 {
        parts.push(format!("{} of the list were there before.", counted(there)));
    }
    if refused_here > 0 {
        let (has, was) = if refused_here == 1 { ("has", "was") } else { ("have", "were") };
        parts.push(format!("{refused_here} of the list {has} no address of the web and {was} left out."));
    }
    if too_many_here > 0 {
        parts.push(format!("{too_many_here} of the list were left out. {}", too_many(request)));
    }
    if new > 0 {
        parts.push(
            "They are read one after another while Byline runs; /feeds list tells how each fares. What they hold now is no \
             news to digests, but for the newest entry of each."
                .to_owned(),
        );
    }
    let text = parts.join(" ");
    Ok(if new + there == 0 { refused(text) } else { told(text) })
}

/// The list that somebody names, at an address, or has attached; for who sits at the console also in a file.
async fn list(request: &Request<'_>, args: &Args) -> Result<List, String> {
    let console = request.place.is_console();
    let (typed, attached) = match (args.quote(FILE.name), args.quote(LIST.name)) {
        (Some(given), _) => (given, true),
        (None, Some(typed)) => (typed, false),
        (None, None) => {
            if let Some(file) = request.file() {
                return sent(request, file.as_ref()).await;
            }
            return Err("Name the address of an OPML list, or give one as a file. For example: \
                        /feeds import https://news.example/feeds.opml"
                .to_owned());
        }
    };
    let path = PathBuf::from(typed);
    let is_file = console && !typed.contains("://") && (attached || path.exists());
    let text = if is_file {
        let read = tokio::task::spawn_blocking(move || file(&path)).await;
        read.map_err(|error| format!("A defect of Byline: {error}."))??
    } else {
        // The network gives the address of what was attached; it holds the right to read it, and is not shown.
        let url = if attached { web::address(typed) } else { address(typed) };
        let Some(url) = url else {
            return Err(match (attached, console) {
                (true, _) => Problem::NoFile.to_string(),
                (false, true) => format!("“{typed}” is neither an address of the web nor a file."),
                (false, false) => format!("“{typed}” is no address of the web."),
            });
        };
        let wanted = if attached { Wanted::file() } else { Wanted { content_types: &CONTENT_TYPES, ..Wanted::feed() } };
        let web = request.web().map_err(|problem| problem.to_string())?;
        request.progress.tell("Fetching the list");
        let fetched = web.get(&url, &wanted).await.map_err(|error| format!("The list was not fetched: {error}."))?;
        read::decode(&fetched.body, fetched.charset.as_deref()).map_err(|error| format!("No list: {error}."))?
    };
    parsed(text).await
}

/// The list in a file that came with the command.
async fn sent(request: &Request<'_>, file: &dyn Sent) -> Result<List, String> {
    let web = request.web().map_err(|problem| problem.to_string())?;
    request.progress.tell("Fetching the list");
    let bytes = file.read(web.policy()).await.map_err(|error| format!("The list was not fetched: {error}."))?;
    parsed(read::decode(&bytes, None).map_err(|error| format!("No list: {error}."))?).await
}

async fn parsed(text: String) -> Result<List, String> {
    let parsed = tokio::task::spawn_blocking(move || opml::import(&text)).await;
    parsed.map_err(|error| format!("A defect of Byline: {error}."))?.map_err(|error| format!("No list: {error}."))
}

fn file(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{} can't be read: {error}.", path.display());
    let mut bytes = Vec::new();
    let open = std::fs::File::open(path).map_err(failed)?;
    open.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("{} is larger than {MAX_BYTES} bytes.", path.display()));
    }
    read::decode(&bytes, None).map_err(|error| format!("{}: {error}.", path.display()))
}

pub(super) async fn export(request: &Request<'_>) -> Result<Reply, Problem> {
    let feeds = request.store()?.feeds(read_here(request)?).await?;
    if feeds.is_empty() {
        return Ok(Reply::text(Outcome::NotInArticles, "There is no feed here."));
    }
    let outline = |feed: &FeedEntry| {
        Some(Outline {
            feed: feed.url.parse().ok()?,
            title: name(feed).to_owned(),
            site: feed.site.as_deref().and_then(|site| site.parse().ok()),
            folder: None,
        })
    };
    let outlines: Vec<Outline> = feeds.iter().filter_map(outline).collect();
    let list = opml::export("Byline", &outlines);
    if !request.place.is_console() && list.chars().count() > MAX_TOLD {
        return Ok(told(format!(
            "The list of {} is too long for a message. Who runs Byline writes it with: byline feeds export --at {}/{}",
            present::counted(outlines.len(), "feed"),
            request.place.network,
            request.place.community
        )));
    }
    Ok(told(list.trim_end()))
}
