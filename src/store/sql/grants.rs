use async_trait::async_trait;
use data_encoding::HEXLOWER;

use super::changes;
use super::codes::{self, NotRedeemable};
use super::database::SqlStore;
use super::found_grant::{find, find_family};
use super::pool::SqlTransaction;
use super::query::query;
use super::rows::audience_text;
use super::user_lock::{UserOf, lock_user};
use crate::domain::{AuthorizationCodeDigest, ClientId, GrantId, SessionId};
use crate::store::{
    Change, ContactKeys, GrantState, GrantStore, NewAuthorizationCode, NewGrant, RedeemedCode,
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
                Some(new) => create(&mut tx, &self.contacts, (session, new), at).await?,
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
        let state = create(&mut tx, &self.contacts, (session, grant), at).await?;
        tx.commit().await?;
        Ok(state)
    }

    async fn find_refresh_token(
        &self,
        token: &RefreshDigests,
        client: &ClientId,
        at: Timestamp,
    ) -> Result<Option<StoredRefreshToken>, StoreError> {
        let found = find_family(&self.contacts, &self.read, token, client).await?;
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
        let Some(found) = find_family(&self.contacts, &mut tx, token, client).await? else {
            return Ok(None);
        };
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
        let found = find(&self.contacts, &self.read, grant).await?;
        if found.is_none_or(|found| found.revoked) {
            return Ok(false);
        }
        let mut tx = self.write.begin().await?;
        let revoked = revoke(&mut tx, grant, at).await?;
        tx.commit().await?;
        Ok(revoked)
    }

    async fn grant_state(&self, grant: GrantId) -> Result<GrantState, StoreError> {
        Ok(match find(&self.contacts, &self.read, grant).await? {
            Some(found) if found.blocked => GrantState::Blocked,
            Some(found) if !found.ended => GrantState::Active(found.grant),
            _ => GrantState::Ended,
        })
    }
}

/// Creates the grant and returns its state.
async fn create(
    tx: &mut SqlTransaction,
    keys: &ContactKeys,
    (session, grant): (SessionId, &NewGrant),
    at: Timestamp,
) -> Result<GrantState, StoreError> {
    if insert(tx, session, grant, at).await? {
        let found = find(keys, &mut *tx, grant.id).await?;
        return Ok(found.map_or(GrantState::Ended, |found| GrantState::Active(found.grant)));
    }
    let blocked = query(
        "SELECT s.id FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.id = $1 AND u.blocked IS NOT NULL",
    )
    .bind(session.to_string())
    .fetch_optional(&mut *tx)
    .await?;
    Ok(blocked.map_or(GrantState::Ended, |_| GrantState::Blocked))
}

/// Inserts the grant. `false`: its session has ended, or its user is blocked, which cannot happen
/// between this and the end of the transaction.
pub(super) async fn insert(
    tx: &mut SqlTransaction,
    session: SessionId,
    grant: &NewGrant,
    at: Timestamp,
) -> Result<bool, StoreError> {
    lock_user(tx, UserOf::Session(session)).await?;
    let inserted = query(
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
    .execute(&mut *tx)
    .await?;
    Ok(inserted == 1)
}

/// The statement that decides which of several concurrent calls uses the token. `false`: not this
/// one.
async fn rotate(
    tx: &mut SqlTransaction,
    rotation: &RefreshRotation<'_>,
) -> Result<bool, StoreError> {
    lock_user(tx, UserOf::Grant(&rotation.token.family)).await?;
    let rotated = query(
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
    .execute(&mut *tx)
    .await?;
    Ok(rotated == 1)
}

/// A refresh counts as a use of a session that has no browser.
async fn touch_session(
    tx: &mut SqlTransaction,
    grant: &StoredGrant,
    at: Timestamp,
) -> Result<(), StoreError> {
    query("UPDATE sessions SET last_seen = $1 WHERE id = $2 AND last_seen < $1 AND kind = 'api'")
        .bind(at.as_millis())
        .bind(grant.session.to_string())
        .execute(&mut *tx)
        .await?;
    Ok(())
}

/// `false`: the grant does not exist or was revoked before. Writes to the change feed: see
/// [`changes_after`].
async fn revoke(
    tx: &mut SqlTransaction,
    grant: GrantId,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let revoked = query("UPDATE grants SET revoked = $1 WHERE id = $2 AND revoked IS NULL")
        .bind(at.as_millis())
        .bind(grant.to_string())
        .execute(&mut *tx)
        .await?;
    if revoked == 0 {
        return Ok(false);
    }
    changes::record(tx, Change::Grant(grant)).await?;
    Ok(true)
}
