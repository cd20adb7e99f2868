//! Gives memory back to the operating system when clients have gone.
//!
//! mimalloc gives back what a thread has freed when that thread collects, which it does once in
//! [`COLLECTS_EVERY`] larger allocations. Traffic makes enough of them. When many clients go at once and
//! nobody comes, their memory would stay until somebody does, so that the allocations are made here.
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Allocations of a thread between two collections (`generic_collect` of mimalloc 3).
const COLLECTS_EVERY: usize = 10_000;
/// Bytes of each; smaller ones are not counted (`MI_SMALL_SIZE_MAX`).
const ALLOCATION: usize = 4096;
/// How long after the end of a connection is looked how many are left: its exchanges end after it.
const DELAY: Duration = Duration::from_millis(500);
/// How often.
const LOOKS: usize = 8;
/// From one collection to the next: memory is given back a second after it was collected
/// (`purge_delay`), by the next one.
const PURGE_AFTER: Duration = Duration::from_secs(2);
/// Open exchanges and connections that are worth it.
const MANY: usize = 32;

/// Watches for the end of many exchanges and connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Reclaimer(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The most that were open since the last time.
    peak: AtomicUsize,
    is_running: AtomicBool,
}

impl Reclaimer {
    /// So many were open.
    pub(super) fn seen(&self, open: usize) {
        // Hardly ever written: requests share the value without disturbing each other.
        if open > self.0.peak.load(Ordering::Relaxed) {
            self.0.peak.fetch_max(open, Ordering::Relaxed);
        }
    }

    /// A connection ended. Collects if soon far fewer are `open` than there were.
    pub(super) async fn ended(&self, open: impl Fn() -> usize + Send + Sync) {
        let peak = self.0.peak.load(Ordering::Relaxed);
        if peak < MANY || self.0.is_running.swap(true, Ordering::AcqRel) {
            return;
        }
        for _ in 0..LOOKS {
            tokio::time::sleep(DELAY).await;
            let left = open();
            if left <= peak / 4 {
                self.0.peak.store(left, Ordering::Relaxed);
                collect_everywhere().await;
                tokio::time::sleep(PURGE_AFTER).await;
                collect_everywhere().await;
                break;
            }
        }
        self.0.is_running.store(false, Ordering::Release);
    }
}

/// Collects on the threads of this runtime, as far as they are free to.
async fn collect_everywhere() {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let runtime = tokio::runtime::Handle::current();
    let tasks: Vec<_> = (0..2 * threads).map(|_| runtime.spawn(async { collect() })).collect();
    for task in tasks {
        // Fails only when the runtime ends.
        let _ = task.await;
    }
}

/// Takes a few milliseconds at most.
fn collect() {
    for _ in 0..=COLLECTS_EVERY {
        drop(black_box(Vec::<u8>::with_capacity(ALLOCATION)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::{MANY, Reclaimer};

    #[tokio::test]
    async fn memory_is_collected_when_few_are_left_of_many() {
        let reclaimer = Reclaimer::default();
        let peak = || reclaimer.0.peak.load(Ordering::Relaxed);
        reclaimer.seen(MANY - 1);
        reclaimer.ended(|| 0).await;
        assert_eq!(peak(), MANY - 1, "never many");
        reclaimer.seen(4 * MANY);
        reclaimer.ended(|| 2 * MANY).await;
        assert_eq!(peak(), 4 * MANY, "most are still there");
        reclaimer.ended(|| MANY / 2).await;
        assert_eq!(peak(), MANY / 2);
        assert!(!reclaimer.0.is_running.load(Ordering::Relaxed));
    }
}
