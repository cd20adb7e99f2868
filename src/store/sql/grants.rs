use async_trait::async_trait;
use data_encoding::HEXLOWER;
use sqlx::Row as _;
use sqlx::sqlite::SqliteExecutor;

use super::changes;
use super::codes::{self, NotRedeemable};
use super::database::{SqlRow, SqlStore, SqlTransaction};
use super::rows::{Columns, audience_text};
use crate::domain::{AuthorizationCodeDigest, ClientId, GrantId, RefreshTokenDigest, SessionId};
use crate::store::{
    Change, GrantState, GrantStore, MaskedSuccessor, NewAuthorizationCode, NewGrant, RedeemedCode,
    RefreshDigests, RefreshRotation, RefreshTokenState, StoreError, StoredAuthorizationCode,
    StoredGrant, StoredRefreshToken,
};
use crate::system::{Timestamp, millis};

#[async_trait]
impl GrantStore for SqlStore {
    async fn insert_code(&self, code: &NewAuthorizationCode) -> Result<(), StoreError> {
        codes::insert(&self.write, code).await
    }

    async fn find_code(
        &self,
        digest: &AuthorizationCodeDigest,
    ) -> Result<Option<StoredAuthorizationCode>, StoreError> {
        codes::find(&self.read, digest).await
    }

    async fn redeem_code(
        &self,
        digest: &AuthorizationCodeDigest,
        grant: Option<&NewGrant>,
        at: Timestamp,
        steady: Timestamp,
    ) -> Result<RedeemedCode, StoreError> {
        let mut tx = self.write.begin().await?;
        let id = grant.map(|new| new.id);
        let outcome = match codes::redeem(&mut tx, digest, id, steady).await? {
            Ok(session) => RedeemedCode::Redeemed(match grant {
                Some(new) => create(&mut tx, session, new, at).await?,
                None => GrantState::Ended,
            }),
            Err(NotRedeemable::Used { grant }) => {
                let revoked = match grant {
                    Some(grant) => revoke(&mut tx, grant, at).await?,
                    None => false,
                };
                RedeemedCode::Reused { revoked: grant.filter(|_| revoked) }
            }
            Err(NotRedeemable::Unknown) => RedeemedCode::Unknown,
            Err(NotRedeemable::Expired) => RedeemedCode::Expired,
        };
        tx.commit().await?;
        Ok(outcome)
    }

    async fn create_grant(
        &self,
        session: SessionId,
        grant: &NewGrant,
        at: Timestamp,
    ) -> Result<GrantState, StoreError> {
        let mut tx = self.write.begin().await?;
        let state = create(&mut tx, session, grant, at).await?;
        tx.commit().await?;
        Ok(state)
    }

    async fn find_refresh_token(
        &self,
        token: &RefreshDigests,
        client: &ClientId,
        at: Timestamp,
    ) -> Result<Option<StoredRefreshToken>, StoreError> {
        let found = find_family(&self.read, token, client).await?;
        Ok(found.map(|found| StoredRefreshToken {
            state: found.token_state(token, at),
            grant: found.grant,
        }))
    }

    async fn rotate_refresh_token(
        &self,
        rotation: &RefreshRotation<'_>,
    ) -> Result<Option<StoredRefreshToken>, StoreError> {
        let RefreshRotation { client, token, at, .. } = *rotation;
        let mut tx = self.write.begin().await?;
        let rotated = rotate(&mut tx, rotation).await?;
        let Some(found) = find_family(&mut *tx, token, client).await? else { return Ok(None) };
        let state = match (rotated, found.token_state(token, at)) {
            (true, _) => {
                touch_session(&mut tx, &found.grant, at).await?;
                RefreshTokenState::Active
            }
            // Another call was first, and there is no overlap.
            (false, RefreshTokenState::Active | RefreshTokenState::Replaced) => {
                revoke(&mut tx, found.grant.id, at).await?;
                RefreshTokenState::Replaced
            }
            (false, state) => state,
        };
        tx.commit().await?;
        Ok(Some(StoredRefreshToken { grant: found.grant, state }))
    }

