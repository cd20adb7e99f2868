use async_trait::async_trait;

use super::database::SqlStore;
use super::pool::{SqlRow, SqlTransaction};
use super::query::query;
use super::rows::Columns;
use super::sessions::read_session;
use super::user_lock::{UserOf, lock_user};
use crate::domain::{SessionId, TokenDigest, TokenName, UserId};
use crate::store::{
    InsertedToken, NewPersonalToken, PersonalTokenStore, PersonalTokenSummary, StoreError,
    StoredPersonalToken,
};
use crate::system::Timestamp;

const TABLE: &str = "personal_access_tokens";

#[async_trait]
impl PersonalTokenStore for SqlStore {
    async fn find_personal_token(
        &self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredPersonalToken>, StoreError> {
        // A single statement, so that version and roles are consistent.
        let rows = query(
            "SELECT s.id, s.user_id, c.value, c.sealed_by, u.version, r.role, s.created, s.last_seen,
                    s.expires, s.kind, t.site
             FROM personal_access_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN users u ON u.id = s.user_id
             JOIN contacts c ON c.user_id = u.id AND c.kind = 'phone'
             LEFT JOIN user_roles r ON r.user_id = u.id
             WHERE t.digest = $1 AND s.ended IS NULL AND u.blocked IS NULL",
        )
        .bind(digest.to_hex())
        .fetch_all(&self.read)
        .await?;
        let (Some(row), Some(session)) = (rows.first(), read_session(&self.contacts, &rows)?)
        else {
            return Ok(None);
        };
        Ok(Some(StoredPersonalToken { session, site: row.try_get("site")? }))
    }

    async fn insert_personal_token(
        &self,
        maker: SessionId,
        token: &NewPersonalToken,
        most: u32,
        at: Timestamp,
    ) -> Result<InsertedToken, StoreError> {
        let mut tx = self.write.begin().await?;
        let Some(user) = lock_user(&mut tx, UserOf::Session(maker)).await? else {
            return Ok(InsertedToken::Ended);
        };
        if exists(&mut tx, token.id).await? {
            return Ok(InsertedToken::Exists);
        }
        if !insert_session(&mut tx, maker, token, at).await? {
            return Ok(InsertedToken::Ended);
        }
        // The new one is among them.
        if count(&mut tx, user.id, at).await? > i64::from(most) {
            tx.rollback().await?;
            return Ok(InsertedToken::TooMany);
        }
        query(
            "INSERT INTO personal_access_tokens (session_id, digest, name, site)
             VALUES ($1, $2, $3, $4)",
        )
        .bind(token.id.to_string())
        .bind(token.digest.to_hex())
        .bind(token.name.as_str())
        .bind(&token.site)
        .execute(&mut tx)
        .await?;
        tx.commit().await?;
        Ok(InsertedToken::Inserted)
    }

    async fn personal_tokens(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<PersonalTokenSummary>, StoreError> {
        let rows = query(
            "SELECT s.id, t.name, t.site, s.created, s.last_seen, s.expires
             FROM sessions s JOIN personal_access_tokens t ON t.session_id = s.id
             WHERE s.user_id = $1 AND s.kind = 'token' AND s.ended IS NULL AND s.expires > $2
             ORDER BY s.created DESC, s.id",
        )
        .bind(user.to_string())
        .bind(now.as_millis())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_summary).collect()
    }
}

async fn exists(tx: &mut SqlTransaction, id: SessionId) -> Result<bool, StoreError> {
    let found = query("SELECT id FROM sessions WHERE id = $1").bind(id.to_string());
    Ok(found.fetch_optional(&mut *tx).await?.is_some())
}

/// `false`: the session that asks has ended, or its user is blocked.
async fn insert_session(
    tx: &mut SqlTransaction,
    maker: SessionId,
    token: &NewPersonalToken,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = query(
        "INSERT INTO sessions (id, user_id, kind, created, last_seen, expires)
         SELECT $1, s.user_id, 'token', $2, $2, $3
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $4 AND s.kind = 'browser' AND s.ended IS NULL AND u.blocked IS NULL",
    )
    .bind(token.id.to_string())
    .bind(at.as_millis())
    .bind(token.expires.as_millis())
    .bind(maker.to_string())
    .execute(&mut *tx)
    .await?;
    Ok(inserted == 1)
}

/// The number of valid tokens of a user.
async fn count(tx: &mut SqlTransaction, user: UserId, at: Timestamp) -> Result<i64, StoreError> {
    let row = query(
        "SELECT CAST(COUNT(*) AS BIGINT) AS number FROM sessions
         WHERE user_id = $1 AND kind = 'token' AND ended IS NULL AND expires > $2",
    )
    .bind(user.to_string())
    .bind(at.as_millis())
    .fetch_one(&mut *tx)
    .await?;
    Ok(row.try_get("number")?)
}

fn read_summary(row: &SqlRow) -> Result<PersonalTokenSummary, StoreError> {
    let columns = Columns::of(row, TABLE);
    Ok(PersonalTokenSummary {
        id: columns.session("id")?,
        name: columns.parsed("name", |name| TokenName::parse(name).ok())?,
        site: row.try_get("site")?,
        created: columns.time("created")?,
        last_seen: columns.time("last_seen")?,
        expires: columns.time("expires")?,
    })
}
