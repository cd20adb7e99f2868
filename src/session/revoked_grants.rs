use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::notification::RemovalCause;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::domain::GrantId;

/// The most grants that are remembered.
const CAPACITY: u64 = 200_000;
/// Slightly longer than the longest lifetime of an access token (`access_token_lifetime`).
const TIME_TO_LIVE: Duration = Duration::from_hours(25);

/// Grants that were revoked since this process started.
pub(super) struct RevokedGrants {
    grants: Cache<GrantId, ()>,
    epoch: Arc<AtomicU64>,
}

impl Default for RevokedGrants {
    fn default() -> Self {
        let epoch = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&epoch);
        let grants = Cache::builder()
            .max_capacity(CAPACITY)
            .time_to_live(TIME_TO_LIVE)
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(move |_, (), cause| {
                // Other causes lose nothing: a replaced entry is present again, and the tokens of
                // an expired one have expired too.
                if cause == RemovalCause::Size {
                    counter.fetch_add(1, Ordering::AcqRel);
                }
            });
        Self { grants: grants.build(), epoch }
    }
}

impl RevokedGrants {
    pub(super) fn contains(&self, grant: GrantId) -> bool {
        self.grants.contains_key(&grant)
    }

    pub(super) fn insert(&self, grant: GrantId) {
        self.grants.insert(grant, ());
    }

    /// Changes when a grant was forgotten or a revocation may have been missed.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Records that revocations may have been missed.
    pub(super) fn next_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }
}
