//! How often something happened under a key, within windows of time. A limit that forgets is no
//! limit: what is kept here may count too much, never too little. Decides no limit itself.
mod kept;
mod log;
mod memory;
mod sketch;
mod table;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::system::Timestamp;

pub use kept::KeptCounters;
pub use memory::{MemoryCounters, Room};

/// Where a count is kept: a keyed digest of what is counted and whose it is. Tells nothing
/// about either.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CounterKey(pub [u8; 16]);

impl fmt::Debug for CounterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CounterKey(…)")
    }
}

/// What is asked of one counter: `n` more, of at most `most` in any span of `window`.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    pub key: CounterKey,
    pub window: Duration,
    pub most: u32,
    /// Zero counts nothing and asks whether there would be room for one.
    pub n: u32,
    /// How far apart they must be, if they must.
    pub spacing: Option<Spacing>,
}

/// A wait after everything that is counted, which doubles with each in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spacing {
    /// After the first in the window.
    pub first: Duration,
    pub longest: Duration,
    /// By how many hundredths the wait after this one is longer than that; at most
    /// [`Spacing::MOST_JITTER`], or so much shorter.
    pub jitter: i8,
    /// Whether this one has to wait. One that has not makes the wait after it longer all the same.
    pub waits: bool,
}

impl Spacing {
    /// Also what is taken where it is not known any more: a wait may be too long, never too short.
    pub const MOST_JITTER: i8 = 10;

    /// The wait after the `nth` in the window, in milliseconds.
    fn after(&self, nth: u32, jitter: i8) -> i64 {
        let doubled = 2_u32.saturating_pow(nth.saturating_sub(1));
        let wait = self.first.saturating_mul(doubled).min(self.longest.max(self.first));
        let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX / 200);
        wait * (100 + i64::from(jitter.min(Self::MOST_JITTER))) / 100
    }
}

/// What was counted, so that it can be given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// When, by the counters' own clock, which never runs back.
    pub at: Timestamp,
    /// What each of the counts has left.
    pub left: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Take {
    Taken(Counted),
    /// Nothing was counted: `which` of the counts is full, or has to wait, for the longest time,
    /// so long.
    Refused {
        which: usize,
        retry_after: Duration,
    },
}

/// Counters. An error means that nothing may be let through.
#[async_trait]
pub trait Counters: Send + Sync {
    /// Counts under all of `counts` or, when one of them has no room, under none. Comparing and
    /// counting are one step on each key: parallel takes never exceed a limit together.
    async fn take(&self, counts: &[Count], now: Timestamp) -> Result<Take, StoreError>;

    /// Takes back what was counted at `at`, once: it turned out not to have happened. What is
    /// counted together with others stays.
    async fn give_back(&self, counts: &[Count], at: Timestamp) -> Result<(), StoreError>;

    /// Forgets what was counted under one key, if it is not counted together with others.
    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError>;
}
