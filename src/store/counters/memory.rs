use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::table::Table;
use super::{Count, Counted, CounterKey, Counters, Take};
use crate::store::StoreError;
use crate::system::Timestamp;

/// How much is kept of each length of window, whatever comes: [`Room::most_bytes`].
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Keys that are counted exactly.
    pub keys: usize,
    /// Cells that further keys share, at most 2²⁴. Nothing is kept for them before they are
    /// needed.
    pub cells: usize,
}

impl Default for Room {
    /// 45 MiB for each length of window when full, 20 more where counts are spaced. The first 32,768 keys are counted exactly;
    /// beside a million more, some newcomers in 100,000 meet a limit that is not theirs.
    fn default() -> Self {
        Self { keys: 1 << 15, cells: 1 << 20 }
    }
}

impl Room {
    /// What one length of window may take at most.
    pub const fn most_bytes(self) -> usize {
        Table::most_bytes(self)
    }
}

/// Counters in this process's memory, of fixed size. Windows slide: in every span of a window's
/// length at most `most` is taken. Nothing is ever evicted to make room.
pub struct MemoryCounters {
    room: Room,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    clock: SteadyClock,
    tables: BTreeMap<i64, Table>,
}

/// Runs on from where it was when the machine's clock is set back: a count neither begins anew
/// nor stands for the years that the clock was wrong.
#[derive(Default)]
struct SteadyClock {
    ahead: i64,
    last: Option<i64>,
}

impl SteadyClock {
    fn at(&mut self, now: Timestamp) -> i64 {
        let mut steady = now.as_millis().saturating_add(self.ahead);
        if let Some(last) = self.last.filter(|last| *last > steady) {
            self.ahead += last - steady;
            steady = last;
        }
        self.last = Some(steady);
        steady
    }
}

impl Default for MemoryCounters {
    fn default() -> Self {
        Self::sized(Room::default())
    }
}

impl MemoryCounters {
    pub fn sized(room: Room) -> Self {
        Self { room, state: Mutex::default() }
    }

    /// What the counters take now, in bytes.
    pub fn bytes(&self) -> usize {
        self.with(|state| state.tables.values().map(Table::bytes).sum())
    }

    pub(super) fn take_now(&self, counts: &[Count], now: Timestamp) -> Take {
        self.with(|state| {
            let at = state.clock.at(now);
            let mut left = Vec::with_capacity(counts.len());
            let mut full: Option<(usize, i64)> = None;
            for (which, count) in counts.iter().enumerate() {
                let table = state.table(count.window, self.room);
                match table.left(count, at) {
                    Ok(room) => left.push(room.saturating_sub(count.n)),
                    Err(wait) if full.is_none_or(|(_, longest)| wait > longest) => {
                        full = Some((which, wait));
                    }
                    Err(_) => {}
                }
            }
            if let Some((which, wait)) = full {
                let wait = Duration::from_millis(u64::try_from(wait).unwrap_or(0));
                return Take::Refused { which, retry_after: wait };
            }
            for count in counts.iter().filter(|count| count.n > 0) {
                state.table(count.window, self.room).add(count, at);
            }
            Take::Taken(Counted { at: Timestamp::from_millis(at), left })
        })
    }

    pub(super) fn give_back_now(&self, counts: &[Count], at: Timestamp) {
        self.with(|state| {
            for count in counts.iter().filter(|count| count.n > 0) {
                let table = state.table(count.window, self.room);
                table.take_away(count.key, count.n, at.as_millis());
            }
        });
    }

    pub(super) fn clear_now(&self, key: CounterKey, window: Duration) {
        self.with(|state| state.table(window, self.room).clear(key));
    }

    /// Counts what happened at `at`, before this process began. Oldest first.
    pub(super) fn restore(&self, count: Count, at: Timestamp) {
        self.with(|state| {
            state.table(count.window, self.room).add(&count, at.as_millis());
        });
    }

    /// A step is a few memory accesses, so that one lock serves all.
    fn with<T>(&self, step: impl FnOnce(&mut State) -> T) -> T {
        step(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn table(&mut self, window: Duration, room: Room) -> &mut Table {
        let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX / 2);
        self.tables.entry(window).or_insert_with(|| Table::new(window, room))
    }
}

#[async_trait]
impl Counters for MemoryCounters {
    async fn take(&self, counts: &[Count], now: Timestamp) -> Result<Take, StoreError> {
        Ok(self.take_now(counts, now))
    }

    async fn give_back(&self, counts: &[Count], at: Timestamp) -> Result<(), StoreError> {
        self.give_back_now(counts, at);
        Ok(())
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.clear_now(key, window);
        Ok(())
    }
}
