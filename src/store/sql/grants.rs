use async_trait::async_trait;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use sqlx::{Row as _, Sqlite, Transaction};

use super::codes::{self, NotTaken};
use super::{SqlStore, changes, hex};
use crate::domain::{GrantId, PhoneNumber, SessionId, UserId};
use crate::store::{
    Change, GrantState, Grants, NewCode, NewGrant, RedeemedCode, Rotated, Rotation, StoreError,
    StoredCode, StoredGrant,
};
use crate::system::Timestamp;

#[async_trait]
impl Grants for SqlStore {
    async fn put_code(&self, new: &NewCode) -> Result<(), StoreError> {
        codes::put(&self.write, new).await
    }

    async fn code(&self, digest: &[u8; 32]) -> Result<Option<StoredCode>, StoreError> {
        codes::find(&self.read, digest).await
    }

    async fn redeem_code(
        &self,
        digest: &[u8; 32],
        gives: Option<&NewGrant>,
        at: Timestamp,
    ) -> Result<RedeemedCode, StoreError> {
        let mut tx = self.write.begin().await?;
        let told = match codes::take(&mut tx, digest, gives.map(|grant| grant.id), at).await? {
            Ok(session) => RedeemedCode::Taken(match gives {
                Some(grant) => open(&mut tx, session, grant, at).await?,
                None => GrantState::Over,
            }),
            Err(NotTaken::Used { grant }) => {
                if let Some(grant) = grant {
                    revoke_one(&mut tx, grant, at).await?;
                }
                RedeemedCode::Used { grant }
            }
            Err(NotTaken::Unknown) => RedeemedCode::Unknown,
            Err(NotTaken::Expired) => RedeemedCode::Expired,
        };
        tx.commit().await?;
        Ok(told)
    }

    async fn open_grant(
        &self,
        session: SessionId,
        grant: &NewGrant,
        at: Timestamp,
    ) -> Result<GrantState, StoreError> {
        let mut tx = self.write.begin().await?;
        let opened = open(&mut tx, session, grant, at).await?;
        tx.commit().await?;
        Ok(opened)
    }

    async fn rotate(&self, rotation: &Rotation<'_>) -> Result<Rotated, StoreError> {
        let mut tx = self.write.begin().await?;
        let grant = match replace(&mut tx, rotation).await? {
            Some(grant) => grant,
            None => match replaced_before(&mut tx, rotation).await? {
                None => return Ok(Rotated::Unknown),
                Some((grant, replaced)) if rotation.at.since(replaced) < rotation.overlap => grant,
                Some((grant, _)) => {
                    revoke_one(&mut tx, grant, rotation.at).await?;
                    tx.commit().await?;
                    return Ok(Rotated::Reused { grant });
                }
            },
        };
        let found = match find(&mut *tx, grant).await? {
            Some(found) if found.blocked => return Ok(Rotated::Blocked),
            Some(found) if !found.over && found.is_in_time(rotation.at) => found,
            _ => return Ok(Rotated::Over),
        };
        if let Some(new) = rotation.new {
            insert_refresh(&mut tx, new, grant, rotation.at).await?;
        }
        note_use(&mut tx, &found.grant, rotation.at).await?;
        tx.commit().await?;
        Ok(Rotated::Good(found.grant))
    }

