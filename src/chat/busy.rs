//! How many requests are being answered, so that a process that stops can finish them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// How many requests are being answered, so that a process that stops can finish them.
#[derive(Debug, Default, Clone)]
pub struct Busy {
    count: Arc<AtomicUsize>,
    changed: Arc<Notify>,
}

/// A request that is being answered.
#[derive(Debug)]
pub struct Work(Busy);

impl Busy {
    /// Counts a request until the guard is dropped.
    #[must_use]
    pub fn begin(&self) -> Work {
        self.count.fetch_add(1, Ordering::AcqRel);
        Work(self.clone())
    }

    /// Waits until nothing is being answered.
    pub async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if self.count.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn idle_is_when_the_last_request_is_answered() {
        let busy = Busy::default();
        busy.idle().await;
        let work = busy.begin();
        let waiting = tokio::spawn({
            let busy = busy.clone();
            async move { busy.idle().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(work);
        waiting.await.unwrap();
    }
}
