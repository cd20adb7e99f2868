use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::Notify;

use super::check::SignedIn;
use super::shared::Session;
use super::{Sessions, Settings};
use crate::domain::{GrantId, UserId};
use crate::system::Timestamp;

/// Tells that a session is over to what lives longer than a request: an open websocket or event
/// stream. As long as it is held, the end of the session finds its way to it.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Watched>);

/// The ends of its own that an access token has, beside that of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    pub grant: Option<GrantId>,
    /// It is no good from this moment on.
    pub expires: Timestamp,
}

#[derive(Debug)]
struct Watched {
    /// `None`: a client that acts for itself has none.
    session: Option<Arc<Session>>,
    /// `None`: it is a browser, whose session may run out unused.
    term: Option<Term>,
    /// Wakes this one only, not all that the session has opened.
    over: Notify,
}

impl Watch {
    /// Waits for the end of what is watched, or for a reason to ask anew whether it may go on.
    pub async fn over(self) {
        let own = self.0.over.notified();
        let Some(session) = &self.0.session else { return own.await };
        let told = session.told();
        tokio::pin!(told, own);
        // Listens before it looks: an end between the two is not missed.
        told.as_mut().enable();
        own.as_mut().enable();
        if !session.has_ended() {
            tokio::select! {
                () = told => {}
                () = own => {}
            }
        }
    }
}

/// Everything that is watched now. Only long streams are: no ordinary request comes here.
#[derive(Debug, Default)]
pub(super) struct Watches(Mutex<Vec<Weak<Watched>>>);

impl Watches {
    fn add(&self, watched: &Arc<Watched>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Arc::downgrade(watched));
    }

    /// Tells those whose session is meant, and forgets those that nobody holds any more.
    fn tell(&self, is_meant: impl Fn(&Watched) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|watched| {
            let Some(watched) = watched.upgrade() else { return false };
            if is_meant(&watched) {
                watched.over.notify_waiters();
            }
            true
        });
    }

    pub(super) fn tell_all(&self) {
        self.tell(|_| true);
    }

    pub(super) fn tell_user(&self, user: UserId) {
        self.tell(|watched| watched.session.as_ref().is_some_and(|session| session.user == user));
    }
}

impl Sessions {
    pub fn watch(&self, who: &SignedIn) -> Watch {
        self.watched(Some(who.shared()), None)
    }

    /// Watches an access token, and the session that it came from, if from one.
    pub fn watch_token(&self, who: Option<&SignedIn>, term: Term) -> Watch {
        self.watched(who.map(SignedIn::shared), Some(term))
    }

    fn watched(&self, session: Option<Arc<Session>>, term: Option<Term>) -> Watch {
        let watched = Arc::new(Watched { session, term, over: Notify::new() });
        self.watches.add(&watched);
        Watch(watched)
    }

    /// Ends what is watched and whose session has run out, unused or at its absolute end, or whose
    /// token has, or the grant of that. To be called often: nothing else notices that time has
    /// passed.
    pub fn end_overdue(&self, settings: Settings) {
        let now = self.system.now();
        self.watches.tell(|watched| match (watched.term, &watched.session) {
            (Some(term), _) => self.is_past(term),
            (None, Some(session)) => !session.is_good(now, settings),
            (None, None) => true,
        });
    }

    /// Whether an access token that was let in some time ago would still be, as far as its session
    /// (`who`), its grant and its own end tell.
    pub fn is_token_still_good(&self, who: Option<&SignedIn>, term: Term) -> bool {
        !self.is_past(term) && !who.is_some_and(|who| who.shared().has_ended())
    }

    fn is_past(&self, term: Term) -> bool {
        let revoked = term.grant.is_some_and(|grant| self.is_revoked(grant));
        revoked || term.expires <= self.system.now()
    }

    /// Whether a caller that was let in some time ago would still be.
    pub fn is_still_good(&self, who: &SignedIn, settings: Settings) -> bool {
        who.shared().is_good(self.system.now(), settings)
    }
}
