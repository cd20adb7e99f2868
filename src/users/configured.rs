use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{PhoneNumber, Role, UserId};
use crate::store::{self, StoreError};
use crate::system::System;

/// A user of the configuration: `[[user]]` or `[[login.test_number]]`.
#[derive(Clone, Debug)]
pub struct ConfiguredUser {
    pub phone: PhoneNumber,
    pub roles: BTreeSet<Role>,
}

/// The roles of one user. Cheap to clone.
pub type Roles = Arc<BTreeSet<Role>>;

/// Creates the users of the configuration that do not exist yet. Idempotent.
///
/// # Errors
///
/// When the store cannot be written.
pub async fn ensure_users(
    store: &dyn store::UserStore,
    users: &[ConfiguredUser],
    system: &System,
) -> Result<(), StoreError> {
    let people: Vec<_> = users
        .iter()
        .map(|user| (UserId::from_bytes(system.random()), user.phone.clone().into()))
        .collect();
    store.ensure_users(&people, system.now()).await
}
