use async_trait::async_trait;
use sqlx::{Row as _, Sqlite, Transaction};

use super::grants::insert_grant;
use super::sessions::replace;
use super::{SqlStore, hex};
use crate::domain::UserId;
use crate::store::{Committed, Logins, NewLogin, Opens, StoreError};
use crate::system::Timestamp;

#[async_trait]
impl Logins for SqlStore {
    async fn commit(&self, login: &NewLogin) -> Result<Committed, StoreError> {
        let mut tx = self.write.begin().await?;
        if let Some(at) = spend(&mut tx, login).await? {
            return Ok(Committed::AlreadySpent { at });
        }
        let Some((user, blocked)) = find_or_create_user(&mut tx, login).await? else {
            tx.commit().await?;
            return Ok(Committed::Unknown);
        };
        if blocked {
            tx.commit().await?;
            return Ok(Committed::Blocked { user });
        }
        begin_session(&mut tx, login, user).await?;
        open(&mut tx, login).await?;
        tx.commit().await?;
        Ok(Committed::Begun { user, new_user: Some(user) == login.new_user })
    }
}

/// Writes the attempt down as spent; when it was before, says when. The transaction's first
/// statement writes, since SQLite refuses a reader that turns writer.
async fn spend(
    tx: &mut Transaction<'_, Sqlite>,
    login: &NewLogin,
) -> Result<Option<Timestamp>, StoreError> {
    let inserted =
        sqlx::query("INSERT INTO spent (attempt, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(login.attempt.to_string())
            .bind(login.at.as_millis())
            .execute(&mut **tx)
            .await?;
    if inserted.rows_affected() == 1 {
        return Ok(None);
    }
    let row = sqlx::query("SELECT at FROM spent WHERE attempt = $1")
        .bind(login.attempt.to_string())
        .fetch_one(&mut **tx)
        .await?;
    Ok(Some(Timestamp::from_millis(row.try_get("at")?)))
}

/// Either statement locks the row, so that a user who is blocked meanwhile is blocked after this.
async fn find_or_create_user(
    tx: &mut Transaction<'_, Sqlite>,
    login: &NewLogin,
) -> Result<Option<(UserId, bool)>, StoreError> {
    let query = match login.new_user {
        Some(new) => sqlx::query(
            "INSERT INTO users (phone, id, created, test) VALUES ($1, $2, $3, $4)
             ON CONFLICT (phone) DO UPDATE SET phone = excluded.phone RETURNING id, blocked",
        )
        .bind(login.phone.e164())
        .bind(new.to_string())
        .bind(login.at.as_millis())
        .bind(i64::from(login.phone.is_test())),
        None => sqlx::query("UPDATE users SET phone = $1 WHERE phone = $1 RETURNING id, blocked")
            .bind(login.phone.e164()),
    };
    let Some(row) = query.fetch_optional(&mut **tx).await? else { return Ok(None) };
    let id: String = row.try_get("id")?;
    let user = UserId::parse(&id).ok_or(StoreError::BadRow { table: "users", column: "id" })?;
    Ok(Some((user, row.try_get::<Option<i64>, _>("blocked")?.is_some())))
}

async fn begin_session(
    tx: &mut Transaction<'_, Sqlite>,
    login: &NewLogin,
    user: UserId,
) -> Result<(), StoreError> {
    let (kind, take_up) = match &login.opens {
        Opens::Token { .. } => ("browser", None),
        Opens::Grant(_) => ("api", None),
        Opens::Ticket { until } => ("ticket", Some(until.as_millis())),
    };
    sqlx::query(
        "INSERT INTO sessions
           (id, user_id, kind, created, last_seen, expires, device, address_block, take_up)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)",
    )
    .bind(login.session.to_string())
    .bind(user.to_string())
    .bind(kind)
    .bind(login.at.as_millis())
    .bind(login.expires.as_millis())
    .bind(&login.beginning.device)
    .bind(&login.beginning.address_block)
    .bind(take_up)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes what opens the session.
async fn open(tx: &mut Transaction<'_, Sqlite>, login: &NewLogin) -> Result<(), StoreError> {
    match &login.opens {
        Opens::Token { token, host, instead_of } => {
            sqlx::query(
                "INSERT INTO session_tokens (digest, session_id, host) VALUES ($1, $2, $3)",
            )
            .bind(hex(token))
            .bind(login.session.to_string())
            .bind(host)
            .execute(&mut **tx)
            .await?;
            match instead_of {
                Some(former) => replace(tx, *former, login.session, login.at).await,
                None => Ok(()),
            }
        }
        Opens::Grant(grant) => insert_grant(tx, login.session, grant, login.at).await.map(drop),
        Opens::Ticket { .. } => Ok(()),
    }
}
