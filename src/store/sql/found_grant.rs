//! Grants as they are read, with what their state depends on.
use data_encoding::HEXLOWER;

use super::contacts;
use super::pool::SqlRow;
use super::query::{Executor, query};
use super::rows::Columns;
use crate::domain::{ClientId, GrantId, RefreshTokenDigest};
use crate::store::{
    ContactKeys, MaskedSuccessor, RefreshDigests, RefreshTokenState, StoreError, StoredGrant,
};
use crate::system::Timestamp;

/// A grant with what its state depends on.
pub(super) struct Found {
    pub(super) grant: StoredGrant,
    pub(super) revoked: bool,
    /// It was revoked, or its session has ended.
    pub(super) ended: bool,
    pub(super) blocked: bool,
    pub(super) last_used: Timestamp,
    /// When it expires unless it is refreshed.
    pub(super) idle_expiry: Timestamp,
    pub(super) present: Option<RefreshTokenDigest>,
    pub(super) former: Option<FormerToken>,
}

/// The token that the present one replaced.
pub(super) struct FormerToken {
    digest: RefreshTokenDigest,
    successor: MaskedSuccessor,
    overlap_end: Timestamp,
}

impl Found {
    pub(super) fn token_state(&self, token: &RefreshDigests, now: Timestamp) -> RefreshTokenState {
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
               s.created AS signed_in, s.ended, c.value, c.sealed_by, u.blocked,
               (SELECT string_agg(r.role, ',') FROM user_roles r WHERE r.user_id = u.id) AS roles
             FROM grants g
             JOIN sessions s ON s.id = g.session_id
             JOIN users u ON u.id = g.user_id
             JOIN contacts c ON c.user_id = u.id AND c.kind = 'phone'
             WHERE ",
            $which
        )
    };
}

pub(super) async fn find<'e>(
    keys: &ContactKeys,
    executor: impl Into<Executor<'e>>,
    grant: GrantId,
) -> Result<Option<Found>, StoreError> {
    let row =
        query(grants_where!("g.id = $1")).bind(grant.to_string()).fetch_optional(executor).await?;
    row.map(|row| read(keys, &row)).transpose()
}

/// The grant of the token's family, if it is the client's.
pub(super) async fn find_family<'e>(
    keys: &ContactKeys,
    executor: impl Into<Executor<'e>>,
    token: &RefreshDigests,
    client: &ClientId,
) -> Result<Option<Found>, StoreError> {
    let row = query(grants_where!("g.refresh_family = $1 AND g.client = $2"))
        .bind(token.family.to_hex())
        .bind(client.as_str())
        .fetch_optional(executor)
        .await?;
    row.map(|row| read(keys, &row)).transpose()
}

fn read(keys: &ContactKeys, row: &SqlRow) -> Result<Found, StoreError> {
    let columns = Columns::of(row, "grants");
    let user = columns.user("user_id")?;
    let grant = StoredGrant {
        id: columns.grant("id")?,
        client: columns.client()?,
        user,
        phone: contacts::read_phone(keys, row, user)?,
        roles: columns.role_list()?,
        session: columns.session("session_id")?,
        signed_in: columns.time("signed_in")?,
        scope: columns.scope()?,
        audience: columns.audience()?,
        expires: columns.time("expires")?,
    };
    let present = match row.try_get::<Option<&str>>("refresh_present")? {
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
    let text = |column| columns.row.try_get::<Option<&str>>(column);
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
