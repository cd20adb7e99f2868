use super::sessions::Sessions;
use super::signed_in::SignedIn;
use crate::domain::SessionId;
use crate::store::{SessionSelection, StoreError};

impl Sessions {
    /// Ends a session on all its hosts.
    ///
    /// # Errors
    ///
    /// When the store cannot be written; the session goes on.
    pub async fn end(&self, who: &SignedIn) -> Result<(), StoreError> {
        self.end_selected(who, SessionSelection::Only(who.session())).await?;
        who.0.session.end();
        Ok(())
    }

    /// Ends the session that a browser had before `next` began in it: see
    /// [`crate::store::SessionStore::replace`].
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub async fn replace(&self, former: &SignedIn, next: &SignedIn) -> Result<(), StoreError> {
        let now = self.system.now();
        self.store.replace(former.session(), next.session(), now).await?;
        former.0.session.end();
        Ok(())
    }

    /// Ends one of the user's own sessions. `false` if it is not theirs or has ended already.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub async fn end_own(&self, who: &SignedIn, session: SessionId) -> Result<bool, StoreError> {
        Ok(!self.end_selected(who, SessionSelection::Only(session)).await?.is_empty())
    }

    /// Ends all other sessions of the user, and returns which.
    ///
    /// # Errors
    ///
    /// When the store cannot be written.
    pub async fn end_others(&self, who: &SignedIn) -> Result<Vec<SessionId>, StoreError> {
        self.end_selected(who, SessionSelection::AllBut(who.session())).await
    }

    async fn end_selected(
        &self,
        who: &SignedIn,
        which: SessionSelection,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.store.end(who.user(), which, self.system.now()).await?;
        for session in &ended {
            self.note_end(*session);
        }
        Ok(ended)
    }

    /// Must be called when a session ended in the store: from now on no request of this process
    /// is authenticated by it.
    pub fn note_end(&self, session: SessionId) {
        if let Some(state) = self.states.get(&session) {
            state.end();
        }
    }
}
