use async_trait::async_trait;

use super::contacts::{self, NewContact};
use super::database::SqlStore;
use super::pool::SqlTransaction;
use super::query::query;
use super::rows::Columns;
use super::{grants, sessions};
use crate::domain::UserId;
use crate::store::{LoginOutcome, LoginStore, NewLogin, SessionBinding, StoreError};
use crate::system::Timestamp;

/// How often a login is committed while others create its user.
const ATTEMPTS: usize = 3;

#[async_trait]
impl LoginStore for SqlStore {
    async fn commit(&self, login: &NewLogin) -> Result<LoginOutcome, StoreError> {
        // Another server may create the same user at the same moment: then that one is found.
        for _ in 0..ATTEMPTS {
            if let Some(outcome) = self.try_commit(login).await? {
                return Ok(outcome);
            }
        }
        Err(StoreError::Contended { kind: "user" })
    }
}

impl SqlStore {
    /// `None`: it has to be done again.
    async fn try_commit(&self, login: &NewLogin) -> Result<Option<LoginOutcome>, StoreError> {
        let mut tx = self.write.begin().await?;
        if let Some(at) = spend(&mut tx, login).await? {
            return Ok(Some(LoginOutcome::AlreadySpent { at }));
        }
        let outcome =
            match (self.lock_by_contact(&mut tx, &login.identifier).await?, login.new_user) {
                (Some(user), _) if user.blocked => LoginOutcome::Blocked { user: user.id },
                (Some(user), _) => {
                    contacts::record_proof(&mut tx, user.id, &login.identifier, login.at).await?;
                    begin_session(&mut tx, login, user.id).await?;
                    LoginOutcome::Begun { user: user.id, new_user: false }
                }
                (None, None) => LoginOutcome::Unknown,
                (None, Some(user)) => {
                    let (identifier, proved) = (&login.identifier, Some(login.at));
                    let new = NewContact { user, identifier, proved };
                    if !self.create_user(&mut tx, &new, login.at).await? {
                        tx.rollback().await?;
                        return Ok(None);
                    }
                    begin_session(&mut tx, login, user).await?;
                    LoginOutcome::Begun { user, new_user: true }
                }
            };
        tx.commit().await?;
        Ok(Some(outcome))
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

async fn begin_session(
    tx: &mut SqlTransaction,
    login: &NewLogin,
    user: UserId,
) -> Result<(), StoreError> {
    insert_session(tx, login, user).await?;
    bind_session(tx, login).await
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
