use std::time::Duration;

use sqlx::{Sqlite, Transaction};

use super::SqlStore;
use crate::store::StoreError;
use crate::system::Timestamp;

/// So many rows of a kind go in one transaction: others wait for the writer meanwhile.
const AT_ONCE: i64 = 500;
const DAY: Duration = Duration::from_hours(24);
/// A code works for 10 minutes at most and its attempt is remembered for 25: long after that the
/// row that keeps it from working twice has nothing to keep any more.
const SPENT_KEPT: Duration = DAY;
/// A session that was ended opens nothing from that moment on, with its rows or without.
const ENDED_KEPT: Duration = DAY;
/// A clock that is wrong by days must cost nobody their session.
const EXPIRED_KEPT: Duration = DAY.saturating_mul(7);

/// How many rows a sweep deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub sessions: u64,
    pub spent: u64,
    pub counts: u64,
}

impl Swept {
    pub const fn all(self) -> u64 {
        self.sessions + self.spent + self.counts
    }
}

impl SqlStore {
    /// Deletes what is over, a few rows at a time; between them others may write.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        loop {
            let mut tx = self.write.begin().await?;
            let part = Swept {
                sessions: sweep_sessions(&mut tx, now).await?,
                spent: sweep_spent(&mut tx, now).await?,
                counts: sweep_counts(&mut tx, now).await?,
            };
            tx.commit().await?;
            swept.sessions += part.sessions;
            swept.spent += part.spent;
            swept.counts += part.counts;
            if part.all() == 0 {
                return Ok(swept);
            }
        }
    }
}

/// Both statements find the same sessions: the second deletes those whose tokens the first took.
async fn sweep_sessions(
    tx: &mut Transaction<'_, Sqlite>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    const STATEMENTS: [&str; 2] = [
        "DELETE FROM session_tokens WHERE session_id IN (
           SELECT id FROM sessions WHERE ended <= $1 OR expires <= $2 ORDER BY id LIMIT $3)",
        "DELETE FROM sessions WHERE id IN (
           SELECT id FROM sessions WHERE ended <= $1 OR expires <= $2 ORDER BY id LIMIT $3)",
    ];
    let mut deleted = 0;
    for sql in STATEMENTS {
        let done = sqlx::query(sql)
            .bind((now - ENDED_KEPT).as_millis())
            .bind((now - EXPIRED_KEPT).as_millis())
            .bind(AT_ONCE)
            .execute(&mut **tx)
            .await?;
        deleted = done.rows_affected();
    }
    Ok(deleted)
}

async fn sweep_spent(tx: &mut Transaction<'_, Sqlite>, now: Timestamp) -> Result<u64, StoreError> {
    let deleted = sqlx::query(
        "DELETE FROM spent WHERE attempt IN (SELECT attempt FROM spent WHERE at <= $1 LIMIT $2)",
    )
    .bind((now - SPENT_KEPT).as_millis())
    .bind(AT_ONCE)
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}

async fn sweep_counts(tx: &mut Transaction<'_, Sqlite>, now: Timestamp) -> Result<u64, StoreError> {
    let deleted = sqlx::query(
        "DELETE FROM counters WHERE (key, length, at) IN (
           SELECT key, length, at FROM counters WHERE at + length <= $1 OR n <= 0 LIMIT $2)",
    )
    .bind(now.as_millis())
    .bind(AT_ONCE)
    .execute(&mut **tx)
    .await?;
    Ok(deleted.rows_affected())
}
