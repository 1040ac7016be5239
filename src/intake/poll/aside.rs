//! Work that takes a core for a while, beside the answers: one piece at a time, on a thread of its own that gives way to all others.
//!
//! One thread also for the memory's sake. A large page takes tens of megabytes while it is read, and an allocator keeps what was
//! freed for the thread that had it: read now on this thread and now on that, pages would hold that much several times.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{OnceLock, mpsc};
use std::thread;

use tokio::sync::oneshot;

/// How much it gives way where Linux shares out the cores: to 10 goes a tenth of what goes to 0.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// The stack of the thread, in bytes: as of those that `tokio` reads on.
const STACK: usize = 2 * 1024 * 1024;

/// The thread, which begins with the first piece of work and ends with this.
#[derive(Debug, Default)]
pub(super) struct Aside(OnceLock<Option<mpsc::Sender<Job>>>);

type Job = Box<dyn FnOnce() + Send>;

/// Why a piece of work gave nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    /// A defect of ours.
    #[error("a defect of Byline: {0}")]
    Panicked(String),
    /// The machine gives no thread.
    #[error("there is no thread to read on")]
    NoThread,
}

impl Aside {
    /// Does `work`, when what was given before it is done. Whoever no longer waits for it need not have it done.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Ended> {
        let jobs = self.0.get_or_init(begin).as_ref().ok_or(Ended::NoThread)?;
        let (tell, told) = oneshot::channel();
        let job = Box::new(move || {
            if !tell.is_closed() {
                // What it leaves behind when it panics is its own.
                let _ = tell.send(catch_unwind(AssertUnwindSafe(work)));
            }
        });
        jobs.send(job).map_err(|_| Ended::NoThread)?;
        match told.await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(panic)) => Err(Ended::Panicked(words(&*panic))),
            Err(_) => Err(Ended::NoThread),
        }
    }
}

fn begin() -> Option<mpsc::Sender<Job>> {
    let (send, jobs) = mpsc::channel::<Job>();
    let work = move || {
        give_way();
        while let Ok(job) = jobs.recv() {
            job();
        }
    };
    let begun = thread::Builder::new().name("reading".to_owned()).stack_size(STACK).spawn(work);
    if let Err(error) = &begun {
        tracing::error!(%error, "no thread to read feeds and pages on");
    }
    begun.is_ok().then_some(send)
}

/// Lets all others go first, where the system has that for one thread.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::debug!(%error, "reading gives no way to other work");
    }
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn one_piece_at_a_time_and_none_spoils_the_next() {
        let (aside, at_once) = (Arc::new(Aside::default()), Arc::new(AtomicUsize::new(0)));
        let mut all = tokio::task::JoinSet::new();
        for n in 0..20_usize {
            let (aside, at_once) = (Arc::clone(&aside), Arc::clone(&at_once));
            all.spawn(async move {
                let work = move || {
                    assert_eq!(at_once.fetch_add(1, Ordering::SeqCst), 0);
                    thread::sleep(Duration::from_millis(2));
                    at_once.fetch_sub(1, Ordering::SeqCst);
                    assert!(n % 5 > 0, "number {n}");
                    n
                };
                (n, aside.run(work).await)
            });
        }
        while let Some(done) = all.join_next().await {
            match done.unwrap() {
                (n, Ok(same)) => assert_eq!(n, same),
                (n, Err(error)) => assert!(n % 5 == 0 && error.to_string().contains(&format!("number {n}")), "{error}"),
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_nobody_waits_for_is_not_done() {
        let (aside, done) = (Aside::default(), Arc::new(AtomicUsize::new(0)));
        let (hold, held) = mpsc::channel::<()>();
        let first = aside.run(move || held.recv());
        let counts = Arc::clone(&done);
        let second = aside.run(move || counts.fetch_add(1, Ordering::SeqCst));
        let both = async { tokio::join!(first, second) };
        assert!(tokio::time::timeout(Duration::from_millis(50), both).await.is_err());
        drop(hold);
        aside.run(|| ()).await.unwrap();
        assert_eq!(done.load(Ordering::SeqCst), 0);
    }
}
