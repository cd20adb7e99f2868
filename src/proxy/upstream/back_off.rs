//! When an address that takes no connections is looked at again.
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

/// From the first failure to the first probe; doubles with each that fails.
const FIRST: Duration = Duration::from_secs(1);
/// The most that it becomes.
const LONGEST: Duration = Duration::from_secs(30);

/// Whether an address is left out because it took no connection. No request finds out whether that is
/// over: a probe in the background does, one at a time.
#[derive(Debug, Default)]
pub(super) struct BackOff {
    is_ejected: AtomicBool,
    /// Probes that failed since.
    failures: AtomicU32,
}

impl BackOff {
    pub(super) fn is_ejected(&self) -> bool {
        self.is_ejected.load(Ordering::Relaxed)
    }

    /// Returns whether it was in use until now.
    pub(super) fn eject(&self) -> bool {
        let is_new = !self.is_ejected.swap(true, Ordering::Relaxed);
        if is_new {
            self.failures.store(0, Ordering::Relaxed);
        }
        is_new
    }

    /// It takes connections. Returns whether it was left out.
    pub(super) fn readmit(&self) -> bool {
        // Hardly ever written: connections of many requests share it.
        self.is_ejected() && self.is_ejected.swap(false, Ordering::Relaxed)
    }

    /// A probe failed.
    pub(super) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// The time until the next probe.
    pub(super) fn wait(&self) -> Duration {
        let doublings = self.failures.load(Ordering::Relaxed).min(16);
        FIRST.saturating_mul(1 << doublings).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::{BackOff, FIRST, LONGEST};

    #[test]
    fn the_wait_doubles_up_to_a_limit_and_begins_anew() {
        let back_off = BackOff::default();
        assert!(!back_off.is_ejected() && !back_off.readmit());
        assert!(back_off.eject() && !back_off.eject(), "once");
        let mut waits = Vec::new();
        for _ in 0..40 {
            waits.push(back_off.wait());
            back_off.failed();
        }
        assert_eq!(waits[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert_eq!(waits[39], LONGEST);
        assert!(back_off.readmit() && !back_off.readmit());
        assert!(back_off.eject());
        assert_eq!(back_off.wait(), FIRST);
    }
}
