use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use super::state::SessionState;
use crate::domain::{GrantId, UserId};
use crate::system::Timestamp;

/// Notifies something that outlives a request, such as a websocket or an event stream, of the end
/// of its session or access token. Must be held for as long as it is needed.
#[derive(Clone, Debug)]
pub struct SessionWatch(Arc<WatchedSession>);

/// What ends an access token, apart from the end of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenExpiry {
    pub grant: Option<GrantId>,
    /// The token is invalid from this moment on.
    pub expires: Timestamp,
}

#[derive(Debug)]
pub(super) struct WatchedSession {
    /// `None` for a client that acts on its own behalf.
    pub(super) session: Option<Arc<SessionState>>,
    /// `None` for a browser, whose session has an idle timeout instead.
    pub(super) term: Option<TokenExpiry>,
    /// Wakes this watch only, not all others of the session.
    wake: Notify,
}

impl SessionWatch {
    pub(super) fn new(session: Option<Arc<SessionState>>, term: Option<TokenExpiry>) -> Self {
        Self(Arc::new(WatchedSession { session, term, wake: Notify::new() }))
    }

    /// Completes when the session ends, or when whether it may go on must be checked again.
    pub async fn ended_or_recheck(self) {
        let wake = self.0.wake.notified();
        let Some(session) = &self.0.session else { return wake.await };
        let end = session.end_signal();
        tokio::pin!(end, wake);
        // Registered before the flag is read, so that an end in between is not missed.
        end.as_mut().enable();
        wake.as_mut().enable();
        if !session.has_ended() {
            tokio::select! {
                () = end => {}
                () = wake => {}
            }
        }
    }
}

/// All watches that are held. Ordinary requests have none, only long streams.
#[derive(Debug, Default)]
pub(super) struct Watches(Mutex<Vec<Weak<WatchedSession>>>);

impl Watches {
    pub(super) fn add(&self, watch: &SessionWatch) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::downgrade(&watch.0));
    }

    /// Wakes the watches that `selected` holds for, and removes those that were dropped.
    pub(super) fn wake(&self, selected: impl Fn(&WatchedSession) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|watched| {
            let Some(watched) = watched.upgrade() else { return false };
            if selected(&watched) {
                watched.wake.notify_waiters();
            }
            true
        });
    }

    pub(super) fn wake_all(&self) {
        self.wake(|_| true);
    }

    pub(super) fn wake_user(&self, user: UserId) {
        self.wake(|watched| watched.session.as_ref().is_some_and(|session| session.user == user));
    }
}
