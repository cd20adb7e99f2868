use super::sessions::Sessions;
use crate::domain::GrantId;
use crate::store::{Change, ChangeListener, StoreError};

impl Sessions {
    /// Applies the changes that were written to the store since the last call, by other processes
    /// too, and returns their number. Also called right after a change of this process that must
    /// take effect at once.
    ///
    /// # Errors
    ///
    /// When the store cannot be read; the next call starts from the change that failed.
    pub async fn apply_changes(&self) -> Result<usize, StoreError> {
        let mut last = self.last_change.lock().await;
        let mut applied = 0;
        loop {
            let changes = self.store.changes_after(*last).await?;
            if changes.is_empty() {
                return Ok(applied);
            }
            for (seq, change) in changes {
                if seq != *last + 1 {
                    // Changes in between are deleted already: any cached entry may be stale.
                    self.forget_all();
                }
                self.apply(change).await?;
                *last = seq;
                applied += 1;
            }
        }
    }

    async fn apply(&self, change: Change) -> Result<(), StoreError> {
        match change {
            Change::Session(session) => self.note_end(session),
            Change::Grant(grant) => self.note_revoked(grant),
            Change::User(user) => {
                if let Some(cached) = self.users.get(&user)
                    && let Some(revision) = self.store.revision(user).await?
                {
                    cached.update(revision);
                    // Streams that the new roles do not permit must be closed.
                    self.watches.wake_user(user);
                }
            }
        }
        Ok(())
    }

    /// Forgets what the store said of sessions and grants: it is asked again at their next use, and what
    /// stays open is checked again.
    pub fn forget_all(&self) {
        self.by_token.invalidate_all();
        self.by_session.invalidate_all();
        self.revoked_grants.next_epoch();
        self.watches.wake_all();
    }

    /// What tells when there may be changes to apply.
    pub fn listen(&self) -> Box<dyn ChangeListener> {
        self.store.listen()
    }

    /// Whether the grant was revoked while this process ran. A caller that caches the store's
    /// answer about a grant checks this at every use; no I/O and no lock.
    pub fn is_revoked(&self, grant: GrantId) -> bool {
        self.revoked_grants.contains(grant)
    }

    /// Changes when [`Sessions::is_revoked`] may have missed a revocation: answers about grants
    /// that were cached under an earlier epoch must be read from the store again.
    pub fn revoked_epoch(&self) -> u64 {
        self.revoked_grants.epoch()
    }

    /// Must be called when a grant was revoked in the store.
    pub fn note_revoked(&self, grant: GrantId) {
        self.revoked_grants.insert(grant);
    }
}
