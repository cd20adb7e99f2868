use super::UserRevision;
use crate::domain::{Host, PhoneNumber, SessionId, UserId};
use crate::system::Timestamp;

/// A session and its user.
#[derive(Clone, Debug)]
pub struct StoredSession {
    pub id: SessionId,
    pub user: UserId,
    pub kind: SessionKind,
    pub phone: PhoneNumber,
    pub revision: UserRevision,
    /// The host of the token that the session was found by; `None`: it was found by its id.
    pub host: Option<Host>,
    pub created: Timestamp,
    pub last_seen: Timestamp,
    pub expires: Timestamp,
}

/// Who holds a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    Browser,
    /// An API client, without a browser of ours.
    Api,
    /// Whoever has a personal access token. Lists of sessions leave it out.
    PersonalToken,
}
