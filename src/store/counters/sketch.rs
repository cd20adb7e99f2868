use crate::domain::CounterKey;

/// The number of steps that a window is divided into.
const STEPS: i64 = 4;
/// One more than [`STEPS`]: the oldest step counts until it is wholly outside the window.
const STEPS_AT_ONCE: usize = 5;
/// The number of rows of the sketch: a key has one cell in each, and is counted too high only if
/// it shares all of them.
const CELLS_OF_A_KEY: usize = 8;

/// Counts of any number of keys in bounded memory: a count-min sketch with conservative update for
/// each step of the window. Keys share cells, so a count may be too high, never too low; for the
/// same reason nothing can be subtracted.
///
/// Source: Estan and Varghese, "New Directions in Traffic Measurement and Accounting" (SIGCOMM
/// 2002), "conservative update of counters".
pub(super) struct Sketch {
    cells: usize,
    width: i64,
    steps: Vec<Step>,
    /// When each cell was last incremented for a key with spacing, in seconds. Empty, or as long as
    /// the cells of a step.
    newest: Box<[u32]>,
}

#[derive(Clone, Default)]
struct Step {
    number: i64,
    /// Empty, or [`CELLS_OF_A_KEY`] times `Sketch::cells`.
    cells: Box<[u8]>,
}

impl Sketch {
    /// The maximum memory for each of `cells`; a cell of a step is a byte.
    pub(super) const MOST_BYTES: usize = CELLS_OF_A_KEY * (STEPS_AT_ONCE + size_of::<u32>());

    /// `cells`: the number of cells in each row.
    pub(super) fn new(cells: usize, window: i64) -> Self {
        let steps = vec![Step::default(); STEPS_AT_ONCE];
        Self { cells, width: (window / STEPS).max(1), steps, newest: Box::default() }
    }

    pub(super) fn bytes(&self) -> usize {
        let newest = self.newest.len() * size_of::<u32>();
        self.steps.iter().map(|step| step.cells.len()).sum::<usize>() + newest
    }

    /// The last [`Self::note_newest`] for `key`, in milliseconds: possibly too late, never too early.
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

    /// The counts of `key` in the window: when each leaves it, soonest first, and its number.
    pub(super) fn held(&self, key: CounterKey, now: i64) -> Vec<(i64, u32)> {
        let newest = now.div_euclid(self.width);
        let numbers = newest - STEPS..=newest;
        let counts = numbers.filter_map(|number| {
            let step = &self.steps[place(number)];
            let there = step.number == number && !step.cells.is_empty();
            let n = there.then(|| least(step, key, self.cells)).filter(|n| *n > 0)?;
            // A cell saturates: at its maximum the count is unknown.
            let n = if n == u8::MAX { u32::MAX } else { n.into() };
            Some(((number + STEPS + 1) * self.width, n))
        });
        counts.collect()
    }

    pub(super) fn is_expired(&self, now: i64) -> bool {
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
        let count = least(step, key, self.cells).saturating_add(n);
        for cell in cells_of(key, self.cells) {
            step.cells[cell] = step.cells[cell].max(count);
        }
    }
}

/// The number that is nearest to the count of `key` in `step`.
fn least(step: &Step, key: CounterKey, cells: usize) -> u8 {
    cells_of(key, cells).map(|cell| step.cells[cell]).min().unwrap_or(0)
}

fn place(number: i64) -> usize {
    usize::try_from(number.rem_euclid(STEPS + 1)).unwrap_or(0)
}

/// The cell of a key in each row, by double hashing of its two halves (Kirsch and Mitzenmacher, "Less
/// Hashing, Same Performance", 2006). Keys are keyed digests: a client cannot choose cells.
fn cells_of(key: CounterKey, cells: usize) -> impl Iterator<Item = usize> {
    let (first, step) = key.as_bytes().split_at(8);
    let [first, step] = [first, step].map(|half| {
        let number = half.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number % cells as u64).unwrap_or(0)
    });
    (0..CELLS_OF_A_KEY).map(move |row| row * cells + (first + row * step) % cells)
}
