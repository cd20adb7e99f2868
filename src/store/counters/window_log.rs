use super::{Backoff, Increment};

/// The maximum number of entries in a log.
const LONGEST: usize = 32;
/// A full log is compacted by rounding its entries up to multiples of `window / STEPS`.
const STEPS: i64 = 16;
/// The latest time that is read from elsewhere: far enough away that no sum overflows.
const LATEST: i64 = i64::MAX / 4;

/// A sliding-window log: when one key was incremented, and by how much. Times are milliseconds.
#[derive(Default)]
pub(super) struct WindowLog {
    /// Oldest first.
    entries: Vec<Entry>,
    newest: Newest,
}

/// The latest increment and the jitter of the wait after it: see [`Backoff`].
#[derive(Clone, Copy)]
pub(super) struct Newest {
    pub(super) at: i64,
    pub(super) jitter: i8,
}

impl Default for Newest {
    fn default() -> Self {
        Self::NONE
    }
}

impl Newest {
    pub(super) const NONE: Self = Self { at: i64::MIN, jitter: Backoff::MOST_JITTER };

    pub(super) fn of(count: &Increment, at: i64) -> Self {
        let jitter = count.spacing.map_or(Backoff::MOST_JITTER, |spacing| spacing.jitter);
        Self { at, jitter }
    }
}

#[derive(Clone, Copy)]
struct Entry {
    at: i64,
    n: u32,
}

impl WindowLog {
    /// The maximum memory of the entries.
    pub(super) const MOST_BYTES: usize = LONGEST * size_of::<Entry>();

    /// A log that was written down: when and how much, oldest first. `None`: no log has these values.
    pub(super) fn restore(
        entries: impl ExactSizeIterator<Item = (i64, u32)>,
        newest: Newest,
    ) -> Option<Self> {
        let entries: Vec<Entry> = entries.map(|(at, n)| Entry { at, n }).collect();
        let last = entries.last()?;
        let ordered = entries.windows(2).all(|pair| pair[0].at < pair[1].at);
        let good = ordered
            && entries.len() <= LONGEST
            && entries.iter().all(|entry| (0..=LATEST).contains(&entry.at) && entry.n > 0)
            && (last.at..=LATEST).contains(&newest.at)
            && newest.jitter >= -Backoff::MOST_JITTER;
        good.then_some(Self { entries, newest })
    }

    /// What [`Self::restore`] reads.
    pub(super) fn entries(&self) -> impl Iterator<Item = (i64, u32)> {
        self.entries.iter().map(|entry| (entry.at, entry.n))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>()
    }

    /// The entries in the window: when each leaves it, soonest first, and its count.
    pub(super) fn held(&self, window: i64, now: i64) -> impl Iterator<Item = (i64, u32)> {
        let ends = self.entries.iter().map(move |entry| (entry.at + window, entry.n));
        ends.filter(move |(end, _)| now < *end)
    }

    pub(super) fn is_expired(&self, window: i64, now: i64) -> bool {
        self.entries.last().is_none_or(|entry| entry.at + window <= now)
    }

    pub(super) const fn newest(&self) -> Newest {
        self.newest
    }

    pub(super) fn add(&mut self, n: u32, window: i64, newest: Newest) {
        let now = newest.at;
        self.newest = newest;
        self.entries.retain(|entry| now < entry.at + window);
        if self.entries.len() >= LONGEST {
            self.compact(window, now);
        }
        match self.entries.last_mut() {
            Some(last) if last.at >= now => last.n = last.n.saturating_add(n),
            _ => {
                let (len, room) = (self.entries.len(), self.entries.capacity());
                if len == room {
                    // Doubling would pass `LONGEST`.
                    self.entries.reserve_exact(len.clamp(1, LONGEST - len));
                }
                self.entries.push(Entry { at: now, n });
            }
        }
    }

    /// Rounds every entry up to a multiple of a step and merges those that become equal, but never
    /// past `now`: nothing counts for longer than a window from now. However often an entry is
    /// rounded, it counts for less than a step too long, and never too short.
    fn compact(&mut self, window: i64, now: i64) {
        let step = (window / STEPS).max(1);
        for entry in &mut self.entries {
            let next = entry.at.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
            entry.at = next.min(now);
        }
        self.entries.dedup_by(|next, kept| {
            let same = next.at == kept.at;
            if same {
                kept.n = kept.n.saturating_add(next.n);
            }
            same
        });
    }

    /// Subtracts `n` from the entry at `at`; if that was rounded up, from an older one, so that the
    /// remaining count can only last too long.
    pub(super) fn subtract(&mut self, n: u32, at: i64) {
        let upto = self.entries.partition_point(|entry| entry.at <= at);
        if let Some(entry) = self.entries[..upto].last_mut() {
            entry.n = entry.n.saturating_sub(n);
            if entry.n == 0 {
                self.entries.remove(upto - 1);
            }
        }
        if at >= self.newest.at {
            let newest = Newest::default();
            let at = self.entries.last().map_or(newest.at, |entry| entry.at);
            self.newest = Newest { at, ..newest };
        }
    }
}
