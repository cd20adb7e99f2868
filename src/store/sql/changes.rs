//! The change feed. Writing to it locks the row of `change_counter` until the transaction ends, so
//! [`record`] comes as late in a transaction as possible.

use super::database::SqlStore;
use super::pool::{SqlRow, SqlTransaction};
use super::query::query;
use crate::domain::{GrantId, SessionId, UserId};
use crate::store::{Change, StoreError};

/// How many changes are stored. A reader that is further behind sees a gap.
const RETAINED: i64 = 10_000;
/// How many are read at once.
const PAGE: i64 = 1_000;

/// Appends a change and returns its sequence number.
pub(super) async fn record(tx: &mut SqlTransaction, change: Change) -> Result<i64, StoreError> {
    let row = query("UPDATE change_counter SET seq = seq + 1 WHERE one = 1 RETURNING seq")
        .fetch_one(&mut *tx)
        .await?;
    let seq: i64 = row.try_get("seq")?;
    let (what, subject) = match change {
        Change::Session(session) => ("session", session.to_string()),
        Change::User(user) => ("user", user.to_string()),
        Change::Grant(grant) => ("grant", grant.to_string()),
    };
    query("INSERT INTO change (seq, what, subject) VALUES ($1, $2, $3)")
        .bind(seq)
        .bind(what)
        .bind(subject)
        .execute(&mut *tx)
        .await?;
    query("DELETE FROM change WHERE seq <= $1").bind(seq - RETAINED).execute(&mut *tx).await?;
    tx.notify().await?;
    Ok(seq)
}

/// Appends the end of each of these sessions.
pub(super) async fn record_ended(
    tx: &mut SqlTransaction,
    sessions: &[SessionId],
) -> Result<(), StoreError> {
    for session in sessions {
        record(tx, Change::Session(*session)).await?;
    }
    Ok(())
}

/// The changes after `seq`, oldest first. One that a newer version wrote and this version cannot
/// read is left out: the reader sees a gap.
pub(super) async fn after(store: &SqlStore, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
    let rows = query("SELECT seq, what, subject FROM change WHERE seq > $1 ORDER BY seq LIMIT $2")
        .bind(seq)
        .bind(PAGE)
        .fetch_all(&store.read)
        .await?;
    Ok(rows.iter().filter_map(read).collect())
}

fn read(row: &SqlRow) -> Option<(i64, Change)> {
    let subject: &str = row.try_get("subject").ok()?;
    let change = match row.try_get("what").ok()? {
        "session" => SessionId::parse(subject).map(Change::Session),
        "user" => UserId::parse(subject).map(Change::User),
        "grant" => GrantId::parse(subject).map(Change::Grant),
        _ => None,
    };
    Some((row.try_get("seq").ok()?, change?))
}
