use async_trait::async_trait;

use super::{NewGrant, SignInContext, StoreError};
use crate::domain::{AttemptId, Host, Identifier, SessionId, TokenDigest, UserId};
use crate::system::Timestamp;

/// Everything that a correct code leads to, written in one transaction.
#[derive(Clone, Debug)]
pub struct NewLogin {
    pub attempt: AttemptId,
    pub identifier: Identifier,
    /// The id for a new user if none has this identifier; `None`: do not create one.
    pub new_user: Option<UserId>,
    pub session: SessionId,
    pub sign_in_context: SignInContext,
    pub at: Timestamp,
    /// The absolute expiry of the session.
    pub expires: Timestamp,
    pub binding: SessionBinding,
}

/// What a new session is used through.
#[derive(Clone, Debug)]
pub enum SessionBinding {
    /// A browser's session cookie.
    Token {
        token: TokenDigest,
        /// The host that the token is valid for.
        host: Host,
        /// The browser's previous session: see [`super::SessionStore::replace`].
        replaces: Option<SessionId>,
    },
    /// A grant to a client. No browser has this session.
    Grant(NewGrant),
    /// A login ticket. The session is unusable until the ticket is redeemed with
    /// [`super::SessionStore::add_token`], and expires unless that happens before `redeem_by`.
    Ticket { redeem_by: Timestamp },
}

/// The result of a [`NewLogin`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    Begun {
        user: UserId,
        new_user: bool,
    },
    /// The code was used before, at `at`.
    AlreadySpent {
        at: Timestamp,
    },
    /// The code is spent, but the user is blocked: there is no session.
    Blocked {
        user: UserId,
    },
    /// The code is spent, but there is no such user and none may be created.
    Unknown,
}

/// Spends codes. This is what guarantees that no code works twice.
#[async_trait]
pub trait LoginStore: Send + Sync {
    /// # Errors
    ///
    /// If the store fails. The code may be spent all the same: a retry then says so.
    async fn commit(&self, login: &NewLogin) -> Result<LoginOutcome, StoreError>;
}
