use async_trait::async_trait;
use sqlx::sqlite::{SqliteExecutor, SqliteRow};
use sqlx::{Row as _, Sqlite, Transaction};

use super::codes::{self, NotTaken};
use super::{SqlStore, changes, hex};
use crate::domain::{GrantId, PhoneNumber, SessionId, UserId};
use crate::store::{
    Change, GrantState, Grants, NewCode, NewGrant, RedeemedCode, RefreshDigests, RefreshWorth,
    Rotation, StoreError, StoredCode, StoredGrant, StoredRefresh,
};
use crate::system::{Timestamp, millis};

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
                let revoked = match grant {
                    Some(grant) => revoke_one(&mut tx, grant, at).await?,
                    None => false,
                };
                RedeemedCode::Used { revoked: grant.filter(|_| revoked) }
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

    async fn refresh(
        &self,
        token: &RefreshDigests,
        client: &str,
        at: Timestamp,
    ) -> Result<Option<StoredRefresh>, StoreError> {
        let found = find_family(&self.read, token, client).await?;
        Ok(found.map(|found| StoredRefresh { worth: found.worth(token, at), grant: found.grant }))
    }

    async fn rotate(&self, rotation: &Rotation<'_>) -> Result<Option<StoredRefresh>, StoreError> {
        let Rotation { client, token, at, .. } = *rotation;
        let mut tx = self.write.begin().await?;
        let replaced = replace(&mut tx, rotation).await?;
        let Some(found) = find_family(&mut *tx, token, client).await? else { return Ok(None) };
        let worth = match (replaced, found.worth(token, at)) {
            (true, _) => {
                note_use(&mut tx, &found.grant, at).await?;
                RefreshWorth::Good
            }
            // Somebody else was first with it.
            (false, RefreshWorth::Good | RefreshWorth::Replaced) => {
                revoke_one(&mut tx, found.grant.id, at).await?;
                RefreshWorth::Replaced
            }
            (false, worth) => worth,
        };
        tx.commit().await?;
        Ok(Some(StoredRefresh { grant: found.grant, worth }))
    }

    async fn revoke(&self, grant: GrantId, at: Timestamp) -> Result<bool, StoreError> {
        let found = find(&self.read, grant).await?;
        if found.is_none_or(|found| found.revoked) {
            return Ok(false);
        }
        let mut tx = self.write.begin().await?;
        let revoked = revoke_one(&mut tx, grant, at).await?;
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

/// Opens the grant in a transaction that may do more. `false`: the
/// session is over, or its user blocked.
pub(super) async fn insert_grant(
    tx: &mut Transaction<'_, Sqlite>,
    session: SessionId,
    grant: &NewGrant,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let inserted = sqlx::query(
        "INSERT INTO grants (id, client, user_id, session_id, scope, audience, created, last_used,
           expires, idle, refresh_family, refresh_present)
         SELECT $1, $2, s.user_id, s.id, $3, $4, $5, $5, $6, $7, $8, $9
         FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $10 AND s.ended IS NULL AND s.take_up IS NULL AND u.blocked IS NULL",
    )
    .bind(grant.id.to_string())
    .bind(&grant.client)
    .bind(&grant.scope)
    .bind(&grant.audience)
    .bind(at.as_millis())
    .bind(grant.expires.as_millis())
    .bind(millis(grant.idle))
    .bind(grant.refresh.map(|refresh| hex(&refresh.family)))
    .bind(grant.refresh.map(|refresh| hex(&refresh.present)))
    .bind(session.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The one statement that decides who of many uses the token. `false`: not this caller.
async fn replace(
    tx: &mut Transaction<'_, Sqlite>,
    rotation: &Rotation<'_>,
) -> Result<bool, StoreError> {
    let replaced = sqlx::query(
        "UPDATE grants SET refresh_present = COALESCE($1, refresh_present),
           last_used = CASE WHEN last_used < $2 THEN $2 ELSE last_used END
         WHERE refresh_family = $3 AND refresh_present = $4 AND client = $5
           AND revoked IS NULL AND expires > $2 AND last_used + idle > $2
           AND EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = grants.session_id AND s.ended IS NULL AND u.blocked IS NULL)",
    )
    .bind(rotation.next.map(|next| hex(next)))
    .bind(rotation.at.as_millis())
    .bind(hex(&rotation.token.family))
    .bind(hex(&rotation.token.present))
    .bind(rotation.client)
    .execute(&mut **tx)
    .await?;
    Ok(replaced.rows_affected() == 1)
}

/// The session of a client that has no browser was last used when its grant was.
async fn note_use(
    tx: &mut Transaction<'_, Sqlite>,
    grant: &StoredGrant,
    at: Timestamp,
) -> Result<(), StoreError> {
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
    revoked: bool,
    /// It was revoked, or its session ended.
    over: bool,
    blocked: bool,
    /// When it would be over if it were not used again.
    idle_end: Timestamp,
    /// Of the present refresh token.
    present: Option<String>,
}

impl Found {
    fn worth(&self, token: &RefreshDigests, now: Timestamp) -> RefreshWorth {
        if self.blocked {
            RefreshWorth::Blocked
        } else if self.over || now >= self.grant.expires || now >= self.idle_end {
            RefreshWorth::Over
        } else if self.present.as_deref() == Some(hex(&token.present).as_str()) {
            RefreshWorth::Good
        } else {
            RefreshWorth::Replaced
        }
    }
}

macro_rules! grants_where {
    ($which:literal) => {
        concat!(
            "SELECT g.id, g.client, g.user_id, g.session_id, g.scope, g.audience, g.expires,
               g.last_used + g.idle AS idle_end, g.revoked, g.refresh_present,
               s.created AS signed_in, s.ended, u.phone, u.blocked
             FROM grants g
             JOIN sessions s ON s.id = g.session_id
             JOIN users u ON u.id = g.user_id
             WHERE ",
            $which
        )
    };
}

async fn find(
    executor: impl SqliteExecutor<'_>,
    grant: GrantId,
) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query(grants_where!("g.id = $1"))
        .bind(grant.to_string())
        .fetch_optional(executor)
        .await?;
    row.map(|row| read_grant(&row)).transpose()
}

/// The grant whose refresh tokens share this one's first secret, if it is the client's.
async fn find_family(
    executor: impl SqliteExecutor<'_>,
    token: &RefreshDigests,
    client: &str,
) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query(grants_where!("g.refresh_family = $1 AND g.client = $2"))
        .bind(hex(&token.family))
        .bind(client)
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
    let revoked = is_set("revoked")?;
    Ok(Found {
        grant,
        revoked,
        over: revoked || is_set("ended")?,
        blocked: is_set("blocked")?,
        idle_end: time(row, "idle_end")?,
        present: row.try_get("refresh_present")?,
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
