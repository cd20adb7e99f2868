//! Time that stands still until a test moves it, and chance that is the same every time.
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use doorcode::system::{Clock, Random, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

pub(crate) struct StillClock {
    shown: AtomicI64,
    elapsed: AtomicI64,
}

impl StillClock {
    pub(crate) fn new() -> Self {
        Self { shown: AtomicI64::new(1_767_225_600_000), elapsed: AtomicI64::new(0) }
    }

    pub(crate) fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a time that a test can mean");
        self.shown.fetch_add(millis, Ordering::SeqCst);
        self.elapsed.fetch_add(millis, Ordering::SeqCst);
    }

    /// The machine's clock is set to a later time; no time passes.
    pub(crate) fn set_forward(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a time that a test can mean");
        self.shown.fetch_add(millis, Ordering::SeqCst);
    }

    /// The machine's clock is set to an earlier time; no time passes.
    pub(crate) fn set_back(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).expect("a time that a test can mean");
        self.shown.fetch_sub(millis, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.shown.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed.load(Ordering::SeqCst).unsigned_abs())
    }
}

pub(crate) struct SeededRandom(Mutex<StdRng>);

impl SeededRandom {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}
