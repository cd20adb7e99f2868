use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite, Transaction};

use super::users::roles;
use super::{SqlStore, changes, hex};
use crate::domain::{PhoneNumber, SessionId, UserId};
use crate::store::{
    Change, OwnSession, SessionKind, Sessions, Standing, StoreError, StoredBeginning,
    StoredSession, Which,
};
use crate::system::Timestamp;

#[async_trait]
impl Sessions for SqlStore {
    async fn find(&self, token: &[u8; 32]) -> Result<Option<StoredSession>, StoreError> {
        // One statement, so that version and roles are of one moment.
        let rows = sqlx::query(
            "SELECT s.id, s.user_id, u.phone, u.version, r.role, t.host, s.created, s.last_seen,
                    s.expires
             FROM session_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN users u ON u.id = s.user_id
             LEFT JOIN user_roles r ON r.user_id = u.id
             WHERE t.digest = $1 AND s.ended IS NULL AND u.blocked IS NULL",
        )
        .bind(hex(token))
        .fetch_all(&self.read)
        .await?;
        (!rows.is_empty()).then(|| read_session(&rows)).transpose()
    }

    async fn with_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError> {
        let rows = sqlx::query(
            "SELECT s.id, s.user_id, u.phone, u.version, r.role, '' AS host, s.created, s.last_seen,
               s.expires
             FROM sessions s
             JOIN users u ON u.id = s.user_id
             LEFT JOIN user_roles r ON r.user_id = u.id
             WHERE s.id = $1 AND s.ended IS NULL AND s.take_up IS NULL AND u.blocked IS NULL",
        )
        .bind(session.to_string())
        .fetch_all(&self.read)
        .await?;
        (!rows.is_empty()).then(|| read_session(&rows)).transpose()
    }

