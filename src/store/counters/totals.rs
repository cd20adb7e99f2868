use std::time::Duration;

use async_trait::async_trait;

use super::history::History;
use super::window_log::Newest;
use super::{Backoff, Increment};
use crate::domain::CounterKey;
use crate::store::StoreError;
use crate::system::millis;

/// Up to this maximum, a count leaves its window to the millisecond. Of a counter with a higher one,
/// counts that are made within `window / MOST_MARKS` leave together: about as many marks are read.
const MOST_MARKS: u32 = 256;

/// A counter that only rises: how often a key was counted since its row was made. Times are
/// milliseconds.
///
/// What has left the window is known by marks: once one of them is older than the window, so is
/// everything that was counted up to it. Whoever adds says up to which total there is room, by the
/// marks that it has read. A mark that it has not seen makes it count too much, never too little:
/// so nobody has to hold the counter between reading and adding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterTotal {
    /// When its row was made, which tells it from others of the same key.
    pub began: i64,
    pub total: i64,
    /// The latest time of a count. Never runs back.
    pub last: i64,
    /// The latest count that was not undone, and the jitter of the wait after it: see [`Backoff`].
    pub newest: i64,
    pub jitter: i8,
    /// In the order of their times.
    pub marks: Vec<CounterMark>,
}

/// What was counted at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterMark {
    pub at: i64,
    /// How much, without what was given back.
    pub n: i64,
    pub given_back: i64,
    /// The total before the first count of this mark, and after its last.
    pub after: i64,
    pub upto: i64,
}

/// A counter: one key is counted apart in each length of window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterId {
    pub key: CounterKey,
    pub window: Duration,
}

/// Adds `n` to a total, if that is then at most `most`.
#[derive(Clone, Copy, Debug)]
pub struct Addition {
    /// Which row is meant. A key that has none gets this one.
    pub began: i64,
    pub n: i64,
    pub most: i64,
    pub at: i64,
    pub jitter: i8,
}

/// The total after an [`Addition`], and its time: never before that of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddedTotal {
    pub total: i64,
    pub at: i64,
}

/// A mark of a counter's row that began at `began`.
#[derive(Clone, Copy, Debug)]
pub struct PlacedMark {
    pub id: CounterId,
    pub began: i64,
    pub mark: CounterMark,
}

/// Totals that all nodes share. Each step is atomic.
#[async_trait]
pub trait TotalStore: Send + Sync {
    /// # Errors
    ///
    /// If the store fails.
    async fn total(&self, id: CounterId) -> Result<Option<CounterTotal>, StoreError>;

    /// `None`: nothing was added, since there is no room or the row is another one.
    ///
    /// # Errors
    ///
    /// If the store fails. It may be added all the same.
    async fn add(&self, id: CounterId, add: &Addition) -> Result<Option<AddedTotal>, StoreError>;

    /// Writes marks. Those of one time become one.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn mark(&self, marks: &[PlacedMark]) -> Result<(), StoreError>;

    /// Moves `n` of a mark to what was given back; `false`: it has less.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn give_back(&self, mark: &PlacedMark, n: i64) -> Result<bool, StoreError>;

    /// Sets the time from which the next one waits, unless something was added since `total`.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn set_newest(&self, id: CounterId, total: &CounterTotal) -> Result<(), StoreError>;
}

impl CounterTotal {
    /// The row of a key that has none.
    pub(super) const fn new(at: i64) -> Self {
        let Newest { at: newest, jitter } = Newest::NONE;
        Self { began: at, total: 0, last: at, newest, jitter, marks: Vec::new() }
    }

    /// What has left the window: everything up to this total.
    fn left_behind(&self, window: i64, now: i64) -> i64 {
        let is_over = |at: i64| at.saturating_add(window) <= now;
        if is_over(self.last) {
            return self.total;
        }
        let over = self.marks.iter().filter(|mark| is_over(mark.at));
        over.map(|mark| mark.upto).max().unwrap_or(0)
    }

    /// What of the total is not in the window, or was given back.
    fn free(&self, window: i64, now: i64) -> i64 {
        let left = self.left_behind(window, now);
        let back = self.marks.iter().filter(|mark| mark.after >= left);
        left + back.map(|mark| mark.given_back).sum::<i64>()
    }

