use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::clock::MonotonicClock;
use super::table::{CounterCapacity, Table};
use super::{Counted, CounterStore, Increment, TakeOutcome};
use crate::domain::CounterKey;
use crate::store::StoreError;
use crate::system::Timestamp;

/// Counters in the memory of this process, which is bounded. Windows slide: no span of a window's
/// length has more than `most`. Nothing is evicted to make room.
pub struct MemoryCounters {
    capacity: CounterCapacity,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    clock: MonotonicClock,
    tables: BTreeMap<i64, Table>,
}

impl Default for MemoryCounters {
    fn default() -> Self {
        Self::sized(CounterCapacity::default())
    }
}

impl MemoryCounters {
    pub fn sized(capacity: CounterCapacity) -> Self {
        Self { capacity, state: Mutex::default() }
    }

    /// Present memory use in bytes.
    pub fn bytes(&self) -> usize {
        self.with(|state| state.tables.values().map(Table::bytes).sum())
    }

    pub(in crate::store) fn take_now(&self, counts: &[Increment], now: Timestamp) -> TakeOutcome {
        self.with(|state| {
            let at = state.clock.at(now);
            let mut left = Vec::with_capacity(counts.len());
            let mut full: Option<(usize, i64)> = None;
            for (which, count) in counts.iter().enumerate() {
                let table = state.table(count.window, self.capacity);
                match table.left(count, at) {
                    Ok(left_before) => left.push(left_before.saturating_sub(count.n)),
                    Err(wait) if full.is_none_or(|(_, longest)| wait > longest) => {
                        full = Some((which, wait));
                    }
                    Err(_) => {}
                }
            }
            if let Some((which, wait)) = full {
                let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                return TakeOutcome::Refused { which, retry_after: wait };
            }
            for count in counts.iter().filter(|count| count.n > 0) {
                state.table(count.window, self.capacity).add(count, at);
            }
            TakeOutcome::Taken(Counted { at: Timestamp::from_millis(at), left })
        })
    }

    pub(in crate::store) fn give_back_now(&self, counts: &[Increment], at: Timestamp) {
        self.with(|state| {
            for count in counts.iter().filter(|count| count.n > 0) {
                let table = state.table(count.window, self.capacity);
                table.subtract(count.key, count.n, at.as_millis());
            }
        });
    }

    pub(in crate::store) fn clear_now(&self, key: CounterKey, window: Duration) {
        self.with(|state| state.table(window, self.capacity).clear(key));
    }

    /// Restores a count that an earlier process made at `at`; to be called oldest first.
    pub(in crate::store) fn restore(&self, count: Increment, at: Timestamp) {
        self.with(|state| {
            state.table(count.window, self.capacity).add(&count, at.as_millis());
        });
    }

    /// One lock for all counters: every operation is a few memory accesses.
    fn with<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        step(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn table(&mut self, window: Duration, capacity: CounterCapacity) -> &mut Table {
        let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX / 2);
        self.tables.entry(window).or_insert_with(|| Table::new(window, capacity))
    }
}

#[async_trait]
impl CounterStore for MemoryCounters {
    async fn take(&self, counts: &[Increment], now: Timestamp) -> Result<TakeOutcome, StoreError> {
        Ok(self.take_now(counts, now))
    }

    async fn give_back(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        self.give_back_now(counts, at);
        Ok(())
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.clear_now(key, window);
        Ok(())
    }
}
