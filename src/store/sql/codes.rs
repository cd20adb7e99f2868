//! Authorization codes, which live a minute and are kept a day, so that reuse is noticed.
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use sqlx::{Row as _, Sqlite, Transaction};

use super::grants::{grant_id, session_id, user_id};
use super::hex;
use crate::domain::{GrantId, SessionId};
use crate::store::{NewCode, StoreError, StoredCode};
use crate::system::Timestamp;

pub(super) async fn put(
    executor: impl SqliteExecutor<'_>,
    new: &NewCode,
) -> Result<(), StoreError> {
    let NewCode { digest, code, at, expires } = new;
    sqlx::query(
        "INSERT INTO authorization_codes
           (digest, client, redirect_uri, user_id, session_id, scope, audience, nonce,
            challenge, made, expires)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(hex(digest))
    .bind(&code.client)
    .bind(&code.redirect_uri)
    .bind(code.user.to_string())
    .bind(code.session.to_string())
    .bind(&code.scope)
    .bind(&code.audience)
    .bind(&code.nonce)
    .bind(&code.challenge)
    .bind(at.as_millis())
    .bind(expires.as_millis())
    .execute(executor)
    .await?;
    Ok(())
}

pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    digest: &[u8; 32],
) -> Result<Option<StoredCode>, StoreError> {
    let row = sqlx::query(
        "SELECT client, redirect_uri, user_id, session_id, scope, audience, nonce, challenge
         FROM authorization_codes WHERE digest = $1",
    )
    .bind(hex(digest))
    .fetch_optional(executor)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// Why a code was not taken.
pub(super) enum NotTaken {
    Unknown,
    Expired,
    /// It was, before, and this is what it gave.
    Used {
        grant: Option<GrantId>,
    },
}

/// Uses the code up for `grant`, and tells the session that it is of.
pub(super) async fn take(
    tx: &mut Transaction<'_, Sqlite>,
    digest: &[u8; 32],
    grant: Option<GrantId>,
    at: Timestamp,
) -> Result<Result<SessionId, NotTaken>, StoreError> {
    let taken = sqlx::query(
        "UPDATE authorization_codes SET used = $1, grant_id = $2
         WHERE digest = $3 AND used IS NULL AND expires > $1
         RETURNING session_id",
    )
    .bind(at.as_millis())
    .bind(grant.map(|grant| grant.to_string()))
    .bind(hex(digest))
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(row) = taken {
        return Ok(Ok(session_id(&row)?));
    }
    let found = sqlx::query("SELECT used, grant_id FROM authorization_codes WHERE digest = $1")
        .bind(hex(digest))
        .fetch_optional(&mut **tx)
        .await?;
    Ok(Err(match found {
        None => NotTaken::Unknown,
        Some(row) if row.try_get::<Option<i64>, _>("used")?.is_none() => NotTaken::Expired,
        Some(row) => {
            let gave = row.try_get::<Option<String>, _>("grant_id")?.is_some();
            NotTaken::Used { grant: gave.then(|| grant_id(&row, "grant_id")).transpose()? }
        }
    }))
}

fn read(row: &SqliteRow) -> Result<StoredCode, StoreError> {
    Ok(StoredCode {
        client: row.try_get("client")?,
        redirect_uri: row.try_get("redirect_uri")?,
        user: user_id(row)?,
        session: session_id(row)?,
        scope: row.try_get("scope")?,
        audience: row.try_get("audience")?,
        nonce: row.try_get("nonce")?,
        challenge: row.try_get("challenge")?,
    })
}
