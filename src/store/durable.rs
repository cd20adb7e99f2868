use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{NewGrant, StoreError};
use crate::domain::{AttemptId, GrantId, PhoneNumber, Role, SessionId, UserId};
use crate::system::Timestamp;

/// What one right code gives, written in one transaction.
#[derive(Clone, Debug)]
pub struct NewLogin {
    pub attempt: AttemptId,
    pub phone: PhoneNumber,
    /// The id that the user gets if there is none with this number yet; `None`: then nobody
    /// signs in.
    pub new_user: Option<UserId>,
    pub session: SessionId,
    /// What it begins with, for the person to tell it from others; see [`StoredBeginning`].
    pub beginning: StoredBeginning,
    pub at: Timestamp,
    /// The session's absolute end.
    pub expires: Timestamp,
    pub opens: Opens,
}

/// What opens the session of a login.
#[derive(Clone, Debug)]
pub enum Opens {
    /// The cookie of a browser.
    Token {
        /// SHA-256 of the session token.
        token: [u8; 32],
        /// The host that the token is good for.
        host: String,
        /// The session that the browser had before: see [`Sessions::replace`].
        instead_of: Option<SessionId>,
    },
    /// Nothing: it stands for what a client was given.
    Grant(NewGrant),
    /// Nothing until a token is added, which must be before `until`; see
    /// [`Sessions::add_token`].
    Ticket { until: Timestamp },
}

/// What a session began with, as texts of `session`'s making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredBeginning {
    pub device: String,
    pub address_block: String,
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
    /// The code is spent, but there is no such user and none may be made.
    Unknown,
}

/// Spends codes: the one place that makes sure none works twice.
#[async_trait]
pub trait Logins: Send + Sync {
    async fn commit(&self, login: &NewLogin) -> Result<Committed, StoreError>;
}

/// What may change of a user while sessions go on. Of two, the one with the higher version is
/// the newer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub version: i64,
    /// Roles that were given in the store; the configuration may give more.
    pub roles: BTreeSet<Role>,
}

/// A session and its user, as the database knows them.
#[derive(Clone, Debug)]
pub struct StoredSession {
    pub id: SessionId,
    pub user: UserId,
    pub phone: PhoneNumber,
    pub standing: Standing,
    pub host: String,
    pub created: Timestamp,
    pub last_seen: Timestamp,
    pub expires: Timestamp,
}

/// Whose session it is, beside its user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    Browser,
    /// An application's, that logged somebody in without a browser of ours.
    Api,
}

/// One of a user's sessions, for a list of them.
#[derive(Clone, Debug)]
pub struct OwnSession {
    pub id: SessionId,
    pub kind: SessionKind,
    pub created: Timestamp,
    pub last_seen: Timestamp,
    pub beginning: StoredBeginning,
    /// Whether a client holds a grant of it, which outlives the use of the session itself.
    pub granted: bool,
}

/// Which of a user's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Only(SessionId),
    AllBut(SessionId),
}

/// Something that every running node must learn of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A session was ended.
    Session(SessionId),
    /// The standing of a user changed.
    User(UserId),
    /// A grant was revoked, and nothing else of its session.
    Grant(GrantId),
}

/// Signed-in browsers, and who is signed in without one.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The session of a token's SHA-256, unless it was ended or its user is blocked.
    async fn find(&self, token: &[u8; 32]) -> Result<Option<StoredSession>, StoreError>;

    /// The session with this id, unless it was ended, its user is blocked, or it is a ticket's
    /// that nobody took up. No host is told, and its end is not looked at.
    async fn with_id(&self, session: SessionId) -> Result<Option<StoredSession>, StoreError>;

    /// The sessions of a user that have not ended at `now` or have a living grant, the one last
    /// seen first. No tickets.
    async fn of_user(&self, user: UserId, now: Timestamp) -> Result<Vec<OwnSession>, StoreError>;

    /// Gives a browser's session a token for one more host. To one that began with a ticket it
    /// gives the first, once, and makes it a browser's. `false`: the session is over or no
    /// browser's, the ticket came too late, or the user is blocked.
    async fn add_token(
        &self,
        session: SessionId,
        token: &[u8; 32],
        host: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Ends sessions of `user`, and tells which; to end one again changes nothing.
    async fn end(
        &self,
        user: UserId,
        which: Which,
        at: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError>;

    /// Ends the session that a browser had before `next` began in it. What clients were given in
    /// it goes on with `next` if both are of one person: to show once more who one is, throws
    /// nobody out of an application.
    async fn replace(
        &self,
        former: SessionId,
        next: SessionId,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Notes when sessions were last seen, in one transaction. Never moves a time back.
    async fn note_seen(&self, seen: &[(SessionId, Timestamp)]) -> Result<(), StoreError>;

    async fn standing(&self, user: UserId) -> Result<Option<Standing>, StoreError>;

    /// What changed after the change `seq`, oldest first, each with its own number. They count up
    /// by one: a number that is left out is a change that was forgotten.
    async fn changes(&self, seq: i64) -> Result<Vec<(i64, Change)>, StoreError>;

    /// Whether the database answers; for readiness.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// A user, as the database knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUser {
    pub id: UserId,
    pub blocked: Option<Timestamp>,
    pub roles: BTreeSet<Role>,
}

/// People.
#[async_trait]
pub trait Users: Send + Sync {
    /// The user with this number, blocked or not.
    async fn with_number(&self, phone: &PhoneNumber) -> Result<Option<StoredUser>, StoreError>;

    /// Makes the users that are not there yet, each with the id beside the number, and ends the
    /// sessions of every test number that is not among them: nobody could begin one now.
    async fn enrol(
        &self,
        people: &[(UserId, PhoneNumber)],
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Lets the user sign in no more (and ends every session), or again. `None`: no such user.
    async fn set_blocked(
        &self,
        phone: &PhoneNumber,
        blocked: bool,
        at: Timestamp,
    ) -> Result<Option<UserId>, StoreError>;

    /// Replaces the roles that the store gives. `None`: no such user.
    async fn set_roles(
        &self,
        phone: &PhoneNumber,
        roles: &BTreeSet<Role>,
    ) -> Result<Option<UserId>, StoreError>;
}
