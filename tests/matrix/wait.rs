//! Waiting for what comes in its own time.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// Far longer than anything here takes: only what hangs ends by it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How often is looked.
const LOOK: Duration = Duration::from_millis(50);

/// Looks until there is something; `told` says what there was instead.
pub fn until<T, W: Display>(mut look: impl FnMut() -> Option<T>, told: impl Fn() -> W) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{}", told());
        std::thread::sleep(LOOK);
    }
}

/// The same beside other tasks.
pub async fn until_async<T, W: Display>(mut look: impl AsyncFnMut() -> Option<T>, told: impl Fn() -> W) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{}", told());
        tokio::time::sleep(LOOK).await;
    }
}
