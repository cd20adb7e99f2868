use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The connections of a pool that must not be used again: those that were made before a moment, in which
/// the server was found to be a primary no more.
#[derive(Clone, Debug, Default)]
pub(super) struct StaleConnections(Arc<Mutex<Option<Instant>>>);

impl StaleConnections {
    /// All that there are now.
    pub(super) fn are_all(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether one that is so old is one of them.
    pub(super) fn include(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| age >= since.elapsed())
    }
}
