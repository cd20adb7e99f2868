//! Authorization codes. A code lives for a minute; its row stays for a day, so that reuse is
//! detected.

use super::pool::{SqlRow, SqlTransaction};
use super::query::{Executor, query};
use super::rows::{Columns, audience_text};
use crate::domain::{AuthorizationCodeDigest, GrantId, SessionId};
use crate::store::{NewAuthorizationCode, StoreError, StoredAuthorizationCode};
use crate::system::Timestamp;

const TABLE: &str = "authorization_codes";

pub(super) async fn insert<'e>(
    executor: impl Into<Executor<'e>>,
    new: &NewAuthorizationCode,
) -> Result<(), StoreError> {
    let NewAuthorizationCode { digest, code, at, expires } = new;
    query(
        "INSERT INTO authorization_codes
           (digest, client, redirect_uri, user_id, session_id, scope, audience, nonce,
            challenge, made, expires)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(digest.to_hex())
    .bind(code.client.as_str())
    .bind(&code.redirect_uri)
    .bind(code.user.to_string())
    .bind(code.session.to_string())
    .bind(code.scope.to_string())
    .bind(audience_text(code.audience.as_ref()))
    .bind(&code.nonce)
    .bind(&code.challenge)
    .bind(at.as_millis())
    .bind(expires.as_millis())
    .execute(executor)
    .await?;
    Ok(())
}

pub(super) async fn find<'e>(
    executor: impl Into<Executor<'e>>,
    digest: &AuthorizationCodeDigest,
) -> Result<Option<StoredAuthorizationCode>, StoreError> {
    let row = query(
        "SELECT client, redirect_uri, user_id, session_id, scope, audience, nonce, challenge
         FROM authorization_codes WHERE digest = $1",
    )
    .bind(digest.to_hex())
    .fetch_optional(executor)
    .await?;
    row.map(|row| read(&row)).transpose()
}

/// Why a code cannot be redeemed.
pub(super) enum NotRedeemable {
    Unknown,
    Expired,
    /// It was redeemed before, for this grant.
    Used {
        grant: Option<GrantId>,
    },
}

/// Uses the code up for `grant` and returns its session. A code that was made later than `at` is of
/// a server whose clock was ahead: it counts as expired.
pub(super) async fn redeem(
    tx: &mut SqlTransaction,
    digest: &AuthorizationCodeDigest,
    grant: Option<GrantId>,
    at: Timestamp,
) -> Result<Result<SessionId, NotRedeemable>, StoreError> {
    let redeemed = query(
        "UPDATE authorization_codes SET used = $1, grant_id = $2
         WHERE digest = $3 AND used IS NULL AND expires > $1 AND made <= $1
         RETURNING session_id",
    )
    .bind(at.as_millis())
    .bind(grant.map(|grant| grant.to_string()))
    .bind(digest.to_hex())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(row) = redeemed {
        return Ok(Ok(Columns::of(&row, TABLE).session("session_id")?));
    }
    let found = query("SELECT used, grant_id FROM authorization_codes WHERE digest = $1")
        .bind(digest.to_hex())
        .fetch_optional(&mut *tx)
        .await?;
    let Some(row) = found else { return Ok(Err(NotRedeemable::Unknown)) };
    let columns = Columns::of(&row, TABLE);
    if columns.optional_time("used")?.is_none() {
        return Ok(Err(NotRedeemable::Expired));
    }
    let has_grant = row.try_get::<Option<&str>>("grant_id")?.is_some();
    let grant = has_grant.then(|| columns.grant("grant_id")).transpose()?;
    Ok(Err(NotRedeemable::Used { grant }))
}

fn read(row: &SqlRow) -> Result<StoredAuthorizationCode, StoreError> {
    let columns = Columns::of(row, TABLE);
    Ok(StoredAuthorizationCode {
        client: columns.client()?,
        redirect_uri: row.try_get("redirect_uri")?,
        user: columns.user("user_id")?,
        session: columns.session("session_id")?,
        scope: columns.scope()?,
        audience: columns.audience()?,
        nonce: row.try_get("nonce")?,
        challenge: row.try_get("challenge")?,
    })
}
