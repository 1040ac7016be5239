//! `/articles add` and `/articles reload`: pages and files that somebody names, taken in side by side, each told of for itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::AsyncReadExt;
use tokio::task::JoinSet;
use url::Url;

use super::allowance::Allowance;
use crate::intake::attached::{File, Sent};
use crate::intake::fetch::{Fetcher, Wanted, shown};
use crate::intake::web::{self, WebError};
use crate::library::store::{Added, CollectionId, Outcome as Became, Store, StoreError};
use crate::reply::{Block, Outcome, Reply};
use crate::router::table::{Kind, OptionSpec};
use crate::router::{Args, Problem, Request, present};

/// So many pages and files are taken in at once: as many as a person pastes, and no crawl.
pub(super) const MOST: usize = 10;

/// Articles of one file that are told of one by one.
const MOST_TOLD: usize = 10;

/// What may be added. Files are numbered, for a command on Discord takes one for each of its options.
pub(super) const OPTIONS: &[OptionSpec] = &[
    OptionSpec {
        name: "links",
        about: "Addresses of pages, separated by spaces (on the console also paths of files)",
        kind: Kind::Words,
        required: false,
    },
    file("file", "A file: txt, md, html, json or jsonl"),
    file("second", "Another file"),
    file("third", "And another"),
];

const fn file(name: &'static str, about: &'static str) -> OptionSpec {
    OptionSpec { name, about, kind: Kind::Attachment, required: false }
}

/// Something that an article is made of.
#[derive(Debug)]
enum Named {
    /// A page.
    Page(Url),
    /// A file that the network keeps for us.
    Attached(Url),
    /// A file that the network reads for us.
    Sent(Arc<dyn Sent>),
    /// A file of this machine.
    Local(PathBuf),
}

/// What came of one that was named.
enum Came {
    /// Its articles, with what was refused of it.
    Taken(Vec<Added>, Vec<String>),
    /// Nothing.
    Refused(String),
}

/// Takes in what is named.
pub(super) async fn add(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let named = named(request, args)?;
    take(request, named).await
}

/// Fetches the page of an article again.
pub(super) async fn reload(request: &Request<'_>, args: &Args) -> Result<Reply, Problem> {
    let desk = &request.desk;
    let id = desk.article(args.quote("article").unwrap_or_default())?;
    let meta = desk.library().article(id).meta();
    let url = meta.url.as_deref().and_then(web::address);
    let url = url.ok_or_else(|| Problem::NoPage { title: meta.title.clone() })?;
    take(request, vec![Named::Page(url)]).await
}

/// What the options name, each once, in order.
fn named(request: &Request<'_>, args: &Args) -> Result<Vec<Named>, Problem> {
    let local = request.place.is_console();
    let mut named: Vec<Named> = Vec::new();
    let mut add = |one: Named| {
        if !named.iter().any(|other| other.is_same(&one)) {
            named.push(one);
        }
    };
    for word in args.words("links").unwrap_or_default().split_whitespace() {
        // As people and chat programs write them: <https://…>, “https://…”, https://…,
        let bare = word.trim_matches(['<', '>', '"', '“', '”', '\'', ',', ';']);
        match web::address(bare) {
            Some(url) => add(Named::Page(url)),
            None if bare.is_empty() => {}
            None if local && !bare.contains("://") => add(Named::Local(bare.into())),
            None => return Err(Problem::NoAddress { typed: bare.to_owned() }),
        }
    }
    for option in OPTIONS.iter().filter(|option| option.kind == Kind::Attachment) {
        let Some(given) = args.quote(option.name) else { continue };
        match web::address(given) {
            Some(url) => add(Named::Attached(url)),
            None if local => add(Named::Local(given.into())),
            None => return Err(Problem::NoFile),
        }
    }
    if let Some(file) = request.file() {
        add(Named::Sent(Arc::clone(file)));
    }
    match named.len() {
        0 => Err(Problem::NothingNamed),
        count if count > MOST => Err(Problem::TooMany { count, most: MOST }),
        _ => Ok(named),
    }
}

