use std::time::Duration;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row as _, Sqlite};

use super::{SqlStore, hex};
use crate::store::{Count, CounterKey, StoreError};
use crate::system::{Timestamp, millis};

/// What was counted, so that a restart forgets none of it. Memory decides; these rows are only
/// read at start.
impl SqlStore {
    pub(in crate::store) async fn write_counts(
        &self,
        counts: &[Count],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut query: QueryBuilder<Sqlite> =
            QueryBuilder::new("INSERT INTO counters (key, length, at, n) ");
        query.push_values(counts, |mut row, count| {
            row.push_bind(hex(&count.key.0))
                .push_bind(millis(count.window))
                .push_bind(at.as_millis())
                .push_bind(i64::from(count.n));
        });
        query.push(" ON CONFLICT (key, length, at) DO UPDATE SET n = counters.n + excluded.n");
        query.build().execute(&self.write).await?;
        Ok(())
    }

    pub(in crate::store) async fn unwrite_counts(
        &self,
        counts: &[Count],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for count in counts {
            sqlx::query(
                "UPDATE counters SET n = n - $4 WHERE key = $1 AND length = $2 AND at = $3",
            )
            .bind(hex(&count.key.0))
            .bind(millis(count.window))
            .bind(at.as_millis())
            .bind(i64::from(count.n))
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    pub(in crate::store) async fn clear_counts(
        &self,
        key: CounterKey,
        window: Duration,
    ) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM counters WHERE key = $1 AND length = $2")
            .bind(hex(&key.0))
            .bind(millis(window))
            .execute(&self.write)
            .await?;
        Ok(())
    }

    pub(in crate::store) async fn prune_counts(&self, now: Timestamp) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM counters WHERE at + length <= $1 OR n <= 0")
            .bind(now.as_millis())
            .execute(&self.write)
            .await?;
        Ok(())
    }

    /// All of them, oldest first.
    pub(in crate::store) async fn read_counts(
        &self,
    ) -> Result<Vec<(Count, Timestamp)>, StoreError> {
        let rows = sqlx::query("SELECT key, length, at, n FROM counters WHERE n > 0 ORDER BY at")
            .fetch_all(&self.read)
            .await?;
        rows.iter().map(read_count).collect()
    }
}

fn read_count(row: &SqliteRow) -> Result<(Count, Timestamp), StoreError> {
    let bad = |column| StoreError::BadRow { table: "counters", column };
    let key: String = row.try_get("key")?;
    let length = u64::try_from(row.try_get::<i64, _>("length")?).map_err(|_| bad("length"))?;
    let n = u32::try_from(row.try_get::<i64, _>("n")?).unwrap_or(u32::MAX);
    let key = unhex(&key).map(CounterKey).ok_or_else(|| bad("key"))?;
    let count =
        Count { key, window: Duration::from_millis(length), most: u32::MAX, n, spacing: None };
    Ok((count, Timestamp::from_millis(row.try_get("at")?)))
}

/// What [`hex`] wrote.
fn unhex(text: &str) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    for (n, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    (text.len() == 32).then_some(bytes)
}
