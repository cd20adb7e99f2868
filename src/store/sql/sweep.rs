use std::time::Duration;

use sqlx::{Sqlite, Transaction};

use super::SqlStore;
use crate::store::StoreError;
use crate::system::Timestamp;

/// So many rows of a kind go in one transaction: others wait for the writer meanwhile.
const AT_ONCE: i64 = 500;
const DAY: Duration = Duration::from_hours(24);
/// What was ended or revoked opens nothing from that moment on, with its rows or without. A texted
/// code works for 10 minutes at most and its attempt is remembered for 25, an authorization code
/// lives for a minute: long after that the row that keeps either from working twice has nothing to
/// keep any more.
const ENDED_KEPT: Duration = DAY;
/// A clock that is wrong by days must cost nobody what they have.
const EXPIRED_KEPT: Duration = DAY.saturating_mul(7);

/// How many rows a sweep deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub codes: u64,
    pub grants: u64,
    pub session_tokens: u64,
    pub sessions: u64,
    pub spent: u64,
    pub counts: u64,
}

impl Swept {
    pub const fn all(self) -> u64 {
        let Self { codes, grants, session_tokens, sessions, spent, counts } = self;
        codes + grants + session_tokens + sessions + spent + counts
    }
}

/// A moment before which something must have been over.
#[derive(Clone, Copy)]
enum Before {
    /// For what was used up, ended or revoked.
    Day,
    /// For what came to its end by itself.
    Week,
    Now,
}

impl Before {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Day => now - ENDED_KEPT,
            Self::Week => now - EXPIRED_KEPT,
            Self::Now => now,
        }
    }
}

/// One kind of rows: how they are deleted, what is bound before the number of rows, and where they
/// are counted.
struct Row {
    sql: &'static str,
    bound: &'static [Before],
    count: fn(&mut Swept) -> &mut u64,
}

const fn row(
    sql: &'static str,
    bound: &'static [Before],
    count: fn(&mut Swept) -> &mut u64,
) -> Row {
    Row { sql, bound, count }
}

/// Sessions that are over. What others point to stays: a grant may outlive the time of its session.
macro_rules! over_sessions {
    () => {
        "SELECT id FROM sessions WHERE (ended <= $1 OR expires <= $2 OR take_up <= $1)
           AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.session_id = sessions.id)
           AND NOT EXISTS (SELECT 1 FROM authorization_codes c WHERE c.session_id = sessions.id)
         ORDER BY id LIMIT $3"
    };
}

/// THE table of what is deleted, in the order in which rows point to each other. Both statements
/// about sessions find the same ones: the second deletes those whose tokens the first took.
const ROWS: &[Row] = &[
    row(
        "DELETE FROM authorization_codes WHERE digest IN (
           SELECT digest FROM authorization_codes WHERE expires <= $1 LIMIT $2)",
        &[Before::Day],
        |swept| &mut swept.codes,
    ),
    // Over with their session, by being revoked, or in time.
    row(
        "DELETE FROM grants WHERE id IN (
           SELECT id FROM grants WHERE revoked <= $1 OR expires <= $2 OR last_used + idle <= $2
             OR session_id IN (SELECT id FROM sessions WHERE ended <= $1) LIMIT $3)",
        &[Before::Day, Before::Week],
        |swept| &mut swept.grants,
    ),
    row(
        concat!("DELETE FROM session_tokens WHERE session_id IN (", over_sessions!(), ")"),
        &[Before::Day, Before::Week],
        |swept| &mut swept.session_tokens,
    ),
    row(
        concat!("DELETE FROM sessions WHERE id IN (", over_sessions!(), ")"),
        &[Before::Day, Before::Week],
        |swept| &mut swept.sessions,
    ),
    row(
        "DELETE FROM spent WHERE attempt IN (SELECT attempt FROM spent WHERE at <= $1 LIMIT $2)",
        &[Before::Day],
        |swept| &mut swept.spent,
    ),
    row(
        "DELETE FROM counters WHERE (key, length, at) IN (
           SELECT key, length, at FROM counters WHERE at + length <= $1 OR n <= 0 LIMIT $2)",
        &[Before::Now],
        |swept| &mut swept.counts,
    ),
];

impl SqlStore {
    /// Deletes what is over, a few rows at a time; between them others may write.
    pub async fn sweep(&self, now: Timestamp) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        loop {
            let before = swept;
            let mut tx = self.write.begin().await?;
            for row in ROWS {
                *(row.count)(&mut swept) += delete(&mut tx, row, now).await?;
            }
            tx.commit().await?;
            if swept == before {
                return Ok(swept);
            }
        }
    }
}

async fn delete(
    tx: &mut Transaction<'_, Sqlite>,
    row: &Row,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let bound = row.bound.iter().map(|before| before.at(now).as_millis());
    let query = bound.fold(sqlx::query(row.sql), sqlx::query::Query::bind);
    let deleted = query.bind(AT_ONCE).execute(&mut **tx).await?;
    Ok(deleted.rows_affected())
}
