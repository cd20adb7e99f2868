use async_trait::async_trait;

use super::changes;
use super::contacts;
use super::database::SqlStore;
use super::notifications::PostgresListener;
use super::pool::{Pool, SqlRow, SqlTransaction};
use super::query::query;
use super::rows::{self, Columns};
use super::user_lock::{UserOf, lock_user};
use crate::domain::{Host, SessionId, TokenDigest, UserId};
use crate::store::{
    Change, ChangeListener, ContactKeys, PollingListener, SessionKind, SessionSelection,
    SessionStore, SessionSummary, SignInContext, StoreError, StoredSession, UserRevision,
};
use crate::system::Timestamp;

#[async_trait]
impl SessionStore for SqlStore {
    async fn find(&self, token: &TokenDigest) -> Result<Option<StoredSession>, StoreError> {
        // A single statement, so that version and roles are consistent.
        let rows = query(
            "SELECT s.id, s.user_id, c.value, c.sealed_by, u.version, r.role, t.host, s.created,
                    s.last_seen, s.expires, s.kind
             FROM session_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN users u ON u.id = s.user_id
             JOIN contacts c ON c.user_id = u.id AND c.kind = 'phone'
             LEFT JOIN user_roles r ON r.user_id = u.id
             WHERE t.digest = $1 AND s.ended IS NULL AND u.blocked IS NULL",
        )
        .bind(token.to_hex())
        .fetch_all(&self.read)
        .await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let host = Columns::of(row, "session_tokens").host()?;
        Ok(read_session(&self.contacts, &rows)?
            .map(|session| StoredSession { host: Some(host), ..session }))
    }

    async fn find_by_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError> {
        let rows = query(
            "SELECT s.id, s.user_id, c.value, c.sealed_by, u.version, r.role, s.created, s.last_seen,
                    s.expires, s.kind
             FROM sessions s
             JOIN users u ON u.id = s.user_id
             JOIN contacts c ON c.user_id = u.id AND c.kind = 'phone'
             LEFT JOIN user_roles r ON r.user_id = u.id
             WHERE s.id = $1 AND s.ended IS NULL AND s.take_up IS NULL AND s.kind <> 'token'
               AND u.blocked IS NULL",
        )
        .bind(session.to_string())
        .fetch_all(&self.read)
        .await?;
        read_session(&self.contacts, &rows)
    }

    async fn owner(&self, token: &TokenDigest, host: &Host) -> Result<Option<UserId>, StoreError> {
        let rows = query(
            "SELECT s.user_id FROM session_tokens t
             JOIN sessions s ON s.id = t.session_id
             JOIN users u ON u.id = s.user_id
             WHERE t.digest = $1 AND t.host = $2 AND u.blocked IS NULL",
        )
        .bind(token.to_hex())
        .bind(host.as_str())
        .fetch_all(&self.read)
        .await?;
        rows.first().map(|row| Columns::of(row, "sessions").user("user_id")).transpose()
    }

