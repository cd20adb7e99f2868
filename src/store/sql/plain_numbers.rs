//! Encrypts the numbers of a database of a former version, which wrote them as they are.
use super::contacts::{self, NewContact};
use super::pool::{Pool, SqlRow};
use super::query::query;
use super::rows::Columns;
use crate::domain::{Identifier, UserId};
use crate::store::{ContactKeys, StoreError};

/// Users of one transaction.
const BATCH: i64 = 500;

/// Writes the contacts of all users that have none, in batches: after an interruption it goes on where
/// it was.
///
/// # Errors
///
/// If the database fails, there are numbers and no secret, or one is unreadable.
pub(super) async fn encrypt(database: &Pool, keys: &ContactKeys) -> Result<(), StoreError> {
    let mut last = String::new();
    loop {
        let mut tx = database.begin().await?;
        let rows = query(
            "SELECT u.id, u.phone,
               (SELECT MIN(s.created) FROM sessions s WHERE s.user_id = u.id) AS proved
             FROM users u WHERE u.id > $1
               AND NOT EXISTS (SELECT 1 FROM contacts c WHERE c.user_id = u.id)
             ORDER BY u.id LIMIT $2",
        )
        .bind(&last)
        .bind(BATCH)
        .fetch_all(&mut tx)
        .await?;
        let Some(end) = rows.last() else { return Ok(()) };
        last = Columns::of(end, "users").user("id")?.to_string();
        for row in &rows {
            let (user, identifier) = read(row)?;
            let proved = Columns::of(row, "sessions").optional_time("proved")?;
            let contact = NewContact { user, identifier: &identifier, proved };
            if !contacts::insert(&mut tx, keys, &contact).await? {
                return Err(StoreError::TwoUsers { user });
            }
        }
        tx.commit().await?;
    }
}

fn read(row: &SqlRow) -> Result<(UserId, Identifier), StoreError> {
    let columns = Columns::of(row, "users");
    let number = columns.parsed("phone", |text| Identifier::from_store(Identifier::PHONE, text))?;
    Ok((columns.user("id")?, number))
}
