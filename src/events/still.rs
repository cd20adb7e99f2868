use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::system::{Clock, Timestamp};

/// A clock that stands still until a test moves it.
#[derive(Default)]
pub(super) struct Still(AtomicI64);

impl Still {
    /// In milliseconds since 1970.
    pub(super) fn set(&self, millis: i64) {
        self.0.store(millis, Ordering::Relaxed);
    }
}

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}
