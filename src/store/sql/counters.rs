use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::AssertSqlSafe;

use super::database::SqlStore;
use super::pool::SqlRow;
use super::query::query;
use super::rows::Columns;
use crate::domain::CounterKey;
use crate::store::counters::LONG_WINDOW;
use crate::store::{
    CounterCapacity, CounterStore, Increment, MemoryCounters, StoreError, TakeOutcome,
};
use crate::system::{Timestamp, millis};

/// Counters in memory, written through to the database before a request is allowed: after a crash
/// every allowed request is still counted. Memory alone decides. What it refuses is not written,
/// so a flood of refused requests does not reach the database, which is read only at start.
pub struct PersistentCounters {
    memory: MemoryCounters,
    store: Arc<SqlStore>,
    /// When expired rows were last deleted.
    pruned: AtomicI64,
}

impl PersistentCounters {
    /// Reads the counters that earlier processes wrote.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn open(
        store: Arc<SqlStore>,
        capacity: CounterCapacity,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        store.prune_counts(now).await?;
        let memory = MemoryCounters::sized(capacity);
        for (count, at) in store.read_counts().await? {
            // `min`: if the clock was set back meanwhile, counts must not last longer for it.
            memory.restore(count, at.min(now));
        }
        Ok(Self { memory, store, pruned: AtomicI64::new(now.as_millis()) })
    }

    async fn write(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        let counts = written(counts);
        if counts.is_empty() {
            return Ok(());
        }
        let last = Timestamp::from_millis(self.pruned.load(Ordering::Relaxed));
        if at.since(last) >= LONG_WINDOW {
            self.pruned.store(at.as_millis(), Ordering::Relaxed);
            self.store.prune_counts(at).await?;
        }
        self.store.write_counts(&counts, at).await
    }
}

/// What of counts that are made together is written: all, if one of them lasts for long. What lasts for
/// minutes alone, such as wrong refresh tokens, waits for no database.
fn written(counts: &[Increment]) -> Vec<Increment> {
    let counted = counts.iter().filter(|count| count.n > 0);
    let lasts = counted.clone().any(|count| count.window >= LONG_WINDOW);
    counted.filter(|_| lasts).copied().collect()
}

#[async_trait]
impl CounterStore for PersistentCounters {
    async fn take(&self, counts: &[Increment], now: Timestamp) -> Result<TakeOutcome, StoreError> {
        let take = self.memory.take_now(counts, now);
        if let TakeOutcome::Taken(counted) = &take
            && let Err(error) = self.write(counts, counted.at).await
        {
            self.memory.give_back_now(counts, counted.at);
            return Err(error);
        }
        Ok(take)
    }

    async fn give_back(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        self.memory.give_back_now(counts, at);
        let counts = written(counts);
        if counts.is_empty() { Ok(()) } else { self.store.subtract_counts(&counts, at).await }
    }

    async fn clear(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        self.memory.clear_now(key, window);
        self.store.clear_counts(key, window).await
    }
}

impl SqlStore {
    async fn write_counts(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        let row = |at| format!("(${}, ${}, ${}, ${})", at + 1, at + 2, at + 3, at + 4);
        let rows: Vec<_> = (0..counts.len()).map(|index| row(4 * index)).collect();
        let sql = format!(
            "INSERT INTO counters (key, length, at, n) VALUES {}
             ON CONFLICT (key, length, at) DO UPDATE SET n = counters.n + excluded.n",
            rows.join(", ")
        );
        let mut insert = query(AssertSqlSafe(sql));
        for count in counts {
            insert = insert
                .bind(count.key.to_hex())
                .bind(millis(count.window))
                .bind(at.as_millis())
                .bind(i64::from(count.n));
        }
        insert.execute(&self.write).await?;
        Ok(())
    }

    async fn subtract_counts(&self, counts: &[Increment], at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for count in counts {
            query("UPDATE counters SET n = n - $4 WHERE key = $1 AND length = $2 AND at = $3")
                .bind(count.key.to_hex())
                .bind(millis(count.window))
                .bind(at.as_millis())
                .bind(i64::from(count.n))
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn clear_counts(&self, key: CounterKey, window: Duration) -> Result<(), StoreError> {
        query("DELETE FROM counters WHERE key = $1 AND length = $2")
            .bind(key.to_hex())
            .bind(millis(window))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    async fn prune_counts(&self, now: Timestamp) -> Result<(), StoreError> {
        query("DELETE FROM counters WHERE at + length <= $1 OR n <= 0")
            .bind(now.as_millis())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// Oldest first.
    async fn read_counts(&self) -> Result<Vec<(Increment, Timestamp)>, StoreError> {
        let rows = query("SELECT key, length, at, n FROM counters WHERE n > 0 ORDER BY at")
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read_count).collect()
    }
}

fn read_count(row: &SqlRow) -> Result<(Increment, Timestamp), StoreError> {
    let columns = Columns::of(row, "counters");
    let length = u64::try_from(row.try_get::<i64>("length")?);
    let count = Increment {
        key: columns.parsed("key", CounterKey::from_hex)?,
        window: Duration::from_millis(length.map_err(|_| columns.bad("length"))?),
        most: u32::MAX,
        n: u32::try_from(row.try_get::<i64>("n")?).unwrap_or(u32::MAX),
        spacing: None,
    };
    Ok((count, columns.time("at")?))
}