async fn take(request: &Request<'_>, named: Vec<Named>) -> Result<Reply, Problem> {
    let (store, fetcher) = (request.store()?, request.web()?);
    let collection = request.collection_to_change().await?;
    let allowance = Allowance::of(request).await?;
    let all = named.len();
    let labels: Vec<String> = named.iter().map(Named::label).collect();
    let mut came: Vec<Option<Came>> = (0..all).map(|_| None).collect();
    // Dropped with this request, it ends them all.
    let mut work = JoinSet::new();
    for (place, one) in named.into_iter().enumerate() {
        let (fetcher, allowance) = (fetcher.clone(), allowance.clone());
        work.spawn(async move { (place, one.take(collection, &fetcher, &allowance).await) });
    }
    request.progress.tell(told_so_far(&labels, &came));
    while let Some(done) = work.join_next().await {
        match done {
            Ok((place, Ok(result))) => {
                if let Some(slot) = came.get_mut(place) {
                    *slot = Some(result);
                }
                request.progress.tell(told_so_far(&labels, &came));
            }
            Ok((_, Err(error))) => return Err(error.into()),
            Err(error) => tracing::error!(%error, "an article was not taken in"),
        }
    }
    request.take_over(collection).await?;
    reply(store, &labels, came).await
}

impl Named {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Page(one), Self::Page(other)) | (Self::Attached(one), Self::Attached(other)) => one == other,
            (Self::Local(one), Self::Local(other)) => one == other,
            _ => false,
        }
    }

    /// What it is called until its title is known. An attachment's address holds the right to read it, and is not shown.
    fn label(&self) -> String {
        match self {
            Self::Page(url) => shown::address(url),
            Self::Attached(url) => file_name(url),
            Self::Sent(file) => harmless(file.name()),
            Self::Local(path) => path.display().to_string(),
        }
    }

    async fn take(
        self,
        collection: CollectionId,
        fetcher: &Fetcher,
        allowance: &Allowance,
    ) -> Result<Came, StoreError> {
        match self.taken(collection, fetcher, allowance).await {
            Ok(came) => Ok(came),
            Err(WebError::Store(error)) => Err(error),
            Err(refused) => Ok(Came::Refused(refused.to_string())),
        }
    }

    async fn taken(self, collection: CollectionId, fetcher: &Fetcher, allowance: &Allowance) -> Result<Came, WebError> {
        let store = allowance.store();
        let (name, bytes) = match &self {
            Self::Page(url) => {
                // For a community that may add no more nothing is fetched.
                if let Some(reason) = allowance.used_up().await? {
                    return Ok(Came::Refused(reason));
                }
                let article = web::read(fetcher, url).await?;
                if let Err(reason) = allowance.take(1).await? {
                    return Ok(Came::Refused(reason));
                }
                let added = web::put(store, collection, article).await;
                allowance.settle(1, added.as_ref().map_or(&[], std::slice::from_ref)).await?;
                return Ok(Came::Taken(vec![added?], Vec::new()));
            }
            Self::Attached(url) => (file_name(url), fetcher.get(url, &Wanted::file()).await?.body),
            Self::Sent(file) => (harmless(file.name()), file.read(fetcher.policy()).await?),
            Self::Local(path) => match read(path, fetcher.policy().max_bytes).await {
                Ok(bytes) => (path.file_name().unwrap_or_default().to_string_lossy().into_owned(), bytes),
                Err(reason) => return Ok(Came::Refused(reason)),
            },
        };
        let file = File::read(&name, bytes).await?;
        let articles = u32::try_from(file.articles()).unwrap_or(u32::MAX);
        if let Err(reason) = allowance.take(articles).await? {
            return Ok(Came::Refused(reason));
        }
        let attached = file.hold(store, collection).await;
        allowance.settle(articles, attached.as_ref().map_or(&[], |attached| attached.added.as_slice())).await?;
        let attached = attached?;
        Ok(Came::Taken(attached.added, attached.refused))
    }
}

/// The last part of an address's path.
fn file_name(url: &Url) -> String {
    let name = url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
    harmless(&percent_encoding::percent_decode_str(name).decode_utf8_lossy())
}

