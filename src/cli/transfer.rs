//! `byline import` and `byline export`: articles into the library, and the library out of it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Serialize;
use tempfile::NamedTempFile;
use url::Url;

use super::runtime::Running;
use super::{installation, opening, progress};
use crate::config::Loaded;
use crate::intake::import::{self, Summary};
use crate::intake::{Refusal, Tally, web};
use crate::library::store::{CollectionId, Exported, SHARED, Store, StoreError};

/// The option that names a collection.
fn collection(help: &'static str) -> Arg {
    Arg::new("collection").long("collection").value_name("NAME").help(help)
}

/// The two subcommands.
pub(super) fn subcommands() -> [Command; 2] {
    let paths = Arg::new("paths")
        .value_name("PATH")
        .required(true)
        .num_args(1..)
        .value_parser(clap::value_parser!(PathBuf))
        .help("Files, folders, quoted patterns and addresses of pages; also what `byline export` wrote");
    let file = Arg::new("file")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("Where to; standard output if not given");
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the summary as one JSON object");
    [
        Command::new("import")
            .about("Take articles into the library, once; what is in library.articles comes by itself")
            .after_help(
                "An article that is there already (by its address, its key, or its very words) is not added twice: \
                 with other words it becomes a new version. Exit status: 0 all taken in, 1 some refused, 2 error.",
            )
            .arg(paths)
            .arg(collection(
                "The collection, made if there is none of this name; if not given, what an export wrote goes to \
                 where it was, and everything else to “shared”",
            ))
            .arg(json),
        Command::new("export")
            .about("Write the articles of the library, with their earlier versions, one a line as JSON")
            .after_help("Importing the file gives the same library, on SQLite and on PostgreSQL.")
            .arg(file)
            .arg(collection("Only this collection; all if not given")),
    ]
}

