//! Waiting for something to become true.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Long enough for anything on a machine that is busy with other things; a wait ends as soon as its condition holds.
pub const LONG: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until there is something, and gives it.
///
/// # Panics
/// When there is still nothing after `limit`; `what` says what was waited for.
pub async fn wait_until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {limit:?} in vain: {what}");
        sleep(LOOK_EVERY).await;
    }
}
