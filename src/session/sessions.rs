use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::cached_user::CachedUser;
use super::revoked_grants::RevokedGrants;
use super::signed_in::CachedSession;
use super::state::SessionState;
use super::watch::Watches;
use super::weak_map::WeakMap;
use crate::domain::{Keyring, SessionId, Subkey, TokenDigest, UserId};
use crate::store;
use crate::system::System;

/// Capacity of each cache, in entries.
const CACHED: u64 = 200_000;

/// All sessions: a cache of those that this process has seen, in front of the store.
pub struct Sessions {
    pub(super) store: Arc<dyn store::SessionStore>,
    /// By digest of the token. `None`: the store has no such session. Tokens cannot be guessed,
    /// so that a negative answer stays true.
    pub(super) by_token: Cache<TokenDigest, Option<Arc<CachedSession>>>,
    /// The same for sessions that are looked up by their id.
    pub(super) by_session: Cache<SessionId, Option<Arc<CachedSession>>>,
    pub(super) states: WeakMap<SessionId, SessionState>,
    pub(super) revoked_grants: RevokedGrants,
    pub(super) users: WeakMap<UserId, CachedUser>,
    pub(super) watches: Watches,
    /// Sequence number of the last change that was read from the store's change feed.
    pub(super) last_change: tokio::sync::Mutex<i64>,
    pub(super) token_keys: Vec<Subkey>,
    pub(super) personal_token_keys: Vec<Subkey>,
    pub(super) system: System,
}

impl Sessions {
    pub fn new(store: Arc<dyn store::SessionStore>, keyring: &Keyring, system: System) -> Self {
        let by_token = Cache::builder().max_capacity(CACHED).eviction_policy(EvictionPolicy::lru());
        let by_session =
            Cache::builder().max_capacity(CACHED).eviction_policy(EvictionPolicy::lru());
        Self {
            store,
            by_token: by_token.build(),
            by_session: by_session.build(),
            states: WeakMap::default(),
            revoked_grants: RevokedGrants::default(),
            users: WeakMap::default(),
            watches: Watches::default(),
            last_change: tokio::sync::Mutex::default(),
            token_keys: keyring.subkeys("session token"),
            personal_token_keys: keyring.subkeys("personal access token"),
            system,
        }
    }

    /// Number of tokens that are cached, valid or not.
    pub fn cached(&self) -> u64 {
        self.by_token.run_pending_tasks();
        self.by_token.entry_count()
    }
}
