use async_trait::async_trait;

use super::StoreError;
use crate::domain::{AttemptId, PhoneNumber, SessionId, UserId};
use crate::system::Timestamp;

/// What one right code gives, written in one transaction.
#[derive(Clone, Debug)]
pub struct NewLogin {
    pub attempt: AttemptId,
    pub phone: PhoneNumber,
    /// The id that the user gets if there is none with this number yet.
    pub new_user: UserId,
    pub session: SessionId,
    /// SHA-256 of the session token.
    pub token: [u8; 32],
    /// The host that the token is good for.
    pub host: String,
    pub at: Timestamp,
    /// The session's absolute end.
    pub expires: Timestamp,
}

/// What became of a [`NewLogin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    Begun {
        user: UserId,
        new_user: bool,
    },
    /// The attempt's code was used before, at `at`.
    AlreadySpent {
        at: Timestamp,
    },
    /// The code is spent, but the user may not sign in: there is no session.
    Blocked {
        user: UserId,
    },
}

/// Spends codes: the one place that makes sure none works twice.
#[async_trait]
pub trait Logins: Send + Sync {
    async fn commit(&self, login: &NewLogin) -> Result<Committed, StoreError>;
}

/// A session and its user, as the database knows them.
#[derive(Clone, Debug)]
pub struct StoredSession {
    pub id: SessionId,
    pub user: UserId,
    pub phone: PhoneNumber,
    pub host: String,
    pub last_seen: Timestamp,
    pub expires: Timestamp,
}

/// Signed-in browsers.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The session of a token's SHA-256, unless it was ended or its user is blocked.
    async fn find(&self, token: &[u8; 32]) -> Result<Option<StoredSession>, StoreError>;

    /// Gives a session a token for one more host. `false`: the session is over, or its user is
    /// blocked.
    async fn add_token(
        &self,
        session: SessionId,
        token: &[u8; 32],
        host: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends a session; ending it again changes nothing.
    async fn end(&self, session: SessionId, at: Timestamp) -> Result<(), StoreError>;

    /// Notes when sessions were last seen, in one transaction. Never moves a time back.
    async fn note_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError>;

    /// Whether the database answers; for readiness.
    async fn ping(&self) -> Result<(), StoreError>;
}
