use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{
    Audience, AuthorizationCodeDigest, ClientId, GrantId, PhoneNumber, RefreshFamilyDigest,
    RefreshTokenDigest, Role, Scope, SessionId, UserId,
};
use crate::system::Timestamp;

/// A grant that is about to be made to a client.
#[derive(Clone, Debug)]
pub struct NewGrant {
    pub id: GrantId,
    pub client: ClientId,
    pub scope: Scope,
    pub audience: Option<Audience>,
    /// The absolute expiry of the grant and its refresh tokens.
    pub expires: Timestamp,
    /// The grant also expires when it was not refreshed for this long.
    pub idle: Duration,
    /// Of the first refresh token; `None`: the grant has none.
    pub refresh: Option<RefreshDigests>,
}

/// The two parts that a refresh token is stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshDigests {
    pub family: RefreshFamilyDigest,
    pub present: RefreshTokenDigest,
}

/// A grant and its user.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    pub id: GrantId,
    pub client: ClientId,
    pub user: UserId,
    pub phone: PhoneNumber,
    /// The user's roles in the store; the configuration may add more.
    pub roles: BTreeSet<Role>,
    pub session: SessionId,
    /// When the user authenticated (`auth_time`, OpenID Connect Core 1.0 §2).
    pub signed_in: Timestamp,
    pub scope: Scope,
    pub audience: Option<Audience>,
    /// The absolute expiry.
    pub expires: Timestamp,
}

/// Whether access tokens of a grant may be used.
#[derive(Clone, Debug)]
pub enum GrantState {
    Active(StoredGrant),
    /// It was revoked, its session has ended, or it does not exist.
    Ended,
    /// Its user is blocked.
    Blocked,
}

/// An authorization code (RFC 6749 §4.1.2) that is about to be issued.
#[derive(Clone, Debug)]
pub struct NewAuthorizationCode {
    pub digest: AuthorizationCodeDigest,
    pub code: StoredAuthorizationCode,
    pub at: Timestamp,
    pub expires: Timestamp,
}

/// What the redemption of a code is checked against, and what it grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAuthorizationCode {
    pub client: ClientId,
    pub redirect_uri: String,
    pub user: UserId,
    pub session: SessionId,
    pub scope: Scope,
    pub audience: Option<Audience>,
    /// For the ID token (OpenID Connect Core 1.0 §3.1.2.1).
    pub nonce: Option<String>,
    /// `code_challenge`, method `S256` (RFC 7636 §4.2).
    pub challenge: Option<String>,
}

/// The result of redeeming an authorization code.
#[derive(Clone, Debug)]
pub enum RedeemedCode {
    /// It was unused until now. The state is that of its grant.
    Redeemed(GrantState),
    Unknown,
    Expired,
    /// It was used before. Its grant, if any, is revoked now.
    Reused {
        /// The grant, unless it was revoked before.
        revoked: Option<GrantId>,
    },
}

/// The use of a refresh token.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRotation<'a> {
    /// The client that presents it.
    pub client: &'a ClientId,
    pub token: &'a RefreshDigests,
    /// What replaces `token.present`; `None`: the token stays as it is.
    pub next: Option<RefreshSuccessor>,
    pub at: Timestamp,
}

/// What replaces the present part of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshSuccessor {
    pub digest: RefreshTokenDigest,
    /// The successor, for whoever presents the token that it replaces.
    pub masked: MaskedSuccessor,
    /// Until when the replaced token is answered with its successor.
    pub overlap_end: Timestamp,
}

/// The present part of a refresh token, encrypted under the one that it replaced: only a holder of
/// that can read it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MaskedSuccessor(pub [u8; 32]);

impl fmt::Debug for MaskedSuccessor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskedSuccessor(•••)")
    }
}

/// A refresh token whose family exists.
#[derive(Clone, Debug)]
pub struct StoredRefreshToken {
    /// The grant of the family, whatever the state of the token.
    pub grant: StoredGrant,
    pub state: RefreshTokenState,
}

/// Whether a refresh token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokenState {
    Active,
    /// Its grant was revoked, is past its idle or absolute expiry, or ended with its session.
    Ended,
    /// Its user is blocked.
    Blocked,
    /// The latest rotation replaced it, and its overlap has not ended: the client may have asked
    /// twice at once.
    JustReplaced(MaskedSuccessor),
    /// A rotation replaced it. Its use means that two parties hold the token, one of which may
    /// have stolen it (RFC 9700 §4.14.2).
    Replaced,
}

/// The tables of authorization codes, grants and their refresh tokens.
///
/// A grant ends together with its session and with the blocking of its user, without a write.
#[async_trait]
pub trait GrantStore: Send + Sync {
    /// # Errors
    ///
    /// If the store fails, or has this code already.
    async fn insert_code(&self, code: &NewAuthorizationCode) -> Result<(), StoreError>;

    /// The contents of a code, even of a used or expired one. Does not use it up.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find_code(
        &self,
        digest: &AuthorizationCodeDigest,
    ) -> Result<Option<StoredAuthorizationCode>, StoreError>;

    /// Uses a code up and creates its grant, atomically. `grant` is `None` when the request is to
    /// be refused: the code is used up all the same. Of several calls with one code only one
    /// succeeds; each later one revokes the grant of that (RFC 6749 §4.1.2). `steady` is the time
    /// by the clock that [`NewAuthorizationCode::expires`] was told by.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn redeem_code(
        &self,
        digest: &AuthorizationCodeDigest,
        grant: Option<&NewGrant>,
        at: Timestamp,
        steady: Timestamp,
    ) -> Result<RedeemedCode, StoreError>;

    /// Creates a grant of a session, unless the session has ended.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn create_grant(
        &self,
        session: SessionId,
        grant: &NewGrant,
        at: Timestamp,
    ) -> Result<GrantState, StoreError>;

    /// The state of a refresh token at `at`; `None`: there is no such family, or it belongs to
    /// another client. Only reads, so that unknown tokens cause no writes.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find_refresh_token(
        &self,
        token: &RefreshDigests,
        client: &ClientId,
        at: Timestamp,
    ) -> Result<Option<StoredRefreshToken>, StoreError>;

    /// Uses a refresh token that [`Self::find_refresh_token`] found active. If it is to be
    /// replaced, one of several concurrent calls with it is answered
    /// [`RefreshTokenState::Active`]; the others are answered [`RefreshTokenState::JustReplaced`]
    /// or, where there is no overlap, [`RefreshTokenState::Replaced`], and then revoke the grant.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn rotate_refresh_token(
        &self,
        rotation: &RefreshRotation<'_>,
    ) -> Result<Option<StoredRefreshToken>, StoreError>;

    /// Revokes a grant. `false`: it does not exist or was revoked before; then nothing is written.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn revoke_grant(&self, grant: GrantId, at: Timestamp) -> Result<bool, StoreError>;

    /// Whether access tokens of a grant may still be used. Does not look at the expiry of the
    /// grant: access tokens have their own.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn grant_state(&self, grant: GrantId) -> Result<GrantState, StoreError>;
}
