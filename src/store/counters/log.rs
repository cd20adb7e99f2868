use super::Spacing;

/// So many moments are kept one by one; more are counted together.
const LONGEST: usize = 32;
/// Then every moment is moved on to the next of so many in a window.
const STEPS: i64 = 16;

/// The moments of one key. Times are milliseconds.
#[derive(Default)]
pub(super) struct Log {
    /// Oldest first.
    moments: Vec<Moment>,
    newest: Newest,
}

/// The last of what was counted, and how its wait differs: see [`Spacing`].
#[derive(Clone, Copy)]
pub(super) struct Newest {
    pub(super) at: i64,
    pub(super) jitter: i8,
}

impl Default for Newest {
    fn default() -> Self {
        Self { at: i64::MIN, jitter: Spacing::MOST_JITTER }
    }
}

#[derive(Clone, Copy)]
struct Moment {
    at: i64,
    n: u32,
}

impl Log {
    /// What the moments of a log take at most.
    pub(super) const MOST_BYTES: usize = LONGEST * size_of::<Moment>();

    pub(super) fn bytes(&self) -> usize {
        self.moments.capacity() * size_of::<Moment>()
    }

    /// When each part of the count ends, soonest first.
    pub(super) fn held(&self, window: i64, now: i64) -> impl Iterator<Item = (i64, u32)> {
        let ends = self.moments.iter().map(move |moment| (moment.at + window, moment.n));
        ends.filter(move |(end, _)| now < *end)
    }

    pub(super) fn is_over(&self, window: i64, now: i64) -> bool {
        self.moments.last().is_none_or(|moment| moment.at + window <= now)
    }

    pub(super) const fn newest(&self) -> Newest {
        self.newest
    }

    pub(super) fn add(&mut self, n: u32, window: i64, newest: Newest) {
        let now = newest.at;
        self.newest = newest;
        self.moments.retain(|moment| now < moment.at + window);
        if self.moments.len() >= LONGEST {
            self.round(window, now);
        }
        match self.moments.last_mut() {
            Some(last) if last.at >= now => last.n = last.n.saturating_add(n),
            _ => {
                let (len, room) = (self.moments.len(), self.moments.capacity());
                if len == room {
                    // Doubling would pass `LONGEST`.
                    self.moments.reserve_exact(len.clamp(1, LONGEST - len));
                }
                self.moments.push(Moment { at: now, n });
            }
        }
    }

    /// Moves every moment on to the next step, where several become one, but never past `now`:
    /// nothing is held for longer than a window from now. A moment may only count for longer than
    /// it should, by less than a step, however often it is moved.
    fn round(&mut self, window: i64, now: i64) {
        let step = (window / STEPS).max(1);
        for moment in &mut self.moments {
            let next = moment.at.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
            moment.at = next.min(now);
        }
        self.moments.dedup_by(|next, kept| {
            let same = next.at == kept.at;
            if same {
                kept.n = kept.n.saturating_add(next.n);
            }
            same
        });
    }

    /// Takes `n` away from what was counted at `at`; if that was moved on, from what is older,
    /// so that the rest only ends later than it should.
    pub(super) fn take_away(&mut self, n: u32, at: i64) {
        let upto = self.moments.partition_point(|moment| moment.at <= at);
        if let Some(moment) = self.moments[..upto].last_mut() {
            moment.n = moment.n.saturating_sub(n);
            if moment.n == 0 {
                self.moments.remove(upto - 1);
            }
        }
        if at >= self.newest.at {
            let newest = Newest::default();
            let at = self.moments.last().map_or(newest.at, |moment| moment.at);
            self.newest = Newest { at, ..newest };
        }
    }
}
