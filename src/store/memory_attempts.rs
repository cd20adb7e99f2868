use std::time::Duration;

use async_trait::async_trait;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{Attempt, AttemptStore, AttemptUpdate, StoreError, UpdateFn};
use crate::domain::AttemptKey;

/// Maximum number of attempts; each takes about 300 bytes.
const CAPACITY: u64 = 500_000;

/// How long an attempt stays readable after its last change: its lifetime of at most 10 minutes,
/// and 15 more in which the user is told that the code has expired. `login` judges expiry.
const RETENTION: Duration = Duration::from_mins(25);

/// Attempts in the memory of this process.
pub struct MemoryAttempts(Cache<AttemptKey, Attempt>);

impl Default for MemoryAttempts {
    fn default() -> Self {
        // LRU: moka's default policy rejects new entries when full, so a flood of starts would
        // lock everyone else out.
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(RETENTION)
            .eviction_policy(EvictionPolicy::lru());
        Self(cache.build())
    }
}

impl MemoryAttempts {
    pub(super) fn iter(&self) -> impl Iterator<Item = (AttemptKey, Attempt)> {
        self.0.iter().map(|(key, attempt)| (*key, attempt))
    }

    pub(super) fn insert(&self, key: AttemptKey, attempt: Attempt) {
        self.0.insert(key, attempt);
    }

    /// The number of attempts, including expired ones.
    pub fn count(&self) -> u64 {
        self.0.run_pending_tasks();
        self.0.entry_count()
    }
}

#[async_trait]
impl AttemptStore for MemoryAttempts {
    async fn get(&self, key: AttemptKey) -> Result<Option<Attempt>, StoreError> {
        Ok(self.0.get(&key))
    }

    async fn update(&self, key: AttemptKey, update: &mut UpdateFn<'_>) -> Result<(), StoreError> {
        use moka::ops::compute::Op;
        self.0.entry(key).and_compute_with(|entry| {
            match update(entry.as_ref().map(moka::Entry::value)) {
                AttemptUpdate::Keep => Op::Nop,
                AttemptUpdate::Put(attempt) => Op::Put(attempt),
            }
        });
        Ok(())
    }
}
