//! The runtime of a subcommand, which ends when the work has, whatever a file system still holds up.

use std::io;
use std::ops::Deref;
use std::time::Duration;

use tokio::runtime::Runtime;

/// How long work that can't be broken off is waited for in the end. Reading a file of a network mount whose server is gone may
/// hang for ever, and nothing that has to be kept is written by such work.
const GRACE: Duration = Duration::from_secs(3);

/// A runtime.
pub(super) struct Running(Option<Runtime>);

impl Running {
    /// One over all cores.
    pub(super) fn new() -> io::Result<Self> {
        Runtime::new().map(|runtime| Self(Some(runtime)))
    }
}

impl Deref for Running {
    type Target = Runtime;

    fn deref(&self) -> &Runtime {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(GRACE);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_hangs_does_not_hold_up_the_end() {
        let started = Instant::now();
        let runtime = Running::new().unwrap();
        let (begun, begins) = std::sync::mpsc::channel();
        runtime.spawn_blocking(move || {
            begun.send(()).unwrap();
            std::thread::sleep(Duration::from_secs(120));
        });
        begins.recv().unwrap();
        drop(runtime);
        assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    }
}
