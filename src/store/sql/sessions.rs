use async_trait::async_trait;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::{SqlStore, hex};
use crate::domain::{PhoneNumber, SessionId, UserId};
use crate::store::{Sessions, StoreError, StoredSession};
use crate::system::Timestamp;

#[async_trait]
impl Sessions for SqlStore {
    async fn find(&self, token: &[u8; 32]) -> Result<Option<StoredSession>, StoreError> {
        let row = sqlx::query(
            "SELECT s.id, s.user_id, u.phone, t.host, s.last_seen, s.expires
             FROM session_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN users u ON u.id = s.user_id
             WHERE t.digest = $1 AND s.ended IS NULL AND u.blocked IS NULL",
        )
        .bind(hex(token))
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read_session).transpose()
    }

    async fn add_token(
        &self,
        session: SessionId,
        token: &[u8; 32],
        host: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let added = sqlx::query(
            "INSERT INTO session_tokens (digest, session_id, host)
             SELECT $1, s.id, $2 FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $3 AND s.ended IS NULL AND s.expires > $4 AND u.blocked IS NULL",
        )
        .bind(hex(token))
        .bind(host)
        .bind(session.to_string())
        .bind(at.as_millis())
        .execute(&self.write)
        .await?;
        Ok(added.rows_affected() == 1)
    }

    async fn end(&self, session: SessionId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE sessions SET ended = $1 WHERE id = $2 AND ended IS NULL")
            .bind(at.as_millis())
            .bind(session.to_string())
            .execute(&self.write)
            .await?;
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

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }
}

fn read_session(row: &SqliteRow) -> Result<StoredSession, StoreError> {
    let text = |column: &'static str| row.try_get::<String, _>(column);
    let bad = |column| StoreError::BadRow { table: "sessions", column };
    let time = |column: &'static str| row.try_get::<i64, _>(column).map(Timestamp::from_millis);
    Ok(StoredSession {
        id: SessionId::parse(&text("id")?).ok_or(bad("id"))?,
        user: UserId::parse(&text("user_id")?).ok_or(bad("user_id"))?,
        phone: PhoneNumber::from_e164(&text("phone")?).map_err(|_| bad("phone"))?,
        host: text("host")?,
        last_seen: time("last_seen")?,
        expires: time("expires")?,
    })
}
