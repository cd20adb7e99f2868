use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;

use super::cached_user::CachedUser;
use super::header_cache::HeaderCache;
use super::state::{SessionSettings, SessionState};
use crate::domain::{Host, PhoneNumber, SessionId, UserId};
use crate::store::SessionKind;
use crate::system::Timestamp;
use crate::users::Roles;

/// The use of a session is recorded in memory at most this often, so that a busy session does not
/// write to the same cache line with every request.
const USE_INTERVAL: Duration = Duration::from_secs(30);

/// Proof that a request belongs to a signed-in user. Only [`Sessions::check`],
/// [`Sessions::check_personal_token`] and [`Sessions::find_by_id`] make one.
///
/// [`Sessions::check`]: super::Sessions::check
/// [`Sessions::check_personal_token`]: super::Sessions::check_personal_token
/// [`Sessions::find_by_id`]: super::Sessions::find_by_id
#[derive(Clone, Debug)]
pub struct SignedIn(pub(super) Arc<CachedSession>);

/// Where a session was found, which is where it may be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SessionPlace {
    /// By the token of a host.
    Host(Host),
    /// By a personal access token for the site with this `url`.
    Site(String),
    /// By its id: nowhere, until who asks has judged that.
    Id,
}

/// A session as one token accesses it: each host has its own.
#[derive(Debug)]
pub(super) struct CachedSession {
    pub(super) place: SessionPlace,
    pub(super) session: Arc<SessionState>,
    pub(super) user: Arc<CachedUser>,
    pub(super) header_cache: HeaderCache,
}

impl SignedIn {
    pub fn user(&self) -> UserId {
        self.0.session.user
    }

    pub fn session(&self) -> SessionId {
        self.0.session.id
    }

    pub fn phone(&self) -> &PhoneNumber {
        &self.0.session.phone
    }

    pub fn kind(&self) -> SessionKind {
        self.0.session.kind
    }

    /// When the session began, which is when the user was authenticated (`auth_time`).
    pub fn began(&self) -> Timestamp {
        self.0.session.began
    }

    /// Whether the user logged in no longer ago than `max_age`. Who presents a personal access token has
    /// not logged in.
    pub fn logged_in_within(&self, max_age: Duration, now: Timestamp) -> bool {
        self.kind() != SessionKind::PersonalToken && self.began().is_at_most(max_age, now)
    }

    /// The absolute end of the session.
    pub fn expires(&self) -> Timestamp {
        self.0.session.expires
    }

    /// The user's roles in the store; the configuration may add more.
    pub fn stored_roles(&self) -> Roles {
        self.0.user.roles()
    }

    pub(super) fn state(&self) -> Arc<SessionState> {
        Arc::clone(&self.0.session)
    }

    /// Ready-made headers for requests of this session on this host.
    pub fn header_cache(&self) -> &HeaderCache {
        &self.0.header_cache
    }

    /// The user's id as text, allocated once per session.
    pub fn user_text(&self) -> &Bytes {
        &self.0.session.user_text
    }

    /// The number in E.164 as text, allocated once per session.
    pub fn phone_text(&self) -> &Bytes {
        &self.0.session.phone_text
    }
}

impl CachedSession {
    pub(super) fn is_valid(&self, host: &Host, now: Timestamp, settings: SessionSettings) -> bool {
        matches!(&self.place, SessionPlace::Host(own) if own == host)
            && self.session.is_valid(now, settings)
    }

    pub(super) fn record_use(&self, now: Timestamp) {
        let seen = self.session.last_seen();
        // The first use of a personal access token tells that somebody has it.
        let is_first = self.session.kind == SessionKind::PersonalToken
            && seen <= self.session.began
            && now > seen;
        if is_first || now.since(seen) >= USE_INTERVAL {
            self.session.seen.store(now.as_millis(), Ordering::Relaxed);
        }
    }
}
