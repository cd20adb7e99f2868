//! People: who they are and what roles they have.
//! Does not prove that somebody is one of them.
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::{PhoneNumber, Role};

/// `[[user]]`: a person whom the operator's file names.
#[derive(Clone, Debug)]
pub struct ConfiguredUser {
    pub phone: PhoneNumber,
    pub roles: BTreeSet<Role>,
}

/// The roles of one person. Cheap to clone.
pub type Roles = Arc<BTreeSet<Role>>;

/// Who has which roles, as configuration tells.
#[derive(Debug, Default)]
pub struct Directory {
    roles: HashMap<PhoneNumber, Roles>,
    nobodys: Roles,
}

impl Directory {
    pub fn new(users: Vec<ConfiguredUser>) -> Self {
        let roles = users.into_iter().map(|user| (user.phone, Arc::new(user.roles))).collect();
        Self { roles, nobodys: Roles::default() }
    }

    pub fn roles(&self, phone: &PhoneNumber) -> &Roles {
        self.roles.get(phone).unwrap_or(&self.nobodys)
    }
}
