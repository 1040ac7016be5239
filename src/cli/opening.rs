//! Opening what a run answers from: the library that is kept, or articles read for this run alone.

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};

use crate::config::{self, Config, Loaded};
use crate::intake::folder;
use crate::matcher::Thresholds;
use crate::router::{Desk, Router, Settings};

/// What a run answers from.
pub(super) struct Opened {
    /// Answers.
    pub(super) router: Router,
}

/// Opens what the configuration names.
pub(super) async fn open(loaded: &Loaded) -> anyhow::Result<Opened> {
    Ok(Opened { router: read(&loaded.config)? })
}

/// A router over articles that are read from files, for this run alone. What could not be read is named in the log.
fn read(config: &Config) -> anyhow::Result<Router> {
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
        bail!(
            "no article could be read from {places}; name others with --articles PATH, or as library.articles in bot.toml"
        );
    }
    Ok(Router::new(Desk::new(loaded.library, settings(config))))
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
