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
    /// Nothing was counted: `which` of the counts is full for the longest time, so long.
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
