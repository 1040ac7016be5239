//! `byline outbox`: what waits to be posted, was posted, or was given up and why.

use std::io::{self, Write};

use anyhow::bail;
use clap::{Arg, ArgAction, ArgMatches, Command};
use jiff::Timestamp;
use serde_json::json;

use super::opening;
use super::runtime::Running;
use crate::chat::text::clean;
use crate::config::Loaded;
use crate::library::store::{JobEntry, JobFilter, JobState, Store};

/// The words for the states.
const STATES: [(&str, JobState); 3] =
    [("open", JobState::Open), ("sent", JobState::Sent), ("given-up", JobState::GivenUp)];

/// The subcommand.
pub(super) fn subcommand() -> Command {
    let job = Arg::new("job").value_name("NUMBER").required(true).value_parser(clap::value_parser!(i64));
    Command::new("outbox")
        .about("What waits to be posted, was posted, or was given up and why")
        .arg(
            Arg::new("state")
                .long("state")
                .value_name("STATE")
                .value_parser(STATES.map(|(word, _)| word))
                .help("Only these"),
        )
        .arg(
            Arg::new("most")
                .long("most")
                .value_name("N")
                .default_value("20")
                .value_parser(clap::value_parser!(u32).range(1..=10_000))
                .help("How many to list, the last ones first"),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one JSON object a line"))
        .subcommand(Command::new("retry").about("Take up a posting that was given up").arg(job))
}

/// Lists the outbox, or takes a posting up again.
pub(super) fn run(asked: &ArgMatches, loaded: &Loaded) -> anyhow::Result<()> {
    Running::new()?.block_on(async {
        let (store, _) = opening::store(&loaded.config).await?;
        match asked.subcommand() {
            Some((_, retry)) => {
                let job = retry.get_one::<i64>("job").copied().unwrap_or_default();
                if !store.retry_job(job).await? {
                    bail!("no posting with the number {job} was given up, or what it said was forgotten since");
                }
                println!("Posting #{job} is queued again. It is sent by whichever process serves its network.");
            }
            None => list(&store, asked).await?,
        }
        store.close().await;
        Ok(())
    })
}

async fn list(store: &Store, asked: &ArgMatches) -> anyhow::Result<()> {
    let word = asked.get_one::<String>("state");
    let state = STATES.iter().find(|(name, _)| word.is_some_and(|word| word == name)).map(|(_, state)| *state);
    let most = asked.get_one::<u32>("most").copied().unwrap_or(20);
    let jobs = store.list_jobs(JobFilter { state, ..JobFilter::default() }, most).await?;
    let mut out = io::stdout().lock();
    if asked.get_flag("json") {
        for job in &jobs {
            serde_json::to_writer(&mut out, &as_json(job))?;
            out.write_all(b"\n")?;
        }
        return Ok(());
    }
    for (network, state, count) in store.count_jobs().await? {
        writeln!(out, "{network}: {count} {}", word_for(state))?;
    }
    for job in &jobs {
        writeln!(out, "#{} {} {}/{}: {}", job.id, job.due_at, shown(&job.network), shown(&job.destination), told(job))?;
    }
    Ok(())
}

fn word_for(state: JobState) -> &'static str {
    STATES.iter().find(|(_, known)| *known == state).map_or("", |(word, _)| word)
}

/// What networks and people named, on one line and without what a terminal would obey.
fn shown(text: &str) -> String {
    clean(text).replace(['\n', '\t'], " ")
}

fn told(job: &JobEntry) -> String {
    let why = job.last_error.as_deref().map(|error| format!(": {}", shown(error))).unwrap_or_default();
    match job.state {
        JobState::Sent => job.sent_at.map_or_else(|| "sent".to_owned(), |sent| format!("sent {sent}")),
        JobState::GivenUp => format!("given up after {} attempts{why}", job.attempts),
        JobState::Open if job.is_being_sent(Timestamp::now()) => {
            let until = job.lease.as_ref().map(|(_, until)| format!(", leased until {until}")).unwrap_or_default();
            format!("is being sent, attempt {}{until}{why}", job.attempts)
        }
        JobState::Open if job.attempts == 0 => "waits".to_owned(),
        JobState::Open => format!("tried {} times, next {}{why}", job.attempts, job.next_at),
    }
}

fn as_json(job: &JobEntry) -> serde_json::Value {
    json!({
        "id": job.id,
        "key": job.key,
        "network": job.network,
        "channel": job.destination,
        "state": word_for(job.state),
        "attempts": job.attempts,
        "due": job.due_at,
        "next": job.next_at,
        "leased_until": job.lease.as_ref().map(|(_, until)| until),
        "error": job.last_error,
        "network_id": job.network_id,
        "queued": job.queued_at,
        "sent": job.sent_at,
    })
}
