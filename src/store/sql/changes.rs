//! What running nodes must learn of. Every function here comes last in its transaction: it holds
//! the one row of the counter until the transaction ends.
use sqlx::{Row as _, Sqlite, Transaction};

use super::SqlStore;
use crate::domain::{GrantId, SessionId, UserId};
use crate::store::{Change, StoreError};

/// So many changes are kept. A node that is further behind sees a gap.
const KEPT: i64 = 10_000;
/// So many are read at once.
const AT_ONCE: i64 = 1_000;

/// Writes a change down and gives its number.
pub(super) async fn record(
    tx: &mut Transaction<'_, Sqlite>,
    change: Change,
) -> Result<i64, StoreError> {
    let row = sqlx::query("UPDATE change_counter SET seq = seq + 1 WHERE one = 1 RETURNING seq")
        .fetch_one(&mut **tx)
        .await?;
    let seq: i64 = row.try_get("seq")?;
    let (what, subject) = match change {
        Change::Session(session) => ("session", session.to_string()),
        Change::User(user) => ("user", user.to_string()),
        Change::Grant(grant) => ("grant", grant.to_string()),
    };
    sqlx::query("INSERT INTO change (seq, what, subject) VALUES ($1, $2, $3)")
        .bind(seq)
        .bind(what)
        .bind(subject)
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM change WHERE seq <= $1").bind(seq - KEPT).execute(&mut **tx).await?;
    Ok(seq)
}

impl SqlStore {
    pub(super) async fn changes_after(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        let rows = sqlx::query(
            "SELECT seq, what, subject FROM change WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(AT_ONCE)
        .fetch_all(&self.read)
        .await?;
        // What a newer version wrote and this one cannot read is left out: its reader sees a gap.
        let change = |row: &sqlx::sqlite::SqliteRow| {
            let subject: String = row.try_get("subject").ok()?;
            let change = match row.try_get::<String, _>("what").ok()?.as_str() {
                "session" => SessionId::parse(&subject).map(Change::Session),
                "user" => UserId::parse(&subject).map(Change::User),
                "grant" => GrantId::parse(&subject).map(Change::Grant),
                _ => None,
            };
            Some((row.try_get("seq").ok()?, change?))
        };
        Ok(rows.iter().filter_map(change).collect())
    }
}
