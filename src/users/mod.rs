//! People: who they are and what roles they have.
//! Does not prove that somebody is one of them.
mod directory;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use directory::Directory;

use crate::domain::{PhoneNumber, Role, UserId};
use crate::store::{self, StoreError};
use crate::system::System;

/// `[[user]]` and `[[login.test_number]]`: a person whom the operator's file names.
#[derive(Clone, Debug)]
pub struct ConfiguredUser {
    pub phone: PhoneNumber,
    pub roles: BTreeSet<Role>,
}

/// The roles of one person. Cheap to clone.
pub type Roles = Arc<BTreeSet<Role>>;

/// Makes everybody whom the configuration names exist. Doing so again changes nothing.
pub async fn enrol(
    store: &dyn store::Users,
    users: &[ConfiguredUser],
    system: &System,
) -> Result<(), StoreError> {
    let new =
        |user: &ConfiguredUser| (UserId::from_bytes(system.random()), user.phone.clone().into());
    let people: Vec<_> = users.iter().map(new).collect();
    store.enrol(&people, system.now()).await
}