/// Takes articles in, and tells what became of them.
pub(super) fn import(asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let named = asked.get_many::<PathBuf>("paths").into_iter().flatten();
    let (urls, paths): (Vec<_>, Vec<_>) =
        named.cloned().partition(|path| path.to_str().and_then(web::address).is_some());
    let urls: Vec<Url> = urls.iter().filter_map(|url| web::address(url.to_str()?)).collect();
    let runtime = Running::new()?;
    let summary = runtime.block_on(async {
        let (store, folder) = opening::store(&loaded.config).await?;
        let into = match asked.get_one::<String>("collection") {
            Some(name) => Some(store.collection(name).await?),
            None => None,
        };
        let owner = installation::name(&folder)?;
        let bar = progress::of_files("importing");
        let mut summary = import::import(&store, &owner, into, &paths, |done| progress::show(&bar, done)).await?;
        bar.finish_and_clear();
        if !urls.is_empty() {
            let fetcher = opening::fetcher(&loaded.config.web);
            summary.places.extend(web::import(&store, into.unwrap_or(SHARED), &fetcher, &urls).await?);
        }
        store.close().await;
        anyhow::Ok(summary)
    })?;
    let mut out = io::stdout().lock();
    if asked.get_flag("json") {
        serde_json::to_writer(&mut out, &Told::of(&summary))?;
        out.write_all(b"\n")?;
    } else {
        tell(&mut out, &summary)?;
    }
    let refused = summary.total().refused > 0;
    Ok(if refused { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// Writes the articles out.
pub(super) fn export(asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<()> {
    let runtime = Running::new()?;
    runtime.block_on(async {
        let (store, _) = opening::store(&loaded.config).await?;
        let from = match asked.get_one::<String>("collection") {
            Some(name) => Some(known(&store, name).await?),
            None => None,
        };
        let exported = match asked.get_one::<PathBuf>("file") {
            None => written(&store, from, BufWriter::new(io::stdout())).await?,
            Some(path) => {
                // Whole or not at all: an export that was cut off must not pass for a backup.
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
                let unwritable = || format!("{} can't be written", path.display());
                let file = NamedTempFile::new_in(folder).with_context(unwritable)?;
                let exported = written(&store, from, BufWriter::new(file.as_file())).await?;
                file.as_file().sync_all().with_context(unwritable)?;
                let file: File = file.persist(path).with_context(unwritable)?;
                drop(file);
                exported
            }
        };
        store.close().await;
        let _ = writeln!(io::stderr(), "{} articles, {} bytes.", exported.articles, exported.bytes);
        Ok(())
    })
}

/// Writes one collection, or all.
async fn written(store: &Store, from: Option<CollectionId>, out: impl Write + Send) -> Result<Exported, StoreError> {
    match from {
        Some(collection) => store.export(collection, out).await,
        None => store.export_all(out).await,
    }
}

/// The collection of this name; none is made.
async fn known(store: &Store, name: &str) -> anyhow::Result<CollectionId> {
    let all = store.collections().await?;
    match all.iter().find(|(_, known)| known == name) {
        Some((id, _)) => Ok(*id),
        None => {
            let names: Vec<_> = all.iter().map(|(_, name)| name.as_str()).collect();
            bail!("there is no collection “{name}”; there are: {}", names.join(", "))
        }
    }
}

/// What became of the articles of each place, for people.
fn tell(out: &mut impl Write, summary: &Summary) -> io::Result<()> {
    for place in &summary.places {
        writeln!(out, "{}: {}", place.place.display(), counts(&place.articles))?;
        for Refusal { path, reason } in &place.articles.refusals {
            // Quoted as a literal: a file's name may hold what a terminal would obey.
            writeln!(out, "  refused {path:?}: {reason}")?;
        }
        let untold = place.articles.refused.saturating_sub(place.articles.refusals.len() as u64);
        if untold > 0 {
            writeln!(out, "  … and {untold} more refused")?;
        }
    }
    Ok(())
}

/// `3 new, 12 unchanged (10 known by their address, 2 by their words)`
fn counts(tally: &Tally) -> String {
    let known = [
        (tally.known_by_address, "by address"),
        (tally.known_by_key, "by key"),
        (tally.known_by_source, "by file"),
        (tally.known_by_content, "by their very words"),
    ];
    let known: Vec<String> = known.iter().filter(|(n, _)| *n > 0).map(|(n, how)| format!("{n} {how}")).collect();
    let parts = [
        (tally.new, "new"),
        (tally.new_versions, "in a new version"),
        (tally.restored, "restored"),
        (tally.unchanged, "unchanged"),
        (tally.near_duplicates, "nearly the same as another"),
        (tally.refused, "refused"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    match (parts.is_empty(), known.is_empty()) {
        (true, _) => "nothing".to_owned(),
        (false, true) => parts.join(", "),
        (false, false) => format!("{} (known {})", parts.join(", "), known.join(", ")),
    }
}

/// The summary for programs.
#[derive(Serialize)]
struct Told {
    places: Vec<ToldPlace>,
}

#[derive(Serialize)]
struct ToldPlace {
    place: String,
    files: u64,
    new: u64,
    new_versions: u64,
    restored: u64,
    unchanged: u64,
    near_duplicates: u64,
    refused: u64,
    refusals: Vec<(String, String)>,
}

impl Told {
    fn of(summary: &Summary) -> Self {
        let place = |place: &import::PlaceSummary| ToldPlace {
            place: place.place.to_string_lossy().into_owned(),
            files: place.files,
            new: place.articles.new,
            new_versions: place.articles.new_versions,
            restored: place.articles.restored,
            unchanged: place.articles.unchanged,
            near_duplicates: place.articles.near_duplicates,
            refused: place.articles.refused,
            refusals: place
                .articles
                .refusals
                .iter()
                .map(|refusal| (refusal.path.to_string_lossy().into_owned(), refusal.reason.clone()))
                .collect(),
        };
        Self { places: summary.places.iter().map(place).collect() }
    }
}
