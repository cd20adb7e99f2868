use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::store::UserRevision;
use crate::users::Roles;

/// What may change of a user while their sessions go on; one value for all of their sessions.
#[derive(Debug)]
pub(super) struct CachedUser(ArcSwap<(i64, Roles)>);

impl CachedUser {
    pub(super) fn new(revision: &UserRevision) -> Self {
        Self(ArcSwap::from_pointee((revision.version, Roles::new(revision.roles.clone()))))
    }

    /// Ignored unless it is newer: concurrent reads of the store may arrive in any order.
    pub(super) fn update(&self, revision: UserRevision) {
        let newer = Arc::new((revision.version, Roles::new(revision.roles)));
        self.0.rcu(|known| Arc::clone(if known.0 < newer.0 { &newer } else { known }));
    }

    pub(super) fn roles(&self) -> Roles {
        Arc::clone(&self.0.load().1)
    }
}
