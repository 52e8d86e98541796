//! How far the processors are, whichever processes they run in: the log knows.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::GROUP;
use crate::log::{EventLog, LogError};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Waits until everything that is in the log now has been committed; false when that takes longer than `wait`.
///
/// # Errors
/// When the log cannot be asked.
pub async fn caught_up(log: &dyn EventLog, wait: Duration) -> Result<bool, LogError> {
    let deadline = Instant::now() + wait;
    let done = async {
        let ends = log.end().await?;
        loop {
            let committed = log.committed(GROUP).await?;
            if ends.iter().all(|(partition, end)| committed.get(partition).is_some_and(|next| next >= end)) {
                return Ok(true);
            }
            sleep(LOOK).await;
        }
    };
    timeout_at(deadline, done).await.unwrap_or(Ok(false))
}