    async fn list_by_user(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError> {
        let rows = query(
            "SELECT * FROM (
               SELECT s.id, s.kind, s.created, s.last_seen, s.expires, s.device, s.address_block,
                 (SELECT CAST(COUNT(*) AS BIGINT) FROM grants g WHERE g.session_id = s.id
                    AND g.revoked IS NULL AND g.expires > $2 AND g.last_used + g.idle > $2
                 ) AS granted
               FROM sessions s WHERE s.user_id = $1 AND s.ended IS NULL AND s.take_up IS NULL
                 AND s.kind <> 'token'
             ) AS own
             WHERE expires > $2 OR granted > 0 ORDER BY last_seen DESC, id",
        )
        .bind(user.to_string())
        .bind(now.as_millis())
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read_summary).collect()
    }

    async fn add_token(
        &self,
        session: SessionId,
        token: &TokenDigest,
        host: &Host,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write.begin().await?;
        lock_user(&mut tx, UserOf::Session(session)).await?;
        query(
            "UPDATE sessions SET kind = 'browser', take_up = NULL
             WHERE id = $1 AND kind = 'ticket' AND take_up > $2",
        )
        .bind(session.to_string())
        .bind(at.as_millis())
        .execute(&mut tx)
        .await?;
        let added = query(
            "INSERT INTO session_tokens (digest, session_id, host)
             SELECT $1, s.id, $2 FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = $3 AND s.kind = 'browser' AND s.ended IS NULL AND s.expires > $4
               AND u.blocked IS NULL",
        )
        .bind(token.to_hex())
        .bind(host.as_str())
        .bind(session.to_string())
        .bind(at.as_millis())
        .execute(&mut tx)
        .await?;
        if added == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn end(
        &self,
        user: UserId,
        selection: SessionSelection,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let (sql, session) = match selection {
            SessionSelection::Only(session) => (
                "UPDATE sessions SET ended = $1
                 WHERE user_id = $2 AND id = $3 AND ended IS NULL RETURNING id",
                session,
            ),
            SessionSelection::AllBut(session) => (
                "UPDATE sessions SET ended = $1
                 WHERE user_id = $2 AND id <> $3 AND ended IS NULL RETURNING id",
                session,
            ),
        };
        let mut tx = self.write.begin().await?;
        lock_user(&mut tx, UserOf::Id(user)).await?;
        let rows = query(sql)
            .bind(at.as_millis())
            .bind(user.to_string())
            .bind(session.to_string())
            .fetch_all(&mut tx)
            .await?;
        let ended = rows::session_ids(&rows)?;
        changes::record_ended(&mut tx, &ended).await?;
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

    async fn record_last_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError> {
        let mut tx = self.write.begin().await?;
        for (session, at) in seen {
            query("UPDATE sessions SET last_seen = $1 WHERE id = $2 AND last_seen < $1")
                .bind(at.as_millis())
                .bind(session.to_string())
                .execute(&mut tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn revision(&self, user: UserId) -> Result<Option<UserRevision>, StoreError> {
        let rows = query(
            "SELECT u.version, r.role FROM users u
             LEFT JOIN user_roles r ON r.user_id = u.id WHERE u.id = $1",
        )
        .bind(user.to_string())
        .fetch_all(&self.read)
        .await?;
        rows::revision(&rows)
    }

    async fn changes_after(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError> {
        changes::after(self, seq).await
    }

    fn listen(&self) -> Box<dyn ChangeListener> {
        match &self.read {
            Pool::Sqlite(_) => Box::new(PollingListener),
            Pool::Postgres(postgres) => Box::new(PostgresListener::new(postgres.pool.clone())),
        }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        query("SELECT 1").execute(&self.read).await?;
        Ok(())
    }
}

/// See [`SessionStore::replace`]; `next` may have been inserted in this transaction.
pub(super) async fn replace(
    tx: &mut SqlTransaction,
    former: SessionId,
    next: SessionId,
    at: Timestamp,
) -> Result<(), StoreError> {
    lock_user(tx, UserOf::Session(former)).await?;
    let ended = query("UPDATE sessions SET ended = $1 WHERE id = $2 AND ended IS NULL")
        .bind(at.as_millis())
        .bind(former.to_string())
        .execute(&mut *tx)
        .await?;
    if ended == 0 {
        return Ok(());
    }
    for moved in [
        "UPDATE grants SET session_id = $1 WHERE session_id = $2 AND revoked IS NULL
           AND user_id = (SELECT user_id FROM sessions WHERE id = $1 AND ended IS NULL)",
        "UPDATE authorization_codes SET session_id = $1 WHERE session_id = $2 AND used IS NULL
           AND user_id = (SELECT user_id FROM sessions WHERE id = $1 AND ended IS NULL)",
    ] {
        query(moved).bind(next.to_string()).bind(former.to_string()).execute(&mut *tx).await?;
    }
    changes::record_ended(tx, &[former]).await
}

/// From the rows of one session: one for each role of its user, or a single one without a role.
pub(super) fn read_session(
    keys: &ContactKeys,
    rows: &[SqlRow],
) -> Result<Option<StoredSession>, StoreError> {
    let (Some(row), Some(revision)) = (rows.first(), rows::revision(rows)?) else {
        return Ok(None);
    };
    let columns = Columns::of(row, "sessions");
    let user = columns.user("user_id")?;
    Ok(Some(StoredSession {
        id: columns.session("id")?,
        user,
        kind: kind(columns)?,
        phone: contacts::read_phone(keys, row, user)?,
        revision,
        host: None,
        created: columns.time("created")?,
        last_seen: columns.time("last_seen")?,
        expires: columns.time("expires")?,
    }))
}

fn read_summary(row: &SqlRow) -> Result<SessionSummary, StoreError> {
    let columns = Columns::of(row, "sessions");
    Ok(SessionSummary {
        id: columns.session("id")?,
        kind: kind(columns)?,
        created: columns.time("created")?,
        last_seen: columns.time("last_seen")?,
        sign_in_context: SignInContext {
            device: row.try_get("device")?,
            address_block: row.try_get("address_block")?,
        },
        granted: row.try_get::<i64>("granted")? > 0,
    })
}

/// One of a login ticket that was not redeemed has no kind yet.
fn kind(columns: Columns<'_>) -> Result<SessionKind, StoreError> {
    columns.parsed("kind", |kind| match kind {
        "browser" => Some(SessionKind::Browser),
        "api" => Some(SessionKind::Api),
        "token" => Some(SessionKind::PersonalToken),
        _ => None,
    })
}
