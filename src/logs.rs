//! Logs: what the program does, on standard error, for people or as JSON lines.
//!
//! Set by `log.level` and `log.format`. Standard output belongs to answers and is never written to.
//!
//! **The rule for everybody who logs:** the words of a question (and anything else that somebody typed) are logged at
//! `debug` or below, never above: they are private, and the default level keeps them out of logs. At `info` and above a
//! log says that a question was asked, how long it took and how it ended.
//!
//! In JSON, each line is one object: `timestamp` (RFC 3339, UTC), `level`, `target`, and the event's fields beside
//! them, `message` among them.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::{SetGlobalDefaultError, set_global_default};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::filter::{self, FilterError};
use crate::config::{self, Log, LogFormat};

/// Crates that tell much of what they do inside: when everything is asked for at `info` or more, they still tell only of
/// trouble. A directive that names one of them in `log.level` goes before this.
const NOISY: &[&str] = &[
    "h2",
    "hyper",
    "hyper_util",
    "matrix_sdk",
    "reqwest",
    "rustls",
    "serenity",
    "tantivy",
    "tokio_tungstenite",
    "tungstenite",
];

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is none.
    #[error("log.level: {0}")]
    Filter(#[from] FilterError),
    /// Logs were started before in this process.
    #[error("logs were started already: {0}")]
    Started(#[from] SetGlobalDefaultError),
}

/// Starts logging to standard error. `terminal` tells whether that is a terminal: only then, and only when `NO_COLOR` is
/// not set, lines for people are coloured.
///
/// # Errors
/// [`LogError::Filter`] when `log.level` is no filter (one that came through [`config::load`] is), [`LogError::Started`]
/// when called a second time.
pub fn init(log: &Log, terminal: bool) -> Result<(), LogError> {
    let colour = terminal && !config::no_color();
    set_global_default(subscriber(log, colour, std::io::stderr)?)?;
    Ok(())
}

fn subscriber<W>(log: &Log, colour: bool, writer: W) -> Result<Box<dyn tracing::Subscriber + Send + Sync>, FilterError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // A line that can't be written is lost. Telling so, as is the default, panics when standard error is closed.
    let builder =
        fmt().with_env_filter(env_filter(&log.level)?).with_writer(writer).with_ansi(colour).log_internal_errors(false);
    Ok(match log.format {
        LogFormat::Auto | LogFormat::Human => Box::new(builder.compact().finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    })
}

/// The filter of a `log.level`, with the noisy crates kept down where it does not name them.
fn env_filter(level: &str) -> Result<EnvFilter, FilterError> {
    let asked = filter::directives(level)?;
    let overall = asked.iter().rev().find_map(|directive| filter::level(directive));
    // The page extractor warns of every slip in a page's metadata that it then does without.
    // Matrix's client calls every answer of a homeserver that is no success an error: what comes of it, we tell.
    // It warns at each start that there is no backup yet.
    let quiet = ["trafilatura=error", "matrix_sdk::http_client=off", "matrix_sdk_crypto::backups=error"];
    let mut directives: Vec<String> = quiet.map(ToOwned::to_owned).to_vec();
    if overall.is_some_and(|level| level > LevelFilter::WARN) {
        directives.extend(NOISY.iter().map(|target| format!("{target}=warn")));
    }
    // Of two directives for one target the later holds, and one for a target goes before one for all.
    directives.extend(asked.into_iter().map(ToOwned::to_owned));
    filter::parse(&directives.join(","))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::subscriber::with_default;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one thread").write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn logged(level: &str, format: LogFormat, colour: bool, events: impl FnOnce()) -> String {
        let captured = Captured::default();
        let writer = captured.clone();
        let log = Log { level: level.to_owned(), format };
        with_default(subscriber(&log, colour, move || writer.clone()).expect("a filter"), events);
        let bytes = captured.0.lock().expect("one thread").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }

    fn every_kind() {
        tracing::info!(target: "byline", "ours at info");
        tracing::debug!(target: "byline::matcher", "ours at debug");
        tracing::warn!(target: "tantivy", "theirs at warn");
        tracing::info!(target: "tantivy::indexer", "theirs at info");
    }

    fn heard(level: &str) -> Vec<&'static str> {
        let text = logged(level, LogFormat::Human, false, every_kind);
        ["ours at info", "ours at debug", "theirs at warn", "theirs at info"]
            .into_iter()
            .filter(|event| text.contains(event))
            .collect()
    }

    #[test]
    fn a_level_is_for_all_but_the_noisy() {
        assert_eq!(heard("warn"), ["theirs at warn"]);
        assert_eq!(heard("info"), ["ours at info", "theirs at warn"]);
        assert_eq!(heard("debug"), ["ours at info", "ours at debug", "theirs at warn"]);
        assert!(heard("off").is_empty());
        assert!(heard("error").is_empty());
    }

    #[test]
    fn who_names_a_noisy_crate_hears_it() {
        assert_eq!(heard("info,tantivy=info"), ["ours at info", "theirs at warn", "theirs at info"]);
        assert_eq!(heard("warn,byline=debug"), ["ours at info", "ours at debug", "theirs at warn"]);
    }

    #[test]
    fn lines_for_people_are_coloured_when_asked() {
        let event = || tracing::error!(code = 7, "the disk is full");
        let plain = logged("warn", LogFormat::Auto, false, event);
        assert!(plain.contains("ERROR") && plain.contains("the disk is full code=7"), "{plain}");
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert!(logged("warn", LogFormat::Human, true, event).contains('\u{1b}'));
    }

    #[test]
    fn json_is_one_object_a_line_and_never_coloured() {
        let lines = logged("info", LogFormat::Json, true, || {
            tracing::info!(articles = 12, "loaded\nall");
            tracing::info!("ready");
        });
        let objects: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(objects.len(), 2);
        assert_eq!(objects[0]["message"], "loaded\nall");
        assert_eq!(objects[0]["articles"], 12);
        assert_eq!(objects[0]["level"], "INFO");
    }

    #[test]
    fn a_bad_filter_is_an_error_that_names_the_key() {
        let log = Log { level: "wran".to_owned(), ..Log::default() };
        let error = init(&log, false).expect_err("no filter");
        assert!(error.to_string().starts_with("log.level: “wran” is neither a level"), "{error}");
    }
}
