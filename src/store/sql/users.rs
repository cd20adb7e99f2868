use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::{Row as _, Sqlite, Transaction};

use super::sessions::end_sessions;
use super::{SqlStore, changes};
use crate::domain::{PhoneNumber, Role, SessionId, UserId};
use crate::store::{Change, StoreError, StoredUser, Users};
use crate::system::Timestamp;

#[async_trait]
impl Users for SqlStore {
    async fn with_number(&self, phone: &PhoneNumber) -> Result<Option<StoredUser>, StoreError> {
        let rows = sqlx::query(
            "SELECT u.id, u.created, u.blocked, r.role FROM users u
             LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.phone = $1",
        )
        .bind(phone.e164())
        .fetch_all(&self.read)
        .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let blocked = row.try_get::<Option<i64>, _>("blocked")?.map(Timestamp::from_millis);
        let created = Timestamp::from_millis(row.try_get("created")?);
        Ok(Some(StoredUser { id: user_id(row, "id")?, created, blocked, roles: roles(&rows)? }))
    }

    async fn enrol(
        &self,
        people: &[(UserId, PhoneNumber)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for (id, phone) in people {
            sqlx::query(
                "INSERT INTO users (id, phone, created, test) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (phone) DO NOTHING",
            )
            .bind(id.to_string())
            .bind(phone.e164())
            .bind(at.as_millis())
            .bind(i64::from(phone.is_test()))
            .execute(&mut *tx)
            .await?;
        }
        let tests = sqlx::query("SELECT id, phone FROM users WHERE test = 1").fetch_all(&mut *tx);
        for row in tests.await? {
            let phone: String = row.try_get("phone")?;
            if !people.iter().any(|(_, named)| named.e164() == phone) {
                end_all(&mut tx, user_id(&row, "id")?, at).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    async fn set_blocked(
        &self,
        phone: &PhoneNumber,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.write.begin().await?;
        let row = sqlx::query(
            "UPDATE users SET blocked = CASE WHEN $1 THEN COALESCE(blocked, $2) END
             WHERE phone = $3 RETURNING id",
        )
        .bind(blocked)
        .bind(at.as_millis())
        .bind(phone.e164())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let user = user_id(&row, "id")?;
        if blocked {
            end_all(&mut tx, user, at).await?;
        }
        tx.commit().await?;
        Ok(Some(user))
    }

    async fn set_roles(
        &self,
        phone: &PhoneNumber,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<UserId>, StoreError> {
        let mut tx = self.write.begin().await?;
        // Also keeps two changes of one user apart.
        let row = sqlx::query("UPDATE users SET version = version WHERE phone = $1 RETURNING id")
            .bind(phone.e164())
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let user = user_id(&row, "id")?;
        sqlx::query("DELETE FROM user_roles WHERE user_id = $1")
            .bind(user.to_string())
            .execute(&mut *tx)
            .await?;
        for role in roles {
            sqlx::query("INSERT INTO user_roles (user_id, role) VALUES ($1, $2)")
                .bind(user.to_string())
                .bind(role.as_str())
                .execute(&mut *tx)
                .await?;
        }
        let version = changes::record(&mut tx, Change::User(user)).await?;
        sqlx::query("UPDATE users SET version = $1 WHERE id = $2")
            .bind(version)
            .bind(user.to_string())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(user))
    }
}

async fn end_all(
    tx: &mut Transaction<'_, Sqlite>,
    user: UserId,
    at: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let ended = sqlx::query(
        "UPDATE sessions SET ended = $1 WHERE user_id = $2 AND ended IS NULL RETURNING id",
    )
    .bind(at.as_millis())
    .bind(user.to_string())
    .fetch_all(&mut **tx)
    .await?;
    end_sessions(tx, &ended).await
}

fn user_id(row: &sqlx::sqlite::SqliteRow, column: &'static str) -> Result<UserId, StoreError> {
    let id: String = row.try_get(column)?;
    UserId::parse(&id).ok_or(StoreError::BadRow { table: "users", column: "id" })
}

/// The `role` of each row, as a join to no role or to several gives them.
pub(super) fn roles(rows: &[sqlx::sqlite::SqliteRow]) -> Result<BTreeSet<Role>, StoreError> {
    let mut roles = BTreeSet::new();
    for row in rows {
        if let Some(role) = row.try_get::<Option<String>, _>("role")? {
            let bad = |_| StoreError::BadRow { table: "user_roles", column: "role" };
            roles.insert(Role::parse(&role).map_err(bad)?);
        }
    }
    Ok(roles)
}
