use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::names::UpstreamNames;

/// Tells the background that an address of an app is in trouble.
pub(super) struct Alarm {
    pub(super) names: Arc<UpstreamNames>,
    wake: Notify,
    started: Instant,
}

impl std::fmt::Debug for Alarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Alarm")
    }
}

impl Alarm {
    pub(super) fn new(names: Arc<UpstreamNames>) -> Self {
        Self { names, wake: Notify::new(), started: Instant::now() }
    }

    /// Milliseconds since the start.
    pub(super) fn now(&self) -> u64 {
        millis(self.started.elapsed())
    }

    pub(super) fn ring(&self) {
        self.wake.notify_one();
    }

    pub(super) async fn rung(&self) {
        self.wake.notified().await;
    }
}

/// Milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
