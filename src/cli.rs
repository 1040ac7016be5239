//! The command line: its flags, and the one-shot subcommands, which come from the command table.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command, FromArgMatches, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;

use crate::chat::console;
use crate::chat::text::{self, Style};
use crate::config::{self, Config, Override, Sources};
use crate::inspect::Inspect;
use crate::intake::folder;
use crate::library::Library;
use crate::logs;
use crate::matcher::Thresholds;
use crate::reply::Outcome;
use crate::router::table::{COMMANDS, Spec};
use crate::router::{Args, Desk, Place, Problem, Router, Settings, help};

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
    base.subcommands(COMMANDS.iter().map(one_shot)).subcommand(Inspect::augment_subcommands(inspect)).subcommand(config)
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

/// A subcommand from an entry of the command table.
fn one_shot(spec: &'static Spec) -> Command {
    let rest = spec.rest_option().map(|option| option.name);
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the answer as one JSON object");
    let mut command = Command::new(spec.name).about(spec.about).arg(articles());
    for option in spec.options {
        let arg = Arg::new(option.name).help(option.about).required(option.required);
        command = command.arg(if rest == Some(option.name) {
            arg.num_args(1..).value_name(option.name)
        } else {
            arg.long(option.name).value_name(option.kind.placeholder())
        });
    }
    if spec.parts.is_empty() {
        return command.arg(json);
    }
    command.subcommand_required(true).subcommands(spec.parts.iter().map(one_shot))
}

/// Does what the command line asks, and tells how it ended.
///
/// # Errors
/// Everything that keeps it from being done; `main` shows the chain of causes.
pub fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let loaded = config::load(&sources(matches))?;
    logs::init(&loaded.config.log, io::stderr().is_terminal())?;
    let config = &loaded.config;
    match matches.subcommand() {
        Some(("inspect", inspect)) => Inspect::from_arg_matches(inspect)?.run()?,
        Some(("config", _)) => io::stdout().write_all(config::render_check(&loaded).as_bytes())?,
        Some((name, asked)) => {
            let spec =
                COMMANDS.iter().find(|spec| spec.name == name).context("a subcommand that is not in the table")?;
            return answer_once(spec, asked, config);
        }
        None => converse(config)?,
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

/// A router over the configured articles. What could not be read is named in the log.
fn open(config: &Config) -> anyhow::Result<Router> {
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} reading articles: {pos} files")?);
    let loaded = folder::load(&config.library.articles, || bar.inc(1));
    bar.finish_and_clear();
    for refused in &loaded.refused {
        // Quoted as a literal: a file's name may hold what a terminal would obey.
        tracing::warn!(path = ?refused.path, reason = %refused.reason, "not read");
    }
    if loaded.library.is_empty() {
        let places = config.library.articles.iter().map(|path| format!("{path:?}")).collect::<Vec<_>>().join(", ");
        anyhow::bail!(
            "no article could be read from {places}; name others with --articles PATH, or as library.articles in bot.toml"
        );
    }
    Ok(Router::new(Desk::new(loaded.library, settings(config))))
}

/// A router that holds no article.
fn empty(config: &Config) -> Router {
    Router::new(Desk::new(Library::default(), settings(config)))
}

fn settings(config: &Config) -> Settings {
    Settings {
        passages: config.answer.passages,
        thresholds: thresholds(&config.answer),
        summary_sentences: config.summary.sentences,
    }
}

/// The thresholds that are set, and the matcher's own where none is. One that is set moves the other out of its way, so that
/// a passage which answers is always near too.
fn thresholds(answer: &config::Answer) -> Thresholds {
    let own = Thresholds::default();
    match (answer.confidence, answer.nearest) {
        (None, None) => own,
        (Some(answer), None) => Thresholds { answer, nearest: own.nearest.min(answer) },
        (None, Some(nearest)) => Thresholds { answer: own.answer.max(nearest), nearest },
        (Some(answer), Some(nearest)) => Thresholds { answer, nearest },
    }
}

fn style(config: &Config) -> Style {
    let terminal = io::stdout().is_terminal();
    let width = terminal.then(|| textwrap::termwidth().clamp(20, WIDEST));
    Style { color: config.console.color.enabled(terminal), width }
}

fn converse(config: &Config) -> anyhow::Result<()> {
    let router = open(config)?;
    let runtime = Runtime::new()?;
    let options = console::Options { style: style(config), history: config.console.history.clone() };
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        runtime.block_on(async { Ok::<_, anyhow::Error>(router.desk(&Place::console()).await?.prepare().await?) })?;
        console::converse(&router, &runtime, &options)
    } else {
        console::answer_lines(&router, &runtime, io::stdin().lock(), io::stdout().lock(), &options)
    }
}

/// Answers one command and exits; the status tells how it ended.
fn answer_once(spec: &'static Spec, asked: &ArgMatches, config: &Config) -> anyhow::Result<ExitCode> {
    let (spec, given) = match asked.subcommand() {
        Some((name, part)) => {
            (spec.parts.iter().find(|part| part.name == name).context("a part that is not in the table")?, part)
        }
        None => (spec, asked),
    };
    // Help tells of commands, not of articles: it must work where there are none.
    let router = if spec.name == help::NAME { empty(config) } else { open(config)? };
    let reply = match options(spec, given) {
        Ok(args) => Runtime::new()?.block_on(router.answer(&Place::console(), spec, &args)),
        Err(problem) => router.refuse(problem),
    };
    let mut out = io::stdout().lock();
    if given.get_flag("json") {
        serde_json::to_writer(&mut out, &reply)?;
        out.write_all(b"\n")?;
    } else if reply.outcome == Outcome::Refused {
        // Standard error may be closed; the exit status still tells.
        let _ = writeln!(io::stderr(), "{}", text::render(&reply, Style::default()));
    } else {
        writeln!(out, "{}", text::render_whole(&reply, style(config)))?;
    }
    Ok(match reply.outcome {
        Outcome::Answered | Outcome::Told => ExitCode::SUCCESS,
        Outcome::NotInArticles => ExitCode::from(1),
        Outcome::Refused => ExitCode::from(2),
    })
}

/// The options given, checked. Several words are the words of one question, so that it need not be quoted.
fn options(spec: &'static Spec, given: &ArgMatches) -> Result<Args, Problem> {
    let mut args = Args::default();
    for option in spec.options {
        if let Some(words) = given.get_many::<String>(option.name) {
            args.set(option, &words.map(String::as_str).collect::<Vec<_>>().join(" "))?;
        }
    }
    args.complete(spec)
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
            let args = options(&COMMANDS[0], asked).unwrap();
            assert_eq!(args.words("question"), Some("why not"), "{line:?}");
        }
    }
}
