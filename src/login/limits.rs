use std::time::Duration;

use super::attempt::MAX_LIFETIME;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// What is counted. The tries of one code are counted in its attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A code was requested: a text is sent or, for a number of no user, withheld.
    Start,
    Text,
    /// A login was started and not completed. Ends with the longest life of its code.
    Attempt,
    WrongCode,
}

/// What the limit is keyed by; also selects the message shown when it is exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Number,
    /// An IPv4 address, or an IPv6 /64 network, which one customer typically has.
    Address,
    /// One counter for all requests.
    All,
}

/// One limit: a maximum within any span of `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its key in `[limits]`, which holds the maximum.
    pub key: &'static str,
    pub what: What,
    pub by: By,
    pub window: Duration,
}

const fn row(key: &'static str, what: What, by: By, window: Duration) -> Row {
    Row { key, what, by, window }
}

/// THE table of limits. Windows slide: see `store::Counters`.
#[rustfmt::skip]
pub const ROWS: &[Row] = &[
    row("wrong_codes_per_number_15m", What::WrongCode, By::Number, Duration::from_mins(15)),
    row("wrong_codes_per_number_24h", What::WrongCode, By::Number, DAY),
    row("texts_per_number_1h", What::Text, By::Number, HOUR),
    row("texts_per_number_24h", What::Text, By::Number, DAY),
    row("starts_per_address_10m", What::Start, By::Address, MINUTE.saturating_mul(10)),
    row("starts_per_address_1h", What::Start, By::Address, HOUR),
    row("attempts_per_address", What::Attempt, By::Address, MAX_LIFETIME),
    row("texts_1h", What::Text, By::All, HOUR),
    row("texts_24h", What::Text, By::All, DAY),
];

/// The wait between two texts to a number. Not a maximum within a window: each text must come
/// later than the one before it, by the value of its key and more.
pub const WAIT: Row = row("first_wait", What::Text, By::Number, DAY);

/// The values of `[limits]`.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The maximum of each of [`ROWS`], in its order.
    maximums: Vec<u32>,
    /// The wait between the first text to a number and the second; doubles with each further one.
    pub first_wait: Duration,
    /// Upper bound of the wait.
    pub longest_wait: Duration,
}

impl Limits {
    /// `maximum` looks up the value of a limit's key. `None` if it does so for one of them.
    pub fn read(
        maximum: impl Fn(&'static str) -> Option<u32>,
        first_wait: Duration,
        longest_wait: Duration,
    ) -> Option<Self> {
        let maximums = ROWS.iter().map(|row| maximum(row.key)).collect::<Option<_>>()?;
        Some(Self { maximums, first_wait, longest_wait })
    }

    /// The maximum of a limit in its window.
    pub fn most(&self, row: &Row) -> u32 {
        let index = ROWS.iter().position(|known| known.key == row.key);
        // `WAIT` is not in the table: one text until the wait is over.
        index.and_then(|at| self.maximums.get(at)).copied().unwrap_or(1)
    }

    /// Each limit of the table with its maximum.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'static Row, u32)> {
        ROWS.iter().zip(self.maximums.iter().copied())
    }

    /// Limits that cannot be reached, each with the one that is reached before it: a limit of the
    /// same action and scope with a longer window and a lower maximum.
    pub fn never_full(&self) -> Vec<[(&'static Row, u32); 2]> {
        let mut pairs = Vec::new();
        for (row, most) in self.rows() {
            let stricter = self.rows().find(|(other, less)| {
                (other.what, other.by) == (row.what, row.by)
                    && other.window > row.window
                    && *less < most
            });
            pairs.extend(stricter.map(|stricter| [(row, most), stricter]));
        }
        pairs
    }
}

/// A limit was exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    pub row: &'static Row,
    pub retry_after: Duration,
}
