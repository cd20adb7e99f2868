use std::collections::BTreeSet;

use async_trait::async_trait;

use super::changes;
use super::database::SqlStore;
use super::pool::SqlTransaction;
use super::query::query;
use super::rows::{self, Columns};
use crate::domain::{Identifier, Role, UserId};
use crate::store::{Change, StoreError, StoredUser, UserStore};
use crate::system::Timestamp;

const TABLE: &str = "users";

#[async_trait]
impl UserStore for SqlStore {
    async fn find_by_identifier(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<StoredUser>, StoreError> {
        let Identifier::Phone(phone) = identifier;
        let rows = query(
            "SELECT u.id, u.created, u.blocked, r.role FROM users u
             LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.phone = $1",
        )
        .bind(phone.e164())
        .fetch_all(&self.read)
        .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let columns = Columns::of(row, TABLE);
        Ok(Some(StoredUser {
            id: columns.user("id")?,
            created: columns.time("created")?,
            blocked: columns.optional_time("blocked")?,
            roles: rows::roles(&rows)?,
        }))
    }

    async fn ensure_users(
        &self,
        users: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for (id, Identifier::Phone(phone)) in users {
            query(
                "INSERT INTO users (id, phone, created, test) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (phone) DO NOTHING",
            )
            .bind(id.to_string())
            .bind(phone.e164())
            .bind(at.as_millis())
            .bind(i64::from(phone.is_test()))
            .execute(&mut tx)
            .await?;
        }
        let test_users =
            query("SELECT id, phone FROM users WHERE test = 1").fetch_all(&mut tx).await?;
        for row in &test_users {
            let columns = Columns::of(row, TABLE);
            let phone: &str = columns.parsed("phone", Some)?;
            if !users.iter().any(|(_, Identifier::Phone(listed))| listed.e164() == phone) {
                end_sessions(&mut tx, columns.user("id")?, at).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn set_blocked(
        &self,
        identifier: &Identifier,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let Identifier::Phone(phone) = identifier;
        let mut tx = self.write.begin().await?;
        let row = query(
            "UPDATE users SET blocked = CASE WHEN $1 THEN COALESCE(blocked, $2) END
             WHERE phone = $3 RETURNING id",
        )
        .bind(blocked)
        .bind(at.as_millis())
        .bind(phone.e164())
        .fetch_optional(&mut tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let user = Columns::of(&row, TABLE).user("id")?;
        if blocked {
            end_sessions(&mut tx, user, at).await?;
        }
        tx.commit().await?;
        Ok(Some(user))
    }

    async fn set_roles(
        &self,
        identifier: &Identifier,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<UserId>, StoreError> {
        let Identifier::Phone(phone) = identifier;
        let mut tx = self.write.begin().await?;
        // Locks the row, which serialises concurrent changes of one user.
        let row = query("UPDATE users SET version = version WHERE phone = $1 RETURNING id")
            .bind(phone.e164())
            .fetch_optional(&mut tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let user = Columns::of(&row, TABLE).user("id")?;
        query("DELETE FROM user_roles WHERE user_id = $1")
            .bind(user.to_string())
            .execute(&mut tx)
            .await?;
        for role in roles {
            query("INSERT INTO user_roles (user_id, role) VALUES ($1, $2)")
                .bind(user.to_string())
                .bind(role.as_str())
                .execute(&mut tx)
                .await?;
        }
        let version = changes::record(&mut tx, Change::User(user)).await?;
        query("UPDATE users SET version = $1 WHERE id = $2")
            .bind(version)
            .bind(user.to_string())
            .execute(&mut tx)
            .await?;
        tx.commit().await?;
        Ok(Some(user))
    }
}

/// Ends all sessions of a user.
async fn end_sessions(
    tx: &mut SqlTransaction,
    user: UserId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let rows =
        query("UPDATE sessions SET ended = $1 WHERE user_id = $2 AND ended IS NULL RETURNING id")
            .bind(at.as_millis())
            .bind(user.to_string())
            .fetch_all(&mut *tx)
            .await?;
    changes::record_ended(tx, &rows::session_ids(&rows)?).await
}