    /// The time that counts: never before what another node has counted, whose clock may be ahead.
    fn time(&self, at: i64) -> i64 {
        at.max(self.last)
    }

    fn history(&self, window: Duration, at: i64) -> History {
        let (window, now) = (millis(window), self.time(at));
        let mut rest = self.total - self.free(window, now);
        let left = self.left_behind(window, now);
        let mut held = Vec::new();
        for mark in self.marks.iter().rev().filter(|mark| mark.upto > left) {
            let n = mark.n.min(rest);
            rest -= n;
            held.push((mark.at.saturating_add(window), number(n)));
        }
        held.reverse();
        // Added by others who have not yet marked it.
        held.push((now.saturating_add(window), number(rest)));
        let newest = Newest { at: self.newest, jitter: self.jitter };
        History { window, held, newest }
    }

    /// What is left before the increment, or after how many milliseconds there is room for it.
    pub(super) fn room(&self, count: &Increment, at: i64) -> Result<u32, i64> {
        self.history(count.window, at).left(count, self.time(at))
    }

    /// The addition of what there was room for when this was read.
    pub(super) fn addition(&self, count: &Increment, at: i64) -> Addition {
        let n = i64::from(count.n);
        let most = self.free(millis(count.window), self.time(at)) + i64::from(count.most);
        // A wait begins with the latest count, so there must not be another one.
        let waits = count.spacing.is_some_and(|spacing| spacing.waits);
        let most = if waits { most.min(self.total + n) } else { most };
        let jitter = Newest::of(count, at).jitter;
        Addition { began: self.began, n, most, at, jitter }
    }

    /// The mark of what was added to this.
    pub(super) fn mark(&self, count: &Increment, added: AddedTotal) -> PlacedMark {
        let (n, upto) = (i64::from(count.n), added.total);
        let at = mark_time(count, added.at);
        let mark = CounterMark { at, n, given_back: 0, after: upto - n, upto };
        PlacedMark { id: CounterId::of(count), began: self.began, mark }
    }

    /// The mark that what was counted at `at` has: that of this time, or the next one, if the clock of
    /// another node was ahead.
    pub(super) fn find_mark(&self, count: &Increment, at: i64) -> Option<CounterMark> {
        let (at, n) = (mark_time(count, at), i64::from(count.n));
        self.marks.iter().find(|mark| mark.at >= at && mark.n >= n).copied()
    }

    /// The same without a wait for the next one.
    pub(super) fn without_wait(self) -> Self {
        let Newest { at: newest, jitter } = Newest::NONE;
        Self { newest, jitter, ..self }
    }

    /// The same with the latest count undone, if that was the one in `mark`.
    pub(super) fn without_newest(mut self, mark: &CounterMark, n: i64) -> Option<Self> {
        if mark.upto != self.total || mark.n > n {
            return None;
        }
        let before = self.marks.iter().rev().find(|other| other.at < mark.at && other.n > 0);
        self.newest = before.map_or(Newest::NONE.at, |mark| mark.at);
        self.jitter = Backoff::MOST_JITTER;
        Some(self)
    }

    /// The mark that says that everything so far has left the window.
    pub(super) const fn clearing(&self, id: CounterId) -> PlacedMark {
        let mark = CounterMark { at: 0, n: 0, given_back: 0, after: 0, upto: self.total };
        PlacedMark { id, began: self.began, mark }
    }
}

impl CounterId {
    pub(super) const fn of(count: &Increment) -> Self {
        Self { key: count.key, window: count.window }
    }
}

fn number(n: i64) -> u32 {
    u32::try_from(n.max(0)).unwrap_or(u32::MAX)
}

/// Rounded up, so that what was counted can only last too long.
fn mark_time(count: &Increment, at: i64) -> i64 {
    let coarse = || (millis(count.window) / i64::from(MOST_MARKS)).max(1);
    let step = if count.most > MOST_MARKS { coarse() } else { 1 };
    at.saturating_add(step - 1).div_euclid(step).saturating_mul(step)
}
