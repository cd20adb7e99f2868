use super::Increment;
use super::window_log::{Newest, WindowLog};

/// What was counted for one key, as far as it decides on the next increment. Times are milliseconds.
pub(super) struct History {
    pub(super) window: i64,
    /// The counts in the window: when each leaves it, soonest first, and its number.
    pub(super) held: Vec<(i64, u32)>,
    pub(super) newest: Newest,
}

impl History {
    pub(super) fn of(log: &WindowLog, window: i64, now: i64) -> Self {
        Self { window, held: log.held(window, now).collect(), newest: log.newest() }
    }

    /// What is left before the increment, or after how many milliseconds there is room for it.
    pub(super) fn left(&self, count: &Increment, now: i64) -> Result<u32, i64> {
        let left = self.room(count.most, count.n.max(1), now);
        match self.wait(count, now) {
            0 => left,
            wait => Err(left.err().map_or(wait, |full| full.max(wait))),
        }
    }

    /// How long the increment has to wait for its distance from the newest one.
    fn wait(&self, count: &Increment, now: i64) -> i64 {
        let Some(spacing) = count.spacing.filter(|spacing| spacing.waits) else { return 0 };
        let nth = self.all();
        if nth == 0 {
            return 0;
        }
        let Newest { at, jitter } = self.newest;
        at.saturating_add(spacing.after(nth, jitter)).saturating_sub(now).max(0)
    }

    fn room(&self, most: u32, n: u32, now: i64) -> Result<u32, i64> {
        let all = self.all();
        let Some(mut excess) = all.saturating_add(n).checked_sub(most).filter(|n| *n > 0) else {
            return Ok(most - all);
        };
        for (end, n) in &self.held {
            excess = excess.saturating_sub(*n);
            if excess == 0 {
                return Err(end - now);
            }
        }
        // There is never room for this many.
        Err(self.window)
    }

    fn all(&self) -> u32 {
        self.held.iter().fold(0, |all, (_, n)| all.saturating_add(*n))
    }
}
