//! A command of the table as a subcommand: answered once, the exit status tells how.

use std::convert::Infallible;
use std::io::{self, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::runtime::Running;
use super::{articles, opening, progress, style};
use crate::chat::text::{self, Style};
use crate::config::Loaded;
use crate::library::Library;
use crate::reply::{Checked, Outcome};
use crate::router::table::{COMMANDS, Kind, Spec, YES};
use crate::router::{Args, Desk, Place, Problem, Progress, Router, Settings, help};

/// A subcommand from an entry of the command table.
pub(super) fn subcommand(spec: &'static Spec) -> Command {
    let rest = spec.rest_option().map(|option| option.name);
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the answer as one JSON object");
    let mut command = Command::new(spec.name).about(spec.about).arg(articles()).arg(at());
    for option in spec.options {
        let arg = Arg::new(option.name).help(option.about).required(option.required);
        command = command.arg(if rest == Some(option.name) {
            arg.num_args(1..).value_name(option.name)
        } else {
            let arg = arg.long(option.name).value_name(option.kind.placeholder());
            if option.kind == Kind::Flag {
                arg.num_args(0..=1).require_equals(true).default_missing_value(YES)
            } else {
                arg
            }
        });
    }
    if spec.parts.is_empty() {
        return command.arg(json);
    }
    command.subcommand_required(true).subcommands(spec.parts.iter().map(subcommand))
}

/// `--at`: as if the command were given there, by somebody who manages the place.
fn at() -> Arg {
    Arg::new("at")
        .long("at")
        .value_name("PLACE")
        .value_parser(clap::value_parser!(Place))
        .help("Answer as in this place: NETWORK/COMMUNITY or NETWORK/COMMUNITY/CHANNEL, instead of the console")
}

/// The place that `--at` names, on whichever level it stands.
fn place(asked: &ArgMatches) -> Place {
    let levels = std::iter::successors(Some(asked), |level| level.subcommand().map(|(_, inner)| inner));
    levels.filter_map(|level| level.get_one::<Place>("at")).last().cloned().unwrap_or_else(Place::console)
}

/// Answers one command; the status tells how it ended.
pub(super) fn run(name: &str, asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    let spec = COMMANDS.iter().find(|spec| spec.name == name).context("a subcommand that is not in the table")?;
    let (spec, given) = match asked.subcommand() {
        Some((name, part)) => {
            (spec.parts.iter().find(|part| part.name == name).context("a part that is not in the table")?, part)
        }
        None => (spec, asked),
    };
    // Help tells of commands, not of articles: it must work where there are none.
    let runtime = Running::new()?;
    let router = if spec.name == help::NAME {
        Router::new(Desk::new(Library::default(), Settings::default()))
    } else {
        runtime.block_on(opening::open(loaded))?.router
    };
    let reply = match options(spec, given) {
        Ok(args) => runtime.block_on(answer(&router, &place(asked), spec, &args)),
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
        writeln!(out, "{}", text::render_whole(&reply, style(&loaded.config)))?;
    }
    // The answer need not wait for what was found on the way to it.
    out.flush()?;
    runtime.block_on(router.settle());
    Ok(match reply.outcome {
        Outcome::Answered | Outcome::Told => ExitCode::SUCCESS,
        Outcome::NotInArticles => ExitCode::from(1),
        Outcome::Refused => ExitCode::from(2),
    })
}

/// The answer; on a terminal, what takes its time is told until it is there.
async fn answer(router: &Router, place: &Place, spec: &'static Spec, args: &Args) -> Checked {
    let (progress, mut look) = Progress::new();
    let bar = progress::line();
    let told = async {
        while look.changed().await.is_ok() {
            bar.set_message(text::clean(&look.borrow_and_update()));
            bar.tick();
        }
        std::future::pending::<Infallible>().await
    };
    let reply = tokio::select! {
        reply = router.answer_telling(place, spec, args, progress) => reply,
        never = told => match never {},
    };
    bar.finish_and_clear();
    reply
}

/// The options given, checked. Several words are the words of one question, so that it need not be quoted.
pub(super) fn options(spec: &'static Spec, given: &ArgMatches) -> Result<Args, Problem> {
    let mut args = Args::default();
    for option in spec.options {
        if let Some(words) = given.get_many::<String>(option.name) {
            args.set(option, &words.map(String::as_str).collect::<Vec<_>>().join(" "))?;
        }
    }
    args.complete(spec)
}
