//! Sliding-window counters for rate limits. An implementation may count too much, never too
//! little. Defines no limits itself.
mod cell_logs;
mod clock;
mod history;
mod memory;
mod shared;
mod sketch;
mod table;
mod total_counters;
mod totals;
mod window_log;

use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::CounterKey;
use crate::system::Timestamp;

pub use memory::MemoryCounters;
pub use shared::SharedCounters;
pub use table::CounterCapacity;
pub use totals::{
    AddedTotal, Addition, CounterId, CounterMark, CounterTotal, PlacedMark, TotalStore,
};

/// Counts in windows of at least this length are kept for longer than a process or a cache lives.
pub(in crate::store) const LONG_WINDOW: Duration = Duration::from_hours(1);

/// An increment of one counter: by `n`, up to `most` in any span of `window`.
#[derive(Clone, Copy, Debug)]
pub struct Increment {
    pub key: CounterKey,
    pub window: Duration,
    pub most: u32,
    /// Zero increments nothing, and checks whether there is room for one.
    pub n: u32,
    /// The minimum time between increments; `None`: there is none.
    pub spacing: Option<Backoff>,
}

/// What a mark counts. Keys beyond the memory share cells, which count up to 254: a few small counts of
/// others do not look like a mark.
const MARK: u32 = 120;

impl Increment {
    /// Marks a key for `window`; refused while it is marked. For what is or is not, such as a puzzle that
    /// was solved.
    pub const fn mark(key: CounterKey, window: Duration) -> Self {
        Self { key, window, most: 2 * MARK - 1, n: MARK, spacing: None }
    }

    /// Increments nothing, and is refused while a key is marked.
    pub const fn unmarked(key: CounterKey, window: Duration) -> Self {
        Self { key, window, most: MARK, n: 0, spacing: None }
    }
}

/// Exponential backoff: the minimum time between increments doubles with each increment in the
/// window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// After the first increment in the window.
    pub first: Duration,
    pub longest: Duration,
    /// In percent, from minus to plus [`Backoff::MOST_JITTER`]: lengthens the wait after this
    /// increment.
    pub jitter: i8,
    /// Whether this increment is refused while a wait lasts. It lengthens the next wait either way.
    pub waits: bool,
}

impl Backoff {
    /// Also assumed where the jitter is no longer known: a wait may be too long, never too short.
    pub const MOST_JITTER: i8 = 10;

    /// The wait after the `nth` increment in the window, in milliseconds.
    fn after(&self, nth: u32, jitter: i8) -> i64 {
        let factor = 2_u32.saturating_pow(nth.saturating_sub(1));
        let wait = self.first.saturating_mul(factor).min(self.longest.max(self.first));
        let millis = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 200);
        millis * (100 + i64::from(jitter.min(Self::MOST_JITTER))) / 100
    }
}

/// A successful increment. Needed to undo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When, by the counters' own monotonic clock.
    pub at: Timestamp,
    /// What is left of each limit, in the order of the counts.
    pub left: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeOutcome {
    Taken(Counted),
    /// Nothing was counted. `which` is the index of the count that refuses for the longest time.
    Refused {
        which: usize,
        retry_after: Duration,
    },
}

/// Rate-limit counters. On an error the caller must refuse the request.
#[async_trait]
pub trait CounterStore: Send + Sync {
    /// Increments all counters, or none if one of them has no room. Atomic for each key:
    /// concurrent calls cannot exceed a limit together.
    ///
    /// # Errors
    ///
    /// If the store fails. Nothing stays counted in memory.
    async fn take(&self, counts: &[Increment], now: Timestamp) -> Result<TakeOutcome, StoreError>;

    /// Undoes an increment made at `at`, at most once. Has no effect on counters that share cells
    /// with other keys.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn give_back(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError>;

    /// Resets one counter. Has no effect on a counter that shares cells with other keys.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError>;
}
