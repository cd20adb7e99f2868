use std::time::Duration;

use async_trait::async_trait;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{Attempt, AttemptKey, Attempts, Step, StepFn, StoreError};

/// The most attempts kept at once; about 300 bytes each.
const MOST: u64 = 500_000;

/// How long an attempt is remembered after its last change: 10 minutes that it may live and
/// 15 more in which a person is told that the code died. Expiry itself is judged by `login`.
const REMEMBERED: Duration = Duration::from_mins(25);

/// Attempts in this process's memory.
pub struct MemoryAttempts(Cache<AttemptKey, Attempt>);

impl Default for MemoryAttempts {
    fn default() -> Self {
        // LRU: moka's own policy refuses newcomers when full, which would let a flood of starts
        // lock everybody else out.
        let cache = Cache::builder()
            .max_capacity(MOST)
            .time_to_live(REMEMBERED)
            .eviction_policy(EvictionPolicy::lru());
        Self(cache.build())
    }
}

impl MemoryAttempts {
    /// How many are kept, those that are over included.
    pub fn kept(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }
}

#[async_trait]
impl Attempts for MemoryAttempts {
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        Ok(self.0.get(&key))
    }

    async fn update(&self, key: AttemptKey, step: &mut StepFn<'_>) -> Result<(), StoreError> {
        use moka::ops::compute::Op;
        self.0.entry(key).and_compute_with(|entry| {
            match step(entry.as_ref().map(moka::Entry::value)) {
                Step::Keep => Op::Nop,
                Step::Put(attempt) => Op::Put(attempt),
            }
        });
        Ok(())
    }
}
