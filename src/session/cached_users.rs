use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::ArcSwap;

use crate::domain::UserId;
use crate::store::UserRevision;
use crate::users::Roles;

/// What may change of a user while their sessions go on; one value for all of their sessions.
#[derive(Debug)]
pub(super) struct CachedUser(ArcSwap<(i64, Roles)>);

impl CachedUser {
    fn new(standing: &UserRevision) -> Self {
        Self(ArcSwap::from_pointee((standing.version, Roles::new(standing.roles.clone()))))
    }

    /// Ignored unless it is newer: concurrent reads of the store may arrive in any order.
    pub(super) fn update(&self, standing: UserRevision) {
        let newer = Arc::new((standing.version, Roles::new(standing.roles)));
        self.0.rcu(|known| Arc::clone(if known.0 < newer.0 { &newer } else { known }));
    }

    pub(super) fn roles(&self) -> Roles {
        Arc::clone(&self.0.load().1)
    }
}

/// The users of all cached sessions, by id. Holds weak references only.
#[derive(Debug, Default)]
pub(super) struct CachedUsers(Mutex<HashMap<UserId, Weak<CachedUser>>>);

impl CachedUsers {
    /// The one value of this user.
    pub(super) fn shared(&self, user: UserId, standing: &UserRevision) -> Arc<CachedUser> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&user).and_then(Weak::upgrade) {
            return known;
        }
        // Before the map grows, dropped entries are removed.
        if all.len() == all.capacity() {
            all.retain(|_, person| person.strong_count() > 0);
        }
        let person = Arc::new(CachedUser::new(standing));
        all.insert(user, Arc::downgrade(&person));
        person
    }

    pub(super) fn get(&self, user: UserId) -> Option<Arc<CachedUser>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&user).and_then(Weak::upgrade)
    }
}
