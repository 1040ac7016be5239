//! `byline train`: fits what is learned from data, one part a file.

mod quotes;
mod ranking;

use clap::{ArgMatches, Command};

/// The subcommand.
pub(super) fn subcommand() -> Command {
    Command::new("train")
        .about("Fit what is learned from data, and tell how well it does on what it was not fitted on")
        .subcommand_required(true)
        .subcommands([quotes::subcommand(), ranking::subcommand()])
}

/// Does it.
pub(super) fn run(asked: &ArgMatches) -> anyhow::Result<()> {
    match asked.subcommand() {
        Some(("quotes", asked)) => quotes::run(asked),
        Some(("ranking", asked)) => ranking::run(asked),
        _ => Ok(()),
    }
}
