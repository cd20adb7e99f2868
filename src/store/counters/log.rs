/// So many moments are kept one by one; more are counted together.
const LONGEST: usize = 32;
/// Then every moment is moved on to the next of so many in a window.
const STEPS: i64 = 16;

/// The moments of one key, oldest first. Times are milliseconds.
#[derive(Default)]
pub(super) struct Log(Vec<Moment>);

#[derive(Clone, Copy)]
struct Moment {
    at: i64,
    n: u32,
}

impl Log {
    /// What the moments of a log take at most.
    pub(super) const MOST_BYTES: usize = LONGEST * size_of::<Moment>();

    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Moment>()
    }

    /// When each part of the count ends, soonest first.
    pub(super) fn held(&self, window: i64, now: i64) -> impl Iterator<Item = (i64, u32)> {
        let ends = self.0.iter().map(move |moment| (moment.at + window, moment.n));
        ends.filter(move |(end, _)| now < *end)
    }

    pub(super) fn is_over(&self, window: i64, now: i64) -> bool {
        self.0.last().is_none_or(|moment| moment.at + window <= now)
    }

    pub(super) fn add(&mut self, n: u32, window: i64, now: i64) {
        self.0.retain(|moment| now < moment.at + window);
        if self.0.len() >= LONGEST {
            self.round(window);
        }
        match self.0.last_mut() {
            Some(last) if last.at >= now => last.n = last.n.saturating_add(n),
            _ => {
                if self.0.len() == self.0.capacity() {
                    // Doubling would pass `LONGEST`.
                    let more = self.0.len().clamp(1, LONGEST - self.0.len());
                    self.0.reserve_exact(more);
                }
                self.0.push(Moment { at: now, n });
            }
        }
    }

    /// Moves every moment on to the next step, where several become one. A moment may only
    /// count for longer than it should, by less than a step, and never moves twice.
    fn round(&mut self, window: i64) {
        let step = (window / STEPS).max(1);
        for moment in &mut self.0 {
            moment.at = moment.at.saturating_add(step - 1).div_euclid(step).saturating_mul(step);
        }
        self.0.dedup_by(|next, kept| {
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
        let upto = self.0.partition_point(|moment| moment.at <= at);
        if let Some(moment) = self.0[..upto].last_mut() {
            moment.n = moment.n.saturating_sub(n);
            if moment.n == 0 {
                self.0.remove(upto - 1);
            }
        }
    }
}
