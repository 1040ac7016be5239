//! The command line: its flags and subcommands, and what each of them starts.
//!
//! The commands that people have in chats are subcommands too (`once`); they come from the command table. The others are for
//! whoever runs Byline.

mod collections;
mod eval;
mod installation;
mod mistyped;
mod networks;
mod once;
mod opening;
mod outbox;
mod progress;
mod quotes;
mod runtime;
mod service;
mod talk;
mod train;
mod transfer;
mod watches;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, Subcommand};

use crate::chat::text::Style;
use crate::config::{self, Config, Override, Sources};
use crate::inspect::Inspect;
use crate::logs;
use crate::router::table::COMMANDS;

/// What `--help` and the README say of exit statuses.
const EXIT_STATUS: &str = "Exit status: 0 answered, 1 not in the articles, 2 error.";

/// The widest that lines are wrapped, in columns: beyond it they are hard to read.
const WIDEST: usize = 100;

/// The whole command line.
#[must_use]
pub fn command() -> Command {
    let global = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).global(true).help(help)
    };
    let base = Command::new("byline")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Answers from news articles, in the articles' own words, and says who said it.\n\n\
             Without a subcommand it is a chat on the terminal; questions piped in are answered one a line.",
        )
        .after_help(EXIT_STATUS)
        .subcommand_precedence_over_arg(true)
        .disable_help_subcommand(true)
        .arg(articles().num_args(1..))
        .arg(
            global("config", "FILE", "The configuration, instead of bot.toml in this folder")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .arg(global("color", "WHEN", "When to use colour and bold").value_parser(["auto", "always", "never"]))
        .arg(global("log", "LEVEL", "What is logged on standard error: warn, info, debug, …"));
    let inspect = Command::new("inspect").subcommand_required(true);
    let config = Command::new("config")
        .about("The configuration")
        .subcommand_required(true)
        .subcommand(Command::new("check").about("Check the configuration and print what is in force, secrets masked"));
    let run = Command::new("run").about("Serve the networks of the configuration, without a chat on the terminal");
    base.subcommand(run)
        .subcommands(transfer::subcommands())
        .subcommands([outbox::subcommand(), collections::subcommand(), watches::subcommand()])
        .subcommands([eval::subcommand(), quotes::subcommand(), train::subcommand()])
        .subcommands(COMMANDS.iter().map(once::subcommand))
        .subcommand(Inspect::augment_subcommands(inspect))
        .subcommand(config)
}

/// What the command line of this process asks for. Help, and what can't be understood, end the process here.
#[must_use]
pub fn asked() -> ArgMatches {
    let command = command();
    command.clone().try_get_matches().unwrap_or_else(|error| mistyped::explained(error, &command).exit())
}

/// `--articles`, once for each path: behind a subcommand the words that follow are the question.
fn articles() -> Arg {
    Arg::new("articles")
        .long("articles")
        .value_name("PATH")
        .value_parser(clap::value_parser!(PathBuf))
        .action(ArgAction::Append)
        .help("A file, folder or quoted pattern to answer from, instead of those in the configuration; repeat it for more")
}

/// Does what the command line asks, and tells how it ended.
///
/// # Errors
/// Everything that keeps it from being done; `main` shows the chain of causes.
pub fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let loaded = config::load(&sources(matches))?;
    logs::init(&loaded.config.log, io::stderr().is_terminal())?;
    match matches.subcommand() {
        Some(("inspect", inspect)) => Inspect::from_arg_matches(inspect)?.run()?,
        Some(("config", _)) => io::stdout().write_all(config::render_check(&loaded).as_bytes())?,
        Some(("run", _)) => service::run(&loaded)?,
        Some(("import", asked)) => return transfer::import(asked, &loaded),
        Some(("export", asked)) => transfer::export(asked, &loaded)?,
        Some(("outbox", asked)) => outbox::run(asked, &loaded)?,
        Some(("collections", asked)) => collections::run(asked, &loaded)?,
        Some(("quotes", asked)) => quotes::run(asked, &loaded)?,
        Some(("watches", asked)) => watches::run(asked, &loaded)?,
        Some(("eval", asked)) => eval::run(asked)?,
        Some(("train", asked)) => train::run(asked)?,
        Some((name, asked)) => return once::run(name, asked, &loaded),
        None => talk::run(&loaded)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The sources of the configuration: file, environment, flags. Flags may stand before or behind the subcommand.
fn sources(matches: &ArgMatches) -> Sources {
    let innermost = std::iter::successors(Some(matches), |matches| matches.subcommand().map(|(_, inner)| inner)).last();
    let global = |name| innermost.and_then(|inner| inner.get_one::<String>(name));
    let mut sources = Sources::from_process(innermost.and_then(|inner| inner.get_one::<PathBuf>("config")).cloned());
    // `inspect rank` has an `--articles` of its own: that is its input, not the library.
    let asking = matches.subcommand_name() != Some("inspect");
    let levels =
        std::iter::successors(Some(matches).filter(|_| asking), |matches| matches.subcommand().map(|(_, inner)| inner));
    let articles: Vec<String> = levels
        .filter_map(|level| level.try_get_many::<PathBuf>("articles").ok().flatten())
        .flatten()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    if !articles.is_empty() {
        sources.overrides.push(Override::list("--articles", "library.articles", articles));
    }
    if let Some(when) = global("color") {
        sources.overrides.push(Override::new("--color", "console.color", when));
    }
    if let Some(level) = global("log") {
        sources.overrides.push(Override::new("--log", "log.level", level));
    }
    sources
}

fn style(config: &Config) -> Style {
    let terminal = io::stdout().is_terminal();
    let width = terminal.then(|| textwrap::termwidth().clamp(20, WIDEST));
    Style { color: config.console.color.enabled(terminal), width, ..Style::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        command().debug_assert();
    }

    #[test]
    fn articles_may_be_named_before_and_behind_the_subcommand() {
        for line in [
            vec!["byline", "--articles", "a", "b", "ask", "why", "not"],
            vec!["byline", "ask", "--articles", "a", "--articles", "b", "why not"],
        ] {
            let matches = command().try_get_matches_from(&line).unwrap();
            let articles = sources(&matches).overrides.remove(0);
            assert_eq!(articles.values, ["a", "b"], "{line:?}");
            let (_, asked) = matches.subcommand().unwrap();
            let args = once::options(&COMMANDS[0], asked).unwrap();
            assert_eq!(args.words("question"), Some("why not"), "{line:?}");
        }
    }
}
