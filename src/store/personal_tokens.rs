use async_trait::async_trait;

use super::{StoreError, StoredSession};
use crate::domain::{SessionId, TokenDigest, TokenName, UserId};
use crate::system::Timestamp;

/// A personal access token to insert. It is a session of its own.
#[derive(Clone, Debug)]
pub struct NewPersonalToken {
    pub id: SessionId,
    pub digest: TokenDigest,
    pub name: TokenName,
    /// The `url` of the only site that it is for.
    pub site: String,
    pub expires: Timestamp,
}

/// What came of inserting a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertedToken {
    Inserted,
    /// There is one with this id: the form was sent before.
    Exists,
    /// The user has as many as are allowed.
    TooMany,
    /// The session that asked has ended, or its user is blocked.
    Ended,
}

/// A token, its session and its user.
#[derive(Clone, Debug)]
pub struct StoredPersonalToken {
    pub session: StoredSession,
    /// As that of [`NewPersonalToken`].
    pub site: String,
}

/// An entry in the list of a user's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalTokenSummary {
    pub id: SessionId,
    pub name: TokenName,
    /// As that of [`NewPersonalToken`].
    pub site: String,
    pub created: Timestamp,
    /// When it was last used; `created` until then.
    pub last_seen: Timestamp,
    pub expires: Timestamp,
}

/// The table of personal access tokens. They end as sessions do, see
/// [`SessionStore::end`](super::SessionStore::end).
#[async_trait]
pub trait PersonalTokenStore: Send + Sync {
    /// The token with this digest; `None` if it was ended or its user is blocked. Expiry is for the
    /// caller to judge.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find_personal_token(
        &self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredPersonalToken>, StoreError>;

    /// Inserts a token for the user of the browser's session `maker`, if fewer than `most` of theirs are
    /// valid. A block of the user comes before or after it, never between.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn insert_personal_token(
        &self,
        maker: SessionId,
        token: &NewPersonalToken,
        most: u32,
        at: Timestamp,
    ) -> Result<InsertedToken, StoreError>;

    /// The tokens of a user that have not ended or expired, the newest first.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn personal_tokens(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<PersonalTokenSummary>, StoreError>;
}
