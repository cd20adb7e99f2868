use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::Sessions;
use crate::domain::GrantId;

/// Revoked grants that this process remembers.
const REMEMBERED: u64 = 200_000;
/// A little longer than the longest life that an access token can have (`access_token_lifetime`).
const LONGEST: Duration = Duration::from_hours(25);

/// Grants that were revoked since this process started.
pub(super) struct Revoked {
    grants: Cache<GrantId, ()>,
    forgotten: Arc<AtomicU64>,
}

impl Default for Revoked {
    fn default() -> Self {
        let forgotten = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&forgotten);
        let grants = Cache::builder()
            .max_capacity(REMEMBERED)
            .time_to_live(LONGEST)
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(move |_, (), why| {
                // Neither that one is told of twice, nor that its tokens are dead.
                if why == RemovalCause::Size {
                    counter.fetch_add(1, Ordering::AcqRel);
                }
            });
        Self { grants: grants.build(), forgotten }
    }
}

impl Revoked {
    /// Some may have been revoked without this process learning of it.
    pub(super) fn may_miss_some(&self) {
        self.forgotten.fetch_add(1, Ordering::AcqRel);
    }
}

impl Sessions {
    /// Whether the grant was revoked while this process ran. Whoever asks the store about a grant
    /// once and keeps the answer asks this at every use: no I/O, and no lock.
    pub fn is_revoked(&self, grant: GrantId) -> bool {
        self.revoked.grants.contains_key(&grant)
    }

    /// Becomes another number when [`Sessions::is_revoked`] may not know of all any more: what was
    /// kept under the one before is to be asked for again.
    pub fn revoked_epoch(&self) -> u64 {
        self.revoked.forgotten.load(Ordering::Acquire)
    }

    /// From now on this process knows it: the grant was revoked in the store.
    pub fn note_revoked(&self, grant: GrantId) {
        self.revoked.grants.insert(grant, ());
    }
}
