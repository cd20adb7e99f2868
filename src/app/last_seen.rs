use std::sync::Arc;
use std::time::Duration;

use crate::proxy::BackgroundJob;
use crate::session::Sessions;

/// Interval of writing last uses of sessions to the store.
const INTERVAL: Duration = Duration::from_mins(5);

/// Writes the last uses of sessions, again and again.
pub(super) fn job(sessions: Arc<Sessions>) -> BackgroundJob {
    let run = async move {
        loop {
            tokio::time::sleep(INTERVAL).await;
            write(&sessions).await;
        }
    };
    BackgroundJob { name: "last seen", run: Box::pin(run) }
}

pub(super) async fn write(sessions: &Sessions) {
    if let Err(error) = sessions.write_last_seen().await {
        tracing::error!(%error, "failed to flush session last-seen times");
    }
}
