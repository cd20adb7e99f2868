use std::collections::HashMap;

use super::Increment;
use super::history::History;
use super::sketch::Sketch;
use super::window_log::{Newest, WindowLog};
use crate::domain::CounterKey;

/// How often per window expired counts are removed.
const PRUNINGS: i64 = 16;

/// The memory limit for each length of window: see [`CounterCapacity::most_bytes`].
#[derive(Clone, Copy, Debug)]
pub struct CounterCapacity {
    /// The number of keys that are counted exactly.
    pub keys: usize,
    /// The number of cells in each row that further keys share. Allocated when first needed.
    pub cells: usize,
}

impl Default for CounterCapacity {
    /// 60 MiB for each length of window when full, 92 MiB for those with spacing. The first 32,768
    /// keys are counted exactly. None of those of 1,200,000 starts in seven minutes, and of 1,000 new
    /// ones after them, was counted so much too high that it reached a limit of 5 early.
    fn default() -> Self {
        Self { keys: 1 << 15, cells: 1 << 20 }
    }
}

impl CounterCapacity {
    /// The maximum memory for one length of window.
    pub const fn most_bytes(self) -> usize {
        self.keys * (2 * ENTRY + WindowLog::MOST_BYTES) + self.cells * Sketch::MOST_BYTES
    }
}

/// All counters with one length of window. While there is capacity each key has its own log;
/// further keys share a sketch. A key in the sketch gets a log only after the whole sketch has
/// expired: the count of a key is never split between the two.
pub(super) struct Table {
    window: i64,
    capacity: CounterCapacity,
    logs: HashMap<CounterKey, WindowLog>,
    shared: Option<Sketch>,
    pruned: i64,
}

impl Table {
    pub(super) fn new(window: i64, capacity: CounterCapacity) -> Self {
        Self { window, capacity, logs: HashMap::new(), shared: None, pruned: i64::MIN }
    }

    pub(super) fn bytes(&self) -> usize {
        let logs: usize = self.logs.values().map(WindowLog::bytes).sum();
        let shared = self.shared.as_ref().map_or(0, Sketch::bytes);
        self.logs.capacity() * 8 / 7 * ENTRY + logs + shared
    }

    /// The counts of `key` in the window: when each leaves it, soonest first, and its number.
    fn held(&self, key: CounterKey, now: i64) -> Vec<(i64, u32)> {
        match (self.logs.get(&key), &self.shared) {
            (Some(log), _) => log.held(self.window, now).collect(),
            (None, Some(shared)) => shared.held(key, now),
            (None, None) => Vec::new(),
        }
    }

    fn newest(&self, key: CounterKey) -> Newest {
        match (self.logs.get(&key), &self.shared) {
            (Some(log), _) => log.newest(),
            (None, Some(shared)) => Newest { at: shared.newest(key), ..Newest::default() },
            (None, None) => Newest::default(),
        }
    }

    /// What is left before the increment, or after how many milliseconds there is room for it.
    pub(super) fn left(&self, count: &Increment, now: i64) -> Result<u32, i64> {
        let (held, newest) = (self.held(count.key, now), self.newest(count.key));
        History { window: self.window, held, newest }.left(count, now)
    }

    pub(super) fn add(&mut self, count: &Increment, now: i64) {
        let Increment { key, n, spacing, .. } = *count;
        if now >= self.pruned.saturating_add(self.window / PRUNINGS) {
            self.prune(now);
        }
        let newest = Newest::of(count, now);
        if let Some(log) = self.logs.get_mut(&key) {
            return log.add(n, self.window, newest);
        }
        if self.shared.is_none() && self.logs.len() < self.capacity.keys {
            return self.logs.entry(key).or_default().add(n, self.window, newest);
        }
        let (cells, window) = (self.capacity.cells, self.window);
        let shared = self.shared.get_or_insert_with(|| Sketch::new(cells, window));
        shared.add(key, n, now);
        if spacing.is_some() {
            shared.note_newest(key, now);
        }
    }

    /// Has no effect on a key in the sketch: its cells also count other keys.
    pub(super) fn subtract(&mut self, key: CounterKey, n: u32, at: i64) {
        if let Some(log) = self.logs.get_mut(&key) {
            log.subtract(n, at);
        }
    }

    pub(super) fn clear(&mut self, key: CounterKey) {
        self.logs.remove(&key);
    }

    fn prune(&mut self, now: i64) {
        self.pruned = now;
        let window = self.window;
        self.logs.retain(|_, log| !log.is_expired(window, now));
        if self.logs.capacity() > 4 * self.logs.len() {
            self.logs.shrink_to(2 * self.logs.len());
        }
        if self.shared.as_ref().is_some_and(|shared| shared.is_expired(now)) {
            self.shared = None;
        }
    }
}

/// The size of an entry of the map, with its control byte. The map fills at most 7 of 8 slots.
const ENTRY: usize = size_of::<(CounterKey, WindowLog)>() + 1;