/// The name of a file that somebody else has named.
fn harmless(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control() && !matches!(c, '/' | '\\')).take(120).collect();
    if name.is_empty() { "file".to_owned() } else { name }
}

/// The bytes of a file, `limit` at most.
async fn read(path: &Path, limit: usize) -> Result<Vec<u8>, String> {
    let read = async {
        let file = tokio::fs::File::open(path).await?;
        let mut bytes = Vec::new();
        // A device or pipe may have no end, and a folder no bytes.
        if file.metadata().await?.is_file() {
            file.take(limit as u64 + 1).read_to_end(&mut bytes).await?;
            return Ok(Some(bytes));
        }
        Ok::<_, std::io::Error>(None)
    };
    match read.await {
        Ok(Some(bytes)) if bytes.len() > limit => Err(format!("it is larger than {limit} bytes")),
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err("it is no file; `byline import` takes folders and patterns".to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err("there is no such file; an address begins with https://".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// `2 of 5 done; waiting for https://news.example/ferry`
fn told_so_far(labels: &[String], came: &[Option<Came>]) -> String {
    let done = came.iter().filter(|came| came.is_some()).count();
    let waiting = labels.iter().zip(came).find(|(_, came)| came.is_none()).map(|(label, _)| label.as_str());
    match waiting {
        Some(label) => format!("{done} of {} done; waiting for {label}", labels.len()),
        None => format!("{done} of {} done", labels.len()),
    }
}

/// One entry for each article, and for each that gave none.
async fn reply(store: &Store, labels: &[String], came: Vec<Option<Came>>) -> Result<Reply, Problem> {
    let item = |name: &str, about: String| Block::Item { name: name.to_owned(), about };
    let (mut items, mut taken, mut refused) = (Vec::new(), 0, 0);
    for (label, came) in labels.iter().zip(came) {
        match came {
            Some(Came::Taken(added, reasons)) => {
                taken += added.len();
                refused += reasons.len();
                for added in added.iter().take(MOST_TOLD) {
                    items.push(told(store, added, label).await?);
                }
                if let Some(more) = added.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
                    items.push(item(label, format!("and {} more", present::counted(more, "article"))));
                }
                for reason in reasons.iter().take(MOST_TOLD) {
                    items.push(item(label, format!("refused: {reason}")));
                }
                if let Some(more) = reasons.len().checked_sub(MOST_TOLD).filter(|more| *more > 0) {
                    items.push(item(label, format!("and {more} more refused")));
                }
            }
            Some(Came::Refused(reason)) => {
                refused += 1;
                items.push(item(label, format!("refused: {reason}")));
            }
            None => {
                refused += 1;
                items.push(item(label, "refused: something went wrong; Byline's log says what".to_owned()));
            }
        }
    }
    let outcome = if taken > 0 { Outcome::Told } else { Outcome::Refused };
    let mut reply = Reply::new(outcome);
    if items.len() > 1 {
        let counts = [(taken, "taken in or held already"), (refused, "refused")];
        let counts: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        reply = reply.with(Block::Text(format!("{}.", counts.join(", "))));
    }
    reply.blocks.extend(items);
    Ok(reply)
}

/// What became of an article.
async fn told(store: &Store, added: &Added, label: &str) -> Result<Block, Problem> {
    let stored = store.article(added.id).await?;
    let (number, title, paragraphs) = stored.map_or_else(
        || (0, label.to_owned(), 0),
        |stored| (stored.number, stored.article.meta().title.clone(), stored.article.paragraphs().len()),
    );
    let mut about = match added.outcome {
        Became::New => format!("new: #{number}, {}", present::counted(paragraphs, "paragraph")),
        Became::Unchanged => format!("unchanged: held as #{number}"),
        Became::NewVersion => {
            format!("changed: #{number} has version {} now; /articles show {number} tells what changed", added.version)
        }
        Became::Restored => format!("back: #{number} had been taken out"),
    };
    if added.outcome != Became::Unchanged
        && let Some(like) = added.duplicate_of
        && let Some(like) = store.article(like).await?
    {
        about.push_str(&format!("; nearly the same as #{} {}", like.number, like.article.meta().title));
    }
    Ok(Block::Item { name: title, about })
}
