use crate::system::Timestamp;

/// A monotonic clock: when the system clock is set back, it continues from the latest time. Counts
/// then neither start over nor last for as long as the clock was wrong.
#[derive(Default)]
pub(super) struct MonotonicClock {
    ahead: i64,
    last: Option<i64>,
}

impl MonotonicClock {
    /// Milliseconds.
    pub(super) fn at(&mut self, now: Timestamp) -> i64 {
        let mut steady = now.as_millis().saturating_add(self.ahead);
        if let Some(last) = self.last.filter(|last| *last > steady) {
            self.ahead += last - steady;
            steady = last;
        }
        self.last = Some(steady);
        steady
    }
}
