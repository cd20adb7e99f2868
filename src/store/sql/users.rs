use std::collections::{BTreeSet, HashSet};

use async_trait::async_trait;

use super::changes;
use super::contacts::{self, NewContact};
use super::database::SqlStore;
use super::pool::SqlTransaction;
use super::query::{Executor, query};
use super::rows::{self, Columns};
use super::user_lock::{UserOf, lock_user};
use crate::domain::{Identifier, Role, UserId};
use crate::store::{Change, FoundUser, StoreError, StoredUser, UserStore};
use crate::system::Timestamp;

const TABLE: &str = "users";
/// How often users are created while others create the same.
const ATTEMPTS: usize = 3;
/// The most users that a search returns.
const MOST_FOUND: i64 = 100;

#[async_trait]
impl UserStore for SqlStore {
    async fn find_by_identifier(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<StoredUser>, StoreError> {
        let found = self.find_user_of(&mut Executor::from(&self.read), identifier).await?;
        let Some(user) = found else { return Ok(None) };
        let rows = query(
            "SELECT u.id, u.created, u.blocked, r.role FROM users u
             LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.id = $1",
        )
        .bind(user.to_string())
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

    async fn find_by_ending(&self, ending: &str) -> Result<Vec<FoundUser>, StoreError> {
        let mut found = Vec::new();
        for index in self.contacts.endings(Identifier::PHONE, ending)? {
            let rows = query(
                "SELECT c.user_id, c.value, c.sealed_by, u.created, u.blocked FROM contacts c
                 JOIN users u ON u.id = c.user_id
                 WHERE c.ending = $1 AND c.kind = 'phone' ORDER BY u.created, u.id LIMIT $2",
            )
            .bind(index.to_hex())
            .bind(MOST_FOUND)
            .fetch_all(&self.read)
            .await?;
            for row in &rows {
                let columns = Columns::of(row, TABLE);
                let user = columns.user("user_id")?;
                found.push(FoundUser {
                    id: user,
                    phone: contacts::read_phone(&self.contacts, row, user)?,
                    created: columns.time("created")?,
                    blocked: columns.optional_time("blocked")?,
                });
            }
        }
        Ok(found)
    }

    async fn ensure_users(
        &self,
        users: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        for _ in 0..ATTEMPTS {
            if self.try_ensure_users(users, at).await? {
                return Ok(());
            }
        }
        Err(StoreError::Contended { kind: TABLE })
    }

    async fn set_blocked(
        &self,
        identifier: &Identifier,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError> {
        let Some((mut tx, user)) = self.begin_with(identifier).await? else { return Ok(None) };
        query(
            "UPDATE users SET blocked = CASE WHEN $1 THEN COALESCE(blocked, $2) END WHERE id = $3",
        )
        .bind(blocked)
        .bind(at.as_millis())
        .bind(user.to_string())
        .execute(&mut tx)
        .await?;
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
        let Some((mut tx, user)) = self.begin_with(identifier).await? else { return Ok(None) };
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

impl SqlStore {
    /// Begins a transaction with a lock of the row of the user with this contact.
    async fn begin_with(
        &self,
        identifier: &Identifier,
    ) -> Result<Option<(SqlTransaction, UserId)>, StoreError> {
        // Before the transaction: SQLite refuses to turn one that has read into one that writes.
        let found = self.find_user_of(&mut Executor::from(&self.read), identifier).await?;
        let Some(user) = found else { return Ok(None) };
        let mut tx = self.write.begin().await?;
        let locked = lock_user(&mut tx, UserOf::Id(user)).await?;
        Ok(locked.map(|user| (tx, user.id)))
    }

    /// `false`: it has to be done again.
    async fn try_ensure_users(
        &self,
        users: &[(UserId, Identifier)],
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (mut listed, mut missing) = (HashSet::new(), Vec::new());
        for (id, identifier) in users {
            match self.find_by_identifier(identifier).await? {
                Some(user) => drop(listed.insert(user.id)),
                None => missing.push(NewContact { user: *id, identifier, proved: None }),
            }
        }
        let test_users = query("SELECT id FROM users WHERE test = 1").fetch_all(&self.read).await?;
        let mut tx = self.write.begin().await?;
        for new in &missing {
            if !self.create_user(&mut tx, new, at).await? {
                tx.rollback().await?;
                return Ok(false);
            }
        }
        for row in &test_users {
            let user = Columns::of(row, TABLE).user("id")?;
            if !listed.contains(&user) {
                end_sessions(&mut tx, user, at).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
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
