use super::CounterKey;

/// A window is counted in so many steps.
const STEPS: i64 = 4;
/// One step more than the window has: the oldest counts until it is wholly outside.
const STEPS_AT_ONCE: usize = 5;
/// Each key is counted in so many cells of a step: all of them must be shared with others
/// before it is counted too high.
const CELLS_OF_A_KEY: usize = 5;

/// Counts of any number of keys in a fixed number of cells: a count-min sketch for each step of
/// the window. A key shares its cells with others, so its count may be too high, never too low;
/// for the same reason nothing is ever taken away.
pub(super) struct Sketch {
    cells: usize,
    width: i64,
    steps: Vec<Step>,
    /// For keys whose counts are spaced: when each cell was last counted in, in seconds. Empty, or
    /// as many as a step has.
    newest: Box<[u32]>,
}

#[derive(Clone, Default)]
struct Step {
    number: i64,
    /// Empty, or [`CELLS_OF_A_KEY`] times `Sketch::cells`.
    cells: Box<[u8]>,
}

impl Sketch {
    /// What each of `cells` takes at most: a cell of a step is a byte.
    pub(super) const MOST_BYTES: usize = CELLS_OF_A_KEY * (STEPS_AT_ONCE + size_of::<u32>());

    /// `cells`: in each of the rows of a step, at most 2²⁴.
    pub(super) fn new(cells: usize, window: i64) -> Self {
        let steps = vec![Step::default(); STEPS_AT_ONCE];
        Self { cells, width: (window / STEPS).max(1), steps, newest: Box::default() }
    }

    pub(super) fn bytes(&self) -> usize {
        let newest = self.newest.len() * size_of::<u32>();
        self.steps.iter().map(|step| step.cells.len()).sum::<usize>() + newest
    }

    /// When `key` was last counted with [`Self::note_newest`]; perhaps later than it was, never
    /// earlier. In milliseconds.
    pub(super) fn newest(&self, key: CounterKey) -> i64 {
        if self.newest.is_empty() {
            return i64::MIN;
        }
        let seconds = cells_of(key, self.cells).map(|cell| self.newest[cell]).min();
        i64::from(seconds.unwrap_or(0)) * 1000
    }

    pub(super) fn note_newest(&mut self, key: CounterKey, now: i64) {
        if self.newest.is_empty() {
            self.newest = vec![0; CELLS_OF_A_KEY * self.cells].into_boxed_slice();
        }
        let seconds = u32::try_from(now.saturating_add(999).div_euclid(1000)).unwrap_or(u32::MAX);
        for cell in cells_of(key, self.cells) {
            self.newest[cell] = self.newest[cell].max(seconds);
        }
    }

    /// When each part of the count of `key` ends, soonest first.
    pub(super) fn held(&self, key: CounterKey, now: i64) -> Vec<(i64, u32)> {
        let newest = now.div_euclid(self.width);
        let numbers = newest - STEPS..=newest;
        let counts = numbers.filter_map(|number| {
            let step = &self.steps[place(number)];
            let there = step.number == number && !step.cells.is_empty();
            let n = there.then(|| self.least(step, key)).filter(|n| *n > 0)?;
            Some(((number + STEPS + 1) * self.width, n))
        });
        counts.collect()
    }

    pub(super) fn is_over(&self, now: i64) -> bool {
        let oldest = now.div_euclid(self.width) - STEPS;
        self.steps.iter().all(|step| step.cells.is_empty() || step.number < oldest)
    }

    pub(super) fn add(&mut self, key: CounterKey, n: u32, now: i64) {
        let number = now.div_euclid(self.width);
        let all = CELLS_OF_A_KEY * self.cells;
        let step = &mut self.steps[place(number)];
        if step.cells.is_empty() {
            *step = Step { number, cells: vec![0; all].into_boxed_slice() };
        } else if step.number != number {
            step.number = number;
            step.cells.fill(0);
        }
        let n = u8::try_from(n).unwrap_or(u8::MAX);
        for cell in cells_of(key, self.cells) {
            step.cells[cell] = step.cells[cell].saturating_add(n);
        }
    }

    fn least(&self, step: &Step, key: CounterKey) -> u32 {
        let least = cells_of(key, self.cells).map(|cell| step.cells[cell]).min().unwrap_or(0);
        // A full cell may stand for any number.
        if least == u8::MAX { u32::MAX } else { least.into() }
    }
}

fn place(number: i64) -> usize {
    usize::try_from(number.rem_euclid(STEPS + 1)).unwrap_or(0)
}

/// The cells of a key, one in each row, each told by three bytes of the key. Keys are keyed digests: nobody can aim at a cell.
fn cells_of(key: CounterKey, cells: usize) -> impl Iterator<Item = usize> {
    (0..CELLS_OF_A_KEY).map(move |row| {
        let bytes = &key.0[3 * row..3 * row + 3];
        let number = bytes.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        row * cells + number % cells
    })
}
