//! Changes the secret that contacts are encrypted under, while servers work on them.
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::contacts;
use super::copy::StoreProgress;
use super::database::SqlStore;
use super::pool::{SqlRow, SqlTransaction};
use super::query::query;
use super::rows::Columns;
use crate::domain::{Identifier, UserId};
use crate::store::StoreError;

const TABLE: &str = "contacts";
/// Rows of one transaction.
const BATCH: i64 = 200;

/// What a change of the secret came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reencrypted {
    /// Contacts that are encrypted under the newest secret now, and were not before.
    pub changed: u64,
    /// Contacts that no secret of these opens, and are left as they are.
    pub unreadable: u64,
}

impl SqlStore {
    /// Encrypts all contacts under the newest secret, and makes their indexes with it alone. Every
    /// server of the database must have that secret.
    ///
    /// # Errors
    ///
    /// If the store fails, or two users turn out to have the same contact. What was done before stays
    /// done.
    pub async fn reencrypt_contacts(
        &self,
        progress: &mut (dyn FnMut(StoreProgress) + Send),
    ) -> Result<Reencrypted, StoreError> {
        let newest = self.contacts.newest_id()?;
        let all =
            query("SELECT CAST(COUNT(*) AS BIGINT) AS number FROM contacts WHERE sealed_by <> $1")
                .bind(i64::from(newest.0))
                .fetch_one(&self.read)
                .await?;
        let all = u64::try_from(all.try_get::<i64>("number")?).unwrap_or(0);
        let mut result = Reencrypted::default();
        let mut last = (String::new(), String::new());
        loop {
            // Not in the transaction: SQLite refuses to turn one that has read into one that writes.
            let rows = query(
                "SELECT user_id, kind, value, sealed_by FROM contacts
                 WHERE sealed_by <> $1 AND (user_id, kind) > ($2, $3)
                 ORDER BY user_id, kind LIMIT $4",
            )
            .bind(i64::from(newest.0))
            .bind(&last.0)
            .bind(&last.1)
            .bind(BATCH)
            .fetch_all(&self.read)
            .await?;
            let Some(end) = rows.last() else { return Ok(result) };
            last = (end.try_get("user_id")?, end.try_get("kind")?);
            let mut tx = self.write.begin().await?;
            for row in &rows {
                match self.reencrypt(&mut tx, row).await {
                    Ok(()) => result.changed += 1,
                    Err(StoreError::BadRow { .. } | StoreError::OtherSecret) => {
                        result.unreadable += 1;
                    }
                    Err(error) => return Err(error),
                }
            }
            tx.commit().await?;
            progress(StoreProgress { table: TABLE, done: result.changed + result.unreadable, all });
        }
    }

    async fn reencrypt(&self, tx: &mut SqlTransaction, row: &SqlRow) -> Result<(), StoreError> {
        let user = Columns::of(row, TABLE).user("user_id")?;
        let kind: &str = row.try_get("kind")?;
        let identifier = contacts::read(&self.contacts, row, user, kind)?;
        self.replace_indexes(tx, (user, &identifier)).await?;
        let sealed = self.contacts.seal(user, &identifier)?;
        query(
            "UPDATE contacts SET value = $1, sealed_by = $2, ending = $3
             WHERE user_id = $4 AND kind = $5",
        )
        .bind(STANDARD.encode(sealed.value))
        .bind(i64::from(sealed.sealed_by.0))
        .bind(sealed.ending.to_hex())
        .bind(user.to_string())
        .bind(kind)
        .execute(tx)
        .await?;
        Ok(())
    }

    async fn replace_indexes(
        &self,
        tx: &mut SqlTransaction,
        (user, identifier): (UserId, &Identifier),
    ) -> Result<(), StoreError> {
        let (secret, index) = self.contacts.newest_index(identifier)?;
        let row = query(
            "INSERT INTO contact_indexes (digest, user_id, kind, secret) VALUES ($1, $2, $3, $4)
             ON CONFLICT (digest) DO UPDATE SET secret = excluded.secret RETURNING user_id",
        )
        .bind(index.to_hex())
        .bind(user.to_string())
        .bind(identifier.kind())
        .bind(i64::from(secret.0))
        .fetch_one(&mut *tx)
        .await?;
        if Columns::of(&row, "contact_indexes").user("user_id")? != user {
            return Err(StoreError::TwoUsers { user });
        }
        query("DELETE FROM contact_indexes WHERE user_id = $1 AND kind = $2 AND secret <> $3")
            .bind(user.to_string())
            .bind(identifier.kind())
            .bind(i64::from(secret.0))
            .execute(tx)
            .await?;
        Ok(())
    }

    /// Deletes the indexes of secrets that this server does not have, of contacts that are encrypted
    /// under its newest one: they were made while a secret was changed, and whoever learns the former
    /// secret could find numbers by them.
    ///
    /// # Errors
    ///
    /// If the store fails.
    pub async fn forget_former_indexes(&self) -> Result<u64, StoreError> {
        let (lowest, highest) = self.contacts.ids()?;
        let (mut deleted, mut last) = (0, i64::MIN);
        // Of the few secrets that there ever were, one probe of the index each.
        while let Some(secret) = self.next_secret(last).await? {
            last = secret;
            if ![i64::from(lowest.0), i64::from(highest.0)].contains(&secret) {
                deleted += self.forget_indexes_of(secret).await?;
            }
        }
        Ok(deleted)
    }

    /// The lowest id of a secret above `last` that indexes were made with.
    async fn next_secret(&self, last: i64) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT secret FROM contact_indexes WHERE secret > $1 ORDER BY secret LIMIT 1";
        let row = query(sql).bind(last).fetch_optional(&self.read).await?;
        Ok(row.map(|row| row.try_get("secret")).transpose()?)
    }

    async fn forget_indexes_of(&self, secret: i64) -> Result<u64, StoreError> {
        let newest = self.contacts.newest_id()?;
        let mut deleted = 0;
        loop {
            // A range, since PostgreSQL's plan for any equal value reads the whole table where most
            // rows have one.
            let batch = query(
                "DELETE FROM contact_indexes WHERE digest IN (
                   SELECT i.digest FROM contact_indexes i
                   JOIN contacts c ON c.user_id = i.user_id AND c.kind = i.kind
                   WHERE i.secret BETWEEN $1 AND $1 AND c.sealed_by = $2 LIMIT $3)",
            )
            .bind(secret)
            .bind(i64::from(newest.0))
            .bind(BATCH)
            .execute(&self.write)
            .await?;
            if batch == 0 {
                return Ok(deleted);
            }
            deleted += batch;
        }
    }
}
