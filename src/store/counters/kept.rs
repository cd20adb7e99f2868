use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::{Count, CounterKey, Counters, MemoryCounters, Room, Take};
use crate::store::{SqlStore, StoreError};
use crate::system::Timestamp;

/// Windows of at least this length survive a restart.
const WRITTEN: Duration = Duration::from_hours(1);

/// Counters in memory that are written to the database before anything is let through: after a
/// crash nothing that was let through is forgotten. What is refused is refused by memory alone,
/// so that a flood of it never reaches the database.
pub struct KeptCounters {
    memory: MemoryCounters,
    store: Arc<SqlStore>,
    /// When rows that are over were last deleted.
    pruned: AtomicI64,
}

impl KeptCounters {
    /// Reads what earlier processes counted.
    pub async fn open(
        store: Arc<SqlStore>,
        room: Room,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        store.prune_counts(now).await?;
        let memory = MemoryCounters::sized(room);
        for (count, at) in store.read_counts().await? {
            // A clock that was set back meanwhile must not let them stand for longer.
            memory.restore(count, at.min(now));
        }
        Ok(Self { memory, store, pruned: AtomicI64::new(now.as_millis()) })
    }

    async fn write(&self, counts: &[Count], at: Timestamp) -> Result<(), StoreError> {
        let counts = written(counts);
        if counts.is_empty() {
            return Ok(());
        }
        let last = Timestamp::from_millis(self.pruned.load(Ordering::Relaxed));
        if at.since(last) >= WRITTEN {
            self.pruned.store(at.as_millis(), Ordering::Relaxed);
            self.store.prune_counts(at).await?;
        }
        self.store.write_counts(&counts, at).await
    }
}

fn written(counts: &[Count]) -> Vec<Count> {
    counts.iter().filter(|count| count.n > 0 && count.window >= WRITTEN).copied().collect()
}

#[async_trait]
impl Counters for KeptCounters {
    async fn take(&self, counts: &[Count], now: Timestamp) -> Result<Take, StoreError> {
        let take = self.memory.take_now(counts, now);
        if let Take::Taken(counted) = &take
            && let Err(error) = self.write(counts, counted.at).await
        {
            self.memory.give_back_now(counts, counted.at);
            return Err(error);
        }
        Ok(take)
    }

    async fn give_back(&self, counts: &[Count], at: Timestamp) -> Result<(), StoreError> {
        self.memory.give_back_now(counts, at);
        let counts = written(counts);
        if counts.is_empty() { Ok(()) } else { self.store.unwrite_counts(&counts, at).await }
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.memory.clear_now(key, window);
        if window < WRITTEN { Ok(()) } else { self.store.clear_counts(key, window).await }
    }
}
