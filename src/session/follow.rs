use super::Sessions;
use crate::domain::SessionId;
use crate::store::{Change, StoreError};

impl Sessions {
    /// Learns what others have changed in the store since the last call, and tells how much that
    /// was. Also to be called right after a change of one's own that must count at once.
    pub async fn follow(&self) -> Result<usize, StoreError> {
        let mut last = self.followed.lock().await;
        let mut learned = 0;
        loop {
            let changes = self.store.changes(*last).await?;
            if changes.is_empty() {
                return Ok(learned);
            }
            for (seq, change) in changes {
                if seq != *last + 1 {
                    // Some are forgotten already: all that is known may be wrong.
                    self.known.invalidate_all();
                    self.named.invalidate_all();
                    self.revoked.may_miss_some();
                    self.watches.tell_all();
                }
                self.learn(change).await?;
                *last = seq;
                learned += 1;
            }
        }
    }

    async fn learn(&self, change: Change) -> Result<(), StoreError> {
        match change {
            Change::Session(session) => self.note_end(session),
            Change::Grant(grant) => self.note_revoked(grant),
            Change::User(user) => {
                if let Some(person) = self.people.get(user)
                    && let Some(standing) = self.store.standing(user).await?
                {
                    person.learn(standing);
                    // What the new roles do not allow must not stay open.
                    self.watches.tell_user(user);
                }
            }
        }
        Ok(())
    }

    /// From now on no request of this process passes with the session, which ended in the store.
    pub fn note_end(&self, session: SessionId) {
        if let Some(known) = self.by_id.get(session) {
            known.end();
        }
    }
}