    async fn add_token(
        &self,
        session: SessionId,
        token: &[u8; 32],
        host: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write.begin().await?;
        sqlx::query(
            "UPDATE sessions SET kind = 'browser', take_up = NULL
             WHERE id = $1 AND kind = 'ticket' AND take_up > $2",
        )
        .bind(session.to_string())
        .bind(at.as_millis())
        .execute(&mut *tx)
        .await?;
        let added = sqlx::query(
            "INSERT INTO session_tokens (digest, session_id, host)
             SELECT $1, s.id, $2 FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $3 AND s.kind = 'browser' AND s.ended IS NULL AND s.expires > $4
               AND u.blocked IS NULL",
        )
        .bind(hex(token))
        .bind(host)
        .bind(session.to_string())
        .bind(at.as_millis())
        .execute(&mut *tx)
        .await?;
        if added.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn of_user(&self, user: UserId, now: Timestamp) -> Result<Vec<OwnSession>, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM (
               SELECT s.id, s.kind, s.created, s.last_seen, s.expires, s.device, s.address_block,
                 (SELECT CAST(COUNT(*) AS BIGINT) FROM grants g WHERE g.session_id = s.id
                    AND g.revoked IS NULL AND g.expires > $2 AND g.last_used + g.idle > $2
                 ) AS granted
               FROM sessions s WHERE s.user_id = $1 AND s.ended IS NULL AND s.take_up IS NULL
             ) AS own
             WHERE expires > $2 OR granted > 0 ORDER BY last_seen DESC, id",
        )
        .bind(user.to_string())
        .bind(now.as_millis())
        .fetch_all(&self.read)
        .await?;
        let own = |row: &SqliteRow| {
            let beginning = StoredBeginning {
                device: row.try_get("device")?,
                address_block: row.try_get("address_block")?,
            };
            let kind = match row.try_get::<String, _>("kind")?.as_str() {
                "browser" => SessionKind::Browser,
                "api" => SessionKind::Api,
                _ => return Err(bad("kind")),
            };
            let (created, last_seen) = (time(row, "created")?, time(row, "last_seen")?);
            let granted = row.try_get::<i64, _>("granted")? > 0;
            Ok(OwnSession { id: session_id(row)?, kind, created, last_seen, beginning, granted })
        };
        rows.iter().map(own).collect()
    }

    async fn end(
        &self,
        user: UserId,
        which: Which,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let (sql, session) = match which {
            Which::Only(session) => (
                "UPDATE sessions SET ended = $1
                 WHERE user_id = $2 AND id = $3 AND ended IS NULL RETURNING id",
                session,
            ),
            Which::AllBut(session) => (
                "UPDATE sessions SET ended = $1
                 WHERE user_id = $2 AND id <> $3 AND ended IS NULL RETURNING id",
                session,
            ),
        };
        let mut tx = self.write.begin().await?;
        let ended = sqlx::query(sql)
            .bind(at.as_millis())
            .bind(user.to_string())
            .bind(session.to_string())
            .fetch_all(&mut *tx)
            .await?;
        let ended = end_sessions(&mut tx, &ended).await?;
        tx.commit().await?;
        Ok(ended)
    }

    async fn replace(
        &self,
        former: SessionId,
        next: SessionId,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        replace(&mut tx, former, next, at).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn note_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for (session, at) in seen {
            sqlx::query("UPDATE sessions SET last_seen = $1 WHERE id = $2 AND last_seen < $1")
                .bind(at.as_millis())
                .bind(session.to_string())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn standing(&self, user: UserId) -> Result<Option<Standing>, StoreError> {
        let rows = sqlx::query(
            "SELECT u.version, r.role FROM users u
             LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.id = $1",
        )
        .bind(user.to_string())
        .fetch_all(&self.read)
        .await?;
        (!rows.is_empty()).then(|| read_standing(&rows)).transpose()
    }

    async fn changes(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        self.changes_after(seq).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }
}

/// Ends a session for one that has begun in this transaction or before. What clients hold of it
/// goes along, if both are of one person.
pub(super) async fn replace(
    tx: &mut Transaction<'_, Sqlite>,
    former: SessionId,
    next: SessionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let ended =
        sqlx::query("UPDATE sessions SET ended = $1 WHERE id = $2 AND ended IS NULL RETURNING id")
            .bind(at.as_millis())
            .bind(former.to_string())
            .fetch_all(&mut **tx)
            .await?;
    if ended.is_empty() {
        return Ok(());
    }
    for held in [
        "UPDATE grants SET session_id = $1 WHERE session_id = $2 AND revoked IS NULL
           AND user_id = (SELECT user_id FROM sessions WHERE id = $1 AND ended IS NULL)",
        "UPDATE authorization_codes SET session_id = $1 WHERE session_id = $2 AND used IS NULL
           AND user_id = (SELECT user_id FROM sessions WHERE id = $1 AND ended IS NULL)",
    ] {
        let (next, former) = (next.to_string(), former.to_string());
        sqlx::query(held).bind(next).bind(former).execute(&mut **tx).await?;
    }
    end_sessions(tx, &ended).await.map(drop)
}

/// Tells every node of sessions that were ended in this transaction; `rows` hold their ids.
pub(super) async fn end_sessions(
    tx: &mut Transaction<'_, Sqlite>,
    rows: &[SqliteRow],
) -> Result<Vec<SessionId>, StoreError> {
    let mut ended = Vec::with_capacity(rows.len());
    for row in rows {
        let session = session_id(row)?;
        changes::record(tx, Change::Session(session)).await?;
        ended.push(session);
    }
    Ok(ended)
}

const fn bad(column: &'static str) -> StoreError {
    StoreError::BadRow { table: "sessions", column }
}

fn session_id(row: &SqliteRow) -> Result<SessionId, StoreError> {
    SessionId::parse(&row.try_get::<String, _>("id")?).ok_or(bad("id"))
}

fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}

/// One row for each of the user's roles, or one without.
fn read_session(rows: &[SqliteRow]) -> Result<StoredSession, StoreError> {
    let row = rows.first().ok_or(bad("id"))?;
    let user: String = row.try_get("user_id")?;
    let phone: String = row.try_get("phone")?;
    Ok(StoredSession {
        id: session_id(row)?,
        user: UserId::parse(&user).ok_or(bad("user_id"))?,
        phone: PhoneNumber::from_store(&phone).map_err(|_| bad("phone"))?,
        standing: read_standing(rows)?,
        host: row.try_get("host")?,
        created: time(row, "created")?,
        last_seen: time(row, "last_seen")?,
        expires: time(row, "expires")?,
    })
}

fn read_standing(rows: &[SqliteRow]) -> Result<Standing, StoreError> {
    let row = rows.first().ok_or(bad("version"))?;
    Ok(Standing { version: row.try_get("version")?, roles: roles(rows)? })
}
