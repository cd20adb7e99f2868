use std::time::Duration;

use async_trait::async_trait;

use super::{PersonalTokenStore, SessionKind, StoreError, StoredSession, UserRevision};
use crate::domain::{GrantId, Host, SessionId, TokenDigest, UserId};
use crate::system::Timestamp;

/// What a user recognises a session by in a list, as `session` words it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInContext {
    pub device: String,
    pub address_block: String,
}

/// An entry in the list of a user's sessions.
#[derive(Clone, Debug)]
pub struct SessionSummary {
    pub id: SessionId,
    pub kind: SessionKind,
    pub created: Timestamp,
    pub last_seen: Timestamp,
    pub sign_in_context: SignInContext,
    /// Whether an active grant belongs to it; such a grant may outlast the session's idle limit.
    pub granted: bool,
}

/// A selection among the sessions of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionSelection {
    Only(SessionId),
    AllBut(SessionId),
}

/// An entry of the change feed, by which running servers invalidate their caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A session was ended.
    Session(SessionId),
    /// A user has a new [`UserRevision`].
    User(UserId),
    /// A grant was revoked while its session continues.
    Grant(GrantId),
}

/// The tables of sessions and of the tokens that they are used through, and the change feed.
#[async_trait]
pub trait SessionStore: PersonalTokenStore {
    /// The session of a token; `None` if it was ended or its user is blocked. Expiry is for the
    /// caller to judge.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find(&self, token: &TokenDigest) -> Result<Option<StoredSession>, StoreError>;

    /// The session with this id; `None` if it was ended, its user is blocked, it is a personal access
    /// token's, or its login ticket was not redeemed. Expiry is for the caller to judge.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn find_by_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError>;

    /// Whose a token on `host` is, or was before its session ended; `None`: nobody's that is known, or
    /// the user is blocked.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn owner(&self, token: &TokenDigest, host: &Host) -> Result<Option<UserId>, StoreError>;

    /// The sessions of a user that have not ended or expired, or have an active grant, the last
    /// seen first. Those of unredeemed login tickets are left out.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn list_by_user(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<SessionSummary>, StoreError>;

    /// Adds a token for one more host to a browser's session, or the first token to the session of
    /// a login ticket, which turns it into a browser's. `false`: the session has ended, expired or
    /// is not a browser's, the ticket has expired, or the user is blocked.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn add_token(
        &self,
        session: SessionId,
        token: &TokenDigest,
        host: &Host,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends sessions of `user` and returns their ids; sessions that have ended are left out.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn end(
        &self,
        user: UserId,
        selection: SessionSelection,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Ends the session that a browser had before `next`. If both are the same user's, the grants
    /// and unused authorization codes of `former` move to `next`: re-authenticating must not sign
    /// the user out of applications.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn replace(
        &self,
        former: SessionId,
        next: SessionId,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Updates when sessions were last seen, in one transaction. Never moves a time back.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn record_last_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError>;

    /// # Errors
    ///
    /// If the store fails.
    async fn revision(&self, user: UserId) -> Result<Option<UserRevision>, StoreError>;

    /// The entries of the change feed after `seq`, oldest first, with their sequence numbers. The
    /// numbers are consecutive: a gap means that entries are no longer available.
    ///
    /// # Errors
    ///
    /// If the store fails.
    async fn changes_after(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError>;

    /// What tells when there may be changes. Must be dropped within a runtime.
    fn listen(&self) -> Box<dyn ChangeListener> {
        Box::new(PollingListener)
    }

    /// A health check.
    ///
    /// # Errors
    ///
    /// If the database does not answer.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Tells when the change feed may have new entries.
#[async_trait]
pub trait ChangeListener: Send {
    /// Completes when there may be changes, and after `interval` at the latest.
    async fn changed(&mut self, interval: Duration);
}

/// Knows nothing of changes: they are looked for at intervals.
pub struct PollingListener;

#[async_trait]
impl ChangeListener for PollingListener {
    async fn changed(&mut self, interval: Duration) {
        tokio::time::sleep(interval).await;
    }
}
