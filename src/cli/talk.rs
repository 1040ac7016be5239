//! The chat on the terminal, or the questions of a pipe.

use std::io::{self, IsTerminal};

use super::runtime::Running;
use super::service::{self, Service};
use super::{opening, style};
use crate::chat::console;
use crate::config::Loaded;
use crate::router::Place;

/// Talks until the person leaves or the pipe ends.
pub(super) fn run(loaded: &Loaded) -> anyhow::Result<()> {
    let config = &loaded.config;
    let runtime = Running::new()?;
    let opened = runtime.block_on(opening::open(loaded))?;
    let options = console::Options { style: style(config), history: config.console.history.clone() };
    let _on = runtime.enter();
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        // Whoever drives Byline through a pipe sees what changes meanwhile.
        let service = opened.kept.as_ref().map(|kept| Service::follow(kept, config));
        let talked = console::answer_lines(&opened.router, &runtime, io::stdin().lock(), io::stdout().lock(), &options);
        if let Some(service) = service {
            runtime.block_on(service.stop());
        }
        return talked;
    }
    runtime.block_on(async { anyhow::Ok(opened.router.desk(&Place::console()).await?.prepare().await?) })?;
    let beside = |courier| {
        let kept = opened.kept.as_ref()?;
        let mut couriers = service::couriers(config);
        couriers.push(courier);
        Some(Service::start(kept, couriers, config))
    };
    if let Some(service) = console::converse(&opened.router, &runtime, &options, beside)? {
        runtime.block_on(service.stop());
    }
    Ok(())
}
