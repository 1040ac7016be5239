//! `byline eval`: how good answers are, on data whose answers are known.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::eval::{self, Wanted};
use crate::matcher::Model;

const PARTS: [(&str, Wanted); 3] =
    [("ranking", Wanted::Ranking), ("quotes", Wanted::Quotes), ("summaries", Wanted::Summaries)];

/// The subcommand.
pub(super) fn subcommand() -> Command {
    Command::new("eval")
        .about("Measure ranking, declining, quotations and summaries on data whose answers are known")
        .arg(
            Arg::new("data")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .required(true)
                .help("The data: any of newsqa/, quotes/ and summaries/"),
        )
        .arg(
            Arg::new("only")
                .long("only")
                .value_name("PART")
                .value_parser(PARTS.map(|(name, _)| name))
                .help("Measure this alone"),
        )
        .arg(
            Arg::new("ranking")
                .long("ranking")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Rank with the weights of this file instead of those that are built in"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the figures as one JSON object"))
}

/// Measures, and prints one table.
pub(super) fn run(asked: &ArgMatches) -> anyhow::Result<()> {
    let data = asked.get_one::<PathBuf>("data").cloned().unwrap_or_default();
    let only = asked.get_one::<String>("only");
    let only = only.and_then(|only| PARTS.iter().find(|(name, _)| name == only)).map(|(_, part)| *part);
    let model = match asked.get_one::<PathBuf>("ranking") {
        Some(file) => {
            let bytes = std::fs::read(file).with_context(|| format!("can't read {}", file.display()))?;
            Some(Arc::new(Model::read(&bytes)?))
        }
        None => None,
    };
    let report = eval::run(&data, only, model.as_ref())?;
    let mut out = io::stdout().lock();
    if asked.get_flag("json") {
        serde_json::to_writer(&mut out, &report.json())?;
        out.write_all(b"\n")?;
    } else {
        out.write_all(report.table().as_bytes())?;
    }
    Ok(())
}
