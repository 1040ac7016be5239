//! `byline watches`: who keeps collections in step with which files, and letting go what nobody follows any more.

use std::io::{self, Write};

use anyhow::bail;
use clap::{Arg, ArgMatches, Command};

use super::runtime::Running;
use super::{installation, opening};
use crate::config::Loaded;
use crate::intake::mirror;
use crate::library::store::{CollectionId, Store, WatchOwner};

/// The subcommand.
pub(super) fn subcommand() -> Command {
    let owner = Arg::new("owner").value_name("OWNER").required(true).help("Its whole name, as the list has it");
    Command::new("watches").about("The installations that mirror files into the library, with their places").subcommand(
        Command::new("forget")
            .about("Let go what an installation mirrors, as if its places were no longer named")
            .after_help(
                "For one that is gone: its articles that no other files hold and nobody imported are removed. One \
                     that still runs would mirror them once more.",
            )
            .arg(owner),
    )
}

/// Lists the owners, or forgets one.
pub(super) fn run(asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<()> {
    Running::new()?.block_on(async {
        let (store, folder) = opening::store(&loaded.config).await?;
        let mut out = io::stdout().lock();
        match asked.subcommand() {
            Some((_, forget)) => {
                let owner = forget.get_one::<String>("owner").map_or("", String::as_str);
                self::forget(&store, owner, &mut out).await?;
            }
            None => list(&store, &installation::name(&folder)?, &mut out).await?,
        }
        store.close().await;
        Ok(())
    })
}

async fn list(store: &Store, here: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let names = store.collections().await?;
    let named = |id: CollectionId| names.iter().find(|(known, _)| *known == id).map_or("", |(_, name)| name.as_str());
    let owners = store.watch_owners().await?;
    if owners.is_empty() {
        writeln!(out, "No files are mirrored into this library.")?;
    }
    let mut last = None;
    for WatchOwner { owner, collection, places, files } in &owners {
        if last.replace(owner) != Some(owner) {
            writeln!(out, "{owner}{}", if owner == here { " (this installation)" } else { "" })?;
        }
        writeln!(out, "  {}: {}", named(*collection), count(*files, "file"))?;
        for place in places {
            // Quoted as a literal: a path may hold what a terminal would obey.
            writeln!(out, "    {place:?}")?;
        }
    }
    Ok(())
}

async fn forget(store: &Store, owner: &str, out: &mut impl Write) -> anyhow::Result<()> {
    let all = store.watch_owners().await?;
    let of_owner: Vec<_> = all.iter().filter(|watching| watching.owner == owner).collect();
    if of_owner.is_empty() {
        let mut names: Vec<_> = all.iter().map(|watching| watching.owner.as_str()).collect();
        names.dedup();
        let names = if names.is_empty() { "nobody mirrors anything".to_owned() } else { names.join(", ") };
        bail!("no installation is called “{owner}”; there are: {names}");
    }
    let names = store.collections().await?;
    for watching in of_owner {
        let report = mirror::sync(store, owner, watching.collection, &[], |_| ()).await?;
        let name = names.iter().find(|(id, _)| *id == watching.collection).map_or("", |(_, name)| name.as_str());
        let (files, removed) = (count(report.gone, "file"), count(report.articles.removed, "article"));
        writeln!(out, "{name}: {files} let go, {removed} removed.")?;
    }
    Ok(())
}

fn count(number: u64, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
