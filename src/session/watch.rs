use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::check::SignedIn;
use super::shared::Session;
use super::{Sessions, Settings};
use crate::domain::UserId;

/// Tells that a session is over to what lives longer than a request: an open websocket or event
/// stream. As long as it is held, the end of the session finds its way to it.
#[derive(Clone, Debug)]
pub struct Watch(Arc<Watched>);

#[derive(Debug)]
struct Watched(Arc<Session>);

impl Watch {
    /// Waits for the end of the session, or for a reason to ask anew whether it may go on.
    pub async fn over(self) {
        let session = &self.0.0;
        let told = session.told();
        tokio::pin!(told);
        // Listens before it looks: an end between the two is not missed.
        told.as_mut().enable();
        if !session.has_ended() {
            told.await;
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
    fn tell(&self, is_meant: impl Fn(&Session) -> bool) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|watched| {
            let Some(watched) = watched.upgrade() else { return false };
            if is_meant(&watched.0) {
                watched.0.tell();
            }
            true
        });
    }

    pub(super) fn tell_all(&self) {
        self.tell(|_| true);
    }

    pub(super) fn tell_user(&self, user: UserId) {
        self.tell(|session| session.user == user);
    }
}

impl Sessions {
    pub fn watch(&self, who: &SignedIn) -> Watch {
        let watched = Arc::new(Watched(who.shared()));
        self.watches.add(&watched);
        Watch(watched)
    }

    /// Ends what is watched and whose session has run out, unused or at its absolute end. To be
    /// called often: nothing else notices that time has passed.
    pub fn end_overdue(&self, settings: Settings) {
        let now = self.system.now();
        self.watches.tell(|session| !session.is_good(now, settings));
    }

    /// Whether a caller that was let in some time ago would still be.
    pub fn is_still_good(&self, who: &SignedIn, settings: Settings) -> bool {
        who.shared().is_good(self.system.now(), settings)
    }
}
