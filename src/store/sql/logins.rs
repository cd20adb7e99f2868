use async_trait::async_trait;

use super::database::SqlStore;
use super::pool::SqlTransaction;
use super::query::query;
use super::rows::Columns;
use super::{grants, sessions};
use crate::domain::{Identifier, UserId};
use crate::store::{LoginOutcome, LoginStore, NewLogin, SessionBinding, StoreError};
use crate::system::Timestamp;

#[async_trait]
impl LoginStore for SqlStore {
    async fn commit(&self, login: &NewLogin) -> Result<LoginOutcome, StoreError> {
        let mut tx = self.write.begin().await?;
        if let Some(at) = spend(&mut tx, login).await? {
            return Ok(LoginOutcome::AlreadySpent { at });
        }
        let Some((user, blocked)) = find_or_create_user(&mut tx, login).await? else {
            tx.commit().await?;
            return Ok(LoginOutcome::Unknown);
        };
        if blocked {
            tx.commit().await?;
            return Ok(LoginOutcome::Blocked { user });
        }
        insert_session(&mut tx, login, user).await?;
        bind_session(&mut tx, login).await?;
        tx.commit().await?;
        Ok(LoginOutcome::Begun { user, new_user: Some(user) == login.new_user })
    }
}

/// Marks the attempt as spent; if it was before, returns when. Comes first in its transaction:
/// SQLite refuses to turn a transaction that has read into one that writes.
async fn spend(tx: &mut SqlTransaction, login: &NewLogin) -> Result<Option<Timestamp>, StoreError> {
    let inserted = query("INSERT INTO spent (attempt, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(login.attempt.to_string())
        .bind(login.at.as_millis())
        .execute(&mut *tx)
        .await?;
    if inserted == 1 {
        return Ok(None);
    }
    let row = query("SELECT at FROM spent WHERE attempt = $1")
        .bind(login.attempt.to_string())
        .fetch_one(&mut *tx)
        .await?;
    Columns::of(&row, "spent").time("at").map(Some)
}

/// The user and whether they are blocked. Either statement locks the row: a concurrent block takes
/// effect before or after this transaction.
async fn find_or_create_user(
    tx: &mut SqlTransaction,
    login: &NewLogin,
) -> Result<Option<(UserId, bool)>, StoreError> {
    let Identifier::Phone(phone) = &login.identifier;
    let query = match login.new_user {
        Some(new) => query(
            "INSERT INTO users (phone, id, created, test) VALUES ($1, $2, $3, $4)
             ON CONFLICT (phone) DO UPDATE SET phone = excluded.phone RETURNING id, blocked",
        )
        .bind(phone.e164())
        .bind(new.to_string())
        .bind(login.at.as_millis())
        .bind(i64::from(phone.is_test())),
        None => query("UPDATE users SET phone = $1 WHERE phone = $1 RETURNING id, blocked")
            .bind(phone.e164()),
    };
    let Some(row) = query.fetch_optional(&mut *tx).await? else { return Ok(None) };
    let columns = Columns::of(&row, "users");
    Ok(Some((columns.user("id")?, columns.optional_time("blocked")?.is_some())))
}

async fn insert_session(
    tx: &mut SqlTransaction,
    login: &NewLogin,
    user: UserId,
) -> Result<(), StoreError> {
    let (kind, until) = match &login.binding {
        SessionBinding::Token { .. } => ("browser", None),
        SessionBinding::Grant(_) => ("api", None),
        SessionBinding::Ticket { redeem_by } => ("ticket", Some(redeem_by.as_millis())),
    };
    query(
        "INSERT INTO sessions
           (id, user_id, kind, created, last_seen, expires, device, address_block, take_up)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)",
    )
    .bind(login.session.to_string())
    .bind(user.to_string())
    .bind(kind)
    .bind(login.at.as_millis())
    .bind(login.expires.as_millis())
    .bind(&login.sign_in_context.device)
    .bind(&login.sign_in_context.address_block)
    .bind(until)
    .execute(&mut *tx)
    .await?;
    Ok(())
}

async fn bind_session(tx: &mut SqlTransaction, login: &NewLogin) -> Result<(), StoreError> {
    match &login.binding {
        SessionBinding::Token { token, host, replaces: instead_of } => {
            query("INSERT INTO session_tokens (digest, session_id, host) VALUES ($1, $2, $3)")
                .bind(token.to_hex())
                .bind(login.session.to_string())
                .bind(host.as_str())
                .execute(&mut *tx)
                .await?;
            match instead_of {
                Some(former) => sessions::replace(tx, *former, login.session, login.at).await,
                None => Ok(()),
            }
        }
        SessionBinding::Grant(grant) => {
            grants::insert(tx, login.session, grant, login.at).await.map(drop)
        }
        SessionBinding::Ticket { .. } => Ok(()),
    }
}
