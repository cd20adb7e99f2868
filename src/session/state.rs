use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::domain::{PhoneNumber, SessionId, UserId};
use crate::store::{SessionKind, StoredSession};
use crate::system::Timestamp;

/// How long a browser stays signed in.
#[derive(Clone, Copy, Debug)]
pub struct SessionSettings {
    /// A session ends after this time without use.
    pub idle: Duration,
    /// A session ends this long after it began, used or not.
    pub lifetime: Duration,
}

/// A session in this process: one value for the tokens of all its hosts, so that it ends for all
/// of them at once and its use on one host keeps it alive on the others.
#[derive(Debug)]
pub(super) struct SessionState {
    pub(super) id: SessionId,
    pub(super) user: UserId,
    pub(super) kind: SessionKind,
    pub(super) phone: PhoneNumber,
    pub(super) began: Timestamp,
    pub(super) expires: Timestamp,
    /// Last use, in milliseconds since 1970.
    pub(super) seen: AtomicI64,
    /// The last use that the store knows of.
    pub(super) seen_in_store: AtomicI64,
    ended: AtomicBool,
    /// Wakes what watches the session.
    end_signal: Notify,
    pub(super) user_text: Bytes,
    pub(super) phone_text: Bytes,
}

impl SessionState {
    pub(super) fn new(stored: &StoredSession) -> Self {
        let seen = stored.last_seen.as_millis();
        Self {
            id: stored.id,
            user: stored.user,
            kind: stored.kind,
            user_text: Bytes::from(stored.user.to_string()),
            phone_text: Bytes::from(stored.phone.e164().to_owned()),
            phone: stored.phone.clone(),
            began: stored.created,
            expires: stored.expires,
            seen: AtomicI64::new(seen),
            seen_in_store: AtomicI64::new(seen),
            ended: AtomicBool::new(false),
            end_signal: Notify::new(),
        }
    }

    pub(super) fn is_valid(&self, now: Timestamp, settings: SessionSettings) -> bool {
        // A personal access token has the end that its user chose, however seldom it is used.
        let idles = self.kind != SessionKind::PersonalToken;
        let is_idle = idles && now >= self.last_seen() + settings.idle;
        !self.has_ended() && now < self.expires && !is_idle
    }

    pub(super) fn last_seen(&self) -> Timestamp {
        Timestamp::from_millis(self.seen.load(Ordering::Relaxed))
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.end_signal.notify_waiters();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Completes when the session ends.
    pub(super) fn end_signal(&self) -> Notified<'_> {
        self.end_signal.notified()
    }
}
