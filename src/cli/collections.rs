//! `byline collections`: which articles are read together, and by whom.

use std::io::{self, Write};

use clap::{Arg, ArgMatches, Command};

use super::opening;
use super::runtime::Running;
use crate::chat::text::clean;
use crate::config::Loaded;
use crate::router::Place;

/// The subcommand.
pub(super) fn subcommand() -> Command {
    let place = Arg::new("place")
        .value_name("PLACE")
        .required(true)
        .value_parser(clap::value_parser!(Place))
        .help("NETWORK/COMMUNITY");
    let name = Arg::new("name").value_name("NAME").required(true).help("The collection; it is made if there is none");
    Command::new("collections")
        .about("The collections of articles, how many each holds, and which communities read it")
        .subcommand(
            Command::new("assign").about("Let a community read this collection, and no other").arg(place).arg(name),
        )
}

/// Lists the collections, or assigns one.
pub(super) fn run(asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<()> {
    Running::new()?.block_on(async {
        let (store, _) = opening::store(&loaded.config).await?;
        if let Some((_, assign)) = asked.subcommand() {
            let place = assign.get_one::<Place>("place").cloned().unwrap_or_else(Place::console);
            let name = assign.get_one::<String>("name").map_or("shared", String::as_str);
            anyhow::ensure!(
                place.channel.is_none(),
                "a collection is assigned to a community, not to one of its channels"
            );
            let community = store.community(&place.network, &place.community).await?;
            store.read_collection(community.id, store.collection(name).await?).await?;
        }
        let mut out = io::stdout().lock();
        let readers = store.communities().await?;
        for (id, name) in store.collections().await? {
            writeln!(out, "{}: {} articles", clean(&name), store.count(id).await?)?;
            for reader in readers.iter().filter(|reader| reader.collection == id) {
                writeln!(out, "  read by {}/{}", clean(&reader.network), clean(&reader.name))?;
            }
        }
        store.close().await;
        Ok(())
    })
}
