use std::collections::HashMap;

use super::log::{Log, Newest};
use super::memory::Room;
use super::sketch::Sketch;
use super::{Count, CounterKey, Spacing};

/// What is over is looked for so often in a window.
const SWEEPS: i64 = 16;

/// All counters of one window. A key has a log of its own while there is room for logs; beyond
/// that keys are counted together. A key whose count is among the others' gets no log before
/// all of that is over, so that its count is always whole, in the one place or the other.
pub(super) struct Table {
    window: i64,
    room: Room,
    logs: HashMap<CounterKey, Log>,
    together: Option<Sketch>,
    swept: i64,
}

impl Table {
    pub(super) fn new(window: i64, room: Room) -> Self {
        Self { window, room, logs: HashMap::new(), together: None, swept: i64::MIN }
    }

    /// What a table may take at most.
    pub(super) const fn most_bytes(room: Room) -> usize {
        room.keys * (2 * ENTRY + Log::MOST_BYTES) + room.cells * Sketch::MOST_BYTES
    }

    pub(super) fn bytes(&self) -> usize {
        let logs: usize = self.logs.values().map(Log::bytes).sum();
        let together = self.together.as_ref().map_or(0, Sketch::bytes);
        self.logs.capacity() * 8 / 7 * ENTRY + logs + together
    }

    /// When each part of the count of `key` ends, soonest first.
    fn held(&self, key: CounterKey, now: i64) -> Vec<(i64, u32)> {
        match (self.logs.get(&key), &self.together) {
            (Some(log), _) => log.held(self.window, now).collect(),
            (None, Some(together)) => together.held(key, now),
            (None, None) => Vec::new(),
        }
    }

    fn newest(&self, key: CounterKey) -> Newest {
        match (self.logs.get(&key), &self.together) {
            (Some(log), _) => log.newest(),
            (None, Some(together)) => Newest { at: together.newest(key), ..Newest::default() },
            (None, None) => Newest::default(),
        }
    }

    /// For how many milliseconds the next under this key has to wait; zero for not at all.
    pub(super) fn wait(&self, key: CounterKey, spacing: Spacing, now: i64) -> i64 {
        let held = self.held(key, now);
        let nth = held.iter().fold(0_u32, |all, (_, n)| all.saturating_add(*n));
        if nth == 0 {
            return 0;
        }
        let Newest { at, jitter } = self.newest(key);
        at.saturating_add(spacing.after(nth, jitter)).saturating_sub(now).max(0)
    }

    /// What is left before the count, or for how many milliseconds there is no room for it.
    pub(super) fn left(&self, count: &Count, now: i64) -> Result<u32, i64> {
        let left = self.room(count.key, count.most, count.n.max(1), now);
        let waits = count.spacing.filter(|spacing| spacing.waits);
        match waits.map_or(0, |spacing| self.wait(count.key, spacing, now)) {
            0 => left,
            wait => Err(left.err().map_or(wait, |full| full.max(wait))),
        }
    }

    fn room(&self, key: CounterKey, most: u32, n: u32, now: i64) -> Result<u32, i64> {
        let held = self.held(key, now);
        let all = held.iter().fold(0_u32, |all, (_, n)| all.saturating_add(*n));
        let Some(mut excess) = all.saturating_add(n).checked_sub(most).filter(|n| *n > 0) else {
            return Ok(most - all);
        };
        for (end, n) in held {
            excess = excess.saturating_sub(n);
            if excess == 0 {
                return Err(end - now);
            }
        }
        // More than there would ever be room for.
        Err(self.window)
    }

    pub(super) fn add(&mut self, count: &Count, now: i64) {
        let Count { key, n, spacing, .. } = *count;
        if now >= self.swept.saturating_add(self.window / SWEEPS) {
            self.sweep(now);
        }
        let jitter = spacing.map_or(Spacing::MOST_JITTER, |spacing| spacing.jitter);
        let newest = Newest { at: now, jitter };
        if let Some(log) = self.logs.get_mut(&key) {
            return log.add(n, self.window, newest);
        }
        if self.together.is_none() && self.logs.len() < self.room.keys {
            return self.logs.entry(key).or_default().add(n, self.window, newest);
        }
        let (cells, window) = (self.room.cells, self.window);
        let together = self.together.get_or_insert_with(|| Sketch::new(cells, window));
        together.add(key, n, now);
        if spacing.is_some() {
            together.note_newest(key, now);
        }
    }

    /// Of what is counted together nothing is taken away: it may be another key's.
    pub(super) fn take_away(&mut self, key: CounterKey, n: u32, at: i64) {
        if let Some(log) = self.logs.get_mut(&key) {
            log.take_away(n, at);
        }
    }

    pub(super) fn clear(&mut self, key: CounterKey) {
        self.logs.remove(&key);
    }

    fn sweep(&mut self, now: i64) {
        self.swept = now;
        let window = self.window;
        self.logs.retain(|_, log| !log.is_over(window, now));
        if self.logs.capacity() > 4 * self.logs.len() {
            self.logs.shrink_to(2 * self.logs.len());
        }
        if self.together.as_ref().is_some_and(|together| together.is_over(now)) {
            self.together = None;
        }
    }
}

/// A key and its log in the map, with the map's own byte. The map fills 7 of 8 places.
const ENTRY: usize = size_of::<(CounterKey, Log)>() + 1;
