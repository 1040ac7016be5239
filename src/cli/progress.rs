//! Progress bars on standard error, shown on a terminal alone.

use indicatif::{ProgressBar, ProgressStyle};

use crate::intake::Progress;

/// A bar over files and their bytes.
pub(super) fn of_files(what: &'static str) -> ProgressBar {
    styled("{prefix} {bar:30} {bytes}/{total_bytes} {msg}").with_prefix(what)
}

/// What has no known end.
pub(super) fn spinner(what: &'static str, things: &'static str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_prefix(what).with_message(things);
    if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}: {pos} {msg}") {
        spinner.set_style(style);
    }
    spinner
}

/// A line that is told.
pub(super) fn line() -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    match ProgressStyle::with_template("{spinner} {msg}") {
        Ok(style) => spinner.with_style(style),
        Err(_) => spinner,
    }
}

/// Shows how far the reading of files is.
pub(super) fn show(bar: &ProgressBar, done: Progress) {
    bar.set_length(done.of_bytes);
    bar.set_position(done.bytes);
    bar.set_message(format!("{}/{} files", done.files, done.of_files));
}

fn styled(template: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    // A template that indicatif does not understand leaves its own.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