    async fn revoke_grant(&self, grant: GrantId, at: Timestamp) -> Result<bool, StoreError> {
        let found = find(&self.read, grant).await?;
        if found.is_none_or(|found| found.revoked) {
            return Ok(false);
        }
        let mut tx = self.write.begin().await?;
        let revoked = revoke(&mut tx, grant, at).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    async fn grant_state(&self, grant: GrantId) -> Result<GrantState, StoreError> {
        Ok(match find(&self.read, grant).await? {
            Some(found) if found.blocked => GrantState::Blocked,
            Some(found) if !found.ended => GrantState::Active(found.grant),
            _ => GrantState::Ended,
        })
    }
}

/// Creates the grant and returns its state.
async fn create(
    tx: &mut SqlTransaction<'_>,
    session: SessionId,
    grant: &NewGrant,
    at: Timestamp,
) -> Result<GrantState, StoreError> {
    if insert(tx, session, grant, at).await? {
        let found = find(&mut **tx, grant.id).await?;
        return Ok(found.map_or(GrantState::Ended, |found| GrantState::Active(found.grant)));
    }
    let blocked = sqlx::query(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND u.blocked IS NOT NULL",
    )
    .bind(session.to_string())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(blocked.map_or(GrantState::Ended, |_| GrantState::Blocked))
}

/// Inserts the grant. `false`: its session has ended, or its user is blocked.
pub(super) async fn insert(
    tx: &mut SqlTransaction<'_>,
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
    .bind(grant.client.as_str())
    .bind(grant.scope.to_string())
    .bind(audience_text(grant.audience.as_ref()))
    .bind(at.as_millis())
    .bind(grant.expires.as_millis())
    .bind(millis(grant.idle))
    .bind(grant.refresh.map(|refresh| refresh.family.to_hex()))
    .bind(grant.refresh.map(|refresh| refresh.present.to_hex()))
    .bind(session.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The statement that decides which of several concurrent calls uses the token. `false`: not this
/// one.
async fn rotate(
    tx: &mut SqlTransaction<'_>,
    rotation: &RefreshRotation<'_>,
) -> Result<bool, StoreError> {
    let rotated = sqlx::query(
        "UPDATE grants SET refresh_present = COALESCE($1, refresh_present),
           refresh_former = CASE WHEN $1 IS NULL THEN refresh_former ELSE refresh_present END,
           refresh_masked = COALESCE($6, refresh_masked),
           overlap_end = COALESCE($7, overlap_end),
           last_used = CASE WHEN last_used < $2 THEN $2 ELSE last_used END
         WHERE refresh_family = $3 AND refresh_present = $4 AND client = $5
           AND revoked IS NULL AND expires > $2 AND last_used + idle > $2
           AND EXISTS (SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id
             WHERE s.id = grants.session_id AND s.ended IS NULL AND u.blocked IS NULL)",
    )
    .bind(rotation.next.map(|next| next.digest.to_hex()))
    .bind(rotation.at.as_millis())
    .bind(rotation.token.family.to_hex())
    .bind(rotation.token.present.to_hex())
    .bind(rotation.client.as_str())
    .bind(rotation.next.map(|next| HEXLOWER.encode(&next.masked.0)))
    .bind(rotation.next.map(|next| next.overlap_end.as_millis()))
    .execute(&mut **tx)
    .await?;
    Ok(rotated.rows_affected() == 1)
}

/// A refresh counts as a use of a session that has no browser.
async fn touch_session(
    tx: &mut SqlTransaction<'_>,
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

/// `false`: the grant does not exist or was revoked before. Writes to the change feed: see
/// [`changes_after`].
async fn revoke(
    tx: &mut SqlTransaction<'_>,
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

/// A grant with what its state depends on.
struct Found {
    grant: StoredGrant,
    revoked: bool,
    /// It was revoked, or its session has ended.
    ended: bool,
    blocked: bool,
    last_used: Timestamp,
    /// When it expires unless it is refreshed.
    idle_expiry: Timestamp,
    present: Option<RefreshTokenDigest>,
    former: Option<FormerToken>,
}

/// The token that the present one replaced.
struct FormerToken {
    digest: RefreshTokenDigest,
    successor: MaskedSuccessor,
    overlap_end: Timestamp,
}

impl Found {
    fn token_state(&self, token: &RefreshDigests, now: Timestamp) -> RefreshTokenState {
        if self.blocked {
            RefreshTokenState::Blocked
        } else if self.ended || now >= self.grant.expires || now >= self.idle_expiry {
            RefreshTokenState::Ended
        } else if self.present.is_some_and(|present| present.matches(&token.present)) {
            RefreshTokenState::Active
        } else {
            match &self.former {
                Some(former)
                    if self.is_within_overlap(former, now)
                        && former.digest.matches(&token.present) =>
                {
                    RefreshTokenState::JustReplaced(former.successor)
                }
                _ => RefreshTokenState::Replaced,
            }
        }
    }
}

impl Found {
    fn is_within_overlap(&self, former: &FormerToken, now: Timestamp) -> bool {
        now < former.overlap_end && self.last_used.is_past_at(now)
    }
}

macro_rules! grants_where {
    ($which:literal) => {
        concat!(
            "SELECT g.id, g.client, g.user_id, g.session_id, g.scope, g.audience, g.expires,
               g.last_used, g.last_used + g.idle AS idle_end, g.revoked, g.refresh_present,
               g.refresh_former, g.refresh_masked, g.overlap_end,
               s.created AS signed_in, s.ended, u.phone, u.blocked,
               (SELECT group_concat(r.role) FROM user_roles r WHERE r.user_id = u.id) AS roles
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
    row.map(|row| read(&row)).transpose()
}

/// The grant of the token's family, if it is the client's.
async fn find_family(
    executor: impl SqliteExecutor<'_>,
    token: &RefreshDigests,
    client: &ClientId,
) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query(grants_where!("g.refresh_family = $1 AND g.client = $2"))
        .bind(token.family.to_hex())
        .bind(client.as_str())
        .fetch_optional(executor)
        .await?;
    row.map(|row| read(&row)).transpose()
}

fn read(row: &SqlRow) -> Result<Found, StoreError> {
    let columns = Columns::of(row, "grants");
    let grant = StoredGrant {
        id: columns.grant("id")?,
        client: columns.client()?,
        user: columns.user("user_id")?,
        phone: columns.phone()?,
        roles: columns.role_list()?,
        session: columns.session("session_id")?,
        signed_in: columns.time("signed_in")?,
        scope: columns.scope()?,
        audience: columns.audience()?,
        expires: columns.time("expires")?,
    };
    let present = match row.try_get::<Option<&str>, _>("refresh_present")? {
        Some(hex) => {
            let present = RefreshTokenDigest::from_hex(hex);
            Some(present.ok_or_else(|| columns.bad("refresh_present"))?)
        }
        None => None,
    };
    let former = former(&columns)?;
    let revoked = columns.optional_time("revoked")?.is_some();
    Ok(Found {
        grant,
        revoked,
        ended: revoked || columns.optional_time("ended")?.is_some(),
        blocked: columns.optional_time("blocked")?.is_some(),
        last_used: columns.time("last_used")?,
        idle_expiry: columns.time("idle_end")?,
        present,
        former,
    })
}

/// The token that the present one replaced; `None`: the present one is the first.
fn former(columns: &Columns<'_>) -> Result<Option<FormerToken>, StoreError> {
    let text = |column| columns.row.try_get::<Option<&str>, _>(column);
    let (Some(digest), Some(masked)) = (text("refresh_former")?, text("refresh_masked")?) else {
        return Ok(None);
    };
    let digest = RefreshTokenDigest::from_hex(digest);
    let mut successor = MaskedSuccessor([0; 32]);
    let read = HEXLOWER.decode_len(masked.len()).is_ok_and(|length| length == successor.0.len())
        && HEXLOWER.decode_mut(masked.as_bytes(), &mut successor.0).is_ok();
    Ok(Some(FormerToken {
        digest: digest.ok_or_else(|| columns.bad("refresh_former"))?,
        successor: read.then_some(successor).ok_or_else(|| columns.bad("refresh_masked"))?,
        overlap_end: columns.time("overlap_end")?,
    }))
}
