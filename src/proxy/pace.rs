//! Whether a client sends or takes bytes fast enough to be served.
use std::time::Duration;

use tokio::time::Instant;

/// How long a client may send or take nothing. Every byte earns some of it back.
pub(super) const GRACE: Duration = Duration::from_mins(1);

/// The time that a client has left, for one direction of a connection or stream.
///
/// Waiting for the client uses it up. Bytes that it sends or takes add to it, as much as they may
/// take at the least rate, up to [`GRACE`]. Time in which an app is waited for counts for nothing.
#[derive(Debug)]
pub(super) struct Pace {
    /// `server.least_rate`, bytes a second; 0: every byte gives all of it back.
    rate: u64,
    left: Duration,
    waiting: Option<Instant>,
}

impl Pace {
    pub(super) const fn new(rate: u64) -> Self {
        Self { rate, left: GRACE, waiting: None }
    }

    /// The client is waited for. Returns when it is to be given up.
    pub(super) fn wait(&mut self, now: Instant) -> Instant {
        *self.waiting.get_or_insert(now) + self.left
    }

    /// The client sent or took this many bytes.
    pub(super) fn moved(&mut self, now: Instant, bytes: usize) {
        let since = self.waiting.take().unwrap_or(now);
        self.settle(now.saturating_duration_since(since), bytes);
    }

    /// The client was waited for this long, and sent or took this many bytes in it.
    pub(super) fn settle(&mut self, waited: Duration, bytes: usize) {
        self.left = self.left.saturating_add(self.time_for(bytes));
        self.left = self.left.saturating_sub(waited).min(GRACE);
    }

    /// The time that is left, besides what `bytes` may take.
    pub(super) fn allows(&self, bytes: usize) -> Duration {
        self.left.saturating_add(self.time_for(bytes))
    }

    pub(super) const fn is_over(&self) -> bool {
        self.left.is_zero()
    }

    pub(super) fn is_full(&self) -> bool {
        self.left == GRACE
    }

    fn time_for(&self, bytes: usize) -> Duration {
        let millis = (bytes as u64).saturating_mul(1000).checked_div(self.rate);
        millis.map_or(GRACE, Duration::from_millis)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{GRACE, Pace};

    const RATE: u64 = 240;

    /// How many times a client moves so many bytes after so long before it is given up.
    fn moves(pace: &mut Pace, after: Duration, bytes: usize) -> usize {
        let mut now = Instant::now();
        let mut count = 0;
        while count < 10_000 && pace.wait(now) > now + after {
            now += after;
            pace.moved(now, bytes);
            count += 1;
        }
        count
    }

    #[test]
    fn a_byte_each_five_seconds_is_given_up_within_two_graces() {
        let count = moves(&mut Pace::new(RATE), Duration::from_secs(5), 1);
        assert!((11..=24).contains(&count), "{count}");
    }

    #[test]
    fn the_least_rate_is_served_for_ever_in_parts_of_any_length() {
        for (seconds, bytes) in [(1, 240), (10, 2400), (59, 59 * 240)] {
            let count = moves(&mut Pace::new(RATE), Duration::from_secs(seconds), bytes);
            assert_eq!(count, 10_000, "{bytes} bytes each {seconds} s");
        }
    }

    #[test]
    fn a_pause_is_forgiven_to_who_goes_on() {
        let mut pace = Pace::new(RATE);
        let start = Instant::now();
        pace.wait(start);
        let paused = start + GRACE - Duration::from_secs(5);
        pace.moved(paused, 64 * 1024);
        assert_eq!(pace.wait(paused), paused + GRACE);
    }

    #[test]
    fn without_a_rate_every_byte_is_enough() {
        assert_eq!(moves(&mut Pace::new(0), Duration::from_secs(50), 1), 10_000);
        let mut pace = Pace::new(0);
        assert_eq!(moves(&mut pace, GRACE, 1), 0, "nothing at all is still not enough");
    }
}
