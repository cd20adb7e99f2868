use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::Settings;
use crate::domain::{PhoneNumber, SessionId, UserId};
use crate::store::StoredSession;
use crate::system::Timestamp;

/// A session as this process knows it: one value for the tokens of all its hosts, so that it
/// ends for all of them at once, and its use on one host keeps it alive on the others.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) user: UserId,
    pub(super) phone: PhoneNumber,
    pub(super) began: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) seen: AtomicI64,
    pub(super) seen_in_store: AtomicI64,
    ended: AtomicBool,
    /// Wakes what watches the session.
    over: Notify,
    pub(super) user_text: Bytes,
    pub(super) phone_text: Bytes,
}

impl Session {
    fn new(stored: &StoredSession) -> Self {
        let seen = stored.last_seen.as_millis();
        Self {
            id: stored.id,
            user: stored.user,
            user_text: Bytes::from(stored.user.to_string()),
            phone_text: Bytes::from(stored.phone.e164().to_owned()),
            phone: stored.phone.clone(),
            began: stored.created,
            expires: stored.expires,
            seen: AtomicI64::new(seen),
            seen_in_store: AtomicI64::new(seen),
            ended: AtomicBool::new(false),
            over: Notify::new(),
        }
    }

    pub(super) fn is_good(&self, now: Timestamp, settings: Settings) -> bool {
        let seen = Timestamp::from_millis(self.seen.load(Ordering::Relaxed));
        !self.ended.load(Ordering::Acquire) && now < self.expires && now < seen + settings.idle
    }

    pub(super) fn seen(&self) -> Timestamp {
        Timestamp::from_millis(self.seen.load(Ordering::Relaxed))
    }

    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.tell();
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Tells whoever watches that the session is over, or to be judged anew.
    pub(super) fn tell(&self) {
        self.over.notify_waiters();
    }

    pub(super) fn told(&self) -> Notified<'_> {
        self.over.notified()
    }
}

/// The sessions that this process knows, by id. Keeps none of them alive: the cache of tokens
/// does. Not on the way of a request whose token is known.
#[derive(Debug, Default)]
pub(super) struct ById(Mutex<HashMap<SessionId, Weak<Session>>>);

impl ById {
    /// The one value for this session.
    pub(super) fn shared(&self, stored: &StoredSession) -> Arc<Session> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&stored.id).and_then(Weak::upgrade) {
            return known;
        }
        // Instead of growing at once: what nobody holds any more is forgotten.
        if all.len() == all.capacity() {
            all.retain(|_, session| session.strong_count() > 0);
        }
        let session = Arc::new(Session::new(stored));
        all.insert(stored.id, Arc::downgrade(&session));
        session
    }

    pub(super) fn get(&self, session: SessionId) -> Option<Arc<Session>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&session).and_then(Weak::upgrade)
    }

    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.values().filter_map(Weak::upgrade).collect()
    }
}
