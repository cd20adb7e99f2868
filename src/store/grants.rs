use std::time::Duration;

use async_trait::async_trait;

use super::StoreError;
use crate::domain::{GrantId, PhoneNumber, SessionId, UserId};
use crate::system::Timestamp;

/// What a client is about to be given for somebody's login.
#[derive(Clone, Debug)]
pub struct NewGrant {
    pub id: GrantId,
    /// The client's id.
    pub client: String,
    /// As it is told to the client, words with spaces between.
    pub scope: String,
    /// Empty: none was asked for.
    pub audience: String,
    /// The absolute end of the whole family, used or not.
    pub expires: Timestamp,
    /// Ends the family when no refresh token of it was used for so long.
    pub idle: Duration,
    /// Of the first refresh token, if there is one.
    pub refresh: Option<RefreshDigests>,
}

/// What is kept of a refresh token: SHA-256 of each of the two secrets that it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshDigests {
    /// Of the secret that all refresh tokens of a grant share.
    pub family: [u8; 32],
    /// Of the one that each rotation changes.
    pub present: [u8; 32],
}

/// A grant and whose it is, as the database knows them.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    pub id: GrantId,
    pub client: String,
    pub user: UserId,
    pub phone: PhoneNumber,
    pub session: SessionId,
    /// When the person typed the code that the session began with.
    pub signed_in: Timestamp,
    pub scope: String,
    pub audience: String,
    /// The absolute end.
    pub expires: Timestamp,
}

/// Whether a grant is worth something.
#[derive(Clone, Debug)]
pub enum GrantState {
    Good(StoredGrant),
    /// Ended with its session, or revoked, or there is none.
    Over,
    /// Its user is blocked.
    Blocked,
}

/// An authorization code (RFC 6749 §4.1.2), and what it is good for.
#[derive(Clone, Debug)]
pub struct NewCode {
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    pub code: StoredCode,
    pub at: Timestamp,
    /// From then on it is worth nothing.
    pub expires: Timestamp,
}

/// What whoever redeems a code must match, and what it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCode {
    pub client: String,
    pub redirect_uri: String,
    pub user: UserId,
    pub session: SessionId,
    pub scope: String,
    pub audience: String,
    /// OpenID Connect Core §3.1.2.1, for the ID token.
    pub nonce: Option<String>,
    /// RFC 7636 §4.2, method `S256`.
    pub challenge: Option<String>,
}

/// What became of a code that was handed in.
#[derive(Clone, Debug)]
pub enum RedeemedCode {
    /// It is used up now, and this is what it gave.
    Taken(GrantState),
    Unknown,
    Expired,
    /// It was used before. What it gave then, if anything, is revoked by now.
    Used {
        /// It was until now.
        revoked: Option<GrantId>,
    },
}

/// A refresh token was handed in.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    /// The client that hands it in.
    pub client: &'a str,
    pub token: &'a RefreshDigests,
    /// What takes the place of `token.present`; `None`: it stays.
    pub next: Option<&'a [u8; 32]>,
    pub at: Timestamp,
}

/// A refresh token of a family that there is.
#[derive(Clone, Debug)]
pub struct StoredRefresh {
    /// The grant of the family, whatever the token is worth.
    pub grant: StoredGrant,
    pub worth: RefreshWorth,
}

/// What a refresh token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshWorth {
    Good,
    /// Its grant was revoked, was not used for too long, is past its absolute end, or ended with
    /// its session.
    Over,
    /// Its user is blocked.
    Blocked,
    /// It is not the present one of its family: two hold that, and one of them is a thief (RFC
    /// 9700 §4.14.2).
    Replaced,
}

/// What clients were given: authorization codes, grants and their refresh tokens.
///
/// A grant is good no more as soon as its session is ended or its user blocked, without anything
/// being written for it.
#[async_trait]
pub trait Grants: Send + Sync {
    async fn put_code(&self, code: &NewCode) -> Result<(), StoreError>;

    /// What a code is good for, used, expired or not: to judge whoever hands it in.
    async fn code(&self, digest: &[u8; 32]) -> Result<Option<StoredCode>, StoreError>;

    /// Uses a code up and opens the grant that it gives, both at once; none, for somebody who
    /// may not have it. Of several who hand it in one succeeds, and from the second on
    /// everything is revoked that it gave (RFC 6749 §4.1.2).
    async fn redeem_code(
        &self,
        digest: &[u8; 32],
        gives: Option<&NewGrant>,
        at: Timestamp,
    ) -> Result<RedeemedCode, StoreError>;

    /// Opens a grant of a session, unless that is over.
    async fn open_grant(
        &self,
        session: SessionId,
        grant: &NewGrant,
        at: Timestamp,
    ) -> Result<GrantState, StoreError>;

    /// What a refresh token is worth at `at`; `None`: there is no such family, or it is not
    /// `client`'s. Only reads: a stranger's token keeps nobody from writing.
    async fn refresh(
        &self,
        token: &RefreshDigests,
        client: &str,
        at: Timestamp,
    ) -> Result<Option<StoredRefresh>, StoreError>;

    /// Uses a refresh token, one that [`Self::refresh`] found good a moment ago. Of several who do
    /// at once with the same token, one is told that it is good, if it is to be replaced; the next
    /// is told [`RefreshWorth::Replaced`], and the grant is revoked by then.
    async fn rotate(&self, rotation: &Rotation<'_>) -> Result<Option<StoredRefresh>, StoreError>;

    /// Ends a grant. `false`: there is none, or it was revoked before, and nothing is written.
    async fn revoke(&self, grant: GrantId, at: Timestamp) -> Result<bool, StoreError>;

    /// Whether tokens of a grant still count. They have ends of their own, so that those of the
    /// grant are not looked at.
    async fn grant(&self, grant: GrantId) -> Result<GrantState, StoreError>;
}