    async fn revoke(&self, grant: GrantId, at: Timestamp) -> Result<bool, StoreError> {
        let mut tx = self.write.begin().await?;
        let revoked = revoke_one(&mut tx, grant, at).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    async fn revoke_by_refresh(
        &self,
        token: &[u8; 32],
        client: &str,
        at: Timestamp,
    ) -> Result<Option<GrantId>, StoreError> {
        let mut tx = self.write.begin().await?;
        let revoked = sqlx::query(
            "UPDATE grants SET revoked = $1
             WHERE id IN (SELECT grant_id FROM refresh_tokens WHERE digest = $2)
               AND client = $3 AND revoked IS NULL
             RETURNING id",
        )
        .bind(at.as_millis())
        .bind(hex(token))
        .bind(client)
        .fetch_optional(&mut *tx)
        .await?;
        let revoked = revoked.map(|row| grant_id(&row, "id")).transpose()?;
        if let Some(grant) = revoked {
            changes::record(&mut tx, Change::Grant(grant)).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }

    async fn grant(&self, grant: GrantId) -> Result<GrantState, StoreError> {
        Ok(match find(&self.read, grant).await? {
            Some(found) if found.blocked => GrantState::Blocked,
            Some(found) if !found.over => GrantState::Good(found.grant),
            _ => GrantState::Over,
        })
    }
}

/// Opens the grant in a transaction that may do more, and tells what it is worth.
async fn open(
    tx: &mut Transaction<'_, Sqlite>,
    session: SessionId,
    grant: &NewGrant,
    at: Timestamp,
) -> Result<GrantState, StoreError> {
    if insert_grant(tx, session, grant, at).await? {
        let found = find(&mut **tx, grant.id).await?;
        return Ok(found.map_or(GrantState::Over, |found| GrantState::Good(found.grant)));
    }
    let blocked = sqlx::query(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND u.blocked IS NOT NULL",
    )
    .bind(session.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(blocked.map_or(GrantState::Over, |_| GrantState::Blocked))
}

/// Opens the grant and its first refresh token in a transaction that may do more. `false`: the
/// session is over, or its user blocked.
pub(super) async fn insert_grant(
    tx: &mut Transaction<'_, Sqlite>,
    session: SessionId,
    grant: &NewGrant,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO grants (id, client, user_id, session_id, scope, audience, created, last_used,
           expires, idle)
         SELECT $1, $2, s.user_id, s.id, $3, $4, $5, $5, $6, $7
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $8 AND s.ended IS NULL AND s.take_up IS NULL AND u.blocked IS NULL",
    )
    .bind(grant.id.to_string())
    .bind(&grant.client)
    .bind(&grant.scope)
    .bind(&grant.audience)
    .bind(at.as_millis())
    .bind(grant.expires.as_millis())
    .bind(i64::try_from(grant.idle.as_millis()).unwrap_or(i64::MAX))
    .bind(session.to_string())
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    if let Some(refresh) = &grant.refresh {
        insert_refresh(tx, refresh, grant.id, at).await?;
    }
    Ok(true)
}

async fn insert_refresh(
    tx: &mut Transaction<'_, Sqlite>,
    token: &[u8; 32],
    grant: GrantId,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO refresh_tokens (digest, grant_id, made) VALUES ($1, $2, $3)")
        .bind(hex(token))
        .bind(grant.to_string())
        .bind(at.as_millis())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Marks the token as replaced, or only locks its row when it is to stay. `None`: it is no token
/// of this client's, or was replaced before.
async fn replace(
    tx: &mut Transaction<'_, Sqlite>,
    rotation: &Rotation<'_>,
) -> Result<Option<GrantId>, StoreError> {
    let row = sqlx::query(
        "UPDATE refresh_tokens SET replaced = $1,
           forget = $1 + (SELECT g.idle FROM grants g WHERE g.id = grant_id)
         WHERE digest = $2 AND replaced IS NULL
           AND grant_id IN (SELECT id FROM grants WHERE client = $3)
         RETURNING grant_id",
    )
    .bind(rotation.new.map(|_| rotation.at.as_millis()))
    .bind(hex(rotation.old))
    .bind(rotation.client)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| grant_id(&row, "grant_id")).transpose()
}

/// The grant of a token of this client's that was replaced, and when.
async fn replaced_before(
    tx: &mut Transaction<'_, Sqlite>,
    rotation: &Rotation<'_>,
) -> Result<Option<(GrantId, Timestamp)>, StoreError> {
    let row = sqlx::query(
        "SELECT r.grant_id, r.replaced FROM refresh_tokens r JOIN grants g ON g.id = r.grant_id
         WHERE r.digest = $1 AND g.client = $2 AND r.replaced IS NOT NULL",
    )
    .bind(hex(rotation.old))
    .bind(rotation.client)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((grant_id(&row, "grant_id")?, time(&row, "replaced")?))).transpose()
}

/// The session of a client that has no browser was last used when its grant was.
async fn note_use(
    tx: &mut Transaction<'_, Sqlite>,
    grant: &StoredGrant,
    at: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE grants SET last_used = $1 WHERE id = $2 AND last_used < $1")
        .bind(at.as_millis())
        .bind(grant.id.to_string())
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "UPDATE sessions SET last_seen = $1 WHERE id = $2 AND last_seen < $1 AND kind = 'api'",
    )
    .bind(at.as_millis())
    .bind(grant.session.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Comes last in its transaction, as what it tells of does.
async fn revoke_one(
    tx: &mut Transaction<'_, Sqlite>,
    grant: GrantId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let revoked = sqlx::query("UPDATE grants SET revoked = $1 WHERE id = $2 AND revoked IS NULL")
        .bind(at.as_millis())
        .bind(grant.to_string())
        .execute(&mut **tx)
        .await?;
    if revoked.rows_affected() == 0 {
        return Ok(false);
    }
    changes::record(tx, Change::Grant(grant)).await?;
    Ok(true)
}

/// A grant with what decides whether it is good.
struct Found {
    grant: StoredGrant,
    /// It was revoked, or its session ended.
    over: bool,
    blocked: bool,
    /// When it would be over if it were not used again.
    idle_end: Timestamp,
}

impl Found {
    fn is_in_time(&self, now: Timestamp) -> bool {
        now < self.grant.expires && now < self.idle_end
    }
}

async fn find(
    executor: impl SqliteExecutor<'_>,
    grant: GrantId,
) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query(
        "SELECT g.id, g.client, g.user_id, g.session_id, g.scope, g.audience, g.expires,
           g.last_used + g.idle AS idle_end, g.revoked, s.created AS signed_in, s.ended, u.phone,
           u.blocked
         FROM grants g
         JOIN sessions s ON s.id = g.session_id
         JOIN users u ON u.id = g.user_id
         WHERE g.id = $1",
    )
    .bind(grant.to_string())
    .fetch_optional(executor)
    .await?;
    row.map(|row| read_grant(&row)).transpose()
}

fn read_grant(row: &SqliteRow) -> Result<Found, StoreError> {
    let is_set = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.is_some());
    let phone: String = row.try_get("phone")?;
    let grant = StoredGrant {
        id: grant_id(row, "id")?,
        client: row.try_get("client")?,
        user: user_id(row)?,
        phone: PhoneNumber::from_store(&phone).map_err(|_| bad("phone"))?,
        session: session_id(row)?,
        signed_in: time(row, "signed_in")?,
        scope: row.try_get("scope")?,
        audience: row.try_get("audience")?,
        expires: time(row, "expires")?,
    };
    Ok(Found {
        grant,
        over: is_set("revoked")? || is_set("ended")?,
        blocked: is_set("blocked")?,
        idle_end: time(row, "idle_end")?,
    })
}

const fn bad(column: &'static str) -> StoreError {
    StoreError::BadRow { table: "grants", column }
}

pub(super) fn grant_id(row: &SqliteRow, column: &'static str) -> Result<GrantId, StoreError> {
    GrantId::parse(&row.try_get::<String, _>(column)?).ok_or(bad(column))
}

pub(super) fn user_id(row: &SqliteRow) -> Result<UserId, StoreError> {
    UserId::parse(&row.try_get::<String, _>("user_id")?).ok_or(bad("user_id"))
}

pub(super) fn session_id(row: &SqliteRow) -> Result<SessionId, StoreError> {
    SessionId::parse(&row.try_get::<String, _>("session_id")?).ok_or(bad("session_id"))
}

fn time(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_millis(row.try_get(column)?))
}
