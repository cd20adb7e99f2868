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
/// How often: a busy machine may take many seconds to end thousands of them.
const LOOKS: usize = 60;
/// From one collection to the next: memory is given back a second after it was collected
/// (`purge_delay`), by the next one.
const PURGE_AFTER: Duration = Duration::from_secs(2);
/// How often it is collected: of the threads, one that was busy at one time is not at another.
const ROUNDS: usize = 5;
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
        // As if all had gone: many of them may be about to.
        if !most_have_gone(peak, 0) || self.0.is_running.swap(true, Ordering::AcqRel) {
            return;
        }
        for _ in 0..LOOKS {
            tokio::time::sleep(DELAY).await;
            let left = open();
            if most_have_gone(peak, left) {
                self.0.peak.store(left, Ordering::Relaxed);
                for _ in 0..ROUNDS {
                    collect_everywhere().await;
                    tokio::time::sleep(PURGE_AFTER).await;
                }
                break;
            }
        }
        self.0.is_running.store(false, Ordering::Release);
    }
}

fn most_have_gone(peak: usize, left: usize) -> bool {
    peak >= MANY && left <= peak / 4
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
    use super::{MANY, most_have_gone};

    #[test]
    fn memory_is_collected_when_few_are_left_of_many() {
        for (peak, left, gone) in [
            (MANY - 1, 0, false),
            (MANY, 0, true),
            (4 * MANY, 2 * MANY, false),
            (4 * MANY, MANY, true),
        ] {
            assert_eq!(most_have_gone(peak, left), gone, "{left} of {peak}");
        }
    }
}
